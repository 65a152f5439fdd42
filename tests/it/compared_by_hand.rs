//! Comparisons whose figures were worked out by hand: a trader whose live trading differs from
//! the backtest in ways that happen.

use serde_json::{Value, json};

use crate::support::books::{ListedTrade, import_alerts, import_list, list_of_trades};
use crate::support::{DataDir, Server, Webhook};

/// A trade of a list: direction, entry and exit with their prices, quantity, profit.
type Row<'a> = ListedTrade<'a, &'a str, &'a str>;

/// An alert: time, ticker and its own fields.
type Alert<'a> = (&'a str, &'a str, Value);

fn list(data: &DataDir, webhook: &Webhook, ticker: &str, rows: &[Row<'_>], more: &[&str]) {
    let list = list_of_trades("USD", rows.iter().copied());
    import_list(data, webhook, ticker, list, more);
}

fn alerts(data: &DataDir, webhook: &Webhook, of: &[Alert<'_>]) {
    let alert = |(time, ticker, fields): &Alert<'_>| {
        let mut payload = fields.clone();
        payload["ticker"] = json!(ticker);
        (time.to_string(), payload)
    };
    import_alerts(data, webhook, of.iter().map(alert));
}

fn order(direction: &str, quantity: &str, price: &str) -> Value {
    json!({ "positionDirection": direction, "qty": quantity, "marketPrice": price })
}

/// The comparison as JSON and as text.
fn compared(data: &DataDir, webhook: &Webhook, more: &[&str]) -> (Value, String) {
    let arguments = [&["compare", webhook.id.as_str()], more].concat();
    let json = data.json(&[&arguments[..], &["--json"]].concat());
    reads_well(&json["verdict"]);
    (json, data.text(&arguments))
}

/// No sentence of a verdict has more than 30 words.
#[track_caller]
fn reads_well(verdict: &Value) {
    for said in ["summary", "nextStep"] {
        let said = verdict[said].as_str().unwrap();
        for sentence in said.split_inclusive(['.', '?', '!']) {
            let words = sentence.split_whitespace().count();
            assert!(words <= 30, "{words} words: {said}");
        }
    }
}

#[track_caller]
fn has_steps(compared: &Value, expected: &[(&str, &str)]) {
    for name in [
        "expected",
        "missed",
        "falseTrades",
        "exits",
        "price",
        "quantity",
        "commission",
        "rounding",
        "observed",
    ] {
        let step: f64 = compared["bridge"][name].as_str().unwrap().parse().unwrap();
        let meant = expected.iter().find(|(known, _)| *known == name);
        let meant: f64 = meant.map_or(0.0, |(_, amount)| amount.parse().unwrap());
        assert!(
            (step - meant).abs() < 1e-9,
            "{name}: {}",
            compared["bridge"]
        );
    }
}

const ONE: [Row<'_>; 1] = [(
    "long",
    ["2026-01-05 10:00", "2026-01-05 12:00"],
    ["100", "105"],
    "10",
    "50",
)];

#[test]
fn assumed_slippage_is_no_price_that_differs() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    let settings = json!({ "settings": {
        "slippage": { "kind": "ticks", "value": "1", "tickSize": "0.01" },
        "commission": { "kind": "perContract", "value": "0.03" },
    } });
    let path = format!("/webhooks/{}", webhook.id);
    server
        .api(&token, "PATCH", &path, Some(settings))
        .expect(200);
    let data = server.stop();
    list(&data, &webhook, "AAPL", &ONE, &[]);
    alerts(
        &data,
        &webhook,
        &[
            (
                "2026-01-05T10:00:02Z",
                "AAPL",
                order("entryLong", "10", "100"),
            ),
            (
                "2026-01-05T12:00:02Z",
                "AAPL",
                order("exitLong", "10", "105"),
            ),
        ],
    );
    let (json, text) = compared(&data, &webhook, &[]);
    // Filled at 100.01 and 104.99: 10 x 0.02 less; commission 2 x 10 x 0.03.
    has_steps(
        &json,
        &[
            ("expected", "50"),
            ("commission", "-0.8"),
            ("observed", "49.2"),
        ],
    );
    assert!(text.contains("commission and slippage settings"), "{text}");
    assert!(
        text.contains(
            "0.80 USD less than the backtest, most of it from commission and slippage settings"
        ),
        "{text}"
    );
}

#[test]
fn fills_of_a_spread_near_zero_are_matched_by_what_they_move() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let ticker = "NYMEX:CL1!-NYMEX:CL2!";
    let rows = [
        (
            "long",
            ["2026-01-05 10:00", "2026-01-05 12:00"],
            ["0.50", "0.62"],
            "1",
            "0.12",
        ),
        (
            "short",
            ["2026-01-05 14:00", "2026-01-05 16:00"],
            ["0.45", "-0.05"],
            "1",
            "0.5",
        ),
        (
            "long",
            ["2026-01-06 10:00", "2026-01-06 12:00"],
            ["0", "0.10"],
            "1",
            "0.1",
        ),
    ];
    list(&data, &webhook, ticker, &rows, &[]);
    // A tick or two of 0.01 off, as the next price is.
    alerts(
        &data,
        &webhook,
        &[
            (
                "2026-01-05T10:00:02Z",
                ticker,
                order("entryLong", "1", "0.51"),
            ),
            (
                "2026-01-05T12:00:02Z",
                ticker,
                order("exitLong", "1", "0.60"),
            ),
            (
                "2026-01-05T14:00:02Z",
                ticker,
                order("entryShort", "1", "0.44"),
            ),
            (
                "2026-01-05T16:00:02Z",
                ticker,
                order("exitShort", "1", "-0.04"),
            ),
            (
                "2026-01-06T10:00:02Z",
                ticker,
                order("entryLong", "1", "0.01"),
            ),
            // Not its fill: as far off as fills usually lie apart.
            (
                "2026-01-06T12:00:02Z",
                ticker,
                order("exitLong", "1", "0.45"),
            ),
        ],
    );
    let (json, _) = compared(&data, &webhook, &[]);
    assert_eq!(
        (&json["legs"]["matched"], &json["legs"]["missed"]),
        (&json!(5), &json!(1)),
        "{json}"
    );
    // No percentage of a price at zero or below: 2, 3.2, 2.2 percent worse.
    let worse = json["drift"]["pricePercent"].as_f64().unwrap();
    let mean = (0.01 / 0.50 + 0.02 / 0.62 + 0.01 / 0.45) * 100.0 / 3.0;
    assert!((worse - mean).abs() < 1e-9, "{worse} {mean}");
}

#[test]
fn the_exit_of_a_long_position_is_one_of_a_long_position() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    list(&data, &webhook, "AAPL", &ONE, &[]);
    alerts(
        &data,
        &webhook,
        &[
            (
                "2026-01-05T10:00:02Z",
                "AAPL",
                order("entryLong", "10", "100"),
            ),
            (
                "2026-01-05T12:00:02Z",
                "AAPL",
                order("exitLong", "10", "105"),
            ),
        ],
    );
    let text = data.text(&["compare", &webhook.id, "--all"]);
    assert!(text.contains("exit long 10 at 105"), "{text}");
    assert!(!text.contains("exit short"), "{text}");
    let server = Server::with(data, &[]);
    let token = server.data.create_token();
    let path = format!("/export/comparison.csv?webhook={}", webhook.id);
    let csv = server.api(&token, "GET", &path, None).expect(200).text;
    assert!(
        csv.contains("\"sell\",\"exit\"") || csv.contains("sell,exit"),
        "{csv}"
    );
}

/// Trades at the opening of each day of two weeks, at times of New York that were read as UTC, and
/// the alerts of them: in winter five hours later, in summer four. Prices of the alerts are those
/// of the list times a factor.
fn of_new_york(factor: f64) -> (DataDir, Webhook) {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let mut rows = Vec::new();
    let mut sent = Vec::new();
    for (month, hours) in [("01", 5), ("02", 5), ("07", 4), ("08", 4)] {
        for day in 1..=28 {
            // No two days alike, so that a wrong shift fits by chance only.
            let (minute, price) = (day * 2 % 60, 100 + (day * 37) % 90);
            let at = |hour: i32| format!("2026-{month}-{day:02} {hour:02}:{minute:02}");
            rows.push((at(9 + day % 3), at(13 + day % 2), price));
            let came =
                |hour: i32| format!("2026-{month}-{day:02}T{:02}:{minute:02}:03Z", hour + hours);
            let priced = |price: i32| format!("{:.4}", f64::from(price) * factor);
            sent.push((came(9 + day % 3), "entryLong", priced(price)));
            sent.push((came(13 + day % 2), "exitLong", priced(price + 1)));
        }
    }
    let prices: Vec<[String; 2]> = rows
        .iter()
        .map(|(.., price)| [price.to_string(), (price + 1).to_string()])
        .collect();
    let rows: Vec<Row<'_>> = rows
        .iter()
        .zip(&prices)
        .map(|((entry, exit, _), [bought, sold])| {
            (
                "long",
                [entry.as_str(), exit],
                [bought.as_str(), sold],
                "1",
                "1",
            )
        })
        .collect();
    list(&data, &webhook, "AAPL", &rows, &[]);
    let sent: Vec<Alert<'_>> = sent
        .iter()
        .map(|(at, side, price)| (at.as_str(), "AAPL", order(side, "1", price)))
        .collect();
    alerts(&data, &webhook, &sent);
    (data, webhook)
}

#[test]
fn two_shifts_of_daylight_saving_are_named_and_applied() {
    let (data, webhook) = of_new_york(1.0);
    let (_, text) = compared(&data, &webhook, &[]);
    let said = "+5 h in winter and +4 h in summer";
    assert!(text.contains(said), "{text}");
    let option = "18000s,14400s,America/New_York";
    assert!(text.contains(&format!("--shift {option}")), "{text}");
    for shift in [option, "America/New_York"] {
        let (json, text) = compared(&data, &webhook, &["--shift", shift]);
        assert_eq!(json["legs"]["missed"], 0, "{text}");
        assert_eq!(json["matchRate"]["percent"], 100.0, "{text}");
        assert_eq!(json["suggestedShift"], Value::Null);
    }
    let refused = data.run(&["compare", &webhook.id, "--shift", "Mars/Olympus"]);
    let message = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(message.contains("America/New_York"), "{message}");
    let server = Server::with(data, &[]);
    let token = server.data.create_token();
    let get = |query: &str| {
        let path = format!("/comparison?webhook={}&{query}", webhook.id);
        server.api(&token, "GET", &path, None)
    };
    for query in [
        "shift=18000&summer=14400&like=America/New_York",
        "like=America/New_York",
    ] {
        let json = get(query).expect(200).json();
        assert_eq!(json["matchRate"]["percent"], 100.0, "{json}");
    }
    for query in ["summer=14400", "like=Mars", "shift=3600&like=Europe/Berlin"] {
        get(query).expect(422);
    }
}

#[test]
fn a_wrong_zone_and_other_prices_at_once_are_both_named() {
    let (data, webhook) = of_new_york(1.25);
    let (_, text) = compared(&data, &webhook, &[]);
    assert!(text.contains("+5 h in winter and +4 h in summer"), "{text}");
    assert!(text.contains("25.0 % above"), "{text}");
    let option = text.split("--shift ").nth(1).unwrap();
    let [shift, _, price] = option.split_whitespace().take(3).collect::<Vec<_>>()[..] else {
        panic!("{text}");
    };
    let (json, text) = compared(&data, &webhook, &["--shift", shift, "--price", price]);
    assert_eq!(json["legs"]["missed"], 0, "{text}");
}

#[test]
fn a_split_of_a_stock_is_told_with_its_day() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let (mut rows, mut sent) = (Vec::new(), Vec::new());
    // The list is adjusted all over; what came until the 15th was ten times that.
    for day in 1..=28 {
        let price = 100 + (day * 37) % 90;
        let at = |hour: i32| format!("2026-01-{day:02} {hour}:00");
        let came = |hour: i32| format!("2026-01-{day:02}T{hour}:00:03Z");
        rows.push((
            [at(10), at(15)],
            [price.to_string(), (price + 1).to_string()],
        ));
        let (times, quantity) = if day < 15 { (10, "1") } else { (1, "10") };
        sent.push((came(10), "entryLong", price * times, quantity));
        sent.push((came(15), "exitLong", (price + 1) * times, quantity));
    }
    let rows: Vec<Row<'_>> = rows
        .iter()
        .map(|([entry, exit], [bought, sold])| {
            (
                "long",
                [entry.as_str(), exit],
                [bought.as_str(), sold],
                "10",
                "10",
            )
        })
        .collect();
    list(&data, &webhook, "AAPL", &rows, &[]);
    let sent: Vec<Alert<'_>> = sent
        .iter()
        .map(|(at, side, price, quantity)| {
            (
                at.as_str(),
                "AAPL",
                order(side, quantity, &price.to_string()),
            )
        })
        .collect();
    alerts(&data, &webhook, &sent);
    let (json, text) = compared(&data, &webhook, &[]);
    let said = "Until 2026-01-15T10:00:03Z the alerts' prices are 10.00 times the backtest's, and since then equal to them";
    assert!(text.contains(said), "{text}");
    assert_eq!(json["suggestedPrice"], Value::Null);
    let since = "2026-01-15T10:00:03Z";
    assert_eq!(json["suggestedFrom"], since);
    let command = format!("algohook compare {} --from {since}\n", webhook.id);
    assert!(text.contains(&command), "{text}");
    let (json, _) = compared(&data, &webhook, &["--from", since]);
    assert_eq!(json["suggestedFrom"], Value::Null);
    assert_eq!(json["matchRate"]["percent"], 100.0);
}

#[test]
fn a_strategy_that_goes_on_with_another_size_is_no_match_without_a_word() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let rows = [
        (
            "long",
            ["2026-01-05 10:00", "2026-01-05 12:00"],
            ["100", "105"],
            "10",
            "50",
        ),
        (
            "long",
            ["2026-01-06 10:00", "2026-01-06 12:00"],
            ["100", "102"],
            "10",
            "20",
        ),
    ];
    list(&data, &webhook, "AAPL", &rows, &[]);
    let sent = [
        (
            "2026-01-05T10:00:02Z",
            "AAPL",
            order("entryLong", "10", "100"),
        ),
        (
            "2026-01-05T12:00:02Z",
            "AAPL",
            order("exitLong", "10", "105"),
        ),
        (
            "2026-01-06T10:00:02Z",
            "AAPL",
            order("entryLong", "5", "100"),
        ),
        (
            "2026-01-06T12:00:02Z",
            "AAPL",
            order("exitLong", "5", "102"),
        ),
    ];
    alerts(&data, &webhook, &sent);
    let (json, text) = compared(&data, &webhook, &[]);
    has_steps(
        &json,
        &[("expected", "70"), ("quantity", "-10"), ("observed", "60")],
    );
    // (10 + 10 + 5 + 5) / 10 over four fills.
    let said =
        "2 fills had another quantity than the backtest's (all in all, 0.75 times the backtest's)";
    assert!(text.contains(said), "{text}");
}

#[test]
fn a_trade_that_was_open_when_the_alerts_began_is_of_neither_book() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let rows = [
        (
            "long",
            ["2026-01-05 10:00", "2026-01-06 12:00"],
            ["100", "150"],
            "1",
            "50",
        ),
        (
            "long",
            ["2026-01-07 10:00", "2026-01-07 12:00"],
            ["100", "102"],
            "1",
            "2",
        ),
    ];
    list(&data, &webhook, "AAPL", &rows, &[]);
    let sent = [
        (
            "2026-01-06T12:00:02Z",
            "AAPL",
            order("exitLong", "1", "150"),
        ),
        (
            "2026-01-07T10:00:02Z",
            "AAPL",
            order("entryLong", "1", "100"),
        ),
        (
            "2026-01-07T12:00:02Z",
            "AAPL",
            order("exitLong", "1", "102"),
        ),
    ];
    alerts(&data, &webhook, &sent);
    let (json, text) = compared(&data, &webhook, &[]);
    assert_eq!(
        (&json["legs"]["matched"], &json["legs"]["missed"]),
        (&json!(3), &json!(0))
    );
    has_steps(&json, &[("expected", "2"), ("observed", "2")]);
    assert!(
        text.contains("The alerts made as much as the backtest."),
        "{text}"
    );
}
