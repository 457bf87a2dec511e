//! What no healthy server says, said by listeners that know nothing else.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use fillbench::net::{Address, Connector, NetError, Tls, TlsOptions};

use crate::connections::server::pretender;
use crate::connections::{assert_told, failure, patient, with_password};

#[tokio::test]
async fn nobody_there() {
    let error = failure(&patient(), &Address::tcp("no-such-host.invalid", 6379)).await;
    assert_told(error, "no address is known for host `no-such-host.invalid`: ", "check the name");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = failure(&patient(), &Address::tcp("127.0.0.1", port)).await;
    let error = assert_told(error, "no connection to 127.0.0.1:", "is a server running there?");
    assert!(error.to_string().ends_with(": connection refused"), "{error}");
    let error = failure(&patient(), &Address::Unix("/no/such/redis.sock".into())).await;
    assert_told(error, "no connection to /no/such/redis.sock: no such file", "unixsocket");
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = failure(&patient(), &Address::Unix(file.path().into())).await;
    assert_told(error, "connection refused", "no server listens");
}

#[tokio::test]
async fn a_silent_listener_is_given_up_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Address::tcp("127.0.0.1", listener.local_addr().unwrap().port());
    let hasty = Connector { connect_timeout: Duration::from_millis(200), ..patient() };
    let started = Instant::now();
    assert_told(failure(&hasty, &address).await, "within 200ms: the first answer", "--connect-timeout");
    let tls = Tls::new(TlsOptions { insecure: true, ..TlsOptions::default() }).unwrap();
    let hasty = Connector { tls: Some(tls), ..hasty };
    assert_told(failure(&hasty, &address).await, "within 200ms: the TLS handshake", "leave out --tls");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[tokio::test]
async fn other_servers_are_quoted() {
    let table: [(&[u8], &str); 5] = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", r#"answered "HTTP/1.1 400 Bad Request\r\n\r\n", as no Redis"#),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", r#""SSH-2.0-OpenSSH_9.2p1\r\n""#),
        (b"\x00\xff\x1b[31m", r#""\x00\xff\x1b[31m""#),
        (b"+OK POP3 ready\r\n", r#""OK POP3 ready""#),
        (b":1\r\n", "Integer(1)"),
    ];
    for (says, cause) in table {
        for hangs_up in [false, true] {
            let error = failure(&patient(), &pretender(says, hangs_up)).await;
            let error = assert_told(error, cause, "check host and port");
            assert!(matches!(error, NetError::NotRedis { .. }), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_cannot_serve_says_so() {
    let table: [(&[u8], &str, &str); 6] = [
        (b"-LOADING Redis is loading the dataset in memory\r\n", "LOADING", "wait"),
        (b"-MASTERDOWN Link with MASTER is down\r\n", "MASTERDOWN", "address of a master"),
        (b"-DENIED Redis is running in protected mode because ...\r\n", "DENIED", "protected mode"),
        (b"-ERR max number of clients reached\r\n", "ERR", "maxclients"),
        (b"-BUSY Redis is busy running a script.\r\n", "BUSY", "SCRIPT KILL"),
        (b"-NOAUTH Authentication required.\r\n", "NOAUTH", "--askpass"),
    ];
    for (says, code, cure) in table {
        for hangs_up in [false, true] {
            let error = failure(&patient(), &pretender(says, hangs_up)).await;
            let error = assert_told(error, " refused PING: ", cure);
            assert!(error.is_refusal_of(code) && !error.is_refusal_of("NOPERM"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_server_without_ping_has_answered() {
    for says in [b"-ERR unknown command 'PING'\r\n".as_slice(), b"-NOPERM this user has no permissions\r\n"] {
        patient().open(&pretender(says, false)).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_may_want_tls() {
    assert_told(failure(&patient(), &pretender(b"", true)).await, "before it answered", "try --tls");
    let alert = b"\x15\x03\x03\x00\x02\x02\x28";
    assert_told(failure(&patient(), &pretender(alert, true)).await, "speaks TLS", "--tls");
}

#[tokio::test]
async fn more_than_was_asked_for_is_an_error() {
    let error = failure(&patient(), &pretender(b"+PONG\r\n+PONG\r\n", false)).await;
    assert_told(error, r#"answered "+PONG\r\n", as no Redis"#, "check host and port");
}

#[tokio::test]
async fn a_password_that_a_server_repeats_is_not_shown() {
    let says = b"-ERR unknown command 'AUTH', with args beginning with: 'me' 'hunter2' \r\n";
    let connector = with_password(Some("me"), "hunter2");
    let error = assert_told(failure(&connector, &pretender(says, false)).await, "refused AUTH", "");
    assert!(!format!("{error} {error:?} {connector:?}").contains("hunter2"), "{error:?}");
}
