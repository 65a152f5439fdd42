//! The ledgers of webhooks and tickers: kept in memory while in use, and in the
//! database with all that comes of them.
//!
//! An order costs what its ledger's open lots cost. One that belongs before
//! another makes its ledger be derived again from the orders, and so do a change
//! of settings, an import and a rebuild; see [`parts`].

pub mod parts;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;

use super::Remembered;
use crate::domain::ledger::{Applied, Ledger, NotApplied, Unpairable};
use crate::domain::money::Decimal;
use crate::domain::order::{Order, OrderId};
use crate::domain::signal::Ticker;
use crate::domain::webhook::Settings;
use crate::store::ledger_key::LedgerKey;
use crate::store::ledgers::{load, mark, save};
use crate::store::sql::to_micros;
use crate::store::{
    Result, StoreError, WriteContext, lots, orders, pairings, tickers, trades, webhooks,
};

/// Ledgers kept in memory; beyond that all are let go of and read again when needed.
const KEPT: usize = 4096;

/// Seconds with orders that a ledger in memory can go back by.
const EARLIER: usize = 2;

/// A second in microseconds.
const SECOND: i64 = 1_000_000;

/// The ledgers and settings that were in use of late.
#[derive(Debug, Default)]
pub struct Ledgers {
    kept: HashMap<LedgerKey, LedgerHistory>,
    settings: HashMap<i64, Arc<Settings>>,
}

impl Ledgers {
    /// Forgets everything; it is read again from the database when needed.
    pub fn forget(&mut self) {
        self.kept.clear();
        self.settings.clear();
    }

    fn keep(&mut self, key: LedgerKey, ledger: LedgerHistory) {
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
struct LedgerHistory {
    ledger: Ledger,
    /// Oldest first.
    earlier: VecDeque<Ledger>,
}

impl LedgerHistory {
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
    let settings = Remembered::of(context)
        .ledgers
        .settings(connection, key.webhook)?;
    let mut known = match Remembered::of(context).ledgers.kept.remove(&key) {
        Some(kept) => Some(kept),
        None => load(connection, &key, &settings)?.map(LedgerHistory::of),
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
            Remembered::of(context).ledgers.keep(key, kept);
            Ok(Paired::Applied(Box::new(applied)))
        }
        (Some(kept), Some(Err(NotApplied::Unpairable(reason)))) => {
            Remembered::of(context).ledgers.keep(key, kept);
            Ok(Paired::Refused(reason))
        }
        (known, _) => pair_again(context, &key, known, order),
    }
}

/// Pairs an order that belongs before others, or whose ledger is not known.
fn pair_again(
    context: &mut WriteContext<'_>,
    key: &LedgerKey,
    known: Option<LedgerHistory>,
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
    derive_again(context, key, None, LedgerHistory::default(), OrderId(0))?;
    Ok(Paired::Refused(reason))
}

/// The settings of a webhook, which are in memory where an order of it was paired just now.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where they cannot be read.
pub(super) fn settings(context: &mut WriteContext<'_>, webhook: i64) -> Result<Arc<Settings>> {
    let connection = context.connection;
    Remembered::of(context)
        .ledgers
        .settings(connection, webhook)
}

/// The position of a ledger that is in memory, as that of an order is which was paired just now.
pub(super) fn position(context: &mut WriteContext<'_>, key: &LedgerKey) -> Option<Decimal> {
    let kept = Remembered::of(context).ledgers.kept.get(key)?;
    Some(kept.ledger.position())
}

/// The position of a webhook in a ticker, where its ledger is in memory.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub(super) fn position_of(
    context: &mut WriteContext<'_>,
    webhook: i64,
    ticker: &Ticker,
) -> Result<Option<Decimal>> {
    let instrument = tickers::find(context.connection, webhook, ticker)?;
    let key = LedgerKey::of_alerts(webhook, instrument);
    Ok(position(context, &key))
}

/// Leaves an order that was stored just now to [`parts::Deriving`].
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub(super) fn pair_later(context: &mut WriteContext<'_>, key: &LedgerKey) -> Result<()> {
    Remembered::of(context).ledgers.kept.remove(key);
    mark(context.connection, key)
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
    mut kept: LedgerHistory,
    wanted: OrderId,
) -> Result<Option<Applied>> {
    let connection = context.connection;
    let settings = Remembered::of(context)
        .ledgers
        .settings(connection, key.webhook)?;
    Remembered::of(context).ledgers.kept.remove(key);
    let changed_from = since.map_or(i64::MIN, start_of_second);
    let changed = (changed_from, i64::MAX);
    trades::delete_between(connection, key, changed)?;
    pairings::delete(connection, key, changed)?;

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
    store(connection, key, &kept.ledger)?;
    Remembered::of(context).ledgers.keep(key.clone(), kept);
    Ok(found)
}

/// Start of the second of a time, in microseconds.
fn start_of_second(time: Timestamp) -> i64 {
    to_micros(time).div_euclid(SECOND) * SECOND
}

/// Stores a ledger that was derived again, with its open lots.
fn store(connection: &Connection, key: &LedgerKey, ledger: &Ledger) -> Result<()> {
    lots::delete_all(connection, key)?;
    for lot in ledger.lots() {
        lots::insert(connection, key, lot)?;
    }
    save(connection, key, ledger)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::scratch::Scratch;

    #[test]
    fn tickers_without_end_do_not_fill_the_memory() {
        let mut scratch = Scratch::new();
        let webhook = scratch.webhook("one");
        for number in 0..=KEPT {
            scratch.alert(&webhook, &format!("T{number}"), "buy");
            assert!(scratch.remembered().ledgers.kept.len() <= KEPT);
        }
        // The one that is in use is kept, whatever is let go of.
        scratch.alert(&webhook, "T0", "sell");
        let tickers = scratch.remembered().ledgers.kept.keys();
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
