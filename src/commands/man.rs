//! `fillbench man`: manual pages, as packages and people install them.

mod page;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{ArgAction, Args, CommandFactory};

use self::page::{Page, pages};
use super::{Cli, Exit};
use crate::report::print;

/// `fillbench man`.
#[derive(Args)]
#[command(disable_help_flag = true, after_help = AFTER_HELP)]
pub(super) struct ManCommand {
    /// Write this page and those of all commands into a folder, and print nothing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print this help
    #[arg(short, long, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

const AFTER_HELP: &str = "\
Examples:
  fillbench man | man -l -                       read it
  fillbench man --out ~/.local/share/man/man1    from then on, man fillbench, man fillbench-sweep

Exit codes: 0 printed, or written    1 could not be    2 bad usage";

impl ManCommand {
    /// Prints or writes them.
    pub(super) fn run(&self) -> Exit {
        Exit::of(self.try_run().map(|()| Exit::Exact))
    }

    fn try_run(&self) -> Result<()> {
        let pages = pages(Cli::command());
        match &self.out {
            Some(folder) => write(&pages, folder),
            None => Ok(print(&pages[0].text)?),
        }
    }
}

fn write(pages: &[Page], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    for page in pages {
        let path = folder.join(&page.file);
        fs::write(&path, &page.text).with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(())
}
