//! Long commands beside a running server: its alerts do not wait for them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::derived::{derived, rows};
use crate::support::files::{file, import};
use crate::support::history::{alerts, fills};
use crate::support::{DataDir, Server, Webhook, wait_until};

/// More than a few transactions of a command.
const LONG: i64 = 12_000;

/// A server with a strategy that the command is about, and another one.
struct Desk {
    server: Server,
    strategy: Webhook,
    other: Webhook,
}

impl Desk {
    fn new() -> Self {
        let server = Server::start_with(&["--rate-limit", "100000"]);
        Self {
            strategy: server.create_webhook("Strategy"),
            other: server.create_webhook("Other"),
            server,
        }
    }

    fn data(&self) -> &DataDir {
        &self.server.data
    }

    fn history(&self) {
        let path = file(self.data(), "history.jsonl", alerts(LONG));
        import(self.data(), "alerts", &path, &self.strategy, &[]);
    }

    /// Sends alerts to both webhooks until the command has ended: each is recorded at once.
    fn alerts_during(&self, command: impl FnOnce(&Self)) {
        let has_ended = AtomicBool::new(false);
        let (mut slowest, mut sent) = (Duration::ZERO, 0);
        std::thread::scope(|scope| {
            let sending = scope.spawn(|| {
                while !has_ended.load(Ordering::Acquire) || sent < 10 {
                    for webhook in [&self.strategy, &self.other] {
                        let begun = Instant::now();
                        let changes = json!({ "ticker": "AAPL", "qty": 1, "id": sent.to_string() });
                        let answer = self.server.deliver(webhook, &webhook.alert(&changes));
                        answer.expect(200);
                        slowest = slowest.max(begun.elapsed());
                    }
                    sent += 1;
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
            command(self);
            has_ended.store(true, Ordering::Release);
            sending.join().unwrap();
        });
        println!("{sent} alerts, the slowest in {slowest:?}");
        let database = self.data().database();
        let stale = "SELECT count(*) FROM ledgers WHERE is_stale";
        wait_until("all is derived", || {
            rows(&database, &[stale]) == ["Integer(0)"]
        });
        let before = derived(&self.data().database());
        assert!(self.data().text(&["rebuild"]).contains("corrected 0;"));
        assert_eq!(before, derived(&self.data().database()));
    }
}

#[test]
fn a_rebuild() {
    let desk = Desk::new();
    desk.history();
    desk.alerts_during(|desk| {
        desk.data().text(&["rebuild"]);
    });
}

#[test]
fn an_import_of_alerts() {
    let desk = Desk::new();
    let path = file(desk.data(), "history.jsonl", alerts(LONG));
    desk.alerts_during(|desk| {
        let imported = import(desk.data(), "alerts", &path, &desk.strategy, &[]);
        assert_eq!(imported["new"], LONG);
    });
}

#[test]
fn an_import_of_fills_and_its_undoing() {
    let desk = Desk::new();
    desk.history();
    let path = file(desk.data(), "fills.csv", fills(LONG));
    desk.alerts_during(|desk| {
        let imported = import(desk.data(), "fills", &path, &desk.strategy, &[]);
        assert_eq!(imported["new"], LONG);
        let webhook = desk.strategy.id.as_str();
        let undo = ["import", "fills", "--webhook", webhook, "--undo", "fim_1"];
        desk.data().text(&undo);
    });
}

#[test]
fn a_change_of_settings() {
    let desk = Desk::new();
    desk.history();
    desk.alerts_during(|desk| {
        let commission = json!({ "commission": { "kind": "perOrder", "value": "1" } });
        let body = json!({ "settings": commission });
        let path = format!("/webhooks/{}", desk.strategy.id);
        let token = desk.data().create_token();
        let server = &desk.server;
        server.api(&token, "PATCH", &path, Some(body)).expect(200);
    });
}
