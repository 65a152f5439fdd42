//! A backtest laid over the alerts of its webhook.

use super::books::{Books, CannotCompare};
use super::frame::Pair;
use super::rows::ShownBook;
use super::{Compared, ComparisonFilter, verdict};
use crate::compare::Tolerance;
use crate::compare::tolerance::{bar_between, bar_of};

/// Compares both books.
pub(super) fn compared(
    filter: &ComparisonFilter,
    mut books: Books,
) -> Result<Compared, CannotCompare> {
    let of_times = bar_of(books.backtest.legs.iter().map(|leg| leg.time));
    let tolerance = filter.tolerance(Tolerance {
        bar: bar_between(books.bar, of_times).unwrap_or_default(),
        ..filter.preset.into()
    });
    books.split_like_backtest(&tolerance, filter.shift.constant());
    let is_same_money = books.currency == books.backtest_currency;
    let trades = is_same_money.then(|| [books.backtest_trades(), books.alert_trades()]);
    let no_overlap = books.no_overlap();
    let pair = Pair {
        ticker: &books.ticker,
        currency: &books.currency,
        books: [
            ShownBook::Backtest(books.backtest.legs),
            ShownBook::Alerts(books.alerts.legs),
        ],
        tolerance,
        evidence: &books.evidence,
        range: books.range,
        trades,
        imported: books.imported,
        notes: books.notes,
    };
    let compared = pair.compared(filter, |found| (verdict::of(found), None));
    compared.ok_or(no_overlap)
}
