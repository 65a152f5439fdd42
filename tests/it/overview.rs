//! What the dashboard is told, through the real binary.

use crate::support::{Server, Webhook, wait_until};
use serde_json::{Value, json};

fn attention(server: &Server, token: &str) -> Value {
    server.overview(token)["webhooks"][0]["attention"].clone()
}

/// A webhook that nobody has posted to yet.
fn create_webhook(server: &Server, token: &str) -> Webhook {
    let body = json!({ "name": "Strategy" });
    let made = server.api(token, "POST", "/webhooks", Some(body));
    let made = made.expect(201).json();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Webhook {
        id: text("id"),
        key: text("authKey"),
    }
}

fn change_settings(server: &Server, token: &str, webhook: &Webhook, settings: &Value) {
    let path = format!("/webhooks/{}", webhook.id);
    let body = json!({ "settings": settings });
    server.api(token, "PATCH", &path, Some(body)).expect(200);
}

#[test]
fn a_webhook_shows_what_it_made() {
    let server = Server::start();
    let token = server.data.create_token();
    assert_eq!(server.overview(&token)["webhooks"], json!([]));

    let webhook = create_webhook(&server, &token);
    let fresh = &server.overview(&token)["webhooks"][0];
    assert_eq!(fresh["name"], "Strategy");
    assert_eq!(fresh["lastAlertAt"], Value::Null);
    assert_eq!(fresh["netProfit"], "0");
    assert_eq!(fresh["openProfit"], "0");
    assert_eq!(fresh["curve"], json!([]));
    assert_eq!(fresh["attention"], json!([]));

    let send = |changes: &Value| {
        server
            .deliver(&webhook, &webhook.alert(changes))
            .expect(200);
    };
    send(&json!({ "qty": 3, "marketPrice": "100" }));
    send(&json!({ "positionDirection": "exitLong", "qty": 1, "marketPrice": "110.5" }));
    send(&json!({ "positionDirection": "exitLong", "qty": 1, "marketPrice": "95" }));
    let traded = server.overview(&token);
    let traded = &traded["webhooks"][0];
    assert_eq!(traded["profitToday"], "5.5");
    assert_eq!(traded["netProfit"], "5.5");
    assert_eq!(traded["openProfit"], "-5");
    assert_eq!(traded["curve"], json!(["10.5", "5.5"]));
    assert!(traded["lastAlertAt"].is_string());
    assert_eq!(server.overview(&token)["certificate"], Value::Null);

    // Another setting derives the trades again: nothing is kept that is not true any more.
    let commission = json!({ "commission": { "kind": "perOrder", "value": "1" } });
    change_settings(&server, &token, &webhook, &commission);
    wait_until("the commission is taken off", || {
        server.overview(&token)["webhooks"][0]["netProfit"] != "5.5"
    });
}

#[test]
fn what_went_wrong_asks_for_attention_until_it_is_mended() {
    let server = Server::start();
    let token = server.data.create_token();
    let webhook = create_webhook(&server, &token);
    server
        .deliver(&webhook, &webhook.alert(&json!({ "qty": -1 })))
        .expect(422);
    let mut stranger = webhook.alert(&json!({}));
    stranger["auth_key"] = json!("guessed");
    server.deliver(&webhook, &stranger).expect(401);
    let failed = json!({ "kind": "failed", "count": 1 });
    let rejected = json!({ "kind": "rejected", "count": 1 });
    wait_until("the rejection is stored", || {
        attention(&server, &token) == json!([failed, rejected])
    });

    let mended = webhook.alert(&json!({})).to_string();
    let body = json!({ "payload": mended });
    server
        .api(&token, "POST", "/events/evt_1/reprocess", Some(body))
        .expect(201);
    assert_eq!(attention(&server, &token), json!([rejected]));
}

#[test]
fn alerts_over_the_limit_wait_for_their_owner() {
    let server = Server::start_with(&["--rate-limit", "1"]);
    let token = server.data.create_token();
    let webhook = create_webhook(&server, &token);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    server
        .deliver(&webhook, &webhook.alert(&json!({ "qty": 2 })))
        .expect(429);
    let limited = json!([{ "kind": "limited", "count": 1 }]);
    assert_eq!(attention(&server, &token), limited);
    server
        .api(&token, "POST", "/events/evt_2/reprocess", None)
        .expect(201);
    assert_eq!(attention(&server, &token), json!([]));
}

#[test]
fn a_silent_webhook_is_noticed_unless_it_is_paused() {
    let server = Server::start();
    let token = server.data.create_token();
    let webhook = create_webhook(&server, &token);
    let silence = json!({ "silence": { "seconds": 1, "counted": "always" } });
    change_settings(&server, &token, &webhook, &silence);
    wait_until("a second has gone by", || {
        attention(&server, &token)[0]["kind"] == "silent"
    });
    let since = &attention(&server, &token)[0]["since"];
    let path = format!("/webhooks/{}", webhook.id);
    let made = server.api(&token, "GET", &path, None).expect(200).json();
    assert_eq!(*since, made["createdAt"]);
    let paused = json!({ "state": "paused" });
    server.api(&token, "PATCH", &path, Some(paused)).expect(200);
    assert_eq!(attention(&server, &token), json!([]));
}

#[test]
fn a_missing_alert_comes_first() {
    let server = Server::start();
    let token = server.data.create_token();
    let webhook = create_webhook(&server, &token);
    let stated = webhook.alert(&json!({
        "qty": 1, "marketPosition": "long", "marketPositionSize": 4,
        "prevMarketPosition": "long", "prevMarketPositionSize": 3,
    }));
    server.deliver(&webhook, &stated).expect(200);
    server
        .deliver(&webhook, &webhook.alert(&json!({ "qty": -1 })))
        .expect(422);
    let found = attention(&server, &token);
    assert_eq!(found[0]["kind"], "outOfSync");
    assert_eq!(found[0]["ticker"], stated["ticker"]);
    assert_eq!(found[1]["kind"], "failed");
}

#[test]
fn what_begins_to_need_the_owner_is_logged_without_a_look_at_the_dashboard() {
    let server = Server::start();
    let token = server.data.create_token();
    let webhook = create_webhook(&server, &token);
    let broken = format!("{{\"auth_key\":\"{}\",", webhook.key);
    let failed = server.post(&webhook.id, &broken).expect(400).json();
    wait_until("the alert that failed is noticed", || {
        server
            .log()
            .contains("needs attention: alerts could not be read")
    });
    let body = json!({ "payload": webhook.alert(&json!({})) });
    let id = failed["webhookEvent"]["id"].as_str().unwrap();
    let path = format!("/events/{id}/reprocess");
    server.api(&token, "POST", &path, Some(body)).expect(201);
    wait_until("it is noticed that it was settled", || {
        server.log().contains("settled: alerts could not be read")
    });
}
