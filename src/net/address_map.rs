//! Where nodes are reached, if not where they say: through NAT, a tunnel, or a container's network.

use super::Address;

/// From the addresses that nodes announce to those at which they are reached from here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressMap {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    announced: Place,
    reachable: Place,
}

/// A host, and one of its ports or any.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    host: String,
    port: Option<u16>,
}

impl AddressMap {
    /// Adds an entry as people write it: `host:port=host:port`, or `host=host`, which keeps the port.
    /// IPv6 addresses stand in brackets.
    ///
    /// # Errors
    /// What is wrong with the entry, and what would do.
    pub fn add(&mut self, entry: &str) -> Result<(), String> {
        let wanted = "write host:port=host:port, or host=host, with IPv6 addresses in brackets";
        let places = entry.split_once('=').map(|(left, right)| (Place::parse(left), Place::parse(right)));
        let Some((Some(announced), Some(reachable))) = places else {
            return Err(format!("`{entry}` maps no address: {wanted}"));
        };
        if announced.port.is_some() != reachable.port.is_some() {
            return Err(format!("`{entry}` has a port on one side alone: {wanted}"));
        }
        if self.entries.iter().any(|known| known.announced == announced) {
            return Err(format!(
                "`{entry}` maps an address that an earlier entry maps: leave one of them out"
            ));
        }
        self.entries.push(Entry { announced, reachable });
        Ok(())
    }

    /// Where a node that announces `address` is reached. An entry with a port goes before one without;
    /// an address that no entry names is its own.
    pub fn apply(&self, address: &Address) -> Address {
        let Address::Tcp { host, port } = address else {
            return address.clone();
        };
        let entry = |wanted: Option<u16>| {
            self.entries.iter().find(|entry| {
                entry.announced.port == wanted && entry.announced.host.eq_ignore_ascii_case(host)
            })
        };
        match entry(Some(*port)).or_else(|| entry(None)) {
            Some(Entry { reachable, .. }) => Address::tcp(&reachable.host, reachable.port.unwrap_or(*port)),
            None => address.clone(),
        }
    }
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let (host, rest) = match text.strip_prefix('[') {
            Some(bracketed) => bracketed.split_once(']')?,
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port.parse().ok().filter(|port| *port != 0)?),
            None if rest.is_empty() => None,
            None => return None,
        };
        (!host.is_empty()).then(|| Self { host: host.into(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[&str]) -> AddressMap {
        let mut map = AddressMap::default();
        entries.iter().for_each(|entry| map.add(entry).unwrap());
        map
    }

    #[test]
    fn an_entry_with_a_port_goes_before_one_without() {
        let map = map(&["10.0.0.1=localhost", "10.0.0.1:7001=[::1]:8001", "[fd00::2]:7000=b:1"]);
        assert_eq!(map.apply(&Address::tcp("10.0.0.1", 7000)), Address::tcp("localhost", 7000));
        assert_eq!(map.apply(&Address::tcp("10.0.0.1", 7001)), Address::tcp("::1", 8001));
        assert_eq!(map.apply(&Address::tcp("FD00::2", 7000)), Address::tcp("b", 1));
        assert_eq!(map.apply(&Address::tcp("fd00::2", 7001)), Address::tcp("fd00::2", 7001));
        assert_eq!(map.apply(&Address::Unix("/s".into())), Address::Unix("/s".into()));
    }

    #[test]
    fn what_maps_nothing_is_refused() {
        for entry in
            ["", "a", "a=", "=b", "a:1=b", "a=b:1", "a:0=b:1", "a:x=b:1", "::1=b", "[::1=b", "[a]b=c"]
        {
            assert!(AddressMap::default().add(entry).is_err(), "{entry}");
        }
        let mut twice = map(&["a=b"]);
        assert!(twice.add("a=c").unwrap_err().contains("earlier entry"));
    }
}
