//! Comparisons of past days: one a day for each backtest, so that its drift can be seen without
//! anybody having looked.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};

use super::error::Result;
use super::sql::{parsed, to_micros};
use crate::domain::signal::Ticker;

/// Days that are kept of each backtest: three years.
pub const KEPT_DAYS: u32 = 1_100;

/// A comparison to remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDay {
    /// The webhook's number.
    pub webhook: i64,
    /// The instrument of the backtest.
    pub ticker: Ticker,
    /// The day in the webhook's zone.
    pub day: Date,
    /// Its figures as JSON.
    pub figures: String,
}

/// Remembers a comparison as that of its day, and forgets the oldest.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn keep(connection: &Connection, new: &NewDay, now: Timestamp) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO compared_days (webhook_id, ticker, day, compared_at, figures)
         SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM webhooks WHERE id = ?1)
         ON CONFLICT (webhook_id, ticker, day) DO UPDATE SET compared_at = ?4, figures = ?5",
    )?;
    let (webhook, ticker) = (new.webhook, new.ticker.as_str());
    let day = new.day.to_string();
    insert.execute(params![webhook, ticker, day, to_micros(now), new.figures])?;
    let mut forget = connection.prepare_cached(
        "DELETE FROM compared_days WHERE webhook_id = ?1 AND ticker = ?2 AND day <=
             (SELECT day FROM compared_days WHERE webhook_id = ?1 AND ticker = ?2
              ORDER BY day DESC LIMIT 1 OFFSET ?3)",
    )?;
    forget.execute(params![webhook, ticker, KEPT_DAYS])?;
    Ok(())
}

/// The newest day that is remembered of a backtest.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn newest(connection: &Connection, webhook: i64, ticker: &Ticker) -> Result<Option<Date>> {
    let mut select = connection.prepare_cached(
        "SELECT day FROM compared_days WHERE webhook_id = ?1 AND ticker = ?2 ORDER BY day DESC LIMIT 1",
    )?;
    let day = select.query_row(params![webhook, ticker.as_str()], |row| parsed(row, 0));
    Ok(day.optional()?)
}

/// The days of a backtest, oldest first, with their figures as JSON.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn all(connection: &Connection, webhook: i64, ticker: &Ticker) -> Result<Vec<(Date, String)>> {
    let mut select = connection.prepare_cached(
        "SELECT day, figures FROM compared_days WHERE webhook_id = ?1 AND ticker = ?2 ORDER BY day",
    )?;
    let read = |row: &rusqlite::Row<'_>| Ok((parsed(row, 0)?, row.get(1)?));
    let days = select.query_map(params![webhook, ticker.as_str()], read)?;
    Ok(days.collect::<rusqlite::Result<_>>()?)
}
