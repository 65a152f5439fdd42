//! Closed trades of every book: stored, listed and read for reports.
//!
//! One table and one shape for all books, so that a list, a report or an export needs a book's
//! name and nothing else. Where a book knows less (a backtest has no orders and states one
//! commission for both fills), a column is NULL and is made up for here.

mod filter;
mod report;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::{Result, StoreError};
use super::filter_query::query;
use super::ledger_key::LedgerKey;
use super::sql::{optional_parsed, parsed, timestamp, to_micros, unreadable};
use super::tickers;
use crate::domain::book::Book;
use crate::domain::ledger::Applied;
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::order::OrderId;
use crate::domain::signal::Direction;
use crate::domain::terms::Contract;
use crate::domain::trade::{Excursions, Leg, Trade, TradeId};
use crate::domain::webhook::WebhookId;

pub use filter::TradeFilter;
use filter::{IS_IMPORTED, NEWEST_FIRST, page};
pub use report::{PairedTrade, for_report, in_book, net_profit, open_at, paired};

/// The place of a trade in the list of its book, `trd_12_15@1767623400000000` outside: its
/// exit's time in microseconds is kept with it, so that a page begins there even where the
/// trade is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradePlace {
    /// The trade.
    pub id: TradeId,
    /// Exit time of the trade.
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

/// A trade as it is stored, whichever book it is in.
#[derive(Debug, Clone)]
pub struct StoredTrade {
    /// The webhook whose strategy made it.
    pub webhook: WebhookId,
    /// The book that it is in.
    pub book: Book,
    /// The trade.
    pub trade: Trade,
    /// Currency of its profit: the webhook's, or the backtest's own.
    pub currency: String,
    /// Extremes while it was open.
    pub excursions: Excursions,
    /// True if its entry or its exit was brought in later.
    pub is_imported: bool,
    /// The owner's notes.
    pub notes: String,
    /// The owner's tags, in the order of the alphabet.
    pub tags: Vec<String>,
}

impl StoredTrade {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> TradeId {
        TradeId {
            book: self.book,
            entry: self.trade.entry.order,
            exit: self.trade.exit.order,
        }
    }
}

/// The side and the quantity of the position that an order closed, where it closed any.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub(crate) fn closed_by(
    connection: &Connection,
    order: OrderId,
) -> Result<Option<(Direction, Decimal)>> {
    let mut select = connection.prepare_cached(
        "SELECT direction, quantity FROM trades WHERE book = 0 AND exit_order = ?1
             AND exit_time = (SELECT paired_at FROM orders WHERE id = ?1)",
    )?;
    let mut rows = select.query([order.0])?;
    let mut closed: Option<(Direction, Decimal)> = None;
    while let Some(row) = rows.next()? {
        let (side, quantity): (Direction, Decimal) = (parsed(row, 0)?, parsed(row, 1)?);
        let sum = closed.map_or(Decimal::ZERO, |(_, sum)| sum);
        closed = Some((side, sum.saturating_add(quantity)));
    }
    Ok(closed)
}

/// The columns of a trade that is to be stored.
pub(crate) struct NewTrade<'a> {
    /// Its place among the trades of one instant.
    pub(crate) place: i64,
    pub(crate) direction: Direction,
    pub(crate) quantity: Quantity,
    /// Order, time, price and signal of the fill that opened it, and of the one that closed it.
    pub(crate) entry: NewLeg<'a>,
    pub(crate) exit: NewLeg<'a>,
    pub(crate) point_value: Decimal,
    /// `None` is as the webhook's settings say when it is read.
    pub(crate) contract: Option<Contract>,
    pub(crate) commission: Decimal,
    /// `None` where only the whole commission is known.
    pub(crate) entry_commission: Option<Decimal>,
    pub(crate) net_profit: Decimal,
    pub(crate) excursions: Excursions,
}

/// A side of a trade that is to be stored.
pub(crate) struct NewLeg<'a> {
    pub(crate) order: OrderId,
    pub(crate) time: Timestamp,
    pub(crate) price: Price,
    pub(crate) signal: Option<&'a str>,
}

impl<'a> NewLeg<'a> {
    fn of(leg: &'a Leg) -> Self {
        Self {
            order: leg.order,
            time: leg.time,
            price: leg.price,
            signal: leg.signal.as_deref(),
        }
    }
}

/// Stores the trades that an order closed.
pub(crate) fn insert_applied(
    connection: &Connection,
    key: &LedgerKey,
    applied: &Applied,
) -> Result<()> {
    for trade in &applied.trades {
        let new = NewTrade {
            place: i64::from(applied.place),
            direction: trade.direction,
            quantity: trade.quantity,
            entry: NewLeg::of(&trade.entry),
            exit: NewLeg::of(&trade.exit),
            point_value: trade.point_value,
            contract: Some(trade.contract),
            commission: trade.commission,
            entry_commission: Some(trade.entry_commission),
            net_profit: trade.net_profit,
            excursions: Excursions::default(),
        };
        insert(connection, key, &new)?;
    }
    Ok(())
}

/// Stores a trade in a book.
pub(crate) fn insert(connection: &Connection, key: &LedgerKey, new: &NewTrade<'_>) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO trades (webhook_id, book, ticker, exit_time, exit_order, entry_order, place, direction,
             quantity, entry_time, entry_price, entry_signal, exit_price, exit_signal, point_value, contract,
             commission, entry_commission, net_profit, favorable, adverse, bars)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
    )?;
    let text = |amount: Option<Decimal>| amount.map(|amount| amount.to_string());
    insert.execute(params![
        key.webhook,
        key.book,
        key.instrument.as_str(),
        to_micros(new.exit.time),
        new.exit.order.0,
        new.entry.order.0,
        new.place,
        new.direction.as_str(),
        new.quantity.to_string(),
        to_micros(new.entry.time),
        new.entry.price.to_string(),
        new.entry.signal,
        new.exit.price.to_string(),
        new.exit.signal,
        new.point_value.to_string(),
        new.contract.map(Contract::as_str),
        new.commission.to_string(),
        text(new.entry_commission),
        new.net_profit.to_string(),
        text(new.excursions.favorable),
        text(new.excursions.adverse),
        new.excursions
            .bars
            .and_then(|bars| i64::try_from(bars).ok()),
    ])?;
    Ok(())
}

/// Removes the trades of a ledger that closed from `from` on and before `until` (microseconds).
pub(crate) fn delete_between(
    connection: &Connection,
    key: &LedgerKey,
    (from, until): (i64, i64),
) -> Result<()> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM trades WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3 AND exit_time >= ?4
             AND exit_time < ?5",
    )?;
    let instrument = key.instrument.as_str();
    delete.execute(params![key.webhook, key.book, instrument, from, until])?;
    Ok(())
}

/// Removes the trades that a ledger's alerts of a time closed, whenever that was said to be.
pub(crate) fn delete_closed_by_orders(
    connection: &Connection,
    key: &LedgerKey,
    (from, until): (i64, i64),
) -> Result<()> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM trades WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3 AND exit_order IN
             (SELECT id FROM orders WHERE webhook_id = ?1 AND ticker = ?4 AND paired_at >= ?5 AND paired_at < ?6)",
    )?;
    for ticker in tickers::spellings(connection, key)? {
        delete.execute(params![
            key.webhook,
            key.book,
            key.instrument.as_str(),
            ticker.as_str(),
            from,
            until
        ])?;
    }
    Ok(())
}

/// One page of the trades of a book, the one that closed last first.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn list(connection: &Connection, filter: &TradeFilter, limit: u32) -> Result<Vec<StoredTrade>> {
    let (page, values) = page(connection, filter, limit)?;
    let sql = format!(
        "SELECT {COLUMNS}, {IS_IMPORTED}, {NOTES}, {TAGS}, {CURRENCY}
         FROM ({page}) k CROSS JOIN trades t ON t.webhook_id = k.webhook_id AND t.book = k.book
                 AND t.ticker = k.ticker AND t.exit_time = k.exit_time AND t.exit_order = k.exit_order
                 AND t.entry_order = k.entry_order
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
    // An order tells its time, so that the trade is found at once.
    let at_its_time = match id.book {
        Book::Alerts => "AND t.exit_time = (SELECT o.paired_at FROM orders o WHERE o.id = ?2)",
        Book::Backtest | Book::Fills | Book::Route(_) => "",
    };
    let sql = format!(
        "SELECT {COLUMNS}, {IS_IMPORTED}, {NOTES}, {TAGS}, {CURRENCY}
         FROM trades t JOIN webhooks w ON w.id = t.webhook_id
         WHERE w.deleted_at IS NULL AND t.book = ?1 AND t.exit_order = ?2 AND t.entry_order = ?3 {at_its_time}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let trade = statement.query_row(params![id.book, id.exit.0, id.entry.0], read);
    trade
        .optional()?
        .ok_or_else(|| StoreError::NotFound(format!("trade {id}")))
}

const NOTES: &str = "(SELECT n.notes FROM trade_notes n
    WHERE t.book = 0 AND n.exit_order = t.exit_order AND n.entry_order = t.entry_order)";

const TAGS: &str = "(SELECT json_group_array(g.tag) FROM trade_tags g
    WHERE t.book = 0 AND g.exit_order = t.exit_order AND g.entry_order = t.entry_order)";

const CURRENCY: &str = "coalesce((SELECT b.currency FROM backtests b
    WHERE t.book = 1 AND b.webhook_id = t.webhook_id AND b.ticker = t.ticker), w.settings ->> '$.currency')";

/// The ticker is that of the alert that closed the trade, as it states it.
const COLUMNS: &str = "w.public_id, t.book,
        CASE t.book WHEN 0 THEN (SELECT o.ticker FROM orders o WHERE o.id = t.exit_order) ELSE t.ticker END,
        t.direction, t.quantity, t.entry_order, t.entry_time, t.entry_price, t.entry_signal, t.exit_order,
        t.exit_time, t.exit_price, t.exit_signal, t.point_value, t.commission, t.net_profit,
        coalesce(t.contract, w.settings ->> '$.contract', 'linear'), t.entry_commission, t.favorable, t.adverse,
        t.bars";

fn read(row: &Row<'_>) -> rusqlite::Result<StoredTrade> {
    Ok(StoredTrade {
        webhook: parsed(row, 0)?,
        book: row.get(1)?,
        trade: read_trade(row)?,
        excursions: Excursions {
            favorable: optional_parsed(row, 18)?,
            adverse: optional_parsed(row, 19)?,
            bars: row
                .get::<_, Option<i64>>(20)?
                .and_then(|bars| u64::try_from(bars).ok()),
        },
        is_imported: row.get(21)?,
        notes: row.get::<_, Option<String>>(22)?.unwrap_or_default(),
        tags: serde_json::from_str(row.get_ref(23)?.as_str()?)
            .map_err(|error| unreadable(23, Type::Text, error))?,
        currency: row.get(24)?,
    })
}

fn read_trade(row: &Row<'_>) -> rusqlite::Result<Trade> {
    let (entry, exit) = (leg(row, 5)?, leg(row, 9)?);
    let (commission, contract): (Decimal, Contract) = (parsed(row, 14)?, parsed(row, 16)?);
    let part = optional_parsed(row, 17)?;
    Ok(Trade {
        ticker: parsed(row, 2)?,
        direction: parsed(row, 3)?,
        quantity: parsed(row, 4)?,
        entry_commission: part
            .unwrap_or_else(|| contract.entry_share(commission, entry.price, exit.price)),
        entry,
        exit,
        point_value: parsed(row, 13)?,
        commission,
        net_profit: parsed(row, 15)?,
        contract,
    })
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
