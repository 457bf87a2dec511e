//! Looking at each key over a connection to its owner, as closely as is asked. It follows a slot that is
//! being moved to where its keys are; nothing in it writes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::cluster::Info;
use crate::dataset::Position;
use crate::net::{Address, AddressMap, Connection, Connector, NetError};
use crate::resp::encode_command;

use super::list::list;
use super::question::{Inquiry, Question, State};
use super::{Depth, Expectation, Lifetime, Seen, SlotRead};

/// Keys that are looked at together.
pub const BATCH_KEYS: usize = 1024;
/// Bytes of questions, and of the answers to them, that are on their way at a time; one question is
/// always admitted.
const WINDOW_BYTES: usize = 1 << 20;
/// Other nodes that a reader follows its keys to, at most: a slot moves to one.
const MAX_OTHERS: usize = 64;

/// Counts keys as they are looked at.
pub type ReadProgress = AtomicU64;

/// What a batch of keys came to.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Each key, in the order of the batch.
    pub seen: Vec<Seen>,
    /// What a node said that would not say more.
    pub refusal: Option<String>,
}

/// Why this user may not ask of `key`, which this node owns, what looking asks, in the node's words;
/// `None` if he may.
///
/// # Errors
/// [`NetError`] if the node does not answer.
pub async fn may_read(node: &mut Connection, depth: Depth, key: &[u8]) -> Result<Option<String>, NetError> {
    let questions: [&[&[u8]]; 5] = [
        &[b"EXISTS", key],
        &[b"STRLEN", key],
        &[b"PTTL", key],
        &[b"GETRANGE", key, b"0", b"0"],
        &[b"MGET", key],
    ];
    let asked = match depth {
        Depth::Existence => 1,
        Depth::Size => 3,
        Depth::Stamp => 4,
        Depth::Value => 5,
    };
    for question in &questions[..asked] {
        let reply = node.call_raw(question).await?;
        if let Some(message) = reply.as_error().filter(|message| message.starts_with("NOPERM")) {
            return Ok(Some(message.into()));
        }
    }
    Ok(None)
}

/// A connection to a node whose keys are looked at.
pub struct Reader {
    node: Connection,
    /// Where this node's keys are being moved to, by the name that it calls them.
    others: BTreeMap<String, Connection>,
    connector: Connector,
    map: AddressMap,
    /// Whether any key here may have a time to live that it should not have, or should.
    lifetimes: bool,
    /// Whether a slot's keys may be listed in place of being asked for: what expires may be listed still.
    lists: bool,
    /// Whether the node has listed some.
    has_listed: bool,
}

impl Reader {
    /// Opens a connection.
    ///
    /// # Errors
    /// [`NetError`] if there is none.
    pub async fn open(
        connector: &Connector,
        map: &AddressMap,
        address: &Address,
        expected: &Expectation,
    ) -> Result<Self, NetError> {
        let mut node = connector.open(address).await?;
        let expires =
            expected.lifetime != Lifetime::Forever || may_expire(&mut node, connector.database).await?;
        let lifetimes = expires && expected.depth.sees_lifetimes();
        let lists = !expires && expected.depth == Depth::Existence && expected.sample.is_none();
        let (connector, map) = (connector.clone(), map.clone());
        Ok(Self { node, others: BTreeMap::new(), connector, map, lifetimes, lists, has_listed: false })
    }

    /// Who is asked.
    pub fn address(&self) -> &Address {
        self.node.address()
    }

    /// The connection to the node itself.
    pub fn node(&mut self) -> &mut Connection {
        &mut self.node
    }

    /// A connection to the node that ASK names, `host:port`; it is kept for the next time.
    ///
    /// # Errors
    /// [`NetError`] if there is none.
    pub async fn other(&mut self, name: &str) -> Result<&mut Connection, NetError> {
        let connection = match self.others.remove(name) {
            Some(known) => known,
            None => self.connector.open(&self.reached(name)).await?,
        };
        if self.others.len() == MAX_OTHERS {
            self.others.clear();
        }
        Ok(self.others.entry(name.into()).or_insert(connection))
    }

    /// Forgets a connection that is of no use any more.
    pub fn drop_other(&mut self, name: &str) {
        self.others.remove(name);
    }

    /// Where a node is reached that this one calls `name`: without a host, on its own.
    fn reached(&self, name: &str) -> Address {
        let (host, port) = name.rsplit_once(':').unwrap_or((name, ""));
        let port = port.parse().unwrap_or(0);
        let announced = match (host, self.node.address()) {
            ("", Address::Tcp { host, .. }) => Address::tcp(host, port),
            _ => Address::tcp(host, port),
        };
        self.map.apply(&announced)
    }

    /// Reads the keys of `slots` that are looked at, and returns what was found in each.
    ///
    /// # Errors
    /// [`NetError`] if the node does not answer. A refusal of a single command is no error: the key
    /// counts as unknown.
    pub async fn read(
        &mut self,
        expected: &Expectation,
        slots: &[u16],
        progress: &ReadProgress,
    ) -> Result<Vec<SlotRead>, NetError> {
        let mut read = vec![SlotRead::default(); slots.len()];
        let listed = self.list(expected, slots).await?;
        for ((read, &slot), _) in read.iter_mut().zip(slots).zip(&listed).filter(|(_, listed)| **listed) {
            read.found.exact = expected.spec.keys_in_slot(slot);
            progress.fetch_add(read.found.exact, Relaxed);
        }
        let mut batch = Vec::with_capacity(BATCH_KEYS);
        let mut whose = Vec::with_capacity(BATCH_KEYS);
        let mut keys = slots
            .iter()
            .enumerate()
            .filter(|(index, _)| !listed[*index])
            .flat_map(|(index, &slot)| expected.positions(slot).map(move |position| (index, position)));
        loop {
            batch.clear();
            whose.clear();
            for (index, position) in keys.by_ref().take(BATCH_KEYS) {
                whose.push(index);
                batch.push(position);
            }
            if batch.is_empty() {
                return Ok(read);
            }
            let Looked { seen, refusal } = self.look(expected, &batch).await?;
            for ((&index, &position), seen) in whose.iter().zip(&batch).zip(seen) {
                let slot: &mut SlotRead = &mut read[index];
                slot.add(position, seen);
                if seen == Seen::Unknown && slot.refusal.is_none() {
                    slot.refusal.clone_from(&refusal);
                }
            }
            progress.fetch_add(batch.len() as u64, Relaxed);
        }
    }

    /// For each of `slots`, whether the node has listed all its keys.
    async fn list(&mut self, expected: &Expectation, slots: &[u16]) -> Result<Vec<bool>, NetError> {
        let listed = match self.lists {
            true => list(&mut self.node, &expected.spec, slots, self.has_listed).await?,
            false => None,
        };
        // One that may not, or is in no cluster, is not asked again.
        (self.lists, self.has_listed) = (listed.is_some(), listed.is_some());
        Ok(listed.unwrap_or_else(|| vec![false; slots.len()]))
    }

    /// Looks at a batch of keys, up to [`BATCH_KEYS`] or so.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn look(&mut self, expected: &Expectation, batch: &[Position]) -> Result<Looked, NetError> {
        let mut inquiry = Inquiry::new(expected, batch);
        let questions = inquiry.together(self.lifetimes);
        ask(&mut self.node, &mut inquiry, &questions, Manner::Together).await?;
        let open = inquiry.open();
        if !open.is_empty() {
            let questions = inquiry.one_by_one(&open);
            ask(&mut self.node, &mut inquiry, &questions, Manner::OneByOne).await?;
            self.follow(&mut inquiry, &open).await;
        }
        Ok(Looked { seen: inquiry.seen().collect(), refusal: inquiry.refusal })
    }

    /// Asks for keys that are being moved where they are now. What goes wrong there leaves them unknown.
    async fn follow(&mut self, inquiry: &mut Inquiry<'_>, open: &[usize]) {
        let mut moved: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for &place in open {
            if let State::Elsewhere(name) = &inquiry.states[place] {
                moved.entry(name.clone()).or_default().push(place);
            }
        }
        for (name, places) in moved {
            let questions = inquiry.one_by_one(&places);
            let asked = match self.other(&name).await {
                Ok(other) => ask(other, inquiry, &questions, Manner::Asking).await,
                Err(error) => Err(error),
            };
            if let Err(error) = asked {
                self.drop_other(&name);
                inquiry.give_up(&places, error.to_string());
            }
        }
    }
}

/// How keys are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Together,
    OneByOne,
    /// At a node that is still being given their slot: each command wants `ASKING` before it.
    Asking,
}

/// Asks, in windows of so many bytes.
async fn ask(
    node: &mut Connection,
    inquiry: &mut Inquiry<'_>,
    questions: &[Question],
    manner: Manner,
) -> Result<(), NetError> {
    let (mut wire, mut key) = (Vec::new(), Vec::new());
    let mut rest = questions;
    let answers_each = if manner == Manner::Asking { 2 } else { 1 };
    while !rest.is_empty() {
        wire.clear();
        let (mut count, mut bytes) = (0, 0);
        while let Some(question) = rest.get(count)
            && (count == 0 || wire.len().max(bytes) < WINDOW_BYTES)
        {
            if manner == Manner::Asking {
                encode_command(&mut wire, &[b"ASKING"]);
            }
            inquiry.encode(question, &mut key, &mut wire);
            bytes += inquiry.answer_bytes(question);
            count += 1;
        }
        let (now, later) = rest.split_at(count);
        if manner == Manner::Together && now.iter().all(|question| matches!(question, Question::Values(_))) {
            ask_for_values(node, inquiry, now, &wire).await?;
            rest = later;
            continue;
        }
        node.pipeline(&wire, count * answers_each, |reply, answer| {
            if manner != Manner::Asking || reply % 2 == 1 {
                inquiry.take(&now[reply / answers_each], &answer, manner != Manner::Together);
            }
        })
        .await?;
        rest = later;
    }
    Ok(())
}

/// Asks for values, each of which is looked at where it lies.
async fn ask_for_values(
    node: &mut Connection,
    inquiry: &mut Inquiry<'_>,
    questions: &[Question],
    wire: &[u8],
) -> Result<(), NetError> {
    let mut taken = vec![0; questions.len()];
    node.pipeline_of_leaves(wire, questions.len(), |reply, item| {
        taken[reply] = inquiry.take_item(&questions[reply], taken[reply], item);
    })
    .await?;
    questions.iter().zip(taken).for_each(|(question, taken)| inquiry.take_end(question, taken));
    Ok(())
}

/// Whether keys of this database may have a time to live, as far as the node says.
async fn may_expire(node: &mut Connection, database: u32) -> Result<bool, NetError> {
    let reply = node.call_raw(&[b"INFO", b"keyspace"]).await?;
    let keyspace = reply.as_text().filter(|text| text.contains("# Keyspace"));
    Ok(keyspace.is_none_or(|text| Info::parse(&text).expiring_keys(database) > 0))
}
