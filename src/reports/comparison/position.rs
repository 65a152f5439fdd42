//! A position of the alerts that TradingView states otherwise: then the profits of their trades are
//! others, however many fills match.

use jiff::Timestamp;

use crate::domain::ledger::{Ledger, OutOfSync};
use crate::domain::money::Decimal;
use crate::domain::signal::market_position;
use crate::store::ledger_key::LedgerKey;
use crate::store::webhooks::StoredWebhook;
use crate::store::{Connection, Result, ledgers, pairings};

/// Both positions.
pub(super) struct OtherPosition {
    positions: OutOfSync,
    /// Since when alerts state another one.
    since: Option<Timestamp>,
}

impl OtherPosition {
    /// That of an instrument; `None` where both are one.
    pub(super) fn read(
        connection: &Connection,
        webhook: &StoredWebhook,
        key: &LedgerKey,
    ) -> Result<Option<Self>> {
        let ledger = ledgers::load(connection, key, &webhook.settings)?;
        let Some(positions) = ledger.as_ref().and_then(Ledger::out_of_sync) else {
            return Ok(None);
        };
        let since = pairings::out_of_sync_since(connection, key)?;
        Ok(Some(Self { positions, since }))
    }

    /// The difference and the next step, in words.
    pub(super) fn in_words(&self) -> String {
        let since = self.since.map_or_else(String::new, |since| {
            format!(" since the alert of {since:.0}")
        });
        format!(
            "TradingView states another position than the alerts come to{since}: it is {} now, and theirs is {}. The \
             alerts began inside a position, or one of them is missing: profits from there on are of other trades. \
             Import TradingView's alert log, or accept its position on the webhook's page (POST \
             /api/v1/positions/accept).",
            named(self.positions.stated),
            named(self.positions.own),
        )
    }
}

/// A signed position in words.
fn named(position: Decimal) -> String {
    let side = market_position(position);
    if position.is_zero() {
        side.to_owned()
    } else {
        format!("{side} {}", position.abs().normalize())
    }
}
