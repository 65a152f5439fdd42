//! Buy and hold: the report's capital in the ticker that was entered first, from its first
//! entry fill to the last price known. An order that never filled bought nothing.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::money::{DERIVED_SCALE, Decimal, Price};

use super::ReportInput;
use super::metrics::Metrics;
use super::number::{float_of, percent};

/// Stretches that a long row of prices is cut into; each keeps its lowest, its highest and
/// its last price.
const STRETCHES: usize = 200;

/// A price and when it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenPrice {
    /// When.
    pub time: Timestamp,
    /// How high.
    pub price: Price,
}

/// The capital at one price of the ticker that is held.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldPoint {
    /// When the price was seen.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// What the capital would be worth.
    #[schema(value_type = String)]
    pub equity: Decimal,
}

/// Writes what holding would have made, and what the trades made beyond it.
pub(super) fn write(metrics: &mut Metrics, input: &ReportInput<'_>) {
    let (Some(first), Some(last)) = (input.held_prices.first(), input.held_prices.last()) else {
        return;
    };
    let (first, last) = (first.price.get(), last.price.get());
    if first <= Decimal::ZERO {
        // Of nothing, or less, there is no percentage.
        return;
    }
    metrics.buy_and_hold_return = percent(float_of(last - first), float_of(first));
    metrics.buy_and_hold = gain(input.capital.money(), first, last);
    let net_profit = metrics.net_profit;
    metrics.outperformance = metrics
        .buy_and_hold
        .and_then(|held| net_profit.checked_sub(held))
        .map(|more| more.normalize());
}

/// The curve, thinned without losing a high or a low.
pub(super) fn curve(input: &ReportInput<'_>) -> Vec<HeldPoint> {
    let prices = input.held_prices;
    let capital = input.capital.money();
    let Some(first) = prices.first().map(|first| first.price.get()) else {
        return Vec::new();
    };
    if first <= Decimal::ZERO {
        return Vec::new();
    }
    let point = |seen: &SeenPrice| {
        let equity = gain(capital, first, seen.price.get())?.checked_add(capital)?;
        Some(HeldPoint {
            time: seen.time,
            equity: equity.normalize(),
        })
    };
    thinned(prices).filter_map(point).collect()
}

/// What a capital gains between two prices; `None` beyond a [`Decimal`].
fn gain(capital: Decimal, first: Decimal, last: Decimal) -> Option<Decimal> {
    let gain = capital.checked_mul(last.checked_sub(first)?)?;
    Some(gain.checked_div(first)?.round_dp(DERIVED_SCALE).normalize())
}

fn thinned(prices: &[SeenPrice]) -> impl Iterator<Item = &SeenPrice> {
    let length = prices.len().div_ceil(STRETCHES).max(1);
    prices
        .chunks(length)
        .enumerate()
        .flat_map(|(number, stretch)| {
            let by_price = |index: &usize| stretch[*index].price.get();
            let highest = (0..stretch.len()).max_by_key(by_price);
            let lowest = (0..stretch.len()).min_by_key(by_price);
            let begin = (number == 0).then_some(0);
            let end = stretch.len().checked_sub(1);
            let mut kept: Vec<usize> = [begin, highest, lowest, end]
                .into_iter()
                .flatten()
                .collect();
            kept.sort_unstable();
            kept.dedup();
            kept.into_iter().map(|index| &stretch[index])
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thinned_row_keeps_both_ends_and_every_extreme() {
        let prices: Vec<SeenPrice> = (0..5_000_i64)
            .map(|second| SeenPrice {
                time: Timestamp::from_second(second).unwrap(),
                price: (1 + (second * 7_919) % 1_000).to_string().parse().unwrap(),
            })
            .collect();
        let kept: Vec<&SeenPrice> = thinned(&prices).collect();
        assert!(kept.len() <= 3 * STRETCHES + 1);
        assert_eq!(
            (kept[0], kept[kept.len() - 1]),
            (&prices[0], &prices[4_999])
        );
        for end in ["1", "1000"] {
            assert!(kept.iter().any(|seen| seen.price.to_string() == end));
        }
        assert_eq!(thinned(&prices[..3]).count(), 3);
    }
}
