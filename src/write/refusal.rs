//! What it means for what comes next that a server answers a write with an error, as Redis's cluster
//! specification and its sources say.

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal<'a> {
    /// The key's slot is on its way to another node, which takes this key after `ASKING`.
    Ask {
        /// The slot.
        slot: Option<u16>,
        /// That node, `host:port` as the one that was asked calls it.
        node: Option<&'a str>,
    },
    /// Another node has the slot, or a group of keys is torn while its slot moves.
    Elsewhere,
    /// This node takes no writes at the moment; later it will, or another one in its place.
    ForNow,
    /// Somebody has to change something first.
    Final,
}

impl<'a> Refusal<'a> {
    /// Reads an error reply.
    pub fn of(message: &'a str) -> Self {
        let mut words = message.split_whitespace();
        match words.next().unwrap_or_default() {
            "ASK" => {
                let slot = words.next().and_then(|slot| slot.parse().ok());
                Self::Ask { slot, node: words.next() }
            }
            "MOVED" | "TRYAGAIN" => Self::Elsewhere,
            // When a connection is made: others may leave.
            "ERR" if message.contains("max number of clients") => Self::ForNow,
            "BUSY" | "CLUSTERDOWN" | "LOADING" | "MASTERDOWN" | "MISCONF" | "NOREPLICAS" | "READONLY" => {
                Self::ForNow
            }
            _ => Self::Final,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_decides_and_ask_names_where() {
        let ask = Refusal::Ask { slot: Some(93), node: Some("10.0.0.1:7001") };
        assert_eq!(Refusal::of("ASK 93 10.0.0.1:7001"), ask);
        assert_eq!(Refusal::of("ASK"), Refusal::Ask { slot: None, node: None });
        assert_eq!(Refusal::of("MOVED 93 10.0.0.1:7001"), Refusal::Elsewhere);
        assert_eq!(Refusal::of("READONLY You can't write against a read only replica."), Refusal::ForNow);
        let message = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
        assert_eq!(Refusal::of(message), Refusal::ForNow);
        assert_eq!(Refusal::of("ERR max number of clients reached"), Refusal::ForNow);
        for message in ["OOM command not allowed", "NOPERM this user", "ERR unknown", ""] {
            assert_eq!(Refusal::of(message), Refusal::Final, "{message}");
        }
    }
}
