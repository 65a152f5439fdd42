//! The ledgers of webhooks and tickers, as rows. A ledger that is marked as stale is derived
//! again from the orders; see [`crate::journal::ledgers`].

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::error::Result;
use super::ledger_key::LedgerKey;
use super::sql::{decimal, optional_parsed, optional_timestamp, parsed, timestamp, to_micros};
use super::{lots, orders, webhooks};
use crate::domain::book::Book;
use crate::domain::exact_sum::ExactSum;
use crate::domain::ledger::{Checkpoint, Ledger};
use crate::domain::money::{Decimal, Price};
use crate::domain::webhook::{Settings, WebhookId};

/// A ledger as the database has it.
struct Stored {
    is_stale: bool,
    newest_price: Option<Price>,
    drift: Decimal,
    last_word: Option<Timestamp>,
    stated_before: Decimal,
    position_before: Decimal,
    newest_second: Timestamp,
    closed_profit: ExactSum,
}

/// Marks a ledger as one that has to be derived again.
pub(crate) fn mark(connection: &Connection, key: &LedgerKey) -> Result<()> {
    let mut upsert = connection.prepare_cached(
        "INSERT INTO ledgers (webhook_id, book, ticker, version, is_stale, drift, stated_before, position_before,
             newest_second)
         VALUES (?1, ?2, ?3, 1, 1, '0', '0', '0', 0)
         ON CONFLICT (webhook_id, book, ticker) DO UPDATE SET version = version + 1, is_stale = 1",
    )?;
    upsert.execute(params![key.webhook, key.book, key.instrument.as_str()])?;
    Ok(())
}

/// One of the ledgers that have to be derived again.
pub(crate) fn any_stale(connection: &Connection) -> Result<Option<LedgerKey>> {
    let mut select = connection.prepare_cached(ONE_STALE)?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(LedgerKey {
            webhook: row.get(0)?,
            instrument: parsed(row, 1)?,
            book: row.get(2)?,
        })
    };
    Ok(select.query_row([], read).optional()?)
}

/// True if a ledger has to be derived again.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn is_any_stale(connection: &Connection) -> Result<bool> {
    Ok(connection.prepare_cached(ONE_STALE)?.exists([])?)
}

/// True if a ledger has to be derived again.
pub(crate) fn is_stale(connection: &Connection, key: &LedgerKey) -> Result<bool> {
    Ok(stored(connection, key)?.is_some_and(|stored| stored.is_stale))
}

/// The version of a ledger, which every change of it counts up; zero of one that is not there.
pub(crate) fn version_of(connection: &Connection, key: &LedgerKey) -> Result<i64> {
    let mut select = connection.prepare_cached(
        "SELECT version FROM ledgers WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3",
    )?;
    let of = params![key.webhook, key.book, key.instrument.as_str()];
    let version = select.query_row(of, |row| row.get(0)).optional()?;
    Ok(version.unwrap_or(0))
}

/// Number of times that the stale ledgers were marked, all together; `None` where there is none.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn marks(connection: &Connection) -> Result<Option<i64>> {
    let mut select =
        connection.prepare_cached("SELECT sum(version) FROM ledgers WHERE is_stale")?;
    Ok(select.query_row([], |row| row.get(0))?)
}

/// A ledger that has to be derived again: of alerts, which is folded from orders, before those
/// of fills.
const ONE_STALE: &str =
    "SELECT l.webhook_id, l.ticker, l.book FROM ledgers l JOIN webhooks w ON w.id = l.webhook_id
     WHERE l.is_stale AND l.book IN (0, 2) AND w.deleted_at IS NULL ORDER BY l.book LIMIT 1";

/// Has the ledgers of one webhook, or all, derived again.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn mark_stale(connection: &Connection, webhook: Option<i64>) -> Result<usize> {
    let mut update = connection.prepare_cached(
        "UPDATE ledgers SET is_stale = 1, version = version + 1 WHERE ?1 IS NULL OR webhook_id = ?1",
    )?;
    Ok(update.execute([webhook])?)
}

/// Ledgers of the alerts, lots and trades among them, that are of no order.
const VANISHED: &str = "SELECT webhook_id, ticker FROM ledgers WHERE book = ?1
         UNION SELECT webhook_id, ticker FROM lots WHERE book = ?1
         UNION SELECT webhook_id, ticker FROM trades WHERE book = ?1
     EXCEPT SELECT webhook_id, instrument FROM tickers";

/// Pairings of orders that are gone.
const ORPHANS: &str =
    "SELECT order_id FROM pairings WHERE NOT EXISTS (SELECT 1 FROM orders WHERE id = order_id)";

/// True where something derived is of no order.
pub(crate) fn is_any_vanished(connection: &Connection) -> Result<bool> {
    Ok(connection.prepare(VANISHED)?.exists([Book::Alerts])?
        || connection.prepare(ORPHANS)?.exists([])?)
}

/// The ledgers that the orders of alerts have, derived or not.
pub(crate) fn of_alerts(connection: &Connection) -> Result<Vec<LedgerKey>> {
    let mut select = connection.prepare(
        "SELECT DISTINCT webhook_id, instrument FROM tickers ORDER BY webhook_id, instrument",
    )?;
    let read = |row: &rusqlite::Row<'_>| Ok(LedgerKey::of_alerts(row.get(0)?, parsed(row, 1)?));
    let found = select.query_map([], read)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Has the ledgers of the alerts derived again, and removes those of no order. Returns how
/// many there are.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub(crate) fn mark_all(connection: &Connection) -> Result<usize> {
    let mut select = connection.prepare(VANISHED)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let vanished = select.query_map([Book::Alerts], read)?;
    let vanished: Vec<(i64, String)> = vanished.collect::<rusqlite::Result<_>>()?;
    for (webhook, ticker) in vanished {
        for table in ["trades", "lots", "ledgers"] {
            let of_ledger = "webhook_id = ?1 AND book = ?2 AND ticker = ?3";
            let sql = format!("DELETE FROM {table} WHERE {of_ledger}");
            connection.execute(&sql, params![webhook, Book::Alerts, ticker])?;
        }
    }
    let orphans = format!("DELETE FROM pairings WHERE order_id IN ({ORPHANS})");
    connection.execute(&orphans, [])?;
    let marked = connection.execute(
        "INSERT INTO ledgers (webhook_id, book, ticker, version, is_stale, drift, stated_before, position_before,
             newest_second)
         SELECT DISTINCT webhook_id, ?1, instrument, 1, 1, '0', '0', '0', 0 FROM tickers WHERE true
         ON CONFLICT (webhook_id, book, ticker) DO UPDATE SET version = version + 1, is_stale = 1",
        [Book::Alerts],
    )?;
    Ok(marked)
}

/// Removes a ledger of which nothing is left. Its version goes with it, so that the catalog's
/// counts up instead: a report must not take it for one that did not change.
pub(crate) fn remove(connection: &Connection, key: &LedgerKey) -> Result<()> {
    connection.execute(
        "DELETE FROM ledgers WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3",
        params![key.webhook, key.book, key.instrument.as_str()],
    )?;
    connection.execute("UPDATE catalog SET revision = revision + 1", [])?;
    Ok(())
}

/// Version stamp of the figures derived of some webhooks: as long as it stays the
/// same, so do they.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// Of all webhooks, their settings, tags and backtests, which change seldom.
    catalog: i64,
    /// Of the ledgers of those webhooks, added up: each only ever counts up.
    ledgers: i64,
}

/// The versions of some webhooks as they are now; of all where none is named.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn versions(connection: &Connection, of: &[WebhookId]) -> Result<Versions> {
    let is_named = match of.len() {
        0 => String::new(),
        named => format!("AND w.public_id IN ({})", vec!["?"; named].join(", ")),
    };
    let mut select = connection.prepare_cached(&format!(
        "SELECT coalesce(sum(l.version), 0) FROM webhooks w JOIN ledgers l ON l.webhook_id = w.id
         WHERE w.deleted_at IS NULL {is_named}"
    ))?;
    let ids = params_from_iter(of.iter().map(WebhookId::as_str));
    Ok(Versions {
        catalog: webhooks::revision(connection)?,
        ledgers: select.query_row(ids, |row| row.get(0))?,
    })
}

/// Version of a webhook's ledgers: as long as that stays the same, so
/// do its trades.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn version(connection: &Connection, webhook: i64) -> Result<i64> {
    let mut select = connection
        .prepare_cached("SELECT coalesce(sum(version), 0) FROM ledgers WHERE webhook_id = ?1")?;
    Ok(select.query_row([webhook], |row| row.get(0))?)
}

/// A ledger as it is under its webhook's settings, or `None` where it has to be derived again.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn load(
    connection: &Connection,
    key: &LedgerKey,
    settings: &Settings,
) -> Result<Option<Ledger>> {
    let Some(stored) = stored(connection, key)? else {
        return Ok(Some(Ledger::new()));
    };
    if stored.is_stale {
        return Ok(None);
    }
    let checkpoint = Checkpoint {
        lots: lots::of(connection, key)?,
        closed_profit: stored.closed_profit,
        newest_price: stored.newest_price,
        drift: stored.drift,
        last_word: stored.last_word,
        stated_before: stored.stated_before,
        position_before: stored.position_before,
        newest_second: match key.book {
            Book::Alerts => orders::paired_in_second(connection, key, stored.newest_second)?,
            // Fills are always derived as a whole.
            _ => Vec::new(),
        },
    };
    Ok(Some(Ledger::resume(checkpoint, settings)))
}

fn stored(connection: &Connection, key: &LedgerKey) -> Result<Option<Stored>> {
    let mut select = connection.prepare_cached(
        "SELECT is_stale, newest_price, drift, stated_before, position_before, newest_second * 1000000,
             last_word, closed_profit FROM ledgers WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3",
    )?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Stored {
            is_stale: row.get(0)?,
            newest_price: optional_parsed(row, 1)?,
            drift: parsed(row, 2)?,
            stated_before: parsed(row, 3)?,
            position_before: parsed(row, 4)?,
            newest_second: timestamp(row, 5)?,
            last_word: optional_timestamp(row, 6)?,
            closed_profit: parsed(row, 7)?,
        })
    };
    Ok(select
        .query_row(
            params![key.webhook, key.book, key.instrument.as_str()],
            read,
        )
        .optional()?)
}

/// Stores a ledger.
pub(crate) fn save(connection: &Connection, key: &LedgerKey, ledger: &Ledger) -> Result<()> {
    let mut upsert = connection.prepare_cached(
        "INSERT INTO ledgers (webhook_id, book, ticker, version, is_stale, newest_price, drift, stated_before,
             position_before, newest_second, last_word, closed_profit)
         VALUES (?1, ?2, ?3, 1, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (webhook_id, book, ticker) DO UPDATE SET version = version + 1, is_stale = 0, newest_price = ?4,
             drift = ?5, stated_before = ?6, position_before = ?7, newest_second = ?8, last_word = ?9,
             closed_profit = ?10",
    )?;
    upsert.execute(params![
        key.webhook,
        key.book,
        key.instrument.as_str(),
        ledger.newest_price().map(|price| price.to_string()),
        ledger.drift().to_string(),
        ledger.stated_before().to_string(),
        ledger.position_before().to_string(),
        ledger.newest_second().map_or(0, Timestamp::as_second),
        ledger.last_word().map(to_micros),
        ledger.closed_profit().to_string(),
    ])?;
    Ok(())
}

/// The net profit of the trades of a webhook's alerts that were closed until a time; `None`
/// where it is beyond a [`Decimal`]. It costs the instruments and the trades since then, and not
/// the history.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn net_profit_until(
    connection: &Connection,
    webhook: i64,
    until: Timestamp,
) -> Result<Option<Decimal>> {
    let mut select = connection
        .prepare_cached("SELECT closed_profit FROM ledgers WHERE webhook_id = ?1 AND book = ?2")?;
    let mut sum = ExactSum::default();
    let mut rows = select.query(params![webhook, Book::Alerts])?;
    while let Some(row) = rows.next()? {
        sum = sum.with(parsed(row, 0)?);
    }
    let mut select = connection.prepare_cached(
        "SELECT t.net_profit FROM ledgers l CROSS JOIN trades t ON t.webhook_id = l.webhook_id
             AND t.book = l.book AND t.ticker = l.ticker AND t.exit_time > ?3
         WHERE l.webhook_id = ?1 AND l.book = ?2",
    )?;
    let mut rows = select.query(params![webhook, Book::Alerts, to_micros(until)])?;
    while let Some(row) = rows.next()? {
        sum = sum.less(decimal(row, 0)?);
    }
    Ok(sum.money())
}
