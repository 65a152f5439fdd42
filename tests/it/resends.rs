//! Resends and the limit over hours, with a clock that the test turns.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use algohook::desk::events::{read_again, reprocess};
use algohook::domain::event::EventId;
use algohook::domain::webhook::{AuthKey, WebhookId};
use algohook::ingest::{Answer, Clock, Ingest, RateLimit, Registry, StoreRecorder};
use algohook::journal::deliveries::new_delivery;
use algohook::secrets::random_bytes;
use algohook::store::audit::Actor;
use algohook::store::webhooks::{self, WebhookChange};
use algohook::store::{Store, StoreOptions};
use jiff::Timestamp;
use serde_json::{Value, json};

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[derive(Clone, Default)]
struct TurnedClock(Arc<Mutex<Duration>>);

impl TurnedClock {
    fn turn(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TurnedClock {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-01-05T14:30:00Z".parse().unwrap();
        start + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

/// An ingestion on a store of its own, without a server around it.
struct Desk {
    store: Arc<Store>,
    registry: Arc<Registry>,
    ingest: Ingest<StoreRecorder, TurnedClock>,
    clock: TurnedClock,
    id: WebhookId,
    key: AuthKey,
    directory: tempfile::TempDir,
}

impl Desk {
    async fn new(limit: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), &StoreOptions::default()).unwrap();
        let store = Arc::new(store);
        let id = WebhookId::generate(random_bytes).unwrap();
        let key = AuthKey::generate(random_bytes).unwrap();
        let (wanted, kept) = (id.clone(), key.clone());
        let insert = store.writer().run(None, move |context| {
            webhooks::insert(
                context.connection,
                &wanted,
                "Strategy",
                &kept,
                Timestamp::UNIX_EPOCH,
            )
        });
        insert.await.unwrap();
        let registry = Arc::new(Registry::default());
        registry.load(&store).await.unwrap();
        let clock = TurnedClock::default();
        let recorder = StoreRecorder::new(Arc::clone(&store));
        let limit = RateLimit(NonZeroU32::new(limit).unwrap());
        let ingest = Ingest::new(Arc::clone(&registry), recorder, clock.clone(), limit);
        Self {
            store,
            registry,
            ingest,
            clock,
            id,
            key,
            directory,
        }
    }

    /// Opens the store anew: what was in memory is gone.
    fn restart(&mut self) {
        let options = StoreOptions::default();
        self.store = Arc::new(Store::open(self.directory.path(), &options).unwrap());
        let recorder = StoreRecorder::new(Arc::clone(&self.store));
        let (registry, clock) = (Arc::clone(&self.registry), self.clock.clone());
        self.ingest = Ingest::new(registry, recorder, clock, RateLimit::default());
    }

    async fn set_duplicate_window(&self, seconds: u32) {
        let id = self.id.clone();
        let change = self.store.writer().run(None, move |context| {
            let mut settings = webhooks::get(context.connection, &id)?.settings;
            settings.duplicate_window = seconds;
            let change = WebhookChange {
                settings: Some(settings),
                ..WebhookChange::default()
            };
            algohook::journal::webhooks::change(context, &id, change)
        });
        change.await.unwrap();
        self.registry.load(&self.store).await.unwrap();
    }

    async fn send(&self, changes: Value) -> Answer {
        let mut alert = json!({ "auth_key": self.key.reveal(), "ticker": "BTCUSDT",
            "action": "buy", "marketPrice": 100 });
        for (name, value) in changes.as_object().unwrap() {
            alert[name] = value.clone();
        }
        let body = alert.to_string();
        let (answer, _) = self
            .ingest
            .receive(self.id.as_str(), body.as_bytes(), ADDRESS)
            .await;
        answer
    }

    /// What became of an alert with a timestamp.
    async fn status(&self) -> String {
        let answer = self
            .send(json!({ "metadata": { "timestamp": "2026-01-05T14:29:59Z" } }))
            .await;
        status_of(&answer)
    }
}

fn status_of(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    body["webhookEvent"]["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_same_bytes_three_to_sixty_seconds_later_are_a_resend() {
    for (seconds, expected) in [
        (0.0, "processed"),
        (2.9, "processed"),
        (3.0, "duplicate"),
        (5.0, "duplicate"),
        (60.0, "duplicate"),
        (60.1, "processed"),
    ] {
        let desk = Desk::new(100).await;
        assert_eq!(desk.status().await, "processed");
        desk.clock.turn(Duration::from_secs_f64(seconds));
        assert_eq!(desk.status().await, expected, "{seconds} s later");
    }
}

#[tokio::test]
async fn all_three_resends_are_recognised() {
    let desk = Desk::new(100).await;
    assert_eq!(desk.status().await, "processed");
    for _ in 0..3 {
        desk.clock.turn(Duration::from_secs(5));
        assert_eq!(desk.status().await, "duplicate");
    }
}

#[tokio::test]
async fn without_a_timestamp_equal_alerts_are_orders_of_their_own() {
    let desk = Desk::new(100).await;
    for _ in 0..3 {
        assert_eq!(status_of(&desk.send(json!({})).await), "processed");
        desk.clock.turn(Duration::from_secs(5));
    }
}

#[tokio::test]
async fn the_time_of_an_alert_counts_wherever_it_stands() {
    let at = "2026-01-05T14:29:59Z";
    for message in [
        json!({ "timestamp": at }),
        json!({ "Time": at }),
        json!({ "timenow": at }),
        json!({ "metadata": { "time": at } }),
        // Also where it cannot be read, or has a name that is not known.
        json!({ "timestamp": "01/05/2026 14:29:59" }),
        json!({ "timestamp": 1_795_938_000_000_000_i64 }),
        json!({ "bar_time": at }),
        json!({ "metadata": { "date": at } }),
        json!({ "data": { "timestamp": at } }),
    ] {
        let desk = Desk::new(100).await;
        let send = || desk.send(message.clone());
        assert_eq!(status_of(&send().await), "processed");
        desk.clock.turn(Duration::from_secs(5));
        assert_eq!(status_of(&send().await), "duplicate", "{message}");
    }
}

#[tokio::test]
async fn a_time_that_is_no_moment_makes_no_resend() {
    for message in [
        json!({ "timestamp": "{{timenow}}" }),
        json!({ "timestamp": "soon" }),
        json!({ "date": "2026-01-05" }),
        json!({ "timeframe": "15" }),
        json!({ "id": "0" }),
    ] {
        let desk = Desk::new(100).await;
        let send = || desk.send(message.clone());
        assert_eq!(status_of(&send().await), "processed");
        desk.clock.turn(Duration::from_secs(5));
        assert_eq!(status_of(&send().await), "processed", "{message}");
    }
}

#[tokio::test]
async fn an_id_is_remembered_for_24_hours() {
    let desk = Desk::new(100).await;
    let send = || desk.send(json!({ "id": "bar-1" }));
    assert_eq!(status_of(&send().await), "processed");
    assert_eq!(status_of(&send().await), "duplicate");
    desk.clock.turn(Duration::from_hours(24));
    assert_eq!(status_of(&send().await), "duplicate");
    desk.clock.turn(Duration::from_secs(1));
    assert_eq!(status_of(&send().await), "processed");
}

#[tokio::test]
async fn a_failed_delivery_is_not_what_a_resend_repeats() {
    let desk = Desk::new(1).await;
    assert_eq!(desk.status().await, "processed");
    desk.clock.turn(Duration::from_secs(61));
    assert_eq!(desk.status().await, "processed");
    desk.clock.turn(Duration::from_secs(1));
    assert_eq!(desk.status().await, "limited");
    desk.clock.turn(Duration::from_mins(1));
    // 61 seconds after the last order; the limited one in between made none.
    assert_eq!(desk.status().await, "processed");
}

#[tokio::test]
async fn an_alert_that_was_limited_and_came_again_makes_no_second_order() {
    let desk = Desk::new(1).await;
    let alert = || desk.send(json!({ "id": "bar-2" }));
    assert_eq!(desk.status().await, "processed");
    let limited = alert().await;
    assert_eq!(status_of(&limited), "limited");
    let body: Value = serde_json::from_slice(&limited.body).unwrap();
    let event: EventId = body["webhookEvent"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    desk.clock.turn(Duration::from_secs(61));
    assert_eq!(status_of(&alert().await), "processed");

    let readers = desk.store.readers();
    let read = readers.run(move |connection| read_again(connection, event, None));
    let read = read.await.unwrap().unwrap();
    let again = desk.store.writer().run(None, move |context| {
        let delivery = new_delivery(Timestamp::UNIX_EPOCH)?;
        let actor = Actor::command_line(Timestamp::UNIX_EPOCH);
        reprocess(context, &actor, delivery, read).map(drop)
    });
    let refused = again.await.unwrap_err().to_string();
    assert!(refused.contains("is the same alert as evt_3"), "{refused}");
}

#[tokio::test]
async fn the_duplicate_window_is_a_setting() {
    let desk = Desk::new(100).await;
    desk.set_duplicate_window(0).await;
    assert_eq!(desk.status().await, "processed");
    desk.clock.turn(Duration::from_secs(5));
    assert_eq!(desk.status().await, "processed");
    desk.set_duplicate_window(600).await;
    desk.clock.turn(Duration::from_secs(500));
    assert_eq!(desk.status().await, "duplicate");
}

#[tokio::test]
async fn a_longer_window_reaches_further_back() {
    let desk = Desk::new(100).await;
    desk.set_duplicate_window(4).await;
    assert_eq!(desk.status().await, "processed");
    desk.clock.turn(Duration::from_secs(5));
    assert_eq!(
        status_of(
            &desk
                .send(json!({ "metadata": { "timestamp": "2026-01-05T14:30:03Z" } }))
                .await
        ),
        "processed"
    );
    desk.set_duplicate_window(600).await;
    desk.clock.turn(Duration::from_secs(5));
    assert_eq!(desk.status().await, "duplicate");
}

#[tokio::test]
async fn a_resend_is_recognised_whatever_was_recorded_in_between() {
    let desk = Desk::new(10_000).await;
    assert_eq!(desk.status().await, "processed");
    for number in 0..2_100 {
        let time = json!({ "timestamp": "2026-01-05T14:29:59Z", "signal": number });
        desk.send(json!({ "metadata": time })).await;
    }
    desk.clock.turn(Duration::from_secs(5));
    assert_eq!(desk.status().await, "duplicate");
}

#[tokio::test]
async fn a_restart_forgets_no_delivery() {
    // Signals of now, nearly five minutes off either way, and too far off to be believed.
    for time in ["14:29:59", "14:25:05", "14:34:55", "13:00:00"] {
        let mut desk = Desk::new(100).await;
        let timestamp = json!({ "timestamp": format!("2026-01-05T{time}Z") });
        let first = desk.send(json!({ "metadata": timestamp })).await;
        assert_eq!(status_of(&first), "processed");
        let other = json!({ "ticker": "ETHUSDT", "metadata": timestamp });
        assert_eq!(status_of(&desk.send(other.clone()).await), "processed");
        desk.clock.turn(Duration::from_secs(5));
        desk.restart();
        let again = desk.send(json!({ "metadata": timestamp })).await;
        assert_eq!(status_of(&again), "duplicate", "{time}");
        assert_eq!(status_of(&desk.send(other).await), "duplicate", "{time}");
    }
}

#[tokio::test]
async fn the_window_slides() {
    let desk = Desk::new(30).await;
    let status = async || desk.send(json!({})).await.status.as_u16();
    // Thirty at the end of one minute and thirty more after its turn would be sixty in two seconds.
    desk.clock.turn(Duration::from_secs(59));
    for _ in 0..30 {
        assert_eq!(status().await, 200);
    }
    desk.clock.turn(Duration::from_secs(2));
    let refused = desk.send(json!({})).await;
    assert_eq!(refused.status.as_u16(), 429);
    assert_eq!(refused.retry_after, Some(58));
    desk.clock.turn(Duration::from_secs(58));
    for _ in 0..30 {
        assert_eq!(status().await, 200);
    }
    assert_eq!(status().await, 429);
}
