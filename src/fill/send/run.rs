//! Sending: pass after pass, until all is sent or the run has to end.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::cluster::{Info, Master, Topology};
use crate::dataset::Values;
use crate::results::{Event, Incidents, LatencyHistogram, Observer, Spread};
use crate::write::{Command, Pacer, Written};

use super::course::Course;
use super::members::Members;
use super::pass::Fleet;
use super::patrol::Patrol;
use super::plan::Part;
use super::sampler::Sampler;
use super::turn::Ended;
use crate::fill::choose::Chosen;
use crate::fill::keep::Keeper;
use crate::fill::ledger::Ledger;
use crate::fill::limits::Limits;
use crate::fill::load::{Load, Spent};
use crate::fill::memory::{growth, next_step};
use crate::fill::nodes::Node;
use crate::fill::prepare::Prepared;
use crate::fill::{FillError, FillOptions};

/// What writers did at one master, all passes together.
#[derive(Clone, Debug, Default)]
pub(in crate::fill) struct Toll {
    /// Keys that barriers answered for, those that were sent again counted again.
    pub keys: u64,
    /// Commands that barriers answered for.
    commands: u64,
    /// Whether more was sent than was answered for.
    unanswered: bool,
    pub wire_bytes: u64,
    /// The sums over all writers: at work, waiting for the server, and for the rate.
    pub worked: Duration,
    pub waiting: Duration,
    pub pacing: Duration,
    /// From the first byte to the last answer.
    span: Option<(Instant, Instant)>,
}

impl Toll {
    /// Adds what one writer did.
    pub fn add(&mut self, part: &Part, written: &Written) {
        self.keys += written.executed;
        self.commands += written.commands;
        self.unanswered |= written.unanswered;
        self.wire_bytes += part.progress.wire_bytes();
        self.waiting += part.progress.waiting();
        self.pacing += part.progress.pacing();
        if let Some((start, end)) = written.span {
            self.worked += end - start;
            let (first, last) = self.span.unwrap_or((start, end));
            self.span = Some((first.min(start), last.max(end)));
        }
    }
}

/// Who is told of what happens.
pub(in crate::fill) struct Listeners<'a> {
    pub observer: &'a Arc<dyn Observer>,
    pub incidents: &'a Arc<Incidents>,
    pub keeper: &'a mut Keeper,
}

/// What was sent.
pub(in crate::fill) struct Sent {
    /// Masters that own slots, or did; those that were there at the start come first.
    pub masters: Vec<Master>,
    /// What each of them said of itself last; `None` if it was never asked, or would not say.
    pub infos: Vec<Option<Info>>,
    /// What was done at each of them.
    pub tolls: Vec<Toll>,
    /// When the first byte was sent, if one was.
    pub began_at: Option<SystemTime>,
    /// Who owned what in the end, as far as it was seen.
    pub topology: Topology,
    pub ledger: Ledger,
    command: Command,
    pub latency: LatencyHistogram,
    pub spread: Spread,
    /// What that cost here.
    pub spent: Spent,
}

impl Sent {
    /// The command that was sent to a master, as its statistics name it, and how many it executed;
    /// `None` if some were not answered for.
    pub fn commands_of(&self, master: usize) -> (String, Option<u64>) {
        let toll = self.tolls.get(master).cloned().unwrap_or_default();
        (statistics_name(self.command), (!toll.unanswered).then_some(toll.commands))
    }

    /// How long it took from the first byte sent to the last answer, at one master or at all.
    pub fn span(&self, master: Option<usize>) -> Duration {
        let tolls = self.tolls.iter().enumerate();
        let spans = tolls.filter(|(index, _)| master.is_none_or(|master| *index == master));
        let whole = spans
            .filter_map(|(_, toll)| toll.span)
            .reduce(|(first, last), (start, end)| (first.min(start), last.max(end)));
        whole.map_or(Duration::ZERO, |(first, last)| last - first)
    }
}

fn statistics_name(command: Command) -> String {
    command.name().to_ascii_lowercase()
}

/// Sends everything that `ledger` does not know to be executed, or as much as whatever happens allows; if it
/// grows, until there is no room for more.
pub(in crate::fill) async fn send(
    prepared: &Prepared,
    options: &FillOptions,
    chosen: &Chosen,
    values: &Arc<Values>,
    ledger: Ledger,
    listeners: Listeners<'_>,
    limits: &Limits,
) -> (Sent, Ended) {
    let mut growth = growth(prepared, options);
    let before = ledger.totals().executed;
    let Listeners { observer, incidents, keeper } = listeners;
    let command = chosen.batch.command;
    let connector = &prepared.site.connector;
    let topology = &prepared.topology;
    let course = Course::new(
        Members::new(topology, prepared.infos()),
        ledger,
        statistics_name(command),
        options.timeouts.recovery,
        incidents.clone(),
    );
    let addresses = topology.masters.iter().map(|master| &master.address);
    let mut fleet = Fleet {
        connector,
        options,
        chosen,
        values,
        counts_commands: prepared.counts_commands,
        pacer: chosen.wire_bytes_per_second.map(|rate| Arc::new(Pacer::new(rate))),
        limits,
        course,
        patrol: Patrol::new(connector, &prepared.site.map, topology.mode, addresses),
        sampler: Sampler::new(observer.clone(), options.spec.pair_bytes(), before),
        keeper,
        tolls: Vec::new(),
    };
    let before_it = Load::now(prepared.nodes.iter().map(Node::process));
    let ended = loop {
        let Some(ended) = fleet.pass().await else { continue };
        let (Ended::Complete, Some(growth)) = (&ended, &mut growth) else { break ended };
        if fleet.course.leaves_out() {
            // What the repair has to write would not show in the servers' memory before the next step.
            break Ended::Failed(FillError::Moving);
        }
        let present = fleet.course.members.topology();
        let step = next_step(&prepared.site, present, growth, options.timeouts.recovery);
        match limits.bound(step).await {
            Ok(None) => break ended,
            Ok(Some(step)) => {
                observer.event(&Event::Expected { keys: step.expected });
                fleet.course.ledger.plan(step.spec);
            }
            Err(ended) => break ended,
        }
    };
    let Fleet { course, sampler, tolls, .. } = fleet;
    let first_byte = tolls.iter().filter_map(|toll| toll.span).map(|(start, _)| start).min();
    let began_at = first_byte.map(|moment| sampler.clock(moment));
    let (latency, spread) = sampler.finish(course.ledger.totals().executed);
    let sent = Sent {
        masters: course.members.all().iter().map(|member| member.master.clone()).collect(),
        infos: course.members.all().iter().map(|member| member.info.clone()).collect(),
        tolls,
        began_at,
        topology: course.members.topology(),
        ledger: course.ledger,
        command,
        latency,
        spread,
        spent: before_it.spent(),
    };
    (sent, ended)
}
