//! Comparisons whose fills all match, and whose money does not: the next step is about that.

use serde_json::{Value, json};

use crate::support::books::{import_alerts, import_list, list_of_trades};
use crate::support::{DataDir, Server, Webhook};

const TICKER: &str = "NASDAQ:AAPL";

/// A webhook with settings.
fn with_settings(settings: &Value) -> (DataDir, Webhook) {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    let path = format!("/webhooks/{}", webhook.id);
    let settings = json!({ "settings": settings });
    server
        .api(&token, "PATCH", &path, Some(settings))
        .expect(200);
    (server.stop(), webhook)
}

/// The books of one trade of ten from 100 to 105, of which the list says what it made and what each fill took; its alerts
/// are of another quantity, at 100 and at some price.
fn one_trade(
    (data, webhook): &(DataDir, Webhook),
    (currency, made, commission): (&str, &str, &str),
    (quantity, left): (&str, &str),
) -> Value {
    let told = ["2026-01-05 10:00", "2026-01-05 12:00"];
    let list = list_of_trades(currency, [("long", told, ["100", "105"], "10", made)]);
    let stated = ["--commission", commission, "--point-value", "1"];
    import_list(data, webhook, TICKER, list, &stated);
    let alert = |time: &str, direction: &str, price: &str| {
        let payload = json!({
            "ticker": TICKER, "positionDirection": direction, "qty": quantity, "marketPrice": price,
        });
        (time.to_owned(), payload)
    };
    let alerts = [
        alert("2026-01-05T10:00:02Z", "entryLong", "100"),
        alert("2026-01-05T12:00:02Z", "exitLong", left),
    ];
    import_alerts(data, webhook, alerts);
    compared(data, webhook)
}

fn compared(data: &DataDir, webhook: &Webhook) -> Value {
    let json = data.json(&["compare", &webhook.id, "--json"]);
    for sentence in step(&json).split_inclusive(". ") {
        let words = sentence.split_whitespace().count();
        assert!(words <= 30, "{words} words: {sentence}");
    }
    json
}

fn step(of: &Value) -> &str {
    of["verdict"]["nextStep"].as_str().unwrap()
}

#[track_caller]
fn has_steps(json: &Value, expected: [(&str, &str); 5]) {
    for (name, amount) in expected {
        let [found, meant] = [json["bridge"][name].as_str().unwrap(), amount]
            .map(|amount| amount.parse::<f64>().unwrap());
        assert!((found - meant).abs() < 1e-9, "{name}: {}", json["bridge"]);
    }
}

#[test]
fn settings_that_take_another_commission_are_the_next_step() {
    let per_contract = json!({ "commission": { "kind": "perContract", "value": "0.5" } });
    let json = one_trade(
        &with_settings(&per_contract),
        ("USD", "50", "0"),
        ("10", "105"),
    );
    has_steps(
        &json,
        [
            ("expected", "50"),
            ("price", "0"),
            ("quantity", "0"),
            ("commission", "-10"),
            ("observed", "40"),
        ],
    );
    let said =
        "The webhook's settings take other commission or slippage than the backtest: -10.00 USD";
    assert!(step(&json).contains(said), "{json}");
}

#[test]
fn prices_that_cost_much_are_the_next_step_and_little_is_none() {
    let books = with_settings(&json!({}));
    let json = one_trade(&books, ("USD", "50", "0"), ("10", "104.50"));
    let said = "The alerts' prices are others than the backtest's: -5.00 USD";
    assert!(step(&json).contains(said), "{json}");
    let books = with_settings(&json!({}));
    let json = one_trade(&books, ("USD", "50", "0"), ("10", "104.90"));
    assert_eq!(step(&json), "Nothing to do.");
}

#[test]
fn two_currencies_are_the_next_step() {
    let books = with_settings(&json!({ "currency": "EUR" }));
    let json = one_trade(&books, ("USDT", "50", "0"), ("10", "105"));
    assert_eq!(json["bridge"], Value::Null);
    let said = "The list counts in USDT and the webhook in EUR";
    assert!(step(&json).contains(said), "{json}");
}

#[test]
fn the_commission_of_a_smaller_quantity_is_no_other_setting() {
    // 0.04 % of 1,000 and of 1,050: 0.82 of the list, and half of it of half the quantity.
    let percent = json!({ "commission": { "kind": "percent", "value": "0.04" } });
    let json = one_trade(
        &with_settings(&percent),
        ("USD", "49.18", "0.04%"),
        ("5", "105"),
    );
    has_steps(
        &json,
        [
            ("expected", "49.18"),
            ("price", "0"),
            ("quantity", "-24.59"),
            ("commission", "0"),
            ("observed", "24.59"),
        ],
    );
    // A commission of orders is the same for each of them.
    let of_orders = json!({ "commission": { "kind": "perOrder", "value": "1" } });
    let json = one_trade(
        &with_settings(&of_orders),
        ("USD", "48", "1 per order"),
        ("5", "105"),
    );
    has_steps(
        &json,
        [
            ("expected", "48"),
            ("price", "0"),
            ("quantity", "-25"),
            ("commission", "0"),
            ("observed", "23"),
        ],
    );
}

/// A strategy that turns its two contracts round every hour, and its alerts from some order on.
fn turning(from: usize) -> Value {
    let prices = [
        5_000, 5_010, 4_990, 5_030, 5_005, 5_040, 5_020, 5_060, 5_050,
    ];
    let last = prices.len() - 1;
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let trades = (0..last).map(|index| {
        let told = [index, index + 1].map(|hour| format!("2026-06-01 {hour:02}:00"));
        let (side, sign) = if index % 2 == 0 {
            ("long", 1)
        } else {
            ("short", -1)
        };
        let made = sign * 2 * (prices[index + 1] - prices[index]);
        (side, told, [prices[index], prices[index + 1]], "2", made)
    });
    import_list(&data, &webhook, TICKER, list_of_trades("USD", trades), &[]);
    // Long 2 after each even order, short 2 after each odd one, flat in the end.
    let held = |orders: usize| match orders {
        0 => 0,
        all if all > last => 0,
        odd if odd % 2 == 1 => 2,
        _ => -2,
    };
    let named = |position: i32| match position {
        0 => "flat",
        short if short < 0 => "short",
        _ => "long",
    };
    let alerts = (from..=last).map(|index| {
        let (before, after): (i32, i32) = (held(index), held(index + 1));
        let payload = json!({
            "ticker": TICKER,
            "action": if after > before { "buy" } else { "sell" },
            "qty": (after - before).abs(),
            "marketPrice": prices[index],
            "marketPosition": named(after), "marketPositionSize": after.abs(),
            "prevMarketPosition": named(before), "prevMarketPositionSize": before.abs(),
        });
        (format!("2026-06-01T{index:02}:30:00Z"), payload)
    });
    import_alerts(&data, &webhook, alerts);
    compared(&data, &webhook)
}

#[test]
fn alerts_that_began_inside_a_position_are_said_to_be_out_of_sync() {
    let json = turning(3);
    let said = step(&json);
    assert_eq!(json["legs"]["missed"], 0, "{json}");
    for part in [
        "TradingView states another position than the alerts come to since the alert of 2026-06-01T03:30:00Z",
        "it is flat now, and theirs is short 2",
        "Import TradingView's alert log, or accept its position",
        "/api/v1/positions/accept",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(step(&turning(0)), "Nothing to do.");
}

#[test]
fn a_missing_alert_that_costs_much_is_the_next_step_though_nearly_all_match() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let begin: jiff::Timestamp = "2026-01-05T10:00:00Z".parse().unwrap();
    let at = |hours: i64| begin + jiff::SignedDuration::from_hours(hours);
    // Each trade makes one, and the last but one a hundred.
    let made = |number: i64| if number == 98 { 100 } else { 1 };
    let trades = (0..100).map(|number| {
        let told = [2 * number, 2 * number + 1].map(|hour| at(hour).strftime("%Y-%m-%d %H:%M"));
        (
            "long",
            told.map(|time| time.to_string()),
            [100, 100 + made(number)],
            "1",
            made(number),
        )
    });
    import_list(&data, &webhook, TICKER, list_of_trades("USD", trades), &[]);
    let alerts = (0..100).filter(|number| *number != 98).flat_map(|number| {
        [
            ("entryLong", 2 * number, 100),
            ("exitLong", 2 * number + 1, 100 + made(number)),
        ]
        .map(|(direction, hour, price)| {
            let payload = json!({
                "ticker": TICKER, "positionDirection": direction, "qty": "1", "marketPrice": price,
            });
            (at(hour) + jiff::SignedDuration::from_secs(2), payload)
        })
    });
    import_alerts(&data, &webhook, alerts.collect::<Vec<_>>());
    let json = compared(&data, &webhook);
    assert_eq!(json["matchRate"]["band"], "productionReady", "{json}");
    let said = "1 trade is of the backtest only: -100.00 USD of the difference. Look at the fills that are missing or false";
    assert!(step(&json).contains(said), "{}", step(&json));
}

#[test]
fn a_step_against_the_difference_is_not_what_most_of_it_is_from() {
    let (data, webhook) = with_settings(&json!({}));
    let time = |hour: u32| format!("2026-01-{:02}T{:02}:10:00Z", 5 + hour / 24, hour % 24);
    let alert = |hour, action: &str, price: &str| {
        let payload =
            json!({ "ticker": TICKER, "action": action, "qty": "10", "marketPrice": price });
        (time(hour), payload)
    };
    let (mut rows, mut alerts) = (Vec::new(), Vec::new());
    for number in 0..12 {
        let is_missed = number == 5;
        let told = [3 * number, 3 * number + 1]
            .map(|hour| time(hour).replace(":10:00Z", ":00").replace('T', " "));
        let (left, made) = if is_missed {
            ("190", "-100")
        } else {
            ("201", "10")
        };
        rows.push(("long", told, ["200", left], "10", made));
        if !is_missed {
            alerts.push(alert(3 * number, "buy", "200"));
            alerts.push(alert(3 * number + 1, "sell", "200.5"));
        }
        if number == 7 {
            alerts.push(alert(3 * number + 2, "buy", "200"));
            alerts.push((
                time(3 * number + 2).replace(":10:", ":40:"),
                alert(0, "sell", "193.5").1,
            ));
        }
    }
    import_list(
        &data,
        &webhook,
        TICKER,
        list_of_trades("USD", rows),
        &["--point-value", "1"],
    );
    import_alerts(&data, &webhook, alerts);
    let json = compared(&data, &webhook);
    has_steps(
        &json,
        [
            ("missed", "100"),
            ("falseTrades", "-65"),
            ("price", "-55"),
            ("quantity", "0"),
            ("commission", "0"),
        ],
    );
    let summary = json["verdict"]["summary"].as_str().unwrap();
    let said = "The alerts made 20.00 USD less than the backtest, of it -65.00 USD from false trades, while missed \
                trades added +100.00 USD.";
    assert!(summary.ends_with(said), "{summary}");
}
