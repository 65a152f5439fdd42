//! Explains a message without recording anything.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::event::{Warning, text_enum};
use crate::domain::format::{Format, ReadingRules};
use crate::domain::signal::{Direction, OrderType, Signal};
use crate::domain::webhook::AuthKey;
use crate::ingest::{Presented, Verdict};
use crate::journal::sizing;
use crate::payload::{self, FieldOrigin, PayloadError, PresentedKey};
use crate::store::webhooks::StoredWebhook;
use crate::store::{self, Connection};
use crate::templates::{self, Example};

/// The key in the place of a webhook's where none is named.
const NO_KEY: &str = "";

text_enum! {
    /// The key of a message, as the webhook would find it.
    KeyFound, "key" {
        /// It is the webhook's.
        Right = "right",
        /// It is another one.
        Wrong = "wrong",
        /// There is none where the webhook looks for one.
        Missing = "missing",
    }
}

/// A message, and the order that it would make.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The format that it is read in.
    pub format: Format,
    /// The key that it shows; null where no webhook was named.
    pub key: Option<KeyFound>,
    /// The order that it would make.
    pub order: Option<ExplainedOrder>,
    /// Source of each field; of a message that makes no order, as far as it was read.
    pub fields: Vec<FieldOrigin>,
    /// Reason that it would make no order.
    pub error: Option<PayloadError>,
    /// Warnings, although it would be accepted.
    pub warnings: Vec<Warning>,
    /// True if TradingView's placeholders were filled in with example values.
    pub is_filled: bool,
    /// These placeholders: what TradingView puts there is not known before an alert fires.
    pub placeholders: Vec<Example>,
}

/// The order that a message would make.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedOrder {
    /// The instrument.
    pub ticker: String,
    /// `entryLong`, `exitLong`, `entryShort`, `exitShort` or `exit`, where the message says it.
    pub position_direction: Option<&'static str>,
    /// Side: it buys (`long`) or sells (`short`); null of an exit of whichever side there is.
    pub direction: Option<Direction>,
    /// Its order type.
    pub order_type: OrderType,
    /// The quantity; null is the whole position, or a percentage while no webhook is named.
    pub qty: Option<String>,
    /// The price the trader wants.
    pub intended_price: String,
    /// True if it closes all of an opposite position and then opens its full quantity.
    pub closes_opposite: bool,
}

/// Explains a message: as a webhook would read it, where one is named.
///
/// # Errors
///
/// [`store::StoreError`] where the database cannot be read.
pub fn explain(
    webhook: Option<(&Connection, &StoredWebhook)>,
    message: &[u8],
    now: Timestamp,
) -> store::Result<Explanation> {
    let none = AuthKey::from_stored(NO_KEY.to_owned());
    let key = webhook.map_or(&none, |(_, webhook)| &webhook.auth_key);
    // What is no text is explained as it is: the server refuses it, too.
    let text = std::str::from_utf8(message).ok();
    let filled = text.map(|text| templates::filled(text, key, now));
    let body = match &filled {
        Some(filled) => filled.message.as_bytes(),
        None => message,
    };
    let rules = webhook.map_or(ReadingRules::AUTO, |(_, webhook)| {
        webhook.settings.reading_rules()
    });
    let mut kept = payload::hide_keys(body);
    if webhook.is_some() {
        kept = payload::redact(kept, key.reveal());
    }
    let (read, fields) = payload::read_with_origins(&kept, rules);
    let mut explanation = Explanation {
        format: read.format,
        key: webhook.map(|(_, webhook)| key_of(webhook, body)),
        order: None,
        fields,
        error: None,
        warnings: Vec::new(),
        is_filled: body != message,
        placeholders: Vec::new(),
    };
    explanation.placeholders = filled.map_or_else(Vec::new, |filled| filled.examples);
    let parsed = match read.signal {
        Ok(parsed) => parsed,
        Err(error) => {
            explanation.error = Some(error);
            explanation.name_examples(text);
            return Ok(explanation);
        }
    };
    let sized = match webhook {
        Some((connection, webhook)) => {
            sizing::quantity(connection, webhook.row, &parsed.signal, now)?
        }
        None => Ok(sizing::fixed(&parsed.signal)),
    };
    match sized {
        Ok(quantity) => {
            let quantity = quantity.map(|quantity| quantity.to_string());
            explanation.order = Some(ExplainedOrder::of(&parsed.signal, quantity));
        }
        Err(error) => explanation.error = Some(error),
    }
    explanation.warnings = parsed.warnings;
    if let Some((connection, webhook)) = webhook {
        let warning = sizing::money_warning(connection, webhook.row, &parsed.signal)?;
        explanation.warnings.extend(warning);
    }
    explanation.name_examples(text);
    Ok(explanation)
}

impl Explanation {
    /// Says of each field that is from a placeholder that its value is an example.
    fn name_examples(&mut self, message: Option<&str>) {
        let in_fields = message.map(templates::placeholders).unwrap_or_default();
        for field in &mut self.fields {
            let Some(from) = &field.from else { continue };
            let is_from = |name: &str| from.split(", ").any(|from| from.eq_ignore_ascii_case(name));
            let of = in_fields.iter().filter(|(name, _)| is_from(name));
            let names: Vec<&str> = of
                .flat_map(|(_, names)| names)
                .map(String::as_str)
                .collect();
            if names.is_empty() {
                continue;
            }
            let example = format!("an example, in the place of {}", names.join(" and "));
            field.note = Some(match field.note.take() {
                Some(note) => format!("{note}; {example}"),
                None => example,
            });
        }
    }
}

/// The key of a message, where the webhook's URL is as its page shows it.
fn key_of(webhook: &StoredWebhook, body: &[u8]) -> KeyFound {
    let settings = &webhook.settings;
    let in_url = PresentedKey::new(webhook.auth_key.reveal().to_owned());
    let presented = Presented::to_stored(webhook, settings.key_in_path.then_some(&in_url));
    let verdict = match payload::parse(body, settings.reading_rules()) {
        Ok(alert) => presented.verdict(&alert),
        Err(malformed) => presented.verdict_of_broken(&malformed.keys),
    };
    match verdict {
        Verdict::Right => KeyFound::Right,
        Verdict::Wrong => KeyFound::Wrong,
        Verdict::Missing(_) => KeyFound::Missing,
    }
}

impl ExplainedOrder {
    fn of(signal: &Signal, qty: Option<String>) -> Self {
        Self {
            ticker: signal.ticker.as_str().to_owned(),
            position_direction: signal.intent.position_direction(),
            direction: signal.intent.direction(),
            order_type: signal.order_type,
            qty,
            intended_price: signal.intended_price.to_string(),
            closes_opposite: signal.closes_opposite,
        }
    }
}
