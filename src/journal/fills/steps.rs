//! An import of fills, a transaction at a time, and undoing one.
//!
//! The transactions are so short that alerts can be recorded between them. A crash on the way
//! leaves some of the fills; importing the file again brings the rest. Their ledgers are left
//! to [`crate::journal::ledgers::parts`].

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Candidate, ImportedFills, PreparedFills};
use crate::domain::fill::{FillImportId, FillVenue};
use crate::domain::instrument::Instrument;
use crate::domain::signal::Ticker;
use crate::store::error::Result;
use crate::store::fills::{self, NewFill};
use crate::store::{WriteContext, ledgers, tickers};

/// Fills that one transaction stores: few enough not to keep alerts waiting.
const AT_ONCE: usize = 2_000;

/// An import under way, a transaction at a time.
pub struct Steps {
    fills: std::iter::Enumerate<std::vec::IntoIter<Candidate>>,
    webhook: i64,
    venue: FillVenue,
    file_name: Option<String>,
    now: Timestamp,
    /// Its result.
    pub summary: ImportedFills,
}

/// One transaction of an import.
pub struct Step {
    webhook: i64,
    venue: FillVenue,
    file_name: Option<String>,
    now: Timestamp,
    import: Option<FillImportId>,
    /// Each with its place in the file.
    fills: Vec<(usize, Candidate)>,
}

impl Steps {
    /// The steps of importing prepared fills; none where all of them are there.
    #[must_use]
    pub fn of(prepared: PreparedFills, now: Timestamp) -> Self {
        let is_new = prepared.summary.new > 0;
        let fills = if is_new { prepared.fills } else { Vec::new() };
        Self {
            fills: fills.into_iter().enumerate(),
            webhook: prepared.webhook,
            venue: prepared.venue,
            file_name: prepared.file_name,
            now,
            summary: prepared.summary,
        }
    }

    /// The next step, where there is one.
    pub fn next_step(&mut self) -> Option<Step> {
        let fills: Vec<(usize, Candidate)> = self.fills.by_ref().take(AT_ONCE).collect();
        (!fills.is_empty()).then(|| Step {
            webhook: self.webhook,
            venue: self.venue,
            file_name: self.file_name.clone(),
            now: self.now,
            import: self.summary.import,
            fills,
        })
    }

    /// Takes up what a step came to.
    pub fn took(&mut self, import: FillImportId) {
        self.summary.import = Some(import);
    }
}

impl Step {
    /// True if it makes the entry of the file.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.import.is_none()
    }

    /// Runs the step in its transaction.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError::Unavailable`] where nothing could be written.
    pub fn run(self, context: &mut WriteContext<'_>) -> Result<FillImportId> {
        let connection = context.connection;
        let import = if let Some(import) = self.import {
            import
        } else {
            let name = self.file_name.as_deref();
            fills::insert_import(connection, self.webhook, self.venue, name, self.now)?
        };
        let mut instruments: BTreeMap<Ticker, Instrument> = BTreeMap::new();
        for (place, candidate) in &self.fills {
            let instrument = if let Some(known) = instruments.get(&candidate.ticker) {
                known.clone()
            } else {
                let found = tickers::find(connection, self.webhook, &candidate.ticker)?;
                instruments.insert(candidate.ticker.clone(), found.clone());
                found
            };
            let identity = candidate.identity(self.venue);
            let known = match candidate.twin {
                Some(twin) => Some(twin),
                None => fills::find(connection, self.webhook, &identity)?,
            };
            let id = match known {
                Some(id) => id,
                None => fills::insert(
                    connection,
                    &NewFill {
                        webhook: self.webhook,
                        ticker: &candidate.ticker,
                        instrument: &instrument,
                        venue: self.venue,
                        identity: &identity,
                        fill: &candidate.listed.fill,
                    },
                )?,
            };
            fills::link(connection, import, id, *place)?;
        }
        for instrument in instruments.into_values() {
            ledgers::mark(connection, &fills::key(self.webhook, instrument))?;
        }
        Ok(import)
    }
}

/// Undoes an import: the fills that no other file has go, and with them what came of them.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such import.
pub fn undo(context: &mut WriteContext<'_>, import: FillImportId) -> Result<()> {
    let connection = context.connection;
    fills::webhook_of(connection, import)?;
    for key in fills::remove_import(connection, import)? {
        ledgers::mark(connection, &key)?;
    }
    Ok(())
}
