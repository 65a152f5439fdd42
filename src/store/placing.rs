//! When an order is paired that arrived too late for its own time to be believed.
//!
//! Its time alone proves nothing, for messages state the times of bars, and clocks are
//! wrong. The positions that TradingView states around it can: see
//! [`crate::domain::ledger::belongs_between`].

use jiff::Timestamp;
use rusqlite::Connection;

use super::error::Result;
use super::ledgers::LedgerKey;
use super::{orders, tickers};
use crate::domain::ledger::belongs_between;
use crate::domain::order::{Order, OrderId, pairing_time};

/// The time that an order is paired by: as [`pairing_time`] says, but for one that the
/// orders before it have left a gap for at its own time.
pub(super) fn time_of(
    connection: &Connection,
    key: &LedgerKey,
    order: &Order,
    received_at: Timestamp,
) -> Result<Timestamp> {
    let paired_at = pairing_time(received_at, order.signal_time);
    let Some(own) = order.signal_time.filter(|own| *own < paired_at) else {
        return Ok(paired_at);
    };
    if order.adjusting {
        return Ok(paired_at);
    }
    let (before, after) = orders::neighbours(connection, key, own, order.id)?;
    let is_proven = belongs_between(before, order, after);
    Ok(if is_proven { own } else { paired_at })
}

/// An order that is stored, to be placed again.
pub(super) struct Placed {
    pub(super) order: OrderId,
    pub(super) webhook: i64,
    pub(super) received_at: Timestamp,
    pub(super) signal_time: Option<Timestamp>,
}

impl Placed {
    /// The time that it is paired by, as [`time_of`] said when it came.
    pub(super) fn time(&self, connection: &Connection) -> Result<Timestamp> {
        let paired_at = pairing_time(self.received_at, self.signal_time);
        if self.signal_time.is_none_or(|own| own >= paired_at) {
            return Ok(paired_at);
        }
        let order = Order {
            signal_time: self.signal_time,
            ..orders::for_pairing(connection, self.order)?
        };
        let key = LedgerKey {
            webhook: self.webhook,
            instrument: tickers::find(connection, self.webhook, &order.ticker)?,
        };
        time_of(connection, &key, &order, self.received_at)
    }
}
