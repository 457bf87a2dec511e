//! Options of `fillbench sweep`: the grid, on the command line or in a file, and the folder of a sweep that is
//! gone on with.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::{ArgMatches, Args, Id};

use super::past::in_file;
use super::resume::{BESIDES, contradicted};
use super::{SteadyArgs, UsageError};
use crate::fill::Preset;
use crate::net::plain;
use crate::results::{Options, PipelineDepth, SWEEP_FILE, Sweep};
use crate::sweep::{Grid, GridError, GridFile, MAX_RUNS, Param, Places, warm_up};

/// Bytes in each key and in each value where nothing is said, as for a fill.
const SIZE: u64 = 512;
/// Runs of each point where nothing is said.
const REPEAT: u64 = 3;
/// Percent of a run's keys that warm up for it where nothing is said.
pub(super) const WARM_UP_PERCENT: f64 = 10.0;

/// A grid of all settings that there may be is shorter.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Which runs, as it was typed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Sweep")]
pub struct SweepArgs {
    /// The grid in a TOML file; what is given besides replaces what it says
    #[arg(value_name = "FILE", help_heading = None::<&'static str>)]
    file: Option<PathBuf>,
    /// How much each run fills: GiB, or with a unit, like 1,5 or 500MB
    #[arg(short, long, value_name = "SIZES", conflicts_with = "keys")]
    data: Option<String>,
    /// How many keys each run fills
    #[arg(long, value_name = "NUMBERS")]
    keys: Option<String>,
    /// Bytes in each key, like 64,256,512 [default: 512]
    #[arg(long, value_name = "SIZES")]
    key_size: Option<String>,
    /// Bytes in each value, like 512..8192*2 [default: 512]
    #[arg(long, value_name = "SIZES")]
    value_size: Option<String>,
    /// Keys between two barriers, or bytes: auto,100..10000*10,512KiB [default: auto]
    #[arg(short = 'P', long, value_name = "DEPTHS")]
    pipeline_depth: Option<String>,
    /// Connections that write to each master, like 1..4+1 [default: auto]
    #[arg(short, long, value_name = "NUMBERS")]
    writers: Option<String>,
    /// Pipelines in flight per writer [default: auto]
    #[arg(long, value_name = "NUMBERS")]
    window: Option<String>,
    /// auto, set, mset [default: auto]
    #[arg(long, value_name = "NAMES")]
    command: Option<String>,
    /// slot, stride [default: slot]
    #[arg(long, value_name = "NAMES")]
    order: Option<String>,
    /// off, on [default: off]
    #[arg(long, value_name = "NAMES")]
    reply: Option<String>,
    /// Threads of this client [default: auto, a quarter of the processors]
    #[arg(long, value_name = "NUMBERS")]
    threads: Option<String>,
    /// Runs of each combination, spread over the whole sweep [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_RUNS))]
    repeat: Option<u64>,
    /// Draw the order of the runs with this number [default: another one each time]
    #[arg(long, value_name = "N")]
    shuffle_seed: Option<u64>,
    /// Fill so much of a run's keys before it, and flush them, or 0 for nothing [default: 10%]
    #[arg(long, value_name = "PERCENT", value_parser = warm_up)]
    warm_up: Option<f64>,
    /// What to take where the grid says nothing: throughput, balanced, small
    #[arg(long, value_name = "NAME", value_parser = Preset::NAMES, help_heading = "Fill")]
    #[arg(hide_possible_values = true)]
    preset: Option<String>,
    /// What every key starts with [default: nothing]
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, help_heading = "Fill")]
    key_prefix: String,
    /// Another seed makes other values under the same keys
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Fill")]
    seed: u64,
    /// Do not ask whether the servers may be emptied
    #[arg(short, long, help_heading = "Fill")]
    yes: bool,
    /// Write everything into a new or empty folder, each run as soon as it is over
    #[arg(long, value_name = "DIR", required_unless_present = "resume", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Go on with the sweep in this folder: with the runs that it has not
    #[arg(long, value_name = "DIR", conflicts_with = "out", help_heading = "Output")]
    resume: Option<PathBuf>,
    /// With --resume: do the runs again that failed; what is written down of them goes
    #[arg(long, requires = "resume", conflicts_with = "out", help_heading = "Output")]
    retry_failed: bool,
}

/// What may be said beside `--resume`, as the sweep was given it, but for what every resumed fill takes.
const GIVEN_AGAIN: [&str; 26] = [
    "retry_failed",
    "file",
    "data",
    "keys",
    "key_size",
    "value_size",
    "pipeline_depth",
    "writers",
    "window",
    "command",
    "order",
    "reply",
    "threads",
    "repeat",
    "shuffle_seed",
    "warm_up",
    "yes",
    "host",
    "port",
    "socket",
    "uri",
    "db",
    "embedded",
    "discard",
    "spawn",
    "server_binary",
];

/// Which runs, whole.
pub struct SweepRuns {
    /// What is swept.
    pub grid: Grid,
    /// Where that was written.
    pub places: Places,
    /// Runs of each point.
    pub repeat: u64,
    /// What the order is drawn with.
    pub shuffle_seed: u64,
    /// Percent of a run's keys that warm up for it.
    pub warm_up_percent: f64,
}

impl SweepArgs {
    /// The option of a command line that does not go with `--resume`, if that was given: its id.
    pub fn contradicted(given: &ArgMatches) -> Option<&Id> {
        contradicted(given, &[&BESIDES[..], &GIVEN_AGAIN[..]].concat())
    }

    /// What is swept, by the file and by the command line.
    ///
    /// # Errors
    /// [`UsageError`] with all that is wrong with the file, or the first option that is wrong.
    pub fn given(&self) -> Result<GridFile, UsageError> {
        let file = self.file.as_deref().map(read).transpose()?.unwrap_or_default();
        let mut grid = Grid::default();
        for (param, text) in self.axes() {
            grid.read(param, &param.option(), text)?;
        }
        Ok(GridFile {
            places: file.places.replaced_by(&grid),
            grid: file.grid.replaced_by(grid),
            repeat: self.repeat.or(file.repeat),
            shuffle_seed: self.shuffle_seed.or(file.shuffle_seed),
            warm_up_percent: self.warm_up.or(file.warm_up_percent),
        })
    }

    fn axes(&self) -> impl Iterator<Item = (Param, &str)> {
        let of = |param: Param| match param {
            Param::Data => &self.data,
            Param::Keys => &self.keys,
            Param::KeySize => &self.key_size,
            Param::ValueSize => &self.value_size,
            Param::PipelineDepth => &self.pipeline_depth,
            Param::Writers => &self.writers,
            Param::Window => &self.window,
            Param::Command => &self.command,
            Param::Order => &self.order,
            Param::Reply => &self.reply,
            Param::Threads => &self.threads,
        };
        Param::ALL.into_iter().filter_map(move |param| Some((param, of(param).as_deref()?)))
    }

    /// The runs of a sweep that begins anew, of what was [`Self::given`].
    pub fn runs(given: GridFile) -> SweepRuns {
        SweepRuns {
            grid: given.grid,
            places: given.places,
            repeat: given.repeat.unwrap_or(REPEAT),
            shuffle_seed: given.shuffle_seed.unwrap_or_else(some_seed),
            warm_up_percent: given.warm_up_percent.unwrap_or(WARM_UP_PERCENT),
        }
    }

    /// What every run is asked where the grid says nothing else, entered into a record's options.
    pub fn describe(&self, steady: &SteadyArgs, options: &mut Options) {
        options.key_size = SIZE;
        options.value_size = SIZE;
        options.key_prefix.clone_from(&self.key_prefix);
        options.seed = self.seed;
        options.command = "auto".into();
        options.order = "slot".into();
        options.reply = "off".into();
        options.flush = true;
        if let Some(preset) = self.preset.as_deref().and_then(Preset::named) {
            let Preset { name, pipeline_depth, window, writers, threads } = preset;
            options.preset = Some(name.into());
            (options.pipeline_depth, options.pipeline_bytes) = PipelineDepth::fields(pipeline_depth);
            (options.window, options.writers, options.threads) = (window, writers, threads);
        }
        steady.describe(options);
    }

    /// Whether the servers may be emptied unasked.
    pub fn yes(&self) -> bool {
        self.yes
    }

    /// Whether runs that failed are done again.
    pub fn retry_failed(&self) -> bool {
        self.retry_failed
    }

    /// The folder, and whether it is gone on with.
    pub fn folder(&self) -> (&Path, bool) {
        match (&self.resume, &self.out) {
            (Some(folder), _) => (folder, true),
            // Clap wants one of them.
            (None, out) => (out.as_deref().unwrap_or(Path::new("")), false),
        }
    }

    /// Reads the record of the sweep that is to be gone on with, if one is.
    ///
    /// # Errors
    /// [`UsageError`] if the folder is none of a sweep.
    pub fn resuming(&self) -> Result<Option<Sweep>, UsageError> {
        let Some(folder) = &self.resume else { return Ok(None) };
        let path = folder.join(SWEEP_FILE);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let shown = folder.display();
            UsageError::new(match error.kind() {
                std::io::ErrorKind::NotFound if !folder.exists() => {
                    format!("there is no folder {shown}: give another to --resume")
                }
                std::io::ErrorKind::NotFound => format!(
                    "{shown} holds no {SWEEP_FILE}: give --resume the folder that a sweep was given with --out, or \
                     begin anew"
                ),
                _ => format!("cannot read {}: {}", path.display(), plain(&error)),
            })
        })?;
        Sweep::parse(&text).map(Some).map_err(|error| in_file(&path, &error.to_string()))
    }
}

/// What an order is drawn with where nothing is said: any number would do, and one that is short can be typed again.
pub(super) fn some_seed() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(1, |time| time.as_micros() as u64 % 1_000_000)
}

/// A grid that is none is a fault of the command line.
impl From<GridError> for UsageError {
    fn from(error: GridError) -> Self {
        Self::new(error.to_string())
    }
}

fn read(path: &Path) -> Result<GridFile, UsageError> {
    let mut text = String::new();
    // What is no regular file may never end.
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text))
        .map_err(|error| UsageError::new(format!("cannot read {}: {}", path.display(), plain(&error))))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(in_file(path, "no grid is so long: it holds more than a megabyte"));
    }
    GridFile::parse(&path.display().to_string(), &text).map_err(|wrong| UsageError::new(wrong.join("\n")))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{DatasetArgs, FillArgs};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        sweep: SweepArgs,
        #[command(flatten)]
        steady: SteadyArgs,
    }

    #[derive(Parser)]
    struct FillLine {
        #[command(flatten)]
        fill: FillArgs,
        #[command(flatten)]
        dataset: DatasetArgs,
    }

    fn parse(line: &str) -> Line {
        Line::try_parse_from(line.split_whitespace()).unwrap()
    }

    #[test]
    fn what_is_not_swept_is_what_a_fill_would_do() {
        let steady = "--ttl 1h --rate 10MB --barrier-timeout 3s --seed 9 --key-prefix a:";
        let line = parse(&format!("s --out o --keys 7 {steady}"));
        let mut base = Options::default();
        line.sweep.describe(&line.steady, &mut base);
        let runs = SweepArgs::runs(line.sweep.given().unwrap());
        let points = runs.grid.points(runs.repeat).unwrap();
        let asked = crate::sweep::options(&base, &points[0]).unwrap();

        let line = format!("f --keys 7 --flush {steady}");
        let line = FillLine::try_parse_from(line.split_whitespace()).unwrap();
        let mut expected = Options::default();
        line.fill.describe(&mut expected);
        line.dataset.describe(&mut expected);
        assert_eq!(asked, expected);
        assert_eq!((runs.repeat, runs.warm_up_percent), (REPEAT, WARM_UP_PERCENT));
    }

    #[test]
    fn a_preset_is_a_base_that_the_grid_beats() {
        let line = parse("s --out o --keys 7 --preset small --window auto,3");
        let mut base = Options::default();
        line.sweep.describe(&line.steady, &mut base);
        let points = SweepArgs::runs(line.sweep.given().unwrap()).grid.points(1).unwrap();
        let asked = points.iter().map(|point| crate::sweep::options(&base, point).unwrap());
        let small = Preset::SMALL;
        let depth = |asked: &Options| PipelineDepth::of_fields(asked.pipeline_depth, asked.pipeline_bytes);
        for (asked, window) in asked.zip([None, Some(3)]) {
            assert_eq!((asked.preset.as_deref(), asked.writers), (Some("small"), small.writers));
            assert_eq!((depth(&asked), asked.window), (small.pipeline_depth, window));
        }
        let line = parse("s --out o --keys 7 --preset small --pipeline-depth auto,9,64KiB");
        let mut base = Options::default();
        line.sweep.describe(&line.steady, &mut base);
        let points = SweepArgs::runs(line.sweep.given().unwrap()).grid.points(1).unwrap();
        let asked = points.iter().map(|point| crate::sweep::options(&base, point).unwrap());
        let depths: Vec<_> = asked.map(|asked| (asked.pipeline_depth, asked.pipeline_bytes)).collect();
        assert_eq!(depths, [(None, None), (Some(9), None), (None, Some(64 << 10))]);
    }

    #[test]
    fn the_command_line_replaces_what_a_file_says() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "repeat = 5\nwarm_up = \"0\"\n[grid]\ndata = 1\nwriters = \"1,2\"\n")
            .unwrap();
        let path = file.path().display();
        let given = parse(&format!("s {path} --out o --keys 9 --repeat 2")).sweep.given().unwrap();
        let grid = serde_json::to_value(given.grid.recorded()).unwrap();
        assert_eq!(grid, serde_json::json!({"keys": [9], "writers": [1, 2]}));
        assert_eq!((given.repeat, given.warm_up_percent, given.shuffle_seed), (Some(2), Some(0.0), None));
    }

    #[test]
    fn every_grid_of_the_benchmarks_can_be_run() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benchmark");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let grids: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
        assert!(!grids.is_empty());
        for path in grids {
            let line = parse(&format!("s {} --out o", path.display()));
            let mut base = Options::default();
            line.sweep.describe(&line.steady, &mut base);
            let runs = SweepArgs::runs(line.sweep.given().unwrap());
            for point in runs.grid.points(runs.repeat).unwrap() {
                let asked = crate::sweep::options(&base, &point).unwrap();
                let spec = DatasetArgs::as_in(&asked).spec().unwrap();
                FillArgs::as_in(&asked).unwrap().options(spec).unwrap();
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named_as_it_was_written() {
        let error = parse("s --out o --keys 9 --key-size 1..2").sweep.given().unwrap_err().to_string();
        assert!(error.starts_with("--key-size: `1..2` does not say its steps"), "{error}");
        let error = parse("s /no/grid.toml --out o").sweep.given().unwrap_err().to_string();
        assert!(error.starts_with("cannot read /no/grid.toml: "), "{error}");
        assert!(Line::try_parse_from(["s", "--keys", "1"]).is_err(), "no folder");
        assert!(Line::try_parse_from(["s", "--out", "a", "--resume", "b"]).is_err(), "two folders");
    }
}
