//! The cost and the open profit of a ledger's lots.

use super::Ledger;
use crate::domain::money::Decimal;
use crate::domain::terms::{Contract, Terms};

impl Ledger {
    /// The mean price of the open lots by their quantity; of an inverse contract the one
    /// at which the same quantity is worth as many coins.
    ///
    /// `None` where there are none, or where it is beyond a [`Decimal`].
    #[must_use]
    pub fn average_entry_price(&self, contract: Contract) -> Option<Decimal> {
        let terms = Terms {
            contract,
            point_value: Decimal::ONE,
        };
        let value = self.lots.iter().try_fold(Decimal::ZERO, |sum, lot| {
            sum.checked_add(terms.value(lot.entry.price, lot.quantity)?.value)
        })?;
        match contract {
            Contract::Linear => value.checked_div(self.open),
            Contract::Inverse => self.open.checked_div(value),
        }
    }

    /// Gain of the open lots at the newest price before commission, in the webhook's
    /// currency.
    ///
    /// `None` where the amount is beyond a [`Decimal`], or the newest price gives none.
    #[must_use]
    pub fn open_profit(&self, terms: Terms) -> Option<Decimal> {
        let Some(price) = self.newest_price else {
            return Some(Decimal::ZERO);
        };
        self.lots.iter().try_fold(Decimal::ZERO, |sum, lot| {
            sum.checked_add(lot.open_profit(price, terms)?)
        })
    }

    /// Entry commission of the open lots: spent already, and in no trade yet.
    #[must_use]
    pub fn open_commission(&self) -> Decimal {
        let commissions = self.lots.iter().map(|lot| lot.commission);
        commissions.fold(Decimal::ZERO, Decimal::saturating_add)
    }
}
