//! The writer's memory between transactions, to read the database less often.
//!
//! The engine has to know only when all of it is to be forgotten: after a transaction that was
//! undone, or that another process committed. What is remembered, and why, is the journal's.

use std::any::Any;
use std::fmt::Debug;

use rusqlite::Connection;

use super::commits::{LastCommit, Unconfirmed};
use super::error::Result;
use super::health::Health;

/// A memory of the database, for those who decide.
pub trait Remembers: Any + Debug + Send {
    /// Forgets everything: what was remembered was not committed, or is not what the database
    /// has. It is read again when needed.
    fn forget(&mut self);
}

/// The writer's memory.
#[derive(Debug, Default)]
pub struct Memory {
    /// Events of before the start that nobody knows the answers of.
    pub unconfirmed: Vec<Unconfirmed>,
    /// The events of the transaction before, and its time.
    pub(super) last_commit: LastCommit,
    /// The result of the last write.
    pub(super) health: Health,
    /// The last value of `PRAGMA data_version`: another number where another
    /// process has written since.
    data_version: i64,
    /// True if the transaction that is open put something into the outbox.
    pub(super) has_outbox_rows: bool,
    /// The offset of the clock that the times of the outbox are of, once it was read.
    pub(super) outbox_clock: Option<i64>,
    remembered: Option<Box<dyn Remembers>>,
}

impl Memory {
    /// An empty one that shares what was committed last.
    pub(super) fn of(last_commit: LastCommit) -> Self {
        Self {
            last_commit,
            ..Self::default()
        }
    }

    /// The memory, which begins empty.
    ///
    /// # Panics
    ///
    /// Never: what is of another type is let go of first.
    pub fn remembered<T: Remembers + Default>(&mut self) -> &mut T {
        let is_there = |remembered: &dyn Remembers| (remembered as &dyn Any).is::<T>();
        if !self.remembered.as_deref().is_some_and(is_there) {
            self.remembered = None;
        }
        let remembered = self.remembered.get_or_insert_with(|| Box::<T>::default());
        let remembered: &mut dyn Any = &mut **remembered;
        remembered.downcast_mut().expect("what was made just now")
    }

    /// Forgets everything: what was remembered was not committed, or is not
    /// what the database has.
    pub fn forget(&mut self) {
        self.has_outbox_rows = false;
        if let Some(remembered) = &mut self.remembered {
            remembered.forget();
        }
    }

    /// Forgets everything where another process has written.
    pub(super) fn compare(&mut self, connection: &Connection) -> Result<()> {
        let mut pragma = connection.prepare_cached("PRAGMA data_version")?;
        let data_version = pragma.query_row([], |row| row.get(0))?;
        if std::mem::replace(&mut self.data_version, data_version) != data_version {
            self.forget();
        }
        Ok(())
    }
}
