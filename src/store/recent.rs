//! What was accepted a short while ago, so that a resend is recognised.
//!
//! TradingView sends the same bytes again 5, 10 and 15 seconds after a 5xx,
//! also when it was a proxy that turned our 200 into one.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hasher};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::error::Result;
use super::sql::{timestamp, to_micros};
use crate::domain::event::EventId;

/// Two equal alerts closer together than this are two fills of one bar.
const FILLS_OF_ONE_BAR: SignedDuration = SignedDuration::from_secs(3);

/// Deliveries remembered for each webhook: more than an hour at the default limit.
const REMEMBERED: usize = 2048;

/// What an equal earlier delivery makes of a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repetition {
    /// No equal delivery is remembered.
    None,
    /// An equal one came less than three seconds ago: another fill of the bar.
    AnotherFill(EventId),
    /// An equal one came long enough ago to be what is sent again.
    Resend(EventId),
}

#[derive(Debug, Clone, Copy)]
struct Accepted {
    digest: u64,
    at: Timestamp,
    event: EventId,
}

/// The accepted deliveries of each webhook within its duplicate window.
///
/// Filled from the database when a webhook's first delivery after a start
/// arrives, so a restart forgets nothing.
#[derive(Debug, Default)]
pub struct RecentDeliveries {
    by_webhook: HashMap<i64, VecDeque<Accepted>>,
}

impl RecentDeliveries {
    /// Forgets everything; it is read again from the database when needed.
    pub fn forget(&mut self) {
        self.by_webhook.clear();
    }

    /// Compares a delivery with the earlier ones of its webhook.
    ///
    /// # Errors
    ///
    /// [`super::StoreError`] where the database cannot be read.
    pub fn repetition(
        &mut self,
        connection: &Connection,
        webhook: i64,
        payload: &[u8],
        at: Timestamp,
        window: SignedDuration,
    ) -> Result<Repetition> {
        let accepted = self.of_webhook(connection, webhook, at - window)?;
        while accepted
            .front()
            .is_some_and(|oldest| at.duration_since(oldest.at) > window)
        {
            accepted.pop_front();
        }
        let digest = digest_of(payload);
        let equal = accepted.iter().filter(|earlier| earlier.digest == digest);
        let is_resend = |earlier: &&Accepted| at.duration_since(earlier.at) >= FILLS_OF_ONE_BAR;
        // A digest nearly never lies, so both loops end at their first step.
        for earlier in equal.clone().filter(is_resend) {
            if has_payload(connection, earlier.event, payload)? {
                return Ok(Repetition::Resend(earlier.event));
            }
        }
        for earlier in equal.rev().take_while(|earlier| !is_resend(earlier)) {
            if has_payload(connection, earlier.event, payload)? {
                return Ok(Repetition::AnotherFill(earlier.event));
            }
        }
        Ok(Repetition::None)
    }

    /// Remembers a delivery that made an order.
    pub fn remember(&mut self, webhook: i64, payload: &[u8], at: Timestamp, event: EventId) {
        // A webhook that is not there yet is read from the database when asked for.
        if let Some(accepted) = self.by_webhook.get_mut(&webhook) {
            if accepted.len() == REMEMBERED {
                accepted.pop_front();
            }
            accepted.push_back(Accepted {
                digest: digest_of(payload),
                at,
                event,
            });
        }
    }

    fn of_webhook(
        &mut self,
        connection: &Connection,
        webhook: i64,
        since: Timestamp,
    ) -> Result<&mut VecDeque<Accepted>> {
        use std::collections::hash_map::Entry;
        match self.by_webhook.entry(webhook) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => Ok(entry.insert(read_accepted(connection, webhook, since)?)),
        }
    }
}

fn read_accepted(
    connection: &Connection,
    webhook: i64,
    since: Timestamp,
) -> Result<VecDeque<Accepted>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, received_at, payload FROM (
             SELECT id, received_at, payload, status, source, signal_time FROM events
             WHERE webhook_id = ?1 ORDER BY id DESC LIMIT ?2)
         WHERE received_at >= ?3 AND status = 'processed' AND source = 'webhook' AND signal_time IS NOT NULL
         ORDER BY id",
    )?;
    let limit = i64::try_from(REMEMBERED).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![webhook, limit, to_micros(since)], |row| {
        let payload = row.get_ref(2)?.as_bytes().unwrap_or_default();
        Ok(Accepted {
            digest: digest_of(payload),
            at: timestamp(row, 1)?,
            event: EventId(row.get(0)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether the event's payload is the very same bytes: a digest alone could lie.
fn has_payload(connection: &Connection, event: EventId, payload: &[u8]) -> Result<bool> {
    let mut statement = connection.prepare_cached("SELECT payload FROM events WHERE id = ?1")?;
    let mut rows = statement.query([event.0])?;
    let Some(row) = rows.next()? else {
        return Ok(false);
    };
    Ok(row
        .get_ref(0)?
        .as_bytes()
        .is_ok_and(|stored| stored == payload))
}

fn digest_of(payload: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(payload);
    hasher.finish()
}
