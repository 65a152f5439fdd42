//! Files brought in through the real binary: alerts that never arrived, history,
//! and TradingView's backtests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::files::{arguments, file, import, refused};
use crate::support::tradingview::{Comparable, exports, listed, orders, read};
use crate::support::{self, DataDir, Server, Webhook};
use algohook::domain::money::Decimal;
use algohook::domain::order::Order;
use algohook::domain::signal::Intent;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// TradingView's log with the webhook's own key in the alerts of the strategy.
fn alert_log(webhook: &Webhook) -> String {
    let log = include_str!("../fixtures/imports/alerts-log.csv");
    log.replace("YOUR_AUTH_KEY", &webhook.key)
}

#[test]
fn an_alert_log_brings_back_what_never_arrived_once() {
    let data = DataDir::new();
    let webhook = data.create_webhook("BTC Trend");
    let log = file(&data, "log.csv", alert_log(&webhook));

    let expected = import(&data, "alerts", &log, &webhook, &["--dry-run"]);
    assert_eq!(expected["new"], 24);
    assert_eq!(data.events(), [] as [Value; 0]);

    let imported = import(&data, "alerts", &log, &webhook, &[]);
    assert_eq!(imported, expected);
    assert_eq!(imported["known"], 0);
    assert_eq!(imported["failed"], 0);
    let left_out = imported["withoutKey"].as_u64().unwrap();
    assert!(left_out > 0);
    assert_eq!(imported["rows"].as_u64(), Some(24 + left_out));
    let events = data.events();
    assert_eq!(events.len(), 24);
    for event in &events {
        assert_eq!(event["source"], "imported");
        assert_eq!(event["status"], "processed");
        assert_eq!(event["warnings"], json!([]));
        assert_eq!(event["receivedAt"], event["signalTime"]);
        assert!(!event["payload"].as_str().unwrap().contains(&webhook.key));
    }

    let again = import(&data, "alerts", &log, &webhook, &[]);
    assert_eq!(again["new"], 0);
    assert_eq!(again["known"], 24);
    assert_eq!(data.events().len(), 24);
    let report = &data.json(&["report", &webhook.id, "--json"])["reports"][0];
    assert!(report["all"]["totalTrades"].as_u64().unwrap() > 10);
}

#[test]
fn alerts_without_the_key_are_taken_by_their_name_but_never_another_webhook_s() {
    let data = DataDir::new();
    let webhook = data.create_webhook("BTC Trend");
    let other = data.create_webhook("Another");
    let log = include_str!("../fixtures/imports/alerts-log.csv");
    let unnamed = file(&data, "log.csv", log);
    assert_eq!(import(&data, "alerts", &unnamed, &webhook, &[])["new"], 0);
    let named = ["--name", "BTC Trend", "--dry-run"];
    assert_eq!(
        import(&data, "alerts", &unnamed, &webhook, &named)["new"],
        24
    );
    let of_other = file(&data, "other.csv", alert_log(&other));
    let left_out = import(&data, "alerts", &of_other, &webhook, &named);
    assert_eq!(left_out["new"], 0);
    assert_eq!(left_out["otherKey"], 24);
}

#[test]
fn an_alert_that_arrived_is_recognised_and_the_missing_one_is_paired_where_it_belongs() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let now = jiff::Timestamp::now();
    let at = |seconds_ago: i64| (now - jiff::SignedDuration::from_secs(seconds_ago)).to_string();
    let alert = |intent: &str, price: &str, seconds_ago: i64| {
        webhook.alert(&json!({
            "positionDirection": intent, "qty": 1, "marketPrice": price,
            "metadata": { "timestamp": at(seconds_ago) },
        }))
    };
    let entry = alert("entryLong", "100", 50);
    let lost = alert("exitLong", "110", 40);
    let second = alert("entryLong", "120", 30);
    server.deliver(&webhook, &entry).expect(200);
    server.deliver(&webhook, &second).expect(200);
    // As TradingView has it: newest first, indented in its own way, a moment apart.
    let mut log = csv::Writer::from_writer(Vec::new());
    log.write_record(["Alert ID", "Ticker", "Name", "Description", "Time"])
        .unwrap();
    for (alert, seconds_ago) in [(&second, 31), (&lost, 41), (&entry, 51)] {
        let message = serde_json::to_string_pretty(alert).unwrap();
        log.write_record(["1", "AAPL", "Strategy", &message, &at(seconds_ago)])
            .unwrap();
    }
    let log = log.into_inner().unwrap();
    let token = server.data.create_token();
    let path = format!("/api/v1/imports?webhook={}", webhook.id);
    let bring_in = || {
        let answer = support::agent()
            .post(format!("http://{}{path}", server.address()))
            .header("authorization", format!("Bearer {token}"))
            .send(&log[..])
            .unwrap();
        let text = answer.into_body().read_to_string().unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["alerts"].clone()
    };
    let imported = bring_in();
    assert_eq!(imported["known"], 2, "{imported}");
    assert_eq!(imported["new"], 1);
    assert_eq!(imported["alerts"][0]["row"], 12);
    assert_eq!(bring_in()["new"], 0);
    let trades = server
        .api(&token, "GET", "/trades", None)
        .expect(200)
        .json();
    let trades = trades["items"].as_array().unwrap();
    assert_eq!(trades.len(), 1);
    assert_eq!(trades[0]["entryPrice"], "100");
    assert_eq!(trades[0]["exitPrice"], "110");
    assert_eq!(trades[0]["source"], "imported");
}

#[test]
fn json_lines_need_no_key_and_are_taken_whole_or_not_at_all() {
    let data = DataDir::new();
    let webhook = data.create_webhook("History");
    let line = |time: &str, action: &str, price: &str| {
        let payload = json!({ "ticker": "AAPL", "action": action, "qty": 2, "marketPrice": price });
        json!({ "time": time, "payload": payload }).to_string()
    };
    let good = [
        line("2026-01-05T15:00:00Z", "sell", "110"),
        line("2026-01-05T14:30:00Z", "buy", "100"),
    ];
    let broken = [
        &good[0],
        "{\"time\": \"2026-01-05T14:30:00Z\", \"payload\": {\"ticker\": \"AAPL\"}}",
        "{\"time\": \"soon\", \"payload\": {}}",
        "{\"time\": \"2026-01-05T14:30:00Z\", \"payload\": {",
    ];
    let path = file(&data, "broken.jsonl", broken.join("\n"));
    let path = path.to_str().unwrap();
    let error = data.error(&["import", "alerts", path, "--webhook", &webhook.id]);
    for place in ["row 2, column 45", "row 3, column 10", "row 4, column 45"] {
        assert!(error.contains(place), "{place} in {error}");
    }
    assert!(error.contains("was not imported"), "{error}");
    assert_eq!(data.events(), [] as [Value; 0]);

    let path = file(&data, "good.jsonl", good.join("\n"));
    assert_eq!(import(&data, "alerts", &path, &webhook, &[])["new"], 2);
    assert_eq!(import(&data, "alerts", &path, &webhook, &[])["new"], 0);
    let report = &data.json(&["report", "--json"])["reports"][0];
    assert_eq!(report["all"]["netProfit"], "20");
}

#[test]
fn alerts_and_fills_of_the_future_are_taken_with_a_note() {
    let data = DataDir::new();
    let webhook = data.create_webhook("History");
    let ahead = |minutes: i64| Timestamp::now() + SignedDuration::from_mins(minutes);
    let line = |time: Timestamp| {
        let payload = json!({ "ticker": "AAPL", "action": "buy", "qty": 2, "marketPrice": 100 });
        json!({ "time": time, "payload": payload }).to_string()
    };
    // The clocks of two machines can be some minutes apart.
    let lines = [ahead(-60), ahead(2), ahead(120)].map(line);
    let path = file(&data, "ahead.jsonl", lines[..2].join("\n"));
    let near = import(&data, "alerts", &path, &webhook, &["--dry-run"]);
    assert_eq!(near["notes"], json!([]));
    let path = file(&data, "ahead.jsonl", lines.join("\n"));
    let options = arguments("alerts", &path, &webhook, &["--dry-run"]);
    let shown = data.text(&options);
    assert!(
        shown.contains("NOTE: ") && shown.contains("is in the future"),
        "{shown}"
    );
    let taken = import(&data, "alerts", &path, &webhook, &[]);
    assert_eq!(taken["new"], 3);
    assert!(
        taken["notes"][0].as_str().unwrap().contains("clock"),
        "{taken}"
    );

    let fill = "time,symbol,side,qty,price\n2999-01-05T14:30:00Z,AAPL,buy,2,100\n";
    let path = file(&data, "fills.csv", fill);
    let fills = import(&data, "fills", &path, &webhook, &[]);
    let notes = fills["notes"].to_string();
    assert!(
        notes.contains("2999-01-05T14:30:00Z is in the future"),
        "{notes}"
    );
}

/// The alert that an order's fill would have sent.
fn alert_of(order: &Order) -> Value {
    let side = |position: Decimal| match position {
        position if position.is_zero() => "flat",
        position if position.is_sign_negative() => "short",
        _ => "long",
    };
    let (new, previous) = (
        order.stated_position.new.unwrap(),
        order.stated_position.previous.unwrap(),
    );
    json!({
        "positionDirection": null,
        "ticker": order.ticker.as_str(),
        "action": if order.intent == Intent::Buy { "buy" } else { "sell" },
        "qty": order.quantity.unwrap().to_string(),
        "marketPrice": order.intended_price.to_string(),
        "marketPosition": side(new),
        "marketPositionSize": new.abs().to_string(),
        "prevMarketPosition": side(previous),
        "prevMarketPositionSize": previous.abs().to_string(),
        "metadata": { "timestamp": order.paired_at.to_string(), "signal": order.signal_name },
    })
}

/// Closed trades as the API lists them, to be compared with an export's.
fn closed(trades: &[Value]) -> Vec<Comparable> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let side = |trade: &Value, side: &str| {
        let signal = trade[format!("{side}Signal")].as_str().unwrap_or_default();
        (
            text(&trade[format!("{side}Time")]).parse().unwrap(),
            text(&trade[format!("{side}Price")]).parse().unwrap(),
            signal.to_owned(),
        )
    };
    let mut trades: Vec<Comparable> = trades
        .iter()
        .map(|trade| {
            let direction = text(&trade["direction"]).parse().unwrap();
            let quantity = text(&trade["qty"]).parse().unwrap();
            (
                side(trade, "entry"),
                Some(side(trade, "exit")),
                direction,
                quantity,
            )
        })
        .collect();
    trades.sort();
    trades
}

fn all_trades(server: &Server, token: &str, query: &str) -> Vec<Value> {
    let mut trades = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/trades?limit=500&{query}{cursor}");
        let page = server.api(token, "GET", &path, None).expect(200).json();
        trades.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return trades,
        }
    }
}

/// The file of the alerts behind an export.
type FileOfAlerts = fn(&[Order]) -> String;

/// Imports the alerts behind each export, and compares what comes of them with it.
fn expect_tradingview_s_own_trades(file_of: FileOfAlerts) {
    let server = Server::start();
    let token = server.data.create_token();
    for path in exports() {
        let rows = read(&path);
        let webhook = server.create_webhook("Export");
        let orders = orders(&rows);
        if orders.is_empty() {
            continue;
        }
        let jsonl = file(&server.data, "alerts.jsonl", file_of(&orders));
        let imported = import(&server.data, "alerts", &jsonl, &webhook, &[]);
        assert_eq!(imported["new"], orders.len(), "{}", path.display());
        let made = all_trades(&server, &token, &format!("webhook={}", webhook.id));
        let expected = listed(&rows).into_iter().filter(|trade| trade.1.is_some());
        let expected: Vec<Comparable> = expected.collect();
        let made = closed(&made);
        let first = made
            .iter()
            .zip(&expected)
            .find(|(made, expected)| made != expected);
        assert!(made == expected, "{}: {first:#?}", path.display());
    }
}

/// An alert as a line of a file, some seconds after its own time.
fn line(order: &Order, seconds: i64, payload: &Value) -> String {
    let time = order.paired_at + jiff::SignedDuration::from_secs(seconds);
    json!({ "time": time.to_string(), "payload": payload }).to_string() + "\n"
}

#[test]
fn the_alerts_behind_an_export_make_tradingview_s_own_trades_row_for_row() {
    expect_tradingview_s_own_trades(|orders| {
        let lines = orders.iter().map(|order| line(order, 0, &alert_of(order)));
        lines.collect()
    });
}

#[test]
fn so_they_do_where_each_is_sent_again_and_those_of_a_bar_come_in_the_wrong_order() {
    expect_tradingview_s_own_trades(|orders| {
        let instants = orders.chunk_by(|one, next| one.paired_at == next.paired_at);
        let reversed = instants.flat_map(|instant| instant.iter().rev()).zip(0..);
        let lines = reversed.map(|(order, number)| {
            let alert = alert_of(order);
            // TradingView sends again after 5, 10 and 15 seconds.
            let again = 5 + number % 3 * 5;
            line(order, 0, &alert) + &line(order, again, &alert)
        });
        lines.collect()
    });
}

#[test]
fn so_they_do_without_a_size_where_a_file_has_the_newest_first() {
    expect_tradingview_s_own_trades(|orders| {
        let lines = orders.iter().rev().map(|order| {
            let mut alert = alert_of(order);
            for size in [
                "marketPositionSize",
                "prevMarketPositionSize",
                "prevMarketPosition",
            ] {
                alert.as_object_mut().unwrap().remove(size);
            }
            line(order, 0, &alert)
        });
        lines.collect()
    });
}

#[test]
fn the_alerts_behind_an_export_posted_one_by_one_make_the_same_trades() {
    let server = Server::start_with(&["--rate-limit", "100000"]);
    let webhook = server.create_webhook("Export");
    let token = server.data.create_token();
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/tradingview/composite-4emarsi-quad-ema-stack-01.csv");
    let rows = read(&path);
    for order in orders(&rows) {
        let answer = server.deliver(&webhook, &webhook.alert(&alert_of(&order)));
        assert_eq!(
            answer.expect(200).json()["validation"]["warnings"],
            json!([])
        );
    }
    // The alerts are of last year, so they are paired by their arrival.
    let timeless = |trades: Vec<Comparable>| -> BTreeSet<_> {
        let side = |side: (_, _, String)| (side.1, side.2);
        let trades = trades
            .into_iter()
            .filter_map(|(entry, exit, direction, quantity)| {
                Some((side(entry), side(exit?), direction, quantity))
            });
        trades.collect()
    };
    let made = all_trades(&server, &token, "source=live");
    let expected = listed(&rows);
    assert_eq!(
        made.len(),
        expected.iter().filter(|trade| trade.1.is_some()).count()
    );
    assert_eq!(timeless(closed(&made)), timeless(expected));
}

/// What TradingView's own columns come to: closed trades, net profit, the last
/// cumulative profit, wins, gross profit and gross loss.
fn totals(path: &Path) -> (usize, Decimal, Option<Decimal>, usize, Decimal, Decimal) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| {
        let is_it = |header: &str| header.starts_with(name) && !header.ends_with('%');
        headers.iter().position(is_it).unwrap()
    };
    let profit = headers
        .iter()
        .position(|header| header.starts_with("Net P") && !header.ends_with('%'))
        .unwrap();
    let (kind, signal, cumulative) = (column("Type"), column("Signal"), column("Cumulative P"));
    let mut totals = (0, Decimal::ZERO, None, 0, Decimal::ZERO, Decimal::ZERO);
    for record in reader.records() {
        let record = record.unwrap();
        if !record[kind].starts_with("Exit") || &record[signal] == "Open" {
            continue;
        }
        let profit: Decimal = record[profit].parse().unwrap();
        totals.0 += 1;
        totals.1 += profit;
        totals.2 = Some(record[cumulative].parse().unwrap());
        totals.3 += usize::from(profit > Decimal::ZERO);
        totals.4 += profit.max(Decimal::ZERO);
        totals.5 += (-profit).max(Decimal::ZERO);
    }
    totals
}

#[test]
fn a_backtest_has_tradingview_s_own_profit_win_rate_and_profit_factor() {
    let server = Server::start();
    let token = server.data.create_token();
    for path in exports() {
        let webhook = server.create_webhook("Backtest");
        let (count, net, cumulative, wins, gross_profit, gross_loss) = totals(&path);
        let zone = ["--time-zone", "UTC"];
        let imported = import(&server.data, "trades", &path, &webhook, &zone);
        assert_eq!(imported["trades"], count);
        let again = import(&server.data, "trades", &path, &webhook, &zone);
        assert_eq!(again["isKnown"], true);

        let path = format!("/performance?source=backtest&webhook={}", webhook.id);
        let answer = server.api(&token, "GET", &path, None).expect(200).json();
        let all = &answer["reports"][0]["all"];
        assert_eq!(all["totalTrades"], count);
        assert_eq!(all["winningTrades"], wins);
        let money = |name: &str| all[name].as_str().unwrap().parse::<Decimal>().unwrap();
        assert_eq!(money("netProfit"), net);
        assert_eq!(money("grossProfit"), gross_profit);
        assert_eq!(money("grossLoss"), gross_loss);
        if let Some(cumulative) = cumulative {
            // Each profit is rounded to cents, their sum is not.
            let rounding = Decimal::new(5, 3) * Decimal::from(count);
            assert!((net - cumulative).abs() <= rounding, "{net} {cumulative}");
            let float = |value: Decimal| value.to_string().parse::<f64>().unwrap();
            let close = |name: &str, expected: f64| {
                let value = all[name].as_f64().unwrap();
                assert!(
                    (value / expected - 1.0).abs() < 1e-9,
                    "{name}: {value} {expected}"
                );
            };
            if gross_loss.is_zero() {
                assert_eq!(all["profitFactor"], Value::Null);
            } else {
                close("profitFactor", float(gross_profit) / float(gross_loss));
            }
            let wins = u32::try_from(wins).unwrap();
            let count = u32::try_from(count).unwrap();
            close(
                "percentProfitable",
                100.0 * f64::from(wins) / f64::from(count),
            );
        }
        let made = all_trades(&server, &token, &format!("webhook={}", webhook.id));
        assert_eq!(made.len(), count);
        assert!(made.iter().all(|trade| trade["source"] == "backtest"));
        // It is no trade of an alert.
        let path = format!("/performance?webhook={}", webhook.id);
        let live = server.api(&token, "GET", &path, None).expect(200).json();
        assert_eq!(live["reports"][0]["all"]["totalTrades"], 0);
    }
}

#[test]
fn a_spreadsheet_tells_the_instrument_capital_point_value_and_zone() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Futures");
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/imports/list-of-trades.xlsx");
    let imported = import(&data, "trades", &path, &webhook, &[]);
    assert_eq!(imported["ticker"], "CME_MINI:ES1!");
    assert_eq!(imported["trades"], 1);
    assert_eq!(imported["open"], 1);
    assert_eq!(imported["netProfit"], "1021");
    assert_eq!(imported["first"], "2025-03-31T14:30:00Z");
    assert_eq!(imported["last"], "2025-03-31T15:00:00Z");
    let report = &data.json(&["report", &webhook.id, "--backtest", "--json"])["reports"][0];
    assert_eq!(report["initialCapital"], "1000000");
    // Entering the open trade has cost 2.
    assert_eq!(report["all"]["netProfit"], "1019");
    assert_eq!(report["all"]["commissionPaid"], "10");
    assert_eq!(report["all"]["openProfit"], "-4");
    // Of what the entry cost: 5,000 x 2 x 50, and 2 a contract of commission.
    let percent = report["all"]["avgTradePercent"].as_f64().unwrap();
    assert!(
        (percent - 1021.0 / 500_004.0 * 100.0).abs() < 1e-7,
        "{percent}"
    );
}

#[test]
fn a_list_that_cannot_be_read_changes_nothing_and_says_where() {
    let server = Server::start();
    let webhook = server.create_webhook("Backtest");
    let token = server.data.create_token();
    let header = "Trade #,Type,Date and time,Signal,Price USD,Size (qty),Net P&L USD";
    let list = format!(
        "{header}\n1,Entry long,2026-01-05 14:30,In,100,1,5\n1,Exit long,2026-01-05 15:30,Out,dear,1,5\n"
    );
    let send = |body: String| {
        let path = format!("/api/v1/imports?webhook={}", webhook.id);
        let answer = support::agent()
            .post(format!("http://{}{path}", server.address()))
            .header("authorization", format!("Bearer {token}"))
            .send(body)
            .unwrap();
        let status = answer.status().as_u16();
        let text = answer.into_body().read_to_string().unwrap();
        (status, serde_json::from_str::<Value>(&text).unwrap())
    };
    let (status, problem) = send(list.clone());
    assert_eq!(status, 422);
    assert_eq!(problem["code"], "unreadable_file");
    assert_eq!(problem["faults"][0]["row"], 3);
    assert_eq!(problem["faults"][0]["column"], "Price USD");
    let trades = server
        .api(&token, "GET", "/trades", None)
        .expect(200)
        .json();
    assert_eq!(trades["items"], json!([]));

    let (status, imported) = send(list.replace("dear", "105"));
    assert_eq!(status, 200, "{imported}");
    assert_eq!(imported["trades"]["trades"], 1);
    let (status, problem) = send("hello".to_owned());
    assert_eq!(status, 422);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("list of trades")
    );
}

#[test]
fn exports_have_every_row_and_no_formulas() {
    let server = Server::start_with(&["--rate-limit", "100000"]);
    let webhook = server.create_webhook("Export");
    let token = server.data.create_token();
    // More than one page.
    let lines: Vec<String> = (0..1100)
        .map(|number: i64| {
            let time = jiff::Timestamp::from_second(1_700_000_000 + number * 60).unwrap();
            let action = if number % 2 == 0 { "buy" } else { "sell" };
            let payload = json!({
                "ticker": "AAPL", "action": action, "qty": 1, "marketPrice": 100 + number,
                "metadata": { "signal": "=1+1" },
            });
            json!({ "time": time.to_string(), "payload": payload }).to_string()
        })
        .collect();
    let path = file(&server.data, "history.jsonl", lines.join("\n"));
    assert_eq!(
        import(&server.data, "alerts", &path, &webhook, &[])["new"],
        1100
    );
    for (name, count) in [("events", 1100), ("orders", 1100), ("trades", 550)] {
        let path = format!("/export/{name}.csv?webhook={}", webhook.id);
        let text = server.api(&token, "GET", &path, None).expect(200).text;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headers = reader.headers().unwrap().clone();
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), count, "{name}");
        let ids: BTreeSet<&str> = records.iter().map(|record| &record[0]).collect();
        assert_eq!(ids.len(), count, "{name}");
        if let Some(signal) = headers.iter().position(|name| name == "exitSignal") {
            assert!(records.iter().all(|record| &record[signal] == "'=1+1"));
        }
    }
    let refused = server.api(&token, "GET", "/export/trades.csv?limit=5", None);
    refused.expect(400);
    server.get("/api/v1/export/trades.csv").expect(401);
}

/// A list of as many closed trades, as TradingView's CSV has it.
fn list_of_trades(count: usize) -> String {
    let header = "Trade #,Type,Date and time,Signal,Price USD,Size (qty),Net P&L USD";
    let rows = (1..=count).map(|number| {
        format!(
            "{number},Entry long,2026-01-0{number} 14:30,In,100,1,5\n{number},Exit long,2026-01-0{number} 15:30,Out,105,1,5\n"
        )
    });
    format!("{header}\n{}", rows.collect::<String>())
}

/// Tickers and closed trades of a webhook's backtests.
fn backtests(data: &DataDir, webhook: &Webhook) -> Vec<(String, i64)> {
    let database = rusqlite::Connection::open(data.database()).unwrap();
    let mut select = database
        .prepare(
            "SELECT b.ticker, (SELECT count(*) FROM trades t
                 WHERE t.webhook_id = b.webhook_id AND t.book = 1 AND t.ticker = b.ticker)
             FROM backtests b JOIN webhooks w ON w.id = b.webhook_id
             WHERE w.public_id = ?1 ORDER BY b.ticker",
        )
        .unwrap();
    let rows = select
        .query_map([&webhook.id], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

/// An alert that was received in this ticker.
fn alert_in(data: &DataDir, webhook: &Webhook, ticker: &str) {
    let payload = json!({ "ticker": ticker, "action": "buy", "qty": 1, "marketPrice": 100 });
    let line = json!({ "time": "2026-02-05T14:30:00Z", "payload": payload });
    let path = file(data, "alert.jsonl", line.to_string());
    assert_eq!(import(data, "alerts", &path, webhook, &[])["new"], 1);
}

#[test]
fn the_same_list_is_one_backtest_whatever_is_known_of_its_instrument() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Backtest");
    let path = file(&data, "list.csv", list_of_trades(2));
    let first = import(&data, "trades", &path, &webhook, &[]);
    assert_eq!(first["ticker"], "unknown");
    alert_in(&data, &webhook, "BTCUSDT");
    let renamed = file(&data, "S_BINANCE_ETHUSDT_2026-01-05.csv", list_of_trades(2));
    for path in [&path, &renamed] {
        let again = import(&data, "trades", path, &webhook, &[]);
        assert_eq!(again["isKnown"], true, "{again}");
        assert_eq!(again["ticker"], "unknown");
        assert_eq!(again["isTickerGuessed"], true);
    }
    assert_eq!(backtests(&data, &webhook), [("unknown".to_owned(), 2)]);

    // Read in another zone it is still the same list.
    import(
        &data,
        "trades",
        &path,
        &webhook,
        &["--time-zone", "Asia/Tokyo"],
    );
    assert_eq!(backtests(&data, &webhook), [("unknown".to_owned(), 2)]);

    // Its owner corrects what was guessed.
    let named = import(&data, "trades", &path, &webhook, &["--ticker", "SOLUSDT"]);
    assert_eq!(
        named["replaced"],
        json!([{ "ticker": "unknown", "trades": 2 }])
    );
    assert_eq!(backtests(&data, &webhook), [("SOLUSDT".to_owned(), 2)]);
    let again = import(&data, "trades", &path, &webhook, &["--ticker", "SOLUSDT"]);
    assert_eq!(again["isKnown"], true);
}

#[test]
fn a_name_with_and_without_its_exchange_is_one_instrument() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Backtest");
    let keep = |ticker: &str, trades: usize| {
        let path = file(&data, &format!("{trades}.csv"), list_of_trades(trades));
        import(&data, "trades", &path, &webhook, &["--ticker", ticker])
    };
    keep("BTCUSDT", 1);
    let fuller = keep("BINANCE:BTCUSDT", 2);
    assert_eq!(
        fuller["replaced"],
        json!([{ "ticker": "BTCUSDT", "trades": 1 }])
    );
    let shorter = keep("BTCUSDT", 3);
    assert_eq!(shorter["ticker"], "BINANCE:BTCUSDT");
    assert_eq!(
        shorter["replaced"],
        json!([{ "ticker": "BINANCE:BTCUSDT", "trades": 2 }])
    );
    keep("COINBASE:BTCUSDT", 4);
    assert_eq!(
        backtests(&data, &webhook),
        [
            ("BINANCE:BTCUSDT".to_owned(), 3),
            ("COINBASE:BTCUSDT".to_owned(), 4)
        ]
    );
}

#[test]
fn an_empty_list_never_replaces_trades() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Backtest");
    let named = ["--webhook", &webhook.id, "--ticker", "BTCUSDT"];
    let text = |path: &Path, more: &[&str]| {
        let mut arguments = vec!["import", "trades", path.to_str().unwrap()];
        arguments.extend(named);
        arguments.extend(more);
        data.text(&arguments)
    };
    let empty = file(&data, "empty.csv", list_of_trades(0));
    text(&empty, &[]);
    assert_eq!(backtests(&data, &webhook), [("BTCUSDT".to_owned(), 0)]);
    let two = file(&data, "two.csv", list_of_trades(2));
    text(&two, &[]);
    for more in [&["--dry-run"][..], &[]] {
        let shown = text(&empty, more);
        assert!(
            shown.contains("the file holds no trades; nothing"),
            "{shown}"
        );
        assert!(!shown.contains("eplaced"), "{shown}");
    }
    assert_eq!(backtests(&data, &webhook), [("BTCUSDT".to_owned(), 2)]);
    let three = file(&data, "three.csv", list_of_trades(3));
    let shown = text(&three, &[]);
    assert!(
        shown.contains("3 closed trades in place of the 2 "),
        "{shown}"
    );
}

#[test]
fn an_open_trade_is_one_whatever_it_has_made_so_far() {
    for profit in ["0", "0.00", "-3"] {
        let data = DataDir::new();
        let webhook = data.create_webhook("Backtest");
        let list = list_of_trades(0)
            + &format!("1,Entry long,2026-01-05 14:30,In,100,1,{profit}\n")
            + &format!("1,Exit long,2026-01-05 15:30,Open,100,1,{profit}\n");
        let keep = |name: &str, list: String| {
            let path = file(&data, name, list);
            import(&data, "trades", &path, &webhook, &["--ticker", "BTCUSDT"])
        };
        assert_eq!(keep("open.csv", list)["open"], 1);
        let report = data.json(&["report", &webhook.id, "--backtest", "--json"]);
        assert_eq!(report["reports"][0]["initialCapital"], "10000", "{profit}");
        assert_eq!(
            keep("empty.csv", list_of_trades(0))["isEmpty"],
            true,
            "{profit}"
        );
    }
}

#[test]
fn a_backtest_is_removed_by_command_and_by_the_api() {
    let server = Server::start();
    let data = &server.data;
    let webhook = server.create_webhook("Backtest");
    let token = data.create_token();
    let keep = |ticker: &str, trades: usize| {
        let path = file(data, "list.csv", list_of_trades(trades));
        import(data, "trades", &path, &webhook, &["--ticker", ticker]);
    };
    keep("BINANCE:BTCUSDT", 1);
    keep("ETHUSDT", 2);
    let remove = ["import", "trades", "--remove", "--webhook", &webhook.id];
    let with = |more: &[&'static str]| [&remove[..], more].concat();
    let shown = data.text(&with(&["--dry-run"]));
    assert!(
        shown.contains("Would remove the backtest of ETHUSDT with 2"),
        "{shown}"
    );
    assert_eq!(backtests(data, &webhook).len(), 2);
    let shown = data.text(&with(&["--ticker", "BTCUSDT"]));
    assert!(
        shown.contains("Removed the backtest of BINANCE:BTCUSDT with 1"),
        "{shown}"
    );
    assert_eq!(backtests(data, &webhook), [("ETHUSDT".to_owned(), 2)]);
    let error = data.error(&with(&["--ticker", "BTCUSDT"]));
    assert!(error.contains("no backtest in BTCUSDT"), "{error}");

    let path = format!("/backtests?webhook={}", webhook.id);
    let listed = server.api(&token, "GET", &path, None).expect(200).json();
    assert_eq!(listed["items"][0]["ticker"], "ETHUSDT");
    assert_eq!(listed["items"][0]["trades"], 2);
    let other = server.api(&token, "DELETE", &format!("{path}&ticker=AAPL"), None);
    other.expect(404);
    let gone = server.api(&token, "DELETE", &path, None).expect(200).json();
    assert_eq!(
        gone["removed"],
        json!([{ "ticker": "ETHUSDT", "trades": 2 }])
    );
    assert_eq!(backtests(data, &webhook), []);
    server.api(&token, "DELETE", &path, None).expect(404);
    let trades = server.api(&token, "GET", "/trades?source=backtest", None);
    assert_eq!(trades.expect(200).json()["items"], json!([]));
}

#[test]
fn a_guess_of_the_instrument_is_said_before_anything_else() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Backtest");
    let path = file(&data, "list.csv", list_of_trades(2));
    let path = path.to_str().unwrap();
    let named = ["import", "trades", path, "--webhook", &webhook.id];
    let first_line = |more: &[&'static str]| {
        let shown = data.text(&[&named[..], more].concat());
        shown.lines().next().unwrap().to_owned()
    };
    let unknown = first_line(&["--dry-run"]);
    assert_eq!(
        unknown,
        "NOTE: the file names no instrument and this webhook's alerts have none; it is kept under \"unknown\". --ticker BTCUSDT names it."
    );
    alert_in(&data, &webhook, "BTCUSDT");
    let guessed = "NOTE: the file names no instrument; took BTCUSDT, the ticker of this webhook's alerts. --ticker ETHUSDT says another.";
    assert_eq!(first_line(&["--dry-run"]), guessed);
    assert_eq!(first_line(&[]), guessed);
    assert!(first_line(&["--ticker", "BTCUSDT"]).starts_with("This backtest is there already"));
}

#[test]
fn what_is_left_out_says_how_to_take_it() {
    let data = DataDir::new();
    let webhook = data.create_webhook("BTC Trend");
    let log = include_str!("../fixtures/imports/alerts-log.csv");
    let path = file(&data, "log.csv", log);
    let path = path.to_str().unwrap();
    let named = ["import", "alerts", path, "--webhook", &webhook.id];
    let shown = data.text(&named);
    let line = "24 left out: their message shows another key (an older key?). To take them all the same: --name \"BTC Trend\"\n";
    assert!(shown.contains(line), "{shown}");
    assert!(
        shown.contains("shows no key. To take them all the same: --name "),
        "{shown}"
    );

    let error = data.error(&[&named[..], &["--name", "BTC Trnd"]].concat());
    assert!(
        error.contains("no alert of the file is called \"BTC Trnd\""),
        "{error}"
    );
    assert!(error.contains("\"BTC Trend\" (24)"), "{error}");

    // A plain text makes no order, and before the import it is no event either.
    let dry = [&named[..], &["--name", "BTC Trend", "--dry-run"]].concat();
    let broken = file(
        &data,
        "log.csv",
        log.replace("\"\"action\"\"", "\"\"acton\"\""),
    );
    assert_eq!(broken.to_str(), Some(path));
    let shown = data.text(&dry);
    assert!(shown.contains("24 of them would make no order"), "{shown}");
    assert!(!shown.contains("algohook events"), "{shown}");

    let other = data.create_webhook("Another");
    file(&data, "log.csv", alert_log(&other));
    let shown = data.text(&dry);
    let line = "24 left out: their message shows the key of another webhook of this server.\n";
    assert!(shown.contains(line), "{shown}");
}

#[test]
fn a_name_that_no_alert_has_is_refused_by_the_api_too() {
    let server = Server::start();
    let webhook = server.create_webhook("BTC Trend");
    let token = server.data.create_token();
    let path = format!("/api/v1/imports?webhook={}&name=Nobody", webhook.id);
    let answer = support::agent()
        .post(format!("http://{}{path}", server.address()))
        .header("authorization", format!("Bearer {token}"))
        .send(alert_log(&webhook))
        .unwrap();
    assert_eq!(answer.status().as_u16(), 422);
    let text = answer.into_body().read_to_string().unwrap();
    assert!(
        text.contains("unknown_name") && text.contains("BTC Trend"),
        "{text}"
    );
}

#[test]
fn a_line_of_json_without_a_zone_is_refused() {
    let data = DataDir::new();
    let webhook = data.create_webhook("History");
    let payload = json!({ "ticker": "AAPL", "action": "buy", "qty": 2, "marketPrice": 1 });
    for (time, expected) in [
        ("2026-01-05T14:30:00", "2026-01-05T14:30:00Z"),
        ("2026-01-05 14:30", "2026-01-05T14:30:00Z"),
    ] {
        let line = json!({ "time": time, "payload": payload }).to_string();
        let path = file(&data, "history.jsonl", line);
        let path = path.to_str().unwrap();
        let error = data.error(&["import", "alerts", path, "--webhook", &webhook.id]);
        let message = format!("the time has no zone; write {expected}");
        assert!(
            error.contains("row 1") && error.contains(&message),
            "{error}"
        );
    }
    for time in [json!("2026-01-05T14:30:00+01:00"), json!(1_767_623_400)] {
        let line = json!({ "time": time, "payload": payload }).to_string();
        let path = file(&data, "history.jsonl", line);
        assert_eq!(import(&data, "alerts", &path, &webhook, &[])["new"], 1);
    }
}

#[test]
fn equal_alerts_are_recognised_in_the_order_of_time() {
    let data = DataDir::new();
    let webhook = data.create_webhook("History");
    let payload = json!({ "ticker": "AAPL", "action": "buy", "qty": 2, "marketPrice": 1 });
    let lines = |seconds: &[i64]| {
        let lines: Vec<String> = seconds
            .iter()
            .map(|second| {
                let time = jiff::Timestamp::from_second(1_767_623_400 + second).unwrap();
                json!({ "time": time.to_string(), "payload": payload }).to_string()
            })
            .collect();
        lines.join("\n")
    };
    let recorded = file(&data, "recorded.jsonl", lines(&[100, 220]));
    assert_eq!(import(&data, "alerts", &recorded, &webhook, &[])["new"], 2);
    let listed = file(&data, "listed.jsonl", lines(&[0, 110]));
    let imported = import(&data, "alerts", &listed, &webhook, &[]);
    assert_eq!(
        (&imported["new"], &imported["known"]),
        (&json!(0), &json!(2))
    );
}

#[test]
fn a_file_without_its_kind_is_asked_for_it() {
    let data = DataDir::new();
    let output = data.run(&["import", "FILE.csv", "--webhook", "wh_x"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("say what the file is: "), "{error}");
    for kind in ["alerts", "trades", "fills"] {
        let command = format!("algohook import {kind} FILE");
        assert!(error.contains(&command), "{error}");
    }
}

#[test]
fn a_file_of_another_kind_is_refused_with_the_command_that_takes_it() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let fills = "time,symbol,side,qty,price\n2026-01-05T14:30:01Z,AAPL,buy,100,212.5\n";
    let fills = file(&data, "fills.csv", fills);
    let error = refused(&data, "alerts", &fills, &webhook, &[]);
    for said in [
        "Import it as fills\n",
        "hint: algohook import fills FILE --webhook ID\n",
    ] {
        assert!(error.contains(said), "{error}");
    }
    let unnamed = file(&data, "unnamed.csv", "a;b;c;d;e;f;g;h\n1;2;3;4;5;6;7;8\n");
    let error = refused(&data, "trades", &unnamed, &webhook, &[]);
    for said in ["name its columns", "--column date=3"] {
        assert!(error.contains(said), "{error}");
    }
}

/// A spreadsheet as `fixtures/imports/make_xlsx.py` writes it.
fn spreadsheet(name: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/imports");
    fixtures.join(name)
}

#[test]
fn a_commission_per_order_is_shared_by_the_trades_of_an_order() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Stocks");
    let path = spreadsheet("per-order.xlsx");
    let imported = import(&data, "trades", &path, &webhook, &[]);
    assert_eq!(imported["timeZone"], "UTC-03:30");
    assert_eq!(imported["first"], "2025-03-31T13:00:00Z");
    let notes = imported["notes"].to_string();
    assert!(notes.contains("its commission is 1.5 per order"), "{notes}");
    let report = &data.json(&["report", &webhook.id, "--backtest", "--json"])["reports"][0];
    // One order opened both trades, two closed them.
    assert_eq!(report["all"]["totalTrades"], 2);
    assert_eq!(report["all"]["commissionPaid"], "4.5");
}

#[test]
fn a_spreadsheet_may_count_its_days_from_1904() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Stocks");
    let imported = import(
        &data,
        "trades",
        &spreadsheet("from-1904.xlsx"),
        &webhook,
        &[],
    );
    // The dates of the first trade are numbers only, those of the second are dates.
    assert_eq!(imported["first"], "2025-03-31T09:30:00Z");
    assert_eq!(imported["last"], "2025-04-01T12:00:00Z");
}

#[test]
fn what_is_sent_again_is_one_order_in_a_file_too() {
    let line = |time: &str, timestamp: Option<&str>| {
        let payload = json!({
            "ticker": "AAPL", "action": "buy", "qty": 1, "marketPrice": 100,
            "metadata": { "timestamp": timestamp, "signal": "In" },
        });
        json!({ "time": time, "payload": payload }).to_string() + "\n"
    };
    let stamp = Some("2026-01-05T14:30:00Z");
    for (second, timestamp, expected) in [
        ("00.350", stamp, 2), // two fills of one bar
        ("02", stamp, 2),
        ("03", stamp, 1),
        ("05", stamp, 1),
        ("59", stamp, 1),
        ("05", None, 2), // two orders: nothing tells that they are one
    ] {
        let data = DataDir::new();
        let webhook = data.create_webhook("Strategy");
        let again = format!("2026-01-05T14:30:{second}Z");
        let both = line("2026-01-05T14:30:00Z", timestamp) + &line(&again, timestamp);
        let path = file(&data, "history.jsonl", both);
        for (new, known) in [(expected, 2 - expected), (0, 2)] {
            let imported = import(&data, "alerts", &path, &webhook, &[]);
            let counts = (&imported["new"], &imported["known"]);
            assert_eq!(
                counts,
                (&json!(new), &json!(known)),
                "{again} {timestamp:?}"
            );
        }
        assert_eq!(data.orders().len(), expected);
    }
    // The first was lost on its way, the second was recorded.
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let second = line("2026-01-05T14:30:05Z", stamp);
    let recorded = file(&data, "recorded.jsonl", &second);
    assert_eq!(import(&data, "alerts", &recorded, &webhook, &[])["new"], 1);
    let both = file(
        &data,
        "both.jsonl",
        line("2026-01-05T14:30:00Z", stamp) + &second,
    );
    assert_eq!(import(&data, "alerts", &both, &webhook, &[])["new"], 0);
}

#[test]
fn a_list_that_leaves_something_to_the_settings_is_another_after_they_change() {
    let server = Server::start();
    let webhook = server.create_webhook("Backtest");
    let token = server.data.create_token();
    let list = "Trade #,Type,Date/Time,Price,Contracts,Profit\n\
        1,Entry long,2026-01-05 10:00,100,1,\n1,Exit long,2026-01-05 11:00,110,1,500\n";
    let path = file(&server.data, "list.csv", list);
    let currency_of_import = || {
        let imported = import(&server.data, "trades", &path, &webhook, &[]);
        (imported["currency"].clone(), imported["isKnown"].clone())
    };
    assert_eq!(currency_of_import(), (json!("USD"), json!(false)));
    assert_eq!(currency_of_import(), (json!("USD"), json!(true)));
    let settings = json!({ "settings": { "currency": "EUR", "pointValue": "50" } });
    let address = format!("/webhooks/{}", webhook.id);
    let changed = server.api(&token, "PATCH", &address, Some(settings));
    changed.expect(200);
    assert_eq!(currency_of_import(), (json!("EUR"), json!(false)));
    assert_eq!(currency_of_import(), (json!("EUR"), json!(true)));
    let report = &server
        .data
        .json(&["report", &webhook.id, "--backtest", "--json"])["reports"];
    assert_eq!(report.as_array().unwrap().len(), 1);
    assert_eq!(report[0]["currency"], "EUR");
    assert_eq!(report[0]["all"]["avgTradePercent"], 10.0);
}

/// A buy as a line of a file, with the time of its bar.
fn buy_at(time: &str) -> String {
    let payload = json!({
        "ticker": "AAPL", "action": "buy", "qty": 1, "marketPrice": 100,
        "metadata": { "timestamp": "2026-01-05T14:30:00Z" },
    });
    json!({ "time": time, "payload": payload }).to_string() + "\n"
}

#[test]
fn another_fill_of_the_bar_is_missing_where_the_first_arrived_late() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    // One got through when it was sent again after five seconds, the other never.
    let late = file(&data, "late.jsonl", buy_at("2026-01-05T14:30:05Z"));
    assert_eq!(import(&data, "alerts", &late, &webhook, &[])["new"], 1);
    let both = buy_at("2026-01-05T14:30:00Z").repeat(2);
    let log = file(&data, "log.jsonl", both);
    for (new, known) in [(1, 1), (0, 2)] {
        let imported = import(&data, "alerts", &log, &webhook, &[]);
        let counts = (&imported["new"], &imported["known"]);
        assert_eq!(counts, (&json!(new), &json!(known)));
    }
}

#[test]
fn nothing_is_a_resend_where_the_window_is_shorter_than_a_bar_s_fills() {
    let server = Server::start();
    let token = server.data.create_token();
    let webhook = server.data.create_webhook("Strategy");
    let both = buy_at("2026-01-05T14:30:00Z") + &buy_at("2026-01-05T14:30:05Z");
    let path = file(&server.data, "both.jsonl", both);
    for seconds in [1, 2] {
        let settings = json!({ "settings": { "duplicateWindow": seconds } });
        let address = format!("/webhooks/{}", webhook.id);
        let changed = server.api(&token, "PATCH", &address, Some(settings));
        changed.expect(200);
        let found = import(&server.data, "alerts", &path, &webhook, &["--dry-run"]);
        assert_eq!(found["new"], 2, "{seconds}");
    }
}

#[test]
fn alerts_come_between_those_of_a_large_file() {
    let server = Server::start();
    let history = server.create_webhook("History");
    let live: Vec<Webhook> = (1..=8)
        .map(|number| server.create_webhook(&format!("Live {number}")))
        .collect();
    let token = server.data.create_token();
    let lines = (0..10_000).map(|minute: i64| {
        let time = jiff::Timestamp::from_second(1_700_000_000 + minute * 60).unwrap();
        let alert = json!({ "ticker": format!("T{}", minute % 100), "action": "buy", "qty": 1, "marketPrice": 100 });
        json!({ "time": time, "payload": alert }).to_string()
    });
    let file = lines.collect::<Vec<_>>().join("\n");
    let path = format!("/api/v1/imports?webhook={}&kind=alerts", history.id);
    let url = format!("http://{}{path}", server.address());
    let import = std::thread::spawn(move || {
        let answer = support::agent()
            .post(url)
            .header("authorization", format!("Bearer {token}"))
            .send(file.as_bytes())
            .unwrap();
        assert_eq!(answer.status().as_u16(), 200);
    });
    // As many as the limit of all of them lets in; the first may come before the file. On a
    // machine with much other work one may wait too long, and is refused.
    let (mut sent, mut stored) = (0, 0);
    while !import.is_finished() && sent < 200 {
        let to = &live[sent % live.len()];
        let alert = to.alert(&json!({ "positionDirection": "entryLong", "marketPrice": 1 + sent }));
        let status = server.deliver(to, &alert).status;
        assert!(matches!(status, 200 | 503), "{status}");
        stored += usize::from(status == 200);
        sent += 1;
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    import.join().unwrap();
    let database = rusqlite::Connection::open(server.data.database()).unwrap();
    let of = |webhook: &Webhook| -> Vec<i64> {
        let mut select = database
            .prepare(
                "SELECT e.id FROM events e JOIN webhooks w ON w.id = e.webhook_id
                 WHERE w.public_id = ?1 ORDER BY e.id",
            )
            .unwrap();
        let found = select.query_map([&webhook.id], |row| row.get(0)).unwrap();
        found.map(Result::unwrap).collect()
    };
    let imported = of(&history);
    let live: Vec<i64> = live.iter().flat_map(of).collect();
    assert_eq!(imported.len(), 10_000);
    assert_eq!(live.len(), stored);
    let is_between = |event: &i64| imported[0] < *event && *event < imported[imported.len() - 1];
    assert!(live.iter().any(is_between), "{live:?}");
}
