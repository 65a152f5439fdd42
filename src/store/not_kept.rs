//! Alerts over the limit of which only the number is kept.
//!
//! TradingView never sends them again, so their owner has to hear of them. They are counted
//! by the hour, which bounds what a week of them takes.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::error::Result;
use super::sql::to_micros;
use crate::domain::webhook::WebhookId;

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// Time for which they are counted.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 31);

/// Counts one more of a webhook.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn count(connection: &Connection, webhook: &WebhookId, at: Timestamp) -> Result<()> {
    let mut count = connection.prepare_cached(
        "INSERT INTO alerts_not_kept (webhook_id, hour, count, last_at)
         SELECT id, ?2, 1, ?3 FROM webhooks WHERE public_id = ?1
         ON CONFLICT (webhook_id, hour) DO UPDATE SET count = count + 1, last_at = max(last_at, ?3)",
    )?;
    count.execute(params![webhook.as_str(), hour_of(at), to_micros(at)])?;
    let mut trim = connection.prepare_cached(
        "DELETE FROM alerts_not_kept
         WHERE webhook_id = (SELECT id FROM webhooks WHERE public_id = ?1) AND hour < ?2",
    )?;
    trim.execute(params![webhook.as_str(), hour_of(at - REMEMBERED)])?;
    Ok(())
}

/// Their number at `since` or later, to the hour; by the webhook's row.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn since(connection: &Connection, since: Timestamp) -> Result<BTreeMap<i64, i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT webhook_id, sum(count) FROM alerts_not_kept WHERE hour >= ?1 GROUP BY webhook_id",
    )?;
    let counts = statement.query_map([hour_of(since)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(counts.collect::<rusqlite::Result<_>>()?)
}

fn hour_of(at: Timestamp) -> i64 {
    to_micros(at).div_euclid(HOUR)
}
