//! Looks when trades have closed whether they are still those of the backtest, and remembers a
//! comparison a day.
//!
//! What a look finds is written, and the rules of attention read it there: an alarm that was
//! raised stays, whether the server is started again or not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::reports::comparison::days::{self, Incomparable};
use crate::reports::expectation::{ExpectationWatch, Looked};
use crate::store::{Result, Store, compared_days, expectations};
use crate::workers::Outcome;

/// The shortest time between two looks: runs are drawn again only for longer lives.
const PAUSE: Duration = Duration::from_secs(5);

/// Longest wait for an event after that.
const WAIT: Duration = Duration::from_mins(1);

/// Pause between two things to look at, so that reports and alerts go first.
const BETWEEN: Duration = Duration::from_millis(20);

/// Interval between looks for a new day.
const DAYS_EVERY: Duration = Duration::from_mins(20);

/// Looks for as long as it is polled; `watch` keeps what was drawn before.
pub async fn run(
    store: Arc<Store>,
    watch: Arc<Mutex<ExpectationWatch>>,
    clock: SystemClock,
) -> Outcome {
    let mut newest = store.signals().newest();
    loop {
        newest.mark_unchanged();
        if let Err(error) = look(&store, &watch, clock).await {
            tracing::warn!(%error, "live trades could not be held against their backtest");
        }
        tokio::time::sleep(PAUSE).await;
        // The store tells of events for as long as it is there.
        let _ = tokio::time::timeout(WAIT, newest.changed()).await;
    }
}

async fn look(
    store: &Store,
    watch: &Arc<Mutex<ExpectationWatch>>,
    clock: SystemClock,
) -> Result<()> {
    loop {
        let known = Arc::clone(watch);
        let read = store
            .readers()
            .run(move |connection| lock(&known).pending(connection));
        // What is frozen now is looked at in the next round.
        let pending = read.await?;
        let mut is_more = false;
        for pending in pending {
            let known = Arc::clone(watch);
            let read = store
                .readers()
                .run_long(move |connection| lock(&known).look(connection, &pending));
            let now = clock.now();
            match read.await? {
                Looked::Nothing => {}
                Looked::Freeze(new) => {
                    is_more = true;
                    let write = store.writer().run_in_turn(move |context| {
                        expectations::freeze(context.connection, &new, false, now)
                    });
                    write.await?;
                }
                Looked::Alarm {
                    id,
                    version,
                    departure,
                } => {
                    let write = store.writer().run_in_turn(move |context| {
                        expectations::note_departure(context.connection, id, version, departure)
                    });
                    write.await?;
                }
            }
            tokio::time::sleep(BETWEEN).await;
        }
        if !is_more {
            return Ok(());
        }
    }
}

/// Whatever a thread did, what is missing is drawn again.
fn lock(watch: &Mutex<ExpectationWatch>) -> MutexGuard<'_, ExpectationWatch> {
    watch.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers a comparison of each day for as long as it is polled.
pub async fn remember(store: Arc<Store>, clock: SystemClock) -> Outcome {
    let mut incomparable = Incomparable::default();
    loop {
        if let Err(error) = remember_today(&store, clock, &mut incomparable).await {
            tracing::warn!(%error, "today's comparisons could not be kept; it is tried again");
        }
        tokio::time::sleep(DAYS_EVERY).await;
    }
}

async fn remember_today(
    store: &Store,
    clock: SystemClock,
    incomparable: &mut Incomparable,
) -> Result<()> {
    let now = clock.now();
    let read = store
        .readers()
        .run(move |connection| days::missing(connection, now));
    for missing in read.await? {
        if incomparable.has(&missing) {
            continue;
        }
        let asked = missing.clone();
        let read = store
            .readers()
            .run_long(move |connection| days::compared(connection, &asked));
        match read.await? {
            Some(new) => {
                let write = store
                    .writer()
                    .run_in_turn(move |context| compared_days::keep(context.connection, &new, now));
                write.await?;
            }
            None => incomparable.note(missing),
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Ok(())
}
