//! The limit of each webhook, and what it must not do.

use crate::support::Server;
use serde_json::json;

fn statuses(server: &Server) -> Vec<String> {
    let events = server.data.events();
    let status = |event: &serde_json::Value| event["status"].as_str().unwrap().to_owned();
    events.iter().map(status).collect()
}

#[test]
fn the_thirty_first_alert_is_limited_and_kept_for_its_owner() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    for _ in 0..30 {
        server
            .deliver(&webhook, &webhook.alert(&json!({})))
            .expect(200);
    }
    let limited = server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(429);
    let wait: u64 = limited.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let answer = limited.json();
    assert_eq!(answer["error"]["code"], "rate_limited");
    assert_eq!(answer["webhookEvent"]["status"], "limited");
    // Thirty are kept, what comes after them is only counted.
    for _ in 0..34 {
        server
            .deliver(&webhook, &webhook.alert(&json!({})))
            .expect(429);
    }
    let statuses = statuses(&server);
    let count = |wanted: &str| statuses.iter().filter(|status| *status == wanted).count();
    assert_eq!((count("processed"), count("limited")), (30, 30));
    assert_eq!(server.data.orders().len(), 30);
    let metrics = server.get("/metrics").text;
    assert!(
        metrics.contains("algohook_deliveries_total{outcome=\"limited\"} 35"),
        "{metrics}"
    );

    let token = server.data.create_token();
    let event = answer["webhookEvent"]["id"].as_str().unwrap();
    let path = format!("/events/{event}/reprocess");
    let made = server.api(&token, "POST", &path, None).expect(201).json();
    assert_eq!(
        (&made["status"], &made["source"], &made["original"]),
        (&json!("processed"), &json!("reprocessed"), &json!(event))
    );
    assert_eq!(server.data.orders().len(), 31);
}

#[test]
fn what_another_algohook_sends_again_is_kept_only_once_it_is_taken() {
    let server = Server::start_with(&["--rate-limit", "1"]);
    let webhook = server.create_webhook("Strategy");
    let via = [("algohook-via", "wh_elsewhere")];
    for status in [200, 429, 429] {
        let alert = webhook.alert(&json!({ "id": status })).to_string();
        server.post_with(&webhook.id, &alert, &via).expect(status);
    }
    assert_eq!(statuses(&server), ["processed"]);
}

#[test]
fn what_could_not_be_stored_does_not_use_up_the_limit() {
    let server = Server::start_with(&["--rate-limit", "2"]);
    let webhook = server.create_webhook("Strategy");
    let send = || server.deliver(&webhook, &webhook.alert(&json!({}))).status;
    // Another process holds the database, for longer than an alert waits.
    let other = rusqlite::Connection::open(server.data.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = std::thread::scope(|scope| {
        let both = [scope.spawn(send), scope.spawn(send)];
        both.map(|answer| answer.join().unwrap())
    });
    assert_eq!(refused, [503, 503]);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!([send(), send(), send()], [200, 200, 429]);
}

#[test]
fn one_webhook_does_not_limit_another() {
    let server = Server::start_with(&["--rate-limit", "2"]);
    let first = server.create_webhook("First");
    let second = server.create_webhook("Second");
    for status in [200, 200, 429] {
        server
            .deliver(&first, &first.alert(&json!({})))
            .expect(status);
    }
    server
        .deliver(&second, &second.alert(&json!({})))
        .expect(200);
}

#[test]
fn a_stranger_cannot_use_up_the_owners_limit_nor_fill_the_disk() {
    let server = Server::start_with(&["--rate-limit", "5"]);
    let webhook = server.create_webhook("Strategy");
    let wrong = webhook.alert(&json!({ "auth_key": "guess" }));
    let answers: Vec<u16> = (0..20)
        .map(|_| server.deliver(&webhook, &wrong).status)
        .collect();
    assert!(answers.iter().filter(|status| **status == 401).count() <= 5);
    assert_eq!(answers.last(), Some(&429));
    for _ in 0..20 {
        server.post(&webhook.id, "no json and no key").expect(429);
    }
    assert!(server.data.events().is_empty());
    for _ in 0..5 {
        server
            .deliver(&webhook, &webhook.alert(&json!({})))
            .expect(200);
    }
}

#[test]
fn only_so_many_messages_without_a_key_are_kept_in_a_day() {
    let server = Server::start_with(&["--rate-limit", "1000"]);
    let webhook = server.create_webhook("Strategy");
    for _ in 0..110 {
        let answer = server.post(&webhook.id, "no json and no key").expect(400);
        assert_eq!(answer.json()["error"]["code"], "invalid_json");
    }
    assert_eq!(server.data.events().len(), 100);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
}

#[test]
fn a_change_of_the_webhook_does_not_forget_its_window() {
    let server = Server::start_with(&["--rate-limit", "1"]);
    let webhook = server.create_webhook("Strategy");
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    let token = server.data.create_token();
    let patch = json!({ "notes": "changed" });
    server
        .api(
            &token,
            "PATCH",
            &format!("/webhooks/{}", webhook.id),
            Some(patch),
        )
        .expect(200);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(429);
}

#[test]
fn concurrent_requests_are_admitted_exactly_as_often_as_the_limit_says() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let admitted: usize = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let alert = webhook.alert(&json!({}));
                    let answers = (0..10).map(|_| server.deliver(&webhook, &alert).status);
                    answers.filter(|status| *status == 200).count()
                })
            })
            .collect();
        senders
            .into_iter()
            .map(|sender| sender.join().unwrap())
            .sum()
    });
    assert_eq!(admitted, 30);
}
