//! The first words on a connection: who we are, which database, and an answer insisted on. What was
//! sent to a server that never answers would be lost without a sign.

use super::refusal::{code, command_name};
use super::{Connection, Credentials, NetError};
use crate::resp::{Value, excerpt};

/// Authenticates, chooses the database, and pings.
///
/// # Errors
/// [`NetError`] if the server refuses one of these, or is no Redis or Valkey.
pub(super) async fn greet(
    connection: &mut Connection,
    credentials: Option<&Credentials>,
    database: u32,
    tls: bool,
) -> Result<(), NetError> {
    let database_text = database.to_string();
    let mut steps: Vec<Vec<&[u8]>> = Vec::new();
    if let Some(Credentials { user, password }) = credentials {
        let words = [Some("AUTH"), user.as_deref(), Some(password.expose())];
        steps.push(words.into_iter().flatten().map(str::as_bytes).collect());
    }
    if database != 0 {
        steps.push(vec![b"SELECT", database_text.as_bytes()]);
    }
    steps.push(vec![b"PING"]);
    for (place, step) in steps.iter().enumerate() {
        let answer = connection.call_raw(step).await;
        let answer = if place == 0 { answer.map_err(|error| first_error(error, tls))? } else { answer? };
        accept(connection, command_name(step), &answer)?;
    }
    Ok(())
}

/// What an error means before the server has said anything.
fn first_error(error: NetError, tls: bool) -> NetError {
    match error {
        NetError::Lost { address, .. } => NetError::ClosedEarly { address, tls },
        NetError::Garbled { address, malformed, .. } if malformed.is_tls_alert() && !tls => {
            NetError::WantsTls { address }
        }
        NetError::Garbled { address, malformed, .. } => {
            NetError::NotRedis { address, answer: malformed.excerpt().into() }
        }
        error => error,
    }
}

fn accept(connection: &Connection, command: String, answer: &Value) -> Result<(), NetError> {
    let pinging = command == "PING";
    let answer = match answer {
        // A user or a server without PING has answered all the same.
        Value::Error(message) if pinging && is_about_ping_alone(message) => return Ok(()),
        Value::Error(message) => return Err(NetError::refused(connection.address(), command, message)),
        Value::Simple(text) if text == if pinging { "PONG" } else { "OK" } => return Ok(()),
        // Whoever repeats what it was told repeats a password, too.
        _ if command == "AUTH" => "neither OK nor an error to AUTH".into(),
        Value::Simple(text) => excerpt(text.as_bytes()),
        other => excerpt(format!("{other:?}").as_bytes()),
    };
    Err(NetError::NotRedis { address: connection.address().clone(), answer })
}

fn is_about_ping_alone(message: &str) -> bool {
    code(message) == "NOPERM" || message.starts_with("ERR unknown command")
}
