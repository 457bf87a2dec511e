//! Where nodes say that they are.

use std::net::SocketAddr;

/// The address of a node of this process, for a client that reached another of them at `local`: nodes
/// that listen on every address are told of by the one that the client used.
pub(crate) fn reachable(mut address: SocketAddr, local: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(local.ip().to_canonical());
    }
    address
}

/// An address as redirections and CLUSTER NODES spell it: one of IPv6 goes without brackets.
pub(crate) fn spelt(address: SocketAddr) -> String {
    format!("{}:{}", address.ip(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_listens_everywhere_is_where_the_client_reached_one() {
        for (listens, asked_at, told) in [
            ("127.0.0.1:7001", "127.0.0.1:7000", "127.0.0.1:7001"),
            ("127.0.0.1:7001", "10.0.0.1:7000", "127.0.0.1:7001"),
            ("0.0.0.0:7001", "10.0.0.1:7000", "10.0.0.1:7001"),
            ("[::]:7001", "[::ffff:10.0.0.1]:7000", "10.0.0.1:7001"),
            ("[::]:7001", "[fd00::1]:7000", "fd00::1:7001"),
        ] {
            assert_eq!(spelt(reachable(listens.parse().unwrap(), asked_at.parse().unwrap())), told);
        }
    }
}
