//! The promises of the dataset, as properties.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::dataset::{CONTIGUOUS_BYTES, POOL_BYTES, STAMP_BYTES, Values};
use crate::slots;

fn request(keys: u64, key_size: u64, value_size: u64) -> Request {
    Request { amount: Amount::Keys(keys), key_size, value_size, prefix: String::new(), seed: 1 }
}

fn spec(keys: u64, key_size: u64, value_size: u64) -> Spec {
    Spec::new(&request(keys, key_size, value_size)).unwrap()
}

#[test]
fn a_key_is_spelt_as_documented() {
    let request = Request { prefix: "app:".into(), ..request(100_000, 24, 8) };
    let key = Spec::new(&request).unwrap().key(16384);
    let tag = String::from_utf8(slots::tag(0).to_vec()).unwrap();
    assert_eq!(String::from_utf8(key).unwrap(), format!("app:{{{tag}}}:000000000001xx"));
}

#[test]
fn bytes_are_rounded_up_to_whole_keys() {
    let of_bytes =
        |bytes| Spec::new(&Request { amount: Amount::Bytes(bytes), ..request(1, 256, 512) }).unwrap().keys();
    assert_eq!(of_bytes(768), 1);
    assert_eq!(of_bytes(769), 2);
    assert_eq!(of_bytes(5 << 30), 6_990_507);
}

#[test]
fn the_smallest_key_size_is_named_and_does() {
    for (keys, smallest) in [(1, 7), (16384 * 10, 7), (16384 * 10 + 1, 8), (16384 * 1000, 9)] {
        let error = Spec::new(&request(keys, smallest - 1, 0)).unwrap_err();
        assert!(
            matches!(error, SpecError::KeyTooSmall { smallest: named, .. } if named as u64 == smallest),
            "{error}"
        );
        assert!(error.to_string().contains(&format!("is {smallest}")), "{error}");
        assert_eq!(spec(keys, smallest, 0).key(keys - 1).len() as u64, smallest);
    }
}

#[test]
fn what_cannot_be_made_is_refused() {
    let refused = |request: Request| Spec::new(&request).unwrap_err();
    let bytes = |bytes| Request { amount: Amount::Bytes(bytes), ..request(1, 64, 64) };
    assert_eq!(refused(request(0, 64, 64)), SpecError::Nothing { unit: "keys" });
    assert_eq!(refused(bytes(0)), SpecError::Nothing { unit: "bytes" });
    assert_eq!(refused(request(1, 65537, 64)), SpecError::KeyTooLarge(65537));
    assert_eq!(refused(request(1, 64, (512 << 20) + 1)), SpecError::ValueTooLarge((512 << 20) + 1));
    assert!(matches!(refused(request(u64::MAX, 64, 64)), SpecError::TooMany { .. }));
    assert!(matches!(refused(request(u64::MAX / 100, 64, 512 << 20)), SpecError::TooMany { .. }));
    let braced = Request { prefix: "a{b".into(), ..request(1, 64, 64) };
    assert!(matches!(refused(braced), SpecError::BraceInPrefix(_)));
}

#[test]
fn another_seed_or_size_changes_every_stamp() {
    let base = Values::new(&spec(10, 64, 64));
    let seeded = Values::new(&Spec::new(&Request { seed: 2, ..request(10, 64, 64) }).unwrap());
    let sized = Values::new(&spec(10, 64, 65));
    for position in (0..1000).map(Position::of_index) {
        assert_ne!(base.stamp(position), seeded.stamp(position));
        assert_ne!(base.stamp(position), sized.stamp(position));
        assert_ne!(base.value(position)[STAMP_BYTES..], seeded.value(position)[STAMP_BYTES..]);
    }
}

#[test]
fn values_of_every_size_are_the_same_whole_and_in_parts() {
    let large = [POOL_BYTES - 1, POOL_BYTES, POOL_BYTES + 1, 2 * POOL_BYTES + 7];
    let small = [0, 1, 7, 8, 9, 512, CONTIGUOUS_BYTES, CONTIGUOUS_BYTES + 1];
    for size in small.into_iter().chain(large) {
        let values = Values::new(&spec(1_000_000, 64, size as u64));
        for position in [0, 16383, 999_999].map(Position::of_index) {
            let value = values.value(position);
            let stamped = size.min(STAMP_BYTES);
            assert_eq!(value.len(), size);
            assert_eq!(value[..stamped], values.stamp(position)[..stamped]);
            let mut parts = Vec::new();
            while parts.len() < size {
                values.write_part(position, parts.len(), 1 + parts.len() % 100_003, &mut parts);
            }
            assert!(parts == value, "{size} bytes at {position:?} in parts");
            let offsets = [1, 7, 8, 9, size / 2, size.saturating_sub(1), size];
            // Where it is large, one start is as good as another.
            let offsets = if size < POOL_BYTES - 1 { &offsets[..] } else { &[9] };
            for &offset in offsets.iter().filter(|&&offset| offset <= size) {
                assert!(values.matches(position, offset, &value[offset..]), "{size} bytes from {offset}");
            }
            if size <= CONTIGUOUS_BYTES {
                let mut whole = Vec::new();
                values.write(position, &mut whole);
                assert_eq!(whole, value);
            }
        }
    }
}

#[test]
fn one_wrong_byte_anywhere_does_not_match() {
    for size in [1, 8, 9, 512, POOL_BYTES + CONTIGUOUS_BYTES + 9] {
        let values = Values::new(&spec(1_000_000, 64, size as u64));
        let position = Position { slot: 77, ordinal: 3 };
        let mut value = values.value(position);
        for place in [0, size / 2, size - 1, POOL_BYTES].into_iter().filter(|&place| place < size) {
            value[place] ^= 1;
            assert!(!values.matches(position, 0, &value), "byte {place} of {size}");
            value[place] ^= 1;
        }
        value.push(0);
        assert!(!values.matches(position, 0, &value), "a byte more than {size}");
    }
}

/// A general compressor finds repeats in a window; 16-byte words that recur are what it would use.
#[test]
fn a_megabyte_of_values_repeats_no_sixteen_bytes() {
    for size in [64, 512, 1024, 65536] {
        let values = Values::new(&spec(10_000_000, 64, size));
        let mut seen = HashSet::new();
        for ordinal in 0..(1 << 20) / size {
            for word in values.value(Position { slot: 77, ordinal }).chunks_exact(16) {
                assert!(seen.insert(<[u8; 16]>::try_from(word).unwrap()), "repeated at {ordinal} of {size}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_key_has_its_size_and_its_slot(index in 0..1u64 << 40, key_size in 18u64..300, prefix in "[a-z:}]{0,4}") {
        let keys = index + 1;
        let key_size = key_size + prefix.len() as u64;
        let spec = Spec::new(&Request { prefix, ..request(keys, key_size, 8) }).unwrap();
        let key = spec.key(index);
        prop_assert_eq!(key.len() as u64, key_size);
        prop_assert_eq!(slots::slot_of(&key), Position::of_index(index).slot);
        // The count decides nothing but how many there are.
        let larger = Spec::new(&Request { prefix: String::from_utf8_lossy(&key[..spec.shape().tag_at() - 1]).into(), ..request(keys * 2, key_size, 8) }).unwrap();
        prop_assert_eq!(larger.key(index), key);
    }

    #[test]
    fn keys_and_values_are_distinct_and_repeatable(start in 0..1u64 << 45, key_size in 18u64..64, value_size in 8u64..40) {
        let spec = spec(start + 2000, key_size, value_size);
        let (values, again) = (Values::new(&spec), Values::new(&spec));
        let (mut keys_seen, mut values_seen) = (HashSet::new(), HashSet::new());
        for index in start..start + 2000 {
            let position = Position::of_index(index);
            let value = values.value(position);
            prop_assert_eq!(&value, &again.value(position));
            prop_assert!(keys_seen.insert(spec.key(index)));
            prop_assert!(values_seen.insert(value));
        }
    }

    #[test]
    fn stamps_differ_wherever_positions_do(a in any::<(u16, u64)>(), b in any::<(u16, u64)>()) {
        let at = |(slot, ordinal): (u16, u64)| Position { slot: slot % 16384, ordinal: ordinal % (1 << 40) };
        let values = Values::new(&spec(1, 64, 8));
        prop_assert_eq!(at(a) == at(b), values.stamp(at(a)) == values.stamp(at(b)));
    }
}

#[test]
fn each_slot_can_be_given_its_own_number_of_keys() {
    let open = Spec::new(&Request { amount: Amount::Open, ..request(0, 8, 100) }).unwrap();
    assert_eq!((open.keys(), open.keys_in_slot(5), open.is_counted()), (0, 0, true));
    let mut counts = vec![0; 16384];
    (counts[5], counts[16383]) = (99, 1);
    let given = open.with_counts(&counts).unwrap();
    assert_eq!((given.keys(), given.payload_bytes()), (100, 10_800));
    assert_eq!([4, 5, 16383].map(|slot| given.keys_in_slot(slot)), [0, 99, 1]);
    // They are the same keys as those of any other amount.
    let position = Position { slot: 5, ordinal: 98 };
    assert_eq!(given.shape().key(position), spec(16384 * 99, 8, 100).shape().key(position));
    assert_eq!(Values::new(&given).value(position), Values::new(&spec(1, 8, 100)).value(position));

    // Two digits number a hundred keys of one slot.
    counts[5] = 101;
    let error = open.with_counts(&counts).unwrap_err();
    assert_eq!(error, SpecError::SlotTooLarge { size: 8, ordinals: 101, smallest: 9 });
    assert!(open.refuse_more_in_a_slot(100).is_ok());
    assert!(matches!(open.with_counts(&vec![u64::MAX; 16384]), Err(SpecError::TooMany { .. })));
}

#[test]
fn shares_are_disjoint_complete_and_a_part_of_every_slot() {
    for (keys, workers) in [(16384 * 5 + 7, 3), (16384 * 40, 16), (1000, 7), (16384, 16)] {
        let whole = spec(keys, 32, 8);
        let mut held = vec![0; 16384];
        for index in 0..workers {
            let share = whole.share(Worker::new(index, workers).unwrap()).unwrap();
            assert!(share.is_share() && share.whole() == whole && !whole.is_share());
            assert_eq!((0..16384).map(|slot| share.keys_in_slot(slot)).sum::<u64>(), share.keys());
            for (slot, held) in (0..16384).zip(&mut held) {
                let count = share.keys_in_slot(slot);
                let even = whole.keys_in_slot(slot) / workers;
                assert!(count.abs_diff(even) <= 1, "{count} of {keys} for {index}/{workers} in {slot}");
                // Each begins where the one before has ended.
                assert_eq!(share.at(slot, 0).ordinal, *held);
                assert_eq!(share.at(slot, count), Position { slot, ordinal: *held + count });
                *held += count;
            }
        }
        assert!((0..16384).all(|slot| held[usize::from(slot)] == whole.keys_in_slot(slot)));
    }
}

#[test]
fn a_worker_has_the_same_to_do_at_every_master() {
    let whole = spec(100_000, 32, 8);
    for index in 0..8 {
        let share = whole.share(Worker::new(index, 8).unwrap()).unwrap();
        for first in [0, 5461, 10922] {
            let keys: u64 = (first..first + 5461).map(|slot| share.keys_in_slot(slot)).sum();
            assert!((4150..=4184).contains(&keys), "{keys} of 12500 for worker {index} from slot {first}");
        }
    }
}

#[test]
fn nobody_is_left_without_a_key() {
    let error = spec(3, 32, 8).share(Worker::new(0, 4).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "3 keys are too few for 4 workers: give each one at least");
    assert_eq!(spec(4, 32, 8).share(Worker::new(3, 4).unwrap()).unwrap().keys(), 1);
}
