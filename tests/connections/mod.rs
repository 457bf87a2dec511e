//! Connections to real servers, and to listeners that only pretend: every way in which one can fail is
//! told by its cause, with its cure.

mod established;
mod handshake;
mod pretenders;
mod server;
mod tls;

use std::time::Duration;

use fillbench::net::{Address, Connector, Credentials, NetError};

/// Deadlines long enough for a slow machine: no test waits for them to pass.
fn patient() -> Connector {
    let long = Duration::from_secs(20);
    Connector { connect_timeout: long, reply_timeout: long, ..Connector::default() }
}

fn with_password(user: Option<&str>, password: &str) -> Connector {
    let credentials = Credentials { user: user.map(Into::into), password: password.into() };
    Connector { credentials: Some(credentials), ..patient() }
}

/// Checks what an error says, in its text and its cure, and gives it back.
#[track_caller]
fn assert_told(error: NetError, cause: &str, cure: &str) -> NetError {
    let (told, cured) = (error.to_string(), error.cure().unwrap_or_default());
    assert!(told.contains(cause), "cause: {told}");
    assert!(cured.contains(cure), "cure: {cured}");
    assert!(!told.contains('\n') && told.len() < 500, "{told}");
    error
}

async fn failure(connector: &Connector, address: &Address) -> NetError {
    match connector.open(address).await {
        Ok(connection) => panic!("{} let us in", connection.address()),
        Err(error) => error,
    }
}
