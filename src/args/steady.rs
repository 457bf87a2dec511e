//! Options of a fill that say nothing of how keys are grouped and sent: a sweep takes them, too, and they
//! are the same in all of its runs.

use std::time::Duration;

use clap::Args;

use super::UsageError;
use super::past::seconds;
use crate::fill::Timeouts;
use crate::results::Options;
use crate::units::{Rate, parse_rate, parse_time, parse_time_above_zero};
use crate::write::ReplicaWait;

/// What is not swept, as it was typed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Fill")]
pub struct SteadyArgs {
    /// Fill although it is estimated not to fit
    #[arg(long)]
    pub(super) force: bool,
    /// Time to live of each key; needs SET
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(super) ttl: Option<Duration>,
    /// At most so many keys a second in all, or bytes like 100MB
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    pub(super) rate: Option<Rate>,
    /// Count only what so many replicas of each master have; slower
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    wait_replicas: Option<u64>,
    /// How long a barrier waits for them
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero, default_value = "10s", requires = "wait_replicas")]
    wait_timeout: Duration,
    /// How long a master may take and answer nothing
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero, default_value = "30s")]
    barrier_timeout: Duration,
    /// How long a master may be silent during the proof
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero, default_value = "30s")]
    proof_timeout: Duration,
    /// How long nothing may get better after a failure
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero, default_value = "60s")]
    recovery_timeout: Duration,
    /// How long emptying a master may take
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero, default_value = "5m")]
    flush_timeout: Duration,
    /// How long the whole run may take
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero)]
    deadline: Option<Duration>,
}

impl SteadyArgs {
    /// Checks what can be checked without the other options.
    ///
    /// # Errors
    /// [`UsageError`] names the option that makes no sense.
    pub(super) fn check(&self) -> Result<(), UsageError> {
        self.ttl.map_or(Ok(()), check_ttl)
    }

    pub(super) fn wait(&self) -> Option<ReplicaWait> {
        self.wait_replicas.map(|replicas| ReplicaWait { replicas, timeout: self.wait_timeout })
    }

    pub(super) fn timeouts(&self) -> Timeouts {
        Timeouts {
            barrier: self.barrier_timeout,
            proof: self.proof_timeout,
            recovery: self.recovery_timeout,
            flush: self.flush_timeout,
            deadline: self.deadline,
        }
    }

    /// What an earlier run was asked.
    ///
    /// # Errors
    /// [`UsageError`] if its record holds what no command line could have said.
    pub(super) fn as_in(past: &Options) -> Result<Self, UsageError> {
        let keys = past.rate_keys_per_second.map(Rate::Keys);
        Ok(Self {
            force: past.force,
            ttl: past.ttl_seconds.map(seconds).transpose()?,
            rate: keys.or(past.rate_bytes_per_second.map(Rate::Bytes)),
            wait_replicas: past.wait_replicas,
            // Nobody waits if nothing is said.
            wait_timeout: past.wait_timeout_seconds.map(seconds).transpose()?.unwrap_or_default(),
            barrier_timeout: seconds(past.barrier_timeout_seconds)?,
            proof_timeout: seconds(past.proof_timeout_seconds)?,
            recovery_timeout: seconds(past.recovery_timeout_seconds)?,
            flush_timeout: seconds(past.flush_timeout_seconds)?,
            deadline: past.deadline_seconds.map(seconds).transpose()?,
        })
    }

    /// What was asked, entered into a record's options.
    pub(super) fn describe(&self, options: &mut Options) {
        options.force = self.force;
        options.wait_replicas = self.wait_replicas;
        options.wait_timeout_seconds = self.wait_replicas.map(|_| self.wait_timeout.as_secs_f64());
        options.ttl_seconds = self.ttl.map(|ttl| ttl.as_secs_f64());
        match self.rate {
            Some(Rate::Keys(keys)) => options.rate_keys_per_second = Some(keys),
            Some(Rate::Bytes(bytes)) => options.rate_bytes_per_second = Some(bytes),
            None => {}
        }
        options.barrier_timeout_seconds = self.barrier_timeout.as_secs_f64();
        options.proof_timeout_seconds = self.proof_timeout.as_secs_f64();
        options.recovery_timeout_seconds = self.recovery_timeout.as_secs_f64();
        options.flush_timeout_seconds = self.flush_timeout.as_secs_f64();
        options.deadline_seconds = self.deadline.map(|deadline| deadline.as_secs_f64());
    }
}

/// Servers count times to live in milliseconds.
pub(super) fn check_ttl(ttl: Duration) -> Result<(), UsageError> {
    match ttl < Duration::from_millis(1) {
        true => Err(UsageError::new("--ttl is shorter than a millisecond: no key would live")),
        false => Ok(()),
    }
}
