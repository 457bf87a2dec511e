//! What follows from a master's own account of itself while it is filled: what it lost is sent again, and what
//! nothing speaks against is vouched for. No I/O.

use crate::cluster::audit::{Finding, findings, takes_writes};
use crate::cluster::{Info, View};
use crate::fill::FillError;

use super::counts::Grown;
use super::{Aside, Backoff, Course, Ended, Member, Part, Turn, by_slot};

/// So often all keys of a master are sent again.
const MOST_LOSSES: u32 = 20;

impl Course {
    /// Compares what a master says of itself with what it said before.
    pub(super) fn audit(&mut self, index: usize, now: Info, parts: &[Part]) -> Turn {
        let member = self.members.get(index);
        let mut mark = member.mark.take().filter(|(pass, _)| *pass == self.pass);
        let found = member.info.as_ref().map(|before| {
            let grown = Grown::between(before, &now, &self.command);
            (findings(before, &now, &self.command), grown)
        });
        let policy = now.text("maxmemory_policy").unwrap_or("unknown").to_owned();
        if member.info.as_ref().is_some_and(|before| takes_writes(before, &now, &self.command)) {
            member.backoff = Backoff::default();
        } else if member.aside.as_ref().is_some_and(Aside::is_refusal) {
            // It refuses all: what barriers answered for meanwhile is to be sent again.
            self.doubtful.extend(self.members.slots_of(index));
        }
        self.members.get(index).info = Some(now);
        let Some((mut found, grown)) = found else { return Turn::GoOn };
        let reached = mark.as_mut().map_or(&mut [][..], |(_, reached)| reached);
        if self.attribute(index, &mut found, grown, reached, parts) && found.is_empty() {
            return Turn::GoOn;
        }
        if found.is_empty() {
            if let Some((_, reached)) = mark {
                if reached.iter().any(|(_, keys)| *keys > 0) {
                    self.members.get(index).backoff = Backoff::default();
                }
                self.vouch(index, &reached, parts);
            }
            let Member { aside, backoff, .. } = &self.members.all()[index];
            // Until something has been executed again, nobody knows that it would be.
            let works = backoff.failures() == 0 || parts.iter().all(|part| part.master != index);
            if aside.is_none() && works {
                self.incidents.recovered(self.members.address(index));
            }
            return Turn::GoOn;
        }
        let (mut suspect, mut all) = (0, 0);
        let executed = self.executed(parts);
        for slot in self.members.slots_of(index) {
            suspect += self.ledger.suspect(slot, executed[usize::from(slot)]);
            all += executed[usize::from(slot)];
        }
        if found.iter().any(|finding| matches!(finding, Finding::Restarted | Finding::Flushed(_))) {
            suspect = all;
        }
        found.into_iter().fold(Turn::GoOn, |turn, finding| {
            match self.take(index, &finding, &policy, suspect) {
                Turn::GoOn => turn,
                other => other,
            }
        })
    }

    /// What a finding means.
    fn take(&mut self, index: usize, finding: &Finding, policy: &str, suspect: u64) -> Turn {
        let address = self.members.address(index).clone();
        let refused = matches!(finding, Finding::Refused(..));
        let errors = if refused { self.members.get(index).counts.take_errors() } else { String::new() };
        self.incidents.report(&address, finding.kind(), &format!("{finding}{errors}"), suspect);
        if let Finding::Evicted(keys) = finding {
            let change = format!("evicted {keys} keys under its policy {policy}");
            return Turn::End(Ended::Failed(FillError::Changed { address, change }));
        }
        match finding {
            // Somebody who does that again and again is not kept up with: the rest is the proof's.
            Finding::Restarted | Finding::Flushed(_) if self.losses == MOST_LOSSES => return Turn::GoOn,
            Finding::Restarted | Finding::Flushed(_) => {
                (self.losses, self.set_back) = (self.losses + 1, true);
                self.lost.extend(self.members.slots_of(index));
            }
            Finding::RoleChanged(_) => self.doubtful.extend(self.members.slots_of(index)),
            _ => return Turn::GoOn,
        }
        Turn::Replan
    }

    /// An audit that began at a mark found nothing wrong.
    fn vouch(&mut self, index: usize, reached: &[(usize, u64)], parts: &[Part]) {
        // Slots that no part of this pass writes stand where the pass began.
        let reached = reached.iter().map(|(place, executed)| (&parts[*place], *executed));
        let keys = by_slot(self.ledger.starts(), reached);
        for slot in self.members.slots_of(index) {
            // Of what another master executed before the slot came here, this one tells nothing.
            if !self.doubtful.contains(&slot) && !self.lost.contains(&slot) {
                self.ledger.vouch(slot, keys[usize::from(slot)]);
            }
        }
    }

    /// Slots that their owner is giving away take no new keys there, and no groups of keys anywhere: once it has
    /// said so to a writer, they are left to the repair.
    pub(super) fn leave_out_open_slots(&mut self, index: Option<usize>, view: &View) {
        if let Some(index) = index
            && self.members.all()[index].aside.as_ref().is_some_and(|aside| aside.redirected)
        {
            let open = view.epochs.open_slots.iter().copied();
            self.left_out.extend(open.filter(|&slot| self.members.owner(slot) == Some(index)));
        }
    }
}
