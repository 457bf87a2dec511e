//! How busy each of those was that may have been the limit, as shares of the fill's time.

use super::facts::{Facts, MasterFacts};
use crate::results::Busy;

/// A link that carried more than this share of what it is said to carry is not as it is said to be.
const TRUE_SPEED: f64 = 1.1;

/// Everybody's load.
#[derive(Clone, Debug)]
pub(super) struct Loads {
    /// The client's busiest thread, on a processor.
    pub client: Option<f64>,
    /// The same, with the time in which it waited for one.
    pub client_wanted: Option<f64>,
    /// Its waiting for one alone.
    pub client_delayed: Option<f64>,
    /// Whether both are of one thread, and not of the average of all.
    pub is_of_thread: bool,
    /// The busiest master's thread, on a processor.
    pub master: Option<f64>,
    /// The master with most to do: its place, and for which share it had some, with a processor or without.
    pub master_wanted: Option<(usize, f64)>,
    /// For which share that one was on a processor, and for which it waited for one.
    pub master_had: Option<f64>,
    pub master_delayed: Option<f64>,
    /// What the other masters had to do on average; `None` if there is none.
    pub others_wanted: Option<f64>,
    /// Whether it is known of all masters how busy their event loops were, whatever held them up.
    pub loops_are_told: bool,
    /// The fullest link: its place among the wires, and its share.
    pub wire: Option<(usize, f64)>,
    /// Processors' worth of time that the client took, all masters together, and everybody else on this machine.
    pub client_cpus: Option<f64>,
    pub masters_cpus: Option<f64>,
    pub others_cpus: Option<f64>,
}

impl Loads {
    pub fn of(facts: &Facts) -> Self {
        let seconds = facts.seconds;
        let share = |time: f64| (time / seconds).clamp(0.0, 1.0);
        let client_cpus = facts.client.cpu_seconds.map(|time| time / seconds);
        let busiest = facts.client.busiest;
        let average = client_cpus.map(|cpus| (cpus / facts.client.threads.max(1) as f64).min(1.0));
        let delayed = busiest.and_then(|one| one.delayed_seconds);
        let wanted = busiest.map(|one| share(one.busy_seconds + delayed.unwrap_or(0.0)));
        let master = |time: fn(&MasterFacts) -> Option<f64>| {
            let shares: Option<Vec<f64>> =
                facts.masters.iter().map(|master| time(master).map(share)).collect();
            most(shares.into_iter().flatten())
        };
        let master_wanted = master(wanted_seconds);
        let busiest_master = master_wanted.map(|(place, _)| &facts.masters[place]);
        let sum = || facts.masters.iter().filter_map(wanted_seconds).map(share).sum::<f64>();
        let others = facts.masters.len().saturating_sub(1) as f64;
        let others_wanted = master_wanted.filter(|_| others > 0.0).map(|(_, most)| (sum() - most) / others);
        let masters_cpus = facts.masters.iter().map(|master| master.cpu_seconds).sum::<Option<f64>>();
        let masters_cpus = masters_cpus.filter(|_| !facts.masters.is_empty()).map(|time| time / seconds);
        let here = facts.machine.has_masters.then_some(masters_cpus);
        let everybody_else = |busy: f64| {
            let known = client_cpus? + here.unwrap_or(Some(0.0))?;
            Some((busy * facts.machine.cpus_online as f64 - known).max(0.0))
        };
        let wires = facts.wires.iter().map(|wire| wire.bytes as f64 / seconds / wire.bytes_per_second_max);
        Self {
            client: busiest.map(|one| share(one.busy_seconds)).or(average),
            client_wanted: wanted.or(average),
            client_delayed: delayed.map(share),
            is_of_thread: busiest.is_some(),
            master: master(thread_seconds).map(|(_, share)| share),
            master_wanted,
            master_had: busiest_master.and_then(thread_seconds).map(share),
            master_delayed: busiest_master.and_then(|master| master.delayed_seconds).map(share),
            others_wanted,
            loops_are_told: facts.masters.iter().all(|master| master.loop_seconds.is_some()),
            wire: most(wires.map(|share| if share > TRUE_SPEED { 0.0 } else { share }))
                .filter(|(_, share)| *share > 0.0),
            client_cpus,
            masters_cpus,
            others_cpus: facts.machine.busy_share.and_then(everybody_else),
        }
    }

    /// Whether the master with most to do was kept from it by want of a processor rather than by anything else;
    /// `None` if that is not known.
    pub fn waits_for_processors(&self) -> Option<bool> {
        let (_, wanted) = self.master_wanted?;
        Some(self.master_delayed? >= (wanted - self.master_had?) / 2.0)
    }

    /// For the record.
    pub fn busy(&self, facts: &Facts) -> Busy {
        let master = self.master_wanted;
        Busy {
            client_thread: self.client,
            client_thread_delayed: self.client_delayed,
            master: master.map(|(_, share)| share),
            master_delayed: self.master_delayed,
            master_address: master.map(|(place, _)| facts.masters[place].address.clone()),
            wire: self.wire.map(|(_, share)| share),
            window: facts.window_share,
            processors: facts.machine.busy_share,
        }
    }
}

/// Time on a processor of the one thread that executes commands, or of the whole process, where that is not told
/// apart.
fn thread_seconds(master: &MasterFacts) -> Option<f64> {
    master.main_thread_seconds.or(master.cpu_seconds)
}

/// Time in which it had work, by the larger of two views: that of its event loop, and of the system's queue.
fn wanted_seconds(master: &MasterFacts) -> Option<f64> {
    let queued = thread_seconds(master)? + master.delayed_seconds.unwrap_or(0.0);
    Some(master.loop_seconds.map_or(queued, |time| time.max(queued)))
}

/// The largest, and its place.
fn most(shares: impl Iterator<Item = f64>) -> Option<(usize, f64)> {
    shares.enumerate().max_by(|(_, one), (_, other)| one.total_cmp(other))
}
