//! Files that people take for the list of trades, told by their titles, so that an error
//! can say what the file is and which one to export.

use crate::imports::table::{Cell, Row};

/// A file that is something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// Its kind.
    pub is: &'static str,
    /// The alternative.
    pub advice: &'static str,
}

const EXPORT_THE_LIST: &str = "In TradingView's Strategy report open \"List of trades\" and export that, or export the whole report as XLSX";

const NO_STRATEGY: &str = "It has no trades of a strategy. In TradingView's Strategy report open \"List of trades\" and export that";

/// The kind of a table, by its titles and the first column of its rows.
pub fn what_is(header: &[String], rows: &[Row]) -> Option<Foreign> {
    let titles: Vec<String> = header
        .iter()
        .map(|title| title.trim().to_lowercase())
        .collect();
    let has = |name: &str| titles.iter().any(|title| title == name);
    let has_all = |names: &[&str]| names.iter().all(|name| has(name));
    let begins = |name: &str| {
        titles
            .iter()
            .any(|title| title.split(' ').next() == Some(name))
    };
    let first = |row: &Row| {
        row.cells
            .first()
            .map(Cell::text)
            .unwrap_or_default()
            .to_lowercase()
    };
    let says = |names: &[&str]| {
        rows.iter()
            .take(40)
            .any(|row| names.contains(&first(row).as_str()))
    };
    let foreign = |is, advice| Some(Foreign { is, advice });
    if begins("all") && begins("long") && begins("short") {
        if says(&["sharpe ratio", "sortino ratio"]) {
            return foreign(
                "the tab \"Risk performance ratios\" of a strategy report",
                EXPORT_THE_LIST,
            );
        }
        if says(&["total trades", "winning trades", "total closed trades"])
            && !says(&["net profit", "gross profit"])
        {
            return foreign(
                "the tab \"Trades analysis\" of a strategy report",
                EXPORT_THE_LIST,
            );
        }
        return foreign(
            "the tab \"Performance\" of a strategy report",
            EXPORT_THE_LIST,
        );
    }
    if has_all(&["symbol", "side", "qty"])
        && (begins("placing") || has("order id") || has("fill price"))
    {
        return foreign(
            "an order history (of paper trading or a broker)",
            NO_STRATEGY,
        );
    }
    if has_all(&["symbol", "side", "qty"])
        && (has("avg fill price") || has("unrealized p&l") || has("entry time"))
    {
        return foreign(
            "a list of positions (of paper trading or a broker)",
            NO_STRATEGY,
        );
    }
    if has("balance before") && has("balance after") {
        return foreign("a balance history (of paper trading)", NO_STRATEGY);
    }
    if titles.len() == 2 && has_all(&["time", "text"]) {
        return foreign("a trading journal (of paper trading)", NO_STRATEGY);
    }
    if has_all(&["time", "open", "high", "low", "close"]) {
        return foreign("a chart's prices (\"Export chart data\")", NO_STRATEGY);
    }
    let is_property = |title: &String| {
        matches!(
            title.as_str(),
            "name" | "symbol" | "trading range" | "strategy"
        )
    };
    if titles.len() == 2
        && is_property(&titles[0])
        && (has("value") || says(&["symbol", "initial capital", "timeframe"]))
    {
        return foreign(
            "the tab \"Properties\" of a strategy report",
            EXPORT_THE_LIST,
        );
    }
    if has("description") && has("time") {
        return foreign(
            "TradingView's alert log",
            "Import it as alerts: algohook import alerts FILE, or without \"kind\" over the API",
        );
    }
    None
}
