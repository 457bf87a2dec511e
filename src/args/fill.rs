//! Options that say how a dataset is filled.

use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::UsageError;
use super::past::seconds;
use crate::dataset::Spec;
use crate::fill::{CommandChoice, FillOptions, Timeouts, UntilMemory};
use crate::results::Options;
use crate::units::{Rate, parse_rate, parse_time, parse_time_above_zero};
use crate::write::{Order, ReplicaWait, ReplyMode, TimeToLive};

/// How to fill, as it was typed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Fill")]
pub struct FillArgs {
    /// Keys between two barriers [default: chosen by bytes]
    #[arg(short = 'P', long, value_name = "KEYS", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pipeline_depth: Option<u64>,
    /// Connections that write to each master [default: 1, and 2 with --wait-replicas]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=256))]
    writers: Option<u64>,
    /// Pipelines in flight per writer [default: chosen by bytes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    window: Option<u64>,
    /// Or: until each master uses 80% of its maxmemory, or 10GB
    #[arg(long, value_name = "MEMORY", value_parser = UntilMemory::parse, conflicts_with_all = ["data", "keys"])]
    until_memory: Option<UntilMemory>,
    /// Fill although it is estimated not to fit
    #[arg(long)]
    force: bool,
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
    /// Count only what so many replicas of each master have; slower
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    wait_replicas: Option<u64>,
    /// How long a barrier waits for them
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero, default_value = "10s", requires = "wait_replicas")]
    wait_timeout: Duration,
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
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero, default_value = "30s")]
    barrier_timeout: Duration,
    /// How long a master may be silent during the proof
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero, default_value = "30s")]
    proof_timeout: Duration,
    /// How long nothing may get better after something went wrong: a master is gone, say
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero, default_value = "60s")]
    recovery_timeout: Duration,
    /// How long emptying a master may take
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero, default_value = "5m")]
    flush_timeout: Duration,
    /// How long the whole run may take
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero)]
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
        if let Some(ttl) = self.ttl {
            check_ttl(ttl)?;
        }
        Ok(FillOptions {
            spec,
            until_memory: self.until_memory,
            force: self.force,
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
            wait: self.wait_replicas.map(|replicas| ReplicaWait { replicas, timeout: self.wait_timeout }),
            pipeline_depth: self.pipeline_depth,
            writers: self.writers,
            window: self.window,
            rate: self.rate,
            serial: self.serial,
            flush: self.flush,
            timeouts: Timeouts {
                barrier: self.barrier_timeout,
                proof: self.proof_timeout,
                recovery: self.recovery_timeout,
                flush: self.flush_timeout,
                deadline: self.deadline,
            },
            threads: self.threads.unwrap_or_else(quarter_of_the_processors),
            keeping: None,
        })
    }

    /// What an earlier run was asked, to go on with: what it emptied is not emptied again.
    ///
    /// # Errors
    /// [`UsageError`] if its record holds what no command line could have said.
    pub fn as_in(past: &Options) -> Result<Self, UsageError> {
        // Each field is named, so that none that comes to be is forgotten here.
        let Options {
            address: _,
            tls: _,
            db: _,
            data_bytes: _,
            keys: _,
            until_memory,
            force,
            key_size: _,
            value_size: _,
            key_prefix: _,
            seed: _,
            pipeline_depth,
            writers,
            window,
            command,
            order,
            reply,
            ttl_seconds,
            rate_keys_per_second,
            rate_bytes_per_second,
            serial,
            flush,
            threads,
            connect_timeout_seconds: _,
            barrier_timeout_seconds,
            proof_timeout_seconds,
            recovery_timeout_seconds,
            flush_timeout_seconds,
            deadline_seconds,
            wait_replicas,
            wait_timeout_seconds,
            address_map: _,
            embedded: _,
            discard: _,
            spawn: _,
            server_binary: _,
        } = past;
        let keys = rate_keys_per_second.map(Rate::Keys);
        let until_memory = until_memory.as_deref().map(UntilMemory::parse).transpose();
        Ok(Self {
            until_memory: until_memory.map_err(|error| UsageError::new(error.to_string()))?,
            force: *force,
            pipeline_depth: *pipeline_depth,
            writers: *writers,
            window: *window,
            command: named(command)?,
            order: named(order)?,
            reply: named(reply)?,
            ttl: ttl_seconds.map(seconds).transpose()?,
            rate: keys.or(rate_bytes_per_second.map(Rate::Bytes)),
            serial: *serial,
            flush: *flush,
            yes: false,
            threads: *threads,
            barrier_timeout: seconds(*barrier_timeout_seconds)?,
            proof_timeout: seconds(*proof_timeout_seconds)?,
            recovery_timeout: seconds(*recovery_timeout_seconds)?,
            flush_timeout: seconds(*flush_timeout_seconds)?,
            deadline: deadline_seconds.map(seconds).transpose()?,
            wait_replicas: *wait_replicas,
            // Nobody waits if nothing is said.
            wait_timeout: wait_timeout_seconds.map(seconds).transpose()?.unwrap_or_default(),
        })
    }

    /// Whether the memory decides how much is filled.
    pub fn says_how_much(&self) -> bool {
        self.until_memory.is_some()
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
        options.until_memory = self.until_memory.map(|until| until.to_string());
        options.force = self.force;
        options.pipeline_depth = self.pipeline_depth;
        options.writers = self.writers;
        options.window = self.window;
        options.command = name(self.command.to_possible_value());
        options.order = name(self.order.to_possible_value());
        options.reply = name(self.reply.to_possible_value());
        options.wait_replicas = self.wait_replicas;
        options.wait_timeout_seconds = self.wait_replicas.map(|_| self.wait_timeout.as_secs_f64());
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
        options.recovery_timeout_seconds = self.recovery_timeout.as_secs_f64();
        options.flush_timeout_seconds = self.flush_timeout.as_secs_f64();
        options.deadline_seconds = self.deadline.map(|deadline| deadline.as_secs_f64());
    }
}

fn named<T: ValueEnum>(name: &str) -> Result<T, UsageError> {
    T::from_str(name, false).map_err(UsageError::new)
}

/// Servers count times to live in milliseconds.
pub(super) fn check_ttl(ttl: Duration) -> Result<(), UsageError> {
    match ttl < Duration::from_millis(1) {
        true => Err(UsageError::new("--ttl is shorter than a millisecond: no key would live")),
        false => Ok(()),
    }
}

/// One thread sends more than one server takes; servers on the same machine need the others.
pub(super) fn quarter_of_the_processors() -> u64 {
    std::thread::available_parallelism().map_or(1, |cpus| (cpus.get() as u64 / 4).max(1))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::DatasetArgs;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        fill: FillArgs,
        #[command(flatten)]
        dataset: DatasetArgs,
    }

    fn described(fill: &FillArgs, dataset: &DatasetArgs) -> Options {
        let mut options = Options::default();
        fill.describe(&mut options);
        dataset.describe(&mut options);
        options
    }

    #[test]
    fn what_is_written_down_is_what_a_resumed_run_is_asked() {
        for line in [
            "f --keys 7",
            "f --data 5 -P 100 -w 2 --window 3 --command set --order stride --reply on --ttl 1500ms --rate 10MB -f",
            "f --keys 1000000 --rate 1000 --serial --threads 3 --barrier-timeout 1s --proof-timeout 2s --recovery-timeout 4s --seed 9 \
             --flush-timeout 3s --deadline 1h --command mset --key-prefix a:b --key-size 40 --value-size 1MB",
        ] {
            let line = Line::try_parse_from(line.split_whitespace()).unwrap();
            let asked = described(&line.fill, &line.dataset);
            let again = described(&FillArgs::as_in(&asked).unwrap(), &DatasetArgs::as_in(&asked));
            assert_eq!(again, asked);
        }
    }

    #[test]
    fn a_record_that_makes_no_sense_is_refused() {
        let line = Line::try_parse_from(["f", "--keys", "7"]).unwrap();
        let asked = described(&line.fill, &line.dataset);
        for wrong in [
            Options { command: "hset".into(), ..asked.clone() },
            Options { deadline_seconds: Some(-1.0), ..asked.clone() },
        ] {
            assert!(FillArgs::as_in(&wrong).is_err());
        }
    }
}
