//! What a master's own counters tell of a fill whose commands were not answered. They are the whole
//! server's: one that moved makes keys suspect, and is never a count of them.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::cluster::{self, Calls, Info, Master, Mode, Topology};
use crate::net::{Address, Connection, Connector};
use crate::results::Refusal;

/// How often masters are looked at while they are filled.
const PATROL_EVERY: Duration = Duration::from_secs(1);

/// Commands that change no key. Whatever is not listed counts as a write by somebody else.
const HARMLESS: &[&str] = &[
    "asking",
    "acl",
    "auth",
    "client",
    "command",
    "dbsize",
    "echo",
    "exists",
    "get",
    "getrange",
    "hello",
    "info",
    "keys",
    "lastsave",
    "latency",
    "memory",
    "mget",
    "monitor",
    "object",
    "ping",
    "psubscribe",
    "psync",
    "pttl",
    "publish",
    "pubsub",
    "punsubscribe",
    "quit",
    "randomkey",
    "readonly",
    "readwrite",
    "replconf",
    "role",
    "scan",
    "select",
    "slowlog",
    "spublish",
    "ssubscribe",
    "strlen",
    "subscribe",
    "sync",
    "time",
    "ttl",
    "type",
    "unsubscribe",
    "wait",
];
/// Subcommands that change nothing, of commands with others that do. CONFIG RESETSTAT hides what came
/// before it.
const HARMLESS_SUBCOMMANDS: &[&str] = &[
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
    "config|get",
    "config|set",
];

/// Commands, by how their names begin, that change more than the keys that they name.
const VOIDING: &[&str] = &[
    "flush",
    "swapdb",
    "cluster|flushslots",
    "cluster|reset",
    "config|resetstat",
    "replicaof",
    "slaveof",
    "debug",
];

/// Why a count of keys at this master proves nothing, if so: it is not what it was before, or not all
/// writes that it executed were ours. `command` is the one that we sent, `sent` how many of it.
pub(super) fn suspicion(before: &Info, after: &Info, command: &str, sent: u64) -> Option<String> {
    if before.run_id().is_none() {
        return Some("it does not say who it is".into());
    }
    if let Some(change) = change(before, after) {
        return Some(change);
    }
    let earlier = before.commands();
    for (name, calls) in after.commands() {
        let known = earlier.get(&name).copied().unwrap_or_default();
        let (executed, rejected) = (calls.executed - known.executed, calls.rejected - known.rejected);
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

/// What happened in between that voids whatever was read of this master: other clients' writes to
/// single keys do not.
pub(super) fn upheaval(before: &Info, after: &Info) -> Option<String> {
    let earlier = before.commands();
    let called = |name: &String, calls: &Calls| {
        let voids = VOIDING.iter().any(|voiding| name.starts_with(voiding));
        voids && calls.executed != earlier.get(name).map_or(0, |calls| calls.executed)
    };
    change(before, after).or_else(|| {
        let now = after.commands();
        now.iter()
            .find(|(name, calls)| called(name, calls))
            .map(|(name, _)| format!("somebody called {name}"))
    })
}

/// What makes a master another than it was; statistics that went backwards hide what happened.
fn change(before: &Info, after: &Info) -> Option<String> {
    if before.run_id() != after.run_id() {
        return Some("it was restarted".into());
    }
    if ["role", "master_replid"].iter().any(|field| before.text(field) != after.text(field)) {
        return Some("its role changed".into());
    }
    if evicted(before, after) > 0 {
        return Some("it evicted keys".into());
    }
    let now = after.commands();
    let went_back = |(name, earlier): (&String, &Calls)| {
        now.get(name).is_none_or(|now| now.executed < earlier.executed || now.rejected < earlier.rejected)
    };
    before.commands().iter().any(went_back).then(|| "its statistics were reset".into())
}

fn is_harmless(name: &str) -> bool {
    let command = name.split('|').next().unwrap_or(name);
    HARMLESS.contains(&command) || HARMLESS_SUBCOMMANDS.contains(&name) || name == "cluster"
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
    let mut beats = JoinSet::new();
    for (master, before) in topology.masters.iter().zip(before) {
        beats.spawn(beat(connector.clone(), topology.clone(), master.clone(), before));
    }
    loop {
        match beats.join_next().await {
            Some(Ok(change)) => return change,
            Some(Err(_)) => {}
            None => std::future::pending().await,
        }
    }
}

/// Looks at one master.
async fn beat(
    connector: Connector,
    topology: Topology,
    master: Master,
    before: Option<Info>,
) -> (Address, String) {
    let mut ticks = tokio::time::interval(PATROL_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut open = None;
    loop {
        ticks.tick().await;
        let Some(mut node) = reopened(&connector, &master, open.take()).await else { continue };
        match changed(&mut node, &topology, before.as_ref(), connector.tls.is_some()).await {
            Ok(Some(change)) => return (master.address, change),
            Ok(None) => open = Some(node),
            Err(_) => {}
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
        Some(now) if now.moved_slots(topology).next().is_some() => {
            Ok(Some("saw slots change their owner".into()))
        }
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
            ("cmdstat_config|resetstat:calls=1", 105),
            ("master_replid:other", 105),
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
    fn statistics_that_vanished_or_went_back_were_reset() {
        let before = info("cmdstat_get:calls=9", 5);
        for after in [info("", 105), info("cmdstat_get:calls=8", 105)] {
            assert_eq!(suspicion(&before, &after, "set", 100), Some("its statistics were reset".into()));
            assert!(upheaval(&before, &after).is_some());
        }
    }

    #[test]
    fn others_writes_void_nothing_but_a_flush_does() {
        let before = info("", 5);
        assert_eq!(upheaval(&before, &info("cmdstat_del:calls=3", 900)), None);
        for extra in ["cmdstat_flushall:calls=1", "cmdstat_cluster|reset:calls=1", "run_id:b", "role:slave"] {
            assert!(upheaval(&before, &info(extra, 5)).is_some(), "{extra}");
        }
    }

    #[test]
    fn errors_are_listed_by_how_many_more_there_are() {
        let (before, after) = (info("errorstat_OOM:count=2", 0), info("errorstat_OOM:count=5", 0));
        let found = refusals(&Address::tcp("h", 1), &before, &after);
        assert_eq!(found, [Refusal { master: "h:1".into(), error: "OOM".into(), count: 3 }]);
        assert!(refusals(&Address::tcp("h", 1), &before, &before).is_empty());
    }
}
