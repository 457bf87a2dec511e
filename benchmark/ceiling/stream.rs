//! Builds what one master is sent: keys and values of the shape that fillbench writes. Knows
//! nothing of connections.

use std::io::Write;
use std::ops::Range;

use clap::ValueEnum;
use fillbench::slots::{SLOTS, tag};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// The i-th key is in slot i × 10125 mod 16384: near the golden ratio, so that any count spreads
/// evenly over any range of slots.
const STEP: u64 = 10125;

/// 10125 × 13125 mod 16384 is 1: from a slot back to its place in the order of the indices.
const STEP_BACK: u64 = 13125;

/// `{`, three characters, `}` and `:`.
const TAG_BYTES: usize = 6;

/// Digits of an ordinal, where the key has room for them.
const ORDINAL_DIGITS: usize = 12;

/// Random bytes beside one value.
const POOL_BYTES: usize = 1 << 20;

/// In which order a master gets its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    Slot,
    Stride,
}

/// What is sent.
pub(crate) struct Shape {
    pub(crate) keys: u64,
    pub(crate) key_size: usize,
    pub(crate) value_size: usize,
    /// Most keys in one MSET; none is SET.
    pub(crate) group: Option<u64>,
    pub(crate) order: Order,
}

/// Random bytes to cut values of `value_size` from.
pub(crate) fn pool(value_size: usize) -> Vec<u8> {
    let mut pool = vec![0; POOL_BYTES + value_size];
    Xoshiro256PlusPlus::seed_from_u64(1).fill_bytes(&mut pool);
    pool
}

impl Shape {
    /// The least key size that gives every key a name of its own.
    pub(crate) fn smallest_key_size(&self) -> usize {
        let most = self.keys.saturating_sub(1) / u64::from(SLOTS);
        TAG_BYTES + most.to_string().len()
    }

    /// The streams of this many keys are together no longer than this.
    pub(crate) fn wire_bytes_at_most(&self, keys: u64) -> u64 {
        let bulk = |size: usize| 5 + size.to_string().len() + size;
        // The worst that can be is an MSET of its own for every key.
        let key = "*3\r\n$4\r\nMSET\r\n".len() + bulk(self.key_size) + bulk(self.value_size);
        keys.saturating_mul(key as u64)
    }

    /// All that a master owning `slots` is sent.
    pub(crate) fn stream(&self, slots: &[u16], pool: &[u8]) -> Vec<u8> {
        let keys = slots.iter().map(|&slot| self.keys_in(slot)).sum();
        let mut writer = Writer {
            stream: Vec::with_capacity(self.wire_bytes_at_most(keys) as usize),
            template: self.template(),
            value_size: self.value_size,
            digits: ORDINAL_DIGITS.min(self.key_size - TAG_BYTES),
            mset: self.group.is_some(),
            pool,
            random: Xoshiro256PlusPlus::seed_from_u64(2),
        };
        match self.order {
            Order::Slot => {
                // In golden order, as fillbench has them.
                let mut slots = slots.to_vec();
                slots.sort_by_key(|&slot| u64::from(slot) * STEP % u64::from(SLOTS));
                slots.iter().for_each(|&slot| self.slot_after_slot(slot, &mut writer));
            }
            Order::Stride => self.striding(slots, &mut writer),
        }
        writer.stream
    }

    fn slot_after_slot(&self, slot: u16, writer: &mut Writer) {
        let group = self.group.unwrap_or(1);
        let end = self.keys_in(slot);
        let mut first = 0;
        while first < end {
            let next = end.min(first + group);
            writer.command(slot, first..next);
            first = next;
        }
    }

    fn striding(&self, slots: &[u16], writer: &mut Writer) {
        let mut owned = vec![false; usize::from(SLOTS)];
        slots.iter().for_each(|&slot| owned[usize::from(slot)] = true);
        for index in 0..self.keys {
            let slot = (index * STEP % u64::from(SLOTS)) as u16;
            if owned[usize::from(slot)] {
                let ordinal = index / u64::from(SLOTS);
                writer.command(slot, ordinal..ordinal + 1);
            }
        }
    }

    /// Each slot's share is the same, or one more.
    fn keys_in(&self, slot: u16) -> u64 {
        let place = u64::from(slot) * STEP_BACK % u64::from(SLOTS);
        self.keys / u64::from(SLOTS) + u64::from(place < self.keys % u64::from(SLOTS))
    }

    /// One key and what stands around its value, with blanks for what changes.
    fn template(&self) -> Vec<u8> {
        let mut template = format!("${}\r\n{{tag}}:", self.key_size).into_bytes();
        template.resize(template.len() + self.key_size - TAG_BYTES, b'x');
        template.extend_from_slice(format!("\r\n${}\r\n", self.value_size).as_bytes());
        template
    }
}

/// Appends commands to a stream.
struct Writer<'a> {
    stream: Vec<u8>,
    template: Vec<u8>,
    value_size: usize,
    digits: usize,
    mset: bool,
    pool: &'a [u8],
    random: Xoshiro256PlusPlus,
}

impl Writer<'_> {
    fn command(&mut self, slot: u16, ordinals: Range<u64>) {
        let header = match self.mset {
            true => format!("*{}\r\n$4\r\nMSET\r\n", 1 + 2 * (ordinals.end - ordinals.start)),
            false => "*3\r\n$3\r\nSET\r\n".into(),
        };
        self.stream.extend_from_slice(header.as_bytes());
        ordinals.for_each(|ordinal| self.pair(slot, ordinal));
    }

    fn pair(&mut self, slot: u16, ordinal: u64) {
        let start = self.stream.len();
        self.stream.extend_from_slice(&self.template);
        let key = start + self.template.iter().position(|&byte| byte == b'{').unwrap_or(0);
        self.stream[key + 1..key + 4].copy_from_slice(&tag(slot));
        let (first, width) = (key + TAG_BYTES, self.digits);
        // A slice takes what it has room for; `smallest_key_size` saw to it that the digits suffice.
        let written = write!(&mut self.stream[first..first + width], "{ordinal:0width$}");
        debug_assert!(written.is_ok(), "an ordinal with more digits than its key has room for");
        let place = self.random.next_u64() as usize % (self.pool.len() - self.value_size);
        self.stream.extend_from_slice(&self.pool[place..place + self.value_size]);
        self.stream.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fillbench::slots::slot_of;

    use super::*;

    const SHAPE: Shape =
        Shape { keys: 40_000, key_size: 20, value_size: 30, group: None, order: Order::Slot };

    /// The words of each command.
    fn commands(stream: &[u8]) -> Vec<Vec<String>> {
        let text = String::from_utf8_lossy(stream).into_owned();
        let mut lines = text.split("\r\n");
        let mut commands = Vec::new();
        while let Some(count) = lines.next().and_then(|line| line.strip_prefix('*')) {
            let mut word = || {
                let length = lines.next().unwrap().strip_prefix('$').unwrap().to_owned();
                let word = lines.next().unwrap().to_owned();
                assert_eq!(word.len().to_string(), length);
                word
            };
            commands.push((0..count.parse().unwrap()).map(|_| word()).collect());
        }
        commands
    }

    /// Every key with its slot, in the order sent; values of `a` keep the stream readable.
    fn keys(shape: &Shape, slots: &[u16]) -> Vec<(u16, String)> {
        let pool = vec![b'a'; 100];
        let words = |command: Vec<String>| command.into_iter().skip(1).step_by(2).collect::<Vec<_>>();
        let keys = commands(&shape.stream(slots, &pool)).into_iter().flat_map(words);
        keys.map(|key| (slot_of(key.as_bytes()), key)).collect()
    }

    #[test]
    fn both_orders_and_both_commands_write_the_same_keys_in_their_slots() {
        let (low, high): (Vec<u16>, Vec<u16>) = (0..SLOTS).partition(|&slot| slot < 5_000);
        let golden = |slot: u16| u64::from(slot) * STEP % u64::from(SLOTS);
        for slots in [&low, &high] {
            let is_sorted = keys(&SHAPE, slots).is_sorted_by_key(|(slot, key)| (golden(*slot), key.clone()));
            assert!(is_sorted, "slot after slot, and ordinals ascending within one");
        }
        let mut by_slot = [keys(&SHAPE, &low), keys(&SHAPE, &high)].concat();
        assert_eq!(by_slot.len() as u64, SHAPE.keys);
        let distinct: BTreeSet<_> = by_slot.iter().collect();
        assert_eq!(distinct.len() as u64, SHAPE.keys);

        let grouped = Shape { group: Some(2), ..SHAPE };
        assert_eq!([keys(&grouped, &low), keys(&grouped, &high)].concat(), by_slot);

        let striding = Shape { order: Order::Stride, ..SHAPE };
        assert!(keys(&striding, &low).windows(2).all(|pair| pair[0].0 != pair[1].0));
        let mut strode = [keys(&striding, &low), keys(&striding, &high)].concat();
        strode.sort();
        by_slot.sort();
        assert_eq!(strode, by_slot);
    }

    #[test]
    fn a_stream_has_the_sizes_asked_and_the_bound_holds() {
        let slots: Vec<u16> = (0..SLOTS).collect();
        let pool = vec![b'a'; 100];
        for group in [None, Some(1), Some(2), Some(100)] {
            let shape = Shape { group, ..SHAPE };
            let stream = shape.stream(&slots, &pool);
            assert!(stream.len() as u64 <= shape.wire_bytes_at_most(shape.keys));
            let most = 1 + 2 * group.unwrap_or(1).min(3) as usize;
            let commands = commands(&stream);
            assert_eq!(commands.iter().map(Vec::len).max(), Some(most));
            for command in commands {
                assert_eq!(command[0], if group.is_some() { "MSET" } else { "SET" });
                for pair in command[1..].chunks(2) {
                    assert_eq!((pair[0].len(), pair[1].len()), (20, 30));
                }
            }
        }
    }

    #[test]
    fn a_key_is_its_tag_its_ordinal_and_filler() {
        let shape = Shape { keys: 16_384 * 2, ..SHAPE };
        let tag = String::from_utf8(tag(7).to_vec()).unwrap();
        assert_eq!(keys(&shape, &[7])[1].1, format!("{{{tag}}}:000000000001xx"));
        assert_eq!(keys(&Shape { key_size: 9, ..shape }, &[7])[1].1, format!("{{{tag}}}:001"));
    }

    #[test]
    fn the_smallest_key_still_tells_all_keys_apart() {
        let shape = Shape { keys: 163_840, key_size: 7, ..SHAPE };
        assert_eq!(shape.smallest_key_size(), 7);
        let mut keys = keys(&shape, &[0, 16_383]);
        keys.dedup();
        assert_eq!(keys.len(), 20);
        assert_eq!(Shape { keys: 163_841, ..shape }.smallest_key_size(), 8);
    }

    #[test]
    fn the_pool_is_as_random_as_it_says() {
        let pool = pool(0);
        let ones: u32 = pool.iter().map(|byte| byte.count_ones()).sum();
        let share = f64::from(ones) / (pool.len() * 8) as f64;
        assert!((0.499..0.501).contains(&share), "{share}");
    }
}
