//! What was acknowledged survives `kill -9`, whenever it comes, and so does all
//! that was derived from it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::support::derived::derived;
use crate::support::{self, DataDir, Server, Webhook, agent};
use serde_json::json;

const KILLS: usize = 20;
const SENDERS: usize = 8;

/// Two to one, so that lots are added, closed in part and reversed.
const ACTIONS: [&str; 5] = ["buy", "buy", "sell", "sell", "sell"];
const TICKERS: [&str; 3] = ["NASDAQ:AAPL", "NASDAQ:MSFT", "COMEX:GC1!"];

#[test]
fn every_acknowledged_alert_is_there_exactly_once_after_twenty_kills() {
    let mut data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let acknowledged = Mutex::new(Vec::new());
    let next = AtomicU64::new(0);
    for kill in 0..KILLS {
        let server = Server::with(data, &["--rate-limit", "100000000"]);
        // Each kill comes at another point of the writer's work.
        let enough = acknowledged.lock().unwrap().len() + 40 + 17 * kill;
        let url = format!("{}/hooks/{}", server.url, webhook.id);
        data = std::thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| send_until_killed(&url, &webhook, &next, &acknowledged));
            }
            support::wait_until("there is load", || {
                acknowledged.lock().unwrap().len() >= enough
            });
            server.kill()
        });
        check(&data, &acknowledged.lock().unwrap());
    }
    let left = derived(&data.database());
    data.text(&["rebuild"]);
    assert_eq!(left, derived(&data.database()), "what a rebuild derives");
    let sent = next.load(Ordering::SeqCst);
    let acknowledged = acknowledged.lock().unwrap().len();
    println!(
        "{KILLS} kills: {sent} alerts sent, {acknowledged} acknowledged, none lost or doubled; {} derived rows, as a \
         rebuild has them",
        left.len()
    );
}

/// Sends alerts with ids of their own until the server is gone.
fn send_until_killed(
    url: &str,
    webhook: &Webhook,
    next: &AtomicU64,
    acknowledged: &Mutex<Vec<String>>,
) {
    let agent = agent();
    loop {
        let number = next.fetch_add(1, Ordering::SeqCst);
        let id = format!("alert-{number}");
        let alert = webhook.alert(&json!({
            "id": id,
            "positionDirection": null,
            "action": ACTIONS[usize::try_from(number).unwrap() % ACTIONS.len()],
            "qty": 1 + number % 3,
            "ticker": TICKERS[usize::try_from(number).unwrap() % TICKERS.len()],
        }));
        match agent.post(url).send(alert.to_string()) {
            Ok(answer) if answer.status() == 200 => acknowledged.lock().unwrap().push(id),
            Ok(answer) => panic!("{answer:?}"),
            Err(_) => return,
        }
    }
}

fn check(data: &DataDir, acknowledged: &[String]) {
    let database = rusqlite::Connection::open(data.database()).unwrap();
    let sound: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let mut statement = database
        .prepare(
            "SELECT o.idempotency_key, count(*) FROM orders o
             JOIN events e ON e.id = o.id AND e.status = 'processed' GROUP BY 1",
        )
        .unwrap();
    let kept: HashMap<String, u32> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for id in acknowledged {
        assert_eq!(kept.get(id), Some(&1), "{id} was acknowledged");
    }
    assert!(kept.values().all(|count| *count == 1));
    let halves: u32 = database
        .query_row(
            "SELECT count(*) FROM events e WHERE e.status = 'processed'
                AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = e.id)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(halves, 0, "an event whose order is missing");
}
