//! Health of the store: the result of the last write, and whether the database that is open is
//! still the one in its place.
//!
//! A server that answers every alert with 503 must not look well from outside. So the
//! writer notes what each transaction came to; only one that stored an event, or a probe as
//! large as an alert, says that all is well again: a small write still succeeds on a disk
//! that has no room for an alert.
//!
//! SQLite itself goes on with a file that was moved, deleted or replaced, and what it
//! stores there nobody finds again. So each transaction looks at the path before it commits.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::error::{Result, StoreError};
use super::file::{FileId, beside, file_at};
use super::schema;

/// Interval at which the same failure is logged again.
const SAID_EVERY: Duration = Duration::from_mins(1);

/// The result of the last write; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<State>>);

/// Reasons that are remembered as said; more than there are at once.
const MOST_SAID: usize = 8;

#[derive(Debug, Default)]
struct State {
    failing: Option<Failing>,
    written_at: Option<Instant>,
    /// Panics of the store's threads, by their names.
    panics: BTreeMap<&'static str, u64>,
    /// Reasons that were logged of late, the newest last: on a disk that is nearly full large alerts
    /// fail and small ones do not, and two reasons take turns.
    said: VecDeque<(String, Instant)>,
}

#[derive(Debug)]
struct Failing {
    why: String,
    /// True if the log says so, and has to say when it is over.
    is_said: bool,
}

impl State {
    /// True if a reason has to be logged at a time, which notes that it was.
    fn must_say(&mut self, why: &str, now: Instant) -> bool {
        let is_recent = |at: Instant| now.saturating_duration_since(at) < SAID_EVERY;
        self.said.retain(|(_, at)| is_recent(*at));
        if self.said.iter().any(|(said, _)| said == why) {
            return false;
        }
        if self.said.len() == MOST_SAID {
            self.said.pop_front();
        }
        self.said.push_back((why.to_owned(), now));
        true
    }
}

impl Health {
    /// Reason that alerts cannot be stored; `None` if they can.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let state = self.state();
        state.failing.as_ref().map(|failing| failing.why.clone())
    }

    /// True if something as large as an alert was written within so long.
    #[must_use]
    pub fn was_written_within(&self, time: Duration) -> bool {
        let written_at = self.state().written_at;
        written_at.is_some_and(|written_at| written_at.elapsed() < time)
    }

    /// Notes that an alert could be stored.
    pub(super) fn note_written(&self) {
        let mut state = self.state();
        state.written_at = Some(Instant::now());
        if state.failing.take().is_some_and(|failing| failing.is_said) {
            tracing::info!("the database can be written again");
        }
    }

    /// Notes that nothing could be stored, and says so in the log, not more than once a
    /// minute for the same reason.
    pub(super) fn note_failure(&self, error: &StoreError) {
        let mut state = self.state();
        let why = error.to_string();
        let must_say = state.must_say(&why, Instant::now());
        if must_say {
            tracing::error!("alerts are answered with 503: {why}");
        }
        let was_said = state.failing.as_ref().is_some_and(|before| before.is_said);
        let is_said = must_say || was_said;
        state.failing = Some(Failing { why, is_said });
    }

    /// Notes that a thread of the store panicked. It is run again.
    pub(super) fn note_panic(&self, thread: &'static str) {
        tracing::error!(worker = thread, "a background task failed and is run again");
        *self.state().panics.entry(thread).or_default() += 1;
    }

    /// Panics of each of the store's threads that had one.
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
    /// True once the contents of an unlinked log were folded into the database.
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

    /// True if another file is in the database's place.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_take_turns_are_said_once_a_minute_each() {
        let mut state = State::default();
        let begun = Instant::now();
        let mut said = 0;
        for second in 0..120 {
            let now = begun + Duration::from_secs(second);
            for why in ["full", "no room for so much"] {
                said += usize::from(state.must_say(why, now));
            }
        }
        assert_eq!(said, 4);
        for number in 0..100 {
            assert!(state.must_say(&number.to_string(), begun + 2 * SAID_EVERY));
        }
        assert_eq!(state.said.len(), MOST_SAID);
    }
}
