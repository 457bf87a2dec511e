//! Errors that servers answer with: which of them stay, and what the user can do.

use crate::net::NetError;
use crate::write::Refusal;

/// A connection that could not be made: some causes stay.
pub(super) fn is_final(error: &NetError) -> bool {
    matches!(error, NetError::Refused { message, .. } if Refusal::of(message) == Refusal::Final)
}

/// What to do about an error that a write was answered with.
pub(super) fn cure(message: &str) -> Option<&'static str> {
    let cure = match message.split_whitespace().next()? {
        "OOM" => "raise maxmemory there, empty it with --flush, or fill less",
        "NOPERM" => "grant the user +set +mset and the keys: ~*",
        "MOVED" | "ASK" | "TRYAGAIN" => "slots are being moved: fill again once the cluster is quiet",
        "CLUSTERDOWN" => "see what is wrong with the cluster: redis-cli --cluster check HOST:PORT",
        "READONLY" => "it became a replica: fill again",
        "MISCONF" => {
            "its persistence fails: see its log and disk, or CONFIG SET stop-writes-on-bgsave-error no"
        }
        "NOREPLICAS" => "it waits for replicas: see min-replicas-to-write",
        "BUSY" => "a script holds it: SCRIPT KILL or FUNCTION KILL",
        _ => return None,
    };
    Some(cure)
}
