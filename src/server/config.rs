//! What CONFIG shows and sets.

/// A node's settings. Sizes are in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) proto_max_bulk_len: u64,
    /// What the default user has to say first; empty is nothing.
    pub(crate) requirepass: String,
    /// 0 is no limit.
    pub(crate) maxmemory: u64,
    pub(crate) maxmemory_policy: Policy,
    /// Whether a cluster with unowned slots answers nothing.
    pub(crate) cluster_require_full_coverage: bool,
}

/// What goes when the memory is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    NoEviction,
    AllKeysLru,
    AllKeysRandom,
    VolatileTtl,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            proto_max_bulk_len: 512 << 20,
            requirepass: String::new(),
            maxmemory: 0,
            maxmemory_policy: Policy::NoEviction,
            cluster_require_full_coverage: true,
        }
    }
}

impl Policy {
    pub(crate) const ALL: [Self; 4] =
        [Self::NoEviction, Self::AllKeysLru, Self::AllKeysRandom, Self::VolatileTtl];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NoEviction => "noeviction",
            Self::AllKeysLru => "allkeys-lru",
            Self::AllKeysRandom => "allkeys-random",
            Self::VolatileTtl => "volatile-ttl",
        }
    }
}
