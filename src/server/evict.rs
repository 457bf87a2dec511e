//! Keeping a node within its `maxmemory`: which keys go when there is no room for more. It knows nothing of
//! the command that wants room.

use rand_xoshiro::rand_core::Rng;

use super::commands::Flags;
use super::config::Policy;
use super::node::Node;
use super::store::{Entry, Place};

/// Keys that are compared for each that goes.
const SAMPLES: usize = 10;
/// Keys that go for one command: what is still too much goes with the next ones.
const MAX_EVICTED_AT_ONCE: usize = 256;

/// Removes keys as the policy says, if the limit is exceeded. Returns false if that is so and there is
/// nothing to remove: the command has to be refused.
pub(crate) fn make_room(node: &mut Node) -> bool {
    // While writes wait, nothing changes.
    if node.holds_back(Flags::WRITE) {
        return true;
    }
    for _ in 0..MAX_EVICTED_AT_ONCE {
        if !is_over(node) {
            return true;
        }
        let Some(place) = choose(node) else { return false };
        node.keys.remove_picked(place);
        node.stats.evicted += 1;
    }
    true
}

/// Whether more is used than may be. What a replica has is its master's to remove.
pub(crate) fn is_over(node: &Node) -> bool {
    let limit = node.config.maxmemory;
    limit > 0 && node.replication.master.is_none() && (node.keys.bytes() + node.client_bytes) as u64 > limit
}

/// The key that is to go, of some that chance chose.
fn choose(node: &mut Node) -> Option<Place> {
    let policy = node.config.maxmemory_policy;
    let rank: fn(&Entry) -> u64 = match policy {
        Policy::NoEviction => return None,
        Policy::AllKeysRandom => |_| 0,
        Policy::AllKeysLru => |entry| entry.used.into(),
        Policy::VolatileTtl => |entry| entry.expires().unwrap_or(u64::MAX),
    };
    let samples = if policy == Policy::AllKeysRandom { 1 } else { SAMPLES };
    let mut first: Option<(u64, Place)> = None;
    for _ in 0..samples {
        let chance = node.random.next_u64();
        let (place, entry) = node.keys.pick(chance, policy == Policy::VolatileTtl)?;
        let rank = rank(entry);
        if first.is_none_or(|(least, _)| rank < least) {
            first = Some((rank, place));
        }
    }
    first.map(|(_, place)| place)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use rand_xoshiro::Xoshiro256PlusPlus;
    use rand_xoshiro::rand_core::SeedableRng;

    use super::*;
    use crate::resp::{RequestDecoder, RequestLimits};
    use crate::server::client::Client;
    use crate::server::execute::execute;

    const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

    /// A node that may use so much more than it does when it is empty.
    fn node(policy: Policy, more: usize) -> Node {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut node = Node::new(ADDRESS, 0, None, false, &mut random);
        node.config.maxmemory = (node.keys.bytes() + node.client_bytes + more) as u64;
        node.config.maxmemory_policy = policy;
        node
    }

    fn run(node: &mut Node, command: &str) -> String {
        let mut client = Client::new(1, ADDRESS, ADDRESS, true);
        let line = format!("{command}\r\n");
        let mut decoder = RequestDecoder::default();
        let limits = RequestLimits { bulk_bytes: 1 << 20, authenticated: true };
        decoder.decode(line.as_bytes(), limits).unwrap().unwrap();
        execute(node, &mut client, decoder.request(line.as_bytes()));
        String::from_utf8_lossy(client.reply.bytes()).trim_end().into()
    }

    const OOM: &str = "-OOM command not allowed when used memory > 'maxmemory'.";

    #[test]
    fn without_eviction_what_grows_is_refused_and_the_rest_is_not() {
        let mut node = node(Policy::NoEviction, 10_000);
        let stored =
            (0..10_000).take_while(|i| run(&mut node, &format!("set {i} 0123456789")) == "+OK").count();
        assert!((50..200).contains(&stored), "{stored}");
        for command in ["set a b", "mset a b c d", "append 1 x", "incr a", "setrange 1 5 x", "getset 1 2"] {
            assert_eq!(run(&mut node, command), OOM, "{command}");
        }
        assert_eq!(run(&mut node, "get 1"), "$10\r\n0123456789");
        assert_eq!(run(&mut node, "expire 1 100"), ":1");
        assert_eq!(run(&mut node, "mget 1"), "*1\r\n$10\r\n0123456789");
        assert_eq!(
            (run(&mut node, "del 1 2 3 4 5 6 7 8"), run(&mut node, "set a b")),
            (":8".into(), "+OK".into())
        );
        assert_eq!((node.stats.errors.get("OOM"), node.stats.evicted), (Some(&7), 0));
    }

    #[test]
    fn the_least_used_go_first() {
        let mut node = node(Policy::AllKeysLru, 400_000);
        for i in 0..20_000 {
            node.used_now = i;
            assert_eq!(run(&mut node, &format!("set {i} 0123456789")), "+OK");
            assert_eq!(run(&mut node, "get 0"), "$10\r\n0123456789", "used all the time: {i}");
        }
        let (keys, evicted) = (node.keys.len(), node.stats.evicted as usize);
        assert_eq!(keys + evicted, 20_000);
        // The last one came after the last look.
        let used = (node.keys.bytes() + node.client_bytes) as u64;
        let over = used.saturating_sub(node.config.maxmemory);
        assert!(evicted > 1000 && over < 1000, "{evicted} {over}");
        let ages: Vec<u32> = node.keys.iter().map(|entry| 20_000 - entry.used).collect();
        let mean = ages.iter().sum::<u32>() as usize / keys;
        assert!(mean < keys, "of {keys} keys, used {mean} ago as a mean");
    }

    #[test]
    fn any_may_go() {
        let mut node = node(Policy::AllKeysRandom, 400_000);
        (0..20_000).for_each(|i| assert_eq!(run(&mut node, &format!("set {i} 0123456789")), "+OK"));
        assert_eq!(node.keys.len() + node.stats.evicted as usize, 20_000);
        assert!((0..1000).any(|i| run(&mut node, &format!("exists {i}")) == ":1"));
    }

    #[test]
    fn only_those_go_that_expire_and_the_soonest_first() {
        let mut node = node(Policy::VolatileTtl, 400_000);
        (0..1000).for_each(|i| assert_eq!(run(&mut node, &format!("set stays:{i} 0123456789")), "+OK"));
        (0..20_000).for_each(|i| {
            assert_eq!(run(&mut node, &format!("set goes:{i} 0123456789 ex {}", 100 + i)), "+OK");
        });
        assert!((0..1000).all(|i| run(&mut node, &format!("exists stays:{i}")) == ":1"));
        let late = (15_000..20_000).filter(|i| run(&mut node, &format!("exists goes:{i}")) == ":1").count();
        let soon = (0..5000).filter(|i| run(&mut node, &format!("exists goes:{i}")) == ":1").count();
        assert!(soon < late, "{soon} {late}");
        while run(&mut node, "set fills:{x} 0123456789") == "+OK" && node.keys.expiring() > 0 {
            node.config.maxmemory -= 1000;
        }
        node.config.maxmemory -= 1000;
        assert_eq!(run(&mut node, "set another 1"), OOM);
        assert!((0..1000).all(|i| run(&mut node, &format!("exists stays:{i}")) == ":1"));
    }
}
