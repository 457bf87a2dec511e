//! Whose commands a master refused. Its statistics are all clients', and make keys suspect without need; what it counts
//! of one connection is that writer's alone. No I/O.

use std::collections::BTreeMap;

use crate::cluster::Info;
use crate::cluster::audit::Finding;
use crate::results::IncidentKind;
use crate::write::Count;

use super::{Course, Part};

/// Errors that a write may meet: a server that answers with one of them has not executed it.
const OF_WRITES: [&str; 12] = [
    "ask",
    "busy",
    "clusterdown",
    "loading",
    "masterdown",
    "misconf",
    "moved",
    "noperm",
    "noreplicas",
    "oom",
    "readonly",
    "tryagain",
];

/// What a master counted between two looks, whoever caused it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Grown {
    /// Calls of our command that it executed, and that failed: a connection's count does not tell them from others.
    failed: u64,
    errors: BTreeMap<String, u64>,
}

impl Grown {
    pub fn between(before: &Info, after: &Info, command: &str) -> Self {
        let failed = |info: &Info| info.commands().get(command).map_or(0, |calls| calls.failed);
        let (earlier, mut errors) = (before.errors(), after.errors());
        errors.retain(|error, count| {
            *count = count.saturating_sub(earlier.get(error).copied().unwrap_or(0));
            *count > 0 && OF_WRITES.contains(&error.as_str())
        });
        Self { failed: failed(after).saturating_sub(failed(before)), errors }
    }
}

/// Refusals that a master counted, and that may be anybody's.
#[derive(Default)]
struct Open {
    /// The look that showed the last of them.
    look: u64,
    calls: u64,
}

/// What is known of a master's refusals, and of the counts that tell whose they are.
#[derive(Default)]
pub(in crate::fill) struct Counts {
    /// Looks so far; each has the number that there were with it.
    looks: u64,
    /// Refusals that every writer's own count has yet to be asked about.
    open: Option<Open>,
    /// The look before a writer ended whose own count does not cover what barriers answered for.
    uncounted: Option<u64>,
    /// Errors since the last time they were told, most of them refusals.
    errors: BTreeMap<String, u64>,
}

impl Counts {
    /// The errors since this was last called, in parentheses, the most frequent first.
    pub fn take_errors(&mut self) -> String {
        let mut errors: Vec<_> = std::mem::take(&mut self.errors).into_iter().collect();
        errors.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let named: Vec<_> =
            errors.iter().map(|(error, count)| format!("{} {count}", error.to_ascii_uppercase())).collect();
        if named.is_empty() { String::new() } else { format!(" ({})", named.join(", ")) }
    }

    /// A look showed so many `refused` calls, of which any may be ours where not all writers are `counted`; else they are not,
    /// or the counts will tell. `asked` is the look up to which these go. Returns how many may be ours.
    fn judge(&mut self, refused: u64, counted: bool, asked: u64) -> u64 {
        let open = self.open.take();
        let settled = open.as_ref().is_none_or(|open| counted && asked > open.look);
        let calls = refused + open.as_ref().map_or(0, |open| open.calls);
        if !counted && calls > 0 {
            return calls;
        }
        self.open = match (refused > 0, settled) {
            (true, _) => Some(Open { look: self.looks, calls: if settled { refused } else { calls } }),
            (false, true) => None,
            (false, false) => open,
        };
        0
    }
}

impl Course {
    /// A master is about to be looked at: its writers' own counts are to be newer than what the look before showed.
    pub(super) fn want_counts(&mut self, index: usize, parts: &[Part]) {
        let counts = &mut self.members.get(index).counts;
        counts.looks += 1;
        let of_master = parts.iter().filter(|part| part.master == index);
        of_master.for_each(|part| part.progress.want_count(counts.looks));
    }

    /// A writer has ended: whether its own count covers what barriers have answered for, and what it tells.
    pub(super) fn take_last_count(&mut self, part: &Part, executed: u64) {
        let count = part.progress.take_count();
        let counts = &mut self.members.get(part.master).counts;
        if executed > count.map_or(0, |count| count.keys) {
            counts.uncounted = Some(counts.looks);
            if let Some(open) = counts.open.take() {
                // There may be no look after this, and the other writers' counts alone do not explain them.
                let (executed, slots) = (self.ledger.starts(), self.members.slots_of(part.master));
                let suspect =
                    slots.into_iter().map(|slot| self.ledger.suspect(slot, executed[usize::from(slot)]));
                let suspect = suspect.sum();
                self.report_refused(part.master, &format!("{} {}", open.calls, self.command), suspect);
            }
        }
        self.report_ours(part, count, executed);
    }

    /// Of what a look found at a master, leaves out refusals that the writers' own counts explain, or will. Of what was
    /// `reached` before the look, leaves out what they do not cover as long as there are any. Returns whether
    /// commands of ours were refused.
    pub(super) fn attribute(
        &mut self,
        index: usize,
        found: &mut Vec<Finding>,
        grown: Grown,
        reached: &mut [(usize, u64)],
        parts: &[Part],
    ) -> bool {
        for (error, more) in grown.errors {
            *self.members.get(index).counts.errors.entry(error).or_default() += more;
        }
        let (mut counted, mut asked, mut ours) = (true, u64::MAX, false);
        let mut covered = BTreeMap::new();
        for (place, part) in parts.iter().enumerate().filter(|(_, part)| part.master == index) {
            // The count first: what it tells of is executed by then.
            let count = part.progress.take_count();
            let executed = part.progress.executed_keys();
            ours |= self.report_ours(part, count, executed);
            // To whom nothing was sent, nothing was refused.
            counted &= count.is_some() || part.progress.wire_bytes() == 0;
            let count = count.unwrap_or_default();
            // A writer that has counted to its end has nothing left to be asked about.
            if count.keys < part.walk.left() {
                asked = asked.min(count.look);
            }
            covered.insert(place, count.keys);
        }
        let counts = &mut self.members.get(index).counts;
        let refused = found.iter().find_map(|finding| match finding {
            Finding::Refused(_, calls) => Some(*calls),
            _ => None,
        });
        let counted = counted && counts.uncounted.is_none() && grown.failed == 0;
        let look = counts.looks;
        counts.uncounted = counts.uncounted.filter(|before| *before >= look);
        let calls = counts.judge(refused.unwrap_or(0), counted, asked);
        found.retain(|finding| !matches!(finding, Finding::Refused(..)));
        if calls > 0 {
            found.push(Finding::Refused(self.command.clone(), calls));
        } else if counts.open.is_some() {
            reached
                .iter_mut()
                .for_each(|(place, keys)| *keys = (*keys).min(covered.get(place).copied().unwrap_or(0)));
        } else {
            counts.errors.clear();
        }
        ours
    }

    /// Tells of commands of a writer's that were refused by its own count. Returns whether there are any.
    fn report_ours(&mut self, part: &Part, count: Option<Count>, executed: u64) -> bool {
        let refused = count.map_or(0, |count| count.refused);
        if refused == 0 {
            return false;
        }
        let slots = part.walk.reached(executed).zip(part.walk.reached(0));
        let written = slots.filter(|(now, start)| now > start).map(|(now, _)| now);
        let suspect = written.map(|(slot, keys)| self.ledger.suspect(slot, keys)).sum();
        self.report_refused(part.master, &format!("{refused} of our commands"), suspect);
        true
    }

    fn report_refused(&mut self, index: usize, what: &str, suspect: u64) {
        let text = format!("it refused {what}{}", self.members.get(index).counts.take_errors());
        self.incidents.report(self.members.address(index), IncidentKind::ErrorsCounted, &text, suspect);
    }
}
