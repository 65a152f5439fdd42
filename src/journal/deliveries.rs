//! Recording a delivery: its event and its order, in one transaction.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::arrivals::Arrival;
use super::entries::{Entry, clock_at, fail, kept_warnings};
use super::ledgers::Paired;
use super::placing::{overtaken, place};
use super::recent_deliveries::Repetition;
use super::repetition::{repetition, warning_of};
use super::{Remembered, arrivals, entries, forward_loops, forwards, ledgers, notices, sizing};
use crate::clock::ClockReading;
use crate::domain::delivery::DeliveryId;
use crate::domain::event::{EventId, EventSource, EventStatus, Warning};
use crate::domain::format::ReadingRules;
use crate::domain::ledger::{PositionChange, Unpairable};
use crate::domain::money::Quantity;
use crate::domain::order::OrderId;
use crate::domain::sender::Verification;
use crate::domain::signal::{Signal, Size};
use crate::domain::webhook::WebhookId;
use crate::payload::{Parsed, PayloadError};
use crate::secrets::random_bytes;
use crate::store::conflict::Conflict;
use crate::store::error::{Result, StoreError};
use crate::store::events::Earlier;
use crate::store::ledger_key::LedgerKey;
use crate::store::{WriteContext, events, orders, outbox, tickers};

/// The reading of a delivery before it is recorded.
#[derive(Debug, Clone)]
pub enum Reading {
    /// A valid alert, to become an order.
    Signal(Box<Parsed>),
    /// A valid alert that must not become an order: paused, or over the limit.
    Withheld(EventStatus, std::result::Result<Box<Parsed>, PayloadError>),
    /// No valid alert.
    Failed(PayloadError),
}

impl Reading {
    /// The time that a message has of its own.
    fn signal_time(&self) -> Option<Timestamp> {
        match self {
            Self::Signal(parsed) | Self::Withheld(_, Ok(parsed)) => {
                parsed.signal.metadata.timestamp
            }
            Self::Withheld(_, Err(_)) | Self::Failed(_) => None,
        }
    }
}

/// A delivery to be recorded.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its identity: applied twice, it is one event.
    pub id: DeliveryId,
    /// The webhook that it was sent to.
    pub webhook: WebhookId,
    /// Time of arrival: by the clock, or the time that it has in a file or of another event.
    pub received_at: Timestamp,
    /// The clocks' readings, where it arrives now.
    pub clock: Option<ClockReading>,
    /// Its source.
    pub source: EventSource,
    /// The sender's address.
    pub source_address: Option<IpAddr>,
    /// The proof that TradingView sent it.
    pub verified: Option<Verification>,
    /// The payload, with the key replaced.
    pub payload: Vec<u8>,
    /// Its reading.
    pub reading: Reading,
    /// The rules that it was read by, its format among them.
    pub rules: ReadingRules,
    /// Within which time equal bytes are a resend; `None` never.
    pub duplicate_window: Option<SignedDuration>,
    /// The webhooks that it has come through, in words of algohook's with commas between.
    pub via: String,
    /// The quantity that its percentage came to where it was recorded first, if that was elsewhere.
    pub sized: Option<Quantity>,
    /// The event it was made from.
    pub original: Option<EventId>,
}

impl Delivery {
    /// A delivery of which no more is known than its message: it has no sender, comes from no
    /// other event, is no resend, and does not arrive now.
    #[must_use]
    pub fn new(
        id: DeliveryId,
        webhook: WebhookId,
        received_at: Timestamp,
        source: EventSource,
        payload: Vec<u8>,
        (reading, rules): (Reading, ReadingRules),
    ) -> Self {
        Self {
            id,
            webhook,
            received_at,
            clock: None,
            source,
            source_address: None,
            verified: None,
            payload,
            reading,
            rules,
            duplicate_window: None,
            via: String::new(),
            sized: None,
            original: None,
        }
    }

    /// The time of day as it arrived; of one that does not arrive now, its own.
    pub(super) fn clock_time(&self) -> Timestamp {
        self.clock.map_or(self.received_at, |clock| clock.wall)
    }
}

/// The identity of a delivery that is received now.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where the system gives no random bytes.
pub fn new_delivery(received_at: Timestamp) -> Result<DeliveryId> {
    DeliveryId::generate(received_at, random_bytes).map_err(|error| {
        StoreError::Unavailable(format!("the system gives no random bytes: {error}"))
    })
}

/// The result of recording a delivery.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The event.
    pub event: EventId,
    /// Its status.
    pub status: EventStatus,
    /// The order it made.
    pub order: Option<OrderId>,
    /// Quantity computed from a percentage, of which the order's size was stated.
    pub sized: Option<Quantity>,
    /// Warnings for its owner.
    pub warnings: Vec<Warning>,
    /// The event that it repeats.
    pub repeats: Option<EventId>,
    /// Reason that it failed.
    pub error: Option<PayloadError>,
}

/// Records a delivery with all that follows from it. One that is recorded already changes
/// nothing, and what came of it the first time is returned again.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written, or
/// [`StoreError::NotFound`] where the webhook was deleted meanwhile.
pub fn record(context: &mut WriteContext<'_>, delivery: &Delivery) -> Result<Recorded> {
    let webhook = match addressee(context.connection, delivery)? {
        Addressee::Webhook(row) => row,
        Addressee::Event(event) => return recorded_before(context.connection, event),
    };
    let delivery = &*forward_loops::recorded(context.connection, delivery)?;
    let Some(clock) = delivery.clock else {
        return record_at(
            context,
            webhook,
            delivery,
            Arrival::at(delivery.received_at),
        );
    };
    outbox::follow_clock(context, None, clock)?;
    let arrival = arrivals::date(context, clock, delivery.reading.signal_time())?;
    if arrival.at == delivery.received_at {
        return record_at(context, webhook, delivery, arrival);
    }
    let delivery = Delivery {
        received_at: arrival.at,
        ..delivery.clone()
    };
    record_at(context, webhook, &delivery, arrival)
}

/// Destination of a delivery.
enum Addressee {
    /// To a webhook, by its number inside the database.
    Webhook(i64),
    /// Nowhere: this event was made of it.
    Event(EventId),
}

/// Finds the webhook that a delivery is for, and the event that was made of it before.
fn addressee(connection: &Connection, delivery: &Delivery) -> Result<Addressee> {
    let mut select = connection.prepare_cached(
        "SELECT w.id, e.id, e.webhook_id FROM webhooks w LEFT JOIN events e ON e.delivery = ?2
         WHERE w.public_id = ?1 AND w.deleted_at IS NULL",
    )?;
    let values = params![delivery.webhook.as_str(), delivery.id.as_bytes()];
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let found: Option<(i64, Option<i64>, Option<i64>)> =
        select.query_row(values, read).optional()?;
    match found {
        None => Err(StoreError::NotFound("webhook any more".to_owned())),
        Some((row, None, _)) => Ok(Addressee::Webhook(row)),
        Some((row, Some(event), of)) if of == Some(row) => Ok(Addressee::Event(EventId(event))),
        Some((_, Some(event), _)) => Err(Conflict::DeliveryOfAnother {
            delivery: delivery.id,
            event: EventId(event),
        }
        .into()),
    }
}

/// The result of recording an event, as it was returned then: all of it is in the database, but for
/// what pairing its order warned of, which is as of the last time that it was paired.
pub(super) fn recorded_before(connection: &Connection, event: EventId) -> Result<Recorded> {
    let outcome = events::outcome(connection, event)?;
    let mut warnings = outcome.warnings;
    // The answer leaves out what is said of the clock, and an import's orders are paired later.
    warnings.retain(|warning| warning.code != arrivals::CLOCK_SET_BACK);
    if outcome.source != EventSource::Imported {
        warnings.extend(outcome.of_pairing);
    }
    let is_duplicate = outcome.status == EventStatus::Duplicate;
    Ok(Recorded {
        event,
        status: outcome.status,
        order: outcome.order,
        sized: outcome.sized,
        warnings,
        repeats: outcome.original.filter(|_| is_duplicate),
        error: outcome.error,
    })
}

/// Records a delivery at its time, passes it on, and tells its owner.
fn record_at(
    context: &mut WriteContext<'_>,
    webhook: i64,
    delivery: &Delivery,
    arrival: Arrival,
) -> Result<Recorded> {
    let recorded = record_reading(context, webhook, delivery, arrival)?;
    forwards::pass_on(context, webhook, delivery, &recorded)?;
    notices::tell_order(context, webhook, delivery, &recorded)?;
    Ok(recorded)
}

fn record_reading(
    context: &mut WriteContext<'_>,
    webhook: i64,
    delivery: &Delivery,
    arrival: Arrival,
) -> Result<Recorded> {
    match &delivery.reading {
        Reading::Signal(parsed) => record_signal(context, webhook, delivery, arrival, parsed),
        Reading::Withheld(status, parsed) => {
            let parsed = parsed.as_deref().ok();
            let signal = parsed.map(|parsed| &parsed.signal);
            let warnings = parsed.map_or_else(Vec::new, |parsed| parsed.warnings.clone());
            let entry = Entry {
                status: *status,
                signal,
                error: None,
                warnings: &warnings,
                repeats: None,
                sized: None,
            };
            let event = entries::insert(context, webhook, delivery, &entry)?;
            Ok(Recorded {
                event,
                status: *status,
                order: None,
                sized: None,
                warnings,
                repeats: None,
                error: None,
            })
        }
        Reading::Failed(error) => record_failed(context, webhook, delivery, error.clone()),
    }
}

/// Records a delivery that asks for no possible order.
fn record_failed(
    context: &mut WriteContext<'_>,
    webhook: i64,
    delivery: &Delivery,
    error: PayloadError,
) -> Result<Recorded> {
    let status = EventStatus::Failed;
    let entry = Entry {
        status,
        signal: None,
        error: Some(&error),
        warnings: &[],
        repeats: None,
        sized: None,
    };
    let event = entries::insert(context, webhook, delivery, &entry)?;
    Ok(Recorded {
        event,
        status,
        order: None,
        sized: None,
        warnings: Vec::new(),
        repeats: None,
        error: Some(error),
    })
}

fn record_signal(
    context: &mut WriteContext<'_>,
    webhook: i64,
    delivery: &Delivery,
    arrival: Arrival,
    parsed: &Parsed,
) -> Result<Recorded> {
    let signal = &parsed.signal;
    let quantity = match quantity(context.connection, webhook, delivery, signal)? {
        Ok(quantity) => quantity,
        Err(error) => return record_failed(context, webhook, delivery, error),
    };
    let mut warnings = warnings_of(context.connection, webhook, parsed)?;
    let sized = quantity.filter(|_| matches!(signal.size, Size::Percentage(_)));
    let repetition = repetition(context, webhook, delivery, arrival, signal)?;
    warnings.extend(warning_of(context, delivery, repetition)?);
    let repeats = repeated_by(delivery, repetition);
    let status = if repeats.is_some() {
        EventStatus::Duplicate
    } else {
        EventStatus::Processed
    };
    let makes_order = repeats.is_none() && delivery.source != EventSource::Test;
    let key = if makes_order {
        let (instrument, note) = tickers::name(context.connection, webhook, &signal.ticker)?;
        warnings.extend(note);
        Some(LedgerKey::of_alerts(webhook, instrument))
    } else {
        None
    };
    let entry = Entry {
        status,
        signal: Some(signal),
        error: None,
        warnings: &warnings,
        repeats,
        sized,
    };
    let event = entries::insert(context, webhook, delivery, &entry)?;
    let mut order = None;
    if let Some(key) = key {
        let new = orders::NewOrder {
            event,
            source: delivery.source,
            received_at: delivery.received_at,
            signal,
            quantity,
            key: &key,
        };
        match make_order(context, delivery, &new, parsed.if_adding.as_ref())? {
            Ok((made, more)) => {
                more.add_to(&mut warnings, context.connection, delivery, event)?;
                remember(context, webhook, delivery, event, signal);
                order = Some(made);
            }
            Err(reason) => {
                tickers::forget_unused(context.connection, webhook, &signal.ticker)?;
                return refused(context, event, reason);
            }
        }
    }
    Ok(Recorded {
        event,
        status,
        order,
        sized,
        warnings,
        repeats,
        error: None,
    })
}

/// The quantity that a signal asks for. What a percentage of an import comes to is known once
/// all alerts of its file are there: [`super::imports`] writes it then.
fn quantity(
    connection: &Connection,
    webhook: i64,
    delivery: &Delivery,
    signal: &Signal,
) -> Result<std::result::Result<Option<Quantity>, PayloadError>> {
    if delivery.sized.is_some() {
        return Ok(Ok(delivery.sized));
    }
    let is_percentage = matches!(signal.size, Size::Percentage(_));
    if is_percentage && delivery.source == EventSource::Imported {
        return Ok(Ok(None));
    }
    sizing::quantity(connection, webhook, signal, delivery.received_at)
}

/// Warnings of reading a message, and of its size under the webhook's settings.
fn warnings_of(connection: &Connection, webhook: i64, parsed: &Parsed) -> Result<Vec<Warning>> {
    let mut warnings = parsed.warnings.clone();
    warnings.extend(sizing::money_warning(connection, webhook, &parsed.signal)?);
    Ok(warnings)
}

/// The event that a delivery is a resend of; `None` of one that its owner processes again, who
/// wants its order all the same.
fn repeated_by(delivery: &Delivery, repetition: Repetition) -> Option<EventId> {
    match repetition {
        Repetition::Resend(original) if delivery.source != EventSource::Reprocessed => {
            Some(original)
        }
        _ => None,
    }
}

/// Warnings that an order brings.
#[derive(Default)]
struct Warnings {
    /// Those that stay true however often the order is paired again.
    of_event: Vec<Warning>,
    of_pairing: Vec<Warning>,
}

impl Warnings {
    /// Adds them to the warnings of an event, and stores those that stay true with it.
    fn add_to(
        self,
        warnings: &mut Vec<Warning>,
        connection: &Connection,
        delivery: &Delivery,
        event: EventId,
    ) -> Result<()> {
        if !self.of_event.is_empty() {
            warnings.extend(self.of_event);
            let kept = kept_warnings(delivery, warnings);
            events::write_warnings(connection, event, &kept)?;
        }
        warnings.extend(self.of_pairing);
        Ok(())
    }
}

/// Stores an order and pairs it; one of an import is paired together with the others of its
/// file. Inside, why it cannot be paired.
fn make_order(
    context: &mut WriteContext<'_>,
    delivery: &Delivery,
    new: &orders::NewOrder<'_>,
    if_adding: Option<&Warning>,
) -> Result<std::result::Result<(OrderId, Warnings), Unpairable>> {
    let clock = delivery.clock.map(|clock| clock.wall);
    let is_moved_up = clock.is_some_and(|clock| clock < delivery.received_at);
    let order = place(context.connection, new, is_moved_up)?;
    orders::insert(context.connection, new, order.paired_at)?;
    if delivery.source == EventSource::Imported {
        ledgers::pair_later(context, new.key)?;
        return Ok(Ok((order.id, Warnings::default())));
    }
    let overtaken = overtaken(context.connection, new.key, &order)?;
    Ok(match ledgers::pair(context, new.key.clone(), &order)? {
        Paired::Applied(applied) => {
            let adds = applied.change == Some(PositionChange::Add);
            let of_event = overtaken
                .into_iter()
                .chain(if_adding.filter(|_| adds).cloned());
            let of_event = of_event.collect();
            let of_pairing = applied.warnings;
            Ok((
                order.id,
                Warnings {
                    of_event,
                    of_pairing,
                },
            ))
        }
        Paired::Refused(reason) => Err(reason),
    })
}

/// Remembers an alert with a time, so that its resend is recognised.
fn remember(
    context: &mut WriteContext<'_>,
    webhook: i64,
    delivery: &Delivery,
    event: EventId,
    signal: &Signal,
) {
    if delivery.source != EventSource::Webhook || !signal.metadata.states_time {
        return;
    }
    let earlier = Earlier {
        event,
        received_at: delivery.received_at,
        clock_at: clock_at(delivery),
    };
    let recent = &mut Remembered::of(context).recent;
    recent.remember(webhook, &delivery.payload, earlier);
}

/// Turns an event into one that failed, for its order cannot be counted.
fn refused(context: &WriteContext<'_>, event: EventId, reason: Unpairable) -> Result<Recorded> {
    let field = match reason {
        Unpairable::NoValue => "price",
        Unpairable::TooLarge | Unpairable::TooFine => "qty",
    };
    let hint = match reason {
        Unpairable::NoValue => {
            "Set the contract to linear in the webhook's settings, or correct the price; then process the event again."
        }
        Unpairable::TooLarge => {
            "Check quantity, price and the webhook's point value; then process the event again."
        }
        Unpairable::TooFine => {
            "State price and quantity with fewer digits; TradingView's own numbers have 17 at most."
        }
    };
    let error = PayloadError::invalid(field, format!("cannot be counted: {reason}"), hint);
    fail(context.connection, event, &error)?;
    Ok(Recorded {
        event,
        status: EventStatus::Failed,
        order: None,
        sized: None,
        warnings: Vec::new(),
        repeats: None,
        error: Some(error),
    })
}
