//! Filling step by step until so much of each master's memory is used: look at all of them, and plan the next
//! step.

use std::time::{Duration, Instant};

use crate::cluster::{Info, Topology, rediscover};
use crate::target::Site;

use super::grow::{Growth, Step};
use crate::fill::nodes;
use crate::fill::prepare::Prepared;
use crate::fill::{FillError, FillOptions};

/// A master that does not answer is asked again.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// The plan of a fill that is asked to grow.
pub(in crate::fill) fn growth(prepared: &Prepared, options: &FillOptions) -> Option<Growth> {
    let (spec, mode) = (options.spec.clone(), prepared.topology.mode);
    Some(Growth::new(options.until_memory?, spec, mode, options.ttl.is_some()))
}

/// Looks at all masters, and plans the next step; `None` if each is there. One that does not answer may be
/// replaced by another for as long as `recovery`.
pub(in crate::fill) async fn next_step(
    site: &Site,
    mut topology: Topology,
    growth: &mut Growth,
    recovery: Duration,
) -> Result<Option<Step>, FillError> {
    let began = Instant::now();
    loop {
        match look(site, &topology).await {
            Ok(infos) => return Ok(growth.next(&topology, &infos)?),
            Err(error) if began.elapsed() >= recovery => return Err(error),
            Err(_) => tokio::time::sleep(BETWEEN_LOOKS).await,
        }
        if let Ok(present) = rediscover(&site.connector, &topology, &site.map).await {
            topology = present;
        }
    }
}

async fn look(site: &Site, topology: &Topology) -> Result<Vec<Option<Info>>, FillError> {
    let nodes = nodes::ask(&site.connector, &topology.masters, topology.mode).await?;
    nodes.into_iter().map(|node| Ok(node?.info)).collect()
}
