//! Forgets, in small parts between alerts, what the owner does not want to keep.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use crate::clock::{Clock, SystemClock};
use crate::config::Retention;
use crate::store::retention::{self, Threshold};
use crate::store::{Result, Store, WriteContext};
use crate::workers::Outcome;

/// Interval between looks for rows that are old enough.
const LOOK_EVERY: Duration = Duration::from_hours(1);

/// Looks at messages once in so many: all events have to be looked through.
const MESSAGES_EVERY: u32 = 24;

/// Pause between two parts, so that alerts go first.
const PAUSE: Duration = Duration::from_millis(20);

/// Forgets for as long as it is polled.
pub async fn run(store: Arc<Store>, kept: Retention, clock: SystemClock) -> Outcome {
    let mut forgetting = Forgetting {
        store,
        kept,
        without_message: 0,
    };
    let mut look = 0_u32;
    loop {
        let now = clock.now();
        let before = |days: u32| Threshold {
            before: now - SignedDuration::from_hours(24 * i64::from(days)),
            now,
        };
        if let Err(error) = forgetting.forget(before, look).await {
            tracing::warn!(%error, "what is not kept any longer could not be removed; it is tried again");
        }
        look = look.wrapping_add(1);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

struct Forgetting {
    store: Arc<Store>,
    kept: Retention,
    /// No event up to this one has its message.
    without_message: i64,
}

impl Forgetting {
    async fn forget(&mut self, before: impl Fn(u32) -> Threshold, look: u32) -> Result<()> {
        if let Some(threshold) = self.kept.unsettled_days.map(&before) {
            self.parts(move |context| retention::forget_events(context.connection, threshold))
                .await?;
        }
        if let Some(threshold) = self.kept.audit_days.map(&before) {
            self.parts(move |context| retention::forget_audit(context.connection, threshold))
                .await?;
        }
        match self.kept.message_days.map(&before) {
            Some(threshold) if look.is_multiple_of(MESSAGES_EVERY) => {
                self.messages(threshold).await
            }
            _ => Ok(()),
        }
    }

    /// Removes one part after another until there is no more.
    async fn parts(
        &self,
        part: impl FnMut(&mut WriteContext<'_>) -> Result<bool> + Clone + Send + 'static,
    ) -> Result<()> {
        let writer = self.store.writer();
        while writer.run_removal(part.clone()).await? {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Removes old messages. A reader looks for them, so that the writer has little to do.
    async fn messages(&mut self, threshold: Threshold) -> Result<()> {
        let mut after = self.without_message;
        let mut first_kept = None;
        loop {
            let read = self.store.readers().run(move |connection| {
                retention::old_messages(connection, after, threshold.before)
            });
            let old = read.await?;
            let looked_at = old.looked_at;
            first_kept = first_kept.or(old.first_kept);
            if !old.is_empty() {
                let write = self.store.writer().run_removal(move |context| {
                    retention::forget_messages(context.connection, &old, threshold)
                });
                write.await?;
                tokio::time::sleep(PAUSE).await;
            }
            match (looked_at, first_kept) {
                (Some(looked_at), None) => self.without_message = looked_at,
                (_, Some(kept)) => self.without_message = kept - 1,
                (None, None) => {}
            }
            let Some(looked_at) = looked_at else {
                return Ok(());
            };
            after = looked_at;
        }
    }
}
