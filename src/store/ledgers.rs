//! The ledgers of webhooks and tickers: kept in memory while in use, and in the
//! database with all that comes of them.
//!
//! An order costs what its ledger's open lots cost. One that belongs before
//! another makes its ledger be derived again from the orders, and so do a change
//! of settings and a rebuild, a ledger at a time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::error::{Result, StoreError};
use super::sql::{optional_parsed, optional_timestamp, parsed, timestamp, to_micros};
use super::writer::WriteContext;
use super::{lots, orders, pairings, trades, webhooks};
use crate::domain::book::Book;
use crate::domain::instrument::Instrument;
use crate::domain::ledger::{Applied, Checkpoint, Ledger, NotApplied, Unpairable};
use crate::domain::money::{Decimal, Price};
use crate::domain::order::{Order, OrderId};
use crate::domain::webhook::{Settings, WebhookId};

/// Ledgers kept in memory; beyond that all are let go of and read again when needed.
const KEPT: usize = 4096;

/// Seconds with orders that a ledger in memory can go back by.
const EARLIER: usize = 2;

/// A second in microseconds.
const SECOND: i64 = 1_000_000;

/// The key of a ledger: one webhook's book in one instrument.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LedgerKey {
    /// Number of the webhook inside the database.
    pub webhook: i64,
    /// The book.
    pub book: Book,
    /// The instrument.
    pub instrument: Instrument,
}

impl LedgerKey {
    /// The key of a webhook's alerts in an instrument.
    #[must_use]
    pub fn of_alerts(webhook: i64, instrument: Instrument) -> Self {
        Self {
            webhook,
            book: Book::Alerts,
            instrument,
        }
    }
}

/// The ledgers and settings that were in use of late.
#[derive(Debug, Default)]
pub struct Ledgers {
    kept: HashMap<LedgerKey, Kept>,
    settings: HashMap<i64, Arc<Settings>>,
}

impl Ledgers {
    /// Forgets everything; it is read again from the database when needed.
    pub fn forget(&mut self) {
        self.kept.clear();
        self.settings.clear();
    }

    fn keep(&mut self, key: LedgerKey, ledger: Kept) {
        if self.kept.len() >= KEPT {
            self.kept.clear();
        }
        self.kept.insert(key, ledger);
    }

    fn settings(&mut self, connection: &Connection, webhook: i64) -> Result<Arc<Settings>> {
        if let Some(settings) = self.settings.get(&webhook) {
            return Ok(Arc::clone(settings));
        }
        let settings = Arc::new(webhooks::settings(connection, webhook)?);
        self.settings.insert(webhook, Arc::clone(&settings));
        Ok(settings)
    }
}

/// A ledger, and how it was before its newest seconds: orders that fire together
/// arrive in any sequence, and a resend comes seconds late. They are paired from
/// there again, and not from the first order.
#[derive(Debug, Default)]
struct Kept {
    ledger: Ledger,
    /// Oldest first.
    earlier: VecDeque<Ledger>,
}

impl Kept {
    fn of(ledger: Ledger) -> Self {
        let earlier = VecDeque::new();
        Self { ledger, earlier }
    }

    fn apply(
        &mut self,
        order: &Order,
        settings: &Settings,
    ) -> std::result::Result<Applied, NotApplied> {
        let second = |time: Timestamp| time.as_second();
        let is_next = self.ledger.newest_second().map(second) != Some(second(order.paired_at));
        let before = is_next.then(|| self.ledger.clone());
        let applied = self.ledger.apply(order, settings)?;
        self.remember(before);
        Ok(applied)
    }

    fn remember(&mut self, before: Option<Ledger>) {
        self.earlier.extend(before);
        if self.earlier.len() > EARLIER {
            self.earlier.pop_front();
        }
    }

    /// Goes back to where no order of `time`'s second or a later one was applied.
    fn back_to(mut self, time: Timestamp) -> Option<Self> {
        let is_before = |ledger: &Ledger| {
            let newest = ledger.newest_second();
            newest.is_none_or(|newest| newest.as_second() < time.as_second())
        };
        let found = self.earlier.iter().rposition(is_before)?;
        self.ledger = self.earlier[found].clone();
        self.earlier.truncate(found);
        Some(self)
    }
}

/// A ledger as the database has it.
struct Stored {
    is_stale: bool,
    newest_price: Option<Price>,
    drift: Decimal,
    last_word: Option<Timestamp>,
    stated_before: Decimal,
    position_before: Decimal,
    newest_second: Timestamp,
}

/// The outcome of pairing an order.
#[derive(Debug)]
pub(super) enum Paired {
    /// It was applied.
    Applied(Box<Applied>),
    /// It cannot be counted, and is not stored any more.
    Refused(Unpairable),
}

/// Pairs an order that was stored just now, and stores what came of it. One that cannot be
/// counted is taken back, and nothing else is changed.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub(super) fn pair(
    context: &mut WriteContext<'_>,
    key: LedgerKey,
    order: &Order,
) -> Result<Paired> {
    let connection = context.connection;
    let settings = context.memory.ledgers.settings(connection, key.webhook)?;
    let mut known = match context.memory.ledgers.kept.remove(&key) {
        Some(kept) => Some(kept),
        None => load(connection, &key, &settings)?.map(Kept::of),
    };
    let applied = known.as_mut().map(|kept| kept.apply(order, &settings));
    if let (Some(kept), Some(Ok(applied))) = (&known, &applied) {
        store_applied(connection, &key, applied)?;
        save(connection, &key, &kept.ledger)?;
    } else if let Some(Err(NotApplied::Unpairable(_))) = &applied {
        orders::delete(connection, order.id)?;
    }
    match (known, applied) {
        (Some(kept), Some(Ok(applied))) => {
            context.memory.ledgers.keep(key, kept);
            Ok(Paired::Applied(Box::new(applied)))
        }
        (Some(kept), Some(Err(NotApplied::Unpairable(reason)))) => {
            context.memory.ledgers.keep(key, kept);
            Ok(Paired::Refused(reason))
        }
        (known, _) => pair_again(context, &key, known, order),
    }
}

/// Pairs an order that belongs before others, or whose ledger is not known.
fn pair_again(
    context: &mut WriteContext<'_>,
    key: &LedgerKey,
    known: Option<Kept>,
    order: &Order,
) -> Result<Paired> {
    // One that is not known is stale as a whole.
    let since = known.is_some().then_some(order.paired_at);
    let start = known.and_then(|kept| kept.back_to(order.paired_at));
    let derived = derive_again(context, key, since, start.unwrap_or_default(), order.id)?;
    let applied = derived.ok_or_else(|| StoreError::NotFound(format!("order {}", order.id)))?;
    let Some(reason) = applied.unpaired else {
        return Ok(Paired::Applied(Box::new(applied)));
    };
    orders::delete(context.connection, order.id)?;
    derive_again(context, key, None, Kept::default(), OrderId(0))?;
    Ok(Paired::Refused(reason))
}

/// Leaves an order that was stored just now to [`derive_next`].
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub(super) fn pair_later(context: &mut WriteContext<'_>, key: &LedgerKey) -> Result<()> {
    context.memory.ledgers.kept.remove(key);
    let mut upsert = context.connection.prepare_cached(
        "INSERT INTO ledgers (webhook_id, book, ticker, version, is_stale, drift, stated_before, position_before,
             newest_second)
         VALUES (?1, ?2, ?3, 1, 1, '0', '0', '0', 0)
         ON CONFLICT (webhook_id, book, ticker) DO UPDATE SET version = version + 1, is_stale = 1",
    )?;
    upsert.execute(params![key.webhook, key.book, key.instrument.as_str()])?;
    Ok(())
}

/// Derives one of the ledgers again that have to be; false where none has.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn derive_next(context: &mut WriteContext<'_>) -> Result<bool> {
    let mut select = context.connection.prepare_cached(ONE_STALE)?;
    let read = |row: &rusqlite::Row<'_>| Ok(LedgerKey::of_alerts(row.get(0)?, parsed(row, 1)?));
    let Some(key) = select.query_row([], read).optional()? else {
        return Ok(false);
    };
    derive_again(context, &key, None, Kept::default(), OrderId(0))?;
    Ok(true)
}

/// True if a ledger has to be derived again.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn is_any_stale(connection: &Connection) -> Result<bool> {
    Ok(connection.prepare_cached(ONE_STALE)?.exists([])?)
}

/// A ledger of alerts that has to be derived again: orders are what it is folded from.
const ONE_STALE: &str =
    "SELECT l.webhook_id, l.ticker FROM ledgers l JOIN webhooks w ON w.id = l.webhook_id
     WHERE l.is_stale AND l.book = 0 AND w.deleted_at IS NULL LIMIT 1";

/// Has the ledgers of one webhook, or all, derived again.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn mark_stale(context: &mut WriteContext<'_>, webhook: Option<i64>) -> Result<usize> {
    context.memory.ledgers.forget();
    let mut update = context.connection.prepare_cached(
        "UPDATE ledgers SET is_stale = 1, version = version + 1 WHERE ?1 IS NULL OR webhook_id = ?1",
    )?;
    Ok(update.execute([webhook])?)
}

/// Has the ledgers of the alerts derived again, and removes those of no order. Returns how
/// many there are.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub(super) fn mark_all(context: &mut WriteContext<'_>) -> Result<usize> {
    context.memory.ledgers.forget();
    let connection = context.connection;
    let mut select = connection.prepare(
        "SELECT webhook_id, ticker FROM ledgers WHERE book = ?1
             UNION SELECT webhook_id, ticker FROM lots WHERE book = ?1
             UNION SELECT webhook_id, ticker FROM trades WHERE book = ?1
         EXCEPT SELECT webhook_id, instrument FROM tickers",
    )?;
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
    connection.execute(
        "DELETE FROM pairings WHERE NOT EXISTS (SELECT 1 FROM orders WHERE id = order_id)",
        [],
    )?;
    let marked = connection.execute(
        "INSERT INTO ledgers (webhook_id, book, ticker, version, is_stale, drift, stated_before, position_before,
             newest_second)
         SELECT DISTINCT webhook_id, ?1, instrument, 1, 1, '0', '0', '0', 0 FROM tickers WHERE true
         ON CONFLICT (webhook_id, book, ticker) DO UPDATE SET version = version + 1, is_stale = 1",
        [Book::Alerts],
    )?;
    Ok(marked)
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
/// [`StoreError`] where the database cannot be read.
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
/// [`StoreError`] where the database cannot be read.
pub fn version(connection: &Connection, webhook: i64) -> Result<i64> {
    let mut select = connection
        .prepare_cached("SELECT coalesce(sum(version), 0) FROM ledgers WHERE webhook_id = ?1")?;
    Ok(select.query_row([webhook], |row| row.get(0))?)
}

/// A ledger as it is under its webhook's settings, or `None` where it has to be derived again.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
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
        newest_price: stored.newest_price,
        drift: stored.drift,
        last_word: stored.last_word,
        stated_before: stored.stated_before,
        position_before: stored.position_before,
        newest_second: orders::paired_in_second(connection, key, stored.newest_second)?,
    };
    Ok(Some(Ledger::resume(checkpoint, settings)))
}

/// Folds the orders of a ledger again, those that `kept` has not yet applied, and
/// stores what is different from `since` on, or everything; returns what the
/// order `wanted` did.
///
/// What closed in an earlier second stays: no later order changes it.
fn derive_again(
    context: &mut WriteContext<'_>,
    key: &LedgerKey,
    since: Option<Timestamp>,
    mut kept: Kept,
    wanted: OrderId,
) -> Result<Option<Applied>> {
    let connection = context.connection;
    let settings = context.memory.ledgers.settings(connection, key.webhook)?;
    context.memory.ledgers.kept.remove(key);
    let changed_from = since.map_or(i64::MIN, start_of_second);
    trades::delete_from(connection, key, changed_from)?;
    pairings::delete(connection, key, changed_from)?;
    lots::delete_all(connection, key)?;

    let applied_until = kept.ledger.newest_second();
    let first = applied_until.map_or(i64::MIN, |newest| start_of_second(newest) + SECOND);
    let mut found = None;
    orders::for_each_second(connection, key, first, |mut second| {
        let is_changed = second
            .first()
            .is_some_and(|order| to_micros(order.paired_at) >= changed_from);
        kept.remember((is_changed && since.is_some()).then(|| kept.ledger.clone()));
        for applied in kept.ledger.apply_second(&mut second, &settings) {
            if is_changed {
                trades::insert_applied(connection, key, &applied)?;
                pairings::insert(connection, &applied)?;
            }
            if applied.order == wanted {
                found = Some(applied);
            }
        }
        Ok(())
    })?;
    for lot in kept.ledger.lots() {
        lots::insert(connection, key, lot)?;
    }
    save(connection, key, &kept.ledger)?;
    context.memory.ledgers.keep(key.clone(), kept);
    Ok(found)
}

/// Where the second of a time begins, in microseconds.
fn start_of_second(time: Timestamp) -> i64 {
    to_micros(time).div_euclid(SECOND) * SECOND
}

/// Stores what one order did.
fn store_applied(connection: &Connection, key: &LedgerKey, applied: &Applied) -> Result<()> {
    trades::insert_applied(connection, key, applied)?;
    pairings::insert(connection, applied)?;
    for trade in &applied.trades {
        match &applied.left {
            Some(left) if left.entry.order == trade.entry.order => {
                lots::update(connection, key, left)?;
            }
            _ => lots::delete(connection, key, trade.entry.order)?,
        }
    }
    match &applied.opened {
        Some(opened) => lots::insert(connection, key, opened),
        None => Ok(()),
    }
}

fn stored(connection: &Connection, key: &LedgerKey) -> Result<Option<Stored>> {
    let mut select = connection.prepare_cached(
        "SELECT is_stale, newest_price, drift, stated_before, position_before, newest_second * 1000000,
             last_word FROM ledgers WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3",
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
        })
    };
    Ok(select
        .query_row(
            params![key.webhook, key.book, key.instrument.as_str()],
            read,
        )
        .optional()?)
}

fn save(connection: &Connection, key: &LedgerKey, ledger: &Ledger) -> Result<()> {
    let mut upsert = connection.prepare_cached(
        "INSERT INTO ledgers (webhook_id, book, ticker, version, is_stale, newest_price, drift, stated_before,
             position_before, newest_second, last_word)
         VALUES (?1, ?2, ?3, 1, 0, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (webhook_id, book, ticker) DO UPDATE SET version = version + 1, is_stale = 0, newest_price = ?4,
             drift = ?5, stated_before = ?6, position_before = ?7, newest_second = ?8, last_word = ?9",
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
    ])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::Scratch;

    #[test]
    fn tickers_without_end_do_not_fill_the_memory() {
        let mut scratch = Scratch::new();
        let webhook = scratch.webhook("one");
        for number in 0..=KEPT {
            scratch.alert(&webhook, &format!("T{number}"), "buy");
            assert!(scratch.memory.ledgers.kept.len() <= KEPT);
        }
        // The one that is in use is kept, whatever is let go of.
        scratch.alert(&webhook, "T0", "sell");
        let tickers = scratch.memory.ledgers.kept.keys();
        assert!(
            tickers
                .map(|key| key.instrument.as_str())
                .any(|ticker| ticker == "T0")
        );
        let lots: i64 = scratch
            .connection
            .query_row("SELECT count(*) FROM lots", [], |row| row.get(0))
            .unwrap();
        assert_eq!(usize::try_from(lots).unwrap(), KEPT);
    }
}
