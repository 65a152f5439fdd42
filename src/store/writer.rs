//! The queue of the one writer: jobs, and the handle that submits them. What the thread at
//! its other end does with them is in `transactions`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::error::{Result, StoreError};
use super::health::Health;
use super::memory::Memory;
use super::signals::Signals;
use super::transactions::{Database, Transactions};

/// Time for which a job waits for its start where nothing else is said.
///
/// TradingView gives up after 3 seconds; an answer that nothing was stored has to come before, or
/// the alert would not be sent again.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// The context of a job: the connection inside a transaction, and the facts
/// remembered of the ones before.
pub struct WriteContext<'a> {
    /// The write connection; a transaction is open on it.
    pub connection: &'a Connection,
    /// Facts that need not be read from the database again.
    pub memory: &'a mut Memory,
}

/// The purpose of a job's transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It shares one with others: it can be run again where that is undone. Alerts do.
    Alert,
    /// It has one of its own.
    Alone,
    /// It has one of its own, and removes something: the room that is reserved is for it.
    Removal,
}

/// A job in the queue, whatever it returns.
pub(super) trait Job: Send {
    /// Does the work inside a transaction; false where that has to be undone.
    fn run(&mut self, context: &mut WriteContext<'_>) -> bool;
    /// The purpose of its transaction.
    fn purpose(&self) -> Purpose;
    /// Claims the work for the writer; false where the one who waits has given up.
    fn is_wanted(&self) -> bool;
    /// Has the job fail for a reason that is not its own.
    fn fail(&mut self, reason: StoreError);
    /// The error that it failed with, where that is the database's and not its own.
    fn database_error(&self) -> Option<&StoreError>;
}

/// A queued job and its reply channel. Dropping it sends the reply, so every exit path answers the
/// caller.
struct Waiting<F, T> {
    work: F,
    purpose: Purpose,
    result: Option<Result<T>>,
    reply: Option<oneshot::Sender<Result<T>>>,
    claim: Claim,
}

impl<F, T> Drop for Waiting<F, T> {
    fn drop(&mut self) {
        let mut result = self.result.take().unwrap_or(Err(StoreError::Busy));
        if std::thread::panicking() {
            // The writer fell over before it knew that this was committed.
            result = Err(internal_error());
        }
        if let Some(reply) = self.reply.take() {
            // The one who waited may be gone; what was committed stays committed.
            let _ = reply.send(result);
        }
    }
}

/// The holder of a job: the writer, which will answer, or the one who waits, who gave up. Only
/// one of them can, so that an answer that says "not stored" stays true.
#[derive(Debug, Clone, Default)]
struct Claim(Arc<AtomicU8>);

impl Claim {
    const OPEN: u8 = 0;
    const STARTED: u8 = 1;
    const GIVEN_UP: u8 = 2;

    /// Starts the job, or starts it once more; false where it was given up.
    fn start(&self) -> bool {
        self.take(Self::STARTED) != Self::GIVEN_UP
    }

    /// Gives the job up; false where it has started.
    fn give_up(&self) -> bool {
        self.take(Self::GIVEN_UP) != Self::STARTED
    }

    /// Takes the job where it is open, and says who had it before.
    fn take(&self, by: u8) -> u8 {
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        let taken = self.0.compare_exchange(Self::OPEN, by, success, failure);
        taken.unwrap_or_else(|owner| owner)
    }
}

impl<F, T> Job for Waiting<F, T>
where
    F: FnMut(&mut WriteContext<'_>) -> Result<T> + Send,
    T: Send,
{
    fn run(&mut self, context: &mut WriteContext<'_>) -> bool {
        let work = &mut self.work;
        // A bug in one job must not take the writer, and every later alert, with it.
        let result = catch_unwind(AssertUnwindSafe(|| work(context)))
            .unwrap_or_else(|_| Err(internal_error()));
        let done = result.is_ok();
        self.result = Some(result);
        done
    }

    fn purpose(&self) -> Purpose {
        self.purpose
    }

    fn is_wanted(&self) -> bool {
        self.claim.start()
    }

    fn fail(&mut self, reason: StoreError) {
        if !matches!(self.result, Some(Err(_))) {
            self.result = Some(Err(reason));
        }
    }

    fn database_error(&self) -> Option<&StoreError> {
        let error = self.result.as_ref()?.as_ref().err()?;
        let is_database_error = matches!(
            error,
            StoreError::Unavailable(_) | StoreError::DiskFull(_) | StoreError::Damaged(_)
        );
        is_database_error.then_some(error)
    }
}

fn internal_error() -> StoreError {
    StoreError::Unavailable("an internal error, see the log".to_owned())
}

/// A handle to the writer; clones share the queue.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::SyncSender<Box<dyn Job>>,
    health: Health,
}

impl Writer {
    /// Starts the writer thread on a database; it ends when every handle is gone.
    ///
    /// # Errors
    ///
    /// The operating system's, where it cannot start a thread.
    pub(super) fn start(
        database: Database,
        queue_capacity: usize,
        memory: Memory,
        signals: Signals,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (queue, jobs) = mpsc::sync_channel(queue_capacity);
        let runtime = Handle::try_current().ok();
        let health = memory.health.clone();
        let transactions = Transactions::new(database, memory, signals, jobs);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || transactions.write_until_closed(runtime.as_ref()))?;
        Ok((Self { queue, health }, thread))
    }

    /// The result of the last write.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Runs `work` in a transaction of its own and returns once it is on disk.
    ///
    /// Work that has not started when `patience` runs out, two seconds where none is
    /// said, is dropped and answered at once, whatever the writer is busy with.
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
        self.submit(patience, Self::job(Purpose::Alone, once(work)))
            .await
    }

    /// [`Writer::run`] for work that removes something: on a full disk it gets the room that
    /// is reserved for it.
    ///
    /// # Errors
    ///
    /// As [`Writer::run`].
    pub async fn run_removal<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut WriteContext<'_>) -> Result<T> + Send + 'static,
    {
        self.submit(None, Self::job(Purpose::Removal, once(work)))
            .await
    }

    /// Runs `work` in a transaction that it shares with what else waits, and
    /// returns once it is on disk. Run again where that transaction was undone
    /// because of another's failure, it has to do the same again.
    ///
    /// # Errors
    ///
    /// As [`Writer::run`].
    pub async fn run_shared<T, F>(&self, patience: Option<Duration>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut WriteContext<'_>) -> Result<T> + Send + 'static,
    {
        self.submit(patience, Self::job(Purpose::Alert, work)).await
    }

    /// [`Writer::run`] for work that waits for its turn however long that takes.
    ///
    /// # Errors
    ///
    /// As [`Writer::run`].
    pub async fn run_in_turn<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut WriteContext<'_>) -> Result<T> + Send + 'static,
    {
        let Submitted { job, answer, .. } = Self::job(Purpose::Alone, once(work));
        self.queue.try_send(job).map_err(|_| StoreError::Busy)?;
        answer.await.unwrap_or(Err(StoreError::Busy))
    }

    async fn submit<T>(&self, patience: Option<Duration>, submitted: Submitted<T>) -> Result<T> {
        let Submitted {
            job,
            claim,
            mut answer,
        } = submitted;
        self.queue.try_send(job).map_err(|_| StoreError::Busy)?;
        let patience = patience.unwrap_or(PATIENCE);
        match tokio::time::timeout(patience, &mut answer).await {
            Ok(answer) => answer.unwrap_or(Err(StoreError::Busy)),
            Err(_) if claim.give_up() => Err(StoreError::Busy),
            Err(_) => answer.await.unwrap_or(Err(StoreError::Busy)),
        }
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
        self.wait(Self::job(Purpose::Alone, once(work)))
    }

    /// [`Writer::run_removal`] for callers outside the runtime.
    ///
    /// # Errors
    ///
    /// As [`Writer::run_blocking`].
    pub fn run_removal_blocking<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut WriteContext<'_>) -> Result<T> + Send + 'static,
    {
        self.wait(Self::job(Purpose::Removal, once(work)))
    }

    fn wait<T>(&self, submitted: Submitted<T>) -> Result<T> {
        let Submitted { job, answer, .. } = submitted;
        self.queue.send(job).map_err(|_| StoreError::Busy)?;
        answer.blocking_recv().unwrap_or(Err(StoreError::Busy))
    }

    fn job<T, F>(purpose: Purpose, work: F) -> Submitted<T>
    where
        T: Send + 'static,
        F: FnMut(&mut WriteContext<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let claim = Claim::default();
        let job = Box::new(Waiting {
            work,
            purpose,
            result: None,
            reply: Some(reply),
            claim: claim.clone(),
        });
        Submitted { job, claim, answer }
    }
}

/// A job for the queue, and what is kept of it by the one who waits.
struct Submitted<T> {
    job: Box<dyn Job>,
    claim: Claim,
    answer: oneshot::Receiver<Result<T>>,
}

/// Work that can run once, as work that could run again.
fn once<T>(
    work: impl FnOnce(&mut WriteContext<'_>) -> Result<T>,
) -> impl FnMut(&mut WriteContext<'_>) -> Result<T> {
    let mut work = Some(work);
    move |context| {
        work.take()
            .map_or(Err(StoreError::Busy), |work| work(context))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::sync::mpsc as blocking;

    use super::super::health::Watch;
    use super::*;

    fn writer() -> Writer {
        let mut connection = Connection::open_in_memory().unwrap();
        super::super::schema::migrate(&mut connection, std::path::Path::new("test.db")).unwrap();
        let database = Database {
            wal: None,
            connection,
            watch: Arc::new(Watch::over_memory()),
            lock_patience: Duration::ZERO,
        };
        let (memory, signals) = (Memory::default(), Signals::default());
        Writer::start(database, 16, memory, signals).unwrap().0
    }

    #[tokio::test]
    async fn who_waits_is_told_in_time_that_nothing_was_stored_whatever_the_writer_is_busy_with() {
        let writer = writer();
        let (started, is_started) = blocking::channel();
        let (release, released) = blocking::channel::<()>();
        let busy = writer.clone();
        let long = tokio::spawn(async move {
            let work = move |_: &mut WriteContext<'_>| {
                started.send(()).unwrap();
                let _ = released.recv();
                Ok(())
            };
            busy.run(None, work).await
        });
        tokio::task::spawn_blocking(move || is_started.recv().unwrap())
            .await
            .unwrap();

        let has_run = Arc::new(AtomicBool::new(false));
        let runs = Arc::clone(&has_run);
        let work = move |_: &mut WriteContext<'_>| {
            runs.store(true, Ordering::SeqCst);
            Ok(())
        };
        let answer = writer
            .run_shared(Some(Duration::from_millis(1)), work)
            .await;
        assert!(matches!(answer, Err(StoreError::Busy)), "{answer:?}");

        release.send(()).unwrap();
        long.await.unwrap().unwrap();
        writer.run(None, |_| Ok(())).await.unwrap();
        assert!(!has_run.load(Ordering::SeqCst), "it was answered already");
    }

    #[test]
    fn what_was_stored_is_answered_even_when_the_runtime_has_ended() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let writer = runtime.block_on(async { writer() });
        let (started, is_started) = blocking::channel();
        let (release, released) = blocking::channel::<()>();
        let busy = writer.clone();
        let long = move || {
            busy.run_blocking(move |_| {
                started.send(()).unwrap();
                let _ = released.recv();
                Ok(())
            })
        };
        let long = std::thread::spawn(long);
        is_started.recv().unwrap();
        // Both are queued before the writer looks again, and so are answered together.
        let waiting: Vec<_> = (0..2).map(|number| queued(&writer, number)).collect();
        drop(runtime);
        release.send(()).unwrap();
        long.join().unwrap().unwrap();
        for (number, answer) in waiting.into_iter().enumerate() {
            assert_eq!(answer.blocking_recv().unwrap().unwrap(), number);
        }
    }

    /// A job at whose claim the writer falls over, as a fault of its own would have it do.
    struct Fatal;

    impl Job for Fatal {
        fn run(&mut self, _: &mut WriteContext<'_>) -> bool {
            true
        }
        fn purpose(&self) -> Purpose {
            Purpose::Alert
        }
        fn is_wanted(&self) -> bool {
            panic!("the writer has a fault")
        }
        fn fail(&mut self, _: StoreError) {}
        fn database_error(&self) -> Option<&StoreError> {
            None
        }
    }

    #[test]
    fn a_writer_that_panics_says_of_nothing_that_it_was_stored_and_goes_on() {
        let writer = writer();
        let (started, is_started) = blocking::channel();
        let (release, released) = blocking::channel::<()>();
        let busy = writer.clone();
        let long = std::thread::spawn(move || {
            busy.run_blocking(move |_| {
                started.send(()).unwrap();
                let _ = released.recv();
                Ok(())
            })
        });
        is_started.recv().unwrap();
        // Of one transaction: what has run already when the writer falls over is undone.
        let insert = |context: &mut WriteContext<'_>| {
            let sql = "INSERT INTO recovery_codes (code_hash) VALUES (x'00')";
            Ok(context.connection.execute(sql, [])?)
        };
        let Submitted { job, answer, .. } = Writer::job(Purpose::Alert, insert);
        assert!(writer.queue.try_send(job).is_ok());
        assert!(writer.queue.try_send(Box::new(Fatal)).is_ok());
        release.send(()).unwrap();
        long.join().unwrap().unwrap();
        let answer = answer.blocking_recv().unwrap();
        assert!(
            matches!(answer, Err(StoreError::Unavailable(_))),
            "{answer:?}"
        );
        let count = writer.run_blocking(|context| {
            let sql = "SELECT count(*) FROM recovery_codes";
            Ok(context
                .connection
                .query_row(sql, [], |row| row.get::<_, i64>(0))?)
        });
        assert_eq!(count.unwrap(), 0);
        assert_eq!(writer.health().panics(), [("writer", 1)]);
    }

    fn queued(writer: &Writer, number: usize) -> oneshot::Receiver<Result<usize>> {
        let Submitted { job, answer, .. } = Writer::job(Purpose::Alert, move |_| Ok(number));
        assert!(writer.queue.try_send(job).is_ok());
        answer
    }
}
