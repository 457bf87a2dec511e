//! HOT PATH. The bytes of a writer's pipelines, generated in place: copy a template, patch its
//! digits, copy the value from the pool. Nothing is allocated per key. `benchmark/batch.rs` measures
//! this file alone.
//!
//! A pipeline with replies off is `CLIENT REPLY OFF`, all commands but the last, `CLIENT REPLY ON`,
//! the last command: the barrier's two answers say that everything before was executed, and whether
//! the last write was *accepted*, so that a server that refuses writes is known a pipeline later.
//! Where it was asked for, and at the end, `CLIENT INFO` follows: how many commands this connection has executed.
//! Where replicas are waited for, `WAIT` follows: it holds this connection alone.

use std::sync::Arc;
use std::time::Duration;

use crate::dataset::{CONTIGUOUS_BYTES, Position, Spec, Values};
use crate::resp::encode_command;

use super::census::CLIENT_INFO;
use super::walk::{Segment, Walk};

const CLIENT_REPLY_OFF: &[u8] = b"*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$3\r\nOFF\r\n";
const CLIENT_REPLY_ON: &[u8] = b"*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$2\r\nON\r\n";

/// Which command carries the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// One key a command.
    Set,
    /// Consecutive keys of one slot in one command.
    Mset,
}

/// Whether each command is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyMode {
    /// Only the barrier is.
    Off,
    /// All are.
    On,
}

/// A time to live as SET takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeToLive(pub Duration);

/// How many replicas must have a pipeline's keys before they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaWait {
    /// So many; at least one.
    pub replicas: u64,
    /// How long a barrier waits for them.
    pub timeout: Duration,
}

impl ReplicaWait {
    /// As WAIT takes it: whole milliseconds, and never 0, which would be for ever.
    pub fn timeout_ms(&self) -> u64 {
        u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX).clamp(1, i64::MAX as u64)
    }
}

/// How many keys stand between two barriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// So many.
    Exactly(u64),
    /// So many, or up to the end of the command that reaches it.
    AtLeast(u64),
}

impl Depth {
    /// Keys that a pipeline has, if no command goes beyond them.
    pub fn keys(self) -> u64 {
        let (Self::Exactly(keys) | Self::AtLeast(keys)) = self;
        keys
    }
}

impl Command {
    /// As servers spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Set => "SET",
            Self::Mset => "MSET",
        }
    }
}

/// How keys become commands and pipelines.
#[derive(Clone, Copy, Debug)]
pub struct BatchOptions {
    /// Which command.
    pub command: Command,
    /// The most keys in one command; 1 with [`Command::Set`].
    pub group: u64,
    /// Keys in a pipeline.
    pub depth: Depth,
    /// Whether replies are off.
    pub reply: ReplyMode,
    /// Given to each key; needs [`Command::Set`].
    pub ttl: Option<TimeToLive>,
    /// Replicas that each barrier waits for.
    pub wait: Option<ReplicaWait>,
}

/// A pipeline that has been generated to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Keys in it.
    pub keys: u64,
    /// Commands that carried them.
    pub commands: u64,
    /// Answers that it will get.
    pub replies: u64,
    /// Whether it asks how many commands were executed. That answer is its last but for the one to WAIT.
    pub asks: bool,
}

impl Ended {
    const NOTHING: Self = Self { keys: 0, commands: 0, replies: 0, asks: false };
}

/// Which pipelines ask how many commands were executed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Question {
    Never,
    AtTheEnd,
    /// The next one does.
    Soon,
}

/// Where the generator stands.
enum State {
    Between,
    /// Inside a pipeline, before a command.
    Command,
    /// Inside a command, before a key.
    Key,
    /// Inside a value that is too large for one slice; so many of its bytes are out.
    Value(usize),
}

/// Generates one writer's pipelines.
pub struct Batch {
    walk: Walk,
    values: Arc<Values>,
    options: BatchOptions,
    /// What stands before each value: the key, and for SET the command's start.
    head: Vec<u8>,
    tag_at: usize,
    ordinal_at: usize,
    ordinal_end: usize,
    /// What stands after each value.
    tail: Vec<u8>,
    /// What stands after each pipeline.
    closing: Vec<u8>,
    question: Question,
    state: State,
    at: Position,
    left_in_command: u64,
    pipeline: Ended,
}

impl Batch {
    /// A generator for the keys of `walk`.
    pub fn new(walk: Walk, spec: &Spec, values: Arc<Values>, options: BatchOptions) -> Self {
        let (head, tail) = frame(spec, &options);
        let key_at = head.len() - value_header(spec).len() - b"\r\n".len() - spec.shape().size();
        let ordinal_at = key_at + spec.shape().ordinal_at();
        Self {
            walk,
            values,
            options,
            tag_at: key_at + spec.shape().tag_at(),
            ordinal_at,
            ordinal_end: ordinal_at + spec.shape().ordinal_width(),
            head,
            tail,
            closing: options.wait.as_ref().map(encode_wait).unwrap_or_default(),
            question: Question::Never,
            state: State::Between,
            at: Position { slot: 0, ordinal: 0 },
            left_in_command: 0,
            pipeline: Ended::NOTHING,
        }
    }

    /// The keys that are left, and their order.
    pub fn walk(&self) -> &Walk {
        &self.walk
    }

    /// How keys become commands and pipelines.
    pub fn options(&self) -> &BatchOptions {
        &self.options
    }

    /// Whether the last pipeline, or one that is cut, asks how many commands were executed.
    pub fn ask_at_the_end(&mut self, asks: bool) {
        self.question = if asks { Question::AtTheEnd } else { Question::Never };
    }

    /// The pipeline that ends next asks, too.
    pub fn ask_soon(&mut self) {
        self.question = Question::Soon;
    }

    /// Replicas that each barrier waits for, the pipeline's last answer being how many there are.
    pub fn wait(&self) -> Option<ReplicaWait> {
        self.options.wait
    }

    /// Bytes of one key with its value and what frames them.
    pub fn key_bytes(&self) -> usize {
        self.head.len() + self.values.size() + self.tail.len()
    }

    /// Whether the last byte generated was the last of a pipeline.
    pub fn between_pipelines(&self) -> bool {
        matches!(self.state, State::Between)
    }

    /// Whether everything has been generated.
    pub fn is_done(&self) -> bool {
        self.between_pipelines() && self.walk.left() == 0
    }

    /// Appends to `out` until it holds `fill_to` bytes or more, or the pipeline ends. Beyond that it
    /// goes by one key at most, and not by a value above [`CONTIGUOUS_BYTES`], which is streamed. Must not be called when
    /// [`Self::is_done`]. With `cut`, the pipeline ends with the command that it is in.
    pub fn fill(&mut self, out: &mut Vec<u8>, fill_to: usize, cut: bool) -> Option<Ended> {
        loop {
            match self.state {
                State::Between => {
                    self.pipeline = Ended::NOTHING;
                    if self.options.reply == ReplyMode::Off {
                        out.extend_from_slice(CLIENT_REPLY_OFF);
                    }
                    self.state = State::Command;
                }
                State::Command => {
                    if cut || self.pipeline_left() == 0 || self.walk.left() == 0 {
                        return Some(self.end_pipeline(out));
                    }
                    self.start_command(out);
                }
                State::Key if self.values.size() <= CONTIGUOUS_BYTES => {
                    self.append_keys(out, fill_to);
                    if self.left_in_command == 0 {
                        self.state = State::Command;
                    }
                }
                State::Key => {
                    out.extend_from_slice(&self.head);
                    self.state = State::Value(0);
                }
                State::Value(done) => self.append_value(out, done, fill_to),
            }
            // A pipeline that is complete ends in the same call: its barrier is never left behind.
            let complete =
                matches!(self.state, State::Command) && (self.pipeline_left() == 0 || self.walk.left() == 0);
            if out.len() >= fill_to && !complete {
                return None;
            }
        }
    }

    /// Keys that may still come before the barrier.
    fn pipeline_left(&self) -> u64 {
        self.options.depth.keys().saturating_sub(self.pipeline.keys)
    }

    fn start_command(&mut self, out: &mut Vec<u8>) {
        let most = match self.options.depth {
            Depth::Exactly(_) => self.pipeline_left(),
            Depth::AtLeast(_) => u64::MAX,
        };
        let Some(Segment { first, keys }) = self.walk.next(self.options.group, most) else { return };
        self.pipeline.keys += keys;
        self.pipeline.commands += 1;
        self.pipeline.replies += 1;
        let last = self.pipeline_left() == 0 || self.walk.left() == 0;
        if last && self.options.reply == ReplyMode::Off {
            out.extend_from_slice(CLIENT_REPLY_ON);
            self.pipeline.replies = 2;
        }
        if self.options.command == Command::Mset {
            out.extend_from_slice(format!("*{}\r\n$4\r\nMSET\r\n", 1 + 2 * keys).as_bytes());
        }
        if first.slot != self.at.slot || first.ordinal == 0 {
            let tag = crate::slots::tag(first.slot);
            self.head[self.tag_at..self.tag_at + tag.len()].copy_from_slice(&tag);
        }
        self.at = first;
        self.left_in_command = keys;
        let digits = &mut self.head[self.ordinal_at..self.ordinal_end];
        crate::dataset::write_ordinal(first.ordinal, digits);
        self.state = State::Key;
    }

    /// Whole keys with values of one slice, until the command ends or `out` is full.
    fn append_keys(&mut self, out: &mut Vec<u8>, fill_to: usize) {
        while self.left_in_command > 0 {
            out.extend_from_slice(&self.head);
            self.values.write(self.at, out);
            out.extend_from_slice(&self.tail);
            self.next_key();
            if out.len() >= fill_to {
                break;
            }
        }
    }

    /// The next part of a value that is streamed.
    fn append_value(&mut self, out: &mut Vec<u8>, done: usize, fill_to: usize) {
        let most = fill_to.saturating_sub(out.len()).max(1);
        let done = done + self.values.write_part(self.at, done, most, out);
        self.state = State::Value(done);
        if done == self.values.size() {
            out.extend_from_slice(&self.tail);
            self.next_key();
            self.state = if self.left_in_command == 0 { State::Command } else { State::Key };
        }
    }

    fn next_key(&mut self) {
        self.left_in_command -= 1;
        self.at.ordinal += 1;
        for digit in self.head[self.ordinal_at..self.ordinal_end].iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                break;
            }
            *digit = b'0';
        }
    }

    fn end_pipeline(&mut self, out: &mut Vec<u8>) -> Ended {
        self.state = State::Between;
        // Cut short: the last command that was planned, and with it the barrier, has not come.
        let open = self.pipeline_left() > 0 && self.walk.left() > 0;
        if open && self.options.reply == ReplyMode::Off {
            out.extend_from_slice(CLIENT_REPLY_ON);
            self.pipeline.replies = 1;
        }
        let is_last = open || self.walk.left() == 0;
        if self.question == Question::Soon || self.question == Question::AtTheEnd && is_last {
            out.extend_from_slice(CLIENT_INFO);
            self.pipeline.replies += 1;
            self.pipeline.asks = true;
            self.question = Question::AtTheEnd;
        }
        if !self.closing.is_empty() {
            out.extend_from_slice(&self.closing);
            self.pipeline.replies += 1;
        }
        self.pipeline
    }
}

fn encode_wait(wait: &ReplicaWait) -> Vec<u8> {
    let (replicas, timeout) = (wait.replicas.to_string(), wait.timeout_ms().to_string());
    let mut wire = Vec::new();
    encode_command(&mut wire, &[b"WAIT", replicas.as_bytes(), timeout.as_bytes()]);
    wire
}

/// What stands before and after each value.
fn frame(spec: &Spec, options: &BatchOptions) -> (Vec<u8>, Vec<u8>) {
    let mut head = Vec::new();
    if options.command == Command::Set {
        let words = if options.ttl.is_some() { 5 } else { 3 };
        head.extend_from_slice(format!("*{words}\r\n$3\r\nSET\r\n").as_bytes());
    }
    head.extend_from_slice(format!("${}\r\n", spec.shape().size()).as_bytes());
    spec.shape().write(Position { slot: 0, ordinal: 0 }, &mut head);
    head.extend_from_slice(b"\r\n");
    head.extend_from_slice(value_header(spec).as_bytes());
    let mut tail = b"\r\n".to_vec();
    if let Some(TimeToLive(ttl)) = options.ttl {
        let ms = ttl.as_millis().to_string();
        tail.extend_from_slice(format!("$2\r\nPX\r\n${}\r\n{ms}\r\n", ms.len()).as_bytes());
    }
    (head, tail)
}

fn value_header(spec: &Spec) -> String {
    format!("${}\r\n", spec.value_size())
}

/// Bytes on the wire for each key and value, the commands' own headers left out where many keys
/// share them.
pub fn wire_bytes_per_key(spec: &Spec, options: &BatchOptions) -> u64 {
    let (head, tail) = frame(spec, options);
    (head.len() + spec.value_size() + tail.len()) as u64
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
