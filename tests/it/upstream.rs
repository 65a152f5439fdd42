//! A machine at home that records the alerts of a small server: all of them, once, in order, with
//! the same trades.

use serde_json::{Value, json};

use crate::support::receiver::{Does, Receiver};
use crate::support::{DataDir, Server, wait_until};

/// The trades of a server, without what names its own database.
fn trades(server: &Server, token: &str) -> Vec<Value> {
    let listed = server
        .api(token, "GET", "/trades?limit=500", None)
        .expect(200)
        .json();
    let trades = listed["items"].as_array().unwrap().iter();
    trades
        .map(|trade| {
            json!([
                trade["webhook"],
                trade["ticker"],
                trade["direction"],
                trade["qty"],
                trade["entryTime"],
                trade["entryPrice"],
                trade["exitTime"],
                trade["exitPrice"],
                trade["netProfit"]
            ])
        })
        .collect()
}

fn home(data: DataDir, vps: &Server, token: &str) -> Server {
    let arguments = [
        "--upstream",
        &vps.url,
        "--upstream-token",
        token,
        "--look-every",
        "50",
    ];
    Server::with(data, &arguments)
}

#[test]
fn what_came_while_the_home_machine_was_off_is_there_afterwards_once_and_in_order() {
    let vps = Server::start_with(&["--rate-limit", "100000"]);
    let token = vps.data.create_scoped_token("read");
    let webhook = vps.create_webhook("Strategy");
    let settings = json!({"settings": {"commission": {"kind": "perOrder", "value": "1.5"}}});
    let owner = vps.data.create_token();
    vps.api(
        &owner,
        "PATCH",
        &format!("/webhooks/{}", webhook.id),
        Some(settings),
    )
    .expect(200);
    let send = |from: u32, to: u32| {
        for number in from..to {
            let intent = if number % 2 == 0 {
                "entryLong"
            } else {
                "exitLong"
            };
            let alert =
                json!({"positionDirection": intent, "qty": 1, "marketPrice": 100 + number % 7});
            vps.deliver(&webhook, &webhook.alert(&alert)).expect(200);
        }
    };
    send(0, 20);
    let at_home = home(DataDir::new(), &vps, &token);
    let count = |server: &Server| server.data.events().len();
    wait_until("the first alerts are at home", || count(&at_home) == 20);
    // Off while 200 alerts arrive; the last moments before were a crash.
    let data = at_home.kill();
    send(20, 220);
    vps.deliver(&webhook, &webhook.alert(&json!({"ticker": null})))
        .expect(422);
    let at_home = home(data, &vps, &token);
    wait_until("all alerts are at home", || count(&at_home) == 221);
    // And live from then on.
    send(220, 222);
    wait_until("live alerts come, too", || count(&at_home) == 223);

    let key = |event: &Value| {
        json!([
            event["delivery"],
            event["receivedAt"],
            event["status"],
            event["webhook"]
        ])
    };
    let there: Vec<Value> = vps.data.events().iter().map(key).collect();
    let here: Vec<Value> = at_home.data.events().iter().map(key).collect();
    assert_eq!(here, there);
    let home_token = at_home.data.create_token();
    let expected = trades(&vps, &owner);
    assert_eq!(expected.len(), 111);
    assert_eq!(trades(&at_home, &home_token), expected);
    let shown = at_home.data.json(&["webhook", "list", "--json"]);
    assert_eq!(
        (&shown[0]["id"], &shown[0]["name"]),
        (&json!(webhook.id), &json!("Strategy"))
    );
    assert_ne!(shown[0]["authKey"], webhook.key);
}

#[test]
fn a_webhook_that_is_shown_without_an_end_is_not_read_without_one() {
    let other = Receiver::that(Does::AnswersEndlessly);
    let event = r#"data: {"id":"evt_1","webhook":"wh_AAAAAAAAAAAAAAAAAAAAAA","receivedAt":"2026-01-05T14:30:00Z","source":"webhook","status":"processed","payload":"{}"}
"#;
    let stream: &'static str = Box::leak(format!("{event}\n").into_boxed_str());
    other.next(&[Does::Answers(200, "", stream)]);
    let arguments = ["--upstream", &other.url(""), "--upstream-token", "aht_a"];
    let at_home = Server::with(DataDir::new(), &arguments);
    other.wait(2);
    wait_until("it is said", || {
        at_home.log().contains("it shows a webhook in more than")
    });
    assert!(at_home.memory("VmRSS") < 200);
}

#[test]
fn what_is_wrong_with_the_other_one_is_said_and_holds_up_nothing() {
    let vps = Server::start();
    let at_home = home(DataDir::new(), &vps, "aht_wrong");
    wait_until("it is said", || {
        at_home.log().contains("token create home --scope read")
    });
    let webhook = at_home.create_webhook("Own");
    at_home
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    let data = at_home.stop();
    let wrong = data.run(&["serve", "--upstream", "vps", "--upstream-token", "a"]);
    let error = String::from_utf8(wrong.stderr).unwrap();
    assert!(error.contains("https://vps.example.com"), "{error}");
}
