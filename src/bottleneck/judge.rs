//! The verdict. Whoever was busy all the time was the limit, and if several were, whoever was more so. Where client and
//! servers share too few processors nobody can be: there, whoever took more of them was. It is whose work would have to
//! become less for the run to be faster: a thread that waits for a processor gains by each program that needs less of it.

use super::facts::{Facts, MachineFacts};
use super::loads::Loads;
use super::words;
use crate::results::{Busy, LimitedBy};

/// A fill shorter than this is too short to say what limited it: counters of processor time move in steps of up to
/// 10 ms.
pub const SHORTEST_SECONDS: f64 = 0.2;
/// Who was busy for more than this share of the time held the others up: nothing is ever busy all of it, because
/// each waits for the other now and then. A machine whose processors are has none left to give.
const BUSY: f64 = 0.85;
/// Who had work for less than this share did not.
const IDLE: f64 = 0.7;
/// Writers that waited for the rate for more than this share of their time were limited by it.
const MOSTLY: f64 = 0.5;
/// As were those who came so near to it.
const AT_THE_RATE: f64 = 0.97;
/// Who waited for a processor for more than this share of the time missed one.
const WAITED: f64 = 0.1;

/// What limited a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Who it was.
    pub by: LimitedBy,
    /// Why that is believed: a sentence with the figures.
    pub because: String,
    /// What would lift the limit, where something is to be done about it.
    pub cure: Option<String>,
    /// The figures.
    pub busy: Busy,
}

/// What was found, before it is put into words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Finding {
    Rate,
    /// The client's busiest thread was on a processor nearly all the time.
    ClientBusy,
    /// It always had work, and waited for a processor.
    ClientDelayed,
    /// A master was on a processor nearly all the time.
    MasterBusy,
    /// It always had work, and was not on a processor for it.
    MasterHeldUp,
    /// The link at this place was full.
    WireFull(usize),
    /// No more was sent because no more was to be unanswered.
    Window,
    /// Client and masters share processors that were too few: who took most.
    CrowdedByClient,
    CrowdedByMasters,
    CrowdedByOthers,
    /// Neither client nor masters were busy.
    Between,
    /// Nobody was busy for long enough, nor idle.
    Undecided,
    /// Somebody did not tell.
    Untold,
}

/// Judges a run.
pub fn judge(facts: &Facts) -> Judgement {
    if facts.seconds < SHORTEST_SECONDS {
        let because = words::too_short(facts.seconds);
        return Judgement {
            by: LimitedBy::Unknown,
            because,
            cure: Some(words::LONGER.into()),
            busy: Busy::default(),
        };
    }
    let loads = Loads::of(facts);
    let finding = find(facts, &loads);
    Judgement {
        by: finding.by(facts),
        because: words::because(finding, facts, &loads),
        cure: words::cure(finding, facts, &loads),
        busy: loads.busy(facts),
    }
}

fn find(facts: &Facts, loads: &Loads) -> Finding {
    let rate = facts.rate_share.is_some_and(|share| share >= AT_THE_RATE);
    if rate || facts.client.pacing_share > MOSTLY {
        return Finding::Rate;
    }
    busy_all_the_time(loads)
        .or_else(|| on_a_crowded_machine(facts, loads))
        .or_else(|| wanting_all_the_time(loads))
        .or_else(|| facts.window_share.filter(|share| *share > BUSY).map(|_| Finding::Window))
        .unwrap_or_else(|| nobody(loads))
}

/// Whoever used what it has to the full: the busiest of them.
fn busy_all_the_time(loads: &Loads) -> Option<Finding> {
    let client = loads.client.map(|share| (share, Finding::ClientBusy));
    let master = loads.master.map(|share| (share, Finding::MasterBusy));
    let wire = loads.wire.map(|(place, share)| (share, Finding::WireFull(place)));
    most([wire, master, client])
}

/// Where client and servers share too few processors, whoever takes less of them leaves more to the others.
fn on_a_crowded_machine(facts: &Facts, loads: &Loads) -> Option<Finding> {
    let (client, masters) = (loads.client_cpus?, loads.masters_cpus?);
    let (_, masters_wanted) = loads.master_wanted?;
    let always_wanted = loads.client_wanted.unwrap_or(1.0).max(masters_wanted) > BUSY;
    if !facts.machine.has_masters || !is_crowded(&facts.machine, loads, always_wanted) {
        return None;
    }
    let missed = |delayed: Option<f64>| delayed.is_none_or(|share| share > WAITED);
    Some(match () {
        // Whoever took the processors, they were not taken from these.
        () if !missed(loads.client_delayed) && !missed(loads.master_delayed) => return None,
        () if loads.others_cpus.is_some_and(|others| others > client.max(masters)) => {
            Finding::CrowdedByOthers
        }
        () if masters_wanted > BUSY && loads.waits_for_processors() == Some(false) => Finding::MasterHeldUp,
        () if client > masters => Finding::CrowdedByClient,
        () => Finding::CrowdedByMasters,
    })
}

/// Whether there are too few processors: all of this machine are taken, or those that client and servers are confined
/// to, so that both waited for one.
fn is_crowded(machine: &MachineFacts, loads: &Loads, always_wanted: bool) -> bool {
    let both_waited = match loads.client_delayed.zip(loads.master_delayed) {
        Some((client, master)) => always_wanted && client.min(master) > WAITED,
        None if machine.cpus < machine.cpus_online || machine.busy_share.is_none() => {
            let taken = loads.client_cpus.zip(loads.masters_cpus).map(|(client, masters)| client + masters);
            taken.is_some_and(|taken| taken > BUSY * machine.cpus as f64)
        }
        None => false,
    };
    is_full(machine) || both_waited
}

/// Whether a machine has no processor left to give.
pub(super) fn is_full(machine: &MachineFacts) -> bool {
    machine.busy_share.is_some_and(|share| share > BUSY)
}

/// Whoever had work all the time, and was kept from doing it.
fn wanting_all_the_time(loads: &Loads) -> Option<Finding> {
    let client = loads.client_wanted.map(|share| (share, Finding::ClientDelayed));
    let master = loads.master_wanted.map(|(_, share)| (share, Finding::MasterHeldUp));
    most([master, client])
}

/// The largest share above [`BUSY`]; of equal ones the last.
fn most<const N: usize>(shares: [Option<(f64, Finding)>; N]) -> Option<Finding> {
    let busy = shares.into_iter().flatten().filter(|(share, _)| *share > BUSY);
    busy.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, finding)| finding)
}

fn nobody(loads: &Loads) -> Finding {
    let (Some(client), Some((_, master))) = (loads.client_wanted, loads.master_wanted) else {
        return Finding::Untold;
    };
    let wire = loads.wire.map_or(0.0, |(_, share)| share);
    if client.max(master).max(wire) < IDLE { Finding::Between } else { Finding::Undecided }
}

impl Finding {
    fn by(self, facts: &Facts) -> LimitedBy {
        match self {
            Self::Rate => LimitedBy::Rate,
            Self::ClientBusy | Self::ClientDelayed | Self::CrowdedByClient => LimitedBy::Client,
            Self::MasterBusy | Self::MasterHeldUp | Self::CrowdedByMasters => LimitedBy::Server,
            // Within one machine there is no network to blame.
            Self::Window | Self::Between if facts.machine.has_masters => LimitedBy::Unknown,
            Self::WireFull(_) | Self::Window | Self::Between => LimitedBy::Network,
            Self::CrowdedByOthers | Self::Undecided | Self::Untold => LimitedBy::Unknown,
        }
    }
}
