//! Servers that are not there, are something else, or speak otherwise.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use fillbench::target::{Layout, Spawn, Spawned};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

use crate::bad::case::Case;
use crate::common::Server;

/// A port on which something answers each caller's first bytes with `says`.
fn pretender(says: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(says);
            kept.push(stream);
        }
    });
    port
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn nobody_is_there() {
    Case::new("-h no-such-host.invalid --keys 10")
        .run()
        .failed("no address is known for host `no-such-host.invalid`", "check the name");
    let port = free_port();
    Case::new(&format!("-p {port} --keys 10")).run().failed(
        &format!("no connection to 127.0.0.1:{port}: connection refused"),
        "is a server running there?",
    );
    Case::new("-s /no/such.sock --keys 10")
        .run()
        .failed("no connection to /no/such.sock: no such file or directory", "check the path");
}

#[test]
fn what_is_no_redis_is_told() {
    for (says, shown) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "answered \"HTTP/1.1 400 Bad Request"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "answered \"SSH-2.0-OpenSSH_9.2"),
        (b"\x1b]0;title\x07", "answered \"\\x1b]0;title\\x07\""),
    ] {
        let ran = Case::new(&format!("-p {} --keys 10", pretender(says))).run();
        ran.failed(shown, "check host and port");
        assert!(!ran.everything().contains(&0x1b));
    }
    let ran = Case::new(&format!("-p {} --keys 10 --connect-timeout 0.3", pretender(b""))).run();
    ran.failed("within 300ms: the first answer did not come", "give it time: --connect-timeout");
    let ran = Case::new(&format!("-p {} --keys 10 --connect-timeout 0.3 --tls", pretender(b""))).run();
    ran.failed("within 300ms: the TLS handshake did not end", "if not, leave out --tls");
}

/// A server with a plain and a TLS port, the latter with its own certificate.
async fn with_tls(server: &Server, folder: &Path, authority: bool) -> (Spawned, u16) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    if authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let [certificate_file, key_file] =
        ["server.crt", "server.key"].map(|name| folder.join(name).display().to_string());
    std::fs::write(&certificate_file, params.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    let port = free_port();
    let options = [
        ["--tls-port", &port.to_string()],
        ["--tls-cert-file", &certificate_file],
        ["--tls-key-file", &key_file],
        ["--tls-ca-cert-file", &certificate_file],
        ["--tls-auth-clients", "no"],
    ];
    let extra_args = options.as_flattened().iter().map(ToString::to_string).collect();
    let spawn = Spawn { extra_args, ..server.spawn(Layout::Standalone) };
    (spawn.start().await.unwrap(), port)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn encryption_has_to_be_agreed_on() {
    // The Valkey that tests use is built without TLS.
    let Some(server) = Server::find("redis", "encryption_has_to_be_agreed_on") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (servers, tls) = with_tls(&server, folder.path(), false).await;
    let plain = servers.addresses()[0].port();
    Case::new(&format!("-p {tls} --keys 10"))
        .run()
        .failed("before it answered", "does it want TLS? try --tls");
    Case::new(&format!("-p {plain} --keys 10 --tls --connect-timeout 0.5"))
        .run()
        .failed("the TLS handshake did not end", "if not, leave out --tls");
    Case::new(&format!("-p {tls} --keys 10 --tls"))
        .run()
        .failed("signed by nobody who is trusted", "--cacert FILE; or trust anyone: --insecure");
    let trusted = folder.path().join("server.crt").display().to_string();
    Case::new(&format!("-h localhost -p {tls} --keys 10 --tls --cacert {trusted}"))
        .run()
        .failed("its certificate is for another name: 127.0.0.1", "--sni NAME");
    Case::new(&format!("-p {tls} --keys 10 --tls --cacert {trusted}")).run().exact();
    Case::new(&format!("-p {tls} --keys 10 --tls --insecure")).run().exact();

    let folder = tempfile::tempdir().unwrap();
    let (_servers, tls) = with_tls(&server, folder.path(), true).await;
    Case::new(&format!("-p {tls} --keys 10 --tls"))
        .run()
        .failed("its certificate is that of an authority, not of a server", "--insecure");
}
