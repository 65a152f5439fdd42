//! The alert parser: from the bytes of a delivery to a [`Signal`], or to an
//! error that names the real cause.
//!
//! - `formats` knows the messages of other services by their content, and says them in our
//!   fields
//! - `syntax` proves that a body is a JSON object and splits it into fields
//! - `fields` makes the [`Signal`] of them: it knows each field under every name that people
//!   use for it, and refuses a message that contradicts itself
//! - `hints` says what most likely went wrong in a broken message
//! - `fingerprint` is what two copies of one message have in common
//! - `key` finds the auth key in broken text and hides it in what is kept
//!
//! No number passes through binary floating point: every value is read from its
//! own text. Whatever is accepted here as JSON, `serde_json` accepts too.

mod error;
mod fields;
mod fingerprint;
mod formats;
mod hints;
mod key;
mod presented_key;
#[cfg(test)]
mod statements;
mod syntax;
#[cfg(test)]
mod tests;
mod translation;
#[cfg(test)]
mod unknown_names;

use crate::domain::event::Warning;
use crate::domain::format::{Format, ReadingRules};
use crate::domain::signal::Signal;

pub use error::PayloadError;
pub use fields::{FieldOrigin, read_time};
pub use fingerprint::{Fingerprint, fingerprint};
pub use key::{hide_keys, redact};
pub use presented_key::PresentedKey;

use fields::Wanted;
use formats::Message;
use syntax::Document;

/// A message that can be read to its end; whether a key in it is right is for the caller to
/// find out.
#[derive(Debug)]
pub struct Alert {
    /// The key as the message states it, where it has an `auth_key`.
    pub auth_key: Option<PresentedKey>,
    /// Values of its other secret fields: `secret`, `token`, `password`.
    pub secrets: Vec<PresentedKey>,
    /// A field whose name is close to `auth_key`, where there is none.
    pub misspelt: Option<String>,
    /// The body with the value of `auth_key` replaced by `***`: what is kept.
    pub recorded: Vec<u8>,
    /// The format that it was read in.
    pub format: Format,
    /// The signal, or the reason why there is none.
    pub signal: Result<Box<Parsed>, PayloadError>,
}

/// A valid alert.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The signal of the alert.
    pub signal: Signal,
    /// Warnings for its owner, although it was accepted.
    pub warnings: Vec<Warning>,
    /// Another one, where its order adds to a position of the same side.
    pub if_adding: Option<Warning>,
    /// The name of a field that states a stop which the signal does not have: it could not be
    /// read, or has no meaning here.
    pub unused_stop: Option<String>,
}

/// A body that cannot be read to its end, or has two keys.
#[derive(Debug)]
pub struct Malformed {
    /// The fault, its place, and the remedy.
    pub error: PayloadError,
    /// The keys that the broken text shows: several where the name stands in other
    /// texts, too.
    pub keys: Vec<PresentedKey>,
    /// The body with the values of `auth_key` replaced by `***`: what is kept.
    pub recorded: Vec<u8>,
    /// The format that it was meant in, as far as that can be told.
    pub format: Format,
}

/// Result of reading a message without its key.
#[derive(Debug)]
pub struct Reading {
    /// The format that it was read in.
    pub format: Format,
    /// The signal, or the reason why there is none.
    pub signal: Result<Box<Parsed>, PayloadError>,
}

/// Reads the body of a delivery.
///
/// # Errors
///
/// [`Malformed`] where the body cannot be read, or states two keys. A body that can be read
/// and asks for no possible order is an [`Alert`] whose `signal` is the error.
pub fn parse(body: &[u8], rules: ReadingRules) -> Result<Alert, Box<Malformed>> {
    let message = formats::open(body, rules.format).map_err(|(error, format)| {
        let (keys, recorded) = key::find(body);
        malformed(error, keys, recorded, format)
    })?;
    let format = message.format();
    let (stated, secrets, misspelt, recorded) = match &message {
        Message::Json(document, _) => {
            let values: Vec<_> = document.fields.all("auth_key").collect();
            let keys = values.iter().filter_map(|value| syntax::string(value));
            let keys: Vec<_> = keys
                .map(|key| PresentedKey::new(key.into_owned()))
                .collect();
            let recorded = key::hide_values(body, &values);
            if values.len() > 1 && !keys.is_empty() {
                let error = PayloadError::duplicate("auth_key");
                return Err(malformed(error, keys, recorded, format));
            }
            let names = document.fields.0.iter().map(|(name, _)| name.as_ref());
            let misspelt = fields::near_auth_key(names).map(str::to_owned);
            (keys, key::secrets_of(document), misspelt, recorded)
        }
        Message::Text(..) => {
            let (keys, recorded) = key::find(body);
            (keys, Vec::new(), None, recorded)
        }
    };
    let mut signal = read_message(&message, rules, Wanted::Signal).parsed;
    for key in stated.iter().chain(&secrets) {
        match &mut signal {
            Ok(parsed) => {
                for warning in &mut parsed.warnings {
                    key.hide_in(&mut warning.message);
                }
            }
            Err(error) => error.hide(key),
        }
    }
    let mut stated = stated.into_iter();
    Ok(Alert {
        auth_key: stated.next(),
        secrets,
        misspelt,
        recorded,
        format,
        signal,
    })
}

/// Reads a message without its key: one that is kept, edited, or from a file (see
/// [`hide_keys`] before keeping it). An `auth_key` that is there is ignored.
#[must_use]
pub fn read(body: &[u8], rules: ReadingRules) -> Reading {
    read_for(Wanted::Signal, body, rules).0
}

/// [`read`], and where each field is from.
#[must_use]
pub fn read_with_origins(body: &[u8], rules: ReadingRules) -> (Reading, Vec<FieldOrigin>) {
    read_for(Wanted::Origins, body, rules)
}

fn read_for(wanted: Wanted, body: &[u8], rules: ReadingRules) -> (Reading, Vec<FieldOrigin>) {
    let (format, read) = match formats::open(body, rules.format) {
        Ok(message) => (message.format(), read_message(&message, rules, wanted)),
        Err((error, format)) => (format, error.into()),
    };
    let signal = read.parsed;
    (Reading { format, signal }, read.origins)
}

/// Reads a message in our own format.
///
/// # Errors
///
/// [`PayloadError`] where the text is malformed or asks for no possible order.
pub fn parse_without_key(body: &[u8]) -> Result<Box<Parsed>, PayloadError> {
    fields::read(&Document::read(body)?, Wanted::Signal).parsed
}

/// The first key that a message shows, be it valid JSON or not.
#[must_use]
pub fn key_in(message: &[u8]) -> Option<PresentedKey> {
    key::find(message).0.into_iter().next()
}

fn read_message(message: &Message<'_>, rules: ReadingRules, wanted: Wanted) -> fields::ReadMessage {
    if let Message::Json(document, _) = message
        && let Some(field) = &document.duplicate
    {
        return PayloadError::duplicate(field).into();
    }
    let translated = match message {
        Message::Json(document, format) => match formats::translate(document, *format, rules) {
            Some(translated) => translated,
            None => return fields::read(document, wanted),
        },
        Message::Text(text, format) => formats::translate_text(text, *format, rules),
    };
    match translated {
        Ok(translation) => fields::read_translation(&translation, wanted),
        Err(error) => error.into(),
    }
}

/// A rejection whose texts do not show the key.
fn malformed(
    mut error: PayloadError,
    keys: Vec<PresentedKey>,
    recorded: Vec<u8>,
    format: Format,
) -> Box<Malformed> {
    for key in &keys {
        error.hide(key);
    }
    Box::new(Malformed {
        error,
        keys,
        recorded,
        format,
    })
}
