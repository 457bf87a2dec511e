//! Ctrl-C and a supervisor's signals, as a wish that running work can see.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Turns true on SIGINT, SIGTERM or SIGHUP.
///
/// # Errors
/// If the operating system does not let signals be handled.
pub(super) fn interrupted() -> io::Result<watch::Receiver<bool>> {
    let mut signals =
        [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?];
    let (wish, seen) = watch::channel(false);
    tokio::spawn(async move {
        let [interrupt, terminate, hangup] = &mut signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        wish.send_replace(true);
        // Receivers that come later still see it.
        wish.closed().await;
    });
    Ok(seen)
}
