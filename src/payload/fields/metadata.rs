//! The parts of `metadata` that algohook understands.

use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::Offset;
use jiff::{Timestamp, ZonedDateTime};

use serde_json::value::RawValue;

use super::names::{self, Standing, TIMESTAMP};
use super::sorted_fields::{blank, shortened};
use super::{Object, PayloadError, hints, inner_fields, likeness, string};
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
            Err(error) if stated.standing == Standing::Ours => {
                fields.notes.unreadable("invalid_metadata", &error);
                continue;
            }
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
        states_time: timestamp.is_some() || states_time(fields),
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

/// True if a message states a time, wherever it stands and whether or not it can be read: its
/// bytes are then those of one alert. A time that is the same in every alert, such as a
/// placeholder that was not replaced, does not count.
fn states_time(fields: &Object<'_, '_>) -> bool {
    let is_moment = |name: &str, value: &RawValue, is_metadata: bool| {
        let text = string(value);
        let text = text.as_deref().unwrap_or(value.get());
        let is_known = is_metadata && names::TIMES.iter().any(|time| names::is_name(name, time));
        let is_time = likeness::is_time(name) || names::ALERT.near(name) == Some(TIMESTAMP);
        is_known && likeness::is_time_of_day(text) || is_time && likeness::is_moment(text)
    };
    let mut stated = fields.given.all(TIMESTAMP);
    let metadata = fields.given.all("metadata");
    let metadata = metadata.map(|stated| (stated.name, stated.value, true));
    let unread = fields.given.unread();
    let mut others = unread
        .map(|(name, value)| (name, value, false))
        .chain(metadata);
    stated.any(|stated| likeness::is_time_of_day(&stated.said_text()))
        || others.any(|(name, value, is_metadata)| {
            let mut inside = |place: &inner_fields::InnerField<'_>| {
                is_moment(place.name, place.value, is_metadata).then_some(())
            };
            is_moment(name, value, false) || inner_fields::find(name, value, &mut inside).is_some()
        })
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

/// A time in a form that means one moment: ISO 8601 (UTC unless it says otherwise), RFC 2822,
/// day.month.year, or Unix time in seconds to nanoseconds.
#[must_use]
pub fn timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    if let Some(time) = unix(text) {
        return Some(time);
    }
    if text.contains('[') {
        // The zone decides; without knowing it, the time is not known either.
        return text
            .parse::<ZonedDateTime>()
            .ok()
            .map(|time| time.timestamp());
    }
    if let Ok(time) = rfc2822::DateTimeParser::new().parse_timestamp(text) {
        return Some(time);
    }
    let (text, offset) = split_offset(text);
    let local = text.parse::<DateTime>().ok().or_else(|| numeric(text))?;
    offset?.to_timestamp(local).ok()
}

/// A time without the offset or the `UTC` behind a space at its end, and that offset; none
/// where it cannot be read.
fn split_offset(text: &str) -> (&str, Option<Offset>) {
    let Some((before, zone)) = text.rsplit_once(' ') else {
        return (text, Some(Offset::UTC));
    };
    let has_sign = zone.starts_with(['+', '-']);
    match zone.to_ascii_uppercase().as_str() {
        "UTC" | "GMT" | "Z" => (before, Some(Offset::UTC)),
        _ if has_sign => (before, offset(zone)),
        _ => (text, Some(Offset::UTC)),
    }
}

/// `+0100` or `+01:00`.
fn offset(text: &str) -> Option<Offset> {
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    let seconds = (number / 100 * 60 + number % 100) * 60;
    let sign = if text.starts_with('-') { -1 } else { 1 };
    Offset::from_seconds(sign * seconds).ok()
}

/// `29.11.2026 07:40:00` and `2026/11/29 07:40`. With slashes, day and month cannot be told
/// apart where the year is last.
fn numeric(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once([' ', 'T'])?;
    let parts = |separator| -> Vec<&str> { date.split(separator).collect() };
    let (year, month, day) = match (parts('.').as_slice(), parts('/').as_slice()) {
        ([day, month, year], _) if year.len() == 4 => (*year, *month, *day),
        (_, [year, month, day]) if year.len() == 4 => (*year, *month, *day),
        _ => return None,
    };
    let time = match time.len() {
        5 => format!("{time}:00"),
        _ => time.to_owned(),
    };
    format!("{year}-{month:0>2}-{day:0>2}T{time}").parse().ok()
}

/// Unix time: seconds from 1973 to 5138, beyond that milli-, micro- and nanoseconds.
fn unix(text: &str) -> Option<Timestamp> {
    let number = Decimal::from_str_exact(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()?;
    let digits = number.trunc().normalize().to_string();
    let milliseconds = match digits.len() {
        _ if number.is_sign_negative() => None,
        9..=11 => number.checked_mul(Decimal::ONE_THOUSAND),
        12..=14 => Some(number),
        15..=17 => number.checked_div(Decimal::ONE_THOUSAND),
        18..=20 => number.checked_div(Decimal::from(1_000_000)),
        _ => None,
    }?;
    let milliseconds: i64 = milliseconds.round().try_into().ok()?;
    Timestamp::from_millisecond(milliseconds).ok()
}
