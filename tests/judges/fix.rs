//! `redis-cli --cluster fix` after migrations that were interrupted, and slots that were lost. Many slots are broken,
//! each in its own way, and mended by one run.

use std::net::SocketAddr;
use std::ops::Range;

use crate::common::{ask, connect, eventually, key_counts};
use crate::judges::cluster::{check, client, id};
use crate::judges::{judged, said};

/// Keys of each slot.
const KEYS: usize = 20;

/// A slot of the first node, and the tag of its keys.
struct Slot<'a> {
    nodes: &'a [SocketAddr],
    number: u16,
    tag: String,
}

/// So many slots, each with its keys.
fn slots(nodes: &[SocketAddr], count: usize) -> Vec<Slot<'_>> {
    let tagged = (0..).map(|tag| format!("{{{tag}}}")).map(|tag| {
        let number = ask(nodes[0], &format!("CLUSTER KEYSLOT {tag}"));
        Slot { nodes, number, tag }
    });
    let slots: Vec<_> = tagged.filter(|slot| slot.number < 5000).take(count).collect();
    slots.iter().for_each(Slot::fill);
    slots
}

impl Slot<'_> {
    fn fill(&self) {
        for key in 0..KEYS {
            let _: () = ask(self.nodes[0], &format!("SET {}{key} {key}", self.tag));
        }
    }

    fn set(&self, node: usize, state: &str) {
        let _: () = ask(self.nodes[node], &format!("CLUSTER SETSLOT {} {state}", self.number));
    }

    /// It is on its way from the first node to another.
    fn open(&self, to: usize) {
        self.set(to, &format!("IMPORTING {}", id(self.nodes[0])));
        self.set(0, &format!("MIGRATING {}", id(self.nodes[to])));
    }

    /// These of its keys have got there.
    fn hand_over(&self, to: usize, keys: Range<usize>) {
        let keys: Vec<_> = keys.map(|key| format!("{}{key}", self.tag)).collect();
        let mut order = redis::cmd("MIGRATE");
        order.arg(self.nodes[to].ip().to_string()).arg(self.nodes[to].port());
        let _: () =
            order.arg("").arg(0).arg(5000).arg("KEYS").arg(keys).query(&mut connect(self.nodes[0])).unwrap();
    }

    /// Nobody has it. Each real node has to be told; here, one is enough, and the others say so.
    fn lose(&self) {
        for node in self.nodes {
            let _ = redis::cmd("CLUSTER").arg("DELSLOTS").arg(self.number).query::<()>(&mut connect(*node));
        }
    }
}

/// Has it mended; then every key of these slots is there, once.
#[track_caller]
fn mend(nodes: &[SocketAddr], slots: &[Slot<'_>]) -> String {
    let told = said("redis-cli", &["--cluster", "fix", &nodes[0].to_string()], b"yes\nyes\nyes\n");
    check(nodes, nodes.len());
    // A real node that was down serves again a while later.
    for node in nodes {
        eventually(&true, || ask::<String>(*node, "CLUSTER INFO").contains("cluster_state:ok"));
    }
    let mut client = client(nodes);
    for slot in slots {
        for key in 0..KEYS {
            let name = format!("{}{key}", slot.tag);
            let found: Option<usize> = redis::cmd("GET").arg(&name).query(&mut client).unwrap();
            assert_eq!(found, Some(key), "{name} of slot {}: {told}", slot.number);
        }
    }
    assert_eq!(key_counts(nodes).iter().sum::<u64>() as usize, slots.len() * KEYS, "{told}");
    told
}

judged! {
    fn slots_that_were_left_open_are_closed(nodes: Some(3)) {
        let all = slots(nodes, 8);
        let [both, giving, taking, gave, took, astray, twice, whole] = &all[..] else { unreachable!() };
        // Half of the keys have moved, and both sides know.
        both.open(1);
        both.hand_over(1, 0..KEYS / 2);
        // Nothing has moved, and one side knows.
        giving.set(0, &format!("MIGRATING {}", id(nodes[1])));
        taking.set(1, &format!("IMPORTING {}", id(nodes[0])));
        // Half of the keys have moved, and one side has forgotten.
        gave.open(1);
        gave.hand_over(1, 0..KEYS / 2);
        gave.set(1, "STABLE");
        took.open(1);
        took.hand_over(1, 0..KEYS / 2);
        took.set(0, "STABLE");
        // To one, and from there, another takes it.
        astray.set(0, &format!("MIGRATING {}", id(nodes[2])));
        astray.set(1, &format!("IMPORTING {}", id(nodes[0])));
        // Two have got keys of it.
        twice.open(1);
        twice.hand_over(1, 0..5);
        twice.open(2);
        twice.hand_over(2, 5..10);
        // All keys have moved, and no node has been told that it is over.
        whole.open(2);
        whole.hand_over(2, 0..KEYS);
        let told = mend(nodes, &all);
        assert!(all.iter().all(|slot| told.contains(&format!("Fixing open slot {}", slot.number))), "{told}");
    }

    fn slots_that_were_lost_are_covered(nodes: Some(3)) {
        // Else no key could be handed over as long as any slot is lost.
        for node in nodes {
            let _: () = ask(*node, "CONFIG SET cluster-require-full-coverage no");
        }
        let all = slots(nodes, 4);
        let [kept, parted, open, moved] = &all[..] else { unreachable!() };
        parted.open(1);
        parted.hand_over(1, 0..5);
        parted.set(0, "STABLE");
        parted.set(1, "STABLE");
        open.open(1);
        open.hand_over(1, 0..15);
        moved.open(2);
        moved.hand_over(2, 0..KEYS);
        moved.set(0, "STABLE");
        moved.set(2, "STABLE");
        [kept, parted, open, moved].iter().for_each(|slot| slot.lose());
        // One without keys, of the last node.
        let last = Slot { nodes, number: 16383, tag: String::new() };
        let _: () = ask(nodes[2], "CLUSTER DELSLOTS 16383");
        last.lose();
        let told = mend(nodes, &all);
        assert!(told.contains("have keys in just one node") && told.contains("have keys in multiple nodes"), "{told}");
        assert!(told.contains("have no keys across the cluster"), "{told}");
    }
}
