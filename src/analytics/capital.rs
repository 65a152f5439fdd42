//! The money that percentages are of.
//!
//! A range of time does not restart the account: a loss of 5 % stays 5 % whatever range
//! it is looked at in. So a report that begins later begins with the equity of that
//! moment: the initial capital and the profit of the *same* trades closed before it, those
//! of its webhooks, ticker and tag. Then a report of a range is the end of the report of all
//! time, for a ticker or a tag too. All, long and short share this one amount, so that
//! their percentages add up. The other reading, as if the account had started then, is
//! there for who asks for it, and the report names the one that it took.

use crate::domain::event::text_enum;
use crate::domain::money::Decimal;

text_enum! {
    /// The money that a report's percentages are of.
    Base, "base" {
        /// The equity at the moment that the range begins.
        Equity = "equity",
        /// The initial capital, as if the account had started with the range.
        InitialCapital = "initialCapital",
    }
}

/// The money that a report begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capital {
    /// The initial capital.
    pub initial: Decimal,
    /// Profit of the same trades that closed before the range; `None` where the report
    /// begins with the account, or as if it did.
    pub carried: Option<Decimal>,
}

impl Capital {
    /// The capital of a report that begins with the account.
    #[must_use]
    pub fn from_start(initial: Decimal) -> Self {
        Self {
            initial,
            carried: None,
        }
    }

    /// The amount.
    #[must_use]
    pub fn money(&self) -> Decimal {
        let carried = self.carried.unwrap_or_default();
        self.initial.saturating_add(carried)
    }

    /// The reading itself.
    #[must_use]
    pub fn base(&self) -> Base {
        match self.carried {
            Some(_) => Base::Equity,
            None => Base::InitialCapital,
        }
    }
}
