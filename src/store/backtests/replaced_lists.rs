//! Lists of trades that another one took the place of.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Deserialize;

use crate::domain::money::{Price, Quantity};
use crate::domain::signal::{Direction, Ticker};
use crate::store::error::{Result, StoreError};
use crate::store::sql::timestamp;

/// Past lists kept of each ticker.
const KEPT: i64 = 20;

/// A list of trades that another one took the place of.
#[derive(Debug, Clone)]
pub struct PastBacktest {
    /// Time of its import.
    pub imported_at: Timestamp,
    /// Its trades, the closed ones first.
    pub trades: Vec<PastTrade>,
}

/// A trade of a past list.
#[derive(Debug, Clone)]
pub struct PastTrade {
    /// Long or short.
    pub direction: Direction,
    /// Contracts, shares or coins.
    pub quantity: Quantity,
    /// Entry time and price.
    pub entry: (Timestamp, Price),
    /// Exit time and price; `None` where it was open at the end of the list.
    pub exit: Option<(Timestamp, Price)>,
}

/// As the column has one: times in microseconds.
#[derive(Deserialize)]
struct StoredPastTrade(i64, Option<i64>, Direction, String, String, Option<String>);

impl StoredPastTrade {
    fn trade(self) -> Option<PastTrade> {
        let Self(entered, left, direction, quantity, entry, exit) = self;
        let time = |micros| Timestamp::from_microsecond(micros).ok();
        Some(PastTrade {
            direction,
            quantity: quantity.parse().ok()?,
            entry: (time(entered)?, entry.parse().ok()?),
            exit: match left.zip(exit) {
                Some((left, exit)) => Some((time(left)?, exit.parse().ok()?)),
                None => None,
            },
        })
    }
}

/// Keeps a list that another one is about to take the place of; not one of the same file.
pub(super) fn keep(
    connection: &Connection,
    webhook: i64,
    ticker: &Ticker,
    digest: &[u8],
) -> Result<()> {
    connection.execute(
        "INSERT INTO past_backtests (webhook_id, ticker, imported_at, digest, trades)
         SELECT b.webhook_id, b.ticker, b.imported_at, b.digest,
             (SELECT json_group_array(json(kept.trade)) FROM (
                  SELECT json_array(t.entry_time, t.exit_time, t.direction, t.quantity, t.entry_price,
                      t.exit_price) AS trade FROM trades t
                  WHERE t.webhook_id = b.webhook_id AND t.book = 1 AND t.ticker = b.ticker
                  UNION ALL
                  SELECT json_array(json_extract(o.value, '$.entered'), NULL,
                      json_extract(o.value, '$.direction'), json_extract(o.value, '$.quantity'),
                      json_extract(o.value, '$.price'), NULL) FROM json_each(b.listed_open) o
                  WHERE json_extract(o.value, '$.quantity') IS NOT NULL) kept)
         FROM backtests b WHERE b.webhook_id = ?1 AND b.ticker = ?2 AND substr(b.digest, 1, 32) <> substr(?3, 1, 32)",
        params![webhook, ticker.as_str(), digest],
    )?;
    connection.execute(
        "DELETE FROM past_backtests WHERE webhook_id = ?1 AND ticker = ?2 AND id <=
             (SELECT id FROM past_backtests WHERE webhook_id = ?1 AND ticker = ?2
              ORDER BY id DESC LIMIT 1 OFFSET ?3)",
        params![webhook, ticker.as_str(), KEPT],
    )?;
    Ok(())
}

/// Forgets the past lists of a ticker, with the backtest that its owner removes.
pub(super) fn forget(connection: &Connection, webhook: i64, ticker: &Ticker) -> Result<()> {
    connection.execute(
        "DELETE FROM past_backtests WHERE webhook_id = ?1 AND ticker = ?2",
        params![webhook, ticker.as_str()],
    )?;
    Ok(())
}

/// The past lists of a ticker, oldest first.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn past(connection: &Connection, webhook: i64, ticker: &Ticker) -> Result<Vec<PastBacktest>> {
    let mut select = connection.prepare_cached(
        "SELECT imported_at, trades FROM past_backtests WHERE webhook_id = ?1 AND ticker = ?2 ORDER BY id",
    )?;
    let found = select.query_map(params![webhook, ticker.as_str()], |row| {
        Ok((timestamp(row, 0)?, row.get::<_, String>(1)?))
    })?;
    let mut past = Vec::new();
    for found in found {
        let (imported_at, text) = found?;
        let kept: Vec<StoredPastTrade> = serde_json::from_str(&text)
            .map_err(StoreError::unusable("a past list of trades cannot be read"))?;
        past.push(PastBacktest {
            imported_at,
            trades: kept
                .into_iter()
                .filter_map(StoredPastTrade::trade)
                .collect(),
        });
    }
    Ok(past)
}
