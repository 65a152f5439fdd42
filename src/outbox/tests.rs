use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::*;
use crate::clock::{Clock, ClockReading, SystemClock};
use crate::domain::forward::{ForwardFormat, MaxAge};
use crate::domain::webhook::WebhookState;
use crate::metrics::Metrics;
use crate::store::forwards::{self, ForwardTerms};
use crate::store::outbox::{
    self, LARGEST_LANE, NewRow, Next, Note, OutboxRow, Outcome, Put, RowFilter, RowState,
};
use crate::store::webhooks::{self, WebhookChange};
use crate::store::{Result, Store, StoreError, StoreOptions, WriteContext};
use crate::workers::Workers;

/// Behaviour of a lane of the test.
#[derive(Clone)]
enum Does {
    Takes,
    Refuses,
    Fails,
    Hangs,
    Panics,
}

/// A consumer that does what its lanes are told, and says which rows it was given.
struct Receiver {
    lanes: Mutex<BTreeMap<String, Does>>,
    given: mpsc::UnboundedSender<(String, String)>,
    never: Notify,
}

impl Consumer for Receiver {
    fn send<'a>(&'a self, row: &'a OutboxRow) -> Sending<'a> {
        Box::pin(async move {
            let does = self.lanes.lock().unwrap().get(&row.lane).cloned();
            self.given
                .send((row.lane.clone(), row.about.clone()))
                .unwrap();
            match does.unwrap_or(Does::Takes) {
                Does::Takes => Sent::Taken("200".to_owned()),
                Does::Refuses => Sent::Refused("400".to_owned()),
                Does::Fails => Sent::NotTaken {
                    answer: "503".to_owned(),
                    retry_after: None,
                },
                Does::Hangs => {
                    self.never.notified().await;
                    Sent::Taken("late".to_owned())
                }
                Does::Panics => panic!("a consumer has a fault"),
            }
        })
    }
}

/// A store with a receiver for its rows.
struct Bench {
    _directory: TempDir,
    store: Arc<Store>,
    receiver: Arc<Receiver>,
    given: mpsc::UnboundedReceiver<(String, String)>,
    schedule: Schedule,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), &StoreOptions::default()).unwrap();
        let (sender, given) = mpsc::unbounded_channel();
        let receiver = Receiver {
            lanes: Mutex::default(),
            given: sender,
            never: Notify::new(),
        };
        Self {
            _directory: directory,
            store: Arc::new(store),
            receiver: Arc::new(receiver),
            given,
            schedule: Schedule::of(vec![Duration::from_millis(1); 2]),
        }
    }

    fn tell(&self, lane: &str, does: Does) {
        let mut lanes = self.receiver.lanes.lock().unwrap();
        lanes.insert(lane.to_owned(), does);
    }

    /// Starts the senders, who look for what is due once an hour only.
    fn start(&self) -> Workers {
        let receiver: Arc<dyn Consumer> = Arc::<Receiver>::clone(&self.receiver);
        let senders = Arc::new(Senders {
            store: Arc::clone(&self.store),
            clock: SystemClock::start(),
            consumers: Consumers::default().with("test", receiver),
            schedule: self.schedule.clone(),
            look_every: Duration::from_hours(1),
            kept: SignedDuration::from_hours(24),
        });
        let mut workers = Workers::new(Arc::new(Metrics::default()));
        workers.run_to_end("outbox", move |stopping| {
            run(Arc::clone(&senders), stopping)
        });
        workers
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut WriteContext<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.store.writer().run(None, work).await
    }

    async fn put(&self, lane: &str, about: &str) {
        let row = row(lane, about);
        let now = Timestamp::now();
        let put = self.write(move |context| outbox::put(context, &row, now));
        assert!(matches!(put.await.unwrap(), Put::Waits(_)));
    }

    /// Starts with a row that may be repeated and one that must not, whose receivers hang.
    async fn hang_both(&self) -> Workers {
        self.tell("may", Does::Hangs);
        self.tell("must not", Does::Hangs);
        let workers = self.start();
        self.put("may", "1").await;
        let once = NewRow {
            repeatable: false,
            ..row("must not", "1")
        };
        let put = self.write(move |context| outbox::put(context, &once, Timestamp::now()));
        put.await.unwrap();
        workers
    }

    async fn given(&mut self) -> (String, String) {
        self.given.recv().await.unwrap()
    }

    /// Waits until the rows of a lane are in these states, oldest first.
    async fn until(&self, lane: &str, states: &[RowState]) {
        loop {
            let found: Vec<RowState> = self.rows(lane).await.iter().map(|row| row.state).collect();
            if found == states {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// The rows of a lane, oldest first.
    async fn rows(&self, lane: &str) -> Vec<OutboxRow> {
        let filter = RowFilter {
            lane: Some(lane.to_owned()),
            ..RowFilter::default()
        };
        let read = self.store.readers();
        let list = read.run(move |connection| outbox::list(connection, &filter, 100));
        let mut rows = list.await.unwrap();
        rows.reverse();
        rows
    }
}

fn row(lane: &str, about: &str) -> NewRow {
    NewRow {
        lane: lane.to_owned(),
        kind: "test",
        about: about.to_owned(),
        body: about.as_bytes().to_vec(),
        repeatable: true,
        vital: false,
        due_at: Timestamp::UNIX_EPOCH,
        expires_at: None,
        event: None,
        via: String::new(),
    }
}

fn pair(lane: &str, about: &str) -> (String, String) {
    (lane.to_owned(), about.to_owned())
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_wakes_the_senders_and_a_lane_keeps_its_order() {
    let mut bench = Bench::new();
    let workers = bench.start();
    for about in ["1", "2", "3"] {
        bench.put("a", about).await;
    }
    for about in ["1", "2", "3"] {
        assert_eq!(bench.given().await, pair("a", about));
    }
    bench.until("a", &[RowState::Done; 3]).await;
    workers.stop(soon()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_there_with_what_caused_it_or_not_at_all() {
    let bench = Bench::new();
    let undone = bench.write(|context| {
        outbox::put(context, &row("a", "undone"), Timestamp::now())?;
        Err::<(), _>(StoreError::Busy)
    });
    undone.await.unwrap_err();
    assert_eq!(bench.rows("a").await, []);
    bench.put("a", "1").await;
    let again = bench.write(|context| outbox::put(context, &row("a", "1"), Timestamp::now()));
    assert!(matches!(again.await.unwrap(), Put::Known(_)));
    assert_eq!(bench.rows("a").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_hangs_or_panics_holds_up_no_other() {
    let mut bench = Bench::new();
    bench.tell("hangs", Does::Hangs);
    bench.tell("panics", Does::Panics);
    let workers = bench.start();
    bench.put("hangs", "1").await;
    assert_eq!(bench.given().await, pair("hangs", "1"));
    bench.put("panics", "1").await;
    bench.put("takes", "1").await;
    bench.until("takes", &[RowState::Done]).await;
    // As often as the schedule says, then no more.
    bench.until("panics", &[RowState::Dead]).await;
    bench.until("hangs", &[RowState::Sending]).await;
    bench.receiver.never.notify_one();
    bench.until("hangs", &[RowState::Done]).await;
    workers.stop(soon()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_is_switched_off_stops_after_what_it_has_in_hand() {
    let mut bench = Bench::new();
    bench.tell("one", Does::Hangs);
    for about in ["a", "b", "c"] {
        bench.put("one", about).await;
    }
    let workers = bench.start();
    assert_eq!(bench.given().await, pair("one", "a"));
    let off = |context: &mut WriteContext<'_>| outbox::switch(context, "one", false);
    bench.write(off).await.unwrap();
    bench.receiver.never.notify_one();
    let states = [RowState::Done, RowState::Waiting, RowState::Waiting];
    bench.until("one", &states).await;
    // Another lane goes on, and by then this one had its chance.
    bench.put("two", "a").await;
    assert_eq!(bench.given().await, pair("two", "a"));
    workers.stop(soon()).await;
    bench.until("one", &states).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_being_sent_when_the_server_ended_is_repeated_only_where_it_may_be() {
    let mut bench = Bench::new();
    let workers = bench.hang_both().await;
    let mut given = [bench.given().await, bench.given().await];
    given.sort();
    assert_eq!(given, [pair("may", "1"), pair("must not", "1")]);
    // Both were sent, and nothing was noted of it: as a crash leaves them.
    workers.stop(Instant::now()).await;
    bench.until("may", &[RowState::Sending]).await;

    bench.tell("may", Does::Takes);
    bench.tell("must not", Does::Takes);
    let workers = bench.start();
    assert_eq!(bench.given().await, pair("may", "1"));
    bench.until("may", &[RowState::Done]).await;
    bench.until("must not", &[RowState::Unknown]).await;
    let unknown = bench.rows("must not").await[0].id;
    let again = bench.write(move |context| outbox::send_again(context, unknown, Timestamp::now()));
    again.await.unwrap();
    assert_eq!(bench.given().await, pair("must not", "1"));
    bench.until("must not", &[RowState::Done]).await;
    workers.stop(soon()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_too_often_is_dead_and_can_be_sent_again() {
    let mut bench = Bench::new();
    bench.tell("a", Does::Fails);
    let workers = bench.start();
    bench.put("a", "1").await;
    bench.put("a", "2").await;
    // The second waits for the first, which the schedule gives up at last.
    for about in ["1", "1", "1", "2", "2", "2"] {
        assert_eq!(bench.given().await, pair("a", about));
    }
    bench.until("a", &[RowState::Dead; 2]).await;
    let first = bench.rows("a").await[0].id;
    let read = bench.store.readers();
    let tries = read.run(move |connection| outbox::tries(connection, first));
    let tries = tries.await.unwrap();
    let outcomes: Vec<_> = tries.iter().map(|one| one.outcome.as_deref()).collect();
    assert_eq!(outcomes, [Some("again"), Some("again"), Some("dead")]);
    assert_eq!(tries[2].answer.as_deref(), Some("503"));

    bench.tell("a", Does::Takes);
    let again = bench.write(|context| {
        outbox::send_all_again(context, Some("a"), RowState::Dead, Timestamp::now())
    });
    assert_eq!(again.await.unwrap(), 2);
    bench.until("a", &[RowState::Done; 2]).await;

    bench.tell("a", Does::Refuses);
    bench.put("a", "3").await;
    let done = RowState::Done;
    bench.until("a", &[done, done, RowState::Dead]).await;
    workers.stop(soon()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_too_late_is_dead_without_being_sent() {
    let bench = Bench::new();
    let workers = bench.start();
    let late = NewRow {
        expires_at: Some(SystemClock::start().now() - SignedDuration::from_secs(1)),
        ..row("a", "late")
    };
    let put = bench.write(move |context| outbox::put(context, &late, Timestamp::now()));
    put.await.unwrap();
    bench.until("a", &[RowState::Dead]).await;
    let late = bench.rows("a").await[0].id;
    let read = bench.store.readers();
    let tries = read.run(move |connection| outbox::tries(connection, late));
    assert_eq!(tries.await.unwrap(), []);
    workers.stop(soon()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_lane_drops_what_matters_least_and_counts_it() {
    let bench = Bench::new();
    let fill = bench.write(|context| {
        let now = Timestamp::now();
        for number in 0..LARGEST_LANE {
            outbox::put(context, &row("a", &number.to_string()), now)?;
        }
        outbox::put(context, &row("a", "another"), now)?;
        let vital = NewRow {
            vital: true,
            ..row("a", "fault")
        };
        outbox::put(context, &vital, now)
    });
    assert!(matches!(fill.await.unwrap(), Put::Waits(_)));
    let read = bench.store.readers().run(|connection| {
        let count = "SELECT open FROM outbox_lanes WHERE lane = 'a'";
        let open: i64 = connection.query_row(count, [], |row| row.get(0))?;
        Ok((open, outbox::dropped(connection, "a")?))
    });
    assert_eq!(read.await.unwrap(), (LARGEST_LANE, 2));
    let newest = bench.rows("a").await;
    assert_eq!(newest.last().unwrap().about, "fault");
}

#[test]
fn a_full_lane_keeps_the_pause_of_what_is_tried_again() {
    let mut scratch = crate::journal::scratch::Scratch::new();
    let now: Timestamp = "2026-01-05T22:00:00Z".parse().unwrap();
    let context = &mut scratch.context();
    for number in 0..LARGEST_LANE {
        outbox::put(context, &row("a", &number.to_string()), now).unwrap();
    }
    let Next::Row(head) = outbox::next(context.connection, "a", now).unwrap() else {
        panic!("nothing is due");
    };
    let again = now + SignedDuration::from_mins(5);
    let failed = Note {
        row: head.id,
        outcome: Outcome::Again(again),
        answer: "503".to_owned(),
        at: now,
    };
    outbox::note(context.connection, &failed).unwrap();
    outbox::put(context, &row("a", "another"), now).unwrap();
    assert_eq!(
        outbox::next(context.connection, "a", now).unwrap(),
        Next::At(again)
    );
    assert_eq!(outbox::dropped(context.connection, "a").unwrap(), 1);
}

#[test]
fn the_whole_schedule_lasts_a_day_and_then_the_row_is_dead() {
    let mut scratch = crate::journal::scratch::Scratch::new();
    let mut now: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
    let (begun, schedule) = (now, Schedule::default());
    let context = &mut scratch.context();
    outbox::put(context, &row("a", "1"), now).unwrap();
    let sent = Sent::Ambiguous("reset".to_owned());
    for number in 0.. {
        let taken = outbox::next(context.connection, "a", now).unwrap();
        let Next::Row(row) = taken else {
            panic!("nothing is due at try {number}: {taken:?}");
        };
        assert_eq!(row.failures, number);
        let outcome = schedule.outcome(&row, &sent, now, 0.5);
        let note = Note {
            row: row.id,
            outcome,
            answer: "reset".to_owned(),
            at: now,
        };
        outbox::note(context.connection, &note).unwrap();
        let Outcome::Again(again) = outcome else {
            assert_eq!((outcome, number), (Outcome::Dead, 8));
            break;
        };
        // Not a moment earlier.
        let before = again - SignedDuration::from_secs(1);
        assert_eq!(
            outbox::next(context.connection, "a", before).unwrap(),
            Next::At(again)
        );
        now = again;
    }
    assert!(begun.duration_until(now) > SignedDuration::from_hours(24));
    assert_eq!(
        outbox::next(context.connection, "a", now).unwrap(),
        Next::Nothing
    );
}

#[test]
fn a_row_for_later_holds_up_none_and_a_lane_that_is_off_sends_nothing() {
    let mut scratch = crate::journal::scratch::Scratch::new();
    let now: Timestamp = "2026-01-05T22:00:00Z".parse().unwrap();
    let morning = now + SignedDuration::from_hours(9);
    let context = &mut scratch.context();
    let quiet = NewRow {
        due_at: morning,
        ..row("a", "digest")
    };
    outbox::put(context, &quiet, now).unwrap();
    assert_eq!(
        outbox::next(context.connection, "a", now).unwrap(),
        Next::At(morning)
    );
    let due = outbox::due(context.connection, now).unwrap();
    assert_eq!((due.len(), due[0].due_at), (1, morning));
    outbox::put(context, &row("a", "fault"), now).unwrap();
    let Next::Row(fault) = outbox::next(context.connection, "a", now).unwrap() else {
        panic!("the fault waits for the digest");
    };
    assert_eq!(fault.about, "fault");
    let gone = Note {
        row: fault.id,
        outcome: Outcome::Gone,
        answer: "410".to_owned(),
        at: now,
    };
    outbox::note(context.connection, &gone).unwrap();
    assert_eq!(outbox::due(context.connection, morning).unwrap(), []);
    outbox::switch(context, "a", true).unwrap();
    let due = outbox::due(context.connection, morning).unwrap();
    assert_eq!(due.len(), 1);
}

#[test]
fn what_is_tried_again_goes_before_what_became_due_meanwhile() {
    let mut scratch = crate::journal::scratch::Scratch::new();
    let evening: Timestamp = "2026-01-05T22:00:00Z".parse().unwrap();
    let morning = evening + SignedDuration::from_hours(9);
    let context = &mut scratch.context();
    let quiet = NewRow {
        due_at: morning,
        ..row("a", "digest")
    };
    outbox::put(context, &quiet, evening).unwrap();
    outbox::put(context, &row("a", "entry"), evening).unwrap();
    outbox::put(context, &row("a", "exit"), evening).unwrap();
    let Next::Row(entry) = outbox::next(context.connection, "a", evening).unwrap() else {
        panic!("the entry waits for the digest");
    };
    let again = morning + SignedDuration::from_mins(5);
    let failed = Note {
        row: entry.id,
        outcome: Outcome::Again(again),
        answer: "503".to_owned(),
        at: evening,
    };
    outbox::note(context.connection, &failed).unwrap();
    for now in [evening, morning] {
        assert_eq!(
            outbox::next(context.connection, "a", now).unwrap(),
            Next::At(again)
        );
        let due = outbox::due(context.connection, now).unwrap();
        assert_eq!(due[0].due_at, again);
    }
    let mut sent = Vec::new();
    while let Next::Row(row) = outbox::next(context.connection, "a", again).unwrap() {
        let taken = Note {
            row: row.id,
            outcome: Outcome::Done,
            answer: String::new(),
            at: again,
        };
        outbox::note(context.connection, &taken).unwrap();
        sent.push(row.about);
    }
    assert_eq!(sent, ["entry", "digest", "exit"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_no_receiver() {
    let mut bench = Bench::new();
    let workers = bench.hang_both().await;
    bench.given().await;
    bench.given().await;
    let begun = Instant::now();
    workers.stop(Instant::now() + Duration::from_secs(20)).await;
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    // Decided and noted, not left for the next start.
    bench.until("may", &[RowState::Waiting]).await;
    bench.until("must not", &[RowState::Unknown]).await;
    let unknown = bench.rows("must not").await[0].id;
    let read = bench.store.readers();
    let tries = read.run(move |connection| outbox::tries(connection, unknown));
    let answer = tries.await.unwrap()[0].answer.clone();
    assert_eq!(
        answer.as_deref(),
        Some("the server stopped before the receiver answered")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_lanes_that_hang_hold_up_no_other() {
    let mut bench = Bench::new();
    let workers = bench.start();
    for number in 0..40 {
        let lane = format!("hangs {number:02}");
        bench.tell(&lane, Does::Hangs);
        bench.put(&lane, "1").await;
    }
    for _ in 0..40 {
        bench.given().await;
    }
    bench.put("takes", "1").await;
    bench.until("takes", &[RowState::Done]).await;
    bench.until("hangs 00", &[RowState::Sending]).await;
    workers.stop(soon()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_lanes_go_at_once_without_a_look_at_the_clock() {
    let mut bench = Bench::new();
    let workers = bench.start();
    // In one commit and in one each, again and again while lanes come to their end: who misses a
    // commit looks in an hour only.
    for round in 0..20 {
        let put = bench.write(move |context| {
            for lane in 0..12 {
                let row = row(&format!("together {lane}"), &round.to_string());
                outbox::put(context, &row, Timestamp::now())?;
            }
            Ok(())
        });
        put.await.unwrap();
        for lane in 0..12 {
            let lane = format!("alone {lane}");
            bench.put(&lane, &round.to_string()).await;
        }
        for _ in 0..24 {
            bench.given().await;
        }
    }
    workers.stop(soon()).await;
}

/// The clocks so many seconds after a start, of which the first was set by so many.
fn reading(start: Timestamp, seconds: i64, set_by: i64) -> ClockReading {
    ClockReading {
        wall: start + SignedDuration::from_secs(seconds + set_by),
        elapsed: Duration::from_secs(seconds.unsigned_abs()),
    }
}

#[test]
fn a_clock_that_is_set_changes_no_pause_and_no_age() {
    for set_by in [-100, 3600, -86_400, 86_400] {
        let mut scratch = crate::journal::scratch::Scratch::new();
        let start: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
        let context = &mut scratch.context();
        let order = NewRow {
            due_at: start,
            expires_at: Some(start + SignedDuration::from_mins(1)),
            ..row("a", "order")
        };
        // A digest waits for a time of day, whatever the clock was before.
        let morning = start + SignedDuration::from_hours(9);
        let digest = NewRow {
            due_at: morning,
            ..row("b", "digest")
        };
        outbox::put(context, &order, start).unwrap();
        outbox::put(context, &digest, start).unwrap();
        let mut next = |seconds, set_by, fails: bool| {
            let now = reading(start, seconds, set_by);
            outbox::follow_clock(context, None, now).unwrap();
            let next = outbox::next(context.connection, "a", now.wall).unwrap();
            if let (Next::Row(row), true) = (&next, fails) {
                let note = Note {
                    row: row.id,
                    outcome: Outcome::Again(now.wall + SignedDuration::from_secs(30)),
                    answer: "503".to_owned(),
                    at: now.wall,
                };
                outbox::note(context.connection, &note).unwrap();
            }
            next
        };
        assert!(matches!(next(0, 0, true), Next::Row(_)));
        // 20 s later the clock is set; the pause is 30 s, whatever it says.
        let due = start + SignedDuration::from_secs(30 + set_by);
        assert_eq!(next(20, set_by, false), Next::At(due), "{set_by}");
        assert!(matches!(next(31, set_by, true), Next::Row(_)), "{set_by}");
        // Its age is a minute.
        assert_eq!(next(62, set_by, false), Next::Nothing, "{set_by}");
        let digest = outbox::next(context.connection, "b", start).unwrap();
        assert_eq!(digest, Next::At(morning), "{set_by}");
    }
}

#[test]
fn nothing_of_a_webhook_that_is_paused_is_sent() {
    let mut scratch = crate::journal::scratch::Scratch::new();
    let now: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
    let webhook = scratch.webhook("one");
    let context = &mut scratch.context();
    let terms = ForwardTerms {
        origin: "https://example.com".to_owned(),
        max_age: MaxAge::Unlimited,
        ..ForwardTerms::plain(ForwardFormat::AsReceived)
    };
    let lane = forwards::insert(context.connection, &webhook, &terms, now).unwrap();
    let lane = lane.to_string();
    outbox::put(context, &row(&lane, "1"), now).unwrap();
    let set = |context: &mut WriteContext<'_>, state| {
        let change = WebhookChange {
            state: Some(state),
            ..WebhookChange::default()
        };
        webhooks::change(context.connection, &webhook, change).unwrap();
    };
    for state in [WebhookState::Paused, WebhookState::Archived] {
        set(context, state);
        assert_eq!(outbox::due(context.connection, now).unwrap(), []);
        // A lane that is being sent stops, too.
        assert_eq!(
            outbox::next(context.connection, &lane, now).unwrap(),
            Next::Nothing
        );
    }
    set(context, WebhookState::Active);
    assert_eq!(outbox::due(context.connection, now).unwrap().len(), 1);
    assert!(matches!(
        outbox::next(context.connection, &lane, now).unwrap(),
        Next::Row(_)
    ));
}
