//! A trade: one entry lot, or the part of it that one exit closes, as
//! TradingView's list of trades has them; and a lot that is still open.

use jiff::Timestamp;

use super::money::{Decimal, Price, Quantity};
use super::order::OrderId;
use super::signal::{Direction, Ticker};

/// One side of a trade: the fill that opened or closed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// The order that filled.
    pub order: OrderId,
    /// When it filled: the time the order is paired by.
    pub time: Timestamp,
    /// At which price, slippage included.
    pub price: Price,
    /// Name of the signal, where the alert had one.
    pub signal: Option<String>,
}

/// A lot that is still open, or what exits have left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// Long or short.
    pub direction: Direction,
    /// What is left of it; above zero.
    pub quantity: Quantity,
    /// The fill that opened it.
    pub entry: Leg,
    /// Commission of the entry that belongs to the quantity left.
    pub commission: Decimal,
}

/// A closed trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// The instrument.
    pub ticker: Ticker,
    /// Long or short.
    pub direction: Direction,
    /// Contracts, shares or coins.
    pub quantity: Quantity,
    /// The fill that opened it.
    pub entry: Leg,
    /// The fill that closed it.
    pub exit: Leg,
    /// Money that one contract gains when the price rises by 1.
    pub point_value: Decimal,
    /// Entry and exit commission together, in the webhook's currency.
    pub commission: Decimal,
    /// Profit after commission, in the webhook's currency.
    pub net_profit: Decimal,
}
