//! Whether alerts can be stored: what the last write came to, and whether the database
//! that is open is still the one in its place.
//!
//! A server that answers every alert with 503 must not look well from outside. So the
//! writer notes what each transaction came to; only one that stored an event, or a probe as
//! large as an alert, says that all is well again: a small write still succeeds on a disk
//! that has no room for an alert.
//!
//! SQLite itself goes on with a file that was moved, deleted or replaced, and what it
//! stores there nobody finds again. So each transaction looks at the path before it commits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::error::{Result, StoreError};
use super::file::{FileId, beside, file_at};
use super::schema;

/// How often the same failure is logged again.
const SAID_EVERY: Duration = Duration::from_mins(1);

/// What the last write came to; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    failing: Option<Failing>,
    written_at: Option<Instant>,
    /// Panics of the store's threads, by their names.
    panics: BTreeMap<&'static str, u64>,
}

#[derive(Debug)]
struct Failing {
    why: String,
    said_at: Instant,
}

impl Health {
    /// Why alerts cannot be stored, where they cannot.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let state = self.state();
        state.failing.as_ref().map(|failing| failing.why.clone())
    }

    /// Whether something as large as an alert was written within so long.
    #[must_use]
    pub fn was_written_within(&self, time: Duration) -> bool {
        let written_at = self.state().written_at;
        written_at.is_some_and(|written_at| written_at.elapsed() < time)
    }

    /// Notes that an alert could be stored.
    pub(super) fn note_written(&self) {
        let mut state = self.state();
        state.written_at = Some(Instant::now());
        if state.failing.take().is_some() {
            tracing::info!("the database can be written again");
        }
    }

    /// Notes that nothing could be stored, and says so in the log, not more than once a
    /// minute for the same reason.
    pub(super) fn note_failure(&self, error: &StoreError) {
        let mut state = self.state();
        let why = error.to_string();
        let is_said =
            |failing: &Failing| failing.why == why && failing.said_at.elapsed() < SAID_EVERY;
        if !state.failing.as_ref().is_some_and(is_said) {
            tracing::error!("alerts are answered with 503: {why}");
            let said_at = Instant::now();
            state.failing = Some(Failing { why, said_at });
        }
    }

    /// Notes that a thread of the store panicked. It is run again.
    pub(super) fn note_panic(&self, thread: &'static str) {
        tracing::error!(worker = thread, "a background task failed and is run again");
        *self.state().panics.entry(thread).or_default() += 1;
    }

    /// How often each of the store's threads panicked, where one did.
    #[must_use]
    pub fn panics(&self) -> Vec<(&'static str, u64)> {
        let state = self.state();
        let panics = state.panics.iter();
        panics.map(|(thread, count)| (*thread, *count)).collect()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Two values that go together whatever a thread did.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The database file that is open, and what it was when it was opened.
#[derive(Debug)]
pub struct Watch {
    /// None of a database in memory.
    path: Option<PathBuf>,
    file: Option<FileId>,
    log: OnceLock<FileId>,
    /// SQLite's count of the changes of the schema, when that was last found to be ours.
    schema: AtomicI64,
    /// Whether what an unlinked log holds was folded into the database.
    is_folded: AtomicBool,
}

impl Watch {
    /// The watch over a file that is about to be opened.
    #[must_use]
    pub fn over(path: &Path) -> Self {
        Self {
            path: Some(path.to_owned()),
            file: file_at(path),
            ..Self::over_memory()
        }
    }

    /// The watch over a database that has no file.
    #[must_use]
    pub fn over_memory() -> Self {
        Self {
            path: None,
            file: None,
            log: OnceLock::new(),
            schema: AtomicI64::new(-1),
            is_folded: AtomicBool::new(false),
        }
    }

    /// Whether another file is in the database's place.
    #[must_use]
    pub fn is_replaced(&self) -> bool {
        let now = self.path.as_deref().and_then(file_at);
        now.is_some() && now != self.file
    }

    /// Refuses where the file that is open is not the one at its path.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub fn check_place(&self) -> Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let shown = path.display();
        match file_at(path) {
            None => {
                return Err(StoreError::Unavailable(format!(
                    "{shown} was moved or deleted while it is open; put it back"
                )));
            }
            now if now != self.file => {
                return Err(StoreError::Unavailable(format!(
                    "{shown} was replaced by another file while it is open; restart the server to go over to that"
                )));
            }
            _ => {}
        }
        let log = file_at(&beside(path, "-wal"));
        match (self.log.get(), log) {
            (None, Some(log)) => {
                let _ = self.log.set(log);
                Ok(())
            }
            (Some(known), log) if log != Some(*known) => Err(StoreError::Unavailable(format!(
                "its log {shown}-wal was deleted or replaced while it is open; restart the server"
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses where the file is another one, or its schema is not this binary's any more.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], [`StoreError::Damaged`].
    pub(super) fn check(&self, connection: &Connection) -> Result<()> {
        self.check_place()?;
        let number = |sql| {
            let mut pragma = connection.prepare_cached(sql)?;
            pragma.query_row([], |row| row.get::<_, i64>(0))
        };
        let version = number("PRAGMA user_version")?;
        if version != schema::newest_version() {
            return Err(StoreError::Unavailable(format!(
                "another algohook has brought it to schema version {version}; restart the server with that algohook"
            )));
        }
        let now = number("PRAGMA schema_version")?;
        if now != self.schema.load(Ordering::Relaxed) {
            if let Some(fault) = schema::fault_of(connection)? {
                return Err(StoreError::Unavailable(fault));
            }
            self.schema.store(now, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Folds what an unlinked log holds into the database: nobody could read it there
    /// after the last connection is closed.
    pub(super) fn rescue_log(&self, connection: &Connection) {
        let Some(path) = &self.path else { return };
        let is_gone = self.log.get().is_some() && file_at(&beside(path, "-wal")).is_none();
        if is_gone && file_at(path) == self.file && !self.is_folded.swap(true, Ordering::Relaxed) {
            let folded = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
            if let Err(error) = folded {
                tracing::error!(%error, "the deleted log could not be folded into the database");
            } else {
                tracing::warn!("folded the deleted log into the database; nothing of it is lost");
            }
        }
    }
}
