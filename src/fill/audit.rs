//! What a master's own counters tell of a fill whose commands were not answered. They are the whole
//! server's: one that moved makes keys suspect, and is never a count of them.

use std::collections::BTreeMap;

use crate::cluster::{Calls, Info};
use crate::net::Address;
use crate::results::Refusal;

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
/// writes that it executed were ours. `command` is the one that we sent, `sent` how many of it. Ours that
/// it refused write nothing, and leave the count of another slot as good as it was.
pub(super) fn suspicion(before: &Info, after: &Info, command: &str, sent: u64) -> Option<String> {
    if before.run_id().is_none() {
        return Some("it does not say who it is".into());
    }
    let evicted = evicted(before, after);
    if let Some(change) = change(before, after).or((evicted > 0).then(|| "it evicted keys".into())) {
        return Some(change);
    }
    let earlier = before.commands();
    for (name, calls) in after.commands() {
        let known = earlier.get(&name).copied().unwrap_or_default();
        let (executed, rejected) = (calls.executed - known.executed, calls.rejected - known.rejected);
        let failed = calls.failed - known.failed;
        if name == command {
            if executed + rejected != sent || failed != 0 {
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
/// single keys do not, nor does it that single keys were evicted.
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
    statistics_went_back(before, after).then(|| "its statistics were reset".into())
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

/// What may have cost keys between two looks at a master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// The process is another one.
    Restarted,
    /// It is no master any more, or was none in between.
    RoleChanged(String),
    /// Somebody emptied a database, with this command.
    Flushed(String),
    /// Its statistics went backwards, or somebody reset them: what they would show is hidden.
    Reset,
    /// It threw so many keys away.
    Evicted(u64),
    /// It refused or failed so many of our commands, or somebody else's of the same name.
    Refused(u64),
}

/// What may have cost keys between two looks; nothing if all is well as far as counters tell. `command` is the one
/// that we send.
pub(super) fn findings(before: &Info, after: &Info, command: &str) -> Vec<Finding> {
    if before.run_id() != after.run_id() {
        // All counters are those of another process.
        return vec![Finding::Restarted];
    }
    let mut findings = Vec::new();
    if ["role", "master_replid"].iter().any(|field| before.text(field) != after.text(field)) {
        findings.push(Finding::RoleChanged(after.text("role").unwrap_or("stranger").into()));
    }
    let (earlier, now) = (before.commands(), after.commands());
    let executed = |name: &String| earlier.get(name).map_or(0, |calls| calls.executed);
    let called = |prefix: &str| {
        now.iter().find(|(name, calls)| name.starts_with(prefix) && calls.executed > executed(name))
    };
    if let Some((name, _)) = ["flush", "swapdb"].iter().find_map(|prefix| called(prefix)) {
        findings.push(Finding::Flushed(name.clone()));
    }
    if statistics_went_back(before, after) || called("config|resetstat").is_some() {
        findings.push(Finding::Reset);
    }
    let evicted = evicted(before, after);
    if evicted > 0 {
        findings.push(Finding::Evicted(evicted));
    }
    let failed = |info: &Info| info.commands().get(command).map_or(0, |calls| calls.failed);
    let refused = rejected(before, after, command) + failed(after).saturating_sub(failed(before));
    if refused > 0 {
        findings.push(Finding::Refused(refused));
    }
    findings
}

/// Whether a master executed more of our commands in between than it refused: then it refuses now and then, and is
/// not held up.
pub(super) fn takes_writes(before: &Info, after: &Info, command: &str) -> bool {
    let executed = |info: &Info| info.commands().get(command).map_or(0, |calls| calls.executed);
    executed(after).saturating_sub(executed(before)) > rejected(before, after, command)
}

/// Whether a command is counted less often than before, or no longer.
fn statistics_went_back(before: &Info, after: &Info) -> bool {
    let now = after.commands();
    let went_back = |(name, earlier): (&String, &Calls)| {
        now.get(name).is_none_or(|now| {
            now.executed < earlier.executed || now.rejected < earlier.rejected || now.failed < earlier.failed
        })
    };
    before.commands().iter().any(went_back)
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
        let refusing = |rejected, sets| {
            let calls = format!("cmdstat_set:calls={sets},rejected_calls={rejected},failed_calls=0");
            suspicion(&info("", 5), &info(&calls, 5), "set", 100)
        };
        assert_eq!(refusing(40, 65), None);
        assert!(refusing(40, 66).is_some() && refusing(40, 64).is_some() && refusing(0, 65).is_some());
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
            ("cmdstat_set:calls=105,rejected_calls=0,failed_calls=1", 105),
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
        assert_eq!(upheaval(&before, &info("cmdstat_del:calls=3\nevicted_keys:7", 900)), None);
        for extra in ["cmdstat_flushall:calls=1", "cmdstat_cluster|reset:calls=1", "run_id:b", "role:slave"] {
            assert!(upheaval(&before, &info(extra, 5)).is_some(), "{extra}");
        }
    }

    #[test]
    fn between_two_looks_only_what_may_cost_keys_is_found() {
        let before = info("cmdstat_del:calls=2\nmaster_replid:a", 5);
        let found = |extra: &str, sets| findings(&before, &info(extra, sets), "set");
        let same = "cmdstat_del:calls=3\nmaster_replid:a\n";
        assert_eq!(found(same, 900), []);
        assert_eq!(found(same, 4), [Finding::Reset]);
        assert_eq!(found(&format!("{same}run_id:b"), 0), [Finding::Restarted]);
        assert_eq!(found(&format!("{same}role:slave"), 9), [Finding::RoleChanged("slave".into())]);
        let flushed = format!("{same}cmdstat_flushall:calls=1\nevicted_keys:7");
        assert_eq!(found(&flushed, 9), [Finding::Flushed("flushall".into()), Finding::Evicted(7)]);
        let refused = format!("{same}cmdstat_set:calls=9,rejected_calls=4");
        assert_eq!(found(&refused, 9), [Finding::Refused(4)]);
        let failed = format!("{same}cmdstat_set:calls=9,rejected_calls=1,failed_calls=2");
        assert_eq!(found(&failed, 9), [Finding::Refused(3)]);
        let takes = |sets, rejected| {
            let after = info(&format!("{same}cmdstat_set:calls={sets},rejected_calls={rejected}"), 0);
            takes_writes(&before, &after, "set")
        };
        assert!(takes(105, 99) && !takes(104, 99) && !takes(5, 0));
    }

    #[test]
    fn errors_are_listed_by_how_many_more_there_are() {
        let (before, after) = (info("errorstat_OOM:count=2", 0), info("errorstat_OOM:count=5", 0));
        let found = refusals(&Address::tcp("h", 1), &before, &after);
        assert_eq!(found, [Refusal { master: "h:1".into(), error: "OOM".into(), count: 3 }]);
        assert!(refusals(&Address::tcp("h", 1), &before, &before).is_empty());
    }
}
