//! One file per subcommand: arguments become options, options an engine's run, its record a report.
//! What went wrong becomes one exit code.

mod exit;
mod fill;
mod interrupt;

use clap::Parser;

pub use exit::Exit;
use fill::FillCommand;

/// Fill Redis and Valkey, standalone or cluster, and prove that every key is there.
#[derive(Parser)]
#[command(name = "fillbench", version, disable_help_flag = true, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    fill: FillCommand,
    /// Print this help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

impl Cli {
    /// Reads the process's arguments.
    ///
    /// # Errors
    /// What clap finds wrong with them, or the help or version that was asked for.
    pub fn read() -> Result<Self, clap::Error> {
        let cli = Self::try_parse()?;
        if cli.fill.wants_help() {
            use clap::CommandFactory;
            let help = Self::command().render_help();
            return Err(Self::command().error(clap::error::ErrorKind::DisplayHelp, help));
        }
        Ok(cli)
    }

    /// Runs what was asked, and says everything there is to say about it.
    pub fn run(self) -> Exit {
        self.fill.run()
    }
}
