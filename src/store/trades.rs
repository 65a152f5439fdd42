//! Closed trades: stored with the order that closed them, and listed.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::types::{ToSql, Type};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::{Result, StoreError};
use super::ledgers::LedgerKey;
use super::sql::{decimal, parsed, positive, timestamp, to_micros, unreadable};
use crate::domain::ledger::Applied;
use crate::domain::money::{Price, Quantity};
use crate::domain::order::OrderId;
use crate::domain::signal::Ticker;
use crate::domain::tag::Tag;
use crate::domain::trade::{ClosedTrade, Leg, Trade};
use crate::domain::webhook::WebhookId;

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

/// Which trades to list; `None` and empty are any.
#[derive(Debug, Clone, Default)]
pub struct TradeFilter {
    /// Of some webhooks.
    pub webhooks: Vec<WebhookId>,
    /// Of one ticker.
    pub ticker: Option<String>,
    /// Only those with an alert that was brought in later, or only those without.
    pub is_imported: Option<bool>,
    /// Opened or closed by one order.
    pub order: Option<OrderId>,
    /// With this tag of the owner's.
    pub tag: Option<Tag>,
    /// Closed at this time or later.
    pub from: Option<Timestamp>,
    /// Closed before this time.
    pub to: Option<Timestamp>,
    /// Listed after this one: the next page.
    pub before: Option<TradePlace>,
}

/// Conditions of a query and the values for their places.
type Conditions = (Vec<String>, Vec<Box<dyn ToSql>>);

impl TradeFilter {
    /// What the filter asks of a trade `t` and its webhook `w`, whatever the page.
    pub(super) fn conditions(&self) -> Conditions {
        let mut conditions = vec!["w.deleted_at IS NULL".to_owned()];
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        if !self.webhooks.is_empty() {
            let places = vec!["?"; self.webhooks.len()].join(", ");
            conditions.push(format!("w.public_id IN ({places})"));
            let ids = self.webhooks.iter().map(|id| id.as_str().to_owned());
            values.extend(ids.map(|id| Box::new(id) as Box<dyn ToSql>));
        }
        let mut require = |condition: &str, value: Box<dyn ToSql>| {
            conditions.push(condition.to_owned());
            values.push(value);
        };
        if let Some(ticker) = &self.ticker {
            require("t.ticker = ?", Box::new(ticker.clone()));
        }
        if let Some(from) = self.from {
            require("t.exit_time >= ?", Box::new(to_micros(from)));
        }
        if let Some(to) = self.to {
            require("t.exit_time < ?", Box::new(to_micros(to)));
        }
        (conditions, values)
    }
}

/// Stores the trades that an order closed.
pub(super) fn insert(connection: &Connection, webhook: i64, applied: &Applied) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO trades (exit_order, entry_order, webhook_id, ticker, direction, quantity, entry_time,
             entry_price, entry_signal, exit_time, exit_price, exit_signal, point_value, commission, net_profit, place)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?;
    for trade in &applied.trades {
        insert.execute(params![
            trade.exit.order.0,
            trade.entry.order.0,
            webhook,
            trade.ticker.as_str(),
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
        ])?;
    }
    Ok(())
}

/// Removes the trades of a ledger that closed at `from` (microseconds) or later.
pub(super) fn delete(connection: &Connection, key: &LedgerKey, from: i64) -> Result<()> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM trades WHERE webhook_id = ?1 AND ticker = ?2 AND exit_time >= ?3",
    )?;
    delete.execute(params![key.webhook, key.ticker.as_str(), from])?;
    Ok(())
}

/// One page of trades, the one that closed last first.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn list(connection: &Connection, filter: &TradeFilter, limit: u32) -> Result<Vec<StoredTrade>> {
    let columns = format!("{COLUMNS}, {IS_IMPORTED}, {NOTES}, {TAGS}, {CURRENCY}");
    let order =
        format!("ORDER BY t.exit_time DESC, t.exit_order DESC, t.entry_order DESC LIMIT {limit}");
    // Walked from the newest, however many trades there are; the index has the webhook, too.
    let trades = "trades t INDEXED BY trades_by_exit CROSS JOIN";
    select(connection, &columns, trades, filter, &order, read)
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

/// All trades of a filter, in the order of their exits; those of one instant as
/// their orders were paired, which is not always how they arrived.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn for_report(connection: &Connection, filter: &TradeFilter) -> Result<Vec<ClosedTrade>> {
    let mut names = Names::default();
    let read = |row: &Row<'_>| {
        let [place, exit, entry] = [row.get::<_, i64>(10)?, row.get(11)?, row.get(12)?];
        let trade = read_closed(row, &mut names)?;
        Ok((
            (trade.exit_time, place, exit, trade.entry_time, entry),
            trade,
        ))
    };
    let mut trades = select(connection, CLOSED, "trades t JOIN", filter, "", read)?;
    // Those of one ledger come almost in this order already.
    trades.sort_by_key(|(place, _)| *place);
    Ok(trades.into_iter().map(|(_, trade)| trade).collect())
}

fn select<T>(
    connection: &Connection,
    columns: &str,
    trades: &str,
    filter: &TradeFilter,
    tail: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let (mut conditions, mut values) = filter.conditions();
    if let Some(is_imported) = filter.is_imported {
        conditions.push(format!("{IS_IMPORTED} = ?"));
        values.push(Box::new(is_imported));
    }
    if let Some(order) = filter.order {
        // No trade closes before one of its orders.
        let since = "t.exit_time >= (SELECT o.paired_at FROM orders o WHERE o.id = ?)";
        conditions.push(format!("? IN (t.exit_order, t.entry_order) AND {since}"));
        values.extend([order.0; 2].map(|order| Box::new(order) as Box<dyn ToSql>));
    }
    if let Some(tag) = &filter.tag {
        conditions.push(HAS_TAG.to_owned());
        values.push(Box::new(tag.as_str().to_owned()));
    }
    if let Some(before) = filter.before {
        conditions.push("(t.exit_time, t.exit_order, t.entry_order) < (?, ?, ?)".to_owned());
        let TradeId { entry, exit } = before.id;
        let place = [to_micros(before.exit_time), exit.0, entry.0];
        values.extend(place.map(|part| Box::new(part) as Box<dyn ToSql>));
    }
    let sql = format!(
        "SELECT {columns} FROM {trades} webhooks w ON w.id = t.webhook_id WHERE {} {tail}",
        conditions.join(" AND ")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
    let trades = statement.query_map(values.as_slice(), read)?;
    Ok(trades.collect::<rusqlite::Result<_>>()?)
}

const IS_IMPORTED: &str = "EXISTS (SELECT 1 FROM events e
    WHERE e.id IN (t.entry_order, t.exit_order) AND e.source = 'imported')";

const HAS_TAG: &str = "EXISTS (SELECT 1 FROM trade_tags g
    WHERE g.exit_order = t.exit_order AND g.entry_order = t.entry_order AND g.tag = ?)";

const NOTES: &str = "(SELECT n.notes FROM trade_notes n
    WHERE n.exit_order = t.exit_order AND n.entry_order = t.entry_order)";

const TAGS: &str = "(SELECT json_group_array(g.tag) FROM trade_tags g
    WHERE g.exit_order = t.exit_order AND g.entry_order = t.entry_order)";

const CURRENCY: &str = "w.settings ->> '$.currency'";

const COLUMNS: &str = "w.public_id, t.ticker, t.direction, t.quantity, t.entry_order, t.entry_time,
        t.entry_price, t.entry_signal, t.exit_order, t.exit_time, t.exit_price, t.exit_signal,
        t.point_value, t.commission, t.net_profit";

fn read(row: &Row<'_>) -> rusqlite::Result<StoredTrade> {
    Ok(StoredTrade {
        webhook: parsed(row, 0)?,
        trade: read_trade(row)?,
        is_imported: row.get(15)?,
        notes: row.get::<_, Option<String>>(16)?.unwrap_or_default(),
        tags: serde_json::from_str(row.get_ref(17)?.as_str()?)
            .map_err(|error| unreadable(17, Type::Text, error))?,
        currency: row.get(18)?,
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
    })
}

/// What [`read_closed`] reads, and then what trades are put in order by.
const CLOSED: &str = "t.ticker, t.direction, t.quantity, t.entry_time, t.entry_price, t.entry_signal,
        t.exit_time, t.point_value, t.commission, t.net_profit, t.place, t.exit_order, t.entry_order";

fn read_closed(row: &Row<'_>, names: &mut Names) -> rusqlite::Result<ClosedTrade> {
    Ok(ClosedTrade {
        ticker: names.ticker(row, 0)?,
        direction: parsed(row, 1)?,
        quantity: positive(row, 2, Quantity::new)?,
        entry_time: timestamp(row, 3)?,
        entry_price: positive(row, 4, Price::new)?,
        entry_signal: names.signal(row, 5)?,
        exit_time: timestamp(row, 6)?,
        point_value: decimal(row, 7)?,
        commission: decimal(row, 8)?,
        net_profit: decimal(row, 9)?,
    })
}

/// Names that many trades share, each kept once.
#[derive(Default)]
struct Names {
    ticker: Option<Ticker>,
    signals: HashSet<Arc<str>>,
}

impl Names {
    /// Trades of one ticker come together.
    fn ticker(&mut self, row: &Row<'_>, column: usize) -> rusqlite::Result<Ticker> {
        let last = self.ticker.take();
        let text = row.get_ref(column)?;
        let is_same = |last: &Ticker| text.as_str() == Ok(last.as_str());
        let ticker = match last.filter(is_same) {
            Some(last) => last,
            None => parsed(row, column)?,
        };
        self.ticker = Some(ticker.clone());
        Ok(ticker)
    }

    fn signal(&mut self, row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Arc<str>>> {
        let value = row.get_ref(column)?;
        let text = value.as_str_or_null();
        let text = text.map_err(|error| unreadable(column, Type::Text, error))?;
        Ok(text.map(|text| match self.signals.get(text) {
            Some(kept) => Arc::clone(kept),
            None => {
                let name: Arc<str> = text.into();
                self.signals.insert(Arc::clone(&name));
                name
            }
        }))
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
