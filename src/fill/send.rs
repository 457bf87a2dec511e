//! Sending: one writer per share, watched by the sampler and the patrol, until all have ended or the
//! first thing goes wrong; then the others finish the command that they are in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::dataset::{Spec, Values};
use crate::net::{Address, Connector, Stream, shown};
use crate::results::{LatencyHistogram, Observer, Spread, new_histogram};
use crate::write::{Batch, Command, End, Pacer, Progress, Stop, Walk, Writer, Written};

use super::audit::patrol;
use super::choose::Chosen;
use super::ledger::Ledger;
use super::limits::Limits;
use super::plan::{Share, shares};
use super::prepare::Prepared;
use super::sampler::Sampler;
use super::survey::in_order;
use super::{FillError, FillOptions, machine};

/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(100);
/// After an interruption, answers that are due are waited for no longer than this.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

/// Why the sending ended.
pub(super) enum Ended {
    Complete,
    Interrupted,
    Failed(FillError),
}

/// One writer's part: what it was given, and what it came to.
pub(super) struct Part {
    pub share: Share,
    walk: Walk,
    pub progress: Arc<Progress>,
    /// `None` if it never started.
    pub written: Option<Written>,
}

/// What was sent.
pub(super) struct Sent {
    pub parts: Vec<Part>,
    command: Command,
    pub latency: LatencyHistogram,
    pub spread: Spread,
    pub cpu_seconds: f64,
}

impl Sent {
    fn new(parts: Vec<Part>, command: Command) -> Self {
        Self { parts, command, latency: new_histogram(), spread: Spread::default(), cpu_seconds: 0.0 }
    }

    /// What was executed, slot by slot.
    pub fn ledger(&self, spec: &Arc<Spec>) -> Ledger {
        let mut ledger = Ledger::new(spec.clone());
        for part in &self.parts {
            let executed = part.written.as_ref().map_or(0, |written| written.executed);
            part.walk.prefix(executed).for_each(|(slot, keys)| ledger.executed(slot, keys));
        }
        ledger
    }

    /// The command that was sent to a master, as its statistics name it, and how many it executed;
    /// `None` if some were not answered for.
    pub fn commands_of(&self, master: usize) -> (String, Option<u64>) {
        let of_master = self.parts.iter().filter(|part| part.share.master == master);
        let commands = of_master.map(|part| match &part.written {
            Some(written) if written.unanswered => None,
            Some(written) => Some(written.commands),
            None => Some(0),
        });
        (self.command.name().to_ascii_lowercase(), commands.sum())
    }

    /// When the first byte was sent and the last answer came, to one master or to all.
    pub fn span(&self, master: Option<usize>) -> Duration {
        let parts = self.parts.iter().filter(|part| master.is_none_or(|index| part.share.master == index));
        let spans = parts.filter_map(|part| part.written.as_ref()?.span);
        let whole = spans.reduce(|(first, last), (start, end)| (first.min(start), last.max(end)));
        whole.map_or(Duration::ZERO, |(first, last)| last - first)
    }
}

/// Sends everything, or as much as whatever happens allows.
pub(super) async fn send(
    prepared: &Prepared,
    options: &FillOptions,
    chosen: &Chosen,
    values: &Arc<Values>,
    observer: &Arc<dyn Observer>,
    limits: &Limits,
) -> (Sent, Ended) {
    let spec = &options.spec;
    let plan = shares(&prepared.topology, spec, chosen.writers);
    let parts = plan.into_iter().map(|share| Part {
        walk: Walk::new(spec.clone(), share.slots.clone(), chosen.order),
        share,
        progress: Arc::default(),
        written: None,
    });
    let mut sent = Sent::new(parts.collect(), chosen.batch.command);
    let streams = match limits.bound(connect(prepared, &sent.parts)).await {
        Ok(streams) => streams,
        Err(ended) => return (sent, ended),
    };
    let pacer = chosen.wire_bytes_per_second.map(|rate| Arc::new(Pacer::new(rate)));
    let writers = sent.parts.iter().zip(streams).map(|(part, stream)| {
        let batch = Batch::new(part.walk.clone(), spec, values.clone(), chosen.batch);
        let (pacer, progress) = (pacer.clone(), part.progress.clone());
        Writer::new(stream, batch, chosen.window, pacer, progress, options.timeouts.barrier)
    });
    let turns = turns(&sent.parts, writers.collect(), options.serial);

    let (stop, _) = watch::channel(None);
    let cpu_before = machine::cpu_seconds();
    let mut overseer = Overseer {
        prepared,
        parts: &sent.parts,
        limits,
        patience: options.timeouts.barrier,
        stop,
        patrol: tokio::spawn(patrol(
            prepared.site.connector.clone(),
            prepared.topology.clone(),
            prepared.infos(),
        )),
        sampler: Sampler::new(observer.clone(), spec.pair_bytes(), watched(prepared, &sent.parts)),
        finished: Vec::new(),
    };
    let mut ended = Ended::Complete;
    for turn in turns {
        ended = overseer.oversee(turn).await;
        if !matches!(ended, Ended::Complete) {
            break;
        }
    }
    let Overseer { patrol, sampler, finished, .. } = overseer;
    patrol.abort();
    sent.cpu_seconds = machine::cpu_seconds() - cpu_before;
    (sent.latency, sent.spread) = sampler.finish();
    for (index, written) in finished {
        sent.parts[index].written = Some(written);
    }
    (sent, ended)
}

/// The writers that work at the same time: all of them, or those of one master after another.
fn turns<W>(parts: &[Part], writers: Vec<W>, serial: bool) -> Vec<Vec<(usize, W)>> {
    let mut turns: Vec<Vec<(usize, W)>> = Vec::new();
    for (index, writer) in writers.into_iter().enumerate() {
        match turns.last_mut() {
            Some(turn) if !serial || parts[turn[0].0].share.master == parts[index].share.master => {
                turn.push((index, writer));
            }
            _ => turns.push(vec![(index, writer)]),
        }
    }
    turns
}

/// One connection for each part.
async fn connect(prepared: &Prepared, parts: &[Part]) -> Result<Vec<Stream>, FillError> {
    let mut opening = JoinSet::new();
    for (index, part) in parts.iter().enumerate() {
        let connector = prepared.site.connector.clone();
        let address = prepared.topology.masters[part.share.master].address.clone();
        opening.spawn(async move { (index, connector.open(&address).await) });
    }
    let opened = in_order(opening).await?.into_iter();
    opened.map(|opened| Ok(opened?.into_stream())).collect()
}

fn watched(prepared: &Prepared, parts: &[Part]) -> Vec<(String, Vec<Arc<Progress>>)> {
    let of = |index| parts.iter().filter(move |part| part.share.master == index);
    let masters = prepared.topology.masters.iter().enumerate();
    masters
        .map(|(index, master)| {
            (master.address.to_string(), of(index).map(|part| part.progress.clone()).collect())
        })
        .collect()
}

/// Watches writers at work.
struct Overseer<'a> {
    prepared: &'a Prepared,
    parts: &'a [Part],
    limits: &'a Limits,
    /// How long writers may finish after something went wrong.
    patience: Duration,
    stop: watch::Sender<Stop>,
    patrol: JoinHandle<(Address, String)>,
    sampler: Sampler,
    finished: Vec<(usize, Written)>,
}

impl Overseer<'_> {
    /// Waits until all writers of a turn have ended; the first thing that goes wrong stops them.
    async fn oversee(&mut self, turn: Vec<(usize, Writer<Stream>)>) -> Ended {
        let mut crew = JoinSet::new();
        for (index, writer) in turn {
            let stop = self.stop.subscribe();
            crew.spawn(async move { (index, writer.run(stop).await) });
        }
        let mut ticks = tokio::time::interval(TICK);
        let reached = self.limits.reached();
        tokio::pin!(reached);
        let mut ended = Ended::Complete;
        loop {
            let running = matches!(ended, Ended::Complete);
            let cause = tokio::select! {
                joined = crew.join_next() => match joined {
                    None => return ended,
                    Some(Err(error)) => Some(Ended::Failed(error.into())),
                    Some(Ok((index, written))) => self.take(index, written, running).await,
                },
                _ = ticks.tick() => { self.sampler.tick(); None }
                // These two are polled no more once one of them is ready: then the run is ending.
                limit = &mut reached, if running => Some(limit.into()),
                changed = &mut self.patrol, if running => Some(Ended::Failed(match changed {
                    Ok((address, change)) => FillError::Changed { address, change },
                    Err(error) => error.into(),
                })),
            };
            if let Some(cause) = cause
                && running
            {
                let patience = match cause {
                    Ended::Failed(FillError::Deadline(_)) | Ended::Interrupted => LAST_ANSWERS,
                    _ => self.patience,
                };
                ended = cause;
                self.stop.send_replace(Some(Instant::now() + patience));
            }
        }
    }

    /// Takes a writer's result, and puts a bad end into words if nobody knows of one yet.
    async fn take(&mut self, index: usize, written: Written, first: bool) -> Option<Ended> {
        let end = written.end.clone();
        self.finished.push((index, written));
        let address = self.prepared.topology.masters[self.parts[index].share.master].address.clone();
        let error = match end {
            End::Done | End::Stopped => return None,
            _ if !first => return None,
            End::Refused(message) => FillError::Refused { address, message: shown(&message) },
            End::Lost(message) => FillError::WriterLost { address, message },
            End::Silent(after) => {
                let reason = ask_why(&self.prepared.site.connector, &address).await;
                FillError::WriterSilent { address, after, reason }
            }
        };
        Some(Ended::Failed(error))
    }
}

/// A server may refuse a barrier in silence: on another connection it says why.
async fn ask_why(connector: &Connector, address: &Address) -> String {
    let connector = Connector { reply_timeout: connector.connect_timeout, ..connector.clone() };
    let asked = async { connector.open(address).await?.call(&[b"CLIENT", b"REPLY", b"ON"]).await };
    match asked.await {
        Ok(_) => "; a new connection is answered".into(),
        Err(error) => format!("; and now: {error}"),
    }
}
