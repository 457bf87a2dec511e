//! What CONFIG shows and sets.

use super::client::DEFAULT_USER;

/// A node's settings. Sizes are in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) proto_max_bulk_len: u64,
    /// What the default user has to say first; empty is nothing.
    pub(crate) requirepass: String,
    /// Users besides the default one, with their passwords.
    pub(crate) users: Vec<(String, String)>,
    /// Connections at a time.
    pub(crate) maxclients: usize,
    /// What may be kept of a client's requests that have not all come.
    pub(crate) client_query_buffer_limit: u64,
    /// 0 is no limit.
    pub(crate) maxmemory: u64,
    pub(crate) maxmemory_policy: Policy,
    /// Whether a cluster with unowned slots answers nothing.
    pub(crate) cluster_require_full_coverage: bool,
}

/// What goes when the memory is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Nothing: what needs more memory is refused.
    #[default]
    NoEviction,
    /// Keys that were not used for long.
    AllKeysLru,
    /// Any keys.
    AllKeysRandom,
    /// Keys that expire soon.
    VolatileTtl,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            proto_max_bulk_len: 512 << 20,
            requirepass: String::new(),
            users: Vec::new(),
            maxclients: 10_000,
            client_query_buffer_limit: 1 << 30,
            maxmemory: 0,
            maxmemory_policy: Policy::NoEviction,
            cluster_require_full_coverage: true,
        }
    }
}

impl Config {
    /// Whether there is a user of this name.
    pub(crate) fn has_user(&self, name: &[u8]) -> bool {
        name == DEFAULT_USER.as_bytes() || self.users.iter().any(|(user, _)| user.as_bytes() == name)
    }
}

impl Policy {
    /// All that there are.
    pub const ALL: [Self; 4] = [Self::NoEviction, Self::AllKeysLru, Self::AllKeysRandom, Self::VolatileTtl];

    /// As Redis calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoEviction => "noeviction",
            Self::AllKeysLru => "allkeys-lru",
            Self::AllKeysRandom => "allkeys-random",
            Self::VolatileTtl => "volatile-ttl",
        }
    }

    /// The one with this name, whatever its case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name().eq_ignore_ascii_case(name))
    }
}
