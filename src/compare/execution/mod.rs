//! Execution of alerts at a broker: its cost, its delay and its share of the profit.
//!
//! All of it is of pairs, an alert's leg and the fill of it. What has no pair is counted by the
//! match rate and costs nothing here.

mod grade;
mod latency;
mod slippage;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::bridge::MatchedProfit;
use crate::analytics::number::float_of;
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::signal::Direction;
use crate::domain::terms::Terms;

pub use grade::{Grade, GradePart, GradeStep, Letter};
pub use latency::{Latency, LatencyBand, Spread};
pub use slippage::{Slippage, SlippagePart};

/// An alert's leg and its fill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Executed {
    /// Bought or sold.
    pub side: Direction,
    /// The quantity that was filled.
    pub quantity: Quantity,
    /// The price that the alert asked for.
    pub intended: Price,
    /// The market price at the signal, where the alert states it.
    pub market: Option<Price>,
    /// The fill price; of several fills of one order, their mean by quantity.
    pub filled: Price,
    /// Value of a move of the price.
    pub terms: Terms,
    /// Time of the signal, by TradingView's clock, which has whole seconds.
    pub signal: Option<Timestamp>,
    /// Time at which the alert came; `None` where it was brought in later.
    pub received: Option<Timestamp>,
    /// Time at which it was on disk, where that is known.
    pub on_disk: Option<Timestamp>,
    /// Time of the first of its fills.
    pub filled_at: Timestamp,
    /// Seconds that the fill's time is told to; 0 of finer ones.
    pub precision: u32,
}

/// The profit that fills left of the alerts', over trades whose legs are all matched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Retention {
    /// Trades of the alerts with both legs filled.
    pub trades: usize,
    /// Their net profit by the alerts' prices and the webhook's assumed costs.
    #[schema(value_type = String)]
    pub alerts: Decimal,
    /// Their net profit by the fills.
    #[schema(value_type = String)]
    pub fills: Decimal,
    /// `fills` less `alerts`.
    #[schema(value_type = String)]
    pub difference: Decimal,
    /// `fills` of `alerts`, in percent; null where the alerts' profit is not above zero.
    pub percent: Option<f64>,
}

impl Retention {
    /// The profit that fills left of alerts.
    #[must_use]
    pub fn of(matched: MatchedProfit) -> Self {
        let MatchedProfit {
            trades,
            first: alerts,
            second: fills,
        } = matched;
        let share = float_of(fills) / float_of(alerts);
        Self {
            trades,
            alerts,
            fills,
            difference: fills.saturating_sub(alerts),
            percent: (alerts > Decimal::ZERO).then_some(100.0 * share),
        }
    }
}

/// Execution of alerts at a broker.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Execution {
    /// Cost of the fills against the alerts' prices.
    pub slippage: Slippage,
    /// Delay of the fills.
    pub latency: Latency,
    /// The profit that fills left; null where the currencies differ.
    pub retention: Option<Retention>,
    /// The whole in a letter.
    pub grade: Grade,
}

impl Execution {
    /// Judges the `executed` legs, of which `match_rate` percent of all alerts are.
    #[must_use]
    pub fn of(executed: &[Executed], match_rate: f64, retention: Option<Retention>) -> Self {
        let slippage = Slippage::of(executed);
        let latency = Latency::of(executed);
        let grade = Grade::of(
            match_rate,
            latency.to_filled().map(|spread| spread.median),
            slippage.execution.basis_points,
        );
        Self {
            slippage,
            latency,
            retention,
            grade,
        }
    }
}
