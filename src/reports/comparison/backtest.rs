//! A backtest laid over the alerts of its webhook.

use super::books::{Books, CannotCompare};
use super::frame::Pair;
use super::rows::LegSide;
use super::{Compared, ComparisonFilter, With, verdict};
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
    let (first, second) = (&books.backtest.legs, &books.alerts.legs);
    let of_order = |index: usize| books.alerts.order_of[index];
    let pair = Pair {
        with: With::Backtest,
        ticker: &books.ticker,
        currency: &books.currency,
        legs: [first, second],
        tolerance,
        evidence: &books.evidence,
        range: books.range,
        trades,
        is_imported: &|index| books.imported.contains(&of_order(index)),
        sides: [&|index| LegSide::of(&first[index]), &|index| LegSide {
            order: Some(of_order(index)),
            ..LegSide::of(&second[index])
        }],
        notes: books.notes.clone(),
    };
    let compared = pair.compared(filter, |found| (verdict::of(found), None));
    compared.ok_or_else(|| books.no_overlap())
}
