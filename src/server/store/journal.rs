//! Changes to keys, written down one after another: whoever makes them again in this order has the
//! same keys. A change says what became of a key and not which command did it, so that nothing
//! depends on when it is read.

use super::entry::UnixMs;

/// What becomes of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    /// A key has this value, and expires then or never.
    Set { slot: u16, key: &'a [u8], value: &'a [u8], expires: Option<UnixMs> },
    /// A key, if it is there, expires then or never.
    Expire { slot: u16, key: &'a [u8], expires: Option<UnixMs> },
    /// A key is gone.
    Remove { slot: u16, key: &'a [u8] },
    /// All keys are gone.
    Clear,
}

const SET: u8 = 0;
const EXPIRE: u8 = 1;
const REMOVE: u8 = 2;
const CLEAR: u8 = 3;
/// Where an expiry is expected: none. No key that is kept expired in 1970.
const NEVER: UnixMs = 0;

impl<'a> Change<'a> {
    /// Appends it: kind, slot, bytes of the key and of the value, expiry; then both.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let (kind, slot, key, value, expires): (_, _, _, &[u8], _) = match self {
            Self::Set { slot, key, value, expires } => (SET, slot, key, value, expires),
            Self::Expire { slot, key, expires } => (EXPIRE, slot, key, b"", expires),
            Self::Remove { slot, key } => (REMOVE, slot, key, b"", None),
            Self::Clear => (CLEAR, 0, &b""[..], b"", None),
        };
        out.push(kind);
        out.extend_from_slice(&slot.to_le_bytes());
        out.extend_from_slice(&(key.len() as u64).to_le_bytes());
        out.extend_from_slice(&(value.len() as u64).to_le_bytes());
        out.extend_from_slice(&expires.unwrap_or(NEVER).to_le_bytes());
        out.extend_from_slice(key);
        out.extend_from_slice(value);
    }

    /// The first of those that were written, which is taken off `bytes`; `None` at their end.
    pub(crate) fn read(bytes: &mut &'a [u8]) -> Option<Self> {
        let kind = *bytes.split_off_first()?;
        let slot = u16::from_le_bytes(*take(bytes)?);
        let (key, value) = (u64::from_le_bytes(*take(bytes)?), u64::from_le_bytes(*take(bytes)?));
        let expires = Some(UnixMs::from_le_bytes(*take(bytes)?)).filter(|at| *at != NEVER);
        let key = bytes.split_off(..key as usize)?;
        let value = bytes.split_off(..value as usize)?;
        Some(match kind {
            SET => Self::Set { slot, key, value, expires },
            EXPIRE => Self::Expire { slot, key, expires },
            REMOVE => Self::Remove { slot, key },
            CLEAR => Self::Clear,
            // Nobody writes others.
            _ => return None,
        })
    }
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_as_they_were_written() {
        let changes = [
            Change::Clear,
            Change::Set { slot: 1, key: b"key", value: b"value", expires: None },
            Change::Set { slot: 16383, key: b"", value: b"", expires: Some(u64::MAX) },
            Change::Expire { slot: 2, key: b"a", expires: Some(1) },
            Change::Expire { slot: 2, key: b"a", expires: None },
            Change::Remove { slot: 3, key: b"b" },
        ];
        let mut bytes = Vec::new();
        changes.into_iter().for_each(|change| change.write(&mut bytes));
        let mut rest = &bytes[..];
        let read: Vec<_> = std::iter::from_fn(|| Change::read(&mut rest)).collect();
        assert_eq!((read, rest), (changes.to_vec(), &b""[..]));
    }
}
