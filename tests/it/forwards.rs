//! Forwards: what another service is sent of an alert, when, how often, and what is known of it
//! afterwards.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::receiver::{ALLOW, Does, Receiver};
use crate::support::{Answer, DataDir, Server, Webhook, wait_until};

/// A server that may send to this machine, a webhook, and a token.
fn server() -> (Server, Webhook, String) {
    let server = Server::start_with(&ALLOW);
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    (server, webhook, token)
}

/// Adds a forward.
#[track_caller]
fn add(data: &DataDir, webhook: &Webhook, url: &str, options: &[&str]) -> Value {
    let mut arguments = vec!["forward", "add", &webhook.id, url, "--json"];
    arguments.extend(options);
    data.json(&arguments)
}

fn rows(data: &DataDir, options: &[&str]) -> Vec<Value> {
    let mut arguments = vec!["outbox", "--json", "--limit", "10000"];
    arguments.extend(options);
    data.json(&arguments).as_array().unwrap().clone()
}

/// Waits until the rows of the outbox are in these states, oldest first.
#[track_caller]
fn until(data: &DataDir, states: &[&str]) -> Vec<Value> {
    let mut rows = Vec::new();
    wait_until(&format!("the messages are {states:?}"), || {
        rows = self::rows(data, &[]);
        rows.reverse();
        rows.iter()
            .map(|row| row["state"].as_str().unwrap())
            .eq(states.iter().copied())
    });
    rows
}

#[test]
fn the_bytes_that_came_go_on_without_the_key_and_the_answer_stands_with_the_event() {
    let (server, webhook, token) = server();
    let receiver = Receiver::start();
    let url = receiver.url("/hook?a=b");
    let forward = add(&server.data, &webhook, &url, &[]);
    assert_eq!(forward["url"], url);
    assert_eq!(
        (&forward["format"], &forward["maxAge"]),
        (&json!("as-received"), &json!(60))
    );
    assert_eq!(
        (&forward["repeats"], &forward["secret"]),
        (&json!(false), &Value::Null)
    );
    let body = format!(
        "{{ \"ticker\": \"AAPL\",\n \"auth_key\": \"{}\", \"positionDirection\":\"entryLong\", \"qty\": 1.50, \
         \"marketPrice\": 150, \"mine\": [1,  2] }}",
        webhook.key
    );
    let answer = server.post(&webhook.id, &body).expect(200).json();
    let came = &receiver.wait(1)[0];
    assert_eq!(came.line, "POST /hook?a=b");
    assert_eq!(
        came.text(),
        "{ \"ticker\": \"AAPL\",\n \"positionDirection\":\"entryLong\", \"qty\": 1.50, \"marketPrice\": 150, \
         \"mine\": [1,  2] }"
    );
    assert_eq!(came.header("content-type"), "application/json");
    assert_eq!(came.header("webhook-id"), "");
    until(&server.data, &["done"]);
    let event = answer["webhookEvent"]["id"].as_str().unwrap();
    let shown = server
        .api(&token, "GET", &format!("/events/{event}"), None)
        .expect(200)
        .json();
    let told = &shown["forwards"][0];
    assert_eq!(
        (&told["state"], &told["lastAnswer"]),
        (&json!("done"), &json!("200: ok"))
    );
    assert_eq!(
        (&told["target"], &told["event"], &told["attempts"]),
        (&forward["id"], &json!(event), &json!(1))
    );
    let (sent, answered) = (
        told["sentAfterMs"].as_f64().unwrap(),
        told["answeredAfterMs"].as_f64().unwrap(),
    );
    assert!(sent >= 0.0 && answered >= sent, "{told}");
    let shown = server.data.text(&["events", event]);
    assert!(
        shown.contains("done after 1 attempt, sent after"),
        "{shown}"
    );
}

#[test]
fn only_what_makes_a_live_order_is_passed_on() {
    let (server, webhook, token) = server();
    let receiver = Receiver::start();
    add(&server.data, &webhook, &receiver.url("/orders"), &[]);
    add(
        &server.data,
        &webhook,
        &receiver.url("/events"),
        &["--when", "event"],
    );
    let to = |path: &str| -> Vec<String> {
        let came = receiver
            .came()
            .into_iter()
            .filter(|came| came.line == format!("POST {path}"));
        came.map(|came| came.text()).collect()
    };
    let alert = webhook.alert(&json!({"id": "once"}));
    server.deliver(&webhook, &alert).expect(200);
    server.deliver(&webhook, &alert).expect(200);
    server
        .deliver(&webhook, &webhook.alert(&json!({"ticker": null})))
        .expect(422);
    let broken = format!("{{\"auth_key\": \"{}\", broken", webhook.key);
    server.post(&webhook.id, &broken).expect(400);
    let test = server.api(
        &token,
        "POST",
        &format!("/webhooks/{}/test", webhook.id),
        Some(json!({})),
    );
    test.expect(200);
    let pause = json!({"state": "paused"});
    let path = format!("/webhooks/{}", webhook.id);
    server.api(&token, "PATCH", &path, Some(pause)).expect(200);
    let ignored = server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    assert_eq!(ignored.json()["webhookEvent"]["status"], "ignored");
    let file = server.data.path.join("alerts.jsonl");
    let missed = json!({"time": "2026-01-05T14:30:00Z", "payload": webhook.alert(&json!({"auth_key": null}))});
    std::fs::write(&file, missed.to_string()).unwrap();
    server.data.text(&[
        "import",
        "alerts",
        file.to_str().unwrap(),
        "--webhook",
        &webhook.id,
    ]);
    wait_until("all that is passed on came", || {
        rows(&server.data, &[])
            .iter()
            .all(|row| row["state"] == "done")
    });
    assert_eq!(to("/orders").len(), 1, "{:?}", to("/orders"));
    let events = to("/events");
    assert_eq!(events.len(), 5, "{events:?}");
    assert!(
        events.iter().all(|body| !body.contains(&webhook.key)),
        "{events:?}"
    );
    assert!(
        events.contains(&"{\"auth_key\": \"***\", broken".to_owned()),
        "{events:?}"
    );
}

#[test]
fn an_ambiguous_answer_is_repeated_only_where_the_receiver_knows_the_message_again() {
    let (server, webhook, _) = server();
    let (once, signed) = (Receiver::start(), Receiver::start());
    once.next(&[Does::Resets, Does::Answers(500, "", "oh")]);
    signed.next(&[Does::Resets]);
    let plain = add(
        &server.data,
        &webhook,
        &once.url("/"),
        &["--format", "traderspost"],
    );
    let with_id = add(&server.data, &webhook, &signed.url("/"), &["--signed"]);
    assert_eq!(
        (&plain["repeats"], &with_id["repeats"]),
        (&json!(false), &json!(true))
    );
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    server
        .deliver(&webhook, &webhook.alert(&json!({"qty": 2})))
        .expect(200);
    let came = signed.wait(3);
    let ids: Vec<&str> = came.iter().map(|came| came.header("webhook-id")).collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
    assert_eq!(came[0].body, came[1].body);
    let unknown = || rows(&server.data, &["--state", "unknown"]);
    wait_until("both are unknown", || unknown().len() == 2);
    let target = &unknown()[0]["target"];
    assert_eq!(target, &plain["id"]);
    assert_eq!(once.came().len(), 2, "each once: the reset, and the 500");
    // The owner decides.
    let first = unknown()[1]["id"].as_str().unwrap().to_owned();
    server.data.text(&["outbox", "send", &first]);
    once.wait(3);
    wait_until("it is done", || unknown().len() == 1);
    server
        .data
        .text(&["outbox", "drop", unknown()[0]["id"].as_str().unwrap()]);
    assert_eq!(unknown().len(), 0);
}

#[test]
fn a_receiver_that_takes_it_and_never_answers_gets_it_once() {
    let (server, webhook, _) = server();
    let silent = Receiver::that(Does::Hangs);
    add(
        &server.data,
        &webhook,
        &silent.url("/secret-path-of-it"),
        &["--format", "traderspost"],
    );
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    let rows = until(&server.data, &["unknown"]);
    let answer = rows[0]["lastAnswer"].as_str().unwrap();
    assert!(answer.contains("did not answer in 10 seconds"), "{answer}");
    assert_eq!(silent.came().len(), 1);
}

#[test]
fn a_crash_while_it_is_sent_repeats_only_what_may_be() {
    let (server, webhook, _) = server();
    let (once, signed) = (Receiver::that(Does::Hangs), Receiver::that(Does::Hangs));
    add(&server.data, &webhook, &once.url("/"), &[]);
    add(&server.data, &webhook, &signed.url("/"), &["--signed"]);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    once.wait(1);
    let first = signed.wait(1);
    let data = server.kill();
    once.then(Does::Answers(200, "", ""));
    signed.then(Does::Answers(200, "", ""));
    let server = Server::with(data, &ALLOW);
    let rows = until(&server.data, &["unknown", "done"]);
    let answer = rows[0]["lastAnswer"].as_str().unwrap();
    assert!(answer.contains("the server ended"), "{answer}");
    assert_eq!(once.came().len(), 1);
    let again = signed.wait(2);
    assert_eq!(first[0].header("webhook-id"), again[1].header("webhook-id"));
}

#[test]
fn what_is_too_late_is_not_sent_unless_its_owner_says_so() {
    let (server, webhook, token) = server();
    let receiver = Receiver::that(Does::Answers(503, "retry-after: 1\r\n", "busy"));
    let forward = add(
        &server.data,
        &webhook,
        &receiver.url("/"),
        &["--max-age", "2s"],
    );
    let (first, second) = (webhook.alert(&json!({})), webhook.alert(&json!({"qty": 2})));
    server.deliver(&webhook, &first).expect(200);
    server.deliver(&webhook, &second).expect(200);
    let rows = until(&server.data, &["dead", "dead"]);
    assert_eq!(rows[0]["lastAnswer"], "503: busy");
    let came = receiver.came().len();
    receiver.then(Does::Answers(200, "", "late"));
    let all = json!({"target": forward["id"]});
    let sent = server
        .api(&token, "POST", "/outbox/send", Some(all))
        .expect(200)
        .json();
    assert_eq!(sent["count"], 2);
    until(&server.data, &["done", "done"]);
    let quantities: Vec<Value> = receiver.came()[came..]
        .iter()
        .map(|came| came.json()["qty"].clone())
        .collect();
    assert_eq!(quantities, [100, 2]);
}

#[test]
fn a_receiver_that_is_gone_is_off_until_it_is_switched_on() {
    let (server, webhook, _) = server();
    let receiver = Receiver::that(Does::Answers(410, "", "gone"));
    let forward = add(&server.data, &webhook, &receiver.url("/"), &[]);
    let id = forward["id"].as_str().unwrap();
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    until(&server.data, &["dead"]);
    let listed = server.data.json(&["forward", "list", "--json"]);
    assert_eq!(listed[0]["state"], "off");
    server
        .deliver(&webhook, &webhook.alert(&json!({"qty": 2})))
        .expect(200);
    let rows = until(&server.data, &["dead", "dead"]);
    assert!(
        rows[1]["lastAnswer"].as_str().unwrap().contains("410"),
        "{rows:?}"
    );
    assert_eq!(receiver.came().len(), 1);
    receiver.then(Does::Answers(204, "", ""));
    server.data.text(&["forward", "change", id, "--resume"]);
    server.data.text(&["outbox", "send", "--all-dead", id]);
    until(&server.data, &["done", "done"]);
    // Paused by its owner, nothing is passed on at all.
    server.data.text(&["forward", "change", id, "--pause"]);
    server
        .deliver(&webhook, &webhook.alert(&json!({"qty": 3})))
        .expect(200);
    until(&server.data, &["done", "done"]);
    server.data.text(&["forward", "remove", id]);
    assert_eq!(server.data.json(&["forward", "list", "--json"]), json!([]));
}

#[test]
fn nothing_goes_where_it_must_not_and_one_lane_notices() {
    let (server, webhook, _) = server();
    let redirects = "location: http://169.254.169.254/latest/meta-data\r\n";
    let redirecting = Receiver::that(Does::Answers(307, redirects, ""));
    let endless = Receiver::that(Does::AnswersEndlessly);
    let fine = Receiver::start();
    for url in [&redirecting.url("/"), &endless.url("/"), &fine.url("/")] {
        add(&server.data, &webhook, url, &[]);
    }
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    let rows = until(&server.data, &["dead", "done", "done"]);
    let said = rows[0]["lastAnswer"].as_str().unwrap();
    assert!(said.contains("a redirect, which is not followed"), "{said}");
    assert!(
        server.memory("VmHWM") < 150,
        "{} MiB",
        server.memory("VmHWM")
    );

    // Not this machine, by its address or by a name, and nothing of a cloud.
    let data = server.stop();
    let server = Server::with(data, &ALLOW[2..]);
    for forward in server
        .data
        .json(&["forward", "list", "--json"])
        .as_array()
        .unwrap()
    {
        server
            .data
            .text(&["forward", "remove", forward["id"].as_str().unwrap()]);
    }
    let port = fine.address.port();
    for host in [
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}"),
        "169.254.169.254".to_owned(),
    ] {
        add(
            &server.data,
            &webhook,
            &format!("http://{host}/"),
            &["--max-age", "3s"],
        );
    }
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    let dead = || rows_of(&server.data, "dead");
    wait_until("all of them are dead", || dead().len() == 4);
    for row in &dead()[..3] {
        let said = row["lastAnswer"].as_str().unwrap();
        assert!(said.contains("is not allowed"), "{said}");
    }
    assert_eq!(fine.came().len(), 1);
}

fn rows_of(data: &DataDir, state: &str) -> Vec<Value> {
    rows(data, &["--state", state])
}

#[test]
fn secrets_are_in_no_file_and_in_no_answer() {
    let (server, webhook, token) = server();
    let secret = "3c-s3cret-of-the-bot";
    let receiver = Receiver::that(Does::Answers(
        400,
        "",
        "no 3c-s3cret-of-the-bot at /trading/webhook/uuid-1234/passw0rd-5678",
    ));
    let url = receiver.url("/trading/webhook/uuid-1234/passw0rd-5678");
    let set = format!("secret={secret}");
    let options = [
        "--format",
        "3commas",
        "--set",
        "botUuid=b0t",
        "--set",
        &set,
        "--set",
        "exchange=BYBIT",
    ];
    let forward = add(&server.data, &webhook, &url, &options);
    server
        .deliver(&webhook, &webhook.alert(&json!({"ticker": "BTCUSDT"})))
        .expect(200);
    assert_eq!(receiver.wait(1)[0].json()["secret"], secret);
    let rows = until(&server.data, &["dead"]);
    assert_eq!(rows[0]["lastAnswer"], "400: no *** at /***");
    assert_eq!(forward["secrets"], json!(["secret"]));
    let reader = server.data.create_scoped_token("read");
    let read = server.api(&reader, "GET", "/forwards", None).expect(200);
    let full = server.api(&token, "GET", "/forwards", None).expect(200);
    assert!(
        full.text.contains("passw0rd-5678") && !full.text.contains(secret),
        "{full:?}"
    );
    assert!(!read.text.contains("passw0rd-5678"), "{read:?}");
    let backup = server.data.path.with_extension("backup");
    server.data.text(&["backup", backup.to_str().unwrap()]);
    let data = server.stop();
    for file in [
        data.database(),
        data.path.join("algohook.db-wal"),
        backup.clone(),
    ] {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains(secret) && !text.contains("passw0rd-5678"),
            "{}",
            file.display()
        );
    }
    // On another machine they have to be entered again.
    let other = DataDir::new();
    let said = other.text(&["restore", backup.to_str().unwrap()]);
    assert!(
        said.contains("enter the secrets again of: forward 1"),
        "{said}"
    );
    let listed = other.json(&["forward", "list", "--json"]);
    assert_eq!(
        (&listed[0]["secretsLost"], &listed[0]["url"]),
        (&json!(true), &Value::Null)
    );
    let refused = other.error(&["forward", "change", "fwd_1", "--max-age", "5m"]);
    assert!(refused.contains("enter them again"), "{refused}");
    other.text(&["forward", "change", "fwd_1", "--url", &url, "--set", &set]);
    assert_eq!(
        other.json(&["forward", "list", "--json"])[0]["secretsLost"],
        false
    );
}

#[test]
fn what_cannot_be_is_refused_with_what_to_do() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let try_to = |url: &str, options: &[&str]| -> Output {
        let mut arguments = vec!["forward", "add", &webhook.id, url];
        arguments.extend(options);
        data.run(&arguments)
    };
    let url = "https://example.com/hook";
    for (url, options, said) in [
        ("example.com", &[][..], "must be an address"),
        ("ftp://example.com/", &[], "must be an address"),
        ("https://user@example.com/", &[], "must be an address"),
        (url, &["--format", "3commas"], "3commas needs botUuid"),
        (
            url,
            &["--format", "traderspost", "--set", "a=b"],
            "has no setting a; it has none",
        ),
        (url, &["--format", "template"], "that format needs one"),
        (
            url,
            &["--template", "{{ticker}}"],
            "belongs to the format template",
        ),
        (
            url,
            &["--format", "template", "--template", "{\"a\": {{tick}}}"],
            "{{tick}}",
        ),
        (
            url,
            &[
                "--format",
                "template",
                "--template",
                "{\"a\": {{secret.k}}}",
            ],
            "--set secret.k=VALUE",
        ),
        (
            url,
            &["--format", "algohook", "--when", "event"],
            "as-received or template",
        ),
        (
            url,
            &["--format", "algohook", "--send-key"],
            "belongs to the format as-received",
        ),
    ] {
        let output = try_to(url, options);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(1) && error.contains(said),
            "{options:?}: {error}"
        );
    }
    let output = try_to(url, &["--max-age", "soon"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(data.json(&["forward", "list", "--json"]), json!([]));
}

#[test]
fn signatures_are_those_of_standard_webhooks_and_two_secrets_sign_in_a_rotation() {
    let (server, webhook, _) = server();
    let receiver = Receiver::start();
    let forward = add(&server.data, &webhook, &receiver.url("/"), &["--signed"]);
    let first = forward["secret"].as_str().unwrap();
    assert!(first.starts_with("whsec_"), "{first}");
    let changed = server
        .data
        .json(&["forward", "change", "fwd_1", "--rotate-secret", "--json"]);
    let second = changed["secret"].as_str().unwrap();
    assert_ne!(first, second);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    let came = &receiver.wait(1)[0];
    let signatures = came.header("webhook-signature");
    let (id, at) = (
        came.header("webhook-id"),
        came.header("webhook-timestamp").parse().unwrap(),
    );
    let at = jiff::Timestamp::from_second(at).unwrap();
    let expected = algohook::formats::signing::signatures([second, first], id, at, &came.body);
    assert_eq!(signatures, expected);
    let event = &server.data.events()[0];
    assert_eq!(event["delivery"], id);
}

#[test]
fn a_proxy_is_gone_through() {
    let receiver = Receiver::start();
    let proxy = Receiver::that(Does::Answers(407, "", "who are you"));
    let through = proxy.url("");
    let mut options = ALLOW.to_vec();
    options.extend(["--outbound-proxy", &through]);
    let server = Server::start_with(&options);
    let webhook = server.create_webhook("Strategy");
    add(
        &server.data,
        &webhook,
        &receiver.url("/"),
        &["--max-age", "1s"],
    );
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    let rows = until(&server.data, &["dead"]);
    let said = rows[0]["lastAnswer"].as_str().unwrap();
    assert!(
        said.contains("the proxy for connections outward does not connect"),
        "{said}"
    );
    assert_eq!(
        proxy.came()[0].line,
        format!("CONNECT {}", receiver.address)
    );
    assert_eq!(receiver.came().len(), 0);
}

/// Another algohook on this machine that records what it is sent.
#[test]
fn another_algohook_records_each_alert_once() {
    let (vps, sender, _) = server();
    let home = Server::start();
    let receiver = home.create_webhook("Strategy");
    let url = format!("{}/hooks/{}", home.url, receiver.id);
    let key = format!("authKey={}", receiver.key);
    let forward = add(
        &vps.data,
        &sender,
        &url,
        &["--format", "algohook", "--set", &key],
    );
    assert_eq!(
        (&forward["repeats"], &forward["maxAge"]),
        (&json!(true), &Value::Null)
    );
    for qty in 1..=5 {
        let alert = sender.alert(&json!({"qty": qty, "metadata": {"comment": "a \"b\""}}));
        vps.deliver(&sender, &alert).expect(200);
    }
    until(&vps.data, &["done"; 5]);
    // The same again, as after an answer that was lost.
    let last = rows(&vps.data, &[])[0]["messageId"].clone();
    let body = json!({"auth_key": receiver.key, "id": last, "ticker": "AAPL", "positionDirection": "entryLong",
        "qty": 5, "marketPrice": 1});
    let again: Answer = home.post(&receiver.id, &body.to_string()).expect(200);
    assert_eq!(again.json()["webhookEvent"]["status"], "duplicate");
    let quantities: Vec<Value> = home
        .data
        .orders()
        .iter()
        .map(|order| order["qty"].clone())
        .collect();
    assert_eq!(quantities, ["1", "2", "3", "4", "5"]);
    assert_eq!(home.data.orders()[0]["comment"], "a \"b\"");
}

#[test]
fn a_thousand_forwards_and_a_crash_leave_nothing_unaccounted_for() {
    let options = [&ALLOW[..], &["--rate-limit", "100000"]].concat();
    let server = Server::start_with(&options);
    let webhook = server.create_webhook("Strategy");
    let (once, signed) = (Receiver::start(), Receiver::start());
    add(&server.data, &webhook, &once.url("/"), &["--max-age", "1h"]);
    add(
        &server.data,
        &webhook,
        &signed.url("/"),
        &["--signed", "--max-age", "1h"],
    );
    for number in 1..=500 {
        server
            .deliver(&webhook, &webhook.alert(&json!({"qty": number})))
            .expect(200);
    }
    signed.wait(100);
    let data = server.kill();
    let server = Server::with(data, &options);
    wait_until("nothing waits any more", || {
        rows(&server.data, &[])
            .iter()
            .all(|row| !["waiting", "sending"].contains(&row["state"].as_str().unwrap()))
    });
    let rows = rows(&server.data, &[]);
    assert_eq!(rows.len(), 1000);
    let count = |target: &str, state: &str| {
        rows.iter()
            .filter(|row| row["target"] == target && row["state"] == state)
            .count()
    };
    assert_eq!(
        (
            count("fwd_1", "done") + count("fwd_1", "unknown"),
            count("fwd_2", "done")
        ),
        (500, 500)
    );
    assert!(count("fwd_1", "unknown") <= 1, "{rows:?}");
    let quantity = |came: &crate::support::receiver::Came| came.json()["qty"].as_u64().unwrap();
    let mut of_once: Vec<u64> = once.came().iter().map(quantity).collect();
    let came = of_once.len();
    of_once.sort_unstable();
    of_once.dedup();
    assert_eq!(of_once.len(), came, "none of them twice");
    assert!(came + count("fwd_1", "unknown") >= 500, "{came}");
    let mut of_signed: Vec<(String, u64)> = signed
        .came()
        .iter()
        .map(|came| (came.header("webhook-id").to_owned(), quantity(came)))
        .collect();
    of_signed.dedup();
    let quantities: Vec<u64> = of_signed.iter().map(|(_, quantity)| *quantity).collect();
    assert_eq!(
        quantities,
        (1..=500).collect::<Vec<u64>>(),
        "all of them, in order, known by their ids"
    );
}

#[test]
fn a_stop_waits_for_no_receiver() {
    let (server, webhook, _) = server();
    let silent = Receiver::that(Does::Hangs);
    add(&server.data, &webhook, &silent.url("/"), &[]);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    silent.wait(1);
    let begun = std::time::Instant::now();
    let data = server.stop();
    let took = begun.elapsed();
    // 0.3 s on a machine that does nothing else; the receiver has 10 s.
    assert!(took < std::time::Duration::from_secs(5), "{took:?}");
    let rows = rows(&data, &[]);
    assert_eq!(rows[0]["state"], "unknown");
    assert_eq!(
        rows[0]["lastAnswer"],
        "the server stopped before the receiver answered"
    );
}

#[test]
fn a_restore_sends_nothing_a_second_time() {
    let (server, webhook, _) = server();
    let once = Receiver::start();
    once.next(&[Does::Answers(503, "", "later")]);
    let signed = Receiver::start();
    signed.next(&[Does::Answers(503, "", "later")]);
    add(
        &server.data,
        &webhook,
        &once.url("/"),
        &["--max-age", "off"],
    );
    add(
        &server.data,
        &webhook,
        &signed.url("/"),
        &["--signed", "--max-age", "off"],
    );
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    wait_until("both wait", || {
        let rows = rows(&server.data, &["--state", "waiting"]);
        rows.len() == 2 && rows.iter().all(|row| row["attempts"] == 1)
    });
    let backup = server.data.path.with_extension("backup");
    server.data.text(&["backup", backup.to_str().unwrap()]);
    until(&server.data, &["done", "done"]);
    let data = server.stop();
    data.text(&["restore", backup.to_str().unwrap(), "--force"]);
    std::fs::remove_file(&backup).unwrap();
    let server = Server::with(data, &ALLOW);
    // One that knows it again by its id gets it again.
    signed.wait(3);
    let rows = until(&server.data, &["unknown", "done"]);
    let said = rows[0]["lastAnswer"].as_str().unwrap();
    assert!(said.contains("restored"), "{said}");
    assert_eq!(once.came().len(), 2);
}

#[test]
fn an_alert_that_comes_back_makes_no_second_order() {
    let (server, webhook, token) = server();
    let url = format!("{}/hooks/{}", server.url, webhook.id);
    let refused = server.data.error(&["forward", "add", &webhook.id, &url]);
    assert!(refused.contains("come back"), "{refused}");
    let body = json!({"webhook": webhook.id, "url": url});
    let refused = server
        .api(&token, "POST", "/forwards", Some(body))
        .expect(422);
    assert!(refused.text.contains("come back"), "{refused:?}");
    // Under another name it is not known beforehand.
    let url = url.replace("127.0.0.1", "localhost");
    add(&server.data, &webhook, &url, &["--send-key"]);
    add(
        &server.data,
        &webhook,
        &url,
        &["--send-key", "--when", "event"],
    );
    // Another webhook of this server may have it, once.
    let second = server.create_webhook("Second");
    let url = format!("{}/hooks/{}", server.url, second.id);
    let set = format!("authKey={}", second.key);
    add(
        &server.data,
        &webhook,
        &url,
        &["--format", "algohook", "--set", &set],
    );
    let back = format!("{}/hooks/{}", server.url, webhook.id);
    let set = format!("authKey={}", webhook.key);
    add(
        &server.data,
        &second,
        &back,
        &["--format", "algohook", "--set", &set],
    );
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    until(&server.data, &["done"; 4]);
    let events = server.data.events();
    let of = |status: &str| {
        events
            .iter()
            .filter(|event| event["status"] == status)
            .count()
    };
    assert_eq!(
        (of("processed"), of("duplicate"), events.len()),
        (2, 3, 5),
        "{events:?}"
    );
    let back = events
        .iter()
        .find(|event| event["status"] == "duplicate")
        .unwrap();
    let path = format!("/events/{}", back["id"].as_str().unwrap());
    let shown = server.api(&token, "GET", &path, None).expect(200).json();
    assert_eq!(shown["warnings"][0]["code"], "came_back", "{shown}");
    assert_eq!(server.data.orders().len(), 2);
}

#[test]
fn what_was_not_passed_on_is_on_the_dashboard_and_told_by_the_doctor() {
    let (server, webhook, token) = server();
    let receiver = Receiver::that(Does::Answers(400, "", "no"));
    add(&server.data, &webhook, &receiver.url("/"), &[]);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    let rows = until(&server.data, &["dead"]);
    let faults = || {
        let overview = server.api(&token, "GET", "/overview", None).expect(200);
        overview.json()["faults"].to_string()
    };
    assert!(faults().contains("1 not taken"), "{}", faults());
    let doctor = || {
        let output = server.data.run(&["doctor", "--json"]);
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(
        doctor().contains("algohook outbox --target fwd_1"),
        "{}",
        doctor()
    );
    server
        .data
        .text(&["outbox", "drop", rows[0]["id"].as_str().unwrap()]);
    assert_eq!(faults(), "[]");
    // Without its key nothing can be sent, nor told by a channel.
    assert!(doctor().contains("opens them"), "{}", doctor());
    let data = server.stop();
    let key = data.path.join("master.key");
    let sealed_with = std::fs::read(&key).unwrap();
    for (content, said) in [
        (None, "a key that is not here"),
        (Some(&b""[..]), "holds no key"),
        (Some(&[b'0'; 64][..]), "a key that is not here"),
    ] {
        match content {
            None => std::fs::remove_file(&key).unwrap(),
            Some(content) => std::fs::write(&key, content).unwrap(),
        }
        let server = Server::with(DataDir::at(&data.path), &ALLOW);
        let overview = server.api(&token, "GET", "/overview", None).expect(200);
        let faults = overview.json()["faults"].to_string();
        assert!(faults.contains(said), "{faults}");
        assert!(server.log().contains(said), "{}", server.log());
        let output = server.data.run(&["doctor", "--json"]);
        let found = String::from_utf8(output.stdout).unwrap();
        assert!(found.contains(said), "{found}");
        server.stop();
    }
    std::fs::write(&key, sealed_with).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
        let output = data.run(&["doctor", "--json"]);
        let found = String::from_utf8(output.stdout).unwrap();
        assert!(found.contains("chmod 600"), "{found}");
    }
}

#[test]
fn an_address_has_a_port_that_there_is() {
    let (server, webhook, _) = server();
    for port in ["99999", "0", "x"] {
        let url = format!("http://127.0.0.1:{port}/");
        let error = server.data.error(&["forward", "add", &webhook.id, &url]);
        assert!(error.contains("url: must be an address"), "{port}: {error}");
    }
}

/// Waits until all messages are done or dead, and takes the reasons of the dead ones, oldest
/// first.
#[track_caller]
fn dead_reasons(data: &DataDir, count: usize) -> Vec<String> {
    let mut rows = Vec::new();
    wait_until("the messages are settled", || {
        rows = self::rows(data, &[]);
        let is_settled = |row: &Value| row["state"] == "done" || row["state"] == "dead";
        rows.len() == count && rows.iter().all(is_settled)
    });
    rows.reverse();
    rows.retain(|row| row["state"] == "dead");
    let reason = |row: &Value| row["lastAnswer"].as_str().unwrap().to_owned();
    rows.iter().map(reason).collect()
}

#[test]
fn an_order_goes_nowhere_without_the_stop_that_its_alert_states() {
    let (server, webhook, token) = server();
    let path = format!("/webhooks/{}", webhook.id);
    let settings = json!({"settings": {"keyInPath": true}});
    server
        .api(&token, "PATCH", &path, Some(settings))
        .expect(200);
    let post = |alert: &Value| {
        let address = format!("{}/{}", webhook.id, webhook.key);
        server.post(&address, &alert.to_string()).expect(200);
    };
    let receiver = Receiver::start();
    for options in [
        &["--format", "traderspost"][..],
        &["--format", "algohook", "--set", "authKey=K"],
        &[
            "--format",
            "template",
            "--template",
            r#"{"a": "{{action}}", "sl": {{stopLoss}}}"#,
        ],
    ] {
        add(&server.data, &webhook, &receiver.url("/made"), options);
    }
    add(&server.data, &webhook, &receiver.url("/as-received"), &[]);
    let traderspost = |stop: Value| json!({"ticker": "AMD", "action": "buy", "quantity": 1, "signalPrice": 100, "stopLoss": stop});
    let own = |field: &str, value: Value| json!({"ticker": "AMD", "positionDirection": "entryLong", "qty": 1, "marketPrice": 100, field: value});
    let pickmytrade = |field: &str, value: Value| {
        json!({"symbol": "AMD", "date": "2026-01-05T14:30:00Z", "data": "buy", "quantity": 1, "price": 100, "tp": 0,
            "sl": 0, field: value, "token": "T", "multiple_accounts": []})
    };
    let alerts = [
        (
            traderspost(json!({"type": "trailing_stop", "trailPercent": 5})),
            "stopLoss.trailPercent",
        ),
        (traderspost(json!({"percent": "5%"})), "stopLoss.percent"),
        (traderspost(json!({"stopPrice": 105})), "stopLoss.stopPrice"),
        (own("stopLossTarget", json!("95,0")), "stopLossTarget"),
        (own("stopLoss", json!({"percent": 5})), "stopLoss.percent"),
        (own("stopDistance", json!(5)), "stopDistance"),
        (own("bracket", json!({"stopLoss": 95})), "bracket.stopLoss"),
        (pickmytrade("dollar_sl", json!(50)), "dollar_sl"),
    ];
    for (alert, _) in &alerts {
        post(alert);
    }
    let reasons = dead_reasons(&server.data, 4 * alerts.len());
    assert_eq!(reasons.len(), 3 * alerts.len(), "{reasons:#?}");
    for (reasons, (alert, field)) in reasons.chunks(3).zip(&alerts) {
        for reason in reasons {
            let said = format!("the alert states a stop in {field} that could not be used");
            assert!(reason.contains(&said), "{alert}: {reason}");
        }
    }
    // There is nothing to send of them, and it stays said why.
    let dead = rows_of(&server.data, "dead");
    let id = dead[0]["id"].as_str().unwrap();
    let refused = server.data.run(&["outbox", "send", id]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("with a message to send"), "{said}");
    let all = json!({"state": "dead"});
    let sent = server.api(&token, "POST", "/outbox/send", Some(all));
    assert_eq!(sent.expect(200).json()["count"], 0);
    assert_eq!(rows_of(&server.data, "dead"), dead);
    // What closes needs no stop, and one that is off or without a value is none.
    let went = [
        own("stopLossTarget", json!(95)),
        own("stopLossTarget", json!("NaN")),
        own("trailingStop", json!(false)),
        own("sl", json!("off")),
        own("stopReason", json!("none left")),
        traderspost(json!({"type": "stop", "stopPrice": null})),
        pickmytrade("dollar_sl", json!("0")),
        json!({"ticker": "AMD", "positionDirection": "exitLong", "qty": 1, "marketPrice": 100, "stopLossTarget": "95,0"}),
        json!({"ticker": "AMD", "action": "sell", "sentiment": "flat", "signalPrice": 100, "stopLoss": {"percent": "5%"}}),
    ];
    for alert in &went {
        post(alert);
    }
    let all = 4 * (alerts.len() + went.len());
    let reasons = dead_reasons(&server.data, all).split_off(3 * alerts.len());
    assert_eq!(reasons, [""; 0]);
}

/// An alert with its webhook's key.
fn alert_of(webhook: &Webhook, alert: &Value) -> Value {
    let mut alert = alert.clone();
    alert["auth_key"] = json!(webhook.key);
    alert
}

#[test]
fn an_exit_states_no_more_than_the_position_where_more_would_open_another() {
    let (server, webhook, _) = server();
    let receiver = Receiver::start();
    for (path, options) in [
        (
            "/template",
            &[
                "--format",
                "template",
                "--template",
                r#"{"ticker":"{{symbol}}","action":"{{action}}","quantity":{{qty}}}"#,
            ][..],
        ),
        ("/traderspost", &["--format", "traderspost"]),
        (
            "/pickmytrade",
            &[
                "--format",
                "pickmytrade",
                "--set",
                "token=T",
                "--set",
                "platform=P",
            ],
        ),
    ] {
        add(&server.data, &webhook, &receiver.url(path), options);
    }
    let mut count = 0;
    let mut sent = |intent: &str, quantity: Value, more: Value| {
        let mut alert = json!({"ticker": "QQ", "positionDirection": intent, "qty": quantity, "marketPrice": 10});
        let more = more.as_object().cloned().unwrap_or_default();
        alert.as_object_mut().unwrap().extend(more);
        server
            .deliver(&webhook, &alert_of(&webhook, &alert))
            .expect(200);
        count += 3;
        let came = receiver.wait(count);
        let of = |path: &str| {
            let mut came = came.iter().rev();
            came.find(|came| came.line == format!("POST {path}"))
                .unwrap()
                .json()
        };
        (of("/template"), of("/traderspost"), of("/pickmytrade"))
    };
    let short = json!({"ticker": "QQ", "action": "sell", "quantity": 3});
    let exit = json!({"ticker": "QQ", "action": "buy", "quantity": 3});
    assert_eq!(sent("entryShort", json!(3), json!({})).0, short);
    let (template, traderspost, pickmytrade) = sent("exitShort", json!(10), json!({}));
    assert_eq!(template, exit);
    assert_eq!(
        (&traderspost["sentiment"], &traderspost["quantity"]),
        (&json!("flat"), &json!(3))
    );
    assert_eq!(
        (&pickmytrade["data"], &pickmytrade["quantity"]),
        (&json!("close"), &json!(3))
    );
    // An exit of all of it has the quantity that it closed.
    assert_eq!(sent("entryShort", json!(3), json!({})).0, short);
    let (template, traderspost, _) = sent("exitShort", Value::Null, json!({}));
    assert_eq!(template, exit);
    assert_eq!(traderspost["quantity"], Value::Null);
    // Less is less, and what the alert says of its position changes nothing.
    assert_eq!(sent("entryShort", json!(3), json!({})).0, short);
    let part = json!({"ticker": "QQ", "action": "buy", "quantity": 1});
    assert_eq!(sent("exitShort", json!(1), json!({})).0, part);
    let (template, _, pickmytrade) = sent("exitShort", json!(10), json!({"positionSize": -1}));
    assert_eq!(template["quantity"], json!(2));
    assert_eq!(pickmytrade["quantity"], json!(2));
}
