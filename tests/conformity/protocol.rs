//! The protocol, byte for byte: the same bytes to both servers, the same bytes back, and hung up on or not.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use fillbench::resp::encode_command;
use fillbench::target::Layout;

use crate::conformity::judge::Both;

/// How long it may take until all answers are there.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long a server that does not hang up is waited for.
const PATIENCE: Duration = Duration::from_millis(300);

/// What comes back when these parts are sent one by one, and no more follows.
pub(crate) fn answers(address: SocketAddr, parts: &[&[u8]]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let mut writer = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A server that has hung up takes no more.
            let _ = parts.iter().try_for_each(|part| writer.write_all(part));
            let _ = writer.shutdown(Shutdown::Write);
        });
        until_the_end(&mut stream)
    })
}

fn until_the_end(stream: &mut TcpStream) -> Vec<u8> {
    let (mut all, mut part) = (Vec::new(), [0; 64 << 10]);
    // What it had not read when it hung up makes a reset of it.
    loop {
        match stream.read(&mut part) {
            Ok(read @ 1..) => all.extend_from_slice(&part[..read]),
            // Reading with a timeout is cut short whenever a child of any test ends.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => return all,
        }
    }
}

/// What comes back, and whether the server hangs up, while the client would go on.
fn answers_and_end(address: SocketAddr, bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let (mut all, mut part) = (Vec::new(), [0; 64 << 10]);
    loop {
        match stream.read(&mut part) {
            Ok(0) => return (all, true),
            Ok(read) => all.extend_from_slice(&part[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (all, error.kind() == ErrorKind::ConnectionReset),
        }
    }
}

/// Answers to be read, without the client's number in that of HELLO, which is the server's matter.
fn without_ids(answers: &[u8]) -> String {
    let text = answers.escape_ascii().to_string();
    let mut parts = text.split(r"$2\r\nid\r\n:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + "ID" + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

impl Both {
    fn addresses(&self) -> (SocketAddr, SocketAddr) {
        (self.spawned.addresses()[0], self.server.addresses()[0])
    }

    /// What differs in the answers to these, each on a connection of its own.
    fn differences<'a>(&self, wires: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let (real, embedded) = self.addresses();
        let mut differences = Vec::new();
        for wire in wires {
            let [real, embedded] = [real, embedded].map(|address| {
                let (answers, hung_up) = answers_and_end(address, wire);
                (without_ids(&answers), hung_up)
            });
            if real != embedded {
                let wire = wire[..wire.len().min(80)].escape_ascii();
                differences.push(format!("{wire}\n real: {real:?}\n here: {embedded:?}\n"));
            }
        }
        differences
    }
}

#[tokio::test]
async fn bytes_that_are_no_request() {
    let Some(both) = Both::start(Layout::Standalone, "bytes_that_are_no_request").await else { return };
    let long = |start: &str, bytes: usize| format!("{start}{}", "1".repeat(bytes)).into_bytes();
    let wires: [&[u8]; 43] = [
        b"*2147483648\r\n",
        b"*2147483647\r\n",
        b"*1048577\r\n",
        b"*01\r\n",
        b"*+1\r\n",
        b"*\r\n",
        b"*99999999999999999999\r\n",
        b"*-99999999999999999999\r\n",
        b"*-1\r\nPING\r\n",
        b"*0\r\nPING\r\n",
        b"*1\r\nX",
        b"*1\r\nX\r\n",
        b"*1\r\n\r\n",
        b"*1\r\n\xff\r\n",
        b"*1\r\n$-1\r\n",
        b"*1\r\n$\r\n",
        b"*1\r\n$+4\r\nPING\r\n",
        b"*1\r\n$04\r\nPING\r\n",
        b"*1\r\n$536870913\r\n",
        b"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
        b"*1\rx$4\r\nPING\r\n",
        b"*1\r\n*1\r\n$4\r\nPING\r\n",
        b"*1\r\n$4\r\nPI",
        &long("*", 65536),
        &long("*", 65535),
        &long("*1\r\n$", 65536),
        &long("", 65537),
        &long("", 65536),
        b"set a\0b c\r\nping\r\n",
        b"get \"a\r\n",
        b"get 'a'b\r\n",
        br#"echo "\x41\n\"\q" "#,
        b"echo \"\\x41\\n\\\"\\q\"\r\n",
        b"echo 'it\\'s \\n'\r\n",
        b"echo a\x0bb\r\n",
        b"echo \"\" \r\n",
        b"\r\n\n \t ping\n",
        b"\0\r\nping\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nping\r\n",
        b"host: a\r\nping\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"quit\r\nping\r\n",
        b"*3\r\n$4\r\nno\0x\r\n$3\r\na\0b\r\n$1\r\nc\r\n",
    ];
    let differences = both.differences(wires);
    assert!(differences.is_empty(), "{}", differences.concat());
}

/// Requests of one connection in a line, with `;` between them.
const LINES: &str = r"
    client reply skip; ; ping; ping
    client reply skip; client reply skip; ping; ping
    client reply skip; client reply on; ping
    client reply off; ping; client reply skip; nosuch; client reply on; ping
    client reply what
    client reply skip; client reply what; ping
    client reply
    client nosuch
    client
    config; config nosuch; memory; memory nosuch
    hello 1; hello 4; hello x; hello 3 what; hello 3 setname; hello 3 auth a
    hello; hello 2
    hello 3 setname a
    hello 2 setname a; client getname
    hello 2 setname 'a b'; client getname
    hello 2 auth a b
    hello 2 auth default anything setname me; client getname
    hello 3; client getname; mget a b; config get maxmemory; command info nosuch; client getname; role
    hello 3; get a; client no-evict on; client kill 1.2.3.4:5; reset; get a
    auth; auth a; auth a b; auth default x; auth a b c
    client setname 'a b'; client setname ab; client getname; reset; client getname
    client setname ab; client setname ''; client getname
    client list what; client list type what; client list type master; client list type pubsub
    client list id x; client list id 99999; client list id; client list id -1; client list x y z
    client kill 1.2.3.4:5; client kill id 0; client kill id x; client kill id 99999; client kill id -1
    client kill user nosuch; client kill type x; client kill skipme maybe; client kill id; client kill
    client kill type replica skipme no; client kill addr 1.2.3.4:5 laddr 2 user default type normal id 3
    client pause x; client pause -1; client pause 1 what; client pause 0; ping; client pause 1 all x
    client pause 9223372036854775807; ping; client pause; client unpause; client unpause x
    client no-evict on; client no-evict off; client no-evict x; client no-evict
    config get nosuch; config get maxmemory MAXMEMORY; config get maxmemory-p*; config get; config get ''
    config get [m]axmemor?; config get PROTO-max-bulk-len proto*; config get require*
    config set; config set a; config set nosuch 1; config set maxmemory; config set maxmemory 1 save
    config set maxmemory x; config set maxmemory -1; config set maxmemory 1 maxmemory 2
    config set maxmemory 1gb nosuch 1; config get maxmemory
    config set maxmemory 1gb databases 3; config get maxmemory
    config set maxmemory 1gb maxmemory-policy allkeys-lru; config get maxmemory-policy
    config set maxmemory 0 maxmemory-policy noeviction; config get maxmemory; config get maxmemory-policy
    config set proto-max-bulk-len 1; config set proto-max-bulk-len 2mb; config get proto-max-bulk-len
    config set proto-max-bulk-len 512mb; config get proto-max-bulk-len
    config set cluster-require-full-coverage maybe; config get cluster-enabled; config set cluster-enabled yes
    config set maxclients 0; config set maxclients x; config set maxclients -1; config get maxclients
    config set client-query-buffer-limit 5; config get client-query-buffer-limit
    config set save ''; config get save; config get appendonly; config get timeout
    config rewrite; config resetstat x; config resetstat
    memory usage nosuch; memory usage; memory usage a samples; memory usage a samples -1; memory usage a samples x
    memory usage a what 1; memory usage a samples 1 x
    time x; reset x; quit x
    shutdown x; shutdown abort; shutdown nosave save x
    command count x; command docs nosuch; command info nosuch; command nosuch; command list filterby
    command list filterby what x; command list filterby module x; command list filterby pattern nosuch
    command list filterby pattern CONFIG|g*; command list what
    command getkeys; command getkeys get; command getkeys nosuch x; command getkeys ping x; command getkeys get a b
    command getkeys mset a 1 b 2; command getkeys memory usage x; command getkeys del a b c; command getkeys set a b
    select 0; select 99; select x; select; select 0 0
    nosuch aaaa bbbb 'c d'; NoSuch; echo; echo a b; ping a; ping a b
";

#[tokio::test]
async fn commands_of_connections() {
    let Some(both) = Both::start(Layout::Standalone, "commands_of_connections").await else { return };
    let lines = LINES.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut wires: Vec<_> = lines
        .map(|line| line.split("; ").map(|request| format!("{request}\r\n")).collect::<String>())
        .collect();
    let long = |bytes: usize| "a".repeat(bytes);
    wires.push(format!("nosuch {} b\r\n", long(200)));
    wires.push(format!("{} {} {} c\r\n", long(200), long(100), long(100)));
    let differences = both.differences(wires.iter().map(String::as_bytes));
    assert!(differences.is_empty(), "{}", differences.concat());
}

#[tokio::test]
async fn answers_in_resp3() {
    let Some(both) = Both::start(Layout::even(1), "answers_in_resp3").await else { return };
    // Names and ports are the servers' own.
    let shape = |bytes: &[u8]| {
        let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let runs = bytes.chunk_by(|a, b| is_hex(a) && is_hex(b));
        runs.map(|run| if is_hex(&run[0]) { "#".into() } else { run.escape_ascii().to_string() })
            .collect::<String>()
    };
    let (real, embedded) = both.addresses();
    for line in [
        "set a 1\r\nmget a none\r\nget none\r\nstrlen a\r\n",
        "cluster myid\r\n",
        "config get maxmemory\r\n",
        "time\r\n",
        "cluster keyslot a\r\n",
    ] {
        let wire = format!("hello 3\r\n{line}");
        let parts = [wire.as_bytes()];
        assert_eq!(shape(&answers(embedded, &parts)), shape(&answers(real, &parts)), "{line}");
    }
}

#[tokio::test]
async fn a_hundred_thousand_requests_cut_at_odd_places() {
    let test = "a_hundred_thousand_requests_cut_at_odd_places";
    let Some(both) = Both::start(Layout::Standalone, test).await else { return };
    let mut wire = Vec::new();
    for i in 0..100_000u32 {
        let (key, value) = (format!("key:{}", i % 5000), "v".repeat(i as usize % 50));
        match i % 4 {
            0 => encode_command(&mut wire, &[b"SET", key.as_bytes(), value.as_bytes()]),
            1 => encode_command(&mut wire, &[b"GET", key.as_bytes()]),
            2 => wire.extend_from_slice(format!("strlen \"{key}\"\r\n").as_bytes()),
            _ => encode_command(&mut wire, &[b"MGET", key.as_bytes(), b"key:0", b"none"]),
        }
    }
    let mut parts = Vec::new();
    let (mut rest, mut cut) = (&wire[..], 1);
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.len().min(cut));
        parts.push(part);
        (rest, cut) = (after, cut * 5 % 9973);
    }
    let (real, embedded) = both.addresses();
    let (real, embedded) = (answers(real, &parts), answers(embedded, &parts));
    assert!(real.len() > 500_000 && embedded == real, "{} and {}", real.len(), embedded.len());
}

#[tokio::test]
async fn a_million_arguments() {
    let Some(mut both) = Both::start(Layout::Standalone, "a_million_arguments").await else { return };
    let keys: Vec<_> = (0..500_000u32).map(|i| i.to_string()).collect();
    let pairs = keys.iter().flat_map(|key| [key.as_bytes(), key.as_bytes()]);
    let mset: Vec<&[u8]> = [&b"MSET"[..]].into_iter().chain(pairs).collect();
    both.same_words(&mset);
    both.agree("dbsize\nget 499999");
    let twice = keys.iter().chain(&keys).map(String::as_bytes);
    both.same_words(&[&b"DEL"[..]].into_iter().chain(twice).collect::<Vec<_>>());
    both.same("dbsize");
}

#[tokio::test]
async fn half_a_command_and_a_hang_up() {
    let Some(mut both) = Both::start(Layout::Standalone, "half_a_command_and_a_hang_up").await else {
        return;
    };
    let (real, embedded) = both.addresses();
    let halves: [&[u8]; 6] = [
        b"*",
        b"*2\r\n$3\r\nGET\r\n",
        b"*2\r\n$3\r\nSET\r\n$1",
        b"*1\r\n$536870912\r\nabc",
        b"get a",
        b"get \"a",
    ];
    for half in halves {
        for _ in 0..10 {
            assert_eq!(answers(embedded, &[b"ping\r\n", half]), answers(real, &[b"ping\r\n", half]));
        }
    }
    both.agree("ping\nset a 1\nget a");
}
