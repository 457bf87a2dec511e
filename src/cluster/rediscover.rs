//! Finding out again who owns what, while slots move and masters fail.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::net::{Address, AddressMap, Connector};

use super::{ClusterError, Mode, Topology, View, reconcile, view};

/// Once one node has said who owns what, the others are waited for so long.
const OTHERS_ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// The masters as those of `known` see them together, or their replicas where no master answers, whatever
/// their state: slots may have no owner. One of them alone would not do: a master that was stopped while
/// another took over believes for a moment that nothing happened. A standalone server stays what it is.
///
/// # Errors
/// The last [`ClusterError`], if none of them answers.
pub async fn rediscover(
    connector: &Connector,
    known: &Topology,
    map: &AddressMap,
) -> Result<Topology, ClusterError> {
    if known.mode == Mode::Standalone {
        return Ok(known.clone());
    }
    let masters = known.masters.iter().map(|master| &master.address);
    let (mut views, mut last_error) = ask_all(connector, map, masters).await;
    if views.is_empty() {
        let replicas = known.masters.iter().flat_map(|master| &master.replicas);
        let (of_replicas, error) = ask_all(connector, map, replicas).await;
        (views, last_error) = (of_replicas, error.or(last_error));
    }
    match (reconcile(&views), last_error) {
        (Some(topology), _) => Ok(topology),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(known.clone()),
    }
}

/// How each of these nodes sees the cluster, as far as they answer, and why another one does not.
async fn ask_all(
    connector: &Connector,
    map: &AddressMap,
    nodes: impl Iterator<Item = &Address>,
) -> (Vec<View>, Option<ClusterError>) {
    let mut asked = JoinSet::new();
    for address in nodes {
        let (connector, map, address) = (connector.clone(), map.clone(), address.clone());
        asked.spawn(async move {
            let mut node = connector.open(&address).await?;
            view(&mut node, &map, connector.tls.is_some()).await
        });
    }
    let (mut views, mut last_error) = (Vec::new(), None);
    let mut deadline = Instant::now() + connector.connect_timeout.saturating_add(connector.reply_timeout);
    while let Ok(Some(joined)) = timeout_at(deadline, asked.join_next()).await {
        match joined {
            Ok(Ok(Some(view))) => {
                views.push(view);
                deadline = deadline.min(Instant::now() + OTHERS_ANSWER_WITHIN);
            }
            Ok(Err(error)) => last_error = Some(error),
            // It is in no cluster any more, or the question panicked: either way it has no say.
            Ok(Ok(None)) | Err(_) => {}
        }
    }
    (views, last_error)
}
