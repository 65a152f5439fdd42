//! Comparisons that were made of late: the pages of one list are of one comparison, which may
//! take a second of a core to make.
//!
//! The larger one is, the more its pages are worth keeping, and the more room it takes: 300
//! bytes a row. So the newest is kept though it is large, and goes before another is made.

use std::sync::{Arc, Mutex, PoisonError};

use super::{CannotCompare, Compared, ComparisonFilter, compare};
use crate::domain::event::EventId;
use crate::store::ledgers::{self, Versions};
use crate::store::{self, Connection, events};

/// Comparisons kept.
const KEPT: usize = 4;

/// Rows that kept comparisons have together, at most, besides the newest.
const MOST_ROWS: usize = 20_000;

/// Rows of the largest comparison that is kept.
const MOST_OF_ONE: usize = 250_000;

/// Stamp of a comparison's sources. An alert that made no order changes no ledger, and is evidence
/// all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct MadeOf {
    versions: Versions,
    newest: Option<EventId>,
}

/// The comparisons of late, the newest last, each under what was asked for.
#[derive(Default)]
pub struct ComparisonCache {
    kept: Mutex<Vec<CachedComparison>>,
}

/// A request, its sources and its result.
type CachedComparison = (String, MadeOf, Arc<Compared>);

impl ComparisonCache {
    /// The comparison that is asked for: as it was made before, unless something changed that
    /// it is made of.
    ///
    /// # Errors
    ///
    /// As [`compare`].
    pub fn of(
        &self,
        connection: &Connection,
        filter: &ComparisonFilter,
    ) -> store::Result<Result<Arc<Compared>, CannotCompare>> {
        let asked = format!("{filter:?}");
        // What was committed in between is at worst made again for nothing.
        let made_of = MadeOf {
            versions: ledgers::versions(connection, std::slice::from_ref(&filter.webhook))?,
            newest: events::newest_of(connection, &filter.webhook)?,
        };
        if let Some(kept) = self.kept(&asked, made_of) {
            return Ok(Ok(kept));
        }
        self.make_room(MOST_ROWS);
        let compared = compare(connection, filter)?.map(Arc::new);
        if let Ok(compared) = &compared {
            self.keep(asked, made_of, Arc::clone(compared));
        }
        Ok(compared)
    }

    fn kept(&self, asked: &str, made_of: MadeOf) -> Option<Arc<Compared>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept
            .iter()
            .find(|(known, of, _)| known == asked && *of == made_of);
        found.map(|(.., compared)| Arc::clone(compared))
    }

    fn keep(&self, asked: String, made_of: MadeOf, compared: Arc<Compared>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, ..)| *known != asked);
        let rows = compared.rows.len();
        if rows <= MOST_OF_ONE {
            drop_oldest(&mut kept, KEPT - 1, MOST_ROWS);
            kept.push((asked, made_of, compared));
        }
    }

    /// Drops the oldest until the others have a number of rows at most.
    fn make_room(&self, rows: usize) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        drop_oldest(&mut kept, KEPT, rows);
    }
}

/// Drops the oldest until there are few enough, of few enough rows.
fn drop_oldest(kept: &mut Vec<CachedComparison>, most: usize, rows: usize) {
    let sum =
        |kept: &[CachedComparison]| -> usize { kept.iter().map(|(.., one)| one.rows.len()).sum() };
    while kept.len() > most || sum(kept) > rows {
        kept.remove(0);
    }
}
