//! The machine's clock is set while alerts arrive: they are paired in the sequence of their
//! arrival, none is counted twice, and their times stay believable. The test sets the clock.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::derived::derive_again;
use crate::support::{DataDir, Server, Webhook, skipped, wait_until};
use algohook::clock::Clock;
use algohook::domain::event::EventId;
use algohook::domain::webhook::{AuthKey, WebhookId};
use algohook::ingest::{Ingest, RateLimit, Registry, StoreRecorder};
use algohook::journal::arrivals;
use algohook::journal::turns::Turns;
use algohook::secrets::random_bytes;
use algohook::store::events::{self, EventFilter, StoredEvent};
use algohook::store::{Store, StoreOptions, WriteContext, webhooks};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// A clock that is set by hand, and one that only goes on.
#[derive(Clone)]
struct SetClock(Arc<Mutex<Hands>>);

#[derive(Clone, Copy)]
struct Hands {
    wall: Timestamp,
    elapsed: Duration,
}

impl SetClock {
    fn new() -> Self {
        let wall = "2026-11-28T12:00:10Z".parse().unwrap();
        let elapsed = Duration::from_secs(100);
        Self(Arc::new(Mutex::new(Hands { wall, elapsed })))
    }

    fn pass(&self, time: Duration) {
        let mut hands = self.0.lock().unwrap();
        hands.wall += time;
        hands.elapsed += time;
    }

    fn set(&self, by: i64) {
        self.0.lock().unwrap().wall += SignedDuration::from_secs(by);
    }

    /// The program starts again: its time begins anew.
    fn restart(&self) {
        self.0.lock().unwrap().elapsed = Duration::ZERO;
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().wall
    }

    fn elapsed(&self) -> Duration {
        self.0.lock().unwrap().elapsed
    }
}

/// An ingestion on a store of its own, without a server around it.
struct Desk {
    runtime: tokio::runtime::Runtime,
    store: Option<Arc<Store>>,
    registry: Arc<Registry>,
    clock: SetClock,
    id: WebhookId,
    key: AuthKey,
    directory: tempfile::TempDir,
    ingest: Option<Ingest<StoreRecorder, SetClock>>,
}

/// What the alerts came to: trades by their orders, and the position.
type Outcome = (Vec<(i64, i64, String, String)>, Vec<(i64, String)>);

impl Desk {
    fn new() -> Self {
        let mut desk = Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            store: None,
            registry: Arc::new(Registry::default()),
            clock: SetClock::new(),
            id: WebhookId::generate(random_bytes).unwrap(),
            key: AuthKey::generate(random_bytes).unwrap(),
            directory: tempfile::tempdir().unwrap(),
            ingest: None,
        };
        desk.open();
        let (id, key, now) = (desk.id.clone(), desk.key.clone(), desk.clock.now());
        desk.write(move |context| webhooks::insert(context.connection, &id, "Strategy", &key, now));
        let load = desk.registry.load(desk.store());
        desk.runtime.block_on(load).unwrap();
        desk
    }

    fn open(&mut self) {
        let store = Store::open(self.directory.path(), &StoreOptions::default()).unwrap();
        let store = Arc::new(store);
        let limit = RateLimit(NonZeroU32::new(10_000).unwrap());
        let recorder = StoreRecorder::new(Arc::clone(&store));
        let registry = Arc::clone(&self.registry);
        self.ingest = Some(Ingest::new(registry, recorder, self.clock.clone(), limit));
        self.store = Some(store);
    }

    fn restart(&mut self) {
        (self.ingest, self.store) = (None, None);
        self.clock.restart();
        self.open();
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut WriteContext<'_>) -> algohook::store::Result<T> + Send + 'static,
    ) -> T {
        let written = self.store().writer().run(None, work);
        self.runtime.block_on(written).unwrap()
    }

    /// What became of an alert, and its event.
    fn send(&self, changes: &Value) -> (String, EventId) {
        let mut alert = json!({ "auth_key": self.key.reveal(), "ticker": "A" });
        for (name, value) in changes.as_object().unwrap() {
            alert[name] = value.clone();
        }
        let body = alert.to_string();
        let ingest = self.ingest.as_ref().unwrap();
        let answer = ingest.receive(self.id.as_str(), body.as_bytes(), ADDRESS);
        let (answer, _) = self.runtime.block_on(answer);
        let told: Value = serde_json::from_slice(&answer.body).unwrap();
        let event = &told["webhookEvent"];
        let text = |field: &str| event[field].as_str().unwrap().to_owned();
        (text("status"), text("id").parse().unwrap())
    }

    fn enter(&self) -> EventId {
        self.send(&json!({ "positionDirection": "entryLong", "marketPrice": 100 }))
            .1
    }

    fn leave(&self) -> EventId {
        self.send(&json!({ "positionDirection": "exitLong", "marketPrice": 120 }))
            .1
    }

    fn derive_what_is_stale(&self) {
        Turns::without_pause(self.store()).derive_stale().unwrap();
    }

    fn outcome(&self) -> Outcome {
        self.derive_what_is_stale();
        let path = self.directory.path().join(algohook::store::DATABASE_FILE);
        let connection = rusqlite::Connection::open(path).unwrap();
        let mut trades = connection
            .prepare(
                "SELECT entry_order, exit_order, quantity, net_profit FROM trades ORDER BY 2, 1",
            )
            .unwrap();
        let trades = trades
            .query_map([], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let mut lots = connection
            .prepare("SELECT entry_order, quantity FROM lots ORDER BY number")
            .unwrap();
        let lots = lots
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        (trades, lots)
    }

    fn assert_one_trade_of_20(&self, when: &str) {
        let (trades, lots) = self.outcome();
        let profits: Vec<&str> = trades.iter().map(|trade| trade.3.as_str()).collect();
        assert_eq!(profits, ["20"], "{when}");
        assert_eq!(lots, [], "{when}");
    }

    fn event(&self, id: EventId) -> StoredEvent {
        let read = self
            .store()
            .readers()
            .run(move |connection| events::get(connection, id));
        self.runtime.block_on(read).unwrap()
    }

    fn times(&self) -> Vec<Timestamp> {
        let read = self.store().readers().run(|connection| {
            let filter = EventFilter {
                after: Some(EventId(0)),
                ..EventFilter::default()
            };
            events::list(connection, &filter, 1000)
        });
        let events = self.runtime.block_on(read).unwrap();
        events.iter().map(|event| event.received_at).collect()
    }
}

#[test]
fn an_exit_closes_its_entry_whatever_the_clock_says_in_between() {
    for by in [
        -1,
        -5,
        -60,
        -43 * 60,
        -HOUR,
        -2 * HOUR,
        -DAY,
        -YEAR,
        -60 * YEAR,
        1,
        HOUR,
        DAY,
        YEAR,
    ] {
        for restarts in [false, true] {
            let mut desk = Desk::new();
            desk.enter();
            desk.clock.pass(Duration::from_millis(700));
            desk.clock.set(by);
            if restarts {
                desk.restart();
            }
            desk.leave();
            let when = format!("{by} s, restarts: {restarts}");
            desk.assert_one_trade_of_20(&when);
            derive_again(desk.store());
            desk.assert_one_trade_of_20(&when);
            assert!(desk.times().is_sorted(), "{when}: {:?}", desk.times());
        }
    }
}

#[test]
fn a_clock_that_is_a_little_behind_is_waited_for_and_its_reading_kept() {
    let desk = Desk::new();
    let entry = desk.event(desk.enter());
    assert_eq!(entry.clock_at, None);
    desk.clock.pass(Duration::from_secs(10));
    desk.clock.set(-43 * 60);
    let reading = desk.clock.now();
    let exit = desk.event(desk.leave());
    assert_eq!(exit.clock_at, Some(reading));
    assert_eq!(exit.received_at, entry.received_at + Duration::from_secs(5));
    let codes: Vec<&str> = exit
        .warnings
        .iter()
        .map(|warning| warning.code.as_str())
        .collect();
    assert_eq!(codes, ["clock_set_back"]);
    // It catches up: twice the time later both are the same again.
    desk.clock.pass(Duration::from_mins(2 * 43));
    let later = desk.event(desk.enter());
    assert_eq!(
        (later.received_at, later.clock_at),
        (desk.clock.now(), None)
    );
    assert_eq!(later.warnings, []);
}

#[test]
fn a_clock_that_was_a_year_ahead_for_a_minute_dates_nothing_for_a_year() {
    for restarts in [false, true] {
        let mut desk = Desk::new();
        let before = desk.enter();
        desk.clock.pass(Duration::from_mins(1));
        desk.clock.set(YEAR);
        desk.leave();
        desk.clock.pass(Duration::from_secs(30));
        let ahead = desk.enter();
        desk.clock.pass(Duration::from_secs(30));
        desk.clock.set(-YEAR);
        if restarts {
            desk.restart();
        }
        let now = desk.clock.now();
        let after = desk.event(desk.leave());
        assert_eq!((after.received_at, after.clock_at), (now, None));
        let ahead = desk.event(ahead);
        assert!(ahead.received_at <= now && ahead.received_at > desk.event(before).received_at);
        assert!(ahead.clock_at.unwrap() > now + SignedDuration::from_hours(24));
        let profits = |desk: &Desk| {
            desk.outcome()
                .0
                .into_iter()
                .map(|trade| trade.3)
                .collect::<Vec<_>>()
        };
        assert_eq!(profits(&desk), ["20", "20"]);
        derive_again(desk.store());
        assert_eq!(profits(&desk), ["20", "20"]);
        assert!(desk.times().is_sorted());
    }
}

#[test]
fn an_alert_that_stopped_while_the_clock_was_ahead_did_not_come_lately() {
    let desk = Desk::new();
    desk.clock.set(YEAR);
    let event = desk.enter();
    desk.clock.pass(Duration::from_mins(1));
    desk.clock.set(-YEAR);
    let clock = desk.clock.read();
    desk.write(move |context| arrivals::look_back(context, clock));
    assert_eq!(
        desk.event(event).received_at,
        clock.wall - Duration::from_mins(1)
    );
}

#[test]
fn a_clock_that_lost_its_time_moves_nothing() {
    for lost in ["1970-01-01T00:00:20Z", "2026-06-01T00:00:00Z"] {
        let mut desk = Desk::new();
        // Months of alerts, the last of which an hour ago.
        desk.clock.set(-150 * DAY);
        for _ in 0..150 {
            desk.enter();
            desk.clock.pass(Duration::from_hours(24));
        }
        let before = desk.times();
        let lost: Timestamp = lost.parse().unwrap();
        let behind = lost.duration_since(desk.clock.now()).as_secs();
        desk.clock.set(behind);
        desk.restart();
        let exit = desk.event(desk.leave());
        assert_eq!(exit.clock_at, Some(lost));
        assert!(exit.received_at > before[149]);
        assert_eq!(desk.times()[..150], before[..]);
        // Right again.
        desk.clock.set(-behind);
        let next = desk.event(desk.leave());
        assert_eq!((next.received_at, next.clock_at), (desk.clock.now(), None));
    }
}

#[test]
fn a_message_tells_which_of_two_readings_is_right() {
    let with_time = |time: Timestamp, price: i64, action: &str| {
        json!({
            "positionDirection": action, "marketPrice": price, "metadata": { "timestamp": time.to_string() },
        })
    };
    let desk = Desk::new();
    // Ahead by 40 minutes, which is little enough to wait for.
    let right = desk.clock.now();
    desk.clock.set(40 * 60);
    let entry = desk.send(&with_time(right, 100, "entryLong")).1;
    desk.clock.pass(Duration::from_secs(20));
    desk.clock.set(-40 * 60);
    let exit = desk.send(&with_time(desk.clock.now(), 120, "exitLong")).1;
    assert_eq!(desk.event(entry).received_at, right);
    assert_eq!(desk.event(exit).received_at, desk.clock.now());
    desk.assert_one_trade_of_20("the entry was dated ahead");
}

/// An alert whose own time is none that is believed, but tells resends.
fn timed(number: usize) -> Value {
    json!({ "positionDirection": "entryLong", "marketPrice": 100,
        "metadata": { "timestamp": "2020-01-01T00:00:00Z", "signal": format!("number {number}") } })
}

#[test]
fn an_alert_that_is_sent_again_is_one_order_whatever_the_clock_says_in_between() {
    for by in [-YEAR, -DAY, -HOUR, -5, -1, 1, 5, HOUR, DAY, YEAR] {
        let desk = Desk::new();
        assert_eq!(desk.send(&timed(1)).0, "processed");
        for _ in 0..3 {
            desk.clock.pass(Duration::from_secs(5));
            desk.clock.set(by);
            assert_eq!(desk.send(&timed(1)).0, "duplicate", "{by} s");
        }
        // Two fills of one bar are two orders, and after a minute it is another alert.
        desk.clock.set(by);
        assert_eq!(desk.send(&timed(2)).0, "processed");
        desk.clock.set(by);
        desk.clock.pass(Duration::from_secs(1));
        assert_eq!(desk.send(&timed(2)).0, "processed", "{by} s");
        desk.clock.set(by);
        desk.clock.pass(Duration::from_secs(62));
        assert_eq!(desk.send(&timed(2)).0, "processed", "{by} s");
    }
}

#[test]
fn an_alert_that_is_sent_again_after_a_restart_is_one_order_although_the_clock_was_set_back() {
    for by in [-YEAR, -DAY, -HOUR, -60, -10, -1] {
        let mut desk = Desk::new();
        assert_eq!(desk.send(&timed(1)).0, "processed");
        desk.clock.pass(Duration::from_secs(5));
        desk.clock.set(by);
        desk.restart();
        assert_eq!(desk.send(&timed(1)).0, "duplicate", "{by} s");
        // The window does not last until the clock is there again.
        desk.clock.pass(Duration::from_secs(70));
        assert_eq!(desk.send(&timed(1)).0, "processed", "{by} s");
    }
}

#[test]
fn an_id_is_remembered_for_24_hours_whatever_the_clock_says_in_between() {
    for by in [-YEAR, -DAY, DAY, YEAR] {
        let desk = Desk::new();
        let alert = json!({ "positionDirection": "entryLong", "marketPrice": 100, "id": "bar-1" });
        assert_eq!(desk.send(&alert).0, "processed");
        desk.clock.pass(Duration::from_hours(12));
        desk.clock.set(by);
        assert_eq!(desk.send(&alert).0, "duplicate", "{by} s");
        desk.clock
            .pass(Duration::from_hours(12) + Duration::from_secs(1));
        assert_eq!(desk.send(&alert).0, "processed", "{by} s");
    }
}

/// What happens next to a webhook.
#[derive(Debug, Clone)]
struct Happening {
    /// Milliseconds that pass.
    gap: u64,
    /// Seconds that the clock is set by before.
    step: i64,
    alert: Sent,
}

#[derive(Debug, Clone, Copy)]
enum Sent {
    Buy(u8),
    Sell(u8),
    Exit,
    /// The one before once more, five seconds later.
    Again,
    /// The program starts again.
    Restart,
}

fn happening() -> impl Strategy<Value = Happening> {
    let step = prop_oneof![
        4 => Just(0),
        1 => -5_i64..5,
        1 => -4000_i64..4000,
        1 => -50 * HOUR..50 * HOUR,
        1 => -400 * DAY..400 * DAY,
    ];
    let alert = prop_oneof![
        3 => (1_u8..4).prop_map(Sent::Buy),
        3 => (1_u8..4).prop_map(Sent::Sell),
        2 => Just(Sent::Exit),
        2 => Just(Sent::Again),
        1 => Just(Sent::Restart),
    ];
    let gap = prop_oneof![1_u64..3000, 1_u64..200_000];
    (gap, step, alert).prop_map(|(gap, step, alert)| Happening { gap, step, alert })
}

/// What a sequence of alerts comes to, with a clock that is set or one that is not.
fn played(happenings: &[Happening], is_set: bool) -> Outcome {
    let mut desk = Desk::new();
    let mut last: Option<Value> = None;
    for (number, Happening { gap, step, alert }) in happenings.iter().enumerate() {
        let gap = match alert {
            Sent::Again => 5000,
            _ => *gap,
        };
        desk.clock.pass(Duration::from_millis(gap));
        // Not before 1970, where times of a database would end.
        if is_set && desk.clock.now().as_second() + step > 0 {
            desk.clock.set(*step);
        }
        let order = |action: &str, quantity: u8| {
            json!({
                "action": action, "qty": quantity, "marketPrice": 100 + number,
                "metadata": { "timestamp": "2020-01-01T00:00:00Z" },
            })
        };
        let message = match alert {
            Sent::Buy(quantity) => order("buy", *quantity),
            Sent::Sell(quantity) => order("sell", *quantity),
            Sent::Exit => {
                json!({ "positionDirection": "exitLong", "marketPrice": 100 + number, "metadata": { "timestamp": "2020-01-01T00:00:00Z" } })
            }
            Sent::Again => match &last {
                Some(last) => last.clone(),
                None => continue,
            },
            Sent::Restart => {
                last = None;
                desk.restart();
                continue;
            }
        };
        let (status, _) = desk.send(&message);
        let expected = match alert {
            Sent::Again => "duplicate",
            _ => "processed",
        };
        assert_eq!(status, expected, "number {number}");
        last = Some(message);
    }
    let times = desk.times();
    assert!(times.is_sorted(), "{times:?}");
    let outcome = desk.outcome();
    derive_again(desk.store());
    assert_eq!(outcome, desk.outcome());
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn trades_are_those_of_a_clock_that_nobody_sets(
        happenings in prop::collection::vec(happening(), 1..14),
    ) {
        prop_assert_eq!(played(&happenings, true), played(&happenings, false));
    }
}

/// Debian's libfaketime, with which the real program has a clock that can be set.
fn libfaketime() -> Option<String> {
    let folders = ["x86_64-linux-gnu", "aarch64-linux-gnu"];
    let mut paths = folders
        .map(|folder| format!("/usr/lib/{folder}/faketime/libfaketimeMT.so.1"))
        .into_iter();
    paths.find(|path| fs::exists(path).is_ok_and(|exists| exists))
}

/// What libfaketime reads, for a clock that is off from this test's own, which can be another
/// day's already: see scripts/check-clock.sh.
fn shown(off_by: i64) -> String {
    let own = std::env::var("FAKETIME");
    let own = own.ok().and_then(|own| own.parse::<i64>().ok());
    format!("{:+}\n", own.unwrap_or(0) + off_by)
}

/// A server whose clock is set by a file.
struct FakedServer {
    server: Server,
    file: tempfile::TempPath,
    webhook: Webhook,
}

impl FakedServer {
    /// One whose clock is off by some seconds; `None` where there is no libfaketime.
    fn start(test: &str, off_by: i64) -> Option<Self> {
        let Some(library) = libfaketime() else {
            skipped(test, "libfaketime is missing (apt-get install faketime)");
            return None;
        };
        let file = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        fs::write(&file, shown(off_by)).unwrap();
        let data = DataDir::new();
        let mut command = data.command(&["serve", "--listen", "127.0.0.1:0"]);
        command
            .env("LD_PRELOAD", library)
            .env_remove("FAKETIME")
            .env("FAKETIME_TIMESTAMP_FILE", &file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        fs::create_dir(&data.path).unwrap();
        let server = Server::run(data, command);
        let webhook = server.create_webhook("Strategy");
        Some(Self {
            server,
            file,
            webhook,
        })
    }

    /// Sets the server's clock, which reads the file whenever it is looked at.
    fn set(&self, off_by: i64) {
        fs::write(&self.file, shown(off_by)).unwrap();
    }

    fn send(&self, action: &str, price: i64, time: Option<Timestamp>) -> Value {
        let alert = self.message(action, price, time);
        self.server
            .deliver(&self.webhook, &alert)
            .expect(200)
            .json()
    }

    fn message(&self, action: &str, price: i64, time: Option<Timestamp>) -> Value {
        let time = time.map(|time| json!({ "timestamp": format!("{time:.0}") }));
        self.webhook.alert(
            &json!({ "ticker": "A", "positionDirection": null, "action": action,
            "qty": 1, "marketPrice": price, "metadata": time }),
        )
    }

    fn profits(&self) -> Vec<String> {
        let token = self.server.data.create_token();
        let listed = self
            .server
            .api(&token, "GET", "/trades", None)
            .expect(200)
            .json();
        let items = listed["items"].as_array().unwrap();
        items
            .iter()
            .map(|trade| trade["netProfit"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[test]
fn a_server_whose_clock_is_set_back_pairs_in_the_sequence_of_arrival_and_says_so() {
    let test = "a_server_whose_clock_is_set_back_pairs_in_the_sequence_of_arrival_and_says_so";
    let Some(faked) = FakedServer::start(test, 0) else {
        return;
    };
    faked.send("buy", 100, None);
    faked.set(-43 * 60);
    let exit = faked.send("sell", 120, None)["webhookEvent"]["id"].clone();
    assert_eq!(faked.profits(), ["20"]);
    faked.server.data.text(&["rebuild"]);
    wait_until("everything is derived again", || faked.profits() == ["20"]);

    let token = faked.server.data.create_token();
    let get = |path: &str| {
        faked
            .server
            .api(&token, "GET", path, None)
            .expect(200)
            .json()
    };
    let event = get(&format!("/events/{}", exit.as_str().unwrap()));
    assert_eq!(event["warnings"][0]["code"], "clock_set_back", "{event}");
    let time = |field: &str| event[field].as_str().unwrap().parse::<Timestamp>().unwrap();
    let apart = time("receivedAt").duration_since(time("clockAt")).as_mins();
    assert!((42..=43).contains(&apart), "{event}");
    let overview = get("/overview");
    let attention = overview["webhooks"][0]["attention"].as_array().unwrap();
    let matter = json!({ "kind": "clockSetBack", "count": 1, "newest": exit });
    assert!(attention.contains(&matter), "{attention:?}");
    let doctor = faked.server.data.run(&["doctor"]);
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(
        said.contains("the clock was set back: 1 alert of the last 7 days"),
        "{said}"
    );
}

#[test]
fn a_message_with_a_time_of_its_own_is_recognised_whenever_the_clock_says_that_it_came() {
    let test =
        "a_message_with_a_time_of_its_own_is_recognised_whenever_the_clock_says_that_it_came";
    for off_by in [-43 * 60, 43 * 60, -YEAR] {
        let Some(faked) = FakedServer::start(test, off_by) else {
            return;
        };
        let now = Timestamp::now();
        let (entered, left) = (
            now - SignedDuration::from_secs(40),
            now - SignedDuration::from_secs(10),
        );
        faked.send("buy", 100, Some(entered));
        faked.send("sell", 120, Some(left));
        // TradingView's log has one more, which was lost.
        let lost = now - SignedDuration::from_secs(25);
        let mut log = csv::Writer::from_writer(Vec::new());
        log.write_record([
            "Alert ID",
            "Ticker",
            "Name",
            "Description",
            "Time",
            "Webhook status",
        ])
        .unwrap();
        for (time, action, price) in [
            (left, "sell", 120),
            (lost, "buy", 110),
            (entered, "buy", 100),
        ] {
            let message = faked.message(action, price, Some(time)).to_string();
            let time = format!("{time:.0}");
            log.write_record(["1", "X:A, 1m", "S", &message, &time, "Delivered"])
                .unwrap();
        }
        let data = &faked.server.data;
        let file = data.path.with_extension("csv");
        fs::write(&file, log.into_inner().unwrap()).unwrap();
        let import = [
            "import",
            "alerts",
            file.to_str().unwrap(),
            "--webhook",
            &faked.webhook.id,
            "--json",
        ];
        let imported = &data.json(&import)["alerts"];
        assert_eq!(
            (&imported["known"], &imported["new"]),
            (&json!(2), &json!(1)),
            "{off_by}"
        );
        let imported = &data.json(&import)["alerts"];
        assert_eq!(
            (&imported["known"], &imported["new"]),
            (&json!(3), &json!(0)),
            "{off_by}"
        );
        assert_eq!(data.orders().len(), 3);
    }
}
