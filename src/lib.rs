//! fillbench fills Redis and Valkey, standalone or cluster, as fast as the servers can take it, and
//! then proves that every key is there.
//!
//! The rooms, from the top down. A room uses those below it, never one above or beside it
//! (`tests/tidy.rs` holds that); engines and reports meet in [`results`].
//!
//! ```text
//! L7 commands/  one file per subcommand: arguments ─► engine ─► results ─► report
//! L6 args/      what the command line may say, as options that fit together
//! L5 fill/      the engine: plan, send, settle      report/   what people and machines read
//!    verify/    the engine: look at keys again         sweep/    which runs a grid comes to, and going through them
//!    compare/   runs against runs: the statistics   study/    runs by what they were asked: the best settings
//!    merge/     workers' runs as one
//! L4 repair/    many slots at once: read, mend
//! L3 write/     batch, writer        proof/   count, look        target/  site, spawn
//!    journal/   what was executed, written down for whoever goes on
//! L2 cluster/   topology, discovery, what a node says of itself      server/  a cluster of our own
//!    bottleneck/  what kept a run from being faster
//!    recorded/  runs that were written down, read again
//! L1 net/       connections          dataset/ keys and values    results/ record, events
//! L0 slots/     hash slots and tags  resp/    the wire format    units.rs sizes, rates, time
//!    chart/     numbers to drawings       text.rs  text of others, as it may be shown
//!    limits.rs  what ends a run from outside
//! ```
//!
//! Only `report` prints and only `main` exits.

pub mod args;
pub mod bottleneck;
pub mod chart;
pub mod cluster;
pub mod commands;
pub mod compare;
pub mod dataset;
pub mod fill;
pub mod journal;
pub mod limits;
pub mod merge;
pub mod net;
pub mod proof;
pub mod recorded;
pub mod repair;
pub mod report;
pub mod resp;
pub mod results;
pub mod server;
pub mod slots;
pub mod study;
pub mod sweep;
pub mod target;
pub mod text;
pub mod units;
pub mod verify;
pub mod write;
