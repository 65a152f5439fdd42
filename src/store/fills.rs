//! Fills of brokers' exports, and the files that they are from.
//!
//! A fill is kept once, however many files have it, and goes with the last of them that is
//! undone. What is derived of fills (trades, lots, ledgers) is in the tables of all books.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Result, StoreError};
use super::ledger_key::LedgerKey;
use super::ledgers;
use super::orders::SeenPrice;
use super::sql::{optional_parsed, parsed, timestamp, to_micros};
use super::tickers;
use crate::domain::book::Book;
use crate::domain::fill::{Fee, Fill, FillId, FillImportId, FillVenue};
use crate::domain::fill_order::{self, FileRange, Simultaneous};
use crate::domain::instrument::Instrument;
use crate::domain::signal::Ticker;

/// A fill as it is stored.
#[derive(Debug, Clone)]
pub struct StoredFill {
    /// Its number.
    pub id: FillId,
    /// The instrument that its symbol was taken for.
    pub ticker: Ticker,
    /// The fill.
    pub fill: Fill,
}

/// A fill that is to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewFill<'a> {
    pub(crate) webhook: i64,
    pub(crate) ticker: &'a Ticker,
    pub(crate) instrument: &'a Instrument,
    pub(crate) venue: FillVenue,
    pub(crate) identity: &'a str,
    pub(crate) fill: &'a Fill,
}

/// A file of fills that was brought in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FillImport {
    /// Its number.
    #[schema(value_type = String)]
    pub id: FillImportId,
    /// The broker.
    pub venue: FillVenue,
    /// The name of the file, where it is known.
    pub file_name: Option<String>,
    /// Time of its import.
    #[schema(value_type = String, format = DateTime)]
    pub imported_at: Timestamp,
    /// Fills that it has.
    pub fills: usize,
    /// Fills that no other file has: those that go when it is undone.
    pub only_here: usize,
}

/// The columns of a fill, in the order that [`read`] takes them.
const COLUMNS: &str =
    "id, ticker, symbol, filled_at, precision, side, quantity, price, fee, fee_currency,
    currency, order_number, fill_number";

fn read(row: &Row<'_>) -> rusqlite::Result<StoredFill> {
    let fee = optional_parsed(row, 8)?;
    let currency: Option<Arc<str>> = row.get(9)?;
    Ok(StoredFill {
        id: FillId(row.get(0)?),
        ticker: parsed(row, 1)?,
        fill: Fill {
            symbol: parsed(row, 2)?,
            time: timestamp(row, 3)?,
            precision: row.get(4)?,
            side: parsed(row, 5)?,
            quantity: parsed(row, 6)?,
            price: parsed(row, 7)?,
            fee: fee.map(|amount| Fee { amount, currency }),
            currency: row.get(10)?,
            order_id: row.get(11)?,
            fill_id: row.get(12)?,
        },
    })
}

/// The key of a webhook's fills in an instrument.
#[must_use]
pub fn key(webhook: i64, instrument: Instrument) -> LedgerKey {
    LedgerKey {
        webhook,
        book: Book::Fills,
        instrument,
    }
}

/// Hands out the fills of a ledger from a time (microseconds) on and before another, in the order
/// in which they are paired, those of one instant together; see [`fill_order`].
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read, or what `each` returned.
pub(crate) fn for_each_instant_between(
    connection: &Connection,
    key: &LedgerKey,
    (from, until): (i64, i64),
    mut each: impl FnMut(&[StoredFill]) -> Result<()>,
) -> Result<()> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM fills WHERE webhook_id = ?1 AND instrument = ?2
             AND filled_at >= ?3 AND filled_at < ?4 ORDER BY filled_at, id"
    ))?;
    let of = params![key.webhook, key.instrument.as_str(), from, until];
    let mut found = select.query_map(of, read)?;
    let (mut together, mut ranges) = (Vec::new(), BTreeMap::new());
    loop {
        let next: Option<StoredFill> = found.next().transpose()?;
        let time = |fill: Option<&StoredFill>| fill.map(|stored| stored.fill.time);
        if !together.is_empty() && time(next.as_ref()) != time(together.first()) {
            if together.len() > 1 {
                let sequence = sequence_of(connection, &together, &mut ranges)?;
                together = sequence.iter().map(|at| together[*at].clone()).collect();
            }
            each(&together)?;
            together.clear();
        }
        match next {
            Some(fill) => together.push(fill),
            None => return Ok(()),
        }
    }
}

/// The end of a part of a ledger's fills that begins at `from`: the instant of the one that is
/// `size` after the first, which is never divided; `None` where there are fewer.
pub(crate) fn end_of_part(
    connection: &Connection,
    key: &LedgerKey,
    from: i64,
    size: u32,
) -> Result<Option<i64>> {
    let mut select = connection.prepare_cached(
        "SELECT filled_at FROM fills WHERE webhook_id = ?1 AND instrument = ?2 AND filled_at >= ?3
         ORDER BY filled_at LIMIT 1 OFFSET ?4",
    )?;
    let of = params![key.webhook, key.instrument.as_str(), from, size];
    let end: Option<i64> = select.query_row(of, |row| row.get(0)).optional()?;
    Ok(end.map(|end| end.max(from.saturating_add(1))))
}

/// The fills of a ledger, in the order in which they are paired.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn in_order(connection: &Connection, key: &LedgerKey) -> Result<Vec<StoredFill>> {
    let mut fills = Vec::new();
    for_each_instant_between(connection, key, (i64::MIN, i64::MAX), |together| {
        fills.extend_from_slice(together);
        Ok(())
    })?;
    Ok(fills)
}

/// The sequence of fills of one instant; `ranges` are those of files that were read before.
fn sequence_of(
    connection: &Connection,
    fills: &[StoredFill],
    ranges: &mut BTreeMap<i64, FileRange>,
) -> Result<Vec<usize>> {
    let mut select = connection
        .prepare_cached("SELECT import_id, place FROM fill_sources WHERE fill_id = ?1")?;
    let mut simultaneous = Vec::with_capacity(fills.len());
    for stored in fills {
        let places = select.query_map([stored.id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        simultaneous.push(Simultaneous {
            fill: &stored.fill,
            places: places.collect::<rusqlite::Result<_>>()?,
        });
    }
    let places = simultaneous.iter().flat_map(|fill| &fill.places);
    let imports: BTreeSet<i64> = places.map(|(import, _)| *import).collect();
    if imports.len() > 1 {
        for file in imports {
            if let Entry::Vacant(vacant) = ranges.entry(file) {
                vacant.insert(range_of(connection, file)?);
            }
        }
    }
    Ok(fill_order::sequence(&simultaneous, ranges))
}

/// First and last time of a file's fills.
fn range_of(connection: &Connection, file: i64) -> Result<FileRange> {
    let mut select = connection.prepare_cached(
        "SELECT min(f.filled_at), max(f.filled_at) FROM fill_sources s JOIN fills f ON f.id = s.fill_id
         WHERE s.import_id = ?1",
    )?;
    Ok(select.query_row([file], |row| Ok((timestamp(row, 0)?, timestamp(row, 1)?)))?)
}

/// The price of the newest fill of a ledger before a time, and when that was.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn price_before(
    connection: &Connection,
    key: &LedgerKey,
    before: Option<Timestamp>,
) -> Result<Option<SeenPrice>> {
    let mut select = connection.prepare_cached(
        "SELECT filled_at, price FROM fills WHERE webhook_id = ?1 AND instrument = ?2 AND filled_at < ?3
         ORDER BY filled_at DESC, id DESC LIMIT 1",
    )?;
    let before = before.map_or(i64::MAX, to_micros);
    let values = params![key.webhook, key.instrument.as_str(), before];
    let read = |row: &Row<'_>| Ok((timestamp(row, 0)?, parsed(row, 1)?));
    Ok(select.query_row(values, read).optional()?)
}

/// The ledgers of fills that a webhook has.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn ledgers_of(connection: &Connection, webhook: i64) -> Result<Vec<LedgerKey>> {
    let mut select = connection.prepare_cached(
        "SELECT ticker FROM ledgers WHERE webhook_id = ?1 AND book = 2 ORDER BY ticker",
    )?;
    let found = select.query_map([webhook], |row| Ok(key(webhook, parsed(row, 0)?)))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Notes a file.
pub(crate) fn insert_import(
    connection: &Connection,
    webhook: i64,
    venue: FillVenue,
    file_name: Option<&str>,
    now: Timestamp,
) -> Result<FillImportId> {
    connection.execute(
        "INSERT INTO fill_imports (webhook_id, venue, file_name, imported_at) VALUES (?1, ?2, ?3, ?4)",
        params![webhook, venue.as_str(), file_name, to_micros(now)],
    )?;
    Ok(FillImportId(connection.last_insert_rowid()))
}

/// The number of a webhook's fill of this identity, where there is one.
pub(crate) fn find(
    connection: &Connection,
    webhook: i64,
    identity: &str,
) -> Result<Option<FillId>> {
    let mut select = connection
        .prepare_cached("SELECT id FROM fills WHERE webhook_id = ?1 AND identity = ?2")?;
    let found = select.query_row(params![webhook, identity], |row| row.get(0).map(FillId));
    Ok(found.optional()?)
}

/// Visits a webhook's fills between two times, those of each instrument in their order, each with
/// its identity.
pub(crate) fn between(
    connection: &Connection,
    webhook: i64,
    (from, to): (Timestamp, Timestamp),
    mut visit: impl FnMut(&str, &StoredFill),
) -> Result<()> {
    let mut instruments =
        connection.prepare_cached("SELECT DISTINCT instrument FROM fills WHERE webhook_id = ?1")?;
    let instruments = instruments.query_map([webhook], |row| row.get(0))?;
    let instruments: Vec<String> = instruments.collect::<rusqlite::Result<_>>()?;
    // By instrument they are in an index; all together would be sorted, in memory.
    let mut select = connection.prepare_cached(&format!(
        "SELECT {COLUMNS}, identity FROM fills
         WHERE webhook_id = ?1 AND instrument = ?2 AND filled_at BETWEEN ?3 AND ?4
         ORDER BY filled_at, id"
    ))?;
    for instrument in instruments {
        let values = params![webhook, instrument, to_micros(from), to_micros(to)];
        let mut rows = select.query(values)?;
        while let Some(row) = rows.next()? {
            let identity: String = row.get(13)?;
            visit(&identity, &read(row)?);
        }
    }
    Ok(())
}

/// Stores a fill that is not there.
pub(crate) fn insert(connection: &Connection, new: &NewFill<'_>) -> Result<FillId> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO fills (webhook_id, ticker, instrument, symbol, venue, identity, filled_at, precision, side,
             quantity, price, fee, fee_currency, currency, order_number, fill_number)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?;
    let fill = new.fill;
    insert.execute(params![
        new.webhook,
        new.ticker.as_str(),
        new.instrument.as_str(),
        fill.symbol.as_str(),
        new.venue.as_str(),
        new.identity,
        to_micros(fill.time),
        fill.precision,
        fill.side.as_str(),
        fill.quantity.to_string(),
        fill.price.to_string(),
        fill.fee.as_ref().map(|fee| fee.amount.to_string()),
        fill.fee.as_ref().and_then(|fee| fee.currency.as_deref()),
        fill.currency,
        fill.order_id,
        fill.fill_id,
    ])?;
    Ok(FillId(connection.last_insert_rowid()))
}

/// Notes that a file has a fill, and at which place, oldest first.
pub(crate) fn link(
    connection: &Connection,
    import: FillImportId,
    fill: FillId,
    place: usize,
) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO fill_sources (import_id, fill_id, place) VALUES (?1, ?2, ?3)",
    )?;
    let place = i64::try_from(place).unwrap_or(i64::MAX);
    insert.execute(params![import.0, fill.0, place])?;
    Ok(())
}

/// The files that a webhook's fills are from, newest first.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn imports(connection: &Connection, webhook: i64) -> Result<Vec<FillImport>> {
    let mut select = connection.prepare_cached(
        "SELECT i.id, i.venue, i.file_name, i.imported_at,
             (SELECT count(*) FROM fill_sources s WHERE s.import_id = i.id),
             (SELECT count(*) FROM fill_sources s WHERE s.import_id = i.id AND NOT EXISTS
                 (SELECT 1 FROM fill_sources o WHERE o.fill_id = s.fill_id AND o.import_id <> i.id))
         FROM fill_imports i WHERE i.webhook_id = ?1 ORDER BY i.id DESC",
    )?;
    let count = |row: &Row<'_>, column| -> rusqlite::Result<usize> {
        Ok(usize::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
    };
    let found = select.query_map([webhook], |row| {
        Ok(FillImport {
            id: FillImportId(row.get(0)?),
            venue: parsed(row, 1)?,
            file_name: row.get(2)?,
            imported_at: timestamp(row, 3)?,
            fills: count(row, 4)?,
            only_here: count(row, 5)?,
        })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The webhook whose fills a file has; by its number inside the database.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is no such file.
pub fn webhook_of(connection: &Connection, import: FillImportId) -> Result<i64> {
    let mut select = connection.prepare_cached(
        "SELECT i.webhook_id FROM fill_imports i JOIN webhooks w ON w.id = i.webhook_id
         WHERE i.id = ?1 AND w.deleted_at IS NULL",
    )?;
    let found = select.query_row([import.0], |row| row.get(0)).optional()?;
    found.ok_or_else(|| StoreError::NotFound(format!("import {import}")))
}

/// Removes a file, and the fills that no other one has; returns the ledgers that those were of.
pub(crate) fn remove_import(
    connection: &Connection,
    import: FillImportId,
) -> Result<Vec<LedgerKey>> {
    const ONLY_HERE: &str =
        "SELECT s.fill_id FROM fill_sources s WHERE s.import_id = ?1 AND NOT EXISTS
        (SELECT 1 FROM fill_sources o WHERE o.fill_id = s.fill_id AND o.import_id <> ?1)";
    let mut select = connection.prepare(&format!(
        "SELECT DISTINCT webhook_id, instrument FROM fills WHERE id IN ({ONLY_HERE})"
    ))?;
    let keys = select.query_map([import.0], |row| Ok(key(row.get(0)?, parsed(row, 1)?)))?;
    let keys: Vec<LedgerKey> = keys.collect::<rusqlite::Result<_>>()?;
    connection.execute(
        &format!("DELETE FROM fills WHERE id IN ({ONLY_HERE})"),
        [import.0],
    )?;
    connection.execute("DELETE FROM fill_sources WHERE import_id = ?1", [import.0])?;
    connection.execute("DELETE FROM fill_imports WHERE id = ?1", [import.0])?;
    Ok(keys)
}

/// Names the ledgers of all fills anew, as the tickers of alerts name instruments by now, and
/// has them derived again. Returns how many there are.
pub(crate) fn mark_all(connection: &Connection) -> Result<usize> {
    let mut select =
        connection.prepare("SELECT DISTINCT webhook_id, ticker, instrument FROM fills")?;
    let found = select.query_map([], |row| {
        Ok((row.get(0)?, parsed(row, 1)?, parsed(row, 2)?))
    })?;
    let found: Vec<(i64, Ticker, Instrument)> = found.collect::<rusqlite::Result<_>>()?;
    let mut keys: Vec<LedgerKey> = Vec::new();
    for (webhook, ticker, before) in found {
        let instrument = tickers::find(connection, webhook, &ticker)?;
        if instrument != before {
            connection.execute(
                "UPDATE fills SET instrument = ?3 WHERE webhook_id = ?1 AND ticker = ?2",
                params![webhook, ticker.as_str(), instrument.as_str()],
            )?;
            keys.push(key(webhook, before));
        }
        keys.push(key(webhook, instrument));
    }
    let mut select = connection.prepare(
        "SELECT webhook_id, ticker FROM ledgers WHERE book = ?1
             UNION SELECT webhook_id, ticker FROM lots WHERE book = ?1
             UNION SELECT webhook_id, ticker FROM trades WHERE book = ?1",
    )?;
    let derived = select.query_map([Book::Fills], |row| Ok(key(row.get(0)?, parsed(row, 1)?)))?;
    keys.extend(derived.collect::<rusqlite::Result<Vec<_>>>()?);
    keys.sort_by(|one, other| {
        (one.webhook, &one.instrument).cmp(&(other.webhook, &other.instrument))
    });
    keys.dedup();
    for key in &keys {
        ledgers::mark(connection, key)?;
    }
    Ok(keys.len())
}

/// Removes what a deleted webhook left of fills.
pub(crate) fn purge(connection: &Connection, webhook: i64) -> Result<()> {
    connection.execute(
        "DELETE FROM fill_sources WHERE import_id IN (SELECT id FROM fill_imports WHERE webhook_id = ?1)",
        [webhook],
    )?;
    for table in ["fills", "fill_imports"] {
        connection.execute(
            &format!("DELETE FROM {table} WHERE webhook_id = ?1"),
            [webhook],
        )?;
    }
    Ok(())
}
