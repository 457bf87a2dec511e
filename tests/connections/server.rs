//! A throwaway redis-server.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fillbench::net::Address;
use tempfile::TempDir;

use crate::common;

const START_TIMEOUT: Duration = Duration::from_secs(20);

/// A server of its own folder and port, stopped when this is dropped.
pub(crate) struct Server {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Server {
    /// Starts one with these options; `None`, and a word about it, where there is no redis-server.
    pub(crate) fn start(options: &[&str]) -> Option<Self> {
        let port = free_port();
        let text = port.to_string();
        Self::start_on(port, &[&["--port", text.as_str()], options].concat(), tempfile::tempdir().unwrap())
    }

    /// Starts one that speaks TLS alone, with `server.crt`, `server.key` and `ca.crt` out of a folder.
    pub(crate) fn start_tls(folder: TempDir, options: &[&str]) -> Option<Self> {
        let port = free_port();
        let text = port.to_string();
        let files = ["--tls-cert-file", "server.crt", "--tls-key-file", "server.key"];
        let more = ["--tls-ca-cert-file", "ca.crt", "--tls-port", &text, "--port", "0"];
        Self::start_on(port, &[files.as_slice(), &more, options].concat(), folder)
    }

    fn start_on(port: u16, options: &[&str], folder: TempDir) -> Option<Self> {
        let found = common::Server::find("redis", "connections")?;
        let mut command = Command::new(found.binary);
        command.current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.args(["--save", "", "--unixsocket", "redis.sock"]).args(options);
        let process = command.spawn().unwrap();
        let mut server = Self { process, port, folder };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert_eq!(server.process.try_wait().unwrap(), None, "redis-server ended: {options:?}");
            assert!(started.elapsed() < START_TIMEOUT, "redis-server does not listen: {options:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(server)
    }

    pub(crate) fn address(&self) -> Address {
        self.at("127.0.0.1")
    }

    /// The same server under another of its host's names.
    pub(crate) fn at(&self, host: &str) -> Address {
        Address::tcp(host, self.port)
    }

    pub(crate) fn socket(&self) -> Address {
        Address::Unix(self.file("redis.sock"))
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A listener that answers the first bytes of each caller with `says`, and hangs up if told to.
pub(crate) fn pretender(says: &'static [u8], hangs_up: bool) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = std::io::Read::read(&mut stream, &mut [0; 1024]);
            let _ = stream.write_all(says);
            if !hangs_up {
                kept.push(stream);
            }
        }
    });
    Address::tcp("127.0.0.1", port)
}
