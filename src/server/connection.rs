//! Bytes in, answers out. A connection reads into one buffer that all connections of the node share,
//! so that an idle one keeps next to nothing, and what is read is hot in the cache.

use std::cell::RefCell;
use std::io::{self, Write};
use std::net::TcpListener as StdListener;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::LocalSet;

use super::client::Client;
use super::cycle::{CYCLE, cycle};
use super::execute::{Execution, execute};
use super::node::Node;
use crate::resp::{RequestDecoder, RequestLimits};

/// Bytes read at a time.
const READ_BYTES: usize = 256 << 10;
/// Answers are sent when there are so many bytes of them, also in the middle of a pipeline.
const REPLY_BYTES: usize = 64 << 10;
/// What a connection may keep between two requests, in bytes of answers.
const KEPT_REPLY_BYTES: usize = 4 << 10;
/// What it may keep in places of arguments.
const KEPT_ARGUMENTS: usize = 16;
/// Room for what comes next of a long request whose length is not known.
const MORE_BYTES: usize = 16 << 10;
/// How long an accept that failed, for want of file descriptors for instance, is not tried again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// A node, and the buffer that its connections read into.
struct Shared {
    node: RefCell<Node>,
    input: RefCell<Vec<u8>>,
}

/// What is left of a connection's requests between two reads.
#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    decoder: RequestDecoder,
}

/// What a turn at the commands came to.
enum Turn {
    /// More must come before there is a request.
    Read,
    /// Answers should go out before more requests are looked at.
    Write,
    /// The next request has to wait for the end of the node's pause.
    Wait,
    Close,
}

/// Runs a node until it is stopped, or told to shut down.
pub(crate) async fn accept(listener: StdListener, node: Node, mut stopped: watch::Receiver<bool>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let shared =
        Rc::new(Shared { node: RefCell::new(node), input: RefCell::new(Vec::with_capacity(READ_BYTES)) });
    let (shut_down, mut shut) = watch::channel(false);
    let shut_down = Rc::new(shut_down);
    let tasks = LocalSet::new();
    let cycled = shared.clone();
    tasks.spawn_local(async move {
        loop {
            tokio::time::sleep(CYCLE).await;
            cycle(&mut cycled.node.borrow_mut());
        }
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
                        let (shared, shut_down) = (shared.clone(), shut_down.clone());
                        tokio::task::spawn_local(async move {
                            // A connection that breaks is its client's matter.
                            let _ = tokio::select! {
                                served = serve(&stream, &shared, id) => served,
                                () = killed.notified() => Ok(()),
                            };
                            shared.node.borrow_mut().clients.remove(&id);
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

async fn serve(stream: &TcpStream, shared: &Shared, id: u64) -> io::Result<()> {
    let mut pending = Pending::default();
    let mut turn = Turn::Read;
    loop {
        match turn {
            Turn::Read => stream.readable().await?,
            Turn::Wait => shared.pause_ends().await,
            Turn::Write | Turn::Close => {}
        }
        turn = match shared.turn(stream, id, &mut pending, &turn) {
            Ok(turn) => turn,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Turn::Read,
            Err(error) => return Err(error),
        };
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

    /// Waits until the node's pause is over, or was ended.
    async fn pause_ends(&self) {
        let (left, resumed) = {
            let mut node = self.node.borrow_mut();
            node.look_at_clock();
            let Some(pause) = node.pause else { return };
            (pause.until.saturating_sub(node.now), node.resumed.clone())
        };
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(left)) => {}
            () = resumed.notified() => {}
        }
    }

    /// Reads what there is, unless the last turn left requests over, and executes it.
    fn turn(&self, stream: &TcpStream, id: u64, pending: &mut Pending, last: &Turn) -> io::Result<Turn> {
        let mut input = self.input.borrow_mut();
        let mut node = self.node.borrow_mut();
        // A request too long for the shared buffer is collected in one of its own.
        let own = pending.decoder.needs().max(pending.bytes.len()) > READ_BYTES / 2;
        let bytes = if own {
            // Room is made for what has been announced as it comes, not before.
            let missing = pending.decoder.needs().saturating_sub(pending.bytes.len());
            pending.bytes.reserve(missing.clamp(MORE_BYTES, pending.bytes.len().max(READ_BYTES)));
            &mut pending.bytes
        } else {
            input.clear();
            input.append(&mut pending.bytes);
            &mut *input
        };
        let mut came = 0;
        if matches!(last, Turn::Read) {
            match stream.try_read_buf(bytes) {
                Ok(0) => return Ok(Turn::Close),
                Ok(read) => came = read as u64,
                Err(error) => {
                    if !own {
                        pending.bytes.append(&mut input);
                    }
                    return Err(error);
                }
            }
        }
        let Some(mut client) = node.clients.remove(&id) else { return Ok(Turn::Close) };
        node.stats.bytes_in += came;
        client.bytes_in += came;
        let (turn, used) = requests(&mut node, &mut client, &mut pending.decoder, bytes);
        client.unread = bytes.len() - used;
        node.clients.insert(id, client);
        if own {
            pending.bytes.drain(..used);
            if pending.bytes.len() < READ_BYTES / 2 {
                pending.bytes.shrink_to_fit();
            }
        } else {
            pending.bytes.extend_from_slice(&input[used..]);
            if pending.bytes.is_empty() {
                pending.bytes = Vec::new();
            }
        }
        pending.decoder.shrink(KEPT_ARGUMENTS);
        // Redis says nothing then, either.
        let too_much = pending.bytes.len() as u64 > node.config.client_query_buffer_limit;
        Ok(if too_much { Turn::Close } else { turn })
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

/// Executes the requests at the front of `bytes`; returns how many bytes they took.
fn requests(
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
                    client.asking = false;
                    client.command_ended();
                } else if execute(node, client, request) == Execution::HeldBack {
                    break Turn::Wait;
                }
                used += length;
                if client.closing {
                    break Turn::Close;
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
