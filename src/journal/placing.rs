//! Pairing time of an order that arrived too late for its own time to be believed.
//!
//! Its time alone proves nothing, for messages state the times of bars, and clocks are
//! wrong. The positions that TradingView states around it can: see
//! [`crate::domain::ledger::belongs_between`].

use jiff::Timestamp;
use rusqlite::Connection;

use crate::domain::event::{EventSource, Warning};
use crate::domain::ledger::belongs_between;
use crate::domain::order::{Order, OrderId, pairing_time};
use crate::store::error::Result;
use crate::store::ledger_key::LedgerKey;
use crate::store::orders::{self, NewOrder};

/// Arrival time of an order.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    at: Timestamp,
    /// True if the clock was behind, so that it was dated later.
    is_moved_up: bool,
}

impl Arrival {
    /// As [`pairing_time`] says. While the clock is behind, orders that arrived before can have
    /// times of a clock that was ahead: an own time that would go before one of those is
    /// compared with another clock's, and the sequence of arrival holds.
    fn pairing_time(
        self,
        connection: &Connection,
        key: &LedgerKey,
        order: &Order,
    ) -> Result<Timestamp> {
        let paired_at = pairing_time(self.at, order.signal_time);
        let is_compared = self.is_moved_up && paired_at < self.at;
        if is_compared && orders::is_before_an_arrival(connection, key, paired_at, order.id)? {
            return Ok(self.at);
        }
        Ok(paired_at)
    }
}

/// The order that an event makes, with the time that it is paired by.
pub(super) fn place(
    connection: &Connection,
    new: &NewOrder<'_>,
    is_moved_up: bool,
) -> Result<Order> {
    let signal = new.signal;
    let arrival = Arrival {
        at: new.received_at,
        is_moved_up,
    };
    let unplaced = Order {
        id: OrderId(new.event.0),
        event: new.event,
        ticker: signal.ticker.clone(),
        intent: signal.intent,
        closes_opposite: signal.closes_opposite,
        order_type: signal.order_type,
        quantity: new.quantity,
        intended_price: signal.intended_price,
        market_price: signal.market_price,
        paired_at: pairing_time(new.received_at, signal.metadata.timestamp),
        signal_time: signal.metadata.timestamp,
        stated_position: signal.stated_position,
        signal_name: signal.metadata.signal.clone(),
        adjusting: new.source == EventSource::Adjustment,
    };
    Ok(Order {
        paired_at: time_of(connection, new.key, &unplaced, arrival)?,
        ..unplaced
    })
}

/// The warning of an order that is paired when it came, although orders before it are newer by
/// the sender's clock. Stated positions say more, and the ledger compares those.
pub(super) fn overtaken(
    connection: &Connection,
    key: &LedgerKey,
    order: &Order,
) -> Result<Option<Warning>> {
    let Some(own) = order.signal_time.filter(|own| *own < order.paired_at) else {
        return Ok(None);
    };
    let states_position =
        order.stated_position.new.is_some() || order.stated_position.previous.is_some();
    if order.adjusting || states_position || !orders::is_any_newer(connection, key, own, order.id)?
    {
        return Ok(None);
    }
    let message = format!(
        "it fired at {own:.0}, and newer alerts came before it. Nothing proves where it belongs, so it counts when it came. Compare the position with TradingView's; a message that states positions proves its own place"
    );
    Ok(Some(Warning::new("overtaken", message)))
}

/// The time that an order is paired by: as [`pairing_time`] says, but for one that the
/// orders before it have left a gap for at its own time.
fn time_of(
    connection: &Connection,
    key: &LedgerKey,
    order: &Order,
    arrival: Arrival,
) -> Result<Timestamp> {
    let paired_at = arrival.pairing_time(connection, key, order)?;
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
