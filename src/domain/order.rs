//! An order: a signal that was recorded, ready to be paired with others.

use std::time::Duration;

use jiff::Timestamp;

use super::event::{EventId, numbered_id, text_enum};
use super::money::{Decimal, NumberError, Price, Quantity};
use super::signal::{
    Direction, Intent, OrderType, Percentage, Signal, Size, StatedPosition, Ticker,
};

use serde::Serialize;
use std::fmt;
use std::str::FromStr;

use super::event::NotAnId;

numbered_id! {
    /// The number of an order, `ord_77` outside.
    OrderId, "ord"
}

/// Largest distance between a signal's own time and its arrival at which it is believed.
pub const SIGNAL_TIME_TOLERANCE: Duration = Duration::from_mins(5);

/// The time an order is paired by: the signal's own where it lies within
/// [`SIGNAL_TIME_TOLERANCE`] of arrival, else the arrival.
#[must_use]
pub fn pairing_time(received_at: Timestamp, signal_time: Option<Timestamp>) -> Timestamp {
    signal_time
        .filter(|time| time.duration_since(received_at).unsigned_abs() <= SIGNAL_TIME_TOLERANCE)
        .unwrap_or(received_at)
}

/// An order as the ledger needs it: the truth that trades are derived from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The number of the order.
    pub id: OrderId,
    /// The event it came from.
    pub event: EventId,
    /// The instrument.
    pub ticker: Ticker,
    /// Its intent.
    pub intent: Intent,
    /// True if it closes all of an opposite position beside its own quantity.
    pub closes_opposite: bool,
    /// Its order type.
    pub order_type: OrderType,
    /// The quantity; `None` is an exit of the whole position.
    pub quantity: Option<Quantity>,
    /// The price it fills at, before assumed slippage.
    pub intended_price: Price,
    /// The market price at signal time, where the alert states it.
    pub market_price: Option<Price>,
    /// The time it is paired by; see [`pairing_time`].
    pub paired_at: Timestamp,
    /// Time of the signal, by TradingView's clock.
    pub signal_time: Option<Timestamp>,
    /// The position as TradingView states it.
    pub stated_position: StatedPosition,
    /// Name of the signal, shown on the trade.
    pub signal_name: Option<String>,
    /// True if the owner made it to accept TradingView's position.
    pub adjusting: bool,
}

/// The size of an order, as far as its signal alone tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// A quantity; `None` is an exit of the whole position.
    Quantity(Option<Quantity>),
    /// A percentage, of which equity or position make a quantity.
    Percentage(Percentage),
}

/// The size that a signal asks for.
///
/// # Errors
///
/// [`NumberError`] where money divided by the price is no usable quantity.
pub fn measure(signal: &Signal) -> Result<Measure, NumberError> {
    Ok(Measure::Quantity(match signal.size {
        Size::Quantity(quantity) => Some(quantity),
        Size::Notional(notional) => Some(notional.quantity_at(signal.intended_price)?),
        Size::WholePosition => None,
        Size::Percentage(percentage) => return Ok(Measure::Percentage(percentage)),
    }))
}

text_enum! {
    /// The cost of the intended price against the market, in four steps.
    ExecutionQuality, "execution quality" {
        /// At most 0.1 % of the market price.
        Excellent = "excellent",
        /// At most 0.5 %.
        Good = "good",
        /// At most 1 %.
        Fair = "fair",
        /// More than 1 %.
        Poor = "poor",
    }
}

/// The cost of an order's type against the market at signal time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetupCost {
    /// Price units a contract; positive is worse for the trader: buying above or
    /// selling below the market.
    pub cost: Decimal,
    /// The cost as one of four steps; `None` of a cost against a market at or below zero,
    /// of which there is no percentage.
    pub quality: Option<ExecutionQuality>,
}

/// The cost of intending `intended` while the market is at `market`.
#[must_use]
pub fn setup_cost(direction: Direction, intended: Price, market: Price) -> SetupCost {
    let cost = (intended.get() - market.get()) * direction.sign();
    if cost > Decimal::ZERO && !market.is_positive() {
        return SetupCost {
            cost,
            quality: None,
        };
    }
    let percent = cost
        .checked_mul(Decimal::ONE_HUNDRED)
        .and_then(|hundredfold| hundredfold.checked_div(market.get()));
    // No cost is excellent at any price. Beyond what a decimal holds lies only what is
    // far better or far worse.
    let percent = percent.unwrap_or(cost);
    let quality = if percent <= Decimal::new(1, 1) {
        ExecutionQuality::Excellent
    } else if percent <= Decimal::new(5, 1) {
        ExecutionQuality::Good
    } else if percent <= Decimal::ONE {
        ExecutionQuality::Fair
    } else {
        ExecutionQuality::Poor
    };
    SetupCost {
        cost,
        quality: Some(quality),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buying_above_and_selling_below_the_market_costs() {
        let market: Price = "150.25".parse().unwrap();
        let above: Price = "151.00".parse().unwrap();
        let buy = setup_cost(Direction::Long, above, market);
        assert_eq!(
            (buy.cost.to_string().as_str(), buy.quality),
            ("0.75", Some(ExecutionQuality::Good))
        );
        let sell = setup_cost(Direction::Short, above, market);
        assert_eq!(
            (sell.cost.to_string().as_str(), sell.quality),
            ("-0.75", Some(ExecutionQuality::Excellent))
        );
    }

    #[test]
    fn quality_steps_include_their_bounds() {
        let market: Price = "1000".parse().unwrap();
        for (intended, quality) in [
            ("1001", ExecutionQuality::Excellent),
            ("1001.01", ExecutionQuality::Good),
            ("1005", ExecutionQuality::Good),
            ("1010", ExecutionQuality::Fair),
            ("1010.01", ExecutionQuality::Poor),
        ] {
            assert_eq!(
                setup_cost(Direction::Long, intended.parse().unwrap(), market).quality,
                Some(quality)
            );
        }
    }

    #[test]
    fn a_cost_has_no_percentage_of_a_market_at_or_below_zero() {
        for market in ["0", "-37.63"] {
            let market: Price = market.parse().unwrap();
            let at_market = setup_cost(Direction::Long, market, market);
            assert_eq!(at_market.quality, Some(ExecutionQuality::Excellent));
            let above = Price::new(market.get() + Decimal::ONE).unwrap();
            let buy = setup_cost(Direction::Long, above, market);
            assert_eq!((buy.cost, buy.quality), (Decimal::ONE, None));
        }
    }

    #[test]
    fn a_signal_time_counts_within_five_minutes_of_arrival() {
        let arrival: Timestamp = "2026-01-05T14:30:00Z".parse().unwrap();
        let near: Timestamp = "2026-01-05T14:25:00Z".parse().unwrap();
        let far: Timestamp = "2026-01-05T14:24:59Z".parse().unwrap();
        assert_eq!(pairing_time(arrival, Some(near)), near);
        assert_eq!(pairing_time(arrival, Some(far)), arrival);
        assert_eq!(pairing_time(arrival, None), arrival);
    }
}
