//! Comparisons with a list of trades that has some which are still open.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::books::{import_alerts, import_list};
use crate::support::{DataDir, Webhook};

const TICKER: &str = "NASDAQ:AAPL";

/// A trade of a list: day and hour of entry and exit, none where it is open; prices, quantity, signal.
type Row<'a> = ([Option<&'a str>; 2], [u32; 2], u32, &'a str);

/// Ten trades of a hundred that are closed, one a day, and others.
fn list(data: &DataDir, webhook: &Webhook, more: &[Row<'_>]) -> Value {
    let mut text =
        "Trade #,Type,Date and time,Signal,Price USD,Size (qty),Net P&L USD\n".to_owned();
    let closed: Vec<[String; 2]> = (5..15)
        .map(|day| [15, 16].map(|hour| format!("{day:02} {hour}")))
        .collect();
    let closed = closed.iter().map(|times| {
        let times = times.each_ref().map(|time| Some(time.as_str()));
        (times, [200, 201], 100, "Long")
    });
    for (number, ([entry, exit], prices, quantity, signal)) in
        (1..).zip(closed.chain(more.iter().copied()))
    {
        let [entered, left] = prices;
        let made = (left - entered) * quantity;
        let (exit, way) = exit.map_or(("20 19", "Open"), |exit| (exit, "TP"));
        writeln!(
            text,
            "{number},Exit long,2026-01-{exit}:00,{way},{left},{quantity},{made}"
        )
        .unwrap();
        let entry = entry.unwrap();
        writeln!(
            text,
            "{number},Entry long,2026-01-{entry}:00,{signal},{entered},{quantity},{made}"
        )
        .unwrap();
    }
    import_list(data, webhook, TICKER, text, &[])
}

/// An alert: day and hour, what it does, how many, at which price, and the position before it.
type Sent<'a> = (&'a str, &'a str, i64, u32, i64);

/// The alerts of the ten trades, and others; with or without the position.
fn alerts(data: &DataDir, webhook: &Webhook, more: &[Sent<'_>], is_stated: bool) {
    let days: Vec<[String; 2]> = (5..15)
        .map(|day| [15, 16].map(|hour| format!("{day:02} {hour}")))
        .collect();
    let closed = days.iter().flat_map(|[entry, exit]| {
        [
            (entry.as_str(), "buy", 100, 200, 0),
            (exit, "sell", 100, 201, 100),
        ]
    });
    let alert = |(at, action, quantity, price, before): Sent<'_>| {
        let (day, hour) = at.split_once(' ').unwrap();
        let mut payload = json!({
            "ticker": TICKER, "action": action, "qty": quantity.to_string(), "marketPrice": price,
        });
        if is_stated {
            let after = if action == "buy" {
                before + quantity
            } else {
                before - quantity
            };
            let side = |position: i64| if position > 0 { "long" } else { "flat" };
            payload["marketPosition"] = json!(side(after));
            payload["marketPositionSize"] = json!(after);
            payload["prevMarketPosition"] = json!(side(before));
            payload["prevMarketPositionSize"] = json!(before);
        }
        (format!("2026-01-{day}T{hour}:10:00Z"), payload)
    };
    import_alerts(data, webhook, closed.chain(more.iter().copied()).map(alert));
}

fn compared(data: &DataDir, webhook: &Webhook) -> Value {
    data.json(&["compare", &webhook.id, "--json"])
}

#[track_caller]
fn counts(json: &Value, expected: [u64; 4]) {
    let counts = &json["legs"];
    let found = ["matched", "missed", "falseAlerts", "alertsOutside"];
    let found = found.map(|of| counts[of].as_u64().unwrap());
    assert_eq!(found, expected, "{}", json["rows"]);
}

/// What is open: A since the 16th, and B since the 17th.
const OPEN: [Row<'_>; 2] = [
    ([Some("16 15"), None], [200, 202], 100, "A"),
    ([Some("17 15"), None], [200, 202], 50, "B"),
];

#[test]
fn the_entry_of_a_trade_that_is_still_open_is_missed_where_no_alert_came() {
    for is_stated in [true, false] {
        let data = DataDir::new();
        let webhook = data.create_webhook("Strategy");
        list(&data, &webhook, &OPEN);
        alerts(
            &data,
            &webhook,
            &[("17 15", "buy", 50, 200, 100)],
            is_stated,
        );
        let json = compared(&data, &webhook);
        counts(&json, [21, 1, 0, 0]);
        let rows = json["rows"].as_array().unwrap();
        let missed = rows.iter().find(|row| row["outcome"] == "missed").unwrap();
        let backtest = &missed["backtest"];
        let told = ["time", "action", "quantity", "signal"].map(|of| backtest[of].clone());
        let expected = ["2026-01-16T15:00:00Z", "entry", "100", "A"].map(|of| json!(of));
        assert_eq!(told, expected);
        assert!(
            json["verdict"]["summary"]
                .as_str()
                .unwrap()
                .starts_with("21 of 22")
        );
        // Neither book has a trade more.
        assert_eq!(json["bridge"]["expected"], "1000");
        assert_eq!(json["bridge"]["observed"], "1000");
    }
}

#[test]
fn the_alert_of_a_trade_that_is_still_open_is_no_false_one() {
    for is_stated in [true, false] {
        let data = DataDir::new();
        let webhook = data.create_webhook("Strategy");
        let closed = ([Some("17 15"), Some("17 16")], [200, 201], 50, "B");
        list(&data, &webhook, &[OPEN[0], closed]);
        let sent = [
            ("16 15", "buy", 100, 200, 0),
            ("17 15", "buy", 50, 200, 100),
            ("17 16", "sell", 50, 201, 150),
        ];
        alerts(&data, &webhook, &sent, is_stated);
        counts(&compared(&data, &webhook), [23, 0, 0, 0]);
    }
}

#[test]
fn the_part_of_an_order_that_is_still_open_is_of_that_order() {
    for is_stated in [true, false] {
        let data = DataDir::new();
        let webhook = data.create_webhook("Strategy");
        let part = |exit| ([Some("17 15"), exit], [200, 201], 50, "Long");
        list(&data, &webhook, &[part(Some("17 16")), part(None)]);
        let sent = [
            ("17 15", "buy", 100, 200, 0),
            ("17 16", "sell", 50, 201, 100),
        ];
        alerts(&data, &webhook, &sent, is_stated);
        let json = compared(&data, &webhook);
        counts(&json, [22, 0, 0, 0]);
        assert_eq!(json["drift"]["otherQuantities"], 0, "{}", json["drift"]);
        assert_eq!(json["verdict"]["nextStep"], "Nothing to do.");
    }
}

#[test]
fn an_open_trade_of_an_earlier_list_is_no_other_past() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let later = ([Some("18 15"), Some("18 16")], [200, 201], 100, "Long");
    let b_closed = ([Some("17 15"), Some("17 16")], [200, 201], 50, "B");
    list(&data, &webhook, &[OPEN[0], b_closed]);
    // A is closed since then, and neither list says otherwise of its entry.
    let a_closed = ([Some("16 15"), Some("19 16")], [200, 201], 100, "A");
    list(&data, &webhook, &[a_closed, b_closed, later]);
    let sent = [
        ("17 15", "buy", 50, 200, 100),
        ("17 16", "sell", 50, 201, 150),
        ("18 15", "buy", 100, 200, 100),
        ("18 16", "sell", 100, 201, 200),
        ("19 16", "sell", 100, 201, 100),
    ];
    alerts(&data, &webhook, &sent, true);
    let json = compared(&data, &webhook);
    counts(&json, [25, 1, 0, 0]);
    let rows = json["rows"].as_array().unwrap();
    let missed = rows.iter().find(|row| row["outcome"] == "missed").unwrap();
    assert_ne!(missed["cause"]["kind"], "repainted", "{missed}");
}
