//! Parse, run, exit code.

use std::process::{ExitCode, Termination};

use fillbench::commands::Cli;

fn main() -> ExitCode {
    match Cli::read() {
        Ok(cli) => cli.run().report(),
        Err(error) => {
            // Nothing is left to do if even this cannot be printed.
            let _ = error.print();
            ExitCode::from(error.exit_code() as u8)
        }
    }
}
