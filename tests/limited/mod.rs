//! What limited a run, and that it is told: real fills, each with one of them truly in the way. Where other
//! programs take processors that client and servers share, the verdict rests on what was left. Such a fill is done again, a
//! few times, and then believed: this is asked on machines of two processors on which other tests run meanwhile.

mod link;
mod network;
mod options;
mod verdicts;
