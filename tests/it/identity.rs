//! A delivery is one event, however often it is applied: on random histories, with restarts
//! between, and with what else has to be applied once.

use std::time::Duration;

use crate::support::Server;
use crate::support::derived::{derived, rows};
use algohook::clock::ClockReading;
use algohook::domain::delivery::DeliveryId;
use algohook::domain::event::{EventSource, EventStatus};
use algohook::domain::format::ReadingRules;
use algohook::domain::webhook::{AuthKey, WebhookId};
use algohook::journal::deliveries::{self, Delivery, Reading, Recorded, new_delivery};
use algohook::journal::positions;
use algohook::journal::reprocess::reprocess;
use algohook::payload;
use algohook::secrets::random_bytes;
use algohook::store::{Store, StoreError, StoreOptions, WriteContext, webhooks};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;
use tempfile::TempDir;

/// One thing that is applied, under an identity of its own.
#[derive(Debug, Clone)]
enum Act {
    Deliver(Box<Delivery>),
    Reprocess(DeliveryId, Index),
    Accept(DeliveryId, ClockReading),
}

/// One step of a history.
#[derive(Debug, Clone)]
enum Step {
    Deliver(Alert),
    Reprocess(Index),
    Accept,
    Restart,
    /// The newest act again: its answer was lost.
    Retry,
    /// Any earlier act again.
    Repeat(Index),
}

#[derive(Debug, Clone)]
struct Alert {
    source: EventSource,
    action: &'static str,
    quantity: Option<&'static str>,
    ticker: &'static str,
    key: Option<u8>,
    has_time: bool,
    position: Option<u8>,
    is_limited: bool,
    /// Milliseconds after the one before; some are dated back by a clock that is set back.
    after: i64,
}

fn alert() -> impl Strategy<Value = Alert> {
    let source = prop_oneof![
        8 => Just(EventSource::Webhook),
        1 => Just(EventSource::Test),
        1 => Just(EventSource::Imported),
    ];
    let quantity = prop::sample::select(&[
        Some("1"),
        Some("2"),
        Some("0.123456789012345678901234567"),
        Some("many"),
        None,
    ]);
    let of = (
        source,
        prop::sample::select(&["buy", "sell", "exitLong"]),
        quantity,
        prop::sample::select(&["AAPL", "NASDAQ:AAPL", "XETR:AAPL"]),
        prop_oneof![4 => Just(None), 1 => (0..2_u8).prop_map(Some)],
        any::<bool>(),
        prop_oneof![3 => Just(None), 1 => (0..3_u8).prop_map(Some)],
        prop::bool::weighted(0.1),
        prop_oneof![6 => 0..20_000_i64, 1 => -600_000..0_i64],
    );
    of.prop_map(
        |(source, action, quantity, ticker, key, has_time, position, is_limited, after)| Alert {
            source,
            action,
            quantity,
            ticker,
            key,
            has_time,
            position,
            is_limited,
            after,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => alert().prop_map(Step::Deliver),
        1 => any::<Index>().prop_map(Step::Reprocess),
        1 => Just(Step::Accept),
        1 => Just(Step::Restart),
        3 => Just(Step::Retry),
        3 => any::<Index>().prop_map(Step::Repeat),
    ]
}

/// A data directory with one webhook.
struct Desk {
    directory: TempDir,
    store: Option<Store>,
}

impl Desk {
    fn new(webhook: &WebhookId, key: &AuthKey) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut desk = Self {
            directory,
            store: None,
        };
        desk.restart();
        let (id, key) = (webhook.clone(), key.clone());
        desk.write(move |context| {
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

    fn restart(&mut self) {
        self.store = None;
        let store = Store::open(self.directory.path(), &StoreOptions::default());
        self.store = Some(store.unwrap());
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut WriteContext<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.store.as_ref().unwrap().writer().run_blocking(work)
    }

    /// Applies an act; what was done before tells which events there are to process again.
    fn apply(
        &self,
        webhook: &WebhookId,
        act: Act,
        done: &[Recorded],
    ) -> Result<Recorded, StoreError> {
        let webhook = webhook.clone();
        match act {
            Act::Deliver(delivery) => {
                self.write(move |context| deliveries::record(context, &delivery))
            }
            Act::Reprocess(id, of) => {
                let Some(original) = (!done.is_empty()).then(|| of.get(done).event) else {
                    return Err(StoreError::NotFound("event".to_owned()));
                };
                let payload =
                    json!({ "ticker": "AAPL", "action": "buy", "qty": 3, "marketPrice": 90 });
                let payload = payload.to_string().into_bytes();
                let reading = Reading::Signal(payload::parse_without_key(&payload).unwrap());
                self.write(move |context| {
                    reprocess(context, id, original, payload, reading, ReadingRules::OWN)
                })
            }
            Act::Accept(id, clock) => self.write(move |context| {
                let ticker = "AAPL".parse().unwrap();
                positions::accept(context, id, &webhook, &ticker, clock)
            }),
        }
    }

    /// All that there is of what was delivered.
    fn kept(&self) -> Vec<String> {
        let path = self.store.as_ref().unwrap().path();
        let mut kept = derived(path);
        kept.extend(rows(path, &["SELECT * FROM events ORDER BY id"]));
        kept
    }
}

/// The clocks of a machine, whose time of day can be set.
struct Clocks(ClockReading);

impl Clocks {
    fn deliver(&mut self, webhook: &WebhookId, alert: &Alert) -> Delivery {
        self.0.wall += SignedDuration::from_millis(alert.after);
        self.0.elapsed += Duration::from_millis(alert.after.unsigned_abs());
        let now = self.0.wall;
        let mut message = json!({
            "ticker": alert.ticker, "action": alert.action, "marketPrice": 100,
        });
        if let Some(quantity) = alert.quantity {
            message["qty"] = quantity.into();
        }
        if let Some(key) = alert.key {
            message["id"] = format!("bar-{key}").into();
        }
        if alert.has_time {
            message["metadata"] = json!({ "timestamp": format!("{now:.0}") });
        }
        if let Some(position) = alert.position {
            message["marketPosition"] = if position == 0 { "flat" } else { "long" }.into();
            message["marketPositionSize"] = position.into();
        }
        let payload = message.to_string().into_bytes();
        let reading = match payload::parse_without_key(&payload) {
            Ok(parsed) if alert.is_limited => Reading::Withheld(EventStatus::Limited, Ok(parsed)),
            Ok(parsed) => Reading::Signal(parsed),
            Err(error) => Reading::Failed(error),
        };
        let (id, read) = (new_delivery(now).unwrap(), (reading, ReadingRules::OWN));
        Delivery {
            clock: (alert.source != EventSource::Imported).then_some(self.0),
            duplicate_window: Some(SignedDuration::from_secs(60)),
            ..Delivery::new(id, webhook.clone(), now, alert.source, payload, read)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn deliveries_that_are_applied_again_change_nothing(
        history in prop::collection::vec(step(), 1..40),
    ) {
        let webhook = WebhookId::generate(random_bytes).unwrap();
        let key = AuthKey::generate(random_bytes).unwrap();
        let (mut once, mut often) = (Desk::new(&webhook, &key), Desk::new(&webhook, &key));
        let mut clocks = Clocks(ClockReading {
            wall: "2026-03-05T14:30:00Z".parse().unwrap(),
            elapsed: Duration::from_secs(100),
        });
        let mut acts: Vec<Act> = Vec::new();
        let mut done: Vec<Recorded> = Vec::new();
        for step in &history {
            let act = match step {
                Step::Deliver(alert) => Act::Deliver(Box::new(clocks.deliver(&webhook, alert))),
                Step::Reprocess(of) => Act::Reprocess(new_delivery(clocks.0.wall).unwrap(), *of),
                Step::Accept => Act::Accept(new_delivery(clocks.0.wall).unwrap(), clocks.0),
                Step::Restart => {
                    clocks.0.elapsed = Duration::ZERO;
                    once.restart();
                    often.restart();
                    continue;
                }
                Step::Retry | Step::Repeat(_) if done.is_empty() => continue,
                Step::Retry => {
                    let (act, first) = (acts.last().unwrap(), done.last().unwrap());
                    let again = often.apply(&webhook, act.clone(), &done).unwrap();
                    prop_assert_eq!(format!("{first:?}"), format!("{again:?}"));
                    continue;
                }
                Step::Repeat(of) => {
                    let (act, first) = (of.get(&acts), of.get(&done));
                    let again = often.apply(&webhook, act.clone(), &done).unwrap();
                    // What pairing warns of is as of now.
                    let parts = |of: &Recorded| {
                        format!("{:?}", (of.event, of.status, of.order, of.repeats, &of.error))
                    };
                    prop_assert_eq!(parts(first), parts(&again));
                    continue;
                }
            };
            let first = once.apply(&webhook, act.clone(), &done);
            let other = often.apply(&webhook, act.clone(), &done);
            prop_assert_eq!(format!("{first:?}"), format!("{other:?}"));
            if let Ok(recorded) = first {
                acts.push(act);
                done.push(recorded);
            }
        }
        prop_assert_eq!(once.kept(), often.kept());
    }
}

#[test]
fn an_identity_of_another_webhook_is_refused() {
    let key = AuthKey::generate(random_bytes).unwrap();
    let [one, other] = [(), ()].map(|()| WebhookId::generate(random_bytes).unwrap());
    let desk = Desk::new(&one, &key);
    let second = other.clone();
    desk.write(move |context| {
        webhooks::insert(
            context.connection,
            &second,
            "Other",
            &key,
            Timestamp::UNIX_EPOCH,
        )
    })
    .unwrap();
    let mut clocks = Clocks(ClockReading {
        wall: "2026-03-05T14:30:00Z".parse().unwrap(),
        elapsed: Duration::from_secs(100),
    });
    let alert = Alert {
        source: EventSource::Webhook,
        action: "buy",
        quantity: Some("1"),
        ticker: "AAPL",
        key: None,
        has_time: false,
        position: None,
        is_limited: false,
        after: 0,
    };
    let delivery = clocks.deliver(&one, &alert);
    let strayed = Delivery {
        webhook: other.clone(),
        ..delivery.clone()
    };
    let first = desk
        .apply(&one, Act::Deliver(Box::new(delivery)), &[])
        .unwrap();
    let refused = desk
        .apply(&other, Act::Deliver(Box::new(strayed)), &[])
        .unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(_)), "{refused}");
    assert!(refused.to_string().contains(&first.event.to_string()));
}

#[test]
fn equal_alerts_are_two_deliveries() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let alert = webhook.alert(&json!({ "metadata": { "timestamp": "2026-03-05T14:30:00Z" } }));
    let token = server.data.create_token();
    let delivery = || {
        let told = server.deliver(&webhook, &alert).expect(200).json();
        let event = told["webhookEvent"]["id"].as_str().unwrap().to_owned();
        assert_eq!(told["webhookEvent"]["status"], "processed");
        let event = server.api(&token, "GET", &format!("/events/{event}"), None);
        let delivery = event.expect(200).json()["delivery"]
            .as_str()
            .map(str::to_owned);
        delivery.unwrap().parse::<DeliveryId>().unwrap()
    };
    // Less than three seconds apart, so they are two fills of one bar.
    assert!(delivery() < delivery());
}
