//! What each delivery gets: every row of the table of statuses, over real HTTP.

use std::io::Write;

use crate::support::{self, Server, read_to_end};
use serde_json::{Value, json};

/// What the answers have of ids and times is replaced, so that they can be compared.
fn snapshot(answer: &support::Answer) -> serde_json::Value {
    json!({ "status": answer.status, "body": answer.json() })
}

#[test]
fn a_valid_alert_becomes_an_event_and_an_order() {
    let server = Server::start();
    let webhook = server.data.create_webhook("Strategy");
    support::wait_until("the webhook is known", || {
        server.get(&format!("/hooks/{}", webhook.id)).status == 405
            && server.post(&webhook.id, "").status != 404
    });
    let alert = webhook.alert(&json!({
        "orderType": "stop_limit", "stopPrice": 150.5, "limitPrice": 151.0,
        "metadata": { "strategy": "Breakout", "signal": "Buy Signal" },
    }));
    let answer = server.deliver(&webhook, &alert).expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let answer = answer.json();
    let event = answer["webhookEvent"]["id"].as_str().unwrap();
    let order = answer["order"]["id"].as_str().unwrap();
    let expected = json!({
        "success": true,
        "message": "Webhook received and processed successfully",
        "webhookEvent": { "id": event, "status": "processed", "ticker": "NASDAQ:AAPL",
            "positionDirection": "entryLong", "direction": "long", "marketPrice": 150.25 },
        "order": { "id": order, "orderType": "stop_limit", "qty": 100, "intendedPrice": 151.0 },
        "analytics": { "orderType": "stop_limit", "marketPrice": 150.25, "intendedPrice": 151.0,
            "setupCost": 0.75, "executionQuality": "good", "recommendations": [] },
        "validation": { "valid": true, "warnings": [] },
    });
    assert_eq!(answer, expected);

    let token = server.data.create_token();
    let kept = server.api(&token, "GET", &format!("/orders/{order}"), None);
    let kept = kept.expect(200).json();
    assert_eq!(kept["event"], event);
    assert_eq!(
        (&kept["qty"], &kept["stopPrice"], &kept["limitPrice"]),
        (&json!("100"), &json!("150.5"), &json!("151.0"))
    );
    assert_eq!(kept["signal"], "Buy Signal");
}

#[test]
fn the_content_type_does_not_matter() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let url = format!("{}/hooks/{}", server.url, webhook.id);
    for content_type in ["application/json", "text/plain; charset=utf-8", "image/png"] {
        let request = support::agent()
            .post(&url)
            .header("content-type", content_type);
        let answer = request.send(webhook.alert(&json!({})).to_string());
        assert_eq!(answer.unwrap().status(), 200, "{content_type}");
    }
}

#[test]
fn a_delivery_with_a_known_id_makes_no_second_order() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let first = server
        .deliver(&webhook, &webhook.alert(&json!({ "id": "bar-1" })))
        .expect(200);
    // The same id counts, whatever else is in the message.
    let again = server
        .deliver(
            &webhook,
            &webhook.alert(&json!({ "id": "bar-1", "qty": 7 })),
        )
        .expect(200);
    let again = again.json();
    assert_eq!(again["webhookEvent"]["status"], "duplicate");
    assert_eq!(
        again["webhookEvent"]["duplicateOf"],
        first.json()["webhookEvent"]["id"]
    );
    assert!(again.get("order").is_none());
    assert_eq!(server.data.orders().len(), 1);
    let other = server.create_webhook("Other");
    let elsewhere = server.deliver(&other, &other.alert(&json!({ "id": "bar-1" })));
    assert_eq!(elsewhere.json()["webhookEvent"]["status"], "processed");
}

#[test]
fn a_paused_webhook_records_and_makes_no_order() {
    // Waiting for the pause is many alerts.
    let server = Server::start_with(&["--rate-limit", "1000000"]);
    let webhook = server.create_webhook("Strategy");
    server.data.text(&["webhook", "pause", &webhook.id]);
    support::wait_until("the webhook is paused", || {
        let answer = server.deliver(&webhook, &webhook.alert(&json!({})));
        answer.expect(200).json()["webhookEvent"]["status"] == "ignored"
    });
    let before = server.data.orders().len();
    let answer = server.deliver(&webhook, &webhook.alert(&json!({})));
    assert!(answer.expect(200).json().get("order").is_none());
    assert_eq!(server.data.orders().len(), before);
    // A broken message is worth knowing about, also while paused.
    let broken = server.post(
        &webhook.id,
        &format!("{{\"auth_key\": \"{}\",}}", webhook.key),
    );
    assert_eq!(
        broken.expect(400).json()["webhookEvent"]["status"],
        "failed"
    );
}

#[test]
fn malformed_json_is_recorded_with_its_place_and_its_cause() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let message = format!(
        "{{\n  \"auth_key\": \"{}\",\n  \"ticker\": \"AAPL\",\n  \"qty\": {{{{strategy.order.contracts}}}}\n}}",
        webhook.key
    );
    let answer = server.post(&webhook.id, &message).expect(400).json();
    assert_eq!(answer["success"], false);
    assert_eq!(answer["error"]["code"], "invalid_json");
    assert_eq!(
        (&answer["error"]["line"], &answer["error"]["column"]),
        (&json!(4), &json!(10))
    );
    let said = answer["error"]["message"].as_str().unwrap();
    assert!(
        said.starts_with("{{strategy.order.contracts}} was not replaced"),
        "{said}"
    );

    let event = answer["webhookEvent"]["id"].as_str().unwrap();
    let shown = server.data.text(&["events", event]);
    assert!(shown.contains("strategy.order.contracts"), "{shown}");
    assert!(!shown.contains(&webhook.key), "{shown}");
}

#[test]
fn malformed_json_with_a_wrong_key_is_turned_away_and_without_any_recorded() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let events = || server.data.events().len();
    let before = events();
    let wrong = server.post(&webhook.id, "{\"auth_key\": \"x8Tw2\", \"ticker\": }");
    assert_eq!(wrong.expect(401).json()["error"]["code"], "unauthorized");
    assert_eq!(events(), before);
    let without = server.post(&webhook.id, "BTCUSDT crossed 65000");
    let answer = without.expect(400).json();
    let said = answer["error"]["message"].as_str().unwrap();
    assert!(said.contains("plain text"), "{said}");
    assert_eq!(events(), before + 1);
    let other_name = json!({ "authKey": webhook.key, "auth_key": null });
    let answer = server.deliver(&webhook, &webhook.alert(&other_name));
    assert_eq!(
        answer.expect(401).json()["error"]["hint"],
        "Rename \"authKey\" to \"auth_key\"."
    );
}

#[test]
fn json_that_is_no_object_counts_as_malformed() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    for body in ["[]", "\"text\"", "null", "1", ""] {
        let answer = server.post(&webhook.id, body).expect(400).json();
        assert_eq!(answer["error"]["code"], "invalid_json", "{body}");
    }
}

#[test]
fn a_field_that_is_missing_or_out_of_range_is_named() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    for (changes, field, code) in [
        (json!({ "ticker": null }), "ticker", "missing_field"),
        (json!({ "qty": 0 }), "qty", "invalid_field"),
        (
            json!({ "marketPrice": null }),
            "marketPrice",
            "missing_field",
        ),
        (
            json!({ "positionDirection": "up" }),
            "positionDirection",
            "invalid_field",
        ),
        (json!({ "orderType": "stop" }), "stopPrice", "missing_field"),
    ] {
        let answer = server
            .deliver(&webhook, &webhook.alert(&changes))
            .expect(422)
            .json();
        assert_eq!(answer["error"]["field"], field);
        assert_eq!(answer["error"]["code"], code);
        assert_eq!(answer["webhookEvent"]["status"], "failed");
    }
    let twice = format!(
        "{{\"auth_key\": \"{}\", \"ticker\": \"A\", \"qty\": 1, \"qty\": 2}}",
        webhook.key
    );
    let answer = server.post(&webhook.id, &twice).expect(422).json();
    assert_eq!(answer["error"]["code"], "duplicate_field");
    assert!(server.data.orders().is_empty());
}

#[test]
fn a_missing_or_wrong_key_makes_no_event_and_is_shown_to_the_owner() {
    let server = Server::start();
    let webhook = server.data.create_webhook("Strategy");
    let token = server.data.create_token();
    support::wait_until("the webhook is known", || {
        server.post(&webhook.id, "{}").status == 401
    });
    let wrong = webhook.alert(&json!({ "auth_key": "no" }));
    let answer = server.deliver(&webhook, &wrong).expect(401).json();
    assert_eq!(answer["error"]["code"], "unauthorized");
    assert!(answer.get("webhookEvent").is_none());
    assert!(server.data.events().is_empty());

    let path = format!("/webhooks/{}/rejections", webhook.id);
    let rejections = server.api(&token, "GET", &path, None).expect(200).json();
    let reasons: Vec<&str> = rejections["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rejection| rejection["reason"].as_str().unwrap())
        .collect();
    assert_eq!(reasons, ["wrong_key", "missing_key"]);
    assert_eq!(rejections["items"][0]["sourceAddress"], "127.0.0.1");
}

#[test]
fn an_unknown_webhook_is_not_found_and_leaves_nothing() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    for id in [
        "wh_AAAAAAAAAAAAAAAAAAAAAA",
        "wh_",
        "",
        "x/y",
        "..%2f..%2fetc",
    ] {
        let answer = server.post(id, &webhook.alert(&json!({})).to_string());
        assert_eq!(
            answer.expect(404).json()["error"]["code"],
            "unknown_webhook"
        );
    }
    assert!(server.data.events().is_empty());
}

#[test]
fn only_post_is_taken() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let answer = server.get(&format!("/hooks/{}", webhook.id)).expect(405);
    assert_eq!(answer.header("allow"), "POST");
    let mut stream = server.connect();
    write!(
        stream,
        "DELETE /hooks/{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        webhook.id
    )
    .unwrap();
    let answer = read_to_end(&stream);
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    assert!(server.data.events().is_empty());
}

#[test]
fn a_body_over_25_kb_is_too_large_with_and_without_a_stated_length() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let padded = |length: usize| {
        let alert = webhook
            .alert(&json!({ "metadata": { "note": "" } }))
            .to_string();
        let note = "x".repeat(length - alert.len());
        alert.replace("\"note\":\"\"", &format!("\"note\":\"{note}\""))
    };
    let answer = server.post(&webhook.id, &padded(25_600));
    assert_eq!(answer.expect(200).json()["success"], true);
    let answer = server.post(&webhook.id, &padded(25_601)).expect(413).json();
    assert_eq!(answer["error"]["code"], "too_large");

    let mut stream = server.connect();
    let head = format!(
        "POST /hooks/{} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
        webhook.id
    );
    stream.write_all(head.as_bytes()).unwrap();
    for chunk in padded(26_000).as_bytes().chunks(1000) {
        write!(stream, "{:x}\r\n", chunk.len()).unwrap();
        stream.write_all(chunk).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let answer = read_to_end(&stream);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");

    let token = server.data.create_token();
    let path = format!("/webhooks/{}/rejections", webhook.id);
    let rejections = server.api(&token, "GET", &path, None).expect(200).json();
    let too_large = rejections["items"].as_array().unwrap().iter();
    let too_large = too_large.filter(|rejection| rejection["reason"] == "too_large");
    assert_eq!(too_large.count(), 2);
    assert_eq!(server.data.events().len(), 1);
}

#[test]
fn odd_but_acceptable_fields_are_warned_of() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let alert = webhook.alert(&json!({ "colour": "red", "limit": 1, "symbol": "AAPL" }));
    let answer = server.deliver(&webhook, &alert).expect(200).json();
    let warnings = answer["validation"]["warnings"].as_array().unwrap();
    let codes: Vec<&Value> = warnings.iter().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["said_twice", "unknown_field"]);
    let message = warnings[1]["message"].as_str().unwrap();
    assert!(message.contains("colour") && message.contains("did you mean limitPrice"));
}

#[test]
fn a_message_that_contradicts_itself_makes_no_order() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let direction = |changes: Value| {
        let mut alert = webhook.alert(&json!({ "positionDirection": null, "direction": "long" }));
        for (name, value) in changes.as_object().unwrap() {
            alert[name] = value.clone();
        }
        server.deliver(&webhook, &alert)
    };
    direction(json!({})).expect(200);
    for changes in [
        json!({ "action": "sell" }),
        json!({ "positionDirection": "entryShort" }),
        json!({ "quantity": 5 }),
        json!({ "price": 151 }),
        json!({ "marketPosition": "long", "positionSize": -1 }),
    ] {
        let answer = direction(changes.clone()).expect(422).json();
        assert_eq!(answer["error"]["code"], "contradiction", "{changes}");
        assert_eq!(answer["webhookEvent"]["status"], "failed");
    }
    assert_eq!(server.data.orders().len(), 1);
    assert_eq!(server.data.events().len(), 6);
    // `direction` names the position, and `action` what becomes of it.
    let left = direction(json!({ "action": "close" })).expect(200).json();
    assert_eq!(left["webhookEvent"]["positionDirection"], "exitLong");
}

#[test]
fn a_quantity_under_another_name_is_the_order_s() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    for name in ["quantity", "Qty", "contracts", "size", "Quantity", "amount"] {
        let alert = webhook.alert(&json!({ "qty": null, name: 25 }));
        let answer = server.deliver(&webhook, &alert).expect(200).json();
        assert_eq!(answer["order"]["qty"], 25, "{name}");
        let warning = &answer["validation"]["warnings"][0];
        assert_eq!(warning["code"], "other_name");
        assert!(warning["message"].as_str().unwrap().contains(" as qty"));
    }
}

#[test]
fn two_equal_alerts_of_one_bar_are_two_fills() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let now = jiff::Timestamp::now();
    let alert = webhook.alert(&json!({ "metadata": { "timestamp": now } }));
    let first = server.deliver(&webhook, &alert).expect(200).json();
    let second = server.deliver(&webhook, &alert).expect(200).json();
    assert_eq!(first["validation"]["warnings"], json!([]));
    assert_eq!(second["webhookEvent"]["status"], "processed");
    assert_eq!(second["validation"]["warnings"][0]["code"], "same_message");
    assert_eq!(server.data.orders().len(), 2);
}

#[test]
fn prices_however_far_apart_are_answered() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let alert =
        webhook.alert(&json!({ "marketPrice": "1e-20", "limitPrice": "10000000000", "qty": 1 }));
    let answer = server.deliver(&webhook, &alert).expect(200).json();
    assert_eq!(answer["analytics"]["executionQuality"], "poor");
}

#[test]
fn who_sends_no_more_is_answered_all_the_same() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    for number in 0..10 {
        let alert = webhook
            .alert(&json!({ "id": number.to_string() }))
            .to_string();
        let mut stream = server.connect();
        let head = format!(
            "POST /hooks/{} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
            webhook.id,
            alert.len()
        );
        stream.write_all((head + &alert).as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let answer = read_to_end(&stream);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert_eq!(server.data.orders().len(), 10);
}

#[test]
fn a_body_that_is_too_large_is_told_so_though_it_never_comes() {
    let server = Server::start_with(&["--body-timeout", "1"]);
    let webhook = server.create_webhook("Strategy");
    let mut stream = server.connect();
    let head = format!(
        "POST /hooks/{} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n",
        webhook.id
    );
    stream.write_all(head.as_bytes()).unwrap();
    let answer = read_to_end(&stream);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[test]
fn the_same_id_with_another_message_is_warned_of() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let send = |qty: u32| {
        let alert = webhook.alert(&json!({ "id": "Long", "qty": qty }));
        server.deliver(&webhook, &alert).expect(200).json()
    };
    send(1);
    assert_eq!(send(1)["validation"]["warnings"], json!([]));
    let other = send(7);
    assert_eq!(other["webhookEvent"]["status"], "duplicate");
    assert_eq!(other["validation"]["warnings"][0]["code"], "same_id");
}

#[test]
fn the_key_is_kept_nowhere_but_with_its_webhook() {
    let server = Server::start_with(&["--log-level", "debug"]);
    let webhook = server.create_webhook("Strategy");
    let key = &webhook.key;
    for body in [
        webhook.alert(&json!({})).to_string(),
        webhook
            .alert(&json!({ "ticker": key, "metadata": { "comment": key } }))
            .to_string(),
        webhook.alert(&json!({ "qty": key })).to_string(),
        format!("{{\"auth_key\": \"{key}\", \"note\": \"{key}\""),
        format!("{{\u{201c}auth_key\u{201d}: \u{201c}{key}\u{201d}}}"),
    ] {
        let answer = server.post(&webhook.id, &body);
        assert!(!answer.text.contains(key.as_str()), "{answer:?}");
    }
    assert_eq!(server.data.events().len(), 5);
    for event in server.data.events() {
        assert!(!event.to_string().contains(key.as_str()), "{event}");
    }
    assert!(!server.log().contains(key.as_str()));
    let database = rusqlite::Connection::open(server.data.database()).unwrap();
    let kept: i64 = database
        .query_row(
            "SELECT count(*) FROM events WHERE instr(payload, ?1) OR instr(coalesce(error, ''), ?1)
                OR instr(coalesce(warnings, ''), ?1) OR instr(coalesce(ticker, ''), ?1)",
            [key],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(kept, 0);
}

#[test]
fn numbers_keep_every_digit() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let body = format!(
        "{{\"auth_key\": \"{}\", \"ticker\": \"T\", \"action\": \"buy\", \"qty\": \"1e-05\", \
         \"marketPrice\": 1800.8000000000002}}",
        webhook.key
    );
    let answer = server.post(&webhook.id, &body).expect(200);
    assert!(answer.text.contains("\"qty\":0.00001"), "{}", answer.text);
    assert!(
        answer.text.contains("\"marketPrice\":1800.8000000000002"),
        "{}",
        answer.text
    );
    let order = &server.data.orders()[0];
    assert_eq!(order["qty"], "0.00001");
    assert_eq!(order["intendedPrice"], "1800.8000000000002");
}

#[test]
fn the_answers_of_refusals_have_one_shape() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    for answer in [
        server.post("wh_AAAAAAAAAAAAAAAAAAAAAA", "{}"),
        server.post(&webhook.id, "{}"),
        server.post(&webhook.id, "{"),
        server.deliver(&webhook, &webhook.alert(&json!({ "ticker": "" }))),
    ] {
        let shown = snapshot(&answer);
        assert_eq!(shown["body"]["success"], false, "{shown}");
        assert_eq!(shown["body"]["message"], shown["body"]["error"]["message"]);
        for name in ["code", "message", "hint"] {
            assert!(shown["body"]["error"][name].is_string(), "{shown}");
        }
    }
}

#[test]
fn an_event_says_what_it_was_answered() {
    let server = Server::start_with(&["--rate-limit", "5"]);
    let webhook = server.create_webhook("Strategy");
    let valid = webhook.alert(&json!({ "id": "one" })).to_string();
    let broken = format!("{{\"auth_key\": \"{}\", \"qty\": NaN}}", webhook.key);
    let negative = webhook.alert(&json!({ "qty": -1 })).to_string();
    let answered: Vec<u64> = [&valid, &valid, &broken, &negative, &broken, &valid]
        .map(|message| server.post(&webhook.id, message).status.into())
        .into();
    assert_eq!(answered, [200, 200, 400, 422, 400, 429]);
    let token = server.data.create_token();
    let events = server.api(&token, "GET", "/events", None).expect(200);
    let events = events.json();
    let events = events["items"].as_array().unwrap().iter().rev();
    let stated: Vec<u64> = events
        .map(|event| event["answerStatus"].as_u64().unwrap())
        .collect();
    assert_eq!(stated, answered);
}

#[test]
fn an_event_says_when_it_was_on_disk() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    let times = |server: &Server, id: &str| -> [Option<jiff::Timestamp>; 2] {
        let event = server.api(&token, "GET", &format!("/events/{id}"), None);
        let event = event.expect(200).json();
        ["receivedAt", "committedAt"].map(|name| event[name].as_str()?.parse().ok())
    };
    let deliver = |server: &Server| server.deliver(&webhook, &webhook.alert(&json!({})));

    deliver(&server).expect(200);
    let [received, committed] = times(&server, "evt_1");
    assert!(received.unwrap() <= committed.unwrap(), "known at once");

    deliver(&server).expect(200);
    assert_eq!(times(&server, "evt_1"), [received, committed]);
    let second = times(&server, "evt_2");

    // A stop in good order loses no time, a crash that of the last event.
    let server = Server::with(server.stop(), &[]);
    assert_eq!(times(&server, "evt_2"), second);
    assert!(second[1].is_some());
    deliver(&server).expect(200);
    let server = Server::with(server.kill(), &[]);
    deliver(&server).expect(200);
    assert_eq!(times(&server, "evt_2"), second);
    assert!(matches!(times(&server, "evt_3"), [Some(_), None]));
    assert!(times(&server, "evt_4")[1].is_some());
}
