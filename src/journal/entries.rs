//! The row of an event, as a delivery makes it.

use std::borrow::Cow;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::arrivals::Arrival;
use super::deliveries::Delivery;
use crate::domain::event::{EventId, EventStatus, Warning};
use crate::domain::money::Quantity;
use crate::domain::sender::Verification;
use crate::domain::signal::Signal;
use crate::payload::PayloadError;
use crate::store::WriteContext;
use crate::store::error::Result;
use crate::store::sql::{Payload, as_json, to_micros};

/// Turns an event into one that failed.
pub(super) fn fail(connection: &Connection, event: EventId, error: &PayloadError) -> Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE events SET status = ?2, error = ?3, warnings = NULL WHERE id = ?1",
    )?;
    let status = EventStatus::Failed.as_str();
    update.execute(params![event.0, status, as_json(error)?])?;
    Ok(())
}

/// The columns of an event beyond the delivery itself.
pub(super) struct Entry<'a> {
    pub(super) status: EventStatus,
    pub(super) signal: Option<&'a Signal>,
    pub(super) error: Option<&'a PayloadError>,
    pub(super) warnings: &'a [Warning],
    pub(super) repeats: Option<EventId>,
    /// Quantity computed from a percentage.
    pub(super) sized: Option<Quantity>,
}

/// Inserts the event of a delivery.
pub(super) fn insert(
    context: &mut WriteContext<'_>,
    webhook: i64,
    delivery: &Delivery,
    entry: &Entry<'_>,
) -> Result<EventId> {
    let warnings = kept_warnings(delivery, entry.warnings);
    let mut statement = context.connection.prepare_cached(
        "INSERT INTO events (webhook_id, received_at, source, status, payload, source_address, ticker, intent,
             market_price, signal_time, error, warnings, original_id, verified, clock_at, delivery, format,
             sell_while_flat, sized)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    )?;
    statement.execute(params![
        webhook,
        to_micros(delivery.received_at),
        delivery.source.as_str(),
        entry.status.as_str(),
        Payload(&delivery.payload),
        delivery.source_address.map(|address| address.to_string()),
        entry.signal.map(|signal| signal.ticker.as_str()),
        entry.signal.map(|signal| signal.intent.as_str()),
        entry
            .signal
            .and_then(|signal| signal.market_price)
            .map(|price| price.to_string()),
        entry
            .signal
            .and_then(|signal| signal.metadata.timestamp)
            .map(to_micros),
        entry.error.map(as_json).transpose()?,
        if warnings.is_empty() {
            None
        } else {
            Some(as_json(&warnings)?)
        },
        entry.repeats.or(delivery.original).map(|event| event.0),
        delivery.verified.map(Verification::as_str),
        clock_at(delivery).map(to_micros),
        delivery.id.as_bytes(),
        delivery.rules.format.as_str(),
        delivery.rules.sell_while_flat.as_str(),
        entry.sized.map(|quantity| quantity.to_string()),
    ])?;
    Ok(EventId(context.connection.last_insert_rowid()))
}

/// The warnings that are kept with an event: the answer to the sender leaves out what is said
/// of the clock.
pub(super) fn kept_warnings<'w>(
    delivery: &Delivery,
    warnings: &'w [Warning],
) -> Cow<'w, [Warning]> {
    let mut warnings = Cow::Borrowed(warnings);
    if let Some(warning) = clock_warning(delivery) {
        warnings.to_mut().push(warning);
    }
    warnings
}

/// The warning about the clock.
fn clock_warning(delivery: &Delivery) -> Option<Warning> {
    let clock = delivery.clock?;
    let at = delivery.received_at;
    Arrival { at, clock }.warning()
}

/// The clock's reading at an arrival, where it was dated otherwise.
pub(super) fn clock_at(delivery: &Delivery) -> Option<Timestamp> {
    let wall = delivery.clock?.wall;
    (wall != delivery.received_at).then_some(wall)
}
