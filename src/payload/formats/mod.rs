//! Messages of other services, unchanged: one file each, pure.
//!
//! The content of a message shows the service that it was written for. A name that only one
//! service has decides; else a message that has our key, or a name that only we have, is ours.
//! So no message that was read as ours before there were others is read otherwise now.

mod alertatron;
mod pickmytrade;
mod side;
mod signalstack;
#[cfg(test)]
mod tests;
mod text;
mod three_commas;
mod traderspost;
mod translation;
mod wundertrading;

use serde_json::value::RawValue;

use super::error::PayloadError;
use super::fields::{is_name, side_word};
use super::syntax::{Document, Fields, string};
use super::translation::Translation;
use crate::domain::format::{Format, ReadingRules};
use translation::Untaken;

/// Names that only our own messages have, in letters.
const OURS: [&str; 13] = [
    "authkey",
    "positiondirection",
    "direction",
    "qty",
    "notional",
    "marketprice",
    "profittarget",
    "stoplosstarget",
    "marketposition",
    "prevmarketposition",
    "positionsize",
    "metadata",
    "side",
];

/// Names by which a message is that of a service, whatever else it has.
const DECISIVE: [(Format, &[&str]); 2] = [
    (Format::ThreeCommas, &["botuuid"]),
    (
        Format::PickMyTrade,
        &[
            "multipleaccounts",
            "reverseorderclose",
            "duplicatepositionallow",
        ],
    ),
];

/// A message as far as its format is known.
pub enum Message<'a> {
    /// A JSON object.
    Json(Document<'a>, Format),
    /// A text of another kind.
    Text(&'a str, Format),
}

impl Message<'_> {
    /// The format that it is read in.
    pub fn format(&self) -> Format {
        match self {
            Self::Json(_, format) | Self::Text(_, format) => *format,
        }
    }
}

/// Finds the format of a body, and reads it as far as that needs.
///
/// # Errors
///
/// A malformed [`PayloadError`] where the body is neither JSON nor a text of a known format.
pub fn open(body: &[u8], format: Format) -> Result<Message<'_>, (PayloadError, Format)> {
    let text = std::str::from_utf8(body).ok();
    if let (Format::Text | Format::Alertatron, Some(text)) = (format, text) {
        return Ok(Message::Text(text, format));
    }
    let is_open = matches!(format, Format::Auto | Format::WunderTrading);
    match Document::read(body) {
        Ok(document) => {
            let found = match format {
                Format::Auto => of_fields(&document.fields),
                format => format,
            };
            Ok(Message::Json(document, found))
        }
        Err(error) => {
            let found = text.filter(|_| is_open).and_then(of_text);
            match (found, text) {
                (Some(found), Some(text)) if matches!(format, Format::Auto) || found == format => {
                    Ok(Message::Text(text, found))
                }
                (_, _) if format == Format::Auto => Err((error, Format::Algohook)),
                (_, _) => Err((error, format)),
            }
        }
    }
}

/// The format of a text that is no JSON.
fn of_text(text: &str) -> Option<Format> {
    let text = text.trim();
    if text.starts_with(['{', '[', '"']) {
        return None;
    }
    if wundertrading::is_code(text) {
        return Some(Format::WunderTrading);
    }
    if alertatron::has_block(text) {
        return Some(Format::Alertatron);
    }
    text::begins_with_side(text).then_some(Format::Text)
}

/// The format of the fields of a JSON object.
fn of_fields(fields: &Fields<'_>) -> Format {
    let value = |known: &str| -> Option<&RawValue> {
        let mut all = fields.0.iter();
        all.find(|(name, _)| is_name(name, known))
            .map(|(_, value)| *value)
    };
    let has = |known: &str| value(known).is_some();
    for (format, names) in DECISIVE {
        if names.iter().any(|name| has(name)) {
            return format;
        }
    }
    let code = value("code").and_then(string);
    if code.is_some_and(|code| wundertrading::is_code(&code)) {
        return Format::WunderTrading;
    }
    if OURS.iter().any(|name| has(name)) {
        return Format::Algohook;
    }
    let is_side = |text: &str| side_word(text).is_some() || text.contains("{{");
    let data = value("data").and_then(string);
    if has("symbol") && has("quantity") && data.is_some_and(|data| is_side(&data)) {
        return Format::PickMyTrade;
    }
    match (has("ticker"), has("symbol"), has("action")) {
        (true, false, true) => Format::TradersPost,
        (false, true, true) => Format::SignalStack,
        _ => Format::Algohook,
    }
}

/// Says the fields of another service's message in ours; `None` of a message of ours.
pub fn translate<'a>(
    document: &Document<'a>,
    format: Format,
    rules: ReadingRules,
) -> Option<Result<Translation<'a>, PayloadError>> {
    let fields = Untaken::of(&document.fields);
    let translated = match format {
        Format::TradersPost => traderspost::translate(fields),
        Format::ThreeCommas => three_commas::translate(fields, rules),
        Format::SignalStack => signalstack::translate(fields, rules),
        Format::PickMyTrade => pickmytrade::translate(fields),
        Format::WunderTrading => wundertrading::translate(fields),
        Format::Auto | Format::Algohook | Format::Alertatron | Format::Text => return None,
    };
    Some(translated.map(|translation| translation.of(format)))
}

/// Says a text in our fields.
///
/// # Errors
///
/// Where it asks for something that is no order of ours.
pub fn translate_text(
    text: &str,
    format: Format,
    rules: ReadingRules,
) -> Result<Translation<'static>, PayloadError> {
    let (translated, format) = match format {
        // A bare code has no fields: its hints speak of a text.
        Format::WunderTrading => (wundertrading::translate_code(text), Format::Alertatron),
        Format::Alertatron => (alertatron::translate(text, rules), Format::Alertatron),
        _ => (text::translate(text, rules), Format::Text),
    };
    translated.map(|translation| translation.of(format))
}
