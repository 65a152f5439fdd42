//! Reports through the real binary: which trades are in one, and what it says of
//! those that are not.

use crate::support::{DataDir, Server, Webhook};
use serde_json::{Value, json};

/// Brings in alerts at times of their own: time, `positionDirection`, price.
fn import(data: &DataDir, webhook: &Webhook, ticker: &str, alerts: &[(&str, &str, &str)]) {
    let alerts = alerts.iter().map(|(time, direction, price)| {
        let alert = json!({
            "ticker": ticker, "positionDirection": direction, "qty": 1, "marketPrice": price,
        });
        (*time, alert)
    });
    data.import_alerts(webhook, alerts);
}

/// Brings in a list of trades of one, or of none, as a backtest of a ticker.
fn import_backtest(data: &DataDir, webhook: &Webhook, ticker: &str, has_trade: bool) {
    let mut list = "Trade #,Type,Date and time,Signal,Price USD,Position size (qty),Position size (value),Net P&L USD,Net P&L %,Run-up USD,Run-up %,Drawdown USD,Drawdown %,Cumulative P&L USD,Cumulative P&L %\n".to_owned();
    if has_trade {
        list += "1,Exit long,2026-01-06 10:00,Out,110,1,100,10,10,0,0,0,0,10,\n";
        list += "1,Entry long,2026-01-05 10:00,In,100,1,100,10,10,0,0,0,0,10,\n";
    }
    let path = data.database().with_file_name(format!("{ticker}.csv"));
    std::fs::write(&path, list).unwrap();
    let path = path.to_str().unwrap();
    let arguments = ["import", "trades", path, "--webhook", &webhook.id];
    data.text(&[&arguments[..], &["--ticker", ticker]].concat());
}

/// A trade that closes on 31 January in New York, on 1 February in UTC.
const LATE_IN_JANUARY: &[(&str, &str, &str)] = &[
    ("2026-01-30T15:00:00Z", "entryLong", "100"),
    ("2026-02-01T03:00:00Z", "exitLong", "107"),
];

#[test]
fn a_day_is_one_of_the_report_s_zone() {
    let server = Server::start();
    let (data, token) = (&server.data, server.data.create_token());
    let webhook = server.create_webhook("New York");
    let path = format!("/webhooks/{}", webhook.id);
    let zone = json!({ "settings": { "timeZone": "America/New_York" } });
    server.api(&token, "PATCH", &path, Some(zone)).expect(200);
    import(data, &webhook, "AAPL", LATE_IN_JANUARY);

    for (range, expected) in [
        ("from=2026-02-01", 0),
        ("to=2026-02-01", 1),
        ("from=2026-01-31&to=2026-02-01", 1),
        ("from=2026-02-01&timeZone=UTC", 1),
        ("from=2026-02-01T00:00:00Z", 1),
        ("from=2026-02-01T03:00:01Z", 0),
    ] {
        let answer = server.api(&token, "GET", &format!("/performance?{range}"), None);
        let report = &answer.expect(200).json()["reports"][0];
        assert_eq!(report["all"]["totalTrades"], expected, "{range}");

        let arguments: Vec<String> = range
            .split('&')
            .map(|part| format!("--{}", part.replace("timeZone", "time-zone")))
            .collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let printed = data.json(&[&["report", "--json"], &arguments[..]].concat());
        assert_eq!(&printed["reports"][0], report, "{range}");

        let path = format!("/performance/monte-carlo?resamples=10&{range}");
        let drawn = server.api(&token, "GET", &path, None);
        drawn.expect(if expected > 0 { 200 } else { 422 });

        if !range.contains("timeZone") {
            let listed = server.api(&token, "GET", &format!("/trades?{range}"), None);
            let listed = listed.expect(200).json()["items"].clone();
            assert_eq!(listed.as_array().unwrap().len(), expected, "{range}");
            let export = server.api(&token, "GET", &format!("/export/trades.csv?{range}"), None);
            assert_eq!(export.expect(200).text.lines().count(), expected + 1);
        }
    }
}

#[test]
fn a_range_that_cannot_be_is_refused_with_what_to_write() {
    let server = Server::start();
    let (data, token) = (&server.data, server.data.create_token());
    let format = "write a day like 2026-02-01 or a time like 2026-02-01T14:30:00Z";
    let output = data.run(&["report", "--from", "01/02/2026"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains(format));
    let error = data.error(&["report", "--from", "2026-03-01", "--to", "2026-02-01"]);
    let backwards = "from (2026-03-01) is after to (2026-02-01)";
    assert!(error.contains(backwards), "{error}");

    for path in [
        "performance",
        "performance/monte-carlo",
        "trades",
        "export/trades.csv",
    ] {
        let problem = |query: &str| -> Value {
            let answer = server.api(&token, "GET", &format!("/{path}?{query}"), None);
            answer.expect(400).json()["detail"].clone()
        };
        let detail = problem("from=2026-03-01&to=2026-02-01");
        assert!(detail.as_str().unwrap().contains(backwards), "{detail}");
        let detail = problem("to=2026-02-01T14:30:00");
        assert!(detail.as_str().unwrap().contains(format), "{detail}");
    }
}

#[test]
fn a_report_without_trades_says_what_there_is_instead() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let report = |more: &[&str]| data.text(&[&["report", &webhook.id], more].concat());
    assert_eq!(report(&[]), "No closed trades yet.\n");
    let backtest = format!(
        "Strategy has no backtest; algohook import trades FILE --webhook {}\n",
        webhook.id
    );
    assert_eq!(report(&["--backtest"]), backtest);

    import(&data, &webhook, "AAPL", &LATE_IN_JANUARY[..1]);
    assert_eq!(
        report(&[]),
        "No closed trades yet.\nOpen: long 1 AAPL, open profit 0.00\n"
    );
    import(&data, &webhook, "AAPL", &LATE_IN_JANUARY[1..]);
    let there_is = "There is 1 of AAPL, closed on 2026-02-01.\n";
    assert_eq!(
        report(&["--ticker", "NOPE"]),
        format!("No closed trades of NOPE.\n{there_is}")
    );
    assert_eq!(
        report(&["--from", "2025-01-01", "--to", "2026-02-01"]),
        format!("No closed trades from 2025-01-01 on and before 2026-02-01.\n{there_is}")
    );
    assert!(report(&[]).contains("Net profit"));

    import_backtest(&data, &webhook, "MSFT", true);
    assert_eq!(
        report(&["--backtest", "--ticker", "NOPE"]),
        "No closed trades of NOPE.\nThere is 1 of MSFT, closed on 2026-01-06.\n"
    );
}

#[test]
fn the_capital_of_a_report_says_whose_it_is() {
    let data = DataDir::new();
    let webhooks = ["One", "Two", "Three"].map(|name| data.create_webhook(name));
    import(&data, &webhooks[0], "AAPL", LATE_IN_JANUARY);
    let first_line = |arguments: &[&str]| {
        let text = data.text(&[&["report"], arguments].concat());
        text.lines().next().unwrap().to_owned()
    };
    assert_eq!(
        first_line(&[]),
        "Closed trades in USD, from 30000.00 of initial capital (3 webhooks)"
    );
    assert_eq!(
        first_line(&[&webhooks[0].id]),
        "Closed trades in USD, from 10000.00 of initial capital"
    );

    // Two lists that do not say their capital share the webhook's; an empty one has none.
    import_backtest(&data, &webhooks[0], "AAPL", true);
    import_backtest(&data, &webhooks[0], "MSFT", true);
    import_backtest(&data, &webhooks[1], "TSLA", false);
    assert_eq!(
        first_line(&["--backtest"]),
        "Closed trades in USD, from 10000.00 of initial capital"
    );
    import_backtest(&data, &webhooks[2], "TSLA", true);
    assert_eq!(
        first_line(&["--backtest"]),
        "Closed trades in USD, from 20000.00 of initial capital (2 webhooks)"
    );
}

#[test]
fn a_report_is_never_older_than_the_alerts_and_tags_it_is_of() {
    let server = Server::start();
    let token = server.data.create_token();
    let (one, two) = (server.create_webhook("One"), server.create_webhook("Two"));
    let get = |path: &str| server.api(&token, "GET", path, None).expect(200).json();
    let trades = |query: &str| {
        let report = get(&format!("/performance?{query}"));
        report["reports"][0]["all"]["totalTrades"].as_u64().unwrap()
    };
    let (of_one, of_two) = (format!("webhook={}", one.id), format!("webhook={}", two.id));
    let of_both = format!("{of_one}&{of_two}");
    let mut expected = [0, 0];
    for turn in [0, 1, 1, 0] {
        let webhook = [&one, &two][turn];
        for direction in ["entryLong", "exitLong"] {
            let alert = webhook.alert(&json!({ "positionDirection": direction, "qty": 1 }));
            server.deliver(webhook, &alert).expect(200);
        }
        expected[turn] += 1;
        assert_eq!([trades(&of_one), trades(&of_two)], expected);
        assert_eq!(trades(&of_both), expected[0] + expected[1]);
        assert_eq!(trades(""), expected[0] + expected[1]);
    }

    let tagged = format!("{of_one}&tag=news");
    assert_eq!(trades(&tagged), 0);
    let trade = get(&format!("/trades?{of_one}"))["items"][0]["id"].clone();
    let path = format!("/trades/{}", trade.as_str().unwrap());
    let tags = |tags: &[&str]| json!({ "tags": tags });
    server
        .api(&token, "PATCH", &path, Some(tags(&["news"])))
        .expect(200);
    assert_eq!(trades(&tagged), 1);
    server
        .api(&token, "PATCH", &path, Some(tags(&[])))
        .expect(200);
    assert_eq!(trades(&tagged), 0);
}

#[test]
fn trades_are_listed_by_the_time_of_their_exit() {
    let server = Server::start();
    let (data, token) = (&server.data, server.data.create_token());
    let webhook = server.create_webhook("Strategy");
    let day = |day: u32, hour: u32| format!("2026-01-{day:02}T{hour:02}:00:00Z");
    // Later days are brought in first: their orders have the smaller numbers.
    let mut expected = Vec::new();
    for from in [11, 1] {
        let times: Vec<[String; 2]> = (from..from + 10).map(|n| [day(n, 9), day(n, 17)]).collect();
        let alerts: Vec<(&str, &str, &str)> = times
            .iter()
            .flat_map(|[entry, exit]| {
                [(&**entry, "entryLong", "100"), (&**exit, "exitLong", "101")]
            })
            .collect();
        import(data, &webhook, "AAPL", &alerts);
        expected.extend(times.into_iter().map(|[_, exit]| exit));
    }
    expected.sort_by(|one, next| next.cmp(one));

    let page = |cursor: &str| {
        let path = format!("/trades?limit=3{cursor}");
        server.api(&token, "GET", &path, None).expect(200).json()
    };
    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = page(&cursor);
        let items = page["items"].as_array().unwrap().clone();
        listed.extend(
            items
                .iter()
                .map(|trade| trade["exitTime"].as_str().unwrap().to_owned()),
        );
        for trade in &items {
            let path = format!("/trades/{}", trade["id"].as_str().unwrap());
            let alone = server.api(&token, "GET", &path, None).expect(200).json();
            assert_eq!(&alone, trade);
            let path = format!("/trades?order={}", trade["entryOrder"].as_str().unwrap());
            let of_order = server.api(&token, "GET", &path, None).expect(200).json();
            assert_eq!(of_order["items"], json!([trade]));
        }
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(listed, expected);

    let export = server
        .api(&token, "GET", "/export/trades.csv", None)
        .expect(200);
    let mut rows = csv::Reader::from_reader(export.text.as_bytes());
    let column = |name: &str, headers: &csv::StringRecord| {
        headers.iter().position(|header| header == name).unwrap()
    };
    let headers = rows.headers().unwrap().clone();
    let (time, currency) = (column("exitTime", &headers), column("currency", &headers));
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let times: Vec<&str> = rows.iter().map(|row| &row[time]).collect();
    assert_eq!(times, expected);
    assert!(rows.iter().all(|row| &row[currency] == "USD"));
}

#[test]
fn trades_of_one_instant_are_counted_as_they_were_paired() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let alert = |time: &str, price: &str, before: u32, after: u32| {
        let side = |size: u32| if size == 0 { "flat" } else { "long" };
        let payload = json!({
            "ticker": "AAPL", "marketPrice": price, "qty": before.abs_diff(after),
            "action": if after > before { "buy" } else { "sell" },
            "marketPosition": side(after), "marketPositionSize": after,
            "prevMarketPosition": side(before), "prevMarketPositionSize": before,
        });
        json!({ "time": time, "payload": payload }).to_string() + "\n"
    };
    let exits = "2026-01-06T15:00:00Z";
    let lines = [
        alert("2026-01-05T15:00:00Z", "100", 0, 2),
        // A gain and then a loss, which arrived the other way round.
        alert(exits, "80", 1, 0),
        alert(exits, "110", 2, 1),
    ];
    let path = data.database().with_file_name("alerts.jsonl");
    std::fs::write(&path, lines.concat()).unwrap();
    let path = path.to_str().unwrap();
    data.text(&["import", "alerts", path, "--webhook", &webhook.id]);

    let report = &data.json(&["report", &webhook.id, "--json"])["reports"][0];
    let equity = report["series"]["equity"].as_array().unwrap().iter();
    let equity: Vec<&Value> = equity.map(|point| &point["equity"]).collect();
    assert_eq!(equity, ["10000", "10010", "9990"]);
    let percent = report["all"]["maxDrawdownPercent"].as_f64().unwrap();
    assert!(
        (percent - 100.0 * 20.0 / 10_010.0).abs() < 1e-9,
        "{percent}"
    );
}

#[test]
fn a_webhook_that_is_named_twice_is_counted_once() {
    let server = Server::start();
    let webhook = server.create_webhook("BTC Strategy");
    let token = server.data.create_token();
    for (direction, price) in [("entryLong", 100), ("exitLong", 110)] {
        let alert = json!({ "positionDirection": direction, "marketPrice": price });
        server.deliver(&webhook, &webhook.alert(&alert)).expect(200);
    }
    let report = |query: String| server.api(&token, "GET", &format!("/performance?{query}"), None);
    let id = &webhook.id;
    let (once, twice) = (
        format!("webhook={id}"),
        format!("webhook={id}&webhook={id}"),
    );
    assert_eq!(report(once).json(), report(twice.clone()).json());
    assert_eq!(
        report(twice).json()["reports"][0]["all"]["netProfit"],
        "1000"
    );
}
