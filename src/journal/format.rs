//! The lines of a journal. Pure.

use std::fmt::Write;

use crate::slots::SLOTS;

/// A line: checksum, length, payload.
pub(super) fn line(payload: &str) -> String {
    format!("{:08x} {} {payload}\n", crc32fast::hash(payload.as_bytes()), payload.len())
}

/// The payload at the beginning of `text`, and the length of its whole line.
///
/// # Errors
/// What is wrong with the line.
pub(super) fn payload(text: &[u8]) -> Result<(&str, usize), &'static str> {
    let (sum, at, length) = prefix(text).ok_or("it has no checksum and length")?;
    let payload = text.get(at..at.saturating_add(length)).filter(|_| text.get(at + length) == Some(&b'\n'));
    let payload = payload.ok_or("it has another length than it says")?;
    if crc32fast::hash(payload) != sum {
        return Err("its checksum is wrong");
    }
    let payload = std::str::from_utf8(payload).map_err(|_| "it is no text")?;
    Ok((payload, at + length + 1))
}

/// Checksum, where the payload begins, and its length.
fn prefix(text: &[u8]) -> Option<(u32, usize, usize)> {
    let mut words = text.splitn(3, |byte| *byte == b' ');
    let mut word = || std::str::from_utf8(words.next()?).ok();
    let (sum, length) = (word()?, word()?);
    let at = sum.len() + length.len() + 2;
    // As they are written, and in no other way: a changed byte is not to go unnoticed.
    let is_sum = sum.len() == 8 && sum.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    let is_length = length.bytes().all(|digit| digit.is_ascii_digit());
    (is_sum && is_length && at <= text.len()).then_some(())?;
    Some((u32::from_str_radix(sum, 16).ok()?, at, length.parse().ok()?))
}

/// Whether `text`, in which no whole line is at the beginning, can be what is left of a single line, the
/// last that was written: nothing was written after it.
pub(super) fn is_torn(text: &[u8]) -> bool {
    let inner = text.split_last().map_or(text, |(_, inner)| inner);
    let reaches_the_end = |(_, at, length): (u32, usize, usize)| at.saturating_add(length) + 1 >= text.len();
    !inner.contains(&b'\n') && prefix(text).is_none_or(reaches_the_end)
}

/// The payload with sequence number `number` that makes `new` of `old`: `7 0-99:12 16383:4` says that
/// slots 0 to 99 have twelve keys each, and the last one four. `None` if nothing has changed.
pub(super) fn change(number: u64, old: &[u64], new: &[u64]) -> Option<String> {
    let mut text = number.to_string();
    let start = text.len();
    let mut slot = 0;
    while slot < new.len() {
        if new[slot] == old[slot] {
            slot += 1;
            continue;
        }
        let same = |&at: &usize| new[at] == new[slot] && new[at] != old[at];
        let last = (slot..new.len()).take_while(same).last().unwrap_or(slot);
        let keys = new[slot];
        // Writing into a string cannot fail.
        let _ = match last {
            _ if last == slot => write!(text, " {slot}:{keys}"),
            _ => write!(text, " {slot}-{last}:{keys}"),
        };
        slot = last + 1;
    }
    (text.len() > start).then_some(text)
}

/// Enters a change into `executed`, if its sequence number is `number`.
///
/// # Errors
/// What is wrong with it; then `executed` may hold a part of it.
pub(super) fn apply(payload: &str, number: u64, executed: &mut [u64]) -> Result<(), String> {
    let mut words = payload.split(' ');
    let found = words.next().and_then(|word| word.parse::<u64>().ok());
    if found != Some(number) {
        let found = found.map_or("no record".into(), |found| format!("record {found}"));
        return Err(format!("record {number} should stand there, and {found} does"));
    }
    for word in words {
        let parsed = word.split_once(':').and_then(|(slots, keys)| {
            let (first, last) = slots.split_once('-').unwrap_or((slots, slots));
            let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
            let fits = first <= last && last < SLOTS;
            fits.then_some((usize::from(first)..=usize::from(last), keys.parse().ok()?))
        });
        let (slots, keys) = parsed.ok_or_else(|| format!("`{word}` is no slot with its keys"))?;
        executed[slots].fill(keys);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: usize = SLOTS as usize;

    proptest! {
        #[test]
        fn a_change_makes_the_new_of_the_old(
            old in prop::collection::vec(0..3u64, ALL), new in prop::collection::vec(0..3u64, ALL),
        ) {
            let mut state = old.clone();
            apply(&change(7, &old, &new).unwrap(), 7, &mut state).unwrap();
            prop_assert!(state == new);
            prop_assert_eq!(change(7, &new, &new), None);
        }

        #[test]
        fn no_other_byte_goes_unnoticed(at in 0..40usize, other in any::<u8>()) {
            let mut text = line("12 0-5460:12345 16383:4").into_bytes();
            let at = at % text.len();
            prop_assume!(text[at] != other);
            text[at] = other;
            prop_assert!(payload(&text).is_err());
        }
    }

    #[test]
    fn runs_of_slots_stand_together() {
        let old = vec![0; ALL];
        let mut new = old.clone();
        new[0..100].fill(12);
        new[ALL - 1] = 4;
        assert_eq!(change(1, &old, &new).unwrap(), "1 0-99:12 16383:4");
    }

    #[test]
    fn a_payload_ends_where_it_says() {
        let text = line("a b") + "more";
        assert_eq!(payload(text.as_bytes()), Ok(("a b", text.len() - 4)));
        for cut in 0..text.len() - 4 {
            assert!(payload(&text.as_bytes()[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for payload in ["", "2 1:1", "x", "1 16384:1", "1 5-4:1", "1 1", "1 1:", "1 -1:1", "1 1:-1", "1  1:1"]
        {
            assert!(apply(payload, 1, &mut vec![0; ALL]).is_err(), "{payload}");
        }
    }
}
