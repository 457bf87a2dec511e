//! Where fills go, and why they did not begin there.

use anyhow::Result;

use super::Exit;
use crate::fill::FillError;
use crate::limits::{Limit, Limits};
use crate::report::{error_lines, tell};
use crate::results::{Failure, Target};
use crate::target::{Site, Started, Throwaway};

/// Where all runs of a command go.
pub(super) struct Place {
    pub(super) site: Site,
    /// What is started for them, once for all.
    pub(super) throwaway: Option<Throwaway>,
}

/// Why the first run did not begin.
pub(super) enum Stop {
    /// Something that the user may change.
    Error(anyhow::Error),
    /// The servers.
    Failed(Failure),
    /// Somebody.
    Limit(Limit),
}

impl From<Limit> for Stop {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

impl From<FillError> for Stop {
    fn from(error: FillError) -> Self {
        Self::Failed(error.failure())
    }
}

impl Place {
    /// Starts servers if that was asked; what is known of them then.
    pub(super) async fn start(&mut self, limits: &Limits) -> Result<(Option<Started>, Target), Stop> {
        let mut target = Target { kind: "attached".into(), ..Target::default() };
        let Some(throwaway) = &self.throwaway else { return Ok((None, target)) };
        let started = limits
            .within(throwaway.start())
            .await?
            .map_err(|error| Stop::Failed(Failure { message: error.to_string(), cure: error.cure() }))?;
        self.site.address = started.seed();
        target.kind = started.kind().into();
        Ok((Some(started), target))
    }
}

/// Tells why the first run did not begin.
pub(super) fn stopped(stop: Stop) -> Result<Exit> {
    match stop {
        Stop::Error(error) => Err(error),
        Stop::Failed(failure) => {
            tell(&error_lines(&failure.message, failure.cure.as_deref()));
            Ok(Exit::Failed)
        }
        Stop::Limit(Limit::Interrupted | Limit::Deadline(_)) => {
            tell(&error_lines(
                "interrupted before the first run: nothing was deleted, and nothing filled",
                None,
            ));
            Ok(Exit::Interrupted)
        }
    }
}
