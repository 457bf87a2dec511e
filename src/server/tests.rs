//! A whole node, and whatever a client may send it: nothing makes it panic, what it answers can be read, and what it
//! counts is what is there.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::client::Client;
use super::cluster::{Cluster, State};
use super::commands::TABLE;
use super::connection::{Turn, drop_excess, requests};
use super::cycle::cycle;
use super::input::Input;
use super::node::Node;
use crate::resp::{RequestDecoder, encode_command};

const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7000);
/// What an argument may have: small, so that what is asked for by a number takes no more than that.
const MAX_BULK_BYTES: u64 = 1 << 20;
/// Answers to what comes in one piece.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Pieces between two recounts, which look at every slot.
const RECOUNTED: usize = 10;

/// Keys that a node of the cluster has, so that commands find what others have left.
const KEYS: &[&str] = &["{b}1", "{b}2", "{b}3"];

/// Words that mean something to one command or another.
const WORDS: &[&str] = &[
    "",
    "a",
    "b",
    "{b}1",
    "{b}2",
    "{b}3",
    "0",
    "1",
    "-1",
    "2",
    "7",
    "100",
    "3300",
    "16383",
    "65535",
    "1.5",
    "1e3",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "ex",
    "px",
    "exat",
    "pxat",
    "nx",
    "xx",
    "gt",
    "lt",
    "get",
    "keepttl",
    "persist",
    "match",
    "count",
    "*",
    "[a-",
    "replace",
    "absttl",
    "idletime",
    "copy",
    "keys",
    "auth",
    "on",
    "off",
    "skip",
    "yes",
    "no",
    "all",
    "write",
    "id",
    "addr",
    "type",
    "normal",
    "skipme",
    "setname",
    "user",
    "default",
    "maxmemory",
    "maxmemory-policy",
    "allkeys-lru",
    "volatile-ttl",
    "noeviction",
    "requirepass",
    "cluster-require-full-coverage",
    "importing",
    "migrating",
    "node",
    "stable",
    "hard",
    "soft",
    "commandstats",
    "everything",
    "samples",
    "sync",
    "async",
    "nosave",
    "filterby",
    "pattern",
    "set",
    "mget",
    "oom/2",
    "swallow/3",
    "restart@9",
    "delay=1ms",
    "drop=90000",
    "list",
    "what",
    "\r\n",
    "\u{e9}",
];

/// What is sent in one piece.
#[derive(Clone, Debug)]
enum Piece {
    /// A command's place in the table, words to take arguments from, and how many more or less than it needs.
    /// Its first key is this one of [`KEYS`].
    Command(usize, Vec<Word>, i32, usize),
    /// Any bytes; then, perhaps, the client goes.
    Bytes(Vec<u8>, bool),
    /// Time passes: the node does what it does by itself.
    Cycle,
}

#[derive(Clone, Debug)]
enum Word {
    Known(usize),
    Number(i64),
    /// The name of one of the nodes.
    Id(usize),
    Bytes(Vec<u8>),
    /// What RESTORE takes.
    Dump,
}

fn any_word() -> impl Strategy<Value = Word> {
    prop_oneof![
        8 => (0..WORDS.len()).prop_map(Word::Known),
        4 => (-1..200_i64).prop_map(Word::Number),
        1 => (0..3_usize).prop_map(Word::Id),
        2 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Word::Bytes),
        1 => Just(Word::Dump),
    ]
}

fn any_piece() -> impl Strategy<Value = Piece> {
    let wire = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "([a-z]{1,4} [a-z0-9'\"]{0,4}\r\n){0,3}".prop_map(String::into_bytes),
        "[*][0-9]{1,3}\r\n([$][0-9]{1,2}\r\n[a-z]{0,3}(\r\n)?){0,3}".prop_map(String::into_bytes),
    ];
    let named = |name| TABLE.iter().position(|spec| spec.name == name).unwrap();
    let (multi, exec, set) = (named("multi"), named("exec"), named("set"));
    let place = prop_oneof![8 => 0..TABLE.len(), 1 => Just(multi), 1 => Just(exec), 1 => Just(set)];
    prop_oneof![
        20 => (place, prop::collection::vec(any_word(), 12), prop_oneof![3 => Just(0), 2 => -1..5_i32], 0..KEYS.len())
            .prop_map(|(place, words, more, key)| Piece::Command(place, words, more, key)),
        2 => (wire, any::<bool>()).prop_map(|(wire, goes)| Piece::Bytes(wire, goes)),
        1 => Just(Piece::Cycle),
    ]
}

/// A node with one client that speaks, and one that does not.
struct Room {
    node: Node,
    client: Client,
    decoder: RequestDecoder,
    bytes: Vec<u8>,
    ids: Vec<String>,
}

impl Room {
    fn new(is_cluster: bool) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let addresses = [7000, 7001, 7002].map(|port| SocketAddr::new(ADDRESS.ip(), port));
        let state = State::of_masters(&addresses, addresses.len(), &mut random);
        let ids = state.members.iter().map(|member| member.id.clone()).collect();
        let cluster = is_cluster.then(|| Arc::new(Cluster::new(state, None)));
        let mut node = Node::new(ADDRESS, 0, cluster, false, &mut random);
        node.config.proto_max_bulk_len = MAX_BULK_BYTES;
        node.clients.insert(1, Client::new(1, ADDRESS, ADDRESS, true));
        node.next_client = 3;
        let client = Client::new(2, ADDRESS, ADDRESS, true);
        Self { node, client, decoder: RequestDecoder::default(), bytes: Vec::new(), ids }
    }

    fn reconnect(&mut self) {
        let authenticated = self.node.config.requirepass.is_empty();
        self.client = Client::new(self.node.next_client, ADDRESS, ADDRESS, authenticated);
        self.node.next_client += 1;
        (self.decoder, self.bytes) = (RequestDecoder::default(), Vec::new());
    }

    fn send(&mut self, piece: &Piece) -> TestCaseResult {
        match piece {
            Piece::Command(place, words, more, key) => {
                if let Some(wire) = self.wire(*place, words, *more, KEYS[*key]) {
                    self.read(&wire)?;
                }
            }
            Piece::Bytes(wire, goes) => {
                self.read(wire)?;
                if *goes {
                    self.reconnect();
                }
            }
            Piece::Cycle => cycle(&mut self.node),
        }
        Ok(())
    }

    fn recount(&self) -> TestCaseResult {
        let keys = &self.node.keys;
        prop_assert_eq!(keys.recount(), (keys.len(), keys.expiring(), keys.bytes()));
        let queued = self.client.transaction.as_ref().map_or(0, |transaction| transaction.commands.len());
        prop_assert_eq!(queued == 0, self.client.queued_bytes() == 0);
        Ok(())
    }

    /// A command; `None` for one that would do more than it may here.
    fn wire(&self, place: usize, words: &[Word], more: i32, key: &str) -> Option<Vec<u8>> {
        let spec = &TABLE[place];
        let mut sent: Vec<Vec<u8>> = spec.name.split('|').map(|name| name.as_bytes().to_vec()).collect();
        let arguments = (spec.arity.abs() - sent.len() as i32 + more).max(0) as usize;
        sent.extend(words.iter().take(arguments).map(|word| self.word(word)));
        if let Some(first) = sent.get_mut(spec.keys.first).filter(|_| spec.keys.first > 0) {
            *first = key.into();
        }
        match spec.name {
            // Some of the answers to a transaction are then unwanted, and the rest cannot be read: as in Redis.
            "client|reply" if self.client.transaction.is_some() => return None,
            "debug" => sent = vec![b"debug".to_vec(), b"sleep".to_vec(), b"0".to_vec()],
            // Where nobody listens.
            "migrate" if sent.len() > 5 => {
                sent[1..3].clone_from_slice(&[b"127.0.0.1".to_vec(), b"1".to_vec()]);
                sent[5] = b"50".to_vec();
            }
            _ => {}
        }
        let mut wire = Vec::new();
        encode_command(&mut wire, &sent.iter().map(Vec::as_slice).collect::<Vec<_>>());
        Some(wire)
    }

    fn word(&self, word: &Word) -> Vec<u8> {
        match word {
            Word::Known(place) => WORDS[*place].into(),
            Word::Number(number) => number.to_string().into(),
            Word::Id(member) => self.ids[*member].clone().into(),
            Word::Bytes(bytes) => bytes.clone(),
            Word::Dump => super::rdb::dump(b"restored"),
        }
    }

    fn read(&mut self, wire: &[u8]) -> TestCaseResult {
        self.bytes.extend_from_slice(wire);
        loop {
            let (turn, used) = requests(&mut self.node, &mut self.client, &mut self.decoder, &self.bytes);
            self.bytes.drain(..used);
            let (answers, resp3) = (self.client.reply.bytes(), self.client.reply.resp3);
            prop_assert!(answers.len() <= MAX_ANSWER_BYTES);
            // Who is sent away in the middle of a transaction is not told the rest.
            if !matches!(turn, Turn::Close) {
                let rest = after_answers(answers);
                prop_assert_eq!(rest, Some(&b""[..]), "{} {}", resp3, answers.escape_ascii());
            }
            self.client.reply.truncate(0);
            match turn {
                Turn::Read => return Ok(()),
                Turn::Write | Turn::Delay(_) => {}
                Turn::Wait => {
                    self.node.pause = None;
                    self.client.waiting.iter_mut().for_each(|wait| wait.until = Some(0));
                }
                Turn::Close => {
                    self.reconnect();
                    return Ok(());
                }
            }
        }
    }
}

/// What stands behind all answers that are whole; `None` if there is something else.
fn after_answers(mut bytes: &[u8]) -> Option<&[u8]> {
    while !bytes.is_empty() {
        bytes = after_answer(bytes)?;
    }
    Some(bytes)
}

fn after_answer(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    let (line, mut rest) = (&bytes[1..end], &bytes[end + 2..]);
    let number = std::str::from_utf8(line).ok().and_then(|text| text.parse::<i64>().ok());
    match bytes[0] {
        b'+' | b'-' => Some(rest),
        b':' => number.map(|_| rest),
        b'_' => line.is_empty().then_some(rest),
        b'$' | b'=' => match number? {
            -1 => Some(rest),
            length => rest.get(usize::try_from(length).ok()?..)?.strip_prefix(b"\r\n"),
        },
        kind @ (b'*' | b'~' | b'%') => {
            // Told only of arrays that are none.
            let items = if number? == -1 { 0 } else { usize::try_from(number?).ok()? };
            for _ in 0..items * if kind == b'%' { 2 } else { 1 } {
                rest = after_answer(rest)?;
            }
            Some(rest)
        }
        _ => None,
    }
}

proptest! {
    // What fails is made shorter for a while, not for minutes.
    #![proptest_config(ProptestConfig { max_shrink_time: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_sent_is_answered_and_counted(
        is_cluster in any::<bool>(),
        pieces in prop::collection::vec(any_piece(), 0..80),
    ) {
        let mut room = Room::new(is_cluster);
        for some in pieces.chunks(RECOUNTED) {
            some.iter().try_for_each(|piece| room.send(piece))?;
            room.recount()?;
        }
        // It still serves who comes now, if no fault or password is in the way.
        room.node.faults = Default::default();
        room.node.config.requirepass.clear();
        room.reconnect();
        room.read(b"echo here\r\n")?;
        prop_assert_eq!(room.client.commands, 1);
    }
}

#[test]
fn a_client_that_is_dropped_in_the_middle_of_a_request() {
    let mut room = Room::new(false);
    let mut input = Input::default();
    let mut send = |room: &mut Room, bytes: &[u8]| {
        let piece = input.of(2, 0);
        piece.end().extend_from_slice(bytes);
        room.client.bytes_in += bytes.len() as u64;
        let dropped = drop_excess(&room.node, &room.client, piece, bytes.len() as u64);
        let (_, used) = requests(&mut room.node, &mut room.client, &mut room.decoder, piece.unread());
        piece.executed(used);
        (dropped, piece.unread().len())
    };
    // Two words are decoded when it is said that a client is dropped for less than they are.
    assert_eq!(send(&mut room, b"*3\r\n$3\r\nSET\r\n$4\r\nlong\r\n"), (false, 23));
    assert_eq!(room.node.faults.add("drop=10".parse().unwrap()), Ok(None));
    assert_eq!(send(&mut room, b"$1\r\nx\r\n"), (true, 23));
    assert_eq!(room.client.commands, 0);
}

#[test]
fn an_answer_is_told_from_what_is_none() {
    let whole: [&[u8]; 6] = [
        b"",
        b"+OK\r\n:1\r\n",
        b"*2\r\n$1\r\na\r\n*0\r\n",
        b"%1\r\n_\r\n$-1\r\n",
        b"~1\r\n=5\r\ntxt:a\r\n",
        b"*-1\r\n",
    ];
    assert!(whole.iter().all(|bytes| after_answers(bytes) == Some(b"")));
    let broken: [&[u8]; 6] = [b"+OK", b"*2\r\n:1\r\n", b"$3\r\nab\r\n", b":x\r\n", b"OK\r\n", b"$-2\r\n"];
    assert!(broken.iter().all(|bytes| after_answers(bytes) != Some(b"")));
}
