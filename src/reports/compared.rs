//! The figures of TradingView's own report beside ours, of one backtest.
//!
//! TradingView's are read from the sheets of an XLSX, as they are named there; ours are
//! those of the report of the same trades. A difference is a question that the trader can
//! answer: another range, an intrabar figure, or a fault of one of the two.

use crate::store::Connection;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{ReportFilter, reports};
use crate::domain::book::Book;
use crate::domain::signal::Ticker;
use crate::domain::webhook::WebhookId;
use crate::imports::trades::{Figure, Sided};
use crate::store;
use crate::store::backtests::{self, KeptBacktest, TradeFigures};

/// A figure of TradingView's report, and ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// The sheet that it stands in.
    pub sheet: String,
    /// Its name there.
    pub name: String,
    /// True if it is in percent.
    pub is_percent: bool,
    /// As TradingView has it.
    pub theirs: Sided,
    /// As algohook computes it; null where it has no such figure.
    pub ours: Sided,
}

/// TradingView's names of a figure, parted by `|`, and the names of ours: as money, a count
/// or a ratio, and in percent.
const SAME: [(&str, &str, &str); 22] = [
    (
        "net profit|net pnl|net p&l",
        "netProfit",
        "netProfitPercent",
    ),
    ("gross profit", "grossProfit", ""),
    ("gross loss", "grossLoss", ""),
    ("commission paid", "commissionPaid", ""),
    ("open pnl|open p&l|open profit", "openProfit", ""),
    (
        "buy & hold return|buy and hold return|buy and hold pnl",
        "",
        "buyAndHoldReturn",
    ),
    ("total trades|total closed trades", "totalTrades", ""),
    (
        "winning trades|total winners|number winning trades",
        "winningTrades",
        "",
    ),
    (
        "losing trades|total losers|number losing trades",
        "losingTrades",
        "",
    ),
    ("percent profitable", "", "percentProfitable"),
    (
        "avg p&l|average pnl|avg pnl|avg trade",
        "avgTrade",
        "avgTradePercent",
    ),
    (
        "avg winning trade|average profit|average winning trade",
        "avgWin",
        "",
    ),
    (
        "avg losing trade|average loss|average losing trade",
        "avgLoss",
        "",
    ),
    (
        "ratio avg win / avg loss|average profit / average loss|ratio average win / average loss",
        "payoffRatio",
        "",
    ),
    ("largest winning trade|largest profit", "largestWin", ""),
    ("largest losing trade|largest loss", "largestLoss", ""),
    ("sharpe ratio", "sharpe", ""),
    ("sortino ratio", "sortino", ""),
    ("profit factor", "profitFactor", ""),
    (
        "avg # bars in trades|average bars in trades|avg bars in trades",
        "averageBars",
        "",
    ),
    (
        "avg # bars in winning trades|average bars in winning trades|avg bars in winning trades",
        "averageBarsWinning",
        "",
    ),
    (
        "avg # bars in losing trades|average bars in losing trades|avg bars in losing trades",
        "averageBarsLosing",
        "",
    ),
];

/// The figures of a backtest's list beside those of its report, which is JSON with
/// `all`, `long` and `short`.
#[must_use]
pub fn compared(backtest: &KeptBacktest, report: &Value) -> Vec<Compared> {
    let mut rows = Vec::new();
    for figure in &backtest.figures {
        let (amount, percent) = same(&figure.name);
        for (theirs, key, is_percent) in [
            (&figure.amount, amount, false),
            (&figure.percent, percent, true),
        ] {
            if *theirs != Sided::default() {
                let ours = ours(key, report, &backtest.excursions);
                rows.push(row(figure, theirs, ours, is_percent));
            }
        }
    }
    rows
}

/// The figures of a webhook's backtests beside those of their reports; of one ticker, where
/// it is named.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such webhook.
pub fn of_kept(
    connection: &Connection,
    webhook: &WebhookId,
    ticker: Option<&Ticker>,
) -> store::Result<Vec<Compared>> {
    let mut rows = Vec::new();
    for backtest in backtests::all(connection, webhook)? {
        let is_wanted = ticker.is_none_or(|ticker| ticker.may_be(&backtest.ticker));
        if !is_wanted || backtest.figures.is_empty() {
            continue;
        }
        let filter = ReportFilter {
            book: Book::Backtest,
            webhooks: vec![webhook.clone()],
            ticker: Some(backtest.ticker.clone()),
            ..ReportFilter::default()
        };
        let made = reports(connection, &filter)?.into_iter().next();
        let report = made.and_then(|made| serde_json::to_value(made.report).ok());
        rows.extend(compared(&backtest, &report.unwrap_or_default()));
    }
    Ok(rows)
}

fn row(figure: &Figure, theirs: &Sided, ours: Sided, is_percent: bool) -> Compared {
    Compared {
        sheet: figure.sheet.clone(),
        name: figure.name.clone(),
        is_percent,
        theirs: theirs.clone(),
        ours,
    }
}

fn same(name: &str) -> (&'static str, &'static str) {
    let name = name.trim().to_lowercase();
    let found = SAME
        .iter()
        .find(|(names, ..)| names.split('|').any(|known| known == name));
    found.map_or(("", ""), |(_, amount, percent)| (*amount, *percent))
}

fn ours(key: &str, report: &Value, excursions: &TradeFigures) -> Sided {
    let excursions = serde_json::to_value(excursions).unwrap_or_default();
    let figure = |side: &str| {
        let of = |json: &Value| shown(&json[side][key]);
        of(report).or_else(|| of(&excursions))
    };
    Sided {
        all: figure("all"),
        long: figure("long"),
        short: figure("short"),
    }
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
