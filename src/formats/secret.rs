//! Secrets: put into a message when it is sent, and struck out of what is kept of the answer.

use super::json::text;
use super::settings::Settings;
use crate::domain::forward::ForwardFormat;

/// Shorter texts are not struck out: they would garble answers, and protect nothing.
const SHORTEST: usize = 6;

/// The field of a message that a secret goes into.
fn field_of(format: ForwardFormat, name: &str) -> Option<&'static str> {
    match (format, name) {
        (ForwardFormat::Algohook, "authKey") => Some("auth_key"),
        (ForwardFormat::ThreeCommas, "secret") => Some("secret"),
        (ForwardFormat::PickMyTrade, "token") => Some("token"),
        _ => None,
    }
}

/// A message with its secrets: as first fields of an object, or in a template where it names
/// them.
#[must_use]
pub fn with_secrets(format: ForwardFormat, message: Vec<u8>, secrets: &Settings) -> Vec<u8> {
    if format == ForwardFormat::Template {
        return super::template::with_secrets(message, secrets);
    }
    let named = secrets
        .iter()
        .filter_map(|(name, value)| Some((field_of(format, name)?, value)));
    let fields: Vec<String> = named
        .map(|(field, value)| format!("{}:{}", text(field), text(value)))
        .collect();
    // What was made here is an object that is not empty.
    match message.strip_prefix(b"{") {
        Some(rest) if !fields.is_empty() => {
            [b"{", fields.join(",").as_bytes(), b",", rest].concat()
        }
        _ => message,
    }
}

/// A text without these secrets, as a receiver may repeat them.
#[must_use]
pub fn struck_out<'a>(mut said: String, secrets: impl IntoIterator<Item = &'a str>) -> String {
    for secret in secrets {
        if secret.chars().count() >= SHORTEST && said.contains(secret) {
            said = said.replace(secret, "***");
        }
    }
    said
}
