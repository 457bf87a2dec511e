//! The command line as a whole, and which command it asks for.

use clap::{ArgAction, Parser};

use super::Exit;
use super::fill::FillCommand;

/// Fill Redis and Valkey, standalone or cluster, and prove that every key is there.
#[derive(Parser)]
#[command(name = "fillbench", version, disable_help_flag = true, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    fill: FillCommand,
    /// Print this help
    #[arg(long, action = ArgAction::Help)]
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
            return Self::try_parse_from([env!("CARGO_PKG_NAME"), "--help"]);
        }
        Ok(cli)
    }

    /// Runs what was asked, and says everything there is to say about it.
    pub fn run(self) -> Exit {
        self.fill.run()
    }
}
