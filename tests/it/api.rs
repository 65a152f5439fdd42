//! The management API over real HTTP: logins, resources, pages, errors, the stream.

use std::io::{Read, Write};

use crate::support::stream::{next_message, open_stream};
use crate::support::{self, Answer, Server, Webhook, agent};
use serde_json::{Value, json};

/// A server, a token for it and a webhook on it.
fn desk() -> (Server, String, Webhook) {
    let server = Server::start_with(&["--rate-limit", "1000"]);
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    (server, token, webhook)
}

#[track_caller]
fn expect_problem(answer: Answer, status: u16, code: &str) -> Value {
    let answer = answer.expect(status);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["code"], code);
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|detail| !detail.is_empty())
    );
    problem
}

#[test]
fn nothing_is_open_but_set_up_login_and_the_document() {
    let (server, _, webhook) = desk();
    let document = server
        .request("GET", "/openapi.json", &[], None)
        .expect(200)
        .json();
    let mut closed = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            let path = path.replace("{id}", &webhook.id);
            let answer = server.request(&method, &path, &[], None);
            if ["POST /setup", "POST /session", "GET /openapi.json"]
                .contains(&format!("{method} {path}").as_str())
            {
                assert_ne!(answer.status, 401, "{method} {path}");
            } else {
                let problem = expect_problem(answer, 401, "unauthorized");
                assert!(problem["hint"].as_str().unwrap().contains("token create"));
                closed += 1;
            }
        }
    }
    assert!(closed >= 20, "{closed}");
    for header in ["Bearer nonsense", "Bearer ", "Basic YTpi"] {
        let answer = server.request("GET", "/me", &[("authorization", header)], None);
        let answer = answer.expect(401);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    let cookie = [("cookie", "algohook_session=nonsense")];
    server.request("GET", "/me", &cookie, None).expect(401);
}

#[test]
fn the_document_is_openapi_3_1_and_describes_the_types() {
    let (server, _, _) = desk();
    let document = server.get("/api/v1/openapi.json").expect(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in ["Webhook", "Settings", "Event", "Order", "Problem", "Token"] {
        assert!(schemas.contains_key(name), "{name}");
    }
    let statuses = &schemas["EventStatus"]["enum"];
    assert_eq!(
        statuses,
        &json!(["processed", "duplicate", "ignored", "failed", "limited"])
    );
    for name in references(&document) {
        assert!(schemas.contains_key(&name), "{name} is not described");
    }
}

/// The names of all schemas that a document refers to.
fn references(document: &Value) -> Vec<String> {
    match document {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value) {
                ("$ref", Value::String(to)) => vec![to.replace("#/components/schemas/", "")],
                _ => references(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_setup_link_sets_the_first_password_once() {
    let server = Server::start();
    let link = server.setup_link.clone().unwrap();
    let (page, secret) = link.split_once('#').unwrap();
    assert_eq!(page, format!("{}/setup", server.url));
    assert!(!server.log().contains(secret));
    let set_up = |token: &str, password: &str| {
        let body = json!({ "token": token, "password": password });
        server.request("POST", "/setup", &[], Some(body))
    };
    expect_problem(set_up("guess", "a long password"), 409, "conflict");
    let problem = expect_problem(set_up(secret, "short"), 422, "invalid_value");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("10 characters")
    );
    let answer = set_up(secret, "a long password").expect(204);
    let cookie = answer.header("set-cookie");
    for part in ["algohook_session=", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    expect_problem(set_up(secret, "another password"), 409, "conflict");
    let session = cookie.split(';').next().unwrap();
    let me = server.request("GET", "/me", &[("cookie", session)], None);
    assert_eq!(me.expect(200).json()["kind"], "session");

    let data = server.stop();
    let again = Server::with(data, &[]);
    assert_eq!(again.setup_link, None);
}

/// Sets a password and logs in; the session's cookie.
fn log_in(server: &Server) -> String {
    server.choose_password("a long password", &[]);
    let body = json!({ "password": "a long password" });
    let answer = server
        .request("POST", "/session", &[], Some(body))
        .expect(204);
    answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn a_session_ends_with_logout() {
    let server = Server::start();
    let session = log_in(&server);
    let cookie = ("cookie", session.as_str());
    let origin = ("origin", server.url.as_str());
    server
        .request("GET", "/webhooks", &[cookie], None)
        .expect(200);
    let answer = server
        .request("DELETE", "/session", &[cookie, origin], None)
        .expect(204);
    assert!(
        answer.header("set-cookie").contains("Max-Age=0"),
        "{answer:?}"
    );
    server
        .request("GET", "/webhooks", &[cookie], None)
        .expect(401);
}

#[test]
fn another_site_cannot_write_with_the_owners_session() {
    let server = Server::start();
    let session = log_in(&server);
    let create = |headers: &[(&str, &str)]| {
        let name = format!("{headers:?}").replace('"', "");
        let headers = [&[("cookie", session.as_str())], headers].concat();
        server.request("POST", "/webhooks", &headers, Some(json!({ "name": name })))
    };
    for headers in [
        &[][..],
        &[("origin", "https://evil.example.com")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        expect_problem(create(headers), 403, "cross_origin");
    }
    create(&[("origin", &server.url)]).expect(201);
    create(&[("sec-fetch-site", "same-origin")]).expect(201);
}

#[test]
fn a_change_of_password_ends_every_session() {
    let server = Server::start();
    let first = log_in(&server);
    let origin = ("origin", server.url.as_str());
    let change = |current: &str| {
        let body = json!({ "current": current, "new": "an even longer password" });
        server.request(
            "POST",
            "/password",
            &[("cookie", &first), origin],
            Some(body),
        )
    };
    expect_problem(change("wrong"), 401, "unauthorized");
    let answer = change("a long password").expect(204);
    let second = answer.header("set-cookie").split(';').next().unwrap();
    server
        .request("GET", "/me", &[("cookie", &first)], None)
        .expect(401);
    server
        .request("GET", "/me", &[("cookie", second)], None)
        .expect(200);
}

#[test]
fn wrong_passwords_make_the_next_try_wait() {
    let server = Server::start();
    log_in(&server);
    let attempt = |password: &str| {
        let body = json!({ "password": password });
        server.request("POST", "/session", &[], Some(body))
    };
    // The waits double from a second on: on a busy machine a short one can be over before
    // the next try, so a longer one is waited for then.
    let is_refused = |least: u64| {
        loop {
            let answer = attempt("guess");
            if answer.status == 401 {
                continue;
            }
            let wait: u64 = answer.header("retry-after").parse().unwrap();
            expect_problem(answer, 429, "too_many_logins");
            if wait >= least {
                return attempt("a long password").status == 429;
            }
        }
    };
    assert!([1, 2, 4, 8, 16].into_iter().any(is_refused));
    support::wait_until("the wait is over", || {
        attempt("a long password").status == 204
    });
}

#[test]
fn a_webhook_is_made_changed_rotated_and_deleted() {
    let (server, token, _) = desk();
    let api =
        |method: &str, path: &str, body: Option<Value>| server.api(&token, method, path, body);
    let made = api("POST", "/webhooks", Some(json!({ "name": " BTC " })))
        .expect(201)
        .json();
    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    assert_eq!(
        (&made["name"], &made["state"]),
        (&json!("BTC"), &json!("active"))
    );
    assert_eq!(made["settings"]["initialCapital"], "10000");
    let key = made["authKey"].as_str().unwrap();
    assert!(made["messages"]["strategy"].as_str().unwrap().contains(key));
    // It is ready at once: the first alert must not meet a 404.
    let webhook = Webhook {
        id: made["id"].as_str().unwrap().to_owned(),
        key: key.to_owned(),
    };
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);

    let wanted = json!({ "notes": "n", "state": "paused", "settings":
        { "pointValue": "50", "commission": { "kind": "perContract", "value": "1.25" } } });
    let changed = api("PATCH", &path, Some(wanted)).expect(200).json();
    assert_eq!(
        (&changed["notes"], &changed["state"]),
        (&json!("n"), &json!("paused"))
    );
    assert_eq!(changed["settings"]["pointValue"], "50");
    assert_eq!(changed["settings"]["commission"]["value"], "1.25");
    assert_eq!(changed["settings"]["initialCapital"], "10000");
    assert_eq!(changed["events"], 1);
    let answer = server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200)
        .json();
    assert_eq!(answer["webhookEvent"]["status"], "ignored");

    let rotated = api("POST", &format!("{path}/rotate-key"), None)
        .expect(200)
        .json();
    assert_ne!(rotated["authKey"], made["authKey"]);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(401);

    api("DELETE", &path, None).expect(204);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(404);
    expect_problem(api("GET", &path, None), 404, "not_found");
}

#[test]
fn a_setting_that_makes_no_sense_is_named_and_changes_nothing() {
    let (server, token, webhook) = desk();
    let path = format!("/webhooks/{}", webhook.id);
    for (patch, named) in [
        (
            json!({ "settings": { "timeZone": "Mars/Olympus" } }),
            "timeZone",
        ),
        (
            json!({ "settings": { "initialCapital": "-1" } }),
            "initialCapital",
        ),
        (json!({ "settings": { "leverage": 5 } }), "leverage"),
        (json!({ "state": "sleeping" }), "sleeping"),
        (json!({ "authKey": "mine" }), "authKey"),
        (json!({ "name": "" }), "name"),
        (json!({ "notes": "x".repeat(10_001) }), "notes"),
    ] {
        let answer = server.api(&token, "PATCH", &path, Some(patch));
        let problem = expect_problem(answer, 422, "invalid_value");
        assert!(
            problem["detail"].as_str().unwrap().contains(named),
            "{problem}"
        );
    }
    let shown = server.api(&token, "GET", &path, None).json();
    assert_eq!(shown["settings"]["timeZone"], "UTC");
}

#[test]
fn changes_made_at_the_same_time_are_all_kept() {
    let (server, token, webhook) = desk();
    let path = format!("/webhooks/{}", webhook.id);
    for round in 1..=20 {
        let changes = [
            ("initialCapital", json!(format!("{}", 1000 + round))),
            ("currency", json!(format!("C{round}"))),
            ("pointValue", json!(format!("{round}"))),
            ("pointValues", json!({ "ES1!": format!("{round}") })),
            ("tradingDays", json!(if round % 2 == 0 { 252 } else { 365 })),
            ("riskFreeRate", json!(f64::from(round))),
            ("duplicateWindow", json!(60 + round)),
        ];
        std::thread::scope(|scope| {
            for (name, value) in &changes {
                let (server, token, path) = (&server, &token, &path);
                scope.spawn(move || {
                    let change = json!({ "settings": { (*name): value } });
                    server.api(token, "PATCH", path, Some(change)).expect(200);
                });
            }
        });
        let shown = server.api(&token, "GET", &path, None).expect(200).json();
        for (name, value) in &changes {
            assert_eq!(shown["settings"][name], *value, "{name} of round {round}");
        }
    }
}

#[test]
fn a_test_alert_shows_the_real_answer() {
    let (server, token, webhook) = desk();
    let path = format!("/webhooks/{}/test", webhook.id);
    for body in [None, Some(json!({ "template": "standard" }))] {
        let result = server.api(&token, "POST", &path, body).expect(200).json();
        assert_eq!(result["status"], 200);
        assert_eq!(result["answer"]["webhookEvent"]["status"], "processed");
        assert_eq!(result["answer"]["order"]["orderType"], "market");
        assert_eq!(result["answer"]["order"]["id"], Value::Null);
    }
    let body = json!({ "message": "{{ticker}} crossed" });
    let result = server
        .api(&token, "POST", &path, Some(body))
        .expect(200)
        .json();
    assert_eq!(result["status"], 400);
    assert_eq!(result["answer"]["error"]["code"], "invalid_json");
    // A message of one's own is filled in as a template is.
    let own = r#"{ "auth_key": "AUTH_KEY", "ticker": "{{exchange}}:{{ticker}}", "action": "buy",
        "qty": {{plot("Size")}}, "marketPrice": {{low}}, "stopLossTarget": {{plot_1}} }"#;
    let body = json!({ "message": own });
    let result = server
        .api(&token, "POST", &path, Some(body))
        .expect(200)
        .json();
    assert_eq!(result["status"], 200, "{result}");
    assert_eq!(
        result["answer"]["webhookEvent"]["ticker"],
        "BINANCE:BTCUSDT"
    );
}

#[test]
fn a_test_alert_changes_no_number() {
    let (server, token, webhook) = desk();
    let path = format!("/webhooks/{}/test", webhook.id);
    server.api(&token, "POST", &path, None).expect(200);
    server.data.text(&["send", &webhook.id]);
    let broken = json!({ "message": "{" });
    server.api(&token, "POST", &path, Some(broken)).expect(200);
    let get = |path: &str| server.api(&token, "GET", path, None).expect(200).json();
    for empty in ["/orders", "/positions", "/trades"] {
        assert_eq!(get(empty)["items"], json!([]), "{empty}");
    }
    let events = get("/events");
    let sources = |event: &Value| event["source"].clone();
    let sources: Vec<Value> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(sources)
        .collect();
    assert_eq!(sources, ["test", "test", "test"]);
    let overview = get("/overview");
    let shown = &overview["webhooks"][0];
    let waits_for = shown["attention"].to_string();
    assert!(!waits_for.contains("failed"), "{waits_for}");
    assert_eq!(shown["lastAlertAt"], Value::Null);

    let opening = json!({
        "ticker": "BTCUSDT", "action": "buy", "qty": 1, "marketPosition": "long", "marketPositionSize": 1,
        "prevMarketPosition": "flat", "prevMarketPositionSize": 0,
    });
    let answer = server
        .deliver(&webhook, &webhook.alert(&opening))
        .expect(200)
        .json();
    assert_eq!(answer["validation"]["warnings"], json!([]));

    let again = format!(
        "/events/{}/reprocess",
        events["items"][1]["id"].as_str().unwrap()
    );
    expect_problem(server.api(&token, "POST", &again, None), 409, "conflict");
    assert_eq!(server.data.orders().len(), 1);
}

#[test]
fn lists_are_paged_without_gaps_or_repeats() {
    let (server, token, webhook) = desk();
    for number in 0..25 {
        server
            .deliver(&webhook, &webhook.alert(&json!({ "qty": number + 1 })))
            .expect(200);
    }
    for list in ["events", "orders"] {
        let mut ids = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/{list}?limit=10{cursor}");
            let page = server.api(&token, "GET", &path, None).expect(200).json();
            let items = page["items"].as_array().unwrap().clone();
            assert!(items.len() <= 10);
            ids.extend(
                items
                    .iter()
                    .map(|item| item["id"].as_str().unwrap().to_owned()),
            );
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let prefix = &list[..3].replace("eve", "evt");
        let expected: Vec<String> = (1..=25).rev().map(|id| format!("{prefix}_{id}")).collect();
        assert_eq!(ids, expected);
    }
}

#[test]
fn events_are_found_by_what_is_in_them() {
    let (server, token, webhook) = desk();
    let other = server.create_webhook("Other");
    server.deliver(&webhook, &webhook.alert(&json!({ "ticker": "BTCUSDT" })));
    server.deliver(
        &webhook,
        &webhook.alert(&json!({ "metadata": { "comment": "50% off" } })),
    );
    server.deliver(&other, &other.alert(&json!({})));
    server.post(&webhook.id, "{");
    let count = |query: &str| {
        let page = server.api(&token, "GET", &format!("/events{query}"), None);
        page.expect(200).json()["items"].as_array().unwrap().len()
    };
    assert_eq!(count(""), 4);
    assert_eq!(count(&format!("?webhook={}", webhook.id)), 3);
    assert_eq!(count("?status=failed"), 1);
    assert_eq!(count("?ticker=BTCUSDT"), 1);
    assert_eq!(count("?q=50%25%20OFF"), 1);
    assert_eq!(count("?q=5_%25"), 0);
    assert_eq!(count("?from=2020-01-01"), 4);
    assert_eq!(count("?to=2020-01-01T00:00:00Z"), 0);
    for query in [
        "?limit=0",
        "?limit=501",
        "?status=lost",
        "?page=2",
        "?from=yesterday",
        "?webhook=wh_short",
        "?cursor=x",
    ] {
        let answer = server.api(&token, "GET", &format!("/events{query}"), None);
        expect_problem(answer, 400, "invalid_query");
    }
}

#[test]
fn an_event_without_order_is_processed_again_as_it_is_or_edited() {
    let (server, token, webhook) = desk();
    let reprocess = |id: &str, body: Option<Value>| {
        server.api(&token, "POST", &format!("/events/{id}/reprocess"), body)
    };
    let failed = server
        .deliver(&webhook, &webhook.alert(&json!({ "qty": "NaN" })))
        .expect(422);
    let failed = failed.json()["webhookEvent"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let problem = expect_problem(reprocess(&failed, None), 422, "invalid_field");
    assert!(problem["detail"].as_str().unwrap().contains("qty"));
    let edited = webhook.alert(&json!({ "qty": 3 }));
    let made = reprocess(&failed, Some(json!({ "payload": edited })))
        .expect(201)
        .json();
    assert_eq!(made["original"], failed.as_str());
    assert_eq!(made["status"], "processed");
    assert_eq!(made["qty"], "3");
    assert!(!made.to_string().contains(&webhook.key));
    let order = made["order"].as_str().unwrap();
    let order = server
        .api(&token, "GET", &format!("/orders/{order}"), None)
        .json();
    assert_eq!(order["qty"], "3");
    // The original is kept as it came.
    let original = server
        .api(&token, "GET", &format!("/events/{failed}"), None)
        .json();
    assert_eq!(original["status"], "failed");
    assert!(original["payload"].as_str().unwrap().contains("NaN"));
    // An edited payload can come as text, too; but no event makes two orders.
    let text = json!({ "payload": edited.to_string() });
    expect_problem(reprocess(&failed, Some(text.clone())), 409, "conflict");
    expect_problem(
        reprocess(made["id"].as_str().unwrap(), Some(text)),
        409,
        "conflict",
    );
    assert_eq!(server.data.orders().len(), 1);
    expect_problem(reprocess("evt_99", None), 404, "not_found");
}

#[test]
fn an_edited_payload_is_taken_as_it_was_written() {
    let (server, token, webhook) = desk();
    server
        .deliver(&webhook, &webhook.alert(&json!({ "qty": "NaN" })))
        .expect(422);
    let reprocess = |payload: &str| {
        let url = format!("{}/api/v1/events/evt_1/reprocess", server.url);
        let request = agent()
            .post(url)
            .header("authorization", format!("Bearer {token}"));
        Answer::tried(request.send(format!(r#"{{"payload":{payload}}}"#))).unwrap()
    };
    let twice = r#"{"ticker":"Y","action":"buy","marketPrice":1,"qty":1,"qty":2}"#;
    expect_problem(reprocess(twice), 422, "duplicate_field");
    let exact = format!(
        r#"{{"ticker":"Y","action":"buy","marketPrice":0.1234567890123456789012,"metadata":{{"comment":"{}"}}}}"#,
        webhook.key
    );
    let made = reprocess(&exact).expect(201).json();
    assert_eq!(made["marketPrice"], "0.1234567890123456789012");
    let payload = made["payload"].as_str().unwrap();
    assert_eq!(payload, exact.replace(&webhook.key, "***"));
    assert!(!server.data.orders()[0].to_string().contains(&webhook.key));
}

#[test]
fn no_delivery_makes_two_orders_however_often_it_is_processed_again() {
    let (server, token, webhook) = desk();
    let reprocess = |id: &str, body: Option<Value>| {
        server.api(&token, "POST", &format!("/events/{id}/reprocess"), body)
    };
    let broken = webhook.alert(&json!({ "qty": "NaN" }));
    server.deliver(&webhook, &broken).expect(422);
    let unusable = webhook.alert(&json!({ "qty": null, "notional": "1e-20" }));
    let failed = reprocess("evt_1", Some(json!({ "payload": unusable }))).expect(201);
    assert_eq!(failed.json()["status"], "failed");
    let edited = Some(json!({ "payload": webhook.alert(&json!({ "id": "bar" })) }));
    reprocess("evt_2", edited.clone()).expect(201);
    for event in ["evt_1", "evt_2", "evt_3"] {
        expect_problem(reprocess(event, edited.clone()), 409, "conflict");
    }
    assert_eq!(server.data.orders().len(), 1);
    // One of another delivery can be made, and says what it has in common.
    server.deliver(&webhook, &broken).expect(422);
    let second = reprocess("evt_4", edited).expect(201).json();
    assert_eq!(second["status"], "processed");
    assert_eq!(second["warnings"][0]["code"], "same_id");
}

#[test]
fn wrong_requests_are_told_what_is_wrong() {
    let (server, token, webhook) = desk();
    let api =
        |method: &str, path: &str, body: Option<Value>| server.api(&token, method, path, body);
    expect_problem(api("GET", "/nothing", None), 404, "not_found");
    let answer = api("PUT", "/webhooks", None);
    assert_eq!(answer.header("allow"), "GET, POST");
    expect_problem(answer, 405, "method_not_allowed");
    expect_problem(
        api("POST", "/webhooks", Some(json!({}))),
        422,
        "invalid_value",
    );
    expect_problem(api("GET", "/events/12", None), 404, "not_found");
    expect_problem(api("GET", "/webhooks/../events", None), 404, "not_found");
    let large = json!({ "payload": "x".repeat(300_000) });
    expect_problem(
        api("POST", "/events/evt_1/reprocess", Some(large)),
        413,
        "too_large",
    );
    let mut stream = server.connect();
    write!(
        stream,
        "POST /api/v1/webhooks HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-length: 9\r\nconnection: close\r\n\r\n{{\"name\": "
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("invalid_json"),
        "{answer}"
    );
    let head = api("HEAD", &format!("/webhooks/{}", webhook.id), None).expect(200);
    assert_eq!(head.text, "");
}

#[test]
fn new_events_are_streamed_and_a_reconnect_misses_none() {
    let (server, token, webhook) = desk();
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    let mut stream = open_stream(&server, &token, None);
    server
        .deliver(&webhook, &webhook.alert(&json!({ "ticker": "NEW" })))
        .expect(200);
    let message = next_message(&mut stream);
    assert_eq!(
        (message[0].as_str(), message[1].as_str()),
        ("id: evt_2", "event: event")
    );
    let event: Value = serde_json::from_str(message[2].strip_prefix("data: ").unwrap()).unwrap();
    let listed = server.api(&token, "GET", "/events?limit=1", None).json();
    assert_eq!(event, listed["items"][0]);
    drop(stream);

    for _ in 0..150 {
        server
            .deliver(&webhook, &webhook.alert(&json!({})))
            .expect(200);
    }
    let mut stream = open_stream(&server, &token, Some("evt_2"));
    for number in 3..=152 {
        assert_eq!(next_message(&mut stream)[0], format!("id: evt_{number}"));
    }
}

#[test]
fn an_open_stream_does_not_hold_up_a_stop() {
    let (server, token, webhook) = desk();
    let mut stream = open_stream(&server, &token, None);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    next_message(&mut stream);
    let data = server.stop();
    assert!(
        !std::fs::read_to_string(format!("{}.log", data.path.display()))
            .unwrap()
            .contains("still open")
    );
}
