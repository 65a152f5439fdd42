//! Sizes in percent: of the equity and of the position that an order met, however its alert came.

use serde_json::{Value, json};

use crate::support::files::{file, import};
use crate::support::{DataDir, Webhook};

/// Alerts of two tickers whose sizes hang on what came before, in the other one, too.
fn alerts() -> [(&'static str, Value); 7] {
    let entry = |ticker: &str, qty: &str, price: &str| json!({ "ticker": ticker, "action": "buy", "qty": qty, "marketPrice": price });
    let exit = |ticker: &str, qty: Option<&str>, price: &str| json!({ "ticker": ticker, "positionDirection": "exitLong", "qty": qty, "marketPrice": price });
    [
        ("2026-01-05T10:00:00Z", entry("A", "10", "100")),
        ("2026-01-06T10:00:00Z", exit("A", Some("50%"), "110")),
        ("2026-01-06T11:00:00Z", entry("B", "10%", "50")),
        ("2026-01-07T10:00:00Z", exit("A", None, "120")),
        ("2026-01-07T10:00:00Z", exit("B", Some("25%"), "60")),
        ("2026-01-08T10:00:00Z", entry("A", "100%", "100")),
        ("2026-01-09T10:00:00Z", exit("A", None, "101")),
    ]
}

/// A log of alerts, as JSON lines.
fn log(alerts: &[(&str, Value)]) -> String {
    let line = |(time, message): &(&str, Value)| json!({ "time": time, "payload": message });
    let lines = alerts.iter().map(|alert| line(alert).to_string());
    lines.collect::<Vec<_>>().join("\n")
}

/// Ticker and quantity of a webhook's orders, by their time.
fn sizes(data: &DataDir, webhook: &Webhook) -> Vec<String> {
    let mut orders = data.orders();
    orders.retain(|order| order["webhook"] == webhook.id.as_str());
    orders.sort_by_key(|order| order["receivedAt"].to_string());
    let size = |order: &Value| format!("{} {}", order["ticker"], order["qty"]).replace('"', "");
    orders.iter().map(size).collect()
}

fn import_alerts(data: &DataDir, webhook: &Webhook, alerts: &[(&str, Value)]) -> Value {
    let path = file(data, "alerts.jsonl", log(alerts));
    import(data, "alerts", &path, webhook, &[])
}

#[test]
fn the_sizes_of_a_file_are_those_of_its_alerts_one_by_one() {
    let data = DataDir::new();
    let at_once = data.create_webhook("At once");
    assert_eq!(import_alerts(&data, &at_once, &alerts())["failed"], 0);
    // 10,000 and the 50 of the first exit; a quarter of what is held; 10,200.25 at 100.
    let expected = [
        "A 10",
        "A 5",
        "B 20.1",
        "A null",
        "B 5.025",
        "A 102.0025",
        "A null",
    ];
    assert_eq!(sizes(&data, &at_once), expected);

    let one_by_one = data.create_webhook("One by one");
    for alert in alerts() {
        import_alerts(&data, &one_by_one, &[alert]);
    }
    assert_eq!(sizes(&data, &one_by_one), expected);
    let net_profit = |webhook: &Webhook| {
        data.json(&["report", &webhook.id, "--json"])["reports"][0]["all"]["netProfit"].clone()
    };
    assert_eq!(net_profit(&at_once), "302.2525");
    assert_eq!(net_profit(&one_by_one), "302.2525");
}

#[test]
fn an_exit_that_was_missing_closes_its_part_of_what_was_held_then() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Missing");
    let [entry, part, _, rest, ..] = alerts();
    import_alerts(&data, &webhook, &[entry, rest]);
    import_alerts(&data, &webhook, &[part]);
    assert_eq!(sizes(&data, &webhook), ["A 10", "A 5", "A null"]);
}

#[test]
fn a_percentage_of_nothing_is_a_failed_event_with_its_reason() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Nothing");
    let lost_all = [
        (
            "2026-01-05T10:00:00Z",
            json!({ "ticker": "A", "action": "buy", "qty": 1000, "marketPrice": 100 }),
        ),
        (
            "2026-01-06T10:00:00Z",
            json!({ "ticker": "A", "positionDirection": "exitLong", "marketPrice": 1 }),
        ),
        (
            "2026-01-07T10:00:00Z",
            json!({ "ticker": "A", "action": "buy", "qty": "10%", "marketPrice": 1 }),
        ),
    ];
    assert_eq!(import_alerts(&data, &webhook, &lost_all)["failed"], 1);
    let events = data.events();
    let failed: Vec<&Value> = events
        .iter()
        .filter(|event| event["status"] == "failed")
        .collect();
    assert_eq!(failed.len(), 1);
    assert!(
        failed[0]["error"]
            .to_string()
            .contains("nothing is left of it")
    );
    assert_eq!(data.orders().len(), 2);
}
