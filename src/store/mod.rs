//! The store: one SQLite file, one writer, many readers.
//!
//! SQL is text next to the function that runs it. It lives here and in `journal`, whose transactions
//! decide by what they read. `payload` decides what an alert means; `ingest` and `api` decide how a
//! request is answered.

pub mod account;
pub mod attention;
pub mod audit;
pub mod backtests;
pub mod backup;
pub mod capacity;
pub mod channels;
pub mod chats;
mod closed_profit;
pub mod commits;
pub mod compact;
pub mod compared_days;
pub mod conflict;
pub mod credentials;
mod disk_space;
pub mod error;
pub mod event_log;
pub mod events;
pub mod expectations;
pub mod file;
pub mod fills;
mod filter_query;
pub mod forwards;
pub mod health;
pub mod history;
pub mod issues;
pub mod known_clients;
pub mod ledger_key;
pub mod ledgers;
pub mod lots;
pub mod memory;
pub mod misdirected;
pub mod not_kept;
pub mod orders;
pub mod outbox;
pub(crate) mod pairings;
pub mod positions;
pub mod readers;
pub mod rejections;
mod reserve;
pub mod retention;
pub mod runs;
pub mod schema;
mod seal;
pub mod second_factor;
pub mod senders;
pub mod sessions;
pub mod signals;
pub mod soundness;
pub mod spool;
pub(crate) mod sql;
pub mod tickers;
pub mod tokens;
pub mod trade_notes;
pub mod trades;
mod transactions;
mod upgrade;
pub mod upstream;
mod wal;
pub mod webhooks;
pub mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;

use crate::clock::SystemClock;
use commits::LastCommit;
use file::{beside, failed, folder_of, header_fault, make_private_file, remove_if_there, rename};
use health::Watch;
use reserve::Reserve;
use soundness::Depth;

pub use capacity::Capacity;
pub use conflict::Conflict;
pub use error::{Result, StoreError};
pub use memory::Memory;
pub use readers::Readers;
/// A connection, which other rooms hand on to the functions of this one.
pub use rusqlite::Connection;
pub use signals::Signals;
use transactions::Database;
pub use upgrade::Upgrade;
use wal::Wal;
pub use writer::{PATIENCE, WriteContext, Writer};

/// Name of the database in the data directory.
pub const DATABASE_FILE: &str = "algohook.db";

/// Name of the folder for backups in the data directory, where no other is named.
pub const BACKUP_FOLDER: &str = "backups";

/// Time for which a statement waits for another process that writes.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// The same for a transaction of a command, whose owner would only start it again.
const PATIENCE_OF_A_COMMAND: Duration = Duration::from_secs(30);

/// Time that SQLite waits by itself when a transaction begins; it looks ever less often then, and
/// would miss the short gaps between the transactions of the other process.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Tries to empty the log, and the pause between.
const FOLD_TRIES: u32 = 20;
const FOLD_PAUSE: Duration = Duration::from_millis(250);

/// Bytes of the largest alert.
const PROBE_BYTES: i64 = 25_600;

/// Options for opening a store.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Jobs that may wait for the writer; one more is turned away.
    pub queue_capacity: usize,
    /// Largest size of the database file in bytes, where there is one.
    pub max_database_size: Option<u64>,
    /// Folder of the copy that is taken before a database is migrated; else the folder `backups` of
    /// the data directory.
    pub copies: Option<PathBuf>,
    /// The clock that commits are dated by.
    pub clock: SystemClock,
    /// Bounds for folding the write-ahead log into the database.
    pub folding: Folding,
    /// True if room on the disk is held for what the owner removes.
    pub has_reserve: bool,
    /// Time for which a transaction waits for another process that writes.
    pub lock_patience: Duration,
}

/// Bounds for folding the write-ahead log into the database. A frame of the log is a page of 4 KB
/// that a transaction changed.
#[derive(Debug, Clone, Copy)]
pub struct Folding {
    /// Time without a transaction after which it is done, so that no alert waits for it.
    pub pause: Duration,
    /// Frames that are worth folding then.
    pub in_pause: u64,
    /// Frames that are folded between two commits, where no pause came.
    pub at_most: u64,
}

impl Default for Folding {
    fn default() -> Self {
        Self {
            pause: Duration::from_millis(100),
            in_pause: 1000,
            // 64 MB. The alerts that wait for it are then too few to be seen in the slowest
            // hundredth, and a start after a crash, which reads the log, takes a second or two.
            at_most: 16 * 1024,
        }
    }
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            queue_capacity: 1024,
            max_database_size: None,
            copies: None,
            clock: SystemClock::start(),
            folding: Folding::default(),
            has_reserve: false,
            lock_patience: LOCK_PATIENCE,
        }
    }
}

/// The database of one data directory.
pub struct Store {
    capacity: Capacity,
    /// The migration that opening it took.
    upgrade: Option<Upgrade>,
    watch: Arc<Watch>,
    writer: Option<Writer>,
    thread: Option<JoinHandle<()>>,
    readers: Readers,
    last_commit: LastCommit,
    signals: Signals,
}

impl Store {
    /// Opens the database of a data directory, makes it where there is none, and
    /// brings it to the newest schema after a copy of it was taken.
    ///
    /// # Errors
    ///
    /// [`StoreError::NewerSchema`], [`StoreError::Unsound`], or what keeps the file from
    /// being opened.
    pub fn open(data_dir: &Path, options: &StoreOptions) -> Result<Self> {
        let path = data_dir.join(DATABASE_FILE);
        make(data_dir, &path)?;
        let copies = options.copies.clone();
        let copies = copies.unwrap_or_else(|| data_dir.join(BACKUP_FOLDER));
        Self::start(path, options, |connection, path| {
            if let Some(why) = soundness::fault_of(connection, Depth::Quick)? {
                return Err(StoreError::Damaged(why));
            }
            configure(connection)?;
            upgrade::to_newest(connection, path, &copies)
        })
    }

    /// Opens the database of a data directory as it is, for a command: one that is not
    /// there is not made, and one of an older version stays as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoDatabase`], [`StoreError::OlderSchema`], [`StoreError::NewerSchema`],
    /// [`StoreError::Unsound`], or what keeps the file from being opened.
    pub fn open_existing(data_dir: &Path) -> Result<Self> {
        let path = existing(data_dir)?;
        let options = StoreOptions {
            lock_patience: PATIENCE_OF_A_COMMAND,
            ..StoreOptions::default()
        };
        Self::start(path, &options, |connection, path| {
            let (found, newest) = (schema::version_of(connection)?, schema::newest_version());
            if found < newest {
                return Err(StoreError::OlderSchema {
                    path: path.display().to_string(),
                    found,
                    newest,
                });
            }
            configure(connection)?;
            Ok(None)
        })
    }

    /// Opens a file that is there; `prepare` makes its connection ready to write.
    fn start(
        path: PathBuf,
        options: &StoreOptions,
        prepare: impl FnOnce(&mut Connection, &Path) -> Result<Option<Upgrade>>,
    ) -> Result<Self> {
        // Before it is opened: one that is replaced meanwhile is then seen to be.
        let watch = Arc::new(Watch::over(&path));
        let mut connection = connect(&path)?;
        let upgrade = prepare(&mut connection, &path).map_err(|error| error.of_file(&path))?;
        if let Some(bytes) = options.max_database_size {
            limit_size(&connection, bytes)?;
        }
        let reserve = Reserve::beside(&path, options.has_reserve);
        let wal = Wal::open(&path, &connection, options.folding, reserve)?;
        let mut memory = Memory::of(LastCommit::by(options.clock));
        memory.unconfirmed = commits::unconfirmed(&connection)?;
        let last_commit = memory.last_commit.clone();
        let signals = Signals::default();
        let database = Database {
            wal: Some(wal),
            connection,
            watch: Arc::clone(&watch),
            lock_patience: options.lock_patience,
        };
        let started = Writer::start(database, options.queue_capacity, memory, signals.clone());
        let (writer, thread) = started.map_err(|source| StoreError::File {
            what: "cannot start the writer thread".to_owned(),
            source,
        })?;
        Ok(Self {
            readers: Readers::watched(path.clone(), Arc::clone(&watch)),
            capacity: Capacity {
                database: path,
                largest: options.max_database_size,
            },
            upgrade,
            watch,
            writer: Some(writer),
            thread: Some(thread),
            last_commit,
            signals,
        })
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.capacity.database
    }

    /// The place of the database, and the size that it may have.
    #[must_use]
    pub fn capacity(&self) -> &Capacity {
        &self.capacity
    }

    /// The migration that opening it took, where it took one.
    #[must_use]
    pub fn upgrade(&self) -> Option<&Upgrade> {
        self.upgrade.as_ref()
    }

    /// The folder that the database is in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        folder_of(self.path())
    }

    /// True if another file is in the database's place, as after a restore: what is
    /// open here is then the former one, which nothing is written to any more.
    #[must_use]
    pub fn is_replaced(&self) -> bool {
        self.watch.is_replaced()
    }

    /// Checks that the file that is open is still the one at its path, and notes where it
    /// is not.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] where it is not; nothing is stored then.
    pub fn check_place(&self) -> Result<()> {
        let checked = self.watch.check_place();
        checked.inspect_err(|error| self.writer().health().note_failure(error))
    }

    /// Empties the log, so that a key that was deleted is not in it either. Somebody may
    /// read at the time: it is tried for some seconds.
    pub fn forget_deleted(&self) {
        for _ in 0..FOLD_TRIES {
            match compact::fold_log(self.path()) {
                Err(StoreError::Busy) => std::thread::sleep(FOLD_PAUSE),
                Err(error) => {
                    return tracing::warn!(%error, "a deleted key may still be in the log");
                }
                Ok(()) => return,
            }
        }
        tracing::warn!(
            "a deleted key is still in the log, which somebody reads; it goes when that is folded next"
        );
    }

    /// Writes as much as an alert takes, and takes it away again: whether alerts can be
    /// stored is then known from [`Writer::health`].
    ///
    /// # Errors
    ///
    /// What keeps it from being written.
    pub async fn probe(&self) -> Result<()> {
        // As an alert, it is refused where the last room is kept for the owner.
        let write = |context: &mut WriteContext<'_>| {
            // A table without triggers and references, which is nearly always empty.
            let insert = "INSERT INTO recovery_codes (code_hash) VALUES (zeroblob(?1))";
            context.connection.execute(insert, [PROBE_BYTES])?;
            let delete = "DELETE FROM recovery_codes WHERE code_hash = zeroblob(?1)";
            context.connection.execute(delete, [PROBE_BYTES])?;
            Ok(())
        };
        let probed = self.writer().run_shared(None, write).await;
        let health = self.writer().health();
        match &probed {
            Ok(()) => health.note_written(),
            Err(error) => health.note_failure(error),
        }
        probed
    }

    /// The writer.
    ///
    /// # Panics
    ///
    /// Never: the writer is taken only when the store is dropped.
    #[must_use]
    pub fn writer(&self) -> &Writer {
        self.writer
            .as_ref()
            .expect("the writer is there until the store is dropped")
    }

    /// The pool of read-only connections.
    #[must_use]
    pub fn readers(&self) -> &Readers {
        &self.readers
    }

    /// News of commits.
    #[must_use]
    pub fn signals(&self) -> &Signals {
        &self.signals
    }

    /// The newest commit, for the time at which an event was on disk.
    #[must_use]
    pub fn last_commit(&self) -> &LastCommit {
        &self.last_commit
    }
}

impl Drop for Store {
    /// Waits until everything queued is on disk.
    fn drop(&mut self) {
        // The last connection to close folds the log into the database, and
        // only one that may write can.
        self.readers.close();
        self.writer = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer thread ended with a panic");
        }
    }
}

/// The database of a data directory, which has to be there.
///
/// # Errors
///
/// [`StoreError::NoDatabase`].
pub fn existing(data_dir: &Path) -> Result<PathBuf> {
    let path = data_dir.join(DATABASE_FILE);
    if path.symlink_metadata().is_ok() {
        return Ok(path);
    }
    Err(StoreError::NoDatabase {
        directory: data_dir.display().to_string(),
    })
}

/// Makes the database of a data directory where there is none, whole or not at all.
fn make(data_dir: &Path, path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    // Two processes that begin at once make one database. Where the file system knows no
    // such locks, the second one finds the file of the first.
    let directory = std::fs::File::open(data_dir).map_err(failed("cannot open", data_dir))?;
    let _ = directory.lock();
    if path.exists() {
        return Ok(());
    }
    if beside(path, "-wal")
        .metadata()
        .is_ok_and(|log| log.len() > 0)
    {
        return Err(StoreError::Unsound {
            path: path.display().to_string(),
            why: "it is not there, but its log algohook.db-wal is: put it back beside that"
                .to_owned(),
        });
    }
    let new = beside(path, ".new");
    remove_if_there(&new)?;
    remove_if_there(&beside(&new, "-journal"))?;
    make_private_file(&new)?;
    let mut connection = Connection::open_with_flags(&new, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    schema::migrate(&mut connection, &new)?;
    drop(connection);
    rename(&new, path)
}

/// Opens a connection that may write to a database that is there and is one.
fn connect(path: &Path) -> Result<Connection> {
    if let Some(why) = header_fault(path)? {
        return Err(StoreError::Damaged(why).of_file(path));
    }
    // Only one thread uses a connection at a time; it needs no locks.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(LOCK_PATIENCE)?;
    schema::check_version(&connection, path)?;
    Ok(connection)
}

/// Opens a connection that may write, as every process must that writes.
///
/// # Errors
///
/// What keeps the file from being opened.
pub fn open_for_writing(path: &Path) -> Result<Connection> {
    let connection = connect(path)?;
    configure(&connection)?;
    Ok(connection)
}

/// Sets what every connection that writes has to have set.
fn configure(connection: &Connection) -> Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted of a page is overwritten there.
    connection.pragma_update_and_check(None, "secure_delete", "FAST", |_| Ok(()))?;
    // Once all of the log is folded into the database, it is cut back to this: 64 MB, as
    // long as it gets. A file that grows costs each sync the file system's own log, too.
    connection.pragma_update(None, "journal_size_limit", 65 * 1024 * 1024)?;
    // What a statement sorts or sets aside stays in memory.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Index pages of a thousand webhooks stay in memory: 8 MiB, used as needed.
    connection.pragma_update(None, "cache_size", -8 * 1024)?;
    // Else some statements are compiled again whenever they are given other values.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn limit_size(connection: &Connection, bytes: u64) -> Result<()> {
    let page_size: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = (bytes / u64::from(page_size)).max(1);
    Ok(connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?)
}
