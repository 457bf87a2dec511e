//! Answers to bytes, RESP2 or RESP3.

use std::fmt::Display;
use std::io::Write;

/// Collects the answers to one client's commands.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    bytes: Vec<u8>,
    /// Whether the client asked for RESP3.
    pub(crate) resp3: bool,
}

impl Reply {
    pub(crate) fn ok(&mut self) {
        self.bytes.extend_from_slice(b"+OK\r\n");
    }

    pub(crate) fn simple(&mut self, text: &str) {
        self.line(b'+', text);
    }

    /// An error, with its code at the start; line ends in it become blanks.
    pub(crate) fn error(&mut self, text: impl AsRef<[u8]>) {
        self.bytes.push(b'-');
        let text = text.as_ref().iter();
        self.bytes.extend(text.map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }));
        self.bytes.extend_from_slice(b"\r\n");
    }

    pub(crate) fn integer(&mut self, number: i64) {
        self.line(b':', number);
    }

    pub(crate) fn count(&mut self, number: usize) {
        self.line(b':', number);
    }

    pub(crate) fn bulk(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.line(b'$', bytes.len());
        self.bytes.extend_from_slice(bytes);
        self.bytes.extend_from_slice(b"\r\n");
    }

    pub(crate) fn nil(&mut self) {
        self.bytes.extend_from_slice(if self.resp3 { b"_\r\n" } else { b"$-1\r\n" });
    }

    /// The head of an array: so many answers follow.
    pub(crate) fn array(&mut self, items: usize) {
        self.line(b'*', items);
    }

    /// The head of a map: so many pairs of answers follow.
    pub(crate) fn map(&mut self, pairs: usize) {
        match self.resp3 {
            true => self.line(b'%', pairs),
            false => self.line(b'*', 2 * pairs),
        }
    }

    /// The head of a set: so many answers follow.
    pub(crate) fn set(&mut self, items: usize) {
        self.line(if self.resp3 { b'~' } else { b'*' }, items);
    }

    /// Text for people, such as that of INFO.
    pub(crate) fn verbatim(&mut self, text: &str) {
        match self.resp3 {
            true => {
                self.line(b'=', text.len() + 4);
                self.bytes.extend_from_slice(b"txt:");
                self.bytes.extend_from_slice(text.as_bytes());
                self.bytes.extend_from_slice(b"\r\n");
            }
            false => self.bulk(text),
        }
    }

    /// Bytes collected.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes of memory that hold them.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Takes back what came after the first `length` bytes: the client does not want it.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets the first bytes, which were sent, and gives memory back that only a large answer needed.
    pub(crate) fn sent(&mut self, bytes: usize, keep: usize) {
        self.bytes.drain(..bytes);
        if self.bytes.is_empty() && self.bytes.capacity() > keep {
            self.bytes = Vec::new();
        }
    }

    fn line(&mut self, kind: u8, text: impl Display) {
        // Writing into memory does not fail.
        let _ = write!(self.bytes, "{}{text}\r\n", char::from(kind));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_spelt_for_the_protocol_that_was_asked_for() {
        for (resp3, wire) in [
            (false, "+OK\r\n-ERR a  b\r\n:-1\r\n$2\r\nhi\r\n$-1\r\n*2\r\n*0\r\n$3\r\nabc\r\n"),
            (true, "+OK\r\n-ERR a  b\r\n:-1\r\n$2\r\nhi\r\n_\r\n%1\r\n~0\r\n=7\r\ntxt:abc\r\n"),
        ] {
            let mut reply = Reply { resp3, ..Reply::default() };
            reply.ok();
            reply.error("ERR a\r\nb");
            reply.integer(-1);
            reply.bulk("hi");
            reply.nil();
            reply.map(1);
            reply.set(0);
            reply.verbatim("abc");
            assert_eq!(String::from_utf8_lossy(reply.bytes()), wire);
        }
    }
}
