//! From a slot to a tag: the table in `slot-tags/tags.txt`, embedded as it stands.

use super::SLOTS;

/// Bytes in every tag.
pub const TAG_BYTES: usize = 3;

/// A tag and its line feed.
const ROW_BYTES: usize = TAG_BYTES + 1;

/// Slot `s` has the row that starts at `s * ROW_BYTES`. The type makes a table of another size, such
/// as one with its line ends converted, an error at compile time.
const TABLE: &[u8; SLOTS as usize * ROW_BYTES] = include_bytes!("../../slot-tags/tags.txt");

/// The tag of a slot: three of `0-9A-Za-z`, so that every key with `{tag}` in it as its first pair of
/// braces is in that slot.
///
/// # Panics
/// If `slot` is not below [`SLOTS`].
pub fn tag(slot: u16) -> [u8; TAG_BYTES] {
    let row = usize::from(slot) * ROW_BYTES;
    [TABLE[row], TABLE[row + 1], TABLE[row + 2]]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::slots::slot_of;

    #[test]
    fn every_tag_puts_a_key_into_its_slot() {
        for slot in 0..SLOTS {
            let tag = tag(slot);
            assert_eq!(slot_of(&tag), slot, "{tag:?}");
            assert_eq!(slot_of(&[b"{", &tag[..], b"}:17"].concat()), slot, "{tag:?}");
        }
    }

    #[test]
    fn tags_are_distinct_and_alphanumeric() {
        let tags: BTreeSet<_> = (0..SLOTS).map(tag).collect();
        assert_eq!(tags.len(), usize::from(SLOTS));
        assert!(tags.iter().flatten().all(u8::is_ascii_alphanumeric));
    }

    #[test]
    #[should_panic(expected = "out of bounds")]
    fn a_slot_that_is_none_has_no_tag() {
        tag(SLOTS);
    }
}
