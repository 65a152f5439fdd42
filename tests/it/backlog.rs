//! Messages that nobody takes: thirty thousand of them wait, and alerts, memory and a stop notice
//! nothing of it.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::receiver::{ALLOW, Does, Receiver};
use crate::support::{Server, Webhook};

/// Rows that wait for each of three receivers: as many as a lane takes.
const WAITING: u32 = 10_000;

/// The slowest but one of a hundred alerts.
fn slow_alert(server: &Server, webhook: &Webhook) -> Duration {
    let mut took: Vec<Duration> = (0..100)
        .map(|_| {
            let begun = Instant::now();
            server
                .deliver(webhook, &webhook.alert(&json!({})))
                .expect(200);
            begun.elapsed()
        })
        .collect();
    took.sort();
    took[98]
}

#[test]
fn thirty_thousand_rows_that_wait_for_dead_receivers_are_noticed_by_nobody() {
    let options = [&ALLOW[..], &["--rate-limit", "100000"]].concat();
    let server = Server::start_with(&options);
    let webhook = server.create_webhook("Strategy");
    let alone = slow_alert(&server, &webhook);
    let memory = server.memory("VmRSS");
    let dead = Receiver::that(Does::Hangs);
    for _ in 0..3 {
        let add = [
            "forward",
            "add",
            &webhook.id,
            &dead.url("/"),
            "--signed",
            "--max-age",
            "off",
        ];
        server.data.text(&add);
    }
    let data = server.stop();
    let database = rusqlite::Connection::open(data.database()).unwrap();
    let now = jiff::Timestamp::now().as_microsecond();
    for lane in ["fwd_1", "fwd_2", "fwd_3"] {
        let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2)
            INSERT INTO outbox (lane, kind, about, body, repeatable, vital, state, put_at, due_at)
            SELECT ?1, 'forward', 'old ' || n, zeroblob(500), 1, 0, 'waiting', ?3, ?3 FROM n";
        let values = rusqlite::params![lane, WAITING, now];
        database.execute(sql, values).unwrap();
    }
    drop(database);
    let server = Server::with(data, &options);
    dead.wait(3);
    let beside = slow_alert(&server, &webhook);
    let grown = server.memory("VmRSS").saturating_sub(memory);
    let token = server.data.create_token();
    let shown = server
        .api(&token, "GET", "/forwards", None)
        .expect(200)
        .json();
    let waiting = shown["items"][0]["waiting"].as_u64().unwrap();
    let begun = Instant::now();
    server.stop();
    let stopped = begun.elapsed();
    println!("p99 {alone:?} alone, {beside:?} beside; {grown} MiB more; stopped in {stopped:?}");
    assert_eq!(waiting, u64::from(WAITING), "a full lane makes room");
    // On a machine that does other things, too.
    assert!(
        beside < 5 * alone + Duration::from_millis(250),
        "{alone:?} {beside:?}"
    );
    assert!(grown < 60, "{grown} MiB");
    assert!(stopped < Duration::from_secs(12), "{stopped:?}");
}
