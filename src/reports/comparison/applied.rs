//! Tries a correction before it is proposed: the comparison is made with it, as a reader would make
//! it, and what is said is what came of that.

use jiff::SignedDuration;

use super::{ComparisonFilter, SuggestedPrice, SuggestedShift};
use crate::compare::{ClockShift, Matching, Rate, Scale, Shift};
use crate::store::Result;

/// Makes the comparison with another filter, and says how many legs match.
pub(super) type Attempt<'a> = &'a dyn Fn(&ComparisonFilter) -> Result<Option<Rate>>;

/// Gives what is proposed the rates that it has when it is applied. What gains too little then is
/// not proposed, and neither is a shift that cannot be written, as one after that of a zone.
pub(super) fn proved(
    found: &mut Matching,
    rate: &Rate,
    filter: &ComparisonFilter,
    attempt: Attempt<'_>,
) -> Result<()> {
    let (shift, scale) = (found.suggested.take(), found.suggested_scale.take());
    if shift.is_none() && scale.is_none() {
        return Ok(());
    }
    let total = match shift {
        Some(shift) => match shift.after(&filter.shift) {
            Some(total) => Some(total),
            None => return Ok(()),
        },
        None => None,
    };
    let price = scale.as_ref().and_then(SuggestedPrice::of);
    let with = |shift: Option<ClockShift>| {
        attempt(&ComparisonFilter {
            shift: shift.unwrap_or_else(|| filter.shift.clone()),
            price: price.map(|price| price.tolerance).or(filter.price),
            ..filter.clone()
        })
    };
    if scale.is_some() && price.is_none() {
        // No option applies it: it is said without a rate.
        (found.suggested, found.suggested_scale) = (total, scale);
        return Ok(());
    }
    let applied = total.map(|total| SuggestedShift::of(&total, false).applied());
    let Some(applied) = with(applied)? else {
        return Ok(());
    };
    let is_clear = match total {
        Some(total) => total.is_clear(rate, &applied),
        None => Shift::is_clearly_more(rate, &applied),
    };
    if !is_clear {
        return Ok(());
    }
    let share = applied.percent / 100.0;
    found.suggested_scale = scale.map(|scale| Scale {
        match_rate: share,
        ..scale
    });
    found.suggested = match total {
        Some(total) if total.seasons.is_some() => {
            // The same all the year is the lesser of the two, and has its own rate.
            let constant = match total.by {
                SignedDuration::ZERO => Some(*rate),
                by => with(Some(ClockShift::Constant(by)))?,
            };
            let constant = constant.map_or(0.0, |rate| rate.percent / 100.0);
            let of_both = total.with_rate(share);
            Some(Shift {
                match_rate: constant,
                ..of_both
            })
        }
        total => total.map(|total| total.with_rate(share)),
    };
    Ok(())
}
