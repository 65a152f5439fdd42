//! What is not kept: deleted keys, what made no order where the owner says so, and the room
//! of what was deleted.

use std::path::{Path, PathBuf};

use crate::support::{DataDir, Server, Webhook, wait_until};
use rusqlite::Connection;
use serde_json::json;

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Whether a text is anywhere in a database's file or log.
fn holds(database: &Path, text: &str) -> bool {
    [database.to_owned(), beside(database, "-wal")]
        .iter()
        .any(|file| {
            let bytes = std::fs::read(file).unwrap_or_default();
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
}

#[test]
fn a_deleted_key_is_gone_from_the_file_and_its_log() {
    let server = Server::start();
    let (rotated, deleted, kept) = (
        server.create_webhook("Rotated"),
        server.create_webhook("Deleted"),
        server.create_webhook("Kept"),
    );
    let by_command = server.create_webhook("By command");
    let token = server.data.create_token();
    let database = server.data.database();
    server.deliver(&kept, &kept.alert(&json!({}))).expect(200);
    assert!(holds(&database, &rotated.key) && holds(&database, &deleted.key));
    let path = format!("/webhooks/{}/rotate-key", rotated.id);
    server.api(&token, "POST", &path, None).expect(200);
    let path = format!("/webhooks/{}", deleted.id);
    server.api(&token, "DELETE", &path, None).expect(204);
    server.data.text(&["webhook", "rotate-key", &by_command.id]);
    for gone in [&rotated, &deleted, &by_command] {
        wait_until("the key is gone", || !holds(&database, &gone.key));
    }
    assert!(holds(&database, &kept.key));
    server.deliver(&kept, &kept.alert(&json!({}))).expect(200);
}

#[test]
fn compact_gives_room_back_and_keeps_everything_else() {
    let data = DataDir::new();
    let (large, kept) = (data.create_webhook("Large"), data.create_webhook("Kept"));
    let server = Server::with(data, &["--rate-limit", "100000"]);
    for number in 0..60 {
        let note = "x".repeat(20_000);
        let alert = large.alert(&json!({ "id": number.to_string(), "metadata": { "note": note } }));
        server.deliver(&large, &alert).expect(200);
        let alert = kept.alert(&json!({ "id": number.to_string() }));
        server.deliver(&kept, &alert).expect(200);
    }
    server.data.text(&["webhook", "delete", &large.id, "--yes"]);
    let (events, orders) = (server.data.events(), server.data.orders());
    assert_eq!(events.len(), 60);
    // Beside the server first, which goes on with the same file.
    let said = server.data.text(&["compact"]);
    assert!(said.contains("MiB now"), "{said}");
    server.deliver(&kept, &kept.alert(&json!({}))).expect(200);
    let size = || std::fs::metadata(server.data.database()).unwrap().len();
    // The notes alone were 1.2 MB; the tables and indexes have their pages whatever is in them.
    assert!(size() < 60 * 20_000 / 2, "{}", size());
    assert_eq!(server.data.events()[..60], events);
    server.get("/healthz").expect(200);

    // Then without it.
    server.data.text(&["webhook", "create", "Another"]);
    let data = server.stop();
    let (before, all) = (data.orders(), data.events());
    data.text(&["compact"]);
    assert_eq!((data.orders(), data.events()), (before, all));
    assert_eq!(data.orders()[..60], orders);
    let output = data.run(&["doctor"]);
    let found = String::from_utf8(output.stdout).unwrap();
    assert!(found.contains("database: sound"), "{found}");
    let server = Server::with(data, &[]);
    server.deliver(&kept, &kept.alert(&json!({}))).expect(200);
}

#[test]
fn events_without_an_order_go_when_they_are_old_and_nothing_else_does() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let server = Server::with(data, &["--rate-limit", "100000"]);
    let token = server.data.create_token();
    for number in 0..450 {
        let alert = webhook.alert(&json!({ "qty": -1, "id": number.to_string() }));
        server.deliver(&webhook, &alert).expect(422);
    }
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    // One that was processed after all is where its order comes from.
    let body = json!({ "payload": { "ticker": "AAPL", "action": "buy", "marketPrice": 1 } });
    server
        .api(&token, "POST", "/events/evt_1/reprocess", Some(body))
        .expect(201);
    let data = server.stop();
    let database = Connection::open(data.database()).unwrap();
    let long_ago = "UPDATE events SET received_at = received_at - 100 * 86400000000";
    database.execute_batch(long_ago).unwrap();
    drop(database);
    let server = Server::with(data, &["--keep-unsettled", "90", "--rate-limit", "100000"]);
    server
        .deliver(&webhook, &webhook.alert(&json!({ "qty": -1 })))
        .expect(422);
    wait_until("what is old is gone", || server.data.events().len() == 4);
    let events = server.data.events();
    let statuses: Vec<&str> = events
        .iter()
        .map(|event| event["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["failed", "processed", "processed", "failed"]);
    assert_eq!(events[0]["id"], "evt_1");
    assert_eq!(server.data.orders().len(), 2);
    let output = server.data.run(&["serve", "--keep-unsettled", "1"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("2 days or more"), "{error}");
}

/// Moves everything that has happened back by a hundred days.
fn age(data: &DataDir) {
    let database = Connection::open(data.database()).unwrap();
    let days = 100_i64 * 86_400_000_000;
    database
        .execute_batch(&format!(
            "UPDATE events SET received_at = received_at - {days}, signal_time = signal_time - {days};
             UPDATE orders SET received_at = received_at - {days}, paired_at = paired_at - {days};"
        ))
        .unwrap();
}

/// Exit and profit of every trade.
fn profits(data: &DataDir) -> Vec<(i64, String)> {
    let database = Connection::open(data.database()).unwrap();
    let sql =
        "SELECT exit_order, net_profit FROM trades WHERE exit_order <= 40 ORDER BY exit_order";
    let mut select = database.prepare(sql).unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Alerts in time, with their messages as TradingView's log has them.
fn messages(webhook: &Webhook) -> Vec<String> {
    let mut messages = Vec::new();
    for number in 0..40 {
        let (side, price) = if number % 2 == 0 {
            ("entryLong", 100 + number)
        } else {
            ("exitLong", 103 + number)
        };
        let changes = json!({ "positionDirection": side, "marketPrice": price, "metadata": {
            "signal": format!("number {number}"), "note": "n".repeat(3_000),
        }});
        messages.push(webhook.alert(&changes).to_string());
    }
    messages
}

/// TradingView's log of these messages at the times that the events have.
fn log_of(messages: &[String], events: &[serde_json::Value]) -> String {
    let mut log = "Alert ID,Ticker,Name,Description,Time\n".to_owned();
    for (message, event) in messages.iter().zip(events).rev() {
        let quoted = message.replace('"', "\"\"");
        let time = event["receivedAt"].as_str().unwrap();
        log += &["1,AAPL,Strategy,\"", &quoted, "\",", time, "\n"].concat();
    }
    log
}

#[test]
fn messages_go_when_they_are_old_and_nothing_else_changes() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let server = Server::with(data, &["--rate-limit", "100000"]);
    let token = server.data.create_token();
    let messages = messages(&webhook);
    for message in &messages {
        server.post(&webhook.id, message).expect(200);
    }
    server
        .deliver(&webhook, &webhook.alert(&json!({ "qty": -1 })))
        .expect(422);
    let data = server.stop();
    age(&data);
    let (events, orders) = (data.events(), data.orders());
    let trades = profits(&data);
    let size = std::fs::metadata(data.database()).unwrap().len();

    let server = Server::with(data, &["--keep-messages", "90", "--rate-limit", "100000"]);
    let fresh = webhook.alert(&json!({ "metadata": { "signal": "fresh" } }));
    server.deliver(&webhook, &fresh).expect(200);
    wait_until("old messages are gone", || {
        let events = server.data.events();
        events[..41].iter().all(|event| event["payload"].is_null())
    });
    let now = server.data.events();
    assert!(now[41]["payload"].as_str().unwrap().contains("fresh"));
    for (now, before) in now.iter().zip(&events) {
        let mut with_message = now.clone();
        with_message["payload"] = before["payload"].clone();
        assert_eq!(&with_message, before);
    }
    assert_eq!(server.data.orders()[..40], orders);
    let shown = server.data.text(&["events", "evt_1"]);
    assert!(shown.contains("no longer kept"), "{shown}");
    let storage = server.api(&token, "GET", "/storage", None).json();
    assert_eq!(storage["keptDays"]["messages"], 90);
    assert_eq!(storage["removed"][0]["kind"], "messages");
    assert_eq!(storage["removed"][0]["count"], 41);
    let found = String::from_utf8(server.data.run(&["doctor"]).stdout).unwrap();
    assert!(
        found.contains("messages for 90 days are kept, all else always"),
        "{found}"
    );
    assert!(found.contains("41 messages removed, up to 20"), "{found}");

    // One that failed cannot be processed as it was, but with its message given.
    let refused = server.api(&token, "POST", "/events/evt_41/reprocess", None);
    assert_eq!(refused.status, 409);
    assert_eq!(refused.json()["code"], "message_not_kept");
    let edited = json!({ "payload": { "ticker": "AAPL", "action": "buy", "marketPrice": 1 } });
    server
        .api(&token, "POST", "/events/evt_41/reprocess", Some(edited))
        .expect(201);
    let reprocessed = server.data.orders().len();
    assert_eq!(reprocessed, 42);
    wait_until("the room is given back", || {
        server.data.text(&["compact"]);
        std::fs::metadata(server.data.database()).unwrap().len() + 100_000 < size
    });
    let data = server.stop();
    let said = data.text(&["rebuild"]);
    assert!(
        said.contains("Left as they are: 40 orders, whose messages are no longer kept"),
        "{said}"
    );
    assert!(said.contains("corrected 0"), "{said}");
    assert_eq!(data.orders()[..40], orders);
    assert_eq!(profits(&data), trades);
}

#[test]
fn an_import_knows_alerts_whose_messages_are_no_longer_kept() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let server = Server::with(data, &["--rate-limit", "100000"]);
    let messages = messages(&webhook);
    for message in &messages {
        server.post(&webhook.id, message).expect(200);
    }
    let data = server.stop();
    age(&data);
    let log = log_of(&messages, &data.events());
    let file = data.path.join("log.csv");
    std::fs::write(&file, log).unwrap();
    let server = Server::with(data, &["--keep-messages", "90"]);
    wait_until("old messages are gone", || {
        let events = server.data.events();
        events.iter().all(|event| event["payload"].is_null())
    });
    let orders = server.data.orders();
    let import = [
        "import",
        "alerts",
        file.to_str().unwrap(),
        "--webhook",
        &webhook.id,
        "--json",
    ];
    let imported = server.data.json(&import)["alerts"].clone();
    assert_eq!(
        (&imported["known"], &imported["new"]),
        (&json!(40), &json!(0)),
        "{imported}"
    );
    assert_eq!(server.data.orders(), orders);

    // algohook's own export has no messages for them any more, and says so.
    let token = server.data.create_token();
    let export = server.api(&token, "GET", "/export/events.csv", None).text;
    let file = server.data.path.join("export.csv");
    std::fs::write(&file, export).unwrap();
    let other = server.create_webhook("Other");
    let import = [
        "import",
        "alerts",
        file.to_str().unwrap(),
        "--webhook",
        &other.id,
    ];
    let said = server.data.text(&import);
    assert!(
        said.contains("40 left out: their messages were no longer kept"),
        "{said}"
    );
    assert_eq!(server.data.orders(), orders);
    let output = server.data.run(&["serve", "--keep-messages", "1"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("keep-messages must be 2 days or more"),
        "{error}"
    );
}

#[test]
fn compact_makes_nothing_where_there_is_nothing() {
    let data = DataDir::new();
    let error = data.error(&["compact"]);
    assert!(error.contains("there is no database"), "{error}");
    assert!(!data.path.exists());
}
