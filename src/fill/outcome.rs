//! What a fill came to, entered into its record stage by stage, so that a run that ends early leaves
//! what is known until then.

use std::time::Duration;

use crate::bottleneck::{Judgement, judge};
use crate::cluster::{Info, audit};
use crate::dataset::Spec;
use crate::results::{Event, Failure, Latency, Observer, Rates, Record, Seconds, Server, SlotRun, Verdict};
use crate::slots::SLOTS;
use crate::units::{show_bytes, show_count};
use crate::write::{Order, ReplicaWait, ReplyMode, wire_bytes_per_key};

use super::choose::Chosen;
use super::facts::{Counters, facts};
use super::keep::Keeper;
use super::ledger::Ledger;
use super::memory::Estimate;
use super::prepare::Prepared;
use super::send::{Ended, Sent};
use super::settle::{After, Clock};
use super::{FillError, FillOptions, machine};

/// The kind of target that lives in this process.
pub(super) const EMBEDDED: &str = "embedded";

/// The record in the making.
pub(super) struct Outcome<'a> {
    record: &'a mut Record,
    pair_bytes: u64,
    /// How it was sent, and the bytes that a key and its value are then.
    chosen: (&'a Chosen, u64),
    wait: Option<ReplicaWait>,
    pub clock: Clock,
}

impl<'a> Outcome<'a> {
    /// Enters what was asked and chosen.
    pub fn new(record: &'a mut Record, options: &FillOptions, chosen: &'a Chosen) -> Self {
        let done = &mut record.done;
        done.command = chosen.batch.command.name().into();
        done.order = match chosen.order {
            Order::Slot => "slot".into(),
            Order::Stride => "stride".into(),
        };
        done.reply = match chosen.batch.reply {
            ReplyMode::Off => "off".into(),
            ReplyMode::On => "on".into(),
        };
        done.group_keys = chosen.batch.group;
        done.pipeline_depth = chosen.batch.depth.keys();
        done.window = chosen.window.pipelines as u64;
        done.writers = chosen.writers;
        done.threads = options.threads;
        record.account.suspect = options.spec.keys();
        record.client.host = machine::host();
        let (pair_bytes, key_bytes) =
            (options.spec.pair_bytes(), wire_bytes_per_key(&options.spec, &chosen.batch));
        let (chosen, clock) = ((chosen, key_bytes), Clock::default());
        Self { record, pair_bytes, chosen, wait: options.wait, clock }
    }

    /// Enters what the user was warned of.
    pub fn warned(&mut self, warning: String) {
        self.record.warnings.push(warning);
    }

    /// Enters what the masters said of themselves before the fill.
    pub fn before(&mut self, prepared: &Prepared) {
        prepared.describe(&mut self.record.target);
        let masters = prepared.topology.masters.iter().zip(&prepared.nodes);
        self.record.servers = masters
            .map(|(master, node)| {
                let info = node.info.as_ref();
                let number = |field| info.and_then(|info| info.number(field));
                Server {
                    address: master.address.to_string(),
                    node: master.node.clone(),
                    version: info
                        .map(Info::server)
                        .map_or_else(String::new, |(server, v)| format!("{server} {v}")),
                    slots: master.slot_count() as u64,
                    maxmemory_policy: info.and_then(|info| info.text("maxmemory_policy")).map(str::to_owned),
                    maxmemory_bytes: number("maxmemory"),
                    rss_bytes_before: number("used_memory_rss"),
                    used_bytes_before: number("used_memory"),
                    ..Server::default()
                }
            })
            .collect();
    }

    /// Enters what the dataset is estimated to take of each master.
    pub fn estimated(&mut self, estimates: &[Option<Estimate>]) {
        for (server, estimate) in self.record.servers.iter_mut().zip(estimates) {
            server.estimated_bytes = estimate.map(|estimate| estimate.bytes);
            server.estimated_bytes_per_key = estimate.map(|estimate| estimate.bytes_per_key);
        }
    }

    /// Enters which keys were to be written, where that was found out on the way.
    pub fn planned(&mut self, spec: &Spec) {
        self.record.account.planned = spec.keys();
        self.record.account.suspect = spec.keys();
        let counts = spec.is_counted().then(|| (0..SLOTS).map(|slot| (slot, spec.keys_in_slot(slot))));
        self.record.done.slots = counts.map(SlotRun::of);
    }

    /// Enters what was there before, and tells that the first key is about to be sent.
    pub fn begins(&mut self, starts: &[u64], keeper: &Keeper, observer: &dyn Observer) {
        let record = &mut *self.record;
        record.resumed.keys_before = starts.iter().sum();
        record.resume_command = keeper.command();
        let mut begun = Box::new(record.clone());
        begun.verdict = Verdict::Unfinished;
        observer.event(&Event::Begun(begun));
    }

    /// Tells what is about to be done.
    pub fn announce(&self, observer: &dyn Observer) {
        let Record { target, done, account, resumed, .. } = &*self.record;
        let left = account.planned - resumed.keys_before;
        let target = target.describe();
        let target = match (self.record.options.worker_index, self.record.options.worker_count) {
            (Some(index), Some(count)) => format!("{target}, as worker {index}/{count}"),
            _ => target,
        };
        let command = match done.group_keys {
            1 => done.command.clone(),
            group => format!("{} of up to {group} keys", done.command),
        };
        observer.event(&Event::Planned {
            target: match &self.record.options.until_memory {
                None => target,
                Some(until) if until.ends_with('%') => {
                    format!("{target}, until {until} of maxmemory is used")
                }
                Some(until) => format!("{target}, until {until} of each master's memory is used"),
            },
            how: format!(
                "{command}, {} order, replies {}, pipelines of {} keys ({})",
                done.order,
                done.reply,
                show_count(done.pipeline_depth),
                show_bytes(done.pipeline_depth * self.pair_bytes),
            ),
            keys: left,
            payload_bytes: left * self.pair_bytes,
        });
    }

    /// Enters what was sent.
    pub fn sent(&mut self, prepared: &Prepared, sent: &Sent, ledger: &Ledger) {
        let record = &mut *self.record;
        let totals = ledger.totals();
        let fill = sent.span(None).as_secs_f64();
        record.account.executed = totals.executed;
        record.done.keys = totals.executed.saturating_sub(record.resumed.keys_before);
        record.done.payload_bytes = record.done.keys * self.pair_bytes;
        record.done.wire_bytes = sent.tolls.iter().map(|toll| toll.wire_bytes).sum();
        record.seconds.fill = fill;
        record.fill_began_at = sent.began_at.map(|at| humantime::format_rfc3339_micros(at).to_string());
        let per_second = |amount: u64| if fill > 0.0 { amount as f64 / fill } else { 0.0 };
        record.rates = Rates {
            keys_per_second: per_second(record.done.keys),
            payload_bytes_per_second: per_second(record.done.payload_bytes),
            wire_bytes_per_second: per_second(record.done.wire_bytes),
            interval_keys_per_second: sent.spread,
        };
        record.latency_us = Latency::from(&sent.latency);
        let worked: f64 = sent.tolls.iter().map(|toll| toll.worked.as_secs_f64()).sum();
        let share = |time: Duration| if worked > 0.0 { (time.as_secs_f64() / worked).min(1.0) } else { 0.0 };
        record.client.cpu_seconds = sent.spent.cpu_seconds;
        record.client.waiting_share = share(sent.tolls.iter().map(|toll| toll.waiting).sum());
        record.client.pacing_share = share(sent.tolls.iter().map(|toll| toll.pacing).sum());
        for master in sent.masters.iter().skip(prepared.nodes.len()) {
            // It joined during the fill.
            let (address, node) = (master.address.to_string(), master.node.clone());
            let slots = master.slot_count() as u64;
            record.servers.push(Server { address, node, slots, ..Server::default() });
        }
        for (index, (server, toll)) in record.servers.iter_mut().zip(&sent.tolls).enumerate() {
            let span = sent.span(Some(index)).as_secs_f64();
            server.keys = toll.keys;
            server.keys_per_second = if span > 0.0 { server.keys as f64 / span } else { 0.0 };
        }
    }

    /// Enters what the masters said of themselves after the fill, and what was proven how.
    pub fn after(&mut self, prepared: &Prepared, sent: &Sent, after: &After) {
        let record = &mut *self.record;
        let command = record.done.command.to_ascii_lowercase();
        record.account.evicted = after.evicted;
        for (index, info) in after.infos.iter().enumerate() {
            let (Some(now), Some(before)) = (info, &prepared.nodes[index].info) else { continue };
            let server = &mut record.servers[index];
            server.replicas = now.number("connected_slaves");
            server.rss_bytes_after = now.number("used_memory_rss");
            server.used_bytes_after = now.number("used_memory");
            // A restart sets the counters back.
            if before.run_id() == now.run_id() {
                record.account.refused += audit::rejected(before, now, &command);
                let address = &prepared.topology.masters[index].address;
                record.account.refusals.extend(audit::refusals(address, before, now));
            }
        }
        for ((server, node), first) in record.servers.iter_mut().zip(&prepared.nodes).zip(&after.first_infos)
        {
            let counters = Counters::of(node.info.as_ref(), first.as_ref());
            let spent = |field| counters.as_ref().and_then(|counters| counters.spent(field));
            server.cpu_user_seconds = spent("used_cpu_user");
            server.cpu_system_seconds = spent("used_cpu_sys");
        }
        for (master, replicas) in
            after.replicas.iter().flat_map(|end| end.topology.masters.iter().zip(&end.replicas))
        {
            let address = master.address.to_string();
            let server = record.servers.iter_mut().find(|server| server.address == address);
            if let (Some(server), Some(replicas)) = (server, replicas) {
                server.replicas_acknowledged = Some(replicas.acknowledged);
            }
        }
        if record.target.kind == EMBEDDED {
            // Their threads are this process's.
            let servers = record.servers.iter().map(cpu_of).sum::<Option<f64>>();
            record.client.cpu_seconds = (record.client.cpu_seconds - servers.unwrap_or(0.0)).max(0.0);
        }
        if !sent.span(None).is_zero() {
            let facts = facts(record, prepared, sent, &after.first_infos, self.chosen);
            let Judgement { by, because, cure, busy } = judge(&facts);
            record.limited_by = by;
            (record.limited_by_because, record.limited_by_cure, record.busy) = (because, cure, busy);
        }
    }

    /// Enters the account and the verdict.
    pub fn ended(self, ended: Ended, ledger: &Ledger, after: &After, discards: bool) {
        let record = self.record;
        let totals = ledger.totals();
        let account = &mut record.account;
        account.proven = totals.proven;
        account.suspect = totals.suspect;
        account.repaired = after.repaired;
        let proven_by = [("count", totals.counted), ("read", totals.proven - totals.counted)];
        let used = proven_by.into_iter().filter(|(_, keys)| *keys > 0);
        account.proven_by = used.map(|(how, keys)| (how.into(), keys)).collect();
        account.acknowledged = self.wait.map(|wait| match &after.replicas {
            Some(replicas) => ledger.acknowledged(&replicas.reached(wait)),
            None => ledger.acknowledged(&vec![false; usize::from(SLOTS)]),
        });
        let durable = account.acknowledged.is_none_or(|keys| keys == totals.planned);
        let looked = after.looked;
        // What was to be written was never known to its end.
        let cut = matches!(ended, Ended::Failed(_)) && record.options.until_memory.is_some();
        account.missing = looked.then_some(totals.missing);
        account.wrong = looked.then_some(totals.wrong);
        record.verdict = match &ended {
            Ended::Interrupted => Verdict::Interrupted,
            _ if totals.proven == totals.planned && totals.planned > 0 && durable && !cut => Verdict::Exact,
            // Nothing else could be found: nobody kept anything that could be looked at.
            Ended::Complete if discards && after.why_open.is_none() => Verdict::Discarded,
            _ if totals.suspect > 0 || totals.proven == totals.planned => Verdict::Failed,
            _ if totals.missing > 0 => Verdict::Missing,
            _ if totals.wrong > 0 => Verdict::Wrong,
            _ => Verdict::Failed,
        };
        record.error = match ended {
            Ended::Failed(error) if record.verdict == Verdict::Exact => {
                // Written again, or there from another fill; the figures are those of a part.
                let how = match after.repaired {
                    0 => "every key was there all the same".into(),
                    keys => format!("{} keys were written again", show_count(keys)),
                };
                record.warnings.push(format!("the fill ended early, and {how}: {error}"));
                None
            }
            _ if matches!(record.verdict, Verdict::Exact | Verdict::Discarded) => None,
            Ended::Failed(error) => Some(error.failure()),
            Ended::Interrupted => None,
            Ended::Complete => unproven(totals.suspect, after).or_else(|| {
                let (_, shortage) = after.replicas.as_ref()?.shortage(self.wait?)?;
                Some(shortage.failure())
            }),
        };
        if matches!(record.verdict, Verdict::Exact | Verdict::Discarded) {
            record.resume_command = None;
        }
        let Clock { flush, audit, proof, repair } = self.clock;
        record.seconds = Seconds {
            flush: flush.as_secs_f64(),
            audit: audit.as_secs_f64(),
            proof: proof.as_secs_f64(),
            repair: repair.as_secs_f64(),
            ..record.seconds
        };
        record.client.peak_rss_bytes = machine::peak_rss_bytes();
    }
}

/// Why keys stayed suspect although all was sent.
fn unproven(suspect: u64, after: &After) -> Option<Failure> {
    let why = after.why_open.clone()?;
    (suspect > 0).then(|| FillError::Unproven { keys: suspect, why }.failure())
}

/// Processor seconds of a master during the fill, if it told them.
fn cpu_of(server: &Server) -> Option<f64> {
    Some(server.cpu_user_seconds? + server.cpu_system_seconds?)
}
