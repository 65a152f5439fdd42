//! Positions that the owner takes over from TradingView.

use super::events::Event;
use crate::clock::ClockReading;
use crate::domain::delivery::DeliveryId;
use crate::domain::signal::Ticker;
use crate::domain::webhook::WebhookId;
use crate::journal::positions;
use crate::store::audit::{self, Act, Actor};
use crate::store::{Result, WriteContext, events};

/// Takes over the position that TradingView states, by an adjusting order at the newest
/// price; returns its event. It is known by `delivery`: asked for twice, it is made once.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such webhook,
/// [`crate::store::StoreError::Conflict`] where the two positions are the same already.
pub fn accept(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    delivery: DeliveryId,
    (webhook, ticker): (&WebhookId, &Ticker),
    clock: ClockReading,
) -> Result<Event> {
    let recorded = positions::accept(context, delivery, webhook, ticker, clock)?;
    let subject = format!("{webhook} {ticker}");
    audit::note(
        context.connection,
        actor,
        Act::PositionAccept,
        Some(&subject),
    )?;
    Ok(events::get(context.connection, recorded.event)?.into())
}
