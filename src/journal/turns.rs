//! Transactions one after another, with a pause in which others come to theirs.

use std::time::Duration;

use super::ledgers::parts::{Derivation, Deriving};
use crate::store::error::Result;
use crate::store::ledger_key::LedgerKey;
use crate::store::{Store, WriteContext};

/// Pause after each transaction of a command beside a running server. A process that waits for
/// the database looks every 100 ms whether it is free, so that without one it might never be.
pub const BESIDE_A_SERVER: Duration = Duration::from_millis(110);

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
        let mut deriving = Some(Deriving::default());
        while let Some(part) = deriving {
            deriving = self.take(move |context| part.next(context))?;
        }
        Ok(())
    }

    /// Derives a ledger again, whether it is stale or not.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError::Unavailable`] where nothing could be written.
    pub(super) fn derive(&self, key: LedgerKey) -> Result<()> {
        let mut derivation = Some(Derivation::of(key));
        while let Some(part) = derivation {
            derivation = self.take(move |context| part.next(context))?;
        }
        Ok(())
    }
}
