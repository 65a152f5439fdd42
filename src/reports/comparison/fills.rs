//! The alerts of a webhook laid over what a broker made of them.

mod books;
mod verdict;

use jiff::SignedDuration;

use super::books::CannotCompare;
use super::frame::Pair;
use super::rows::LegSide;
use super::{Compared, ComparisonFilter, With};
use crate::compare::splits::splits;
use crate::compare::{Execution, Retention, Tolerance};

pub(super) use books::FillBooks;
pub(in crate::reports) use books::foreign;

/// Compares both books.
pub(super) fn compared(
    filter: &ComparisonFilter,
    mut books: FillBooks,
) -> Result<Compared, CannotCompare> {
    let coarsest = books.fills.orders.iter().map(|order| order.precision).max();
    let precision = SignedDuration::from_secs(coarsest.unwrap_or(0).into());
    let tolerance = filter.tolerance(Tolerance::of_fills(precision));
    let known = splits(
        &books.alerts.legs,
        &books.fills.wholes(),
        &tolerance,
        filter.shift.constant(),
    );
    books.fills.split(&known);
    let (first, second) = (&books.alerts.legs, &books.fills.legs);
    let is_same_money = books.foreign.is_none();
    let pair = Pair {
        with: With::Fills,
        ticker: &books.ticker,
        currency: &books.currency,
        legs: [first, second],
        tolerance,
        evidence: &books.evidence(),
        range: books.range,
        trades: is_same_money.then(|| [books.alert_trades(), books.fill_trades()]),
        is_imported: &|_| false,
        sides: [
            &|index| LegSide {
                order: Some(books.alerts.order_of[index]),
                ..LegSide::of(&first[index])
            },
            &|index| books.fill_side(index),
        ],
        notes: books.notes(),
    };
    let compared = pair.compared(filter, |found| {
        let kept = found.bridge.map(|bridge| Retention::of(bridge.matched));
        let executed = books.executed(found.matching);
        let execution = Execution::of(&executed, found.rate.percent, kept);
        (verdict::of(found, &execution), Some(execution))
    });
    compared.ok_or_else(|| books.no_overlap())
}
