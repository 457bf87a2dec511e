//! What a node does by itself, ten times a second: expired keys go, and what is over the limit, and it hears what
//! the other nodes have. Each time takes a few milliseconds at most, whatever there is to do. While clients are
//! paused, no key changes.

use std::time::{Duration, Instant};

use super::commands::Flags;
use super::evict::{is_over, make_room};
use super::node::Node;

/// From one time to the next.
pub(crate) const CYCLE: Duration = Duration::from_millis(100);
/// How long one may take.
const MAX_CYCLE: Duration = Duration::from_millis(10);
/// Places of tables that are looked at between two looks at the clock.
const SWEPT_PLACES: usize = 1 << 10;
/// Places that are looked at each time, however few keys have expired.
const MIN_SWEPT_PLACES: usize = 16 << 10;
/// Where this part of what was looked at has expired, it is worth it to go on at once.
const WORTHWHILE_PART: usize = 10;

/// Does what there is to do.
pub(crate) fn cycle(node: &mut Node) {
    let start = Instant::now();
    let has_time = || start.elapsed() < MAX_CYCLE;
    node.look_at_clock();
    node.client_bytes = node.bytes_of_clients();
    node.watch_handover();
    if node.faults.crashes() {
        node.leave();
    }
    if let Some(cluster) = &mut node.cluster {
        cluster.hear();
    }
    // What a replica has is its master's to remove.
    if node.holds_back(Flags::WRITE) || node.replication.master.is_some() {
        return;
    }
    let mut swept = 0;
    while node.keys.expiring() > 0 && has_time() {
        let (looked, removed) = node.keys.sweep(node.now, SWEPT_PLACES);
        swept += SWEPT_PLACES;
        if looked == 0 || (swept >= MIN_SWEPT_PLACES && removed * WORTHWHILE_PART < looked) {
            break;
        }
    }
    while is_over(node) && has_time() && make_room(node) {}
    node.feed_replicas();
}
