//! The result of pairing an order: its fill, its effect on the position, and
//! what its owner should know.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::error::Result;
use super::ledger_key::LedgerKey;
use super::sql::{as_json, timestamp};
use super::tickers;
use crate::domain::ledger::{Applied, PositionChange};

/// Stores what an order did.
pub(crate) fn insert(connection: &Connection, applied: &Applied) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO pairings (order_id, fill_price, change, warnings) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let warnings = if applied.warnings.is_empty() {
        None
    } else {
        Some(as_json(&applied.warnings)?)
    };
    insert.execute(params![
        applied.order.0,
        applied.fill_price.to_string(),
        applied.change.map(PositionChange::as_str),
        warnings,
    ])?;
    Ok(())
}

/// Since when the orders of a ledger, up to its newest, warn that TradingView states another
/// position; `None` where the newest does not.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn out_of_sync_since(connection: &Connection, key: &LedgerKey) -> Result<Option<Timestamp>> {
    let mut select = connection.prepare_cached(
        "SELECT o.paired_at, coalesce(p.warnings LIKE '%\"out_of_sync\"%', 0)
         FROM orders o JOIN pairings p ON p.order_id = o.id
         WHERE o.webhook_id = ?1 AND o.ticker = ?2",
    )?;
    let mut orders: Vec<(Timestamp, bool)> = Vec::new();
    for ticker in tickers::spellings(connection, key)? {
        let found = select.query_map(params![key.webhook, ticker.as_str()], |row| {
            Ok((timestamp(row, 0)?, row.get(1)?))
        })?;
        for order in found {
            orders.push(order?);
        }
    }
    orders.sort_unstable();
    let newest = orders.iter().rev().take_while(|(_, warns)| *warns);
    Ok(newest.last().map(|(at, _)| *at))
}

/// Removes what the orders of a ledger did that are paired at `from` (microseconds) or later, and
/// before `until`.
pub(crate) fn delete(
    connection: &Connection,
    key: &LedgerKey,
    (from, until): (i64, i64),
) -> Result<()> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM pairings WHERE order_id IN (SELECT id FROM orders
             WHERE webhook_id = ?1 AND ticker = ?2 AND paired_at >= ?3 AND paired_at < ?4)",
    )?;
    for ticker in tickers::spellings(connection, key)? {
        delete.execute(params![key.webhook, ticker.as_str(), from, until])?;
    }
    Ok(())
}
