//! A database in memory for tests, with webhooks and their alerts.

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::Remembered;
use super::deliveries::{self, Delivery, Reading, Recorded};
use super::ledgers::parts::Deriving;
use crate::domain::event::EventSource;
use crate::domain::format::ReadingRules;
use crate::domain::webhook::{AuthKey, Settings, WebhookId};
use crate::payload;
use crate::store::webhooks::{self, WebhookChange};
use crate::store::{Memory, WriteContext, schema};

/// A database, and what its writer remembers.
pub(crate) struct Scratch {
    pub(crate) connection: Connection,
    pub(crate) memory: Memory,
    /// Time of the newest alert; each comes a minute after the one before.
    now: Timestamp,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, std::path::Path::new("test.db")).unwrap();
        Self {
            connection,
            memory: Memory::default(),
            now: "2026-01-05T00:00:00Z".parse().unwrap(),
        }
    }

    pub(crate) fn context(&mut self) -> WriteContext<'_> {
        WriteContext {
            connection: &self.connection,
            memory: &mut self.memory,
        }
    }

    pub(super) fn remembered(&mut self) -> &mut Remembered {
        self.memory.remembered()
    }

    pub(crate) fn webhook(&mut self, name: &str) -> WebhookId {
        let id = WebhookId::generate(crate::secrets::random_bytes).unwrap();
        let key = AuthKey::generate(crate::secrets::random_bytes).unwrap();
        let now = self.now;
        webhooks::insert(&self.connection, &id, name, &key, now).unwrap();
        id
    }

    pub(crate) fn change_settings(&mut self, of: &WebhookId, change: impl Fn(&mut Settings)) {
        let mut settings = webhooks::get(&self.connection, of).unwrap().settings;
        change(&mut settings);
        let change = WebhookChange {
            settings: Some(settings),
            ..WebhookChange::default()
        };
        super::webhooks::change(&mut self.context(), of, change).unwrap();
    }

    /// Has an alert of one contract arrive: `buy` or `sell`.
    pub(crate) fn alert(&mut self, to: &WebhookId, ticker: &str, action: &str) -> Recorded {
        let (source, delay) = (EventSource::Webhook, SignedDuration::ZERO);
        self.event(to, ticker, action, source, delay)
    }

    /// Has an alert come in one way or another, some time after its signal.
    pub(crate) fn event(
        &mut self,
        to: &WebhookId,
        ticker: &str,
        action: &str,
        source: EventSource,
        delay: SignedDuration,
    ) -> Recorded {
        self.now += SignedDuration::from_mins(1);
        let payload = json!({
            "ticker": ticker, "action": action, "qty": 1, "marketPrice": 100,
            "metadata": { "timestamp": self.now - delay },
        });
        self.deliver(to, payload.to_string().into_bytes(), source)
    }

    /// Has an alert of any message arrive.
    pub(crate) fn message(&mut self, to: &WebhookId, message: &Value) -> Recorded {
        self.now += SignedDuration::from_mins(1);
        self.deliver(to, message.to_string().into_bytes(), EventSource::Webhook)
    }

    /// Has an alert of any message arrive, some time after its signal.
    pub(crate) fn signalled(
        &mut self,
        to: &WebhookId,
        mut message: Value,
        delay: SignedDuration,
    ) -> Recorded {
        let signalled_at = self.now + SignedDuration::from_mins(1) - delay;
        message["metadata"] = json!({ "timestamp": signalled_at });
        self.message(to, &message)
    }

    /// Derives every stale ledger.
    pub(crate) fn derive_stale(&mut self) {
        let mut deriving = Some(Deriving::default());
        while let Some(part) = deriving {
            deriving = part.next(&mut self.context()).unwrap();
        }
    }

    /// Time of the newest alert.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    fn deliver(&mut self, to: &WebhookId, payload: Vec<u8>, source: EventSource) -> Recorded {
        let id = deliveries::new_delivery(self.now).unwrap();
        let reading = Reading::Signal(payload::parse_without_key(&payload).unwrap());
        let read = (reading, ReadingRules::OWN);
        let delivery = Delivery::new(id, to.clone(), self.now, source, payload, read);
        deliveries::record(&mut self.context(), &delivery).unwrap()
    }
}
