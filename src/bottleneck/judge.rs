//! The verdict. Whoever was busy all the time was the limit, and if several were, whoever was more so. On a
//! machine whose processors are all taken nobody can be busy all the time: there, whoever took most of them was.

use super::facts::Facts;
use super::loads::Loads;
use super::words;
use crate::results::{Busy, LimitedBy};

/// A fill shorter than this is too short to say what limited it: counters of processor time move in steps of up to
/// 10 ms.
pub const SHORTEST_SECONDS: f64 = 0.2;
/// Who was busy for more than this share of the time held the others up: nothing is ever busy all of it, because
/// each waits for the other now and then.
const BUSY: f64 = 0.85;
/// Who was busy for less than this share did not.
const IDLE: f64 = 0.7;
/// Who wanted a processor for less than this share of the time was not held up for want of one.
const HARDLY: f64 = 0.5;
/// Writers that waited for the rate for more than this share of their time were limited by it.
const MOSTLY: f64 = 0.5;
/// As were those who came so near to it.
const AT_THE_RATE: f64 = 0.97;
/// A machine that is busy for this share of its processors' time has none left to give.
const CROWDED: f64 = 0.9;

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
    /// It wanted to be, and did not get one.
    ClientDelayed,
    /// The master at this place was on a processor nearly all the time.
    MasterBusy(usize),
    /// Its event loop had always something to do, and it was not on a processor for it.
    MasterHeldUp(usize),
    /// The link at this place was full.
    WireFull(usize),
    /// No more was sent because no more was to be unanswered.
    Window,
    /// Client and masters share processors that were all taken: who took most.
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
        by: finding.by(),
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
    let master = loads.master.map(|(place, share)| (share, Finding::MasterBusy(place)));
    let wire = loads.wire.map(|(place, share)| (share, Finding::WireFull(place)));
    most([wire, master, client])
}

/// Where all processors are taken, nobody is busy all the time, and whoever takes less leaves more to the others.
fn on_a_crowded_machine(facts: &Facts, loads: &Loads) -> Option<Finding> {
    let machine = &facts.machine;
    let (client, masters) = (loads.client_cpus?, loads.masters_cpus?);
    // A process that is confined to some of the processors can find these taken and the others idle.
    let is_confined = machine.cpus < machine.cpus_online || machine.busy_share.is_none();
    let is_full = machine.busy_share.is_some_and(|share| share >= CROWDED)
        || is_confined && client + masters > BUSY * machine.cpus as f64;
    if !machine.has_masters || !is_full {
        return None;
    }
    let wanted = |share: Option<f64>| share.unwrap_or(1.0);
    let (client_wanted, masters_wanted) =
        (wanted(loads.client_wanted), wanted(loads.master_wanted.map(|(_, share)| share)));
    let (place, _) = loads.master_wanted?;
    if client_wanted < HARDLY && masters_wanted < HARDLY && loads.masters_tell_all {
        // Whoever took the processors, neither of them missed any.
        return None;
    }
    Some(match () {
        // One of them did not even want a processor, while the other always did.
        () if client_wanted < HARDLY && masters_wanted > BUSY => Finding::MasterHeldUp(place),
        () if masters_wanted < HARDLY && loads.masters_tell_all && client_wanted > BUSY => {
            Finding::ClientDelayed
        }
        () if loads.others_cpus.is_some_and(|others| others > client + masters) => Finding::CrowdedByOthers,
        () if client > masters => Finding::CrowdedByClient,
        () => Finding::CrowdedByMasters,
    })
}

/// Whoever had work all the time, and was kept from doing it.
fn wanting_all_the_time(loads: &Loads) -> Option<Finding> {
    let client = loads.client_wanted.map(|share| (share, Finding::ClientDelayed));
    let master = loads.master_wanted.map(|(place, share)| (share, Finding::MasterHeldUp(place)));
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
    fn by(self) -> LimitedBy {
        match self {
            Self::Rate => LimitedBy::Rate,
            Self::ClientBusy | Self::ClientDelayed | Self::CrowdedByClient => LimitedBy::Client,
            Self::MasterBusy(_) | Self::MasterHeldUp(_) | Self::CrowdedByMasters => LimitedBy::Server,
            Self::WireFull(_) | Self::Window | Self::Between => LimitedBy::Network,
            Self::CrowdedByOthers | Self::Undecided | Self::Untold => LimitedBy::Unknown,
        }
    }
}
