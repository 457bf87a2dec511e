//! What a master's own counters tell of a fill whose commands were not answered. They are the whole
//! server's: one that moved makes keys suspect, and is never a count of them.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::cluster::{self, Info, Master, Mode, Topology};
use crate::net::{Address, Connection, Connector};
use crate::results::Refusal;

/// How often masters are looked at while they are filled.
const PATROL_EVERY: Duration = Duration::from_secs(1);

/// Commands that change no key. Whatever is not listed counts as a write by somebody else.
const HARMLESS: &[&str] = &[
    "asking",
    "auth",
    "client",
    "command",
    "config",
    "dbsize",
    "echo",
    "exists",
    "get",
    "getrange",
    "hello",
    "info",
    "keys",
    "lastsave",
    "memory",
    "mget",
    "monitor",
    "object",
    "ping",
    "psync",
    "pttl",
    "quit",
    "randomkey",
    "readonly",
    "readwrite",
    "replconf",
    "role",
    "scan",
    "select",
    "slowlog",
    "strlen",
    "subscribe",
    "sync",
    "time",
    "ttl",
    "type",
    "wait",
];
/// Subcommands of CLUSTER that change nothing.
const HARMLESS_CLUSTER: &[&str] = &[
    "cluster|count-failure-reports",
    "cluster|countkeysinslot",
    "cluster|getkeysinslot",
    "cluster|info",
    "cluster|keyslot",
    "cluster|links",
    "cluster|myid",
    "cluster|myshardid",
    "cluster|nodes",
    "cluster|replicas",
    "cluster|shards",
    "cluster|slot-stats",
    "cluster|slots",
];

/// Why a count of keys at this master proves nothing, if so: it is not what it was before, or not all
/// writes that it executed were ours. `command` is the one that we sent, `sent` how many of it.
pub(super) fn suspicion(before: &Info, after: &Info, command: &str, sent: u64) -> Option<String> {
    if before.run_id().is_none() || before.run_id() != after.run_id() {
        return Some("it was restarted".into());
    }
    if before.text("role") != after.text("role") {
        return Some("its role changed".into());
    }
    if evicted(before, after) > 0 {
        return Some("it evicted keys".into());
    }
    let earlier = before.commands();
    for (name, calls) in after.commands() {
        let known = earlier.get(&name).copied().unwrap_or_default();
        let (Some(executed), Some(rejected)) =
            (calls.executed.checked_sub(known.executed), calls.rejected.checked_sub(known.rejected))
        else {
            return Some("its statistics were reset".into());
        };
        if name == command {
            if executed != sent || rejected != 0 {
                return Some(format!("it executed {executed} and refused {rejected} of {sent} {command}"));
            }
        } else if executed > 0 && !is_harmless(&name) {
            return Some(format!("somebody else called {name}"));
        }
    }
    let counted = after.commands().contains_key(command) || sent == 0;
    (!counted).then(|| "it does not count commands".into())
}

fn is_harmless(name: &str) -> bool {
    let command = name.split('|').next().unwrap_or(name);
    HARMLESS.contains(&command) || HARMLESS_CLUSTER.contains(&name) || name == "cluster"
}

/// Keys evicted in between.
pub(super) fn evicted(before: &Info, after: &Info) -> u64 {
    grown(before, after, "evicted_keys")
}

fn grown(before: &Info, after: &Info, field: &str) -> u64 {
    let of = |info: &Info| info.number::<u64>(field).unwrap_or(0);
    of(after).saturating_sub(of(before))
}

/// Calls of `command` that the master refused in between.
pub(super) fn rejected(before: &Info, after: &Info, command: &str) -> u64 {
    let of = |info: &Info| info.commands().get(command).map_or(0, |calls| calls.rejected);
    of(after).saturating_sub(of(before))
}

/// Errors that the master counted in between, whoever caused them.
pub(super) fn refusals(address: &Address, before: &Info, after: &Info) -> Vec<Refusal> {
    let earlier: BTreeMap<String, u64> = before.errors();
    let grown = after.errors().into_iter().filter_map(|(error, count)| {
        let more = count.saturating_sub(earlier.get(&error).copied().unwrap_or(0));
        (more > 0).then(|| Refusal {
            master: address.to_string(),
            error: error.to_ascii_uppercase(),
            count: more,
        })
    });
    grown.collect()
}

/// Looks at all masters once a second, until one is not what it was; returns which, and what
/// happened to it. A master that does not answer is left to its writers, who know better.
pub(super) async fn patrol(
    connector: Connector,
    topology: Topology,
    before: Vec<Option<Info>>,
) -> (Address, String) {
    let mut ticks = tokio::time::interval(PATROL_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut nodes: Vec<Option<Connection>> = topology.masters.iter().map(|_| None).collect();
    loop {
        ticks.tick().await;
        for (index, master) in topology.masters.iter().enumerate() {
            let Some(mut node) = reopened(&connector, master, nodes[index].take()).await else { continue };
            match changed(&mut node, &topology, before[index].as_ref(), connector.tls.is_some()).await {
                Ok(Some(change)) => return (master.address.clone(), change),
                Ok(None) => nodes[index] = Some(node),
                Err(_) => {}
            }
        }
    }
}

async fn reopened(connector: &Connector, master: &Master, open: Option<Connection>) -> Option<Connection> {
    match open {
        Some(node) => Some(node),
        None => connector.open(&master.address).await.ok(),
    }
}

async fn changed(
    node: &mut Connection,
    topology: &Topology,
    before: Option<&Info>,
    tls: bool,
) -> Result<Option<String>, cluster::ClusterError> {
    if let (Some(before), Some(now)) = (before, cluster::info(node).await?) {
        if before.run_id() != now.run_id() {
            return Ok(Some("was restarted".into()));
        }
        if before.text("role") != now.text("role") {
            return Ok(Some(format!("became a {}", now.text("role").unwrap_or("stranger"))));
        }
        let evicted = evicted(before, &now);
        if evicted > 0 {
            let policy = now.text("maxmemory_policy").unwrap_or("unknown");
            return Ok(Some(format!("evicted {evicted} keys under its policy {policy}")));
        }
    }
    if topology.mode == Mode::Standalone {
        // Asked about a cluster, it would count an error.
        return Ok(None);
    }
    match cluster::ask(node, tls).await? {
        Some(now) if !now.same_owners(topology) => Ok(Some("saw slots change their owner".into())),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(extra: &str, sets: u64) -> Info {
        let text = format!(
            "run_id:a\nrole:master\nevicted_keys:0\ncmdstat_set:calls={sets},rejected_calls=0\n\
             cmdstat_ping:calls={sets}\ncmdstat_cluster|shards:calls={sets}\n{extra}"
        );
        Info::parse(&text)
    }

    #[test]
    fn nothing_but_our_own_writes_is_clean() {
        assert_eq!(suspicion(&info("", 5), &info("", 105), "set", 100), None);
        assert_eq!(suspicion(&info("", 5), &info("", 5), "mset", 0), None);
    }

    #[test]
    fn whatever_else_happened_is_suspicious() {
        let before = info("cmdstat_del:calls=2", 5);
        let suspicious = [
            ("", 106),
            ("", 104),
            ("", 4),
            ("cmdstat_del:calls=3", 105),
            ("cmdstat_cluster|setslot:calls=1", 105),
            ("cmdstat_flushall:calls=1", 105),
            ("cmdstat_set:calls=105,rejected_calls=1", 105),
            ("run_id:b", 105),
            ("role:slave", 105),
            ("evicted_keys:1", 105),
        ];
        for (extra, sets) in suspicious {
            let extra =
                if extra.contains("del") { extra.into() } else { format!("cmdstat_del:calls=2\n{extra}") };
            assert!(suspicion(&before, &info(&extra, sets), "set", 100).is_some(), "{extra} {sets}");
        }
        assert!(suspicion(&Info::default(), &Info::default(), "set", 100).is_some());
    }

    #[test]
    fn errors_are_listed_by_how_many_more_there_are() {
        let (before, after) = (info("errorstat_OOM:count=2", 0), info("errorstat_OOM:count=5", 0));
        let found = refusals(&Address::tcp("h", 1), &before, &after);
        assert_eq!(found, [Refusal { master: "h:1".into(), error: "OOM".into(), count: 3 }]);
        assert!(refusals(&Address::tcp("h", 1), &before, &before).is_empty());
    }
}
