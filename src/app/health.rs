//! Notices what keeps alerts from being stored, and when that is over, while none comes.

use std::sync::Arc;
use std::time::Duration;

use crate::store::Store;
use crate::workers::Outcome;

/// Interval between looks at the database's place: one look-up of a name.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks after the database for as long as it is polled.
pub async fn run(store: Arc<Store>) -> Outcome {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let is_in_place = store.check_place().is_ok();
        // Something is written only while it is not known to be well.
        if is_in_place && store.writer().health().failure().is_some() {
            // What it comes to is noted.
            let _ = store.probe().await;
        }
    }
}
