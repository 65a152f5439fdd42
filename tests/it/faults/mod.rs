//! A failing disk, as SQLite tests itself: every n-th write, sync, truncation, opening
//! and reading of the database's files fails in turn, and after each the process is
//! killed or the machine loses its power. Then no alert that was acknowledged is missing,
//! none that was refused is there, and a resend makes no second order.
//!
//! The store runs in a process of its own on `faults/disk.c`, which counts the calls,
//! fails one, and keeps what would be on the disk. With `ALGOHOOK_FAULTS=all` (`make
//! faults`) every call fails in turn, else some hundred of them do.

use crate::support;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use algohook::domain::event::{EventSource, EventStatus};
use algohook::domain::format::ReadingRules;
use algohook::domain::webhook::{AuthKey, WebhookId};
use algohook::journal::deliveries::{Delivery, Reading, new_delivery, record};
use algohook::payload::parse_without_key;
use algohook::secrets::random_bytes;
use algohook::store::{DATABASE_FILE, Folding, Store, StoreOptions, WriteContext, webhooks};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// Alerts that are sent at once, one group after the other.
const GROUPS: [u32; 6] = [1, 3, 1, 1, 2, 1];

/// How a resend is later than what it repeats.
const RESEND: SignedDuration = SignedDuration::from_secs(5);

#[test]
fn no_alert_is_lost_or_doubled_whatever_call_fails_and_wherever_the_crash_comes() {
    let template = tempfile::tempdir().unwrap();
    let Some(disk) = compiled(template.path()) else {
        return;
    };
    let all = std::env::var("ALGOHOOK_FAULTS").is_ok_and(|which| which == "all");
    let data = template.path().join("data");
    fs::create_dir(&data).unwrap();
    let webhook = fill(&data);
    let bench = Bench {
        disk,
        template: data,
        webhook,
    };
    let plans = Mutex::new(plans(&bench, all).collect::<Vec<_>>());
    let outcomes = Mutex::new(Outcomes::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(plan) = { plans.lock().unwrap().pop() } {
                    let outcome = bench.run(&plan);
                    outcomes.lock().unwrap().add(&outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    println!("{outcomes:#?}");
    assert!(outcomes.failed > outcomes.runs / 2, "{outcomes:#?}");
    assert!(outcomes.refused > 0, "{outcomes:#?}");
}

/// The process that stores alerts on a failing disk: what the test above starts.
#[test]
fn stores_alerts() {
    let Some(directory) = std::env::var_os("FAULT_DIR").map(PathBuf::from) else {
        return;
    };
    let webhook: WebhookId = std::env::var("FAULT_WEBHOOK").unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let store = Store::open(&directory, &options());
    if let Ok(store) = store.map(Arc::new) {
        runtime.block_on(send_all(&store, &webhook));
        // The process ends as by kill -9: nothing is closed.
        std::mem::forget(store);
    }
    let _ = fs::File::open(directory.join("CRASH"));
    panic!("this is not the disk that fails");
}

/// Folds as often as it can.
fn options() -> StoreOptions {
    StoreOptions {
        folding: Folding {
            pause: Duration::from_millis(1),
            in_pause: 25,
            at_most: 60,
        },
        ..StoreOptions::default()
    }
}

async fn send_all(store: &Arc<Store>, webhook: &WebhookId) {
    let mut next = 0;
    for (group, size) in GROUPS.into_iter().enumerate() {
        let numbers = next..next + size;
        next = numbers.end;
        let mut tasks = tokio::task::JoinSet::new();
        for number in numbers {
            let (store, webhook) = (Arc::clone(store), webhook.clone());
            tasks.spawn(async move {
                // What is refused is sent again, as TradingView does.
                for resend in [SignedDuration::ZERO, RESEND] {
                    say("sent", number);
                    let delivery = Arc::new(delivery(&webhook, number, resend));
                    let write = move |context: &mut WriteContext<'_>| record(context, &delivery);
                    let patience = Some(Duration::from_secs(2));
                    match store.writer().run_shared(patience, write).await {
                        Ok(recorded) => {
                            assert_eq!(recorded.status, EventStatus::Processed);
                            return say("stored", number);
                        }
                        Err(_) => say("refused", number),
                    }
                }
            });
        }
        tasks.join_all().await;
        if group % 2 == 1 {
            // A pause, in which the log is folded.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn say(what: &str, number: u32) {
    println!("\n{what} {number}");
}

/// An alert that has nothing to know it by, not even a time.
fn delivery(webhook: &WebhookId, number: u32, later: SignedDuration) -> Delivery {
    let payload = json!({
        "ticker": format!("T{}", number % 3), "action": "buy", "qty": 1 + number, "marketPrice": 100,
        "note": "n".repeat(600),
    });
    let payload = payload.to_string().into_bytes();
    let started: Timestamp = "2026-01-05T14:30:00Z".parse().unwrap();
    let received_at = started + SignedDuration::from_mins(number.into()) + later;
    let (id, source) = (new_delivery(received_at).unwrap(), EventSource::Webhook);
    let reading = Reading::Signal(parse_without_key(&payload).unwrap());
    let read = (reading, ReadingRules::OWN);
    Delivery {
        duplicate_window: Some(SignedDuration::from_secs(60)),
        ..Delivery::new(id, webhook.clone(), received_at, source, payload, read)
    }
}

/// A database with a webhook and some history; returns the webhook.
fn fill(directory: &Path) -> WebhookId {
    let store = Store::open(directory, &options()).unwrap();
    let id = WebhookId::generate(random_bytes).unwrap();
    let key = AuthKey::generate(random_bytes).unwrap();
    let made = id.clone();
    let now = Timestamp::now();
    let insert = move |context: &mut WriteContext<'_>| {
        webhooks::insert(context.connection, &made, "Strategy", &key, now)
    };
    store.writer().run_blocking(insert).unwrap();
    for number in 1000..1010 {
        let delivery = delivery(&id, number, SignedDuration::ZERO);
        let write = move |context: &mut WriteContext<'_>| record(context, &delivery);
        store.writer().run_blocking(write).unwrap();
    }
    id
}

/// `faults/disk.c` as a library in a directory, or `None` where there is no C compiler.
fn compiled(directory: &Path) -> Option<PathBuf> {
    let test = "no_alert_is_lost_or_doubled_whatever_call_fails_and_wherever_the_crash_comes";
    let library = directory.join("disk.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/faults/disk.c");
    let compiler = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .output();
    match compiler {
        Ok(output) if output.status.success() => Some(library),
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            support::skipped(test, format!("needs a C compiler: {error}"));
            None
        }
    }
}

/// Stores alerts that have no time, each in a commit of its own and received so many seconds
/// from now; crashes; and sends them all again five seconds after the last.
fn sent_again_after_a_crash(seconds: [i64; 3]) -> [EventStatus; 3] {
    let directory = tempfile::tempdir().unwrap();
    let webhook = fill(directory.path());
    let now = Timestamp::now();
    let send = |store: &Store, number: u32, seconds: i64| {
        let mut delivery = delivery(&webhook, number, SignedDuration::ZERO);
        delivery.received_at = now + SignedDuration::from_secs(seconds);
        let write = move |context: &mut WriteContext<'_>| record(context, &delivery);
        store.writer().run_blocking(write).unwrap().status
    };
    let store = Store::open(directory.path(), &options()).unwrap();
    for (number, seconds) in (1..).zip(seconds) {
        assert_eq!(send(&store, number, seconds), EventStatus::Processed);
    }
    // What a crash would leave: copied while it is in use.
    let left = tempfile::tempdir().unwrap();
    for name in [DATABASE_FILE, "algohook.db-wal"] {
        fs::copy(directory.path().join(name), left.path().join(name)).unwrap();
    }
    let store = Store::open(left.path(), &options()).unwrap();
    [1, 2, 3].map(|number| send(&store, number, seconds[2] + 5))
}

#[test]
fn an_alert_whose_answer_the_next_commit_overtook_is_recognised_after_a_crash() {
    use EventStatus::{Duplicate, Processed};
    // The second's answer may have been on its way when the third was stored.
    let soon = sent_again_after_a_crash([0, 0, 0]);
    assert_eq!(soon, [Processed, Duplicate, Duplicate]);
    let late = sent_again_after_a_crash([0, 0, 20]);
    assert_eq!(late, [Processed, Processed, Duplicate]);
}

/// One run: which calls fail, and the crash.
#[derive(Debug, Clone)]
struct Plan {
    /// Letters of `faults/disk.c`: open, read, sync, truncate, write.
    kinds: &'static str,
    /// The first call of these that fails, and how many do.
    at: usize,
    calls: usize,
    /// EIO or ENOSPC.
    error: i32,
    /// Calls after the failure until the crash; after the last answer where there is none.
    crash_after: Option<usize>,
    /// What is on the disk of what was not synced, in letters of `faults/disk.c`.
    cut: &'static str,
}

impl Plan {
    /// Whether the disk takes nothing any more for as long as an answer can wait. Then a
    /// refused alert can be there after a crash; its resend makes no second order.
    fn is_hopeless(&self) -> bool {
        self.calls > 5 && self.kinds.contains('s') && (self.cut != "n" || self.kinds == "stw")
    }
}

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const FOR_EVER: usize = 1_000_000;

/// Every plan, or some hundred of them.
fn plans(bench: &Bench, all: bool) -> impl Iterator<Item = Plan> {
    let mut plans = Vec::new();
    for (kinds, error) in [
        ("s", EIO),
        ("w", EIO),
        ("w", ENOSPC),
        ("t", EIO),
        ("o", EIO),
        ("r", EIO),
        ("st", EIO),
        ("stw", EIO),
    ] {
        let unharmed = Plan {
            kinds,
            at: 0,
            calls: 1,
            error,
            crash_after: None,
            cut: "n",
        };
        let counted = bench.run(&unharmed).counted;
        for at in 1..=counted {
            for (calls, crash_after) in [
                (1, None),
                (1, Some(0)),
                (1, Some(2)),
                (2, None),
                (3, Some(9)),
                (12, None),
                (FOR_EVER, None),
            ] {
                for cut in ["n", "l", "k", "f", "r"] {
                    plans.push(Plan {
                        kinds,
                        at,
                        calls,
                        error,
                        crash_after,
                        cut,
                    });
                }
            }
        }
    }
    // Some that share no pattern with the loops above.
    println!("{} plans", plans.len());
    let step = if all { 1 } else { (plans.len() / 240) | 1 };
    plans.into_iter().step_by(step)
}

/// What the runs need.
struct Bench {
    disk: PathBuf,
    template: PathBuf,
    webhook: WebhookId,
}

/// What a run came to.
#[derive(Debug, Default)]
struct Outcome {
    /// Calls that could have failed, and that did.
    counted: usize,
    failed: usize,
    /// The last answer to each alert that was sent.
    answers: BTreeMap<u32, Option<bool>>,
    /// Refused alerts that a hopeless disk kept.
    revived: usize,
}

#[derive(Debug, Default)]
struct Outcomes {
    runs: usize,
    /// Runs in which a call failed.
    failed: usize,
    acknowledged: usize,
    refused: usize,
    unanswered: usize,
    revived: usize,
}

impl Outcomes {
    fn add(&mut self, outcome: &Outcome) {
        self.runs += 1;
        self.failed += usize::from(outcome.failed > 0);
        self.revived += outcome.revived;
        for answer in outcome.answers.values() {
            match answer {
                Some(true) => self.acknowledged += 1,
                Some(false) => self.refused += 1,
                None => self.unanswered += 1,
            }
        }
    }
}

impl Bench {
    /// Stores alerts on a disk that fails as planned, crashes, and checks what is there.
    fn run(&self, plan: &Plan) -> Outcome {
        let directory = tempfile::tempdir().unwrap();
        for file in fs::read_dir(&self.template).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), directory.path().join(file.file_name())).unwrap();
        }
        let mut outcome = self.store(plan, directory.path());
        if plan.cut != "n" {
            lose_power(directory.path());
        }
        self.check(plan, &mut outcome, directory.path());
        outcome
    }

    /// Has a process store alerts until it crashes.
    fn store(&self, plan: &Plan, directory: &Path) -> Outcome {
        static SEED: AtomicUsize = AtomicUsize::new(1);
        let number = |number: usize| number.to_string();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([
                "--exact",
                "faults::stores_alerts",
                "--nocapture",
                "--test-threads=1",
            ])
            .env("LD_PRELOAD", &self.disk)
            .env("FAULT_DIR", directory)
            .env("FAULT_WEBHOOK", self.webhook.to_string())
            .env("FAULT_KINDS", plan.kinds)
            .env("FAULT_AT", number(plan.at))
            .env("FAULT_FOR", number(plan.calls))
            .env("FAULT_ERRNO", plan.error.to_string())
            .env("CUT", plan.cut)
            .env("SEED", number(SEED.fetch_add(1, Ordering::Relaxed)))
            .stderr(Stdio::null());
        if let Some(calls) = plan.crash_after {
            command.env("CRASH_AFTER", number(calls));
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(137), "{plan:?} {output:?}");
        let counted = fs::read_to_string(directory.join("counted")).unwrap();
        let (counted, failed) = counted.trim().split_once(' ').unwrap();
        let mut answers = BTreeMap::new();
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let (said, answer) = match line.split_once(' ') {
                Some(("sent", number)) => (number, None),
                Some(("stored", number)) => (number, Some(true)),
                Some(("refused", number)) => (number, Some(false)),
                _ => continue,
            };
            answers.insert(said.parse().unwrap(), answer);
        }
        Outcome {
            counted: counted.parse().unwrap(),
            failed: failed.parse().unwrap(),
            answers,
            revived: 0,
        }
    }

    /// What was acknowledged is there once, what was refused is not; and when all that was
    /// not acknowledged is sent again, every alert is there once.
    fn check(&self, plan: &Plan, outcome: &mut Outcome, directory: &Path) {
        let orders = orders(&directory.join(DATABASE_FILE));
        for (number, answer) in &outcome.answers {
            let stored = orders.get(number).copied().unwrap_or_default();
            let is_right = match answer {
                Some(true) => stored == 1,
                Some(false) => stored == 0 || (stored == 1 && plan.is_hopeless()),
                None => stored <= 1,
            };
            assert!(
                is_right,
                "alert {number}, answer {answer:?}: {stored} orders. {plan:?}"
            );
        }
        let is_revived = |(number, answer): &(&u32, &Option<bool>)| {
            **answer == Some(false) && orders.contains_key(number)
        };
        outcome.revived = outcome.answers.iter().filter(is_revived).count();
        let store = Store::open(directory, &options()).unwrap();
        for (&number, answer) in &outcome.answers {
            if *answer != Some(true) {
                let delivery = delivery(&self.webhook, number, RESEND + RESEND);
                let write = move |context: &mut WriteContext<'_>| record(context, &delivery);
                store.writer().run_blocking(write).unwrap();
            }
        }
        drop(store);
        let orders = self::orders(&directory.join(DATABASE_FILE));
        for number in outcome.answers.keys() {
            assert_eq!(
                orders.get(number),
                Some(&1),
                "alert {number}, sent again: {plan:?} {outcome:?}"
            );
        }
    }
}

/// Puts what is on the disk in the place of what was in memory.
fn lose_power(directory: &Path) {
    for name in [DATABASE_FILE, "algohook.db-wal"] {
        let disk = directory.join(format!("{name}.disk"));
        if disk.exists() {
            fs::rename(disk, directory.join(name)).unwrap();
        }
    }
    let _ = fs::remove_file(directory.join("algohook.db-shm"));
}

/// How many orders each alert made, in a database that is sound.
fn orders(database: &Path) -> BTreeMap<u32, u32> {
    let database = rusqlite::Connection::open(database).unwrap();
    let sound: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let mut select = database
        .prepare(
            "SELECT json_extract(CAST(e.payload AS TEXT), '$.qty') - 1, count(o.id) FROM events e
             LEFT JOIN orders o ON o.id = e.id GROUP BY 1",
        )
        .unwrap();
    let orders = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    orders.unwrap().collect::<Result<_, _>>().unwrap()
}
