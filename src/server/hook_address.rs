//! The address of a hook, as people paste it: with a slash or a space behind it, in another
//! case, with characters that nobody sees.
//!
//! TradingView does not send an alert again that was answered 404, so an address that can
//! only mean one webhook is taken. It still has to have all of the id, and the alert the key.

use hyper::Method;

use super::hooks::PREFIX;
use crate::ingest::PresentedKey;

/// Most times that a URL is decoded: one that was encoded twice is somebody's mistake.
const MOST_DECODED: usize = 3;

/// Characters of an id that are shown of it, behind `wh_`.
const SHOWN: usize = 4;

/// Letters of a word that may be a key or a part of one.
const SHORTEST_KEY: usize = 12;

/// Characters that are shown of an address at most.
const LONGEST: usize = 48;

/// True for a request to a hook: one under the prefix, or an alert to an address that is
/// nearly one. What only looks at such an address is answered as everywhere.
#[must_use]
pub fn is_hook(method: &Method, path: &str) -> bool {
    path.starts_with(PREFIX)
        || method == Method::POST && {
            let text = cleaned(path);
            segments(&text).next().is_some_and(is_hooks)
        }
}

/// The address of a hook: the id of a webhook, and what may be its key behind it.
pub struct Address {
    /// The id, without what does not belong to it.
    pub id: String,
    /// The segment behind the id.
    pub key: Option<PresentedKey>,
}

/// Reads an address.
#[must_use]
pub fn read(path: &str) -> Option<Address> {
    let text = cleaned(path);
    let mut rest = segments(&text).skip_while(|segment| is_hooks(segment));
    let (id, key) = (rest.next()?, rest.next());
    if rest.next().is_some() {
        return None;
    }
    let key = key.map(plain).filter(|key| !key.is_empty());
    let id = plain(id);
    (!id.is_empty()).then(|| Address {
        id: id.to_owned(),
        key: key.map(|key| PresentedKey::new(key.to_owned())),
    })
}

/// A segment without what an id is quoted with, or what ends a sentence: ids and keys are
/// letters, digits and `_`.
fn plain(segment: &str) -> &str {
    let segment = segment.split(['?', '#', '&']).next().unwrap_or_default();
    segment.trim_matches(|letter: char| !letter.is_ascii_alphanumeric())
}

/// True if an address is written as the page shows it: `/hooks/wh_...`, or with the key
/// behind the id.
#[must_use]
pub fn is_canonical(path: &str, id: &str, key: Option<&PresentedKey>) -> bool {
    let rest = path
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_prefix(id));
    match (rest, key) {
        (Some(rest), None) => rest.is_empty(),
        (Some(rest), Some(key)) => rest.strip_prefix('/') == Some(key.as_str()),
        (None, _) => false,
    }
}

/// The id that an address names.
#[must_use]
pub fn id_of(path: &str) -> Option<String> {
    read(path).map(|address| address.id)
}

/// True for an address that is no hook's but has the id of one in it.
#[must_use]
pub fn mentions_webhook(path: &str) -> bool {
    cleaned(path).to_ascii_lowercase().contains("wh_")
}

/// An address as it can be shown: without the secret part of the id, without a key behind it,
/// and short.
#[must_use]
pub fn masked(path: &str) -> String {
    let path = without_long_words(path);
    let mut shown = String::new();
    let mut letters = path.chars().peekable();
    while let Some(letter) = letters.next() {
        shown.push(if letter.is_ascii_graphic() || letter == '…' {
            letter
        } else {
            '.'
        });
        if ends_with_wh(&shown) {
            let is_of_id = |letter: &char| letter.is_ascii_alphanumeric();
            let mut id = Vec::new();
            while let Some(letter) = letters.next_if(is_of_id) {
                id.push(letter);
            }
            shown.extend(id.iter().take(SHOWN));
            if id.len() > SHOWN {
                shown.push('…');
            }
            let rest: String = letters.by_ref().collect();
            let behind = behind_id(&rest);
            if !(shown.ends_with('…') && behind == "…") {
                shown.push_str(&behind);
            }
            break;
        }
        if shown.len() >= LONGEST {
            shown.push('…');
            break;
        }
    }
    shown
}

/// True if what comes next are the letters of an id.
fn ends_with_wh(text: &str) -> bool {
    let end = text
        .len()
        .checked_sub(3)
        .and_then(|start| text.get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case("wh_"))
}

/// An address whose words are cut that are long enough to be a key, encoded or not. An id is
/// cut by itself.
fn without_long_words(path: &str) -> String {
    let is_of_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '%' | '-' | '+');
    let mut shown = String::with_capacity(path.len());
    for word in path.split_inclusive(|letter| !is_of_word(letter)) {
        let end = word.trim_end_matches(|letter| !is_of_word(letter)).len();
        if end < SHORTEST_KEY || ends_with_wh(&shown) {
            shown.push_str(word);
            continue;
        }
        shown.extend(word.chars().take(SHOWN));
        shown.push('…');
        shown.push_str(&word[end..]);
    }
    shown
}

/// The end of an address as it can be shown: letters and digits behind the id may be a key,
/// encoded or not.
fn behind_id(rest: &str) -> String {
    let has_letters = cleaned(rest).chars().any(char::is_alphanumeric);
    if !has_letters && rest.is_ascii() {
        return rest.chars().take(12).collect();
    }
    let slash = if rest.starts_with(['/', '\\']) {
        "/"
    } else {
        ""
    };
    format!("{slash}…")
}

fn is_hooks(segment: &str) -> bool {
    segment.eq_ignore_ascii_case("hooks")
}

fn segments(text: &str) -> impl Iterator<Item = &str> {
    text.split(['/', '\\'])
        .filter(|segment| !segment.is_empty())
}

/// An address decoded, in plain letters, without what nobody sees.
fn cleaned(path: &str) -> String {
    let mut text = path.to_owned();
    for _ in 0..MOST_DECODED {
        match decoded(&text) {
            Some(decoded) => text = decoded,
            None => break,
        }
    }
    text.chars().map(narrow).filter(|c| is_seen(*c)).collect()
}

/// A text without its percent signs; nothing where it has none to decode.
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    let mut is_changed = false;
    for part in parts {
        let digits = part.get(..2).filter(|digits| {
            let mut digits = digits.bytes();
            digits.all(|digit| digit.is_ascii_hexdigit())
        });
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(b'%'));
        let rest = if byte.is_some() { &part[2..] } else { part };
        bytes.extend_from_slice(rest.as_bytes());
        is_changed |= byte.is_some();
    }
    is_changed.then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// A full-width letter as the plain one.
fn narrow(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(letter as u32 - 0xfee0).unwrap_or(letter),
        letter => letter,
    }
}

fn is_seen(letter: char) -> bool {
    !letter.is_whitespace()
        && !letter.is_control()
        && !matches!(letter,
            '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "wh_AbCdEfGh0123456789xyzA";

    #[test]
    fn what_is_pasted_around_an_id_is_nothing() {
        for path in [
            "/hooks/{}",
            "/hooks/{}/",
            "/hooks/{}//",
            "/hooks//{}",
            "//hooks/{}",
            "/hooks/{}%20",
            "/hooks/%20{}%20%20",
            "/hooks/{}%2520",
            "/hooks/{}/%20",
            "/hooks/{}%0A",
            "/hooks/{}%0D%0A",
            "/hooks/{}%09",
            "/hooks/{}%C2%A0",
            "/hooks/{}%E2%80%8B",
            "/hooks/%EF%BB%BF{}",
            "/hooks/{}%3F",
            "/hooks/{}%3Fx=1",
            "/hooks/{}%22,",
            "/hooks/{}.",
            "/hooks/{})",
            "/hooks/%3C{}%3E",
            "/HOOKS/{}",
            "/Hooks/{}",
            "/hooks/hooks/{}",
            "/hooks%2F{}",
            "/%68ooks/{}",
            "/%EF%BD%88ooks/{}",
            "\\hooks\\{}",
        ] {
            let path = path.replace("{}", ID);
            assert!(is_hook(&Method::POST, &path), "{path}");
            assert_eq!(id_of(&path).as_deref(), Some(ID), "{path}");
        }
        let full_width: String = ID
            .bytes()
            .map(|byte| char::from_u32(u32::from(byte) + 0xfee0).unwrap())
            .collect();
        let path = format!("/hooks/{full_width}");
        assert_eq!(id_of(&path).as_deref(), Some(ID));
    }

    #[test]
    fn what_names_another_address_is_no_id() {
        for path in [
            "/hooks/",
            "/hooks",
            "/hooks/%20",
            "/hooks/a/b/c",
            "/hooks/..",
        ] {
            assert_eq!(id_of(path), None, "{path}");
        }
        for path in ["/", "/webhooks/wh_x", "/api/v1/hooks", "/hooksx/wh_x", "/%"] {
            assert!(!is_hook(&Method::POST, path), "{path}");
        }
        assert!(!is_hook(&Method::GET, "/hooks") && is_hook(&Method::GET, "/hooks/wh_x"));
        assert_eq!(id_of("/hooks/wh_x%zz%").as_deref(), Some("wh_x%zz"));
        assert!(mentions_webhook("/hook/WH_AbCd") && !mentions_webhook("/wp-login.php"));
    }

    #[test]
    fn what_is_shown_has_no_secret_and_is_short() {
        for (path, shown) in [
            ("/hooks/wh_AbCdEfGh0123456789xyzA", "/hooks/wh_AbCd…"),
            ("/hooks/wh_AbCdEfGh0123456789xyzA%20", "/hooks/wh_AbCd…%20"),
            ("/hooks/wh_AbC", "/hooks/wh_AbC"),
            ("/hooks/x\u{1b}[31m", "/hooks/x.[31m"),
            ("/HOOKS/WH_ABCDE/", "/HOOKS/WH_ABCD…/"),
            (
                "/hooks/0123456789abcdefghij/wh_AbCdEfGh",
                "/hooks/0123…/wh_AbCd…",
            ),
            ("/hooks/0123456789abcdefghij", "/hooks/0123…"),
            ("/hooks/%30%31%32%33%34", "/hooks/%30%…"),
            ("/hooks/wh_AbCdEfGh/0123456789abcdef", "/hooks/wh_AbCd…/…"),
            ("/hooks/wh_AbCdEfGh%2F%30%31%32", "/hooks/wh_AbCd…"),
            ("/hooks/wh_AbCdEfGh/%25%33%30", "/hooks/wh_AbCd…/…"),
            ("/hooks/wh_AbCdEfGh?key=0123456789", "/hooks/wh_AbCd…"),
            ("/hooks/wh_AbCdEfGh.0123456789", "/hooks/wh_AbCd…"),
        ] {
            assert_eq!(masked(path), shown);
        }
        assert!(masked(&format!("/hooks/{}", "x".repeat(10_000))).len() < 60);
        assert!(masked(&format!("/hooks/wh_{}", "/x".repeat(10_000))).len() < 60);
    }
}
