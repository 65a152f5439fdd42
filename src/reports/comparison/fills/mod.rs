//! The alerts of a webhook laid over what a broker made of them.

mod books;
mod verdict;

use std::collections::HashSet;

use jiff::SignedDuration;

use super::applied::Attempt;
use super::books::Failed;
use super::frame::Pair;
use super::rows::ShownBook;
use super::{Compared, ComparisonFilter};
use crate::compare::splits::Counterparts;
use crate::compare::{Execution, FillLegs, Rate, Retention, Tolerance, matched};

pub(super) use books::FillBooks;
pub(in crate::reports) use books::foreign;

/// Share of the alerts that were filled.
pub(super) fn rate(filter: &ComparisonFilter, mut books: FillBooks) -> Option<Rate> {
    let tolerance = split(filter, &mut books);
    let (legs, shift) = (
        [&books.alerts.legs[..], &books.fills.legs],
        filter.shift.constant(),
    );
    let mut found = matched(legs[0], legs[1], &tolerance, shift);
    found.restrict(legs, shift, books.range);
    Rate::of(&found)
}

/// Splits the fills as the alerts are, and says how far both may lie apart.
fn split(filter: &ComparisonFilter, books: &mut FillBooks) -> Tolerance {
    let coarsest = books.fills.orders.iter().map(|order| order.precision).max();
    let precision = SignedDuration::from_secs(coarsest.unwrap_or(0).into());
    let tolerance = filter.tolerance(Tolerance::of_fills(precision));
    let counterparts = |fills: &FillLegs| {
        let shift = filter.shift.constant();
        Counterparts::of(&books.alerts.legs, fills.wholes(), &tolerance, shift)
    };
    let mut found = counterparts(&books.fills);
    let parts = found.parts();
    if !parts.is_empty() {
        books.fills.join(&parts);
        found = counterparts(&books.fills);
    }
    let known = found.splits();
    books.fills.split(&known);
    tolerance
}

/// Compares both books.
pub(super) fn compared(
    filter: &ComparisonFilter,
    mut books: FillBooks,
    attempt: Attempt<'_>,
) -> Result<Compared, Failed> {
    let tolerance = split(filter, &mut books);
    let is_same_money = books.foreign.is_none();
    let trades = is_same_money.then(|| [books.alert_trades(), books.fill_trades()]);
    let (no_overlap, evidence, notes) = (books.no_overlap(), books.evidence(), books.notes());
    let pair = Pair {
        ticker: &books.ticker,
        currency: &books.currency,
        first_currency: &books.currency,
        position: None,
        books: [
            ShownBook::Alerts(books.alerts.legs),
            ShownBook::Fills(books.fills),
        ],
        tolerance,
        evidence: &evidence,
        range: books.range,
        trades,
        imported: HashSet::new(),
        notes,
    };
    let compared = pair.compared(filter, attempt, |found| {
        let kept = found.bridge.map(|bridge| Retention::of(bridge.matched));
        let executed = books.asked.executed(found.books, found.matching);
        let execution = Execution::of(&executed, found.rate.percent, kept);
        (verdict::of(found, &execution), Some(execution))
    });
    compared?.ok_or(Failed::Cannot(no_overlap))
}
