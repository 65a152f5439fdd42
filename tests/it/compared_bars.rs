//! Comparisons of charts with long bars: of an exchange that keeps daylight saving, and of days.

use jiff::SignedDuration;
use jiff::civil::{DateTime, Time, date, time};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::support::books::{import_alerts, list_of_trades};
use crate::support::files::{file, import};
use crate::support::{DataDir, Webhook};

/// A chart with long bars, and its alerts.
struct Chart {
    zone: &'static str,
    /// The opening of the bars of an entry and of an exit.
    hours: [Time; 2],
    /// The list tells dates alone.
    is_dated: bool,
    interval: Option<&'static str>,
    /// When an alert comes, by the opening of its bar.
    alert: fn(DateTime) -> DateTime,
}

/// A trade every third day of ten weeks, in which the clocks change; it is left the day after.
fn books(chart: &Chart) -> (DataDir, Webhook) {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let zone = TimeZone::get(chart.zone).unwrap();
    let (mut rows, mut alerts) = (Vec::new(), Vec::new());
    for number in 0..24 {
        let day = date(2026, 2, 2) + SignedDuration::from_hours(24 * 3 * number);
        // No two trades alike, so that none is another's by chance.
        let bought = 100 + number * 37 % 90;
        let opens = [(day, 0), (day.tomorrow().unwrap(), 1)];
        let opens = opens.map(|(day, leg)| day.to_datetime(chart.hours[leg]));
        for (open, action, price) in [(opens[0], "buy", bought), (opens[1], "sell", bought + 1)] {
            let payload = json!({
                "ticker": "NQ1!", "action": action, "qty": 1, "marketPrice": price,
                "metadata": { "interval": chart.interval },
            });
            let came = zone.to_timestamp((chart.alert)(open)).unwrap();
            alerts.push((came, payload));
        }
        let told = opens.map(|open| {
            let format = if chart.is_dated {
                "%Y-%m-%d"
            } else {
                "%Y-%m-%d %H:%M"
            };
            open.strftime(format).to_string()
        });
        rows.push(("long", told, [bought, bought + 1], "1", 1));
    }
    let path = file(&data, "list.csv", list_of_trades("USD", rows));
    let read = ["--ticker", "CME_MINI:NQ1!", "--time-zone", chart.zone];
    import(&data, "trades", &path, &webhook, &read);
    import_alerts(&data, &webhook, alerts);
    (data, webhook)
}

fn compared(chart: &Chart, more: &[&str]) -> Value {
    let (data, webhook) = books(chart);
    data.json(&[&["compare", webhook.id.as_str(), "--json"], more].concat())
}

/// All fills have their alert, none late, and the bar is as long.
#[track_caller]
fn is_whole(json: &Value, bar: i64) {
    assert_eq!(json["barSeconds"], bar, "{json}");
    let legs = &json["legs"];
    assert_eq!(
        (&legs["missed"], &legs["falseAlerts"]),
        (&json!(0), &json!(0)),
        "{json}"
    );
    assert_eq!(json["suggestedShift"], Value::Null);
    assert_eq!(json["verdict"]["nextStep"], "Nothing to do.", "{json}");
}

const NEW_YORK: Chart = Chart {
    zone: "America/New_York",
    hours: [time(10, 0, 0, 0), time(22, 0, 0, 0)],
    is_dated: false,
    interval: Some("240"),
    // Near the end of its bar.
    alert: |bar| bar + SignedDuration::from_mins(3 * 60 + 50),
};

#[test]
fn a_chart_of_four_hours_keeps_its_bar_when_the_clocks_change() {
    is_whole(&compared(&NEW_YORK, &[]), 4 * 3_600);
    let unnamed = Chart {
        interval: None,
        ..NEW_YORK
    };
    assert_eq!(compared(&unnamed, &[])["legs"]["missed"], 0);
    let berlin = Chart {
        zone: "Europe/Berlin",
        hours: [time(9, 0, 0, 0), time(15, 0, 0, 0)],
        interval: Some("120"),
        alert: |bar| bar + SignedDuration::from_mins(115),
        ..NEW_YORK
    };
    is_whole(&compared(&berlin, &[]), 2 * 3_600);
}

/// A daily chart whose list is dated by the opening of the session.
const DAILY: Chart = Chart {
    hours: [time(9, 30, 0, 0), time(9, 30, 0, 0)],
    interval: Some("1D"),
    alert: |bar| bar + SignedDuration::from_mins(380),
    ..NEW_YORK
};

/// One whose list tells dates alone: its alerts come with the opening of the session.
const DATED: Chart = Chart {
    hours: [time(0, 0, 0, 0), time(0, 0, 0, 0)],
    is_dated: true,
    interval: Some("1D"),
    alert: |bar| bar.date().at(9, 30, 3, 0),
    ..NEW_YORK
};

#[test]
fn the_alerts_of_a_daily_chart_are_in_their_bar_whichever_hour_it_is_dated_by() {
    is_whole(&compared(&DAILY, &[]), 86_400);
    is_whole(&compared(&DATED, &[]), 86_400);
    let unnamed = Chart {
        interval: None,
        ..DATED
    };
    is_whole(&compared(&unnamed, &[]), 86_400);
}

#[test]
fn a_day_that_begins_the_evening_before_is_no_other_zone() {
    // The session of a date opens at 18:00 of the day before.
    let evening = Chart {
        alert: |bar| bar.date().yesterday().unwrap().at(18, 0, 3, 0),
        ..DATED
    };
    let json = compared(&evening, &[]);
    let step = json["verdict"]["nextStep"].as_str().unwrap();
    assert!(step.contains("-6 h"), "{step}");
    assert!(
        step.contains("its days are dated by another hour than their session opens at"),
        "{step}"
    );
    assert!(!step.contains("zone"), "{step}");
    let shift = &json["suggestedShift"];
    assert_eq!(shift["fitsZones"], false);
    let option = format!("{}s", shift["seconds"]);
    is_whole(&compared(&evening, &["--shift", &option]), 86_400);
}
