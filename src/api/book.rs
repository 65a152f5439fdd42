//! The book that a request is about: by `book`, or by `source`, which came first.
//!
//! `source` says less than a book: `live` and `imported` are both of the alerts. It stays for
//! those who use it; where both are given they have to agree.

use super::events::parameter;
use super::problem::Problem;
use crate::domain::book::Book;
use crate::domain::event::text_enum;

text_enum! {
    /// The trades that a report is made of.
    ReportSource, "report source" {
        /// Those of alerts, imported ones too.
        Live = "live",
        /// Those that TradingView's strategy tester listed.
        Backtest = "backtest",
    }
}

impl ReportSource {
    fn book(self) -> Book {
        match self {
            Self::Live => Book::Alerts,
            Self::Backtest => Book::Backtest,
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
pub(super) fn of_report(book: Option<&str>, source: Option<ReportSource>) -> Result<Book, Problem> {
    let named = named(book)?;
    let of_source = source.map(ReportSource::book);
    match (named, of_source) {
        (Some(named), Some(other)) if named != other => {
            let detail = format!("book {named} and source {other} contradict each other");
            Err(Problem::invalid(detail).hint("leave source out"))
        }
        _ => Ok(named.or(of_source).unwrap_or_default()),
    }
}
