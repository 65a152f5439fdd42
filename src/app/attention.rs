//! Runs the rules of attention when something happened and on a clock, logs what begins and what
//! is over, and has the owner told of it.
//!
//! The clock is for silence, which begins while nothing happens. Alerts that come together
//! are looked at together, so that a flood of them costs one look in two seconds. A look reads;
//! something is written only where there is something to tell.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::telling::{self, Findings, Memory, Surroundings};
use crate::clock::{Clock, SystemClock};
use crate::reports::AttentionChange;
use crate::store::{Connection, Result, Store};
use crate::workers::Outcome;

/// The shortest time between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// Longest wait for an event or an act after that.
const WAIT: Duration = Duration::from_mins(1);

/// Looks for as long as it is polled; `memory` has what was found and told before.
pub async fn run(
    store: Arc<Store>,
    surroundings: Surroundings,
    memory: Arc<Mutex<Memory>>,
    clock: SystemClock,
) -> Outcome {
    let (mut newest, mut acts) = (store.signals().newest(), store.signals().acts());
    loop {
        newest.mark_unchanged();
        acts.mark_unchanged();
        match look(&store, &surroundings, &memory, clock).await {
            Ok(found) => {
                found.changes.iter().for_each(log);
                if let Err(error) = telling::tell(&store, found.news, &memory).await {
                    tracing::warn!(%error, "the owner could not be told what happened; it is tried again");
                }
            }
            Err(error) => tracing::warn!(%error, "it could not be seen what needs the owner"),
        }
        tokio::time::sleep(PAUSE).await;
        tokio::select! {
            _ = newest.changed() => {}
            _ = acts.changed() => {}
            () = tokio::time::sleep(WAIT) => {}
        }
    }
}

async fn look(
    store: &Store,
    surroundings: &Surroundings,
    memory: &Arc<Mutex<Memory>>,
    clock: SystemClock,
) -> Result<Findings> {
    let (surroundings, memory) = (surroundings.clone(), Arc::clone(memory));
    let look = move |connection: &Connection| {
        let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
        telling::look(connection, &surroundings, &mut memory, clock.now())
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
