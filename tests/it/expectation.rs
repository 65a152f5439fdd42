//! Is it still the same strategy? A trader's live trades against the backtest.

use jiff::{SignedDuration, Timestamp};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::support::books::{import_alerts, import_list, list_of_trades};
use crate::support::{DataDir, Server, Webhook, wait_until};

/// Outcomes of a strategy that wins 20 on 55 of 100 trades and loses 12 on the others, or of
/// one that wins on fewer.
fn outcomes(trades: usize, win_rate: f64, seed: u64) -> Vec<i64> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut outcome = || {
        let size = random.random_range(-4..5_i64);
        if random.random::<f64>() < win_rate {
            20 + size
        } else {
            -12 + size
        }
    };
    (0..trades).map(|_| outcome()).collect()
}

/// When a trade is entered, and when it is left.
fn times(start: &str, trade: usize) -> [Timestamp; 2] {
    let start: Timestamp = start.parse().unwrap();
    let hours = 12 * i64::try_from(trade).unwrap();
    [0, 3].map(|later| start + SignedDuration::from_hours(hours + later))
}

/// A list of trades as TradingView exports it.
fn list_of(outcomes: &[i64], start: &str) -> String {
    let trade = |(trade, outcome): (usize, &i64)| {
        let at = times(start, trade).map(|time| time.strftime("%Y-%m-%d %H:%M").to_string());
        ("long", at, [1000, 1000 + outcome], "1", *outcome)
    };
    list_of_trades("USD", outcomes.iter().enumerate().map(trade))
}

fn alerts_of(outcomes: &[i64], start: &str) -> Vec<(Timestamp, Value)> {
    let of_trade = |(trade, outcome): (usize, &i64)| {
        let sides = [("buy", 1000), ("sell", 1000 + outcome)];
        let alert = |(time, (action, price))| {
            let payload = json!({ "ticker": "NASDAQ:AAPL", "action": action, "qty": 1, "marketPrice": price });
            (time, payload)
        };
        times(start, trade)
            .into_iter()
            .zip(sides)
            .map(alert)
            .collect::<Vec<_>>()
    };
    outcomes.iter().enumerate().flat_map(of_trade).collect()
}

const LISTED_FROM: &str = "2025-01-01T00:00:00Z";
const LIVE_FROM: &str = "2025-06-01T00:00:00Z";

/// A webhook with a backtest of 150 trades and so many live ones after it.
fn strategy(live: usize, win_rate: f64) -> (DataDir, Webhook) {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    backtest(&data, &webhook, &outcomes(150, 0.55, 1));
    let alerts = alerts_of(&outcomes(live, win_rate, 2), LIVE_FROM);
    import_alerts(&data, &webhook, alerts);
    (data, webhook)
}

fn backtest(data: &DataDir, webhook: &Webhook, outcomes: &[i64]) {
    let list = list_of(outcomes, LISTED_FROM);
    import_list(data, webhook, "NASDAQ:AAPL", list, &[]);
}

fn attention(server: &Server, token: &str) -> Vec<Value> {
    let overview = server
        .api(token, "GET", "/overview", None)
        .expect(200)
        .json();
    overview["webhooks"][0]["attention"]
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn a_strategy_that_lost_its_edge_is_told_where_the_owner_looks() {
    let (data, webhook) = strategy(60, 0.3);
    let server = Server::with(data, &[]);
    let token = server.data.create_token();
    let departed = || {
        let found = attention(&server, &token);
        found.into_iter().find(|one| one["kind"] == "departed")
    };
    wait_until("the alarm", || departed().is_some());
    let told = departed().unwrap();
    assert_eq!(
        (&told["ticker"], &told["side"]),
        (&json!("NASDAQ:AAPL"), &json!("worse"))
    );

    let path = format!("/expectation?webhook={}", webhook.id);
    let found = server.api(&token, "GET", &path, None).expect(200).json();
    assert_eq!(found["alarm"]["trade"], told["trade"]);
    assert!(found["alarm"]["trade"].as_u64().unwrap() >= 20);
    let summary = found["verdict"]["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("Trade 60: of 10,000 runs of 60 trades"),
        "{summary}"
    );
    assert!(summary.contains("Alarm since trade"), "{summary}");
    let next = found["verdict"]["nextStep"].as_str().unwrap();
    assert!(next.contains("win rate"), "{next}");
    assert_eq!(found["unit"], "money");
    assert_eq!(found["expectedTrades"], 150);
    assert_eq!(found["source"]["kind"], "backtest");
    assert!(found["source"]["frozenAt"].is_string());
    assert_eq!(found["source"]["digest"].as_str().unwrap().len(), 64);
    assert_eq!(found["bands"].as_array().unwrap().len(), 120);
    assert_eq!(found["curve"].as_array().unwrap().len(), 60);
    assert_eq!(found["winRate"]["interval"]["n"], 60);
    assert_eq!(
        server.api(&token, "GET", &path, None).expect(200).json(),
        found
    );

    // A list that knows better is imported; the goalposts stay, until the owner moves them.
    backtest(&server.data, &webhook, &outcomes(150, 0.3, 3));
    let after = server.api(&token, "GET", &path, None).expect(200).json();
    assert_eq!(
        (&after["bands"], &after["alarm"]),
        (&found["bands"], &found["alarm"])
    );
    let note = after["notes"][0].as_str().unwrap();
    assert!(note.contains("goalposts"), "{note}");
    let body = json!({ "webhook": webhook.id, "ticker": "AAPL" });
    let frozen = server
        .api(&token, "POST", "/expectation", Some(body))
        .expect(201)
        .json();
    assert_eq!(frozen, json!({ "ticker": "NASDAQ:AAPL", "trades": 150 }));
    let anew = server.api(&token, "GET", &path, None).expect(200).json();
    assert_ne!(anew["source"]["digest"], found["source"]["digest"]);
    assert_eq!(anew["alarm"], Value::Null, "{}", anew["verdict"]);
    wait_until("the end of the alarm", || departed().is_none());
    let path = format!("/backtests?webhook={}", webhook.id);
    server.api(&token, "DELETE", &path, None).expect(200);
    let kept =
        crate::support::derived::rows(&server.data.database(), &["SELECT id FROM expectations"]);
    assert_eq!(kept, [] as [&str; 0]);
    let audit = server.api(&token, "GET", "/audit", None).expect(200).json();
    assert!(audit.to_string().contains("expectation.freeze"), "{audit}");
}

#[test]
fn a_healthy_strategy_has_its_place_and_no_alarm() {
    let (data, webhook) = strategy(40, 0.55);
    let text = data.text(&["compare", &webhook.id, "--expectation"]);
    println!("{text}");
    assert!(
        text.starts_with("Trade 40: of 10,000 runs of 40 trades drawn from your backtest"),
        "{text}"
    );
    assert!(!text.contains("Alarm"), "{text}");
    assert!(text.contains("win rate"), "{text}");
    assert!(text.contains("known to 5 points after"), "{text}");
    let found = data.json(&["compare", &webhook.id, "--expectation", "--json"]);
    assert_eq!(found["alarm"], Value::Null);
    assert_eq!(found["source"]["frozenAt"], Value::Null);
    assert!(found["standing"]["asLow"].as_f64().unwrap() > 1.0);
    assert!(found["probabilityAboveZero"].as_f64().unwrap() > 50.0);
}

#[test]
fn without_a_backtest_the_later_half_is_held_against_the_earlier_one() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let message = data.error(&["compare", &webhook.id, "--expectation"]);
    assert!(
        message.contains("algohook import trades FILE --webhook"),
        "{message}"
    );
    import_alerts(
        &data,
        &webhook,
        alerts_of(&outcomes(50, 0.55, 2), LIVE_FROM),
    );
    let found = data.json(&["compare", &webhook.id, "--expectation", "--json"]);
    assert_eq!(found["source"]["kind"], "firstHalf");
    assert_eq!(
        (&found["expectedTrades"], &found["standing"]["trades"]),
        (&json!(25), &json!(25))
    );
}

#[test]
fn what_cannot_be_expected_says_why_and_what_to_do() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    backtest(&data, &webhook, &outcomes(10, 0.55, 1));
    let refused = |data: &DataDir| data.error(&["compare", &webhook.id, "--expectation"]);
    assert!(refused(&data).contains("has 10 trades, and runs are drawn from 20 at least"));
    backtest(&data, &webhook, &[7; 30]);
    assert!(refused(&data).contains("came to the same"));
    let server = Server::with(data, &[]);
    let token = server.data.create_token();
    let path = format!("/expectation?webhook={}", webhook.id);
    let answer = server.api(&token, "GET", &path, None).expect(422).json();
    assert_eq!(answer["code"], "uniform_trades");
    let body = json!({ "webhook": webhook.id, "ticker": "MSFT" });
    let answer = server
        .api(&token, "POST", "/expectation", Some(body))
        .expect(422)
        .json();
    assert!(
        answer["detail"]
            .as_str()
            .unwrap()
            .contains("import TradingView's list")
    );
    for wrong in [
        "/expectation",
        "/expectation?webhook=nonsense",
        "/comparison/days?webhook=nonsense&ticker=A",
    ] {
        server.api(&token, "GET", wrong, None).expect(400);
    }
}
