//! Retention: events that made no order, messages, and the audit go where
//! the owner says for how long. Orders, and all that is derived of them, stay.
//!
//! An event without its message keeps everything that was read of it. A fingerprint stays in
//! the message's place, by which an import knows that it was recorded.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Result;
use super::sql::{timestamp, to_micros};
use crate::domain::event::text_enum;
use crate::payload::{Fingerprint, fingerprint};

/// Rows that one part removes: few enough not to keep alerts waiting.
const AT_ONCE: i64 = 200;

/// The same of messages.
const MESSAGES_AT_ONCE: usize = 200;

/// Events that are looked through at once for messages.
const LOOKED_AT: i64 = 5_000;

/// Bytes of messages that one part removes: each is overwritten, which a slow card feels.
const BYTES_AT_ONCE: usize = 64 * 1024;

text_enum! {
    /// The kinds of things that are not kept for ever.
    Removal, "kind of removal" {
        /// Events that made no order.
        Unsettled = "unsettled",
        /// Messages.
        Messages = "messages",
        /// Entries of the audit log.
        Audit = "audit",
    }
}

/// A count of what was removed of one kind since the database was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// Of which kind.
    pub kind: Removal,
    /// Their number.
    pub count: i64,
    /// All that is older than this is gone.
    #[schema(value_type = String, format = DateTime)]
    pub older_than: Timestamp,
    /// Time of the last removal.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
}

/// The time before which something is removed, and the present.
#[derive(Debug, Clone, Copy)]
pub struct Threshold {
    /// Everything older goes.
    pub before: Timestamp,
    /// The present.
    pub now: Timestamp,
}

/// Removes a part of the events that came before a time and made no order, nor were
/// processed into one; true where there is more.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn forget_events(connection: &Connection, threshold: Threshold) -> Result<bool> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM events WHERE id IN (
             SELECT id FROM events e INDEXED BY events_without_order
             WHERE status IN ('failed', 'limited', 'ignored', 'duplicate') AND status <> 'processed'
                 AND received_at < ?1
                 AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = e.id)
                 AND NOT EXISTS (SELECT 1 FROM events again
                     WHERE again.original_id = e.id AND again.source = 'reprocessed')
             LIMIT ?2)",
    )?;
    let removed = delete.execute(params![to_micros(threshold.before), AT_ONCE])?;
    note(connection, Removal::Unsettled, removed, threshold)?;
    Ok(removed > 0)
}

/// Removes a part of the audit before a time; true where there is more.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn forget_audit(connection: &Connection, threshold: Threshold) -> Result<bool> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ?1 ORDER BY id LIMIT ?2)",
    )?;
    let removed = delete.execute(params![to_micros(threshold.before), AT_ONCE])?;
    note(connection, Removal::Audit, removed, threshold)?;
    Ok(removed > 0)
}

/// Messages that are not kept any longer, as a reader finds them, so that the writer has
/// nothing to compute.
#[derive(Debug, Default)]
pub struct OldMessages {
    of_events: Vec<(i64, Fingerprint)>,
    /// The last event that was looked at; nothing is left behind it where it is `None`.
    pub looked_at: Option<i64>,
    /// The first event looked at whose message stays.
    pub first_kept: Option<i64>,
}

impl OldMessages {
    /// True without messages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of_events.is_empty()
    }
}

/// Finds a part of the messages of events after `after` that came before a time.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn old_messages(connection: &Connection, after: i64, before: Timestamp) -> Result<OldMessages> {
    let newest = super::events::newest(connection)?.0;
    // Messages that stay are not read.
    let mut select = connection.prepare_cached(
        "SELECT id, received_at < ?3, CASE WHEN received_at < ?3 THEN payload END FROM events
         WHERE id > ?1 AND id <= ?2 AND (received_at >= ?3 OR fingerprint IS NULL) ORDER BY id",
    )?;
    let last = after.saturating_add(LOOKED_AT);
    let mut rows = select.query(params![after, last, to_micros(before)])?;
    let (mut old, mut bytes) = (OldMessages::default(), 0);
    while let Some(row) = rows.next()? {
        let event: i64 = row.get(0)?;
        if !row.get::<_, bool>(1)? {
            old.first_kept.get_or_insert(event);
            continue;
        }
        let message = row.get_ref(2)?.as_bytes().unwrap_or_default();
        bytes += message.len();
        old.of_events.push((event, fingerprint(message)));
        if bytes >= BYTES_AT_ONCE || old.of_events.len() == MESSAGES_AT_ONCE {
            old.looked_at = Some(event);
            return Ok(old);
        }
    }
    old.looked_at = (last < newest).then_some(last);
    Ok(old)
}

/// Removes messages and keeps their fingerprints.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn forget_messages(
    connection: &Connection,
    old: &OldMessages,
    threshold: Threshold,
) -> Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE events SET payload = '', fingerprint = ?2 WHERE id = ?1 AND fingerprint IS NULL",
    )?;
    let mut removed = 0;
    for (event, fingerprint) in &old.of_events {
        removed += update.execute(params![event, fingerprint])?;
    }
    note(connection, Removal::Messages, removed, threshold)
}

fn note(
    connection: &Connection,
    kind: Removal,
    removed: usize,
    Threshold { before, now }: Threshold,
) -> Result<()> {
    if removed == 0 {
        return Ok(());
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO removals (kind, removed, older_than, last_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (kind) DO UPDATE SET removed = removed + excluded.removed,
             older_than = max(older_than, excluded.older_than), last_at = excluded.last_at",
    )?;
    let removed = i64::try_from(removed).unwrap_or(i64::MAX);
    insert.execute(params![
        kind.as_str(),
        removed,
        to_micros(before),
        to_micros(now)
    ])?;
    Ok(())
}

/// Lists what was removed of each kind, where anything was.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn removed(connection: &Connection) -> Result<Vec<Removed>> {
    let mut select = connection
        .prepare_cached("SELECT kind, removed, older_than, last_at FROM removals ORDER BY kind")?;
    let removed = select.query_map([], |row| {
        Ok(Removed {
            kind: super::sql::parsed(row, 0)?,
            count: row.get(1)?,
            older_than: timestamp(row, 2)?,
            last_at: timestamp(row, 3)?,
        })
    })?;
    Ok(removed.collect::<rusqlite::Result<_>>()?)
}
