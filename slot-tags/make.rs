//! Makes `tags.txt`: for each slot, the first three base-62 characters that hash to it. It does not
//! use the library, which embeds what this makes.

use std::io::Write;

use crc16::{State, XMODEM};

const SLOTS: usize = 16384;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn main() -> std::io::Result<()> {
    std::io::stdout().lock().write_all(&table())
}

/// The whole file: one row a slot, in slot order.
pub(crate) fn table() -> Vec<u8> {
    let mut tags = vec![None; SLOTS];
    for a in DIGITS {
        for b in DIGITS {
            for c in DIGITS {
                let tag = [*a, *b, *c];
                let slot = usize::from(State::<XMODEM>::calculate(&tag)) % SLOTS;
                tags[slot].get_or_insert(tag);
            }
        }
    }
    // 62³ tags cover all slots; one left out would make the table too short for the library to compile.
    tags.into_iter().flatten().flat_map(|[a, b, c]| [a, b, c, b'\n']).collect()
}
