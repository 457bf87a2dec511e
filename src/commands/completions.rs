//! `fillbench completions`: what a shell has to know to complete a command line.

use anyhow::Result;
use clap::{ArgAction, Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Cli, Exit};
use crate::report::print;

/// `fillbench completions`.
#[derive(Args)]
#[command(disable_help_flag = true, after_help = AFTER_HELP)]
pub(super) struct CompletionsCommand {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
    /// Print this help
    #[arg(short, long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

const AFTER_HELP: &str = "\
Examples:
  fillbench completions bash > ~/.local/share/bash-completion/completions/fillbench
  fillbench completions zsh > ~/.zfunc/_fillbench    with fpath+=~/.zfunc before compinit
  fillbench completions fish > ~/.config/fish/completions/fillbench.fish
  source <(fillbench completions bash)               for this shell only

Exit codes: 0 printed    1 could not be printed    2 bad usage";

impl CompletionsCommand {
    /// Prints them.
    pub(super) fn run(&self) -> Exit {
        Exit::of(self.try_run().map(|()| Exit::Exact))
    }

    fn try_run(&self) -> Result<()> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), env!("CARGO_PKG_NAME"), &mut script);
        let mut script = String::from_utf8(script)?;
        if self.shell == Shell::Fish {
            script = script.replace(FISH_GIVES_UP, FISH_GOES_ON);
        }
        Ok(print(&script)?)
    }
}

/// What clap_complete has fish do where it cannot read the line so far, as when an option waits for its value: then it is
/// not even asked which values there are. No command has been typed by then, for otherwise it could be read that far.
const FISH_GIVES_UP: &str = "    or return\n";
const FISH_GOES_ON: &str = "    or return 0\n";
