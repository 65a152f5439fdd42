//! `algohook events` and `algohook orders`: what a trader sees of the log in the terminal.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};

use crate::support::{self, DataDir, PATIENCE, Server};
use serde_json::json;

/// `algohook events --follow`, with what it has printed.
struct Follower {
    child: Child,
    lines: Receiver<String>,
}

impl Follower {
    fn start(data: &DataDir, arguments: &[&str]) -> Self {
        let mut command = data.command(&["events", "--follow"]);
        let mut child = command
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in printed.map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// The next line, which has to hold all of these.
    #[track_caller]
    fn expect(&mut self, parts: &[&str]) {
        let line = self.lines.recv_timeout(PATIENCE).expect("another line");
        for part in parts {
            assert!(line.contains(part), "no {part:?} in {line:?}");
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn following_goes_on_after_a_restart_and_after_a_restore() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let send = |server: &Server, ticker: &str| {
        let alert = webhook.alert(&json!({ "ticker": ticker }));
        server.deliver(&webhook, &alert).expect(200);
    };
    send(&server, "FIRST");
    let backup = server.data.path.join("backup.db");
    let backup = backup.to_str().unwrap();
    server.data.text(&["backup", backup]);
    send(&server, "SECOND");
    send(&server, "THIRD");
    let mut follower = Follower::start(&server.data, &[]);
    follower.expect(&["evt_1", "FIRST"]);
    follower.expect(&["evt_2", "SECOND"]);
    follower.expect(&["evt_3", "THIRD"]);

    let server = Server::with(server.stop(), &[]);
    send(&server, "RESTARTED");
    follower.expect(&["evt_4", "RESTARTED"]);

    let data = server.stop();
    data.text(&["restore", backup, "--force"]);
    let server = Server::with(data, &[]);
    send(&server, "RESTORED");
    follower.expect(&["(the database was replaced by a backup; following from here)"]);
    follower.expect(&["evt_2", "RESTORED"]);
    send(&server, "AGAIN");
    follower.expect(&["evt_3", "AGAIN"]);
}

#[test]
fn refused_requests_are_followed_and_shown() {
    let server = Server::start();
    let webhook = server.create_webhook("BTC Strategy");
    let other = server.create_webhook("Other");
    let send = |ticker: &str| {
        let alert = webhook.alert(&json!({ "ticker": ticker }));
        server.deliver(&webhook, &alert).expect(200);
    };
    send("BEFORE");
    let mut follower = Follower::start(&server.data, &["--webhook", "BTC Strategy"]);
    follower.expect(&["BEFORE"]);
    let refuse = |changes, status| {
        let alert = webhook.alert(&changes);
        server.deliver(&webhook, &alert).expect(status);
    };
    refuse(json!({ "auth_key": "another" }), 401);
    follower.expect(&[
        "refused",
        "BTC Strategy",
        "wrong auth_key, from 127.0.0.1 (no event is kept)",
    ]);
    server.post(&other.id, "{}").expect(401);
    refuse(json!({ "auth_key": null }), 401);
    follower.expect(&["refused", "BTC Strategy", "no auth_key, from 127.0.0.1"]);
    refuse(
        json!({ "metadata": { "comment": "x".repeat(26_000) } }),
        413,
    );
    follower.expect(&["refused", "larger than 25 KB"]);
    send("AFTER");
    follower.expect(&["evt_2", "AFTER"]);

    let shown = server.data.text(&["webhook", "show", &webhook.id]);
    for reason in ["wrong auth_key", "no auth_key", "larger than 25 KB"] {
        assert!(shown.contains(reason), "{shown}");
    }
    let shown = server.data.json(&["webhook", "show", "Other", "--json"]);
    assert_eq!(shown["rejections"][0]["reason"], "missing_key");
}

#[test]
fn a_line_tells_warnings_and_how_its_event_came_to_be() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let send = |changes| {
        let alert = webhook.alert(&changes);
        server.deliver(&webhook, &alert).expect(200);
    };
    send(json!({ "qty": "2.50", "marketPrice": "10.0" }));
    send(json!({ "colour": 1 }));
    send(json!({ "colour": 1, "positionDirection": "exitShort", "ticker": "X" }));
    server.data.text(&["send", &webhook.id]);
    let file = server.data.path.join("history.jsonl");
    let line = r#"{"time": "2026-01-05T14:30:00Z", "payload": {"ticker": "OLD", "action": "buy", "marketPrice": 1}}"#;
    std::fs::write(&file, line).unwrap();
    let file = file.to_str().unwrap();
    let import = ["import", "alerts", file, "--webhook", &webhook.id];
    server.data.text(&import);
    server
        .post(&webhook.id, r#"{"qty": {{close}}}"#)
        .expect(400);

    let log = server.data.text(&["events"]);
    let line = |id: &str| {
        let mut lines = log.lines().filter(|line| line.contains(id));
        lines.next().unwrap_or_else(|| panic!("{id}: {log}"))
    };
    assert!(line("evt_1").ends_with("entryLong 2.5 NASDAQ:AAPL at 10 (market)"));
    assert!(line("evt_2").ends_with(" (1 warning: algohook events evt_2)"));
    assert!(line("evt_3").ends_with(" (2 warnings: algohook events evt_3)"));
    assert!(line("evt_4").ends_with("no order (test)"));
    assert!(line("evt_5").ends_with("(market) (imported)"));
    assert!(line("evt_6").contains(". Hint: "), "{log}");

    let shown = server.data.text(&["events", "evt_5"]);
    assert!(shown.contains("\nSource:    imported\n"), "{shown}");

    let orders = server.data.text(&["orders", &webhook.id]);
    let ends = |order: &str, end: &str| {
        let line = orders.lines().find(|line| line.contains(order)).unwrap();
        assert!(line.ends_with(end), "{line}");
    };
    ends("ord_1", "(market)");
    ends("ord_3", "2 warnings: algohook events evt_3");
    ends("ord_5", "imported");
}

#[test]
fn a_webhook_is_named_by_its_id_or_by_its_name() {
    let server = Server::start();
    let webhook = server.create_webhook("BTC Strategy");
    let other = server.create_webhook("Other");
    for webhook in [&webhook, &other] {
        let alert = webhook.alert(&json!({}));
        server.deliver(webhook, &alert).expect(200);
    }
    let data = &server.data;
    for named in [&webhook.id, "BTC Strategy"] {
        for of in [&["--webhook", named][..], &[named]] {
            for command in ["events", "orders"] {
                let listed = data.text(&[&[command, "--json"], of].concat());
                let listed = support::lines_of_json(&listed);
                assert_eq!(listed.len(), 1, "{command} {of:?}");
                assert_eq!(listed[0]["webhook"], webhook.id);
            }
        }
        let shown = data.json(&["webhook", "show", named, "--json"]);
        assert_eq!(shown["id"], webhook.id);
    }
    data.text(&["send", "BTC Strategy"]);
    let failed = &["events", "BTC Strategy", "--status", "failed"];
    assert!(data.text(failed).contains("No such events"));
    let error = data.error(&["events", "Nobody"]);
    assert!(error.contains("no webhook named \"Nobody\""), "{error}");
    let error = data.error(&["orders", "wh_AAAAAAAAAAAAAAAAAAAAAA"]);
    assert!(error.contains("there is no webhook wh_AAAA"), "{error}");
    for wrong in [
        &["events", "evt_1", "--follow"][..],
        &["events", "evt_x"],
        &["events", "wh_short"],
        &["orders", "Other", "--webhook", "Other"],
    ] {
        assert_eq!(data.run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}
