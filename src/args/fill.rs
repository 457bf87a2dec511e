//! Options that say how a dataset is filled.

use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::UsageError;
use crate::dataset::Spec;
use crate::fill::{CommandChoice, FillOptions, Timeouts};
use crate::results::Options;
use crate::units::{Rate, UnitError, parse_rate, parse_time};
use crate::write::{Order, ReplyMode, TimeToLive};

/// How to fill, as it was typed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Fill")]
pub struct FillArgs {
    /// Keys between two barriers [default: chosen by bytes]
    #[arg(short = 'P', long, value_name = "KEYS", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pipeline_depth: Option<u64>,
    /// Connections that write to each master [default: 1]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=256))]
    writers: Option<u64>,
    /// Pipelines in flight per writer [default: chosen by bytes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    window: Option<u64>,
    /// One key a command, or keys of one slot together; auto takes the faster that can do the rest
    #[arg(long, value_enum, default_value_t = CommandName::Auto)]
    command: CommandName,
    /// Slot after slot, or one key of each slot after another
    #[arg(long, value_enum, default_value_t = OrderName::Slot)]
    order: OrderName,
    /// Whether every command is answered; slower
    #[arg(long, value_enum, default_value_t = ReplyName::Off)]
    reply: ReplyName,
    /// Time to live of each key; needs SET
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    ttl: Option<Duration>,
    /// At most so many keys a second, or bytes like 100MB, over all writers
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    rate: Option<Rate>,
    /// One master after another, one writer, one pipeline
    #[arg(short = 'S', long)]
    serial: bool,
    /// Empty all masters first; asks if they hold keys
    #[arg(short, long)]
    flush: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Threads of this client [default: a quarter of the processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=256))]
    threads: Option<u64>,
    /// How long a master may neither take nor answer anything
    #[arg(long, value_name = "TIME", value_parser = above_zero, default_value = "30s")]
    barrier_timeout: Duration,
    /// How long a master may be silent during the proof
    #[arg(long, value_name = "TIME", value_parser = above_zero, default_value = "30s")]
    proof_timeout: Duration,
    /// How long emptying a master may take
    #[arg(long, value_name = "TIME", value_parser = above_zero, default_value = "5m")]
    flush_timeout: Duration,
    /// How long the whole run may take
    #[arg(long, value_name = "TIME", value_parser = above_zero)]
    deadline: Option<Duration>,
}

/// Names for [`CommandChoice`].
#[derive(Clone, Copy, Debug, ValueEnum)]
enum CommandName {
    Auto,
    Set,
    Mset,
}

/// Names for [`Order`].
#[derive(Clone, Copy, Debug, ValueEnum)]
enum OrderName {
    Slot,
    Stride,
}

/// Names for [`ReplyMode`].
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReplyName {
    Off,
    On,
}

impl FillArgs {
    /// Checks the options together.
    ///
    /// # Errors
    /// [`UsageError`] names the options that do not go together.
    pub fn options(&self, spec: Arc<Spec>) -> Result<FillOptions, UsageError> {
        let mset = matches!(self.command, CommandName::Mset);
        if mset && self.ttl.is_some() {
            return Err(UsageError::new(
                "--command mset takes no --ttl: MSET cannot set one; use --command set",
            ));
        }
        if mset && matches!(self.order, OrderName::Stride) {
            return Err(UsageError::new(
                "--command mset does not stride: one MSET holds keys of one slot; leave out --order stride",
            ));
        }
        if self.serial && (self.writers.is_some_and(|n| n > 1) || self.window.is_some_and(|n| n > 1)) {
            return Err(UsageError::new(
                "--serial is one writer and one pipeline: leave out --writers and --window",
            ));
        }
        if self.ttl.is_some_and(|ttl| ttl < Duration::from_millis(1)) {
            return Err(UsageError::new("--ttl is shorter than a millisecond: no key would live"));
        }
        Ok(FillOptions {
            spec,
            command: match self.command {
                CommandName::Auto => CommandChoice::Auto,
                CommandName::Set => CommandChoice::Set,
                CommandName::Mset => CommandChoice::Mset,
            },
            order: match self.order {
                OrderName::Slot => Order::Slot,
                OrderName::Stride => Order::Stride,
            },
            reply: match self.reply {
                ReplyName::Off => ReplyMode::Off,
                ReplyName::On => ReplyMode::On,
            },
            ttl: self.ttl.map(TimeToLive),
            pipeline_depth: self.pipeline_depth,
            writers: self.writers,
            window: self.window,
            rate: self.rate,
            serial: self.serial,
            flush: self.flush,
            timeouts: Timeouts {
                barrier: self.barrier_timeout,
                proof: self.proof_timeout,
                flush: self.flush_timeout,
                deadline: self.deadline,
            },
            threads: self.threads.unwrap_or_else(quarter_of_the_processors),
        })
    }

    /// Whether questions are answered with yes beforehand.
    pub fn yes(&self) -> bool {
        self.yes
    }

    /// What was asked, entered into a record's options.
    pub fn describe(&self, options: &mut Options) {
        let name = |value: Option<clap::builder::PossibleValue>| {
            value.map_or_else(String::new, |v| v.get_name().into())
        };
        options.pipeline_depth = self.pipeline_depth;
        options.writers = self.writers;
        options.window = self.window;
        options.command = name(self.command.to_possible_value());
        options.order = name(self.order.to_possible_value());
        options.reply = name(self.reply.to_possible_value());
        options.ttl_seconds = self.ttl.map(|ttl| ttl.as_secs_f64());
        match self.rate {
            Some(Rate::Keys(keys)) => options.rate_keys_per_second = Some(keys),
            Some(Rate::Bytes(bytes)) => options.rate_bytes_per_second = Some(bytes),
            None => {}
        }
        options.serial = self.serial;
        options.flush = self.flush;
        options.threads = self.threads;
        options.barrier_timeout_seconds = self.barrier_timeout.as_secs_f64();
        options.proof_timeout_seconds = self.proof_timeout.as_secs_f64();
        options.flush_timeout_seconds = self.flush_timeout.as_secs_f64();
        options.deadline_seconds = self.deadline.map(|deadline| deadline.as_secs_f64());
    }
}

/// One thread sends more than one server takes; servers on the same machine need the others.
fn quarter_of_the_processors() -> u64 {
    std::thread::available_parallelism().map_or(1, |cpus| (cpus.get() as u64 / 4).max(1))
}

fn above_zero(text: &str) -> Result<Duration, UnitError> {
    parse_time(text)?.checked_sub(Duration::from_nanos(1)).ok_or_else(|| UnitError::Time(text.into()))?;
    parse_time(text)
}
