//! Forgets, in small parts between alerts, what the owner does not want to keep.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock::{Clock, SystemClock};
use crate::config::Retention;
use crate::store::{Result, Store, retention};
use crate::workers::Outcome;

/// How often it is looked whether something is old enough.
const LOOK_EVERY: Duration = Duration::from_hours(1);

/// Pause between two parts, so that alerts go first.
const PAUSE: Duration = Duration::from_millis(20);

/// Forgets for as long as it is polled.
pub async fn run(store: Arc<Store>, kept: Retention, clock: SystemClock) -> Outcome {
    loop {
        if let Err(error) = forget(&store, kept, clock.now()).await {
            tracing::warn!(%error, "what is not kept any longer could not be removed; it is tried again");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn forget(store: &Store, kept: Retention, now: Timestamp) -> Result<()> {
    let before = |days: u32| now - SignedDuration::from_hours(24 * i64::from(days));
    if let Some(before) = kept.unsettled_days.map(before) {
        while store
            .writer()
            .run(None, move |context| {
                retention::forget_events(context, before)
            })
            .await?
        {
            tokio::time::sleep(PAUSE).await;
        }
    }
    if let Some(before) = kept.audit_days.map(before) {
        while store
            .writer()
            .run(None, move |context| {
                retention::forget_audit(context, before)
            })
            .await?
        {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}
