//! A backtest laid over the alerts of its webhook.

use jiff::Timestamp;

use super::books::{Books, CannotCompare};
use super::rows::{Laid, LegSide};
use super::{
    Compared, Comparison, ComparisonFilter, SuggestedShift, With, causes, counts, verdict,
};
use crate::compare::tolerance::bar_of;
use crate::compare::{Bridge, Causes, Drift, Rate, Tolerance, matching};

/// Compares both books.
pub(super) fn compared(
    filter: &ComparisonFilter,
    mut books: Books,
) -> Result<Compared, CannotCompare> {
    let bar = bar_of(books.backtest.legs.iter().map(|leg| leg.time));
    let tolerance = filter.tolerance(Tolerance {
        bar: bar.unwrap_or_default(),
        ..filter.preset.into()
    });
    books.split_like_backtest(&tolerance, filter.shift);
    let (first, second) = (&books.backtest.legs, &books.alerts.legs);
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
        &books.evidence,
    );
    let bridge = (books.currency == books.backtest_currency).then(|| {
        let inside = |time: Timestamp| (from..=to).contains(&time);
        Bridge::between(
            &books.backtest_trades(|time| inside(time + filter.shift)),
            &books.alert_trades(inside),
            &found,
        )
    });
    let legs = counts(&found);
    let is_imported = |index: usize| books.imported.contains(&books.alerts.order_of[index]);
    let imported = found
        .pairs
        .iter()
        .filter(|pair| is_imported(pair.second))
        .count();
    let counted = causes::counted(&found, &named, imported);
    let rows = Laid {
        with: With::Backtest,
        legs: [first, second],
        found: &found,
        causes: &named,
        tolerance: &tolerance,
        shift: filter.shift,
        is_imported: &is_imported,
        sides: [&|index| LegSide::of(&first[index]), &|index| LegSide {
            order: Some(books.alerts.order_of[index]),
            ..LegSide::of(&second[index])
        }],
    }
    .rows();
    let comparison = Comparison {
        webhook: filter.webhook.clone(),
        with: With::Backtest,
        ticker: books.ticker.clone(),
        verdict: verdict::of(
            &rate,
            &legs,
            bridge.as_ref(),
            &books.currency,
            found.suggested,
            &counted,
        ),
        from,
        to,
        bar_seconds: tolerance.bar.as_secs(),
        shift_seconds: filter.shift.as_secs(),
        suggested_shift: found.suggested.map(SuggestedShift::from),
        match_rate: rate,
        legs,
        drift: Drift::of(first, second, &found, filter.shift),
        bridge,
        execution: None,
        currency: books.currency.clone(),
        causes: counted,
        notes: books.notes.clone(),
    };
    Ok(Compared { comparison, rows })
}
