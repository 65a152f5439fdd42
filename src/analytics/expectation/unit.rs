//! The unit that trades are compared in: percent where their size follows equity, money where
//! it is fixed.
//!
//! A size that follows equity makes later trades of a long backtest many times as large as its
//! first ones, and money would compare the account's age. What is the steadiest tells which it
//! is: the quantity, the worth of the position, or that worth as a part of equity.

use crate::analytics::number::{count, float_of};
use crate::analytics::statistics::mean_and_deviation;
use crate::analytics::table::return_fraction;
use crate::domain::event::text_enum;
use crate::domain::money::Decimal;
use crate::domain::terms::Contract;
use crate::domain::trade::ClosedTrade;

text_enum! {
    /// The unit of outcomes.
    Unit, "unit" {
        /// Net profit in the currency: the size of trades is fixed.
        Money = "money",
        /// Net profit in percent of the position's worth at entry: the size follows equity.
        Percent = "percent",
    }
}

/// A relative spread below this is none: quantities are rounded to lots.
const STEADY: f64 = 0.02;

impl Unit {
    /// The unit that suits trades, which are in the order of their exits, of an account that
    /// began with `capital`.
    #[must_use]
    pub fn of(trades: &[ClosedTrade], capital: Option<Decimal>) -> Self {
        let Some(capital) = capital.map(float_of).filter(|capital| *capital > 0.0) else {
            return Self::Money;
        };
        let mut equity = capital;
        let (mut quantities, mut worths, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        for trade in trades {
            let worth = worth_of(trade);
            if equity <= 0.0 || worth <= 0.0 || !return_fraction(trade).is_finite() {
                return Self::Money;
            }
            quantities.push(float_of(trade.quantity.get()));
            worths.push(worth);
            parts.push(worth / equity);
            equity += float_of(trade.net_profit);
        }
        let (fixed, following) = (spread(&quantities).min(spread(&worths)), spread(&parts));
        if fixed > STEADY && following < fixed {
            Self::Percent
        } else {
            Self::Money
        }
    }

    /// What a trade came to.
    pub(super) fn outcome(self, trade: &ClosedTrade) -> f64 {
        match self {
            Self::Money => float_of(trade.net_profit),
            Self::Percent => {
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
