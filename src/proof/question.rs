//! What a node is asked about a batch of keys, and what its answers mean. Many keys are asked for
//! together first; those that this leaves open are asked for one by one. No I/O.

use std::ops::Range;
use std::time::SystemTime;

use crate::dataset::{CONTIGUOUS_BYTES, Position, write_ordinal};
use crate::net::shown;
use crate::resp::{Leaf, Value, encode_command};

use super::{Depth, Expectation, Fault, Seen};

/// Keys in one command, all of one slot.
const GROUP_KEYS: usize = 512;
/// Bytes of values that one MGET asks for.
const GROUP_BYTES: usize = 256 << 10;
/// Bytes of a large value that are asked for at a time.
const PART_BYTES: usize = 1 << 20;
/// Bytes of each value that make its stamp known: eight of its own, and as many again from the pool.
const STAMP_READ_BYTES: usize = 16;

/// One command. Numbers are places in the batch.
#[derive(Clone, Debug)]
pub(super) enum Question {
    /// EXISTS
    Existence(Range<usize>),
    /// STRLEN
    Length(usize),
    /// GETRANGE: from this byte on, so many.
    Part(usize, usize, usize),
    /// MGET
    Values(Range<usize>),
    /// PTTL
    Lifetime(usize),
}

/// What a key came to so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Seen(Seen),
    /// It has to be asked for by itself.
    Open,
    /// It is being moved; another node knows: `host:port` as the first one calls it.
    Elsewhere(String),
}

const EXACT: State = State::Seen(Seen::Exact);

/// A batch of keys under inquiry.
pub(super) struct Inquiry<'a> {
    pub expected: &'a Expectation,
    pub batch: &'a [Position],
    pub states: Vec<State>,
    /// What a node said that would not say more.
    pub refusal: Option<String>,
}

impl<'a> Inquiry<'a> {
    pub fn new(expected: &'a Expectation, batch: &'a [Position]) -> Self {
        Self { expected, batch, states: vec![EXACT; batch.len()], refusal: None }
    }

    /// What to ask of all keys, as many as possible together.
    pub fn together(&self, lifetimes: bool) -> Vec<Question> {
        let size = self.expected.values.size();
        let mut questions = Vec::with_capacity(self.batch.len() / 8 + 1);
        match self.expected.depth {
            Depth::Existence => questions.extend(self.groups(GROUP_KEYS).map(Question::Existence)),
            Depth::Value if size <= CONTIGUOUS_BYTES => {
                let most = (GROUP_BYTES / size.max(1)).clamp(1, GROUP_KEYS);
                questions.extend(self.groups(most).map(Question::Values));
            }
            Depth::Size | Depth::Stamp | Depth::Value => {
                (0..self.batch.len()).for_each(|place| self.about_value(place, &mut questions));
            }
        }
        if lifetimes && self.expected.depth.sees_lifetimes() {
            questions.extend((0..self.batch.len()).map(Question::Lifetime));
        }
        questions
    }

    /// What to ask of each of these keys by itself. They count as exact until an answer says otherwise.
    pub fn one_by_one(&mut self, places: &[usize]) -> Vec<Question> {
        let mut questions = Vec::new();
        for &place in places {
            self.states[place] = EXACT;
            questions.push(Question::Existence(place..place + 1));
            if self.expected.depth != Depth::Existence {
                self.about_value(place, &mut questions);
                questions.push(Question::Lifetime(place));
            }
        }
        questions
    }

    /// Length, and as much of the value as is looked at.
    fn about_value(&self, place: usize, questions: &mut Vec<Question>) {
        let size = self.expected.values.size();
        let looked_at = match self.expected.depth {
            Depth::Existence | Depth::Size => 0,
            Depth::Stamp => size.min(STAMP_READ_BYTES),
            Depth::Value => size,
        };
        questions.push(Question::Length(place));
        let starts = (0..looked_at).step_by(PART_BYTES);
        questions.extend(starts.map(|start| Question::Part(place, start, PART_BYTES.min(looked_at - start))));
    }

    /// The batch in runs of one slot, each of `most` keys at most.
    fn groups(&self, most: usize) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        let slots = self.batch.chunk_by(|a, b| a.slot == b.slot);
        slots.flat_map(move |run| run.chunks(most)).map(move |group| {
            let range = start..start + group.len();
            start = range.end;
            range
        })
    }

    /// Appends a question's command to `wire`.
    pub fn encode(&self, question: &Question, key: &mut Vec<u8>, wire: &mut Vec<u8>) {
        let mut spell = |place: usize| {
            key.clear();
            self.expected.spec.shape().write(self.batch[place], key);
        };
        match *question {
            Question::Length(place) => {
                spell(place);
                encode_command(wire, &[b"STRLEN", key]);
            }
            Question::Part(place, start, length) => {
                spell(place);
                let [first, last] = [start, start + length - 1].map(|byte| byte.to_string());
                encode_command(wire, &[b"GETRANGE", key, first.as_bytes(), last.as_bytes()]);
            }
            Question::Lifetime(place) => {
                spell(place);
                encode_command(wire, &[b"PTTL", key]);
            }
            Question::Existence(ref places) => self.encode_group(b"$6\r\nEXISTS\r\n", places, wire),
            Question::Values(ref places) => self.encode_group(b"$4\r\nMGET\r\n", places, wire),
        }
    }

    /// Appends a command of many keys, spelt in place.
    fn encode_group(&self, command: &[u8], places: &Range<usize>, wire: &mut Vec<u8>) {
        let shape = self.expected.spec.shape();
        let header = format!("\r\n${}\r\n", shape.size());
        wire.extend_from_slice(format!("*{}\r\n", places.len() + 1).as_bytes());
        wire.extend_from_slice(&command[..command.len() - 2]);
        let (first, ordinal_at) = (wire.len(), header.len() + shape.ordinal_at());
        for (number, &position) in self.batch[places.clone()].iter().enumerate() {
            if number == 0 {
                wire.extend_from_slice(header.as_bytes());
                shape.write(position, wire);
                continue;
            }
            // Keys of one slot differ in their ordinals alone.
            let start = wire.len();
            wire.extend_from_within(first..first + header.len() + shape.size());
            let digits = start + ordinal_at;
            write_ordinal(position.ordinal, &mut wire[digits..digits + shape.ordinal_width()]);
        }
        wire.extend_from_slice(b"\r\n");
    }

    /// About how many bytes the answer has that is hoped for.
    pub fn answer_bytes(&self, question: &Question) -> usize {
        match question {
            Question::Values(places) => places.len() * self.expected.values.size(),
            Question::Part(_, _, length) => *length,
            Question::Existence(_) | Question::Length(_) | Question::Lifetime(_) => 0,
        }
    }

    /// Takes an answer. `alone` says that its key was asked for by itself: then it decides.
    pub fn take(&mut self, question: &Question, answer: &Value, alone: bool) {
        if let Some(message) = answer.as_error() {
            let state = self.refused(message, alone);
            question.places().for_each(|place| self.meet(place, state.clone()));
            return;
        }
        let absent = if alone { State::Seen(Seen::Faulty(Fault::Missing)) } else { State::Open };
        match question {
            Question::Existence(places) => {
                if answer.as_integer() != Some(places.len() as i64) {
                    places.clone().for_each(|place| self.meet(place, absent.clone()));
                }
            }
            Question::Length(place) => match answer.as_integer() {
                // An empty string or no key.
                Some(0) if !alone => self.meet(*place, State::Open),
                length => self.fault_unless(
                    length == Some(self.expected.values.size() as i64),
                    *place,
                    Fault::Value,
                ),
            },
            Question::Part(place, start, length) => match answer.as_bytes() {
                // It had a length a moment ago: it may have expired, or been deleted, since.
                Some([]) if !alone => self.meet(*place, State::Open),
                bytes => {
                    let right = bytes
                        .is_some_and(|bytes| bytes.len() == *length && self.matches(*place, *start, bytes));
                    self.fault_unless(right, *place, Fault::Value);
                }
            },
            Question::Values(places) => self.take_values(places, answer),
            Question::Lifetime(place) => match answer.as_integer() {
                Some(-2) => self.meet(*place, absent),
                left => {
                    let lifetime = self.expected.lifetime;
                    let right = left.is_some_and(|left| lifetime.fits(left, SystemTime::now()));
                    self.fault_unless(right, *place, Fault::Lifetime);
                }
            },
        }
    }

    fn take_values(&mut self, places: &Range<usize>, answer: &Value) {
        let values = answer.as_array().unwrap_or_default();
        for (number, place) in places.clone().enumerate() {
            self.take_value(place, values.get(number).and_then(Value::as_bytes));
        }
    }

    /// Takes the value of one key among others; `None` is no key, or one of another type.
    fn take_value(&mut self, place: usize, value: Option<&[u8]>) {
        match value {
            Some(bytes) => {
                let right = bytes.len() == self.expected.values.size() && self.matches(place, 0, bytes);
                self.fault_unless(right, place, Fault::Value);
            }
            None => self.meet(place, State::Open),
        }
    }

    /// Takes an item of the answer to a question about values, of which `taken` came before. Returns how many
    /// have come now.
    pub fn take_item(&mut self, question: &Question, taken: usize, item: Leaf<'_>) -> usize {
        let places = question.places();
        match item {
            Leaf::Error(text) => {
                let error = Value::Error(String::from_utf8_lossy(text).into_owned());
                self.take(question, &error, false);
                places.len()
            }
            _ if taken >= places.len() => taken,
            Leaf::Bulk(bytes) => {
                self.take_value(places.start + taken, Some(bytes));
                taken + 1
            }
            Leaf::Nil | Leaf::Integer(_) => {
                self.take_value(places.start + taken, None);
                taken + 1
            }
        }
    }

    /// Leaves open what an answer did not speak of, of which `taken` items came.
    pub fn take_end(&mut self, question: &Question, taken: usize) {
        question.places().skip(taken).for_each(|place| self.meet(place, State::Open));
    }

    fn matches(&self, place: usize, start: usize, bytes: &[u8]) -> bool {
        self.expected.values.matches(self.batch[place], start, bytes)
    }

    fn fault_unless(&mut self, right: bool, place: usize, fault: Fault) {
        if !right {
            self.meet(place, State::Seen(Seen::Faulty(fault)));
        }
    }

    /// The first answer that is not the best one decides.
    fn meet(&mut self, place: usize, state: State) {
        if self.states[place] == EXACT {
            self.states[place] = state;
        }
    }

    /// What an error means: another type is a fault of the key; a slot that is being moved wants each
    /// key to be asked for alone; every other refusal says nothing of the key.
    fn refused(&mut self, message: &str, alone: bool) -> State {
        let mut words = message.split_whitespace();
        match (words.next(), alone) {
            (Some("WRONGTYPE"), _) => return State::Seen(Seen::Faulty(Fault::Type)),
            (Some("ASK" | "TRYAGAIN"), false) => return State::Open,
            (Some("ASK"), true) => {
                if let Some(place) = words.nth(1) {
                    return State::Elsewhere(place.into());
                }
            }
            _ => {}
        }
        self.refusal.get_or_insert_with(|| shown(message));
        State::Seen(Seen::Unknown)
    }

    /// The places that are in this state of being open.
    pub fn open(&self) -> Vec<usize> {
        (0..self.states.len()).filter(|&place| self.states[place] == State::Open).collect()
    }

    /// Gives these keys up.
    pub fn give_up(&mut self, places: &[usize], why: String) {
        self.refusal.get_or_insert(why);
        places.iter().for_each(|&place| self.states[place] = State::Seen(Seen::Unknown));
    }

    /// What each key came to.
    pub fn seen(&self) -> impl Iterator<Item = Seen> {
        self.states.iter().map(|state| match state {
            State::Seen(seen) => *seen,
            State::Open | State::Elsewhere(_) => Seen::Unknown,
        })
    }
}

impl Question {
    fn places(&self) -> Range<usize> {
        match *self {
            Self::Existence(ref places) | Self::Values(ref places) => places.clone(),
            Self::Length(place) | Self::Part(place, _, _) | Self::Lifetime(place) => place..place + 1,
        }
    }
}
