//! The first words with real servers: who we are, and which database.

use std::time::Duration;

use fillbench::net::Connector;
use fillbench::resp::Value;

use crate::connections::server::Server;
use crate::connections::{assert_told, failure, patient, with_password};

#[tokio::test]
async fn passwords_are_wanted_refused_and_taken() {
    let Some(server) = Server::start(&["--requirepass", "right"]) else { return };
    let address = server.address();
    let error = failure(&patient(), &address).await;
    assert!(assert_told(error, "refused PING: NOAUTH", "give a password").is_refusal_of("NOAUTH"));
    let error = failure(&with_password(None, "hunter2"), &address).await;
    let error = assert_told(error, "refused AUTH: WRONGPASS", "check --user and --pass");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    with_password(None, "right").open(&address).await.unwrap();
    with_password(Some("default"), "right").open(&address).await.unwrap();
}

#[tokio::test]
async fn a_password_that_is_not_wanted_is_told() {
    let Some(server) = Server::start(&[]) else { return };
    let error = failure(&with_password(None, "any"), &server.address()).await;
    assert_told(error, "refused AUTH: ERR AUTH", "leave out --pass");
}

#[tokio::test]
async fn a_user_without_ping_gets_in() {
    let Some(server) = Server::start(&["--user", "writer", "on", ">pw", "~*", "+set"]) else { return };
    let mut connection = with_password(Some("writer"), "pw").open(&server.address()).await.unwrap();
    assert!(connection.call(&[b"SET", b"k", b"v"]).await.unwrap().is_ok());
    let error = connection.call(&[b"CONFIG", b"GET", b"hunter2"]).await.unwrap_err();
    let error = assert_told(error, "refused CONFIG GET: NOPERM", "ACL SETUSER");
    assert!(error.is_refusal_of("NOPERM") && !error.to_string().contains("hunter2"));
    let error = failure(&with_password(Some("nobody"), "pw"), &server.address()).await;
    assert_told(error, "WRONGPASS", "--user");
}

#[tokio::test]
async fn databases_are_chosen() {
    let Some(server) = Server::start(&["--databases", "4"]) else { return };
    let third = Connector { database: 3, ..patient() };
    let mut connection = third.open(&server.address()).await.unwrap();
    connection.call(&[b"SET", b"k", b"v"]).await.unwrap();
    assert_eq!(connection.call(&[b"DBSIZE"]).await.unwrap(), Value::Integer(1));
    let mut first = patient().open(&server.address()).await.unwrap();
    assert_eq!(first.call(&[b"DBSIZE"]).await.unwrap(), Value::Integer(0));
    let beyond = Connector { database: 4, ..patient() };
    assert_told(failure(&beyond, &server.address()).await, "refused SELECT", "lower -n");
}

#[tokio::test]
async fn a_cluster_has_one_database() {
    let Some(server) = Server::start(&["--cluster-enabled", "yes"]) else { return };
    let second = Connector { database: 1, ..patient() };
    assert_told(failure(&second, &server.address()).await, "refused SELECT", "-n");
}

#[tokio::test]
async fn a_full_server_says_so() {
    let Some(server) = Server::start(&["--maxclients", "1"]) else { return };
    // The one that waited for the server to listen may still count.
    let _only = loop {
        match patient().open(&server.address()).await {
            Ok(connection) => break connection,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    for connector in [patient(), with_password(None, "any")] {
        let error = failure(&connector, &server.address()).await;
        assert_told(error, "max number of clients reached", "maxclients");
    }
}
