//! `fillbench serve`: servers inside this process, for whoever wants to talk to them.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::Exit;
use super::interrupt::interrupted;
use crate::report::{error_lines, tell};
use crate::server::{Server, ServerOptions};

/// `fillbench serve`.
#[derive(Args)]
pub(super) struct ServeCommand {
    /// Masters of the cluster
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    masters: u16,
    /// One server that is in no cluster
    #[arg(long, conflicts_with = "masters")]
    standalone: bool,
    /// Port of the first, the others follow; 0 has free ones chosen
    #[arg(short, long, value_name = "PORT", default_value_t = 7000)]
    port: u16,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = Ipv4Addr::LOCALHOST.into())]
    bind: IpAddr,
    /// Folder for each node's nodes.conf, in which it keeps its name and its slots. Keys are not kept
    #[arg(long, value_name = "DIR", conflicts_with = "standalone")]
    dir: Option<PathBuf>,
}

impl ServeCommand {
    /// Serves until it is told to stop.
    pub(super) fn run(self) -> Exit {
        match self.try_run() {
            Ok(()) => Exit::Exact,
            Err(error) => {
                tell(&error_lines(&format!("{error:#}"), None));
                Exit::Failed
            }
        }
    }

    fn try_run(&self) -> Result<()> {
        if self.port == 0 && self.dir.is_some() {
            bail!("--dir needs ports that stay the same: give --port");
        }
        let options = ServerOptions {
            masters: (!self.standalone).then_some(self.masters),
            bind: self.bind,
            port: self.port,
            dir: self.dir.clone(),
            ..ServerOptions::default()
        };
        let mut server = Server::start(&options)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut halt = interrupted().context("failed to handle signals")?;
            let nodes: Vec<String> = server.addresses().iter().map(ToString::to_string).collect();
            tell(&format!("serving on {}\n", nodes.join(", ")));
            tokio::select! {
                _ = halt.changed() => {}
                () = server.ended() => {}
            }
            Ok(())
        })
    }
}
