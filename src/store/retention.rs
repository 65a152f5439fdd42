//! Retention: events that made no order, and the audit, go where the owner
//! says for how long. An order, its event and what is derived of it stay.

use jiff::Timestamp;
use rusqlite::params;

use super::error::Result;
use super::sql::to_micros;
use super::writer::WriteContext;

/// Rows that one part removes: few enough not to keep alerts waiting.
const AT_ONCE: i64 = 200;

/// Removes a part of the events that came before `before` and made no order, nor were
/// processed into one; true where there is more.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn forget_events(context: &mut WriteContext<'_>, before: Timestamp) -> Result<bool> {
    let mut delete = context.connection.prepare_cached(
        "DELETE FROM events WHERE id IN (
             SELECT id FROM events e INDEXED BY events_without_order
             WHERE status IN ('failed', 'limited', 'ignored', 'duplicate') AND status <> 'processed'
                 AND received_at < ?1
                 AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = e.id)
                 AND NOT EXISTS (SELECT 1 FROM events again
                     WHERE again.original_id = e.id AND again.source = 'reprocessed')
             LIMIT ?2)",
    )?;
    let removed = delete.execute(params![to_micros(before), AT_ONCE])?;
    Ok(removed > 0)
}

/// Removes a part of the audit before `before`; true where there is more.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn forget_audit(context: &mut WriteContext<'_>, before: Timestamp) -> Result<bool> {
    let mut delete = context.connection.prepare_cached(
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ?1 ORDER BY id LIMIT ?2)",
    )?;
    let removed = delete.execute(params![to_micros(before), AT_ONCE])?;
    Ok(removed > 0)
}
