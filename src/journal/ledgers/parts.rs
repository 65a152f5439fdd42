//! Ledgers that are derived again a part at a time.
//!
//! A history of years takes seconds on a small machine, and alerts must not wait for it: a
//! transaction folds a part, and alerts are recorded before the next. What changes meanwhile
//! where a derivation has been already makes it begin anew.

use rusqlite::Connection;

use super::{Remembered, SECOND, store};
use crate::domain::book::Book;
use crate::domain::ledger::Ledger;
use crate::journal::fills;
use crate::store::fills as stored_fills;
use crate::store::ledger_key::LedgerKey;
use crate::store::ledgers::{any_stale, is_stale, remove, version_of};
use crate::store::{Result, WriteContext, orders, pairings, trades, webhooks};

/// Orders or fills that one transaction folds: few enough not to keep alerts waiting.
const PART: u32 = 2_000;

/// Beginnings of a ledger, of which the last derives it in one go.
const BEGINNINGS: usize = 3;

/// The stale ledgers, and how far the one has come that is derived now.
#[derive(Debug, Default)]
pub struct Deriving {
    under_way: Option<Derivation>,
}

impl Deriving {
    /// Derives the next part of a stale ledger; `None` once there is none.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError::Unavailable`] where nothing could be written.
    pub fn next(self, context: &mut WriteContext<'_>) -> Result<Option<Self>> {
        let derivation = match self.under_way {
            // An alert that could not wait may have derived it.
            Some(derivation) if is_stale(context.connection, &derivation.key)? => derivation,
            _ => match any_stale(context.connection)? {
                Some(key) => Derivation::of(key),
                None => return Ok(None),
            },
        };
        let under_way = derivation.next(context)?;
        Ok(Some(Self { under_way }))
    }
}

/// A ledger that is derived again, as far as it has come.
#[derive(Debug)]
pub(in crate::journal) struct Derivation {
    key: LedgerKey,
    /// The ledger at the end of the last part.
    ledger: Ledger,
    /// Start of the next part, in microseconds.
    from: i64,
    /// Orders or fills before that.
    folded: i64,
    /// Its sources as the last part saw them; `None` before the first.
    seen: Option<SourceStamp>,
    beginnings: usize,
}

/// Stamp of the sources: the revision of the settings and the ledger's version. Equal stamps mean
/// that nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SourceStamp {
    revision: i64,
    version: i64,
}

impl SourceStamp {
    fn now(connection: &Connection, key: &LedgerKey) -> Result<Self> {
        Ok(Self {
            revision: webhooks::revision(connection)?,
            version: version_of(connection, key)?,
        })
    }
}

impl Derivation {
    pub(in crate::journal) fn of(key: LedgerKey) -> Self {
        Self {
            key,
            ledger: Ledger::default(),
            from: i64::MIN,
            folded: 0,
            seen: None,
            beginnings: 1,
        }
    }

    /// Derives the next part; `None` after the last one, which leaves the ledger as if it had been
    /// derived in one go.
    pub(in crate::journal) fn next(self, context: &mut WriteContext<'_>) -> Result<Option<Self>> {
        let now = SourceStamp::now(context.connection, &self.key)?;
        let mut derivation = self;
        if derivation.is_overtaken(context.connection, now)? {
            derivation = Self {
                beginnings: derivation.beginnings + 1,
                ..Self::of(derivation.key)
            };
        }
        derivation.seen = Some(now);
        match derivation.key.book {
            Book::Fills => derivation.fold_fills(context),
            _ => derivation.fold_orders(context),
        }
    }

    /// True where something changed before the place that it has come to. Alerts come after it as
    /// a rule, and are folded when their part is.
    fn is_overtaken(&self, connection: &Connection, now: SourceStamp) -> Result<bool> {
        let Some(seen) = self.seen.filter(|seen| *seen != now) else {
            return Ok(false);
        };
        Ok(seen.revision != now.revision
            || self.key.book == Book::Fills
            || orders::count_until(connection, &self.key, self.from)? != self.folded)
    }

    /// Orders or fills of the next part.
    fn size(&self) -> u32 {
        if self.beginnings < BEGINNINGS {
            PART
        } else {
            u32::MAX
        }
    }

    fn fold_orders(mut self, context: &mut WriteContext<'_>) -> Result<Option<Self>> {
        let connection = context.connection;
        let size = self.size();
        let Self {
            key,
            ledger,
            from,
            folded,
            ..
        } = &mut self;
        let settings = webhooks::settings(connection, key.webhook)?;
        let end = orders::end_of_part(connection, key, *from, size)?;
        // A second is never divided.
        let end = end.map(|end| end.max(from.saturating_add(SECOND)));
        let part = (*from, end.unwrap_or(i64::MAX));
        trades::delete_between(connection, key, part)?;
        trades::delete_closed_by_orders(connection, key, part)?;
        pairings::delete(connection, key, part)?;
        orders::for_each_second_between(connection, key, part, |mut second| {
            *folded += i64::try_from(second.len()).unwrap_or(i64::MAX);
            for applied in ledger.apply_second(&mut second, &settings) {
                trades::insert_applied(connection, key, &applied)?;
                pairings::insert(connection, &applied)?;
            }
            Ok(())
        })?;
        self.more_from(context, end)
    }

    fn fold_fills(mut self, context: &mut WriteContext<'_>) -> Result<Option<Self>> {
        let connection = context.connection;
        let end = stored_fills::end_of_part(connection, &self.key, self.from, self.size())?;
        let part = (self.from, end.unwrap_or(i64::MAX));
        trades::delete_between(connection, &self.key, part)?;
        self.folded += fills::fold(connection, &self.key, &mut self.ledger, part)?;
        if end.is_none() && self.folded == 0 {
            remove(connection, &self.key)?;
            return Ok(None);
        }
        self.more_from(context, end)
    }

    /// Goes on from the end of a part, or stores the ledger where it was the last.
    fn more_from(
        mut self,
        context: &mut WriteContext<'_>,
        end: Option<i64>,
    ) -> Result<Option<Self>> {
        if let Some(end) = end {
            self.from = end;
            return Ok(Some(self));
        }
        store(context.connection, &self.key, &self.ledger)?;
        Remembered::of(context).ledgers.kept.remove(&self.key);
        Ok(None)
    }
}
