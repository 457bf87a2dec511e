//! HOT PATH. One task with one connection to one master: generates, sends, reads the barriers'
//! answers, and keeps what is unanswered within its window. It believes nothing beyond what was
//! answered, and never waits without a deadline.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::Sleep;

use crate::net::plain;
use crate::resp::{Decoder, Value, excerpt};

use super::{Batch, End, Ended, Pacer, Progress, Stop, Window, Written};

/// Bytes generated before they are given to the socket: a small buffer that stays in cache. So many
/// are one packet on a loopback device (its MTU is 65536): a few more would cost a second packet, and
/// the client a quarter more processor time (`PERFORMANCE.md`).
const CHUNK_BYTES: usize = 65_483;
/// With keys so large that a chunk cannot end just below its size, it is at least this.
const CHUNK_BYTES_MIN: usize = 32 << 10;
/// Bytes read at a time; answers are five bytes each.
const READ_BYTES: usize = 4 << 10;
const OK: &[u8] = b"+OK\r\n";

/// A pipeline on its way, from its first chunk on.
struct Pipeline {
    started: Instant,
    bytes: u64,
    answers: u64,
    /// Replicas that have it and all before it, by the answer to WAIT.
    replicas: u64,
    /// Known once it has been generated to its end.
    ended: Option<Ended>,
}

/// What a writer that cannot go on waits for.
#[derive(Clone, Copy)]
enum Wait {
    Server,
    Pacer,
}

/// What generating came to.
enum Next {
    Send,
    Wait(Wait),
    End(End),
}

/// Why a writer that waited does so no longer.
enum Woken {
    Paid,
    GiveUp,
    Silence,
}

/// Sends one batch over one connection.
pub struct Writer<S> {
    stream: S,
    batch: Batch,
    window: Window,
    pacer: Option<Arc<Pacer>>,
    progress: Arc<Progress>,
    timeout: Duration,
    /// Replicas that must have a pipeline before it counts; 0 is none.
    replicas_wanted: u64,

    chunk: Vec<u8>,
    chunk_sent: usize,
    /// A chunk is sent when it holds so many bytes; it may hold one key more.
    chunk_bytes: usize,
    /// Whether the stream may hold back bytes that it has taken: one that encrypts does.
    unflushed: bool,
    inbox: BytesMut,
    decoder: Decoder,
    /// Oldest first; the last one may still be in the making.
    in_flight: VecDeque<Pipeline>,
    unanswered_bytes: u64,

    refused: Option<String>,
    executed: u64,
    unacknowledged: u64,
    /// Replicas that had the last of them.
    replicas_behind: u64,
    commands: u64,
    first_byte: Option<Instant>,
    last_progress: Instant,
    paid_until: Option<Instant>,
    waiting: Option<(Wait, Instant)>,
    alarm: Pin<Box<Sleep>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Writer<S> {
    /// A writer for `batch` over `stream`, whose handshake is over. `timeout` is how long it bears
    /// that nothing moves, beside what a barrier may wait for replicas. Needs a runtime's timer.
    pub fn new(
        stream: S,
        batch: Batch,
        window: Window,
        pacer: Option<Arc<Pacer>>,
        progress: Arc<Progress>,
        timeout: Duration,
    ) -> Self {
        let full = CHUNK_BYTES.saturating_sub(batch.key_bytes()).max(CHUNK_BYTES_MIN);
        let quantum = pacer.as_ref().map_or(full, |pacer| pacer.quantum_bytes());
        let wait = batch.wait();
        let timeout = timeout.saturating_add(wait.map_or(Duration::ZERO, |wait| wait.timeout));
        Self {
            replicas_wanted: wait.map_or(0, |wait| wait.replicas),
            chunk_bytes: quantum.clamp(1, full),
            unflushed: false,
            stream,
            batch,
            window,
            pacer,
            progress,
            timeout,
            chunk: Vec::new(),
            chunk_sent: 0,
            inbox: BytesMut::new(),
            decoder: Decoder::default(),
            in_flight: VecDeque::with_capacity(window.pipelines),
            unanswered_bytes: 0,
            refused: None,
            executed: 0,
            unacknowledged: 0,
            replicas_behind: 0,
            commands: 0,
            first_byte: None,
            last_progress: Instant::now(),
            paid_until: None,
            waiting: None,
            alarm: Box::pin(tokio::time::sleep(timeout)),
        }
    }

    /// Sends everything, or ends earlier for one of the reasons in [`End`].
    pub async fn run(mut self, mut stop: watch::Receiver<Stop>) -> Written {
        let mut stopping: Stop = *stop.borrow_and_update();
        let end = loop {
            tokio::select! {
                biased;
                changed = stop.changed(), if stopping.is_none() => {
                    // A sender that is gone can no longer ask, nor take an answer.
                    stopping = if changed.is_ok() { *stop.borrow() } else { Some(Instant::now()) };
                }
                end = std::future::poll_fn(|context| self.poll(context, stopping)) => break end,
            }
        };
        let last = self.last_progress;
        Written {
            executed: self.executed,
            unacknowledged: self.unacknowledged,
            commands: self.commands,
            unanswered: !self.in_flight.is_empty(),
            span: self.first_byte.map(|first| (first, last)),
            end: self.refused.map_or(end, End::Refused),
        }
    }

    /// Goes on until the socket, the window or the rate says wait.
    fn poll(&mut self, context: &mut Context<'_>, stopping: Stop) -> Poll<End> {
        self.waited();
        loop {
            let read = match self.poll_answers(context) {
                Poll::Ready(Err(end)) => return Poll::Ready(end),
                other => other.is_ready(),
            };
            let wait = if self.chunk_sent < self.chunk.len() || self.unflushed {
                match self.poll_send(context) {
                    Poll::Ready(Ok(())) => continue,
                    Poll::Ready(Err(error)) => return Poll::Ready(lost(&error)),
                    Poll::Pending => Wait::Server,
                }
            } else {
                match self.generate(stopping) {
                    Next::Send => continue,
                    Next::End(end) => return Poll::Ready(end),
                    Next::Wait(wait) => wait,
                }
            };
            if read {
                continue;
            }
            match ready!(self.poll_alarm(context, stopping, wait)) {
                // The writer itself was slow, not the server.
                Woken::Paid => self.moved(),
                Woken::GiveUp => return Poll::Ready(End::Stopped),
                Woken::Silence => return Poll::Ready(End::Silent(self.timeout)),
            }
            self.waited();
        }
    }

    /// Fills the chunk with as much as the window and the rate admit.
    fn generate(&mut self, stopping: Stop) -> Next {
        // While replicas are behind, nothing new is begun: a later barrier may still find them there.
        let stopping = stopping.is_some() || self.refused.is_some() || self.unacknowledged > 0;
        if self.paid_until.is_some_and(|until| !stopping && Instant::now() < until) {
            return Next::Wait(Wait::Pacer);
        }
        self.chunk.clear();
        self.chunk_sent = 0;
        while self.chunk.len() < self.chunk_bytes {
            if self.batch.between_pipelines() {
                if stopping || self.batch.is_done() || !self.has_room() {
                    break;
                }
                self.start_pipeline();
            }
            self.append(stopping);
        }
        self.paid_until = self.pacer.as_ref().map(|pacer| pacer.pay(self.chunk.len()));
        match (self.chunk.is_empty(), self.in_flight.is_empty()) {
            (false, _) => Next::Send,
            (true, false) => Next::Wait(Wait::Server),
            (true, true) => Next::End(self.end()),
        }
    }

    /// How it ends, now that everything is answered.
    fn end(&self) -> End {
        match self.batch.wait() {
            Some(wait) if self.unacknowledged > 0 => End::Behind { replicas: self.replicas_behind, wait },
            _ if self.batch.is_done() => End::Done,
            _ => End::Stopped,
        }
    }

    /// Whether the window admits another pipeline.
    fn has_room(&self) -> bool {
        let room = self.in_flight.len() < self.window.pipelines && self.unanswered_bytes < self.window.bytes;
        room || self.in_flight.is_empty()
    }

    fn start_pipeline(&mut self) {
        let started = Instant::now();
        self.first_byte.get_or_insert(started);
        self.last_progress = started;
        self.in_flight.push_back(Pipeline { started, bytes: 0, answers: 0, replicas: 0, ended: None });
    }

    /// Appends to the chunk until it is full, or the pipeline in the making ends.
    fn append(&mut self, stopping: bool) {
        let before = self.chunk.len();
        let ended = self.batch.fill(&mut self.chunk, self.chunk_bytes, stopping);
        let bytes = (self.chunk.len() - before) as u64;
        self.unanswered_bytes += bytes;
        if let Some(pipeline) = self.in_flight.back_mut() {
            pipeline.bytes += bytes;
            pipeline.ended = ended;
        }
        self.settle();
    }

    /// Gives the stream what is left of the chunk; ready when it has taken some, or all is on its way.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let rest = &self.chunk[self.chunk_sent..];
        if rest.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.unflushed = false;
            return Poll::Ready(Ok(()));
        }
        let sent = ready!(Pin::new(&mut self.stream).poll_write(context, rest))?;
        if sent == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.chunk_sent += sent;
        self.unflushed = true;
        self.progress.wrote(sent);
        self.moved();
        Poll::Ready(Ok(()))
    }

    /// Reads what has come; ready if something has.
    fn poll_answers(&mut self, context: &mut Context<'_>) -> Poll<Result<(), End>> {
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
        let Some(Pipeline { answers, ended: Some(ended), .. }) = self.in_flight.front() else { return false };
        self.replicas_wanted > 0 && answers + 1 == ended.replies
    }

    /// Takes the pipelines that are answered to their end out of flight. Replicas that have one have all
    /// before it.
    fn settle(&mut self) {
        while let Some(&Pipeline { started, bytes, answers, replicas, ended: Some(ended) }) =
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
        }
    }

    /// Waits until the rate admits more, nothing has moved for too long, or it is time to give up.
    fn poll_alarm(&mut self, context: &mut Context<'_>, stopping: Stop, wait: Wait) -> Poll<Woken> {
        let outstanding = !self.in_flight.is_empty();
        let silence =
            (outstanding && matches!(wait, Wait::Server)).then(|| self.last_progress + self.timeout);
        let paid = self.paid_until.filter(|_| matches!(wait, Wait::Pacer));
        self.waiting = Some((wait, Instant::now()));
        let wakes = [(stopping, Woken::GiveUp), (silence, Woken::Silence), (paid, Woken::Paid)];
        let Some((at, woken)) =
            wakes.into_iter().filter_map(|(at, why)| Some((at?, why))).min_by_key(|(at, _)| *at)
        else {
            return Poll::Pending;
        };
        while Instant::now() < at {
            // An alarm that rings early is set again; setting it anew each time would cost more.
            let set = self.alarm.deadline().into_std();
            if set > at || self.alarm.is_elapsed() {
                self.alarm.as_mut().reset(at.into());
            }
            ready!(self.alarm.as_mut().poll(context));
        }
        Poll::Ready(woken)
    }

    fn moved(&mut self) {
        self.last_progress = Instant::now();
    }

    /// Accounts for the wait that is over.
    fn waited(&mut self) {
        match self.waiting.take() {
            Some((Wait::Server, since)) => self.progress.waited(since.elapsed()),
            Some((Wait::Pacer, since)) => self.progress.paced(since.elapsed()),
            None => {}
        }
    }
}

fn lost(error: &io::Error) -> End {
    End::Lost(plain(error))
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
