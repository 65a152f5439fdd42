//! A broker's fills through the real binary: brought in, paired, derived again, undone.

use std::path::{Path, PathBuf};

use crate::support::derived::derived;
use crate::support::files::{file, import, refused};
use crate::support::{DataDir, Server, Webhook};
use serde_json::{Value, json};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/fills")
        .join(name)
}

/// A webhook whose alerts bought and sold an instrument once.
fn traded(data: &DataDir, ticker: &str) -> Webhook {
    let webhook = data.create_webhook("Strategy");
    let alert = |time: &str, action: &str, qty: &str, price: &str| {
        let payload =
            json!({ "ticker": ticker, "action": action, "qty": qty, "marketPrice": price });
        json!({ "time": time, "payload": payload }).to_string() + "\n"
    };
    let alerts = alert("2026-01-05T14:30:00Z", "buy", "100", "212.40")
        + &alert("2026-01-06T15:00:00Z", "sell", "100", "213.10");
    let path = file(data, "alerts.jsonl", &alerts);
    import(data, "alerts", &path, &webhook, &[]);
    webhook
}

/// Imports alerts and the broker's fills of them.
fn import_both(data: &DataDir, webhook: &Webhook, alerts: &str, fills: &str) {
    for (kind, name, content) in [
        ("alerts", "alerts.jsonl", alerts),
        ("fills", "fills.csv", fills),
    ] {
        import(data, kind, &file(data, name, content), webhook, &[]);
    }
}

/// The net profit and the number of trades of the book of fills.
fn report(data: &DataDir, webhook: &Webhook) -> (Value, Value) {
    let report = data.json(&["report", &webhook.id, "--fills", "--json"]);
    let all = report["reports"][0]["all"].clone();
    (all["netProfit"].clone(), all["totalTrades"].clone())
}

#[test]
fn fills_are_a_book_of_their_own_and_a_file_counts_once() {
    let data = DataDir::new();
    let webhook = traded(&data, "NASDAQ:AAPL");
    let plain = fixture("plain.csv");
    let expected = import(&data, "fills", &plain, &webhook, &["--dry-run"]);
    assert_eq!(
        (&expected["new"], &expected["import"]),
        (&json!(3), &Value::Null)
    );
    assert_eq!(expected["taken"][0]["ticker"], "NASDAQ:AAPL");

    let imported = import(&data, "fills", &plain, &webhook, &[]);
    assert_eq!(
        (&imported["new"], &imported["import"]),
        (&json!(3), &json!("fim_1"))
    );
    // 60 x (213.05 - 212.41) + 40 x (213.05 - 212.43) - 0.30 - 0.20 - 0.50.
    assert_eq!(report(&data, &webhook), (json!("62.2"), json!(2)));
    let again = import(&data, "fills", &plain, &webhook, &[]);
    assert_eq!(
        (&again["new"], &again["known"], &again["import"]),
        (&json!(0), &json!(3), &Value::Null)
    );
    assert_eq!(report(&data, &webhook), (json!("62.2"), json!(2)));

    // The alerts have none of it.
    let alerts = data.json(&["report", &webhook.id, "--json"]);
    assert_eq!(alerts["reports"][0]["all"]["netProfit"], "70");
    let before = derived(&data.database());
    data.text(&["rebuild"]);
    assert_eq!(report(&data, &webhook), (json!("62.2"), json!(2)));
    assert_eq!(derived(&data.database()), before);
}

#[test]
fn what_an_import_brought_goes_with_it_unless_another_file_has_it() {
    let data = DataDir::new();
    let webhook = traded(&data, "AAPL");
    let header = "time,symbol,side,qty,price,fillId\n";
    let buy = "2026-01-05T14:30:01Z,AAPL,buy,100,212.5,1\n";
    let sell = "2026-01-06T15:00:02Z,AAPL,sell,100,213,2\n";
    let first = file(&data, "first.csv", format!("{header}{buy}"));
    let both = file(&data, "both.csv", format!("{header}{sell}{buy}"));
    import(&data, "fills", &first, &webhook, &[]);
    assert_eq!(import(&data, "fills", &both, &webhook, &[])["known"], 1);
    assert_eq!(report(&data, &webhook), (json!("50"), json!(1)));
    let webhook_id = webhook.id.as_str();
    let undo = |import| ["import", "fills", "--webhook", webhook_id, "--undo", import];
    assert!(
        data.text(&undo("fim_1"))
            .contains("removed 0 fills; 1 stay")
    );
    assert_eq!(report(&data, &webhook), (json!("50"), json!(1)));
    assert!(data.text(&undo("fim_2")).contains("removed 2 fills"));
    assert_eq!(report(&data, &webhook).1, 0);
    let error = data.error(&undo("fim_2"));
    assert!(
        error.contains("no import fim_2") && error.contains("--list"),
        "{error}"
    );
    assert!(
        data.text(&["import", "fills", "--webhook", &webhook.id, "--list"])
            .contains("No fills")
    );
}

#[test]
fn only_fills_of_what_the_webhook_trades_are_taken() {
    let data = DataDir::new();
    let webhook = traded(&data, "BINANCE:BTCUSDT");
    let imported = import(&data, "fills", &fixture("binance-spot.csv"), &webhook, &[]);
    assert_eq!(
        (&imported["rows"], &imported["new"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(imported["leftOut"][0]["symbol"], "1INCHUSDT");
    // 0.011988 from 94800 and 0.007992 from 94801.5 to 95120, less the fees of both: those of
    // the purchase in the coin (1.1376 + 0.758412), that of the sale in money.
    let bought = 0.011_988 * (95_120.0 - 94_800.0) + 0.007_992 * (95_120.0 - 94_801.5);
    let expected = bought - 1.137_6 - 0.758_412 - 1.900_497_6;
    let (profit, trades) = report(&data, &webhook);
    let profit: f64 = profit.as_str().unwrap().parse().unwrap();
    assert!((profit - expected).abs() < 1e-9, "{profit} {expected}");
    assert_eq!(trades, 2);

    let other = data.create_webhook("Other");
    let error = refused(&data, "fills", &fixture("plain.csv"), &webhook, &[]);
    for said in [
        "was not imported",
        "AAPL",
        "BINANCE:BTCUSDT",
        "--symbol AAPL=BINANCE:BTCUSDT",
    ] {
        assert!(error.contains(said), "{error}");
    }
    assert!(error.contains("hint: --symbol"), "{error}");
    // A webhook without alerts and backtest takes all as it is.
    assert_eq!(
        import(&data, "fills", &fixture("binance-spot.csv"), &other, &[])["new"],
        4
    );
}

#[test]
fn a_month_of_a_future_is_its_continuous_one_and_point_values_count() {
    let data = DataDir::new();
    let webhook = traded(&data, "CME_MINI:MNQ1!");
    let imported = import(&data, "fills", &fixture("ibkr-flex.csv"), &webhook, &[]);
    assert_eq!(
        (&imported["new"], &imported["others"]),
        (&json!(3), &json!(1))
    );
    let notes = imported["notes"].to_string();
    assert!(
        notes.contains("MNQH6 was taken for CME_MINI:MNQ1!"),
        "{notes}"
    );
    // The point value is the webhook's: 1 until it is set. 20 + 19.5 - 4 x 0.62.
    assert_eq!(report(&data, &webhook).0, json!("37.02"));
    let server = Server::with(data, &[]);
    let token = server.data.create_token();
    let path = format!("/webhooks/{}", webhook.id);
    let settings = json!({ "settings": { "pointValue": "2" } });
    server
        .api(&token, "PATCH", &path, Some(settings))
        .expect(200);
    crate::support::wait_until("the fills are derived again", || {
        report(&server.data, &webhook).0 == json!("76.52")
    });
}

#[test]
fn the_same_fills_of_another_kind_of_export_are_known() {
    let data = DataDir::new();
    let webhook = traded(&data, "AAPL");
    assert_eq!(
        import(&data, "fills", &fixture("ibkr-activity.csv"), &webhook, &[])["new"],
        2
    );
    // Without a time zone of its own, as New York's; with numbers.
    let flex = "Symbol,DateTime,Quantity,TradePrice,IBCommission,IBCommissionCurrency,Buy/Sell,IBOrderID,IBExecID\n\
        AAPL,20260105;093001,1000,212.41,-5,USD,BUY,1,a\n\
        AAPL,20260106;100002,-1000,213.05,-5.21,USD,SELL,2,b\n";
    let flex = file(&data, "flex.csv", flex);
    let imported = import(&data, "fills", &flex, &webhook, &[]);
    assert_eq!(
        (&imported["new"], &imported["known"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(report(&data, &webhook).0, json!("629.79"));
}

#[test]
fn fills_that_were_read_in_another_zone_are_said_to_stay_there() {
    let data = DataDir::new();
    let webhook = traded(&data, "NASDAQ:AAPL");
    let fills = "time,symbol,side,qty,price,fillId\n\
        2026-01-05 09:30:00,AAPL,buy,100,212.41,a1\n2026-01-06 10:00:00,AAPL,sell,100,213.09,a2\n";
    let path = file(&data, "fills.csv", fills);
    import(&data, "fills", &path, &webhook, &["--time-zone", "UTC"]);
    let zone = ["--time-zone", "America/New_York"];
    for options in [&[&zone[..], &["--dry-run"]].concat()[..], &zone] {
        let again = import(&data, "fills", &path, &webhook, options);
        assert_eq!((&again["known"], &again["new"]), (&json!(2), &json!(0)));
        let notes = again["notes"].to_string();
        assert!(
            notes.contains("2 of these fills are there at other times"),
            "{notes}"
        );
        assert!(notes.contains("undo every import that has them"), "{notes}");
    }
    // In its own zone, nothing is said.
    let same = import(&data, "fills", &path, &webhook, &["--time-zone", "UTC"]);
    assert!(!same["notes"].to_string().contains("other times"), "{same}");
}

#[test]
fn a_file_that_cannot_be_read_changes_nothing_and_says_where() {
    let data = DataDir::new();
    let webhook = traded(&data, "AAPL");
    let broken = "time,symbol,side,qty,price\n2026-01-05T14:30:01Z,AAPL,buy,100,212.5\nlater,AAPL,sell,100,213\n";
    let broken = file(&data, "broken.csv", broken);
    let error = refused(&data, "fills", &broken, &webhook, &[]);
    assert!(
        error.contains("row 3, column time: \"later\" is no time"),
        "{error}"
    );
    assert_eq!(report(&data, &webhook).1, 0);
    let unknown = file(
        &data,
        "unknown.csv",
        "When,What,Side,Qty,Price\n1,AAPL,buy,1,2\n",
    );
    let error = refused(&data, "fills", &unknown, &webhook, &[]);
    for said in [
        "no column for time, symbol",
        "When, What",
        "time,symbol,side,qty,price",
    ] {
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn the_api_brings_fills_in_lists_them_and_undoes() {
    let data = DataDir::new();
    let webhook = traded(&data, "AAPL");
    let server = Server::with(data, &[]);
    let token = server.data.create_token();
    let file = std::fs::read_to_string(fixture("alpaca-activities.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let post = |query: &str| {
        let path = format!("/imports?webhook={}{query}", webhook.id);
        server.api(&token, "POST", &path, Some(file.clone()))
    };
    // What it is shows by itself.
    let imported = post("&fileName=activities.json").expect(200).json();
    assert_eq!(
        (&imported["fills"]["new"], &imported["fills"]["venue"]),
        (&json!(3), &json!("alpaca"))
    );
    let path = format!("/fill-imports?webhook={}", webhook.id);
    let listed = server.api(&token, "GET", &path, None).expect(200).json();
    assert_eq!(listed["items"][0]["fileName"], "activities.json");
    assert_eq!(listed["items"][0]["onlyHere"], 3);
    let trades = format!("/trades?webhook={}&book=fills", webhook.id);
    let found = server.api(&token, "GET", &trades, None).expect(200).json();
    assert_eq!(found["items"].as_array().unwrap().len(), 2);
    assert_eq!(found["items"][0]["source"], "fills");
    let id = found["items"][0]["id"].as_str().unwrap();
    server
        .api(&token, "GET", &format!("/trades/{id}"), None)
        .expect(200);
    // Books are not mixed where none is named.
    let all = format!("/trades?webhook={}", webhook.id);
    let found = server.api(&token, "GET", &all, None).expect(200).json();
    assert!(
        found["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|trade| trade["source"] != "fills")
    );
    server
        .api(&token, "DELETE", "/fill-imports/fim_1", None)
        .expect(200);
    let found = server.api(&token, "GET", &trades, None).expect(200).json();
    assert_eq!(found["items"], json!([]));
    server
        .api(&token, "DELETE", "/fill-imports/fim_1", None)
        .expect(404);
    let answer = post("&symbol=x").expect(422).json();
    assert!(
        answer["detail"]
            .as_str()
            .unwrap()
            .contains("maps no symbol"),
        "{answer}"
    );
}

/// Round trips of 10 shares, one every two hours: bought at 100, sold at 101.
const TRIPS: i64 = 20;

/// A webhook with these round trips, and the broker's fills of them: each a second and a
/// quarter after its alert and 0.05 worse, the purchases in two parts. The first of trip 7 was
/// never filled, nor was the last of trip 12, and somebody sold by hand.
fn traded_and_filled() -> (DataDir, Webhook) {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let begin: jiff::Timestamp = "2026-01-05T10:00:00Z".parse().unwrap();
    let (mut alerts, mut fills) = (
        String::new(),
        "time,symbol,side,qty,price,fee,orderId\n".to_owned(),
    );
    for trip in 0..TRIPS {
        let at = |minutes: i64| begin + jiff::SignedDuration::from_mins(120 * trip + minutes);
        for (minutes, action, price) in [(0, "buy", "100"), (60, "sell", "101")] {
            let payload = json!({
                "ticker": "NASDAQ:AAPL", "action": action, "qty": 10, "marketPrice": price,
                "positionSize": if action == "buy" { 10 } else { 0 },
            });
            alerts += &(json!({ "time": at(minutes), "payload": payload }).to_string() + "\n");
        }
        let late = |minutes: i64| at(minutes) + jiff::SignedDuration::from_millis(1_250);
        if trip != 7 {
            fills.extend([format!("{},AAPL,buy,6,100.04,0.1,B{trip}\n", late(0))]);
            fills.extend([format!("{},AAPL,buy,4,100.065,0.1,B{trip}\n", late(0))]);
        }
        if trip != 12 {
            fills.extend([format!("{},AAPL,sell,10,100.95,0.2,S{trip}\n", late(60))]);
        }
    }
    fills.extend([format!(
        "{},AAPL,sell,3,99,0.2,hand\n",
        begin + jiff::SignedDuration::from_mins(30)
    )]);
    import_both(&data, &webhook, &alerts, &fills);
    (data, webhook)
}

#[test]
fn a_trader_sees_what_the_broker_made_of_the_alerts() {
    let (data, webhook) = traded_and_filled();
    let text = data.text(&["compare", &webhook.id, "--with", "fills"]);
    println!("{text}");
    let compared = data.json(&["compare", &webhook.id, "--with", "fills", "--json"]);
    let legs = &compared["legs"];
    // Of the trips between the first and the last fill, two alerts have none.
    assert_eq!(
        (&legs["missed"], &legs["falseAlerts"]),
        (&json!(2), &json!(1)),
        "{legs}"
    );
    assert_eq!(legs["matched"], 38);
    let execution = &compared["execution"];
    let slippage = &execution["slippage"];
    // Bought at (6 x 100.04 + 4 x 100.065) / 10 = 100.05, sold at 100.95.
    assert_eq!(
        (&slippage["perContract"], &slippage["money"]),
        (&json!("0.05"), &json!("19"))
    );
    let points = slippage["basisPoints"].as_f64().unwrap();
    assert!(
        (points - f64::midpoint(5.0, 10_000.0 * 0.05 / 101.0)).abs() < 1e-9,
        "{points}"
    );
    assert_eq!(slippage["setup"]["money"], "0");
    let latency = &execution["latency"];
    assert_eq!(latency["signalToFilled"], Value::Null, "{latency}");
    assert_eq!(execution["grade"]["parts"].as_array().unwrap().len(), 3);
    // First in, first out: the sale by hand closes what the next one would have.
    let retention = &execution["retention"];
    let trades = retention["trades"].as_u64().unwrap();
    assert_eq!(retention["alerts"], (10 * trades).to_string());
    let kept: f64 = retention["percent"].as_f64().unwrap();
    assert!(
        (10..=18).contains(&trades) && (50.0..90.0).contains(&kept),
        "{retention}"
    );
    for said in [
        "38 of 40 alerts were filled: 95.0 %",
        "basis points worse",
        "Grade",
        "-> ",
        "GRADE",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let bridge = &compared["bridge"];
    let step = |name: &str| -> f64 { bridge[name].as_str().unwrap().parse().unwrap() };
    let steps = [
        "missed",
        "falseTrades",
        "exits",
        "price",
        "quantity",
        "commission",
        "rounding",
    ];
    let sum: f64 = steps.into_iter().map(step).sum();
    assert!(
        (step("expected") + sum - step("observed")).abs() < 1e-9,
        "{bridge}"
    );
    let rows = compared["rows"].as_array().unwrap();
    let by_hand = rows.iter().find(|row| row["outcome"] == "false").unwrap();
    assert_eq!(
        (&by_hand["fill"]["reference"], &by_hand["alert"]),
        (&json!("hand"), &Value::Null)
    );
}

#[test]
fn the_api_compares_with_fills_and_exports_both_pairs() {
    let (data, webhook) = traded_and_filled();
    let of_command = data.json(&["compare", &webhook.id, "--with", "fills", "--json"]);
    let server = Server::with(data, &[]);
    let token = server.data.create_token();
    let query = format!("webhook={}&with=fills", webhook.id);
    let get = |path: &str| server.api(&token, "GET", path, None);
    let compared = get(&format!("/comparison?{query}")).expect(200).json();
    for name in [
        "matchRate",
        "legs",
        "bridge",
        "verdict",
        "execution",
        "causes",
    ] {
        assert_eq!(compared[name], of_command[name], "{name}");
    }
    let legs = get(&format!("/comparison/legs?{query}&only=problem&limit=2"))
        .expect(200)
        .json();
    assert_eq!(legs["items"].as_array().unwrap().len(), 2);
    assert_eq!(legs["nextCursor"], "2");
    let csv = get(&format!("/export/comparison.csv?{query}")).expect(200);
    let lines: Vec<&str> = csv.text.lines().collect();
    assert_eq!(lines.len(), 1 + 41);
    assert!(
        lines[0].starts_with("\"outcome\",\"side\",\"action\",\"backtestTime\""),
        "{}",
        lines[0]
    );
    let problems = get(&format!("/export/comparison.csv?{query}&only=missed")).expect(200);
    assert_eq!(problems.text.lines().count(), 3);
    get(&format!("/export/comparison.csv?{query}&limit=2")).expect(400);
    let none = get(&format!("/export/comparison.csv?webhook={}", webhook.id))
        .expect(422)
        .json();
    assert_eq!(none["code"], "no_backtest");
}

#[test]
fn live_alerts_tell_how_long_their_fills_took() {
    let server = Server::start();
    let webhook = server.create_webhook("Live");
    let mut fills = "time,symbol,side,qty,price\n".to_owned();
    for action in ["buy", "sell", "buy", "sell"] {
        let now = jiff::Timestamp::now();
        let alert = json!({
            "auth_key": webhook.key, "ticker": "AAPL", "action": action, "qty": 1, "marketPrice": 100,
            "metadata": { "timestamp": format!("{now:.0}") },
        });
        server.post(&webhook.id, &alert.to_string()).expect(200);
        let filled = now + jiff::SignedDuration::from_millis(700);
        fills.extend([format!("{filled:.3},AAPL,{action},1,100.01\n")]);
    }
    let path = file(&server.data, "fills.csv", &fills);
    import(&server.data, "fills", &path, &webhook, &[]);
    let compared = server
        .data
        .json(&["compare", &webhook.id, "--with", "fills", "--json"]);
    let latency = &compared["execution"]["latency"];
    let median = latency["receivedToFilled"]["median"].as_f64().unwrap();
    assert!((0.0..=0.7).contains(&median), "{latency}");
    assert!(
        latency["receivedToDisk"]["n"].as_u64().unwrap() >= 3,
        "{latency}"
    );
    let counted: u64 = latency["histogram"]
        .as_array()
        .unwrap()
        .iter()
        .map(|band| band["fills"].as_u64().unwrap())
        .sum();
    assert_eq!(counted, latency["receivedToFilled"]["n"].as_u64().unwrap());
}

#[test]
fn what_cannot_be_compared_with_fills_says_why_and_what_to_do() {
    let data = DataDir::new();
    let webhook = traded(&data, "AAPL");
    let compare =
        |more: &[&str]| data.error(&[&["compare", &webhook.id, "--with", "fills"], more].concat());
    let error = compare(&[]);
    assert!(
        error.contains("has no fills; import the broker's export first"),
        "{error}"
    );
    // Of other days than the alerts.
    let elsewhere = "time,symbol,side,qty,price\n2025-01-05T14:30:01Z,AAPL,buy,100,212.5\n2025-01-06T14:30:01Z,AAPL,sell,100,212.5\n";
    let elsewhere = file(&data, "elsewhere.csv", elsewhere);
    import(&data, "fills", &elsewhere, &webhook, &[]);
    let error = compare(&[]);
    assert!(
        error.contains("they do not overlap") && error.contains("--time-zone"),
        "{error}"
    );
    data.text(&[
        "import",
        "fills",
        "--webhook",
        &webhook.id,
        "--undo",
        "fim_1",
    ]);
    // In another currency.
    let euros = "time,symbol,side,qty,price,currency\n2026-01-05T14:30:01Z,AAPL,buy,100,212.5,EUR\n2026-01-06T15:00:01Z,AAPL,sell,100,213,EUR\n";
    let euros = file(&data, "euros.csv", euros);
    let path = euros.to_str().unwrap();
    let said = data.text(&["import", "fills", path, "--webhook", &webhook.id]);
    assert!(said.contains("prices are in EUR"));
    let compared = data.json(&["compare", &webhook.id, "--with", "fills", "--json"]);
    assert_eq!(
        (&compared["bridge"], &compared["execution"]["retention"]),
        (&Value::Null, &Value::Null)
    );
    assert!(
        compared["notes"][0]
            .as_str()
            .unwrap()
            .contains("priced in EUR"),
        "{}",
        compared["notes"]
    );
    // Of two instruments.
    let other = "time,symbol,side,qty,price\n2026-01-05T14:30:01Z,MSFT,buy,100,400\n";
    let other = file(&data, "other.csv", other);
    let mapped = ["--symbol", "MSFT=NASDAQ:MSFT"];
    import(&data, "fills", &other, &webhook, &mapped);
    let error = compare(&[]);
    assert!(
        error.contains("name the ticker of the fills: the webhook has")
            && error.contains("AAPL")
            && error.contains("hint: --ticker"),
        "{error}"
    );
    let error = compare(&["--ticker", "MSFT"]);
    assert!(
        error.contains("no alert of NASDAQ:MSFT has made an order yet"),
        "{error}"
    );
    data.text(&[
        "compare",
        &webhook.id,
        "--with",
        "fills",
        "--ticker",
        "AAPL",
    ]);
}

#[test]
fn fills_of_another_zone_are_told_with_what_mends_them() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let begin: jiff::Timestamp = "2026-01-05T10:07:00Z".parse().unwrap();
    let (mut alerts, mut fills) = (String::new(), "time,symbol,side,qty,price\n".to_owned());
    for number in 0..60_i64 {
        let time = begin + jiff::SignedDuration::from_mins(37 * number + 3 * (number % 5));
        let action = ["buy", "sell"][usize::from(number % 2 == 1)];
        let payload = json!({ "ticker": "AAPL", "action": action, "qty": 1, "marketPrice": 100 });
        alerts += &(json!({ "time": time, "payload": payload }).to_string() + "\n");
        let filled =
            time + jiff::SignedDuration::from_secs(2) - jiff::SignedDuration::from_hours(5);
        fills.extend([format!("{filled},AAPL,{action},1,100.02\n")]);
    }
    import_both(&data, &webhook, &alerts, &fills);
    let text = data.text(&["compare", &webhook.id, "--with", "fills"]);
    assert!(
        text.contains("The fills' times look shifted by -5 h"),
        "{text}"
    );
    let again = format!(
        "   algohook import fills FILE --webhook {} --time-zone ZONE\n",
        webhook.id
    );
    assert!(text.contains(&again), "{text}");
}
