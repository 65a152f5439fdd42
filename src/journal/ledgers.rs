//! The ledgers of webhooks and tickers: kept in memory while in use, and in the
//! database with all that comes of them.
//!
//! An order costs what its ledger's open lots cost. One that belongs before
//! another makes its ledger be derived again from the orders, and so do a change
//! of settings and a rebuild, a ledger at a time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;

use super::Remembered;
use crate::domain::book::Book;
use crate::domain::ledger::{Applied, Ledger, NotApplied, Unpairable};
use crate::domain::money::Decimal;
use crate::domain::order::{Order, OrderId};
use crate::domain::webhook::Settings;
use crate::store::ledger_key::LedgerKey;
use crate::store::ledgers::{any_stale, load, mark, save};
use crate::store::sql::to_micros;
use crate::store::{Result, StoreError, WriteContext, lots, orders, pairings, trades, webhooks};

/// Ledgers kept in memory; beyond that all are let go of and read again when needed.
const KEPT: usize = 4096;

/// Seconds with orders that a ledger in memory can go back by.
const EARLIER: usize = 2;

/// A second in microseconds.
const SECOND: i64 = 1_000_000;

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

/// Leaves an order that was stored just now to [`derive_next`].
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub(super) fn pair_later(context: &mut WriteContext<'_>, key: &LedgerKey) -> Result<()> {
    Remembered::of(context).ledgers.kept.remove(key);
    mark(context.connection, key)
}

/// Derives one of the ledgers again that have to be; false where none has.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn derive_next(context: &mut WriteContext<'_>) -> Result<bool> {
    let Some(key) = any_stale(context.connection)? else {
        return Ok(false);
    };
    if key.book == Book::Fills {
        super::fills::derive(context, &key)?;
    } else {
        derive_again(context, &key, None, Kept::default(), OrderId(0))?;
    }
    Ok(true)
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
    let settings = Remembered::of(context)
        .ledgers
        .settings(connection, key.webhook)?;
    Remembered::of(context).ledgers.kept.remove(key);
    let changed_from = since.map_or(i64::MIN, start_of_second);
    trades::delete_from(connection, key, changed_from)?;
    pairings::delete(connection, key, (changed_from, i64::MAX))?;
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
    Remembered::of(context).ledgers.keep(key.clone(), kept);
    Ok(found)
}

/// Orders of a ledger that one transaction of [`derive_part`] folds: few enough not to keep
/// alerts waiting.
const PART: u32 = 2_000;

/// A ledger that is derived again in parts, as far as it has come: alerts are recorded in between,
/// and find a ledger that is derived.
#[derive(Debug)]
pub(super) struct Derivation {
    key: LedgerKey,
    /// The ledger at the end of the last part.
    ledger: Ledger,
    /// Where the next part begins, in microseconds.
    from: i64,
    /// Orders before that.
    applied: i64,
    /// The revision of the settings that it began with.
    revision: Option<i64>,
}

/// What came of a part.
#[derive(Debug)]
pub(super) enum Part {
    /// There are more.
    More(Box<Derivation>),
    /// It was the last.
    Done,
    /// What it is derived from changed meanwhile: it has to begin anew.
    Overtaken,
}

impl Derivation {
    pub(super) fn of(key: LedgerKey) -> Self {
        Self {
            key,
            ledger: Ledger::default(),
            from: i64::MIN,
            applied: 0,
            revision: None,
        }
    }
}

/// Derives the next part of a ledger of alerts again, whether it is stale or not. After the last
/// one it is as [`derive_next`] would have left it.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub(super) fn derive_part(
    context: &mut WriteContext<'_>,
    mut derivation: Derivation,
) -> Result<Part> {
    let connection = context.connection;
    let Derivation {
        key,
        ledger,
        from,
        applied,
        revision,
    } = &mut derivation;
    let now = webhooks::revision(connection)?;
    let is_same = *revision.get_or_insert(now) == now;
    if !is_same || orders::count_until(connection, key, *from)? != *applied {
        return Ok(Part::Overtaken);
    }
    let settings = webhooks::settings(connection, key.webhook)?;
    let end = orders::end_of_part(connection, key, *from, PART)?;
    // A second is never divided.
    let end = end.map(|end| end.max(from.saturating_add(SECOND)));
    let part = (*from, end.unwrap_or(i64::MAX));
    trades::delete_between(connection, key, part)?;
    pairings::delete(connection, key, part)?;
    orders::for_each_second_between(connection, key, part, |mut second| {
        *applied += i64::try_from(second.len()).unwrap_or(i64::MAX);
        for applied in ledger.apply_second(&mut second, &settings) {
            trades::insert_applied(connection, key, &applied)?;
            pairings::insert(connection, &applied)?;
        }
        Ok(())
    })?;
    if let Some(end) = end {
        *from = end;
        return Ok(Part::More(Box::new(derivation)));
    }
    lots::delete_all(connection, key)?;
    for lot in ledger.lots() {
        lots::insert(connection, key, lot)?;
    }
    save(connection, key, ledger)?;
    Remembered::of(context).ledgers.kept.remove(key);
    Ok(Part::Done)
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
