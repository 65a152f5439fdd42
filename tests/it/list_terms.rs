//! What the numbers of an imported list mean: taken from the list, shown, changed by its
//! owner, kept with the backtest and held against the webhook's settings.

use std::path::Path;

use crate::support::files::{self, file, refused};
use crate::support::{DataDir, Server, Webhook};
use serde_json::{Value, json};

/// A futures strategy: capital 500,000, 20 a point, 2 a contract.
const NQ: &str = "Trade number,Type,Date and time,Signal,Price USD,Size (qty),Size (value),Net PnL USD,Return %,Commission USD,Favorable excursion USD,Favorable excursion %,Adverse excursion USD,Adverse excursion %,Cumulative PnL USD,Cumulative PnL %,Duration (bars)
1,Entry long,2026-01-05 10:00,L,20000,1,400000,1996,0.5,4,2100,0.5,-300,-0.1,1996,0.4,6
1,Exit long,2026-01-05 11:00,X,20100,1,400000,1996,0.5,4,2100,0.5,-300,-0.1,1996,0.4,6
2,Entry long,2026-02-06 10:00,L,20100,1,402000,-1004,-0.25,4,100,0,-1100,-0.3,992,0.2,2
2,Exit long,2026-02-06 11:00,X,20050,1,402000,-1004,-0.25,4,100,0,-1100,-0.3,992,0.2,2
3,Entry long,2026-04-07 10:00,L,20050,1,401000,3996,1.0,4,4400,1.1,-100,0,4988,1.0,4
3,Exit long,2026-04-07 11:00,X,20250,1,401000,3996,1.0,4,4400,1.1,-100,0,4988,1.0,4
";

fn import(data: &DataDir, path: &Path, webhook: &Webhook, more: &[&str]) -> Value {
    files::import(data, "trades", path, webhook, more)
}

fn report(data: &DataDir, webhook: &Webhook, more: &[&str]) -> Value {
    let mut arguments = vec!["report", &webhook.id, "--json"];
    arguments.extend(more);
    data.json(&arguments)
}

#[test]
fn a_list_brings_its_capital_point_value_and_commission() {
    let data = DataDir::new();
    let webhook = data.create_webhook("NQ");
    let path = file(&data, "nq.csv", NQ);
    let imported = import(&data, &path, &webhook, &["--ticker", "CME_MINI:NQ1!"]);
    let terms = &imported["terms"];
    assert_eq!(terms["initialCapital"]["value"], "500000");
    assert_eq!(terms["initialCapital"]["source"], "rows");
    assert_eq!(terms["pointValue"]["value"], "20");
    assert_eq!(
        terms["commission"]["value"],
        json!({ "kind": "perContract", "value": "2" })
    );
    let made = report(&data, &webhook, &["--backtest"]);
    let report = &made["reports"][0];
    assert_eq!(report["initialCapital"], "500000");
    let near = |name: &str, expected: f64| {
        let found = report["all"][name].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-3, "{name}: {found}");
    };
    near("netProfitPercent", 0.9976);
    near("avgTradePercent", 0.4152);
    assert_eq!(report["all"]["commissionPaid"], "12");
    // The same again changes nothing.
    assert_eq!(
        import(&data, &path, &webhook, &["--ticker", "NQ1!"])["isKnown"],
        true
    );
}

#[test]
fn of_commissions_that_fit_the_rows_the_webhook_s_own_is_taken() {
    let server = Server::start();
    let webhook = server.create_webhook("NQ");
    let token = server.data.create_token();
    let per_order = json!({ "kind": "perOrder", "value": "2" });
    let settings = json!({ "settings": { "commission": per_order, "pointValue": "20", "initialCapital": "500000" } });
    let own = format!("/webhooks/{}", webhook.id);
    server
        .api(&token, "PATCH", &own, Some(settings))
        .expect(200);
    let path = file(&server.data, "nq.csv", NQ);
    let imported = import(&server.data, &path, &webhook, &["--ticker", "NQ1!"]);
    let commission = &imported["terms"]["commission"];
    assert_eq!(commission["value"], per_order);
    assert_eq!(commission["rows"]["agreeing"], 3);
    let notes = imported["notes"].to_string();
    let said =
        "the commission was read as 2 per order; by the rows it can be 2 per contract as well";
    assert!(notes.contains(said), "{notes}");
    assert!(!notes.contains("differ"), "{notes}");
}

#[test]
fn the_owner_can_say_otherwise_and_it_is_kept_with_the_backtest() {
    let data = DataDir::new();
    let webhook = data.create_webhook("NQ");
    let path = file(&data, "nq.csv", NQ);
    let named = ["--ticker", "NQ1!"];
    import(&data, &path, &webhook, &named);
    let said = [
        &named[..],
        &[
            "--initial-capital",
            "100000",
            "--point-value",
            "20",
            "--commission",
            "2 per order",
            "--currency",
            "eur",
        ],
    ]
    .concat();
    let imported = import(&data, &path, &webhook, &said);
    assert_eq!(imported["isKnown"], false, "{imported}");
    assert_eq!(imported["replaced"][0]["trades"], 3);
    assert_eq!(imported["currency"], "EUR");
    assert_eq!(imported["terms"]["initialCapital"]["source"], "owner");
    let notes = imported["notes"].to_string();
    assert!(
        notes.contains("you say that the initial capital is 100000, its rows say 500000"),
        "{notes}"
    );
    let made = report(&data, &webhook, &["--backtest"]);
    assert_eq!(made["reports"][0]["initialCapital"], "100000");
    assert_eq!(made["reports"][0]["currency"], "EUR");
    // The webhook has its own still.
    let shown = data.json(&["webhook", "show", &webhook.id, "--json"]);
    assert_eq!(shown["settings"]["initialCapital"], "10000");
    for (flag, value) in [
        ("--initial-capital", "-5"),
        ("--point-value", "0"),
        ("--commission", "2"),
        ("--currency", "U$"),
    ] {
        let error = refused(&data, "trades", &path, &webhook, &[flag, value]);
        assert!(
            error.contains(value) && error.contains("must be"),
            "{error}"
        );
    }
}

#[test]
fn where_the_settings_differ_import_and_reports_say_so() {
    let data = DataDir::new();
    let webhook = data.create_webhook("NQ");
    let path = file(&data, "nq.csv", NQ);
    let imported = import(&data, &path, &webhook, &["--ticker", "NQ1!"]);
    let difference =
        "a contract of the list gains 20 a point, the settings' point value for NQ1! is 1";
    for said in [
        imported["notes"].to_string(),
        report(&data, &webhook, &[])["notes"].to_string(),
        report(&data, &webhook, &["--backtest"])["notes"].to_string(),
        data.text(&["report", &webhook.id, "--backtest"]),
        data.text(&["report", &webhook.id]),
    ] {
        assert!(said.contains(difference), "{said}");
    }
}

#[test]
fn a_hole_in_a_list_is_said_and_the_list_is_taken() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Holes");
    let lines: Vec<&str> = NQ.lines().collect();
    let list = [&lines[..3], &lines[5..]].concat().join("\n") + "\n";
    let path = file(&data, "holes.csv", &list);
    let imported = import(&data, &path, &webhook, &["--ticker", "NQ1!"]);
    assert_eq!(imported["trades"], 2);
    let notes = imported["notes"].to_string();
    assert!(notes.contains("trade 2 of 3 is missing"), "{notes}");
    assert!(
        notes.contains("adds up to 5992, its last cumulative profit is 4988"),
        "{notes}"
    );
}

#[test]
fn excursions_and_bars_are_kept_and_shown() {
    let server = Server::start();
    let webhook = server.create_webhook("NQ");
    let token = server.data.create_token();
    let path = file(&server.data, "nq.csv", NQ);
    import(&server.data, &path, &webhook, &["--ticker", "NQ1!"]);
    let trades = server
        .api(&token, "GET", "/trades?source=backtest", None)
        .expect(200)
        .json();
    let last = &trades["items"][0];
    assert_eq!(last["favorableExcursion"], "4400");
    assert_eq!(last["adverseExcursion"], "-100");
    assert_eq!(last["bars"], 4);
    let asked = format!("/backtests?webhook={}", webhook.id);
    let kept = server.api(&token, "GET", &asked, None).expect(200).json();
    let kept = &kept["items"][0];
    assert_eq!(kept["excursions"]["all"]["averageFavorable"], "2200");
    assert_eq!(kept["excursions"]["all"]["averageAdverse"], "-500");
    assert_eq!(kept["excursions"]["all"]["averageBars"], "4");
    assert_eq!(kept["excursions"]["short"]["averageBars"], Value::Null);
    assert_eq!(kept["terms"]["pointValue"]["value"], "20");
    let shown = server.data.text(&["report", &webhook.id, "--backtest"]);
    assert!(
        shown.contains("Mean favorable excursion (MFE)   2200"),
        "{shown}"
    );
}

#[test]
fn tradingview_s_own_report_stands_beside_ours() {
    let server = Server::start();
    let webhook = server.create_webhook("Report");
    let token = server.data.create_token();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/imports/report.xlsx");
    import(&server.data, &path, &webhook, &[]);
    let asked = format!(
        "/backtests/comparison?webhook={}&ticker=CME_MINI:NQ1!",
        webhook.id
    );
    let rows = server.api(&token, "GET", &asked, None).expect(200).json();
    let row = |name: &str, is_percent: bool| {
        let rows = rows["items"].as_array().unwrap();
        let found = rows
            .iter()
            .find(|row| row["name"] == name && row["isPercent"] == is_percent);
        let found = found.unwrap_or_else(|| panic!("{name} in {rows:#?}"));
        (found["theirs"]["all"].clone(), found["ours"]["all"].clone())
    };
    assert_eq!(row("Net profit", false), (json!("992"), json!("992")));
    assert_eq!(row("Commission paid", false), (json!("8"), json!("8")));
    assert_eq!(row("Total trades", false), (json!("2"), json!("2")));
    assert_eq!(
        row("Percent profitable", true),
        (json!("50"), json!("50.0"))
    );
    assert_eq!(
        row("Max equity drawdown", false),
        (json!("1100"), Value::Null)
    );
    let shown = server.data.text(&["report", &webhook.id, "--backtest"]);
    assert!(shown.contains("TRADINGVIEW SAYS"), "{shown}");
}

#[test]
fn a_commission_without_its_unit_gets_it_from_the_rows() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Report");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/imports/report.xlsx");
    let imported = import(&data, &path, &webhook, &[]);
    assert_eq!(
        imported["terms"]["commission"]["value"],
        json!({ "kind": "perContract", "value": "2" })
    );
    assert_eq!(imported["terms"]["commission"]["source"], "properties");
    let report = &report(&data, &webhook, &["--backtest"])["reports"][0];
    assert_eq!(report["all"]["commissionPaid"], "8");
    assert_eq!(report["all"]["netProfit"], "992");
}

#[test]
fn prices_below_zero_and_quantities_of_small_coins_are_taken() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Oil");
    let header = "Trade #,Type,Date/Time,Signal,Price USD,Position size (qty),Net P&L USD\n";
    let oil = format!(
        "{header}1,Entry short,2020-04-20 14:00,S,1.50,1,39130\n1,Exit short,2020-04-20 14:30,X,-37.63,1,39130\n"
    );
    let imported = import(
        &data,
        &file(&data, "oil.csv", &oil),
        &webhook,
        &["--ticker", "CL1!"],
    );
    assert_eq!(imported["netProfit"], "39130");
    assert_eq!(imported["terms"]["pointValue"]["value"], "1000");
    let coin = format!(
        "{header}1,Entry long,2025-01-13 10:00,L,0.000000001,1000000000000000,1000\n1,Exit long,2025-01-13 11:00,X,0.000000001001,1000000000000000,1000\n"
    );
    let imported = import(
        &data,
        &file(&data, "coin.csv", &coin),
        &webhook,
        &["--ticker", "BABYDOGEUSDT"],
    );
    assert_eq!(imported["terms"]["pointValue"]["value"], "1");
}
