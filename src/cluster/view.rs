//! What one node says of the whole cluster, and what is believed when several nodes say different
//! things. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::slots::SLOTS;

use super::{Master, Topology};

/// What `CLUSTER NODES` adds to a topology: how new each node's claims are, and which slots are being
/// moved from or to the node that was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Epochs {
    /// Id of the node that was asked.
    pub myself: String,
    /// Configuration epoch of each node, by its id.
    pub by_node: BTreeMap<String, u64>,
    /// Slots that the node that was asked is giving away or being given.
    pub open_slots: BTreeSet<u16>,
}

impl Epochs {
    /// Reads the text of `CLUSTER NODES`: one line a node, of which the first, third, and seventh words are its
    /// id, its flags and its epoch, and those from the ninth on its slots; `[7->-ID]` and `[7-<-ID]` are
    /// slots on their way. Lines that say something else are passed by.
    pub fn parse(text: &str) -> Self {
        let mut epochs = Self::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (Some(&id), Some(&flags), Some(Ok(epoch))) =
                (words.first(), words.get(2), words.get(6).map(|epoch| epoch.parse()))
            else {
                continue;
            };
            epochs.by_node.insert(id.into(), epoch);
            if flags.split(',').any(|flag| flag == "myself") {
                epochs.myself = id.into();
                epochs.open_slots = words.iter().skip(8).filter_map(|word| open_slot(word)).collect();
            }
        }
        epochs
    }
}

fn open_slot(word: &str) -> Option<u16> {
    let (slot, _) = word.strip_prefix('[')?.split_once('-')?;
    slot.parse().ok().filter(|&slot| slot < SLOTS)
}

/// One node's view of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Who owns what, as it sees it.
    pub topology: Topology,
    /// How new that is; empty where this user may not know.
    pub epochs: Epochs,
}

impl View {
    /// How new the claim is that `master` owns its slots; 0 where that is not told.
    fn epoch(&self, master: &Master) -> u64 {
        self.epochs.by_node.get(&master.node).copied().unwrap_or(0)
    }

    /// For each slot, whether the node that was asked says that it owns it.
    fn claims(&self) -> Vec<bool> {
        let mut claims = vec![false; usize::from(SLOTS)];
        let own = self.topology.masters.iter().find(|master| master.node == self.epochs.myself);
        for slot in own.iter().flat_map(|master| &master.slots).cloned().flatten() {
            claims[usize::from(slot)] = true;
        }
        claims
    }
}

/// How much the claim counts that a master owns a slot, the most important first: whether the master itself
/// does not deny it; its epoch, as among the nodes themselves; whether it is the master's own word.
type Weight = (bool, u64, bool);

/// Who owns what, when `views` may be of different age; earlier ones count for more where nothing else
/// tells them apart. A node that was cut off still claims what others have taken over: their epoch is
/// greater. One that has given a slot away knows that first, while others may believe for good that it has it, if
/// its epoch is the greater: so its own word goes before theirs. `None` if there is no view.
pub fn reconcile(views: &[View]) -> Option<Topology> {
    let named = views.iter().filter(|view| !view.epochs.myself.is_empty());
    let claims: BTreeMap<&str, Vec<bool>> =
        named.map(|view| (view.epochs.myself.as_str(), view.claims())).collect();
    let mut owners: Vec<Option<(Weight, &Master)>> = vec![None; usize::from(SLOTS)];
    for view in views {
        for master in &view.topology.masters {
            let (epoch, own) = (view.epoch(master), master.node == view.epochs.myself);
            let itself = claims.get(master.node.as_str());
            for slot in master.slots.iter().cloned().flatten() {
                let undenied = itself.is_none_or(|claims| claims[usize::from(slot)]);
                let weight = (undenied, epoch, own);
                let owner = &mut owners[usize::from(slot)];
                if owner.is_none_or(|(known, _)| weight > known) {
                    *owner = Some((weight, master));
                }
            }
        }
    }
    let mut masters: Vec<Master> = Vec::new();
    let mut last = 0;
    for (slot, owner) in (0..SLOTS).zip(owners) {
        let Some((_, owner)) = owner else { continue };
        // Mostly it is the owner of the slot before.
        let same = masters.get(last).is_some_and(|master| master.is_same_node(owner));
        let known =
            if same { Some(last) } else { masters.iter().position(|master| master.is_same_node(owner)) };
        let index = known.unwrap_or_else(|| {
            masters.push(Master { slots: Vec::new(), ..owner.clone() });
            masters.len() - 1
        });
        last = index;
        let slots = &mut masters[index].slots;
        match slots.last_mut() {
            Some(run) if *run.end() + 1 == slot => *run = *run.start()..=slot,
            _ => slots.push(slot..=slot),
        }
    }
    let mode = views.first()?.topology.mode;
    Some(Topology { mode, masters })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Mode;
    use crate::net::Address;

    fn master(node: &str, slots: &[(u16, u16)]) -> Master {
        let address = Address::tcp(node, 1);
        let slots = slots.iter().map(|&(first, last)| first..=last).collect();
        Master { announced: address.clone(), address, node: node.into(), slots, replicas: Vec::new() }
    }

    fn view(myself: &str, epochs: &[(&str, u64)], masters: Vec<Master>) -> View {
        let by_node = epochs.iter().map(|&(id, epoch)| (id.into(), epoch)).collect();
        View {
            topology: Topology { mode: Mode::Cluster, masters },
            epochs: Epochs { myself: myself.into(), by_node, open_slots: BTreeSet::new() },
        }
    }

    #[test]
    fn the_line_of_a_node_tells_its_epoch_and_which_slots_are_on_their_way() {
        let text = "\
            a 127.0.0.1:1@2,host myself,master - 0 17 5 connected 0-99 [7->-b] [5000-<-c]\n\
            b 127.0.0.1:2@3 master,fail? - 1 2 12 disconnected 100-16383\n\
            c :0@0 slave,noaddr b 1 2 9 connected\n\
            nonsense\n";
        let epochs = Epochs::parse(text);
        assert_eq!(epochs.myself, "a");
        assert_eq!(
            epochs.by_node.into_iter().collect::<Vec<_>>(),
            [("a".into(), 5), ("b".into(), 12), ("c".into(), 9)]
        );
        assert_eq!(epochs.open_slots, BTreeSet::from([7, 5000]));
    }

    #[test]
    fn a_master_that_was_cut_off_is_not_believed_against_who_took_over() {
        let old = view("a", &[("a", 1), ("b", 2)], vec![master("a", &[(0, 9)]), master("b", &[(10, 16383)])]);
        let new = view(
            "c",
            &[("a", 1), ("b", 2), ("c", 3)],
            vec![master("c", &[(0, 9)]), master("b", &[(10, 16383)])],
        );
        for views in [[old.clone(), new.clone()], [new, old]] {
            let topology = reconcile(&views).unwrap();
            let nodes: Vec<_> = topology.masters.iter().map(|master| master.node.as_str()).collect();
            assert_eq!(nodes, ["c", "b"]);
            assert_eq!(topology.masters[0].slots, [0..=9]);
            assert_eq!(topology.masters[1].slots, [10..=16383]);
        }
    }

    #[test]
    fn who_was_given_a_slot_is_believed_before_others_have_heard_of_it() {
        let giver =
            view("a", &[("a", 1), ("b", 2)], vec![master("a", &[(0, 9)]), master("b", &[(10, 16383)])]);
        let taker = view(
            "b",
            &[("a", 1), ("b", 3)],
            vec![master("a", &[(0, 4), (6, 9)]), master("b", &[(5, 5), (10, 16383)])],
        );
        let topology = reconcile(&[giver, taker]).unwrap();
        assert_eq!(topology.masters[0].slots, [0..=4, 6..=9]);
        assert_eq!(topology.masters[1].slots, [5..=5, 10..=16383]);
    }

    #[test]
    fn who_gave_a_slot_away_is_believed_against_those_who_did_not_hear_of_it() {
        // The giver has since been given another slot, and so has the greater epoch.
        let giver = view(
            "a",
            &[("a", 5), ("b", 3)],
            vec![master("a", &[(0, 4), (6, 9), (11, 11)]), master("b", &[(5, 5), (10, 10), (12, 16383)])],
        );
        let deaf = view(
            "c",
            &[("a", 5), ("b", 3)],
            vec![master("a", &[(0, 9), (11, 11)]), master("b", &[(10, 10), (12, 16383)])],
        );
        for views in [[giver.clone(), deaf.clone()], [deaf, giver]] {
            let topology = reconcile(&views).unwrap();
            assert_eq!(topology.masters[0].slots, [0..=4, 6..=9, 11..=11]);
            assert_eq!(topology.masters[1].slots, [5..=5, 10..=10, 12..=16383]);
        }
    }

    #[test]
    fn without_epochs_the_first_view_counts_and_a_gap_stays_one() {
        let one = view("", &[], vec![master("a", &[(0, 9)])]);
        let other = view("", &[], vec![master("b", &[(5, 12)])]);
        let topology = reconcile(&[one, other]).unwrap();
        assert_eq!(topology.masters[0].slots, [0..=9]);
        assert_eq!(topology.masters[1].slots, [10..=12]);
        assert_eq!(reconcile(&[]), None);
    }
}
