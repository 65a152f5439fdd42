//! Transactions one after another, with a pause in which others come to theirs.

use std::time::{Duration, Instant};

use super::ledgers::parts::{Derivation, Deriving};
use crate::store::error::Result;
use crate::store::ledger_key::LedgerKey;
use crate::store::{Store, WriteContext};

/// Pause after each transaction of a command beside a running server: several of the looks by
/// which a process that waits sees that the database is free.
pub const BESIDE_A_SERVER: Duration = Duration::from_millis(50);

/// A step of some work; returns what is left of it.
type WorkStep<W> = fn(W, &mut WriteContext<'_>) -> Result<Option<W>>;

/// Time after which a transaction begins no further step.
const A_TURN: Duration = Duration::from_millis(20);

/// A store whose transactions leave each other time.
#[derive(Clone, Copy)]
pub struct Turns<'a> {
    /// The store of the transactions.
    pub store: &'a Store,
    /// Time that others have after each.
    pub pause: Duration,
}

impl<'a> Turns<'a> {
    /// Transactions of the process that records alerts, which come first by themselves.
    #[must_use]
    pub fn without_pause(store: &'a Store) -> Self {
        let pause = Duration::ZERO;
        Self { store, pause }
    }

    /// Makes one transaction.
    ///
    /// # Errors
    ///
    /// What `work` returned, or [`crate::store::StoreError::Unavailable`] where nothing could be
    /// written.
    pub fn take<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut WriteContext<'_>) -> Result<T> + Send + 'static,
    {
        let result = self.store.writer().run_blocking(work);
        std::thread::sleep(self.pause);
        result
    }

    /// Derives every stale ledger.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError::Unavailable`] where nothing could be written.
    pub fn derive_stale(&self) -> Result<()> {
        self.work(Deriving::default(), Deriving::next)
    }

    /// Derives ledgers again, whether they are stale or not.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError::Unavailable`] where nothing could be written.
    pub(super) fn derive(&self, keys: Vec<LedgerKey>) -> Result<()> {
        let first = (keys.into_iter(), None::<Derivation>);
        self.work(first, |(mut keys, under_way), context| {
            let Some(part) = under_way.or_else(|| keys.next().map(Derivation::of)) else {
                return Ok(None);
            };
            let under_way = part.next(context)?;
            Ok(Some((keys, under_way)))
        })
    }

    /// Does some work a step at a time. Small steps share a transaction: with a pause after each,
    /// a thousand tickers would take minutes.
    fn work<W: Send + 'static>(&self, whole: W, step: WorkStep<W>) -> Result<()> {
        let mut left = Some(whole);
        while let Some(work) = left {
            left = self.take(move |context| {
                let begun = Instant::now();
                let mut left = step(work, context)?;
                while begun.elapsed() < A_TURN {
                    let Some(work) = left else { break };
                    left = step(work, context)?;
                }
                Ok(left)
            })?;
        }
        Ok(())
    }
}
