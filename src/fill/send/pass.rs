//! One pass: writers at work by one plan, until all is sent or the plan no longer holds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::debug;

use crate::dataset::Values;
use crate::net::{Address, Connector, NetError, Stream};
use crate::write::{Batch, End, Pacer, Stop, Walk, Writer, Written, executed_commands};

use super::course::Course;
use super::patrol::Patrol;
use super::plan::{Part, Share};
use super::run::Toll;
use super::sampler::Sampler;
use super::turn::{Cause, Ended, Turn};
use crate::fill::choose::Chosen;
use crate::fill::keep::Keeper;
use crate::fill::limits::Limits;
use crate::fill::prepare::ask_count;
use crate::fill::{FillError, FillOptions};

/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(100);
/// When the plan no longer holds, answers that are due are waited for no longer than this: what they would
/// have told of is sent again.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// After an interruption, or at the end of the run's time.
const LAST_ANSWERS_IN_HASTE: Duration = Duration::from_millis(500);

/// What a writer's task comes to: whose it was, and what it did, or why there was no connection; `None` if it
/// was asked to stop before there was one.
type Outcome = (usize, Option<Result<Written, NetError>>);

/// Everything that passes share.
pub(in crate::fill) struct Fleet<'a> {
    pub connector: &'a Connector,
    pub options: &'a FillOptions,
    pub chosen: &'a Chosen,
    pub values: &'a Arc<Values>,
    /// Whether masters count what they execute of a connection, and tell.
    pub counts_commands: bool,
    pub pacer: Option<Arc<Pacer>>,
    pub limits: &'a Limits,
    pub course: Course,
    pub patrol: Patrol,
    pub sampler: Sampler,
    pub keeper: &'a mut Keeper,
    /// What was done at each master.
    pub tolls: Vec<Toll>,
}

impl Fleet<'_> {
    /// Plans what is left and sends it. `None` if there is more to do.
    pub async fn pass(&mut self) -> Option<Ended> {
        let shares = self.course.plan(self.chosen.writers, self.options.serial);
        if shares.is_empty() && self.course.is_sent() {
            return Some(Ended::Complete);
        }
        self.meet();
        let (stop, stopped) = watch::channel(None);
        let mut crew = JoinSet::new();
        let parts = self.begin(shares, &mut crew, &stopped);
        let keys: u64 = parts.iter().map(|part| part.walk.left()).sum();
        debug!(writers = parts.len(), keys, "shared out what is left");
        let ended = self.oversee(&parts, &mut crew, &stop).await;
        self.sampler.release();
        ended
    }

    /// Makes room for masters that are new.
    fn meet(&mut self) {
        for (index, member) in self.course.members.all().iter().enumerate() {
            self.sampler.know(index, member.master.address.to_string());
            if index == self.tolls.len() {
                self.tolls.push(Toll::default());
            }
        }
    }

    /// One writer for each share.
    fn begin(
        &mut self,
        shares: Vec<Share>,
        crew: &mut JoinSet<Outcome>,
        stop: &watch::Receiver<Stop>,
    ) -> Vec<Part> {
        let (spec, starts) = (self.course.ledger.spec(), self.course.ledger.starts());
        let mut parts = Vec::with_capacity(shares.len());
        for Share { master, slots } in shares {
            let walk = Walk::new(spec.clone(), &slots, &starts, self.chosen.order);
            let part = Part { master, walk, progress: Arc::default() };
            let batch = Batch::new(part.walk.clone(), spec, self.values.clone(), self.chosen.batch);
            let (connector, address) = (self.connector.clone(), self.course.members.address(master).clone());
            let (window, timeout) = (self.chosen.window, self.options.timeouts.barrier);
            let (pacer, progress, mut stop) = (self.pacer.clone(), part.progress.clone(), stop.clone());
            let (index, counts_commands) = (parts.len(), self.counts_commands);
            crew.spawn(async move {
                let opened = tokio::select! {
                    opened = open(&connector, &address, counts_commands) => opened,
                    // No key was sent, so there is no answer to wait for.
                    _ = stop.wait_for(Option::is_some) => return (index, None),
                };
                let (stream, counted) = match opened {
                    Ok(opened) => opened,
                    Err(error) => return (index, Some(Err(error))),
                };
                let writer = Writer::new(stream, batch, window, pacer, progress, timeout);
                let writer = writer.counting_from(counted);
                (index, Some(Ok(writer.run(stop).await)))
            });
            self.sampler.watch(master, part.progress.clone());
            parts.push(part);
        }
        parts
    }

    /// Watches writers at work until all of them have ended. Without any, waits until there is something to
    /// do.
    async fn oversee(
        &mut self,
        parts: &[Part],
        crew: &mut JoinSet<Outcome>,
        stop: &watch::Sender<Stop>,
    ) -> Option<Ended> {
        let mut ticks = tokio::time::interval(TICK);
        let reached = self.limits.clone();
        let reached = reached.reached();
        tokio::pin!(reached);
        let mut over = None;
        loop {
            let running = over.is_none();
            if crew.is_empty() && !(running && parts.is_empty()) {
                return match over {
                    Some(Turn::End(ended)) => Some(ended),
                    _ => None,
                };
            }
            let turn = tokio::select! {
                Some(joined) = crew.join_next() => match joined {
                    Ok((_, None)) => Turn::GoOn,
                    Ok((index, Some(outcome))) => self.take(&parts[index], outcome, running).await,
                    Err(error) => Turn::End(Ended::Failed(error.into())),
                },
                sight = self.patrol.next() => self.course.see(sight, parts),
                _ = ticks.tick() => self.tick(parts, running),
                // Polled no more once it is ready: then the pass is ending.
                limit = &mut reached, if running || matches!(over, Some(Turn::Replan)) => {
                    Turn::End(limit.into())
                }
            };
            for stranger in self.course.take_strangers() {
                self.patrol.watch(&stranger, Instant::now());
            }
            let patience = match &turn {
                Turn::GoOn => continue,
                Turn::End(Ended::Failed(FillError::Deadline(_)) | Ended::Interrupted) => {
                    LAST_ANSWERS_IN_HASTE
                }
                _ => LAST_ANSWERS,
            };
            let worse = matches!(turn, Turn::End(_)) && matches!(over, Some(Turn::Replan));
            if running || worse {
                over = Some(turn);
                stop.send_replace(Some(Instant::now() + patience));
            }
        }
    }

    fn tick(&mut self, parts: &[Part], running: bool) -> Turn {
        for address in self.patrol.due() {
            self.course.mark(&address, parts);
        }
        self.patrol.ask_due();
        let executed = self.course.executed(parts);
        self.keeper.tick(&executed);
        let executed = executed.iter().sum();
        self.sampler.tick(executed);
        if running { self.course.tick(executed) } else { Turn::GoOn }
    }

    /// Takes a writer's result. A bad end counts for nothing if the writers were asked to stop.
    async fn take(&mut self, part: &Part, outcome: Result<Written, NetError>, running: bool) -> Turn {
        let address = self.course.members.address(part.master).clone();
        let written = match outcome {
            Ok(written) => written,
            Err(_) if !running => return Turn::GoOn,
            Err(error) if error.is_final() => return Turn::End(Ended::Failed(error.into())),
            Err(error) => return self.went_wrong(part.master, Cause::Lost(error.into())),
        };
        let (keys, commands) = (written.executed, written.commands);
        debug!(%address, keys, commands, unanswered = written.unanswered, "a writer ended");
        self.tolls[part.master].add(part, &written);
        let went_well = !matches!(written.end, End::Refused(_));
        self.course.add(part, written.executed, went_well);
        let cause = match written.end {
            End::Done | End::Stopped => return Turn::GoOn,
            End::Refused(message) => Cause::Refused(message),
            _ if !running => return Turn::GoOn,
            End::Behind { replicas, wait } => Cause::Behind(FillError::behind(address, replicas, wait)),
            End::Lost(message) => Cause::Lost(FillError::WriterLost { address, message }),
            End::Silent(after) => {
                // Whoever wants the run to end does not wait for the reason.
                let asked = self.limits.within(ask_why(self.connector, &address)).await;
                let reason = asked.unwrap_or_default();
                Cause::Silent(FillError::WriterSilent { address, after, reason })
            }
        };
        self.went_wrong(part.master, cause)
    }

    fn went_wrong(&mut self, master: usize, cause: Cause) -> Turn {
        self.patrol.hurry();
        self.course.went_wrong(master, cause)
    }
}

/// A writer's connection, and how many of its commands its server has executed so far, where it `counts` them.
async fn open(
    connector: &Connector,
    address: &Address,
    counts: bool,
) -> Result<(Stream, Option<u64>), NetError> {
    let mut connection = connector.open(address).await?;
    let counted = if counts { executed_commands(&ask_count(&mut connection).await?) } else { None };
    Ok((connection.into_stream(), counted))
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
