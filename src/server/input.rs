//! What clients have sent and nobody has executed yet. All connections of a node read into one buffer.
//! What one leaves in it, half a request most often, stays where it is until another reads: a client that
//! sends a lot comes again at once, and nothing is copied. It knows nothing of sockets and requests.

use std::collections::BTreeMap;

/// Bytes in the buffer that all share: room for what is read at a time behind half of a long request.
pub(crate) const INPUT_BYTES: usize = 512 << 10;
/// What is longer is collected in a buffer of its client's own.
const LONG_BYTES: usize = INPUT_BYTES / 2;
/// Bytes read at a time have at least so much room: what a loopback device carries in one packet.
const ROOM_BYTES: usize = 64 << 10;
/// Room that is made at most at a time for a long request: as much comes as was announced, or not.
const MORE_BYTES: usize = 256 << 10;

/// The shared buffer, and what clients keep besides.
pub(crate) struct Input {
    shared: Piece,
    /// The client whose bytes are in the shared buffer; none has the number 0.
    holder: u64,
    /// Long requests, and what other clients left behind.
    own: BTreeMap<u64, Piece>,
}

/// Bytes of one client's. What comes is appended.
#[derive(Default)]
pub(crate) struct Piece {
    bytes: Vec<u8>,
    /// So many at the front were executed.
    executed: usize,
}

impl Default for Input {
    fn default() -> Self {
        let shared = Piece { bytes: Vec::with_capacity(INPUT_BYTES), executed: 0 };
        Self { shared, holder: 0, own: BTreeMap::new() }
    }
}

impl Input {
    /// What a client has sent, with room for more. Its next request takes at least `needs` bytes.
    pub(crate) fn of(&mut self, client: u64, needs: usize) -> &mut Piece {
        let unread = if self.holder == client { Some(&self.shared) } else { self.own.get(&client) };
        let unread = unread.map_or(0, |piece| piece.unread().len());
        if needs.max(unread) > LONG_BYTES {
            if self.holder == client {
                self.set_aside();
            }
            let piece = self.own.entry(client).or_default();
            // Room is made for what has been announced as it comes, not before.
            piece.make_room(needs.saturating_sub(unread).clamp(ROOM_BYTES, unread.max(MORE_BYTES)));
            return piece;
        }
        if self.holder != client {
            self.set_aside();
            self.holder = client;
            if let Some(piece) = self.own.remove(&client) {
                self.shared.bytes.extend_from_slice(piece.unread());
            }
        }
        self.shared.make_room(ROOM_BYTES);
        &mut self.shared
    }

    /// Gives memory back that only a long request needed.
    pub(crate) fn shrink(&mut self, client: u64) {
        let Some(piece) = self.own.get_mut(&client) else { return };
        if piece.unread().is_empty() {
            self.own.remove(&client);
        } else if piece.unread().len() <= LONG_BYTES {
            piece.bytes.drain(..std::mem::take(&mut piece.executed));
            piece.bytes.shrink_to_fit();
        }
    }

    /// Forgets a client that is gone.
    pub(crate) fn forget(&mut self, client: u64) {
        self.own.remove(&client);
        if self.holder == client {
            self.clear();
        }
    }

    /// Empties the shared buffer; its holder keeps what was in it.
    fn set_aside(&mut self) {
        if !self.shared.unread().is_empty() {
            let bytes = self.shared.unread().to_vec();
            self.own.insert(self.holder, Piece { bytes, executed: 0 });
        }
        self.clear();
    }

    fn clear(&mut self) {
        self.shared.bytes.clear();
        self.shared.executed = 0;
        self.holder = 0;
    }
}

impl Piece {
    /// Where what comes is appended.
    pub(crate) fn end(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// What has come and was not executed.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.bytes[self.executed..]
    }

    /// The first bytes of it were executed.
    pub(crate) fn executed(&mut self, bytes: usize) {
        self.executed += bytes;
        if self.executed == self.bytes.len() {
            self.bytes.clear();
            self.executed = 0;
        }
    }

    /// Takes back so many bytes at the end, as far as they were not executed.
    pub(crate) fn take_back(&mut self, bytes: usize) {
        self.bytes.truncate(self.bytes.len().saturating_sub(bytes).max(self.executed));
    }

    fn make_room(&mut self, room: usize) {
        if self.bytes.capacity() - self.bytes.len() < room {
            self.bytes.drain(..std::mem::take(&mut self.executed));
            self.bytes.reserve(room);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client sends bytes, of which the first are executed; gives what was there to be read.
    fn send(input: &mut Input, client: u64, bytes: &[u8], executed: usize) -> Vec<u8> {
        let piece = input.of(client, 0);
        piece.end().extend_from_slice(bytes);
        let all = piece.unread().to_vec();
        piece.executed(executed);
        input.shrink(client);
        all
    }

    #[test]
    fn what_is_left_of_a_request_is_there_when_the_rest_comes_whoever_sent_in_between() {
        let mut input = Input::default();
        assert_eq!(send(&mut input, 1, b"done half", 5), b"done half");
        assert_eq!(send(&mut input, 1, b" a ", 0), b"half a ");
        assert_eq!(send(&mut input, 2, b"two", 1), b"two");
        assert_eq!(send(&mut input, 1, b"request", 14), b"half a request");
        assert_eq!(send(&mut input, 3, b"", 0), b"");
        assert_eq!(send(&mut input, 2, b"", 0), b"wo");
        assert_eq!(input.own.len(), 0, "who has nothing left keeps nothing");
        send(&mut input, 3, b"", 0);
        input.forget(2);
        assert_eq!(send(&mut input, 2, b"new", 0), b"new");
        input.forget(2);
        assert_eq!(send(&mut input, 2, b"newer", 0), b"newer");
    }

    #[test]
    fn a_client_that_sends_again_and_again_never_makes_the_shared_buffer_larger() {
        let mut input = Input::default();
        let (capacity, sent) = (input.shared.bytes.capacity(), vec![b'x'; ROOM_BYTES]);
        for left in [1, ROOM_BYTES, LONG_BYTES].into_iter().cycle().take(100) {
            let piece = input.of(1, LONG_BYTES);
            piece.end().extend_from_slice(&sent);
            piece.executed(piece.unread().len().saturating_sub(left));
            assert!(piece.unread().len() <= left);
            assert_eq!((input.shared.bytes.capacity(), input.holder), (capacity, 1));
        }
    }

    #[test]
    fn a_long_request_has_a_buffer_of_its_own_that_grows_as_it_comes() {
        let mut input = Input::default();
        send(&mut input, 1, b"head", 0);
        let piece = input.of(1, 512 << 20);
        assert!(piece.bytes.capacity() <= 2 * MORE_BYTES, "{}", piece.bytes.capacity());
        assert_eq!(piece.unread(), b"head");
        assert_eq!(input.holder, 0);
        for _ in 0..3 * LONG_BYTES / ROOM_BYTES {
            send(&mut input, 1, &[b'x'; ROOM_BYTES], 0);
            send(&mut input, 2, b"ping", 4);
        }
        let length = input.own[&1].unread().len();
        assert_eq!(length, 4 + 3 * LONG_BYTES);
        send(&mut input, 1, b"", length - 1);
        assert!(input.own[&1].bytes.capacity() < ROOM_BYTES, "its memory was given back");
        assert_eq!(send(&mut input, 1, b"y", 2), b"xy");
        assert!(input.own.is_empty());
    }

    #[test]
    fn what_was_executed_is_not_taken_back() {
        let mut input = Input::default();
        send(&mut input, 1, b"abcdef", 2);
        input.of(1, 0).take_back(1);
        assert_eq!(input.of(1, 0).unread(), b"cde");
        input.of(1, 0).take_back(100);
        assert_eq!(input.of(1, 0).unread(), b"");
    }
}
