//! A text of the owner's with `{{fields}}` of the alert in it.
//!
//! Where the text is JSON, a field inside a string is escaped for that, and one outside becomes a
//! value: a comment full of quotes stays a comment. It is checked when it is saved, by filling in
//! a sample whose texts have everything in them that could break out.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::Timestamp;

use super::json::{inside_string, text};
use super::{Outgoing, OutgoingOrder, exchange, symbol};
use crate::domain::delivery::DeliveryId;
use crate::domain::event::EventId;
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::setting::Settings;

/// Letters of a template at most.
const LONGEST: usize = 20_000;

/// The fields that a template can name, but for its secrets.
const FIELDS: [&str; 26] = [
    "action",
    "comment",
    "direction",
    "event",
    "exchange",
    "extendedHours",
    "id",
    "intent",
    "limitPrice",
    "marketPrice",
    "orderType",
    "payload",
    "position",
    "price",
    "profitTarget",
    "qty",
    "receivedAt",
    "signal",
    "stopLoss",
    "stopPrice",
    "strategy",
    "symbol",
    "ticker",
    "time",
    "timeInForce",
    "webhook",
];

/// Stands around the place of a secret. It is in no JSON and in no template, and is taken out
/// of texts, so that no text of an alert is taken for such a place.
const PLACE: char = '\u{1}';

/// Prefix of a secret's name.
const SECRET: &str = "secret.";

/// A template that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// There is nothing in it.
    #[error(
        "the template is empty; write the message with fields such as {{{{ticker}}}} and {{{{qty}}}}"
    )]
    Empty,
    /// It is too long.
    #[error("the template has more than {LONGEST} characters")]
    TooLong,
    /// It has letters that do not show.
    #[error("the template has control characters; write it as plain text")]
    Control,
    /// A field is not closed.
    #[error("the template has {{{{ without }}}}: {0}")]
    Open(String),
    /// There is no such field.
    #[error("the template names {{{{{name}}}}}, which is no field; there are {known}")]
    Unknown {
        /// The name.
        name: String,
        /// All that there are.
        known: String,
    },
    /// The result would be no JSON.
    #[error("the template is no JSON once it is filled in: {0}")]
    NotJson(String),
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// As it stands.
    Text(String),
    /// A field, and whether it stands inside a string of JSON.
    Field { name: String, in_string: bool },
}

/// A template that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Segment>,
    is_json: bool,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] with the place or the name.
    pub fn read(template: &str) -> Result<Self, TemplateError> {
        if template.trim().is_empty() {
            return Err(TemplateError::Empty);
        }
        if template.chars().count() > LONGEST {
            return Err(TemplateError::TooLong);
        }
        let is_control = |letter: char| letter.is_control() && !letter.is_ascii_whitespace();
        if template.contains(is_control) {
            return Err(TemplateError::Control);
        }
        let is_json = template.trim_start().starts_with(['{', '['])
            && !template.trim_start().starts_with("{{");
        let (mut parts, mut rest, mut in_string) = (Vec::new(), template, false);
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after
                .split_once("}}")
                .ok_or_else(|| TemplateError::Open(after.chars().take(40).collect()))?;
            in_string = is_json && is_in_string(before, in_string);
            parts.push(Segment::Text(before.to_owned()));
            let name = name.trim().to_owned();
            if !FIELDS.contains(&&*name) && !is_secret(&name) {
                return Err(TemplateError::Unknown {
                    name: name.chars().take(40).collect(),
                    known: format!("{} and secret.NAME", FIELDS.join(", ")),
                });
            }
            parts.push(Segment::Field { name, in_string });
            rest = after;
        }
        parts.push(Segment::Text(rest.to_owned()));
        Ok(Self { parts, is_json })
    }

    /// Reads a template and fills in a sample.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] where it cannot be used.
    pub fn checked(template: &str) -> Result<Self, TemplateError> {
        let read = Self::read(template)?;
        let sample = FIELDS.iter().map(|name| {
            let value = match *name {
                "qty" | "price" | "marketPrice" | "limitPrice" | "stopPrice" | "position"
                | "profitTarget" | "stopLoss" => Value::Number("1.5".to_owned()),
                "payload" => Value::Raw("{}".to_owned()),
                _ => Value::Text("a \"b\"\\\n{}".to_owned()),
            };
            (*name, value)
        });
        let filled = read.filled(&sample.collect());
        read.check(&with_secrets_of(&filled, |_| Some("secret".to_owned())))?;
        Ok(read)
    }

    /// The names of the secrets that it has.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Segment::Field { name, .. } if is_secret(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// True if it has a field that says which side an exit closes, or none that says buy or sell.
    #[must_use]
    pub fn tells_side_closed(&self) -> bool {
        self.has(&["intent", "payload"]) || !self.has(&["action", "direction"])
    }

    /// True if it has any of these fields.
    #[must_use]
    pub fn has(&self, wanted: &[&str]) -> bool {
        self.parts.iter().any(|part| match part {
            Segment::Field { name, .. } => wanted.contains(&name.as_str()),
            Segment::Text(_) => false,
        })
    }

    /// The message of an alert. Secrets are still to be put in.
    ///
    /// # Errors
    ///
    /// [`TemplateError::NotJson`] where it should be JSON and is not.
    pub fn fill(&self, alert: &Outgoing<'_>) -> Result<String, TemplateError> {
        let filled = self.filled(&values(alert));
        self.check(&with_secrets_of(&filled, |_| Some(String::new())))?;
        Ok(filled)
    }

    fn check(&self, filled: &str) -> Result<(), TemplateError> {
        if !self.is_json {
            return Ok(());
        }
        let read = serde_json::from_str::<serde::de::IgnoredAny>(filled);
        read.map(drop)
            .map_err(|error| TemplateError::NotJson(error.to_string()))
    }

    fn filled(&self, values: &BTreeMap<&str, Value>) -> String {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Segment::Text(text) => filled += text,
                Segment::Field { name, in_string } if is_secret(name) => {
                    let kind = match (self.is_json, in_string) {
                        (true, false) => "json",
                        (true, true) => "string",
                        (false, _) => "text",
                    };
                    let _ = write!(filled, "{PLACE}{kind}:{name}{PLACE}");
                }
                Segment::Field { name, in_string } => {
                    let value = values.get(name.as_str()).unwrap_or(&Value::Missing);
                    let value = match (self.is_json, in_string) {
                        (true, true) => inside_string(value.as_text()),
                        (true, false) => value.as_json(),
                        (false, _) => value
                            .as_text()
                            .replace(|letter: char| letter.is_control(), " "),
                    };
                    filled += &value;
                }
            }
        }
        filled
    }
}

/// A field's value.
enum Value {
    Text(String),
    Number(String),
    /// JSON as it is.
    Raw(String),
    Missing,
}

impl Value {
    fn as_text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Raw(text) => text,
            Self::Missing => "",
        }
    }

    fn as_json(&self) -> String {
        match self {
            Self::Text(value) => text(value),
            Self::Number(value) | Self::Raw(value) => value.clone(),
            Self::Missing => "null".to_owned(),
        }
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.strip_prefix(SECRET);
    name.is_some_and(|name| {
        !name.is_empty()
            && name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    })
}

/// True if the end of a piece of JSON is inside a string.
fn is_in_string(piece: &str, began_in_string: bool) -> bool {
    let (mut in_string, mut is_escaped) = (began_in_string, false);
    for letter in piece.chars() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if in_string => is_escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
    }
    in_string
}

/// The message with its secrets.
pub(super) fn with_secrets(message: Vec<u8>, secrets: &Settings) -> Vec<u8> {
    let Ok(message) = String::from_utf8(message) else {
        return Vec::new();
    };
    with_secrets_of(&message, |name| secrets.get(name).cloned()).into_bytes()
}

fn with_secrets_of(message: &str, secret: impl Fn(&str) -> Option<String>) -> String {
    let (mut filled, mut rest) = (String::new(), message);
    while let Some((before, after)) = rest.split_once(PLACE) {
        let Some((place, after)) = after.split_once(PLACE) else {
            break;
        };
        filled += before;
        let (kind, name) = place.split_once(':').unwrap_or(("text", place));
        let value = secret(name).unwrap_or_default();
        filled += &match kind {
            "json" => text(&value),
            "string" => inside_string(&value),
            _ => value,
        };
        rest = after;
    }
    filled + rest
}

fn values(alert: &Outgoing<'_>) -> BTreeMap<&'static str, Value> {
    let time = |at: Timestamp| Value::Text(at.to_string());
    let payload = super::as_received::message(alert.payload);
    let payload = String::from_utf8_lossy(&payload).into_owned();
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&payload).is_ok();
    let mut values = BTreeMap::from(
        [
            ("id", DeliveryId::to_string(&alert.delivery)),
            ("event", EventId::to_string(&alert.event)),
            ("webhook", alert.webhook.to_owned()),
        ]
        .map(|(name, value)| (name, Value::Text(value))),
    );
    values.insert("receivedAt", time(alert.received_at));
    values.insert("time", time(alert.received_at));
    values.insert(
        "payload",
        if is_json {
            Value::Raw(payload)
        } else {
            Value::Text(payload)
        },
    );
    if let Some(order) = &alert.order {
        values.extend(values_of(order, alert.received_at));
    }
    values
}

fn values_of(order: &OutgoingOrder<'_>, received_at: Timestamp) -> Vec<(&'static str, Value)> {
    let text = |value: &str| Value::Text(value.to_owned());
    let number = |value: Option<Decimal>| {
        value.map_or(Value::Missing, |value| {
            Value::Number(value.normalize().to_string())
        })
    };
    let time = |at: Timestamp| Value::Text(at.to_string());
    let signal = order.signal;
    let maybe = |value: &Option<String>| value.as_deref().map_or(Value::Missing, text);
    let price = |price: Option<Price>| number(price.map(Price::get));
    let ticker = signal.ticker.as_str();
    vec![
        ("ticker", text(ticker)),
        ("symbol", text(symbol(ticker))),
        ("exchange", exchange(ticker).map_or(Value::Missing, text)),
        ("action", text(order.side())),
        ("direction", text(order.direction().as_str())),
        ("intent", text(signal.intent.as_str())),
        ("orderType", text(signal.order_type.as_str())),
        ("qty", number(order.stated_or_closed().map(Quantity::get))),
        ("price", price(Some(signal.intended_price))),
        ("marketPrice", price(signal.market_price)),
        ("limitPrice", price(signal.limit_price)),
        ("stopPrice", price(signal.stop_price)),
        ("profitTarget", price(signal.profit_target)),
        (
            "stopLoss",
            price(signal.stop_loss.map(|stop| stop.stop_price)),
        ),
        ("position", number(order.position)),
        (
            "time",
            time(signal.metadata.timestamp.unwrap_or(received_at)),
        ),
        (
            "timeInForce",
            signal
                .time_in_force
                .map_or(Value::Missing, |time| text(time.as_str())),
        ),
        (
            "extendedHours",
            signal
                .extended_hours
                .map_or(Value::Missing, |is| Value::Raw(is.to_string())),
        ),
        ("strategy", maybe(&signal.metadata.strategy)),
        ("signal", maybe(&signal.metadata.signal)),
        ("comment", maybe(&signal.metadata.comment)),
    ]
}
