//! What limited a run, and that it is told: real fills, each with one of them truly in the way. Where other
//! programs take the processors that client and servers share, the verdict says that instead, and no test insists
//! on more: this is asked on machines of two processors on which other tests run meanwhile.

mod link;
mod options;
mod verdicts;
