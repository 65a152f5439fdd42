//! A server that cannot store alerts says so, stores nothing where nobody would find it, and
//! goes on by itself.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::support::{self, Server, Webhook, wait_until};
use rusqlite::Connection;
use serde_json::json;

fn deliver(server: &Server, webhook: &Webhook, id: &str) -> u16 {
    let alert = webhook.alert(&json!({ "id": id }));
    server.deliver(webhook, &alert).status
}

fn is_healthy(server: &Server) -> bool {
    let answer = server.get("/healthz");
    let is_well = answer.status == 200;
    assert!(is_well || answer.status == 503, "{answer:?}");
    let gauge = format!("algohook_database_writable {}", i32::from(is_well));
    // What is counted changes with it.
    wait_until("the metrics say the same", || {
        server.get("/metrics").text.contains(&gauge)
            || server.get("/healthz").status != answer.status
    });
    is_well
}

/// The ids of the alerts that a database has.
fn ids(database: &Path) -> Vec<String> {
    let database = Connection::open(database).unwrap();
    let mut ids = database
        .prepare("SELECT json_extract(payload, '$.id') FROM events ORDER BY id")
        .unwrap();
    let ids = ids.query_map([], |row| row.get(0)).unwrap();
    ids.map(Result::unwrap).collect()
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[test]
fn it_is_not_well_while_alerts_get_503_and_well_again_by_itself() {
    let server = Server::start_with(&["--rate-limit", "100000", "--max-database-size", "2"]);
    let old = server.create_webhook("Old");
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    assert!(is_healthy(&server));
    let note = "x".repeat(15_000);
    let fill = |webhook: &Webhook, id: String| {
        let alert = webhook.alert(&json!({ "id": id, "metadata": { "note": note } }));
        server.deliver(webhook, &alert).status
    };
    for number in 0..40 {
        assert_eq!(fill(&old, number.to_string()), 200);
    }
    let refused = (0..1000).any(|number| fill(&webhook, format!("w{number}")) == 503);
    assert!(refused);
    assert!(!is_healthy(&server));
    // What the owner still can write is no sign that alerts can be.
    let path = format!("/webhooks/{}", webhook.id);
    let paused = server.api(&token, "PATCH", &path, Some(json!({ "notes": "x" })));
    assert!(paused.status < 300 || paused.status == 503, "{paused:?}");
    assert!(!is_healthy(&server));
    server
        .api(&token, "DELETE", &format!("/webhooks/{}", old.id), None)
        .expect(204);
    wait_until("it is well again", || is_healthy(&server));
    assert_eq!(deliver(&server, &webhook, "after"), 200);
    let log = server.log();
    assert!(log.contains("the database can be written again"), "{log}");
    let said = log.matches("alerts are answered with 503").count();
    assert!((1..10).contains(&said), "{log}");
}

#[test]
fn nothing_is_stored_in_a_database_that_was_moved_away() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let (database, away) = (server.data.database(), server.data.path.join("away.db"));
    assert_eq!(deliver(&server, &webhook, "before"), 200);
    std::fs::rename(&database, &away).unwrap();
    assert_eq!(deliver(&server, &webhook, "meanwhile"), 503);
    assert!(!is_healthy(&server));
    let log = server.log();
    assert!(
        log.contains("was moved or deleted while it is open"),
        "{log}"
    );
    // No command makes another one in its place, and none is read for it.
    server.data.error(&["webhook", "list"]);
    assert!(!database.exists());

    std::fs::rename(&away, &database).unwrap();
    wait_until("it goes on", || is_healthy(&server));
    assert_eq!(deliver(&server, &webhook, "after"), 200);
    let data = server.kill();
    assert_eq!(ids(&data.database()), ["before", "after"]);
}

#[test]
fn nothing_is_stored_in_a_database_that_was_replaced() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let database = server.data.database();
    assert_eq!(deliver(&server, &webhook, "before"), 200);
    let copy = server.data.path.join("copy.db");
    server.data.text(&["backup", copy.to_str().unwrap()]);
    std::fs::rename(&copy, &database).unwrap();
    assert_eq!(deliver(&server, &webhook, "meanwhile"), 503);
    assert!(!is_healthy(&server));
    assert!(server.log().contains("was replaced by another file"));
    let data = server.kill();
    std::fs::remove_file(beside(&data.database(), "-wal")).unwrap();
    let server = Server::with(data, &[]);
    assert_eq!(deliver(&server, &webhook, "after"), 200);
    let data = server.kill();
    assert_eq!(ids(&data.database()), ["before", "after"]);
}

#[test]
fn what_a_deleted_log_held_is_not_lost() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    assert_eq!(deliver(&server, &webhook, "before"), 200);
    std::fs::remove_file(beside(&server.data.database(), "-wal")).unwrap();
    assert_eq!(deliver(&server, &webhook, "meanwhile"), 503);
    assert!(!is_healthy(&server));
    let log = server.log();
    assert!(log.contains("-wal was deleted"), "{log}");
    let server = Server::with(server.kill(), &[]);
    assert_eq!(deliver(&server, &webhook, "after"), 200);
    let data = server.kill();
    assert_eq!(ids(&data.database()), ["before", "after"]);
}

#[test]
fn nothing_is_stored_under_a_schema_that_is_not_ours() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let database = Connection::open(server.data.database()).unwrap();
    database.busy_timeout(support::PATIENCE).unwrap();
    let version: i64 = database
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(deliver(&server, &webhook, "1"), 200);
    for (change, said, back) in [
        (
            "PRAGMA user_version = 999".to_owned(),
            "has brought it to schema version 999",
            format!("PRAGMA user_version = {version}"),
        ),
        (
            "CREATE TRIGGER evil AFTER INSERT ON events BEGIN DELETE FROM events; END".to_owned(),
            "the trigger evil is not algohook's",
            "DROP TRIGGER evil".to_owned(),
        ),
    ] {
        database.execute_batch(&change).unwrap();
        assert_eq!(deliver(&server, &webhook, "meanwhile"), 503, "{change}");
        assert!(!is_healthy(&server), "{change}");
        assert!(server.log().contains(said), "{}", server.log());
        database.execute_batch(&back).unwrap();
        wait_until("it goes on", || is_healthy(&server));
    }
    // What others keep beside our tables harms nothing.
    database
        .execute_batch("CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)")
        .unwrap();
    assert_eq!(deliver(&server, &webhook, "2"), 200);
    assert_eq!(ids(&server.data.database()), ["1", "2"]);
}

#[test]
fn who_waits_for_a_locked_database_is_answered_before_the_lock_is_gone() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    let locking = Connection::open(server.data.database()).unwrap();
    locking.execute_batch("BEGIN EXCLUSIVE").unwrap();
    // Several alerts wait, and each keeps the writer waiting for the lock.
    std::thread::scope(|scope| {
        for number in 0..4 {
            let (server, webhook) = (&server, &webhook);
            scope.spawn(move || assert_eq!(deliver(server, webhook, &number.to_string()), 503));
        }
        for body in [json!({ "name": "One" }), json!({ "name": "Two" })] {
            let begun = Instant::now();
            let answer = server
                .api(&token, "POST", "/webhooks", Some(body))
                .expect(503);
            let waited = begun.elapsed();
            assert!(waited < Duration::from_secs(6), "{waited:?}");
            assert_eq!(answer.header("retry-after"), "1");
            assert_eq!(answer.json()["code"], "unavailable");
        }
        server.api(&token, "GET", "/webhooks", None).expect(200);
    });
    assert!(!is_healthy(&server));
    locking.execute_batch("ROLLBACK").unwrap();
    wait_until("it goes on", || is_healthy(&server));
    assert_eq!(deliver(&server, &webhook, "after"), 200);
    assert_eq!(ids(&server.data.database()), ["after"]);
}

#[test]
fn the_owner_gets_in_while_nothing_can_be_written() {
    let server = Server::start();
    let (password, other) = ("a long password", "another password");
    server.choose_password(password, &[]);
    let log_in = |password: &str| {
        let body = json!({ "password": password });
        server.request("POST", "/session", &[], Some(body))
    };
    let locking = Connection::open(server.data.database()).unwrap();
    locking.busy_timeout(support::PATIENCE).unwrap();
    locking.execute_batch("BEGIN EXCLUSIVE").unwrap();
    log_in(other).expect(401);
    let answer = log_in(password).expect(204);
    let cookie = answer.header("set-cookie").split(';').next().unwrap();
    let with = |method, path| {
        let headers = [("cookie", cookie), ("origin", server.url.as_str())];
        server.request(method, path, &headers, None)
    };
    with("GET", "/overview").expect(200);
    locking.execute_batch("ROLLBACK").unwrap();
    with("GET", "/webhooks").expect(200);
    // A change of the password ends it, as it ends every session.
    let mut command = server.data.command(&["user", "set-password"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"another password\n").unwrap();
    assert!(child.wait().unwrap().success());
    with("GET", "/webhooks").expect(401);
}
