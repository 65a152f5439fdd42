//! A long history of one instrument, as files have it.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

fn time(number: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600).unwrap() + SignedDuration::from_mins(number)
}

/// Alerts of AAPL, a minute apart, that open and close by turns, as JSON lines.
pub fn alerts(count: i64) -> String {
    let mut lines = String::new();
    for number in 0..count {
        let side = ["entryLong", "exitLong"][usize::try_from(number % 2).unwrap()];
        let payload = json!({ "ticker": "AAPL", "positionDirection": side, "qty": 1, "marketPrice": 100 + number % 7 });
        let line = json!({ "time": time(number).to_string(), "payload": payload });
        writeln!(lines, "{line}").unwrap();
    }
    lines
}

/// The fills of such alerts, as a plain table.
pub fn fills(count: i64) -> String {
    let mut lines = "time,symbol,side,qty,price,fillId\n".to_owned();
    for number in 0..count {
        let side = ["buy", "sell"][usize::try_from(number % 2).unwrap()];
        let (time, price) = (time(number), 100 + number % 7);
        writeln!(lines, "{time},AAPL,{side},1,{price},fill-{number}").unwrap();
    }
    lines
}
