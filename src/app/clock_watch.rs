//! Looks whether the newest alert is dated far ahead of the clock: then the clock was, and an
//! alert that has stopped must not look as if it had come lately.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::journal::arrivals;
use crate::store::{Result, Store, WriteContext};
use crate::workers::Outcome;

/// Interval between two looks.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Looks for as long as it is polled.
pub async fn run(store: Arc<Store>, clock: SystemClock) -> Outcome {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Err(error) = look(&store, clock).await {
            tracing::warn!(%error, "the times of alerts could not be compared with the clock");
        }
    }
}

async fn look(store: &Store, clock: SystemClock) -> Result<()> {
    let now = clock.now();
    let read = store.readers();
    let is_ahead = read.run(move |connection| arrivals::is_far_ahead(connection, now));
    if !is_ahead.await? {
        return Ok(());
    }
    let look_back =
        move |context: &mut WriteContext<'_>| arrivals::look_back(context, clock.read());
    store.writer().run(None, look_back).await
}
