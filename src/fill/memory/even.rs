//! More keys for slots, spread evenly. Pure.

use std::collections::BTreeMap;

/// How many slots have how many keys, by the number of keys.
pub(in crate::fill) fn grouped(counts: &[u64]) -> Vec<(u64, u64)> {
    let mut groups = BTreeMap::new();
    counts.iter().for_each(|&count| *groups.entry(count).or_insert(0) += 1);
    groups.into_iter().collect()
}

/// To how many keys slots are raised that have fewer, so that there are so many keys more; and how many of
/// these slots get one more than that.
fn level(groups: &[(u64, u64)], added: u64) -> (u64, u64) {
    let below =
        |level: u64| groups.iter().map(|&(keys, slots)| slots * level.saturating_sub(keys)).sum::<u64>();
    let least = groups.first().map_or(0, |&(keys, _)| keys);
    let (mut level, mut beyond) = (least, least + added + 1);
    while level + 1 < beyond {
        let middle = u64::midpoint(level, beyond);
        if below(middle) <= added { level = middle } else { beyond = middle }
    }
    (level, added - below(level))
}

/// The same after so many keys more, as even as can be without taking any away.
pub(in crate::fill) fn raised_groups(groups: &[(u64, u64)], added: u64) -> Vec<(u64, u64)> {
    let (level, rest) = level(groups, added);
    let (low, mut raised): (Vec<_>, Vec<_>) = groups.iter().partition(|(keys, _)| *keys <= level);
    let low: u64 = low.into_iter().map(|(_, slots): (u64, u64)| slots).sum();
    raised.extend([(level, low - rest), (level + 1, rest)]);
    raised
}

/// The counts with so many keys more, as even as can be without taking any away.
pub(in crate::fill) fn raised(counts: &[u64], added: u64) -> Vec<u64> {
    let (level, mut rest) = level(&grouped(counts), added);
    let raise = |&count: &u64| {
        let more = u64::from(rest > 0 && count <= level);
        rest -= more;
        count.max(level) + more
    };
    counts.iter().map(raise).collect()
}
