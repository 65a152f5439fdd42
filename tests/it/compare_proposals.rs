//! What a comparison proposes: a shift or a tolerance, with the share that matches when it is
//! applied, and nothing that changes little.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::books::{import_alerts, import_list};
use crate::support::{DataDir, Webhook, tradingview};

const TICKER: &str = "BINANCE:ETHUSDT.P";

/// How alerts differ from their backtest.
#[derive(Clone, Copy)]
struct Differing {
    /// They come later by so much.
    by: SignedDuration,
    /// Their prices are higher by so much.
    dearer: f64,
    /// They trade so many times the quantity.
    times: f64,
    /// They state the position after them, rather than the action alone.
    are_stated: bool,
}

const ALIKE: Differing = Differing {
    by: SignedDuration::ZERO,
    dearer: 0.0,
    times: 1.0,
    are_stated: true,
};

/// A backtest and its alerts, of which every tenth is missing.
fn books(differing: Differing) -> (DataDir, Webhook) {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let export = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/tradingview/ta-linreg-stdev-channel-revert-01.csv");
    let list = std::fs::read(&export).unwrap();
    import_list(&data, &webhook, TICKER, list, &[]);
    let orders = tradingview::orders(&tradingview::read(&export));
    let alerts = orders.into_iter().enumerate();
    let alerts = alerts.filter(|(index, _)| index % 10 != 9);
    let alerts = alerts.map(|(index, order)| {
        let quantity: f64 = number(&order.quantity.unwrap().get());
        let price: f64 = number(&order.intended_price.get());
        let position: f64 = number(&order.stated_position.new.unwrap());
        let payload = json!({
            "ticker": TICKER,
            "action": order.intent.as_str(),
            "qty": quantity * differing.times,
            "marketPrice": price + differing.dearer,
            "positionSize": differing.are_stated.then_some(position * differing.times),
        });
        // Anywhere in its bar of 15 minutes.
        let into = i64::try_from(index).unwrap() * 37 % 860;
        (
            order.paired_at + differing.by + SignedDuration::from_secs(into),
            payload,
        )
    });
    import_alerts(&data, &webhook, alerts.collect::<Vec<(Timestamp, Value)>>());
    (data, webhook)
}

fn number(of: &impl ToString) -> f64 {
    of.to_string().parse().unwrap()
}

fn compared(data: &DataDir, webhook: &Webhook, more: &[&str]) -> Value {
    data.json(&[&["compare", webhook.id.as_str(), "--json"], more].concat())
}

fn step(of: &Value) -> &str {
    of["verdict"]["nextStep"].as_str().unwrap()
}

/// The share that the next step promises.
fn promised(step: &str) -> String {
    let share = step.split(" % match").next().unwrap();
    share.rsplit(' ').next().unwrap().to_owned()
}

/// What is said to come of the options that are proposed is what comes of them.
#[track_caller]
fn keeps_its_promise(data: &DataDir, webhook: &Webhook, proposed: &Value, options: &[&str]) {
    let step = step(proposed);
    for option in options {
        assert!(step.contains(option), "{step}");
    }
    let applied = compared(data, webhook, options);
    let percent = applied["matchRate"]["percent"].as_f64().unwrap();
    assert!(percent > 85.0, "{step}: {percent}");
    assert_eq!(promised(step), format!("{percent:.1}"), "{step}");
}

#[test]
fn a_shift_of_alerts_that_state_the_action_alone_matches_what_is_said() {
    for are_stated in [true, false] {
        let by = SignedDuration::from_mins(-150);
        let (data, webhook) = books(Differing {
            by,
            are_stated,
            ..ALIKE
        });
        let proposed = compared(&data, &webhook, &[]);
        keeps_its_promise(&data, &webhook, &proposed, &["--shift", "-9000s"]);
        // Of a shift that was applied already, both together are named.
        let proposed = compared(&data, &webhook, &["--shift", "1h"]);
        keeps_its_promise(&data, &webhook, &proposed, &["--shift", "-9000s"]);
    }
}

#[test]
fn prices_that_are_all_dearer_by_an_amount_match_what_is_said() {
    let (data, webhook) = books(Differing {
        dearer: 120.0,
        ..ALIKE
    });
    let proposed = compared(&data, &webhook, &[]);
    let tolerance = proposed["suggestedPrice"]["tolerance"].as_f64().unwrap();
    let tolerance = tolerance.to_string();
    keeps_its_promise(&data, &webhook, &proposed, &["--price", &tolerance]);
}

#[test]
fn alerts_that_come_a_bar_late_are_late_and_of_no_other_zone() {
    let (data, webhook) = books(Differing {
        by: SignedDuration::from_mins(15),
        ..ALIKE
    });
    let found = compared(&data, &webhook, &[]);
    assert_eq!(found["suggestedShift"], Value::Null, "{}", step(&found));
    assert!(
        step(&found).contains("came after the bar of their fill"),
        "{}",
        step(&found)
    );
    // A quarter of an hour early is more than the window allows, and still of no zone.
    let (data, webhook) = books(Differing {
        by: SignedDuration::from_mins(-15),
        ..ALIKE
    });
    let found = compared(&data, &webhook, &[]);
    keeps_its_promise(&data, &webhook, &found, &["--shift", "-900s"]);
    assert!(!step(&found).contains("another zone"), "{}", step(&found));
    assert!(!step(&found).contains("--time-zone"), "{}", step(&found));
}

#[test]
fn what_concerns_most_fills_is_the_next_step() {
    let (data, webhook) = books(Differing {
        times: 3.0,
        ..ALIKE
    });
    let found = compared(&data, &webhook, &[]);
    let said = "had another quantity than the backtest's (all in all, 3.00 times the backtest's)";
    assert!(step(&found).contains(said), "{}", step(&found));
}

#[test]
fn rows_show_the_times_that_a_constant_shift_corrects() {
    let (data, webhook) = books(Differing {
        by: SignedDuration::from_hours(5),
        ..ALIKE
    });
    let time = |row: &Value, side: &str| -> Timestamp {
        row[side]["time"].as_str().unwrap().parse().unwrap()
    };
    // The same as where it is written as two shifts.
    for shift in ["5h", "5h,5h,America/New_York"] {
        let found = compared(&data, &webhook, &["--shift", shift]);
        let rows = found["rows"].as_array().unwrap();
        let pairs = rows.iter().filter(|row| row["outcome"] == "matched");
        let mut count = 0;
        for row in pairs {
            let apart = time(row, "alert").duration_since(time(row, "backtest"));
            assert!((0..900).contains(&apart.as_secs()), "{row}");
            assert_eq!(row["seconds"].as_f64(), Some(apart.as_secs_f64()), "{row}");
            count += 1;
        }
        assert!(count > 300, "{count}");
    }
}
