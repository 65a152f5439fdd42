//! The alerts of a webhook laid over what a broker made of them.

mod books;
mod verdict;

use jiff::{SignedDuration, Timestamp};

use super::books::CannotCompare;
use super::rows::{Laid, LegSide};
use super::{Compared, Comparison, ComparisonFilter, SuggestedShift, With, causes, counts};
use crate::compare::splits::splits;
use crate::compare::{Bridge, Causes, Drift, Execution, Rate, Retention, Tolerance, matching};

pub(super) use books::FillBooks;

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
        filter.shift,
    );
    books.fills.split(&known);
    let (first, second) = (&books.alerts.legs, &books.fills.legs);
    let mut found = matching(first, second, &tolerance, filter.shift);
    found.restrict([first, second], filter.shift, books.range);
    let (Some(rate), Some((from, to))) = (Rate::of(&found), found.range) else {
        return Err(books.no_overlap());
    };
    let named = Causes::of(
        [first, second],
        &found,
        &tolerance,
        filter.shift,
        &books.evidence(),
    );
    let inside = |time: Timestamp| (from..=to).contains(&time);
    let of_alerts = books.alert_trades(|time| inside(time + filter.shift));
    let of_fills = books.fill_trades(inside);
    let is_same = books.foreign.is_none();
    let bridge = is_same.then(|| Bridge::between(&of_alerts, &of_fills, &found));
    let retention = is_same.then(|| {
        let (trades, alerts, fills) = Bridge::of_matched(&of_alerts, &of_fills, &found);
        Retention::of(trades, alerts, fills)
    });
    let execution = Execution::of(&books.executed(&found), rate.percent, retention);
    let legs = counts(&found);
    let counted = causes::counted(&found, &named, 0);
    let rows = Laid {
        with: With::Fills,
        legs: [first, second],
        found: &found,
        causes: &named,
        tolerance: &tolerance,
        shift: filter.shift,
        is_imported: &|_| false,
        sides: [
            &|index| LegSide {
                order: Some(books.alerts.order_of[index]),
                ..LegSide::of(&first[index])
            },
            &|index| books.fill_side(index),
        ],
    }
    .rows();
    let comparison = Comparison {
        webhook: filter.webhook.clone(),
        with: With::Fills,
        ticker: books.ticker.clone(),
        verdict: verdict::of(&verdict::Found {
            rate: &rate,
            legs: &legs,
            execution: &execution,
            currency: &books.currency,
            shift: found.suggested,
            causes: &counted,
        }),
        from,
        to,
        bar_seconds: tolerance.bar.as_secs(),
        shift_seconds: filter.shift.as_secs(),
        suggested_shift: found.suggested.map(SuggestedShift::from),
        match_rate: rate,
        legs,
        drift: Drift::of(first, second, &found, filter.shift),
        bridge,
        execution: Some(execution),
        currency: books.currency.clone(),
        causes: counted,
        notes: books.notes(),
    };
    Ok(Compared { comparison, rows })
}
