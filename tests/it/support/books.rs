//! The books of a strategy: a list of trades, and alerts at times of their own.

use std::fmt::Display;

use serde::Serialize;
use serde_json::{Value, json};

use super::files::{file, import};
use super::{DataDir, Webhook};

/// A trade of a list: its side, when it was entered and left, at which prices, how many, and
/// what it made.
pub type ListedTrade<'a, T, P> = (&'a str, [T; 2], [P; 2], &'a str, P);

/// A list of trades as TradingView exports it.
pub fn list_of_trades<'a, T: Display, P: Display>(
    currency: &str,
    trades: impl IntoIterator<Item = ListedTrade<'a, T, P>>,
) -> String {
    let mut list = format!(
        "Trade #,Type,Date and time,Signal,Price {currency},Size (qty),Net P&L {currency}\n"
    );
    for (number, (side, [entry, exit], [entered, left], quantity, profit)) in (1..).zip(trades) {
        list.extend([
            format!("{number},Exit {side},{exit},out,{left},{quantity},{profit}\n"),
            format!("{number},Entry {side},{entry},in,{entered},{quantity},{profit}\n"),
        ]);
    }
    list
}

/// Imports a list of trades, whose times are UTC, as the backtest of a ticker.
pub fn import_list(
    data: &DataDir,
    webhook: &Webhook,
    ticker: &str,
    list: impl AsRef<[u8]>,
    more: &[&str],
) -> Value {
    let path = file(data, "list.csv", list);
    let of = ["--ticker", ticker, "--time-zone", "UTC"];
    import(data, "trades", &path, webhook, &[&of, more].concat())
}

/// Imports alerts, each with its time.
pub fn import_alerts<T: Serialize>(
    data: &DataDir,
    webhook: &Webhook,
    alerts: impl IntoIterator<Item = (T, Value)>,
) -> Value {
    let line = |(time, payload)| json!({ "time": time, "payload": payload }).to_string() + "\n";
    let lines: String = alerts.into_iter().map(line).collect();
    let path = file(data, "alerts.jsonl", lines);
    import(data, "alerts", &path, webhook, &[])
}
