//! Secrets: put into a message when it is sent, and struck out of what is kept of the answer.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::json::{inside_string, text};
use crate::domain::forward::ForwardFormat;
use crate::domain::setting::Settings;

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

/// A text without these secrets, as a receiver may repeat them: as they are, or escaped for JSON,
/// HTML or an address, once or twice. Of a secret address its path is struck out as well, and each
/// part of that: a token stands there alone, and may be repeated so.
#[must_use]
pub fn struck_out<'a>(mut said: String, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let long_enough = |part: &&str| part.chars().count() >= SHORTEST;
    let parts = secrets.into_iter().flat_map(parts_of).filter(long_enough);
    let once: BTreeSet<String> = parts.flat_map(spellings).collect();
    let twice = once.iter().flat_map(|once| spellings(once));
    let all: BTreeSet<String> = twice.chain(once.iter().cloned()).collect();
    let mut all: Vec<String> = all.into_iter().collect();
    // The longest first: what is inside another one would leave the rest of it.
    all.sort_by_key(|spelling| Reverse(spelling.len()));
    for spelling in all {
        if said.contains(&spelling) {
            said = said.replace(&spelling, "***");
        }
    }
    said
}

/// A secret, and the parts of an address that are secret by themselves.
fn parts_of(secret: &str) -> impl Iterator<Item = &str> {
    let address = secret.split_once("://").map(|(_, address)| address);
    let path = address.and_then(|address| address.split_once('/'));
    let path = path.map(|(_, path)| path);
    let segments = path
        .into_iter()
        .flat_map(|path| path.split(['/', '?', '&', '=']));
    std::iter::once(secret).chain(path).chain(segments)
}

/// The ways in which a text is written by those who escape it.
fn spellings(plain: &str) -> [String; 14] {
    let json = inside_string(plain);
    let ascii = |hex: fn(u16) -> String| -> String {
        let escape = |letter: char| match letter {
            letter if letter.is_ascii() => letter.to_string(),
            letter => letter
                .encode_utf16(&mut [0; 2])
                .iter()
                .map(|unit| hex(*unit))
                .collect(),
        };
        json.chars().map(escape).collect()
    };
    let percent = |keeps: &str, upper: bool| -> String {
        let escape = |byte: &u8| match char::from(*byte) {
            letter if letter.is_ascii_alphanumeric() || keeps.contains(letter) => {
                letter.to_string()
            }
            _ if upper => format!("%{byte:02X}"),
            _ => format!("%{byte:02x}"),
        };
        plain.as_bytes().iter().map(escape).collect()
    };
    let html = |quote: &str, apostrophe: &str| {
        let escaped = plain
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        escaped.replace('"', quote).replace('\'', apostrophe)
    };
    let lower = ascii(|unit| format!("\\u{unit:04x}"));
    [
        plain.to_owned(),
        lower.replace('/', "\\/"),
        json.replace('/', "\\/"),
        lower,
        ascii(|unit| format!("\\u{unit:04X}")),
        percent("-._~", true),
        percent("-._~", false),
        percent("-._~/:?=&", true),
        percent("-._*", true).replace("%20", "+"),
        html("&quot;", "&#39;"),
        html("&quot;", "&#x27;"),
        html("&#34;", "&#39;"),
        html("\"", "'"),
        json,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_an_address_is_struck_out_however_it_is_repeated() {
        let slack = "https://hooks.slack.com/services/T0001/B0002/aSecretToken123";
        let said = |answer: &str| struck_out(answer.to_owned(), [slack]);
        assert_eq!(said(&format!("404: {slack}")), "404: ***");
        assert_eq!(said("no token aSecretToken123"), "no token ***");
        assert_eq!(said(r"services\/T0001\/B0002\/aSecretToken123"), "***");
        let discord = "https://discord.com/api/webhooks/42/abcDEF123?wait=true";
        assert_eq!(
            struck_out("{\"token\": \"abcDEF123\"}".to_owned(), [discord]),
            "{\"token\": \"***\"}"
        );
    }

    #[test]
    fn a_short_word_is_no_secret() {
        let url = "https://example.com/a/hook";
        assert_eq!(struck_out("a hook".to_owned(), [url, "ok"]), "a hook");
        assert_eq!(struck_out("fine".to_owned(), []), "fine");
    }
}
