//! Alerts that come back to a webhook which passed them on.
//!
//! A forward can lead back to its own webhook, by itself or through other machines, and each round
//! would make one more order. So a forwarded alert names the webhooks that it has come through. It
//! names them by a digest, for their ids are in the addresses that take alerts, and receivers are
//! strangers.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::deliveries::{Delivery, Reading};
use crate::domain::event::{EventStatus, Warning};
use crate::domain::webhook::WebhookId;
use crate::store::{Connection, Result, history};
use crate::text::hex;

/// Bytes of a digest that are sent.
const LENGTH: usize = 8;

/// The name of a webhook of this server among those that an alert has come through. A copy of the
/// server on another machine has another one, for it may be the receiver.
fn name(connection: &Connection, webhook: &WebhookId) -> Result<String> {
    let history = history::id(connection)?;
    let digest = Sha256::digest(format!("{history} {webhook}").as_bytes());
    Ok(hex(&digest[..LENGTH]))
}

/// True if an alert has come through its webhook before.
pub(super) fn is_back(connection: &Connection, delivery: &Delivery) -> Result<bool> {
    if delivery.via.is_empty() {
        return Ok(false);
    }
    let own = name(connection, &delivery.webhook)?;
    Ok(delivery.via.split(',').any(|name| name.trim() == own))
}

/// The names of those that an alert has come through, this webhook's the last of them.
pub(super) fn via(connection: &Connection, delivery: &Delivery) -> Result<String> {
    let own = name(connection, &delivery.webhook)?;
    Ok(match delivery.via.as_str() {
        "" => own,
        before => format!("{before},{own}"),
    })
}

/// The delivery as it is recorded: one that is back makes no order.
pub(super) fn recorded<'a>(
    connection: &Connection,
    delivery: &'a Delivery,
) -> Result<Cow<'a, Delivery>> {
    if !is_back(connection, delivery)? {
        return Ok(Cow::Borrowed(delivery));
    }
    let mut delivery = delivery.clone();
    if let Reading::Signal(mut parsed) = delivery.reading {
        parsed.warnings.push(Warning::new(
            "came_back",
            "the alert has come through this webhook before: a forward leads back to it. No order was made; remove the \
             forward, or change its address",
        ));
        delivery.reading = Reading::Withheld(EventStatus::Duplicate, Ok(parsed));
    }
    Ok(Cow::Owned(delivery))
}
