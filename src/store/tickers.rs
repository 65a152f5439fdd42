//! The tickers that the orders of a webhook state, and the instrument that each names.
//!
//! A ticker gets its row with the first order that states it. Rows are read by symbol, so
//! that an alert costs one look-up however many instruments a webhook trades.

use rusqlite::{Connection, OptionalExtension, params};

use super::error::Result;
use super::ledger_key::LedgerKey;
use super::sql::parsed;
use crate::domain::book::Book;
use crate::domain::event::Warning;
use crate::domain::instrument::{Instrument, Instruments, Spelling};
use crate::domain::signal::Ticker;

/// The instrument that the ticker of a new order names, and what its owner should know
/// where a ticker is stated for the first time beside others of its symbol.
pub(crate) fn name(
    connection: &Connection,
    webhook: i64,
    ticker: &Ticker,
) -> Result<(Instrument, Option<Warning>)> {
    if let Some(instrument) = stated_before(connection, webhook, ticker)? {
        return Ok((instrument, None));
    }
    let spelling = Spelling::of(ticker.as_str());
    let mut known = of_symbol(connection, webhook, &spelling)?;
    let note = note(&known, ticker);
    let instrument = known.learn(ticker);
    insert(connection, webhook, ticker, &instrument)?;
    Ok((instrument, note))
}

fn insert(
    connection: &Connection,
    webhook: i64,
    ticker: &Ticker,
    instrument: &Instrument,
) -> Result<()> {
    let spelling = Spelling::of(ticker.as_str());
    let mut insert = connection.prepare_cached(
        "INSERT INTO tickers (webhook_id, ticker, instrument, symbol, exchange) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    insert.execute(params![
        webhook,
        ticker.as_str(),
        instrument.as_str(),
        spelling.symbol(),
        spelling.exchange(),
    ])?;
    Ok(())
}

/// Forgets a ticker that no order states after all.
pub(crate) fn forget_unused(connection: &Connection, webhook: i64, ticker: &Ticker) -> Result<()> {
    connection.execute(
        "DELETE FROM tickers WHERE webhook_id = ?1 AND ticker = ?2
             AND NOT EXISTS (SELECT 1 FROM orders WHERE webhook_id = ?1 AND ticker = ?2)",
        params![webhook, ticker.as_str()],
    )?;
    Ok(())
}

/// The instrument of each ticker of a webhook, in the order in which they came.
type Named = Vec<(i64, Ticker, Instrument)>;

/// The instruments that the orders come to, where those that are stored are others.
fn renamed(connection: &Connection) -> Result<Option<Named>> {
    let mut stored = connection
        .prepare("SELECT webhook_id, ticker, instrument FROM tickers ORDER BY webhook_id, id")?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, parsed(row, 1)?, parsed(row, 2)?));
    let stored: Named = stored
        .query_map([], read)?
        .collect::<rusqlite::Result<_>>()?;
    let mut stated = connection.prepare(
        "SELECT webhook_id, ticker FROM orders GROUP BY webhook_id, ticker ORDER BY webhook_id, min(id)",
    )?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, parsed(row, 1)?));
    let stated: Vec<(i64, Ticker)> = stated
        .query_map([], read)?
        .collect::<rusqlite::Result<_>>()?;
    let mut derived = Named::new();
    for of_webhook in stated.chunk_by(|one, next| one.0 == next.0) {
        let mut known = Instruments::default();
        let named = of_webhook.iter().map(|(webhook, ticker)| {
            let instrument = known.learn(ticker);
            (*webhook, ticker.clone(), instrument)
        });
        derived.extend(named);
    }
    Ok((stored != derived).then_some(derived))
}

/// True where the tickers name what the orders come to.
pub(crate) fn are_derived(connection: &Connection) -> Result<bool> {
    Ok(renamed(connection)?.is_none())
}

/// Derives from the orders again what their tickers name; true where that was another
/// instrument, or is one no more.
pub(crate) fn derive(connection: &Connection) -> Result<bool> {
    let Some(derived) = renamed(connection)? else {
        return Ok(false);
    };
    connection.execute("DELETE FROM tickers", [])?;
    for (webhook, ticker, instrument) in &derived {
        insert(connection, *webhook, ticker, instrument)?;
    }
    Ok(true)
}

/// The instrument of a webhook that a ticker names, whether an order states it or not.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn find(connection: &Connection, webhook: i64, ticker: &Ticker) -> Result<Instrument> {
    if let Some(instrument) = stated_before(connection, webhook, ticker)? {
        return Ok(instrument);
    }
    let spelling = Spelling::of(ticker.as_str());
    Ok(of_symbol(connection, webhook, &spelling)?.learn(ticker))
}

/// All instruments that the orders of a webhook name.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn all(connection: &Connection, webhook: i64) -> Result<Vec<String>> {
    let mut select = connection.prepare_cached(
        "SELECT DISTINCT instrument FROM tickers WHERE webhook_id = ?1 ORDER BY instrument",
    )?;
    let found = select.query_map([webhook], |row| row.get(0))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// All tickers that name an instrument.
pub(crate) fn spellings(connection: &Connection, key: &LedgerKey) -> Result<Vec<Ticker>> {
    let spelling = Spelling::of(key.instrument.as_str());
    let mut select = connection.prepare_cached(
        "SELECT ticker FROM tickers WHERE symbol = ?1 AND webhook_id = ?2 AND instrument = ?3 ORDER BY id",
    )?;
    let values = params![spelling.symbol(), key.webhook, key.instrument.as_str()];
    let tickers = select.query_map(values, |row| parsed(row, 0))?;
    Ok(tickers.collect::<rusqlite::Result<_>>()?)
}

fn stated_before(
    connection: &Connection,
    webhook: i64,
    ticker: &Ticker,
) -> Result<Option<Instrument>> {
    let mut select = connection
        .prepare_cached("SELECT instrument FROM tickers WHERE webhook_id = ?1 AND ticker = ?2")?;
    let found = select.query_row(params![webhook, ticker.as_str()], |row| parsed(row, 0));
    Ok(found.optional()?)
}

fn of_symbol(connection: &Connection, webhook: i64, spelling: &Spelling) -> Result<Instruments> {
    let mut select = connection.prepare_cached(
        "SELECT ticker FROM tickers WHERE symbol = ?1 AND webhook_id = ?2 ORDER BY id",
    )?;
    let mut rows = select.query(params![spelling.symbol(), webhook])?;
    let mut known = Instruments::default();
    while let Some(row) = rows.next()? {
        known.learn(&parsed(row, 0)?);
    }
    Ok(known)
}

fn note(known: &Instruments, ticker: &Ticker) -> Option<Warning> {
    let home = known.of_symbol(ticker).next()?;
    let taken_for = known.clone().learn(ticker);
    let abroad = known.of_symbol(ticker).nth(1);
    Some(if taken_for.ticker() == ticker {
        let message = format!(
            "{ticker} and {home} state different exchanges, so they are kept apart as two instruments: an order of one does not close a position in the other. Where they are one to you, state the same exchange in every alert"
        );
        Warning::new("another_exchange", message)
    } else if let (Some(abroad), None) = (abroad, Spelling::of(ticker.as_str()).exchange()) {
        let message = format!(
            "{ticker} states no exchange and was taken for {taken_for}; this webhook trades {abroad}, too. State the exchange in every alert"
        );
        Warning::new("same_instrument", message)
    } else {
        let message = format!("{ticker} was taken for the same instrument as {taken_for}");
        Warning::new("same_instrument", message)
    })
}

/// A condition for instruments of a webhook that a ticker names, with its value; `of` is
/// the pair of columns with webhook and instrument.
pub(crate) fn naming(of: &str, ticker: &str) -> (String, [Option<String>; 3]) {
    named(of, "k.webhook_id, k.instrument", ticker)
}

/// A condition for tickers of a webhook that name the same instrument as `ticker`, with its
/// values; `of` is the pair of columns with webhook and ticker.
pub(crate) fn spelling(of: &str, ticker: &str) -> (String, [Option<String>; 3]) {
    named(of, "k.webhook_id, k.ticker", ticker)
}

fn named(of: &str, columns: &str, ticker: &str) -> (String, [Option<String>; 3]) {
    let spelling = Spelling::of(ticker.trim());
    let exchange = spelling.exchange();
    // Without an exchange it is the symbol's home, else one with no other exchange.
    let is_named = if exchange.is_some() {
        "NOT EXISTS (SELECT 1 FROM tickers o WHERE o.symbol = k.symbol AND o.webhook_id = k.webhook_id
             AND o.instrument = k.instrument AND o.exchange <> ?)"
    } else {
        "k.instrument = (SELECT h.instrument FROM tickers h WHERE h.symbol = k.symbol
             AND h.webhook_id = k.webhook_id AND ? IS NULL ORDER BY h.id LIMIT 1)"
    };
    let condition = format!(
        "({of}) IN (SELECT {columns} FROM tickers k WHERE k.symbol = ? AND (k.ticker = ? OR {is_named}))"
    );
    let values = [
        Some(spelling.symbol().to_owned()),
        Some(ticker.trim().to_owned()),
        exchange,
    ];
    (condition, values)
}

/// Takes the tickers of a database of an older version together that name one instrument:
/// what was derived of them apart goes, and is derived again.
///
/// # Errors
///
/// [`super::StoreError`] where nothing could be written.
pub(crate) fn settle(connection: &Connection) -> Result<()> {
    let mut select = connection.prepare(
        "SELECT id, webhook_id, ticker, instrument FROM tickers WHERE symbol = '' ORDER BY webhook_id, id",
    )?;
    let read = |row: &rusqlite::Row<'_>| {
        let (ticker, instrument) = (parsed(row, 2)?, parsed(row, 3)?);
        Ok((row.get(0)?, row.get(1)?, ticker, instrument))
    };
    let unsettled: Vec<(i64, i64, Ticker, Instrument)> = select
        .query_map([], read)?
        .collect::<rusqlite::Result<_>>()?;
    for tickers in unsettled.chunk_by(|one, next| one.1 == next.1) {
        let mut known = Instruments::default();
        for (row, webhook, ticker, before) in tickers {
            let instrument = known.learn(ticker);
            let spelling = Spelling::of(ticker.as_str());
            connection.execute(
                "UPDATE tickers SET instrument = ?2, symbol = ?3, exchange = ?4 WHERE id = ?1",
                params![
                    row,
                    instrument.as_str(),
                    spelling.symbol(),
                    spelling.exchange()
                ],
            )?;
            if instrument != *before {
                forget_derived(connection, &LedgerKey::of_alerts(*webhook, before.clone()))?;
                rename(connection, *webhook, ticker, &instrument)?;
            }
        }
        // Where a ticker's ledger went and is needed all the same.
        connection.execute(
            "INSERT INTO ledgers (webhook_id, book, ticker, version, is_stale, drift, stated_before,
                 position_before, newest_second)
             SELECT DISTINCT webhook_id, ?2, instrument, 1, 1, '0', '0', '0', 0 FROM tickers k
             WHERE webhook_id = ?1 AND NOT EXISTS (SELECT 1 FROM ledgers l WHERE l.webhook_id = k.webhook_id
                 AND l.book = ?2 AND l.ticker = k.instrument)",
            params![tickers[0].1, Book::Alerts],
        )?;
    }
    Ok(())
}

/// Has a ticker name another instrument: its ledger, and that of the fills that were taken for
/// it, are derived again. A ledger of fills that has none left goes then.
fn rename(
    connection: &Connection,
    webhook: i64,
    ticker: &Ticker,
    instrument: &Instrument,
) -> Result<()> {
    let instrument = instrument.as_str();
    connection.execute(
        "UPDATE ledgers SET is_stale = 1, version = version + 1
         WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3",
        params![webhook, Book::Alerts, instrument],
    )?;
    let moved = connection.execute(
        "UPDATE fills SET instrument = ?3 WHERE webhook_id = ?1 AND ticker = ?2",
        params![webhook, ticker.as_str(), instrument],
    )?;
    if moved > 0 {
        connection.execute(
            "INSERT INTO ledgers (webhook_id, book, ticker, version, is_stale, drift, stated_before,
                 position_before, newest_second)
             VALUES (?1, ?2, ?3, 1, 1, '0', '0', '0', 0)
             ON CONFLICT (webhook_id, book, ticker) DO UPDATE SET version = version + 1, is_stale = 1",
            params![webhook, Book::Fills, instrument],
        )?;
    }
    Ok(())
}

/// Removes what was derived of an instrument whose tickers name another one now.
fn forget_derived(connection: &Connection, key: &LedgerKey) -> Result<()> {
    for table in ["trades", "lots", "ledgers"] {
        let sql =
            format!("DELETE FROM {table} WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3");
        let instrument = key.instrument.as_str();
        connection.execute(&sql, params![key.webhook, key.book, instrument])?;
    }
    Ok(())
}
