//! Files that people take for the list of trades, told by their titles, so that an error
//! can say what the file is and which one to export.

use crate::imports::Kind;
use crate::imports::table::{Cell, Row, Rows};

/// A file that is something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// Its kind.
    pub is: &'static str,
    /// The alternative.
    pub advice: &'static str,
    /// The kind to import it as, where there is one.
    pub kind: Option<Kind>,
}

const EXPORT_THE_LIST: &str = "In TradingView's Strategy report open \"List of trades\" and export that, or export the whole report as XLSX";

const NO_STRATEGY: &str = "It has no trades of a strategy. In TradingView's Strategy report open \"List of trades\" and export that";

/// The kind of a table, by its titles and the first column of its rows.
pub fn what_is(header: &[String], rows: &Rows) -> Option<Foreign> {
    let look = Look::at(header, rows);
    look.tab_of_a_report().or_else(|| look.other_export())
}

/// A table as it is told apart: its titles and the first words of its rows, in small letters.
struct Look {
    titles: Vec<String>,
    firsts: Vec<String>,
}

/// Rows that are looked at.
const LOOKED_AT: usize = 40;

impl Look {
    fn at(header: &[String], rows: &Rows) -> Self {
        let first = |row: Row<'_>| {
            let first = row.cells.get(0).map(Cell::text);
            first.unwrap_or_default().to_lowercase()
        };
        Self {
            titles: header
                .iter()
                .map(|title| title.trim().to_lowercase())
                .collect(),
            firsts: rows.iter().take(LOOKED_AT).map(first).collect(),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.titles.iter().any(|title| title == name)
    }

    fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.has(name))
    }

    fn begins(&self, name: &str) -> bool {
        let mut first_words = self.titles.iter().map(|title| title.split(' ').next());
        first_words.any(|word| word == Some(name))
    }

    fn says(&self, names: &[&str]) -> bool {
        self.firsts
            .iter()
            .any(|first| names.contains(&first.as_str()))
    }

    /// Another tab of TradingView's Strategy report.
    fn tab_of_a_report(&self) -> Option<Foreign> {
        let has_sides = ["all", "long", "short"]
            .iter()
            .all(|side| self.begins(side));
        let is_analysis = self.says(&["total trades", "winning trades", "total closed trades"])
            && !self.says(&["net profit", "gross profit"]);
        let is_property =
            |title: &str| matches!(title, "name" | "symbol" | "trading range" | "strategy");
        let has_properties = self.titles.len() == 2
            && is_property(&self.titles[0])
            && (self.has("value") || self.says(&["symbol", "initial capital", "timeframe"]));
        let is = match has_sides {
            true if self.says(&["sharpe ratio", "sortino ratio"]) => {
                "the tab \"Risk performance ratios\" of a strategy report"
            }
            true if is_analysis => "the tab \"Trades analysis\" of a strategy report",
            true => "the tab \"Performance\" of a strategy report",
            false if has_properties => "the tab \"Properties\" of a strategy report",
            false => return None,
        };
        let advice = EXPORT_THE_LIST;
        Some(Foreign {
            is,
            advice,
            kind: None,
        })
    }

    /// An export of another part of TradingView.
    fn other_export(&self) -> Option<Foreign> {
        let foreign = |is| {
            let advice = NO_STRATEGY;
            Some(Foreign {
                is,
                advice,
                kind: None,
            })
        };
        let is_of_a_broker = self.has_all(&["symbol", "side", "qty"]);
        if is_of_a_broker
            && (self.begins("placing") || self.has("order id") || self.has("fill price"))
        {
            return foreign("an order history (of paper trading or a broker)");
        }
        let is_of_positions = ["avg fill price", "unrealized p&l", "entry time"];
        if is_of_a_broker && is_of_positions.iter().any(|name| self.has(name)) {
            return foreign("a list of positions (of paper trading or a broker)");
        }
        if self.has_all(&["balance before", "balance after"]) {
            return foreign("a balance history (of paper trading)");
        }
        if self.titles.len() == 2 && self.has_all(&["time", "text"]) {
            return foreign("a trading journal (of paper trading)");
        }
        if self.has_all(&["time", "open", "high", "low", "close"]) {
            return foreign("a chart's prices (\"Export chart data\")");
        }
        self.has_all(&["description", "time"]).then_some(Foreign {
            is: "TradingView's alert log",
            ..Kind::Alerts.elsewhere()
        })
    }
}
