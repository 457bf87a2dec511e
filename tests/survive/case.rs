//! How a fill is run when a fault is made, and at what moment of it; and where each test is run.

use fillbench::slots::slot_of;

/// One way to fill, and one moment of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    /// What a failure calls it.
    pub(crate) name: &'static str,
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

pub(crate) const EARLY: Case =
    Case { name: "early", command: "set", writers: 2, percent: 10, victim: 0, seconds: 3 };
const MIDDLE: Case = Case { name: "middle", command: "mset", writers: 1, percent: 45, victim: 1, seconds: 3 };
const LATE: Case = Case { name: "late", command: "mset", writers: 2, percent: 60, victim: 2, seconds: 3 };

/// The case in which a test is run on a kind of server: in each test, each kind has another one, and which one
/// it has differs from test to test. So one fault is made at three moments, and each kind of server meets all.
pub(crate) fn case_of(test: &str, kind: &str) -> Told {
    let kind = ["redis", "valkey", "embedded"].iter().position(|name| *name == kind).unwrap();
    let turn = usize::from(slot_of(test.as_bytes()));
    Told([EARLY, MIDDLE, LATE][(turn + kind) % 3])
}

/// A case that is named if the test fails.
pub(crate) struct Told(pub(crate) Case);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("It failed in the case `{}`: {:?}", self.0.name, self.0);
        }
    }
}

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

            fn test($cluster: &mut $crate::survive::cluster::Cluster, $case: $crate::survive::case::Case) $body

            $($crate::survive::case::survive! { @one $name $kind })+
        }
    )*};
    (@one $name:ident redis) => {
        #[test]
        fn redis() {
            $crate::survive::cluster::on_real("redis", module_path!(), test);
        }
    };
    (@one $name:ident valkey) => {
        #[test]
        fn valkey() {
            $crate::survive::cluster::on_real("valkey", module_path!(), test);
        }
    };
    (@one $name:ident embedded) => {
        #[test]
        fn embedded() {
            $crate::survive::cluster::on_embedded(module_path!(), test);
        }
    };
}
pub(crate) use survive;
