//! What is derived with every order is what a rebuild derives: on random
//! histories with late, repeated, broken and reprocessed deliveries.

use std::sync::Arc;

use crate::support::derived::{derive_again, derived};
use algohook::domain::event::EventSource;
use algohook::domain::format::ReadingRules;
use algohook::domain::webhook::{AuthKey, WebhookId};
use algohook::journal::deliveries::{self, Delivery, Reading, Recorded};
use algohook::journal::reprocess::reprocess;
use algohook::payload;
use algohook::secrets::random_bytes;
use algohook::store::{Store, StoreOptions, WriteContext, webhooks};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

/// What orders can be meant to do; the last two work on the net position.
const INTENTS: [&str; 6] = [
    "entryLong",
    "exitLong",
    "entryShort",
    "exitShort",
    "buy",
    "sell",
];

/// One delivery of a random history.
#[derive(Debug, Clone)]
struct Sent {
    intent: &'static str,
    ticker: &'static str,
    quantity: Option<u8>,
    price: u16,
    /// Seconds that it is stamped before its arrival.
    delay: u8,
    /// What else happens to it.
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Arrives,
    /// Comes again five seconds later.
    IsRepeated,
    /// Is withheld, and processed later by its owner.
    IsReprocessed,
    /// Is no valid alert.
    IsBroken,
    /// The process is restarted after it.
    IsLast,
}

fn sent() -> impl Strategy<Value = Sent> {
    let fate = prop_oneof![
        8 => Just(Fate::Arrives),
        1 => Just(Fate::IsRepeated),
        1 => Just(Fate::IsReprocessed),
        1 => Just(Fate::IsBroken),
        1 => Just(Fate::IsLast),
    ];
    let quantity = prop_oneof![1 => Just(None), 4 => (1..5_u8).prop_map(Some)];
    (
        prop::sample::select(&INTENTS),
        prop::sample::select(&["AAPL", "NASDAQ:AAPL", "XETR:AAPL", "BTCUSDT"]),
        quantity,
        1..500_u16,
        prop_oneof![3 => Just(0), 1 => 0..40_u8],
        fate,
    )
        .prop_map(|(intent, ticker, quantity, price, delay, fate)| Sent {
            intent,
            ticker,
            quantity,
            price,
            delay,
            fate,
        })
}

/// A data directory with one webhook.
struct Desk {
    directory: TempDir,
    store: Option<Store>,
    webhook: WebhookId,
}

impl Desk {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut desk = Self {
            directory,
            store: None,
            webhook: WebhookId::generate(random_bytes).unwrap(),
        };
        desk.restart();
        let id = desk.webhook.clone();
        let key = AuthKey::generate(random_bytes).unwrap();
        desk.store()
            .writer()
            .run_blocking(move |context| {
                webhooks::insert(
                    context.connection,
                    &id,
                    "Strategy",
                    &key,
                    Timestamp::UNIX_EPOCH,
                )
            })
            .unwrap();
        desk
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn restart(&mut self) {
        self.store = None;
        let store = Store::open(self.directory.path(), &StoreOptions::default());
        self.store = Some(store.unwrap());
    }

    fn record(&self, received_at: Timestamp, payload: Vec<u8>, reading: Reading) -> Recorded {
        let id = deliveries::new_delivery(received_at).unwrap();
        let (webhook, source) = (self.webhook.clone(), EventSource::Webhook);
        let read = (reading, ReadingRules::OWN);
        let delivery = Arc::new(Delivery {
            duplicate_window: Some(SignedDuration::from_secs(60)),
            ..Delivery::new(id, webhook, received_at, source, payload, read)
        });
        let record = move |context: &mut WriteContext<'_>| deliveries::record(context, &delivery);
        self.store().writer().run_blocking(record).unwrap()
    }

    fn deliver(&mut self, received_at: Timestamp, sent: &Sent) {
        let payload = message(received_at, sent);
        let reading = match payload::parse_without_key(&payload) {
            Ok(parsed) if sent.fate == Fate::IsReprocessed => {
                let status = algohook::domain::event::EventStatus::Limited;
                Reading::Withheld(status, Ok(parsed))
            }
            Ok(parsed) => Reading::Signal(parsed),
            Err(error) => Reading::Failed(error),
        };
        let recorded = self.record(received_at, payload.clone(), reading.clone());
        match sent.fate {
            Fate::IsRepeated => {
                let again = received_at + SignedDuration::from_secs(5);
                self.record(again, payload, reading);
            }
            Fate::IsReprocessed => {
                let reading = Reading::Signal(payload::parse_without_key(&payload).unwrap());
                let original = recorded.event;
                let id = deliveries::new_delivery(received_at).unwrap();
                self.store()
                    .writer()
                    .run_blocking(move |context| {
                        reprocess(
                            context,
                            id,
                            original,
                            payload.clone(),
                            reading.clone(),
                            ReadingRules::OWN,
                        )
                    })
                    .unwrap();
            }
            Fate::IsLast => self.restart(),
            Fate::Arrives | Fate::IsBroken => {}
        }
    }
}

fn message(received_at: Timestamp, sent: &Sent) -> Vec<u8> {
    let time = received_at - SignedDuration::from_secs(sent.delay.into());
    let mut message = json!({
        "ticker": sent.ticker,
        "marketPrice": sent.price,
        "metadata": { "timestamp": format!("{time:.0}"), "signal": sent.intent },
    });
    let name = if ["buy", "sell"].contains(&sent.intent) {
        "action"
    } else {
        "positionDirection"
    };
    message[name] = sent.intent.into();
    if let Some(quantity) = sent.quantity {
        message["qty"] = quantity.into();
    }
    if sent.fate == Fate::IsBroken {
        message["qty"] = "many".into();
    }
    message.to_string().into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_order_leaves_what_a_rebuild_leaves(
        history in prop::collection::vec((sent(), 0..20_u8), 1..60),
    ) {
        let mut desk = Desk::new();
        let mut time: Timestamp = "2026-01-05T14:30:00Z".parse().unwrap();
        for (sent, pause) in &history {
            time += SignedDuration::from_millis(i64::from(*pause) * 700 + 1);
            desk.deliver(time, sent);
        }
        let step_by_step = derived(desk.store().path());
        derive_again(desk.store());
        prop_assert_eq!(step_by_step, derived(desk.store().path()));
    }
}
