//! Books: the same strategy's trades, each time as another witness tells them.
//!
//! A strategy is told by its alerts, by TradingView's own list of trades, and by what a broker
//! filled. Each telling is a book. The trades of two books are the same trades twice, so they
//! are never counted together: a report, a list and an export are of one book, and only a
//! comparison opens two.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::event::{NotAnId, numbered_id};

numbered_id! {
    /// The number of a route, by which a webhook's orders go to a broker; `rte_3` outside.
    RouteId, "rte"
}

/// A book of a webhook's trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Book {
    /// Trades paired from the webhook's alerts, imported ones too.
    #[default]
    Alerts,
    /// Trades that TradingView's strategy tester listed.
    Backtest,
    /// Trades paired from fills that were brought in from a broker's file.
    Fills,
    /// Trades paired from what a broker filled of a route.
    Route(RouteId),
}

/// A text that names no book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be alerts, backtest or fills")]
pub struct NotABook;

impl fmt::Display for Book {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alerts => formatter.pad("alerts"),
            Self::Backtest => formatter.pad("backtest"),
            Self::Fills => formatter.pad("fills"),
            Self::Route(route) => route.fmt(formatter),
        }
    }
}

impl FromStr for Book {
    type Err = NotABook;

    fn from_str(text: &str) -> Result<Self, NotABook> {
        match text {
            "alerts" => Ok(Self::Alerts),
            "backtest" => Ok(Self::Backtest),
            "fills" => Ok(Self::Fills),
            route => route.parse().map(Self::Route).map_err(|_| NotABook),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_has_one_name() {
        for (name, book) in [
            ("alerts", Book::Alerts),
            ("backtest", Book::Backtest),
            ("fills", Book::Fills),
            ("rte_3", Book::Route(RouteId(3))),
        ] {
            assert_eq!(name.parse(), Ok(book));
            assert_eq!(book.to_string(), name);
        }
        for text in ["", "Alerts", "live", "rte_", "fil_1"] {
            assert_eq!(text.parse::<Book>(), Err(NotABook), "{text}");
        }
    }
}
