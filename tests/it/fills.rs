//! A broker's fills through the real binary: brought in, paired, derived again, undone.

use std::path::{Path, PathBuf};

use crate::support::derived::derived;
use crate::support::{DataDir, Server, Webhook};
use serde_json::{Value, json};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/fills")
        .join(name)
}

fn import(data: &DataDir, path: &Path, webhook: &Webhook, more: &[&str]) -> Value {
    let path = path.to_str().unwrap();
    let mut arguments = vec!["import", "fills", path, "--webhook", &webhook.id, "--json"];
    arguments.extend(more);
    data.json(&arguments)["fills"].clone()
}

fn write(data: &DataDir, name: &str, content: &str) -> PathBuf {
    let path = data.database().with_file_name(name);
    std::fs::write(&path, content).unwrap();
    path
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
    let path = write(data, "alerts.jsonl", &alerts);
    data.text(&[
        "import",
        "alerts",
        path.to_str().unwrap(),
        "--webhook",
        &webhook.id,
    ]);
    webhook
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
    let expected = import(&data, &plain, &webhook, &["--dry-run"]);
    assert_eq!(
        (&expected["new"], &expected["import"]),
        (&json!(3), &Value::Null)
    );
    assert_eq!(expected["taken"][0]["ticker"], "NASDAQ:AAPL");

    let imported = import(&data, &plain, &webhook, &[]);
    assert_eq!(
        (&imported["new"], &imported["import"]),
        (&json!(3), &json!("fim_1"))
    );
    // 60 x (213.05 - 212.41) + 40 x (213.05 - 212.43) - 0.30 - 0.20 - 0.50.
    assert_eq!(report(&data, &webhook), (json!("62.2"), json!(2)));
    let again = import(&data, &plain, &webhook, &[]);
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
    let first = write(&data, "first.csv", &format!("{header}{buy}"));
    let both = write(&data, "both.csv", &format!("{header}{sell}{buy}"));
    import(&data, &first, &webhook, &[]);
    assert_eq!(import(&data, &both, &webhook, &[])["known"], 1);
    assert_eq!(report(&data, &webhook), (json!("50"), json!(1)));
    let undo = |import: &str| {
        data.text(&[
            "import",
            "fills",
            "--webhook",
            &webhook.id,
            "--undo",
            import,
        ])
    };
    assert!(undo("fim_1").contains("removed 0 fills; 1 stay"));
    assert_eq!(report(&data, &webhook), (json!("50"), json!(1)));
    assert!(undo("fim_2").contains("removed 2 fills"));
    assert_eq!(report(&data, &webhook).1, 0);
    let error = data.error(&[
        "import",
        "fills",
        "--webhook",
        &webhook.id,
        "--undo",
        "fim_2",
    ]);
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
    let imported = import(&data, &fixture("binance-spot.csv"), &webhook, &[]);
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
    let error = data.error(&[
        "import",
        "fills",
        fixture("plain.csv").to_str().unwrap(),
        "--webhook",
        &webhook.id,
    ]);
    for said in [
        "was not imported",
        "AAPL",
        "BINANCE:BTCUSDT",
        "--symbol AAPL=BINANCE:BTCUSDT",
    ] {
        assert!(error.contains(said), "{error}");
    }
    // A webhook without alerts and backtest takes all as it is.
    assert_eq!(
        import(&data, &fixture("binance-spot.csv"), &other, &[])["new"],
        4
    );
}

#[test]
fn a_month_of_a_future_is_its_continuous_one_and_point_values_count() {
    let data = DataDir::new();
    let webhook = traded(&data, "CME_MINI:MNQ1!");
    let imported = import(&data, &fixture("ibkr-flex.csv"), &webhook, &[]);
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
        import(&data, &fixture("ibkr-activity.csv"), &webhook, &[])["new"],
        2
    );
    // Without a time zone of its own, as New York's; with numbers.
    let flex = "Symbol,DateTime,Quantity,TradePrice,IBCommission,IBCommissionCurrency,Buy/Sell,IBOrderID,IBExecID\n\
        AAPL,20260105;093001,1000,212.41,-5,USD,BUY,1,a\n\
        AAPL,20260106;100002,-1000,213.05,-5.21,USD,SELL,2,b\n";
    let flex = write(&data, "flex.csv", flex);
    let imported = import(&data, &flex, &webhook, &[]);
    assert_eq!(
        (&imported["new"], &imported["known"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(report(&data, &webhook).0, json!("629.79"));
}

#[test]
fn a_file_that_cannot_be_read_changes_nothing_and_says_where() {
    let data = DataDir::new();
    let webhook = traded(&data, "AAPL");
    let broken = "time,symbol,side,qty,price\n2026-01-05T14:30:01Z,AAPL,buy,100,212.5\nlater,AAPL,sell,100,213\n";
    let broken = write(&data, "broken.csv", broken);
    let arguments = [
        "import",
        "fills",
        broken.to_str().unwrap(),
        "--webhook",
        &webhook.id,
    ];
    let error = data.error(&arguments);
    assert!(
        error.contains("row 3, column time: \"later\" is no time"),
        "{error}"
    );
    assert_eq!(report(&data, &webhook).1, 0);
    let unknown = write(
        &data,
        "unknown.csv",
        "When,What,Side,Qty,Price\n1,AAPL,buy,1,2\n",
    );
    let error = data.error(&[
        "import",
        "fills",
        unknown.to_str().unwrap(),
        "--webhook",
        &webhook.id,
    ]);
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
