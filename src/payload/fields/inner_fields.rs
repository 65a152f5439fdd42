//! Fields inside of objects and lists that are not read: a size or a side there is one that the
//! message states.

use serde_json::value::RawValue;

use super::names::{ALERT, POSITION_SIZES, QUANTITY_KIND, QUANTITY_RISK, SIZES, Standing};
use super::side::{Side, agrees};
use super::sorted_fields::{blank, shortened};
use super::words::{QuantityKind, SideWord};
use super::{Object, PayloadError, likeness, portion, string, words};
use crate::domain::ledger::same_size;
use crate::domain::money::{Decimal, parse_decimal};
use crate::domain::signal::Intent;
use crate::payload::syntax::Fields;

/// Levels that are looked through.
const DEEPEST: usize = 8;

/// Names of objects that say the order itself: what is in them is not said of something else.
const OF_THE_ORDER: [&str; 8] = [
    "order", "strategy", "trade", "signal", "alert", "data", "payload", "message",
];

/// Names of objects that say only how much of the order or the position.
const OF_ITS_SIZE: [&str; 6] = ["position", "entry", "exit", "sizing", "quantity", "size"];

/// Parts of the names of objects around the order: targets, stops, further entries.
const AROUND: [&str; 8] = [
    "profit", "stop", "target", "dca", "account", "tp", "sl", "backtest",
];

/// A field somewhere inside.
pub struct InnerField<'p> {
    /// The names above it and its own, with points between.
    pub path: &'p str,
    /// Its own name.
    pub name: &'p str,
    /// Its value.
    pub value: &'p RawValue,
    /// True if one of the levels above is a list.
    pub is_listed: bool,
}

/// The first that `visit` finds inside of a value.
pub fn find<T>(
    name: &str,
    value: &RawValue,
    visit: &mut dyn FnMut(&InnerField<'_>) -> Option<T>,
) -> Option<T> {
    walk(name, value, (0, false), visit)
}

fn walk<T>(
    path: &str,
    value: &RawValue,
    (depth, is_listed): (usize, bool),
    visit: &mut dyn FnMut(&InnerField<'_>) -> Option<T>,
) -> Option<T> {
    let json = value.get();
    if depth >= DEEPEST {
        return None;
    }
    match json.as_bytes().first()? {
        b'{' => {
            let fields: Fields<'_> = serde_json::from_str(json).ok()?;
            fields.0.iter().find_map(|(name, value)| {
                let path = format!("{path}.{name}");
                let place = InnerField {
                    path: &path,
                    name,
                    value,
                    is_listed,
                };
                visit(&place).or_else(|| walk(&path, value, (depth + 1, is_listed), visit))
            })
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            let mut items = items.into_iter();
            items.find_map(|item| walk(path, item, (depth + 1, true), visit))
        }
        b'"' => {
            // An object that was put into quotes as a whole.
            let text = string(value)?;
            let text = text.trim();
            if !text.starts_with(['{', '[']) {
                return None;
            }
            let inner: &RawValue = serde_json::from_str(text).ok()?;
            walk(path, inner, (depth + 1, is_listed), visit)
        }
        _ => None,
    }
}

/// The field of ours that a name inside is surely the name of.
fn field_of(name: &str) -> Option<&'static str> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let (field, standing) = ALERT.field(last)?;
    matches!(standing, Standing::Ours | Standing::Same).then_some(field)
}

/// A size inside of what is not read.
pub struct Hidden {
    /// Its path.
    pub path: String,
    /// True if it is beside a field that the format reads: only its name is another one.
    pub is_beside: bool,
    /// True if it is that of a position.
    pub is_of_position: bool,
}

/// True of a path through an object that is not about the order: a target, a stop, a backtest.
fn is_around(path: &str) -> bool {
    // A few letters are a word of their own, or part of any.
    let is_word = |part: &str, word: &str| match word.len() {
        ..=3 => part.trim_end_matches(|c: char| c.is_ascii_digit()) == word,
        _ => part.contains(word),
    };
    let mut parts = path.split('.').flat_map(likeness::words);
    parts.any(|part| AROUND.iter().any(|word| is_word(&part, word)))
}

/// True if a path begins with one of these names.
fn is_in(path: &str, names: &[&str]) -> bool {
    let top = path.split('.').next().unwrap_or_default();
    names.iter().any(|known| super::is_name(top, known))
}

/// The first of what is not read that `visit` finds, at a depth or in `metadata`, of which the
/// last argument is true: what is free to be anything there.
fn find_unread<T>(
    fields: &Object<'_, '_>,
    visit: &dyn Fn(&InnerField<'_>, bool, bool) -> Option<T>,
) -> Option<T> {
    let unread = fields.given.unread();
    let unread = unread.map(|(name, value)| (name, value, false));
    let metadata = fields.given.all("metadata");
    let metadata = metadata.map(|stated| (stated.name, stated.value, true));
    unread.chain(metadata).find_map(|(name, value, is_free)| {
        let (parent, last) = name.rsplit_once('.').unwrap_or(("", name));
        let place = InnerField {
            path: name,
            name: last,
            value,
            is_listed: false,
        };
        // The rest of another service's object, which is at no top.
        let beside = (!parent.is_empty()).then(|| visit(&place, true, is_free));
        beside
            .flatten()
            .or_else(|| find(name, value, &mut |place| visit(place, false, is_free)))
    })
}

/// The first size inside of what is not read; `is_entry` of an order that opens something.
pub fn size(fields: &Object<'_, '_>, is_entry: bool) -> Option<Hidden> {
    let is_size = |place: &InnerField<'_>, is_free: bool| {
        let is_known = field_of(place.name).is_some_and(|field| {
            SIZES.contains(&field) && !(is_free && field == QUANTITY_RISK)
                || POSITION_SIZES.contains(&field)
        });
        let is_like = !is_free
            && !place.name.to_ascii_lowercase().contains("vol")
            && likeness::is_size(place.name, std::iter::empty());
        let is_portion = || {
            !is_entry
                && !is_free
                && (is_in(place.path, &OF_THE_ORDER) || is_in(place.path, &OF_ITS_SIZE))
                && portion::is_portion(place.name, place.value)
        };
        let is_stated = (is_known || is_like) && likeness::is_amount(place.value) || is_portion();
        is_stated && !is_around(place.path)
    };
    find_unread(fields, &|place, is_beside, is_free| {
        is_size(place, is_free).then(|| hidden(place, is_beside))
    })
}

/// The path of the first position inside of what is not read that is another one than the order
/// leads to.
pub fn position(fields: &Object<'_, '_>, intent: Intent) -> Option<String> {
    let is_position = |place: &InnerField<'_>, is_free: bool| {
        let known = field_of(place.name);
        let is_known = known.is_some_and(|field| {
            POSITION_SIZES.contains(&field)
                || matches!(field, "marketPosition" | "prevMarketPosition")
        });
        let mut above = place.path.rsplit('.').skip(1);
        let is_said = ["side", "direction", "state", "status"]
            .iter()
            .any(|name| super::is_name(place.name, name))
            || known == Some("qty");
        let is_side = is_said && above.next().is_some_and(likeness::is_position);
        is_known || !is_free && (is_side || likeness::is_position(place.name))
    };
    find_unread(fields, &|place, _, is_free| {
        let above = place.path.rsplit_once('.').map_or("", |(above, _)| above);
        let is_other = is_position(place, is_free)
            && !is_around(above)
            && likeness::is_other_position(place.name, place.value, intent);
        is_other.then(|| place.path.to_owned())
    })
}

/// The path of the first field inside of what is not read that says that the quantity is no
/// number of units.
pub fn unit(fields: &Object<'_, '_>) -> Option<String> {
    let is_unit = |place: &InnerField<'_>, is_free: bool| {
        let text = string(place.value);
        let kind = text.as_deref().and_then(words::quantity_kind);
        let is_kind = matches!(kind, Some(QuantityKind::Percent(_) | QuantityKind::Money));
        let is_known = field_of(place.name) == Some(QUANTITY_KIND);
        let is_word = || {
            let field = ALERT.field(place.name).map(|(field, _)| field);
            field == Some(QUANTITY_KIND) && is_kind || likeness::is_unit(place.name, place.value)
        };
        is_known && is_kind || !is_free && is_in(place.path, &OF_THE_ORDER) && is_word()
    };
    find_unread(fields, &|place, _, is_free| {
        let is_stated = is_unit(place, is_free) && !is_around(place.path);
        is_stated.then(|| place.path.to_owned())
    })
}

fn hidden(place: &InnerField<'_>, is_beside: bool) -> Hidden {
    Hidden {
        path: place.path.to_owned(),
        is_beside,
        is_of_position: field_of(place.name).is_some_and(|field| POSITION_SIZES.contains(&field)),
    }
}

/// The error of an order whose side or quantity is another one inside of an object that says
/// the order, too.
pub fn contradiction(
    fields: &Object<'_, '_>,
    side: &Side,
    quantity: Option<Decimal>,
) -> Option<PayloadError> {
    let mut unread = fields.given.unread();
    let check = |place: &InnerField<'_>| {
        differs(place, side, quantity).then(|| {
            let path = shortened(place.path);
            let text = string(place.value);
            let text = shortened(text.as_deref().unwrap_or(place.value.get()));
            let what = match quantity {
                Some(quantity) if is_quantity(place.name) => {
                    format!("{path} {text} and a quantity of {quantity}")
                }
                _ => format!("{path} {text} and {}", side.stated),
            };
            let hint = "The inner field is not read: make both say the same, or delete it.";
            PayloadError::contradiction(&path, what, hint)
        })
    };
    unread.find_map(|(path, value)| {
        let (_, name) = path.split_once('.').unwrap_or((path, ""));
        if !is_in(path, &OF_THE_ORDER) {
            return None;
        }
        let place = InnerField {
            path,
            name,
            value,
            is_listed: false,
        };
        let own = (!name.is_empty()).then(|| check(&place)).flatten();
        own.or_else(|| find(path, value, &mut |place| check(place)))
    })
}

fn is_quantity(name: &str) -> bool {
    field_of(name) == Some("qty")
}

fn differs(place: &InnerField<'_>, side: &Side, quantity: Option<Decimal>) -> bool {
    if place.is_listed || blank(place.value).is_some() {
        return false;
    }
    let text = string(place.value);
    let text = text.as_deref().unwrap_or(place.value.get());
    if is_quantity(place.name) {
        let stated = parse_decimal(text).ok().filter(|number| !number.is_zero());
        return matches!((stated, quantity), (Some(one), Some(other)) if !same_size(one, other));
    }
    if likeness::is_exit(place.name, place.value) {
        return !side.intent.is_exit();
    }
    let Some(word) = words::side(text) else {
        return false;
    };
    let is_side = match ALERT.field(place.name) {
        Some(("action", _)) => true,
        Some(("positionDirection" | "direction", standing)) => standing <= Standing::Same,
        // `long` alone is said of other things, too.
        Some(("orderType", _)) => !matches!(word, SideWord::Side(_)),
        _ => false,
    };
    is_side && !agrees(side.intent, word)
}
