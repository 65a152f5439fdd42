//! Takes up what changed in the database: webhooks, what deleted ones left, and ledgers that
//! have to be derived again.
//!
//! The server's own changes wake it. Those of other processes, of commands above all, are
//! looked for, since SQLite tells nobody of them.

use std::sync::Arc;
use std::time::Duration;

use crate::ingest::Registry;
use crate::store::{Result, Store, WriteContext, events, ledgers, webhooks};
use crate::workers::Outcome;

/// Pause after a clean-up that failed.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Pause between two parts of a clean-up, so that alerts go first.
const PURGE_PAUSE: Duration = Duration::from_millis(20);

/// Takes up changes for as long as it is polled.
pub async fn run(store: Arc<Store>, registry: Arc<Registry>, look_every: Duration) -> Outcome {
    let mut acts = store.signals().acts();
    let mut known = None;
    let mut is_clean = false;
    loop {
        acts.borrow_and_update();
        match look(&store).await {
            Ok(Found { revision, is_stale }) => {
                is_clean &= !is_stale;
                if known != Some(revision) && take_up(&store, &registry).await {
                    known = Some(revision);
                    is_clean = false;
                }
            }
            Err(error) => tracing::warn!(%error, "the database could not be read"),
        }
        if is_clean {
            tokio::select! {
                () = tokio::time::sleep(look_every) => {}
                _ = acts.changed() => {}
            }
        } else {
            let pause = match clean_up(&store).await {
                Ok(is_more) => {
                    is_clean = !is_more;
                    PURGE_PAUSE
                }
                Err(error) => {
                    tracing::warn!(%error, "what changed webhooks left could not be cleaned up");
                    RETRY_PAUSE
                }
            };
            tokio::time::sleep(pause).await;
        }
    }
}

/// A look at the database.
struct Found {
    revision: i64,
    is_stale: bool,
}

/// Looks, and tells of the newest event, which another process may have brought.
async fn look(store: &Store) -> Result<Found> {
    let read = store.readers().run(|connection| {
        let found = Found {
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
        tracing::warn!(%error, "changed webhooks could not be taken up");
    }
    taken_up.is_ok()
}

/// Removes a part of what deleted webhooks left, and derives one of the ledgers
/// again that have to be; true where there is more.
async fn clean_up(store: &Store) -> Result<bool> {
    let work = |context: &mut WriteContext<'_>| {
        let is_purging = webhooks::purge(context)?;
        Ok(ledgers::derive_next(context)? || is_purging)
    };
    store.writer().run_in_turn(work).await
}
