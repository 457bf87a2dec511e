//! INFO: what a node tells of itself, section by section.

use std::fmt::Write;

use nix::sys::resource::{UsageWho, getrusage};

use super::TABLE;
use super::parse::is;
use super::replication::told;
use crate::resp::Request;
use crate::server::execute::{Context, Refusal};

/// A section's name, whether it is told without being asked for, and what it says. Fields are lines
/// of `name:value`.
type Section = (&'static str, bool, fn(&Context<'_>, &mut String) -> std::fmt::Result);

const SECTIONS: &[Section] = &[
    ("Server", true, server),
    ("Clients", true, clients),
    ("Memory", true, memory),
    ("Stats", true, stats),
    ("Replication", true, replication),
    ("CPU", true, cpu),
    ("Commandstats", false, commandstats),
    ("Errorstats", true, errorstats),
    ("Cluster", true, cluster),
    ("Keyspace", true, keyspace),
];

/// The version of Redis whose behaviour is followed.
pub(super) const FOLLOWED_VERSION: &str = "7.0.15";

pub(super) fn info(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let asked: Vec<&[u8]> = request.from(1).collect();
    let all = asked.iter().any(|word| is(word, "all") || is(word, "everything"));
    let default = asked.is_empty() || asked.iter().any(|word| is(word, "default"));
    let mut text = String::new();
    for (name, told, write) in SECTIONS {
        if all || (default && *told) || asked.iter().any(|word| is(word, name)) {
            let gap = if text.is_empty() { "" } else { "\r\n" };
            // Writing into memory does not fail.
            let _ = write!(text, "{gap}# {name}\r\n");
            let mut lines = String::new();
            let _ = write(context, &mut lines);
            text.push_str(&lines.replace('\n', "\r\n"));
        }
    }
    context.reply().verbatim(&text);
    Ok(())
}

fn server(context: &Context<'_>, out: &mut String) -> std::fmt::Result {
    let node = &context.node;
    let uptime = node.started.elapsed().as_secs();
    writeln!(out, "redis_version:{FOLLOWED_VERSION}")?;
    writeln!(out, "server_name:fillbench")?;
    writeln!(out, "fillbench_version:{}", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "fillbench_discard:{}", u8::from(node.discard))?;
    writeln!(out, "redis_mode:{}", if node.cluster.is_some() { "cluster" } else { "standalone" })?;
    writeln!(out, "os:{} {}", std::env::consts::OS, std::env::consts::ARCH)?;
    writeln!(out, "arch_bits:{}", usize::BITS)?;
    writeln!(out, "process_id:{}", std::process::id())?;
    writeln!(out, "run_id:{}", node.run_id)?;
    writeln!(out, "tcp_port:{}", node.address.port())?;
    writeln!(out, "uptime_in_seconds:{uptime}\nuptime_in_days:{}", uptime / 86400)
}

fn clients(context: &Context<'_>, out: &mut String) -> std::fmt::Result {
    let node = &context.node;
    // The one that asks is not among them.
    writeln!(out, "connected_clients:{}", node.clients.len() + 1)?;
    writeln!(out, "maxclients:{}", node.config.maxclients)
}

fn memory(context: &Context<'_>, out: &mut String) -> std::fmt::Result {
    let node = &context.node;
    writeln!(out, "used_memory:{}", node.used_memory())?;
    // Nodes are threads of one process, whose resident set cannot be told apart: added up over the nodes, that
    // would be too much. Each tells its own part.
    writeln!(out, "used_memory_rss:{}", node.used_memory())?;
    writeln!(out, "used_memory_dataset:{}", node.keys.bytes())?;
    writeln!(out, "maxmemory:{}", node.config.maxmemory)?;
    writeln!(out, "maxmemory_policy:{}", node.config.maxmemory_policy.name())
}

fn stats(context: &Context<'_>, out: &mut String) -> std::fmt::Result {
    let node = &context.node;
    let stats = &node.stats;
    writeln!(out, "total_connections_received:{}", stats.connections)?;
    writeln!(out, "total_commands_processed:{}", stats.executed)?;
    writeln!(out, "total_net_input_bytes:{}", stats.bytes_in)?;
    writeln!(out, "total_net_output_bytes:{}", stats.bytes_out)?;
    writeln!(out, "rejected_connections:{}", stats.rejected_connections)?;
    writeln!(out, "expired_keys:{}", node.keys.expired)?;
    writeln!(out, "evicted_keys:{}", stats.evicted)?;
    writeln!(out, "keyspace_hits:{}\nkeyspace_misses:{}", stats.hits, stats.misses)?;
    writeln!(out, "total_error_replies:{}", stats.error_replies)
}

fn replication(context: &Context<'_>, out: &mut String) -> std::fmt::Result {
    told(context).iter().try_for_each(|(name, value)| writeln!(out, "{name}:{value}"))
}

fn cpu(_: &Context<'_>, out: &mut String) -> std::fmt::Result {
    // The node's own thread: the process has others.
    let Ok(usage) = getrusage(UsageWho::RUSAGE_THREAD) else { return Ok(()) };
    for (name, time) in [("sys", usage.system_time()), ("user", usage.user_time())] {
        writeln!(out, "used_cpu_{name}:{}.{:06}", time.tv_sec(), time.tv_usec())?;
    }
    Ok(())
}

fn commandstats(context: &Context<'_>, out: &mut String) -> std::fmt::Result {
    let node = &context.node;
    for (spec, counted) in TABLE.iter().zip(&node.stats.commands) {
        if counted.calls + counted.rejected > 0 {
            let microseconds = counted.time.as_micros();
            let each = microseconds as f64 / counted.calls.max(1) as f64;
            writeln!(
                out,
                "cmdstat_{}:calls={},usec={microseconds},usec_per_call={each:.2},rejected_calls={},failed_calls={}",
                spec.name, counted.calls, counted.rejected, counted.failed
            )?;
        }
    }
    Ok(())
}

fn errorstats(context: &Context<'_>, out: &mut String) -> std::fmt::Result {
    context
        .node
        .stats
        .errors
        .iter()
        .try_for_each(|(code, count)| writeln!(out, "errorstat_{code}:count={count}"))
}

fn cluster(context: &Context<'_>, out: &mut String) -> std::fmt::Result {
    writeln!(out, "cluster_enabled:{}", u8::from(context.node.cluster.is_some()))
}

fn keyspace(context: &Context<'_>, out: &mut String) -> std::fmt::Result {
    let node = &context.node;
    match node.keys.len() {
        0 => Ok(()),
        keys => writeln!(out, "db0:keys={keys},expires={},avg_ttl=0", node.keys.expiring()),
    }
}
