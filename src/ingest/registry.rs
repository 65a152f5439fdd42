//! The webhooks that exist, in memory, so that a stranger's guess costs no read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use jiff::SignedDuration;

use super::limiter::SlidingWindow;
use super::sender::KnownSenders;
use crate::domain::format::ReadingRules;
use crate::domain::sender::SenderPolicy;
use crate::domain::webhook::{AuthKey, WebhookId, WebhookState};
use crate::store::senders;
use crate::store::webhooks::{self, StoredWebhook};
use crate::store::{Result, Store};

/// A webhook as ingestion needs it.
#[derive(Debug)]
pub struct Webhook {
    /// Its public id.
    pub id: WebhookId,
    /// Active, paused or archived.
    pub state: WebhookState,
    /// The senders whose alerts are taken, where it is not the server's setting.
    pub senders: Option<SenderPolicy>,
    /// Within which time equal bytes are a resend; `None` never.
    pub duplicate_window: Option<SignedDuration>,
    /// The rules that its messages are read by.
    pub rules: ReadingRules,
    /// True if the key may stand in the URL.
    pub key_in_path: bool,
    /// True if a message's own secret field may be the key.
    pub key_in_field: bool,
    auth_key: AuthKey,
    windows: Arc<Mutex<Windows>>,
}

/// Letters of an id, `wh_` among them, by which it is recognised: nobody guesses so many.
const RESEMBLANCE: usize = 10;

/// The time that [`Windows::keyless`] counts in.
const DAY: Duration = Duration::from_hours(24);

/// The sliding windows of one webhook; they outlive a change of its settings.
#[derive(Debug)]
pub struct Windows {
    /// Requests with the right key.
    pub authenticated: SlidingWindow,
    /// Requests without it: a stranger cannot use up the owner's allowance.
    pub unauthenticated: SlidingWindow,
    /// Requests over the limit that are recorded all the same.
    pub recorded_over_limit: SlidingWindow,
    /// Broken messages that are recorded though they show no key, in a day.
    pub keyless: SlidingWindow,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            authenticated: SlidingWindow::default(),
            unauthenticated: SlidingWindow::default(),
            recorded_over_limit: SlidingWindow::default(),
            keyless: SlidingWindow::of(DAY),
        }
    }
}

impl Webhook {
    /// True if `key` is the webhook's, in a time that does not tell how much of it was right.
    #[must_use]
    pub fn is_key(&self, key: &str) -> bool {
        self.auth_key.is(key)
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
    catalog: RwLock<Catalog>,
    senders: RwLock<Arc<KnownSenders>>,
}

/// The webhooks as they were at one revision of the stored ones.
#[derive(Debug, Default)]
struct Catalog {
    revision: i64,
    webhooks: HashMap<String, Arc<Webhook>>,
}

impl Registry {
    /// The webhook with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<Webhook>> {
        let catalog = self.catalog.read().unwrap_or_else(PoisonError::into_inner);
        catalog.webhooks.get(id).cloned()
    }

    /// The webhook with this id, or the only one whose id is the same but for case.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Arc<Webhook>> {
        self.get(id)
            .or_else(|| self.only(|known| known.eq_ignore_ascii_case(id)))
    }

    /// The only webhook whose id begins as this text does: what somebody meant who got the
    /// rest of it wrong.
    #[must_use]
    pub fn resembling(&self, text: &str) -> Option<Arc<Webhook>> {
        let beginning = text.get(..RESEMBLANCE)?;
        self.only(|known| {
            let known = known.get(..RESEMBLANCE);
            known.is_some_and(|known| known.eq_ignore_ascii_case(beginning))
        })
    }

    /// The webhook whose id is such, where there is one and no other.
    fn only(&self, is_such: impl Fn(&str) -> bool) -> Option<Arc<Webhook>> {
        let catalog = self.catalog.read().unwrap_or_else(PoisonError::into_inner);
        let mut such = catalog.webhooks.iter().filter(|(id, _)| is_such(id));
        let (_, webhook) = such.next()?;
        such.next().is_none().then(|| Arc::clone(webhook))
    }

    /// Their number.
    #[must_use]
    pub fn len(&self) -> usize {
        let catalog = self.catalog.read().unwrap_or_else(PoisonError::into_inner);
        catalog.webhooks.len()
    }

    /// True if no webhook is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes up the webhooks as they are stored now.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError`] where the database cannot be read.
    pub async fn load(&self, store: &Store) -> Result<()> {
        let (known, (revision, stored)) = store
            .readers()
            .run(|connection| {
                // First the revision: senders that are newer are read once more with the next one.
                let catalog = webhooks::catalog(connection)?;
                let known = KnownSenders {
                    senders: senders::get(connection)?,
                    issuers: senders::issuers(connection)?,
                };
                Ok((known, catalog))
            })
            .await?;
        if self.replace(revision, stored) {
            *self.senders.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
        }
        Ok(())
    }

    /// The senders of alerts.
    #[must_use]
    pub fn senders(&self) -> Arc<KnownSenders> {
        let senders = self.senders.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&senders)
    }

    /// Takes up other webhooks, unless it has newer ones; the limits go on counting.
    pub fn replace(&self, revision: i64, stored: Vec<StoredWebhook>) -> bool {
        let mut catalog = self.catalog.write().unwrap_or_else(PoisonError::into_inner);
        if revision < catalog.revision {
            return false;
        }
        let known = std::mem::take(&mut catalog.webhooks);
        let webhooks = stored.into_iter().map(|stored| {
            let known = known.get(stored.id.as_str());
            let windows = known.map(|webhook| Arc::clone(&webhook.windows));
            let webhook = from_stored(stored, windows.unwrap_or_default());
            (webhook.id.as_str().to_owned(), Arc::new(webhook))
        });
        *catalog = Catalog {
            revision,
            webhooks: webhooks.collect(),
        };
        true
    }
}

fn from_stored(stored: StoredWebhook, windows: Arc<Mutex<Windows>>) -> Webhook {
    let window = stored.settings.duplicate_window;
    Webhook {
        id: stored.id,
        state: stored.state,
        senders: stored.settings.senders,
        rules: stored.settings.reading_rules(),
        key_in_path: stored.settings.key_in_path,
        key_in_field: stored.settings.key_in_field,
        duplicate_window: (window > 0).then(|| SignedDuration::from_secs(i64::from(window))),
        auth_key: stored.auth_key,
        windows,
    }
}
