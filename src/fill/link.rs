//! Through which network interface a connection goes, and what that can carry, as Linux tells it.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use nix::ifaddrs::getifaddrs;

/// Bits a second in the unit of `/sys/class/net/*/speed`.
const MEGABIT: f64 = 1e6;

/// One interface.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Link {
    pub interface: String,
    /// What it can carry one way.
    pub bytes_per_second: f64,
}

/// The interface with this address of ours, if the system says how fast it is.
pub(super) fn link_of(local: IpAddr) -> Option<Link> {
    let interface = getifaddrs().ok()?.find(|one| {
        one.address.is_some_and(|address| {
            let four = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
            let six = address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip()));
            four.or(six) == Some(local)
        })
    });
    let interface = interface?.interface_name;
    speed(Path::new("/sys/class/net"), &interface)
        .map(|bytes_per_second| Link { interface, bytes_per_second })
}

/// What an interface can carry, in bytes a second. Bridges, tunnels and the like state speeds that limit nothing, and
/// loopback states none.
fn speed(class: &Path, interface: &str) -> Option<f64> {
    let place = class.join(interface);
    if !place.join("device").exists() && !place.join("bonding").exists() {
        return None;
    }
    let megabits: f64 = fs::read_to_string(place.join("speed")).ok()?.trim().parse().ok()?;
    (megabits > 0.0).then(|| megabits * MEGABIT / 8.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_device_with_a_known_speed_has_one() {
        let class = tempfile::tempdir().unwrap();
        let make = |name: &str, speed: &str, inside: Option<&str>| {
            let place = class.path().join(name);
            fs::create_dir(&place).unwrap();
            fs::write(place.join("speed"), speed).unwrap();
            inside.iter().for_each(|inside| fs::create_dir(place.join(inside)).unwrap());
        };
        make("eth0", "10000\n", Some("device"));
        make("bond0", "2000\n", Some("bonding"));
        make("eth1", "-1\n", Some("device"));
        make("veth0", "10000\n", None);
        let of = |name| speed(class.path(), name);
        assert_eq!((of("eth0"), of("bond0")), (Some(1.25e9), Some(2.5e8)));
        assert_eq!([of("eth1"), of("veth0"), of("none")], [None; 3]);
    }

    #[test]
    fn loopback_is_as_fast_as_the_machine() {
        assert_eq!(link_of("127.0.0.1".parse().unwrap()), None);
        assert_eq!(link_of("192.0.2.1".parse().unwrap()), None, "an address for documents, and nobody's");
    }
}
