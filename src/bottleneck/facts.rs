//! What is known of a run when it is judged. `None` is what nobody told: it is never taken for nothing.

/// One fill, from its first byte to its last barrier. Times are in seconds, and shares 0 to 1.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// How long it took.
    pub seconds: f64,
    /// What was executed, as a share of what `--rate` allowed; `None` without a rate.
    pub rate_share: Option<f64>,
    /// The process that sent.
    pub client: ClientFacts,
    /// Those that were written to.
    pub masters: Vec<MasterFacts>,
    /// Whether it was over, cut off most likely, before they were asked for their counters once more.
    pub ended_before_asking: bool,
    /// The network interfaces that it went through, as far as the system tells how fast they are.
    pub wires: Vec<WireFacts>,
    /// What was sent to the farthest master, as a share of what can be sent if so much at most is unanswered and
    /// each answer takes one way there and back; `None` if that is not known.
    pub window_share: Option<f64>,
    /// The machine of the client.
    pub machine: MachineFacts,
}

/// The process that sent.
#[derive(Clone, Debug, Default)]
pub struct ClientFacts {
    /// Threads that may send.
    pub threads: u64,
    /// Connections that were written to at a time.
    pub connections: u64,
    /// Whether they were encrypted.
    pub encrypts: bool,
    /// Processor time of all threads, without those of embedded servers; `None` if these would not tell theirs.
    pub cpu_seconds: Option<f64>,
    /// The thread that had most to do, where the system tells threads apart.
    pub busiest: Option<ThreadFacts>,
    /// Share of the writers' time spent waiting for sockets and barriers.
    pub waiting_share: f64,
    /// Share of the writers' time spent waiting for `--rate`.
    pub pacing_share: f64,
}

/// One thread.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ThreadFacts {
    /// Time on a processor.
    pub busy_seconds: f64,
    /// Time in which it had work and waited for a processor; `None` if the system does not tell.
    pub delayed_seconds: Option<f64>,
}

/// One master, by its own counters but for the last.
#[derive(Clone, Debug, Default)]
pub struct MasterFacts {
    /// Its address.
    pub address: String,
    /// Processor time of the whole process.
    pub cpu_seconds: Option<f64>,
    /// That of the thread that executes commands; newer servers tell it.
    pub main_thread_seconds: Option<f64>,
    /// Time in which its event loop had something to do, processor or not; newer servers tell it.
    pub loop_seconds: Option<f64>,
    /// Time in which that thread had work and waited for a processor; the system tells it of those on this machine.
    pub delayed_seconds: Option<f64>,
}

/// A network interface.
#[derive(Clone, Debug)]
pub struct WireFacts {
    /// Its name.
    pub interface: String,
    /// What was written to connections that go through it, protocol included.
    pub bytes: u64,
    /// What it can carry, as the system tells it.
    pub bytes_per_second_max: f64,
}

/// The machine of the client.
#[derive(Clone, Copy, Debug, Default)]
pub struct MachineFacts {
    /// Processors that this process may use.
    pub cpus: u64,
    /// Processors that there are.
    pub cpus_online: u64,
    /// Share of their time in which they did something, whoever for; a host's other guests are among these.
    pub busy_share: Option<f64>,
    /// Whether all masters are on it, too.
    pub has_masters: bool,
}
