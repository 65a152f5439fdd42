//! Deliveries accepted a short while ago, so that a resend is recognised.
//!
//! TradingView sends the same bytes again 5, 10 and 15 seconds after a 5xx,
//! also when it was a proxy that turned our 200 into one.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hasher};

use jiff::{SignedDuration, Timestamp};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};

use super::arrivals::{Arrival, Arrivals};
use crate::domain::event::EventId;
use crate::domain::order::SIGNAL_TIME_TOLERANCE;
use crate::payload::{Fingerprint, fingerprint};
use crate::store::commits::Unconfirmed;
use crate::store::error::Result;
use crate::store::events::Earlier;
use crate::store::sql::{optional_timestamp, timestamp, to_micros};

/// The relation of a new delivery to an equal earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repetition {
    /// No equal delivery is remembered.
    None,
    /// An equal one came less than three seconds ago: another fill of the bar.
    AnotherFill(EventId),
    /// An equal one came long enough ago for this to be a resend.
    Resend(EventId),
}

#[derive(Debug, Clone, Copy)]
struct Accepted {
    /// None where the message is not kept any longer, as after a clock that was far ahead.
    digest: Option<u64>,
    earlier: Earlier,
}

impl Accepted {
    /// Reads an event's message, or what is left of it.
    fn read(
        row: &Row<'_>,
        [event, received_at, payload, clock_at, fingerprint]: [usize; 5],
    ) -> rusqlite::Result<Self> {
        let is_kept = row.get_ref(fingerprint)? == ValueRef::Null;
        let payload = row.get_ref(payload)?.as_bytes().unwrap_or_default();
        Ok(Self {
            digest: is_kept.then(|| digest_of(payload)),
            earlier: Earlier {
                event: EventId(row.get(event)?),
                received_at: timestamp(row, received_at)?,
                clock_at: optional_timestamp(row, clock_at)?,
            },
        })
    }

    /// True if it can have a message of this digest.
    fn may_be(&self, digest: u64) -> bool {
        self.digest.is_none_or(|own| own == digest)
    }
}

/// The accepted deliveries of one webhook, oldest first: as many as its rate limit lets
/// through in its duplicate window.
#[derive(Debug)]
struct Window {
    length: SignedDuration,
    accepted: VecDeque<Accepted>,
}

/// The accepted deliveries of each webhook within its duplicate window.
///
/// Filled from the database when a webhook's first delivery after a start
/// arrives, so a restart forgets nothing.
#[derive(Debug, Default)]
pub struct RecentDeliveries {
    by_webhook: HashMap<i64, Window>,
    /// Deliveries of the last commit before the start, where it was not a clean stop: nobody
    /// knows how these were answered.
    unconfirmed: Vec<(i64, Accepted)>,
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
    /// [`crate::store::StoreError`] where the database cannot be read.
    pub(super) fn repetition(
        &mut self,
        connection: &Connection,
        arrivals: &Arrivals,
        webhook: i64,
        payload: &[u8],
        now: &Arrival,
        window: SignedDuration,
    ) -> Result<Repetition> {
        let accepted = self.of_webhook(connection, arrivals, webhook, now, window)?;
        let digest = digest_of(payload);
        let equal = accepted.iter().filter(|earlier| earlier.may_be(digest));
        let is_resend = |accepted: &&Accepted| {
            let age = arrivals.age(&accepted.earlier, now);
            age.is_resend_within(window)
        };
        // A digest nearly never lies, so both loops end at their first step.
        for Accepted { earlier, .. } in equal.clone().filter(is_resend) {
            if has_payload(connection, earlier.event, payload)? {
                return Ok(Repetition::Resend(earlier.event));
            }
        }
        for Accepted { earlier, .. } in equal.rev().take_while(|accepted| !is_resend(accepted)) {
            if has_payload(connection, earlier.event, payload)? {
                return Ok(Repetition::AnotherFill(earlier.event));
            }
        }
        Ok(Repetition::None)
    }

    /// Compares a delivery that carries no time with those of the last commit before a
    /// crash. Their senders may have got no answer, or one that nothing was stored, and
    /// send them again; another order with the very same bytes is much less likely then.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError`] where the database cannot be read.
    pub(super) fn repetition_of_unconfirmed(
        &self,
        connection: &Connection,
        arrivals: &Arrivals,
        webhook: i64,
        payload: &[u8],
        now: &Arrival,
        window: SignedDuration,
    ) -> Result<Repetition> {
        let digest = digest_of(payload);
        for (of, accepted) in &self.unconfirmed {
            let earlier = &accepted.earlier;
            if *of == webhook
                && accepted.may_be(digest)
                && arrivals.age(earlier, now).is_resend_within(window)
                && has_payload(connection, earlier.event, payload)?
            {
                return Ok(Repetition::Resend(earlier.event));
            }
        }
        Ok(Repetition::None)
    }

    /// Takes up the events that nobody knows the answers of.
    pub(super) fn take_up(&mut self, unconfirmed: Vec<Unconfirmed>) {
        let of_event = |event: Unconfirmed| {
            let digest = event.payload.as_deref().map(digest_of);
            let earlier = event.earlier;
            (event.webhook, Accepted { digest, earlier })
        };
        self.unconfirmed
            .extend(unconfirmed.into_iter().map(of_event));
    }

    /// Remembers a delivery that made an order.
    pub(super) fn remember(&mut self, webhook: i64, payload: &[u8], earlier: Earlier) {
        // A webhook that is not there yet is read from the database when asked for.
        if let Some(window) = self.by_webhook.get_mut(&webhook) {
            window.accepted.push_back(Accepted {
                digest: Some(digest_of(payload)),
                earlier,
            });
        }
    }

    /// Deliveries that a webhook accepted within `length` before `now`.
    fn of_webhook(
        &mut self,
        connection: &Connection,
        arrivals: &Arrivals,
        webhook: i64,
        now: &Arrival,
        length: SignedDuration,
    ) -> Result<&VecDeque<Accepted>> {
        let window = match self.by_webhook.entry(webhook) {
            // As long as before: its setting has not been raised since.
            Entry::Occupied(entry) if entry.get().length >= length => entry.into_mut(),
            entry => {
                let since = arrivals.since(now, length);
                let accepted = read_accepted(connection, webhook, since)?;
                entry.insert_entry(Window { length, accepted }).into_mut()
            }
        };
        let is_outside = |accepted: &Accepted| arrivals.age(&accepted.earlier, now).length > length;
        while window.accepted.front().is_some_and(is_outside) {
            window.accepted.pop_front();
        }
        window.length = length;
        Ok(&window.accepted)
    }
}

/// Reads what a webhook accepted since a time, by the orders that came of it: what else it
/// has, imported history for instance, is not looked at. A time that a message states need not
/// be one that could be read, so those without are read as well: their bytes differ.
fn read_accepted(
    connection: &Connection,
    webhook: i64,
    since: Timestamp,
) -> Result<VecDeque<Accepted>> {
    let mut select = connection.prepare_cached(
        "SELECT e.id, e.received_at, e.payload, e.clock_at, e.fingerprint
         FROM tickers k CROSS JOIN orders o INDEXED BY orders_by_pairing
                 ON o.webhook_id = k.webhook_id AND o.ticker = k.ticker AND o.paired_at >= ?2
             CROSS JOIN events e ON e.id = o.id
         WHERE k.webhook_id = ?1 AND e.received_at >= ?3 AND e.source = 'webhook'
         ORDER BY e.id",
    )?;
    // An order is paired by its signal's time, which can be this much before its arrival.
    let paired_since = since.saturating_sub(SIGNAL_TIME_TOLERANCE).unwrap_or(since);
    let times = [paired_since, since].map(to_micros);
    let accepted = select.query_map(params![webhook, times[0], times[1]], |row| {
        Accepted::read(row, [0, 1, 2, 3, 4])
    })?;
    Ok(accepted.collect::<rusqlite::Result<_>>()?)
}

/// True if the event's payload is the very same bytes: a digest alone could lie. Where it is
/// not kept any longer, its fingerprint tells.
pub(super) fn has_payload(connection: &Connection, event: EventId, payload: &[u8]) -> Result<bool> {
    let mut statement =
        connection.prepare_cached("SELECT payload, fingerprint FROM events WHERE id = ?1")?;
    let mut rows = statement.query([event.0])?;
    let Some(row) = rows.next()? else {
        return Ok(false);
    };
    if let Some(left) = row.get::<_, Option<Fingerprint>>(1)? {
        return Ok(left == fingerprint(payload));
    }
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
