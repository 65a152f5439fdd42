//! Frozen expectations: the trades that live ones are held against, as they were when the
//! comparison was switched on.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::error::Result;
use super::sql::{as_json, optional_timestamp, parsed, timestamp, to_micros};
use crate::domain::departure::{Departure, OutcomeUnit};
use crate::domain::instrument::Instrument;
use crate::domain::signal::Ticker;

/// The trades of an expectation: what each came to and when it closed, in that order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrozenTrades {
    /// Entry time of the first of them.
    pub from: Option<Timestamp>,
    /// Exit time of each.
    pub closed: Vec<Timestamp>,
    /// Their outcomes.
    pub values: Vec<f64>,
}

/// An expectation that is to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewExpectation {
    /// The webhook's number.
    pub webhook: i64,
    /// The instrument of the backtest.
    pub ticker: Ticker,
    /// Currency of its profit.
    pub currency: String,
    /// SHA-256 of the backtest's file.
    pub digest: Vec<u8>,
    /// Live trades count that closed then or later; `None` counts all.
    pub counted_from: Option<Timestamp>,
    /// The unit of outcomes.
    pub unit: OutcomeUnit,
    /// The trades.
    pub trades: FrozenTrades,
}

/// An expectation as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredExpectation {
    /// Its number; another one after it was frozen anew.
    pub id: i64,
    /// The frozen trades.
    pub frozen: NewExpectation,
    /// Time at which they were frozen.
    pub frozen_at: Timestamp,
    /// The version of the webhook's ledgers that it was looked at with.
    pub looked_at: Option<i64>,
}

/// Freezes an expectation, in place of the one that was there if `is_anew`; else that one stays.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn freeze(
    connection: &Connection,
    new: &NewExpectation,
    is_anew: bool,
    now: Timestamp,
) -> Result<()> {
    if is_anew {
        connection.execute(
            "DELETE FROM expectations WHERE webhook_id = ?1 AND ticker = ?2",
            params![new.webhook, new.ticker.as_str()],
        )?;
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO expectations (webhook_id, ticker, currency, digest, frozen_at, counted_from, unit, trades)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM webhooks WHERE id = ?1)
         ON CONFLICT (webhook_id, ticker) DO NOTHING",
    )?;
    insert.execute(params![
        new.webhook,
        new.ticker.as_str(),
        new.currency,
        new.digest,
        to_micros(now),
        new.counted_from.map(to_micros),
        new.unit.as_str(),
        as_json(&new.trades)?,
    ])?;
    Ok(())
}

/// Forgets the expectation of a webhook's instrument, and the days that it was compared on.
pub(super) fn forget(connection: &Connection, webhook: i64, ticker: &Ticker) -> Result<()> {
    for table in ["expectations", "compared_days"] {
        let sql = format!("DELETE FROM {table} WHERE webhook_id = ?1 AND ticker = ?2");
        connection.execute(&sql, params![webhook, ticker.as_str()])?;
    }
    Ok(())
}

/// Notes what a look at an expectation found, with the version of its webhook's ledgers.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn note_departure(
    connection: &Connection,
    id: i64,
    version: i64,
    departure: Option<Departure>,
) -> Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE expectations SET looked_at = ?2, departed_trade = ?3, departed_at = ?4, side = ?5, ground = ?6
         WHERE id = ?1",
    )?;
    update.execute(params![
        id,
        version,
        departure.map(|one| i64::try_from(one.trade).unwrap_or(i64::MAX)),
        departure.map(|one| to_micros(one.at)),
        departure.map(|one| one.side.as_str()),
        departure.map(|one| one.ground.as_str()),
    ])?;
    Ok(())
}

/// The expectations of a webhook, by ticker.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn of_webhook(connection: &Connection, webhook: i64) -> Result<Vec<StoredExpectation>> {
    let mut select = connection.prepare_cached(
        "SELECT id, ticker, currency, digest, frozen_at, counted_from, unit, trades, looked_at
         FROM expectations WHERE webhook_id = ?1 ORDER BY ticker",
    )?;
    let read = |row: &Row<'_>| {
        Ok(StoredExpectation {
            id: row.get(0)?,
            frozen: NewExpectation {
                webhook,
                ticker: parsed(row, 1)?,
                currency: row.get(2)?,
                digest: row.get(3)?,
                counted_from: optional_timestamp(row, 5)?,
                unit: parsed(row, 6)?,
                trades: trades(row, 7)?,
            },
            frozen_at: timestamp(row, 4)?,
            looked_at: row.get(8)?,
        })
    };
    let found = select.query_map([webhook], read)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The terms of an expectation: what a look needs, but the trades.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectationTerms {
    /// Its number.
    pub id: i64,
    /// Currency of its profit.
    pub currency: String,
    /// Live trades count that closed then or later; `None` counts all.
    pub counted_from: Option<Timestamp>,
    /// The unit of outcomes.
    pub unit: OutcomeUnit,
}

/// The terms of the expectation of a webhook's instrument.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn terms(
    connection: &Connection,
    webhook: i64,
    ticker: &Ticker,
) -> Result<Option<ExpectationTerms>> {
    let mut select = connection.prepare_cached(
        "SELECT id, currency, counted_from, unit FROM expectations
         WHERE webhook_id = ?1 AND ticker = ?2",
    )?;
    let read = |row: &Row<'_>| {
        Ok(ExpectationTerms {
            id: row.get(0)?,
            currency: row.get(1)?,
            counted_from: optional_timestamp(row, 2)?,
            unit: parsed(row, 3)?,
        })
    };
    let terms = select.query_row(params![webhook, ticker.as_str()], read);
    Ok(terms.optional()?)
}

/// The trades of an expectation; `None` where it is gone.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn trades_of(connection: &Connection, id: i64) -> Result<Option<FrozenTrades>> {
    let mut select = connection.prepare_cached("SELECT trades FROM expectations WHERE id = ?1")?;
    Ok(select.query_row([id], |row| trades(row, 0)).optional()?)
}

fn trades(row: &Row<'_>, column: usize) -> rusqlite::Result<FrozenTrades> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| super::sql::unreadable(column, rusqlite::types::Type::Text, error))
}

/// The expectations of a webhook by ticker, and the version of its ledgers that each was looked
/// at with.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn looked_at(connection: &Connection, webhook: i64) -> Result<Vec<(Ticker, Option<i64>)>> {
    let mut select = connection.prepare_cached(
        "SELECT ticker, looked_at FROM expectations WHERE webhook_id = ?1 ORDER BY ticker",
    )?;
    let found = select.query_map([webhook], |row| Ok((parsed(row, 0)?, row.get(1)?)))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The instruments of a webhook whose live trades are not the expected ones.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn departures(connection: &Connection, webhook: i64) -> Result<Vec<(Instrument, Departure)>> {
    let mut select = connection.prepare_cached(
        "SELECT ticker, departed_trade, departed_at, side, ground FROM expectations
         WHERE webhook_id = ?1 AND departed_trade IS NOT NULL ORDER BY ticker",
    )?;
    let read = |row: &Row<'_>| {
        let trade: i64 = row.get(1)?;
        let departure = Departure {
            trade: usize::try_from(trade).unwrap_or(usize::MAX),
            at: timestamp(row, 2)?,
            side: parsed(row, 3)?,
            ground: parsed(row, 4)?,
            over: None,
        };
        Ok((parsed::<Ticker>(row, 0)?, departure))
    };
    let found: Vec<(Ticker, Departure)> = select
        .query_map([webhook], read)?
        .collect::<rusqlite::Result<_>>()?;
    let named = found.into_iter().map(|(ticker, departure)| {
        Ok((
            super::tickers::find(connection, webhook, &ticker)?,
            departure,
        ))
    });
    named.collect()
}

/// The file of a webhook's backtest in a ticker: its SHA-256, and when it was brought in.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn file_of_backtest(
    connection: &Connection,
    webhook: i64,
    ticker: &Ticker,
) -> Result<Option<(Vec<u8>, Timestamp)>> {
    let mut select = connection.prepare_cached(
        "SELECT substr(digest, 1, 32), imported_at FROM backtests WHERE webhook_id = ?1 AND ticker = ?2",
    )?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, timestamp(row, 1)?));
    Ok(select
        .query_row(params![webhook, ticker.as_str()], read)
        .optional()?)
}

/// The outcomes of one instrument of a webhook together, in money.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// The webhook's number.
    pub webhook: i64,
    /// The instrument.
    pub ticker: String,
    /// Closed trades.
    pub trades: u32,
    /// Their mean.
    pub mean: f64,
    /// Their variance, over the number of trades.
    pub variance: f64,
}

/// The closed trades of alerts by instrument and webhook, of those that are not archived and
/// have enough of them.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn spreads(connection: &Connection, fewest: usize) -> Result<Vec<Spread>> {
    let mut select = connection.prepare_cached(
        "SELECT t.webhook_id, t.ticker, count(*), avg(CAST(t.net_profit AS REAL)),
             avg(CAST(t.net_profit AS REAL) * CAST(t.net_profit AS REAL))
         FROM trades t JOIN webhooks w ON w.id = t.webhook_id
         WHERE t.book = 0 AND w.deleted_at IS NULL AND w.is_archived = 0
         GROUP BY t.webhook_id, t.ticker HAVING count(*) >= ?1",
    )?;
    let fewest = i64::try_from(fewest).unwrap_or(i64::MAX);
    let found = select.query_map([fewest], |row| {
        let (mean, squares): (f64, f64) = (row.get(3)?, row.get(4)?);
        Ok(Spread {
            webhook: row.get(0)?,
            ticker: row.get(1)?,
            trades: row.get(2)?,
            mean,
            variance: (squares - mean * mean).max(0.0),
        })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The number of the newest expectation; 0 without expectations.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn newest(connection: &Connection) -> Result<i64> {
    let mut select = connection.prepare_cached("SELECT coalesce(max(id), 0) FROM expectations")?;
    Ok(select.query_row([], |row| row.get(0))?)
}
