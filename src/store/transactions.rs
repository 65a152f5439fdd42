//! The one writer's thread: it owns the write connection and commits what is queued in
//! groups, so that all deliveries that wait share one sync.
//!
//! A group has no savepoints, which would cost each job a copy of every page that
//! it changes. Where a job of a group fails, which is rare, the group is undone
//! and each of its jobs gets a transaction of its own.
//!
//! A sync of a slow disk takes longer than all else together, and who comes a moment too
//! late for one waits for two. So deliveries that arrive while a group is being written
//! join it up to the last moment, and the slower the disk, the longer it stays open for
//! the next one: a fleet of alerts on the close of a bar is one sync then, not two.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};
use tokio::runtime::Handle;

use super::error::{Result, StoreError};
use super::events;
use super::health::Watch;
use super::memory::Memory;
use super::signals::{Signals, Untold};
use super::wal::Wal;
use super::writer::{Job, Purpose, WriteContext};
use super::{BETWEEN_LOOKS, LOCK_PATIENCE};
use crate::domain::event::EventId;

/// Jobs in one transaction at most: bounds how long the last one waits.
const LARGEST_GROUP: usize = 128;

/// Commits as fast as this are not worth waiting for company.
const FAST_COMMIT: Duration = Duration::from_millis(4);

/// Pause of the writer after a panic.
const AFTER_PANIC: Duration = Duration::from_millis(100);

/// A database that is written to.
pub(super) struct Database {
    /// The log of `connection`, none of a database in memory. Dropped before it.
    pub(super) wal: Option<Wal>,
    pub(super) connection: Connection,
    /// Looks whether the file is still in its place.
    pub(super) watch: Arc<Watch>,
    /// Time for which a transaction waits for another process that writes.
    pub(super) lock_patience: Duration,
}

/// The transactions of the one writer.
pub(super) struct Transactions {
    database: Database,
    memory: Memory,
    signals: Signals,
    /// Commits that nobody was told of yet.
    untold: Untold,
    jobs: Receiver<Box<dyn Job>>,
    /// A job that was taken from the queue and did not fit in the group before.
    next: Option<Box<dyn Job>>,
    /// Duration of a commit, of late.
    commit_time: Duration,
}

/// Jobs of one transaction.
type Group = Vec<Box<dyn Job>>;

/// Reason that a transaction stored nothing.
enum Undone {
    /// One of its jobs failed, and knows why.
    JobFailed,
    /// The database did.
    Failed(StoreError),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl Transactions {
    pub(super) fn new(
        database: Database,
        memory: Memory,
        signals: Signals,
        jobs: Receiver<Box<dyn Job>>,
    ) -> Self {
        Self {
            database,
            memory,
            signals,
            untold: Untold::default(),
            jobs,
            next: None,
            commit_time: Duration::ZERO,
        }
    }

    /// Writes what is queued until nobody can queue anything any more, whatever happens:
    /// without a writer every alert would be lost.
    pub(super) fn write_until_closed(mut self, runtime: Option<&Handle>) {
        // What a panic leaves behind is mended by `recover`.
        while catch_unwind(AssertUnwindSafe(|| self.write_all(runtime))).is_err() {
            self.recover();
        }
    }

    /// Undoes what was begun when the writer panicked; the jobs in hand are answered
    /// already, by being dropped.
    fn recover(&mut self) {
        self.memory.health.note_panic("writer");
        self.memory.outbox_clock = None;
        self.memory.forget();
        if let Err(error) = self.roll_back() {
            tracing::error!(%error, "a transaction cannot be undone");
        }
        // A fault that stays must not use up the processor.
        std::thread::sleep(AFTER_PANIC);
    }

    fn write_all(&mut self, runtime: Option<&Handle>) {
        while let Some(first) = self.first() {
            let mut group = vec![first];
            self.write(&mut group, true);
            answer(group, runtime);
            self.untold.tell(&self.signals);
            let Database {
                wal, connection, ..
            } = &mut self.database;
            if let Some(wal) = wal {
                wal.written(connection);
            }
        }
        self.write_last_commit();
    }

    /// Waits for a job; none comes any more where it returns `None`.
    fn first(&mut self) -> Option<Box<dyn Job>> {
        if let Some(job) = self.next.take() {
            return Some(job);
        }
        loop {
            let Database {
                wal, connection, ..
            } = &self.database;
            let Some(patience) = wal.as_ref().and_then(|wal| wal.patience(connection)) else {
                return self.jobs.recv().ok();
            };
            match self.jobs.recv_timeout(patience) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) => self.pause(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Looks after the log while nothing is queued.
    fn pause(&mut self) {
        let Database {
            wal, connection, ..
        } = &mut self.database;
        let health = &self.memory.health;
        if wal
            .as_mut()
            .is_some_and(|wal| wal.pause(connection, health))
        {
            // The header that the log gets now costs a sync that no alert has to wait for.
            self.write_last_commit();
        }
    }

    fn write_last_commit(&mut self) {
        if self.memory.last_commit.is_unwritten() {
            self.write(&mut Group::new(), false);
        }
    }

    /// Takes the next job from the queue where it may share the transaction of `group`,
    /// which is open since `opened`.
    fn joining(&mut self, group: &Group, opened: Instant) -> Option<Box<dyn Job>> {
        let wal = self.database.wal.as_ref();
        let is_large = group.len() == LARGEST_GROUP || wal.is_some_and(Wal::is_short_of_room);
        if is_large || group.last()?.purpose() != Purpose::Alert {
            return None;
        }
        let job = match self.jobs.try_recv() {
            Ok(job) => job,
            Err(_) if self.commit_time < FAST_COMMIT => return None,
            Err(_) if opened.elapsed() > self.commit_time / 4 => return None,
            Err(_) => self.jobs.recv_timeout(self.commit_time / 16).ok()?,
        };
        if job.purpose() == Purpose::Alert {
            return Some(job);
        }
        self.next = Some(job);
        None
    }

    /// Writes a group of jobs in one transaction, and those that `join` it meanwhile;
    /// where one of them fails, each in its own, so that none fails for another's sake.
    fn write(&mut self, group: &mut Group, join: bool) {
        match self.write_together(group, join) {
            Ok(()) => {}
            Err(Undone::JobFailed) if group.len() == 1 => {
                if let Some(error) = group[0].database_error() {
                    self.note_failure(error);
                }
            }
            Err(Undone::JobFailed) => {
                for job in std::mem::take(group) {
                    let mut alone = vec![job];
                    self.write(&mut alone, false);
                    group.append(&mut alone);
                }
            }
            Err(Undone::Failed(error)) => {
                self.note_failure(&error);
                for job in group {
                    job.fail(error.again());
                }
            }
        }
    }

    /// Writes everything in one transaction, or nothing.
    fn write_together(&mut self, group: &mut Group, join: bool) -> std::result::Result<(), Undone> {
        // An empty group is a note of few bytes.
        let purpose = group.first().map_or(Purpose::Alone, |job| job.purpose());
        self.begin(purpose)?;
        let outcome = match self.run(group, join) {
            Ok((before, last)) => {
                let is_act = !group.is_empty() && purpose != Purpose::Alert;
                let committed = self.commit(before, last);
                if committed.is_ok() {
                    self.untold.add(&Untold {
                        newest: (last > before).then_some(last),
                        is_act,
                        has_outbox_rows: std::mem::take(&mut self.memory.has_outbox_rows),
                    });
                }
                committed.map_err(Undone::Failed)
            }
            Err(undone) => self.roll_back().map_err(Undone::Failed).and(Err(undone)),
        };
        if outcome.is_err() {
            self.memory.outbox_clock = None;
            self.memory.forget();
            self.database.watch.rescue_log(&self.database.connection);
        }
        outcome
    }

    fn note_failure(&mut self, error: &StoreError) {
        self.memory.health.note_failure(error);
        if let Some(wal) = &mut self.database.wal
            && matches!(error, StoreError::DiskFull(_))
        {
            wal.disk_is_full();
        }
    }

    /// Begins a transaction.
    fn begin(&mut self, purpose: Purpose) -> Result<()> {
        let Database {
            wal, connection, ..
        } = &mut self.database;
        if let Some(wal) = wal {
            wal.clean(connection)?;
            wal.require_room(connection, purpose)?;
        }
        connection.busy_timeout(BETWEEN_LOOKS)?;
        let begun = self.begin_where_free();
        self.database.connection.busy_timeout(LOCK_PATIENCE)?;
        begun
    }

    /// Begins as soon as no other process writes: it may write again a moment later.
    fn begin_where_free(&self) -> Result<()> {
        let Database {
            connection,
            lock_patience,
            ..
        } = &self.database;
        let mut begin = connection.prepare_cached("BEGIN IMMEDIATE")?;
        let since = Instant::now();
        loop {
            match begin.execute([]) {
                Err(error)
                    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                        && since.elapsed() < *lock_patience =>
                {
                    std::thread::sleep(Duration::from_millis(1));
                }
                done => return Ok(done.map(drop)?),
            }
        }
    }

    /// Runs the jobs of a group and those that join it; returns the newest event before
    /// them and after.
    fn run(
        &mut self,
        group: &mut Group,
        join: bool,
    ) -> std::result::Result<(EventId, EventId), Undone> {
        let Database {
            connection, watch, ..
        } = &self.database;
        watch.check(connection)?;
        self.memory.compare(connection)?;
        self.memory.last_commit.write(connection)?;
        let before = events::newest(connection)?;
        let (opened, mut done) = (Instant::now(), 0);
        loop {
            for job in &mut group[done..] {
                let mut context = WriteContext {
                    connection: &self.database.connection,
                    memory: &mut self.memory,
                };
                if job.is_wanted() && !job.run(&mut context) {
                    return Err(Undone::JobFailed);
                }
            }
            done = group.len();
            match join.then(|| self.joining(group, opened)).flatten() {
                Some(job) => group.push(job),
                None => break,
            }
        }
        let last = events::newest(&self.database.connection)?;
        if let Some(wal) = &self.database.wal {
            wal.require_folding(&self.database.connection)?;
        }
        // The last moment at which nothing is stored where nobody would find it.
        self.database.watch.check_place()?;
        Ok((before, last))
    }

    /// Commits what was run, and notes the events after `before` up to `last`. Where it
    /// fails, nothing of it is in the log afterwards.
    fn commit(&mut self, before: EventId, last: EventId) -> Result<()> {
        let began = Instant::now();
        let committed = self.statement("COMMIT");
        self.commit_time = (3 * self.commit_time + began.elapsed()) / 4;
        let Database {
            wal, connection, ..
        } = &mut self.database;
        match (&committed, wal) {
            (Ok(()), _) => {
                if last > before {
                    self.memory.health.note_written();
                }
                self.memory.last_commit.note(before, last);
            }
            (Err(_), Some(wal)) => wal.commit_failed(connection),
            (Err(_), None) => self.roll_back()?,
        }
        committed
    }

    fn roll_back(&self) -> Result<()> {
        // SQLite itself rolls back on some errors, a full disk among them.
        if self.database.connection.is_autocommit() {
            return Ok(());
        }
        self.statement("ROLLBACK")
    }

    fn statement(&self, sql: &str) -> Result<()> {
        let mut statement = self.database.connection.prepare_cached(sql)?;
        statement.execute([])?;
        Ok(())
    }
}

/// Answers all who wait for these jobs. Waking many from a thread outside the runtime is
/// slow, so the runtime does it where there is one, while the next jobs are written; where
/// it has ended, the jobs are dropped, and answered, here.
fn answer(done: Group, runtime: Option<&Handle>) {
    match runtime {
        Some(runtime) if done.len() > 1 => {
            runtime.spawn(async move { drop(done) });
        }
        _ => drop(done),
    }
}
