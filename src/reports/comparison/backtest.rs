//! A backtest laid over the alerts of its webhook.

use super::applied::Attempt;
use super::books::{Books, CannotCompare, Failed};
use super::frame::Pair;
use super::rows::ShownBook;
use super::{Compared, ComparisonFilter, verdict};
use crate::compare::bar::bar_between;
use crate::compare::{Rate, Tolerance};

/// Compares both books.
pub(super) fn compared(
    filter: &ComparisonFilter,
    books: Books,
    attempt: Attempt<'_>,
) -> Result<Compared, Failed> {
    let (compared, no_overlap) = with_pair(filter, books, |pair| {
        pair.compared(filter, attempt, |found| (verdict::of(found), None))
    });
    compared?.ok_or(Failed::Cannot(no_overlap))
}

/// Match rate of the books.
pub(super) fn rate(filter: &ComparisonFilter, books: Books) -> Option<Rate> {
    with_pair(filter, books, |pair| pair.rate(filter)).0
}

/// Does something with both books, and says what is wrong where they cover no time together.
fn with_pair<T>(
    filter: &ComparisonFilter,
    mut books: Books,
    act: impl FnOnce(Pair<'_>) -> T,
) -> (T, CannotCompare) {
    let times = books.backtest.legs.iter().map(|leg| leg.time);
    let tolerance = filter.tolerance(Tolerance {
        bar: bar_between(books.bar, times).unwrap_or_default(),
        ..filter.preset.into()
    });
    books.split_like_backtest(&tolerance, filter.shift.constant());
    let is_same_money = books.currency == books.backtest_currency;
    let trades = is_same_money.then(|| [books.backtest_trades(), books.alert_trades()]);
    let no_overlap = books.no_overlap();
    let pair = Pair {
        ticker: &books.ticker,
        currency: &books.currency,
        first_currency: &books.backtest_currency,
        position: books.position.as_ref(),
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
    (act(pair), no_overlap)
}
