//! How a fill is run when a fault is made, and at what moment of it; and where each test is run.

/// One way to fill, and one moment of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    /// `set` or `mset`.
    pub(crate) command: &'static str,
    /// Writers for each master.
    pub(crate) writers: u64,
    /// When the fault is made: as soon as so many percent of all keys are there.
    pub(crate) percent: u64,
    /// Which master is struck. The first is the one that the fill was pointed at.
    pub(crate) victim: usize,
    /// How long the fill takes if nothing happens.
    pub(crate) seconds: u64,
}

const EARLY: Case = Case { command: "set", writers: 2, percent: 10, victim: 0, seconds: 3 };
const MIDDLE: Case = Case { command: "mset", writers: 1, percent: 45, victim: 1, seconds: 3 };
const LATE: Case = Case { command: "mset", writers: 2, percent: 80, victim: 2, seconds: 3 };

/// Each kind of server has cases of its own, so that one fault is made at three moments.
pub(crate) const REDIS: &[Case] = &[EARLY];
pub(crate) const VALKEY: &[Case] = &[MIDDLE];
pub(crate) const EMBEDDED: &[Case] = &[LATE];

/// Makes of each test one for each kind of server that is named: `a_test::redis`, `a_test::valkey` and
/// `a_test::embedded`.
macro_rules! survive {
    ($(
        $(#[$meta:meta])*
        fn $name:ident($cluster:ident, $case:ident) on $($kind:ident),+ $body:block
    )*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            fn test($cluster: &mut $crate::cluster::Cluster, $case: $crate::case::Case) $body

            $($crate::case::survive! { @one $name $kind })+
        }
    )*};
    (@one $name:ident redis) => {
        #[test]
        fn redis() {
            $crate::cluster::on_real("redis", concat!(stringify!($name), "::redis"), $crate::case::REDIS, test);
        }
    };
    (@one $name:ident valkey) => {
        #[test]
        fn valkey() {
            $crate::cluster::on_real("valkey", concat!(stringify!($name), "::valkey"), $crate::case::VALKEY, test);
        }
    };
    (@one $name:ident embedded) => {
        #[test]
        fn embedded() {
            $crate::cluster::on_embedded($crate::case::EMBEDDED, test);
        }
    };
}
pub(crate) use survive;
