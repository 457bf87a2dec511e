//! Bytes to requests, as a server reads them: arrays of bulk strings, or a line typed by hand. An array
//! is not copied: a request is a list of places in the bytes that it was read from. What the server
//! accepts and how it refuses the rest is what Redis does, byte for byte.

use std::fmt::{self, Display, Formatter};
use std::ops::{Index, Range};

use super::words::split_words;

/// Bytes in one line: an inline request, or the header of an array or a string.
const MAX_LINE_BYTES: usize = 64 << 10;
/// Bytes that are looked at in one go for the header of an argument: six digits have room.
const SHORT_HEADER_BYTES: usize = 9;
/// Arguments of one request. Room is made for them as they come, not when they are announced.
const MAX_ARGUMENTS: i64 = i32::MAX as i64;
/// Arguments of a client that has not authenticated.
const MAX_ARGUMENTS_BEFORE_AUTH: i64 = 10;
/// Bytes in an argument of a client that has not authenticated.
const MAX_BULK_BYTES_BEFORE_AUTH: i64 = 16 << 10;

/// Bytes that are no request. It shows what Redis answers before it hangs up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ProtocolError {
    text: &'static str,
    /// What stood where something else had to.
    got: Option<u8>,
}

impl ProtocolError {
    /// The text as it is answered: the byte that it may repeat need not be a letter.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = [b"ERR Protocol error: ", self.text.as_bytes()].concat();
        if let Some(got) = self.got {
            bytes.extend_from_slice(&[b'\'', got, b'\'']);
        }
        bytes
    }
}

impl Display for ProtocolError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

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

    /// The request whose name is the word at this place.
    pub fn tail(&self, place: usize) -> Self {
        Self { bytes: self.bytes, places: self.places.get(place..).unwrap_or_default() }
    }

    /// The same request, to be kept when the bytes that it was read from are gone.
    pub fn keep(&self) -> KeptRequest {
        let mut bytes = Vec::new();
        let places = self.from(0).map(|word| {
            let start = bytes.len() as u32;
            bytes.extend_from_slice(word);
            // What was read from so many bytes is no longer than they are.
            start..bytes.len() as u32
        });
        let places = places.collect();
        KeptRequest { bytes: bytes.into(), places }
    }

    /// The arguments from this place on.
    pub fn from(&self, place: usize) -> impl ExactSizeIterator<Item = &'a [u8]> + Clone + use<'a> {
        let bytes = self.bytes;
        let places = self.places.get(place..).unwrap_or_default();
        places.iter().map(move |range| &bytes[range.start as usize..range.end as usize])
    }
}

/// A request that is kept for later, with bytes of its own.
#[derive(Clone, Debug)]
pub struct KeptRequest {
    bytes: Box<[u8]>,
    places: Box<[Range<u32>]>,
}

impl KeptRequest {
    /// The request, to be read.
    pub fn request(&self) -> Request<'_> {
        Request { bytes: &self.bytes, places: &self.places }
    }

    /// Bytes that it takes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.places)
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
    /// The words of the last request, if it was a line.
    line: Vec<u8>,
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
                    self.line.clear();
                    let Some(first) = bytes.first() else { return Ok(None) };
                    if *first != b'*' {
                        return self.inline(bytes);
                    }
                    let Some(digits) = self.header(bytes, "too big mbulk count string")? else {
                        return Ok(None);
                    };
                    let count = number(digits).filter(|count| *count <= MAX_ARGUMENTS);
                    let count = count.ok_or(error("invalid multibulk length"))?;
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
        let bytes = if self.line.is_empty() { bytes } else { &self.line };
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
        self.line = Vec::new();
    }

    fn finish(&mut self) -> usize {
        (self.missing, self.bulk) = (None, None);
        std::mem::take(&mut self.at)
    }

    fn argument(&mut self, bytes: &[u8], limits: RequestLimits) -> Result<Option<Range<u32>>, ProtocolError> {
        let length = match self.bulk {
            Some(length) => length,
            None => {
                let Some(length) = self.bulk_length(bytes)? else { return Ok(None) };
                let length = length.filter(|length| (0..=limits.bulk_bytes).contains(length));
                let length = length.ok_or(error("invalid bulk length"))?;
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
        let last = u32::try_from(end).map_err(|_| error("too big request"))?;
        let range = self.at as u32..last;
        // Redis does not look at the two bytes behind a string, either.
        (self.at, self.bulk) = (end + 2, None);
        Ok(Some(range))
    }

    /// The length that the header of an argument announces, if it is a number; `None` where the header has not come.
    #[inline]
    fn bulk_length(&mut self, bytes: &[u8]) -> Result<Option<Option<i64>>, ProtocolError> {
        let line = bytes.get(self.at..).unwrap_or_default();
        if let Some((length, taken)) = short_header(line) {
            self.at += taken;
            return Ok(Some(Some(length)));
        }
        let kind = line.first().copied();
        let Some(digits) = self.header(bytes, "too big bulk count string")? else { return Ok(None) };
        if kind != Some(b'$') {
            return Err(ProtocolError { text: "expected '$', got ", got: kind });
        }
        Ok(Some(number(digits)))
    }

    /// What stands behind the type byte in the line at `self.at`; `None` where the line has not come.
    fn header<'a>(
        &mut self,
        bytes: &'a [u8],
        too_big: &'static str,
    ) -> Result<Option<&'a [u8]>, ProtocolError> {
        let rest = &bytes[self.at..];
        let Some(end) = line_end(rest, b'\r') else {
            return if rest.len() <= MAX_LINE_BYTES { Ok(None) } else { Err(error(too_big)) };
        };
        if rest.len() < end + 2 {
            return Ok(None);
        }
        self.at += end + 2;
        // Where the line is empty there is not even a type byte.
        Ok(Some(rest[..end].get(1..).unwrap_or_default()))
    }

    fn inline(&mut self, bytes: &[u8]) -> Result<Option<usize>, ProtocolError> {
        let Some(end) = line_end(bytes, b'\n') else {
            return if bytes.len() <= MAX_LINE_BYTES {
                Ok(None)
            } else {
                Err(error("too big inline request"))
            };
        };
        let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
        split_words(line, &mut self.line, &mut self.places)
            .map_err(|_| error("unbalanced quotes in request"))?;
        Ok(Some(end + 1))
    }
}

/// The number in an argument's header and the bytes that the header takes, if it is as nearly all are: a few
/// digits, all there. A server spends more of its time here than on anything else of a request.
#[inline]
fn short_header(line: &[u8]) -> Option<(i64, usize)> {
    let header: &[u8; SHORT_HEADER_BYTES] = line.first_chunk()?;
    let [b'$', first @ b'1'..=b'9', rest @ ..] = header else { return None };
    let mut number = i64::from(first - b'0');
    for (place, byte) in rest[..rest.len() - 1].iter().enumerate() {
        match byte {
            b'0'..=b'9' => number = number * 10 + i64::from(byte - b'0'),
            b'\r' => return Some((number, place + b"$1\r\n".len())),
            _ => return None,
        }
    }
    None
}

/// Where a line ends, if it does within the bound. A zero byte hides the end, as it does for a server
/// that searches a C string; so the line will be too long some day.
fn line_end(bytes: &[u8], end: u8) -> Option<usize> {
    let place = bytes.iter().take(MAX_LINE_BYTES + 1).position(|byte| *byte == end || *byte == 0)?;
    (bytes[place] == end).then_some(place)
}

fn error(text: &'static str) -> ProtocolError {
    ProtocolError { text, got: None }
}

/// A number as Redis reads it: no plus sign, no blanks, no zeros in front.
fn number(digits: &[u8]) -> Option<i64> {
    match digits {
        b"0" => Some(0),
        [b'1'..=b'9', ..] if digits.len() <= 18 => digits
            .iter()
            .try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))),
        [b'-', b'1'..=b'9', ..] | [b'1'..=b'9', ..] => std::str::from_utf8(digits).ok()?.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::resp::encode_command;

    const LIMITS: RequestLimits = RequestLimits { bulk_bytes: 512 << 20, authenticated: true };

    /// Requests as they are read when this is all there is, and what ended the reading, if anything did.
    fn read(bytes: &[u8], limits: RequestLimits) -> (Vec<Vec<Vec<u8>>>, Option<String>) {
        read_in_parts(bytes, limits, &[bytes.len().max(1)])
    }

    /// The same when it comes in parts of these lengths, over and over.
    fn read_in_parts(
        bytes: &[u8],
        limits: RequestLimits,
        cuts: &[usize],
    ) -> (Vec<Vec<Vec<u8>>>, Option<String>) {
        let (mut decoder, mut requests) = (RequestDecoder::default(), Vec::new());
        let (mut start, mut end) = (0, 0);
        for cut in cuts.iter().cycle() {
            end = (end + cut).min(bytes.len());
            loop {
                match decoder.decode(&bytes[start..end], limits) {
                    Ok(Some(used)) => {
                        let request = decoder.request(&bytes[start..end]);
                        requests.push(request.from(0).map(<[u8]>::to_vec).collect());
                        start += used;
                    }
                    Ok(None) => break,
                    Err(error) => return (requests, Some(error.to_string())),
                }
            }
            if end == bytes.len() {
                break;
            }
        }
        (requests, None)
    }

    fn words(line: &str) -> Vec<Vec<u8>> {
        line.split_whitespace().map(|word| word.as_bytes().to_vec()).collect()
    }

    #[test]
    fn arrays_and_lines_are_requests() {
        let wire = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\nset a 'b'\r\n\r\n*0\r\n*-7\r\nping\n*1\r\n$4\r\nPI";
        let requests = [words("GET a"), words("set a b"), vec![], vec![], vec![], words("ping")];
        assert_eq!(read(wire, LIMITS), (requests.to_vec(), None));
    }

    #[test]
    fn a_request_that_is_kept_is_the_same() {
        for wire in [&b"*3\r\n$3\r\nGET\r\n$0\r\n\r\n$2\r\n\r\n\r\n"[..], b"get \"\\x00\" 'b c'\r\n"] {
            let mut decoder = RequestDecoder::default();
            decoder.decode(wire, LIMITS).unwrap().unwrap();
            let request = decoder.request(wire);
            let kept = request.keep();
            assert!(request.len() == 3 && kept.request().from(0).eq(request.from(0)));
            assert_eq!(kept.heap_bytes(), request.from(0).map(<[u8]>::len).sum::<usize>() + 3 * 8);
        }
    }

    #[test]
    fn what_is_no_request_is_refused_as_redis_does() {
        let unknown = RequestLimits { authenticated: false, ..LIMITS };
        let long = |start: &str| format!("{start}{}", "1".repeat(MAX_LINE_BYTES));
        let wrong = [
            ("*x\r\n", LIMITS, "invalid multibulk length"),
            ("*01\r\n", LIMITS, "invalid multibulk length"),
            ("*\r\n", LIMITS, "invalid multibulk length"),
            ("*2147483648\r\n", LIMITS, "invalid multibulk length"),
            ("*11\r\n", unknown, "unauthenticated multibulk length"),
            ("*1\r\n:1\r\n", LIMITS, "expected '$', got ':'"),
            ("*1\r\n$-1\r\n", LIMITS, "invalid bulk length"),
            ("*1\r\n$+1\r\n", LIMITS, "invalid bulk length"),
            ("*1\r\n$536870913\r\n", LIMITS, "invalid bulk length"),
            ("*1\r\n$99999999999999999999\r\n", LIMITS, "invalid bulk length"),
            ("*1\r\n$16385\r\n", unknown, "unauthenticated bulk length"),
            ("get \"a\r\n", LIMITS, "unbalanced quotes in request"),
            (&long("*"), LIMITS, "too big mbulk count string"),
            (&long("*1\r\n$"), LIMITS, "too big bulk count string"),
            (&long("a"), LIMITS, "too big inline request"),
        ];
        for (wire, limits, text) in wrong {
            let error = Some(format!("ERR Protocol error: {text}"));
            assert_eq!(read(wire.as_bytes(), limits), (vec![], error), "{wire:.20}");
        }
        for all_there_is in ["*2147483647\r\n", "*1\r\nX", "*1\r\n$5\r", &long("*")[1..], "a\0b\r\nping\r\n"]
        {
            assert_eq!(read(all_there_is.as_bytes(), LIMITS), (vec![], None), "{all_there_is:.20}");
        }
    }

    #[test]
    fn a_header_that_is_all_there_means_what_one_means_that_comes_in_parts() {
        for length in [0, 1, 9, 10, 999, 99_999, 999_999, 1_000_000] {
            let value = vec![b'v'; length];
            let mut wire = Vec::new();
            encode_command(&mut wire, &[&value, b"following"]);
            let whole = read(&wire, LIMITS);
            assert_eq!(whole, (vec![vec![value, b"following".to_vec()]], None), "{length}");
            assert_eq!(read_in_parts(&wire, LIMITS, &[length + 1, 1, 1, 1, 1, 1, 1, 1]), whole, "{length}");
        }
        let short = RequestLimits { bulk_bytes: 99, ..LIMITS };
        for header in ["$01", "$1x", "$-1", "$+1", "$", "$100", "$1000000", ":1"] {
            let wire = format!("*1\r\n{header}\r\nfollowing bytes");
            let (requests, error) = read(wire.as_bytes(), short);
            assert!(requests.is_empty() && error.is_some(), "{header}");
            assert_eq!(read_in_parts(wire.as_bytes(), short, &[1]).1, error, "{header}");
        }
    }

    #[test]
    fn a_million_arguments_are_one_request() {
        let arguments = vec![&b"x"[..]; 1_000_000];
        let mut wire = Vec::new();
        encode_command(&mut wire, &arguments);
        let (requests, error) = read_in_parts(&wire, LIMITS, &[16 << 10]);
        assert_eq!((requests.len(), requests[0].len(), error), (1, 1_000_000, None));
    }

    #[test]
    fn room_is_made_for_what_came_and_not_for_what_was_announced() {
        let mut decoder = RequestDecoder::default();
        let wire = b"*2147483647\r\n$1\r\na\r\n$536870912\r\n";
        assert_eq!(decoder.decode(wire, LIMITS), Ok(None));
        assert!(decoder.places.capacity() < 100);
        assert_eq!(decoder.needs(), wire.len() + (512 << 20) + 2);
    }

    /// What looks like requests, more or less.
    fn any_wire() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..30),
            "[a-z'\" ]{0,12}\r?\n".prop_map(String::into_bytes),
            prop::sample::select(vec![
                "*0\r\n",
                "*-1\r\n",
                "*1\r\n",
                "*2\r\n",
                "$0\r\n\r\n",
                "$3\r\nabc\r\n",
                "$1\r\n",
                "\r\n",
                "$-1\r\n"
            ])
            .prop_map(|text| text.as_bytes().to_vec()),
            prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..5).prop_map(|words| {
                let (mut wire, words) = (Vec::new(), words.iter().map(Vec::as_slice).collect::<Vec<_>>());
                encode_command(&mut wire, &words);
                wire
            }),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn requests_are_the_same_however_they_are_cut(
            wire in any_wire(),
            cuts in prop::collection::vec(1..20_usize, 1..10),
        ) {
            prop_assert_eq!(read_in_parts(&wire, LIMITS, &cuts), read(&wire, LIMITS));
        }

        #[test]
        fn no_more_is_kept_than_what_came(wire in any_wire(), authenticated in any::<bool>()) {
            let mut decoder = RequestDecoder::default();
            let limits = RequestLimits { authenticated, ..LIMITS };
            let mut rest = &wire[..];
            while let Ok(Some(used)) = decoder.decode(rest, limits) {
                prop_assert!(used > 0 && used <= rest.len());
                prop_assert!(decoder.request(rest).from(0).map(<[u8]>::len).sum::<usize>() <= used);
                rest = &rest[used..];
            }
            prop_assert!(decoder.places.capacity() <= wire.len().max(8) && decoder.line.capacity() <= 2 * wire.len().max(8));
        }
    }
}
