//! The books of a webhook: its alerts' trades and its backtest, asked for by name.

use crate::support::{Server, wait_until};
use serde_json::{Value, json};

/// A list of three trades, closed in another order than that of their numbers.
const LIST: &str = "Trade #,Type,Date and time,Signal,Price USD,Size (qty),Net P&L USD
1,Entry long,2026-01-01 14:30,In,100,1,5
1,Exit long,2026-01-04 15:30,Out,105,1,5
2,Entry short,2026-01-02 14:30,In,100,1,-1
2,Exit short,2026-01-02 15:30,Out,101,1,-1
3,Entry long,2026-01-03 14:30,In,100,1,2
3,Exit long,2026-01-03 15:30,Out,102,1,2
";

#[test]
fn reports_lists_and_exports_are_of_the_book_that_is_named() {
    let server = Server::start();
    let token = server.data.create_token();
    let webhook = server.create_webhook("Strategy");
    for (direction, price) in [("entryLong", 100), ("exitLong", 110)] {
        let alert = webhook
            .alert(&json!({ "positionDirection": direction, "marketPrice": price, "qty": 1 }));
        server.deliver(&webhook, &alert).expect(200);
    }
    let path = server.data.path.join("list.csv");
    std::fs::write(&path, LIST).unwrap();
    let path = path.to_str().unwrap();
    let import = ["import", "trades", path, "--webhook", &webhook.id];
    server
        .data
        .text(&[&import[..], &["--ticker", "BTCUSDT"]].concat());

    let shown = |path: &str| server.api(&token, "GET", path, None);
    let ids = |query: &str| -> Vec<Value> {
        let page = shown(&format!("/trades?{query}")).expect(200).json();
        let items = page["items"].as_array().unwrap().iter();
        items.map(|trade| trade["id"].clone()).collect()
    };
    // The one that closed last first, a book after the other.
    assert_eq!(ids("book=backtest"), ["btr_1", "btr_3", "btr_2"]);
    assert_eq!(ids("book=alerts").len(), 1);
    assert_eq!(ids("book=alerts"), ids("source=live"));
    assert_eq!(ids("book=backtest"), ids("source=backtest"));
    assert_eq!(ids(""), [ids("book=alerts"), ids("book=backtest")].concat());
    assert!(ids("book=backtest&source=live").is_empty());
    let (mut cursor, mut paged) = (String::new(), Vec::new());
    loop {
        let page = shown(&format!("/trades?limit=1{cursor}"))
            .expect(200)
            .json();
        paged.push(page["items"][0]["id"].clone());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, ids(""));

    let net_profit = |query: &str| {
        let report = shown(&format!("/performance?{query}")).expect(200).json();
        report["reports"][0]["all"]["netProfit"].clone()
    };
    assert_eq!(net_profit(""), "10");
    assert_eq!(net_profit("book=alerts"), "10");
    assert_eq!(net_profit("book=backtest"), "6");
    assert_eq!(net_profit("book=backtest&source=backtest"), "6");
    let exported = shown("/export/trades.csv?book=backtest").expect(200).text;
    assert_eq!(exported.lines().count(), 4, "{exported}");
    let simulated = shown("/performance/monte-carlo?book=backtest&resamples=10");
    let bands = &simulated.expect(200).json()["bands"];
    assert_eq!(bands.as_array().unwrap().last().unwrap()["trade"], 3);

    for (query, status, detail) in [
        ("book=live", 400, "must be alerts, backtest or fills"),
        ("book=rte_1", 400, "there is no route rte_1"),
        ("book=alerts&source=backtest", 422, "contradict each other"),
    ] {
        let problem = shown(&format!("/performance?{query}"))
            .expect(status)
            .json();
        let text = problem["detail"].as_str().unwrap();
        assert!(text.contains(detail), "{text}");
    }

    // A trade of a backtest has an address, but notes are on trades of alerts.
    let trade = shown("/trades/btr_2").expect(200).json();
    assert_eq!(
        (&trade["netProfit"], &trade["entryOrder"]),
        (&json!("-1"), &Value::Null)
    );
    shown("/trades/btr_4").expect(404);
    let notes = Some(json!({ "notes": "mine" }));
    server
        .api(&token, "PATCH", "/trades/btr_2", notes)
        .expect(409);
}

#[test]
fn a_source_is_the_same_for_lists_reports_and_exports() {
    let server = Server::start();
    let token = server.data.create_token();
    let webhook = server.create_webhook("Strategy");
    let alert = |side: &str, price: u32| {
        let changes = json!({ "positionDirection": side, "marketPrice": price, "qty": 1 });
        webhook.alert(&changes)
    };
    for (side, price) in [("entryLong", 100), ("exitLong", 110)] {
        server.deliver(&webhook, &alert(side, price)).expect(200);
    }
    let line = |time: &str, side: &str, price: u32| {
        let mut payload = alert(side, price);
        payload["ticker"] = json!("MSFT");
        json!({ "time": time, "payload": payload }).to_string()
    };
    let lines = [
        line("2026-02-01T10:00:00Z", "entryLong", 50),
        line("2026-02-01T11:00:00Z", "exitLong", 57),
    ];
    let path = server.data.path.join("alerts.jsonl");
    std::fs::write(&path, lines.join("\n")).unwrap();
    let path = path.to_str().unwrap();
    let import = ["import", "alerts", path, "--webhook", &webhook.id];
    server.data.text(&import);

    let shown = |path: &str| server.api(&token, "GET", path, None).expect(200);
    let listed = |query: &str| {
        let page = shown(&format!("/trades?{query}")).json();
        page["items"].as_array().unwrap().len()
    };
    let net_profit = |query: &str| {
        let report = shown(&format!("/performance?{query}")).json();
        report["reports"][0]["all"]["netProfit"].clone()
    };
    wait_until("the import is paired", || listed("book=alerts") == 2);
    for (query, count, profit) in [
        ("", 2, "17"),
        ("book=alerts", 2, "17"),
        ("source=live", 1, "10"),
        ("source=imported", 1, "7"),
    ] {
        assert_eq!(listed(query), count, "{query}");
        assert_eq!(net_profit(query), profit, "{query}");
        let exported = shown(&format!("/export/trades.csv?{query}")).text;
        assert_eq!(exported.lines().count(), count + 1, "{query}: {exported}");
        let drawn = shown(&format!("/performance/monte-carlo?resamples=10&{query}"));
        let bands = drawn.json()["bands"].clone();
        assert_eq!(bands.as_array().unwrap().last().unwrap()["trade"], count);
    }
}
