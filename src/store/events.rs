//! The event log, read: one event, or a page of them.
//!
//! All that is derived can be derived again from the log, so an event keeps what no message tells:
//! its time, its status and the warnings of its answer. What pairing warned of can change, and is
//! kept with the pairing. A page begins behind an id and not a time: ids only grow, while a file
//! brings events of earlier times.

use jiff::{SignedDuration, Timestamp};
use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

use super::error::{Result, StoreError};
use super::filter_query::{WhereClause, query};
use super::sql::{
    as_json, optional_parsed, optional_timestamp, parsed, timestamp, to_micros, unreadable,
};
use super::tickers;
use crate::domain::delivery::DeliveryId;
use crate::domain::event::{EventId, EventSource, EventStatus, Warning};
use crate::domain::format::ReadingRules;
use crate::domain::money::{Price, Quantity};
use crate::domain::order::OrderId;
use crate::domain::sender::Verification;
use crate::domain::signal::{Intent, Ticker};
use crate::domain::webhook::WebhookId;
use crate::payload::PayloadError;

/// A difference between an arrival and the clock that the owner is told of.
pub const NOTICEABLE: SignedDuration = SignedDuration::from_secs(1);

/// An event as it is stored.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// Its number.
    pub id: EventId,
    /// The delivery that it was made of; `None` for events recorded before deliveries had ids.
    pub delivery: Option<DeliveryId>,
    /// The webhook it was sent to.
    pub webhook: WebhookId,
    /// Time of arrival; of an imported event, the time at which it should have arrived.
    pub received_at: Timestamp,
    /// The reading of this machine's clock then, where it ran backwards and the event was
    /// dated otherwise.
    pub clock_at: Option<Timestamp>,
    /// Its source.
    pub source: EventSource,
    /// Its status.
    pub status: EventStatus,
    /// The payload, with the key replaced; `None` where it is not kept any longer.
    pub payload: Option<Vec<u8>>,
    /// The sender's address.
    pub source_address: Option<String>,
    /// The proof that TradingView sent it.
    pub verified: Option<Verification>,
    /// The instrument, where the payload could be read.
    pub ticker: Option<Ticker>,
    /// The intent of the alert, where the payload could be read.
    pub intent: Option<Intent>,
    /// The market price that it stated.
    pub market_price: Option<Price>,
    /// Time of the signal, by the sender's clock.
    pub signal_time: Option<Timestamp>,
    /// The rules that its message was read by.
    pub rules: ReadingRules,
    /// The quantity that a percentage came to.
    pub sized: Option<Quantity>,
    /// Reason that it failed.
    pub error: Option<PayloadError>,
    /// Warnings about the message and its outcome.
    pub warnings: Vec<Warning>,
    /// The event that it repeats or was made from.
    pub original: Option<EventId>,
    /// The order it made.
    pub order: Option<OrderId>,
    /// The quantity of that order; none where it closes whatever is open.
    pub quantity: Option<Quantity>,
}

/// An earlier event, as the time since it is measured by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Earlier {
    pub(crate) event: EventId,
    pub(crate) received_at: Timestamp,
    /// The clock's reading, where that is another.
    pub(crate) clock_at: Option<Timestamp>,
}

/// A filter of events; `None` is any.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Of one webhook.
    pub webhook: Option<WebhookId>,
    /// Of one status.
    pub status: Option<EventStatus>,
    /// Of one ticker.
    pub ticker: Option<String>,
    /// With this text in the payload.
    pub text: Option<String>,
    /// Received at this time or later.
    pub from: Option<Timestamp>,
    /// Received before this time.
    pub to: Option<Timestamp>,
    /// With a smaller id than this: the next page of a newest-first list.
    pub before: Option<EventId>,
    /// With a larger id than this, oldest first: what is new.
    pub after: Option<EventId>,
}

/// One page of events, newest first; oldest first where the filter says `after`.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn list(connection: &Connection, filter: &EventFilter, limit: u32) -> Result<Vec<StoredEvent>> {
    let conditions = conditions(filter);
    let direction = if filter.after.is_some() {
        "ASC"
    } else {
        "DESC"
    };
    let sql = format!(
        "{SELECT} WHERE {} ORDER BY e.id {direction} LIMIT {limit}",
        conditions.text()
    );
    query(connection, &sql, &conditions.values, read)
}

/// Conditions of a filter on an event `e` and its webhook `w`.
pub(super) fn conditions(filter: &EventFilter) -> WhereClause {
    let mut conditions = WhereClause::with("w.deleted_at IS NULL");
    if let Some(webhook) = &filter.webhook {
        let sql = "e.webhook_id = (SELECT id FROM webhooks WHERE public_id = ?)";
        conditions.require(sql, [webhook.as_str().to_owned()]);
    }
    if let Some(status) = filter.status {
        // Said twice, so that SQLite sees that the index of the rare statuses serves.
        let sql = match status {
            EventStatus::Processed => "e.status = ?",
            _ => "e.status <> 'processed' AND e.status = ?",
        };
        conditions.require(sql, [status.as_str()]);
    }
    if let Some(ticker) = &filter.ticker {
        let (sql, values) = tickers::spelling("e.webhook_id, e.ticker", ticker);
        let values = [Some(ticker.clone())].into_iter().chain(values);
        conditions.require(format!("(e.ticker = ? OR {sql})"), values);
    }
    if let Some(text) = &filter.text {
        conditions.require(
            "instr(lower(CAST(e.payload AS TEXT)), lower(?)) > 0",
            [text.clone()],
        );
    }
    if let Some(from) = filter.from {
        conditions.require("e.received_at >= ?", [to_micros(from)]);
    }
    if let Some(to) = filter.to {
        conditions.require("e.received_at < ?", [to_micros(to)]);
    }
    if let Some(before) = filter.before {
        conditions.require("e.id < ?", [before.0]);
    }
    if let Some(after) = filter.after {
        conditions.require("e.id > ?", [after.0]);
    }
    conditions
}

/// One event.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is none of that number.
pub fn get(connection: &Connection, id: EventId) -> Result<StoredEvent> {
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE e.id = ?1 AND w.deleted_at IS NULL"
    ))?;
    let event = statement.query_row([id.0], read).optional()?;
    event.ok_or_else(|| StoreError::NotFound(format!("event {id}")))
}

/// Result of recording an event.
pub(crate) struct Outcome {
    pub(crate) source: EventSource,
    pub(crate) status: EventStatus,
    pub(crate) error: Option<PayloadError>,
    /// Warnings for its owner, without those of pairing its order.
    pub(crate) warnings: Vec<Warning>,
    /// Warnings of pairing its order.
    pub(crate) of_pairing: Vec<Warning>,
    pub(crate) original: Option<EventId>,
    pub(crate) order: Option<OrderId>,
    /// Quantity computed from a percentage.
    pub(crate) sized: Option<Quantity>,
}

/// Writes the warnings of an event.
pub(crate) fn write_warnings(
    connection: &Connection,
    event: EventId,
    warnings: &[Warning],
) -> Result<()> {
    let mut update = connection.prepare_cached("UPDATE events SET warnings = ?2 WHERE id = ?1")?;
    update.execute(params![event.0, as_json(&warnings)?])?;
    Ok(())
}

/// Result of recording an event.
pub(crate) fn outcome(connection: &Connection, event: EventId) -> Result<Outcome> {
    let mut select = connection.prepare_cached(
        "SELECT e.source, e.status, e.error, e.warnings, p.warnings, e.original_id, o.id, e.sized
         FROM events e LEFT JOIN orders o ON o.id = e.id LEFT JOIN pairings p ON p.order_id = e.id
         WHERE e.id = ?1",
    )?;
    let read = |row: &Row<'_>| {
        Ok(Outcome {
            source: parsed(row, 0)?,
            status: parsed(row, 1)?,
            error: json(row, 2)?,
            warnings: json(row, 3)?.unwrap_or_default(),
            of_pairing: json(row, 4)?.unwrap_or_default(),
            original: row.get::<_, Option<i64>>(5)?.map(EventId),
            order: row.get::<_, Option<i64>>(6)?.map(OrderId),
            sized: optional_parsed(row, 7)?,
        })
    };
    Ok(select.query_row([event.0], read)?)
}

/// The event that a delivery was made into, where it was.
pub(crate) fn of_delivery(connection: &Connection, id: DeliveryId) -> Result<Option<EventId>> {
    let mut select = connection.prepare_cached("SELECT id FROM events WHERE delivery = ?1")?;
    let found = select.query_row([id.as_bytes()], |row| row.get(0));
    Ok(found.optional()?.map(EventId))
}

/// Events that the clock would have dated otherwise.
#[derive(Debug, Clone, Copy)]
pub struct OffClock {
    /// Number of such events.
    pub count: i64,
    /// The newest of them.
    pub newest: EventId,
    /// Its time of arrival.
    pub received_at: Timestamp,
    /// The reading of the clock.
    pub clock_at: Timestamp,
}

/// The events of `since` or later that the clock would have dated otherwise, where there are.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn off_clock(connection: &Connection, since: Timestamp) -> Result<Option<OffClock>> {
    let mut select = connection.prepare_cached(
        "SELECT count(*), max(id), received_at, clock_at FROM events INDEXED BY events_off_clock
         WHERE clock_at IS NOT NULL AND received_at >= ?1 AND abs(received_at - clock_at) >= ?2
         HAVING count(*) > 0",
    )?;
    let noticeable = i64::try_from(NOTICEABLE.as_micros()).unwrap_or(i64::MAX);
    let found = select.query_row([to_micros(since), noticeable], |row| {
        Ok(OffClock {
            count: row.get(0)?,
            newest: EventId(row.get(1)?),
            received_at: timestamp(row, 2)?,
            clock_at: timestamp(row, 3)?,
        })
    });
    Ok(found.optional()?)
}

/// The newest event's number; zero without events.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn newest(connection: &Connection) -> Result<EventId> {
    let mut newest = connection.prepare_cached("SELECT coalesce(max(id), 0) FROM events")?;
    Ok(EventId(newest.query_row([], |row| row.get(0))?))
}

/// The newest event of a webhook.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn newest_of(connection: &Connection, webhook: &WebhookId) -> Result<Option<EventId>> {
    let mut newest = connection.prepare_cached(
        "SELECT max(e.id) FROM events e WHERE e.webhook_id = (SELECT id FROM webhooks WHERE public_id = ?1)",
    )?;
    let newest: Option<i64> = newest.query_row([webhook.as_str()], |row| row.get(0))?;
    Ok(newest.map(EventId))
}

/// An alert, whatever became of it.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Its event.
    pub event: EventId,
    /// Time of arrival.
    pub at: Timestamp,
    /// Its status.
    pub status: EventStatus,
    /// The instrument, where the payload could be read.
    pub ticker: Option<Ticker>,
    /// The order it asks for, where the payload could be read.
    pub intent: Option<Intent>,
}

/// Visits all alerts of a webhook, those that were brought in later too, in order of time.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn for_each_arrival(
    connection: &Connection,
    webhook: i64,
    mut visit: impl FnMut(Arrived),
) -> Result<()> {
    let mut select = connection.prepare_cached(
        "SELECT id, received_at, status, ticker, intent FROM events
         WHERE webhook_id = ?1 AND source IN ('webhook', 'imported') ORDER BY received_at, id",
    )?;
    let mut rows = select.query([webhook])?;
    // Most have the ticker of the one before.
    let mut last: Option<Ticker> = None;
    while let Some(row) = rows.next()? {
        let stated = row.get_ref(3)?.as_str().ok();
        let known = last.filter(|ticker| stated == Some(ticker.as_str()));
        last = match known {
            Some(ticker) => Some(ticker),
            None => optional_parsed(row, 3)?,
        };
        visit(Arrived {
            event: EventId(row.get(0)?),
            at: timestamp(row, 1)?,
            status: parsed(row, 2)?,
            ticker: last.clone(),
            intent: optional_parsed(row, 4)?,
        });
    }
    Ok(())
}

/// True if an order's event was brought in later, from a file.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn is_imported(connection: &Connection, order: OrderId) -> Result<bool> {
    let mut select =
        connection.prepare_cached("SELECT 1 FROM events WHERE id = ?1 AND source = 'imported'")?;
    Ok(select.exists([order.0])?)
}

/// Time at which the last alert of a webhook came over the network.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn last_alert(connection: &Connection, webhook: i64) -> Result<Option<Timestamp>> {
    let mut newest = connection.prepare_cached(
        "SELECT received_at FROM events INDEXED BY events_of_network
         WHERE webhook_id = ?1 AND source = 'webhook' ORDER BY id DESC LIMIT 1",
    )?;
    let newest = newest.query_row([webhook], |row| timestamp(row, 0));
    Ok(newest.optional()?)
}

/// The newest alert of any webhook that came over the network by itself: no test, and
/// nothing that was imported.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn newest_alert(connection: &Connection) -> Result<Option<StoredEvent>> {
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE e.source = 'webhook' AND w.deleted_at IS NULL ORDER BY e.id DESC LIMIT 1"
    ))?;
    Ok(statement.query_row([], read).optional()?)
}

pub(super) const SELECT: &str =
    "SELECT e.id, w.public_id, e.received_at, e.source, e.status, e.payload, e.source_address,
        e.ticker, e.intent, e.market_price, e.signal_time, e.error, e.warnings, e.original_id,
        o.id, p.warnings, e.verified, e.clock_at, e.delivery, e.fingerprint IS NOT NULL,
        e.format, e.sell_while_flat, e.sized, o.quantity
    FROM events e JOIN webhooks w ON w.id = e.webhook_id
        LEFT JOIN orders o ON o.id = e.id LEFT JOIN pairings p ON p.order_id = e.id";

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    let is_kept = !row.get::<_, bool>(19)?;
    let payload = row
        .get_ref(5)?
        .as_bytes()
        .map_err(|error| unreadable(5, Type::Blob, error))?;
    let mut warnings: Vec<Warning> = json(row, 12)?.unwrap_or_default();
    warnings.extend(json::<Vec<Warning>>(row, 15)?.unwrap_or_default());
    Ok(StoredEvent {
        id: EventId(row.get(0)?),
        delivery: row.get::<_, Option<_>>(18)?.map(DeliveryId::from_bytes),
        webhook: parsed(row, 1)?,
        received_at: timestamp(row, 2)?,
        clock_at: optional_timestamp(row, 17)?,
        source: parsed(row, 3)?,
        status: parsed(row, 4)?,
        payload: is_kept.then(|| payload.to_vec()),
        source_address: row.get(6)?,
        verified: optional_parsed(row, 16)?,
        ticker: optional_parsed(row, 7)?,
        intent: optional_parsed(row, 8)?,
        market_price: optional_parsed(row, 9)?,
        signal_time: optional_timestamp(row, 10)?,
        rules: read_rules(row, 20)?,
        sized: optional_parsed(row, 22)?,
        error: json(row, 11)?,
        warnings,
        original: row.get::<_, Option<i64>>(13)?.map(EventId),
        order: row.get::<_, Option<i64>>(14)?.map(OrderId),
        quantity: optional_parsed(row, 23)?,
    })
}

/// The rules in two columns, from `column` on; our own where there were none.
pub(crate) fn read_rules(row: &Row<'_>, column: usize) -> rusqlite::Result<ReadingRules> {
    let (format, sell) = (
        optional_parsed(row, column)?,
        optional_parsed(row, column + 1)?,
    );
    Ok(ReadingRules {
        format: format.unwrap_or(ReadingRules::OWN.format),
        sell_while_flat: sell.unwrap_or(ReadingRules::OWN.sell_while_flat),
    })
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        value => {
            let text = value
                .as_str()
                .map_err(|error| unreadable(column, Type::Text, error))?;
            serde_json::from_str(text)
                .map(Some)
                .map_err(|error| unreadable(column, Type::Text, error))
        }
    }
}
