//! Counting: a count proves a slot that was empty before, at a master whose counters show no writes but
//! ours. Where it falls short it proves nothing: what is said to be missing or wrong was looked at.

use std::collections::HashSet;

use tokio::task::JoinSet;

use crate::cluster::{Mode, Topology};
use crate::dataset::Spec;
use crate::net::{Address, Connector, NetError};
use crate::proof::{count_database, count_slots};

use crate::fill::ledger::Ledger;

/// What is known from before, and from the fill.
pub(in crate::fill) struct Evidence<'a> {
    /// The dataset.
    pub spec: &'a Spec,
    /// For each slot, whether it held no key before the fill, and has the same owner now.
    pub countable: &'a [bool],
    /// For each present master, why a count there proves nothing; `None` if it does.
    pub suspicion: &'a [Option<String>],
}

/// Counts the open slots at the masters of `present` where a count is evidence; returns the slots that this
/// proved.
pub(in crate::fill) async fn count(
    connector: &Connector,
    ledger: &mut Ledger,
    evidence: &Evidence<'_>,
    present: &Topology,
) -> Vec<u16> {
    let open: HashSet<u16> = ledger.unproven().into_iter().collect();
    let mut counting = JoinSet::new();
    for (master, suspicion) in present.masters.iter().zip(evidence.suspicion) {
        if suspicion.is_some() {
            continue;
        }
        let is_meant = |slot: &u16| open.contains(slot) && evidence.countable[usize::from(*slot)];
        let slots: Vec<u16> = master.slots.iter().cloned().flatten().filter(is_meant).collect();
        let expected = match present.mode {
            Mode::Cluster => slots.iter().map(|&slot| evidence.spec.keys_in_slot(slot)).collect(),
            Mode::Standalone => vec![evidence.spec.keys()],
        };
        let (connector, address, mode) = (connector.clone(), master.address.clone(), present.mode);
        counting.spawn(async move { full_slots(&connector, &address, mode, slots, &expected).await });
    }
    let mut proven = Vec::new();
    while let Some(joined) = counting.join_next().await {
        proven.extend(joined.ok().and_then(Result::ok).unwrap_or_default());
    }
    proven.iter().for_each(|&slot| ledger.counted(slot));
    proven
}

/// Those of `slots` that hold as many keys as expected: in a cluster one number a slot, else one for all.
async fn full_slots(
    connector: &Connector,
    address: &Address,
    mode: Mode,
    slots: Vec<u16>,
    expected: &[u64],
) -> Result<Vec<u16>, NetError> {
    if slots.is_empty() {
        return Ok(slots);
    }
    let mut node = connector.open(address).await?;
    match mode {
        Mode::Cluster => {
            let counts = count_slots(&mut node, &slots).await?;
            let counted = slots.into_iter().zip(counts).zip(expected);
            Ok(counted
                .filter(|((_, count), expected)| count == *expected)
                .map(|((slot, _), _)| slot)
                .collect())
        }
        // The one count that there is stands for all slots, or for none.
        Mode::Standalone if [count_database(&mut node).await?] == expected => Ok(slots),
        Mode::Standalone => Ok(Vec::new()),
    }
}
