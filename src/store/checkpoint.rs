//! Folds the write-ahead log into the database, beside the writer.
//!
//! On an SD card that takes seconds. Done by the writer, as SQLite does it where
//! nothing else is said, the alerts that come meanwhile would wait for it.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, TrySendError};
use std::thread::JoinHandle;

use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, DEFAULT_NAME, ErrorCode};

use super::error::Result;
use super::open_for_writing;

/// Pages in the log from which on it is folded: 4 MiB.
const FOLDED_FROM: i32 = 1024;

/// Pages in the log from which on the writer folds it itself, for where alerts come so
/// fast that the log never ends: 32 MiB.
const LARGEST_LOG: i32 = 8 * FOLDED_FROM;

/// Starts the thread that folds what `writer` commits; it ends when `writer` is closed.
///
/// # Errors
///
/// What keeps the database from being opened once more, or a thread from starting.
pub(super) fn start(writer: &mut Connection, path: &Path) -> Result<JoinHandle<()>> {
    let connection = open_for_writing(path)?;
    // One wake-up waits at most: the log is folded as far as it goes by then.
    let (wake, woken) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new()
        .name("checkpoint".to_owned())
        .spawn(move || fold_when_woken(&connection, &woken))
        .map_err(super::cannot_start_thread)?;
    writer.wal_hook(Some(move |log: &mut Wal, pages| {
        if pages >= LARGEST_LOG {
            // Refused while the thread is at it; the next commit tries again.
            say_why_not(log.checkpoint());
        } else if pages >= FOLDED_FROM
            && let Err(TrySendError::Disconnected(())) = wake.try_send(())
        {
            tracing::error!("the checkpoint thread has ended; the write-ahead log is not folded");
        }
        // An error here would look as if the commit had failed.
        Ok(())
    }))?;
    Ok(thread)
}

fn fold_when_woken(connection: &Connection, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        let folded = connection.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::PASSIVE);
        say_why_not(folded.map(drop));
    }
}

/// A log that is not folded only grows: nothing is lost, and the next wake-up tries again.
fn say_why_not(folded: rusqlite::Result<()>) {
    match folded {
        Err(error) if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) => {
            tracing::warn!(%error, "the write-ahead log could not be folded into the database");
        }
        _ => {}
    }
}
