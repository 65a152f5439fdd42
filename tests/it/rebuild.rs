//! `algohook rebuild` derives everything from the recorded messages, and keeps what no message
//! tells.

use std::path::Path;

use crate::support::derived::{derived, forget_derived, rows};
use crate::support::files::{file, import};
use crate::support::history::alerts;
use crate::support::{DataDir, Server, Webhook, wait_until};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde_json::{Value, json};

struct Desk {
    server: Server,
    token: String,
    webhook: Webhook,
}

impl Desk {
    fn new() -> Self {
        let server = Server::start();
        let webhook = server.create_webhook("Strategy");
        let token = server.data.create_token();
        Self {
            server,
            token,
            webhook,
        }
    }

    /// Sends an alert with some fields changed; returns the answer.
    fn send(&self, status: u16, changes: &Value) -> Value {
        let alert = self.webhook.alert(changes);
        let answer = self.server.deliver(&self.webhook, &alert);
        answer.expect(status).json()
    }

    fn api(&self, status: u16, method: &str, path: &str, body: Value) -> Value {
        let body = (!body.is_null()).then_some(body);
        let answer = self.server.api(&self.token, method, path, body);
        answer.expect(status).json()
    }

    fn rebuild(&self) -> String {
        self.server.data.text(&["rebuild"])
    }

    fn derived(&self) -> Vec<String> {
        derived(&self.server.data.database())
    }

    fn execute(&self, sql: &str) {
        let database = Connection::open(self.server.data.database()).unwrap();
        database.execute_batch(sql).unwrap();
    }

    /// What no message tells.
    fn told_by_the_owner(&self) -> Vec<String> {
        let queries = [
            "SELECT * FROM webhooks",
            "SELECT * FROM trade_notes",
            "SELECT * FROM trade_tags",
            "SELECT * FROM backtests",
            "SELECT * FROM trades WHERE book <> 0",
            "SELECT id, received_at, source, status, payload, error, warnings, original_id, delivery FROM events",
        ];
        rows(&self.server.data.database(), &queries)
    }

    /// A history with something of everything that makes an order, or does not.
    fn fill(&self) {
        let time = |ago: i64| (Timestamp::now() - SignedDuration::from_secs(ago)).to_string();
        self.send(
            200,
            &json!({
                "orderType": "stop_limit", "stopPrice": 150.5, "limitPrice": 151.0, "timeInForce": "day",
                "extendedHours": true, "takeProfit": 170, "stopLoss": 140,
                "metadata": { "strategy": "Breakout", "signal": "Long", "comment": "first", "timestamp": time(60) },
            }),
        );
        let exit = json!({ "positionDirection": "exitLong", "qty": 40, "marketPrice": 155 });
        let exit = self.send(200, &exit);
        let trade = exit["order"]["id"]
            .as_str()
            .unwrap()
            .replace("ord_", "trd_1_");
        let told = json!({ "notes": "CPI day", "tags": ["news"] });
        self.api(200, "PATCH", &format!("/trades/{trade}"), told);
        // The same instrument, another one, and one whose order cannot be counted.
        self.send(
            200,
            &json!({ "ticker": "AAPL", "positionDirection": "exitLong", "qty": 20 }),
        );
        self.send(
            200,
            &json!({ "ticker": "XETR:AAPL", "positionDirection": "entryShort" }),
        );
        let vast = "1000000000000000000";
        self.send(
            422,
            &json!({ "ticker": "NYSE:VAST", "qty": vast, "marketPrice": vast }),
        );
        self.send(200, &json!({ "ticker": "VAST", "qty": 1 }));
        // A resend, a broken message, and one that its owner corrects.
        self.send(200, &json!({ "id": "bar-1", "ticker": "MSFT" }));
        self.send(200, &json!({ "id": "bar-1", "ticker": "MSFT" }));
        let failed = self.send(422, &json!({ "qty": "many", "ticker": "TSLA" }));
        let failed = failed["webhookEvent"]["id"].as_str().unwrap().to_owned();
        let edited =
            json!({ "payload": self.webhook.alert(&json!({ "qty": 3, "ticker": "TSLA" })) });
        self.api(201, "POST", &format!("/events/{failed}/reprocess"), edited);
        // TradingView states another position, and the owner accepts it.
        self.send(
            200,
            &json!({ "ticker": "ETHUSD", "positionDirection": null, "action": "buy", "qty": 1, "marketPosition": "long",
                "marketPositionSize": 4, "prevMarketPosition": "long", "prevMarketPositionSize": 3 }),
        );
        let accepted = json!({ "webhook": self.webhook.id, "ticker": "ETHUSD" });
        self.api(201, "POST", "/positions/accept", accepted);
        // A late one, which belongs between two others, and one of a trailing stop.
        let stated = |action: &str, [from, to]: [i64; 2], ago: i64| {
            let side = |position: i64| if position == 0 { "flat" } else { "long" };
            json!({ "ticker": "GAP", "positionDirection": null, "action": action, "qty": 1, "marketPrice": 10,
                "marketPosition": side(to), "marketPositionSize": to, "prevMarketPosition": side(from),
                "prevMarketPositionSize": from, "metadata": { "timestamp": time(ago) } })
        };
        self.send(200, &stated("sell", [1, 0], 250));
        self.send(200, &stated("buy", [0, 1], 600));
        self.send(
            200,
            &json!({ "ticker": "NQ1!", "orderType": "trailing_stop", "trailPercent": 1.5 }),
        );
        self.import(&time(7200));
        let costs = json!({ "settings": { "commission": { "kind": "perOrder", "value": "1" } } });
        let path = format!("/webhooks/{}", self.webhook.id);
        self.api(200, "PATCH", &path, costs);
        self.server.data.text(&["send", &self.webhook.id]);
    }

    /// Brings in an alert of TradingView's log, and a list of trades.
    fn import(&self, time: &str) {
        let list = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/imports/list-of-trades.xlsx");
        let list = list.to_str().unwrap();
        let arguments = ["import", "trades", list, "--webhook", &self.webhook.id];
        self.server.data.text(&arguments);
        let alert = self.webhook.alert(&json!({ "ticker": "OLD", "qty": 5 }));
        let mut log = csv::Writer::from_writer(Vec::new());
        let header = ["Alert ID", "Ticker", "Name", "Description", "Time"];
        log.write_record(header).unwrap();
        log.write_record(["1", "OLD", "Strategy", &alert.to_string(), time])
            .unwrap();
        let file = self.server.data.path.join("log.csv");
        std::fs::write(&file, log.into_inner().unwrap()).unwrap();
        let file = file.to_str().unwrap();
        let arguments = ["import", "alerts", file, "--webhook", &self.webhook.id];
        self.server.data.text(&arguments);
    }

    fn settle(&self) {
        let stale = "SELECT 1 FROM ledgers WHERE is_stale";
        wait_until("the trades are derived", || {
            rows(&self.server.data.database(), &[stale]).is_empty()
        });
    }
}

#[test]
fn a_database_whose_derived_tables_were_emptied_is_rebuilt_as_it_was() {
    let desk = Desk::new();
    desk.fill();
    desk.settle();
    let (before, told) = (desk.derived(), desk.told_by_the_owner());
    let news = desk.api(200, "GET", "/performance?tag=news", Value::Null);
    assert!(desk.rebuild().contains("corrected 0;"));
    assert_eq!(before, desk.derived());

    forget_derived(&desk.server.data.database());
    assert_ne!(before, desk.derived());
    let said = desk.rebuild();
    let orders = desk.server.data.orders().len();
    assert!(orders >= 13, "{orders}");
    let restored = format!("Restored from its event: {orders} missing orders.");
    assert!(said.contains(&restored), "{said}");
    assert_eq!(before, desk.derived());
    assert_eq!(told, desk.told_by_the_owner());
    wait_until("the page shows it", || {
        news == desk.api(200, "GET", "/performance?tag=news", Value::Null)
    });

    // Every column of an order is derived, and what is of no order goes.
    desk.execute(
        "UPDATE orders SET intent = 'buy', order_type = 'market', quantity = '7', intended_price = '1',
             market_price = '2', limit_price = '3', stop_price = '4', trail_price = '5', trail_percent = '6',
             profit_target = '7', stop_loss = '8', stop_loss_limit = '9', time_in_force = 'gtc', extended_hours = 0,
             idempotency_key = 'x', paired_at = 10, signal_time = 11, received_at = 12, stated_position = '13',
             stated_previous = '14', stated_side = 'long', strategy = 'x', signal_name = 'x', comment = 'x',
             signal_delay = 15;
         UPDATE tickers SET instrument = ticker;
         INSERT INTO ledgers (webhook_id, book, ticker, version, is_stale, drift, stated_before, position_before,
             newest_second) VALUES (1, 0, 'NOBODYS', 1, 0, '0', '0', '0', 0);
         INSERT INTO pairings (order_id, fill_price) VALUES (1000000, '1');",
    );
    let said = desk.rebuild();
    assert!(said.contains(&format!("corrected {orders};")), "{said}");
    assert_eq!(before, desk.derived());
}

#[test]
fn an_order_whose_message_cannot_be_read_any_more_stays() {
    let desk = Desk::new();
    desk.send(200, &json!({ "metadata": { "signal": "Long" } }));
    desk.send(
        200,
        &json!({ "positionDirection": "exitLong", "marketPrice": 160 }),
    );
    desk.send(200, &json!({ "ticker": "MSFT" }));
    let before = desk.derived();
    // As a version would leave them that took messages which this one refuses.
    desk.execute(
        r#"UPDATE events SET payload = 'buy AAPL' WHERE id = 1;
           UPDATE events SET payload = '{"ticker":"MSFT","action":"buy","marketPrice":150,"margin":5}'
           WHERE id = 3"#,
    );
    let said = desk.rebuild();
    let kept = "Kept as before: 2 orders, whose messages this version cannot read.";
    assert!(said.contains(kept), "{said}");
    assert_eq!(before, desk.derived());

    desk.execute("DELETE FROM orders WHERE id = 3");
    let said = desk.rebuild();
    assert!(said.contains("Not restored: 1 missing order,"), "{said}");
    assert_eq!(desk.server.data.orders().len(), 2);
}

#[test]
fn a_ledger_is_derived_in_parts_as_it_was_in_one() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let path = file(&data, "history.jsonl", alerts(4_500));
    import(&data, "alerts", &path, &webhook, &[]);
    let before = derived(&data.database());
    assert!(data.text(&["rebuild"]).contains("corrected 0;"));
    assert_eq!(before, derived(&data.database()));
    // Orders that stood in another part, with what they closed there.
    let database = Connection::open(data.database()).unwrap();
    let moved = "UPDATE orders SET paired_at = paired_at + 120000000000 WHERE id % 500 = 3;
         UPDATE trades SET exit_time = exit_time + 120000000000 WHERE exit_order % 500 = 3;
         UPDATE trades SET net_profit = '77' WHERE entry_order % 300 = 1";
    database.execute_batch(moved).unwrap();
    assert!(data.text(&["rebuild"]).contains("corrected 9;"));
    assert_eq!(before, derived(&data.database()));
}
