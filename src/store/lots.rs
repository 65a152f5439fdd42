//! Open lots.
//!
//! A lot is removed once it is closed, for its trades tell of it then: a ledger is loaded at the
//! cost of its open lots, however long its past. Their numbers keep the order in which they were
//! opened, since the oldest is closed first.

use rusqlite::{Connection, Row, params};

use super::error::Result;
use super::ledger_key::LedgerKey;
use super::sql::{parsed, timestamp, to_micros};
use crate::domain::order::OrderId;
use crate::domain::trade::{Leg, Lot};

/// The open lots of a ledger, oldest first.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn of(connection: &Connection, key: &LedgerKey) -> Result<Vec<Lot>> {
    let mut select = connection.prepare_cached(
        "SELECT direction, quantity, entry_order, entry_time, entry_price, entry_signal, commission
         FROM lots WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3 ORDER BY number",
    )?;
    let lots = select.query_map(
        params![key.webhook, key.book, key.instrument.as_str()],
        read,
    )?;
    Ok(lots.collect::<rusqlite::Result<_>>()?)
}

/// Stores a lot behind the others of its ledger.
pub(crate) fn insert(connection: &Connection, key: &LedgerKey, lot: &Lot) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO lots (webhook_id, book, ticker, number, direction, quantity, entry_order, entry_time,
             entry_price, entry_signal, commission)
         VALUES (?1, ?2, ?3, (SELECT coalesce(max(number), 0) + 1 FROM lots
                 WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3),
             ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    insert.execute(params![
        key.webhook,
        key.book,
        key.instrument.as_str(),
        lot.direction.as_str(),
        lot.quantity.to_string(),
        lot.entry.order.0,
        to_micros(lot.entry.time),
        lot.entry.price.to_string(),
        lot.entry.signal,
        lot.commission.to_string(),
    ])?;
    Ok(())
}

/// Stores what is left of a lot.
pub(crate) fn update(connection: &Connection, key: &LedgerKey, left: &Lot) -> Result<()> {
    let mut update = connection.prepare_cached(&format!(
        "UPDATE lots SET quantity = ?5, commission = ?6 WHERE {OF_ENTRY}"
    ))?;
    update.execute(params![
        key.webhook,
        key.book,
        key.instrument.as_str(),
        left.entry.order.0,
        left.quantity.to_string(),
        left.commission.to_string()
    ])?;
    Ok(())
}

/// Removes the lot that an order opened.
pub(crate) fn delete(connection: &Connection, key: &LedgerKey, entry: OrderId) -> Result<()> {
    let mut delete = connection.prepare_cached(&format!("DELETE FROM lots WHERE {OF_ENTRY}"))?;
    delete.execute(params![
        key.webhook,
        key.book,
        key.instrument.as_str(),
        entry.0
    ])?;
    Ok(())
}

/// The lot of a ledger that an order opened; found at once, since the oldest lots
/// are closed first.
const OF_ENTRY: &str = "webhook_id = ?1 AND book = ?2 AND ticker = ?3
    AND number = (SELECT number FROM lots WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3
        AND entry_order = ?4 ORDER BY number LIMIT 1)";

/// Removes all lots of a ledger.
pub(crate) fn delete_all(connection: &Connection, key: &LedgerKey) -> Result<()> {
    let mut delete = connection
        .prepare_cached("DELETE FROM lots WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3")?;
    delete.execute(params![key.webhook, key.book, key.instrument.as_str()])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Lot> {
    Ok(Lot {
        direction: parsed(row, 0)?,
        quantity: parsed(row, 1)?,
        entry: Leg {
            order: OrderId(row.get(2)?),
            time: timestamp(row, 3)?,
            price: parsed(row, 4)?,
            signal: row.get(5)?,
        },
        commission: parsed(row, 6)?,
    })
}
