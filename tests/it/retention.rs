//! What is not kept: deleted keys, what made no order where the owner says so, and the room
//! of what was deleted.

use std::path::{Path, PathBuf};

use crate::support::{DataDir, Server, wait_until};
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
    assert!(size() < 400_000, "{}", size());
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

#[test]
fn compact_makes_nothing_where_there_is_nothing() {
    let data = DataDir::new();
    let error = data.error(&["compact"]);
    assert!(error.contains("there is no database"), "{error}");
    assert!(!data.path.exists());
}
