//! Facts for the rules of [`crate::domain::attention`]: what of a webhook's alerts is not
//! settled. Here is counted, there decided.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::error::Result;
use super::events::NOTICEABLE;
use super::not_kept;
use super::sql::to_micros;
use crate::domain::attention::Unsettled;
use crate::domain::event::{EventId, EventStatus};

/// Events of one kind that are looked at, the newest first: a number that
/// says "very many" need not be exact.
const LOOKED_AT: i64 = 10_000;

/// Events at `since` or later that made no order, nor did processing them again;
/// by the webhook's row.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn unsettled(connection: &Connection, since: Timestamp) -> Result<BTreeMap<i64, Unsettled>> {
    let since_micros = to_micros(since);
    let mut found: BTreeMap<i64, Unsettled> = BTreeMap::new();
    let mut events = connection.prepare_cached(
        "SELECT webhook_id, count(*) FROM
             (SELECT id, webhook_id, received_at FROM events INDEXED BY events_without_order
              WHERE status = ?1 AND status <> 'processed' AND source <> 'test' ORDER BY id DESC LIMIT ?2) e
         WHERE received_at >= ?3 AND NOT EXISTS
             (SELECT 1 FROM events again JOIN orders o ON o.id = again.id
              WHERE again.original_id = e.id AND again.source = 'reprocessed')
         GROUP BY webhook_id",
    )?;
    let mut count = |status: EventStatus, set: fn(&mut Unsettled, i64)| -> Result<()> {
        let mut rows = events.query(params![status.as_str(), LOOKED_AT, since_micros])?;
        while let Some(row) = rows.next()? {
            set(found.entry(row.get(0)?).or_default(), row.get(1)?);
        }
        Ok(())
    };
    count(EventStatus::Failed, |unsettled, count| {
        unsettled.failed = count;
    })?;
    count(EventStatus::Limited, |unsettled, count| {
        unsettled.limited = count;
    })?;
    let mut off_clock = connection.prepare_cached(
        "SELECT webhook_id, count(*), max(id) FROM events INDEXED BY events_off_clock
         WHERE clock_at IS NOT NULL AND received_at >= ?1 AND abs(received_at - clock_at) >= ?2
         GROUP BY webhook_id",
    )?;
    let noticeable = i64::try_from(NOTICEABLE.as_micros()).unwrap_or(i64::MAX);
    let mut rows = off_clock.query([since_micros, noticeable])?;
    while let Some(row) = rows.next()? {
        let unsettled = found.entry(row.get(0)?).or_default();
        unsettled.off_clock = row.get(1)?;
        unsettled.newest_off_clock = Some(EventId(row.get(2)?));
    }
    for (webhook, count) in not_kept::since(connection, since)? {
        let unsettled = found.entry(webhook).or_default();
        unsettled.limited += count;
        unsettled.not_kept = count;
    }
    let mut rejections = connection.prepare_cached(
        "SELECT webhook_id, count(*) FROM rejections WHERE rejected_at >= ?1 GROUP BY webhook_id",
    )?;
    let mut rows = rejections.query([since_micros])?;
    while let Some(row) = rows.next()? {
        found.entry(row.get(0)?).or_default().rejected = row.get(1)?;
    }
    Ok(found)
}
