//! The trader's own bytes, without the webhook's key: what already executes today goes on
//! executing.
//!
//! The recorded bytes have `***` in the place of the key. A member `auth_key` of the object, or
//! `auth_key=***` in a text, is taken out whole, and nothing else is touched, down to the spaces.

use std::ops::Range;

/// The message of a recorded payload.
pub fn message(payload: &[u8]) -> Vec<u8> {
    match member(payload).or_else(|| word(payload)) {
        Some(Member { whole, .. }) => [&payload[..whole.start], &payload[whole.end..]].concat(),
        None => payload.to_vec(),
    }
}

/// A recorded payload with the webhook's key in its place again.
#[must_use]
pub fn with_key(payload: &[u8], key: &str) -> Vec<u8> {
    let (place, key) = match member(payload) {
        Some(member) => (Some(member), super::json::text(key)),
        None => (word(payload), key.to_owned()),
    };
    match place {
        Some(Member { value, .. }) => [
            &payload[..value.start],
            key.as_bytes(),
            &payload[value.end..],
        ]
        .concat(),
        None => payload.to_vec(),
    }
}

/// Text in the place of a key.
const HIDDEN: &str = "***";

/// The key's place in a text: `auth_key=***` or `auth_key: ***`, with a space beside it.
fn word(payload: &[u8]) -> Option<Member> {
    let text = std::str::from_utf8(payload).ok()?;
    if text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let name = "auth_key";
    let begin = text.find(name)?;
    let after = text[begin + name.len()..].trim_start();
    let behind = after.strip_prefix([':', '='])?.trim_start();
    let rest = behind.strip_prefix(HIDDEN)?;
    let (value, end) = (text.len() - behind.len(), text.len() - rest.len());
    let before = text[..begin].trim_end().len();
    let whole = if before > 0 {
        before..end
    } else {
        begin..text.len() - rest.trim_start().len()
    };
    Some(Member {
        whole,
        value: value..end,
    })
}

/// Place of the object's own member `auth_key`.
struct Member {
    /// All of it, with a comma beside it.
    whole: Range<usize>,
    /// Its value.
    value: Range<usize>,
}

fn member(payload: &[u8]) -> Option<Member> {
    let is_object = serde_json::from_slice::<serde::de::IgnoredAny>(payload).is_ok();
    let mut at = skip_spaces(payload, 0);
    if !is_object || payload.get(at) != Some(&b'{') {
        return None;
    }
    // Where the member before ended, for its comma goes with the last member.
    let mut comma = None;
    at += 1;
    loop {
        let begin = skip_spaces(payload, at);
        if payload.get(begin) == Some(&b'}') {
            return None;
        }
        let name_end = end_of_string(payload, begin)?;
        let colon = skip_spaces(payload, name_end);
        let value = skip_spaces(payload, colon + 1);
        let end = end_of_value(payload, value)?;
        let name: String = serde_json::from_slice(&payload[begin..name_end]).ok()?;
        let next = skip_spaces(payload, end);
        let has_next = payload.get(next) == Some(&b',');
        if name == "auth_key" {
            let whole = match (has_next, comma) {
                (true, _) => begin..skip_spaces(payload, next + 1),
                (false, Some(comma)) => comma..end,
                (false, None) => begin..end,
            };
            let value = value..end;
            return Some(Member { whole, value });
        }
        if !has_next {
            return None;
        }
        comma = Some(next);
        at = next + 1;
    }
}

fn skip_spaces(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let spaces = rest.iter().take_while(|byte| byte.is_ascii_whitespace());
    at + spaces.count()
}

/// End of a string that begins at `at`.
fn end_of_string(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// End of a value of valid JSON that begins at `at`.
fn end_of_value(text: &[u8], at: usize) -> Option<usize> {
    let (mut at, mut depth) = (at, 0_usize);
    loop {
        match text.get(at)? {
            b'"' => at = end_of_string(text, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' | b',' if depth == 0 => return Some(at),
            b'}' | b']' => {
                depth -= 1;
                at += 1;
            }
            byte if depth == 0 && byte.is_ascii_whitespace() => return Some(at),
            _ => at += 1,
        }
        if depth == 0 && matches!(text.get(at - 1), Some(b'"' | b'}' | b']')) {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    fn sent(payload: &str) -> String {
        String::from_utf8(message(payload.as_bytes())).unwrap()
    }

    #[test]
    fn the_key_goes_and_every_other_byte_stays() {
        for (payload, expected) in [
            (r#"{"auth_key":"***","a":1}"#, r#"{"a":1}"#),
            (r#"{"a":1,"auth_key":"***"}"#, r#"{"a":1}"#),
            (r#"{"auth_key":"***"}"#, "{}"),
            (
                "{\n  \"a\": 1.50,\n  \"auth_key\": \"***\",\n  \"b\": [ 2 ]\n}",
                "{\n  \"a\": 1.50,\n  \"b\": [ 2 ]\n}",
            ),
            (
                r#"{"a":{"auth_key":"mine"},"b":"\"auth_key\":1"}"#,
                r#"{"a":{"auth_key":"mine"},"b":"\"auth_key\":1"}"#,
            ),
            (r#"{"a":"}","auth\u005fkey":"***" }"#, r#"{"a":"}" }"#),
            ("buy 10 AAPL", "buy 10 AAPL"),
            ("buy 10 AAPL at 5 auth_key=***", "buy 10 AAPL at 5"),
            ("auth_key: ***\nbuy 10 AAPL at 5", "buy 10 AAPL at 5"),
            ("buy 10 AAPL auth_key = *** at 5", "buy 10 AAPL at 5"),
            ("buy 10 AAPL auth_key", "buy 10 AAPL auth_key"),
            (
                r#"{"auth_key": "***", broken"#,
                r#"{"auth_key": "***", broken"#,
            ),
            (r#"["auth_key", "***"]"#, r#"["auth_key", "***"]"#),
        ] {
            assert_eq!(sent(payload), expected);
        }
    }

    #[test]
    fn the_key_comes_back_where_it_is_asked_for() {
        let payload = br#"{"a":"***", "auth_key" : "***"}"#;
        assert_eq!(
            with_key(payload, "KEY"),
            br#"{"a":"***", "auth_key" : "KEY"}"#
        );
        assert_eq!(with_key(b"buy", "KEY"), b"buy");
        assert_eq!(
            with_key(b"buy 1 A auth_key=***", "KEY"),
            b"buy 1 A auth_key=KEY"
        );
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((".{0,4}", inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_sent_is_the_object_without_the_key(
            before in prop::collection::vec((".{0,6}", value()), 0..4),
            after in prop::collection::vec((".{0,6}", value()), 0..4),
            pretty in any::<bool>(),
        ) {
            let fields = |fields: &[(String, Value)]| -> Map<String, Value> { fields.iter().cloned().collect() };
            let mut rest = fields(&before);
            rest.extend(fields(&after));
            rest.remove("auth_key");
            let mut with_key = rest.clone();
            with_key.insert("auth_key".to_owned(), json!("***"));
            let payload = if pretty {
                serde_json::to_string_pretty(&with_key).unwrap()
            } else {
                serde_json::to_string(&with_key).unwrap()
            };
            let sent: Value = serde_json::from_slice(&message(payload.as_bytes())).unwrap();
            prop_assert_eq!(sent, Value::Object(rest));
        }
    }
}
