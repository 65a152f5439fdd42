//! Messages that state TradingView's position: the order leads there, or the message fails.

use serde_json::{Value, json};

use crate::support::files::{file, import};
use crate::support::{Server, Webhook};

/// Sends messages one after another; returns the position after each, and "failed" where it made
/// no order.
fn positions(settings: &Value, messages: &[Value]) -> Vec<String> {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    let path = format!("/webhooks/{}", webhook.id);
    let body = json!({ "settings": settings });
    server.api(&token, "PATCH", &path, Some(body)).expect(200);
    let after = |message: &Value| {
        let answer = server.deliver(&webhook, &stated(&webhook, message));
        if answer.status != 200 {
            return "failed".to_owned();
        }
        let held = server.api(&token, "GET", "/positions", None).json();
        match &held["items"][0] {
            Value::Null => "0".to_owned(),
            held => {
                let sign = if held["direction"] == "short" {
                    "-"
                } else {
                    ""
                };
                format!("{sign}{}", held["qty"].as_str().unwrap())
            }
        }
    };
    messages.iter().map(after).collect()
}

fn stated(webhook: &Webhook, message: &Value) -> Value {
    let mut alert = json!({ "auth_key": webhook.key, "ticker": "A", "marketPrice": 100 });
    let fields = alert.as_object_mut().unwrap();
    fields.extend(message.as_object().unwrap().clone());
    alert
}

/// A message with the position before and after its order.
fn moved(side: &Value, quantity: Option<u32>, (before, after): (i64, i64)) -> Value {
    let side_of =
        |size: i64| ["short", "flat", "long"][usize::try_from(size.signum() + 1).unwrap()];
    let mut message = json!({
        "prevMarketPosition": side_of(before), "prevMarketPositionSize": before.abs(),
        "marketPosition": side_of(after), "marketPositionSize": after.abs(),
    });
    let fields = message.as_object_mut().unwrap();
    fields.extend(side.as_object().unwrap().clone());
    fields.extend(quantity.map(|quantity| ("qty".to_owned(), json!(quantity))));
    message
}

#[test]
fn a_position_after_the_order_alone_is_no_quantity_of_one_and_no_exit_of_all() {
    let sell = |position: Value| {
        let mut message = json!({ "action": "sell" });
        let fields = message.as_object_mut().unwrap();
        fields.extend(position.as_object().unwrap().clone());
        message
    };
    let long = json!({ "action": "buy", "qty": 3 });
    let messages = [
        json!({ "action": "buy", "positionSize": 3 }),
        long,
        sell(json!({ "positionSize": 1 })),
        json!({ "positionDirection": "exitLong", "marketPosition": "long", "marketPositionSize": 1 }),
        sell(json!({ "marketPosition": "short", "marketPositionSize": 4 })),
        sell(json!({ "marketPosition": "flat" })),
    ];
    let expected = ["failed", "3", "failed", "failed", "failed", "0"];
    assert_eq!(positions(&json!({}), &messages), expected);
}

#[test]
fn a_reversal_of_either_quantity_leads_to_the_stated_position() {
    for reversal in ["net", "full"] {
        for side in [
            json!({ "action": "buy" }),
            json!({ "positionDirection": "entryLong" }),
        ] {
            for quantity in [Some(2), Some(4), None] {
                let messages = [
                    json!({ "action": "sell", "qty": 2 }),
                    moved(&side, quantity, (-2, 2)),
                ];
                let found = positions(&json!({ "reversal": reversal }), &messages);
                assert_eq!(found, ["-2", "2"], "{reversal} {side} {quantity:?}");
            }
        }
    }
}

#[test]
fn an_import_of_what_was_lost_does_not_turn_the_last_event_back() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    let received = server.data.events();
    let at = received[0]["receivedAt"].clone();
    let lost = json!({ "ticker": "AAPL", "action": "buy", "qty": 1, "marketPrice": 9 });
    let line = json!({ "time": "2026-01-05T10:00:00Z", "payload": lost }).to_string();
    let path = file(&server.data, "lost.jsonl", line);
    import(&server.data, "alerts", &path, &webhook, &[]);
    let token = server.data.create_token();
    let path = format!("/webhooks/{}", webhook.id);
    let shown = server.api(&token, "GET", &path, None).json();
    assert_eq!(shown["lastEventAt"], at);
    let newest = server.data.text(&["events", "--json", "--limit", "1"]);
    assert!(newest.contains(at.as_str().unwrap()), "{newest}");
}
