//! Runs the rules of attention when something happened and on a clock, and logs what begins
//! and what is over.
//!
//! The clock is for silence, which begins while nothing happens. Alerts that come together
//! are looked at together, so that a flood of them costs one look in two seconds.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::reports::{AttentionChange, AttentionWatch};
use crate::store::{Result, Store};
use crate::workers::Outcome;

/// The shortest time between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// How long it is waited for an event after that.
const WAIT: Duration = Duration::from_mins(1);

/// Looks for as long as it is polled; `watch` remembers what was found before.
pub async fn run(
    store: Arc<Store>,
    watch: Arc<Mutex<AttentionWatch>>,
    clock: SystemClock,
) -> Outcome {
    let mut newest = store.signals().newest();
    loop {
        newest.mark_unchanged();
        match look(&store, &watch, clock).await {
            Ok(changed) => changed.iter().for_each(log),
            Err(error) => tracing::warn!(%error, "it could not be seen what needs the owner"),
        }
        tokio::time::sleep(PAUSE).await;
        // The store tells of events for as long as it is there.
        let _ = tokio::time::timeout(WAIT, newest.changed()).await;
    }
}

async fn look(
    store: &Store,
    watch: &Arc<Mutex<AttentionWatch>>,
    clock: SystemClock,
) -> Result<Vec<AttentionChange>> {
    let watch = Arc::clone(watch);
    let look = move |connection: &_| {
        let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
        watch.look(connection, clock.now())
    };
    store.readers().run(look).await
}

fn log(change: &AttentionChange) {
    let webhook = &change.webhook;
    for matter in &change.changes.begun {
        tracing::warn!(%webhook, "needs attention: {matter}");
    }
    for matter in &change.changes.over {
        tracing::info!(%webhook, "settled: {matter}");
    }
}
