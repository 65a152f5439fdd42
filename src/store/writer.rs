//! The one writer: a thread that owns the write connection and commits what is
//! queued in groups, so that all deliveries that wait share one fsync.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::error::{Result, StoreError};
use super::ledgers::Ledgers;
use super::recent::RecentDeliveries;

/// Jobs in one transaction at most: bounds how long the last one waits.
const LARGEST_BATCH: usize = 512;

/// What a job works on: the connection inside a transaction, and what is
/// remembered of the ones before.
pub struct WriteContext<'a> {
    /// The write connection; a transaction is open on it.
    pub connection: &'a Connection,
    /// What need not be read from the database again.
    pub memory: &'a mut Memory,
}

/// What the one who writes remembers of the database, to read it less often.
#[derive(Debug, Default)]
pub struct Memory {
    /// Deliveries that a resend could repeat.
    pub recent: RecentDeliveries,
    /// The ledgers of webhooks and tickers that were in use of late.
    pub ledgers: Ledgers,
    /// What `PRAGMA data_version` said last: another number where another
    /// process has written since.
    data_version: i64,
}

impl Memory {
    /// Forgets everything: what was remembered was not committed, or is not
    /// what the database has.
    pub fn forget(&mut self) {
        self.recent.forget();
        self.ledgers.forget();
    }

    /// Forgets everything where another process has written.
    fn compare(&mut self, connection: &Connection) -> Result<()> {
        let mut pragma = connection.prepare_cached("PRAGMA data_version")?;
        let data_version = pragma.query_row([], |row| row.get(0))?;
        if std::mem::replace(&mut self.data_version, data_version) != data_version {
            self.forget();
        }
        Ok(())
    }
}

/// A job in the queue, whatever it returns.
trait Job: Send {
    /// Does the work inside a savepoint; false undoes it.
    fn run(&mut self, context: &mut WriteContext<'_>) -> bool;
    /// Whether the one who waits will have given up before the work starts.
    fn is_late(&self, now: Instant) -> bool;
    /// Answers: with the job's own result when the transaction was committed.
    fn answer(self: Box<Self>, committed: Result<()>);
}

struct Waiting<F, T> {
    work: Option<F>,
    result: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
    start_before: Option<Instant>,
}

impl<F, T> Job for Waiting<F, T>
where
    F: FnOnce(&mut WriteContext<'_>) -> Result<T> + Send,
    T: Send,
{
    fn run(&mut self, context: &mut WriteContext<'_>) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        // A bug in one job must not take the writer, and every later alert, with it.
        let result = catch_unwind(AssertUnwindSafe(|| work(context))).unwrap_or_else(|_| {
            Err(StoreError::Unavailable(
                "an internal error, see the log".to_owned(),
            ))
        });
        let done = result.is_ok();
        self.result = Some(result);
        done
    }

    fn is_late(&self, now: Instant) -> bool {
        self.start_before
            .is_some_and(|start_before| now > start_before)
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) | (Err(_), Some(result @ Err(_))) => result,
            (Err(error), _) => Err(error),
            (Ok(()), None) => Err(StoreError::Busy),
        };
        // The one who waited may be gone; what was committed stays committed.
        let _ = self.reply.send(result);
    }
}

/// A handle to the writer; clones share the queue.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
}

impl Writer {
    /// Starts the writer thread on a connection; it ends when every handle is gone.
    ///
    /// # Errors
    ///
    /// The operating system's, where it cannot start a thread.
    pub fn start(
        connection: Connection,
        queue_capacity: usize,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (queue, jobs) = mpsc::channel(queue_capacity);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || write_until_closed(&connection, jobs))?;
        Ok((Self { queue }, thread))
    }

    /// Runs `work` in the next transaction and returns once it is on disk.
    ///
    /// With `patience`, work that has not started by then is dropped, so that
    /// an answer that says "not stored" stays true.
    ///
    /// # Errors
    ///
    /// What `work` returned, or [`StoreError::Busy`] where the queue is full or
    /// patience ran out, or [`StoreError::Unavailable`] where the commit failed;
    /// nothing was stored then.
    pub async fn run<T, F>(&self, patience: Option<Duration>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut WriteContext<'_>) -> Result<T> + Send + 'static,
    {
        let (job, answer) = Self::job(patience, work);
        self.queue.try_send(job).map_err(|_| StoreError::Busy)?;
        answer.await.unwrap_or(Err(StoreError::Busy))
    }

    /// [`Writer::run`] for callers outside the runtime; waits for a place in the queue.
    ///
    /// # Errors
    ///
    /// As [`Writer::run`], but never because the queue is full.
    pub fn run_blocking<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut WriteContext<'_>) -> Result<T> + Send + 'static,
    {
        let (job, answer) = Self::job(None, work);
        self.queue
            .blocking_send(job)
            .map_err(|_| StoreError::Busy)?;
        answer.blocking_recv().unwrap_or(Err(StoreError::Busy))
    }

    fn job<T, F>(
        patience: Option<Duration>,
        work: F,
    ) -> (Box<dyn Job>, oneshot::Receiver<Result<T>>)
    where
        T: Send + 'static,
        F: FnOnce(&mut WriteContext<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let start_before = patience.map(|patience| Instant::now() + patience);
        (
            Box::new(Waiting {
                work: Some(work),
                result: None,
                reply,
                start_before,
            }),
            answer,
        )
    }
}

fn write_until_closed(connection: &Connection, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
    let mut memory = Memory::default();
    let mut batch = Vec::with_capacity(LARGEST_BATCH);
    while let Some(first) = jobs.blocking_recv() {
        batch.push(first);
        while batch.len() < LARGEST_BATCH
            && let Ok(next) = jobs.try_recv()
        {
            batch.push(next);
        }
        let committed = write_batch(connection, &mut memory, &mut batch);
        if let Err(error) = &committed {
            tracing::error!(%error, jobs = batch.len(), "transaction failed, nothing of it was stored");
        }
        for job in batch.drain(..) {
            job.answer(copy_of(&committed));
        }
    }
}

/// One transaction with a savepoint for each job.
fn write_batch(
    connection: &Connection,
    memory: &mut Memory,
    batch: &mut [Box<dyn Job>],
) -> Result<()> {
    let outcome = run_in_transaction(connection, memory, batch);
    if outcome.is_err() {
        memory.forget();
        if !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK")?;
        }
    }
    outcome
}

fn run_in_transaction(
    connection: &Connection,
    memory: &mut Memory,
    batch: &mut [Box<dyn Job>],
) -> Result<()> {
    let statement = |sql| {
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
    };
    statement("BEGIN IMMEDIATE")?;
    memory.compare(connection)?;
    let now = Instant::now();
    for job in batch.iter_mut().filter(|job| !job.is_late(now)) {
        statement("SAVEPOINT job")?;
        if !job.run(&mut WriteContext { connection, memory }) {
            memory.forget();
            // SQLite itself rolls everything back on some errors, a full disk among them.
            if connection.is_autocommit() {
                return Err(StoreError::Unavailable(
                    "the transaction was rolled back".to_owned(),
                ));
            }
            statement("ROLLBACK TO job")?;
        }
        statement("RELEASE job")?;
    }
    statement("COMMIT")?;
    Ok(())
}

/// The same outcome for every job of a batch.
fn copy_of(committed: &Result<()>) -> Result<()> {
    match committed {
        Ok(()) => Ok(()),
        Err(error) => Err(StoreError::Unavailable(error.to_string())),
    }
}
