//! What a node knows of one client.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use tokio::sync::Notify;

use super::replication::Wait;
use super::reply::Reply;
use super::transaction::Transaction;

/// The user that a client is before it says another.
pub(crate) const DEFAULT_USER: &str = "default";

/// Which of its answers a client wants (CLIENT REPLY).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replies {
    On,
    Off,
    /// All but the next command's.
    SkipNext,
    /// All but this command's.
    Skip,
}

/// A connected client.
pub(crate) struct Client {
    pub(crate) id: u64,
    pub(crate) address: SocketAddr,
    pub(crate) local_address: SocketAddr,
    pub(crate) name: String,
    pub(crate) library: String,
    pub(crate) library_version: String,
    pub(crate) authenticated: bool,
    pub(crate) user: String,
    pub(crate) replies: Replies,
    pub(crate) reply: Reply,
    /// Bytes of answers before that of the command that runs.
    pub(crate) answered: usize,
    /// What came since MULTI.
    pub(crate) transaction: Option<Box<Transaction>>,
    /// The next command may touch a slot that is being imported.
    pub(crate) asking: bool,
    /// Reads may be answered by a replica.
    pub(crate) readonly: bool,
    pub(crate) no_evict: bool,
    /// What its command waits for, from when it was tried until it is tried again;
    pub(crate) waiting: Option<Wait>,
    /// and what it has waited for, while that is done.
    pub(crate) waited: Option<Wait>,
    /// No more is read, and the connection ends when the answers are out.
    pub(crate) closing: bool,
    pub(crate) connected: Instant,
    pub(crate) last_used: Instant,
    /// The last command's name, as the table spells it.
    pub(crate) last_command: &'static str,
    /// Commands executed.
    pub(crate) commands: u64,
    /// Bytes that came and were not executed yet.
    pub(crate) unread: usize,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    /// Rung to end the connection from elsewhere.
    pub(crate) kill: Rc<Notify>,
}

impl Client {
    pub(crate) fn new(id: u64, address: SocketAddr, local_address: SocketAddr, authenticated: bool) -> Self {
        let now = Instant::now();
        Self {
            id,
            address,
            local_address,
            name: String::new(),
            library: String::new(),
            library_version: String::new(),
            authenticated,
            user: DEFAULT_USER.into(),
            replies: Replies::On,
            reply: Reply::default(),
            answered: 0,
            transaction: None,
            asking: false,
            readonly: false,
            no_evict: false,
            waiting: None,
            waited: None,
            closing: false,
            connected: now,
            last_used: now,
            last_command: "NULL",
            commands: 0,
            unread: 0,
            bytes_in: 0,
            bytes_out: 0,
            kill: Rc::new(Notify::new()),
        }
    }

    /// A line about it, as CLIENT LIST has them.
    pub(crate) fn describe(&self) -> String {
        let flags = [
            (self.transaction.is_some(), 'x'),
            (self.closing, 'c'),
            (self.readonly, 'r'),
            (self.no_evict, 'e'),
        ];
        let mut flags: String = flags.iter().filter(|(is, _)| *is).map(|(_, letter)| letter).collect();
        if flags.is_empty() {
            flags.push('N');
        }
        format!(
            "id={} addr={} laddr={} name={} age={} idle={} flags={flags} db=0 sub=0 psub=0 ssub=0 multi={} \
             obl={} cmd={} user={} redir=-1 resp={} lib-name={} lib-ver={} tot-net-in={} tot-net-out={} \
             tot-cmds={}\n",
            self.id,
            self.address,
            self.local_address,
            self.name,
            self.connected.elapsed().as_secs(),
            self.last_used.elapsed().as_secs(),
            self.transaction.as_ref().map_or(-1, |transaction| transaction.queued as i64),
            self.reply.len(),
            self.last_command,
            self.user,
            if self.reply.resp3 { 3 } else { 2 },
            self.library,
            self.library_version,
            self.bytes_in,
            self.bytes_out,
            self.commands,
        )
    }

    /// Whether the answer of the command that runs now is wanted.
    pub(crate) fn wants_reply(&self) -> bool {
        !matches!(self.replies, Replies::Off | Replies::Skip)
    }

    /// A command has been answered: takes the answer back if it is not wanted.
    pub(crate) fn settle_answer(&mut self) {
        if !self.wants_reply() {
            self.reply.truncate(self.answered);
        }
        self.answered = self.reply.len();
    }

    /// Bytes of what waits for EXEC.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.transaction.as_ref().map_or(0, |transaction| transaction.bytes)
    }

    /// What a command's end means for the next.
    pub(crate) fn command_ended(&mut self) {
        self.replies = match self.replies {
            Replies::SkipNext => Replies::Skip,
            Replies::Skip => Replies::On,
            other => other,
        };
    }
}
