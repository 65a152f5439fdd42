//! Slippage: what a fill cost against the price of its alert.
//!
//! `slippage = (fill price - alert price) x side`, so that a cost is above zero. The alert's
//! price is the market's at the signal, where the alert states it. Then the way has two parts:
//! from the market to the price that was asked for (setup cost, the trader's own choice of
//! order), and from there to the fill (execution slippage, the broker's doing).

use serde::Serialize;
use utoipa::ToSchema;

use super::Executed;
use crate::analytics::intervals::{Interval, of_mean};
use crate::analytics::number::float_of;
use crate::analytics::statistics::{Sorted, mean};
use crate::domain::money::{Decimal, Price};

/// Cost of fills against the alerts' prices; above zero is a cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FillSlippage)]
pub struct Slippage {
    /// Pairs of an alert's leg and a fill.
    pub fills: usize,
    /// Of these, fills at a worse price than the alert's.
    pub worse: usize,
    /// The mean in basis points of the alert's price; null without a price above zero.
    pub basis_points: Option<f64>,
    /// A 95 % confidence interval of it.
    pub interval: Option<Interval>,
    /// The median in basis points.
    pub median: Option<f64>,
    /// The 95th percentile in basis points.
    pub p95: Option<f64>,
    /// In the price's currency for one contract, by quantity.
    #[schema(value_type = String)]
    pub per_contract: Decimal,
    /// All together, in the currency of profit: by quantity and point value.
    #[schema(value_type = String)]
    pub money: Decimal,
    /// From the market at the signal to the price that was asked for; null where no alert
    /// states the market.
    pub setup: Option<SlippagePart>,
    /// From the price that was asked for to the fill.
    pub execution: SlippagePart,
}

/// A part of the slippage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlippagePart {
    /// Pairs of which it is known.
    pub fills: usize,
    /// The mean in basis points; null without a price above zero.
    pub basis_points: Option<f64>,
    /// All together, in the currency of profit.
    #[schema(value_type = String)]
    pub money: Decimal,
}

/// Places that amounts are rounded to before they are summed.
const PLACES: u32 = 8;

/// One basis point is this part of a price.
const OF_PRICE: f64 = 10_000.0;

impl Slippage {
    /// The slippage of pairs.
    #[must_use]
    pub fn of(executed: &[Executed]) -> Self {
        let alert_price = |one: &Executed| one.market.unwrap_or(one.intended);
        let whole = |one: &Executed| Some((alert_price(one), one.filled));
        let points = basis_points(executed, whole);
        let sorted = Sorted::of(points.clone());
        let (mut units, mut quantity) = (Decimal::ZERO, Decimal::ZERO);
        for one in executed {
            let worse = (one.filled.get() - alert_price(one).get()) * one.side.sign();
            units = worse
                .checked_mul(one.quantity.get())
                .and_then(|cost| units.checked_add(cost))
                .unwrap_or(units);
            quantity = quantity.saturating_add(one.quantity.get());
        }
        let is_worse = |one: &&Executed| {
            (one.filled.get() - alert_price(one).get()) * one.side.sign() > Decimal::ZERO
        };
        Self {
            fills: executed.len(),
            worse: executed.iter().filter(is_worse).count(),
            basis_points: mean(points.iter().copied()),
            interval: of_mean(&points),
            median: sorted.at(0.5),
            p95: sorted.at(0.95),
            per_contract: units
                .checked_div(quantity)
                .unwrap_or_default()
                .round_dp(PLACES)
                .normalize(),
            money: money(executed, whole),
            setup: SlippagePart::known(executed, |one| Some((one.market?, one.intended))),
            execution: SlippagePart::known(executed, |one| Some((one.intended, one.filled)))
                .unwrap_or_default(),
        }
    }
}

impl SlippagePart {
    /// The part between two prices of each pair, where there is one that has both.
    fn known(
        executed: &[Executed],
        prices: impl Fn(&Executed) -> Option<(Price, Price)> + Copy,
    ) -> Option<Self> {
        let fills = executed.iter().filter_map(prices).count();
        (fills > 0).then(|| Self {
            fills,
            basis_points: mean(basis_points(executed, prices).into_iter()),
            money: money(executed, prices),
        })
    }
}

/// The cost of each way from one price to another, in basis points of the first.
fn basis_points(
    executed: &[Executed],
    prices: impl Fn(&Executed) -> Option<(Price, Price)>,
) -> Vec<f64> {
    let of = |one: &Executed| {
        let (from, to) = prices(one)?;
        let worse = (to.get() - from.get()) * one.side.sign();
        from.is_positive()
            .then(|| OF_PRICE * float_of(worse) / float_of(from.get()))
    };
    executed.iter().filter_map(of).collect()
}

/// The cost of all ways together in the currency of profit. Where an amount is beyond a
/// decimal, it is left out.
fn money(executed: &[Executed], prices: impl Fn(&Executed) -> Option<(Price, Price)>) -> Decimal {
    let of = |one: &Executed| {
        let (from, to) = prices(one)?;
        // Buying higher costs what a long position would have gained on the way.
        let cost = one.terms.gross_profit(one.side, one.quantity, from, to)?;
        Some(cost.value.round_dp(PLACES))
    };
    let costs = executed.iter().filter_map(of);
    costs
        .fold(Decimal::ZERO, Decimal::saturating_add)
        .normalize()
}
