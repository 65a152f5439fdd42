//! Closed trades: stored with the order that closed them, and listed.

mod filter;
mod report;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::conditions::query;
use super::error::{Result, StoreError};
use super::ledgers::LedgerKey;
use super::sql::{decimal, parsed, timestamp, to_micros, unreadable};
use crate::domain::ledger::Applied;
use crate::domain::money::Decimal;
use crate::domain::order::OrderId;
use crate::domain::trade::{Leg, Trade};
use crate::domain::webhook::WebhookId;

pub use filter::TradeFilter;
use filter::{IS_IMPORTED, NEWEST_FIRST, page};
pub use report::{for_report, net_profit, open_at};

/// What names a trade: the orders that opened and closed it, `trd_12_15` outside.
///
/// It stays the same however often trades are derived again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TradeId {
    /// The order that opened it.
    pub entry: OrderId,
    /// The order that closed it.
    pub exit: OrderId,
}

/// A text that is no trade's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a trade id; an id looks like trd_12_15, its entry's and its exit's order")]
pub struct NotATradeId(String);

impl fmt::Display for TradeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "trd_{}_{}", self.entry.0, self.exit.0)
    }
}

impl FromStr for TradeId {
    type Err = NotATradeId;

    fn from_str(text: &str) -> std::result::Result<Self, NotATradeId> {
        let orders = text
            .strip_prefix("trd_")
            .and_then(|rest| rest.split_once('_'));
        let number = |text: &str| text.parse().ok().filter(|number| *number > 0).map(OrderId);
        let id = orders.and_then(|(entry, exit)| {
            Some(Self {
                entry: number(entry)?,
                exit: number(exit)?,
            })
        });
        id.ok_or_else(|| NotATradeId(text.chars().take(40).collect()))
    }
}

/// Where a trade stands in the list, `trd_12_15@1767623400000000` outside: its
/// exit's time in microseconds is kept with it, so that a page begins there even
/// where the trade is none any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradePlace {
    /// The trade.
    pub id: TradeId,
    /// When it closed.
    pub exit_time: Timestamp,
}

/// A text that is no place in a list of trades.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no cursor; give the nextCursor of the page before as it is")]
pub struct NotATradePlace(String);

impl fmt::Display for TradePlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.id, to_micros(self.exit_time))
    }
}

impl FromStr for TradePlace {
    type Err = NotATradePlace;

    fn from_str(text: &str) -> std::result::Result<Self, NotATradePlace> {
        let place = || {
            let (id, time) = text.split_once('@')?;
            Some(Self {
                id: id.parse().ok()?,
                exit_time: Timestamp::from_microsecond(time.parse().ok()?).ok()?,
            })
        };
        place().ok_or_else(|| NotATradePlace(text.chars().take(40).collect()))
    }
}

/// A trade as it is stored.
#[derive(Debug, Clone)]
pub struct StoredTrade {
    /// The webhook whose orders made it.
    pub webhook: WebhookId,
    /// The trade.
    pub trade: Trade,
    /// Currency of its profit.
    pub currency: String,
    /// Whether its entry or its exit was brought in later.
    pub is_imported: bool,
    /// What the owner says of it.
    pub notes: String,
    /// The owner's tags, in the order of the alphabet.
    pub tags: Vec<String>,
}

impl StoredTrade {
    /// What names it.
    #[must_use]
    pub fn id(&self) -> TradeId {
        TradeId {
            entry: self.trade.entry.order,
            exit: self.trade.exit.order,
        }
    }
}

/// Stores the trades that an order closed.
pub(super) fn insert(connection: &Connection, key: &LedgerKey, applied: &Applied) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO trades (exit_order, entry_order, webhook_id, ticker, direction, quantity, entry_time,
             entry_price, entry_signal, exit_time, exit_price, exit_signal, point_value, commission, net_profit, place,
             contract, entry_commission)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    )?;
    for trade in &applied.trades {
        insert.execute(params![
            trade.exit.order.0,
            trade.entry.order.0,
            key.webhook,
            key.instrument.as_str(),
            trade.direction.as_str(),
            trade.quantity.to_string(),
            to_micros(trade.entry.time),
            trade.entry.price.to_string(),
            trade.entry.signal,
            to_micros(trade.exit.time),
            trade.exit.price.to_string(),
            trade.exit.signal,
            trade.point_value.to_string(),
            trade.commission.to_string(),
            trade.net_profit.to_string(),
            applied.place,
            trade.contract.as_str(),
            trade.entry_commission.to_string(),
        ])?;
    }
    Ok(())
}

/// Removes the trades of a ledger that closed at `from` (microseconds) or later.
pub(super) fn delete(connection: &Connection, key: &LedgerKey, from: i64) -> Result<()> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM trades WHERE webhook_id = ?1 AND ticker = ?2 AND exit_time >= ?3",
    )?;
    delete.execute(params![key.webhook, key.instrument.as_str(), from])?;
    Ok(())
}

/// One page of trades, the one that closed last first.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn list(connection: &Connection, filter: &TradeFilter, limit: u32) -> Result<Vec<StoredTrade>> {
    let (page, values) = page(filter, limit);
    let sql = format!(
        "SELECT {COLUMNS}, {IS_IMPORTED}, {NOTES}, {TAGS}, {CURRENCY}
         FROM ({page}) k CROSS JOIN trades t ON t.webhook_id = k.webhook_id AND t.ticker = k.ticker
                 AND t.exit_time = k.exit_time AND t.exit_order = k.exit_order AND t.entry_order = k.entry_order
             CROSS JOIN webhooks w ON w.id = t.webhook_id {NEWEST_FIRST}"
    );
    query(connection, &sql, &values, read)
}

/// One trade.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is none of that id.
pub fn get(connection: &Connection, id: TradeId) -> Result<StoredTrade> {
    let sql = format!(
        "SELECT {COLUMNS}, {IS_IMPORTED}, {NOTES}, {TAGS}, {CURRENCY}
         FROM trades t JOIN webhooks w ON w.id = t.webhook_id
         WHERE w.deleted_at IS NULL AND t.exit_order = ?1 AND t.entry_order = ?2
             AND t.exit_time = (SELECT o.paired_at FROM orders o WHERE o.id = ?1)"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let trade = statement.query_row([id.exit.0, id.entry.0], read);
    trade
        .optional()?
        .ok_or_else(|| StoreError::NotFound(format!("trade {id}")))
}

const NOTES: &str = "(SELECT n.notes FROM trade_notes n
    WHERE n.exit_order = t.exit_order AND n.entry_order = t.entry_order)";

const TAGS: &str = "(SELECT json_group_array(g.tag) FROM trade_tags g
    WHERE g.exit_order = t.exit_order AND g.entry_order = t.entry_order)";

const CURRENCY: &str = "w.settings ->> '$.currency'";

/// The ticker is that of the alert that closed the trade, as it states it.
const COLUMNS: &str = "w.public_id, (SELECT o.ticker FROM orders o WHERE o.id = t.exit_order), t.direction, t.quantity, t.entry_order, t.entry_time,
        t.entry_price, t.entry_signal, t.exit_order, t.exit_time, t.exit_price, t.exit_signal,
        t.point_value, t.commission, t.net_profit, t.contract, t.entry_commission";

fn read(row: &Row<'_>) -> rusqlite::Result<StoredTrade> {
    Ok(StoredTrade {
        webhook: parsed(row, 0)?,
        trade: read_trade(row)?,
        is_imported: row.get(17)?,
        notes: row.get::<_, Option<String>>(18)?.unwrap_or_default(),
        tags: serde_json::from_str(row.get_ref(19)?.as_str()?)
            .map_err(|error| unreadable(19, Type::Text, error))?,
        currency: row.get(20)?,
    })
}

fn read_trade(row: &Row<'_>) -> rusqlite::Result<Trade> {
    Ok(Trade {
        ticker: parsed(row, 1)?,
        direction: parsed(row, 2)?,
        quantity: parsed(row, 3)?,
        entry: leg(row, 4)?,
        exit: leg(row, 8)?,
        point_value: parsed(row, 12)?,
        commission: parsed(row, 13)?,
        net_profit: parsed(row, 14)?,
        contract: parsed(row, 15)?,
        entry_commission: entry_commission(row, 16, 13)?,
    })
}

/// The entry's part of a trade's commission. Of a trade that was stored before the part
/// was, half of the whole, until its ledger is derived again.
fn entry_commission(row: &Row<'_>, part: usize, whole: usize) -> rusqlite::Result<Decimal> {
    match row.get_ref(part)? {
        ValueRef::Null => Ok(decimal(row, whole)? / Decimal::TWO),
        _ => decimal(row, part),
    }
}

/// A side of a trade in four columns from `first` on.
fn leg(row: &Row<'_>, first: usize) -> rusqlite::Result<Leg> {
    Ok(Leg {
        order: OrderId(row.get(first)?),
        time: timestamp(row, first + 1)?,
        price: parsed(row, first + 2)?,
        signal: row.get(first + 3)?,
    })
}
