//! Options that say how a dataset is filled.

use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::{SteadyArgs, UsageError};
use crate::dataset::Spec;
use crate::fill::{CommandChoice, FillOptions, Preset, UntilMemory};
use crate::results::{Options, PipelineDepth, THREADS, WINDOWS, WRITERS};
use crate::write::{Order, ReplyMode, TimeToLive};

/// How to fill, as it was typed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Fill")]
pub struct FillArgs {
    /// What to take where nothing is given: throughput, balanced, small
    #[arg(long, value_name = "NAME", value_parser = Preset::NAMES)]
    #[arg(hide_possible_values = true)]
    preset: Option<String>,
    /// Keys between two barriers, or bytes [default: about 256KiB]
    #[arg(short = 'P', long, value_name = "DEPTH", value_parser = PipelineDepth::parse)]
    pipeline_depth: Option<PipelineDepth>,
    /// Connections to each master [default: 1; 2 with --wait-replicas]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(WRITERS))]
    writers: Option<u64>,
    /// Pipelines in flight per writer [default: what comes to 1MiB]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(WINDOWS))]
    window: Option<u64>,
    /// In place of --data: until masters use 80% of maxmemory, or 10GB
    #[arg(long, value_name = "MEMORY", value_parser = UntilMemory::parse, conflicts_with_all = ["data", "keys"])]
    until_memory: Option<UntilMemory>,
    /// One key a command (set), or keys of one slot together (mset); auto: the faster that can do the rest
    #[arg(long, value_enum, default_value_t = CommandName::Auto, hide_possible_values = true)]
    command: CommandName,
    /// Slot after slot; or stride: a key of each in turn
    #[arg(long, value_enum, default_value_t = OrderName::Slot, hide_possible_values = true)]
    order: OrderName,
    /// Whether every command is answered; on is slower
    #[arg(long, value_enum, default_value_t = ReplyName::Off, hide_possible_values = true)]
    reply: ReplyName,
    #[command(flatten)]
    steady: SteadyArgs,
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
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(THREADS))]
    threads: Option<u64>,
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
    /// With what the preset comes to, if one is given, where an option is not.
    pub fn with_preset(mut self) -> Self {
        let Some(preset) = self.preset.as_deref().and_then(Preset::named) else { return self };
        let Preset { name: _, pipeline_depth, window, writers, threads } = preset;
        self.pipeline_depth = self.pipeline_depth.or(pipeline_depth);
        // One writer and one pipeline at a time is what that says, whatever the preset does.
        if !self.serial {
            self.window = self.window.or(window);
            self.writers = self.writers.or(writers);
        }
        self.threads = self.threads.or(threads);
        self
    }

    /// Checks the options together.
    ///
    /// # Errors
    /// [`UsageError`] names the options that do not go together.
    pub fn options(&self, spec: Arc<Spec>) -> Result<FillOptions, UsageError> {
        let mset = matches!(self.command, CommandName::Mset);
        if mset && self.steady.ttl.is_some() {
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
        self.steady.check()?;
        Ok(FillOptions {
            spec,
            start_at: None,
            until_memory: self.until_memory,
            force: self.steady.force,
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
            ttl: self.steady.ttl.map(TimeToLive),
            wait: self.steady.wait(),
            pipeline_depth: self.pipeline_depth,
            writers: self.writers,
            window: self.window,
            rate: self.steady.rate,
            serial: self.serial,
            flush: self.flush,
            timeouts: self.steady.timeouts(),
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
            force: _,
            key_size: _,
            value_size: _,
            key_prefix: _,
            seed: _,
            worker_index: _,
            worker_count: _,
            start_at: _,
            preset,
            pipeline_bytes,
            pipeline_depth,
            writers,
            window,
            command,
            order,
            reply,
            ttl_seconds: _,
            rate_keys_per_second: _,
            rate_bytes_per_second: _,
            serial,
            flush,
            warm_up_percent: _,
            threads,
            connect_timeout_seconds: _,
            barrier_timeout_seconds: _,
            proof_timeout_seconds: _,
            recovery_timeout_seconds: _,
            flush_timeout_seconds: _,
            deadline_seconds: _,
            wait_replicas: _,
            wait_timeout_seconds: _,
            address_map: _,
            embedded: _,
            discard: _,
            spawn: _,
            server_binary: _,
        } = past;
        let until_memory = until_memory.as_deref().map(UntilMemory::parse).transpose();
        Ok(Self {
            // What it came to then stands beside it.
            preset: preset.clone(),
            until_memory: until_memory.map_err(|error| UsageError::new(error.to_string()))?,
            pipeline_depth: PipelineDepth::of_fields(*pipeline_depth, *pipeline_bytes),
            writers: *writers,
            window: *window,
            command: named(command)?,
            order: named(order)?,
            reply: named(reply)?,
            steady: SteadyArgs::as_in(past)?,
            serial: *serial,
            flush: *flush,
            yes: false,
            threads: *threads,
        })
    }

    /// Whether the memory decides how much is filled.
    pub fn says_how_much(&self) -> bool {
        self.until_memory.is_some()
    }

    /// Whether the masters are emptied first.
    pub fn flushes(&self) -> bool {
        self.flush
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
        options.preset.clone_from(&self.preset);
        (options.pipeline_depth, options.pipeline_bytes) = PipelineDepth::fields(self.pipeline_depth);
        options.writers = self.writers;
        options.window = self.window;
        options.command = name(self.command.to_possible_value());
        options.order = name(self.order.to_possible_value());
        options.reply = name(self.reply.to_possible_value());
        options.serial = self.serial;
        options.flush = self.flush;
        options.threads = self.threads;
        self.steady.describe(options);
    }
}

fn named<T: ValueEnum>(name: &str) -> Result<T, UsageError> {
    T::from_str(name, false).map_err(UsageError::new)
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
            "f --keys 7 --preset small --window 9",
            "f --keys 7 --preset balanced",
            "f --keys 7 -P 500kB",
        ] {
            let line = Line::try_parse_from(line.split_whitespace()).unwrap();
            let asked = described(&line.fill.with_preset(), &line.dataset);
            let again = described(&FillArgs::as_in(&asked).unwrap(), &DatasetArgs::as_in(&asked));
            assert_eq!(again, asked);
        }
    }

    #[test]
    fn an_option_that_is_given_beats_the_preset() {
        let asked = |line: &str| {
            let line = Line::try_parse_from(line.split_whitespace()).unwrap();
            described(&line.fill.with_preset(), &line.dataset)
        };
        let small = Preset::SMALL;
        let plain = asked("f --keys 7 --preset small");
        assert_eq!(plain.preset.as_deref(), Some("small"));
        assert_eq!(PipelineDepth::fields(small.pipeline_depth), (plain.pipeline_depth, plain.pipeline_bytes));
        assert_eq!(
            (plain.window, plain.writers, plain.threads),
            (small.window, small.writers, small.threads)
        );
        let given = asked("f --keys 7 --preset small -P 9 --window 8 -w 7 --threads 6");
        assert_eq!((given.pipeline_bytes, given.pipeline_depth), (None, Some(9)));
        assert_eq!((given.window, given.writers, given.threads), (Some(8), Some(7), Some(6)));
        let sized = asked("f --keys 7 --preset small -P 64KiB");
        assert_eq!((sized.pipeline_bytes, sized.pipeline_depth), (Some(64 << 10), None));
        let serial = asked("f --keys 7 --preset balanced --serial");
        assert_eq!((serial.window, serial.writers), (None, None));
        assert_eq!(asked("f --keys 7").pipeline_bytes, None);
        // Each name of the table is taken, and no other.
        for preset in Preset::ALL {
            asked(&format!("f --keys 7 --preset {}", preset.name));
        }
        assert!(Line::try_parse_from(["f", "--keys", "7", "--preset", "fast"]).is_err());
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
