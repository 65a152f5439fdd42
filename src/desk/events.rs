//! Events: as they are shown, and made an order of where they made none.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::delivery::DeliveryId;
use crate::domain::event::{EventId, EventSource, EventStatus, Warning};
use crate::domain::format::{Format, ReadingRules, SellWhileFlat};
use crate::domain::order::OrderId;
use crate::domain::sender::Verification;
use crate::domain::signal::{Direction, Intent};
use crate::domain::webhook::WebhookId;
use crate::ingest::{LARGEST_BODY, status_of};
use crate::journal::deliveries::Reading;
use crate::journal::reprocess;
use crate::payload::{self, PayloadError};
use crate::store::audit::{self, Act, Actor};
use crate::store::events::{self, StoredEvent};
use crate::store::{Connection, Result, WriteContext, webhooks};

/// One delivery and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// `evt_` and a number; later events have larger ones.
    #[schema(value_type = String)]
    pub id: EventId,
    /// The identity of the delivery that it was made of, `dlv_` and 32 digits: a delivery is one
    /// event, however often it is applied. Null of events that older versions recorded.
    #[schema(value_type = Option<String>)]
    pub delivery: Option<DeliveryId>,
    /// The webhook it was sent to.
    #[schema(value_type = String)]
    pub webhook: WebhookId,
    /// Time of arrival; of an imported event, the time at which it should have arrived.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// The reading of this machine's clock, where it ran backwards: the event is dated by the
    /// sequence of arrival.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub clock_at: Option<Timestamp>,
    /// Its source.
    pub source: EventSource,
    /// Its status.
    pub status: EventStatus,
    /// The instrument; null where the payload could not be read.
    pub ticker: Option<String>,
    /// `entryLong`, `exitLong`, `entryShort`, `exitShort` or `exit`, where the alert says it.
    pub position_direction: Option<&'static str>,
    /// Side of the order: it buys (`long`) or sells (`short`).
    pub direction: Option<Direction>,
    /// The market price that it states.
    pub market_price: Option<String>,
    /// Time of the signal, by the sender's clock.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub signal_time: Option<Timestamp>,
    /// The HTTP status that it was answered with; null where it did not come over the network.
    pub answer_status: Option<u16>,
    /// The sender's address.
    pub source_address: Option<String>,
    /// The proof that TradingView sent it: `address` or `certificate`.
    #[schema(value_type = Option<String>)]
    pub verified: Option<Verification>,
    /// The format that its message was read in.
    pub format: Format,
    /// The meaning that a sale without a position had, where the format leaves it open: `nothing`
    /// or `short`.
    pub sell_while_flat: SellWhileFlat,
    /// The quantity that a percentage came to.
    pub sized: Option<String>,
    /// Reason that it failed.
    pub error: Option<PayloadError>,
    /// Warnings for its owner, although it was accepted.
    pub warnings: Vec<Warning>,
    /// The event that it repeats or was made from.
    #[schema(value_type = Option<String>)]
    pub original: Option<EventId>,
    /// The order it made.
    #[schema(value_type = Option<String>)]
    pub order: Option<OrderId>,
    /// The quantity of that order; null where it closes whatever is open.
    pub qty: Option<String>,
    /// The payload, with the key replaced by `***`; null where it is not kept any longer.
    pub payload: Option<String>,
}

impl From<StoredEvent> for Event {
    fn from(stored: StoredEvent) -> Self {
        let answer = status_of(stored.status, stored.error.as_ref()).as_u16();
        Self {
            answer_status: matches!(stored.source, EventSource::Webhook | EventSource::Test)
                .then_some(answer),
            id: stored.id,
            delivery: stored.delivery,
            webhook: stored.webhook,
            received_at: stored.received_at,
            clock_at: stored.clock_at,
            source: stored.source,
            status: stored.status,
            ticker: stored.ticker.map(|ticker| ticker.as_str().to_owned()),
            position_direction: stored.intent.and_then(Intent::position_direction),
            direction: stored.intent.and_then(Intent::direction),
            market_price: stored.market_price.map(|price| price.to_string()),
            signal_time: stored.signal_time,
            source_address: stored.source_address,
            verified: stored.verified,
            format: stored.rules.format,
            sell_while_flat: stored.rules.sell_while_flat,
            sized: stored.sized.map(|sized| sized.to_string()),
            error: stored.error,
            warnings: stored.warnings,
            original: stored.original,
            order: stored.order,
            qty: stored.quantity.map(|quantity| quantity.to_string()),
            payload: stored
                .payload
                .map(|payload| String::from_utf8_lossy(&payload).into_owned()),
        }
    }
}

/// Reason that an event's message cannot be read again.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotReadAgain {
    /// It is not kept any longer.
    #[error("the message of {0} is no longer kept; nothing was done")]
    NotKept(EventId),
    /// The edited one is too large.
    #[error("the payload is larger than {LARGEST_BODY} bytes")]
    TooLarge,
    /// It makes no order.
    #[error(transparent)]
    Payload(#[from] PayloadError),
}

/// A message that was read again, and the event that it is of.
pub struct ReadAgain {
    event: EventId,
    payload: Vec<u8>,
    reading: Reading,
    rules: ReadingRules,
}

/// Reads the message of an event again, or one that its owner edited.
///
/// What was understood then means the same now. A message that failed, and another one, are
/// read as the webhook's settings say today.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such event; inside,
/// [`CannotReadAgain`].
pub fn read_again(
    connection: &Connection,
    id: EventId,
    edited: Option<Vec<u8>>,
) -> Result<std::result::Result<ReadAgain, CannotReadAgain>> {
    let event = events::get(connection, id)?;
    let webhook = webhooks::get(connection, &event.webhook)?;
    let is_as_it_was = edited.is_none() && event.status != EventStatus::Failed;
    let rules = if is_as_it_was {
        event.rules
    } else {
        webhook.settings.reading_rules()
    };
    let Some(payload) = edited.or(event.payload) else {
        return Ok(Err(CannotReadAgain::NotKept(id)));
    };
    if payload.len() > LARGEST_BODY {
        return Ok(Err(CannotReadAgain::TooLarge));
    }
    let kept = payload::redact(payload::hide_keys(&payload), webhook.auth_key.reveal());
    let read = payload::read(&kept, rules);
    Ok(match read.signal {
        Ok(signal) => Ok(ReadAgain {
            event: id,
            payload: kept,
            reading: Reading::Signal(signal),
            rules: rules.in_format(read.format),
        }),
        Err(error) => Err(error.into()),
    })
}

/// Makes an order of an event that made none; returns the new event. It is known by
/// `delivery`: asked for twice, it is made once.
///
/// # Errors
///
/// [`crate::store::StoreError::Conflict`] where the event or a reprocessing of it made an
/// order already.
pub fn reprocess(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    delivery: DeliveryId,
    read: ReadAgain,
) -> Result<Event> {
    let ReadAgain {
        event,
        payload,
        reading,
        rules,
    } = read;
    let recorded = reprocess::reprocess(context, delivery, event, payload, reading, rules)?;
    let subject = event.to_string();
    audit::note(
        context.connection,
        actor,
        Act::EventReprocess,
        Some(&subject),
    )?;
    Ok(events::get(context.connection, recorded.event)?.into())
}
