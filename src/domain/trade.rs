//! A trade: one entry lot, or the part of it that one exit closes, as
//! TradingView's list of trades has them; and a lot that is still open.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;

use super::book::Book;
use super::money::{Decimal, Price, Quantity};
use super::order::OrderId;
use super::signal::{Direction, Ticker};
use super::terms::{Contract, Terms};

/// The name of a trade: its book, and the orders that opened and closed it. It is `trd_12_15`
/// outside, `btr_5` in a backtest, `fls_12_15` among fills, `rte_3_12_15` among those of a route.
///
/// It stays the same however often trades are derived again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TradeId {
    /// The book that it is in.
    pub book: Book,
    /// The order that opened it; in a backtest, which has none, the trade's own number.
    pub entry: OrderId,
    /// The order that closed it; in a backtest the trade's own number, too.
    pub exit: OrderId,
}

/// A text that is no trade's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a trade id; an id looks like trd_12_15, its entry's and its exit's order")]
pub struct NotATradeId(String);

impl fmt::Display for TradeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (entry, exit) = (self.entry.0, self.exit.0);
        match self.book {
            Book::Alerts => write!(formatter, "trd_{entry}_{exit}"),
            Book::Backtest => write!(formatter, "btr_{exit}"),
            Book::Fills => write!(formatter, "fls_{entry}_{exit}"),
            Book::Route(route) => write!(formatter, "{route}_{entry}_{exit}"),
        }
    }
}

impl FromStr for TradeId {
    type Err = NotATradeId;

    fn from_str(text: &str) -> Result<Self, NotATradeId> {
        let number = |text: &str| text.parse().ok().filter(|number| *number > 0).map(OrderId);
        let parsed = || {
            if let Some(listed) = text.strip_prefix("btr_") {
                let own = number(listed)?;
                return Some((Book::Backtest, own, own));
            }
            let (front, exit) = text.rsplit_once('_')?;
            let (front, entry) = front.rsplit_once('_')?;
            let book = match front {
                "trd" => Book::Alerts,
                "fls" => Book::Fills,
                route => Book::Route(route.parse().ok()?),
            };
            Some((book, number(entry)?, number(exit)?))
        };
        let id = parsed().map(|(book, entry, exit)| Self { book, entry, exit });
        id.ok_or_else(|| NotATradeId(text.chars().take(40).collect()))
    }
}

/// One side of a trade: the fill that opened or closed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// The order that filled; in a backtest, which has none, the trade's own number.
    pub order: OrderId,
    /// Time of the fill, by which the order is paired.
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
    /// The rest of it; above zero.
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

/// Extremes of a trade while it was open, as far as its book knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Excursions {
    /// The largest gain.
    pub favorable: Option<Decimal>,
    /// The largest loss, at or below zero.
    pub adverse: Option<Decimal>,
    /// Bars that it was open.
    pub bars: Option<u64>,
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
    /// The way its value follows its price.
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

/// A closed trade as reports read it: without the columns that only lists show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedTrade {
    /// The instrument.
    pub ticker: Ticker,
    /// Long or short.
    pub direction: Direction,
    /// Contracts, shares or coins.
    pub quantity: Quantity,
    /// Entry time.
    pub entry_time: Timestamp,
    /// At which price it was opened, slippage included.
    pub entry_price: Price,
    /// Name of the signal that opened it, where the alert had one.
    pub entry_signal: Option<Arc<str>>,
    /// Exit time.
    pub exit_time: Timestamp,
    /// At which price it was closed, slippage included.
    pub exit_price: Price,
    /// Money that one contract gains when the price rises by 1; see [`Terms`].
    pub point_value: Decimal,
    /// The way its value follows its price.
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

#[cfg(test)]
mod tests {
    use super::super::book::RouteId;
    use super::*;

    #[test]
    fn a_trade_of_each_book_has_a_name_of_its_own() {
        let id = |book, entry, exit| TradeId {
            book,
            entry: OrderId(entry),
            exit: OrderId(exit),
        };
        for (name, id) in [
            ("trd_12_15", id(Book::Alerts, 12, 15)),
            ("btr_5", id(Book::Backtest, 5, 5)),
            ("fls_12_15", id(Book::Fills, 12, 15)),
            ("rte_3_12_15", id(Book::Route(RouteId(3)), 12, 15)),
        ] {
            assert_eq!(name.parse(), Ok(id));
            assert_eq!(id.to_string(), name);
        }
        for text in [
            "", "trd_12", "trd_0_1", "btr_", "btr_1_1", "btr_0", "rte_3_1", "12_15",
        ] {
            assert!(text.parse::<TradeId>().is_err(), "{text}");
        }
    }
}
