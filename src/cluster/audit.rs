//! What a master's own counters tell of a time in which somebody relied on it. They are the whole server's: one
//! that moved makes keys suspect, and is never a count of them. Pure.

use std::collections::BTreeMap;
use std::fmt;

use crate::net::Address;
use crate::results::{IncidentKind, RefusalCount};

use super::{Calls, Info};

/// What calls of a command may have done to keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Nothing.
    None,
    /// It changed keys that it names.
    Keys,
    /// It deleted keys that it does not name.
    Flush,
    /// It made the node another one in its cluster, or somebody's replica.
    Role,
    /// What it did does not show, or it may do anything.
    Hidden,
}

/// What a command does, by its name in the statistics. One that is not listed counts as a write.
fn effect(name: &str) -> Effect {
    match name {
        "flushall" | "flushdb" | "swapdb" | "cluster|flushslot" => return Effect::Flush,
        "cluster|flushslots" | "cluster|reset" | "replicaof" | "slaveof" => return Effect::Role,
        "config|resetstat" => return Effect::Hidden,
        // Servers before 7.0 count all subcommands together.
        "cluster"
        | "cluster|count-failure-reports"
        | "cluster|countkeysinslot"
        | "cluster|getkeysinslot"
        | "cluster|info"
        | "cluster|keyslot"
        | "cluster|links"
        | "cluster|myid"
        | "cluster|myshardid"
        | "cluster|nodes"
        | "cluster|replicas"
        | "cluster|shards"
        | "cluster|slot-stats"
        | "cluster|slots"
        | "config|get"
        | "config|set" => return Effect::None,
        _ => {}
    }
    // Of these, all subcommands do the same.
    match name.split('|').next().unwrap_or(name) {
        "debug" => Effect::Hidden,
        "acl" | "asking" | "auth" | "client" | "command" | "dbsize" | "echo" | "exists" | "get"
        | "getrange" | "hello" | "info" | "keys" | "lastsave" | "latency" | "memory" | "mget" | "monitor"
        | "object" | "ping" | "psubscribe" | "psync" | "pttl" | "publish" | "pubsub" | "punsubscribe"
        | "quit" | "randomkey" | "readonly" | "readwrite" | "replconf" | "role" | "scan" | "select"
        | "slowlog" | "spublish" | "ssubscribe" | "strlen" | "subscribe" | "sync" | "time" | "ttl"
        | "type" | "unsubscribe" | "wait" => Effect::None,
        _ => Effect::Keys,
    }
}

/// What may have cost keys between two looks at a master. Its text follows the master's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The process is another one.
    Restarted,
    /// It is no master any more, or was none in between; in which words.
    RoleChanged(String),
    /// Somebody deleted all keys, or those of a slot, with this command.
    Flushed(String),
    /// What its statistics would show is hidden; by what.
    Hidden(String),
    /// It threw so many keys away.
    Evicted(u64),
    /// It refused or failed this command so often, whoever sent it.
    Refused(String, u64),
}

impl Finding {
    /// What it is called in a record.
    pub fn kind(&self) -> IncidentKind {
        match self {
            Self::Restarted => IncidentKind::MasterRestarted,
            Self::RoleChanged(_) => IncidentKind::RoleChanged,
            Self::Flushed(_) => IncidentKind::Flushed,
            Self::Hidden(_) => IncidentKind::CountersReset,
            Self::Evicted(_) => IncidentKind::Evicted,
            Self::Refused(..) => IncidentKind::ErrorsCounted,
        }
    }

    /// Whether nothing is known any more of what was read of this master: single keys that others write or that
    /// are evicted do not matter to the rest.
    fn voids(&self) -> bool {
        !matches!(self, Self::Evicted(_) | Self::Refused(..))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restarted => out.write_str("it was restarted"),
            Self::Flushed(command) => write!(out, "somebody called {command}"),
            Self::RoleChanged(words) | Self::Hidden(words) => out.write_str(words),
            Self::Evicted(keys) => write!(out, "it evicted {keys} keys"),
            Self::Refused(command, calls) => write!(out, "it refused {calls} {command}"),
        }
    }
}

/// What may have cost keys between two looks; nothing if all is well as far as counters tell. `command` is the one
/// that we send.
pub fn findings(before: &Info, after: &Info, command: &str) -> Vec<Finding> {
    let mut findings = changes(before, after);
    let failed = |info: &Info| info.commands().get(command).map_or(0, |calls| calls.failed);
    let refused = rejected(before, after, command) + failed(after).saturating_sub(failed(before));
    // The counters of another process tell nothing.
    if refused > 0 && findings != [Finding::Restarted] {
        findings.push(Finding::Refused(command.into(), refused));
    }
    findings
}

/// What makes void whatever was read of this master in between, if anything.
pub fn upheaval(before: &Info, after: &Info) -> Option<Finding> {
    changes(before, after).into_iter().find(Finding::voids)
}

/// Why a count of keys at this master proves nothing, if so: it is not what it was before, or not all
/// writes that it executed were ours. `command` is the one that we sent, `sent` how many of it. Ours that
/// it refused write nothing, and leave the count of another slot as good as it was.
pub fn suspicion(before: &Info, after: &Info, command: &str, sent: u64) -> Option<String> {
    if before.run_id().is_none() {
        return Some("it does not say who it is".into());
    }
    if let Some(change) = changes(before, after).first() {
        return Some(change.to_string());
    }
    let earlier = before.commands();
    for (name, calls) in after.commands() {
        let known = earlier.get(&name).copied().unwrap_or_default();
        // None went back, or that would be a change.
        let (executed, rejected) = (calls.executed - known.executed, calls.rejected - known.rejected);
        let failed = calls.failed - known.failed;
        if name == command {
            if executed + rejected != sent || failed != 0 {
                return Some(format!("it executed {executed} and refused {rejected} of {sent} {command}"));
            }
        } else if executed > 0 && effect(&name) != Effect::None {
            return Some(format!("somebody else called {name}"));
        }
    }
    let counted = after.commands().contains_key(command) || sent == 0;
    (!counted).then(|| "it does not count commands".into())
}

/// What happened to a master in between, the weightiest first.
fn changes(before: &Info, after: &Info) -> Vec<Finding> {
    if before.run_id() != after.run_id() {
        return vec![Finding::Restarted];
    }
    let mut changes = Vec::new();
    let (earlier, now) = (before.commands(), after.commands());
    let called = |wanted: Effect| {
        let executed = |name: &String| earlier.get(name).map_or(0, |calls| calls.executed);
        let mut calls = now.iter().filter(|(name, calls)| calls.executed > executed(name));
        calls.find(|(name, _)| effect(name) == wanted).map(|(name, _)| name.clone())
    };
    if ["role", "master_replid"].iter().any(|field| before.text(field) != after.text(field)) {
        let role = after.text("role").unwrap_or("stranger");
        changes.push(Finding::RoleChanged(format!("it is a {role} now")));
    } else if let Some(name) = called(Effect::Role) {
        changes.push(Finding::RoleChanged(format!("somebody called {name}")));
    }
    changes.extend(called(Effect::Flush).map(Finding::Flushed));
    if statistics_went_back(before, after) {
        changes.push(Finding::Hidden("its statistics were reset".into()));
    } else if let Some(name) = called(Effect::Hidden) {
        changes.push(Finding::Hidden(format!("somebody called {name}")));
    }
    let evicted = evicted(Some(before), after);
    if evicted > 0 {
        changes.push(Finding::Evicted(evicted));
    }
    changes
}

/// Keys evicted since `before`; since the process began, if it was not this one, or nobody looked.
pub fn evicted(before: Option<&Info>, after: &Info) -> u64 {
    let of = |info: &Info| info.number::<u64>("evicted_keys").unwrap_or(0);
    let same = before.filter(|before| before.run_id() == after.run_id());
    of(after).saturating_sub(same.map_or(0, of))
}

/// Calls of `command` that the master refused in between.
pub fn rejected(before: &Info, after: &Info, command: &str) -> u64 {
    let of = |info: &Info| info.commands().get(command).map_or(0, |calls| calls.rejected);
    of(after).saturating_sub(of(before))
}

/// Errors that the master counted in between, whoever caused them.
pub fn refusals(address: &Address, before: &Info, after: &Info) -> Vec<RefusalCount> {
    let earlier: BTreeMap<String, u64> = before.errors();
    let grown = after.errors().into_iter().filter_map(|(error, count)| {
        let more = count.saturating_sub(earlier.get(&error).copied().unwrap_or(0));
        (more > 0).then(|| RefusalCount {
            master: address.to_string(),
            error: error.to_ascii_uppercase(),
            count: more,
        })
    });
    grown.collect()
}

/// Whether a master executed more of our commands in between than it refused: then it refuses now and then, and is
/// not held up.
pub fn takes_writes(before: &Info, after: &Info, command: &str) -> bool {
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
        for extra in ["run_id:b", "role:slave", "master_replid:b", "cmdstat_set:calls=4"] {
            assert!(upheaval(&before, &info(extra, 5)).is_some(), "{extra}");
        }
    }

    #[test]
    fn who_calls_what_changes_more_than_it_names_is_found_by_all_three() {
        let before = info("", 5);
        for (command, kind) in [
            ("flushall", IncidentKind::Flushed),
            ("flushdb", IncidentKind::Flushed),
            ("swapdb", IncidentKind::Flushed),
            ("cluster|flushslot", IncidentKind::Flushed),
            ("cluster|flushslots", IncidentKind::RoleChanged),
            ("cluster|reset", IncidentKind::RoleChanged),
            ("replicaof", IncidentKind::RoleChanged),
            ("slaveof", IncidentKind::RoleChanged),
            ("config|resetstat", IncidentKind::CountersReset),
            ("debug", IncidentKind::CountersReset),
        ] {
            let after = info(&format!("cmdstat_{command}:calls=1"), 5);
            let found = findings(&before, &after, "set");
            assert_eq!(found.iter().map(Finding::kind).collect::<Vec<_>>(), [kind], "{command}");
            assert_eq!(upheaval(&before, &after), found.first().cloned());
            let text = format!("somebody called {command}");
            assert_eq!(
                (found[0].to_string(), suspicion(&before, &after, "set", 0)),
                (text.clone(), Some(text))
            );
        }
    }

    #[test]
    fn who_was_another_before_has_evicted_what_it_says() {
        let now = info("run_id:b\nevicted_keys:7", 5);
        assert_eq!(evicted(Some(&info("run_id:b\nevicted_keys:4", 5)), &now), 3);
        assert_eq!(evicted(Some(&info("evicted_keys:9", 5)), &now), 7);
        assert_eq!(evicted(None, &now), 7);
    }

    #[test]
    fn between_two_looks_only_what_may_cost_keys_is_found() {
        let before = info("cmdstat_del:calls=2\nmaster_replid:a", 5);
        let found = |extra: &str, sets| findings(&before, &info(extra, sets), "set");
        let same = "cmdstat_del:calls=3\nmaster_replid:a\n";
        assert_eq!(found(same, 900), []);
        assert_eq!(found(same, 4), [Finding::Hidden("its statistics were reset".into())]);
        assert_eq!(found(&format!("{same}run_id:b"), 0), [Finding::Restarted]);
        assert_eq!(
            found(&format!("{same}role:slave"), 9),
            [Finding::RoleChanged("it is a slave now".into())]
        );
        let flushed = format!("{same}cmdstat_flushall:calls=1\nevicted_keys:7");
        assert_eq!(found(&flushed, 9), [Finding::Flushed("flushall".into()), Finding::Evicted(7)]);
        let refused = format!("{same}cmdstat_set:calls=9,rejected_calls=4");
        assert_eq!(found(&refused, 9), [Finding::Refused("set".into(), 4)]);
        let failed = format!("{same}cmdstat_set:calls=9,rejected_calls=1,failed_calls=2");
        assert_eq!(found(&failed, 9), [Finding::Refused("set".into(), 3)]);
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
        assert_eq!(found, [RefusalCount { master: "h:1".into(), error: "OOM".into(), count: 3 }]);
        assert!(refusals(&Address::tcp("h", 1), &before, &before).is_empty());
    }
}
