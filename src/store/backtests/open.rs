//! The trades that are open at the end of a kept list.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::NewBacktest;
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::signal::Direction;
use crate::domain::terms::{Contract, Terms};
use crate::imports::trades::{Commissions, ListedTrade};

/// Trades that are open at the end of a list.
#[derive(Debug, Clone)]
pub enum OpenAtEnd {
    /// Its trades.
    Trades(Vec<OpenTrade>),
    /// Of a list that an earlier version brought in: net profit of the long and of the short
    /// trades. Neither their times and prices nor what entering cost was kept.
    Sums {
        /// Of the long trades.
        long: Decimal,
        /// Of the short trades.
        short: Decimal,
    },
}

/// A trade that is open at the end of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTrade {
    /// Long or short.
    pub direction: Direction,
    /// The way its value follows its price.
    pub contract: Contract,
    /// Entry time.
    pub entry_time: Timestamp,
    /// At which price.
    pub entry_price: Price,
    /// Contracts, shares or coins; `None` of a list that an earlier version brought in.
    pub quantity: Option<Quantity>,
    /// The signal that opened it.
    pub entry_signal: Option<Arc<str>>,
    /// Entry commission.
    pub commission: Decimal,
    /// Gain at the last price, before commission; `None` where the list has neither.
    pub profit: Option<Decimal>,
    /// Time of the last price.
    pub last_time: Option<Timestamp>,
    /// The last price.
    pub last_price: Option<Price>,
}

/// As the column has it: times in microseconds.
#[derive(Serialize, Deserialize)]
struct StoredOpenTrade {
    direction: Direction,
    contract: Contract,
    entered: i64,
    price: String,
    quantity: Option<String>,
    signal: Option<String>,
    commission: String,
    profit: Option<String>,
    seen: Option<i64>,
    last: Option<String>,
}

impl OpenTrade {
    /// An open trade of a list whose profit is counted by these terms.
    pub(super) fn of(trade: &ListedTrade, terms: Terms, commissions: &mut Commissions) -> Self {
        let commission = commissions.take_open(trade);
        let at_end = &trade.at_end;
        Self {
            direction: trade.direction,
            contract: terms.contract,
            entry_time: trade.entry.time,
            entry_price: trade.entry.price,
            quantity: Some(trade.quantity),
            entry_signal: trade.entry.signal.clone(),
            commission,
            profit: profit(trade, terms, commission),
            last_time: at_end.time,
            last_price: at_end.price,
        }
    }

    fn kept(&self) -> StoredOpenTrade {
        let text = |amount: Decimal| amount.to_string();
        StoredOpenTrade {
            direction: self.direction,
            contract: self.contract,
            entered: self.entry_time.as_microsecond(),
            price: self.entry_price.to_string(),
            quantity: self.quantity.map(|quantity| quantity.to_string()),
            signal: self.entry_signal.as_deref().map(str::to_owned),
            commission: text(self.commission),
            profit: self.profit.map(text),
            seen: self.last_time.map(Timestamp::as_microsecond),
            last: self.last_price.map(|price| price.to_string()),
        }
    }
}

impl StoredOpenTrade {
    fn trade(self) -> Option<OpenTrade> {
        let time = |micros| Timestamp::from_microsecond(micros).ok();
        let amount = |text: String| text.parse().ok();
        Some(OpenTrade {
            direction: self.direction,
            contract: self.contract,
            entry_time: time(self.entered)?,
            entry_price: self.price.parse().ok()?,
            quantity: self.quantity.and_then(|text| text.parse().ok()),
            entry_signal: self.signal.map(Into::into),
            commission: self.commission.parse().ok()?,
            profit: self.profit.and_then(amount),
            last_time: self.seen.and_then(time),
            last_price: self.last.and_then(|text| text.parse().ok()),
        })
    }
}

/// Open trades as they are stored.
pub(super) fn text(trades: &[OpenTrade]) -> Option<String> {
    let kept: Vec<StoredOpenTrade> = trades.iter().map(OpenTrade::kept).collect();
    serde_json::to_string(&kept).ok()
}

/// Open trades as [`text`] wrote them.
pub(super) fn read(text: &str) -> Option<Vec<OpenTrade>> {
    let kept: Vec<StoredOpenTrade> = serde_json::from_str(text).ok()?;
    kept.into_iter().map(StoredOpenTrade::trade).collect()
}

/// Net profit of the open trades of a side, as the list has it.
pub(super) fn sum(new: &NewBacktest, direction: Direction) -> Decimal {
    let trades = new.list.trades.iter();
    let open = trades.filter(|trade| trade.exit.is_none() && trade.direction == direction);
    open.map(|trade| trade.net_profit)
        .fold(Decimal::ZERO, Decimal::saturating_add)
}

/// The gain of an open trade before commission.
///
/// The last price tells it, where it comes to what the list says; a rate of exchange that has
/// moved since is in the list's own profit alone, of which the entry's commission is taken off.
fn profit(trade: &ListedTrade, terms: Terms, commission: Decimal) -> Option<Decimal> {
    let (entry, quantity): (Price, Quantity) = (trade.entry.price, trade.quantity);
    let gain = |price| terms.gross_profit(trade.direction, quantity, entry, price);
    let by_price = trade.at_end.price.and_then(gain).map(|gain| gain.value);
    let Some(net) = trade.at_end.net_profit else {
        return by_price.map(|gain| gain.normalize());
    };
    let gross = net.checked_add(commission)?;
    let is_near = |gain: &Decimal| {
        let unit = Decimal::new(1, net.scale().max(2));
        let slack = gross.abs() / Decimal::ONE_HUNDRED + unit;
        [net, gross]
            .iter()
            .any(|said| (*gain - *said).abs() <= slack)
    };
    Some(by_price.filter(is_near).unwrap_or(gross).normalize())
}
