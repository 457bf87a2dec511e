//! Bytes to replies, however the bytes are cut.

use bytes::{Buf, BytesMut};

use super::Value;

/// Arrays within arrays; servers' own replies nest about five deep.
pub const MAX_DEPTH: usize = 32;
/// Items in one array.
pub const MAX_ITEMS: usize = 1 << 24;
/// Bytes in one bulk string: servers' own default limit.
pub const MAX_BULK_BYTES: usize = 512 << 20;
/// Bytes in one line: a status, an error, or a length.
pub const MAX_LINE_BYTES: usize = 64 << 10;

/// Items that are made room for before they have come.
const ITEMS_RESERVED: usize = 1024;
/// Bytes that a message quotes.
const EXCERPT_BYTES: usize = 48;

/// Bytes that are no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {excerpt}")]
pub struct Malformed {
    /// What is wrong.
    reason: &'static str,
    /// Where it is wrong, shortened and escaped.
    excerpt: String,
    /// The bytes' first two, which tell a TLS alert.
    start: [u8; 2],
}

impl Malformed {
    pub(crate) fn new(reason: &'static str, at: &[u8]) -> Self {
        let byte = |place| at.get(place).copied().unwrap_or_default();
        Self { reason, excerpt: excerpt(at), start: [byte(0), byte(1)] }
    }

    /// The first bytes, escaped and shortened.
    pub fn excerpt(&self) -> &str {
        &self.excerpt
    }

    /// Whether the bytes start like the alert of a TLS server, which could not read what it got.
    pub fn is_tls_alert(&self) -> bool {
        self.start == [0x15, 0x03]
    }
}

/// The first bytes, between quotes, escaped, so that any bytes can stand in a message.
pub fn excerpt(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(EXCERPT_BYTES)];
    let more = if bytes.len() > shown.len() { "…" } else { "" };
    format!("\"{}{more}\"", shown.escape_ascii())
}

/// Reads replies out of bytes as they come. It remembers the arrays that are still open, so a long
/// one that comes in many parts is not read from its start again.
#[derive(Debug, Default)]
pub struct Decoder {
    open: Vec<OpenArray>,
}

#[derive(Debug)]
struct OpenArray {
    length: usize,
    items: Vec<Value>,
}

/// What can be taken off the bytes at once.
enum Piece {
    Value(Value),
    /// The head of an array with this many items, one or more.
    Array(usize),
}

impl Decoder {
    /// Takes the next reply off the front of `input`, or gives `None` where it has not all come.
    ///
    /// # Errors
    /// [`Malformed`] if the bytes are no reply, or one above the bounds. Nothing that follows can be
    /// understood then.
    pub fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Value>, Malformed> {
        while let Some(piece) = take_piece(input, self.open.len())? {
            match piece {
                Piece::Array(length) => {
                    let items = Vec::with_capacity(length.min(ITEMS_RESERVED));
                    self.open.push(OpenArray { length, items });
                }
                Piece::Value(value) => {
                    if let Some(reply) = self.close(value) {
                        return Ok(Some(reply));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Puts a whole value where it belongs; gives the reply if that was its last part.
    fn close(&mut self, mut value: Value) -> Option<Value> {
        while let Some(mut array) = self.open.pop() {
            array.items.push(value);
            if array.items.len() < array.length {
                self.open.push(array);
                return None;
            }
            value = Value::Array(array.items);
        }
        Some(value)
    }
}

fn take_piece(input: &mut BytesMut, depth: usize) -> Result<Option<Piece>, Malformed> {
    let Some(&kind) = input.first() else {
        return Ok(None);
    };
    // Told before the line has ended: what is no reply may never end its line.
    if !matches!(kind, b'+' | b'-' | b':' | b'$' | b'*') {
        return Err(Malformed::new("not a reply", input));
    }
    let Some(end) = input.iter().position(|&byte| byte == b'\n') else {
        return match input.len() {
            ..=MAX_LINE_BYTES => Ok(None),
            _ => Err(Malformed::new("a line without an end", input)),
        };
    };
    let Some(line) = input[1..end].strip_suffix(b"\r") else {
        return Err(Malformed::new("a line without a carriage return", input));
    };
    let piece = match kind {
        b'+' => Piece::Value(Value::Simple(String::from_utf8_lossy(line).into_owned())),
        b'-' => Piece::Value(Value::Error(String::from_utf8_lossy(line).into_owned())),
        b':' => match number(line) {
            Some(number) => Piece::Value(Value::Integer(number)),
            None => return Err(Malformed::new("not a number", input)),
        },
        _ => match (number(line), kind) {
            (Some(-1), _) => Piece::Value(Value::Nil),
            (Some(0), b'*') => Piece::Value(Value::Array(Vec::new())),
            (Some(length), b'$') => return take_bulk(input, end + 1, length),
            (Some(length), _) => Piece::Array(array_length(input, length, depth)?),
            (None, _) => return Err(Malformed::new("not a length", input)),
        },
    };
    input.advance(end + 1);
    Ok(Some(piece))
}

fn number(line: &[u8]) -> Option<i64> {
    std::str::from_utf8(line).ok()?.parse().ok()
}

fn array_length(input: &[u8], length: i64, depth: usize) -> Result<usize, Malformed> {
    match usize::try_from(length) {
        Ok(_) if depth == MAX_DEPTH => Err(Malformed::new("arrays too deep in each other", input)),
        Ok(length) if length <= MAX_ITEMS => Ok(length),
        _ => Err(Malformed::new("an array of impossible length", input)),
    }
}

/// Takes a bulk string whose header is `header` bytes long.
fn take_bulk(input: &mut BytesMut, header: usize, length: i64) -> Result<Option<Piece>, Malformed> {
    let length = match usize::try_from(length) {
        Ok(length) if length <= MAX_BULK_BYTES => length,
        _ => return Err(Malformed::new("a string of impossible length", input)),
    };
    let end = header + length;
    if input.len() < end + 2 {
        return Ok(None);
    }
    if &input[end..end + 2] != b"\r\n" {
        return Err(Malformed::new("a string that does not end where it said", &input[end..]));
    }
    input.advance(header);
    let bytes = input.split_to(length).freeze();
    input.advance(2);
    Ok(Some(Piece::Value(Value::Bulk(bytes))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(bytes: &[u8]) -> Result<Option<Value>, Malformed> {
        Decoder::default().decode(&mut BytesMut::from(bytes))
    }

    fn encode(out: &mut Vec<u8>, value: &Value) {
        match value {
            Value::Simple(text) => out.extend(format!("+{text}\r\n").bytes()),
            Value::Error(text) => out.extend(format!("-{text}\r\n").bytes()),
            Value::Integer(number) => out.extend(format!(":{number}\r\n").bytes()),
            Value::Nil => out.extend(b"$-1\r\n"),
            Value::Bulk(bytes) => {
                out.extend(format!("${}\r\n", bytes.len()).bytes());
                out.extend(bytes);
                out.extend(b"\r\n");
            }
            Value::Array(items) => {
                out.extend(format!("*{}\r\n", items.len()).bytes());
                items.iter().for_each(|item| encode(out, item));
            }
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            "[^\r\n]{0,20}".prop_map(Value::Simple),
            "[^\r\n]{0,20}".prop_map(Value::Error),
            any::<i64>().prop_map(Value::Integer),
            prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| Value::Bulk(bytes.into())),
            Just(Value::Nil),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| prop::collection::vec(inner, 0..6).prop_map(Value::Array))
    }

    proptest! {
        #[test]
        fn replies_decode_the_same_however_they_are_cut(
            replies in prop::collection::vec(any_value(), 1..5),
            cuts in prop::collection::vec(1..30_usize, 1..20),
        ) {
            let mut wire = Vec::new();
            replies.iter().for_each(|reply| encode(&mut wire, reply));
            let (mut decoder, mut input, mut decoded) = (Decoder::default(), BytesMut::new(), Vec::new());
            let mut rest = wire.as_slice();
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at(rest.len().min(*cut));
                input.extend_from_slice(now);
                while let Some(reply) = decoder.decode(&mut input).unwrap() {
                    decoded.push(reply);
                }
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(decoded, replies);
            prop_assert!(input.is_empty());
        }

        #[test]
        fn any_bytes_are_taken_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut input = BytesMut::from(bytes.as_slice());
            let mut decoder = Decoder::default();
            while let Ok(Some(_)) = decoder.decode(&mut input) {}
            prop_assert!(input.len() <= bytes.len());
        }
    }

    #[test]
    fn both_kinds_of_nil_are_nil() {
        assert_eq!(decode(b"$-1\r\n"), Ok(Some(Value::Nil)));
        assert_eq!(decode(b"*-1\r\n"), Ok(Some(Value::Nil)));
    }

    #[test]
    fn what_is_no_reply_is_quoted_escaped_and_short() {
        let error = decode(b"SSH-2.0-OpenSSH_9.2p1\r\n").unwrap_err();
        assert_eq!(error.to_string(), r#"not a reply: "SSH-2.0-OpenSSH_9.2p1\r\n""#);
        let error = decode(&[0xff; 1000]).unwrap_err();
        assert!(error.to_string().len() < 250, "{error}");
        assert!(decode(&[0x15, 0x03, 0x03, 0, 2, 2, 40]).unwrap_err().is_tls_alert());
    }

    #[test]
    fn what_is_above_the_bounds_is_refused() {
        let deep = "*1\r\n".repeat(MAX_DEPTH + 1);
        let line = format!("+{}", "x".repeat(MAX_LINE_BYTES));
        let wrong = [
            ("*99999999999\r\n", "an array of impossible length"),
            ("*-2\r\n", "an array of impossible length"),
            ("$536870913\r\n", "a string of impossible length"),
            ("$x\r\n", "not a length"),
            (":x\r\n", "not a number"),
            ("$1\r\nabc\r\n", "a string that does not end where it said"),
            ("+OK\n", "a line without a carriage return"),
            (deep.as_str(), "arrays too deep in each other"),
            (line.as_str(), "a line without an end"),
        ];
        for (wire, reason) in wrong {
            assert!(decode(wire.as_bytes()).unwrap_err().to_string().starts_with(reason), "{wire:.20}");
        }
        assert_eq!(decode("*1\r\n".repeat(MAX_DEPTH).as_bytes()), Ok(None));
    }
}
