//! Who owns what while it is filled: the masters that own slots, or did, and what the nodes say of one
//! another. No I/O.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Instant;

use crate::cluster::{Info, Master, Mode, Topology, View, reconcile};
use crate::net::Address;
use crate::slots::SLOTS;

use super::backoff::Backoff;
use super::course::counts::Counts;
use crate::fill::FillError;

/// A master that owns slots, or did.
pub(in crate::fill) struct Member {
    pub master: Master,
    /// As it was seen last.
    pub info: Option<Info>,
    /// What its writers had reached when it was last asked: the pass, and the keys of each part by its place.
    pub mark: Option<(u64, Vec<(usize, u64)>)>,
    /// What its writers' own counts have told of its refusals.
    pub counts: Counts,
    pub aside: Option<Aside>,
    pub backoff: Backoff,
}

/// Why and until when a master is not written to: it has to be seen anew.
pub(in crate::fill) struct Aside {
    pub since: Instant,
    pub not_before: Instant,
    pub seen: bool,
    pub error: FillError,
    /// Whether it may be the wrong one to be asked: it spoke of another.
    pub redirected: bool,
}

impl Aside {
    /// Whether it refused a write that it may take later.
    pub fn is_refusal(&self) -> bool {
        matches!(self.error, FillError::Refused { .. }) && !self.redirected
    }
}

/// What is new when a node has been heard.
#[derive(Default)]
pub(in crate::fill) struct News {
    /// Slots with another owner than before, and who that was.
    pub moved: Vec<(u16, Option<usize>)>,
    /// Members that were not known.
    pub joined: Vec<usize>,
    /// Members that are called at another address than before.
    pub relocated: Vec<usize>,
}

/// All of them.
pub(in crate::fill) struct Members {
    mode: Mode,
    all: Vec<Member>,
    /// For each slot its member, if it has one.
    owners: Vec<Option<usize>>,
    views: BTreeMap<Address, (Instant, View)>,
    /// What all views say, and is believed; `None` while they differ.
    agreed: Option<Topology>,
}

impl Members {
    /// The masters at the start, and what they said of themselves.
    pub fn new(topology: &Topology, infos: Vec<Option<Info>>) -> Self {
        let members = topology.masters.iter().zip(infos);
        Self {
            mode: topology.mode,
            all: members.map(|(master, info)| Member::new(master.clone(), info)).collect(),
            owners: topology.owners(),
            views: BTreeMap::new(),
            agreed: None,
        }
    }

    /// Those at the start come first, and nobody leaves.
    pub fn all(&self) -> &[Member] {
        &self.all
    }

    /// One of them.
    pub fn get(&mut self, index: usize) -> &mut Member {
        &mut self.all[index]
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.all.iter_mut()
    }

    pub fn address(&self, index: usize) -> &Address {
        &self.all[index].master.address
    }

    /// The member at an address; of several that were there one after another, the last.
    pub fn at(&self, address: &Address) -> Option<usize> {
        self.all.iter().rposition(|member| member.master.address == *address)
    }

    pub fn owner(&self, slot: u16) -> Option<usize> {
        self.owners[usize::from(slot)]
    }

    pub fn slots_of(&self, index: usize) -> Vec<u16> {
        (0..SLOTS).filter(|&slot| self.owner(slot) == Some(index)).collect()
    }

    /// Who owns what, as it is believed.
    pub fn topology(&self) -> Topology {
        let owners = self.all.iter().map(|member| &member.master).filter(|master| !master.slots.is_empty());
        Topology { mode: self.mode, masters: owners.cloned().collect() }
    }

    /// A node that does not answer has no say.
    pub fn unhear(&mut self, address: &Address) {
        self.views.remove(address);
    }

    /// A node says how it sees the cluster: believes what all say together.
    pub fn hear(&mut self, address: Address, asked: Instant, view: View) -> News {
        // Mostly all say the same, and each of N nodes is heard every second: reconciling N views each time would
        // take a processor of its own from a hundred masters on.
        let news = match self.agreed.as_ref() == Some(&view.topology) {
            true => {
                self.views.insert(address, (asked, view));
                News::default()
            }
            false => self.reconcile_with(address, asked, view),
        };
        for member in &mut self.all {
            // Nobody waits for a master to which nothing is to be written.
            member.aside = member.aside.take().filter(|_| !member.master.slots.is_empty());
        }
        news
    }

    fn reconcile_with(&mut self, address: Address, asked: Instant, view: View) -> News {
        self.views.insert(address, (asked, view));
        let mut views: Vec<_> = self.views.values().cloned().collect();
        views.sort_by_key(|(asked, _)| Reverse(*asked));
        let views: Vec<View> = views.into_iter().map(|(_, view)| view).collect();
        let mut news = News::default();
        let Some(topology) = reconcile(&views) else { return news };
        self.agreed = views.iter().all(|view| view.topology == topology).then(|| topology.clone());
        let mut owners = vec![None; usize::from(SLOTS)];
        self.all.iter_mut().for_each(|member| member.master.slots.clear());
        for master in topology.masters {
            let slots = master.slots.clone();
            let known = self.all.iter().position(|member| member.master.is_same_node(&master));
            let index = known.unwrap_or(self.all.len());
            if known.is_some() {
                let before = std::mem::replace(&mut self.all[index].master, master);
                if before.address != self.all[index].master.address {
                    news.relocated.push(index);
                }
            } else {
                self.all.push(Member::new(master, None));
                news.joined.push(index);
            }
            slots.into_iter().flatten().for_each(|slot| owners[usize::from(slot)] = Some(index));
        }
        let before = std::mem::replace(&mut self.owners, owners);
        let moved = (0..SLOTS).zip(before).filter(|(slot, before)| self.owner(*slot) != *before);
        news.moved = moved.collect();
        news
    }
}

impl Member {
    fn new(master: Master, info: Option<Info>) -> Self {
        Self { master, info, mark: None, counts: Counts::default(), aside: None, backoff: Backoff::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::cluster::Epochs;

    const NODES: [&str; 3] = ["a", "b", "c"];

    /// The first two own what is below and from `cut` on, the third nothing.
    fn topology(cut: u16) -> Topology {
        let master = |node: &str, slots| {
            let address = Address::tcp(node, 1);
            let node = node.into();
            Master { announced: address.clone(), address, node, slots: vec![slots], replicas: Vec::new() }
        };
        let masters = vec![master(NODES[0], 0..=cut - 1), master(NODES[1], cut..=SLOTS - 1)];
        Topology { mode: Mode::Cluster, masters }
    }

    fn view(node: usize, cut: u16, epochs: [u64; 2]) -> View {
        let by_node = NODES.iter().zip(epochs).map(|(&id, epoch)| (id.into(), epoch)).collect();
        let epochs = Epochs { myself: NODES[node].into(), by_node, open_slots: BTreeSet::new() };
        View { topology: topology(cut), epochs }
    }

    proptest! {
        // Each step reconciles twice, over all slots.
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_all_agree_on_is_what_reconciling_them_would_say(
            words in prop::collection::vec((0..3usize, 1..4u16, 0..3u64, 0..3u64, 0..8u8), 1..30),
        ) {
            let members = || Members::new(&topology(1), vec![None, None]);
            let (mut ours, mut plain, began) = (members(), members(), Instant::now());
            for (second, (node, cut, first, other, silent)) in words.into_iter().enumerate() {
                let asked = began + std::time::Duration::from_secs(second as u64);
                let address = Address::tcp(NODES[node], 1);
                if silent == 0 {
                    ours.unhear(&address);
                    plain.unhear(&address);
                    continue;
                }
                // Never sure that they agree, it reconciles each time.
                plain.agreed = None;
                let ours_news = ours.hear(address.clone(), asked, view(node, cut, [first, other]));
                let plain_news = plain.hear(address, asked, view(node, cut, [first, other]));
                prop_assert_eq!(ours_news.moved, plain_news.moved);
                prop_assert_eq!(&ours.owners, &plain.owners);
                prop_assert_eq!(ours.topology(), plain.topology());
            }
        }
    }

    #[test]
    fn a_hundred_that_agree_are_reconciled_once() {
        let mut members = Members::new(&topology(9), vec![None, None]);
        for number in 0..100 {
            assert!(members.agreed.is_some() == (number > 0));
            members.hear(Address::tcp("n", number), Instant::now(), view(2, 9, [1, 1]));
        }
        assert_eq!(members.agreed, Some(topology(9)));
        let news = members.hear(Address::tcp("n", 5), Instant::now(), view(0, 8, [1, 2]));
        // It was the first one's.
        assert_eq!((news.moved, members.agreed), (vec![(8, Some(0))], None));
    }
}
