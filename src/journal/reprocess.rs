//! Making an order of an event that made none, as its owner asks.

use rusqlite::params;

use super::deliveries::{Delivery, Reading, Recorded, record, recorded_before};
use crate::domain::delivery::DeliveryId;
use crate::domain::event::{EventId, EventSource};
use crate::domain::format::ReadingRules;
use crate::store::{Conflict, Result, WriteContext, events};

/// Makes an order of an event that made none, as its owner asks: of its own
/// payload, or of one that the owner edited. The original event stays as it is.
///
/// The new event has the original's time of arrival, so that its order is
/// paired where it belongs. It is known by `id`: asked for twice, it is made once.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`], or [`crate::store::StoreError::Conflict`] where the event or a
/// reprocessing of it made an order already.
pub fn reprocess(
    context: &mut WriteContext<'_>,
    id: DeliveryId,
    original: EventId,
    payload: Vec<u8>,
    reading: Reading,
    rules: ReadingRules,
) -> Result<Recorded> {
    let event = events::get(context.connection, original)?;
    if let Some(made) = events::of_delivery(context.connection, id)? {
        return recorded_before(context.connection, made);
    }
    if event.source == EventSource::Test {
        return Err(Conflict::TestMakesNoOrder(original).into());
    }
    // All that is made of one delivery is made of the event that it was first.
    let original = match event.original {
        Some(first) if event.source == EventSource::Reprocessed => first,
        _ => original,
    };
    if let Some(order) = event.order {
        let event = original;
        return Err(Conflict::OrderExists { event, order }.into());
    }
    let mut statement = context.connection.prepare_cached(
        "SELECT o.id FROM events e JOIN orders o ON o.id = e.id
         WHERE e.original_id = ?1 AND e.source = 'reprocessed' AND e.webhook_id =
             (SELECT id FROM webhooks WHERE public_id = ?2)",
    )?;
    if statement.exists(params![original.0, event.webhook.as_str()])? {
        return Err(Conflict::ProcessedAgain(original).into());
    }
    let (source, read) = (EventSource::Reprocessed, (reading, rules));
    let delivery = Delivery {
        original: Some(original),
        ..Delivery::new(id, event.webhook, event.received_at, source, payload, read)
    };
    record(context, &delivery)
}
