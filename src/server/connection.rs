//! Bytes in, answers out. A connection reads into a buffer that all connections of the node share
//! (`input.rs`), so that an idle one keeps next to nothing, and what is read is hot in the cache.

use std::cell::RefCell;
use std::io::{self, Write};
use std::net::TcpListener as StdListener;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::LocalSet;
use tracing::debug;

use super::client::Client;
use super::cycle::{CYCLE, cycle};
use super::execute::{Execution, execute};
use super::input::{INPUT_BYTES, Input, Piece};
use super::node::Node;
use crate::resp::{RequestDecoder, RequestLimits};

/// Answers are sent when there are so many bytes of them, also in the middle of a pipeline.
const REPLY_BYTES: usize = 64 << 10;
/// What a connection may keep between two requests, in bytes of answers.
const KEPT_REPLY_BYTES: usize = 4 << 10;
/// What it may keep in places of arguments.
const KEPT_ARGUMENTS: usize = 16;
/// How long an accept that failed, for want of file descriptors for instance, is not tried again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// A node, and the buffer that its connections read into.
struct Shared {
    node: RefCell<Node>,
    input: RefCell<Input>,
}

/// What a turn at the commands came to.
pub(super) enum Turn {
    /// More must come before there is a request.
    Read,
    /// Answers should go out before more requests are looked at.
    Write,
    /// The same, after this time.
    Delay(Duration),
    /// The next request has to wait: a pause has to end, or replicas have to come further.
    Wait,
    Close,
}

/// Runs a node until it is stopped, or told to shut down.
pub(crate) async fn accept(listener: StdListener, node: Node, mut stopped: watch::Receiver<bool>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let shared = Rc::new(Shared { node: RefCell::new(node), input: RefCell::default() });
    let (shut_down, mut shut) = watch::channel(false);
    let shut_down = Rc::new(shut_down);
    let tasks = LocalSet::new();
    tasks.spawn_local(replicate(shared.clone()));
    let (cycled, gone) = (shared.clone(), shut_down.clone());
    tasks.spawn_local(async move {
        while !cycled.node.borrow().shutdown {
            tokio::time::sleep(CYCLE).await;
            cycle(&mut cycled.node.borrow_mut());
        }
        gone.send_replace(true);
    });
    tasks
        .run_until(async {
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    _ = stopped.wait_for(|stopped| *stopped) => return,
                    _ = shut.wait_for(|shut| *shut) => return,
                };
                match accepted {
                    Ok((stream, _)) => {
                        let Some(stream) = shared.take_in(stream) else { continue };
                        let Ok((id, killed)) = shared.register(&stream) else { continue };
                        debug!(node = %shared.node.borrow().address, client = id, "connected");
                        let (shared, shut_down) = (shared.clone(), shut_down.clone());
                        tokio::task::spawn_local(async move {
                            // A connection that breaks is its client's matter.
                            let _ = tokio::select! {
                                served = serve(&stream, &shared, id) => served,
                                () = killed.notified() => Ok(()),
                            };
                            debug!(node = %shared.node.borrow().address, client = id, "gone");
                            shared.node.borrow_mut().clients.remove(&id);
                            shared.input.borrow_mut().forget(id);
                            if shared.node.borrow().shutdown {
                                shut_down.send_replace(true);
                            }
                        });
                    }
                    Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                }
            }
        })
        .await;
}

/// Follows a master, or feeds replicas, for as long as the node runs.
async fn replicate(shared: Rc<Shared>) {
    let membership = |node: &Node| node.cluster.as_ref().map(|own| (own.shared.clone(), own.member));
    let Some((cluster, me)) = membership(&shared.node.borrow()) else { return };
    loop {
        // A node that stands still follows nobody.
        while let Some(stalled) = shared.stalled() {
            tokio::time::sleep(stalled).await;
        }
        let rest = shared.node.borrow_mut().replicate();
        match rest {
            Some(Duration::ZERO) => tokio::task::yield_now().await,
            Some(rest) => {
                let _ = tokio::time::timeout(rest, cluster.feed(me).bell.notified()).await;
            }
            None => cluster.feed(me).bell.notified().await,
        }
    }
}

async fn serve(stream: &TcpStream, shared: &Shared, id: u64) -> io::Result<()> {
    let mut decoder = RequestDecoder::default();
    let mut turn = Turn::Read;
    loop {
        match turn {
            Turn::Read => stream.readable().await?,
            Turn::Wait => {
                if shared.wait(stream, id).await?.is_break() {
                    return Ok(());
                }
            }
            Turn::Write | Turn::Delay(_) | Turn::Close => {}
        }
        while let Some(stalled) = shared.stalled() {
            tokio::time::sleep(stalled).await;
        }
        turn = match shared.turn(stream, id, &mut decoder, &turn) {
            Ok(turn) => turn,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Turn::Read,
            Err(error) => return Err(error),
        };
        if let Turn::Delay(time) = turn {
            tokio::time::sleep(time).await;
        }
        shared.send(stream, id).await?;
        if matches!(turn, Turn::Close) {
            return Ok(());
        }
    }
}

impl Shared {
    /// The connection, unless there are as many as there may be: then it is told so and closed.
    fn take_in(&self, stream: TcpStream) -> Option<TcpStream> {
        let mut node = self.node.borrow_mut();
        if node.clients.len() < node.config.maxclients {
            return Some(stream);
        }
        node.stats.rejected_connections += 1;
        let text: &[u8] = match node.cluster {
            Some(_) => b"-ERR max number of clients + cluster connections reached\r\n",
            None => b"-ERR max number of clients reached\r\n",
        };
        // As well as it goes: nobody waits for it.
        let _ = stream.into_std().and_then(|mut stream| stream.write(text));
        None
    }

    /// Makes a client of a connection: its number, and the bell that ends it.
    fn register(&self, stream: &TcpStream) -> io::Result<(u64, Rc<Notify>)> {
        stream.set_nodelay(true)?;
        let (address, local_address) = (stream.peer_addr()?, stream.local_addr()?);
        let mut node = self.node.borrow_mut();
        let id = node.next_client;
        node.next_client += 1;
        node.stats.connections += 1;
        let client = Client::new(id, address, local_address, node.config.requirepass.is_empty());
        let killed = client.kill.clone();
        node.clients.insert(id, client);
        Ok((id, killed))
    }

    /// Waits until the client's next command may be worth another try, and breaks off if it hangs up before. What
    /// else it sends is kept, as far as there is room for it.
    async fn wait(&self, stream: &TcpStream, id: u64) -> io::Result<ControlFlow<()>> {
        let may_go_on = self.may_go_on(id);
        tokio::pin!(may_go_on);
        loop {
            let Some(unread) = self.node.borrow().clients.get(&id).map(|client| client.unread) else {
                return Ok(ControlFlow::Break(()));
            };
            tokio::select! {
                () = &mut may_go_on => return Ok(ControlFlow::Continue(())),
                readable = stream.readable(), if unread < INPUT_BYTES => readable?,
            }
            let mut input = self.input.borrow_mut();
            match stream.try_read_buf(input.of(id, 0).end()) {
                Ok(0) => return Ok(ControlFlow::Break(())),
                Ok(read) => {
                    let mut node = self.node.borrow_mut();
                    node.stats.bytes_in += read as u64;
                    let Some(client) = node.clients.get_mut(&id) else { return Ok(ControlFlow::Break(())) };
                    client.bytes_in += read as u64;
                    client.unread += read;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until a pause is over, or was ended, or replicas have come further.
    async fn may_go_on(&self, id: u64) {
        let (left, bell) = {
            let mut node = self.node.borrow_mut();
            node.look_at_clock();
            let Some(client) = node.clients.get(&id) else { return };
            let (until, bell) = match client.waiting {
                Some(wait) if node.is_over(wait) => return,
                Some(wait) => (wait.until, &node.replication.progressed),
                None => {
                    let ends = node.pauses().map(|pause| pause.until).filter(|until| *until > node.now);
                    (Some(ends.min().unwrap_or_default()), &node.resumed)
                }
            };
            let left = until.map_or(Duration::MAX, |at| Duration::from_millis(at.saturating_sub(node.now)));
            (left, bell.clone())
        };
        let _ = tokio::time::timeout(left, bell.notified()).await;
    }

    /// Reads what there is, unless the last turn left requests over, and executes it.
    fn turn(
        &self,
        stream: &TcpStream,
        id: u64,
        decoder: &mut RequestDecoder,
        last: &Turn,
    ) -> io::Result<Turn> {
        let mut input = self.input.borrow_mut();
        let mut node = self.node.borrow_mut();
        let piece = input.of(id, decoder.needs());
        let mut came = 0;
        if matches!(last, Turn::Read) {
            came = stream.try_read_buf(piece.end())? as u64;
            if came == 0 {
                return Ok(Turn::Close);
            }
        }
        if node.shutdown {
            return Ok(Turn::Close);
        }
        let Some(mut client) = node.clients.remove(&id) else { return Ok(Turn::Close) };
        node.stats.bytes_in += came;
        client.bytes_in += came;
        let dropped = drop_excess(&node, &client, piece, came);
        let (turn, used) = requests(&mut node, &mut client, decoder, piece.unread());
        piece.executed(used);
        client.unread = piece.unread().len();
        // Redis says nothing then, either.
        let too_much = (client.unread + client.queued_bytes()) as u64 > node.config.client_query_buffer_limit;
        node.clients.insert(id, client);
        node.feed_replicas();
        input.shrink(id);
        decoder.shrink(KEPT_ARGUMENTS);
        Ok(if dropped || too_much { Turn::Close } else { turn })
    }

    /// How long nothing is read from anybody.
    fn stalled(&self) -> Option<Duration> {
        self.node.borrow_mut().faults.stalled()
    }

    /// Sends the answers. A client that does not read them holds up nobody but itself.
    async fn send(&self, stream: &TcpStream, id: u64) -> io::Result<()> {
        loop {
            {
                let mut node = self.node.borrow_mut();
                let Some(client) = node.clients.get_mut(&id) else { return Ok(()) };
                if client.reply.len() == 0 {
                    return Ok(());
                }
                match stream.try_write(client.reply.bytes()) {
                    Ok(sent) => {
                        client.bytes_out += sent as u64;
                        client.reply.sent(sent, KEPT_REPLY_BYTES);
                        node.stats.bytes_out += sent as u64;
                        continue;
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            stream.writable().await?;
        }
    }
}

/// Takes off what has just come from a client beyond what it may send before it is dropped, and says whether it
/// is. What came before stays: half of a request may have been decoded already.
pub(super) fn drop_excess(node: &Node, client: &Client, piece: &mut Piece, came: u64) -> bool {
    let Some(allowed) = node.faults.bytes_allowed() else { return false };
    piece.take_back(client.bytes_in.saturating_sub(allowed).min(came) as usize);
    client.bytes_in >= allowed
}

/// Executes the requests at the front of `bytes`; returns how many bytes they took.
pub(super) fn requests(
    node: &mut Node,
    client: &mut Client,
    decoder: &mut RequestDecoder,
    bytes: &[u8],
) -> (Turn, usize) {
    let mut used = 0;
    client.last_used = std::time::Instant::now();
    node.look_at_clock();
    let turn = loop {
        let limits = RequestLimits {
            bulk_bytes: node.config.proto_max_bulk_len as i64,
            authenticated: !node.wants_auth(client),
        };
        match decoder.decode(&bytes[used..], limits) {
            Ok(None) => break Turn::Read,
            Ok(Some(length)) => {
                let request = decoder.request(&bytes[used..]);
                if request.is_empty() {
                    // Nothing is a command, too, for what only lasts until the next one.
                    client.asking &= client.transaction.is_some();
                    client.command_ended();
                } else if execute(node, client, request) == Execution::HeldBack {
                    break Turn::Wait;
                }
                used += length;
                if client.closing {
                    break Turn::Close;
                }
                if let Some(pause) = node.faults.take_pause() {
                    break Turn::Delay(pause);
                }
                if client.reply.len() > REPLY_BYTES {
                    break Turn::Write;
                }
            }
            Err(error) => {
                node.stats.error("ERR");
                if client.wants_reply() {
                    client.reply.error(error.to_bytes());
                }
                break Turn::Close;
            }
        }
    };
    node.stats.pause();
    (turn, used)
}
