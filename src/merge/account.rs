//! The accounts of all workers as one: what each did adds up, and what the masters counted is everybody's already.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::clock::Clock;
use crate::recorded::WorkerFolder;
use crate::results::{
    Account, Failure, Incident, MAX_INCIDENTS, Record, RefusalCount, Resumed, Verdict, Verification,
};

/// The sums over all workers. Refusals and evictions are counted by the masters, whoever caused them, and each worker saw
/// those of its own time: the most that one of them saw is told.
pub(super) fn account(folders: &[WorkerFolder]) -> Account {
    let accounts = || folders.iter().map(|folder| &folder.record.account);
    let sum = |part: fn(&Account) -> u64| accounts().map(part).sum();
    let known = |part: fn(&Account) -> Option<u64>| accounts().map(part).sum::<Option<u64>>();
    let most = |part: fn(&Account) -> u64| accounts().map(part).max().unwrap_or_default();
    let mut proven_by = BTreeMap::new();
    for (how, keys) in accounts().flat_map(|account| &account.proven_by) {
        *proven_by.entry(how.clone()).or_default() += keys;
    }
    let mut refusals: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for refusal in accounts().flat_map(|account| &account.refusals) {
        let count = refusals.entry((&refusal.master, &refusal.error)).or_default();
        *count = refusal.count.max(*count);
    }
    let refusal = |((master, error), count): ((&str, &str), u64)| {
        let (master, error) = (master.to_owned(), error.to_owned());
        RefusalCount { master, error, count }
    };
    Account {
        planned: sum(|account| account.planned),
        executed: sum(|account| account.executed),
        acknowledged: known(|account| account.acknowledged),
        proven: sum(|account| account.proven),
        missing: known(|account| account.missing),
        wrong: known(|account| account.wrong),
        suspect: sum(|account| account.suspect),
        repaired: sum(|account| account.repaired),
        refused: most(|account| account.refused),
        evicted: most(|account| account.evicted),
        refusals: refusals.into_iter().map(refusal).collect(),
        proven_by,
    }
}

/// The worse of two: exact is what nothing speaks against.
pub(super) fn worse(one: Verdict, other: Verdict) -> Verdict {
    let badness = |verdict: &Verdict| match verdict {
        Verdict::Exact => 0,
        Verdict::Discarded => 1,
        Verdict::Wrong => 2,
        Verdict::Missing => 3,
        Verdict::Unfinished | Verdict::Failed => 4,
        Verdict::Interrupted => 5,
    };
    if badness(&other) > badness(&one) { other } else { one }
}

/// Enters what a proof of the whole dataset found, in place of what each worker had proven for itself: it is the later
/// word. The verdict is the worst of all.
pub fn enter_proof(record: &mut Record, proof: &Verification) {
    let (found, account) = (proof.last(), &mut record.account);
    let looked = found.selected > 0;
    account.proven = found.exact;
    account.missing = looked.then_some(found.missing);
    account.wrong = looked.then_some(found.inexact() - found.missing);
    account.suspect = account.planned.saturating_sub(found.exact + found.inexact());
    account.acknowledged = account.acknowledged.map(|keys| keys.min(found.exact));
    account.proven_by =
        if found.exact > 0 { [("read".to_owned(), found.exact)].into() } else { BTreeMap::new() };
    record.seconds.proof = proof.seconds.read;
    record.verdict = worse(record.verdict, proof.verdict);
    if record.error.is_none() {
        record.error.clone_from(&proof.error);
    }
    let named = &found.named;
    for (what, keys) in [
        ("missing", &named.missing),
        ("with another value", &named.wrong),
        ("of another type", &named.wrong_type),
        ("with another time to live", &named.wrong_ttl),
    ] {
        if !keys.is_empty() {
            record.warnings.push(format!("the first keys {what}: {}", keys.join(", ")));
        }
    }
}

/// All verdicts in one: a worker that did not come to its end failed, whatever ended it.
pub(super) fn verdict(folders: &[WorkerFolder]) -> Verdict {
    let verdicts = folders.iter().map(|folder| match folder.record.verdict {
        Verdict::Interrupted | Verdict::Unfinished => Verdict::Failed,
        verdict => verdict,
    });
    verdicts.fold(Verdict::Exact, worse)
}

/// Why not all went well: the first worker of which that is so, and how many more.
pub(super) fn error(folders: &[WorkerFolder]) -> Option<Failure> {
    let went_well =
        |folder: &&WorkerFolder| matches!(folder.record.verdict, Verdict::Exact | Verdict::Discarded);
    let mut bad = folders.iter().filter(|folder| !went_well(folder));
    let first = bad.next()?;
    let record = &first.record;
    let how = serde_json::to_value(record.verdict).ok();
    let how = how.as_ref().and_then(|how| how.as_str()).unwrap_or_default();
    let why = record.error.as_ref().map_or_else(String::new, |error| format!(": {}", error.message));
    let rest = match bad.count() {
        0 => String::new(),
        1 => " (1 other worker likewise)".into(),
        more => format!(" ({more} other workers likewise)"),
    };
    let goes_on =
        record.resume_command.as_ref().map(|command| format!("go on with {command}, and merge again"));
    Some(Failure {
        message: format!("{} ended as `{how}`{rest}{why}", named(first)),
        cure: goes_on.or_else(|| record.error.as_ref()?.cure.clone()),
    })
}

/// What all workers' users were warned of, each thing once.
pub(super) fn warnings(folders: &[WorkerFolder]) -> Vec<String> {
    let mut warnings: Vec<String> = Vec::new();
    for text in folders.iter().flat_map(|folder| &folder.record.warnings) {
        if !warnings.contains(text) {
            warnings.push(text.clone());
        }
    }
    warnings.extend(differences(folders));
    warnings
}

/// What was not done in the same way by all.
fn differences(folders: &[WorkerFolder]) -> impl Iterator<Item = String> {
    type Part = (&'static str, fn(&Record) -> String);
    const SENT: [Part; 9] = [
        ("command", |r| r.done.command.clone()),
        ("order", |r| r.done.order.clone()),
        ("reply", |r| r.done.reply.clone()),
        ("group_keys", |r| r.done.group_keys.to_string()),
        ("pipeline_depth", |r| r.done.pipeline_depth.to_string()),
        ("window", |r| r.done.window.to_string()),
        ("writers", |r| r.done.writers.to_string()),
        ("threads", |r| r.done.threads.to_string()),
        ("fillbench", |r| r.program.version.clone()),
    ];
    SENT.into_iter().filter_map(|(what, part)| {
        let first = folders.first()?;
        let other = folders.iter().find(|folder| part(&folder.record) != part(&first.record))?;
        let (one_has, other_has) = (part(&first.record), part(&other.record));
        Some(format!(
            "the workers were not alike: {what} {one_has} in {}, and {other_has} in {}",
            first.path.display(),
            other.path.display()
        ))
    })
}

/// What happened to the masters, as each worker saw it, on the common clock; and how many more.
pub(super) fn incidents(folders: &[WorkerFolder], clock: &Clock) -> (Vec<Incident>, u64) {
    let mut all = Vec::new();
    for (place, folder) in folders.iter().enumerate() {
        let later = clock.start_seconds(place).unwrap_or_default();
        let index = folder.record.options.worker_index.unwrap_or_default();
        all.extend(folder.record.incidents.iter().map(|incident| Incident {
            at_seconds: incident.at_seconds + later,
            text: format!("worker {index}: {}", incident.text),
            ..incident.clone()
        }));
    }
    all.sort_by(|one, other| one.at_seconds.total_cmp(&other.at_seconds));
    let more = all.len().saturating_sub(MAX_INCIDENTS) as u64;
    all.truncate(MAX_INCIDENTS);
    (all, more + folders.iter().map(|folder| folder.record.incidents_left_out).sum::<u64>())
}

/// Whether a worker was gone on with: then the time that it lay idle is in the figures.
pub(super) fn resumed(folders: &[WorkerFolder]) -> Resumed {
    let times = folders.iter().map(|folder| folder.record.resumed.times).max().unwrap_or_default();
    let began_at = (times > 0).then(|| began(folders)).flatten();
    let began_at = began_at.map(|began| humantime::format_rfc3339_millis(began).to_string());
    // What was executed before is in what was done: it was done by a worker.
    Resumed { times, began_at, keys_before: 0 }
}

/// When the first run of the first worker started.
pub(super) fn began(folders: &[WorkerFolder]) -> Option<SystemTime> {
    let began = folders.iter().filter_map(|folder| {
        let started = || humantime::parse_rfc3339(&folder.record.started_at).ok();
        folder.record.resumed.began().or_else(started)
    });
    began.min()
}

/// `worker 3 (results/3)`.
fn named(folder: &WorkerFolder) -> String {
    let index = folder.record.options.worker_index.unwrap_or_default();
    format!("worker {index} ({})", folder.path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_proof_is_worth_is_decided_by_the_worse() {
        assert_eq!(worse(Verdict::Exact, Verdict::Exact), Verdict::Exact);
        for (one, other) in [
            (Verdict::Exact, Verdict::Discarded),
            (Verdict::Wrong, Verdict::Missing),
            (Verdict::Missing, Verdict::Failed),
            (Verdict::Failed, Verdict::Interrupted),
        ] {
            assert_eq!((worse(one, other), worse(other, one)), (other, other));
        }
    }
}
