//! Servers' error replies: what they say, and what to do about them.

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

/// What would do about a refusal of `command`, where something would.
pub(super) fn cure(command: &str, message: &str) -> Option<&'static str> {
    let says = |part: &str| message.contains(part);
    let cure = match code(message) {
        "NOAUTH" => "give a password: --pass, --askpass or REDISCLI_AUTH",
        "WRONGPASS" => "check --user and --pass (or REDISCLI_AUTH)",
        "NOPERM" => "let the user do this (ACL SETUSER), or give another --user",
        "LOADING" => "wait until the server has loaded its data, then try again",
        "MASTERDOWN" => "this replica has lost its master: give the address of a master",
        "READONLY" => "this is a replica: give the address of its master",
        "DENIED" => "the server is in protected mode: give it a password, or connect from its own machine",
        "BUSY" => "a script is running there: wait for it, or end it with SCRIPT KILL",
        "OOM" => "the server's maxmemory is reached: raise it, or fill less",
        "MISCONF" => "the server cannot save to its disk: see its log",
        "CLUSTERDOWN" => "some slots have no master: see CLUSTER INFO",
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
        ];
        for (command, message, part) in table {
            let cure = cure(command, message).unwrap_or_default();
            assert!(cure.contains(part), "{message}: {cure}");
        }
        assert_eq!(cure("PING", "ERR something else"), None);
    }
}
