//! Where a fill stands while it is sent: who owns what, which masters can be written to now, what is sent
//! already, and what everything that is seen or goes wrong means for that. No I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cluster::{ClusterError, show_slots};
use crate::net::{Address, Refusal, shown};
use crate::results::{IncidentKind, Incidents};
use crate::slots::SLOTS;

use super::backoff::Backoff;
use super::members::{Aside, Member, Members, News};
use super::plan::{Part, Share, by_slot, shares};
use super::sight::{Seen, Sight};
use super::turn::{Cause, Ended, Turn};
use crate::fill::FillError;
use crate::fill::ledger::Ledger;

/// What masters say of themselves.
mod audits;
/// What their refusals were of.
pub(in crate::fill) mod counts;

/// Moving slots set the run back, so that it may take longer, so often without more being executed than ever
/// before: where slots go to and fro for ever, nobody gets on.
pub(in crate::fill) const MOST_MOVES: u32 = 20;

/// The state of a fill from its first pass to its last.
pub(in crate::fill) struct Course {
    /// The command that carries keys, as statistics name it.
    command: String,
    /// How long nothing may get better.
    recovery: Duration,
    incidents: Arc<Incidents>,
    /// What was executed, the running pass left out.
    pub ledger: Ledger,
    /// Who owns what, as it is believed.
    pub members: Members,
    /// Slots that are left to the repair, where every command is answered: they are being moved.
    left_out: BTreeSet<u16>,
    /// Slots whose keys are to be sent again once the pass is over: those that nothing vouches for, or all.
    doubtful: BTreeSet<u16>,
    lost: BTreeSet<u16>,
    /// Nodes that should be looked at, too.
    strangers: Vec<Address>,
    /// How often a master has lost all its keys.
    losses: u32,
    /// Whether keys are to be sent again through no fault of those that took them.
    set_back: bool,
    /// How often slots that moved have set it back since more was executed than ever before.
    moves: u32,
    pass: u64,
    /// Keys beyond which the run gets on: the most that were executed since it was set back.
    most_executed: u64,
    /// The most that were ever executed.
    most_ever: u64,
    last_progress: Instant,
}

impl Course {
    /// Nothing is sent yet but what `ledger` says.
    pub fn new(
        members: Members,
        ledger: Ledger,
        command: String,
        recovery: Duration,
        incidents: Arc<Incidents>,
    ) -> Self {
        Self {
            command,
            recovery,
            incidents,
            ledger,
            members,
            left_out: BTreeSet::new(),
            doubtful: BTreeSet::new(),
            lost: BTreeSet::new(),
            strangers: Vec::new(),
            losses: 0,
            set_back: false,
            moves: 0,
            pass: 0,
            most_executed: 0,
            most_ever: 0,
            last_progress: Instant::now(),
        }
    }

    /// Nodes that should be looked at from now on; each is named once or more.
    pub fn take_strangers(&mut self) -> Vec<Address> {
        std::mem::take(&mut self.strangers)
    }

    /// Whether some of what is planned is left to the repair.
    pub fn leaves_out(&self) -> bool {
        self.left_out.iter().any(|&slot| self.ledger.left(slot) > 0)
    }

    /// Whether nothing is left to send but what the repair has to write.
    pub fn is_sent(&self) -> bool {
        (0..SLOTS).all(|slot| self.left(slot) == 0)
    }

    fn left(&self, slot: u16) -> u64 {
        if self.left_out.contains(&slot) { 0 } else { self.ledger.left(slot) }
    }

    /// Shares out what is left among the masters that can be written to now; if `serial`, what one of them
    /// lacks.
    pub fn plan(&mut self, writers: u64, serial: bool) -> Vec<Share> {
        self.pass += 1;
        self.ledger.take_back_each(std::mem::take(&mut self.lost), std::mem::take(&mut self.doubtful));
        if std::mem::take(&mut self.set_back) {
            // Sending these again is what getting on means now.
            (self.most_executed, self.last_progress) = (self.ledger.totals().executed, Instant::now());
        }
        let all = self.members.all().iter().enumerate();
        let ready = all.filter(|(_, member)| member.aside.is_none()).map(|(index, _)| index);
        let masters = ready.map(|index| (index, self.members.slots_of(index)));
        let mut shares = shares(masters, |slot| self.left(slot), writers);
        let first = shares.first().map(|share| share.master);
        shares.retain(|share| !serial || Some(share.master) == first);
        shares
    }

    /// A writer has ended: barriers answered for so many keys of its part.
    pub fn add(&mut self, part: &Part, executed: u64, went_well: bool) {
        part.walk.reached(executed).for_each(|(slot, keys)| self.ledger.executed(slot, keys));
        if went_well && executed > 0 {
            self.members.get(part.master).backoff = Backoff::default();
        }
        self.take_last_count(part, executed);
    }

    /// A master is about to be looked at: what its writers have reached by now is what that look tells of.
    pub fn mark(&mut self, address: &Address, parts: &[Part]) {
        let Some(index) = self.members.at(address) else { return };
        let of_master = parts.iter().enumerate().filter(|(_, part)| part.master == index);
        let reached = of_master.map(|(place, part)| (place, part.progress.executed_keys())).collect();
        self.members.get(index).mark = Some((self.pass, reached));
        self.want_counts(index, parts);
    }

    /// A node was looked at while `parts` are being written.
    pub fn see(&mut self, sight: Sight, parts: &[Part]) -> Turn {
        let Sight { address, asked, seen } = sight;
        let index = self.members.at(&address);
        let Seen { info, view } = match seen {
            Ok(seen) => seen,
            Err(error) => {
                self.unseen(&address, index, &error);
                return Turn::GoOn;
            }
        };
        let audited = match (index, info) {
            (Some(index), Some(info)) => self.audit(index, info, parts),
            _ => Turn::GoOn,
        };
        let adopted = match view {
            Some(view) => {
                self.leave_out_open_slots(index, &view);
                let news = self.members.hear(address, asked, view);
                self.follow(&news)
            }
            None => Turn::GoOn,
        };
        if let Some(aside) = index.and_then(|index| self.members.get(index).aside.as_mut()) {
            aside.seen |= asked >= aside.since;
        }
        match (audited, adopted) {
            (Turn::End(ended), _) => Turn::End(ended),
            (Turn::GoOn, adopted) => adopted,
            (Turn::Replan, _) => Turn::Replan,
        }
    }

    /// A node did not answer: others know more, its replicas before all.
    fn unseen(&mut self, address: &Address, index: Option<usize>, error: &ClusterError) {
        self.members.unhear(address);
        let master = index.map(|index| &self.members.all()[index].master);
        if let Some(master) = master.filter(|master| !master.slots.is_empty()) {
            self.strangers.extend(master.replicas.iter().cloned());
            self.incidents.report(address, IncidentKind::Unreachable, &error.to_string(), 0);
        }
    }

    /// What is executed by now in each slot, the running pass included.
    pub fn executed(&self, parts: &[Part]) -> Vec<u64> {
        by_slot(self.ledger.starts(), parts.iter().map(|part| (part, part.progress.executed_keys())))
    }

    /// Slots with another owner than before are sent there from where nothing vouches for their keys.
    fn follow(&mut self, news: &News) -> Turn {
        for &index in &news.joined {
            self.incidents.report(self.members.address(index), IncidentKind::Joined, "it owns slots now", 0);
        }
        let strangers = news.joined.iter().chain(&news.relocated);
        self.strangers.extend(strangers.map(|&index| self.members.address(index).clone()));
        self.report_moves(&news.moved);
        let mut open = false;
        for &(slot, _) in &news.moved {
            self.left_out.remove(&slot);
            self.doubtful.insert(slot);
            open |= self.left(slot) > 0 || self.ledger.unvouched(slot) > 0;
        }
        if open && self.moves < MOST_MOVES {
            (self.moves, self.set_back) = (self.moves + 1, true);
        }
        if open { Turn::Replan } else { Turn::GoOn }
    }

    fn report_moves(&self, moved: &[(u16, Option<usize>)]) {
        let mut by_owner: BTreeMap<Option<usize>, Vec<u16>> = BTreeMap::new();
        for &(slot, owner) in moved {
            by_owner.entry(owner).or_default().push(slot);
        }
        for (owner, slots) in by_owner {
            let suspect = slots.iter().map(|&slot| self.ledger.unvouched(slot)).sum();
            let text = format!("slots have another owner: {}", show_slots(slots.into_iter()));
            let owner = owner.map_or_else(String::new, |index| self.members.address(index).to_string());
            self.incidents.report(&owner, IncidentKind::SlotsMoved, &text, suspect);
        }
    }

    /// Writing to a master went wrong: it is left alone until it has been seen anew, or the run ends.
    pub fn went_wrong(&mut self, index: usize, cause: Cause) -> Turn {
        let address = self.members.address(index).clone();
        let suspect = self.members.slots_of(index).into_iter().map(|slot| self.ledger.unvouched(slot)).sum();
        let (kind, text, error, redirected) = match cause {
            Cause::Lost(error) => (IncidentKind::ConnectionLost, error.to_string(), error, false),
            Cause::Silent(error) => (IncidentKind::Silent, error.to_string(), error, false),
            Cause::Behind(error) => (IncidentKind::ReplicasBehind, error.to_string(), error, false),
            Cause::Refused(message) => {
                let error = FillError::Refused { address: address.clone(), message: shown(&message) };
                let redirected = match Refusal::of(&message) {
                    Refusal::Ask { slot, .. } => {
                        self.left_out.extend(slot);
                        true
                    }
                    Refusal::Elsewhere => true,
                    Refusal::ForNow => false,
                    Refusal::Final => {
                        self.incidents.report(&address, IncidentKind::Refused, &shown(&message), suspect);
                        return Turn::End(Ended::Failed(error));
                    }
                };
                (IncidentKind::Refused, shown(&message), error, redirected)
            }
        };
        self.incidents.report(&address, kind, &text, suspect);
        let member = self.members.get(index);
        let now = Instant::now();
        let not_before = now + member.backoff.failed();
        member.aside = Some(Aside { since: now, not_before, seen: false, error, redirected });
        Turn::Replan
    }

    /// So many keys are executed by now: who was left alone may be written to again, or all was in vain.
    pub fn tick(&mut self, executed: u64) -> Turn {
        let now = Instant::now();
        if executed > self.most_executed {
            (self.most_executed, self.last_progress) = (executed, now);
        }
        if executed > self.most_ever {
            (self.most_ever, self.moves) = (executed, 0);
        }
        let mut back = false;
        for member in self.members.iter_mut() {
            if member.aside.as_ref().is_some_and(|aside| aside.seen && now >= aside.not_before) {
                member.aside = None;
                back = true;
            }
        }
        if back {
            return Turn::Replan;
        }
        let waits =
            self.members.all().iter().any(|member| member.aside.is_some()) || self.unowned().next().is_some();
        if waits && now - self.last_progress > self.recovery { self.give_up(now) } else { Turn::GoOn }
    }

    /// Slots that lack keys and have no owner.
    fn unowned(&self) -> impl Iterator<Item = u16> {
        let lacks = move |&slot: &u16| self.members.owner(slot).is_none() && self.left(slot) > 0;
        (0..SLOTS).filter(lacks)
    }

    /// What nobody took for too long is the repair's, if somebody only would not take it this way; else the
    /// run ends.
    fn give_up(&mut self, now: Instant) -> Turn {
        self.last_progress = now;
        let is_redirected = |member: &Member| member.aside.as_ref().is_some_and(|aside| aside.redirected);
        if let Some(index) = self.members.all().iter().position(is_redirected) {
            self.left_out.extend(self.members.slots_of(index));
            self.members.get(index).aside = None;
            return Turn::Replan;
        }
        let aside = self.members.iter_mut().find_map(|member| member.aside.take());
        let error = match aside {
            Some(aside) => aside.error,
            None => {
                let address = self.members.address(0).clone();
                let (count, slots) = (self.unowned().count(), show_slots(self.unowned()));
                ClusterError::Unowned { address, count, slots }.into()
            }
        };
        Turn::End(Ended::Failed(error))
    }
}

#[cfg(test)]
#[path = "course_tests.rs"]
mod tests;
