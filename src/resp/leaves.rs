//! Replies read where they lie: strings, numbers, and arrays of those. Nothing is allocated for them, so that
//! millions of strings a second can be looked at.

use bytes::{Buf, BytesMut};

use super::Malformed;
use super::decode::{MAX_BULK_BYTES, MAX_ITEMS, MAX_LINE_BYTES};

/// A reply, or an item of one that is an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf<'a> {
    /// A string of any bytes.
    Bulk(&'a [u8]),
    /// No such thing.
    Nil,
    /// A number.
    Integer(i64),
    /// An error.
    Error(&'a [u8]),
}

/// Reads such replies as they come. It remembers how much of an array is still to come.
#[derive(Debug, Default)]
pub struct Leaves {
    left: usize,
}

/// What stands at the front of the bytes.
enum Piece<'a> {
    Leaf(Leaf<'a>),
    Array(usize),
}

impl Leaves {
    /// Takes the next reply off the front of `input`, or as much of it as has come, and gives each leaf to
    /// `each`. Returns whether the reply has ended.
    ///
    /// # Errors
    /// [`Malformed`] if the bytes are no reply, or one of another kind.
    pub fn take(&mut self, input: &mut BytesMut, mut each: impl FnMut(Leaf<'_>)) -> Result<bool, Malformed> {
        let mut at = 0;
        let ended = loop {
            let Some((piece, length)) = piece(&input[at..])? else { break false };
            at += length;
            match piece {
                Piece::Leaf(leaf) => {
                    each(leaf);
                    self.left = self.left.saturating_sub(1);
                }
                Piece::Array(items) if self.left == 0 => self.left = items,
                Piece::Array(_) => return Err(Malformed::new("an array in another", &input[at - length..])),
            }
            if self.left == 0 {
                break true;
            }
        };
        input.advance(at);
        Ok(ended)
    }
}

/// The piece at the front, and how many bytes it has; `None` if it has not all come.
fn piece(bytes: &[u8]) -> Result<Option<(Piece<'_>, usize)>, Malformed> {
    let Some(&kind) = bytes.first() else { return Ok(None) };
    let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else {
        return match bytes.len() {
            ..=MAX_LINE_BYTES => Ok(None),
            _ => Err(Malformed::new("a line without an end", bytes)),
        };
    };
    let header = end + 1;
    let Some(line) = bytes[1..end.max(1)].strip_suffix(b"\r") else {
        return Err(Malformed::new("a line without a carriage return", bytes));
    };
    let leaf = |leaf| Ok(Some((Piece::Leaf(leaf), header)));
    match (kind, number(line)) {
        (b'$' | b'*', Some(-1)) => leaf(Leaf::Nil),
        (b'$', Some(length)) if (0..=MAX_BULK_BYTES as i64).contains(&length) => {
            let end = header + length as usize;
            match bytes.get(end..end + 2) {
                None => Ok(None),
                Some(b"\r\n") => Ok(Some((Piece::Leaf(Leaf::Bulk(&bytes[header..end])), end + 2))),
                Some(_) => Err(Malformed::new("a string that does not end where it said", &bytes[end..])),
            }
        }
        (b'*', Some(items)) if (0..=MAX_ITEMS as i64).contains(&items) => {
            Ok(Some((Piece::Array(items as usize), header)))
        }
        (b':', Some(number)) => leaf(Leaf::Integer(number)),
        (b'-', _) => leaf(Leaf::Error(line)),
        _ => Err(Malformed::new("not a reply of this kind", bytes)),
    }
}

/// A number of up to 18 digits.
fn number(line: &[u8]) -> Option<i64> {
    let digits = line.strip_prefix(b"-").unwrap_or(line);
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let number = digits.iter().try_fold(0i64, |number, digit| {
        digit.is_ascii_digit().then(|| 10 * number + i64::from(digit - b'0'))
    })?;
    Some(if digits.len() < line.len() { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIRE: &[u8] = b"*3\r\n$2\r\nab\r\n$0\r\n\r\n$-1\r\n*0\r\n:-17\r\n-ERR no\r\n$1\r\n\n\r\n*-1\r\n";

    /// All replies in some bytes that come in parts of so many.
    fn replies(wire: &[u8], part: usize) -> Result<Vec<Vec<String>>, Malformed> {
        let (mut leaves, mut input) = (Leaves::default(), BytesMut::new());
        let (mut all, mut reply) = (Vec::new(), Vec::new());
        for part in wire.chunks(part) {
            input.extend_from_slice(part);
            while !input.is_empty() {
                let ended = leaves.take(&mut input, |leaf| reply.push(format!("{leaf:?}")))?;
                if !ended {
                    break;
                }
                all.push(std::mem::take(&mut reply));
            }
        }
        assert!(reply.is_empty() && input.is_empty());
        Ok(all)
    }

    #[test]
    fn replies_are_the_same_however_they_are_cut() {
        let expected = [
            vec!["Bulk([97, 98])", "Bulk([])", "Nil"],
            vec![],
            vec!["Integer(-17)"],
            vec!["Error([69, 82, 82, 32, 110, 111])"],
            vec!["Bulk([10])"],
            vec!["Nil"],
        ];
        for part in 1..=WIRE.len() {
            assert_eq!(replies(WIRE, part).unwrap(), expected, "in parts of {part}");
        }
    }

    #[test]
    fn what_is_no_such_reply_is_told() {
        for wire in [
            "*1\r\n*1\r\n:1\r\n",
            "+OK\r\n",
            "$1\r\nabc\r\n",
            "$x\r\n",
            ":1\n",
            ":\r\n",
            "\n",
            "$-2\r\n",
            "*-3\r\n",
        ] {
            assert!(replies(wire.as_bytes(), wire.len()).is_err(), "{wire:?}");
        }
        let endless = vec![b':'; MAX_LINE_BYTES + 1];
        assert!(replies(&endless, endless.len()).is_err());
    }
}
