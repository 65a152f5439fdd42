//! `algohook serve --demo`: a newcomer sees a living system at once.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::{Answer, DataDir, PATIENCE, agent, algohook, wait_until};
use serde_json::Value;

/// A demo, and what it printed of itself.
struct Demo {
    child: Child,
    url: String,
    data_dir: PathBuf,
    token: String,
    password: String,
    printed: String,
}

impl Demo {
    fn start() -> Self {
        Self::start_with(&["--listen", "127.0.0.1:0"])
    }

    /// A demo that takes a moment for now.
    fn at(now: &str) -> Self {
        Self::start_with(&["--listen", "127.0.0.1:0", "--demo-now", now])
    }

    fn start_with(arguments: &[&str]) -> Self {
        let mut child = algohook()
            .args(["serve", "--demo"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut printed = String::new();
        while !printed.contains("/api/v1/webhooks") {
            let line = lines.next().expect("the demo has started").unwrap();
            printed.push_str(&line);
            printed.push('\n');
        }
        let word_after = |mark: &str| {
            let (_, rest) = printed.split_once(mark).unwrap();
            let end = rest.find(|letter: char| letter.is_whitespace() || letter == '"');
            rest[..end.unwrap()].to_owned()
        };
        let link = word_after("Open ");
        let (url, password) = link.split_once("/#").unwrap();
        Self {
            url: url.to_owned(),
            data_dir: word_after("--data-dir ").into(),
            token: word_after("Bearer "),
            password: password.to_owned(),
            printed,
            child,
        }
    }

    fn stop(mut self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
        wait_until("the demo ends", || self.child.try_wait().unwrap().is_some());
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn count_by(events: &[Value], field: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in events {
        let name = event[field].as_str().unwrap_or_default().to_owned();
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// A Saturday, New Year, a leap day, both changes of New York's clocks, and midnight.
const DAYS_OF_THEIR_OWN: [&str; 6] = [
    "2026-11-28T12:00:00Z",
    "2027-01-01T00:00:30Z",
    "2028-02-29T15:00:00Z",
    "2027-03-14T06:59:50Z",
    "2027-11-07T05:59:50Z",
    "2027-12-31T23:59:50Z",
];

#[test]
fn a_demo_has_half_a_year_of_everything() {
    let demo = Demo::start();
    has_half_a_year_of_everything(&demo);
    let output = DataDir::at(&demo.data_dir).run(&["doctor"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("note   way in: this is a demo"), "{said}");
}

#[test]
fn every_day_is_one_for_a_demo() {
    for now in DAYS_OF_THEIR_OWN {
        let demo = Demo::at(now);
        let newest = get(&demo, "/events?limit=1").json()["items"][0]["receivedAt"].clone();
        let now: jiff::Timestamp = now.parse().unwrap();
        let age = now.duration_since(time(&newest)).as_hours();
        assert!((0..48).contains(&age), "{newest} at {now}");
        has_half_a_year_of_everything(&demo);
    }
}

#[test]
fn at_the_same_moment_a_demo_shows_the_same_alerts() {
    let listed = || {
        let demo = Demo::at("2026-03-11T15:00:00Z");
        let data = DataDir::at(&demo.data_dir);
        let names = data.json(&["webhook", "list", "--json"]);
        let name_of = |id: &Value| {
            let all = names.as_array().unwrap();
            let webhook = all.iter().find(|webhook| &webhook["id"] == id);
            webhook.unwrap()["name"].clone()
        };
        let of = |event: &Value| {
            let what = ["id", "status", "receivedAt", "ticker", "marketPrice"];
            let shown = what.map(|field| event[field].clone());
            (name_of(&event["webhook"]), shown)
        };
        let events: Vec<_> = data.events().iter().take(500).map(of).collect();
        events
    };
    assert_eq!(listed(), listed());
}

#[test]
fn only_a_demo_has_a_made_up_now() {
    let output = DataDir::new().run(&["serve", "--demo-now", "2026-03-11T15:00:00Z"]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("--demo"), "{message}");
}

fn time(text: &Value) -> jiff::Timestamp {
    text.as_str().unwrap().parse().unwrap()
}

fn has_half_a_year_of_everything(demo: &Demo) {
    let data_dir = demo.data_dir.clone();
    assert_private(&data_dir);
    let data = DataDir::at(&data_dir);

    let webhooks = data.json(&["webhook", "list", "--json"]);
    let names: Vec<&str> = webhooks
        .as_array()
        .unwrap()
        .iter()
        .map(|webhook| webhook["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 5);
    assert!(
        names.iter().all(|name| name.starts_with("Demo: ")),
        "{names:?}"
    );

    let events = data.events();
    let statuses = count_by(&events, "status");
    for status in ["processed", "duplicate", "failed", "limited", "ignored"] {
        assert!(
            statuses.contains_key(status),
            "no {status} event: {statuses:?}"
        );
    }
    assert!(statuses["processed"] > 500, "{statuses:?}");
    // As times: as texts, 12:00:00.5Z comes before 12:00:00Z.
    // Those that were brought in later have earlier times.
    let arrived = events.iter().filter(|event| event["source"] != "imported");
    let times = arrived.map(|event| time(&event["receivedAt"]));
    assert!(times.is_sorted());
    assert_eq!(data.orders().len(), statuses["processed"]);

    let rejections: usize = webhooks
        .as_array()
        .unwrap()
        .iter()
        .map(|webhook| {
            let path = format!("/webhooks/{}/rejections", webhook["id"].as_str().unwrap());
            get(demo, &path).json()["items"].as_array().unwrap().len()
        })
        .sum();
    assert!(rejections > 0);
}

#[test]
fn a_newcomer_sees_why_live_trading_is_not_the_backtest() {
    let demo = Demo::at("2026-11-28T12:00:00Z");
    let data = DataDir::at(&demo.data_dir);
    let name = "Demo: ETH live and tested";
    println!("{}", data.text(&["compare", name]));
    let compared = data.json(&["compare", name, "--json"]);
    // What the demo does to its orders, each of which turns the position: two legs.
    let causes = compared["causes"].as_array().unwrap();
    for (cause, legs) in [
        ("The webhook was paused", 8),
        ("An alert came and made no order", 2),
        ("A request was rejected", 2),
        ("This server was not running", 8),
        ("No alert came for a while", 12),
        ("it repaints", 4),
        ("brought in later", 4),
    ] {
        let named = |one: &&Value| one["cause"].as_str().unwrap().contains(cause);
        let found = causes.iter().find(named).unwrap();
        let counted = ["missed", "matched"].map(|name| found[name].as_u64().unwrap());
        assert_eq!(counted.iter().sum::<u64>(), legs, "{found}");
    }
    // Two by hand; and what repainted is named, not guessed.
    assert_eq!(compared["legs"]["falseAlerts"], 2, "{}", compared["legs"]);
    let rows = compared["rows"].as_array().unwrap();
    let flagged = |flag: &str| {
        rows.iter()
            .any(|row| row["flags"].to_string().contains(flag))
    };
    assert!(flagged("late") && flagged("imported"));
    println!("{}", data.text(&["compare", name, "--with", "fills"]));
    let compared = data.json(&["compare", name, "--with", "fills", "--json"]);
    assert!(
        compared["matchRate"]["percent"].as_f64().unwrap() > 85.0,
        "{}",
        compared["matchRate"]
    );
    assert!(
        compared["execution"]["slippage"]["basisPoints"]
            .as_f64()
            .unwrap()
            > 0.0
    );
    assert!(
        compared["execution"]["latency"]["receivedToFilled"]["n"]
            .as_u64()
            .unwrap()
            > 50
    );
    demo.stop();
}

#[test]
fn a_demo_leaves_nothing_behind() {
    let demo = Demo::start();
    let data_dir = demo.data_dir.clone();
    assert!(data_dir.exists());
    demo.stop();
    assert!(!data_dir.exists());
}

#[test]
fn a_demo_beside_another_server_takes_a_free_port() {
    // Where the usual port is taken already, it is by another program, which serves as well.
    let _other = std::net::TcpListener::bind("127.0.0.1:8080");
    let demo = Demo::start_with(&[]);
    assert_ne!(demo.url, "http://127.0.0.1:8080");
    assert!(
        demo.printed
            .contains("Another program listens on 127.0.0.1:8080"),
        "{}",
        demo.printed
    );
    get(&demo, "/webhooks").expect(200);
    demo.stop();
    let named = algohook()
        .args(["serve", "--demo", "--listen", "127.0.0.1:8080"])
        .output()
        .unwrap();
    assert_eq!(named.status.code(), Some(1));
    let error = String::from_utf8(named.stderr).unwrap();
    assert!(error.contains("(--listen 127.0.0.1:8081)"), "{error}");
}

#[test]
fn the_printed_password_and_token_let_in() {
    let demo = Demo::start();
    get(&demo, "/webhooks").expect(200);
    let body = serde_json::json!({ "password": demo.password }).to_string();
    let answer = agent()
        .post(format!("{}/api/v1/session", demo.url))
        .header("content-type", "application/json")
        .header("origin", &demo.url)
        .send(&body);
    assert_eq!(answer.unwrap().status(), 204);
    demo.stop();
}

#[test]
fn the_strategies_of_a_demo_go_on_trading_unless_it_is_of_a_moment() {
    assert!(PATIENCE.as_secs() > 20, "an alert comes every 20 seconds");
    let still = Demo::at("2026-03-11T15:00:00Z");
    let demo = Demo::start();
    let newest = |demo: &Demo| get(demo, "/events?limit=1").json()["items"][0]["id"].clone();
    let before = newest(&demo);
    let last = newest(&still);
    wait_until("another alert arrives", || newest(&demo) != before);
    let newest = get(&demo, "/events?limit=1").json();
    assert_eq!(newest["items"][0]["status"], "processed", "{newest}");
    let newest = get(&still, "/events?limit=1").json();
    assert_eq!(newest["items"][0]["id"], last, "{newest}");
    demo.stop();
    still.stop();
}

#[test]
fn a_demo_never_touches_a_directory_of_ones_own() {
    let data = DataDir::new();
    let output = data.run(&["serve", "--demo"]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("--data-dir") && message.contains("--demo"),
        "{message}"
    );
    assert!(!data.path.exists());
}

fn get(demo: &Demo, path: &str) -> Answer {
    let request = agent()
        .get(format!("{}/api/v1{path}", demo.url))
        .header("authorization", format!("Bearer {}", demo.token));
    Answer::tried(request.call()).unwrap()
}

fn assert_private(directory: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(directory).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
