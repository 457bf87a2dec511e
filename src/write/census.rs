//! How many of a connection's commands its server has executed, by the server's own count: `tot-cmds` in the answer
//! to `CLIENT INFO`. Whatever was refused before execution is not in it, so a writer that knows how many commands it
//! has sent knows how many of them were refused, whatever other clients do. No I/O.

use crate::resp::Value;

use super::{BatchOptions, Ended, ReplyMode};

/// The question, as a pipeline carries it.
pub(super) const CLIENT_INFO: &[u8] = b"*2\r\n$6\r\nCLIENT\r\n$4\r\nINFO\r\n";

/// The count in an answer to `CLIENT INFO`; `None` if the server does not count, or does not tell. Valkey does since
/// version 8.0. Commands that failed while they were executed count, and so do those that were held back, once.
pub fn executed_commands(answer: &Value) -> Option<u64> {
    let text = answer.as_text()?;
    text.split_ascii_whitespace().find_map(|field| field.strip_prefix("tot-cmds="))?.parse().ok()
}

/// What one connection was sent, held against what its server counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Census {
    /// What a question must be answered with now, if nothing was refused.
    expected: u64,
    /// Commands around those that carry keys, before a pipeline's question and after it.
    framing: u64,
    closing: u64,
}

impl Census {
    /// A connection that has answered a question with `counted`, and has been sent nothing since.
    pub fn new(counted: u64, options: &BatchOptions) -> Self {
        // A server counts the question with the next one's answer or with its own, always in the same way.
        let expected = counted + 1;
        let framing = if options.reply == ReplyMode::Off { 2 } else { 0 };
        Self { expected, framing, closing: u64::from(options.wait.is_some()) }
    }

    /// A pipeline was answered to its end, its question with `counted`. Returns how many commands were refused of all
    /// that the connection was ever sent before that question; `None` if the server counts in a way that is not
    /// understood.
    pub fn take(&mut self, ended: &Ended, counted: Option<u64>) -> Option<u64> {
        self.pass(ended);
        let asked_at = self.expected - self.closing - 1;
        asked_at.checked_sub(counted?)
    }

    /// A pipeline was answered to its end.
    pub fn pass(&mut self, ended: &Ended) {
        self.expected += ended.commands + self.framing + self.closing + u64::from(ended.asks);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::write::{Command, Depth, ReplicaWait};

    fn options(reply: ReplyMode, waits: bool) -> BatchOptions {
        let wait = waits.then_some(ReplicaWait { replicas: 1, timeout: Duration::from_secs(1) });
        BatchOptions { command: Command::Set, group: 1, depth: Depth::Exactly(9), reply, ttl: None, wait }
    }

    fn pipeline(commands: u64, asks: bool) -> Ended {
        Ended { keys: commands, commands, replies: 2, asks }
    }

    #[test]
    fn the_count_is_found_in_what_a_client_is_told_of_itself() {
        let bulk = |text: &str| executed_commands(&Value::Bulk(text.to_owned().into()));
        assert_eq!(bulk("id=3 addr=1:2 cmd=client|info tot-net-out=9 tot-cmds=17\n"), Some(17));
        assert_eq!(bulk("id=3 tot-cmds=17 name=tot-cmds=5\n"), Some(17));
        assert_eq!(bulk("id=3 name=mytot-cmds=5 resp=2\n"), None);
        assert_eq!(bulk("id=3 tot-cmds=many\n"), None);
        assert_eq!(executed_commands(&Value::Error("NOPERM".into())), None);
        assert_eq!(executed_commands(&Value::Integer(4)), None);
    }

    #[test]
    fn what_was_sent_and_not_counted_was_refused() {
        for (reply, waits, around) in [
            (ReplyMode::Off, false, 2),
            (ReplyMode::Off, true, 3),
            (ReplyMode::On, false, 0),
            (ReplyMode::On, true, 1),
        ] {
            let mut census = Census::new(40, &options(reply, waits));
            census.pass(&pipeline(9, false));
            let sent = 40 + 1 + 9 + around;
            // The question stands before what closes its own pipeline.
            let asked_at = sent + 9 + around - u64::from(waits);
            assert_eq!(census.take(&pipeline(9, true), Some(asked_at)), Some(0));
            let asked_at = sent + 9 + around + 1 + 5 + around - u64::from(waits);
            assert_eq!(census.take(&pipeline(5, true), Some(asked_at - 3)), Some(3));
            // They stay refused.
            assert_eq!(census.take(&pipeline(5, true), Some(asked_at + 1 + 5 + around - 4)), Some(4));
        }
    }

    #[test]
    fn who_counts_more_than_was_sent_is_not_understood() {
        let mut census = Census::new(0, &options(ReplyMode::Off, false));
        assert_eq!(census.take(&pipeline(1, true), Some(5)), None);
        assert_eq!(census.take(&pipeline(1, true), None), None);
    }
}
