//! The numbers of a report through the real binary: the money that percentages are of, what
//! open lots cost and gain, what holding would have made, and how sure each number is.

use crate::support::{DataDir, Server, Webhook};
use serde_json::{Value, json};

/// Brings in alerts: time, ticker, action (or `positionDirection`), quantity, price.
fn import(data: &DataDir, webhook: &Webhook, alerts: &[(&str, &str, &str, u32, &str)]) {
    let alerts = alerts.iter().map(|(time, ticker, action, qty, price)| {
        let side = match *action {
            "buy" | "sell" => "action",
            _ => "positionDirection",
        };
        let alert = json!({ "ticker": ticker, side: action, "qty": qty, "marketPrice": price });
        (*time, alert)
    });
    data.import_alerts(webhook, alerts);
}

fn set(server: &Server, token: &str, webhook: &Webhook, settings: &Value) {
    let path = format!("/webhooks/{}", webhook.id);
    let body = json!({ "settings": settings });
    server.api(token, "PATCH", &path, Some(body)).expect(200);
}

fn report(data: &DataDir, more: &[&str]) -> Value {
    data.json(&[&["report", "--json"], more].concat())["reports"][0].clone()
}

fn near(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!(
        (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
        "{found} is not {expected}"
    );
}

/// January gains 90,000 in A, February loses 5,000 in A and 900 in B, March gains 1,000 in A.
const QUARTER: &[(&str, &str, &str, u32, &str)] = &[
    ("2026-01-05T10:00:00Z", "A", "buy", 100, "100"),
    ("2026-01-05T15:00:00Z", "A", "sell", 100, "1000"),
    ("2026-02-05T10:00:00Z", "A", "buy", 10, "1000"),
    ("2026-02-06T15:00:00Z", "A", "sell", 10, "500"),
    ("2026-02-09T10:00:00Z", "B", "sell", 9, "100"),
    ("2026-02-09T15:00:00Z", "B", "buy", 9, "200"),
    ("2026-03-05T10:00:00Z", "A", "buy", 10, "500"),
    ("2026-03-09T15:00:00Z", "A", "sell", 10, "600"),
];

#[test]
fn a_range_does_not_restart_the_account() {
    let server = Server::start();
    let (data, token) = (&server.data, server.data.create_token());
    let webhook = server.create_webhook("Strategy");
    import(data, &webhook, QUARTER);

    let of_a = report(data, &["--from", "2026-02-01", "--ticker", "A"]);
    assert_eq!(
        (&of_a["base"], &of_a["capital"]),
        (&json!("equity"), &json!("100000"))
    );
    assert_eq!(of_a["initialCapital"], "10000");
    assert_eq!(of_a["series"]["equity"][0]["equity"], "100000");
    near(&of_a["series"]["monthlyReturns"][0]["percent"], -5.0);
    near(&of_a["all"]["maxDrawdownPercent"], 5.0);
    near(&of_a["all"]["netProfitPercent"], -4.0);

    // Whatever the range, ticker or column, the months are those of the report of all time.
    for ticker in [&[][..], &["--ticker", "A"], &["--ticker", "B"]] {
        let months = |range: &[&str]| {
            let found = report(data, &[ticker, range].concat());
            let months = found["series"]["monthlyReturns"]
                .as_array()
                .unwrap()
                .clone();
            let of = |month: &Value| (month["month"].clone(), month["percent"].clone());
            months.iter().map(of).collect::<Vec<_>>()
        };
        let whole = months(&[]);
        for month in months(&["--from", "2026-02-01", "--to", "2026-03-01"]) {
            assert!(whole.contains(&month), "{ticker:?}: {month:?} of {whole:?}");
        }
    }

    let restarted = report(
        data,
        &[
            "--from",
            "2026-02-01",
            "--ticker",
            "A",
            "--base",
            "initialCapital",
        ],
    );
    assert_eq!(
        (&restarted["base"], &restarted["capital"]),
        (&json!("initialCapital"), &json!("10000"))
    );
    near(&restarted["all"]["netProfitPercent"], -40.0);
    near(&restarted["all"]["maxDrawdownPercent"], 50.0);

    let get = |path: &str| server.api(&token, "GET", path, None).expect(200).json();
    let asked = "from=2026-02-01&ticker=A";
    assert_eq!(get(&format!("/performance?{asked}"))["reports"][0], of_a);
    let other = get(&format!("/performance?{asked}&base=initialCapital"));
    assert_eq!(other["reports"][0], restarted);
    let drawn = |base: &str| {
        get(&format!(
            "/performance/monte-carlo?resamples=10&{asked}{base}"
        ))["bands"][0]["p50"]
            .clone()
    };
    assert_eq!(drawn(""), "100000");
    assert_eq!(drawn("&base=initialCapital"), "10000");

    let text = |more: &[&str]| data.text(&[&["report", "--from", "2026-02-01"], more].concat());
    let first = "Closed trades in USD, from 100000.00 of equity on 2026-02-01\n";
    assert!(text(&["--ticker", "A"]).starts_with(first));
    let as_if = "from 10000.00 of initial capital, as if the account had started on 2026-02-01";
    assert!(text(&["--base", "initialCapital"]).contains(as_if));
}

#[test]
fn a_backtest_carries_its_own_equity() {
    let server = Server::start();
    let data = &server.data;
    let webhook = server.create_webhook("Strategy");
    let list = "Trade #,Type,Date and time,Signal,Price USD,Position size (qty),Position size (value),Net P&L USD,Net P&L %,Run-up USD,Run-up %,Drawdown USD,Drawdown %,Cumulative P&L USD,Cumulative P&L %
1,Exit long,2026-01-06 10:00,Out,1000,100,10000,90000,900,0,0,0,0,90000,900
1,Entry long,2026-01-05 10:00,In,100,100,10000,90000,900,0,0,0,0,90000,900
2,Exit long,2026-02-06 10:00,Out,500,10,10000,-5000,-50,0,0,0,0,85000,850
2,Entry long,2026-02-05 10:00,In,1000,10,10000,-5000,-50,0,0,0,0,85000,850
";
    let path = data.database().with_file_name("A.csv");
    std::fs::write(&path, list).unwrap();
    let path = path.to_str().unwrap();
    data.text(&[
        "import",
        "trades",
        path,
        "--webhook",
        &webhook.id,
        "--ticker",
        "A",
    ]);
    let found = report(data, &["--backtest", "--from", "2026-02-01"]);
    assert_eq!(found["capital"], "100000");
    near(&found["all"]["netProfitPercent"], -5.0);
    assert_eq!(found["all"]["totalTrades"], 1);
    // A list has no price of its own between two trades.
    let past = report(data, &["--backtest", "--to", "2026-02-06"]);
    assert_eq!(past["all"]["openProfit"], Value::Null);
}

/// Two units bought at 100 and at 110; one sold at 120, the other at 150 a month later.
const TWO_LOTS: &[(&str, &str, &str, u32, &str)] = &[
    ("2026-01-05T10:00:00Z", "A", "buy", 1, "100"),
    ("2026-01-06T10:00:00Z", "A", "buy", 2, "110"),
    ("2026-01-20T10:00:00Z", "A", "sell", 2, "120"),
    ("2026-02-10T10:00:00Z", "A", "sell", 1, "150"),
];

#[test]
fn what_is_open_is_that_of_the_range_s_end() {
    let server = Server::start();
    let (data, token) = (&server.data, server.data.create_token());
    let webhook = server.create_webhook("Strategy");
    let per_order = json!({ "commission": { "kind": "perOrder", "value": "2" } });
    set(&server, &token, &webhook, &per_order);
    import(data, &webhook, &TWO_LOTS[..3]);

    // 20 - 2 - 1 and 10 - 1 - 1 closed, 1 of the second entry still open.
    let now = report(data, &[]);
    assert_eq!(now["all"]["netProfit"], "24");
    assert_eq!(now["all"]["grossLoss"], "1");
    assert_eq!(now["all"]["commissionPaid"], "6");
    assert_eq!(now["all"]["openProfit"], "10");
    let token_report = server
        .api(&token, "GET", "/overview", None)
        .expect(200)
        .json();
    assert_eq!(token_report["webhooks"][0]["netProfit"], "24");
    assert_eq!(token_report["webhooks"][0]["openProfit"], "10");

    import(data, &webhook, &TWO_LOTS[3..]);
    let january = report(data, &["--to", "2026-02-01"]);
    for figure in ["netProfit", "grossLoss", "commissionPaid", "openProfit"] {
        assert_eq!(january["all"][figure], now["all"][figure], "{figure}");
    }
    // All three were open on the 7th, and the price was 110 then.
    let early = report(data, &["--to", "2026-01-07"]);
    assert_eq!(early["all"]["openProfit"], "10");
    assert_eq!(early["all"]["netProfit"], "-4");
    let whole = report(data, &[]);
    assert_eq!(whole["all"]["openProfit"], "0");
    // 20 - 3, 10 - 2 and 40 - 3.
    assert_eq!(whole["all"]["netProfit"], "62");
    // The returns divide by what entering cost, too: the first entry 100 + 2, the others 110 + 1.
    let returns = [17.0 / 102.0, 8.0 / 111.0, 37.0 / 111.0];
    near(
        &whole["all"]["avgTradePercent"],
        100.0 * returns.iter().sum::<f64>() / 3.0,
    );
}

#[test]
fn holding_begins_with_the_first_entry_that_filled() {
    let server = Server::start();
    let data = &server.data;
    let webhook = server.create_webhook("Strategy");
    import(
        data,
        &webhook,
        &[
            // Closes nothing: bought nothing either.
            ("2026-01-02T10:00:00Z", "A", "exitLong", 1, "50"),
            ("2026-01-05T10:00:00Z", "A", "buy", 1, "100"),
            ("2026-01-06T10:00:00Z", "A", "sell", 1, "90"),
            ("2026-01-09T10:00:00Z", "A", "exitLong", 1, "125"),
        ],
    );
    let found = report(data, &[]);
    near(&found["all"]["buyAndHoldReturn"], 25.0);
    assert_eq!(found["all"]["buyAndHold"], "2500");
    assert_eq!(found["all"]["outperformance"], "-2510");
    let curve = found["series"]["buyAndHold"].as_array().unwrap();
    let equity: Vec<&Value> = curve.iter().map(|point| &point["equity"]).collect();
    assert_eq!(equity, ["10000", "9000", "12500"]);

    // An open lot was entered, too.
    let other = server.create_webhook("Other");
    import(
        data,
        &other,
        &[
            ("2026-01-05T10:00:00Z", "B", "buy", 1, "200"),
            ("2026-01-06T10:00:00Z", "B", "exitShort", 1, "220"),
        ],
    );
    near(&report(data, &[&other.id])["all"]["buyAndHoldReturn"], 10.0);
}

#[test]
fn holding_is_by_the_contract_of_what_is_held() {
    let server = Server::start();
    let (data, token) = (&server.data, server.data.create_token());
    let webhook = server.create_webhook("Both");
    set(
        &server,
        &token,
        &webhook,
        &json!({ "contracts": { "BTCUSD": "inverse" } }),
    );
    import(
        data,
        &webhook,
        &[
            ("2026-01-05T10:00:00Z", "AAPL", "buy", 1, "100"),
            ("2026-01-06T10:00:00Z", "BTCUSD", "buy", 10_000, "50000"),
            ("2026-01-07T10:00:00Z", "BTCUSD", "sell", 10_000, "60000"),
            ("2026-01-09T10:00:00Z", "AAPL", "exitShort", 1, "125"),
        ],
    );
    near(&report(data, &[])["all"]["buyAndHoldReturn"], 25.0);
}

#[test]
fn open_fills_are_worth_the_newest_price_of_a_fill_or_an_alert() {
    let server = Server::start();
    let data = &server.data;
    let webhook = server.create_webhook("Filled");
    import(
        data,
        &webhook,
        &[
            ("2026-01-05T10:00:00Z", "AAPL", "buy", 2, "100"),
            ("2026-01-12T10:00:00Z", "AAPL", "exitShort", 1, "130"),
        ],
    );
    let fills = "time,symbol,side,qty,price\n\
        2026-01-05T10:00:01Z,AAPL,buy,2,100.5\n\
        2026-01-09T10:00:01Z,AAPL,sell,1,150\n";
    let path = data.database().with_file_name("fills.csv");
    std::fs::write(&path, fills).unwrap();
    let path = path.to_str().unwrap();
    data.text(&["import", "fills", path, "--webhook", &webhook.id]);
    for (until, expected) in [
        (None, "29.5"),
        (Some("2026-01-20"), "29.5"),
        (Some("2026-01-10"), "49.5"),
        (Some("2026-01-08"), "0"),
    ] {
        let mut asked = vec!["--fills"];
        asked.extend(until.map(|until| ["--to", until]).into_iter().flatten());
        assert_eq!(
            report(data, &asked)["all"]["openProfit"],
            expected,
            "{until:?}"
        );
    }
}

#[test]
fn few_trades_say_so_and_every_headline_number_has_its_interval() {
    let server = Server::start();
    let (data, token) = (&server.data, server.data.create_token());
    let webhook = server.create_webhook("Strategy");
    let prices = ["100", "110", "108", "120", "119", "130"];
    let times: Vec<[String; 2]> = (5..10)
        .map(|day| ["10", "15"].map(|hour| format!("2026-01-{day:02}T{hour}:00:00Z")))
        .collect();
    let alerts: Vec<(&str, &str, &str, u32, &str)> = times
        .iter()
        .zip(prices.windows(2))
        .flat_map(|([entry, exit], prices)| {
            [
                (entry.as_str(), "A", "buy", 10, prices[0]),
                (exit.as_str(), "A", "sell", 10, prices[1]),
            ]
        })
        .collect();
    import(data, &webhook, &alerts);
    let all = report(data, &[])["all"].clone();
    assert!(all["sharpeAnnualized"].is_number());
    assert_eq!(all["sharpeReturns"], "daily");
    for (figure, method) in [
        ("percentProfitable", "wilson"),
        ("profitFactor", "bca"),
        ("payoffRatio", "bca"),
        ("avgTrade", "bca"),
        ("expectancy", "bca"),
        ("kellyPercent", "bca"),
        ("sharpe", "lo2002"),
        ("sortino", "bca"),
        ("sharpeAnnualized", "lo2002"),
        ("sortinoAnnualized", "bca"),
    ] {
        let interval = &all["intervals"][figure];
        assert_eq!(interval["n"], 5, "{figure}");
        assert_eq!(interval["method"], method, "{figure}");
    }
    // One resample in thirteen has no loss, and so no bound.
    assert_eq!(all["intervals"]["profitFactor"]["high"], Value::Null);
    let text = data.text(&["report"]);
    assert!(
        text.contains("Of 5 closed trades only: these numbers say little yet."),
        "{text}"
    );
    let line = |title: &str| {
        text.lines()
            .find(|line| line.starts_with(title))
            .unwrap()
            .to_owned()
    };
    assert!(
        line("Percent profitable").ends_with("23.07 to 88.24 (5 trades)"),
        "{text}"
    );
    assert!(
        line("Sharpe ratio, of daily returns").ends_with("(5 days)"),
        "{text}"
    );
    assert!(
        line("Max. drawdown, closed-trade").contains("20.00"),
        "{text}"
    );

    set(&server, &token, &webhook, &json!({ "currency": "JPY" }));
    let yen = data.text(&["report"]);
    let net = yen
        .lines()
        .find(|line| line.starts_with("Net profit "))
        .unwrap();
    assert!(net.contains(" 300 ") && !net.contains('.'), "{net}");
}

#[test]
fn the_range_of_cagr_begins_with_a_position_that_is_still_open() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let alerts = [
        ("2025-01-01T10:00:00Z", "A", "entryLong", 1, "10"),
        ("2025-07-01T10:00:00Z", "B", "entryLong", 1, "100"),
        ("2025-12-31T10:00:00Z", "B", "exitLong", 1, "1100"),
    ];
    import(&data, &webhook, &alerts);
    let report = data.json(&["report", &webhook.id, "--json"]);
    // 10 % in 364 days.
    let expected = 100.0 * (1.1_f64.powf(365.0 / 364.0) - 1.0);
    near(&report["reports"][0]["all"]["cagr"], expected);
}
