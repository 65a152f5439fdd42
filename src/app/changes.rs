//! Takes up what changed in the database: webhooks, what deleted ones left, and ledgers that
//! have to be derived again.
//!
//! The server's own changes wake it. Those of other processes, of commands above all, are
//! looked for, since SQLite tells nobody of them.

use std::sync::Arc;
use std::time::Duration;

use crate::ingest::Registry;
use crate::journal::ledgers::parts::Deriving;
use crate::logging::Rarely;
use crate::store::{Result, Store, StoreError, WriteContext, events, ledgers, webhooks};
use crate::workers::Outcome;

/// Pause after a clean-up that failed.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Pause between two parts of a clean-up, so that alerts go first.
const PURGE_PAUSE: Duration = Duration::from_millis(20);

/// Time without a new mark before stale ledgers are derived again: an import marks its ledgers with
/// every piece, and derives them itself in the end.
const QUIET: Duration = Duration::from_millis(300);

/// Takes up changes for as long as it is polled.
pub async fn run(store: Arc<Store>, registry: Arc<Registry>, look_every: Duration) -> Outcome {
    static UNREAD: Rarely = Rarely::new();
    static UNCLEANED: Rarely = Rarely::new();
    let mut acts = store.signals().acts();
    let mut known = None;
    let mut is_clean = false;
    let mut clean_up = CleanUp {
        at_once: webhooks::PURGED_AT_ONCE,
        marks: None,
        deriving: Deriving::default(),
    };
    loop {
        acts.borrow_and_update();
        match look(&store).await {
            Ok(DatabaseState { revision, is_stale }) => {
                is_clean &= !is_stale;
                if known != Some(revision) && take_up(&store, &registry).await {
                    known = Some(revision);
                    is_clean = false;
                }
            }
            Err(error) => warn_rarely(&UNREAD, &error, "the database could not be read"),
        }
        if is_clean {
            tokio::select! {
                () = tokio::time::sleep(look_every) => {}
                _ = acts.changed() => {}
            }
        } else {
            let pause = match clean_up.go_on(&store).await {
                Ok(is_more) => {
                    is_clean = !is_more;
                    PURGE_PAUSE
                }
                Err(error) => {
                    let what = "what changed webhooks left could not be cleaned up";
                    warn_rarely(&UNCLEANED, &error, what);
                    RETRY_PAUSE
                }
            };
            tokio::time::sleep(pause).await;
        }
    }
}

/// A look at the database.
struct DatabaseState {
    revision: i64,
    is_stale: bool,
}

/// Looks, and tells of the newest event, which another process may have brought.
async fn look(store: &Store) -> Result<DatabaseState> {
    let read = store.readers().run(|connection| {
        let found = DatabaseState {
            revision: webhooks::revision(connection)?,
            is_stale: ledgers::is_any_stale(connection)?,
        };
        Ok((found, events::newest(connection)?))
    });
    let (found, newest) = read.await?;
    store.signals().note_newest(newest);
    Ok(found)
}

async fn take_up(store: &Store, registry: &Registry) -> bool {
    let taken_up = registry.load(store).await;
    if let Err(error) = &taken_up {
        static NOT_TAKEN_UP: Rarely = Rarely::new();
        let what = "changed webhooks could not be taken up";
        warn_rarely(&NOT_TAKEN_UP, error, what);
    }
    taken_up.is_ok()
}

/// Warns once a minute at most of what fails several times a second.
fn warn_rarely(line: &Rarely, error: &StoreError, what: &str) {
    if let Some(unsaid) = line.say() {
        tracing::warn!(%error, unsaid, "{what}");
    }
}

/// The tasks between alerts.
struct CleanUp {
    /// Events of a deleted webhook that are removed at once.
    at_once: u32,
    /// The marks of stale ledgers that were seen last.
    marks: Option<i64>,
    deriving: Deriving,
}

impl CleanUp {
    /// Removes a part of what deleted webhooks left, or derives one of the ledgers again that
    /// have to be; true where there is more. Where a part is too large for a full disk, the
    /// next one is smaller.
    async fn go_on(&mut self, store: &Store) -> Result<bool> {
        if !store.readers().run(webhooks::is_any_deleted).await? {
            return self.derive(store).await;
        }
        let at_once = self.at_once;
        let part =
            move |context: &mut WriteContext<'_>| webhooks::purge(context.connection, at_once);
        let purged = store.writer().run_removal(part).await;
        self.at_once = match &purged {
            Ok(_) => (at_once * 2).min(webhooks::PURGED_AT_ONCE),
            Err(_) => (at_once / 4).max(1),
        };
        purged?;
        self.derive_part(store).await?;
        Ok(true)
    }

    /// Derives a part of a stale ledger, once nobody marks more of them; true where there is more.
    async fn derive(&mut self, store: &Store) -> Result<bool> {
        let marks = store.readers().run(ledgers::marks).await?;
        if marks.is_none() {
            return Ok(false);
        }
        if marks != self.marks {
            self.marks = marks;
            tokio::time::sleep(QUIET).await;
            return Ok(true);
        }
        let is_more = self.derive_part(store).await?;
        self.marks = store.readers().run(ledgers::marks).await?;
        Ok(is_more)
    }

    async fn derive_part(&mut self, store: &Store) -> Result<bool> {
        let deriving = std::mem::take(&mut self.deriving);
        let part = move |context: &mut WriteContext<'_>| deriving.next(context);
        let next = store.writer().run_in_turn(part).await?;
        let is_more = next.is_some();
        self.deriving = next.unwrap_or_default();
        Ok(is_more)
    }
}
