//! From orders to trades, positions and reports, through the real binary.

use crate::support::{Server, Webhook, wait_until};
use serde_json::{Value, json};

/// A running server with a webhook and a token for the API.
struct Desk {
    server: Server,
    webhook: Webhook,
    token: String,
}

impl Desk {
    fn new() -> Self {
        let server = Server::start();
        let webhook = server.create_webhook("Strategy");
        let token = server.data.create_token();
        Self {
            server,
            webhook,
            token,
        }
    }

    fn send(&self, alert: &Value) -> Value {
        let answer = self
            .server
            .deliver(&self.webhook, &self.webhook.alert(alert));
        answer.expect(200).json()
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.server.api(&self.token, "GET", path, None);
        answer.expect(200).json()
    }

    fn items(&self, path: &str) -> Vec<Value> {
        self.get(path)["items"].as_array().unwrap().clone()
    }

    fn change_settings(&self, settings: &Value) {
        let path = format!("/webhooks/{}", self.webhook.id);
        let body = json!({ "settings": settings });
        self.server
            .api(&self.token, "PATCH", &path, Some(body))
            .expect(200);
    }
}

#[test]
fn trades_that_were_left_to_be_derived_are() {
    let desk = Desk::new();
    desk.send(&json!({ "positionDirection": "entryLong" }));
    desk.send(&json!({ "positionDirection": "exitLong" }));
    assert_eq!(desk.items("/trades").len(), 1);
    // As an import leaves them whose process ended before it paired its orders.
    let database = rusqlite::Connection::open(desk.server.data.database()).unwrap();
    let left = "BEGIN; DELETE FROM trades; UPDATE ledgers SET is_stale = 1; COMMIT";
    database.execute_batch(left).unwrap();
    wait_until("the trade is derived again", || {
        desk.items("/trades").len() == 1
    });
}

/// An alert of a strategy that states its position.
fn stated(action: &str, qty: i64, price: &str, before: i64, after: i64) -> Value {
    let side = |position: i64| match position.signum() {
        1 => "long",
        -1 => "short",
        _ => "flat",
    };
    json!({
        "positionDirection": null,
        "action": action,
        "qty": qty,
        "marketPrice": price,
        "marketPosition": side(after),
        "marketPositionSize": after.abs(),
        "prevMarketPosition": side(before),
        "prevMarketPositionSize": before.abs(),
    })
}

#[test]
fn an_entry_and_its_exit_are_a_trade() {
    let desk = Desk::new();
    desk.send(&json!({ "qty": 3, "marketPrice": "100", "metadata": { "signal": "In" } }));
    let held = &desk.items("/positions")[0];
    assert_eq!(held["direction"], "long");
    assert_eq!(held["qty"], "3");
    assert_eq!(held["avgEntryPrice"], "100");

    desk.send(&json!({ "positionDirection": "exitLong", "qty": 1, "marketPrice": "110.5" }));
    desk.send(&json!({ "positionDirection": "exitLong", "qty": null, "marketPrice": "95" }));
    let trades = desk.items("/trades");
    let profits: Vec<&Value> = trades.iter().map(|trade| &trade["netProfit"]).collect();
    assert_eq!(profits, ["-10", "10.5"]);
    assert_eq!(trades[1]["entryPrice"], "100");
    assert_eq!(trades[1]["exitPrice"], "110.5");
    assert_eq!(trades[1]["entrySignal"], "In");
    assert_eq!(trades[1]["source"], "live");
    let flat = &desk.items("/positions")[0];
    assert_eq!(flat["direction"], Value::Null);
    assert_eq!(flat["qty"], "0");

    let changes: Vec<Value> = desk
        .items("/orders")
        .iter()
        .map(|order| order["change"].clone())
        .collect();
    assert_eq!(changes, ["exit", "partialExit", "entry"]);

    let report = &desk.get("/performance")["reports"][0];
    assert_eq!(report["all"]["netProfit"], "0.5");
    assert_eq!(report["all"]["totalTrades"], 2);
    assert_eq!(report["long"]["winningTrades"], 1);
    assert_eq!(report["short"]["totalTrades"], 0);
    assert_eq!(report["all"]["profitFactor"], 1.05);
}

#[test]
fn pages_of_trades_have_each_trade_once() {
    let desk = Desk::new();
    for _ in 0..3 {
        desk.send(&json!({ "qty": 1, "marketPrice": "100" }));
    }
    desk.send(&json!({ "positionDirection": "exitLong", "qty": null, "marketPrice": "101" }));
    let mut seen = Vec::new();
    let mut path = "/trades?limit=2".to_owned();
    loop {
        let page = desk.get(&path);
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|trade| trade["id"].clone()),
        );
        let Some(cursor) = page["nextCursor"].as_str() else {
            break;
        };
        path = format!("/trades?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ["trd_3_4", "trd_2_4", "trd_1_4"]);
    let ids = |path: &str| -> Vec<Value> {
        let items = desk.items(path).into_iter();
        items.map(|trade| trade["id"].clone()).collect()
    };
    assert_eq!(ids("/trades?order=ord_2"), ["trd_2_4"]);
    assert_eq!(ids("/trades?order=ord_4").len(), 3);
}

#[test]
fn a_missing_alert_is_noticed_and_can_be_mended() {
    let desk = Desk::new();
    desk.send(&stated("buy", 1, "100", 0, 1));
    // The purchase of two more never arrived.
    let answer = desk.send(&stated("buy", 1, "102", 3, 4));
    let warning = &answer["validation"]["warnings"][0];
    assert_eq!(warning["code"], "out_of_sync", "{answer}");
    let event = answer["webhookEvent"]["id"].as_str().unwrap();
    let warnings = desk.get(&format!("/events/{event}"))["warnings"].clone();
    assert_eq!(warnings[0]["code"], "out_of_sync");
    let held = &desk.items("/positions")[0];
    assert_eq!(held["outOfSync"], json!({ "own": "2", "stated": "4" }));

    let body = json!({ "webhook": desk.webhook.id, "ticker": "NASDAQ:AAPL" });
    let accept = || {
        desk.server
            .api(&desk.token, "POST", "/positions/accept", Some(body.clone()))
    };
    let event = accept().expect(201).json();
    assert_eq!(event["source"], "adjustment");
    let held = &desk.items("/positions")[0];
    assert_eq!(held["qty"], "4");
    assert_eq!(held["outOfSync"], Value::Null);
    let refused = accept().expect(409).json();
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("TradingView's already"),
        "{refused}"
    );

    let answer = desk.send(&stated("sell", 4, "103", 4, 0));
    assert_eq!(answer["validation"]["warnings"], json!([]));
    assert_eq!(desk.items("/trades").len(), 3);
}

#[test]
fn a_late_order_is_paired_where_it_belongs() {
    let desk = Desk::new();
    let now = jiff::Timestamp::now();
    let at = |seconds_ago: i64| {
        let time = now - jiff::SignedDuration::from_secs(seconds_ago);
        json!({ "timestamp": time.to_string() })
    };
    desk.send(&json!({ "qty": 1, "marketPrice": "100", "metadata": at(60) }));
    desk.send(&json!({ "positionDirection": "exitLong", "qty": 1, "marketPrice": "110", "metadata": at(20) }));
    assert_eq!(desk.items("/trades")[0]["entryPrice"], "100");
    // An entry from before: now it is the one that the exit closes.
    desk.send(&json!({ "qty": 1, "marketPrice": "90", "metadata": at(90) }));
    let trades = desk.items("/trades");
    assert_eq!(trades.len(), 1);
    assert_eq!(trades[0]["entryPrice"], "90");
    assert_eq!(trades[0]["netProfit"], "20");
    assert_eq!(desk.items("/positions")[0]["avgEntryPrice"], "100");
}

#[test]
fn a_change_of_settings_derives_trades_again() {
    let desk = Desk::new();
    desk.send(&json!({ "qty": 2, "marketPrice": "100" }));
    desk.send(&json!({ "positionDirection": "exitLong", "qty": 2, "marketPrice": "110" }));
    assert_eq!(
        desk.get("/performance")["reports"][0]["all"]["netProfit"],
        "20"
    );
    desk.change_settings(&json!({
        "commission": { "kind": "perContract", "value": "0.5" },
        "pointValues": { "NASDAQ:AAPL": "10" },
        "initialCapital": "1000",
    }));
    wait_until("the trades are derived again", || {
        desk.items("/trades")[0]["netProfit"] == "198"
    });
    let report = &desk.get("/performance")["reports"][0];
    assert_eq!(report["all"]["netProfit"], "198");
    assert_eq!(report["all"]["commissionPaid"], "2");
    assert_eq!(report["all"]["netProfitPercent"], 19.8);
}

#[test]
fn money_in_several_currencies_is_never_added_up() {
    let desk = Desk::new();
    let euro = desk.server.create_webhook("Euro");
    let path = format!("/webhooks/{}", euro.id);
    let body = json!({ "settings": { "currency": "EUR" } });
    desk.server
        .api(&desk.token, "PATCH", &path, Some(body))
        .expect(200);
    desk.send(&json!({ "qty": 1, "marketPrice": "100" }));
    desk.send(&json!({ "positionDirection": "exitLong", "qty": 1, "marketPrice": "107" }));
    let reports = desk.get("/performance")["reports"].clone();
    let figures: Vec<(&Value, &Value)> = reports
        .as_array()
        .unwrap()
        .iter()
        .map(|report| (&report["currency"], &report["all"]["netProfit"]))
        .collect();
    assert_eq!(
        figures,
        [(&json!("EUR"), &json!("0")), (&json!("USD"), &json!("7"))]
    );
    let one = desk.get(&format!("/performance?webhook={}", euro.id));
    assert_eq!(one["reports"].as_array().unwrap().len(), 1);
}

#[test]
fn a_report_can_be_of_a_ticker_and_of_a_range_of_time() {
    let desk = Desk::new();
    for ticker in ["AAPL", "MSFT"] {
        desk.send(&json!({ "ticker": ticker, "qty": 1, "marketPrice": "100" }));
        desk.send(&json!({ "ticker": ticker, "positionDirection": "exitLong", "qty": 1, "marketPrice": "101" }));
    }
    let trades_of = |query: &str| {
        desk.get(&format!("/performance?{query}"))["reports"][0]["all"]["totalTrades"].clone()
    };
    assert_eq!(trades_of(""), 2);
    assert_eq!(trades_of("ticker=MSFT"), 1);
    assert_eq!(trades_of("from=2026-01-01"), 2);
    assert_eq!(trades_of("to=2026-01-01"), 0);
    assert_eq!(trades_of("timeZone=Asia/Tokyo"), 2);
    for query in ["timeZone=Mars/Olympus", "from=yesterday", "webhook=wh_1"] {
        let path = format!("/performance?{query}");
        desk.server.api(&desk.token, "GET", &path, None).expect(400);
    }
}

#[test]
fn a_monte_carlo_is_repeatable_and_says_what_it_needs() {
    let desk = Desk::new();
    let path = "/performance/monte-carlo?seed=7&resamples=200";
    let refused = desk
        .server
        .api(&desk.token, "GET", path, None)
        .expect(422)
        .json();
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("at least one closed trade")
    );
    for price in ["100", "104", "97", "103"] {
        desk.send(&json!({ "qty": 1, "marketPrice": "100" }));
        desk.send(&json!({ "positionDirection": "exitLong", "qty": 1, "marketPrice": price }));
    }
    let once = desk.get(path);
    assert_eq!(once["resamples"], 200);
    assert_eq!(once["bands"].as_array().unwrap().len(), 5);
    assert_eq!(once, desk.get(path));
    assert_ne!(
        once,
        desk.get("/performance/monte-carlo?seed=8&resamples=200")
    );
    desk.server
        .api(
            &desk.token,
            "GET",
            "/performance/monte-carlo?resamples=0",
            None,
        )
        .expect(400);
}

#[test]
fn the_report_is_readable_in_a_terminal() {
    let desk = Desk::new();
    let data = &desk.server.data;
    for price in ["100", "104", "97", "103"] {
        desk.send(&json!({ "qty": 1, "marketPrice": "100" }));
        desk.send(&json!({ "positionDirection": "exitLong", "qty": 1, "marketPrice": price }));
    }
    let text = data.text(&["report", &desk.webhook.id]);
    let line = |title: &str| {
        let found = text.lines().find(|line| line.starts_with(title));
        found
            .unwrap_or_else(|| panic!("no {title} in {text}"))
            .to_owned()
    };
    let cells = |title: &str| {
        let line = line(title);
        let cells = line[title.len()..].split_whitespace().map(str::to_owned);
        cells.collect::<Vec<_>>()
    };
    assert_eq!(cells("Net profit "), ["4.00", "4.00", "0.00"]);
    assert_eq!(cells("Winning trades"), ["2", "2", "0"]);
    assert_eq!(
        cells("Max. drawdown, closed-trade"),
        ["3.00", "3.00", "0.00"]
    );
    assert_eq!(cells("Profit factor")[..3], ["2.33", "2.33", "-"]);
    assert!(text.contains("▁▁█▃█"), "{text}");
    let json = data.json(&["report", &desk.webhook.id, "--json"]);
    let over_api = desk.get(&format!("/performance?webhook={}", desk.webhook.id));
    assert_eq!(json, over_api);
    assert!(
        data.error(&["report", "--time-zone", "Mars"])
            .contains("Europe/Berlin")
    );
    assert_eq!(
        data.run(&["report", "--from", "soon"]).status.code(),
        Some(2)
    );
}

#[test]
fn a_deleted_webhook_leaves_no_trades() {
    let desk = Desk::new();
    desk.send(&json!({ "qty": 2, "marketPrice": "100" }));
    desk.send(&json!({ "positionDirection": "exitLong", "qty": 1, "marketPrice": "107" }));
    desk.server
        .data
        .text(&["webhook", "delete", &desk.webhook.id, "--yes"]);
    assert_eq!(desk.items("/trades"), Vec::<Value>::new());
    let database = rusqlite::Connection::open(desk.server.data.database()).unwrap();
    wait_until("nothing is left", || {
        ["events", "orders", "trades", "lots", "pairings", "ledgers"]
            .iter()
            .all(|table| {
                let count = format!("SELECT count(*) FROM {table}");
                database
                    .query_row(&count, [], |row| row.get::<_, i64>(0))
                    .unwrap()
                    == 0
            })
    });
}

#[test]
fn notes_and_tags_stay_with_a_trade_and_are_reported_on() {
    let desk = Desk::new();
    desk.send(&json!({ "qty": 2, "marketPrice": "100" }));
    desk.send(&json!({ "positionDirection": "exitLong", "qty": 1, "marketPrice": "110" }));
    desk.send(&json!({ "positionDirection": "exitLong", "qty": 1, "marketPrice": "95" }));
    let annotate = |id: &str, body: Value| {
        let path = format!("/trades/{id}");
        desk.server.api(&desk.token, "PATCH", &path, Some(body))
    };
    let tags = json!({ "tags": [" news ", "late entry", "news"], "notes": "=CPI day" });
    let first = annotate("trd_1_2", tags).expect(200).json();
    assert_eq!(first["tags"], json!(["late entry", "news"]));
    annotate("trd_1_3", json!({ "tags": ["news"] })).expect(200);
    // What is left out stays.
    let first = annotate("trd_1_2", json!({ "notes": "CPI" }))
        .expect(200)
        .json();
    assert_eq!(first["tags"], json!(["late entry", "news"]));

    assert_eq!(
        desk.items("/tags"),
        [
            json!({ "tag": "late entry", "currency": "USD", "trades": 1, "winningTrades": 1, "netProfit": "10" }),
            json!({ "tag": "news", "currency": "USD", "trades": 2, "winningTrades": 1, "netProfit": "5" }),
        ]
    );
    // Of a range, a ticker, or another webhook, they are those of its trades.
    let of = |query: &str| desk.items(&format!("/tags?{query}"));
    assert_eq!(
        of("from=2001-01-01&to=2100-01-01&timeZone=Asia/Tokyo").len(),
        2
    );
    assert_eq!(of("ticker=AAPL"), desk.items("/tags"));
    for none in [
        "from=2100-01-01",
        "to=2001-01-01",
        "ticker=NOTHING",
        "webhook=wh_0000000000000000000000",
    ] {
        assert!(of(none).is_empty(), "{none}");
    }
    let profit = |tag: &str| {
        let report = desk.get(&format!("/performance?tag={tag}"));
        report["reports"][0]["all"]["netProfit"].clone()
    };
    assert_eq!(profit("news"), "5");
    assert_eq!(profit("late%20entry"), "10");
    assert_eq!(desk.items("/trades?tag=late%20entry").len(), 1);
    annotate("trd_1_3", json!({ "tags": [] })).expect(200);
    assert_eq!(profit("news"), "10");

    // Derived again, the trades are the same ones.
    desk.change_settings(&json!({ "commission": { "kind": "perOrder", "value": "1" } }));
    wait_until("the trades are derived again", || profit("news") != "10");
    let again = desk.get("/trades/trd_1_2");
    assert_eq!(again["notes"], "CPI");
    assert_eq!(again["tags"], json!(["late entry", "news"]));

    annotate("trd_1_2", json!({ "tags": ["a,b"] })).expect(422);
    annotate("trd_1_2", json!({ "notes": "x".repeat(10_001) })).expect(422);
    annotate("trd_7_8", json!({ "notes": "" })).expect(404);
    annotate("btr_1_1", json!({ "notes": "" })).expect(404);
}
