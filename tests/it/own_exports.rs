//! algohook's own exports come back in: a webhook that is fed with them has the same
//! orders and trades.

use crate::support::files::{file, import};
use crate::support::{Server, Webhook};
use serde_json::{Value, json};

fn export(server: &Server, token: &str, what: &str, query: &str) -> String {
    let answer = server.api(token, "GET", &format!("/export/{what}.csv?{query}"), None);
    answer.expect(200).text.clone()
}

/// The trades of a webhook without what names them.
fn trades(server: &Server, token: &str, query: &str) -> Vec<String> {
    let page = server.api(token, "GET", &format!("/trades?limit=500&{query}"), None);
    let page = page.expect(200).json();
    let mut trades: Vec<String> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(shown)
        .collect();
    trades.sort();
    trades
}

fn shown(trade: &Value) -> String {
    let names = [
        "ticker",
        "direction",
        "qty",
        "entryTime",
        "entryPrice",
        "entrySignal",
        "exitTime",
        "exitPrice",
        "exitSignal",
        "commission",
        "netProfit",
        "profitPercent",
        "pointValue",
        "contract",
        "currency",
    ];
    names.map(|name| trade[name].to_string()).join(" ")
}

/// Alerts that are awkward to export: texts like formulas, lines, quotes, an exit of the
/// whole position, a reversal, two fills of one bar; and some that make no order.
fn fill(server: &Server, webhook: &Webhook) {
    let alert = |changes: Value| webhook.alert(&changes);
    for (changes, status) in [
        (json!({ "metadata": { "signal": "=1+1" } }), 200),
        (
            json!({ "marketPrice": "151", "metadata": { "signal": "a\n+b; =c", "comment": "'=d" } }),
            200,
        ),
        (
            json!({ "positionDirection": "exitLong", "qty": 50, "marketPrice": "152.5" }),
            200,
        ),
        (
            json!({ "positionDirection": "exitLong", "qty": null, "marketPrice": "149", "metadata": { "signal": "-out" } }),
            200,
        ),
        (
            json!({ "positionDirection": null, "action": "sell", "qty": 10, "marketPrice": "150", "ticker": "ES1!-NQ1!" }),
            200,
        ),
        (
            json!({ "positionDirection": null, "action": "buy", "qty": 30, "orderType": "limit", "limitPrice": "140", "marketPrice": "141", "ticker": "ES1!-NQ1!" }),
            200,
        ),
        (
            json!({ "positionDirection": null, "action": "sell", "qty": 20, "marketPrice": "145", "ticker": "ES1!-NQ1!" }),
            200,
        ),
        (json!({ "qty": "many" }), 422),
        (json!({ "id": "once", "marketPrice": "160" }), 200),
        (json!({ "id": "once", "marketPrice": "160" }), 200),
        (
            json!({ "positionDirection": "exitLong", "qty": 100, "marketPrice": "161" }),
            200,
        ),
    ] {
        server.deliver(webhook, &alert(changes)).expect(status);
    }
}

#[test]
fn exported_events_and_orders_make_the_same_trades_again() {
    let server = Server::start();
    let token = server.data.create_token();
    let first = server.create_webhook("First");
    fill(&server, &first);
    let query = format!("webhook={}", first.id);
    let made = trades(&server, &token, &query);
    assert!(made.len() >= 5, "{made:#?}");
    let exports = ["events", "orders"].map(|what| {
        let exported = export(&server, &token, what, &query);
        (what, file(&server.data, &format!("{what}.csv"), exported))
    });
    for (what, path) in &exports {
        let again = server.create_webhook(&format!("Again {what}"));
        let imported = import(&server.data, "alerts", path, &again, &[]);
        assert_eq!(imported["failed"], 0, "{imported:#}");
        assert_eq!(imported["new"], 9, "{imported:#}");
        assert_eq!(
            imported["withoutOrder"],
            if *what == "events" { 2 } else { 0 }
        );
        let of_again = trades(&server, &token, &format!("webhook={}", again.id));
        assert_eq!(of_again, made, "{what}");
        // Whichever file it is, what is there already is recognised.
        for (_, path) in &exports {
            for there in [&first, &again] {
                let imported = import(&server.data, "alerts", path, there, &[]);
                assert_eq!(
                    (&imported["new"], &imported["known"]),
                    (&json!(0), &json!(9))
                );
            }
        }
    }
}

#[test]
fn what_its_owner_processed_again_is_exported_and_comes_back_under_the_same_id() {
    let server = Server::start();
    let token = server.data.create_token();
    let first = server.create_webhook("First");
    for (qty, price) in [(1, "100"), (3, "101")] {
        let alert = first.alert(&json!({ "id": "x", "qty": qty, "marketPrice": price }));
        server.deliver(&first, &alert).expect(200);
    }
    let made = server.api(&token, "POST", "/events/evt_2/reprocess", None);
    assert_eq!(made.expect(201).json()["status"], "processed");
    let query = format!("webhook={}", first.id);
    let path = file(
        &server.data,
        "events.csv",
        export(&server, &token, "events", &query),
    );
    let again = server.create_webhook("Again");
    assert_eq!(import(&server.data, "alerts", &path, &again, &[])["new"], 2);
    assert_eq!(import(&server.data, "alerts", &path, &again, &[])["new"], 0);
}

#[test]
fn of_an_export_of_several_webhooks_the_owner_says_which() {
    let server = Server::start();
    let token = server.data.create_token();
    let (one, two) = (server.create_webhook("One"), server.create_webhook("Two"));
    for webhook in [&one, &two] {
        server
            .deliver(webhook, &webhook.alert(&json!({})))
            .expect(200);
    }
    let path = file(
        &server.data,
        "all.csv",
        export(&server, &token, "events", ""),
    );
    let again = server.create_webhook("Again");
    assert_eq!(import(&server.data, "alerts", &path, &again, &[])["new"], 0);
    let named = ["--name", two.id.as_str()];
    assert_eq!(
        import(&server.data, "alerts", &path, &again, &named)["new"],
        1
    );
    // What is a webhook's own needs no name.
    let own = import(&server.data, "alerts", &path, &one, &[]);
    assert_eq!(
        (own["new"].clone(), own["known"].clone()),
        (json!(0), json!(1))
    );
}

#[test]
fn exported_trades_become_a_backtest_with_the_same_figures() {
    let server = Server::start();
    let token = server.data.create_token();
    let first = server.create_webhook("First");
    fill(&server, &first);
    let query = format!("webhook={}&ticker=NASDAQ:AAPL", first.id);
    let again = server.create_webhook("Again");
    let all = export(&server, &token, "trades", &format!("webhook={}", first.id));
    let path = file(&server.data, "trades.csv", &all);
    let arguments = [
        "import",
        "trades",
        path.to_str().unwrap(),
        "--webhook",
        &again.id,
    ];
    let error = server.data.error(&arguments);
    assert!(
        error.contains("ES1!-NQ1!") && error.contains("--ticker"),
        "{error}"
    );
    let imported = import(
        &server.data,
        "trades",
        &path,
        &again,
        &["--ticker", "NASDAQ:AAPL"],
    );
    assert_eq!(imported["ticker"], "NASDAQ:AAPL");
    let made = trades(&server, &token, &query);
    let query = format!("webhook={}&source=backtest", again.id);
    assert_eq!(trades(&server, &token, &query), made);
}

#[test]
fn a_reversal_comes_back_as_its_webhook_closes_it() {
    let server = Server::start();
    let token = server.data.create_token();
    for reversal in ["net", "full"] {
        let webhook = |name: &str| {
            let webhook = server.create_webhook(&format!("{name} {reversal}"));
            let path = format!("/webhooks/{}", webhook.id);
            let body = json!({ "settings": { "reversal": reversal } });
            server.api(&token, "PATCH", &path, Some(body)).expect(200);
            webhook
        };
        let first = webhook("First");
        for changes in [
            json!({ "positionDirection": "entryLong", "qty": 2, "marketPrice": "100" }),
            json!({ "positionDirection": "entryShort", "qty": 1, "marketPrice": "110" }),
            json!({ "positionDirection": null, "action": "buy", "qty": 3, "marketPrice": "105" }),
            json!({ "positionDirection": "exit", "qty": null, "marketPrice": "107" }),
        ] {
            server.deliver(&first, &first.alert(&changes)).expect(200);
        }
        let query = format!("webhook={}", first.id);
        let made = trades(&server, &token, &query);
        let exported = export(&server, &token, "orders", &query);
        let path = file(&server.data, "orders.csv", exported);
        let again = webhook("Again");
        import(&server.data, "alerts", &path, &again, &[]);
        let of_again = trades(&server, &token, &format!("webhook={}", again.id));
        assert_eq!(of_again, made, "{reversal}");
    }
}

#[test]
fn an_order_that_closes_its_opposite_comes_back_as_one() {
    let server = Server::start();
    let token = server.data.create_token();
    let first = server.create_webhook("First");
    // TradersPost's `buy` and `sell` without a sentiment close the other side first.
    for (changes, price) in [
        (json!({ "positionDirection": "entryLong", "qty": 3 }), "100"),
        (
            json!({ "positionDirection": "entryShort", "qty": 2, "closesOpposite": true }),
            "110",
        ),
        (
            json!({ "positionDirection": "entryLong", "qty": 1, "closesOpposite": "yes" }),
            "104",
        ),
        (
            json!({ "positionDirection": "exitLong", "qty": null }),
            "105",
        ),
    ] {
        let mut alert = first.alert(&changes);
        alert["marketPrice"] = json!(price);
        server.deliver(&first, &alert).expect(200);
    }
    let query = format!("webhook={}", first.id);
    let made = trades(&server, &token, &query);
    // 3 x (110 - 100), 2 x (110 - 104) short, 1 x (105 - 104).
    let mut profits: Vec<&str> = made
        .iter()
        .map(|trade| trade.split(' ').nth(10).unwrap())
        .collect();
    profits.sort_unstable();
    assert_eq!(profits, ["\"1\"", "\"12\"", "\"30\""], "{made:#?}");
    let exported = export(&server, &token, "orders", &query);
    let path = file(&server.data, "orders.csv", exported);
    let again = server.create_webhook("Again");
    import(&server.data, "alerts", &path, &again, &[]);
    let of_again = trades(&server, &token, &format!("webhook={}", again.id));
    assert_eq!(of_again, made);
}

#[test]
fn an_exported_trade_of_an_inverse_contract_comes_back_as_one() {
    let server = Server::start();
    let token = server.data.create_token();
    let first = server.create_webhook("First");
    let path = format!("/webhooks/{}", first.id);
    let settings = json!({ "contract": "inverse", "pointValue": "100", "currency": "BTC",
        "commission": { "kind": "percent", "value": "0.05" } });
    let body = json!({ "settings": settings });
    server.api(&token, "PATCH", &path, Some(body)).expect(200);
    for (side, price) in [("entryLong", "50000"), ("exitLong", "60000")] {
        let changes = json!({ "ticker": "BTCUSD", "positionDirection": side, "qty": 7, "marketPrice": price });
        server.deliver(&first, &first.alert(&changes)).expect(200);
    }
    let query = format!("webhook={}", first.id);
    let exported = export(&server, &token, "trades", &query);
    let path = file(&server.data, "trades.csv", exported);
    let again = server.create_webhook("Again");
    import(&server.data, "trades", &path, &again, &[]);
    let query_again = format!("webhook={}&source=backtest", again.id);
    let made = trades(&server, &token, &query);
    assert_eq!(trades(&server, &token, &query_again), made);
}
