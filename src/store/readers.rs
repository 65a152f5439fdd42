//! A small pool of read-only connections, used on blocking threads so that a
//! slow report never delays an alert.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{Semaphore, oneshot};

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
    /// The queue of the thread for long reads, which the first of them starts.
    long: Arc<OnceLock<mpsc::Sender<Long>>>,
}

/// A long read.
type Long = Box<dyn FnOnce() + Send>;

/// Starts the thread for long reads; it ends with the pool. Without one, they fail as busy.
fn start_long() -> mpsc::Sender<Long> {
    let (queue, reads) = mpsc::channel::<Long>();
    let work = move || {
        let_alerts_go_first();
        for read in reads {
            read();
        }
    };
    let started = std::thread::Builder::new()
        .name("long reads".to_owned())
        .spawn(work);
    if let Err(error) = started {
        tracing::error!(%error, "no thread for long reads");
    }
    queue
}

/// Added to the priority value of long reads: a third of the time where others want all of it. With
/// less of it a page would wait for half a minute on a machine that others keep busy.
#[cfg(target_os = "linux")]
const LATER: i32 = 5;

/// Has this thread wait where a processor is wanted by others. Only Linux gives a thread a
/// priority of its own.
fn let_alerts_go_first() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(LATER) {
        tracing::debug!(%error, "long reads have the priority of everything else");
    }
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
            long: Arc::default(),
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

    /// Runs a read that takes much memory on the one thread for such. An allocator keeps memory
    /// for each thread that asked for some, so that the same read on any thread would in time cost
    /// as much for each.
    ///
    /// # Errors
    ///
    /// As [`Readers::run`].
    pub async fn run_long<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let pool = self.clone();
        let work = move || {
            let result = catch_unwind(AssertUnwindSafe(|| pool.run_blocking(read)));
            let failed = |_| {
                Err(StoreError::Unavailable(
                    "an internal error, see the log".to_owned(),
                ))
            };
            // The one who waited may be gone.
            let _ = reply.send(result.unwrap_or_else(failed));
        };
        let queue = self.long.get_or_init(start_long);
        queue.send(Box::new(work)).map_err(|_| StoreError::Busy)?;
        answer.await.unwrap_or(Err(StoreError::Busy))
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
