//! Passing alerts on: a row in the outbox, in the transaction of the alert itself.
//!
//! An alert without a forward costs a look into a map in memory. Only what the network brings
//! live is passed on, or what its owner has processed again: an import or a test must never
//! reach a broker.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::deliveries::{Delivery, Reading, Recorded};
use super::{Remembered, ledgers};
use crate::domain::event::EventSource;
use crate::domain::forward::ForwardWhen;
use crate::domain::money::Decimal;
use crate::domain::order::quantity_of;
use crate::domain::signal::Signal;
use crate::formats::{self, MadeWith, Outgoing, OutgoingOrder};
use crate::store::ledgers::LedgerKey;
use crate::store::outbox::{self, NewRow, Put};
use crate::store::{Connection, Result, WriteContext, forwards, tickers};

pub use crate::store::forwards::StoredForward;

/// The kind of row that a forward's message is.
pub const KIND: &str = "forward";

/// The forwards that are not paused, by their webhook; read when first needed.
#[derive(Debug, Default)]
pub struct Routes(Option<Arc<BTreeMap<i64, Vec<StoredForward>>>>);

impl Routes {
    /// Forgets everything; it is read again from the database when needed.
    pub fn forget(&mut self) {
        self.0 = None;
    }

    fn get(&mut self, connection: &Connection) -> Result<Arc<BTreeMap<i64, Vec<StoredForward>>>> {
        if let Some(routes) = &self.0 {
            return Ok(Arc::clone(routes));
        }
        let mut routes: BTreeMap<i64, Vec<StoredForward>> = BTreeMap::new();
        for forward in forwards::list(connection)? {
            if !forward.terms.is_paused {
                routes.entry(forward.webhook_row).or_default().push(forward);
            }
        }
        let routes = Arc::new(routes);
        self.0 = Some(Arc::clone(&routes));
        Ok(routes)
    }
}

/// Puts what is to be passed on of a delivery into the outbox.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub(super) fn pass_on(
    context: &mut WriteContext<'_>,
    webhook: i64,
    delivery: &Delivery,
    recorded: &Recorded,
) -> Result<()> {
    let connection = context.connection;
    let routes = Remembered::of(context).routes.get(connection)?;
    let Some(forwards) = routes.get(&webhook) else {
        return Ok(());
    };
    let is_wanted = |forward: &&StoredForward| match (forward.terms.sends, delivery.source) {
        (_, EventSource::Webhook) if recorded.order.is_some() => true,
        (ForwardWhen::Event, EventSource::Webhook) => true,
        (ForwardWhen::Order, EventSource::Reprocessed) => recorded.order.is_some(),
        _ => false,
    };
    for forward in forwards.iter().filter(is_wanted) {
        put(context, forward, delivery, recorded)?;
    }
    Ok(())
}

fn put(
    context: &mut WriteContext<'_>,
    forward: &StoredForward,
    delivery: &Delivery,
    recorded: &Recorded,
) -> Result<()> {
    let terms = &forward.terms;
    let signal = match &delivery.reading {
        Reading::Signal(parsed) | Reading::Withheld(_, Some(parsed)) => Some(&parsed.signal),
        Reading::Withheld(_, None) | Reading::Failed(_) => None,
    };
    let order = match signal {
        Some(signal) => order_of(context, forward.webhook_row, signal)?,
        None => None,
    };
    let outgoing = Outgoing {
        delivery: delivery.id,
        event: recorded.event,
        webhook: forward.webhook.as_str(),
        received_at: delivery.received_at,
        payload: &delivery.payload,
        order,
    };
    let with = MadeWith {
        format: terms.format,
        settings: &terms.settings,
        template: terms.template.as_deref(),
        sends_key: terms.sends_key,
    };
    let message = formats::message(&outgoing, &with);
    let now = put_at(delivery);
    // Counted from the arrival: what an owner processes again hours later is not passed on unasked.
    let age = terms.max_age.duration();
    let expires_at = age.and_then(|age| delivery.received_at.checked_add(age).ok());
    let row = NewRow {
        lane: forward.lane(),
        kind: KIND,
        about: delivery.id.to_string(),
        body: message.as_ref().cloned().unwrap_or_default(),
        repeatable: terms.is_repeatable(),
        vital: false,
        due_at: now,
        expires_at,
        event: Some(recorded.event),
    };
    match message {
        Err(why) => outbox::put_dead(context, &row, &why.to_string(), now).map(drop),
        Ok(_) => match outbox::put(context, &row, now)? {
            Put::Off => outbox::put_dead(context, &row, OFF, now).map(drop),
            Put::Waits(_) | Put::Known(_) | Put::Dropped => Ok(()),
        },
    }
}

/// Why nothing is sent to a receiver that said that it is gone.
const OFF: &str =
    "the forward is off, for its receiver answered 410 (gone); switch it on to send again";

/// The moment at which a row is put into the outbox.
fn put_at(delivery: &Delivery) -> Timestamp {
    delivery
        .clock
        .map_or(delivery.received_at, |clock| clock.wall)
}

/// The order of a signal with the position that it leaves; none where it cannot be counted.
fn order_of<'a>(
    context: &mut WriteContext<'_>,
    webhook: i64,
    signal: &'a Signal,
) -> Result<Option<OutgoingOrder<'a>>> {
    let Ok(quantity) = quantity_of(signal) else {
        return Ok(None);
    };
    let position = match signal.stated_position.new {
        Some(stated) => Some(stated),
        None => position_after(context, webhook, signal)?,
    };
    Ok(Some(OutgoingOrder {
        signal,
        quantity,
        position,
    }))
}

fn position_after(
    context: &mut WriteContext<'_>,
    webhook: i64,
    signal: &Signal,
) -> Result<Option<Decimal>> {
    let instrument = tickers::find(context.connection, webhook, &signal.ticker)?;
    let key = LedgerKey::of_alerts(webhook, instrument);
    Ok(ledgers::position(context, &key))
}
