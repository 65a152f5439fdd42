//! Buy and hold: the report's capital in the ticker that was entered first, from its first
//! entry fill to the last price known. An order that never filled bought nothing.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::money::{DERIVED_SCALE, Decimal, Price};
use crate::domain::terms::Contract;

use super::ReportInput;
use super::metrics::Metrics;
use super::number::{float_of, percent};

/// Stretches that a long row of prices is cut into; each keeps its lowest, its highest and
/// its last price.
const STRETCHES: usize = 200;

/// A price and when it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenPrice {
    /// Time of the price.
    pub time: Timestamp,
    /// The price.
    pub price: Price,
}

/// Buying and holding, for comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Direction in which its value follows its price.
    pub contract: Contract,
    /// Its prices in order, from its first entry fill to the last one known.
    pub prices: Vec<SeenPrice>,
}

/// The capital at one price of the ticker that is held.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldPoint {
    /// Time of the price.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The worth of the capital.
    #[schema(value_type = String)]
    pub equity: Decimal,
}

/// Writes what holding would have made, and what the trades made beyond it.
pub(super) fn write(metrics: &mut Metrics, input: &ReportInput<'_>) {
    let Some(held) = input.held else { return };
    let (Some(first), Some(last)) = (held.prices.first(), held.prices.last()) else {
        return;
    };
    let (first, last) = (first.price.get(), last.price.get());
    let Some(base) = base_of(held.contract, first, last) else {
        return;
    };
    metrics.buy_and_hold_return = percent(float_of(last - first), float_of(base));
    metrics.buy_and_hold = gain(input.capital.money(), first, last, base);
    let net_profit = metrics.net_profit;
    metrics.outperformance = metrics
        .buy_and_hold
        .and_then(|held| net_profit.checked_sub(held))
        .map(|more| more.normalize());
}

/// The curve, thinned without losing a high or a low.
pub(super) fn curve(input: &ReportInput<'_>) -> Vec<HeldPoint> {
    let Some(Held { contract, prices }) = input.held else {
        return Vec::new();
    };
    let capital = input.capital.money();
    let Some(first) = prices.first().map(|first| first.price.get()) else {
        return Vec::new();
    };
    let point = |seen: &SeenPrice| {
        let price = seen.price.get();
        let base = base_of(*contract, first, price)?;
        let equity = gain(capital, first, price, base)?.checked_add(capital)?;
        Some(HeldPoint {
            time: seen.time,
            equity: equity.normalize(),
        })
    };
    thinned(prices).filter_map(point).collect()
}

/// The price that a rise is a part of. A capital in money buys at the first price; one in
/// coins buys as many inverse contracts as it is worth, which gain (1/first - 1/last) of what
/// they are worth. `None` where a price is not above zero: of that there is no percentage.
fn base_of(contract: Contract, first: Decimal, last: Decimal) -> Option<Decimal> {
    let base = match contract {
        Contract::Linear => first,
        Contract::Inverse => last,
    };
    (first > Decimal::ZERO && base > Decimal::ZERO).then_some(base)
}

/// The gain of a capital between two prices; `None` beyond a [`Decimal`].
fn gain(capital: Decimal, first: Decimal, last: Decimal, base: Decimal) -> Option<Decimal> {
    let gain = capital.checked_mul(last.checked_sub(first)?)?;
    Some(gain.checked_div(base)?.round_dp(DERIVED_SCALE).normalize())
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
    fn an_inverse_contract_is_held_for_coins() {
        let decimal = |text: &str| -> Decimal { text.parse().unwrap() };
        let (first, last) = (decimal("50000"), decimal("62500"));
        for (contract, expected) in [(Contract::Linear, "0.5"), (Contract::Inverse, "0.4")] {
            let base = base_of(contract, first, last).unwrap();
            // 2 coins are worth 100,000: 100,000 x (1/50,000 - 1/62,500).
            assert_eq!(
                gain(decimal("2"), first, last, base),
                Some(decimal(expected))
            );
        }
        assert_eq!(base_of(Contract::Inverse, first, Decimal::ZERO), None);
        assert_eq!(base_of(Contract::Linear, Decimal::ZERO, last), None);
    }

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
