//! Whole slots by the names of their keys: what `CLUSTER GETKEYSINSLOT` lists need not be asked for key by key,
//! which costs a server two to eight times as much.

use crate::dataset::{KeyShape, Position, Spec};
use crate::net::{Connection, NetError};
use crate::resp::{Leaf, encode_command};

/// Keys of one slot that are listed at most: a server does nothing else meanwhile.
const LISTED_KEYS: u64 = 16_384;
/// Bytes of their names at most.
const LISTED_BYTES: u64 = 4 << 20;

/// For each of `slots`, whether the node owns it and lists all its keys; `None` if it lists none. Of any other
/// slot nothing is known. A node that has not listed any yet is asked for one slot first: it may refuse all.
///
/// # Errors
/// [`NetError`] if the node does not answer.
pub(super) async fn list(
    node: &mut Connection,
    spec: &Spec,
    slots: &[u16],
    has_listed: bool,
) -> Result<Option<Vec<bool>>, NetError> {
    let listable = |slot: u16| {
        let keys = spec.keys_in_slot(slot);
        // The names of a slot are those of all workers.
        !spec.is_share()
            && keys > 0
            && keys <= LISTED_KEYS
            && keys * spec.shape().size() as u64 <= LISTED_BYTES
    };
    let places: Vec<usize> = (0..slots.len()).filter(|&place| listable(slots[place])).collect();
    let mut complete = vec![false; slots.len()];
    let (first, rest) = places.split_at(if has_listed { 0 } else { places.len().min(1) });
    for places in [first, rest].into_iter().filter(|places| !places.is_empty()) {
        if !list_places(node, spec, slots, places, &mut complete).await? {
            return Ok(None);
        }
    }
    Ok(Some(complete))
}

/// Lists the slots at some places, and notes which are complete; `false` if the node refused any.
async fn list_places(
    node: &mut Connection,
    spec: &Spec,
    slots: &[u16],
    places: &[usize],
    complete: &mut [bool],
) -> Result<bool, NetError> {
    let mut wire = Vec::new();
    for &place in places {
        let slot = slots[place];
        // Others' keys may stand among ours.
        let count = spec.keys_in_slot(slot) * 9 / 8 + 16;
        let [slot_text, count] = [u64::from(slot), count].map(|number| number.to_string());
        encode_command(&mut wire, &[b"CLUSTER", b"GETKEYSINSLOT", slot_text.as_bytes(), count.as_bytes()]);
        // A node also lists what it does not own; only the owner says whether a key exists.
        encode_command(&mut wire, &[b"EXISTS", &spec.shape().key(Position { slot, ordinal: 0 })]);
    }
    let mut refused = false;
    let mut names = Names::new(spec.shape());
    node.pipeline_of_leaves(&wire, 2 * places.len(), |reply, leaf| {
        let place = places[reply / 2];
        match (reply % 2, leaf) {
            (0, Leaf::Bulk(name)) => {
                if names.slot != Some(slots[place]) {
                    names.begin(slots[place], spec.keys_in_slot(slots[place]));
                }
                names.take(name);
            }
            (0, Leaf::Error(_)) => refused = true,
            (1, Leaf::Integer(1)) => complete[place] = names.slot == Some(slots[place]) && names.left == 0,
            _ => {}
        }
    })
    .await?;
    Ok(!refused)
}

/// The names of one slot that have come.
struct Names<'a> {
    shape: &'a KeyShape,
    slot: Option<u16>,
    /// The slot's names, but for the ordinal.
    template: Vec<u8>,
    /// A bit for each ordinal.
    seen: Vec<u64>,
    keys: u64,
    /// Ordinals that have not come.
    left: u64,
}

impl<'a> Names<'a> {
    fn new(shape: &'a KeyShape) -> Self {
        Self { shape, slot: None, template: Vec::new(), seen: Vec::new(), keys: 0, left: 0 }
    }

    fn begin(&mut self, slot: u16, keys: u64) {
        (self.slot, self.keys, self.left) = (Some(slot), keys, keys);
        self.template.clear();
        self.shape.write(Position { slot, ordinal: 0 }, &mut self.template);
        self.seen.clear();
        self.seen.resize(keys.div_ceil(64) as usize, 0);
    }

    /// Takes a name; those of others are passed by.
    fn take(&mut self, name: &[u8]) {
        let (start, width) = (self.shape.ordinal_at(), self.shape.ordinal_width());
        let end = start + width;
        if name.len() != self.template.len()
            || name[..start] != self.template[..start]
            || name[end..] != self.template[end..]
        {
            return;
        }
        let digits = &name[start..end];
        let ordinal = digits.iter().try_fold(0u64, |ordinal, digit| {
            digit.is_ascii_digit().then(|| 10 * ordinal + u64::from(digit - b'0'))
        });
        let Some(ordinal) = ordinal.filter(|&ordinal| ordinal < self.keys) else { return };
        let (word, bit) = ((ordinal / 64) as usize, 1 << (ordinal % 64));
        if self.seen[word] & bit == 0 {
            self.seen[word] |= bit;
            self.left -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Amount, Request};

    #[test]
    fn only_each_name_of_the_slot_once_completes_it() {
        let amount = Amount::Keys(16384 * 70);
        let request = Request { amount, key_size: 30, value_size: 8, prefix: "p".into(), seed: 0 };
        let spec = Spec::new(&request).unwrap();
        let key = |slot, ordinal| spec.shape().key(Position { slot, ordinal });
        let mut names = Names::new(spec.shape());
        names.begin(5, 70);
        let mut other = key(5, 3);
        other[20] = b'y';
        let mut signed = key(5, 0);
        signed[8] = b'+';
        for name in [key(5, 70), key(6, 0), other, signed, b"p{".to_vec(), Vec::new()] {
            names.take(&name);
            assert_eq!(names.left, 70, "{}", String::from_utf8_lossy(&name));
        }
        for ordinal in (0..70).rev() {
            names.take(&key(5, ordinal));
            names.take(&key(5, ordinal));
            assert_eq!(names.left, ordinal);
        }
        names.begin(6, 70);
        assert_eq!(names.left, 70);
        names.take(&key(6, 0));
        assert_eq!(names.left, 69);
    }
}
