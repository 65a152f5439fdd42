//! A trade: one entry lot, or the part of it that one exit closes, as
//! TradingView's list of trades has them; and a lot that is still open.

use std::sync::Arc;

use jiff::Timestamp;

use super::money::{Decimal, Price, Quantity};
use super::order::OrderId;
use super::signal::{Direction, Ticker};
use super::terms::{Contract, Terms};

/// One side of a trade: the fill that opened or closed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// The order that filled; in a backtest, which has none, the number of the trade.
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

impl Lot {
    /// Gain of the lot at `price` before commission, in the webhook's currency: the
    /// entry's is spent already, the exit's is not known yet.
    ///
    /// `None` where the amount is beyond a [`Decimal`], or the terms give the price no value.
    #[must_use]
    pub fn open_profit(&self, price: Price, terms: Terms) -> Option<Decimal> {
        let (entry, quantity) = (self.entry.price, self.quantity);
        Some(
            terms
                .gross_profit(self.direction, quantity, entry, price)?
                .value,
        )
    }
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
    /// Money that one contract gains when the price rises by 1; see [`Terms`].
    pub point_value: Decimal,
    /// Which way its value follows its price.
    pub contract: Contract,
    /// Entry and exit commission together, in the webhook's currency.
    pub commission: Decimal,
    /// The entry's part of the commission.
    pub entry_commission: Decimal,
    /// Profit after commission, in the webhook's currency.
    pub net_profit: Decimal,
}

impl ClosedTrade {
    /// The terms that its profit is counted by.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms {
            contract: self.contract,
            point_value: self.point_value,
        }
    }
}

/// What reports read of a closed trade: everything but what only lists show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedTrade {
    /// The instrument.
    pub ticker: Ticker,
    /// Long or short.
    pub direction: Direction,
    /// Contracts, shares or coins.
    pub quantity: Quantity,
    /// When it was opened.
    pub entry_time: Timestamp,
    /// At which price it was opened, slippage included.
    pub entry_price: Price,
    /// Name of the signal that opened it, where the alert had one.
    pub entry_signal: Option<Arc<str>>,
    /// When it was closed.
    pub exit_time: Timestamp,
    /// At which price it was closed, slippage included.
    pub exit_price: Price,
    /// Money that one contract gains when the price rises by 1; see [`Terms`].
    pub point_value: Decimal,
    /// Which way its value follows its price.
    pub contract: Contract,
    /// Entry and exit commission together, in the webhook's currency.
    pub commission: Decimal,
    /// The entry's part of the commission.
    pub entry_commission: Decimal,
    /// Profit after commission, in the webhook's currency.
    pub net_profit: Decimal,
}

impl From<&Trade> for ClosedTrade {
    fn from(trade: &Trade) -> Self {
        Self {
            ticker: trade.ticker.clone(),
            direction: trade.direction,
            quantity: trade.quantity,
            entry_time: trade.entry.time,
            entry_price: trade.entry.price,
            entry_signal: trade.entry.signal.as_deref().map(Arc::from),
            exit_time: trade.exit.time,
            exit_price: trade.exit.price,
            point_value: trade.point_value,
            contract: trade.contract,
            commission: trade.commission,
            entry_commission: trade.entry_commission,
            net_profit: trade.net_profit,
        }
    }
}
