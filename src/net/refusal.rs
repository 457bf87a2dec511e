//! Servers' error replies: what they say, what they mean for what comes next, as Redis's cluster specification and its
//! sources have it, and what to do about them.

use crate::text::printable;

/// Characters of a server's message that are shown.
const SHOWN_CHARS: usize = 240;

/// A server's message as it may be shown. Servers repeat the arguments of a command that they do not
/// know, and a password may be among them: that part is cut off. What a terminal would obey is replaced.
pub fn shown(message: &str) -> String {
    let safe = printable(message.split(", with args beginning with").next().unwrap_or_default());
    match safe.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &safe[..end]),
        None => safe.into_owned(),
    }
}

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

    /// What would do about a refusal of `command`, where something would.
    pub fn cure(command: &str, message: &str) -> Option<&'static str> {
        let says = |part: &str| message.contains(part);
        let writes = matches!(command, "SET" | "MSET");
        let cure = match code(message) {
            "NOAUTH" => "give a password: --pass, --askpass or REDISCLI_AUTH",
            "WRONGPASS" => "check --user and --pass (or REDISCLI_AUTH)",
            "NOPERM" if writes => "grant the user +set +mset and the keys: ~*",
            "NOPERM" => "let the user do this (ACL SETUSER), or give another --user",
            "LOADING" => "wait until the server has loaded its data, then try again",
            "MASTERDOWN" => "this replica has lost its master: give the address of a master",
            "READONLY" if writes => "it has become a replica: try again",
            "READONLY" => "this is a replica: give the address of its master",
            "DENIED" => {
                "the server is in protected mode: give it a password, or connect from its own machine"
            }
            "BUSY" => "a script is running there: wait for it, or end it with SCRIPT KILL or FUNCTION KILL",
            "OOM" => "raise maxmemory there, make room, or fill less",
            "MISCONF" => {
                "its persistence fails: see its log and disk, or CONFIG SET stop-writes-on-bgsave-error no"
            }
            "NOREPLICAS" => "it waits for replicas: see min-replicas-to-write",
            "MOVED" | "ASK" | "TRYAGAIN" => "slots are being moved: try again once the cluster is quiet",
            "CLUSTERDOWN" => "some slots have no master: redis-cli --cluster check HOST:PORT",
            _ if says("max number of clients") => "close other clients, or raise the server's maxclients",
            _ if command == "AUTH" => auth_cure(message)?,
            _ if command == "SELECT" && says("cluster") => "a cluster has database 0 alone: leave out -n",
            _ if command == "SELECT" && says("out of range") => {
                "give a lower -n: it has fewer databases, as a rule 0 alone in a cluster"
            }
            _ => return None,
        };
        Some(cure)
    }
}

fn auth_cure(message: &str) -> Option<&'static str> {
    let says = |part: &str| message.contains(part);
    if says("without any password configured") || says("no password is set") {
        Some("the server wants no password: leave out --pass, --askpass and REDISCLI_AUTH")
    } else if says("wrong number of arguments") {
        Some("a server older than Redis 6 knows no users: leave out --user")
    } else if says("invalid password") {
        Some("check --pass (or REDISCLI_AUTH)")
    } else {
        None
    }
}

/// The first word of a server's message: `NOPERM`, `ERR`.
pub(super) fn code(message: &str) -> &str {
    message.split_whitespace().next().unwrap_or_default()
}

/// A command's name as it may be shown: its first word, and the second of those that have
/// subcommands. Never an argument.
pub(super) fn command_name(args: &[&[u8]]) -> String {
    let word = |place: usize| {
        args.get(place).map(|arg| String::from_utf8_lossy(arg).to_ascii_uppercase()).unwrap_or_default()
    };
    let name = word(0);
    match name.as_str() {
        "ACL" | "CLIENT" | "CLUSTER" | "COMMAND" | "CONFIG" | "DEBUG" | "FUNCTION" | "LATENCY" | "MEMORY"
        | "MODULE" | "OBJECT" | "SCRIPT" | "SLOWLOG"
            if args.len() > 1 =>
        {
            format!("{name} {}", word(1))
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_no_arguments() {
        assert_eq!(command_name(&[b"auth", b"user", b"hunter2"]), "AUTH");
        assert_eq!(command_name(&[b"config", b"set", b"requirepass", b"hunter2"]), "CONFIG SET");
        assert_eq!(command_name(&[b"CLUSTER"]), "CLUSTER");
        assert_eq!(command_name(&[]), "");
    }

    #[test]
    fn arguments_that_a_server_repeats_are_cut_off() {
        let message = "ERR unknown command 'AUTH', with args beginning with: 'me' 'hunter2' ";
        assert_eq!(shown(message), "ERR unknown command 'AUTH'");
        assert_eq!(shown("ERR \x1b[31m"), "ERR ?[31m");
        assert_eq!(shown(&"é".repeat(1000)).chars().count(), SHOWN_CHARS + 1);
    }

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

    #[test]
    fn refusals_have_their_cures() {
        let table = [
            ("PING", "NOAUTH Authentication required.", "--askpass"),
            ("AUTH", "WRONGPASS invalid username-password pair or user is disabled.", "--user"),
            ("AUTH", "ERR AUTH <password> called without any password configured", "leave out --pass"),
            ("AUTH", "ERR Client sent AUTH, but no password is set", "leave out --pass"),
            ("AUTH", "ERR wrong number of arguments for 'auth' command", "leave out --user"),
            ("AUTH", "ERR invalid password", "--pass"),
            ("SELECT", "ERR SELECT is not allowed in cluster mode", "leave out -n"),
            ("SELECT", "ERR DB index is out of range", "lower -n"),
            ("PING", "ERR max number of clients reached", "maxclients"),
            ("PING", "LOADING Redis is loading the dataset in memory", "wait"),
            ("FLUSHALL", "NOPERM this user has no permissions", "ACL SETUSER"),
            ("SET", "NOPERM this user has no permissions", "+set +mset"),
            ("PING", "READONLY You can't write against a read only replica.", "address of its master"),
            ("SET", "READONLY You can't write against a read only replica.", "try again"),
        ];
        for (command, message, part) in table {
            let cure = Refusal::cure(command, message).unwrap_or_default();
            assert!(cure.contains(part), "{message}: {cure}");
        }
        assert_eq!(Refusal::cure("PING", "ERR something else"), None);
    }
}
