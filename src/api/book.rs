//! The book that a request is about, by `book`, and where its trades are from, by `source`.
//!
//! `source` says more than a book: `live` and `imported` are both of the alerts. It means the
//! same wherever it is asked for, and what a trade in the list says of itself: a report of
//! `live` is of the trades that the list of `live` has. Where both are given they have to agree.

use super::problem::Problem;
use super::request::parameter;
use crate::domain::book::Book;
use crate::domain::event::text_enum;

text_enum! {
    /// Source of a trade.
    TradeSource, "trade source" {
        /// Its alerts arrived by themselves.
        Live = "live",
        /// Its entry or its exit was brought in from a file.
        Imported = "imported",
        /// TradingView's strategy tester made it.
        Backtest = "backtest",
        /// A broker filled it.
        Fills = "fills",
    }
}

impl TradeSource {
    /// The book that has its trades.
    pub(super) fn book(self) -> Book {
        match self {
            Self::Live | Self::Imported => Book::Alerts,
            Self::Backtest => Book::Backtest,
            Self::Fills => Book::Fills,
        }
    }

    /// True if its trades have an alert that was brought in later; `None` where both do.
    pub(super) fn is_imported(self) -> Option<bool> {
        match self {
            Self::Live => Some(false),
            Self::Imported => Some(true),
            Self::Backtest | Self::Fills => None,
        }
    }
}

/// The book that a query names.
pub(super) fn named(book: Option<&str>) -> Result<Option<Book>, Problem> {
    let named: Option<Book> = parameter("book", book)?;
    match named {
        Some(Book::Route(route)) => {
            let detail = format!("the parameter book: there is no route {route}");
            Err(Problem::bad_request("invalid_query", detail))
        }
        named => Ok(named),
    }
}

/// The book of a report; that of the alerts where none is named.
pub(super) fn of_report(book: Option<&str>, source: Option<TradeSource>) -> Result<Book, Problem> {
    let named = named(book)?;
    let of_source = source.map(TradeSource::book);
    match (named, of_source) {
        (Some(named), Some(other)) if named != other => {
            let detail = format!("book {named} and source {other} contradict each other");
            Err(Problem::invalid(detail).hint("leave source out"))
        }
        _ => Ok(named.or(of_source).unwrap_or_default()),
    }
}
