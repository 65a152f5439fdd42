//! The key of a ledger, which all tables of derived rows have.

use crate::domain::book::Book;
use crate::domain::instrument::Instrument;

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
