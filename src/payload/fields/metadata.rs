//! The parts of `metadata` that algohook understands.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use serde_json::value::RawValue;

use super::given::{blank, shortened};
use super::names::{self, Standing, TIMESTAMP};
use super::{Object, PayloadError, hints, string};
use crate::domain::money::Decimal;
use crate::domain::signal::Metadata;
use crate::payload::syntax::Fields;

/// Reads the metadata, and the time where it stands at the top; what cannot be understood
/// in it is only warned of.
pub fn read(fields: &Object<'_, '_>) -> Result<Metadata, PayloadError> {
    let mut given = Fields(Vec::new());
    for stated in fields.given.all("metadata") {
        if let Some(blank) = stated.blank() {
            fields.notes.blank(stated.name, blank);
            continue;
        }
        match fields.object(stated) {
            Ok(object) => given.0.extend(object.0),
            Err(error) if stated.standing == Standing::Ours => return Err(error),
            Err(_) => {
                fields.notes.unused(stated.name);
                continue;
            }
        }
        if stated.standing != Standing::Ours {
            fields.notes.renamed(stated.name, "metadata");
        }
    }
    let timestamp = signal_time(fields, &given)?;
    let text = |name: &str| {
        let value = given.get(name)?;
        let text = match value.get().as_bytes() {
            [b'-' | b'0'..=b'9', ..] => Some(value.get().to_owned()),
            _ => string(value).map(std::borrow::Cow::into_owned),
        };
        match &text {
            None => fields.notes.warn(
                "invalid_metadata",
                format!("metadata.{name} is not a text and was not used"),
            ),
            Some(text) => {
                warn_of_placeholder(fields, name, text);
                let path = format!("metadata.{name}");
                fields.notes.read_text(&path, &path, text);
            }
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
            warn_of_placeholder(fields, name, &text);
        }
    }
    Ok(metadata)
}

fn warn_of_placeholder(fields: &Object<'_, '_>, name: &str, text: &str) {
    if let Some(at) = text.find("{{") {
        let (what, hint) = (
            hints::unreplaced(&text[at..]),
            hints::placeholder(&text[at..], "a text"),
        );
        let message = format!("metadata.{name}: {what}. {hint}");
        fields.notes.warn("placeholder", message);
    }
}

/// A time as the message has it.
struct Time<'v> {
    /// Its place among [`names::TIMES`].
    place: usize,
    /// Its name with its parents.
    path: String,
    value: &'v RawValue,
}

impl Time<'_> {
    /// True if it has the name that is the signal's time and nothing else.
    fn is_sure(&self) -> bool {
        self.place == 0
    }
}

/// The time of the signal, inside `metadata` or at the top of the message.
fn signal_time(
    fields: &Object<'_, '_>,
    metadata: &Fields<'_>,
) -> Result<Option<Timestamp>, PayloadError> {
    let time = |name: &str, path: String, value| {
        let mut times = names::TIMES.iter();
        let place = times.position(|time| names::is_name(name, time))?;
        Some(Time { place, path, value })
    };
    let inside = metadata.0.iter();
    let inside = inside.filter_map(|(name, value)| time(name, format!("metadata.{name}"), *value));
    let at_top = fields.given.all(TIMESTAMP);
    let at_top = at_top.filter_map(|top| match top.standing {
        // Another service's field for it.
        Standing::Ours => Some(Time {
            place: 0,
            path: top.name.to_owned(),
            value: top.value,
        }),
        _ => time(top.name, top.name.to_owned(), top.value),
    });
    let mut times: Vec<Time<'_>> = inside.chain(at_top).collect();
    times.sort_by_key(|time| time.place);

    let mut found: Option<(&Time<'_>, Timestamp)> = None;
    for time in &times {
        if found.is_some() && !time.is_sure() {
            // What else is in the metadata is its sender's own affair.
            if !time.path.starts_with("metadata.") {
                fields.notes.unused(&time.path);
            }
            continue;
        }
        if let Some(blank) = blank(time.value) {
            fields.notes.blank(&time.path, blank);
            continue;
        }
        let Some(read) = timestamp_or_warning(fields, time) else {
            continue;
        };
        match found {
            None => found = Some((time, read)),
            Some((first, used)) if used == read => fields.notes.repeated(&first.path, &time.path),
            Some((first, used)) => {
                let what = format!("{} {used} and {} {read}", first.path, time.path);
                let hint = "Keep the time of the alert, \"{{timenow}}\", as metadata.timestamp, and delete the other.";
                return Err(PayloadError::contradiction(&time.path, what, hint));
            }
        }
    }
    Ok(found.map(|(time, read)| {
        if time.path != TIMESTAMP && !fields.notes.is_translated() {
            fields.notes.renamed(&time.path, TIMESTAMP);
        }
        let said = string(time.value);
        let said = said.as_deref().unwrap_or(time.value.get());
        fields.notes.read_text(TIMESTAMP, &time.path, said);
        read
    }))
}

fn timestamp_or_warning(fields: &Object<'_, '_>, time: &Time<'_>) -> Option<Timestamp> {
    let text = string(time.value);
    let text = text.as_deref().unwrap_or(time.value.get());
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
            "{} is no time that can be read, so the time of arrival counts. {hint}",
            shortened(&time.path)
        );
        fields.notes.warn("unreadable_timestamp", message);
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
