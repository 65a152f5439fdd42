//! Comparisons of books with another order size, and of orders that are several in one book.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::books::{import_alerts, import_list, list_of_trades};
use crate::support::files::{file, import};
use crate::support::{DataDir, Webhook};

const TICKER: &str = "NASDAQ:AAPL";

/// An alert that states nothing of the position: when, what it does, how many, at which price.
type Sent = (String, &'static str, f64, f64);

/// A minute of January 2026 in UTC, as a list and as an alert have it.
fn times(minute: u32) -> [String; 2] {
    let (day, hour, minute) = (5 + minute / 1440, minute / 60 % 24, minute % 60);
    [
        format!("2026-01-{day:02} {hour:02}:{minute:02}"),
        format!("2026-01-{day:02}T{hour:02}:{minute:02}:02Z"),
    ]
}

/// The price of a fill by its number.
fn price(number: u32) -> f64 {
    200.0 + f64::from(number * 7 % 13)
}

/// Thirty trades of ten, each bought and sold an hour later.
fn in_and_out(data: &DataDir, webhook: &Webhook, factor: f64) -> Vec<Sent> {
    let (mut rows, mut sent) = (Vec::new(), Vec::new());
    for number in 0..30 {
        let [entry, exit] = [180 * number, 180 * number + 60].map(times);
        let [entered, left] = [price(number), price(number) + 1.0];
        rows.push((
            "long",
            [entry[0].clone(), exit[0].clone()],
            [entered, left],
            "10",
            10.0,
        ));
        sent.push((entry[1].clone(), "buy", 10.0 * factor, entered));
        sent.push((exit[1].clone(), "sell", 10.0 * factor, left));
    }
    import_list(data, webhook, TICKER, list_of_trades("USD", rows), &[]);
    sent
}

/// A position of ten that is turned round thirty times, and its list without what is open at its end.
fn turns(data: &DataDir, webhook: &Webhook, factor: f64) -> Vec<Sent> {
    let (mut rows, mut sent) = (Vec::new(), Vec::new());
    for number in 0..31 {
        let (side, action) = [("long", "buy"), ("short", "sell")][(number % 2) as usize];
        let [listed, came] = times(120 * number);
        let quantity = if number == 0 { 10.0 } else { 20.0 };
        sent.push((came, action, quantity * factor, price(number)));
        if number < 30 {
            let [exit, _] = times(120 * (number + 1));
            let moved = price(number + 1) - price(number);
            let made = if side == "long" { moved } else { -moved };
            let prices = [price(number), price(number + 1)];
            rows.push((side, [listed, exit], prices, "10", 10.0 * made));
        }
    }
    import_list(data, webhook, TICKER, list_of_trades("USD", rows), &[]);
    sent
}

fn send(data: &DataDir, webhook: &Webhook, sent: &[Sent]) {
    let alert = |(time, action, quantity, price): &Sent| {
        let payload = json!({
            "ticker": TICKER, "action": action, "qty": quantity.to_string(), "marketPrice": price,
        });
        (time.clone(), payload)
    };
    import_alerts(data, webhook, sent.iter().map(alert));
}

fn compared(data: &DataDir, webhook: &Webhook, more: &[&str]) -> Value {
    data.json(&[&["compare", &webhook.id, "--json"], more].concat())
}

/// All legs are pairs, each of so many times the quantity.
#[track_caller]
fn all_match(json: &Value, legs: u64, factor: f64) {
    let is_same = (factor - 1.0).abs() < 1e-9;
    let sized = if is_same { 0 } else { legs };
    let counts = &json["legs"];
    let counted = ["matched", "missed", "falseAlerts"].map(|of| counts[of].as_u64().unwrap());
    assert_eq!(counted, [legs, 0, 0], "{factor}: {}", json["verdict"]);
    let drift = &json["drift"];
    assert_eq!(drift["otherQuantities"], sized, "{factor}: {drift}");
    let ratio = drift["quantityRatio"].as_f64().unwrap();
    assert!((ratio - factor).abs() < 1e-6, "{factor}: {drift}");
}

const FACTORS: [f64; 7] = [0.5, 0.8, 1.0, 1.0001, 1.02, 2.0, 3.0];

#[test]
fn another_order_size_is_a_flag_and_no_missed_and_false_fill() {
    for factor in FACTORS {
        let data = DataDir::new();
        let webhook = data.create_webhook("In and out");
        let sent = in_and_out(&data, &webhook, factor);
        send(&data, &webhook, &sent);
        all_match(&compared(&data, &webhook, &[]), 60, factor);

        let webhook = data.create_webhook("Turns");
        let sent = turns(&data, &webhook, factor);
        send(&data, &webhook, &sent);
        let json = compared(&data, &webhook, &[]);
        all_match(&json, 60, factor);
        // What the last one opens is in no list of closed trades.
        assert_eq!(json["legs"]["alertsOutside"], 1, "{factor}");
    }
}

#[test]
fn one_alert_of_another_size_keeps_what_it_closes() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let mut sent = turns(&data, &webhook, 1.0);
    // Sells 30 of a position of 10, and buys back what is there then with as much as ever.
    sent[5].2 = 30.0;
    sent[6].2 = 30.0;
    send(&data, &webhook, &sent);
    let json = compared(&data, &webhook, &[]);
    let rows = json["rows"].as_array().unwrap();
    let flagged = rows.iter().filter(|row| row["flags"][0] == "quantity");
    let of = |row: &Value| {
        [
            row["alert"]["action"].clone(),
            row["alert"]["quantity"].clone(),
        ]
    };
    let flagged: Vec<_> = flagged.map(of).collect();
    assert_eq!(json["legs"]["missed"], 0, "{json}");
    assert_eq!(flagged, [["entry", "20"], ["exit", "20"]]);
}

#[test]
fn two_orders_of_one_bar_that_turn_a_position_are_an_exit_and_an_entry_of_any_size() {
    for factor in [0.5, 1.0, 2.0] {
        let data = DataDir::new();
        let webhook = data.create_webhook("Strategy");
        let sent = turns(&data, &webhook, factor);
        let halves = sent.iter().enumerate().flat_map(|(number, one)| {
            let (time, action, quantity, price) = one.clone();
            let second = (time.replace(":02Z", ":03Z"), action, quantity / 2.0, price);
            match number {
                0 => vec![one.clone()],
                _ => vec![(time, action, quantity / 2.0, price), second],
            }
        });
        let halves: Vec<Sent> = halves.collect();
        send(&data, &webhook, &halves);
        all_match(&compared(&data, &webhook, &[]), 60, factor);
    }
}

/// Fills of alerts in the plain form, a second after each: orders of a number of parts, at some
/// factor of the quantity.
fn fills(data: &DataDir, webhook: &Webhook, sent: &[Sent], (factor, parts): (f64, u32)) {
    let mut text = "time,symbol,side,qty,price,orderId,fillId\n".to_owned();
    for (number, (time, action, quantity, price)) in sent.iter().enumerate() {
        let parts = if number == 0 { 1 } else { parts };
        let quantity = quantity * factor / f64::from(parts);
        for part in 0..parts {
            let time = time.replace(":02Z", &format!(":{:02}.400Z", 3 + part));
            let order = format!("o{number}-{part}");
            writeln!(
                text,
                "{time},AAPL,{action},{quantity},{price},{order},f{order}"
            )
            .unwrap();
        }
    }
    import(data, "fills", &file(data, "fills.csv", text), webhook, &[]);
}

#[test]
fn a_broker_of_another_order_size_fills_every_alert() {
    for factor in [0.5, 1.0, 1.5, 2.0] {
        let data = DataDir::new();
        let webhook = data.create_webhook("In and out");
        let sent = in_and_out(&data, &webhook, 1.0);
        send(&data, &webhook, &sent);
        fills(&data, &webhook, &sent, (factor, 1));
        all_match(&compared(&data, &webhook, &["--with", "fills"]), 60, factor);
        for parts in [1, 2] {
            let webhook = data.create_webhook(&format!("Turns by {parts}"));
            let sent = turns(&data, &webhook, 1.0);
            send(&data, &webhook, &sent);
            fills(&data, &webhook, &sent, (factor, parts));
            let json = compared(&data, &webhook, &["--with", "fills"]);
            all_match(&json, 61, factor);
        }
    }
}

#[test]
fn a_turn_that_came_twice_is_named() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let mut sent = turns(&data, &webhook, 1.0);
    for number in [8, 4] {
        let (time, action, quantity, price) = sent[number].clone();
        let again = (time.replace(":02Z", ":07Z"), action, quantity, price);
        sent.insert(number + 1, again);
    }
    send(&data, &webhook, &sent);
    let json = compared(&data, &webhook, &[]);
    assert_eq!(json["legs"]["missed"], 0, "{}", json["legs"]);
    let rows = json["rows"].as_array().unwrap();
    let alone: Vec<&Value> = rows
        .iter()
        .filter(|row| row["outcome"] == "false")
        .collect();
    assert!(alone.len() >= 2, "{alone:?}");
    for row in alone {
        assert_eq!(row["cause"]["kind"], "repeated", "{row}");
        assert_ne!(row["cause"]["order"], row["alert"]["order"], "{row}");
    }
}

#[test]
fn an_order_that_an_export_tells_at_two_seconds_is_one_fill() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let ticker = "BINANCE:BTCUSDT";
    let alert = |time: &str, action: &str, price: &str| {
        let payload =
            json!({ "ticker": ticker, "action": action, "qty": "1", "marketPrice": price });
        (time.to_owned(), payload)
    };
    let alerts = [
        alert("2026-01-05T10:00:00Z", "buy", "94800"),
        alert("2026-01-05T12:00:00Z", "sell", "95000"),
        alert("2026-01-05T14:00:00Z", "buy", "95000"),
        alert("2026-01-05T16:00:00Z", "sell", "95100"),
    ];
    import_alerts(&data, &webhook, alerts);
    let mut text =
        "\"Date(UTC)\",\"Pair\",\"Side\",\"Price\",\"Executed\",\"Amount\",\"Fee\"\n".to_owned();
    for (time, side, price, quantity) in [
        ("05 10:00:01", "BUY", "94800", "0.6"),
        ("05 10:00:02", "BUY", "94810", "0.4"),
        ("05 12:00:01", "SELL", "95000", "0.5"),
        ("05 12:00:03", "SELL", "94990", "0.3"),
        ("05 12:00:04", "SELL", "94980", "0.2"),
        ("05 14:00:01", "BUY", "95000", "1"),
        // By hand: the alert has all of its fill.
        ("05 14:00:20", "BUY", "95000", "0.4"),
        ("05 16:00:01", "SELL", "95100", "1"),
    ] {
        let value: f64 = price.parse::<f64>().unwrap() * quantity.parse::<f64>().unwrap();
        writeln!(
            text,
            "\"2026-01-{time}\",\"BTCUSDT\",\"{side}\",\"{price}\",\"{quantity}BTC\",\"{value}USDT\",\"0USDT\""
        )
        .unwrap();
    }
    import(
        &data,
        "fills",
        &file(&data, "fills.csv", text),
        &webhook,
        &[],
    );
    let json = compared(&data, &webhook, &["--with", "fills"]);
    let rows = json["rows"].as_array().unwrap();
    let of = |row: &Value| {
        let told = ["price", "quantity"].map(|of| row["fill"][of].as_str().unwrap().to_owned());
        (row["outcome"].as_str().unwrap().to_owned(), told)
    };
    let found: Vec<_> = rows.iter().map(of).collect();
    let one = |outcome: &str, price: &str, quantity: &str| {
        (outcome.to_owned(), [price.to_owned(), quantity.to_owned()])
    };
    assert_eq!(
        found,
        [
            one("matched", "94804", "1"),
            one("matched", "94993", "1"),
            one("matched", "95000", "1"),
            one("false", "95000", "0.4"),
            one("matched", "95100", "1"),
        ]
    );
    // 4 for the purchase, 7 for the sale.
    assert_eq!(json["execution"]["slippage"]["money"], "11");
}
