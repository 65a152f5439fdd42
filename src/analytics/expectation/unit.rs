//! The unit that trades are compared in: percent where their size follows equity, money where
//! it is fixed.
//!
//! A size that follows equity makes later trades of a long backtest many times as large as its
//! first ones, and money would compare the account's age. What is the steadiest tells which it
//! is: the quantity, the worth of the position, or that worth as a part of equity.

use crate::analytics::number::{count, float_of};
use crate::analytics::statistics::mean_and_deviation;
use crate::analytics::table::return_fraction;
use crate::domain::departure::OutcomeUnit;
use crate::domain::money::Decimal;
use crate::domain::terms::Contract;
use crate::domain::trade::ClosedTrade;

/// A relative spread below this does not count: quantities are rounded to lots.
const STEADY: f64 = 0.02;

/// The unit that suits trades, which are in the order of their exits, of an account that
/// began with `capital`.
#[must_use]
pub fn unit_of(trades: &[ClosedTrade], capital: Option<Decimal>) -> OutcomeUnit {
    let Some(capital) = capital.map(float_of).filter(|capital| *capital > 0.0) else {
        return OutcomeUnit::Money;
    };
    let mut equity = capital;
    let (mut quantities, mut worths, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    for trade in trades {
        let worth = worth_of(trade);
        if equity <= 0.0 || worth <= 0.0 || !return_fraction(trade).is_finite() {
            return OutcomeUnit::Money;
        }
        quantities.push(float_of(trade.quantity.get()));
        worths.push(worth);
        parts.push(worth / equity);
        equity += float_of(trade.net_profit);
    }
    let (fixed, following) = (spread(&quantities).min(spread(&worths)), spread(&parts));
    if fixed > STEADY && following < fixed {
        OutcomeUnit::Percent
    } else {
        OutcomeUnit::Money
    }
}

/// The outcome of a trade in a unit.
#[must_use]
pub fn outcome(trade: &ClosedTrade, unit: OutcomeUnit) -> f64 {
    match unit {
        OutcomeUnit::Money => float_of(trade.net_profit),
        OutcomeUnit::Percent => {
            let fraction = return_fraction(trade);
            // A price at or below zero came with a later trade: nothing is a percentage of it.
            if fraction.is_finite() {
                100.0 * fraction
            } else {
                0.0
            }
        }
    }
}

fn worth_of(trade: &ClosedTrade) -> f64 {
    let price = float_of(trade.entry_price.get());
    let size = float_of(trade.quantity.get()) * float_of(trade.point_value);
    match trade.contract {
        Contract::Linear => size * price,
        Contract::Inverse => size / price,
    }
}

/// The standard deviation as a part of the mean; 0 where values do not differ.
fn spread(values: &[f64]) -> f64 {
    let found = mean_and_deviation(values.iter().copied());
    let deviation = found.map_or(0.0, |(mean, deviation)| deviation / mean);
    if count(values.len()) > 1.0 {
        deviation
    } else {
        0.0
    }
}
