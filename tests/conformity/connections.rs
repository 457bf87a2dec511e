//! Connections and what holds them: passwords and users, pauses, kills, and how many there may be.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use fillbench::resp::Value;
use fillbench::server::{Server as Embedded, ServerOptions};
use fillbench::target::Layout;

use crate::common::{Server, eventually};
use crate::conformity::judge::{Both, Client};

/// How long the pauses are.
const PAUSE_MS: u64 = 1500;

impl Client {
    fn ask(&mut self, line: &str) -> Value {
        self.call(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>())
    }
}

/// What a fresh connection is answered to each of these lines.
fn session(address: SocketAddr, lines: &str) -> Vec<String> {
    let mut client = Client::connect(address);
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    // HELLO tells the client's number.
    lines
        .map(|line| (line, client.ask(line)))
        .map(|(line, answer)| match answer {
            Value::Array(items) if line.starts_with("hello") => format!("{line}: {} items", items.len()),
            other => format!("{line}: {other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn passwords_and_users() {
    let Some(redis) = Server::find("redis", "passwords_and_users") else { return };
    let spawned = redis.start(Layout::Standalone).await;
    let options = ServerOptions {
        masters: None,
        users: vec![("alice".into(), "secret".into())],
        ..ServerOptions::default()
    };
    let embedded = Embedded::start(&options).unwrap();
    let addresses = [spawned.addresses()[0], embedded.addresses()[0]];
    assert!(Client::connect(addresses[0]).ask("acl setuser alice on >secret ~* &* +@all").is_ok());
    let mut early = addresses.map(Client::connect);
    let sessions = [
        "auth alice wrong\nauth alice secret\nget a\nauth default what\nauth alice\nclient kill user alice",
        "config set requirepass word\nget a\nconfig get requirepass",
        "get a\nping\nnosuch\nget\nhello\nhello 3\nhello 2 auth default wrong\nclient id\nreset\necho a\nauth wrong",
        "auth word\nget a\nreset\nget a",
        "auth default word\nget a\nauth alice secret\nget a\nauth alice wrong\nget a",
        "hello 2 auth default word setname me\nclient getname\nget a",
        "hello 2 auth alice secret\nget a",
        "set a bbbbbbbbbbbbbbbbbbbbbbbbbb 1 2 3 4 5 6 7",
        "auth word\nconfig set requirepass other\nget a\nauth word",
        "auth word\nauth other\nconfig resetstat",
    ];
    for lines in sessions {
        let [real, embedded] = addresses.map(|address| session(address, lines));
        assert_eq!(embedded, real);
    }
    let too_long = format!("*1\r\n$16385\r\n{}\r\n", "x".repeat(16385));
    for bytes in ["*11\r\n$4\r\nPING\r\n", &too_long] {
        let [real, embedded] = addresses.map(|address| {
            let mut client = Client::connect(address);
            client.send(bytes.as_bytes());
            client.answer()
        });
        assert_eq!(embedded, real);
    }
    // Who was there before there was a password needs none.
    assert!(early.iter_mut().all(|client| client.ask("get a") == Value::Nil));
    assert!(early.iter_mut().all(|client| client.ask("config set requirepass ").is_ok()));
    let [real, embedded] = addresses.map(|address| session(address, "get a\nauth word\nhello 2"));
    assert_eq!(embedded, real);
}

/// How long a command takes, in milliseconds.
fn time(client: &mut Client, line: &str) -> u64 {
    let start = Instant::now();
    client.ask(line);
    start.elapsed().as_millis() as u64
}

#[tokio::test]
async fn pauses() {
    let Some(both) = Both::start(Layout::Standalone, "pauses").await else { return };
    for address in [both.spawned.addresses()[0], both.server.addresses()[0]] {
        let [mut one, mut two] = [(); 2].map(|()| Client::connect(address));
        // Writes wait, and what is behind them; reads do not.
        let start = Instant::now();
        assert!(one.ask(&format!("client pause {PAUSE_MS} write")).is_ok());
        assert!(time(&mut one, "get a") < PAUSE_MS / 2, "{address}");
        assert!(time(&mut two, "get a") < PAUSE_MS / 2, "{address}");
        two.send(b"set a 1\r\nget a\r\n");
        assert!(time(&mut one, "nosuch") < PAUSE_MS / 2, "{address}");
        assert!(two.answer().is_ok() && two.answer().as_bytes() == Some(b"1"));
        assert!(start.elapsed().as_millis() as u64 >= PAUSE_MS, "{address}");
        // It can be ended before its time.
        assert!(one.ask("client pause 60000 write").is_ok());
        two.send(b"set a 2\r\n");
        assert!(one.ask("client unpause").is_ok() && two.answer().is_ok());
        assert!(one.ask("get a").as_bytes() == Some(b"2"));
        // One that is held back can be ended, too.
        assert!(one.ask("client pause 60000 write").is_ok());
        let id = two.ask("client id").as_integer().unwrap();
        two.send(b"set a 3\r\n");
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(one.ask(&format!("client kill id {id}")), Value::Integer(1));
        assert!(two.rest().is_empty());
        assert!(one.ask("client unpause").is_ok() && one.ask("get a").as_bytes() == Some(b"2"));
        // One that hangs up meanwhile is gone at once, and so is what it wanted.
        assert!(one.ask("client pause 60000 write").is_ok());
        let mut three = Client::connect(address);
        let id = three.ask("client id").as_integer().unwrap();
        three.send(b"set a 3\r\nset a 4\r\n");
        let is_there =
            |one: &mut Client| !one.ask(&format!("client list id {id}")).as_text().unwrap().is_empty();
        assert!(is_there(&mut one));
        drop(three);
        eventually(&false, || is_there(&mut one));
        assert!(one.ask("client unpause").is_ok() && one.ask("get a").as_bytes() == Some(b"2"));
        // What comes after a command that is held back is not lost.
        let mut four = Client::connect(address);
        assert!(one.ask("client pause 60000 write").is_ok());
        four.send(b"set a 5\r\n");
        eventually(&true, || one.ask("client list").as_text().unwrap().contains("cmd=set"));
        four.send(b"get a\r\nset a 2\r\nget");
        four.send(b" a\r\n");
        assert!(one.ask("client unpause").is_ok() && four.answer().is_ok());
        assert_eq!(four.answer().as_bytes(), Some(&b"5"[..]));
        assert!(four.answer().is_ok() && four.answer().as_bytes() == Some(b"2"));
        // A pause of all commands holds up all commands, its own end included.
        let start = Instant::now();
        assert!(one.ask(&format!("client pause {PAUSE_MS}")).is_ok() && one.ask("client unpause").is_ok());
        assert!(start.elapsed().as_millis() as u64 >= PAUSE_MS, "{address}");
        // A shorter one does not end a longer one.
        let start = Instant::now();
        assert!(one.ask(&format!("client pause {PAUSE_MS} write")).is_ok());
        assert!(one.ask("client pause 1 write").is_ok() && one.ask("set a 3").is_ok());
        assert!(start.elapsed().as_millis() as u64 >= PAUSE_MS, "{address}");
    }
}

#[tokio::test]
async fn kills() {
    let Some(both) = Both::start(Layout::Standalone, "kills").await else { return };
    for address in [both.spawned.addresses()[0], both.server.addresses()[0]] {
        let [mut one, mut two, mut three] = [(); 3].map(|()| Client::connect(address));
        let field = |line: &str, name: &str| {
            let start = format!("{name}=");
            line.trim_end().split(' ').find_map(|field| field.strip_prefix(&start).map(String::from)).unwrap()
        };
        assert!(two.ask("client setname two").is_ok());
        let info = two.ask("client info").as_text().unwrap().into_owned();
        assert_eq!((field(&info, "name").as_str(), field(&info, "cmd").as_str()), ("two", "client|info"));
        assert_eq!((field(&info, "user").as_str(), field(&info, "resp").as_str()), ("default", "2"));
        let ids = [&mut one, &mut two].map(|client| client.ask("client id").as_integer().unwrap());
        let listed =
            one.ask(&format!("client list id {} {} 99999", ids[1], ids[0])).as_text().unwrap().into_owned();
        let listed: Vec<_> = listed.lines().map(|line| field(line, "id").parse::<i64>().unwrap()).collect();
        assert_eq!(listed, [ids[1], ids[0]]);
        assert!(one.ask("client list type normal").as_text().unwrap().contains("name=two "));

        assert!(one.ask(&format!("client kill {}", field(&info, "addr"))).is_ok());
        assert!(two.rest().is_empty());
        assert_eq!(one.ask(&format!("client list id {}", ids[1])).as_text().unwrap(), "");
        let id = three.ask("client id").as_integer().unwrap();
        assert_eq!(one.ask(&format!("client kill id {id} skipme yes")), Value::Integer(1));
        assert!(three.rest().is_empty());
        assert_eq!(one.ask(&format!("client kill id {} skipme yes", ids[0])), Value::Integer(0));
        assert_eq!(one.ask(&format!("client kill id {} skipme no", ids[0])), Value::Integer(1));
        assert!(one.rest().is_empty());
    }
}

#[tokio::test]
async fn more_clients_than_there_may_be() {
    for layout in [Layout::Standalone, Layout::even(1)] {
        let Some(mut both) = Both::start(layout, "more_clients_than_there_may_be").await else { return };
        both.same("config set maxclients 4");
        let addresses = [both.spawned.addresses()[0], both.server.addresses()[0]];
        let [real, embedded] = addresses.map(|address| {
            let mut clients: Vec<_> = (0..8).map(|_| TcpStream::connect(address).unwrap()).collect();
            let mut refusal = String::new();
            clients[7].read_to_string(&mut refusal).unwrap();
            // Those before are served.
            clients[0].write_all(b"ping\r\n").unwrap();
            let mut pong = [0; 7];
            clients[0].read_exact(&mut pong).unwrap();
            assert_eq!(&pong, b"+PONG\r\n");
            refusal
        });
        assert_eq!(embedded, real);
        assert!(embedded.starts_with("-ERR max number of clients"), "{embedded}");
        both.same("config set maxclients 1000");
    }
}
