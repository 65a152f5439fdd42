//! The differences between legs that are one: in time, price and quantity.

use serde::Serialize;

use super::leg::Leg;
use super::matching::Matching;
use crate::domain::money::Decimal;

/// Differences over all pairs; of what there is none, `null`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Median of the time from the first book's leg to the second's, in seconds.
    pub time_median: Option<f64>,
    /// 95th percentile of that.
    pub time_p95: Option<f64>,
    /// Mean of how much worse the second book's price is, in percent: a cost is above zero.
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
            percents.push(100.0 * float(worse) / float(one.price.get().abs()));
            let points = worse.checked_mul(one.quantity.get()).unwrap_or_default();
            drift.price_points = drift
                .price_points
                .checked_add(points)
                .unwrap_or(drift.price_points);
            ratios.push(float(other.quantity.get()) / float(one.quantity.get()));
            drift.other_quantities += usize::from(one.quantity != other.quantity);
        }
        seconds.sort_unstable_by(f64::total_cmp);
        drift.time_median = quantile(&seconds, 0.5);
        drift.time_p95 = quantile(&seconds, 0.95);
        drift.price_percent = mean(&percents);
        drift.quantity_ratio = mean(&ratios);
        drift
    }
}

/// By how much the second price is worse for the trader.
#[must_use]
pub fn worse_by(first: &Leg, second: &Leg) -> Decimal {
    (second.price.get() - first.price.get()) * first.side.sign()
}

fn float(decimal: Decimal) -> f64 {
    use rust_decimal::prelude::ToPrimitive as _;
    decimal.to_f64().unwrap_or(f64::NAN)
}

fn mean(values: &[f64]) -> Option<f64> {
    let finite: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    (!finite.is_empty()).then(|| finite.iter().sum::<f64>() / count(finite.len()))
}

/// The quantile of sorted values, linear between two.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share * count(last);
    let below = sorted
        .iter()
        .enumerate()
        .take_while(|(index, _)| count(*index) <= place)
        .last()?
        .0;
    let above = (below + 1).min(last);
    Some(sorted[below] + (sorted[above] - sorted[below]) * (place - count(below)))
}

#[expect(clippy::cast_precision_loss, reason = "no book has 2^53 legs")]
fn count(things: usize) -> f64 {
    things as f64
}
