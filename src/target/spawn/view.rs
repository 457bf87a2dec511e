//! Whether a node sees the cluster that was asked for, told from its CLUSTER NODES. Pure.

use std::net::SocketAddr;
use std::ops::RangeInclusive;

/// What every node of the cluster has to know of one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Where it is.
    pub(super) address: SocketAddr,
    /// Which slots it owns.
    pub(super) slots: Vec<RangeInclusive<u16>>,
    /// If it is a replica: its master's node id.
    pub(super) master: Option<String>,
}

impl Member {
    /// Its slots as CLUSTER NODES shows them, neighbours merged.
    fn shown_slots(&self) -> Vec<String> {
        let mut ranges: Vec<_> = self.slots.iter().map(|range| (*range.start(), *range.end())).collect();
        ranges.sort_unstable();
        ranges.dedup_by(|next, last| {
            let touches = last.1 + 1 == next.0;
            if touches {
                last.1 = next.1;
            }
            touches
        });
        let show = |&(first, last): &(u16, u16)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        };
        ranges.iter().map(show).collect()
    }
}

/// What a node does not know yet, in words; `None` if its view is complete and right.
pub(super) fn missing_from(cluster_nodes: &str, members: &[Member]) -> Option<String> {
    let lines: Vec<Vec<&str>> = cluster_nodes.lines().map(|line| line.split(' ').collect()).collect();
    if lines.len() != members.len() {
        return Some(format!("it knows {} of {} nodes", lines.len(), members.len()));
    }
    members.iter().find_map(|member| {
        let place = format!("{}@", member.address);
        let Some(line) = lines.iter().find(|line| line.get(1).is_some_and(|at| at.starts_with(&place)))
        else {
            return Some(format!("it does not know {}", member.address));
        };
        let wrong = wrong_in(line, member)?;
        Some(format!("it sees {} {wrong}", member.address))
    })
}

/// What is wrong in a line: id, address, flags, master, ping, pong, epoch, link, slots.
fn wrong_in(line: &[&str], member: &Member) -> Option<String> {
    let [_, _, flags, master, _, _, _, link, slots @ ..] = line else {
        return Some(format!("in a line of {} fields", line.len()));
    };
    let role = if member.master.is_some() { "slave" } else { "master" };
    let mut of_role = false;
    for flag in flags.split(',') {
        match flag {
            "myself" => (),
            flag if flag == role => of_role = true,
            other => return Some(format!("as {other}")),
        }
    }
    if !of_role {
        return Some(format!("as {flags}"));
    }
    if *master != member.master.as_deref().unwrap_or("-") {
        return Some(format!("as a replica of {master}"));
    }
    if *link != "connected" {
        return Some(format!("as {link}"));
    }
    (*slots != member.shown_slots()).then(|| format!("with the slots {slots:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: &str = "\
aaa 127.0.0.1:7001@17001 myself,master - 0 0 1 connected 0-99 101-8000
bbb 127.0.0.1:7002@17002,host master - 0 1700000000000 2 connected 100 8001-16383
ccc 127.0.0.1:7003@17003 slave aaa 0 1700000000000 1 connected
";

    fn members() -> Vec<Member> {
        let member = |port, slots, master: Option<&str>| Member {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            slots,
            master: master.map(Into::into),
        };
        vec![
            member(7001, vec![0..=49, 50..=99, 101..=8000], None),
            member(7002, vec![8001..=16383, 100..=100], None),
            member(7003, vec![], Some("aaa")),
        ]
    }

    #[test]
    fn a_complete_view_misses_nothing() {
        assert_eq!(missing_from(NODES, &members()), None);
    }

    #[test]
    fn what_is_missing_is_named() {
        for (from, to, missing) in [
            ("ccc 127.0.0.1:7003@17003 slave aaa 0 1700000000000 1 connected\n", "", "it knows 2 of 3 nodes"),
            ("127.0.0.1:7003@", "127.0.0.1:70033@", "it does not know 127.0.0.1:7003"),
            ("slave aaa", "slave bbb", "it sees 127.0.0.1:7003 as a replica of bbb"),
            ("slave aaa", "master -", "it sees 127.0.0.1:7003 as master"),
            (",host master", ",host master,fail?", "it sees 127.0.0.1:7002 as fail?"),
            (",host master", ",host handshake", "it sees 127.0.0.1:7002 as handshake"),
            ("2 connected", "2 disconnected", "it sees 127.0.0.1:7002 as disconnected"),
            (" 100 8001", " 8001", "it sees 127.0.0.1:7002 with the slots [\"8001-16383\"]"),
            (
                "slave aaa 0 1700000000000 1 connected",
                "slave",
                "it sees 127.0.0.1:7003 in a line of 3 fields",
            ),
        ] {
            let nodes = NODES.replace(from, to);
            assert_eq!(missing_from(&nodes, &members()).as_deref(), Some(missing));
        }
    }
}
