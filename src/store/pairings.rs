//! The result of pairing an order: its fill, its effect on the position, and
//! what its owner should know.

use rusqlite::{Connection, params};

use super::error::Result;
use super::ledger_key::LedgerKey;
use super::sql::as_json;
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
