//! Reports of imported lists: trades that are still open, contracts margined in the coin, the
//! entry's part of a commission, and the range that a strategy was tested over.

use std::path::Path;

use crate::support::files::{self, file, refused};
use crate::support::{DataDir, Server, Webhook};
use serde_json::{Value, json};

const HEADER: &str = "Trade number,Type,Date and time,Signal,Price USD,Size (qty),Size (value),Net PnL USD,Return %,Commission USD,Cumulative PnL USD,Cumulative PnL %";

/// Two closed trades of 10 at 1 an order, and one that is open at 150.
const OPEN: &str = "1,Entry long,2025-01-02 10:00,L,100,10,1000,98,9.79,2,98,0.98
1,Exit long,2025-01-05 10:00,X,110,10,1000,98,9.79,2,98,0.98
2,Entry long,2025-02-01 10:00,L,100,10,1000,-101,-10.09,2,-3,-0.03
2,Exit long,2025-02-10 10:00,X,90.1,10,1000,-101,-10.09,2,-3,-0.03
3,Entry long,2025-03-01 10:00,L,100,10,1000,499,49.85,1,496,4.96
";

/// The same as alerts; the last of them only tells a price.
const ALERTS: [(&str, &str, &str, &str); 6] = [
    ("2025-01-02", "action", "buy", "100"),
    ("2025-01-05", "action", "sell", "110"),
    ("2025-02-01", "action", "buy", "100"),
    ("2025-02-10", "action", "sell", "90.1"),
    ("2025-03-01", "action", "buy", "100"),
    ("2025-06-30", "positionDirection", "exitShort", "150"),
];

fn import(data: &DataDir, rows: &str, webhook: &Webhook, more: &[&str]) -> Value {
    let path = file(data, "list.csv", format!("{HEADER}\n{rows}"));
    files::import(data, "trades", &path, webhook, more)
}

fn report(data: &DataDir, webhook: &Webhook, more: &[&str]) -> Value {
    let asked = [&["report", &webhook.id, "--json"], more].concat();
    data.json(&asked)["reports"][0]["all"].clone()
}

fn backtest(data: &DataDir, webhook: &Webhook, more: &[&str]) -> Value {
    report(data, webhook, &[&["--backtest"], more].concat())
}

fn set(server: &Server, token: &str, webhook: &Webhook, settings: &Value) {
    let path = format!("/webhooks/{}", webhook.id);
    let body = json!({ "settings": settings });
    server.api(token, "PATCH", &path, Some(body)).expect(200);
}

fn near(found: &Value, expected: f64, by: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() <= by, "{found} is not {expected}");
}

#[test]
fn an_open_trade_of_a_list_counts_as_one_of_alerts() {
    let server = Server::start();
    let (data, token) = (&server.data, server.data.create_token());
    let webhook = server.create_webhook("Open");
    let per_order = json!({ "commission": { "kind": "perOrder", "value": "1" } });
    set(&server, &token, &webhook, &per_order);
    let lines = ALERTS.map(|(day, side, action, price)| {
        let payload = json!({ "ticker": "AAPL", side: action, "qty": 10, "marketPrice": price });
        json!({ "time": format!("{day}T10:00:00Z"), "payload": payload }).to_string()
    });
    let path = file(data, "alerts.jsonl", lines.join("\n"));
    files::import(data, "alerts", &path, &webhook, &[]);
    let rows =
        format!("{OPEN}3,Exit long,2025-06-30 10:00,Open,150,10,1000,499,49.85,1,496,4.96\n");
    import(data, &rows, &webhook, &["--ticker", "AAPL"]);
    for range in [
        &[][..],
        &["--to", "2025-02-20"],
        &["--to", "2025-07-01"],
        &["--from", "2025-02-01"],
        &["--from", "2025-03-10", "--to", "2025-08-01"],
    ] {
        let (listed, alerts) = (
            backtest(data, &webhook, range),
            report(data, &webhook, range),
        );
        for name in [
            "netProfit",
            "grossLoss",
            "commissionPaid",
            "openProfit",
            "cagr",
            "sharpe",
            "sortino",
            "sharpeReturns",
            "buyAndHold",
            "buyAndHoldReturn",
            "outperformance",
        ] {
            assert_eq!(listed[name], alerts[name], "{name} of {range:?}");
        }
    }
    let whole = backtest(data, &webhook, &[]);
    assert_eq!(whole["netProfit"], "-4");
    assert_eq!(whole["openProfit"], "500");
    near(&whole["sharpe"], 0.339_860_512_326_810_64, 1e-12);
    // A list has no price of its own between two trades, but those of the fills before.
    for (to, net_profit, held) in [("2025-03-15", "-4", 0.0), ("2025-02-05", "97", 0.0)] {
        let past = backtest(data, &webhook, &["--to", to]);
        assert_eq!(past["openProfit"], Value::Null, "{to}");
        assert_eq!(past["netProfit"], net_profit, "{to}");
        near(&past["buyAndHoldReturn"], held, 1e-12);
    }
}

#[test]
fn the_profit_of_an_open_trade_is_what_its_list_says_of_it_or_not_known() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Open");
    // Of the open trade the entry's row says what entering cost, and nothing else.
    let entered = OPEN.replace("499,49.85,1,496,4.96", ",,1,,");
    for (row, open_profit) in [
        // A price alone, a profit alone (net of the entry's 1), a profit in another currency than
        // the price, and neither.
        ("2025-06-30 10:00,Open,150,10,,,,,,", json!("500")),
        (",Open,,10,1000,499,49.85,1,496,4.96", json!("500")),
        ("2025-06-30 10:00,Open,150,10,1000,440,,1,,", json!("441")),
        (",Open,,10,1000,,,,,", Value::Null),
    ] {
        let rows = format!("{entered}3,Exit long,{row}\n");
        let imported = import(&data, &rows, &webhook, &["--ticker", "A"]);
        assert_eq!(imported["open"], 1);
        let found = backtest(&data, &webhook, &[]);
        assert_eq!(found["openProfit"], open_profit, "{row}");
        assert_eq!(found["netProfit"], "-4", "{row}");
    }
}

#[test]
fn holding_begins_with_the_price_known_when_the_range_does() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Hold");
    let rows = "1,Entry long,2025-01-01 10:00,L,100,1,100,10,10,0,10,0.1
1,Exit long,2025-02-10 10:00,X,110,1,100,10,10,0,10,0.1
2,Entry long,2025-01-20 10:00,L,150,1,150,10,6.67,0,20,0.2
2,Exit long,2025-01-31 10:00,X,160,1,150,10,6.67,0,20,0.2
";
    import(&data, rows, &webhook, &["--ticker", "A"]);
    let found = backtest(&data, &webhook, &["--from", "2025-02-01"]);
    near(&found["buyAndHoldReturn"], -31.25, 1e-9);
}

/// Three trades of 10,000 inverse contracts in BTCUSD, and their mean return.
fn inverse() -> (String, f64) {
    let header = HEADER
        .replace("PnL USD", "PnL BTC")
        .replace("Commission USD", "Commission BTC");
    let (mut list, mut sum, mut returns) = (format!("{header}\n"), 0.0, 0.0);
    for (number, (entry, exit)) in [(50e3, 51e3), (52e3, 51.5e3), (53e3, 55e3)]
        .iter()
        .enumerate()
    {
        let net: f64 = 10_000.0 * (1.0 / entry - 1.0 / exit);
        let percent = net * entry / 100.0;
        sum += net;
        returns += percent / 3.0;
        let day = number + 5;
        for (hour, side, price) in [(10, "Entry", entry), (11, "Exit", exit)] {
            let row = format!(
                "{},{side} long,2026-01-{day:02} {hour}:00,L,{price},10000,{:.8},{net:.8},{percent:.2},0,{sum:.8},{:.2}\n",
                number + 1,
                10_000.0 / entry,
                sum * 50.0
            );
            list.push_str(&row);
        }
    }
    (list, returns)
}

#[test]
fn an_inverse_contract_is_known_by_the_rows_whatever_the_settings_say() {
    let server = Server::start();
    let (data, token) = (&server.data, server.data.create_token());
    let (list, mean) = inverse();
    let path = file(data, "inverse.csv", list);
    let mut number = 0;
    for settings in [
        json!({}),
        json!({ "contract": "inverse" }),
        json!({ "contracts": { "BTCUSD": "inverse" } }),
    ] {
        for more in [&[][..], &["--point-value", "1"]] {
            number += 1;
            let webhook = server.create_webhook(&format!("Inverse {number}"));
            set(&server, &token, &webhook, &settings);
            let named = [&["--ticker", "BTCUSD"], more].concat();
            let imported = files::import(data, "trades", &path, &webhook, &named);
            let terms = &imported["terms"];
            assert_eq!(terms["pointValue"]["value"], "1", "{settings} {more:?}");
            assert_eq!(
                terms["contract"],
                json!({ "value": "inverse", "source": "rows" })
            );
            let says_so = imported["notes"]
                .to_string()
                .contains("its contract is inverse");
            assert_eq!(says_so, settings == json!({}), "{imported:#}");
            let check = || {
                let found = backtest(data, &webhook, &[]);
                near(&found["avgTradePercent"], mean, 1e-5);
                near(
                    &found["buyAndHoldReturn"],
                    100.0 * (1.0 - 50.0 / 55.0),
                    1e-9,
                );
            };
            check();
            // It is the list's own, whatever becomes of the webhook's.
            set(
                &server,
                &token,
                &webhook,
                &json!({ "contract": "linear", "contracts": {} }),
            );
            check();
        }
    }
}

#[test]
fn the_entry_s_part_of_a_commission_is_that_of_its_kind() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Options");
    let (mut rows, mut sum) = (String::new(), 0.0);
    for (number, (entry, exit)) in [(0.05, 0.5), (0.1, 0.02), (0.2, 0.9), (1.0, 0.05)]
        .iter()
        .enumerate()
    {
        let net: f64 = (exit - entry) * 100.0 - 1.3;
        sum += net;
        let day = number + 5;
        for (hour, side, price) in [(10, "Entry", entry), (11, "Exit", exit)] {
            let value = entry * 100.0;
            let row = format!(
                "{},{side} long,2026-01-{day:02} {hour}:00,L,{price},1,{value:.0},{net:.2},0,1.30,{sum:.2},{:.2}\n",
                number + 1,
                sum / 100.0
            );
            rows.push_str(&row);
        }
    }
    import(&data, &rows, &webhook, &["--ticker", "OPT"]);
    // As the list's own column Return % has it: 773.45, -87.32, 332.69 and -95.68.
    near(
        &backtest(&data, &webhook, &[])["avgTradePercent"],
        230.785,
        0.01,
    );
}

#[test]
fn a_spreadsheet_states_the_range_that_was_tested() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Range");
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/imports/tested-range.xlsx");
    let imported = files::import(&data, "trades", &path, &webhook, &[]);
    // Its sheet is called Eigenschaften, its capital 10.000, and its percentages are cells in percent.
    let capital = &imported["terms"]["initialCapital"];
    assert_eq!(
        (
            &capital["value"],
            &capital["source"],
            &capital["rows"]["value"]
        ),
        (&json!("10000"), &json!("properties"), &json!("10000"))
    );
    let found = backtest(&data, &webhook, &[]);
    near(
        &found["cagr"],
        100.0 * (1.02_f64.powf(365.0 / 364.0) - 1.0),
        1e-9,
    );
    // Twelve months, two of them with a return of 1 %.
    assert_eq!(found["sharpeReturns"], "monthly");
    let half = backtest(&data, &webhook, &["--to", "2025-07-01"]);
    near(
        &half["cagr"],
        100.0 * (1.02_f64.powf(365.0 / 181.0) - 1.0),
        1e-9,
    );
}

#[test]
fn lists_of_one_symbol_at_two_exchanges_are_two_backtests() {
    let data = DataDir::new();
    let webhook = data.create_webhook("SAP");
    let rows = |price: u32| {
        format!(
            "{HEADER}\n1,Entry long,2026-01-05 10:00,L,{price},1,100,1,1,0,1,0.01\n1,Exit long,2026-01-05 11:00,X,{},1,100,1,1,0,1,0.01\n",
            price + 1
        )
    };
    for (name, price, ticker) in [
        ("s_XETR_SAP_2026-02-01_1a2b3.csv", 100, "XETR:SAP"),
        ("s_NYSE_SAP_2026-02-01_1a2b3.csv", 120, "NYSE:SAP"),
    ] {
        let path = file(&data, name, rows(price));
        let imported = files::import(&data, "trades", &path, &webhook, &[]);
        assert_eq!(imported["ticker"], ticker);
        assert_eq!(imported["replaced"], json!([]));
    }
}

#[test]
fn years_of_two_digits_that_could_be_days_are_refused() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Dates");
    let rows = "1,Entry long,26/08/02 16:30,L,100,1,100,1,1,0,1,0.01
1,Exit long,26/08/03 01:30,X,101,1,100,1,1,0,1,0.01
";
    let path = file(&data, "dates.csv", format!("{HEADER}\n{rows}"));
    let error = refused(&data, "trades", &path, &webhook, &["--ticker", "A"]);
    for said in [
        "Date and time",
        "26/08/02",
        "year or the day first",
        "four digits",
    ] {
        assert!(error.contains(said), "{error}");
    }
}
