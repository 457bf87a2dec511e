//! All masters at one moment: who owns what, and what each says of itself. What was seen of keys between two
//! such moments is worth as much as what happened in between leaves of it.

use tokio::task::{JoinError, JoinSet};

use crate::net::{Address, AddressMap, Connection, Connector};
use crate::results::IncidentKind;

use super::audit::{evicted, upheaval};
use super::{ClusterError, Info, Master, Mode, Topology, info, rediscover, show_slots};

/// What a master says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It does not answer.
    Nothing,
    /// It answers, and this user may not have INFO.
    Hidden,
    /// Its INFO.
    Info(Box<Info>),
}

impl Said {
    /// INFO, if it gave any.
    pub fn info(&self) -> Option<&Info> {
        match self {
            Self::Info(info) => Some(info),
            Self::Nothing | Self::Hidden => None,
        }
    }
}

impl From<Info> for Said {
    fn from(info: Info) -> Self {
        Self::Info(Box::new(info))
    }
}

/// The masters at one moment. Those that owned slots before and do so no more stay among them, without slots.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Who owns what.
    pub topology: Topology,
    /// What each of them says.
    pub said: Vec<Said>,
}

/// What happened to a master between two moments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which master.
    pub master: Address,
    /// What it is called in a record; `None` if it is only that nobody knows.
    pub kind: Option<IncidentKind>,
    /// In a line that follows its name.
    pub why: String,
    /// The slots that it concerns.
    pub slots: Vec<u16>,
}

impl Change {
    /// Whether keys were evicted and nothing else happened: what was missing before still is.
    pub fn only_evicts(&self) -> bool {
        self.kind == Some(IncidentKind::Evicted)
    }
}

impl Moment {
    /// Asks all of `known` who owns what, believes the newest, and asks each of these masters about itself.
    ///
    /// # Errors
    /// [`ClusterError`] if nobody says who owns what.
    pub async fn take(
        connector: &Connector,
        map: &AddressMap,
        known: &Topology,
    ) -> Result<Self, ClusterError> {
        let mut topology = rediscover(connector, known, map).await?;
        let gone = known.masters.iter().filter(|master| topology.place_of(master).is_none());
        let gone: Vec<_> = gone.map(|master| Master { slots: Vec::new(), ..master.clone() }).collect();
        topology.masters.extend(gone);
        let mut asking = JoinSet::new();
        for (index, master) in topology.masters.iter().enumerate() {
            let (connector, master, mode) = (connector.clone(), master.clone(), topology.mode);
            asking.spawn(async move { (index, ask(&connector, &master, mode).await) });
        }
        let mut said = vec![Said::Nothing; topology.masters.len()];
        // Of one whose question died nothing is known.
        while let Some(asked) = asking.join_next().await {
            if let Ok::<_, JoinError>((index, Ok(answer))) = asked {
                said[index] = answer;
            }
        }
        Ok(Self { topology, said })
    }

    /// What `master` says; nothing if it is not among them.
    pub fn said_by(&self, master: &Master) -> &Said {
        self.topology.place_of(master).map_or(&Said::Nothing, |index| &self.said[index])
    }

    /// What happened until `later` that makes doubtful what was seen of slots meanwhile. What single writes of
    /// others do is none of it.
    pub fn changes(&self, later: &Self) -> Vec<Change> {
        let (owners, mut changes) = (later.topology.owners(), Vec::new());
        for (master, before) in self.topology.masters.iter().zip(&self.said) {
            let stayed = |slot: &u16| {
                let owner = owners[usize::from(*slot)].map(|index| &later.topology.masters[index]);
                owner.is_some_and(|owner| owner.is_same_node(master))
            };
            let slots = master.slots.iter().cloned().flatten();
            let (slots, moved): (Vec<u16>, Vec<u16>) = slots.partition(stayed);
            let mut push = |kind, why, slots: Vec<u16>| {
                if !slots.is_empty() {
                    changes.push(Change { master: master.address.clone(), kind, why, slots });
                }
            };
            if let Some((kind, why)) = change(before, later.said_by(master)) {
                push(kind, why, slots);
            }
            let why = format!("slots have another owner: {}", show_slots(moved.iter().copied()));
            push(Some(IncidentKind::SlotsMoved), why, moved);
        }
        changes
    }

    /// The masters that evicted keys since `earlier`, and how many; those that were not known or were others
    /// then, since they began.
    pub fn evicted_since(&self, earlier: &Self) -> impl Iterator<Item = (&Master, u64)> {
        let masters = self.topology.masters.iter().zip(&self.said);
        masters.filter_map(|(master, now)| {
            let keys = evicted(earlier.said_by(master).info(), now.info()?);
            (keys > 0).then_some((master, keys))
        })
    }

    /// Slots whose masters do not show their counters, so that nobody sees what happens there.
    pub fn hidden_slots(&self) -> impl Iterator<Item = u16> {
        let masters = self.topology.masters.iter().zip(&self.said);
        let hidden = masters.filter(|(_, said)| **said == Said::Hidden);
        hidden.flat_map(|(master, _)| master.slots.iter().cloned().flatten())
    }
}

/// What happened to a master that said this and says that now, and what it is called.
fn change(before: &Said, now: &Said) -> Option<(Option<IncidentKind>, String)> {
    match (before, now) {
        (Said::Info(before), Said::Info(now)) => match (upheaval(before, now), evicted(Some(before), now)) {
            (Some(finding), _) => Some((Some(finding.kind()), finding.to_string())),
            (None, 0) => None,
            (None, keys) => Some((Some(IncidentKind::Evicted), format!("it evicted {keys} keys"))),
        },
        (_, Said::Nothing) => Some((Some(IncidentKind::Unreachable), "it does not answer".into())),
        (Said::Nothing, _) => Some((None, "it did not answer at first".into())),
        (Said::Hidden, Said::Hidden) => None,
        (Said::Info(_), Said::Hidden) => Some((None, "it no longer shows its counters".into())),
        (Said::Hidden, Said::Info(_)) => Some((None, "it did not show its counters at first".into())),
    }
}

async fn ask(connector: &Connector, master: &Master, mode: Mode) -> Result<Said, ClusterError> {
    let mut connection = meet(connector, master, mode).await?;
    Ok(info(&mut connection).await?.map_or(Said::Hidden, Said::from))
}

/// A connection to a master, which is the node that it should be.
///
/// # Errors
/// [`ClusterError`] if there is none, or another node answers.
pub async fn meet(connector: &Connector, master: &Master, mode: Mode) -> Result<Connection, ClusterError> {
    let mut connection = connector.open(&master.address).await?;
    if mode == Mode::Cluster {
        let id = connection.call_raw(&[b"CLUSTER", b"MYID"]).await?;
        if let Some(found) = id.as_text()
            && found != master.node
            && !master.node.is_empty()
        {
            return Err(ClusterError::WrongNode {
                address: master.address.clone(),
                found: found.into_owned(),
                expected: master.node.clone(),
            });
        }
    }
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two masters; of a text without letters nothing is heard, and `?` hides its counters.
    fn moment(slots: [std::ops::RangeInclusive<u16>; 2], said: [&str; 2]) -> Moment {
        let master = |(number, slots)| Master {
            announced: Address::tcp("h", number),
            address: Address::tcp("h", number),
            node: number.to_string(),
            slots: vec![slots],
            replicas: Vec::new(),
        };
        let said = said.map(|text| match text {
            "" => Said::Nothing,
            "?" => Said::Hidden,
            text => Info::parse(text).into(),
        });
        let masters = (1..).zip(slots).map(master).collect();
        Moment { topology: Topology { mode: Mode::Cluster, masters }, said: said.into() }
    }

    fn with(said: [&str; 2]) -> Moment {
        moment([0..=1, 2..=4], said)
    }

    fn changes(before: &Moment, later: &Moment) -> Vec<(Option<IncidentKind>, Vec<u16>)> {
        before.changes(later).into_iter().map(|change| (change.kind, change.slots)).collect()
    }

    #[test]
    fn what_happens_to_a_master_concerns_its_slots_and_no_others() {
        use IncidentKind::{Evicted, Flushed, MasterRestarted, SlotsMoved};
        let before = with(["run_id:a", "run_id:b"]);
        assert_eq!(changes(&before, &before), []);
        for (text, kind) in [
            ("run_id:c", MasterRestarted),
            ("run_id:a\ncmdstat_flushall:calls=1\nevicted_keys:1", Flushed),
            ("run_id:a\nevicted_keys:1", Evicted),
        ] {
            assert_eq!(changes(&before, &with([text, "run_id:b"])), [(Some(kind), vec![0, 1])], "{text}");
        }
        let moved = moment([0..=2, 3..=4], ["run_id:a", "run_id:b"]);
        assert_eq!(changes(&before, &moved), [(Some(SlotsMoved), vec![2])]);
        assert_eq!(before.changes(&moved)[0].why, "slots have another owner: 2");
        // A slot that moved is told once, whatever else happened to its master.
        let moved = moment([0..=2, 3..=4], ["run_id:a", "run_id:c"]);
        let all = [(Some(MasterRestarted), vec![3, 4]), (Some(SlotsMoved), vec![2])];
        assert_eq!(changes(&before, &moved), all);
    }

    #[test]
    fn who_owns_slots_no_more_is_no_trouble() {
        let before = with(["run_id:a", "run_id:b"]);
        let mut later = moment([0..=4, 0..=0], ["run_id:a", ""]);
        later.topology.masters[1].slots.clear();
        let moved = vec![(Some(IncidentKind::SlotsMoved), vec![2, 3, 4])];
        assert_eq!(changes(&before, &later), moved);
        assert_eq!(changes(&later, &later), []);
        later.topology.masters.pop();
        assert_eq!(changes(&before, &later), moved);
    }

    #[test]
    fn who_does_not_answer_is_not_taken_for_unchanged() {
        let (silent, there) = (with(["run_id:a", ""]), with(["run_id:a", "run_id:b"]));
        let unreachable = [(Some(IncidentKind::Unreachable), vec![2, 3, 4])];
        assert_eq!(changes(&there, &silent), unreachable);
        assert_eq!(changes(&silent, &silent), unreachable);
        // Nobody saw what it did before it answered, and that it answers is no incident.
        assert_eq!(changes(&silent, &there), [(None, vec![2, 3, 4])]);
    }

    #[test]
    fn who_hides_its_counters_is_not_taken_for_unreachable() {
        let (hidden, there) = (with(["run_id:a", "?"]), with(["run_id:a", "run_id:b"]));
        assert_eq!(changes(&hidden, &hidden), []);
        assert_eq!(changes(&hidden, &there), [(None, vec![2, 3, 4])]);
        assert_eq!(changes(&there, &hidden), [(None, vec![2, 3, 4])]);
        assert_eq!(changes(&hidden, &with(["run_id:a", ""])).len(), 1);
        assert_eq!(changes(&with(["run_id:a", ""]), &hidden), [(None, vec![2, 3, 4])]);
        assert_eq!(hidden.hidden_slots().collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(there.hidden_slots().count() + with(["run_id:a", ""]).hidden_slots().count(), 0);
    }

    #[test]
    fn who_joined_or_restarted_has_evicted_all_that_it_says() {
        let earlier = with(["run_id:a\nevicted_keys:5", "run_id:b\nevicted_keys:5"]);
        let now = with(["run_id:a\nevicted_keys:5", "run_id:c\nevicted_keys:2"]);
        let evicted = |now: &Moment, earlier: &Moment| -> Vec<(String, u64)> {
            now.evicted_since(earlier).map(|(master, keys)| (master.node.clone(), keys)).collect()
        };
        assert_eq!(evicted(&now, &earlier), [("2".into(), 2)]);
        let mut alone = earlier.clone();
        alone.topology.masters.pop();
        alone.said.pop();
        assert_eq!(evicted(&earlier, &alone), [("2".into(), 5)]);
    }
}
