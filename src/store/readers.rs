//! A small pool of read-only connections, used on blocking threads so that a
//! slow report never delays an alert.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::LOCK_PATIENCE;
use super::error::{Result, StoreError};
use super::health::Watch;

/// Reads that run at once.
const READERS: usize = 4;

/// The pool; clones share it.
#[derive(Clone)]
pub struct Readers {
    path: Arc<PathBuf>,
    /// Over a file that is open already: another one in its place is not read.
    watch: Option<Arc<Watch>>,
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
}

impl Readers {
    /// A pool on a database file; connections are opened when first needed.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self {
            path: Arc::new(path),
            watch: None,
            idle: Arc::default(),
            places: Arc::new(Semaphore::new(READERS)),
        }
    }

    /// A pool on a database file that a writer has open.
    #[must_use]
    pub(super) fn watched(path: PathBuf, watch: Arc<Watch>) -> Self {
        Self {
            watch: Some(watch),
            ..Self::new(path)
        }
    }

    /// Runs a read on a blocking thread, after those that wait already.
    ///
    /// # Errors
    ///
    /// What `read` returned, or what keeps the database from being opened.
    pub async fn run<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Busy)?;
        let pool = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            let result = pool.run_blocking(read);
            drop(place);
            result
        });
        task.await
            .unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
    }

    /// Runs a read on this thread.
    ///
    /// # Errors
    ///
    /// As [`Readers::run`].
    pub fn run_blocking<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        let result = read(&connection);
        self.idle().push(connection);
        result
    }

    /// Closes the connections that are idle.
    pub fn close(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // A list of idle connections is whole whatever a reader did.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<Connection> {
        if let Some(watch) = &self.watch {
            watch.check_place()?;
        }
        let connection = Connection::open_with_flags(
            &*self.path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(LOCK_PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    }
}
