//! Options of served nodes: who may speak to them, and how much they keep. Passwords are read from places
//! that other users of the machine do not see, and appear in no error.

use std::env::VarError;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::UsageError;
use super::connection::secret;
use crate::net::Secret;
use crate::server::{Policy, ServerOptions};
use crate::units::parse_bytes;

/// The variable that the default user's password is taken from.
const PASSWORD_VARIABLE: &str = "FILLBENCH_REQUIREPASS";
/// Bytes of a file of users: whatever is longer is none.
const MAX_USERS_BYTES: u64 = 1 << 20;

/// Who may use the nodes, and how much each of them keeps.
#[derive(Args, Clone, Debug, Default)]
pub struct ServedArgs {
    /// Password of the default user; the variable FILLBENCH_REQUIREPASS keeps it off the command line
    #[arg(long, value_name = "PASSWORD", value_parser = secret, allow_hyphen_values = true)]
    requirepass: Option<Secret>,
    /// Users besides the default one, who may do what it may: a file of lines of NAME PASSWORD
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// What each node may use for its keys and clients, in bytes or with a unit; 0 is no limit
    #[arg(long, value_name = "SIZE", default_value = "0", value_parser = parse_bytes, allow_negative_numbers = true)]
    maxmemory: u64,
    /// What goes when that is used up
    #[arg(long, value_name = "POLICY", default_value = Policy::NoEviction.name(), value_parser = policy())]
    maxmemory_policy: Policy,
}

impl ServedArgs {
    /// The same options with what was asked for here. Reads the file of users, and takes a password that is
    /// not given from `FILLBENCH_REQUIREPASS`.
    ///
    /// # Errors
    /// [`UsageError`] if there is no such file, or something else than users in it.
    pub fn apply(self, options: ServerOptions) -> Result<ServerOptions, UsageError> {
        let users = self.users.as_deref().map(read_users).transpose()?.unwrap_or_default();
        let requirepass = match &self.requirepass {
            Some(password) => password.expose().to_owned(),
            None => match std::env::var(PASSWORD_VARIABLE) {
                Ok(password) => password,
                Err(VarError::NotPresent) => String::new(),
                Err(VarError::NotUnicode(_)) => {
                    return Err(UsageError::new(format!("{PASSWORD_VARIABLE} is not text in UTF-8")));
                }
            },
        };
        let Self { maxmemory, maxmemory_policy, .. } = self;
        Ok(ServerOptions { requirepass, users, maxmemory, maxmemory_policy, ..options })
    }
}

fn policy() -> impl TypedValueParser<Value = Policy> {
    let names = PossibleValuesParser::new(Policy::ALL.map(Policy::name));
    names.try_map(|name| Policy::named(&name).ok_or("there is no such policy"))
}

fn read_users(path: &Path) -> Result<Vec<(String, String)>, UsageError> {
    let wrong = |problem: String| UsageError::new(format!("--users {}: {problem}", path.display()));
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_USERS_BYTES + 1).read_to_string(&mut text));
    match read {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(wrong("it is not text in UTF-8: write lines of NAME PASSWORD".into()));
        }
        Err(error) => return Err(wrong(format!("failed to read it: {}", error.kind()))),
        Ok(bytes) if bytes as u64 > MAX_USERS_BYTES => {
            return Err(wrong("it is longer than 1 MiB: write lines of NAME PASSWORD".into()));
        }
        Ok(_) => {}
    }
    users(&text).map_err(wrong)
}

/// Users and passwords of lines. Empty lines and those that begin with `#` are nobody's.
fn users(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut users: Vec<(String, String)> = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let words: Vec<&str> = text.split_whitespace().collect();
        // What is wrong is not repeated: any word may be a password.
        match words[..] {
            [] => {}
            [word, ..] if word.starts_with('#') => {}
            ["default", _] => {
                return Err(format!(
                    "line {line} names the default user: give its password by {PASSWORD_VARIABLE} or --requirepass"
                ));
            }
            [name, _] if users.iter().any(|(user, _)| user == name) => {
                return Err(format!("line {line} names a user for the second time: leave one of them out"));
            }
            [name, password] => users.push((name.into(), password.into())),
            _ => return Err(format!("line {line} is not NAME PASSWORD, two words without blanks in them")),
        }
    }
    Ok(users)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_and_what_is_none_is_told_without_a_password() {
        let read = users("# who\n\nalice secret\n  bob\t#other \r\n").unwrap();
        let wanted = [("alice", "secret"), ("bob", "#other")].map(|(name, word)| (name.into(), word.into()));
        assert_eq!(read, wanted);
        assert_eq!(users(""), Ok(Vec::new()));
        for (text, problem) in [
            ("alice", "line 1 is not NAME PASSWORD"),
            ("alice hunter2\nbob hunter2 hunter2", "line 2 is not NAME PASSWORD"),
            ("alice hunter2\nalice hunter2", "line 2 names a user for the second time"),
            ("\ndefault hunter2", "line 2 names the default user"),
        ] {
            let error = users(text).unwrap_err();
            assert!(error.starts_with(problem) && !error.contains("hunter2"), "{error}");
        }
    }
}
