//! What clients of the embedded server can make it keep, measured as the memory of this process: idle
//! ones next to nothing, those that misbehave no more than a bound.
#![cfg(test)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use fillbench::server::{Server, ServerOptions};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// What this process keeps in memory.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn ping(stream: &mut TcpStream) {
    stream.write_all(b"PING\r\n").unwrap();
    let mut pong = [0; 7];
    stream.read_exact(&mut pong).unwrap();
    assert_eq!(&pong, b"+PONG\r\n");
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Does something, and says by how much the memory grew.
fn growth<T>(of: impl FnOnce() -> T) -> (usize, T) {
    let before = resident_bytes();
    let result = of();
    (resident_bytes().saturating_sub(before), result)
}

/// One test, since what runs beside it would be measured with it.
#[test]
fn clients_cost_little_and_cannot_make_it_more() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let server = Server::start(&ServerOptions { masters: None, ..ServerOptions::default() }).unwrap();
    let address = server.addresses()[0];
    let mut witness = connect(address);
    ping(&mut witness);

    // 2,000 idle ones, each of which has asked for something before, one of them for much.
    witness.write_all(format!("SET big {}\r\n", "x".repeat(60_000)).as_bytes()).unwrap();
    witness.read_exact(&mut [0; 5]).unwrap();
    let (bytes, idle) = growth(|| {
        let mut clients: Vec<_> = (0..2000).map(|_| connect(address)).collect();
        clients.iter_mut().for_each(ping);
        for client in &mut clients {
            client.write_all(b"GET big\r\n").unwrap();
            client.read_exact(&mut [0; 60_010]).unwrap();
        }
        clients
    });
    println!("2000 idle connections: {} KiB", bytes >> 10);
    assert!(bytes < 32 << 20, "{bytes}");
    drop(idle);

    // Some who ask for much and read nothing: others are served.
    let (bytes, _) = growth(|| {
        let mut deaf: Vec<_> = (0..20).map(|_| connect(address)).collect();
        deaf.iter_mut().for_each(|client| {
            client.set_nonblocking(true).unwrap();
            let wire = b"GET big\r\n".repeat(10_000);
            // As much as it takes without being read from.
            while client.write(&wire).is_ok() {}
        });
        let start = Instant::now();
        (0..100).for_each(|_| ping(&mut witness));
        assert!(start.elapsed() < Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(300));
        deaf
    });
    println!("20 that never read: {} KiB", bytes >> 10);
    assert!(bytes < 32 << 20, "{bytes}");

    // Some who announce much and send little.
    let (bytes, _) = growth(|| {
        let mut liars: Vec<_> = (0..500).map(|_| connect(address)).collect();
        for liar in &mut liars {
            liar.write_all(b"*2147483647\r\n$536870912\r\nlittle").unwrap();
        }
        std::thread::sleep(Duration::from_millis(300));
        liars.iter_mut().for_each(|liar| liar.write_all(b" by little").unwrap());
        ping(&mut witness);
        liars
    });
    println!("500 that announce what they do not send: {} KiB", bytes >> 10);
    assert!(bytes < 32 << 20, "{bytes}");

    // One who sends without an end: it is hung up on.
    witness.write_all(b"CONFIG SET client-query-buffer-limit 1mb\r\n").unwrap();
    witness.read_exact(&mut [0; 5]).unwrap();
    let (bytes, ()) = growth(|| {
        let mut endless = connect(address);
        endless.write_all(b"*2147483647\r\n").unwrap();
        let part = b"$1\r\nx\r\n".repeat(10_000);
        assert!((0..1000).any(|_| endless.write_all(&part).is_err()));
        ping(&mut witness);
    });
    println!("one that sends without an end: {} KiB", bytes >> 10);
    assert!(bytes < 32 << 20, "{bytes}");
}
