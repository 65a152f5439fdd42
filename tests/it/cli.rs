//! The command line as a trader uses it, with and without a running server.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::support::{self, DataDir, Server, algohook};
use serde_json::{Value, json};

#[test]
fn from_nothing_to_the_first_order() {
    let server = Server::start();
    let shown = server.data.text(&["webhook", "create", "BTC Strategy"]);
    let value_of = |label: &str| {
        let line = shown.lines().find(|line| line.starts_with(label)).unwrap();
        line.split_once(':').unwrap().1.trim().to_owned()
    };
    let (url, key) = (value_of("URL"), value_of("Auth key"));
    assert!(
        url.starts_with(&format!("{}/hooks/wh_", server.url)),
        "{url}"
    );
    // What is printed is the message to paste; TradingView fills the placeholders in.
    let (_, message) = shown.split_once("orders:\n\n").unwrap();
    let (message, _) = message.split_once("\n\nMessage").unwrap();
    assert!(message.contains(&key));
    let message = message
        .replace("{{ticker}}", "BTCUSDT")
        .replace("{{strategy.order.action}}", "buy")
        .replace("{{strategy.order.contracts}}", "0.5")
        .replace("{{strategy.order.price}}", "64490.4")
        .replace("{{strategy.order.id}}", "Long")
        .replace("{{strategy.market_position}}", "long")
        .replace("{{strategy.market_position_size}}", "0.5")
        .replace("{{strategy.prev_market_position}}", "flat")
        .replace("{{strategy.prev_market_position_size}}", "0")
        .replace("{{interval}}", "15")
        .replace("{{timenow}}", "2026-01-05T14:30:00Z");
    let id = url.rsplit('/').next().unwrap();
    support::wait_until("the server knows the webhook", || {
        server.post(id, "{}").status != 404
    });
    server.post(id, &message).expect(200);

    let events = server.data.text(&["events"]);
    assert!(
        events.contains("buy 0.5 BTCUSDT at 64490.4 (market)"),
        "{events}"
    );
    let orders = server.data.text(&["orders"]);
    assert!(orders.contains("ord_1"), "{orders}");
}

#[test]
fn every_command_works_without_a_server() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    assert!(data.text(&["webhook", "list"]).contains(&webhook.id));
    assert_eq!(
        data.json(&["webhook", "show", &webhook.id, "--json"])["state"],
        "active"
    );
    data.text(&["webhook", "pause", &webhook.id]);
    assert_eq!(
        data.json(&["webhook", "list", "--json"])[0]["state"],
        "paused"
    );
    data.text(&["webhook", "resume", &webhook.id]);
    let rotated = data.json(&["webhook", "rotate-key", &webhook.id, "--json"]);
    assert_ne!(rotated["authKey"], webhook.key.as_str());
    assert_eq!(
        rotated["url"],
        format!("http://127.0.0.1:8080/hooks/{}", webhook.id)
    );
    assert!(data.text(&["events"]).contains("No events yet in "));
    assert!(data.text(&["orders"]).contains("No orders yet in "));
    assert!(data.text(&["rebuild"]).contains("Looked at 0 orders"));
    data.text(&["webhook", "delete", &webhook.id, "--yes"]);
    assert_eq!(data.json(&["webhook", "list", "--json"]), json!([]));
}

#[test]
fn a_running_server_takes_up_what_a_command_changes() {
    // Waiting for the new key is many requests with a wrong one.
    let server = Server::start_with(&["--rate-limit", "1000000"]);
    let webhook = server.create_webhook("Strategy");
    let status = |key: &str| {
        let alert = webhook.alert(&json!({ "auth_key": key }));
        server.deliver(&webhook, &alert).status
    };
    assert_eq!(status(&webhook.key), 200);
    let rotated = server
        .data
        .json(&["webhook", "rotate-key", &webhook.id, "--json"]);
    let new_key = rotated["authKey"].as_str().unwrap();
    support::wait_until("the new key is the one", || status(new_key) == 200);
    assert_eq!(status(&webhook.key), 401);
    server
        .data
        .text(&["webhook", "delete", &webhook.id, "--yes"]);
    support::wait_until("the webhook is gone", || status(new_key) == 404);
    assert!(server.data.events().is_empty());
}

#[test]
fn the_log_is_followed() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    server.deliver(&webhook, &webhook.alert(&json!({ "ticker": "BEFORE" })));
    let mut child = server
        .data
        .command(&["events", "--follow", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["ticker"], "BEFORE");
    server.deliver(&webhook, &webhook.alert(&json!({ "ticker": "AFTER" })));
    assert_eq!(next()["ticker"], "AFTER");
    server.post(&webhook.id, "{");
    assert_eq!(next()["error"]["code"], "invalid_json");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn events_are_filtered() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let other = server.create_webhook("Other");
    server.deliver(&webhook, &webhook.alert(&json!({ "ticker": "A" })));
    server.deliver(&webhook, &webhook.alert(&json!({ "ticker": "B" })));
    server.deliver(&other, &other.alert(&json!({ "ticker": "A" })));
    server.post(&webhook.id, "{");
    let count = |filter: &[&str]| {
        let arguments = [&["events", "--json"], filter].concat();
        support::lines_of_json(&server.data.text(&arguments)).len()
    };
    assert_eq!(count(&[]), 4);
    assert_eq!(count(&["--webhook", &webhook.id]), 3);
    assert_eq!(count(&["--status", "failed"]), 1);
    assert_eq!(count(&["--ticker", "A"]), 2);
    assert_eq!(count(&["--ticker", "A", "--webhook", &other.id]), 1);
    assert_eq!(count(&["--limit", "2"]), 2);
}

#[test]
fn a_webhook_that_was_made_just_now_takes_a_test_alert() {
    let server = Server::start();
    let webhook = server.data.create_webhook("Strategy");
    let sent = server.data.text(&["send", &webhook.id]);
    assert!(sent.starts_with("200: would make"), "{sent}");
}

#[test]
fn a_test_alert_goes_over_real_http() {
    // Waiting for a pause is many test alerts.
    let server = Server::start_with(&["--rate-limit", "1000000"]);
    let webhook = server.create_webhook("Strategy");
    for (template, would_make) in [
        ("strategy", "buy 1 BTCUSDT"),
        ("standard", "entryLong 1 BTCUSDT"),
        ("indicator", "entryLong 1 BTCUSDT"),
    ] {
        let arguments = ["send", &webhook.id, "--template", template];
        let sent = server.data.text(&arguments);
        let (said, event) = sent.split_once(" (evt_").unwrap();
        assert_eq!(
            said,
            format!("200: would make: {would_make} at 64490.4 (market). A test makes no order")
        );
        assert!(event.ends_with(").\n"), "{sent}");
        let whole = server.data.json(&[&arguments[..], &["--json"]].concat());
        assert_eq!(whole["order"]["intendedPrice"], 64490.4);
    }
    server.data.text(&["webhook", "pause", &webhook.id]);
    support::wait_until("the webhook is paused", || {
        let sent = server.data.text(&["send", &webhook.id]);
        sent.starts_with("200: The webhook is paused") && sent.contains("(evt_")
    });
    server.data.text(&["webhook", "resume", &webhook.id]);
    support::wait_until("the webhook goes on", || {
        let sent = server.data.text(&["send", &webhook.id]);
        sent.contains("would make")
    });
    let file = server.data.path.join("alert.json");
    std::fs::write(
        &file,
        "{\"auth_key\": \"AUTH_KEY\", \"ticker\": \"{{ticker}}\"}",
    )
    .unwrap();
    let output = server
        .data
        .run(&["send", &webhook.id, "--file", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.starts_with("422: ") && said.contains("(evt_"),
        "{said}"
    );
    assert!(server.data.orders().is_empty());
    let log = server.data.text(&["events"]);
    assert!(log.contains("no order (test)"), "{log}");
    let stopped = server.stop();
    let error = stopped.error(&["send", &webhook.id]);
    assert!(error.contains("algohook serve"), "{error}");
}

#[test]
fn a_backup_is_taken_while_the_server_writes_and_is_restored() {
    let server = Server::start_with(&["--rate-limit", "100000"]);
    let webhook = server.create_webhook("Strategy");
    let send = |count: usize| {
        for _ in 0..count {
            server
                .deliver(&webhook, &webhook.alert(&json!({})))
                .expect(200);
        }
    };
    send(50);
    let backup = server.data.path.join("backup.db");
    let backup = backup.to_str().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| send(50));
        server.data.text(&["backup", backup]);
    });
    let error = server.data.error(&["backup", backup]);
    assert!(error.contains("exists already"), "{error}");
    let error = server.data.error(&["restore", backup, "--force"]);
    assert!(error.contains("stop it first"), "{error}");

    let data = server.stop();
    assert_eq!(data.events().len(), 100);
    let error = data.error(&["restore", backup]);
    assert!(error.contains("--force"), "{error}");
    assert_eq!(
        data.events().len(),
        100,
        "a refused restore changes nothing"
    );
    data.text(&["restore", backup, "--force"]);
    let restored = data.events().len();
    assert!((50..=100).contains(&restored), "{restored}");
    assert_eq!(data.orders().len(), restored);

    let empty = DataDir::new();
    empty.text(&["restore", backup]);
    assert_eq!(empty.events().len(), restored);
    let server = Server::with(empty, &[]);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
}

#[test]
fn what_is_no_backup_is_refused() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let file = data.path.join("broken.db");
    std::fs::write(
        &file,
        "this is no database, but long enough to look like something",
    )
    .unwrap();
    let error = data.error(&["restore", file.to_str().unwrap(), "--force"]);
    assert!(error.contains("no usable algohook backup"), "{error}");
    rusqlite::Connection::open(data.path.join("other.db"))
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    let other = data.path.join("other.db");
    let error = data.error(&["restore", other.to_str().unwrap(), "--force"]);
    assert!(error.contains("no usable algohook backup"), "{error}");
    for (changes, said) in [
        ("DROP TABLE server_settings", "server_settings"),
        ("DROP INDEX events_by_webhook", "events_by_webhook"),
        (
            "CREATE TRIGGER spy AFTER INSERT ON events BEGIN DELETE FROM audit; END",
            "trigger spy",
        ),
        (
            "CREATE VIEW spy AS SELECT auth_key FROM webhooks",
            "view spy",
        ),
        ("PRAGMA user_version = 0", "did not make it"),
        ("PRAGMA user_version = 99", "newer"),
    ] {
        let file = data.path.join("changed.db");
        let shown = file.to_str().unwrap();
        data.text(&["backup", shown]);
        let database = rusqlite::Connection::open(&file).unwrap();
        database.execute_batch(changes).unwrap();
        drop(database);
        let error = data.error(&["restore", shown, "--force"]);
        assert!(error.contains(said), "{changes}: {error}");
        assert!(!data.path.join("algohook.db.partial").exists(), "{changes}");
        std::fs::remove_file(file).unwrap();
    }
    // What Litestream adds harms nothing.
    let file = data.path.join("replicated.db");
    data.text(&["backup", file.to_str().unwrap()]);
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute_batch("CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)")
        .unwrap();
    data.text(&["restore", file.to_str().unwrap(), "--force"]);
    assert_eq!(
        data.json(&["webhook", "list", "--json"])[0]["id"],
        webhook.id.as_str()
    );
}

#[test]
fn rebuild_derives_what_was_lost() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let alert = webhook.alert(&json!({ "metadata": { "strategy": "Breakout", "signal": "Long" } }));
    server.deliver(&webhook, &alert).expect(200);
    let before = server.data.orders();
    let database = rusqlite::Connection::open(server.data.database()).unwrap();
    database
        .execute(
            "UPDATE orders SET strategy = NULL, signal_name = 'x', paired_at = 0",
            [],
        )
        .unwrap();
    assert_ne!(server.data.orders(), before);
    let said = server.data.text(&["rebuild"]);
    assert!(said.contains("corrected 1"), "{said}");
    assert_eq!(server.data.orders(), before);
}

#[test]
fn tokens_are_made_listed_and_revoked() {
    let server = Server::start();
    let token = server.data.create_token();
    server.api(&token, "GET", "/me", None).expect(200);
    let listed = server.data.json(&["token", "list", "--json"]);
    assert_eq!(listed[0]["name"], "tests");
    assert!(listed[0]["lastUsedAt"].is_string());
    assert!(!listed.to_string().contains(&token));
    let id = listed[0]["id"].as_str().unwrap();
    for wrong in ["nobody's", "tok_77"] {
        let error = server.data.error(&["token", "revoke", wrong]);
        assert!(error.contains("there is no token"), "{error}");
    }
    assert!(server.data.text(&["token", "revoke", "tests"]).contains(id));
    server.api(&token, "GET", "/me", None).expect(401);
    let error = server.data.error(&["token", "revoke", id]);
    assert!(error.contains("there is no token"), "{error}");
}

#[test]
fn the_password_is_set_from_standard_input() {
    let server = Server::start();
    let set = |password: &str| {
        let mut child = server
            .data
            .command(&["user", "set-password"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
        child.wait_with_output().unwrap()
    };
    let refused = set("short");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("at least 10 characters"));
    assert!(set("a long password").status.success());
    let login = |password: &str| {
        let body = json!({ "password": password });
        server.request("POST", "/session", &[], Some(body)).status
    };
    assert_eq!(
        (login("another password"), login("a long password")),
        (401, 204)
    );
}

#[test]
fn wrong_use_ends_with_2_and_failures_with_1() {
    let data = DataDir::new();
    data.create_webhook("Strategy");
    for arguments in [
        &["webhook", "create"][..],
        &["events", "--status", "lost"],
        &["webhook", "show", "wh_short"],
        &["serve", "--rate-limit", "0"],
        &["nonsense"],
        &["orders", "--limit", "100000"],
    ] {
        assert_eq!(data.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    for (arguments, said) in [
        (
            &["webhook", "show", "wh_AAAAAAAAAAAAAAAAAAAAAA"][..],
            "there is no webhook",
        ),
        (&["events", "evt_99"], "there is no event"),
        (&["webhook", "create", " "], "1 to 100 printable characters"),
        (&["restore", "no-such-file.db"], "no usable algohook backup"),
        (
            &["--public-url", "hooks.example.com", "webhook", "list"],
            "must start with http",
        ),
        (
            &["--config", "no-such-file.toml", "events"],
            "no-such-file.toml",
        ),
    ] {
        let error = data.error(arguments);
        assert!(
            error.starts_with("error: ") && error.contains(said),
            "{error}"
        );
    }
}

#[test]
fn wrong_use_is_told_with_what_to_write() {
    let data = DataDir::new();
    for (arguments, said) in [
        (
            &["serve", "--listen", "9000"][..],
            "write ADDRESS:PORT, such as 127.0.0.1:9000",
        ),
        (
            &["serve", "--listen", "localhost:8080"],
            "write ADDRESS:PORT, such as 127.0.0.1:9000",
        ),
        (&["serve", "--public-listen", "443"], "write ADDRESS:PORT"),
        (
            &["serve", "--http-listen", "80"],
            "write none, or ADDRESS:PORT",
        ),
        (&["events", "--limit", "abc"], "must be a number"),
        (&["orders", "--limit", "20000"], "must be a number"),
    ] {
        let output = data.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(said), "{error}");
    }
    let error = data.error(&["--config", "nope.toml", "events"]);
    assert_eq!(error.matches("No such file").count(), 1, "{error}");
    data.create_webhook("Strategy");
    std::fs::write(data.path.join("config.toml"), "# mine\ndomains = []\n").unwrap();
    let error = data.error(&["webhook", "list"]);
    let said = "config.toml, line 2: there is no setting \"domains\"; did you mean \"domain\"?\n";
    assert!(error.ends_with(said), "{error}");
    let proxies = "trusted-proxy = [\"10.0.0.0/8\", \"localhost\"]\n";
    std::fs::write(data.path.join("config.toml"), proxies).unwrap();
    let error = data.error(&["webhook", "list"]);
    let said = "line 1: \"localhost\" is no address of a proxy; write an address such as 127.0.0.1";
    assert!(error.contains(said), "{error}");
}

#[test]
fn report_and_import_take_a_webhook_by_its_name_too() {
    let data = DataDir::new();
    let webhook = data.create_webhook("BTC Strategy");
    let another = data.create_webhook("Another");
    let path = data.path.join("file");
    let path = path.to_str().unwrap();
    let line = r#"{"time": "2026-01-05T14:30:00Z", "payload": {"ticker": "AAPL", "action": "buy", "marketPrice": 1}}"#;
    std::fs::write(path, line).unwrap();
    data.text(&["import", "alerts", path, "--webhook", "BTC Strategy"]);
    assert_eq!(data.events()[0]["webhook"], webhook.id);
    let list = "Trade #,Type,Date/Time,Price,Contracts,Profit\n\
        1,Entry long,2026-01-05 10:00,100,1,\n1,Exit long,2026-01-05 11:00,110,1,10\n";
    std::fs::write(path, list).unwrap();
    data.text(&["import", "trades", path, "--webhook", "BTC Strategy"]);
    let report = |of: &[&str]| {
        let arguments = [&["report", "--backtest", "--json"], of].concat();
        let shown = data.json(&arguments);
        shown["reports"][0]["all"]["totalTrades"].as_u64()
    };
    assert_eq!(report(&["BTC Strategy"]), Some(1));
    assert_eq!(report(&[&webhook.id, "BTC Strategy", "Another"]), Some(1));
    assert_eq!(report(&["Another"]), report(&[&another.id]));
    data.text(&["import", "trades", "--remove", "--webhook", "BTC Strategy"]);
    assert_ne!(report(&["BTC Strategy"]), Some(1));
    std::fs::write(path, line).unwrap();
    for arguments in [
        &["report", "Nobody"][..],
        &["import", "alerts", path, "--webhook", "Nobody"],
        &["import", "trades", "--remove", "--webhook", "Nobody"],
    ] {
        let error = data.error(arguments);
        let said = "there is no webhook named \"Nobody\"; algohook webhook list";
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn deleting_asks_first() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let error = data.error(&["webhook", "delete", &webhook.id]);
    assert!(error.contains("--yes"), "{error}");
    assert_eq!(
        data.json(&["webhook", "list", "--json"])
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn variables_and_the_file_say_the_same_as_flags() {
    let data = DataDir::new();
    data.create_webhook("Strategy");
    std::fs::write(
        data.path.join("config.toml"),
        "public-url = \"https://file.example.com\"\n",
    )
    .unwrap();
    let url = |variable: Option<&str>, flag: Option<&str>| {
        let mut command = algohook();
        command.env("ALGOHOOK_DATA_DIR", &data.path);
        if let Some(variable) = variable {
            command.env("ALGOHOOK_PUBLIC_URL", variable);
        }
        if let Some(flag) = flag {
            command.args(["--public-url", flag]);
        }
        let output = command
            .args(["webhook", "show", "Strategy", "--json"])
            .output()
            .unwrap();
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        let url = shown["url"].as_str().unwrap().to_owned();
        url.split("/hooks").next().unwrap().to_owned()
    };
    assert_eq!(url(None, None), "https://file.example.com");
    let variable = Some("https://variable.example.com");
    assert_eq!(url(variable, None), "https://variable.example.com");
    assert_eq!(
        url(variable, Some("https://flag.example.com/")),
        "https://flag.example.com"
    );
}

#[test]
fn completions_are_written_for_every_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let output = algohook().args(["completions", shell]).output().unwrap();
        assert!(output.status.success());
        assert!(
            String::from_utf8(output.stdout)
                .unwrap()
                .contains("rotate-key"),
            "{shell}"
        );
    }
}

#[test]
fn the_reader_of_the_output_may_leave() {
    let data = DataDir::new();
    for _ in 0..3 {
        data.create_webhook("Strategy");
    }
    let mut child = data
        .command(&["webhook", "list", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&server.data.path), 0o700);
    for file in ["algohook.db", "algohook.db-wal", "serve.lock"] {
        assert_eq!(mode(&server.data.path.join(file)), 0o600, "{file}");
    }
    let backup = server.data.path.join("backup.db");
    server.data.text(&["backup", backup.to_str().unwrap()]);
    assert_eq!(mode(&backup), 0o600);
}

#[test]
fn the_help_shows_what_there_is() {
    let help = |arguments: &[&str]| {
        let output = algohook()
            .args(arguments)
            .arg("--help")
            .env("COLUMNS", "100")
            .output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    insta::assert_snapshot!("help", help(&[]));
    insta::assert_snapshot!("help_serve", help(&["serve"]));
}
