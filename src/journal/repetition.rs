//! Finds the earlier delivery that a new one repeats.
//!
//! TradingView sends an alert again that it got no answer to, with the same bytes. A strategy
//! can send the same bytes twice as well: two fills of one bar. An `id` of the message's own
//! decides; without one, the time between the two does.

use jiff::SignedDuration;

use super::Remembered;
use super::arrivals::Arrival;
use super::deliveries::Delivery;
use super::recent_deliveries::{self, Repetition};
use crate::domain::event::{EventId, EventSource, EventStatus, Warning};
use crate::domain::signal::Signal;
use crate::store::events::Earlier;
use crate::store::{Conflict, Connection, Result, WriteContext, events, orders};

/// Time for which an alert's own `id` is remembered.
pub(super) const IDEMPOTENCY_WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// An earlier delivery that this one repeats: by its own `id` where it has one,
/// else by its bytes where they state a time, readable or not: the bytes of one alert have it.
pub(super) fn repetition(
    context: &mut WriteContext<'_>,
    webhook: i64,
    delivery: &Delivery,
    now: Arrival,
    signal: &Signal,
) -> Result<Repetition> {
    let unconfirmed = std::mem::take(&mut context.memory.unconfirmed);
    let WriteContext { connection, memory } = context;
    let Remembered {
        recent, arrivals, ..
    } = memory.remembered();
    recent.take_up(unconfirmed);
    match (delivery.source, &signal.idempotency_key) {
        (EventSource::Webhook | EventSource::Reprocessed, Some(key)) => {
            let since = arrivals.since(&now, IDEMPOTENCY_WINDOW);
            let earlier = orders::events_with_key(connection, webhook, key, since)?;
            let is_remembered =
                |earlier: &&Earlier| arrivals.age(earlier, &now).length <= IDEMPOTENCY_WINDOW;
            let first = earlier.iter().find(is_remembered);
            Ok(first.map_or(Repetition::None, |first| Repetition::Resend(first.event)))
        }
        (EventSource::Webhook, None) => match delivery.duplicate_window {
            Some(window) => {
                let payload = &delivery.payload;
                if signal.metadata.states_time {
                    recent.repetition(connection, arrivals, webhook, payload, &now, window)
                } else {
                    recent.repetition_of_unconfirmed(
                        connection, arrivals, webhook, payload, &now, window,
                    )
                }
            }
            None => Ok(Repetition::None),
        },
        _ => Ok(Repetition::None),
    }
}

/// True if an event was over the limit, and `later` is the same alert, sent again. Its owner sees only
/// the first of them; of a duplicate the page says that it makes a second order.
fn came_again(
    connection: &Connection,
    limited: EventId,
    later: EventId,
    payload: &[u8],
) -> Result<bool> {
    Ok(
        events::get(connection, limited)?.status == EventStatus::Limited
            && recent_deliveries::has_payload(connection, limited, payload)?
            && recent_deliveries::has_payload(connection, later, payload)?,
    )
}

/// The warning of a delivery that repeats another, or seems to; of an alert that is to be
/// processed again and has made its order meanwhile, a refusal.
pub(super) fn warning_of(
    context: &WriteContext<'_>,
    delivery: &Delivery,
    repetition: Repetition,
) -> Result<Option<Warning>> {
    Ok(match repetition {
        Repetition::None => None,
        Repetition::AnotherFill(earlier) => Some(Warning::new(
            "same_message",
            format!(
                "the same message as {earlier}, less than 3 seconds after it: taken for another fill of \
                 one bar; send an \"id\" where that is not so"
            ),
        )),
        Repetition::Resend(earlier) if delivery.source == EventSource::Reprocessed => {
            if let Some(event) = delivery.original
                && came_again(context.connection, event, earlier, &delivery.payload)?
            {
                let other = earlier;
                return Err(Conflict::SameAlert { event, other }.into());
            }
            Some(Warning::new(
                "same_id",
                format!("{earlier} has the same id and made an order, too"),
            ))
        }
        Repetition::Resend(earlier) => {
            let is_same =
                recent_deliveries::has_payload(context.connection, earlier, &delivery.payload)?;
            (!is_same).then(|| {
                Warning::new(
                    "same_id",
                    format!(
                        "the id is that of {earlier}, but the message is another one: no order was made. An id names \
                         one alert; {{{{strategy.order.id}}}} is the same for every order of its kind"
                    ),
                )
            })
        }
    })
}
