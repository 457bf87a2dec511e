//! Commands over open connections.

use std::time::Duration;

use fillbench::net::{Connection, NetError};
use fillbench::resp::{Value, encode_command};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::connections::server::Server;
use crate::connections::{assert_told, patient};

#[tokio::test]
async fn every_way_to_a_server_leads_there() {
    let Some(server) = Server::start(&["--bind", "127.0.0.1", "-::1"]) else { return };
    for address in [server.address(), server.at("::1"), server.at("localhost"), server.socket()] {
        let mut connection = patient().open(&address).await.unwrap();
        assert_eq!(*connection.address(), address);
        assert!(connection.send_buffer_size().unwrap() > 0);
        assert_eq!(connection.call(&[b"ECHO", b"x"]).await.unwrap().as_text().unwrap(), "x");
    }
}

#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    let Some(server) = Server::start(&["--bind", "127.0.0.1"]) else { return };
    // Where localhost is ::1 first, nothing listens there.
    patient().open(&server.at("localhost")).await.unwrap();
}

#[tokio::test]
async fn error_replies_are_errors_or_values_as_asked() {
    let Some(server) = Server::start(&[]) else { return };
    let mut connection = patient().open(&server.address()).await.unwrap();
    connection.call(&[b"SET", b"k", b"v"]).await.unwrap();
    let raw = connection.call_raw(&[b"INCR", b"k"]).await.unwrap();
    assert_eq!(raw.as_error(), Some("ERR value is not an integer or out of range"));
    let error = connection.call(&[b"INCR", b"k"]).await.unwrap_err();
    assert_told(error, "refused INCR: ERR value is not an integer", "");
    assert_eq!(connection.call(&[b"GET", b"none"]).await.unwrap(), Value::Nil);
}

/// Far more than the kernel holds, both ways at once.
pub(crate) async fn assert_pipelines_do_not_block(connection: &mut Connection) {
    let (commands, size) = (300, 100_000);
    let mut wire = Vec::new();
    for number in 0..commands {
        let mut text = vec![b'x'; size];
        text[0] = u8::try_from(number % 256).unwrap();
        encode_command(&mut wire, &[b"ECHO", &text]);
    }
    let mut places = Vec::new();
    let outcome = connection.pipeline(&wire, commands, |place, value| {
        let text = value.as_bytes().unwrap();
        assert_eq!((usize::from(text[0]), text.len()), (place % 256, size));
        places.push(place);
    });
    outcome.await.unwrap();
    assert!(places.into_iter().eq(0..commands));
}

#[tokio::test]
async fn pipelines_do_not_block() {
    let Some(server) = Server::start(&[]) else { return };
    for address in [server.address(), server.socket()] {
        let mut connection = patient().open(&address).await.unwrap();
        assert_pipelines_do_not_block(&mut connection).await;
    }
}

#[tokio::test]
async fn a_pipeline_gives_error_replies_as_values_and_may_want_none() {
    let Some(server) = Server::start(&[]) else { return };
    let mut connection = patient().open(&server.address()).await.unwrap();
    let mut wire = Vec::new();
    encode_command(&mut wire, &[b"PING"]);
    encode_command(&mut wire, &[b"NONSENSE"]);
    let mut errors = Vec::new();
    connection.pipeline(&wire, 2, |_, value| errors.push(value.as_error().is_some())).await.unwrap();
    assert_eq!(errors, [false, true]);
    wire.clear();
    encode_command(&mut wire, &[b"CLIENT", b"REPLY", b"OFF"]);
    encode_command(&mut wire, &[b"SET", b"k", b"v"]);
    connection.pipeline(&wire, 0, |_, _| panic!("a reply")).await.unwrap();
    assert!(connection.call(&[b"CLIENT", b"REPLY", b"ON"]).await.unwrap().is_ok());
    assert_eq!(connection.call(&[b"DBSIZE"]).await.unwrap(), Value::Integer(1));
}

#[tokio::test]
async fn the_stream_goes_on_where_the_connection_stopped() {
    let Some(server) = Server::start(&[]) else { return };
    let connection = patient().open(&server.address()).await.unwrap();
    let mut stream = connection.into_stream();
    stream.write_all(b"PING\r\n").await.unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
}

#[tokio::test]
async fn a_lost_connection_names_what_was_asked() {
    let Some(server) = Server::start(&[]) else { return };
    let mut connection = patient().open(&server.address()).await.unwrap();
    let error = connection.call(&[b"SHUTDOWN", b"NOSAVE"]).await.unwrap_err();
    let error = assert_told(error, "hung up during SHUTDOWN: ", "log");
    assert!(matches!(error, NetError::Lost { .. }), "{error:?}");
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_its_late_answer_is_never_taken() {
    let Some(server) = Server::start(&["--enable-debug-command", "yes"]) else { return };
    let mut connection = patient().open(&server.address()).await.unwrap();
    connection.set_reply_timeout(Duration::from_millis(100));
    let error = connection.call(&[b"DEBUG", b"SLEEP", b"0.5"]).await.unwrap_err();
    assert_told(error, "was silent for 100ms during DEBUG SLEEP", "slow command");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let error = connection.call(&[b"PING"]).await.unwrap_err();
    assert_told(error, "given up in the middle of an earlier command", "");
}
