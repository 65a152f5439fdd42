//! The differences between legs that are one: in time, price and quantity.

use serde::Serialize;

use super::leg::Leg;
use super::matching::Matching;
use crate::analytics::number::float_of;
use crate::analytics::statistics::{Sorted, mean};
use crate::domain::money::Decimal;

/// Differences over all pairs; of what there is none, `null`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Median of the time from the first book's leg to the second's, in seconds.
    pub time_median: Option<f64>,
    /// 95th percentile of that.
    pub time_p95: Option<f64>,
    /// Mean of how much worse the second book's price is, in percent: a cost is above zero. Prices
    /// at or below zero have no percentage.
    pub price_percent: Option<f64>,
    /// The price differences in the currency of the price, over the first book's quantities:
    /// a cost is above zero. Without point value.
    #[schema(value_type = String)]
    pub price_points: Decimal,
    /// Mean of the second book's quantity over the first's.
    pub quantity_ratio: Option<f64>,
    /// Pairs with another quantity.
    pub other_quantities: usize,
}

impl Drift {
    /// The drift of a matching.
    #[must_use]
    pub fn of(
        first: &[Leg],
        second: &[Leg],
        matching: &Matching,
        shift: jiff::SignedDuration,
    ) -> Self {
        let mut seconds = Vec::new();
        let mut percents = Vec::new();
        let mut ratios = Vec::new();
        let mut drift = Self::default();
        for pair in &matching.pairs {
            let (one, other) = (&first[pair.first], &second[pair.second]);
            seconds.push((other.time.duration_since(one.time) - shift).as_secs_f64());
            let worse = worse_by(one, other);
            if one.price.is_positive() {
                percents.push(100.0 * float_of(worse) / float_of(one.price.get()));
            }
            let points = worse.checked_mul(one.quantity.get()).unwrap_or_default();
            drift.price_points = drift
                .price_points
                .checked_add(points)
                .unwrap_or(drift.price_points);
            ratios.push(float_of(other.quantity.get()) / float_of(one.quantity.get()));
            drift.other_quantities += usize::from(one.quantity != other.quantity);
        }
        let is_finite = |value: &f64| value.is_finite();
        let seconds = Sorted::of(seconds);
        drift.time_median = seconds.at(0.5);
        drift.time_p95 = seconds.at(0.95);
        drift.price_percent = mean(percents.into_iter().filter(is_finite));
        drift.quantity_ratio = mean(ratios.into_iter().filter(is_finite));
        drift
    }
}

/// By how much the second price is worse for the trader.
#[must_use]
pub fn worse_by(first: &Leg, second: &Leg) -> Decimal {
    (second.price.get() - first.price.get()) * first.side.sign()
}
