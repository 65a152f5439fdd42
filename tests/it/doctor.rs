//! `algohook doctor`: what is wrong is said, with what to do about it.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use crate::support::tls::Secured;
use crate::support::{self, DataDir, Server};
use serde_json::{Value, json};

/// Every finding by its check, and whether the exit status was 0.
fn findings(data: &DataDir, arguments: &[&str]) -> (Vec<Value>, bool) {
    let output = data.run(&[&["doctor", "--json"], arguments].concat());
    let findings = serde_json::from_slice(&output.stdout).unwrap();
    (findings, output.status.success())
}

fn verdict(findings: &[Value], check: &str) -> String {
    let found = findings.iter().find(|finding| finding["check"] == check);
    let found = found.unwrap_or_else(|| panic!("{check} was not looked at: {findings:?}"));
    found["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn without_a_server_it_says_how_to_start_one() {
    let data = DataDir::new();
    data.create_webhook("Strategy");
    let (found, is_good) = findings(&data, &[]);
    assert!(!is_good);
    assert_eq!(verdict(&found, "server"), "bad");
    assert_eq!(verdict(&found, "database"), "good");
    assert!(
        found[0]["next"]
            .as_str()
            .unwrap()
            .contains("algohook serve")
    );
    let output = data.run(&["doctor", "--quick"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_server_that_only_this_machine_reaches_is_good_for_a_health_check_only() {
    let server = Server::start();
    let (found, is_good) = findings(&server.data, &["--quick"]);
    assert!(is_good && found.len() == 1, "{found:?}");
    let (found, is_good) = findings(&server.data, &[]);
    assert!(!is_good);
    assert_eq!(verdict(&found, "server"), "good");
    assert_eq!(verdict(&found, "way in"), "bad");
    assert_eq!(verdict(&found, "clock"), "good");
    assert_eq!(verdict(&found, "last alert"), "notice");
    let output = server.data.run(&["doctor"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("WRONG  way in") && text.contains("-> algohook serve --domain"),
        "{text}"
    );
    let ending = String::from_utf8(output.stderr).unwrap();
    assert!(
        ending.starts_with("error: one thing is wrong. Next: algohook serve --domain"),
        "{ending}"
    );
}

#[test]
fn an_alert_counts_that_arrived_by_itself_and_made_an_order() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let last = || {
        let (found, _) = findings(&server.data, &[]);
        found
            .into_iter()
            .find(|finding| finding["check"] == "last alert")
            .unwrap()
    };
    server.data.text(&["send", &webhook.id]);
    assert_eq!(last()["found"], "none was received yet");
    let deliver = |changes| server.deliver(&webhook, &webhook.alert(&changes));
    deliver(json!({ "qty": -1 })).expect(422);
    let file = server.data.path.join("history.jsonl");
    let line = r#"{"time": "2026-01-05T14:30:00Z", "payload": {"ticker": "OLD", "action": "buy", "marketPrice": 1}}"#;
    std::fs::write(&file, line).unwrap();
    let import = ["import", "alerts", file.to_str().unwrap()];
    server
        .data
        .text(&[&import[..], &["--webhook", &webhook.id]].concat());
    let failed = last();
    assert_eq!(failed["verdict"], "notice");
    assert_eq!(failed["next"], "algohook events evt_2");
    let found = failed["found"].as_str().unwrap();
    assert!(found.contains(", failed: qty must be"), "{found}");
    deliver(json!({})).expect(200);
    assert_eq!(last()["verdict"], "good");
}

#[test]
fn refused_requests_and_a_list_of_senders_that_is_not_tradingviews_are_told_of() {
    // Alerts are sent until the change counts, however many that takes.
    let server = Server::start_with(&["--rate-limit", "1000000"]);
    let webhook = server.create_webhook("BTC Strategy");
    server.data.text(&["senders", "set", "any"]);
    let (found, _) = findings(&server.data, &[]);
    assert_eq!(verdict(&found, "senders"), "good");
    let own_list = ["senders", "set", "address", "--address", "192.0.2.1"];
    let said = server.data.text(&own_list);
    assert!(
        said.contains("TradingView's addresses: 192.0.2.1") && said.contains("--default-addresses"),
        "{said}"
    );
    support::wait_until("nobody else is let in", || {
        server.deliver(&webhook, &webhook.alert(&json!({}))).status == 403
    });
    let (found, _) = findings(&server.data, &[]);
    assert_eq!(verdict(&found, "senders"), "notice");
    assert_eq!(verdict(&found, "refused"), "notice");
    let refused = found.iter().find(|finding| finding["check"] == "refused");
    let text = refused.unwrap()["found"].as_str().unwrap();
    assert!(
        text.ends_with("for \"BTC Strategy\": not sent by TradingView, from 127.0.0.1"),
        "{text}"
    );

    let error = server.data.error(&["send", "BTC Strategy"]);
    assert!(error.contains("from TradingView only"), "{error}");

    let shown = server.data.text(&["senders", "show"]);
    assert!(shown.contains("--default-addresses"), "{shown}");
    let back = ["senders", "set", "address", "--default-addresses"];
    let said = server.data.text(&back);
    assert_eq!(said, "Alerts are taken from: address.\n");
    let shown = server.data.text(&["senders", "show"]);
    assert!(shown.contains("52.89.214.238"), "{shown}");
    let (found, _) = findings(&server.data, &[]);
    assert_eq!(verdict(&found, "senders"), "good");
}

#[test]
fn senders_that_lock_tradingview_out_are_wrong() {
    let data = DataDir::new();
    data.create_webhook("BTC Strategy");
    // As a database of an earlier version may be.
    let database = rusqlite::Connection::open(data.database()).unwrap();
    let setting = r#"{"policy":"certificate"}"#;
    let sql = "INSERT INTO server_settings (name, value) VALUES ('senders', ?1)";
    database.execute(sql, [setting]).unwrap();
    let (found, _) = findings(&data, &[]);
    assert_eq!(verdict(&found, "senders"), "bad");
    database.execute("DELETE FROM server_settings", []).unwrap();
    let (found, _) = findings(&data, &[]);
    assert_eq!(verdict(&found, "senders"), "good");
}

#[test]
fn behind_a_proxy_and_with_an_alert_all_is_well() {
    let server = Server::start_with(&["--trusted-proxy", "127.0.0.1/32"]);
    let webhook = server.create_webhook("Strategy");
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    let (found, is_good) = findings(&server.data, &[]);
    assert!(is_good, "{found:?}");
    assert_eq!(verdict(&found, "way in"), "good");
    assert_eq!(verdict(&found, "last alert"), "good");
}

#[test]
fn a_proxy_has_to_lead_to_this_server() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let public_url = format!("http://{}", proxy.local_addr().unwrap());
    let server = Server::start_with(&["--trusted-proxy", "127.0.0.1", "--public-url", &public_url]);
    let address = server.address();
    let passing = thread::spawn(move || {
        let (mut from, _) = proxy.accept().unwrap();
        let mut to = TcpStream::connect(address).unwrap();
        let (mut back_from, mut back_to) = (to.try_clone().unwrap(), from.try_clone().unwrap());
        let back = thread::spawn(move || io::copy(&mut back_from, &mut back_to));
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
        let _ = back.join();
        // Dropping the listener is the end of the tunnel.
    });
    let (found, _) = findings(&server.data, &[]);
    assert_eq!(verdict(&found, "proxy"), "good", "{found:?}");
    passing.join().unwrap();
    let (found, is_good) = findings(&server.data, &[]);
    assert_eq!(verdict(&found, "proxy"), "bad", "{found:?}");
    assert!(!is_good);
}

#[test]
fn a_certificate_that_nobody_trusts_is_named() {
    let secured = Secured::start();
    let (found, is_good) = findings(&secured.server.data, &[]);
    assert!(!is_good);
    assert_eq!(verdict(&found, "certificate"), "bad");
    let found = found
        .iter()
        .find(|finding| finding["check"] == "certificate")
        .unwrap();
    let text = found["found"].as_str().unwrap();
    assert!(text.contains("not one that others trust"), "{text}");
}

#[test]
fn a_broken_database_is_not_called_sound() {
    let data = DataDir::new();
    data.create_webhook("Strategy");
    let bytes = std::fs::read(data.database()).unwrap();
    let broken: Vec<u8> = bytes
        .iter()
        .enumerate()
        .map(|(index, byte)| if index < 4096 { *byte } else { 0x5a })
        .collect();
    std::fs::write(data.database(), broken).unwrap();
    let (found, is_good) = findings(&data, &[]);
    assert!(!is_good);
    assert_eq!(verdict(&found, "database"), "bad");
}
