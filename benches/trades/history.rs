//! One webhook's history in a database: entries and exits in turn, at prices
//! that wander.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use algohook::domain::event::{EventId, EventSource};
use algohook::domain::format::ReadingRules;
use algohook::domain::order::{Measure, Order, OrderId, measure};
use algohook::domain::webhook::{AuthKey, WebhookId};
use algohook::journal::deliveries::{self, Delivery, Reading, Recorded};
use algohook::journal::turns::Turns;
use algohook::payload;
use algohook::secrets;
use algohook::store::{Store, StoreOptions, WriteContext, webhooks};
use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

/// Alerts in one transaction while a history is made.
const BATCH: usize = 10_000;

/// Alerts that are timed, and how many of them wait for the writer at once.
const TIMED: usize = 4_096;
const AT_ONCE: usize = 64;

/// An endless history of alerts.
pub struct Walk {
    random: SmallRng,
    sent: usize,
    time: Timestamp,
    cents: i64,
}

impl Walk {
    /// The same one every time.
    pub fn new() -> Self {
        Self {
            random: SmallRng::seed_from_u64(20_150_101),
            sent: 0,
            time: "2015-01-01T00:00:00Z".parse().expect("a time"),
            cents: 100_000,
        }
    }

    /// The next alert: when it fires and what it says.
    fn next_alert(&mut self) -> (Timestamp, String) {
        let action = if self.sent.is_multiple_of(2) {
            "buy"
        } else {
            "sell"
        };
        self.sent += 1;
        self.time += SignedDuration::from_secs(self.random.random_range(30..300));
        self.cents = (self.cents + self.random.random_range(-200..=201)).max(1_000);
        let (time, price) = (self.time, self.cents);
        let message = format!(
            r#"{{"ticker":"BTCUSDT","action":"{action}","qty":"2","marketPrice":"{}.{:02}","metadata":{{"timestamp":"{time}"}}}}"#,
            price / 100,
            price % 100
        );
        (time, message)
    }

    /// What the alerts become, without a database.
    pub fn orders(mut self) -> impl Iterator<Item = Order> {
        (1..).map(move |id| {
            let (time, message) = self.next_alert();
            let parsed = payload::parse_without_key(message.as_bytes()).expect("a valid alert");
            let signal = parsed.signal;
            let Ok(Measure::Quantity(quantity)) = measure(&signal) else {
                panic!("no quantity");
            };
            Order {
                id: OrderId(id),
                event: EventId(id),
                quantity,
                ticker: signal.ticker,
                intent: signal.intent,
                closes_opposite: signal.closes_opposite,
                order_type: signal.order_type,
                intended_price: signal.intended_price,
                market_price: signal.market_price,
                paired_at: time,
                signal_time: None,
                stated_position: signal.stated_position,
                signal_name: None,
                adjusting: false,
            }
        })
    }

    fn next_delivery(&mut self, webhook: &WebhookId, source: EventSource) -> Delivery {
        let (received_at, message) = self.next_alert();
        let parsed = payload::parse_without_key(message.as_bytes()).expect("a valid alert");
        Delivery {
            id: deliveries::new_delivery(received_at).expect("random bytes"),
            webhook: webhook.clone(),
            received_at,
            clock: None,
            source,
            source_address: None,
            verified: None,
            payload: message.into_bytes(),
            reading: Reading::Signal(parsed),
            rules: ReadingRules::OWN,
            duplicate_window: Some(SignedDuration::from_mins(1)),
            via: String::new(),
            sized: None,
            original: None,
        }
    }
}

/// A database whose one webhook's history grows.
pub struct History {
    data_dir: PathBuf,
    store: Option<Arc<Store>>,
    webhook: WebhookId,
    walk: Walk,
}

impl History {
    /// Makes the database.
    pub fn begin(data_dir: &Path) -> anyhow::Result<Self> {
        let store = Store::open(data_dir, &StoreOptions::default())?;
        let id = WebhookId::generate(secrets::random_bytes)?;
        let key = AuthKey::generate(secrets::random_bytes)?;
        let webhook = id.clone();
        store.writer().run_blocking(move |context| {
            webhooks::insert(context.connection, &id, "Strategy", &key, Timestamp::now())
        })?;
        Ok(Self {
            data_dir: data_dir.to_owned(),
            store: Some(Arc::new(store)),
            webhook,
            walk: Walk::new(),
        })
    }

    /// Lets go of the database, so that a server can have it.
    pub fn close(&mut self) {
        self.store = None;
    }

    /// Takes the database again.
    pub fn open(&mut self) -> anyhow::Result<()> {
        let store = Store::open(&self.data_dir, &StoreOptions::default())?;
        self.store = Some(Arc::new(store));
        Ok(())
    }

    /// Brings in alerts until there are this many trades.
    pub fn grow_to(&mut self, trades: usize) -> anyhow::Result<()> {
        let store = Arc::clone(self.store.as_ref().context("the database is closed")?);
        while self.walk.sent < 2 * trades {
            let count = BATCH.min(2 * trades - self.walk.sent);
            let next = || {
                self.walk
                    .next_delivery(&self.webhook, EventSource::Imported)
            };
            let batch: Vec<Delivery> = std::iter::repeat_with(next).take(count).collect();
            store.writer().run_blocking(move |context| {
                let mut batch = batch.iter();
                batch.try_for_each(|delivery| deliveries::record(context, delivery).map(drop))
            })?;
        }
        Turns::without_pause(&store).derive_stale()?;
        Ok(())
    }

    /// What it takes to store an alert with all that follows from it.
    pub fn time_of_one_more(&mut self) -> anyhow::Result<Duration> {
        let store = Arc::clone(self.store.as_ref().context("the database is closed")?);
        let next = || self.walk.next_delivery(&self.webhook, EventSource::Webhook);
        let timed: Vec<Delivery> = std::iter::repeat_with(next).take(TIMED).collect();
        let mut timed = timed.into_iter();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let begun = Instant::now();
        runtime.block_on(async {
            for _ in 0..TIMED / AT_ONCE {
                // Jobs enter the queue in the order in which they are made.
                let record = |delivery| tokio::spawn(record(Arc::clone(&store), delivery));
                let waiting: Vec<_> = timed.by_ref().take(AT_ONCE).map(record).collect();
                for recorded in waiting {
                    recorded.await??;
                }
            }
            anyhow::Ok(())
        })?;
        Ok(begun.elapsed() / u32::try_from(TIMED)?)
    }
}

async fn record(store: Arc<Store>, delivery: Delivery) -> algohook::store::Result<Recorded> {
    let work = move |context: &mut WriteContext<'_>| deliveries::record(context, &delivery);
    store.writer().run_shared(None, work).await
}
