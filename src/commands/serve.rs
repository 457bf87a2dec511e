//! `fillbench serve`: servers inside this process, for whoever wants to talk to them.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{ArgAction, Args};

use super::Exit;
use super::interrupt::interrupted;
use crate::args::{LogArgs, ServedArgs};
use crate::report::{begin_log, tell};
use crate::server::{NodeFault, Server, ServerOptions};
use crate::units::show_bytes;

/// `fillbench serve`.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ServeCommand {
    /// Masters of the cluster
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    masters: u16,
    /// Replicas of each master
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=10))]
    replicas: u16,
    /// One server that is in no cluster
    #[arg(long, conflicts_with_all = ["masters", "replicas"])]
    standalone: bool,
    /// Port of the first, the others follow; 0 has free ones chosen
    #[arg(short, long, value_name = "PORT", default_value_t = 7000)]
    port: u16,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = Ipv4Addr::LOCALHOST.into())]
    bind: IpAddr,
    /// Parse and count what is written, and keep nothing
    #[arg(long)]
    discard: bool,
    /// Fail on purpose, all nodes or one of them, counted from 1; may be repeated
    #[arg(long = "fault", value_name = "[NODE:]FAULT")]
    faults: Vec<NodeFault>,
    /// Folder for each node's nodes.conf, in which it keeps its name and its slots. Keys are not kept
    #[arg(long, value_name = "DIR", conflicts_with = "standalone")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    served: ServedArgs,
    #[command(flatten)]
    log: LogArgs,
    /// Print this help
    #[arg(short, long, action = ArgAction::Help)]
    help: Option<bool>,
}

const AFTER_HELP: &str = "\
Faults are NAME[=VALUE][/EVERY][@AFTER]: so many writes come AFTER which it begins, and an error \
answers EVERY so many of them. Other clients switch them: FILLBENCH FAULT FAULT..., LIST, OFF.
  moved ask tryagain clusterdown loading masterdown oom readonly misconf noreplicas
                answer writes with this error, as in oom/100
  drop=BYTES    end each connection that has sent so many bytes
  stall=TIME    read nothing for so long, once
  delay=TIME    let each command wait so long
  swallow       read everything, execute and answer nothing
  restart       lose all keys and connections, once, as in restart@5000
  crash[=TIME]  be gone for good, with what was written for so long before; a replica takes over

Exit codes: 0 stopped, by Ctrl-C or SHUTDOWN    1 could not run    2 bad usage";

impl ServeCommand {
    /// Serves until it is told to stop.
    pub(super) fn run(self) -> Exit {
        Exit::of(self.try_run().map(|()| Exit::Exact))
    }

    fn try_run(self) -> Result<()> {
        if self.port == 0 && self.dir.is_some() {
            bail!("--dir needs ports that stay the same: give --port");
        }
        if let Some(log) = self.log.options()? {
            begin_log(&log)?;
        }
        let options = self.served.apply(ServerOptions {
            masters: (!self.standalone).then_some(self.masters),
            replicas: self.replicas,
            bind: self.bind,
            port: self.port,
            discard: self.discard,
            faults: self.faults,
            dir: self.dir.clone(),
            ..ServerOptions::default()
        })?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            // Before anybody is told that there is something to stop.
            let mut halt = interrupted().context("failed to handle signals")?;
            let mut server = Server::start(&options)?;
            tell(&greeting(&server, &options));
            tokio::select! {
                _ = halt.changed() => {}
                () = server.ended() => {}
            }
            Ok(())
        })
    }
}

/// Where the servers are, and how they are reached.
fn greeting(server: &Server, options: &ServerOptions) -> String {
    let nodes: Vec<String> = server.addresses().iter().map(ToString::to_string).collect();
    let first = server.addresses()[0];
    let host = match first.ip() {
        ip if ip == Ipv4Addr::LOCALHOST => String::new(),
        ip if ip.is_unspecified() => "-h HOST ".into(),
        ip => format!("-h {ip} "),
    };
    let cluster = if options.masters.is_some() { "-c " } else { "" };
    let port = first.port();
    // With --dir they are what they were.
    let masters = options.masters.filter(|_| options.replicas > 0 && options.dir.is_none());
    let (masters, replicas) = nodes.split_at(masters.map_or(nodes.len(), usize::from));
    let mut text = format!("serving on {}\n", masters.join(", "));
    if !replicas.is_empty() {
        text += &format!("  replicas: {}\n", replicas.join(", "));
    }
    if !first.ip().is_loopback() && options.requirepass.is_empty() {
        text += "  beware: whoever reaches these addresses may do anything; --requirepass wants a password\n";
    }
    text += &format!("  to look: redis-cli {cluster}{host}-p {port}\n");
    text += &format!("  to fill: fillbench {host}-p {port} --data 1\n");
    text += &credentials(options);
    if options.maxmemory > 0 {
        let (limit, policy) = (show_bytes(options.maxmemory), options.maxmemory_policy.name());
        text += &format!("  each node may use {limit}, then {policy}\n");
    }
    if options.discard {
        text += "  what is written is parsed, counted and thrown away: --discard\n";
    }
    text += "  to stop: Ctrl-C\n";
    text
}

/// How to say who one is, where that is of use; never a password.
fn credentials(options: &ServerOptions) -> String {
    let needs_password = !options.requirepass.is_empty();
    let has_users = !options.users.is_empty();
    match (needs_password, has_users) {
        (false, false) => String::new(),
        (true, false) => "  password: in the variable REDISCLI_AUTH, for both\n".into(),
        (true, true) => {
            "  password: in the variable REDISCLI_AUTH, for both; add --user NAME for one of --users\n".into()
        }
        (false, true) => {
            "  as one of --users: --user NAME, and the password in the variable REDISCLI_AUTH\n".into()
        }
    }
}
