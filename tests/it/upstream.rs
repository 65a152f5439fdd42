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
        at_home
            .log()
            .contains("the token must be one that may read")
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

#[test]
fn after_a_restore_there_nothing_is_passed_over_at_home() {
    let vps = Server::start_with(&["--rate-limit", "100000"]);
    let token = vps.data.create_scoped_token("read");
    let webhook = vps.create_webhook("Strategy");
    let send = |server: &Server, numbers: std::ops::Range<u32>| {
        for number in numbers {
            let alert = webhook.alert(&json!({"ticker": format!("T{number}")}));
            server.deliver(&webhook, &alert).expect(200);
        }
    };
    let at_home = home(DataDir::new(), &vps, &token);
    let tickers = || -> Vec<String> {
        let orders = at_home.data.orders().into_iter();
        let mut tickers: Vec<String> = orders
            .map(|order| order["ticker"].as_str().unwrap().to_owned())
            .collect();
        tickers.sort();
        tickers
    };
    send(&vps, 10..12);
    wait_until("the first are at home", || tickers().len() == 2);
    let backup = vps.data.path.with_extension("backup");
    vps.data.text(&["backup", backup.to_str().unwrap()]);
    send(&vps, 12..32);
    wait_until("more are at home", || tickers().len() == 22);
    // The same port, so that the home machine finds it again.
    let listen = vps.address().to_string();
    let data = vps.stop();
    data.text(&["restore", backup.to_str().unwrap(), "--force"]);
    std::fs::remove_file(&backup).unwrap();
    let command = data.command(&["serve", "--rate-limit", "100000", "--listen", &listen]);
    let vps = Server::run(data, command);
    send(&vps, 32..37);
    wait_until("what came after the restore is at home", || {
        tickers().len() == 27
    });
    let expected: Vec<String> = (10..37).map(|number| format!("T{number}")).collect();
    assert_eq!(tickers(), expected, "each once");
    let log = at_home.log();
    assert!(log.contains("the other algohook was restored"), "{log}");
}

#[test]
fn an_alert_is_read_at_home_by_the_rules_that_it_was_read_by() {
    let vps = Server::start();
    let (token, owner) = (
        vps.data.create_scoped_token("read"),
        vps.data.create_token(),
    );
    let webhook = vps.create_webhook("Strategy");
    let set = |settings: Value| {
        let path = format!("/webhooks/{}", webhook.id);
        let body = json!({ "settings": settings });
        vps.api(&owner, "PATCH", &path, Some(body)).expect(200);
    };
    let at_home = home(DataDir::new(), &vps, &token);
    vps.deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    wait_until("the webhook is at home", || {
        at_home.data.orders().len() == 1
    });
    // Changed after it was taken over.
    set(
        json!({"sellWhileFlat": "short", "format": "signalstack", "keyInPath": true, "initialCapital": "50000"}),
    );
    let to = format!("{}/{}", webhook.id, webhook.key);
    for message in [
        r#"{"symbol":"F1","action":"sell","quantity":2,"price":5}"#,
        r#"{"symbol":"F2","action":"buy","quantity":"10%","price":5}"#,
    ] {
        vps.post(&to, message).expect(200);
    }
    wait_until("all are at home", || at_home.data.orders().len() == 3);
    let orders = |server: &Server| -> Vec<Value> {
        let orders = server.data.orders().into_iter();
        orders
            .map(|order| {
                json!([
                    order["ticker"],
                    order["positionDirection"],
                    order["direction"],
                    order["qty"]
                ])
            })
            .collect()
    };
    assert_eq!(orders(&at_home), orders(&vps));
    let positions = at_home.data.orders();
    assert_eq!(positions.len(), 3);
}

#[test]
fn alerts_that_cannot_be_read_are_told_on_the_dashboard_and_by_the_doctor() {
    let vps = Server::start();
    let at_home = home(DataDir::new(), &vps, "aht_wrong");
    let owner = at_home.data.create_token();
    wait_until("the dashboard tells it", || {
        let faults = at_home.overview(&owner)["faults"].to_string();
        faults.contains("cannot be read") && faults.contains("one that may read")
    });
    let output = at_home.data.run(&["doctor", "--json"]);
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let of = |check: &str| found.iter().find(|found| found["check"] == check).cloned();
    let told = of("other algohook").unwrap();
    assert_eq!(told["verdict"], "bad", "{told}");
    assert!(told["found"].as_str().unwrap().contains("401"), "{told}");
    // Once they are read it is over.
    let token = vps.data.create_scoped_token("read");
    let at_home = home(at_home.stop(), &vps, &token);
    let webhook = vps.create_webhook("Strategy");
    vps.deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    wait_until("nothing is wrong any more", || {
        at_home.overview(&owner)["faults"] == json!([])
    });
    // An address that is none of its page.
    let wrong = Server::with(
        DataDir::new(),
        &[
            "--upstream",
            &format!("{}/elsewhere", vps.url),
            "--upstream-token",
            &token,
        ],
    );
    let owner = wrong.data.create_token();
    wait_until("the address is told to be wrong", || {
        let faults = wrong.overview(&owner)["faults"].to_string();
        faults.contains("404") && faults.contains("without a path")
    });
}
