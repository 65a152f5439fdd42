//! What a comparison proposes: a shift or a tolerance, with the share that matches when it is
//! applied, and nothing that changes little.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::books::{import_alerts, import_list, list_of_trades};
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

/// The command that is proposed is ready to be run, and what is said to come of it comes of it.
#[track_caller]
fn keeps_its_promise(data: &DataDir, webhook: &Webhook, before: &[&str], options: &[&str]) {
    let proposed = compared(data, webhook, before);
    let step = step(&proposed);
    let text = data.text(&[&["compare", webhook.id.as_str()], before].concat());
    let command = format!("algohook compare {} {}\n", webhook.id, options.join(" "));
    assert!(text.contains(&command), "{text}");
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
        keeps_its_promise(&data, &webhook, &[], &["--shift", "-9000s"]);
        // Of a shift that was applied already, both together are named.
        keeps_its_promise(&data, &webhook, &["--shift", "1h"], &["--shift", "-9000s"]);
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
    keeps_its_promise(&data, &webhook, &[], &["--price", &tolerance]);
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
    keeps_its_promise(&data, &webhook, &[], &["--shift", "-900s"]);
    assert_eq!(found["suggestedShift"]["fitsZones"], false);
    assert!(!step(&found).contains("another zone"), "{}", step(&found));
    assert!(!step(&found).contains("time zone"), "{}", step(&found));
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

/// Alerts of a chart of minutes, on which much is traded, that come later and at a multiple of the
/// list's prices.
fn of_minutes(late: SignedDuration, times: i64) -> Value {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let begin: Timestamp = "2026-01-05T10:00:00Z".parse().unwrap();
    let (mut trades, mut alerts, mut minute) = (Vec::new(), Vec::new(), 0);
    for number in 0..80 {
        // Every three to nine minutes, at prices that lie close to each other.
        let legs = [5, 7].map(|step| {
            minute += 3 + (number * step) % 7;
            let price = 10_000 + (number * 37 + step) % 90;
            (begin + SignedDuration::from_mins(minute), price)
        });
        for ((opens, price), action) in legs.into_iter().zip(["buy", "sell"]) {
            let payload = json!({
                "ticker": TICKER, "action": action, "qty": 1, "marketPrice": price * times,
                "metadata": { "interval": "1" },
            });
            let into = SignedDuration::from_secs(number % 58);
            alerts.push((opens + late + into, payload));
        }
        let told = legs.map(|(opens, _)| opens.strftime("%Y-%m-%d %H:%M").to_string());
        let [bought, sold] = legs.map(|(_, price)| price);
        trades.push(("long", told, [bought, sold], "1", sold - bought));
    }
    import_list(&data, &webhook, TICKER, list_of_trades("USD", trades), &[]);
    import_alerts(&data, &webhook, alerts);
    compared(&data, &webhook, &[])
}

/// No fill is said to be another version's.
#[track_caller]
fn is_no_other_version(json: &Value) {
    let causes = json["causes"].to_string();
    assert!(!causes.contains("another version"), "{causes}");
}

#[test]
fn alerts_that_come_minutes_late_are_neither_another_versions_nor_another_zones() {
    for (minutes, said) in [(10, "+10 min"), (15, "+15 min")] {
        let json = of_minutes(SignedDuration::from_mins(minutes), 1);
        assert!(step(&json).contains(said), "{}", step(&json));
        assert!(
            step(&json).contains("the alerts come late"),
            "{}",
            step(&json)
        );
        assert!(!step(&json).contains("another zone"), "{}", step(&json));
        is_no_other_version(&json);
    }
}

#[test]
fn prices_of_another_unit_are_no_other_version() {
    let json = of_minutes(SignedDuration::ZERO, 100);
    assert!(step(&json).contains("100.00 times"), "{}", step(&json));
    is_no_other_version(&json);
}
