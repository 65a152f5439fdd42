//! Numbers that a trader lays beside TradingView's: one instrument however it is spelled,
//! point values, inverse contracts, limits, prices below zero, alerts that come late.

use crate::support::{Server, Webhook, wait_until};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A running server with a webhook and a token for the API.
struct Desk {
    server: Server,
    webhook: Webhook,
    token: String,
}

impl Desk {
    fn new() -> Self {
        Self::with(&json!({}))
    }

    fn with(settings: &Value) -> Self {
        let server = Server::start();
        let webhook = server.create_webhook("Strategy");
        let token = server.data.create_token();
        let desk = Self {
            server,
            webhook,
            token,
        };
        desk.set(settings);
        desk
    }

    fn set(&self, settings: &Value) {
        let path = format!("/webhooks/{}", self.webhook.id);
        let body = Some(json!({ "settings": settings }));
        let answer = self.server.api(&self.token, "PATCH", &path, body);
        answer.expect(200);
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.server.api(&self.token, "GET", path, None);
        answer.expect(200).json()
    }

    fn items(&self, path: &str) -> Vec<Value> {
        self.get(path)["items"].as_array().unwrap().clone()
    }

    fn send(&self, status: u16, alert: &Value) -> Value {
        let mut message = alert.clone();
        message["auth_key"] = self.webhook.key.clone().into();
        let answer = self.server.post(&self.webhook.id, &message.to_string());
        answer.expect(status).json()
    }

    /// Buys or sells one contract at the market; returns the codes of its warnings.
    fn trade(&self, ticker: &str, action: &str, price: &str) -> Vec<String> {
        let alert = json!({ "ticker": ticker, "action": action, "qty": 1, "marketPrice": price });
        codes(&self.send(200, &alert))
    }

    /// What each trade made, the oldest first.
    fn profits(&self) -> Vec<String> {
        let trades = self.items("/trades");
        let profits = trades.iter().rev().map(|trade| &trade["netProfit"]);
        profits
            .map(|profit| profit.as_str().unwrap().to_owned())
            .collect()
    }
}

fn codes(answer: &Value) -> Vec<String> {
    let warnings = answer["validation"]["warnings"].as_array().unwrap();
    let codes = warnings
        .iter()
        .map(|warning| warning["code"].as_str().unwrap());
    codes.map(str::to_owned).collect()
}

#[test]
fn a_ticker_with_and_without_exchange_and_case_is_one_instrument() {
    for [entry, exit] in [
        ["NASDAQ:AAPL", "AAPL"],
        ["AAPL", "NASDAQ_DLY:AAPL"],
        ["aapl", "AAPL"],
        ["NYMEX:CL1!-NYMEX:CL2!", "CL1!-CL2!"],
    ] {
        let desk = Desk::new();
        assert_eq!(desk.trade(entry, "buy", "100"), [""; 0]);
        assert_eq!(desk.trade(exit, "sell", "110"), ["same_instrument"]);
        assert_eq!(desk.profits(), ["10"], "{entry} {exit}");
        let positions = desk.items("/positions");
        assert_eq!(positions.len(), 1);
        assert_eq!(positions[0]["qty"], "0");
        for spelled in [entry, exit] {
            let spelled = spelled.replace('!', "%21").replace(':', "%3A");
            for list in ["trades", "orders", "events", "positions"] {
                let found = desk.items(&format!("/{list}?ticker={spelled}")).len();
                let all = desk.items(&format!("/{list}")).len();
                assert_eq!(found, all, "{list} of {spelled}");
            }
            let report = desk.get(&format!("/performance?ticker={spelled}"));
            assert_eq!(report["reports"][0]["all"]["totalTrades"], 1);
        }
        // One note is enough.
        assert_eq!(desk.trade(exit, "buy", "100"), [""; 0]);
    }
}

#[test]
fn a_contract_month_is_one_instrument_however_its_year_is_written() {
    let desk = Desk::with(&json!({ "pointValues": { "ES": "50" } }));
    assert_eq!(desk.trade("CME_MINI:ESZ2026", "buy", "5000"), [""; 0]);
    assert_eq!(desk.trade("ESZ26", "buy", "5002"), ["same_instrument"]);
    assert_eq!(desk.trade("esz6", "sell", "5010"), ["same_instrument"]);
    // The root's point value: 50 x (5010 - 5000).
    assert_eq!(desk.profits(), ["500"]);
    let positions = desk.items("/positions");
    assert_eq!((positions.len(), &positions[0]["qty"]), (1, &json!("1")));
    for spelled in ["ESZ2026", "ESZ26", "ESZ6"] {
        assert_eq!(desk.items(&format!("/orders?ticker={spelled}")).len(), 3);
        assert_eq!(desk.items(&format!("/trades?ticker={spelled}")).len(), 1);
    }
    // The next month is another one, and rolling leaves the old position.
    assert_eq!(desk.trade("ESH2027", "buy", "5050"), [""; 0]);
    assert_eq!(desk.items("/positions").len(), 2);
}

#[test]
fn profits_in_a_coin_among_dollars_are_named_wherever_they_are_added_up() {
    let desk = Desk::with(&json!({ "contracts": { "BTCUSD": "inverse" } }));
    for (ticker, entry, exit) in [
        ("AAPL", "100", "110"),
        ("BITSTAMP:BTCUSD", "50000", "40000"),
    ] {
        desk.trade(ticker, "buy", entry);
        desk.trade(ticker, "sell", exit);
    }
    // 1/50000 - 1/40000 of a coin.
    assert_eq!(desk.profits(), ["10", "-0.000005"]);
    let notes = desk.get("/performance")["notes"].clone();
    let note = notes[0].as_str().unwrap();
    for word in ["BITSTAMP:BTCUSD (in BTC)", "counted as USD", "Strategy"] {
        assert!(note.contains(word), "{note}");
    }
    assert_eq!(desk.get("/performance?ticker=AAPL")["notes"], json!([]));
    let overview = desk.get("/overview");
    let attention =
        json!({ "kind": "otherCurrency", "ticker": "BITSTAMP:BTCUSD", "currency": "BTC" });
    assert_eq!(overview["webhooks"][0]["attention"][0], attention);
    let report = desk.server.data.text(&["report", &desk.webhook.id]);
    assert!(report.contains("BTC) is counted as USD"), "{report}");
    let doctor = desk.server.data.run(&["doctor"]);
    let found = String::from_utf8(doctor.stdout).unwrap();
    assert!(found.contains("BITSTAMP:BTCUSD (in BTC)"), "{found}");
    // With its own currency and nothing else, there is nothing to say.
    desk.set(&json!({ "contracts": {} }));
    assert_eq!(desk.get("/performance")["notes"], json!([]));
}

#[test]
fn money_for_contracts_is_divided_by_the_price_and_the_trader_told() {
    let desk = Desk::with(
        &json!({ "pointValues": { "ES1!": "50" }, "contracts": { "XBTUSD": "inverse" } }),
    );
    let order = |ticker: &str, price: &str| {
        let alert =
            json!({ "ticker": ticker, "action": "buy", "notional": "10000", "marketPrice": price });
        let answer = desk.send(200, &alert);
        (answer["order"]["qty"].clone(), codes(&answer))
    };
    let warned = || vec!["money_of_contracts".to_owned()];
    assert_eq!(order("AAPL", "200"), (json!(50), Vec::new()));
    assert_eq!(order("ES1!", "5000"), (json!(2), warned()));
    // Its point value is known, though not set.
    assert_eq!(order("NQ1!", "20000"), (json!(0.5), warned()));
    assert_eq!(order("XBTUSD", "50000"), (json!(0.2), warned()));
}

#[test]
fn two_exchanges_are_two_instruments_and_the_alert_is_told() {
    let desk = Desk::new();
    desk.trade("XETR:SAP", "buy", "100");
    assert_eq!(desk.trade("NYSE:SAP", "buy", "110"), ["another_exchange"]);
    // The first exchange is the one that a ticker without any is of.
    assert_eq!(desk.trade("SAP", "sell", "103"), ["same_instrument"]);
    assert_eq!(desk.profits(), ["3"]);
    let held: Vec<(String, String)> = desk
        .items("/positions")
        .iter()
        .map(|position| {
            let text = |field: &str| position[field].as_str().unwrap().to_owned();
            (text("ticker"), text("qty"))
        })
        .collect();
    let expected = [("NYSE:SAP", "1"), ("XETR:SAP", "0")];
    assert_eq!(
        held,
        expected.map(|(one, other)| (one.into(), other.into()))
    );
}

#[test]
fn a_point_value_is_for_every_spelling_and_month_and_proposed_where_it_is_missing() {
    for key in ["ES1!", "CME_MINI:ES1!", "es1!"] {
        let desk = Desk::with(&json!({ "pointValues": { key: "50" } }));
        for ticker in ["ES1!", "CME_MINI:ES1!", "ESZ2026"] {
            desk.trade(ticker, "buy", "5000");
            desk.trade(ticker, "sell", "5010.25");
        }
        assert_eq!(desk.profits(), ["512.5"; 3], "{key}");
    }

    let desk = Desk::new();
    desk.trade("ES1!", "buy", "5000");
    desk.trade("ES1!", "sell", "5010.25");
    desk.trade("AAPL", "buy", "100");
    // Proposed, never taken without a word.
    assert_eq!(desk.profits(), ["10.25"]);
    let attention = || -> Vec<Value> {
        let overview = desk.get("/overview");
        let all = overview["webhooks"][0]["attention"].as_array().unwrap();
        let of_kind = all.iter().filter(|item| item["kind"] == "pointValue");
        of_kind.cloned().collect()
    };
    let missing =
        json!({ "kind": "pointValue", "ticker": "ES1!", "used": "1", "pointValue": "50" });
    assert_eq!(attention(), [missing]);
    let path = format!("/webhooks/{}", desk.webhook.id);
    let proposed = json!([{ "ticker": "ES1!", "pointValue": "50", "used": "1" }]);
    assert_eq!(desk.get(&path)["proposedPointValues"], proposed);
    let shown = desk.server.data.text(&["webhook", "show", "Strategy"]);
    assert!(shown.contains("its contract gains 50 a point"), "{shown}");

    for value in ["50", "1"] {
        desk.set(&json!({ "pointValues": { "CME_MINI:ES1!": value } }));
        assert!(attention().is_empty(), "{value} is confirmed");
        assert_eq!(desk.get(&path)["proposedPointValues"], json!([]));
    }
}

#[test]
fn an_inverse_contract_is_counted_in_its_coin() {
    let commission = json!({ "kind": "percent", "value": "0.1" });
    for settings in [
        json!({ "currency": "BTC", "contract": "inverse" }),
        json!({ "currency": "BTC", "contracts": { "BYBIT:BTCUSD": "inverse" } }),
    ] {
        let desk = Desk::with(&settings);
        let order = |action: &str, price: i64| json!({ "ticker": "BTCUSD", "action": action, "qty": 10_000, "marketPrice": price });
        desk.send(200, &order("buy", 50_000));
        desk.send(200, &order("buy", 25_000));
        desk.send(200, &order("sell", 60_000));
        let [trade] = desk.profits().try_into().unwrap();
        assert_eq!(trade, "0.033333333333333333");
        // 10,000 x (1/25,000 - 1/60,000)
        let position = &desk.items("/positions")[0];
        assert_eq!(position["openProfit"], "0.233333333333333333");
        let report = &desk.get("/performance")["reports"][0]["all"];
        // The coins that were paid for it are 0.2: a sixth more.
        let percent = report["avgTradePercent"].as_f64().unwrap();
        assert!((percent - 100.0 / 6.0).abs() < 1e-9, "{percent}");

        desk.set(&json!({ "commission": commission }));
        wait_until("the trade pays its commission", || {
            // 0.1 % of 0.2 and of 0.166666666666666667 coins.
            desk.items("/trades")
                .iter()
                .any(|trade| trade["commission"] == "0.000366666666666666667")
        });
        let failed = desk.send(422, &order("sell", 0));
        assert_eq!(failed["webhookEvent"]["status"], "failed");
        assert_eq!(desk.items("/orders").len(), 3);
    }
}

#[test]
fn a_limit_order_fills_at_its_limit() {
    let slippage = json!({ "kind": "ticks", "value": "3", "tickSize": "1" });
    let desk = Desk::with(&json!({ "slippage": slippage, "tickSizes": { "ES1!": "0.25" } }));
    let order = |action: &str, kind: &str| {
        json!({ "ticker": "CME_MINI:ES1!", "action": action, "qty": 1, "orderType": kind,
            "marketPrice": 100, "limitPrice": 100, "stopPrice": 100 })
    };
    for (kind, profit) in [
        ("limit", "0"),
        ("stop_limit", "0"),
        ("stop", "-1.5"),
        ("market", "-1.5"),
    ] {
        desk.send(200, &order("buy", kind));
        desk.send(200, &order("sell", kind));
        assert_eq!(desk.profits().last().unwrap(), profit, "{kind}");
    }
}

#[test]
fn a_price_below_zero_is_counted() {
    let desk = Desk::with(&json!({ "pointValue": "1000" }));
    desk.trade("CL1!", "buy", "10.01");
    desk.trade("CL1!", "sell", "-37.63");
    assert_eq!(desk.profits(), ["-47640"]);
    desk.trade("CL1!", "sell", "-37.63");
    desk.trade("CL1!", "buy", "0");
    assert_eq!(desk.profits(), ["-47640", "-37630"]);
    desk.trade("CL1!", "buy", "-0.5");
    let position = &desk.items("/positions")[0];
    assert_eq!(
        (&position["qty"], &position["avgEntryPrice"]),
        (&json!("1"), &json!("-0.5"))
    );
}

#[test]
fn a_profit_is_exact_or_the_alert_is_refused() {
    let order = |action: &str, qty: &str, price: &str| json!({ "ticker": "B", "action": action, "qty": qty, "marketPrice": price });
    let desk = Desk::new();
    desk.send(200, &order("buy", "0.00000001", "999999999999.5"));
    desk.send(
        200,
        &order("sell", "0.00000001", "999999999999.9999999999999999"),
    );
    assert_eq!(desk.profits(), ["0.000000004999999999999999"]);
    // All of TradingView's tails are taken.
    desk.send(
        200,
        &order("buy", "0.30000000000000004", "1800.8000000000002"),
    );
    desk.send(
        200,
        &order("sell", "0.30000000000000004", "1801.7000000000003"),
    );
    assert_eq!(desk.profits().len(), 2);
    // More digits than can be multiplied: refused before anything is stored.
    let fine = order("buy", "0.123456789", "1234567890123456.789012345678");
    let answer = desk.send(422, &fine);
    assert_eq!(answer["error"]["field"], "qty");
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("28 digits")
    );
    let vast = order("buy", "1000000000000000000", "1000000000000000000");
    desk.send(422, &vast);
    assert_eq!(desk.items("/orders").len(), 4);
    assert_eq!(desk.items("/positions")[0]["qty"], "0");
    let failed = desk.items("/events?status=failed");
    assert_eq!(failed.len(), 2);
    // A restart and a rebuild come to the same.
    desk.send(200, &order("buy", "1000000000000000", "0.000000001"));
    desk.send(200, &order("sell", "1000000000000000", "0.000000001001"));
    assert_eq!(desk.profits().last().unwrap(), "1000");
}

/// An alert with TradingView's position around it, some seconds after it fired.
fn stated(action: &str, price: i64, [from, to]: [i64; 2], ago: i64) -> Value {
    let side = |position: i64| match position.signum() {
        1 => "long",
        -1 => "short",
        _ => "flat",
    };
    let time = Timestamp::now() - SignedDuration::from_secs(ago);
    let time = Timestamp::from_second(time.as_second()).unwrap();
    json!({
        "ticker": "A", "action": action, "qty": (to - from).abs(), "marketPrice": price,
        "marketPosition": side(to), "marketPositionSize": to.abs(),
        "prevMarketPosition": side(from), "prevMarketPositionSize": from.abs(),
        "metadata": { "timestamp": time.to_string() },
    })
}

#[test]
fn an_entry_that_comes_after_its_exit_is_paired_with_it() {
    let desk = Desk::new();
    desk.send(200, &stated("sell", 110, [1, 0], 250));
    desk.send(200, &stated("buy", 100, [0, 1], 600));
    assert_eq!(desk.profits(), ["10"]);
    let position = &desk.items("/positions")[0];
    assert_eq!(position["qty"], "0");
    assert_eq!(position["outOfSync"], Value::Null);
    let rebuilt = desk.server.data.text(&["rebuild"]);
    assert!(rebuilt.contains("corrected 0;"), "{rebuilt}");
    wait_until("the trade is there again", || desk.profits() == ["10"]);
}

#[test]
fn an_entry_without_positions_that_comes_after_newer_alerts_says_so() {
    let desk = Desk::new();
    let without = |action, price, ago| {
        let mut alert = stated(action, price, [0, 1], ago);
        let fields = alert.as_object_mut().unwrap();
        fields.retain(|name, _| !name.to_lowercase().contains("position"));
        alert
    };
    desk.send(200, &without("sell", 110, 250));
    let answer = desk.send(200, &without("buy", 100, 600));
    assert_eq!(codes(&answer), ["overtaken"]);
    let newest = &desk.items("/events")[0];
    assert_eq!(newest["warnings"][0]["code"], "overtaken");
    // In its turn again, and late, but after nothing newer: a bar's time is always behind.
    assert_eq!(codes(&desk.send(200, &without("buy", 100, 200))), [""; 0]);
    assert_eq!(
        codes(&Desk::new().send(200, &without("buy", 100, 900))),
        [""; 0]
    );
}

#[test]
fn a_late_alert_that_proves_nothing_is_out_of_sync() {
    let desk = Desk::new();
    desk.send(200, &stated("buy", 100, [0, 1], 290));
    desk.send(200, &stated("sell", 110, [1, 0], 250));
    // There is no gap for it: its entry is older than TradingView's last word all the same.
    let answer = desk.send(200, &stated("buy", 90, [0, 1], 600));
    assert_eq!(codes(&answer), ["out_of_sync"]);
    let position = &desk.items("/positions")[0];
    assert_eq!(position["qty"], "1");
    assert_eq!(position["outOfSync"], json!({ "own": "1", "stated": "0" }));
    let accepted = json!({ "webhook": desk.webhook.id, "ticker": "a" });
    let answer = desk
        .server
        .api(&desk.token, "POST", "/positions/accept", Some(accepted));
    answer.expect(201);
    assert_eq!(desk.items("/positions")[0]["outOfSync"], Value::Null);
    // What TradingView says next is its last word.
    assert_eq!(
        codes(&desk.send(200, &stated("buy", 95, [0, 1], -2))),
        [""; 0]
    );
    assert_eq!(desk.items("/positions")[0]["outOfSync"], Value::Null);
}
