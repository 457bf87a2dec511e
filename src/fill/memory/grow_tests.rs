//! Growing against servers that are a formula.

use proptest::prelude::*;

use super::*;
use crate::cluster::Master;
use crate::dataset::{Amount, Request};

const MIB: u64 = 1 << 20;

fn spec(key_size: u64, value_size: u64) -> Arc<Spec> {
    let request = Request { amount: Amount::Open, key_size, value_size, prefix: String::new(), seed: 1 };
    Arc::new(Spec::new(&request).unwrap())
}

fn topology(masters: u16) -> Topology {
    let master = |number: u16| Master {
        announced: Address::tcp("h", number),
        address: Address::tcp("h", number),
        node: number.to_string(),
        slots: vec![number * 16384 / masters..=(number + 1) * 16384 / masters - 1],
        replicas: Vec::new(),
    };
    Topology { mode: Mode::Cluster, masters: (0..masters).map(master).collect() }
}

/// A server that keeps its keys as the tables say, and each at this cost.
fn info(server: &str, limit: u64, keys: &[u64], entry: u64) -> Info {
    let text = format!("{server}\nmaxmemory:{limit}\n");
    let tables = Tables::of(&Info::parse(&text), Mode::Cluster, false).bytes(grouped(keys).into_iter(), 0);
    let sum: u64 = keys.iter().sum();
    let used = MIB + tables + sum * entry;
    Info::parse(&format!("{text}used_memory:{used}\ndb0:keys={sum},expires=0\n"))
}

/// Grows until all masters are there; gives the keys of each, and what each uses.
fn grown(
    growth: &mut Growth,
    topology: &Topology,
    info: impl Fn(usize, &[u64]) -> Info,
) -> Result<Vec<(u64, u64)>, GrowError> {
    let mut spec = growth.spec.clone();
    loop {
        let counts = |master: &Master| {
            master.slots.iter().cloned().flatten().map(|slot| spec.keys_in_slot(slot)).collect::<Vec<_>>()
        };
        let all: Vec<_> = topology.masters.iter().map(counts).collect();
        let infos: Vec<_> = all.iter().enumerate().map(|(index, counts)| Some(info(index, counts))).collect();
        match growth.next(topology, &infos)? {
            Some(step) => {
                // A slot keeps what it has.
                assert!((0..SLOTS).all(|slot| step.spec.keys_in_slot(slot) >= spec.keys_in_slot(slot)));
                assert!(step.expected >= step.spec.keys(), "{step:?}");
                spec = step.spec;
            }
            None => {
                let used = |info: &Option<Info>| info.as_ref()?.number("used_memory");
                return Ok(all
                    .iter()
                    .zip(&infos)
                    .map(|(counts, info)| (counts.iter().sum(), used(info).unwrap()))
                    .collect());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn every_master_gets_there_from_below_or_stops_before_its_table_grows(
        server in prop::sample::select(vec!["redis_version:7.0.15", "valkey_version:9.1.2", "fillbench_version:1.0.0"]),
        limits in prop::collection::vec(8..200u64, 1..4), percent in 30..99u64, value_size in 8..5000u64,
        beside in 16..300u64,
    ) {
        let topology = topology(limits.len() as u16);
        let spec = spec(64, value_size);
        let entry = spec.pair_bytes() + beside;
        let mut growth = Growth::new(UntilMemory::Percent(percent as f64), spec, Mode::Cluster, false);
        let at = |index: usize, counts: &[u64]| info(server, limits[index] * MIB, counts, entry);
        let all = grown(&mut growth, &topology, at).unwrap();
        for (index, (keys, used)) in all.into_iter().enumerate() {
            let goal = limits[index] * MIB * percent / 100;
            prop_assert!(used <= goal, "{index}: {used} of {goal}");
            // One table for all slots doubles: at least a third of what its keys take at 16 bytes each.
            let step = if server.starts_with("redis") { 16 * keys.next_power_of_two() } else { 0 };
            prop_assert!(used + goal / 100 + step + 60_000 >= goal, "{index}: {used} of {goal}, {keys} keys");
        }
        prop_assert!(growth.steps <= 12, "{} steps", growth.steps);
    }

    #[test]
    fn counts_are_raised_evenly_and_never_lowered(
        counts in prop::collection::vec(0..50u64, 1..100), added in 0..3000u64,
    ) {
        let raised = raised(&counts, added);
        prop_assert_eq!(raised.iter().sum::<u64>(), counts.iter().sum::<u64>() + added);
        prop_assert!(raised.iter().zip(&counts).all(|(new, old)| new >= old));
        // None that was raised is more than one above any other.
        let least = raised.iter().min().unwrap();
        prop_assert!(raised.iter().zip(&counts).all(|(new, old)| new == old || *new <= least + 1));
        let groups = raised_groups(&grouped(&counts), added).into_iter();
        let each = groups.flat_map(|(keys, slots)| std::iter::repeat_n(keys, slots as usize));
        prop_assert_eq!(grouped(&each.collect::<Vec<_>>()), grouped(&raised));
    }
}

#[test]
fn slots_without_a_rest_come_first_so_that_few_runs_describe_them() {
    assert_eq!(raised(&[0, 0, 0, 0], 6), [2, 2, 1, 1]);
    assert_eq!(raised(&[2, 2, 1, 1], 1), [2, 2, 2, 1]);
    assert_eq!(raised(&[5, 1, 1, 0], 4), [5, 2, 2, 2]);
}

#[test]
fn a_master_that_is_there_waits_for_the_others() {
    let (topology, spec) = (topology(2), spec(32, 64));
    let mut growth = Growth::new(UntilMemory::Bytes(20 * MIB), spec, Mode::Cluster, false);
    // One is twice as full as it should be before it begins.
    let at = |index: usize, counts: &[u64]| match index {
        0 => Info::parse("valkey_version:9.1.2\nmaxmemory:0\nused_memory:41943040\n"),
        _ => info("valkey_version:9.1.2", 0, counts, 120),
    };
    let all = grown(&mut growth, &topology, at).unwrap();
    assert_eq!(all[0].0, 0);
    assert!(all[1].0 > 100_000, "{all:?}");
}

#[test]
fn what_is_there_already_is_written_again_and_then_more() {
    let (topology, spec) = (topology(1), spec(32, 64));
    let mut growth = Growth::new(UntilMemory::Bytes(20 * MIB), spec, Mode::Cluster, false);
    // A fill of before left the first five keys of each slot.
    let at = |_: usize, counts: &[u64]| {
        info("valkey_version:9.1.2", 0, &counts.iter().map(|&count| count.max(5)).collect::<Vec<_>>(), 120)
    };
    let (keys, used) = grown(&mut growth, &topology, at).unwrap()[0];
    assert!(keys > 5 * 16384 && used <= 20 * MIB && used > 20 * MIB * 99 / 100, "{keys} {used}");
}

#[test]
fn however_many_keys_are_there_already_little_room_is_filled() {
    let (topology, spec) = (topology(1), spec(32, 64));
    // A fill of before left so many keys of each slot that one and a half percent of the memory are left.
    let at = |_: usize, counts: &[u64]| {
        info("valkey_version:9.1.2", 0, &counts.iter().map(|&count| count.max(19)).collect::<Vec<_>>(), 124)
    };
    let before: u64 = at(0, &[0; 16384]).number("used_memory").unwrap();
    let goal = before * 1000 / 985;
    let mut growth = Growth::new(UntilMemory::Bytes(goal), spec, Mode::Cluster, false);
    let (keys, used) = grown(&mut growth, &topology, at).unwrap()[0];
    assert!(keys > 19 * 16384 && used <= goal && used > goal * 99 / 100, "{keys} {used} of {goal}");
}

#[test]
fn what_cannot_be_reached_is_told_and_never_tried_for_ever() {
    let topology = topology(1);
    let growth = |until| Growth::new(until, spec(16, 64), Mode::Cluster, false);
    let check = |until, text: &str| growth(until).check(&topology, &[Some(Info::parse(text))]).unwrap_err();
    let (percent, size) = (UntilMemory::Percent(80.0), UntilMemory::Bytes(MIB));
    assert!(matches!(check(percent, "used_memory:5\nmaxmemory:0"), GrowError::NoLimit { .. }));
    assert!(matches!(check(size, "used_memory:5\nmaxmemory:1000"), GrowError::AboveLimit { .. }));
    assert!(matches!(check(size, "used_memory:5\nfillbench_discard:1"), GrowError::Discards(_)));
    assert!(matches!(check(size, "maxmemory:0"), GrowError::Hidden(_)));
    assert!(matches!(growth(size).check(&topology, &[None]), Err(GrowError::Hidden(_))));
    // 10 digits would do for 2^40 bytes; those of 8 bytes have two.
    let small = Growth::new(UntilMemory::Bytes(1 << 40), spec(8, 64), Mode::Cluster, false);
    let error = small.check(&topology, &[Some(Info::parse("used_memory:5"))]).unwrap_err();
    assert_eq!(error.cure().unwrap(), "give --key-size 12 or more", "{error}");

    let still = |_: usize, _: &[u64]| Info::parse("used_memory:500000\nmaxmemory:0");
    let error = grown(&mut growth(size), &topology, still).unwrap_err();
    assert!(matches!(error, GrowError::NotGrowing { keys: 13_000.., .. }), "{error}");
    let full = |_: usize, _: &[u64]| Info::parse("used_memory:1048000\nmaxmemory:0");
    assert!(matches!(grown(&mut growth(size), &topology, full), Err(GrowError::Full { .. })));
}

#[test]
fn percentages_and_sizes_are_read() {
    assert_eq!(UntilMemory::parse("80%"), Ok(UntilMemory::Percent(80.0)));
    assert_eq!(UntilMemory::parse("10GB"), Ok(UntilMemory::Bytes(10_000_000_000)));
    assert_eq!(UntilMemory::parse("2"), Ok(UntilMemory::Bytes(2 << 30)));
    for text in ["100%", "0%", "-3%", "much"] {
        assert!(UntilMemory::parse(text).is_err(), "{text}");
    }
    assert_eq!(UntilMemory::Percent(80.0).to_string(), "80%");
}
