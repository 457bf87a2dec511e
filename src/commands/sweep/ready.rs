//! What comes before the first run of a sweep: who the servers are, what is told of the runs, whether the servers may
//! be emptied, and whether the largest dataset has room.

use anyhow::{Result, anyhow};

use crate::commands::consent::{MayDelete, consent};
use crate::commands::place::{Place, Stop};
use crate::commands::repeated::PointFill;
use crate::fill::{FillError, Prepared, check_room, prepare};
use crate::limits::Limits;
use crate::results::Target;
use crate::target::Started;

/// What tells the memory that a key takes from that of its bytes, about.
const COSTLY_KEY_BYTES: u64 = 64;

/// Servers that may be filled.
pub(super) struct Ready {
    /// Those that were started for it, and end when this is dropped.
    pub(super) servers: Option<Started>,
    pub(super) may_delete: MayDelete,
}

/// Starts servers if that was asked, finds out who they are, asks whether they may be emptied, and checks that the
/// largest dataset has room. `met` is told who they are before anybody is asked.
///
/// # Errors
/// [`Stop`]: nothing has been deleted then.
pub(super) async fn make_ready(
    place: &mut Place,
    fills: &[PointFill],
    yes: bool,
    limits: &Limits,
    met: impl FnOnce(&Target) -> Result<()>,
) -> Result<Ready, Stop> {
    let (servers, mut target) = place.start(limits).await?;
    let (fill, mut prepared) = largest_that_fits(place, fills, limits).await?;
    prepared.describe(&mut target);
    met(&target).map_err(Stop::Error)?;
    let may_delete = match yes || servers.is_some() {
        true => MayDelete::All,
        false => consent(&[&prepared], "a sweep", limits).await?,
    };
    limits.within_late(check_room(&mut prepared, &fill.options, limits)).await??;
    Ok(Ready { servers, may_delete })
}

/// The largest fill whose values the servers take. The runs of the others will fail, and the rest goes on.
async fn largest_that_fits<'a>(
    place: &Place,
    fills: &'a [PointFill],
    limits: &Limits,
) -> Result<(&'a PointFill, Prepared), Stop> {
    let mut unfit = None;
    for fill in largest_first(fills) {
        match limits.within(prepare(place.site.clone(), &fill.options)).await? {
            Err(error @ FillError::ValueAboveLimit { .. }) => unfit = Some(error),
            prepared => return Ok((fill, prepared?)),
        }
    }
    Err(unfit.map_or_else(|| Stop::Error(anyhow!("the sweep has no points")), Stop::from))
}

/// One fill of each dataset, that which takes most memory first.
fn largest_first(fills: &[PointFill]) -> Vec<&PointFill> {
    let size = |fill: &&PointFill| {
        let spec = &fill.options.spec;
        let bytes = spec.payload_bytes().saturating_add(spec.keys().saturating_mul(COSTLY_KEY_BYTES));
        (bytes, spec.keys(), spec.value_size())
    };
    let mut all: Vec<_> = fills.iter().collect();
    all.sort_by_key(|fill| std::cmp::Reverse(size(fill)));
    all.dedup_by_key(|fill| size(fill));
    all
}
