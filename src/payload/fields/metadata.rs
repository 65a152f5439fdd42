//! The parts of `metadata` that algohook understands.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde_json::value::RawValue;

use crate::domain::event::Warning;
use crate::domain::money::Decimal;
use crate::domain::signal::Metadata;

use super::{Object, PayloadError, hints, string};

/// Reads the metadata; what cannot be understood in it is only warned of.
pub fn read(
    fields: &Object<'_, '_>,
    warnings: &mut Vec<Warning>,
) -> Result<Metadata, PayloadError> {
    let Some(given) = fields.object("metadata")? else {
        return Ok(Metadata::default());
    };
    let timestamp = given
        .get("timestamp")
        .and_then(|value| timestamp_or_warning(value, warnings));
    let mut text = |name: &str| {
        let value = given.get(name)?;
        let text = match value.get().as_bytes() {
            [b'-' | b'0'..=b'9', ..] => Some(value.get().to_owned()),
            _ => string(value).map(std::borrow::Cow::into_owned),
        };
        match &text {
            None => warnings.push(Warning::new(
                "invalid_metadata",
                format!("metadata.{name} is not a text and was not used"),
            )),
            Some(text) => warn_of_placeholder(name, text, warnings),
        }
        text
    };
    let metadata = Metadata {
        timestamp,
        strategy: text("strategy"),
        signal: text("signal"),
        comment: text("comment"),
    };
    for name in ["interval", "signalPlatform", "brokerPlatform", "confidence"] {
        if let Some(text) = given.get(name).and_then(string) {
            warn_of_placeholder(name, &text, warnings);
        }
    }
    Ok(metadata)
}

fn warn_of_placeholder(name: &str, text: &str, warnings: &mut Vec<Warning>) {
    if let Some(at) = text.find("{{") {
        let (what, hint) = (
            hints::unreplaced(&text[at..]),
            hints::placeholder(&text[at..], "a text"),
        );
        let message = format!("metadata.{name}: {what}. {hint}");
        warnings.push(Warning::new("placeholder", message));
    }
}

fn timestamp_or_warning(value: &RawValue, warnings: &mut Vec<Warning>) -> Option<Timestamp> {
    let text = string(value);
    let text = text.as_deref().unwrap_or(value.get());
    let timestamp = timestamp(text.trim());
    if timestamp.is_none() {
        let hint = text.find("{{").map_or_else(
            || {
                "Use \"{{timenow}}\", another ISO 8601 time, or Unix seconds or milliseconds."
                    .to_owned()
            },
            |at| hints::placeholder(&text[at..], "a time"),
        );
        let message = format!(
            "metadata.timestamp is no time that can be read, so the time of arrival counts. {hint}"
        );
        warnings.push(Warning::new("unreadable_timestamp", message));
    }
    timestamp
}

/// ISO 8601, UTC unless it says otherwise, or Unix seconds or milliseconds.
#[must_use]
pub fn timestamp(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    unix(text).or_else(|| {
        let local: DateTime = text.parse().ok()?;
        Offset::UTC.to_timestamp(local).ok()
    })
}

/// Unix time: seconds from 1973 to 5138, beyond that milliseconds.
fn unix(text: &str) -> Option<Timestamp> {
    let number = Decimal::from_str_exact(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()?;
    let digits = number.trunc().normalize().to_string();
    let milliseconds = match digits.len() {
        _ if number.is_sign_negative() => None,
        9..=11 => number.checked_mul(Decimal::ONE_THOUSAND),
        12..=14 => Some(number),
        _ => None,
    }?;
    let milliseconds: i64 = milliseconds.round().try_into().ok()?;
    Timestamp::from_millisecond(milliseconds).ok()
}
