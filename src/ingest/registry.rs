//! The webhooks that exist, in memory, so that a stranger's guess costs no read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jiff::SignedDuration;
use subtle::ConstantTimeEq;

use super::limiter::SlidingWindow;
use crate::domain::webhook::{AuthKey, WebhookId, WebhookState};
use crate::store::webhooks::StoredWebhook;

/// What ingestion needs of a webhook.
#[derive(Debug)]
pub struct Webhook {
    /// Its public id.
    pub id: WebhookId,
    /// Its number inside the database.
    pub row: i64,
    /// Active or paused.
    pub state: WebhookState,
    /// Within which time equal bytes are a resend; `None` never.
    pub duplicate_window: Option<SignedDuration>,
    auth_key: AuthKey,
    windows: Arc<Mutex<Windows>>,
}

/// The sliding windows of one webhook; they outlive a change of its settings.
#[derive(Debug, Default)]
pub struct Windows {
    /// Requests with the right key.
    pub authenticated: SlidingWindow,
    /// Requests without it: a stranger cannot use up the owner's allowance.
    pub unauthenticated: SlidingWindow,
    /// Requests over the limit that are recorded all the same.
    pub recorded_over_limit: SlidingWindow,
}

impl Webhook {
    /// Whether `key` is the webhook's, in a time that does not tell how much of it was right.
    #[must_use]
    pub fn is_key(&self, key: &str) -> bool {
        self.auth_key
            .reveal()
            .as_bytes()
            .ct_eq(key.as_bytes())
            .into()
    }

    /// The key, to be taken out of what is recorded.
    #[must_use]
    pub fn auth_key(&self) -> &AuthKey {
        &self.auth_key
    }

    /// The windows, locked for one decision.
    pub fn windows(&self) -> MutexGuard<'_, Windows> {
        // A window is whole whatever another thread did while it held the lock.
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every webhook by its public id.
#[derive(Debug, Default)]
pub struct Registry {
    webhooks: RwLock<HashMap<String, Arc<Webhook>>>,
}

impl Registry {
    /// The webhook with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<Webhook>> {
        self.webhooks
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }

    /// Takes up the webhooks as they are stored now; the limits go on counting.
    pub fn replace(&self, stored: Vec<StoredWebhook>) {
        let mut webhooks = self
            .webhooks
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let known = std::mem::take(&mut *webhooks);
        *webhooks = stored
            .into_iter()
            .map(|stored| {
                let windows = known
                    .get(stored.id.as_str())
                    .map(|webhook| Arc::clone(&webhook.windows));
                (
                    stored.id.as_str().to_owned(),
                    Arc::new(from_stored(stored, windows.unwrap_or_default())),
                )
            })
            .collect();
    }
}

fn from_stored(stored: StoredWebhook, windows: Arc<Mutex<Windows>>) -> Webhook {
    let window = stored.settings.duplicate_window;
    Webhook {
        id: stored.id,
        row: stored.row,
        state: stored.state,
        duplicate_window: (window > 0).then(|| SignedDuration::from_secs(i64::from(window))),
        auth_key: stored.auth_key,
        windows,
    }
}
