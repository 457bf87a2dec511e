//! HOT PATH. What comes back: a pipeline's answers are taken as they come, and it counts when it has all of them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::census::executed_commands;
use super::{End, Pipeline, Writer, lost};
use crate::resp::{Value, excerpt};
use crate::write::Ended;

/// Bytes read at a time; most answers are five bytes each.
const READ_BYTES: usize = 4 << 10;
const OK: &[u8] = b"+OK\r\n";

impl<S: AsyncRead + AsyncWrite + Unpin> Writer<S> {
    /// Reads what has come; ready if something has.
    pub(super) fn poll_answers(&mut self, context: &mut Context<'_>) -> Poll<Result<(), End>> {
        let mut space = [std::mem::MaybeUninit::uninit(); READ_BYTES];
        let mut read = ReadBuf::uninit(&mut space);
        if let Err(error) = ready!(Pin::new(&mut self.stream).poll_read(context, &mut read)) {
            return Poll::Ready(Err(lost(&error)));
        }
        if read.filled().is_empty() {
            return Poll::Ready(Err(End::Lost("the server closed the connection".into())));
        }
        self.inbox.extend_from_slice(read.filled());
        self.moved();
        Poll::Ready(self.take_answers())
    }

    fn take_answers(&mut self) -> Result<(), End> {
        loop {
            if self.inbox.starts_with(OK) {
                self.inbox.advance(OK.len());
            } else {
                match self.decoder.decode(&mut self.inbox) {
                    Ok(None) => return Ok(()),
                    // Whatever is said to it, it is no write.
                    Ok(Some(answer)) if self.is_asked() => {
                        let oldest = self.in_flight.front_mut();
                        oldest.into_iter().for_each(|oldest| oldest.counted = executed_commands(&answer));
                    }
                    Ok(Some(Value::Error(text))) => self.refused = self.refused.take().or(Some(text)),
                    Ok(Some(Value::Integer(replicas))) if self.is_waiting() => {
                        let oldest = self.in_flight.front_mut();
                        oldest.into_iter().for_each(|oldest| oldest.replicas = replicas.unsigned_abs());
                    }
                    Ok(Some(other)) => {
                        return Err(End::Lost(format!(
                            "an unexpected answer came: {}",
                            excerpt(format!("{other:?}").as_bytes())
                        )));
                    }
                    Err(error) => return Err(End::Lost(error.to_string())),
                }
            }
            match self.in_flight.front_mut() {
                Some(oldest) => oldest.answers += 1,
                None => return Err(End::Lost("an answer came that nothing had asked for".into())),
            }
            self.settle();
        }
    }

    /// Whether the next answer is the one to WAIT.
    fn is_waiting(&self) -> bool {
        self.replicas_wanted > 0 && self.in_flight.front().is_some_and(Pipeline::is_at_last)
    }

    /// Whether the next answer is the one to a pipeline's question.
    fn is_asked(&self) -> bool {
        self.in_flight.front().is_some_and(|oldest| oldest.is_at_question(self.replicas_wanted > 0))
    }

    /// Takes the pipelines that are answered to their end out of flight. Replicas that have one have all
    /// before it.
    pub(super) fn settle(&mut self) {
        while let Some(&Pipeline { started, bytes, answers, replicas, look, counted, ended: Some(ended) }) =
            self.in_flight.front()
        {
            if answers < ended.replies {
                return;
            }
            self.in_flight.pop_front();
            self.unanswered_bytes -= bytes;
            self.commands += ended.commands;
            let mut keys = self.unacknowledged + ended.keys;
            self.unacknowledged = 0;
            if replicas < self.replicas_wanted {
                (self.unacknowledged, self.replicas_behind) = (keys, replicas);
                keys = 0;
            }
            self.executed += keys;
            self.progress.pipeline_ended(keys, started.elapsed());
            if ended.asks {
                self.count(&ended, look, counted);
            } else if let Some(census) = &mut self.census {
                census.pass(&ended);
            }
        }
    }

    /// A pipeline's question was answered. Where that tells nothing, none is asked any more.
    fn count(&mut self, ended: &Ended, look: u64, counted: Option<u64>) {
        let refused = self.census.as_mut().and_then(|census| census.take(ended, counted));
        if refused.is_none() {
            self.census = None;
            self.batch.ask_at_the_end(false);
        }
        let more = refused.map(|refused| refused.saturating_sub(self.refused_commands));
        self.refused_commands = refused.unwrap_or(0);
        self.progress.counted(look, more);
    }
}
