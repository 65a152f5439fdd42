//! Trades as reports read them: hundreds of thousands, and of each what is needed.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, Row};

use super::filter::{OF_TAG, TradeFilter};
use crate::domain::instrument::{Instrument, Instruments};
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::order::OrderId;
use crate::domain::signal::Ticker;
use crate::domain::terms::Contract;
use crate::domain::trade::ClosedTrade;
use crate::store::error::Result;
use crate::store::filter_query::{WhereClause, query};
use crate::store::ledger_key::LedgerKey;
use crate::store::sql::{amount, decimal, parsed, timestamp, to_micros, unreadable};

/// All trades of a filter, in the order of their exits; those of one instant as
/// their orders were paired, which is not always how they arrived.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn for_report(connection: &Connection, filter: &TradeFilter) -> Result<Vec<ClosedTrade>> {
    read(connection, filter, filter.conditions(connection)?)
}

/// All trades of a book in one instrument, in the order of their exits.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn in_book(connection: &Connection, key: &LedgerKey) -> Result<Vec<ClosedTrade>> {
    read_from(connection, TRADES, &of_book(key))
}

/// A trade and the orders, or fills, that opened and closed it.
#[derive(Debug, Clone)]
pub struct PairedTrade {
    /// The order that opened it.
    pub entry: OrderId,
    /// The order that closed it.
    pub exit: OrderId,
    /// Name of the signal that closed it, where it has one.
    pub exit_signal: Option<Arc<str>>,
    /// The trade.
    pub trade: ClosedTrade,
}

/// All trades of a book in one instrument with what opened and closed each, in the order of
/// their exits.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn paired(connection: &Connection, key: &LedgerKey) -> Result<Vec<PairedTrade>> {
    let mut names = Names::default();
    let read_row = |row: &Row<'_>| {
        let paired = PairedTrade {
            entry: OrderId(row.get(13)?),
            exit: OrderId(row.get(12)?),
            exit_signal: names.signal(row, 16)?,
            trade: read_closed(row, &mut names)?,
        };
        Ok((row.get::<_, i64>(11)?, paired))
    };
    let of_book = of_book(key);
    let sql = format!(
        "SELECT {CLOSED}, t.exit_signal FROM {TRADES} WHERE {}",
        of_book.text()
    );
    let mut trades = query(connection, &sql, &of_book.values, read_row)?;
    trades.sort_by_key(|(place, paired)| {
        let trade = &paired.trade;
        let (entry, exit) = (paired.entry.0, paired.exit.0);
        (trade.exit_time, *place, exit, trade.entry_time, entry)
    });
    Ok(trades.into_iter().map(|(_, paired)| paired).collect())
}

fn of_book(key: &LedgerKey) -> WhereClause {
    let mut of_book = WhereClause::default();
    of_book.require("t.webhook_id = ?", [key.webhook]);
    of_book.require("t.book = ?", [key.book]);
    of_book.require("t.ticker = ?", [key.instrument.as_str().to_owned()]);
    of_book
}

/// The trades of a filter that were open at a time: entered before it, and closed then or
/// later.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn open_at(
    connection: &Connection,
    filter: &TradeFilter,
    time: Timestamp,
) -> Result<Vec<ClosedTrade>> {
    let later = TradeFilter {
        from: Some(time),
        to: None,
        ..filter.clone()
    };
    let mut conditions = later.conditions(connection)?;
    conditions.require("t.entry_time < ?", [to_micros(time)]);
    read(connection, &later, conditions)
}

/// The net profit of all trades of a filter together.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn net_profit(connection: &Connection, filter: &TradeFilter) -> Result<Decimal> {
    let mut conditions = filter.conditions(connection)?;
    let from = tables(filter, &mut conditions);
    let sql = format!(
        "SELECT t.net_profit FROM {from} WHERE {}",
        conditions.text()
    );
    let profits = query(connection, &sql, &conditions.values, |row| decimal(row, 0))?;
    Ok(profits
        .into_iter()
        .fold(Decimal::ZERO, Decimal::saturating_add))
}

/// The tables that trades of a filter are found in.
fn tables(filter: &TradeFilter, conditions: &mut WhereClause) -> &'static str {
    let Some(tag) = &filter.tag else {
        return TRADES;
    };
    conditions.require("g.tag = ?", [tag.as_str().to_owned()]);
    OF_TAG
}

/// Trades, each with its webhook.
const TRADES: &str = "trades t JOIN webhooks w ON w.id = t.webhook_id";

fn read(
    connection: &Connection,
    filter: &TradeFilter,
    mut conditions: WhereClause,
) -> Result<Vec<ClosedTrade>> {
    let from = tables(filter, &mut conditions);
    read_from(connection, from, &conditions)
}

fn read_from(
    connection: &Connection,
    from: &str,
    conditions: &WhereClause,
) -> Result<Vec<ClosedTrade>> {
    let mut names = Names::default();
    let mut places: Vec<SortKey> = Vec::new();
    let read_row = |row: &Row<'_>| {
        let [place, exit, entry] = [row.get::<_, i64>(11)?, row.get(12)?, row.get(13)?];
        let trade = read_closed(row, &mut names)?;
        places.push((trade.exit_time, place, exit, trade.entry_time, entry));
        Ok(trade)
    };
    let sql = format!("SELECT {CLOSED} FROM {from} WHERE {}", conditions.text());
    let trades = query(connection, &sql, &conditions.values, read_row)?;
    // Those of one ledger mostly come in this order already, and stay where they are.
    if places.is_sorted() {
        return Ok(trades);
    }
    let mut trades: Vec<_> = places.into_iter().zip(trades).collect();
    trades.sort_by_key(|(place, _)| *place);
    Ok(trades.into_iter().map(|(_, trade)| trade).collect())
}

/// Time and place of an exit, its order, then time and order of the entry.
type SortKey = (Timestamp, i64, i64, Timestamp, i64);

/// Columns that [`read_closed`] reads, and then those that trades are ordered by.
const CLOSED: &str =
    "t.ticker, t.direction, t.quantity, t.entry_time, t.entry_price, t.entry_signal,
        t.exit_time, t.point_value, t.commission, t.net_profit, coalesce(t.contract, w.settings ->> '$.contract', 'linear'), t.place, t.exit_order,
        t.entry_order, t.exit_price, t.entry_commission";

fn read_closed(row: &Row<'_>, names: &mut Names) -> rusqlite::Result<ClosedTrade> {
    let (entry_price, exit_price) = (amount(row, 4, Price::new)?, amount(row, 14, Price::new)?);
    let (commission, contract): (_, Contract) = (decimal(row, 8)?, parsed(row, 10)?);
    let entry_commission = match row.get_ref(15)? {
        ValueRef::Null => contract.entry_share(commission, entry_price, exit_price),
        _ => decimal(row, 15)?,
    };
    Ok(ClosedTrade {
        ticker: names.ticker(row, 0)?,
        direction: parsed(row, 1)?,
        quantity: amount(row, 2, Quantity::new)?,
        entry_time: timestamp(row, 3)?,
        entry_price,
        entry_signal: names.signal(row, 5)?,
        exit_time: timestamp(row, 6)?,
        point_value: decimal(row, 7)?,
        commission,
        net_profit: decimal(row, 9)?,
        contract,
        exit_price,
        entry_commission,
    })
}

/// Names that many trades share, each kept once.
#[derive(Default)]
struct Names {
    /// The last ticker that was read, and the instrument that it names.
    last: Option<(Ticker, Instrument)>,
    /// Of all webhooks together: what one calls `AAPL` can be another one's `NASDAQ:AAPL`.
    instruments: Instruments,
    signals: HashSet<Arc<str>>,
}

impl Names {
    /// Trades of one ticker come together.
    fn ticker(&mut self, row: &Row<'_>, column: usize) -> rusqlite::Result<Ticker> {
        let last = self.last.take();
        let text = row.get_ref(column)?;
        let is_same = |(last, _): &(Ticker, Instrument)| text.as_str() == Ok(last.as_str());
        let (ticker, instrument) = if let Some(last) = last.filter(is_same) {
            last
        } else {
            let ticker = parsed(row, column)?;
            let instrument = self.instruments.learn(&ticker);
            (ticker, instrument)
        };
        let name = instrument.ticker().clone();
        self.last = Some((ticker, instrument));
        Ok(name)
    }

    fn signal(&mut self, row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Arc<str>>> {
        let value = row.get_ref(column)?;
        let text = value.as_str_or_null();
        let text = text.map_err(|error| unreadable(column, Type::Text, error))?;
        Ok(text.map(|text| {
            if let Some(kept) = self.signals.get(text) {
                return Arc::clone(kept);
            }
            let name: Arc<str> = text.into();
            self.signals.insert(Arc::clone(&name));
            name
        }))
    }
}
