//! Options of one of several load machines that fill one dataset together: which share is its own, and when all of
//! them begin.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::Args;
use humantime::{format_duration, format_rfc3339_millis, parse_rfc3339_weak};

use super::UsageError;
use crate::dataset::{Spec, Worker};
use crate::results::Options;

/// A start that is over by so much is begun at once: preparing took a moment.
const GRACE: Duration = Duration::from_secs(5);
/// Whoever waits longer has made a mistake with the unit, or with the day.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Which of several workers this is, as it was typed.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Fill")]
pub struct WorkerArgs {
    /// Fill machine I's share of N (I from 0); auto/N in array jobs
    #[arg(long, value_name = "I/N", value_parser = worker)]
    worker: Option<Worker>,
    /// Begin then: 2026-11-22T06:00:00Z, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = moment)]
    start_at: Option<SystemTime>,
}

impl WorkerArgs {
    /// This worker's share of a dataset; all of it, if there are no others.
    ///
    /// # Errors
    /// [`UsageError`] if a worker would have nothing to do.
    pub fn share(&self, whole: Arc<Spec>) -> Result<Arc<Spec>, UsageError> {
        let Some(worker) = self.worker else { return Ok(whole) };
        let share = whole.share(worker).map_err(|error| UsageError::new(error.to_string()))?;
        Ok(Arc::new(share))
    }

    /// Checks what does not go with other workers. `flush` and `until_memory` say whether these are asked for, and
    /// `own_servers` whether the servers are started for this run.
    ///
    /// # Errors
    /// [`UsageError`] says what would do.
    pub fn check(&self, flush: bool, until_memory: bool, own_servers: bool) -> Result<(), UsageError> {
        let Some(worker) = self.worker else { return Ok(()) };
        let text = match (flush, until_memory, own_servers) {
            (true, ..) => format!(
                "--worker {worker} takes no --flush, which would delete what other workers have written: empty the \
                 masters once before all workers, with the same options but fillbench --keys 1 --flush --yes (that key \
                 is the dataset's first)"
            ),
            (_, true, _) => format!(
                "--worker {worker} takes no --until-memory: how much all workers fill has to be known before; give \
                 --data or --keys"
            ),
            (.., true) => format!(
                "--worker {worker} fills what other workers fill, too, and servers of its own are nobody else's: leave \
                 out --embedded and --spawn, and name a server"
            ),
            _ => return Ok(()),
        };
        Err(UsageError::new(text))
    }

    /// When the first key is to be sent, if that is said.
    ///
    /// # Errors
    /// [`UsageError`] if that is over, or more than a day ahead.
    pub fn start_at(&self, now: SystemTime) -> Result<Option<SystemTime>, UsageError> {
        let Some(start) = self.start_at else { return Ok(None) };
        let shown = format_rfc3339_millis(start);
        let by = |time: Duration| format_duration(Duration::from_secs(time.as_secs()));
        match (start.duration_since(now), now.duration_since(start)) {
            (_, Ok(late)) if late > GRACE => Err(UsageError::new(format!(
                "--start-at {shown} is {} ago by the clock of this machine: give a time to come, or see that the clocks \
                 agree",
                by(late)
            ))),
            (Ok(wait), _) if wait > LONGEST_WAIT => Err(UsageError::new(format!(
                "--start-at {shown} is {} ahead: a fill waits for a day at most; give UTC, or seconds since 1970",
                by(wait)
            ))),
            _ => Ok(Some(start)),
        }
    }

    /// What an earlier run was asked.
    ///
    /// # Errors
    /// [`UsageError`] if its record holds what no command line could have said.
    pub fn as_in(past: &Options) -> Result<Self, UsageError> {
        let worker = past.worker_index.zip(past.worker_count);
        let worker = worker.map(|(index, count)| Worker::new(index, count)).transpose();
        let start_at = past.start_at.as_deref().map(moment).transpose();
        Ok(Self {
            worker: worker.map_err(|error| UsageError::new(error.to_string()))?,
            start_at: start_at.map_err(UsageError::new)?,
        })
    }

    /// What was asked, entered into a record's options.
    pub fn describe(&self, options: &mut Options) {
        options.worker_index = self.worker.map(Worker::index);
        options.worker_count = self.worker.map(Worker::count);
        options.start_at = self.start_at.map(|start| format_rfc3339_millis(start).to_string());
    }
}

fn worker(text: &str) -> Result<Worker, String> {
    worker_by(text, |name| std::env::var(name).ok())
}

/// `I/N`; or `auto/N` and `auto`, where what starts the jobs of an array tells each of them which it is.
fn worker_by(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Worker, String> {
    let said = match text {
        "auto" => None,
        _ => match text.strip_prefix("auto/") {
            Some(count) => {
                Some(count.parse::<u64>().map_err(|_| format!("`{count}` is no number of workers"))?)
            }
            None => return text.parse().map_err(|error: crate::dataset::WorkerError| error.to_string()),
        },
    };
    let number = |name: &str| match variable(name) {
        None => Ok(None),
        Some(value) => {
            value.parse::<u64>().map(Some).map_err(|_| format!("{name} is `{value}`, and no number"))
        }
    };
    let (index, count) = if let Some(index) = number("JOB_COMPLETION_INDEX")? {
        // Kubernetes does not tell how many there are.
        let count = said
            .ok_or("JOB_COMPLETION_INDEX says which worker this is, and nothing of how many: give auto/N")?;
        (index, count)
    } else if let Some(task) = number("SLURM_ARRAY_TASK_ID")? {
        let [count, least, most, step] =
            ["COUNT", "MIN", "MAX", "STEP"].map(|name| number(&format!("SLURM_ARRAY_TASK_{name}")));
        let (count, least, step) = (count?.or(said), least?.unwrap_or(0), step?.unwrap_or(1).max(1));
        let count = count.ok_or("SLURM_ARRAY_TASK_COUNT is not set: give auto/N")?;
        let regular = most?.is_none_or(|most| most == least + (count - 1) * step) && task >= least;
        if !regular || (task - least) % step != 0 || said.is_some_and(|said| said != count) {
            return Err(format!(
                "the tasks of this Slurm array are not {text} workers one after another: give I/N"
            ));
        }
        ((task - least) / step, count)
    } else {
        return Err(
            "neither JOB_COMPLETION_INDEX nor SLURM_ARRAY_TASK_ID says which worker this is: give I/N".into(),
        );
    };
    Worker::new(index, count).map_err(|error| error.to_string())
}

/// A time by the clock.
fn moment(text: &str) -> Result<SystemTime, String> {
    if let Ok(time) = parse_rfc3339_weak(text) {
        return Ok(time);
    }
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let time = seconds.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(seconds));
    time.ok_or_else(|| {
        format!("`{text}` is no time: give UTC, like 2026-11-22T06:00:00Z, or seconds since 1970, as date +%s prints them")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(text: &str, variables: &[(&str, &str)]) -> Result<String, String> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        worker_by(text, variable).map(|worker| worker.to_string())
    }

    #[test]
    fn an_array_job_says_which_worker_it_is() {
        assert_eq!(by("3/16", &[("JOB_COMPLETION_INDEX", "5")]).unwrap(), "3/16");
        assert_eq!(by("auto/16", &[("JOB_COMPLETION_INDEX", "5")]).unwrap(), "5/16");
        let slurm = |id, count, least, most, step| {
            [
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_COUNT", count),
                ("SLURM_ARRAY_TASK_MIN", least),
                ("SLURM_ARRAY_TASK_MAX", most),
                ("SLURM_ARRAY_TASK_STEP", step),
            ]
        };
        assert_eq!(by("auto", &slurm("0", "8", "0", "7", "1")).unwrap(), "0/8");
        assert_eq!(by("auto", &slurm("8", "8", "1", "8", "1")).unwrap(), "7/8");
        assert_eq!(by("auto/4", &slurm("14", "4", "10", "16", "2")).unwrap(), "2/4");
        assert_eq!(by("auto/4", &[("SLURM_ARRAY_TASK_ID", "3")]).unwrap(), "3/4");
    }

    #[test]
    fn what_does_not_say_it_is_refused_with_what_would_do() {
        for (text, variables, told) in [
            ("auto/4", &[][..], "says which worker this is: give I/N"),
            ("auto", &[("JOB_COMPLETION_INDEX", "1")], "nothing of how many: give auto/N"),
            ("auto/2", &[("JOB_COMPLETION_INDEX", "2")], "no worker 2 of 2"),
            ("auto/2", &[("JOB_COMPLETION_INDEX", "x")], "JOB_COMPLETION_INDEX is `x`"),
            ("auto/x", &[("JOB_COMPLETION_INDEX", "1")], "`x` is no number of workers"),
            ("auto", &[("SLURM_ARRAY_TASK_ID", "1")], "SLURM_ARRAY_TASK_COUNT is not set"),
            // 1,3,4 of a list.
            (
                "auto",
                &[
                    ("SLURM_ARRAY_TASK_ID", "3"),
                    ("SLURM_ARRAY_TASK_COUNT", "3"),
                    ("SLURM_ARRAY_TASK_MIN", "1"),
                    ("SLURM_ARRAY_TASK_MAX", "4"),
                ],
                "not auto workers one after another",
            ),
            (
                "auto/5",
                &[("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_ARRAY_TASK_COUNT", "3")],
                "not auto/5 workers",
            ),
            ("3", &[], "like 3/16"),
        ] {
            let error = by(text, variables).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn a_start_is_a_time_to_come() {
        let now = moment("2026-11-22T06:00:00Z").unwrap();
        assert_eq!(moment("1795327200").unwrap(), now);
        assert_eq!(moment("1795327200.5").unwrap(), now + Duration::from_millis(500));
        for wrong in ["", "soon", "6:00", "-5", "1e30", "inf", "NaN"] {
            assert!(moment(wrong).unwrap_err().contains("as date +%s prints"), "{wrong}");
        }
        let at = |start: SystemTime| WorkerArgs { worker: None, start_at: Some(start) }.start_at(now);
        for start in [now - GRACE, now, now + LONGEST_WAIT] {
            assert_eq!(at(start), Ok(Some(start)));
        }
        let late = at(now - Duration::from_secs(60)).unwrap_err().to_string();
        assert!(late.starts_with("--start-at 2026-11-22T05:59:00.000Z is 1m ago"), "{late}");
        let early = at(now + Duration::from_secs(48 * 60 * 60)).unwrap_err().to_string();
        assert!(early.contains("is 2days ahead"), "{early}");
        assert_eq!(WorkerArgs::default().start_at(now), Ok(None));
    }
}
