//! Free ports on the loopback address: held until the server that is to have them starts.

use std::net::{Ipv4Addr, TcpListener};

use super::SpawnError;

/// How far above its port a cluster node's bus listens: the servers' own rule, in every version.
const BUS_OFFSET: u16 = 10_000;

/// How often a port is tried before giving up.
const ATTEMPTS: usize = 100;

/// A port that nobody else can take before this is dropped.
#[derive(Debug)]
pub(super) struct HeldPort {
    /// The port.
    pub(super) port: u16,
    _held: Vec<TcpListener>,
}

/// Holds a free port and, for a cluster node, the one of its bus.
///
/// # Errors
/// [`SpawnError::NoPorts`] if none is free.
pub(super) fn hold_port(cluster: bool) -> Result<HeldPort, SpawnError> {
    let mut reason = String::new();
    for _ in 0..ATTEMPTS {
        match try_port(cluster) {
            Ok(held) => return Ok(held),
            Err(error) => reason = error.to_string(),
        }
    }
    Err(SpawnError::NoPorts { attempts: ATTEMPTS, reason })
}

fn try_port(cluster: bool) -> std::io::Result<HeldPort> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let mut held = vec![listener];
    if cluster {
        let bus = port
            .checked_add(BUS_OFFSET)
            .ok_or_else(|| std::io::Error::other(format!("port {port} leaves none for the cluster bus")))?;
        held.push(TcpListener::bind((Ipv4Addr::LOCALHOST, bus))?);
    }
    Ok(HeldPort { port, _held: held })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_ports_are_distinct_and_taken() {
        let held: Vec<_> = (0..50).map(|_| hold_port(true).unwrap()).collect();
        let mut ports: Vec<_> = held.iter().map(|held| held.port).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 50);
        for port in ports {
            assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err());
            assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port + BUS_OFFSET)).is_err());
        }
    }

    #[test]
    fn a_port_is_free_once_it_is_let_go() {
        let port = hold_port(false).unwrap().port;
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    }
}
