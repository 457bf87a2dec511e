//! What is known of a fill for the verdict on what limited it: gathered here, judged in `bottleneck`.

use std::collections::BTreeMap;

use super::choose::Chosen;
use super::link::{Link, link_of};
use super::nodes::Node;
use super::prepare::Prepared;
use super::send::Sent;
use crate::bottleneck::{ClientFacts, Facts, MachineFacts, MasterFacts, ThreadFacts, WireFacts};
use crate::cluster::Info;
use crate::results::Record;

/// A thread is the master's if it took such a share of the processor time that the master tells. That is of a longer
/// time, by what the master did between its answers and the fill; hardly anybody else with that number is as busy.
const SAME_SHARE: std::ops::Range<f64> = 0.1..1.1;
/// And so many seconds more, however little it was.
const SAME_SECONDS: f64 = 0.05;

/// The counters of a master before the first key and after the last: `None` if it would not tell, or started anew
/// in between.
pub(super) struct Counters<'a> {
    before: &'a Info,
    after: &'a Info,
}

impl<'a> Counters<'a> {
    /// Those of one master.
    pub fn of(before: Option<&'a Info>, after: Option<&'a Info>) -> Option<Self> {
        let (before, after) = (before?, after?);
        (before.run_id() == after.run_id()).then_some(Self { before, after })
    }

    /// What a counter has moved by.
    pub fn spent(&self, field: &str) -> Option<f64> {
        Some((self.after.number::<f64>(field)? - self.before.number::<f64>(field)?).max(0.0))
    }

    fn spent_together(&self, fields: [&str; 2]) -> Option<f64> {
        fields.iter().map(|field| self.spent(field)).sum()
    }

    fn facts(&self, address: String) -> MasterFacts {
        MasterFacts {
            address,
            cpu_seconds: self.spent_together(["used_cpu_user", "used_cpu_sys"]),
            main_thread_seconds: self
                .spent_together(["used_cpu_user_main_thread", "used_cpu_sys_main_thread"]),
            loop_seconds: self.spent("eventloop_duration_sum").map(|microseconds| microseconds / 1e6),
            delayed_seconds: None,
        }
    }
}

/// Everything that is known. `after` is what masters said of themselves when the sending was over, none if that ended before
/// they were asked, and `key_bytes` what a key and its value are on the wire.
pub(super) fn facts(
    record: &Record,
    prepared: &Prepared,
    sent: &Sent,
    after: &[Option<Info>],
    (chosen, key_bytes): (&Chosen, u64),
) -> Facts {
    let (seconds, ended_before_asking) = (record.seconds.fill, after.is_empty());
    let after = after.iter().map(Option::as_ref).chain(std::iter::repeat(None));
    let masters = prepared.nodes.iter().zip(after).zip(&sent.spent.masters).map(|((node, after), thread)| {
        let address = node.connection.address().to_string();
        let Some(counters) = Counters::of(node.info.as_ref(), after) else {
            return MasterFacts { address, ..MasterFacts::default() };
        };
        let facts = counters.facts(address);
        MasterFacts { delayed_seconds: delayed_seconds(&facts, *thread), ..facts }
    });
    let masters: Vec<MasterFacts> = masters.collect();
    let is_embedded = record.target.kind == super::outcome::EMBEDDED;
    let all_told = masters.iter().all(|master| master.cpu_seconds.is_some());
    let writing = if record.options.serial { 1 } else { chosen.writers * masters.len() as u64 };
    Facts {
        seconds,
        rate_share: chosen.wire_bytes_per_second.map(|rate| record.rates.wire_bytes_per_second / rate),
        client: ClientFacts {
            threads: record.done.threads,
            connections: writing,
            encrypts: prepared.site.connector.tls.is_some(),
            cpu_seconds: (!is_embedded || all_told).then_some(record.client.cpu_seconds),
            busiest: sent.spent.busiest,
            waiting_share: record.client.waiting_share,
            pacing_share: record.client.pacing_share,
        },
        masters,
        ended_before_asking,
        wires: wires(&prepared.nodes, sent),
        window_share: window_share(&prepared.nodes, sent, chosen, key_bytes),
        machine: MachineFacts {
            cpus: record.client.host.cpus,
            cpus_online: sent.spent.cpus_online.max(record.client.host.cpus),
            busy_share: sent.spent.busy_share,
            has_masters: prepared.nodes.iter().all(Node::is_here),
        },
    }
}

/// How long a master waited for a processor, if the thread that was found is the master's: a process of another
/// container has a number that may be somebody else's here.
fn delayed_seconds(master: &MasterFacts, thread: Option<ThreadFacts>) -> Option<f64> {
    let (told, thread) = (master.main_thread_seconds.or(master.cpu_seconds)?, thread?);
    let (least, most) = (SAME_SHARE.start * told, SAME_SHARE.end * told + SAME_SECONDS);
    thread.delayed_seconds.filter(|_| (least..=most).contains(&thread.busy_seconds))
}

/// What went through each interface that has a speed.
fn wires(nodes: &[Node], sent: &Sent) -> Vec<WireFacts> {
    let mut carried: BTreeMap<String, WireFacts> = BTreeMap::new();
    let over_a_network = nodes.iter().zip(&sent.tolls).filter(|(node, _)| !node.is_here());
    for (node, toll) in over_a_network {
        let link = node.connection.ends().and_then(|(local, _)| link_of(local));
        let Some(Link { interface, bytes_per_second }) = link else { continue };
        let wire = carried.entry(interface.clone()).or_insert(WireFacts {
            interface,
            bytes: 0,
            bytes_per_second_max: bytes_per_second,
        });
        wire.bytes += toll.wire_bytes;
    }
    carried.into_values().collect()
}

/// How near the writers of a master came to what so many unanswered bytes allow over this distance; at the master
/// where that is nearest.
fn window_share(nodes: &[Node], sent: &Sent, chosen: &Chosen, key_bytes: u64) -> Option<f64> {
    let pipeline = chosen.batch.depth.keys() * key_bytes;
    let unanswered = (chosen.window.pipelines as u64 * pipeline).min(chosen.window.bytes.max(pipeline));
    let shares = nodes.iter().zip(&sent.tolls).enumerate().map(|(place, (node, toll))| {
        let seconds = sent.span(Some(place)).as_secs_f64();
        let most = (chosen.writers * unanswered) as f64 / node.round_trip.as_secs_f64();
        (seconds > 0.0 && most > 0.0).then(|| (toll.wire_bytes as f64 / seconds / most).min(1.0))
    });
    shares.flatten().max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_alone_makes_no_thread_the_masters() {
        let thread = |busy_seconds| Some(ThreadFacts { busy_seconds, delayed_seconds: Some(3.0) });
        let master = |main, process| MasterFacts {
            main_thread_seconds: main,
            cpu_seconds: process,
            ..MasterFacts::default()
        };
        for (master, thread, delayed) in [
            (master(Some(5.0), Some(9.0)), thread(5.2), Some(3.0)),
            (master(None, Some(5.0)), thread(0.6), Some(3.0)),
            (master(Some(5.0), Some(9.0)), thread(9.0), None),
            (master(Some(5.0), Some(9.0)), thread(0.4), None),
            (master(Some(5.0), None), thread(0.0), None),
            (master(Some(0.1), None), thread(0.0), None),
            (master(None, None), thread(5.0), None),
            (master(Some(5.0), None), None, None),
        ] {
            assert_eq!(delayed_seconds(&master, thread), delayed, "{master:?} and {thread:?}");
        }
    }
}
