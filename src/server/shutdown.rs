//! The wish to stop: SIGTERM or SIGINT.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Ends when the process is asked to stop.
///
/// The handlers stand when this returns, so a signal that comes while the
/// server still starts is not lost.
///
/// # Errors
///
/// The operating system's, where it takes no signal handler.
pub fn requested() -> io::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: stopping"),
            _ = interrupt.recv() => tracing::info!("SIGINT: stopping"),
        }
    })
}
