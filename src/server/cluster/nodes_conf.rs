//! A node's lines about itself and those that it knows, as CLUSTER NODES tells them and as
//! `nodes.conf` keeps them. It knows no files.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::slot_set::SlotSet;
use super::state::{ID_DIGITS, MemberIndex, State};
use crate::server::address::spelt;
use crate::slots::SLOTS;

/// What a `nodes.conf` says that is its node's own, and whom the node knows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct NodesConf {
    pub(super) id: String,
    /// The name of the master, if it is a replica.
    pub(super) replica_of: Option<String>,
    pub(super) config_epoch: u64,
    pub(super) current_epoch: u64,
    pub(super) slots: SlotSet,
    /// Slots on their way, with the other side's names.
    pub(super) migrating: BTreeMap<u16, String>,
    pub(super) importing: BTreeMap<u16, String>,
    /// The names of the others, and the lines that they stand on.
    pub(super) others: Vec<(String, usize)>,
}

/// A line for each node that `me` knows, and so it sees them.
pub(crate) fn nodes_text(state: &State, me: MemberIndex) -> String {
    state.known_to(me).map(|member| node_line(state, me, member) + "\n").collect()
}

/// What `nodes.conf` holds.
pub(super) fn file_text(state: &State, me: MemberIndex) -> String {
    let epoch = state.members[me].current_epoch;
    format!("{}vars currentEpoch {epoch} lastVoteEpoch 0\n", nodes_text(state, me))
}

/// One node, as `me` sees it. There is no bus; clients expect its port all the same, and take 0 for none.
pub(crate) fn node_line(state: &State, me: MemberIndex, member: MemberIndex) -> String {
    let node = &state.members[member];
    let flags = if member == me { "myself," } else { "" };
    let (role, master) = match node.replica_of {
        Some(master) => ("slave", state.members[master].id.as_str()),
        None => ("master", "-"),
    };
    let (address, epoch) = (spelt(node.address), state.config_epoch(member));
    let (fail, link) = if node.failed { (",fail", "disconnected") } else { ("", "connected") };
    let mut line = format!("{} {address}@0 {flags}{role}{fail} {master} 0 0 {epoch} {link}", node.id);
    // Writing into memory does not fail.
    for (first, last) in node.slots.ranges() {
        let _ = if first == last { write!(line, " {first}") } else { write!(line, " {first}-{last}") };
    }
    if member == me {
        let migrating = node.migrating.iter().map(|(slot, other)| (slot, ">", other));
        let importing = node.importing.iter().map(|(slot, other)| (slot, "<", other));
        let mut moves: Vec<_> = migrating.chain(importing).collect();
        moves.sort_unstable();
        for (slot, arrow, other) in moves {
            let _ = write!(line, " [{slot}-{arrow}-{}]", state.members[*other].id);
        }
    }
    line
}

/// Reads what [`file_text`] wrote, or Redis. An error names the line.
pub(super) fn parse(text: &str) -> Result<NodesConf, (usize, &'static str)> {
    let mut conf = NodesConf::default();
    let mut has_vars = false;
    for (number, line) in (1..).zip(text.lines()) {
        let wrong = |what| (number, what);
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [] => {}
            ["vars", ref vars @ ..] => {
                for var in vars.chunks(2) {
                    let [name, value] = var else { return Err(wrong("a variable has no value")) };
                    let value = value.parse().map_err(|_| wrong("an epoch is no number"))?;
                    if *name == "currentEpoch" {
                        conf.current_epoch = value;
                    }
                }
                has_vars = true;
            }
            [id, _, flags, master, _, _, epoch, _, ref slots @ ..] => {
                if id.len() != ID_DIGITS || !id.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return Err(wrong("the node's name is not 40 hexadecimal digits"));
                }
                if !flags.split(',').any(|flag| flag == "myself") {
                    conf.others.push((id.into(), number));
                    continue;
                }
                if !conf.id.is_empty() {
                    return Err(wrong("a second line says that it is the node's own"));
                }
                conf.id = id.into();
                conf.replica_of = Some(master).filter(|master| *master != "-").map(Into::into);
                conf.config_epoch = epoch.parse().map_err(|_| wrong("the epoch is no number"))?;
                for word in slots {
                    parse_slots(word, &mut conf)
                        .ok_or(wrong("a slot is neither a number below 16384 nor a range of them"))?;
                }
            }
            _ => return Err(wrong("a node's line has eight words at least")),
        }
    }
    let end = text.lines().count().max(1);
    if conf.id.is_empty() {
        return Err((end, "no line is the node's own (`myself`)"));
    }
    if !has_vars || !text.ends_with('\n') {
        return Err((end, "the line of variables at the end is missing"));
    }
    Ok(conf)
}

fn parse_slots(word: &str, conf: &mut NodesConf) -> Option<()> {
    let slot = |text: &str| text.parse().ok().filter(|slot: &u16| *slot < SLOTS);
    if let Some(moved) = word.strip_prefix('[') {
        let moved = moved.strip_suffix(']')?;
        if let Some((number, to)) = moved.split_once("->-") {
            conf.migrating.insert(slot(number)?, to.into());
        } else {
            let (number, from) = moved.split_once("-<-")?;
            conf.importing.insert(slot(number)?, from.into());
        }
        return Some(());
    }
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    (slot(first)?..=slot(last)?).for_each(|slot| conf.slots.insert(slot));
    Some(())
}
