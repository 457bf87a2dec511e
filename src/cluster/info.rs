//! What a server says of itself in INFO.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

/// The answer to `INFO`, any sections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    fields: HashMap<String, String>,
}

/// How often one command came, since the server started or its statistics were reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Executed, whether well or not.
    pub executed: u64,
    /// Refused before execution; 0 on servers before 6.2, which do not say.
    pub rejected: u64,
    /// Of the executed ones, those that were answered with an error; 0 on servers before 6.2.
    pub failed: u64,
}

impl Info {
    /// Reads the text of an INFO reply; lines without a colon are headings.
    pub fn parse(text: &str) -> Self {
        let pairs =
            text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'));
        Self { fields: pairs.map(|(name, value)| (name.into(), value.trim_end().into())).collect() }
    }

    /// A field's text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// A field's number.
    pub fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    /// The same, with as much memory in use as `other` says.
    pub fn with_memory_of(mut self, other: &Self) -> Self {
        const USED: &str = "used_memory";
        self.fields.extend(other.text(USED).map(|used| (USED.to_owned(), used.to_owned())));
        self
    }

    /// `fillbench`, `valkey` or `redis`, and its own version: the first two also state the Redis
    /// version that they are compatible with.
    pub fn server(&self) -> (&'static str, String) {
        for (name, field) in
            [("fillbench", "fillbench_version"), ("valkey", "valkey_version"), ("redis", "redis_version")]
        {
            if let Some(version) = self.text(field) {
                return (name, version.into());
            }
        }
        ("unknown", String::new())
    }

    /// Whether it parses and counts what is written, and throws it away.
    pub fn discards(&self) -> bool {
        self.text("fillbench_discard") == Some("1")
    }

    /// Changes whenever the server starts.
    pub fn run_id(&self) -> Option<&str> {
        self.text("run_id")
    }

    /// Keys in all databases.
    pub fn keys(&self) -> u64 {
        let databases = self
            .fields
            .iter()
            .filter(|(name, _)| name.strip_prefix("db").is_some_and(|number| number.parse::<u32>().is_ok()));
        databases.filter_map(|(_, value)| item(value, "keys")).sum()
    }

    /// Keys in one database.
    pub fn keys_of(&self, database: u32) -> u64 {
        self.text(&format!("db{database}")).and_then(|list| item(list, "keys")).unwrap_or(0)
    }

    /// Keys with a time to live in one database; 0 where it holds no key. Says nothing where the
    /// keyspace was not part of the answer.
    pub fn expiring_keys(&self, database: u32) -> u64 {
        self.text(&format!("db{database}")).and_then(|list| item(list, "expires")).unwrap_or(0)
    }

    /// How far each replica that has had everything once says it is in this master's history, in bytes.
    pub fn replica_offsets(&self) -> Vec<u64> {
        let replicas = self.fields.iter().filter(|(name, _)| {
            name.strip_prefix("slave").is_some_and(|number| number.parse::<u32>().is_ok())
        });
        let online = replicas.filter(|(_, value)| value.split(',').any(|pair| pair == "state=online"));
        online.filter_map(|(_, value)| item(value, "offset")).collect()
    }

    /// Error replies by their first word.
    pub fn errors(&self) -> BTreeMap<String, u64> {
        self.prefixed("errorstat_", |value| item(value, "count"))
    }

    /// Calls by command, in lower case; a subcommand follows a `|`.
    pub fn commands(&self) -> BTreeMap<String, Calls> {
        self.prefixed("cmdstat_", |value| {
            let part = |name| item(value, name).unwrap_or(0);
            let (rejected, failed) = (part("rejected_calls"), part("failed_calls"));
            Some(Calls { executed: item(value, "calls")?, rejected, failed })
        })
    }

    fn prefixed<T>(&self, prefix: &str, read: impl Fn(&str) -> Option<T>) -> BTreeMap<String, T> {
        let named = self.fields.iter().filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value)));
        named.filter_map(|(name, value)| Some((name.to_ascii_lowercase(), read(value)?))).collect()
    }
}

/// The number of one item in `calls=1,usec=2`.
fn item(list: &str, name: &str) -> Option<u64> {
    list.split(',').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_errors_and_calls_are_found() {
        let info = Info::parse(
            "# Server\r\nredis_version:7.2.4\r\nvalkey_version:9.1.2\r\nrun_id:abc\r\n\r\n# Memory\r\n\
             used_memory:1024\r\n# Errorstats\r\nerrorstat_OOM:count=3\r\n# Commandstats\r\n\
             cmdstat_set:calls=10,usec=1,usec_per_call=0.10,rejected_calls=3,failed_calls=2\r\n\
             cmdstat_cluster|shards:calls=1,usec=5,usec_per_call=5.00\r\n# Keyspace\r\n\
             db0:keys=3,expires=0,avg_ttl=0\r\ndb11:keys=4,expires=1,avg_ttl=2\r\n\
             slave0:ip=127.0.0.1,port=7002,state=online,offset=215,lag=1,type=replica\r\n\
             slave1:ip=127.0.0.1,port=7003,state=wait_bgsave,offset=0,lag=0\r\nslave_expires:offset=9\r\n",
        );
        assert_eq!(info.replica_offsets(), [215]);
        assert_eq!(info.server(), ("valkey", "9.1.2".into()));
        assert!(!info.discards() && Info::parse("fillbench_discard:1\r\n").discards());
        assert_eq!(Info::parse("redis_version:7.0.15\nfillbench_version:1.2.3").server().0, "fillbench");
        assert_eq!(info.run_id(), Some("abc"));
        let earlier = Info::parse("used_memory:7\r\nrun_id:c\r\n");
        let mixed = info.clone().with_memory_of(&earlier);
        assert_eq!((mixed.number("used_memory"), mixed.run_id()), (Some(7), Some("abc")));
        assert_eq!(info.clone().with_memory_of(&Info::default()), info);
        assert_eq!(info.number::<u64>("used_memory"), Some(1024));
        assert_eq!(info.number::<u64>("run_id"), None);
        assert_eq!((info.keys(), info.keys_of(0), info.keys_of(1), info.keys_of(11)), (7, 3, 0, 4));
        assert_eq!([0, 5, 11].map(|database| info.expiring_keys(database)), [0, 0, 1]);
        assert_eq!(info.errors(), BTreeMap::from([("oom".into(), 3)]));
        assert_eq!(
            info.commands(),
            BTreeMap::from([
                ("cluster|shards".into(), Calls { executed: 1, rejected: 0, failed: 0 }),
                ("set".into(), Calls { executed: 10, rejected: 3, failed: 2 }),
            ])
        );
    }
}
