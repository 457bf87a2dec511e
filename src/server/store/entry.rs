//! One key with its value, in one block of memory.

/// A time in milliseconds since 1970.
pub(crate) type UnixMs = u64;

/// Bytes of a time at the end of a block.
const EXPIRY_BYTES: usize = size_of::<UnixMs>();
/// The bit of `Entry::key` that says that a time follows the value.
const EXPIRES: u32 = 1 << 31;

/// The block is the key, the value, and where the key expires, when.
#[derive(Debug)]
pub(crate) struct Entry {
    block: Box<[u8]>,
    /// Bytes of the key, and [`EXPIRES`].
    key: u32,
    /// When it was last used, in seconds since the server started.
    pub(crate) used: u32,
}

impl Entry {
    pub(crate) fn new(key: &[u8], value: &[u8], expires: Option<UnixMs>, used: u32) -> Self {
        let time = expires.map(UnixMs::to_le_bytes);
        let time = time.as_ref().map_or(&[][..], |time| &time[..]);
        let mut block = Vec::with_capacity(key.len() + value.len() + time.len());
        block.extend_from_slice(key);
        block.extend_from_slice(value);
        block.extend_from_slice(time);
        let flag = if expires.is_some() { EXPIRES } else { 0 };
        Self { block: block.into_boxed_slice(), key: key.len() as u32 | flag, used }
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.block[..self.key_len()]
    }

    pub(crate) fn value(&self) -> &[u8] {
        &self.block[self.key_len()..self.value_end()]
    }

    /// When it expires, if it does.
    pub(crate) fn expires(&self) -> Option<UnixMs> {
        let time = self.block[self.value_end()..].try_into().ok()?;
        Some(UnixMs::from_le_bytes(time))
    }

    pub(crate) fn is_expired(&self, now: UnixMs) -> bool {
        self.key & EXPIRES != 0 && self.expires().is_some_and(|at| at <= now)
    }

    /// Replaces value and expiry. Where neither changes the size, no memory is asked for.
    pub(crate) fn set(&mut self, value: &[u8], expires: Option<UnixMs>) {
        if value.len() == self.value().len() && expires.is_some() == self.expires().is_some() {
            let (key, end) = (self.key_len(), self.value_end());
            self.block[key..end].copy_from_slice(value);
            if let Some(at) = expires {
                self.block[end..].copy_from_slice(&at.to_le_bytes());
            }
        } else {
            *self = Self::new(self.key(), value, expires, self.used);
        }
    }

    /// Has it expire at this time, or never.
    pub(crate) fn set_expires(&mut self, expires: Option<UnixMs>) {
        match expires {
            Some(at) if self.expires().is_some() => {
                let end = self.value_end();
                self.block[end..].copy_from_slice(&at.to_le_bytes());
            }
            None if self.expires().is_none() => {}
            _ => *self = Self::new(self.key(), self.value(), expires, self.used),
        }
    }

    /// Bytes that it takes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        heap_bytes(self.block.len())
    }

    fn key_len(&self) -> usize {
        (self.key & !EXPIRES) as usize
    }

    fn value_end(&self) -> usize {
        self.block.len() - if self.key & EXPIRES != 0 { EXPIRY_BYTES } else { 0 }
    }
}

/// What a block of so many bytes takes, as the allocator rounds it: a word of its own, and 16 bytes at a time.
pub(super) fn heap_bytes(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { (bytes + size_of::<usize>()).next_multiple_of(16).max(32) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_gives_back_what_it_was_made_of() {
        let mut entry = Entry::new(b"key", b"value", None, 7);
        assert_eq!((entry.key(), entry.value(), entry.expires()), (&b"key"[..], &b"value"[..], None));
        entry.set(b"other", Some(99));
        assert_eq!((entry.key(), entry.value(), entry.expires()), (&b"key"[..], &b"other"[..], Some(99)));
        assert!(entry.is_expired(99) && !entry.is_expired(98));
        entry.set(b"thing", Some(100));
        assert_eq!((entry.value(), entry.expires()), (&b"thing"[..], Some(100)));
        entry.set(b"", None);
        assert_eq!((entry.value(), entry.expires(), entry.used), (&b""[..], None, 7));
        assert!(!entry.is_expired(u64::MAX));
    }

    #[test]
    fn a_time_comes_and_goes_and_the_value_stays() {
        let mut entry = Entry::new(b"key", b"value", None, 7);
        for expires in [Some(5), Some(6), None, None, Some(7)] {
            entry.set_expires(expires);
            assert_eq!((entry.key(), entry.value()), (&b"key"[..], &b"value"[..]));
            assert_eq!((entry.expires(), entry.used), (expires, 7));
        }
    }
}
