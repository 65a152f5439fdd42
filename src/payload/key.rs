//! The auth key inside a body: found even in broken text, and hidden in
//! everything that is kept.

use std::ops::Range;

use serde_json::value::RawValue;

use super::fields::is_secret;
use super::presented_key::{HIDDEN, PresentedKey};
use super::syntax::{Document, string};

/// Replaces every further occurrence of `key` by `***`: a trader may have pasted
/// it into another field, and whoever sends it may escape or encode its letters.
#[must_use]
pub fn redact(recorded: Vec<u8>, key: &str) -> Vec<u8> {
    let mut spans = Vec::new();
    let mut at = 0;
    while at < recorded.len() {
        match end_of(key.as_bytes(), &recorded, at) {
            Some(end) if end > at => {
                spans.push(at..end);
                at = end;
            }
            _ => at += 1,
        }
    }
    if spans.is_empty() {
        return recorded;
    }
    replace(&recorded, &spans, HIDDEN)
}

/// End of a `key` that begins at `at`, be its letters plain, escaped as in JSON (`\u0061`), or in
/// an encoding that fills them up with zeros, as UTF-16 does.
fn end_of(key: &[u8], body: &[u8], mut at: usize) -> Option<usize> {
    for (number, letter) in key.iter().enumerate() {
        while number > 0 && body.get(at) == Some(&0) {
            at += 1;
        }
        at += match body.get(at)? {
            plain if plain == letter => 1,
            b'\\' if escaped(body.get(at + 1..at + 6)?) == Some(u32::from(*letter)) => 6,
            _ => return None,
        };
    }
    Some(at)
}

/// The letter of `u` and four hexadecimal digits.
fn escaped(text: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(text).ok()?.strip_prefix('u')?;
    u32::from_str_radix(digits, 16).ok()
}

/// The body with every value of an `auth_key` replaced by `***`, valid JSON or not.
#[must_use]
pub fn hide_keys(body: &[u8]) -> Vec<u8> {
    find(body).1
}

/// The keys in broken text, and the text with each of them replaced.
pub(super) fn find(body: &[u8]) -> (Vec<PresentedKey>, Vec<u8>) {
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(found) = find_from(body, b"auth_key", at) {
        at = found + b"auth_key".len();
        let longer_name = found > 0 && is_name(body[found - 1]);
        if let Some(span) = value_after(body, at).filter(|_| !longer_name) {
            at = span.end;
            spans.push(span);
        }
    }
    let keys = spans.iter().map(|span| {
        // Letters and digits of ASCII only, so nothing is lost here.
        PresentedKey::new(String::from_utf8_lossy(&body[span.clone()]).into_owned())
    });
    (keys.collect(), replace(body, &spans, HIDDEN))
}

/// The body of a valid document with these of its values replaced.
pub(super) fn hide_values(body: &[u8], values: &[&RawValue]) -> Vec<u8> {
    let spans: Vec<_> = values
        .iter()
        .map(|value| {
            // A raw value borrows from the body, so the distance is its position.
            let start = value.get().as_ptr().addr() - body.as_ptr().addr();
            start..start + value.get().len()
        })
        .collect();
    replace(body, &spans, "\"***\"")
}

/// Keys in the secret fields of a message.
pub(super) fn secrets_of(document: &Document<'_>) -> Vec<PresentedKey> {
    let fields = document.fields.0.iter();
    let secrets = fields.filter(|(name, _)| is_secret(name));
    let texts = secrets.filter_map(|(_, value)| string(value));
    texts
        .map(|text| PresentedKey::new(text.into_owned()))
        .collect()
}

/// The letters and digits after a name and its `:` or `=`, quoted in any way.
fn value_after(body: &[u8], name_end: usize) -> Option<Range<usize>> {
    let separator = skip_quotes_and_spaces(body, name_end);
    if !matches!(body.get(separator), Some(b':' | b'=')) {
        return None;
    }
    let start = skip_quotes_and_spaces(body, separator + 1);
    let length = body[start..]
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    (length > 0).then(|| start..start + length)
}

/// Index of the text after spaces, escapes and quotes of any kind.
fn skip_quotes_and_spaces(body: &[u8], mut at: usize) -> usize {
    const SKIPPED: [&str; 14] = [
        "\"", "'", "`", "\\", " ", "\t", "\r", "\n", "\u{a0}", "\u{201c}", "\u{201d}", "\u{201e}",
        "\u{2018}", "\u{2019}",
    ];
    while let Some(skipped) = SKIPPED
        .iter()
        .find(|skipped| body[at..].starts_with(skipped.as_bytes()))
    {
        at += skipped.len();
    }
    at
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Index of `needle` at or after `from`.
fn find_from(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let rest = haystack.get(from..)?;
    let found = rest
        .windows(needle.len())
        .position(|window| window == needle);
    found.map(|at| from + at)
}

/// The body with each of the ascending spans replaced.
fn replace(body: &[u8], spans: &[Range<usize>], by: &str) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(body.len());
    let mut copied = 0;
    for span in spans {
        replaced.extend_from_slice(&body[copied..span.start]);
        replaced.extend_from_slice(by.as_bytes());
        copied = span.end;
    }
    replaced.extend_from_slice(&body[copied..]);
    replaced
}
