//! Derives again what can be derived: the events are the truth.

use rusqlite::params;

use super::error::Result;
use super::placing::{Arrival, Placed};
use super::sql::{timestamp, to_micros};
use super::writer::WriteContext;
use crate::domain::order::OrderId;
use crate::payload;

/// Events that one call looks at: few enough not to keep alerts waiting.
const AT_ONCE: i64 = 500;

/// What a part of a rebuild came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// The last event looked at; nothing is left where it is `None`.
    pub last: Option<i64>,
    /// Orders looked at.
    pub checked: usize,
    /// Orders that were different.
    pub changed: usize,
    /// Orders whose event cannot be read any more; they stay as they are.
    pub unreadable: usize,
}

/// Derives the times and names of the orders after event `after` from their
/// payloads again. The ledgers have to be derived again afterwards, see
/// [`super::ledgers::mark_stale`].
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn rebuild_part(context: &mut WriteContext<'_>, after: i64) -> Result<Rebuilt> {
    let mut select = context.connection.prepare_cached(
        "SELECT e.id, e.payload, e.received_at, e.source = 'webhook', o.webhook_id,
             coalesce(e.clock_at < e.received_at, 0) FROM orders o JOIN events e ON e.id = o.id
         WHERE e.id > ?1 ORDER BY e.id LIMIT ?2",
    )?;
    let mut update = context.connection.prepare_cached(
        "UPDATE orders SET paired_at = ?2, signal_time = ?3, strategy = ?4, signal_name = ?5, comment = ?6,
             signal_delay = ?7
         WHERE id = ?1 AND (paired_at, signal_time, strategy, signal_name, comment, signal_delay)
             IS NOT (?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut rebuilt = Rebuilt::default();
    let mut rows = select.query([after, AT_ONCE])?;
    while let Some(row) = rows.next()? {
        let order: i64 = row.get(0)?;
        rebuilt.last = Some(order);
        rebuilt.checked += 1;
        let bytes = row.get_ref(1)?.as_bytes().unwrap_or_default();
        let Ok(parsed) = payload::parse_without_key(bytes) else {
            rebuilt.unreadable += 1;
            continue;
        };
        let metadata = parsed.signal.metadata;
        let received_at = timestamp(row, 2)?;
        let signal_time = metadata.timestamp;
        let placed = Placed {
            order: OrderId(order),
            webhook: row.get(4)?,
            arrival: Arrival {
                at: received_at,
                is_moved_up: row.get(5)?,
            },
            signal_time,
        };
        let paired_at = placed.time(context.connection)?;
        rebuilt.changed += update.execute(params![
            order,
            to_micros(paired_at),
            metadata.timestamp.map(to_micros),
            metadata.strategy,
            metadata.signal,
            metadata.comment,
            super::orders::signal_delay(received_at, metadata.timestamp, row.get(3)?),
        ])?;
    }
    Ok(rebuilt)
}
