//! What all masters say of themselves at one moment after the sending, and what that is worth: where a count
//! of keys proves nothing, and what was seen before that may no longer be so.

use crate::cluster::{Info, Master, Topology, rediscover};
use crate::slots::SLOTS;

use crate::fill::nodes;
use crate::fill::prepare::Prepared;
use crate::fill::send::Sent;
use crate::fill::{FillError, audit};

/// The masters at one moment.
#[derive(Clone)]
pub(in crate::fill) struct Survey {
    /// Who owns what.
    pub topology: Topology,
    /// INFO of each present master; `None` where it gave none.
    pub infos: Vec<Option<Info>>,
    /// INFO of each planned master, wherever it is now; `None` where it gave none.
    pub planned: Vec<Option<Info>>,
}

/// Where a master of one topology stands in another.
pub(in crate::fill) fn place_of(master: &Master, topology: &Topology) -> Option<usize> {
    topology.masters.iter().position(|other| other.is_same_node(master))
}

impl Survey {
    /// Asks all of `known` who owns what, believes the newest, and asks each of these masters about itself, and
    /// those that were planned and own nothing any more.
    ///
    /// # Errors
    /// [`FillError`] if nobody says who owns what.
    pub async fn take(prepared: &Prepared, known: &Topology) -> Result<Self, FillError> {
        let Prepared { site, topology: planned, .. } = prepared;
        let topology = rediscover(&site.connector, known, &site.map).await?;
        let mut watched = topology.masters.clone();
        watched
            .extend(planned.masters.iter().filter(|master| place_of(master, &topology).is_none()).cloned());
        let nodes = nodes::ask(&site.connector, &watched, topology.mode).await?;
        let mut infos: Vec<_> = nodes.into_iter().map(|node| node.ok()?.info).collect();
        let place = |master: &Master| watched.iter().position(|other| other.is_same_node(master));
        let planned = planned.masters.iter().map(|master| infos[place(master)?].clone()).collect();
        infos.truncate(topology.masters.len());
        Ok(Self { topology, infos, planned })
    }

    /// For each present master, why a count there proves nothing.
    pub fn suspicion(&self, prepared: &Prepared, sent: &Sent) -> Vec<Option<String>> {
        let masters = self.topology.masters.iter().zip(&self.infos);
        let of_master = masters.map(|(master, now)| {
            let Some(index) = place_of(master, &prepared.topology) else {
                return Some("it owned no slots when the fill began".into());
            };
            let (command, commands) = sent.commands_of(index);
            match (&prepared.nodes[index].info, now, commands) {
                (Some(before), Some(now), Some(commands)) => {
                    audit::suspicion(before, now, &command, commands)
                }
                (_, _, None) => Some("what it executed is not known".into()),
                _ => Some("it does not show its counters".into()),
            }
        });
        of_master.collect()
    }

    /// For each slot, whether its owner is the one that was planned.
    pub fn stayed(&self, prepared: &Prepared) -> Vec<bool> {
        let mut stayed = vec![true; usize::from(SLOTS)];
        prepared.topology.moved_slots(&self.topology).for_each(|slot| stayed[usize::from(slot)] = false);
        stayed
    }

    /// The slots of which something is void that was seen at this moment, now that it is `later`: their
    /// master is not what it was, or is another one. With each, why.
    pub fn void<'a>(&'a self, later: &'a Self) -> impl Iterator<Item = (u16, String)> + 'a {
        let changed = self.topology.masters.iter().zip(&self.infos).flat_map(|(master, before)| {
            let now = place_of(master, &later.topology).and_then(|index| later.infos[index].as_ref());
            let change = match (before, now) {
                (Some(before), Some(now)) => audit::upheaval(before, now),
                (Some(_), None) => Some("it no longer answers".into()),
                (None, Some(_)) => Some("it did not answer at first".into()),
                (None, None) => None,
            };
            let why = change.map(|why| format!("while {} was looked at, {why}", master.address));
            let slots = why.is_some().then(|| master.slots.iter().cloned().flatten());
            slots.into_iter().flatten().map(move |slot| (slot, why.clone().unwrap_or_default()))
        });
        let moved = self.topology.moved_slots(&later.topology);
        changed.chain(moved.map(|slot| (slot, format!("slot {slot} was moved while it was looked at"))))
    }

    /// Whether a slot has another owner `later`.
    pub fn has_moved(&self, later: &Self) -> bool {
        self.topology.moved_slots(&later.topology).next().is_some()
    }

    /// The present masters that evicted keys since `earlier`, and how many.
    pub fn evicted_since<'a>(&'a self, earlier: &'a Self) -> impl Iterator<Item = (&'a Master, u64)> {
        let masters = self.topology.masters.iter().zip(&self.infos);
        masters.filter_map(|(master, now)| {
            let before = earlier.infos[place_of(master, &earlier.topology)?].as_ref()?;
            let keys = audit::evicted(before, now.as_ref()?);
            (keys > 0).then_some((master, keys))
        })
    }

    /// As the masters of `topology` were when the fill began.
    pub fn at_the_start(prepared: &Prepared, topology: &Topology) -> Self {
        let info = |master| prepared.nodes[place_of(master, &prepared.topology)?].info.clone();
        let infos = topology.masters.iter().map(info).collect();
        Self { topology: topology.clone(), infos, planned: prepared.infos() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cluster::Mode;
    use crate::net::Address;

    fn view(slots: [std::ops::RangeInclusive<u16>; 2], infos: [&str; 2]) -> Survey {
        let master = |(number, slots)| Master {
            announced: Address::tcp("h", number),
            address: Address::tcp("h", number),
            node: number.to_string(),
            slots: vec![slots],
            replicas: Vec::new(),
        };
        let masters = (1..).zip(slots).map(master).collect();
        let infos: Vec<_> = infos.map(|text| (!text.is_empty()).then(|| Info::parse(text))).into();
        let topology = Topology { mode: Mode::Cluster, masters };
        Survey { topology, planned: infos.clone(), infos }
    }

    fn void(before: &Survey, later: &Survey) -> Vec<u16> {
        let slots: BTreeSet<u16> = before.void(later).map(|(slot, _)| slot).collect();
        slots.into_iter().collect()
    }

    #[test]
    fn what_happens_to_a_master_voids_its_slots_and_no_others() {
        let before = view([0..=1, 2..=4], ["run_id:a", "run_id:b"]);
        assert!(void(&before, &before).is_empty());
        // Restarted; gone silent; moved.
        assert_eq!(void(&before, &view([0..=1, 2..=4], ["run_id:c", "run_id:b"])), [0, 1]);
        assert_eq!(void(&before, &view([0..=1, 2..=4], ["run_id:a", ""])), [2, 3, 4]);
        assert_eq!(void(&before, &view([0..=2, 3..=4], ["run_id:a", "run_id:b"])), [2]);
        // Nobody saw what it did before it answered.
        assert_eq!(void(&view([0..=1, 2..=4], ["", "run_id:b"]), &before), [0, 1]);
    }
}
