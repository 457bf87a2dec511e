//! A fill's work within the limits of its run, and what a limit makes of the fill.

use std::future::Future;

use super::FillError;
use super::send::Ended;
use crate::limits::Limit;
pub(super) use crate::limits::Limits;

impl Limits {
    /// As [`Self::within_late`], for work that may fail by itself.
    pub(super) async fn bound_late<T>(
        &self,
        work: impl Future<Output = Result<T, FillError>>,
    ) -> Result<T, Ended> {
        self.within_late(work).await?.map_err(Ended::Failed)
    }

    /// As [`Self::within`], for work that may fail by itself.
    pub(super) async fn bound<T>(
        &self,
        work: impl Future<Output = Result<T, FillError>>,
    ) -> Result<T, Ended> {
        self.within(work).await?.map_err(Ended::Failed)
    }
}

impl From<Limit> for Ended {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::Interrupted => Self::Interrupted,
            Limit::Deadline(limit) => Self::Failed(FillError::Deadline(limit)),
        }
    }
}
