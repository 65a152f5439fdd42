//! An event of the other algohook, and the delivery that it is here.

use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::domain::delivery::DeliveryId;
use crate::domain::event::{EventId, EventSource, EventStatus};
use crate::domain::format::{Format, ReadingRules, SellWhileFlat};
use crate::domain::money::Quantity;
use crate::domain::webhook::WebhookId;
use crate::journal::deliveries::{Delivery, Reading};
use crate::payload::{self, PayloadError};

/// An event as the stream has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpstreamEvent {
    id: String,
    delivery: Option<String>,
    webhook: String,
    received_at: Timestamp,
    source: EventSource,
    status: EventStatus,
    source_address: Option<String>,
    /// The rules that it was read by there, which an older algohook does not say.
    #[serde(default = "auto")]
    format: Format,
    #[serde(default = "nothing")]
    sell_while_flat: SellWhileFlat,
    /// The quantity that a percentage came to there.
    #[serde(default)]
    sized: Option<String>,
    payload: Option<String>,
    error: Option<PayloadError>,
}

/// The format where nobody says it.
fn auto() -> Format {
    Format::Auto
}

/// The meaning of a sale where nobody says it.
fn nothing() -> SellWhileFlat {
    SellWhileFlat::Nothing
}

impl UpstreamEvent {
    /// The webhook that it came to.
    pub fn webhook(&self) -> Result<WebhookId, String> {
        self.webhook
            .parse()
            .map_err(|_| "a webhook's id is not valid".to_owned())
    }

    /// Its number, and the delivery that it is here; `None` of a test, and of an event whose
    /// message is not kept any longer.
    pub fn into_delivery(self, url: &str) -> Result<(i64, Option<Delivery>), String> {
        let webhook = self.webhook()?;
        let number = self
            .id
            .parse::<EventId>()
            .map_err(|error| error.to_string())?
            .0;
        let Some(payload) = self.payload.filter(|_| self.source != EventSource::Test) else {
            return Ok((number, None));
        };
        let id = match &self.delivery {
            Some(id) => id
                .parse()
                .map_err(|_| "a delivery's id is not valid".to_owned())?,
            None => id_of(url, &self.id),
        };
        let payload = payload.into_bytes();
        let sized = self.sized.map(|sized| sized.parse::<Quantity>());
        let sized = sized.transpose().map_err(|error| error.to_string())?;
        let rules = ReadingRules {
            format: self.format,
            sell_while_flat: self.sell_while_flat,
        };
        let read = payload::read(&payload, rules);
        let (parsed, rules) = (read.signal, rules.in_format(read.format));
        let reading = match (self.status, self.error, parsed) {
            (EventStatus::Failed, Some(error), _)
            | (EventStatus::Processed | EventStatus::Failed, _, Err(error)) => {
                Reading::Failed(error)
            }
            (EventStatus::Processed, _, Ok(parsed)) => Reading::Signal(parsed),
            (status, _, parsed) => Reading::Withheld(status, parsed),
        };
        // What is a resend was decided there.
        let read = (reading, rules);
        let delivery = Delivery {
            source_address: self.source_address.and_then(|address| address.parse().ok()),
            sized,
            ..Delivery::new(id, webhook, self.received_at, self.source, payload, read)
        };
        Ok((number, Some(delivery)))
    }
}

/// The identity of a delivery that has none, as those of older versions.
fn id_of(url: &str, event: &str) -> DeliveryId {
    let digest = Sha256::digest(format!("{url} {event}").as_bytes());
    let mut bytes = [0; DeliveryId::LENGTH];
    bytes.copy_from_slice(&digest[..DeliveryId::LENGTH]);
    DeliveryId::from_bytes(bytes)
}

/// The same delivery to a webhook that is paused here.
pub fn withheld(delivery: &Delivery) -> Delivery {
    let mut delivery = delivery.clone();
    if let Reading::Signal(parsed) = delivery.reading {
        delivery.reading = Reading::Withheld(EventStatus::Ignored, Ok(parsed));
    }
    delivery
}
