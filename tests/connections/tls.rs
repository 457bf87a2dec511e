//! Encrypted connections to a real server, with good certificates and every kind of bad ones.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use fillbench::net::{Connector, Tls, TlsOptions};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tempfile::TempDir;

use crate::connections::established::assert_pipelines_do_not_block;
use crate::connections::server::{Server, pretender};
use crate::connections::{assert_told, failure, patient};

/// A folder with the `ca.crt` of an authority, and certificates for a server and a client.
fn certificates(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> TempDir {
    certificates_of("authority", names, change)
}

fn certificates_of(authority: &str, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, authority);
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    write("ca.crt", ca.self_signed(&ca_key).unwrap().pem());
    let issuer = Issuer::new(ca, ca_key);
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut server = CertificateParams::new(names).unwrap();
    change(&mut server);
    for (name, params) in [("server", server), ("client", CertificateParams::default())] {
        let key = KeyPair::generate().unwrap();
        write(&format!("{name}.crt"), params.signed_by(&key, &issuer).unwrap().pem());
        write(&format!("{name}.key"), key.serialize_pem());
    }
    folder
}

fn encrypted(options: TlsOptions) -> Connector {
    Connector { tls: Some(Tls::new(options).unwrap()), ..patient() }
}

fn trusting(ca_file: PathBuf) -> TlsOptions {
    TlsOptions { ca_file: Some(ca_file), ..TlsOptions::default() }
}

fn insecure() -> TlsOptions {
    TlsOptions { insecure: true, ..TlsOptions::default() }
}

#[tokio::test]
async fn trusted_certificates_are_taken_and_others_told() {
    let folder = certificates(&["localhost", "127.0.0.1"], |_| {});
    let Some(server) = Server::start_tls(folder, &["--tls-auth-clients", "no"]) else { return };
    let by_file = trusting(server.file("ca.crt"));
    let by_folder = TlsOptions { ca_dir: Some(server.file("")), ..TlsOptions::default() };
    for options in [by_file.clone(), by_folder, insecure()] {
        let mut connection = encrypted(options).open(&server.at("localhost")).await.unwrap();
        assert!(connection.send_buffer_size().unwrap() > 0);
        assert_pipelines_do_not_block(&mut connection).await;
    }
    encrypted(by_file.clone()).open(&server.address()).await.unwrap();

    // The second is an authority made anew under the name of the one that signed.
    for authority in ["stranger", "authority"] {
        let stranger = certificates_of(authority, &[], |_| {});
        let strange = encrypted(trusting(stranger.path().join("ca.crt")));
        let error = failure(&strange, &server.address()).await;
        assert_told(error, "signed by nobody who is trusted", "--cacert");
    }
    let misnamed = encrypted(TlsOptions { server_name: Some("other".into()), ..by_file });
    assert_told(failure(&misnamed, &server.address()).await, "for another name: ", "--sni");
    // No encryption at all.
    assert_told(failure(&patient(), &server.address()).await, "before it answered", "try --tls");
}

#[tokio::test]
async fn the_name_asked_for_may_be_another() {
    let folder = certificates(&["redis.example"], |_| {});
    let Some(server) = Server::start_tls(folder, &["--tls-auth-clients", "no"]) else { return };
    let options = trusting(server.file("ca.crt"));
    let error = failure(&encrypted(options.clone()), &server.address()).await;
    assert_told(error, "for another name: ", "--sni");
    let named = TlsOptions { server_name: Some("redis.example".into()), ..options };
    encrypted(named).open(&server.address()).await.unwrap();
}

#[tokio::test]
async fn an_expired_certificate_is_told() {
    let folder = certificates(&["localhost"], |params| {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    });
    let Some(server) = Server::start_tls(folder, &["--tls-auth-clients", "no"]) else { return };
    let connector = encrypted(trusting(server.file("ca.crt")));
    assert_told(failure(&connector, &server.at("localhost")).await, "its certificate has expired", "clock");
    encrypted(insecure()).open(&server.at("localhost")).await.unwrap();
}

#[tokio::test]
async fn a_client_certificate_is_wanted_refused_and_taken() {
    for protocol in ["TLSv1.2", "TLSv1.3"] {
        let folder = certificates(&["localhost"], |_| {});
        let Some(server) = Server::start_tls(folder, &["--tls-protocols", protocol]) else { return };
        let options = trusting(server.file("ca.crt"));
        let error = failure(&encrypted(options.clone()), &server.at("localhost")).await;
        assert_told(error, "no TLS with localhost:", "--cert");
        let with =
            |cert, key| TlsOptions { client_cert: Some(cert), client_key: Some(key), ..options.clone() };
        let known = with(server.file("client.crt"), server.file("client.key"));
        encrypted(known).open(&server.at("localhost")).await.unwrap();
        for authority in ["stranger", "authority"] {
            let stranger = certificates_of(authority, &[], |_| {});
            let file = |name| stranger.path().join(name);
            let strange = encrypted(with(file("client.crt"), file("client.key")));
            let error = failure(&strange, &server.at("localhost")).await;
            assert_told(error, "does not accept the client certificate", "the server trusts");
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_is_told() {
    let http = pretender(b"HTTP/1.1 400 Bad Request\r\n\r\n", true);
    assert_told(failure(&encrypted(insecure()), &http).await, "not TLS", "leave out --tls");
    let closing = pretender(b"", true);
    assert_told(failure(&encrypted(insecure()), &closing).await, "closed the connection", "leave out --tls");
    let Some(server) = Server::start(&[]) else { return };
    // Redis waits for the end of the line that it takes the first words of TLS for.
    let hasty = Connector { connect_timeout: Duration::from_millis(300), ..encrypted(insecure()) };
    assert_told(failure(&hasty, &server.address()).await, "the TLS handshake did not end", "leave out --tls");
}

#[test]
fn files_of_no_use_are_named() {
    let folder = certificates(&[], |_| {});
    let file = |name| Some(folder.path().join(name));
    let empty = tempfile::tempdir().unwrap();
    let table = [
        (TlsOptions { ca_file: file("none.crt"), ..TlsOptions::default() }, "none.crt: "),
        (
            TlsOptions { ca_file: file("ca.crt"), client_cert: file("client.crt"), ..TlsOptions::default() },
            "together",
        ),
        (TlsOptions { ca_file: file("server.key"), ..TlsOptions::default() }, "no PEM certificate"),
        (TlsOptions { ca_dir: Some(empty.path().into()), ..TlsOptions::default() }, "no file with a PEM"),
        (
            TlsOptions {
                client_cert: file("client.crt"),
                client_key: file("server.key"),
                ..trusting(folder.path().join("ca.crt"))
            },
            "client.crt: ",
        ),
        (TlsOptions { server_name: Some("no name".into()), ..insecure() }, "`no name` is no name"),
    ];
    for (options, part) in table {
        assert_told(Tls::new(options).unwrap_err(), part, "");
    }
}
