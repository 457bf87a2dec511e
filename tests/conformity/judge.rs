//! Two servers, one real and one embedded, and a client that asks both.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::BytesMut;
use fillbench::resp::{Decoder, Value, encode_command};
use fillbench::server::{Server as Embedded, ServerOptions};
use fillbench::target::{Layout, Spawned};

use crate::common::Server;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to one server, without any of the program's own connection code.
pub(crate) struct Client {
    stream: TcpStream,
    input: BytesMut,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        Self { stream, input: BytesMut::new() }
    }

    /// The answer to one command.
    pub(crate) fn call(&mut self, words: &[&[u8]]) -> Value {
        let mut wire = Vec::new();
        encode_command(&mut wire, words);
        self.send(&wire);
        self.answer()
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// The next answer, in RESP2.
    pub(crate) fn answer(&mut self) -> Value {
        let mut decoder = Decoder::default();
        loop {
            if let Some(value) = decoder.decode(&mut self.input).unwrap() {
                return value;
            }
            self.more().expect("the server hung up");
        }
    }

    /// What comes until the server hangs up.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.more().is_some() {}
        self.input.split().to_vec()
    }

    /// The bytes that come next, whatever they are.
    pub(crate) fn part(&mut self) -> Vec<u8> {
        if self.input.is_empty() {
            self.more().expect("the server hung up");
        }
        self.input.split().to_vec()
    }

    fn more(&mut self) -> Option<()> {
        let mut part = [0; 64 << 10];
        let read = loop {
            match self.stream.read(&mut part) {
                // Reading with a timeout is cut short whenever a child of any test ends.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other.unwrap(),
            }
        };
        self.input.extend_from_slice(&part[..read]);
        (read > 0).then_some(())
    }
}

/// A real server and an embedded one of the same layout, and a client at each.
pub(crate) struct Both {
    pub(crate) real: Client,
    pub(crate) embedded: Client,
    pub(crate) spawned: Spawned,
    pub(crate) server: Embedded,
}

impl Both {
    /// Starts both: `None` where there is no real one. A cluster has one master, so that every
    /// key is at home where it is asked for.
    pub(crate) async fn start(layout: Layout, test: &str) -> Option<Self> {
        let redis = Server::find("redis", test)?;
        let masters = layout.is_cluster().then(|| layout.masters() as u16);
        let spawned = redis.start(layout).await;
        let server = Embedded::start(&ServerOptions { masters, ..ServerOptions::default() }).unwrap();
        let real = Client::connect(spawned.addresses()[0]);
        let embedded = Client::connect(server.addresses()[0]);
        Some(Self { real, embedded, spawned, server })
    }

    /// Both answer this command the same; returns what they answered.
    #[track_caller]
    pub(crate) fn same(&mut self, command: &str) -> Value {
        let words: Vec<&[u8]> =
            command.split(' ').map(|word| if word == "''" { "" } else { word }.as_bytes()).collect();
        self.same_words(&words)
    }

    /// As [`Self::same`], of words that may hold anything.
    #[track_caller]
    pub(crate) fn same_words(&mut self, words: &[&[u8]]) -> Value {
        let (real, embedded) = (self.real.call(words), self.embedded.call(words));
        let shown: Vec<_> =
            words.iter().map(|word| String::from_utf8_lossy(&word[..word.len().min(60)])).collect();
        assert_eq!(embedded, real, "{}", shown.join(" "));
        real
    }

    /// Both answer each of these commands, one a line, the same. A line that starts with `#` says why.
    #[track_caller]
    pub(crate) fn agree(&mut self, script: &str) {
        for command in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            self.same(command);
        }
    }
}
