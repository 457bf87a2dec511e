//! Bytes to requests, as a server reads them: arrays of bulk strings, or a line typed by hand. Nothing
//! is copied: a request is a list of places in the bytes that it was read from.

use std::ops::{Index, Range};

/// Bytes in one line: an inline request, or the header of an array or a string.
const MAX_LINE_BYTES: usize = 64 << 10;
/// Arguments of one request.
const MAX_ARGUMENTS: i64 = 1 << 20;
/// Arguments of a client that has not authenticated.
const MAX_ARGUMENTS_BEFORE_AUTH: i64 = 10;
/// Bytes in an argument of a client that has not authenticated.
const MAX_BULK_BYTES_BEFORE_AUTH: i64 = 16 << 10;

/// Bytes that are no request. It shows what Redis answers before it hangs up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ERR Protocol error: {0}")]
pub struct ProtocolError(String);

/// What a client may send.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// Bytes in one argument (`proto-max-bulk-len`).
    pub bulk_bytes: i64,
    /// Whether the client has authenticated, or need not.
    pub authenticated: bool,
}

/// A request: its name and its arguments, as places in the bytes that it was read from.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    bytes: &'a [u8],
    places: &'a [Range<u32>],
}

impl<'a> Request<'a> {
    /// Name and arguments together.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is not even a name.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The argument at this place, the name being at 0.
    pub fn get(&self, place: usize) -> Option<&'a [u8]> {
        let range = self.places.get(place)?;
        Some(&self.bytes[range.start as usize..range.end as usize])
    }

    /// The arguments from this place on.
    pub fn from(&self, place: usize) -> impl ExactSizeIterator<Item = &'a [u8]> + Clone + use<'a> {
        let bytes = self.bytes;
        let places = self.places.get(place..).unwrap_or_default();
        places.iter().map(move |range| &bytes[range.start as usize..range.end as usize])
    }
}

impl Index<usize> for Request<'_> {
    type Output = [u8];

    fn index(&self, place: usize) -> &[u8] {
        let range = &self.places[place];
        &self.bytes[range.start as usize..range.end as usize]
    }
}

/// Reads requests. It remembers how far it came, so that a long request that comes in many parts is
/// not read from its start again.
#[derive(Debug, Default)]
pub struct RequestDecoder {
    places: Vec<Range<u32>>,
    /// Bytes of the request that have been understood.
    at: usize,
    /// Arguments still to come; `None` before the array's header.
    missing: Option<i64>,
    /// Bytes of the argument whose header has come.
    bulk: Option<usize>,
}

impl RequestDecoder {
    /// Reads one request off the front of `bytes`, which must start where the last one ended, or
    /// where it was told that more is needed. Gives the bytes that it takes, or `None` where it has not all come.
    ///
    /// # Errors
    /// [`ProtocolError`]: nothing that follows can be understood.
    pub fn decode(&mut self, bytes: &[u8], limits: RequestLimits) -> Result<Option<usize>, ProtocolError> {
        loop {
            match self.missing {
                None => {
                    self.places.clear();
                    let Some(first) = bytes.first() else { return Ok(None) };
                    if *first != b'*' {
                        return self.inline(bytes);
                    }
                    let Some(count) = self.header(bytes, "mbulk count")? else { return Ok(None) };
                    let count = count.filter(|count| *count <= MAX_ARGUMENTS);
                    let Some(count) = count else { return Err(error("invalid multibulk length")) };
                    if !limits.authenticated && count > MAX_ARGUMENTS_BEFORE_AUTH {
                        return Err(error("unauthenticated multibulk length"));
                    }
                    self.missing = Some(count);
                }
                Some(..=0) => return Ok(Some(self.finish())),
                Some(missing) => {
                    let Some(range) = self.argument(bytes, limits)? else { return Ok(None) };
                    self.places.push(range);
                    self.missing = Some(missing - 1);
                }
            }
        }
    }

    /// The request that was just read off these bytes.
    pub fn request<'a>(&'a self, bytes: &'a [u8]) -> Request<'a> {
        Request { bytes, places: &self.places }
    }

    /// Bytes that the request needs at least, where that is known: a large argument is on its way.
    pub fn needs(&self) -> usize {
        self.bulk.map_or(0, |length| self.at + length + 2)
    }

    /// Gives back what a large request made it grow by.
    pub fn shrink(&mut self, places: usize) {
        if self.places.capacity() > places && self.missing.is_none() {
            self.places = Vec::new();
        }
    }

    fn finish(&mut self) -> usize {
        (self.missing, self.bulk) = (None, None);
        std::mem::take(&mut self.at)
    }

    fn argument(&mut self, bytes: &[u8], limits: RequestLimits) -> Result<Option<Range<u32>>, ProtocolError> {
        let length = match self.bulk {
            Some(length) => length,
            None => {
                match bytes.get(self.at) {
                    None => return Ok(None),
                    Some(b'$') => {}
                    Some(other) => {
                        return Err(ProtocolError(format!("expected '$', got '{}'", char::from(*other))));
                    }
                }
                let Some(length) = self.header(bytes, "bulk count")? else { return Ok(None) };
                let length = length.filter(|length| (0..=limits.bulk_bytes).contains(length));
                let Some(length) = length else { return Err(error("invalid bulk length")) };
                if !limits.authenticated && length > MAX_BULK_BYTES_BEFORE_AUTH {
                    return Err(error("unauthenticated bulk length"));
                }
                *self.bulk.insert(length as usize)
            }
        };
        let end = self.at + length;
        if bytes.len() < end + 2 {
            return Ok(None);
        }
        let Ok(last) = u32::try_from(end) else { return Err(error("too big request")) };
        let range = self.at as u32..last;
        // Redis does not look at the two bytes behind a string, either.
        (self.at, self.bulk) = (end + 2, None);
        Ok(Some(range))
    }

    /// The number behind the type byte at `self.at`: `None` where the line has not come, `Some(None)`
    /// where it is no number.
    fn header(&mut self, bytes: &[u8], what: &str) -> Result<Option<Option<i64>>, ProtocolError> {
        let rest = &bytes[self.at + 1..];
        let Some(end) = rest.iter().take(MAX_LINE_BYTES).position(|byte| *byte == b'\r') else {
            return match rest.len() {
                ..MAX_LINE_BYTES => Ok(None),
                _ => Err(ProtocolError(format!("too big {what} string"))),
            };
        };
        if rest.len() < end + 2 {
            return Ok(None);
        }
        self.at += 1 + end + 2;
        Ok(Some(number(&rest[..end])))
    }

    fn inline(&mut self, bytes: &[u8]) -> Result<Option<usize>, ProtocolError> {
        let Some(end) = bytes.iter().take(MAX_LINE_BYTES).position(|byte| *byte == b'\n') else {
            return match bytes.len() {
                ..MAX_LINE_BYTES => Ok(None),
                _ => Err(error("too big inline request")),
            };
        };
        let mut at = 0;
        for word in bytes[..end].split(u8::is_ascii_whitespace) {
            if !word.is_empty() {
                self.places.push(at as u32..(at + word.len()) as u32);
            }
            at += word.len() + 1;
        }
        if self.places.iter().any(|place| matches!(bytes[place.start as usize], b'"' | b'\'')) {
            // What is quoted would have to be copied; a program sends arrays.
            return Err(error("unbalanced quotes in request"));
        }
        Ok(Some(end + 1))
    }
}

fn error(text: &str) -> ProtocolError {
    ProtocolError(text.into())
}

/// A number as Redis reads it: no plus sign, no blanks.
fn number(digits: &[u8]) -> Option<i64> {
    if digits.len() <= 10 && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        return Some(digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')));
    }
    if digits.first() == Some(&b'+') {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}
