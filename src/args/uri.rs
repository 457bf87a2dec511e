//! Server URIs, as redis-cli reads them. No error quotes any part that might be a password.

use percent_encoding::percent_decode_str;

use super::UsageError;
use crate::net::{Address, Credentials, Secret};

const DEFAULT_HOST: &str = "127.0.0.1";
pub(super) const DEFAULT_PORT: u16 = 6379;

/// What a URI says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Uri {
    pub(super) address: Address,
    pub(super) tls: bool,
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) database: Option<u32>,
}

impl Uri {
    /// Reads `redis://[[user]:password@]host[:port][/db]`, the same with `rediss`, `valkey` or
    /// `valkeys`, or `unix://[[user]:password@]/path[?db=n]`. As with redis-cli, what stands alone
    /// before the `@` is the password. Users, passwords and paths may be percent-encoded.
    pub(super) fn parse(text: &str) -> Result<Self, UsageError> {
        let known = || {
            wrong("does not start as one: write redis://, rediss://, valkey://, valkeys:// or unix:// first")
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(known)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            "unix" => return Self::unix(rest),
            _ => return Err(known()),
        };
        let (userinfo, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (place, query) = place.split_once('?').unwrap_or((place, ""));
        let (authority, path) = place.split_once('/').unwrap_or((place, ""));
        let (user, password) = credentials(userinfo)?;
        let database = same_database(database(path)?, query_database(query)?)?;
        Ok(Self { address: tcp(authority)?, tls, user, password, database })
    }

    fn unix(rest: &str) -> Result<Self, UsageError> {
        // A path may hold an `@` of its own; credentials end where the path begins.
        let (userinfo, path) = match rest.find("@/") {
            Some(at) if !rest.starts_with('/') => (&rest[..at], &rest[at + 1..]),
            _ => ("", rest),
        };
        if !path.starts_with('/') {
            return Err(wrong("has no absolute path: write unix:///run/redis.sock"));
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (user, password) = credentials(userinfo)?;
        let address = Address::Unix(decoded(path, "path")?.into());
        Ok(Self { address, tls: false, user, password, database: query_database(query)? })
    }

    /// The URI's credentials, where it has a password.
    pub(super) fn credentials(&self) -> Option<Credentials> {
        let password = self.password.clone()?;
        Some(Credentials { user: self.user.clone(), password })
    }
}

fn wrong(problem: &str) -> UsageError {
    UsageError::new(format!("the URI {problem}"))
}

fn decoded(text: &str, what: &str) -> Result<String, UsageError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| wrong(&format!("has a {what} that is not UTF-8: percent-encode it")))
}

/// User and password; an empty user is none, and so is an empty password without a user.
fn credentials(userinfo: &str) -> Result<(Option<String>, Option<Secret>), UsageError> {
    let (user, password) = userinfo.split_once(':').unwrap_or(("", userinfo));
    let (user, password) = (decoded(user, "user")?, decoded(password, "password")?);
    let nobody = user.is_empty() && password.is_empty();
    Ok((Some(user).filter(|user| !user.is_empty()), (!nobody).then(|| Secret::from(password))))
}

fn tcp(authority: &str) -> Result<Address, UsageError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            bracketed.split_once(']').ok_or_else(|| wrong("has a `[` without its `]`: write [::1]:6379"))?
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = match port.strip_prefix(':') {
        Some("") => DEFAULT_PORT,
        Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
            wrong("has a port that is none: write a number from 1 to 65535; IPv6 addresses in brackets")
        })?,
        None if port.is_empty() => DEFAULT_PORT,
        None => return Err(wrong("goes on after its `]`: write [::1]:6379")),
    };
    Ok(Address::tcp(if host.is_empty() { DEFAULT_HOST } else { host }, port))
}

fn database(text: &str) -> Result<Option<u32>, UsageError> {
    let number = || text.parse().map_err(|_| wrong("has a database that is no number: write /0 at its end"));
    if text.is_empty() { Ok(None) } else { number().map(Some) }
}

fn query_database(query: &str) -> Result<Option<u32>, UsageError> {
    let mut found = None;
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=') {
            Some(("db", number)) => found = same_database(found, database(number)?)?,
            _ => return Err(wrong("has a parameter that is not known: leave out all after `?` but db=N")),
        }
    }
    Ok(found)
}

/// One database of two mentions.
pub(super) fn same_database(one: Option<u32>, other: Option<u32>) -> Result<Option<u32>, UsageError> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => {
            let text = format!("two databases are named, {one} and {other}: leave out one of them");
            Err(UsageError::new(text))
        }
        _ => Ok(one.or(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(address: Address) -> Uri {
        Uri { address, tls: false, user: None, password: None, database: None }
    }

    fn parsed(text: &str) -> Uri {
        Uri::parse(text).unwrap()
    }

    #[test]
    fn hosts_ports_and_databases() {
        let local = uri(Address::tcp("127.0.0.1", 6379));
        for text in ["redis://", "redis:///", "REDIS://127.0.0.1", "valkey://:6379", "redis://@127.0.0.1:"] {
            assert_eq!(parsed(text), local, "{text}");
        }
        assert_eq!(parsed("redis://h:1/2"), Uri { database: Some(2), ..uri(Address::tcp("h", 1)) });
        assert_eq!(parsed("redis://h:1/2?db=2"), parsed("redis://h:1?db=2"));
        assert_eq!(parsed("rediss://[::1]:7"), Uri { tls: true, ..uri(Address::tcp("::1", 7)) });
        assert_eq!(parsed("valkeys://[fd00::1]"), Uri { tls: true, ..uri(Address::tcp("fd00::1", 6379)) });
    }

    #[test]
    fn users_and_passwords() {
        let with = |user: Option<&str>, password: &str| Uri {
            user: user.map(Into::into),
            password: Some(password.into()),
            ..uri(Address::tcp("h", 6379))
        };
        assert_eq!(parsed("redis://me:p%40ss%2F%3A@h"), with(Some("me"), "p@ss/:"));
        assert_eq!(parsed("redis://m%C3%A9:p:w@h"), with(Some("mé"), "p:w"));
        assert_eq!(parsed("redis://:pw@h"), with(None, "pw"));
        assert_eq!(parsed("redis://pw@h"), with(None, "pw"));
        assert_eq!(parsed("redis://p@/w@h"), with(None, "p@/w"));
        assert_eq!(parsed("redis://me:@h"), with(Some("me"), ""));
        assert_eq!(parsed("redis://:@h"), uri(Address::tcp("h", 6379)));
    }

    #[test]
    fn unix_sockets() {
        let socket = uri(Address::Unix("/run/a@b c.sock".into()));
        assert_eq!(parsed("unix:///run/a@b%20c.sock"), socket);
        let full = parsed("unix://me:pw@/run/a@b%20c.sock?db=3");
        assert_eq!(full.credentials().unwrap().user.as_deref(), Some("me"));
        assert_eq!(
            full,
            Uri { user: full.user.clone(), password: Some("pw".into()), database: Some(3), ..socket }
        );
    }

    #[test]
    fn what_is_no_uri_is_told_without_its_password() {
        let wrong = [
            ("hunter2", "does not start as one"),
            ("http://me:hunter2@h", "does not start as one"),
            ("redis://me:hunter2", "port that is none"),
            ("redis://::1:6379", "port that is none"),
            ("redis://h:0", "port that is none"),
            ("redis://h:65536", "port that is none"),
            ("redis://[::1", "without its `]`"),
            ("redis://[::1]x", "after its `]`"),
            ("redis://me:hunter2@h/x", "database that is no number"),
            ("redis://h/1?db=2", "two databases"),
            ("redis://h?password=hunter2", "parameter that is not known"),
            ("redis://%ff:hunter2@h", "user that is not UTF-8"),
            ("unix://relative/path", "no absolute path"),
        ];
        for (text, part) in wrong {
            let error = Uri::parse(text).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains("hunter2"), "{text}: {error}");
        }
    }
}
