//! Fields inside of objects and lists that are not read: a size or a side there is one that the
//! message states.

use serde_json::value::RawValue;

use super::given::{blank, shortened};
use super::names::{ALERT, POSITION_SIZES, QUANTITY_RISK, SIZES, Standing};
use super::side::{Side, agrees};
use super::{Object, PayloadError, likeness, string, words};
use crate::domain::ledger::same_size;
use crate::domain::money::{Decimal, parse_decimal};
use crate::payload::syntax::Fields;

/// Levels that are looked through.
const DEEPEST: usize = 8;

/// Names of objects that say the order itself: what is in them is not said of something else.
const OF_THE_ORDER: [&str; 8] = [
    "order", "strategy", "trade", "signal", "alert", "data", "payload", "message",
];

/// Parts of the names of objects around the order: targets, stops, further entries.
const AROUND: [&str; 8] = [
    "profit", "stop", "target", "dca", "account", "tp", "sl", "backtest",
];

/// A field somewhere inside.
pub struct Place<'p> {
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
    visit: &mut dyn FnMut(&Place<'_>) -> Option<T>,
) -> Option<T> {
    walk(name, value, (0, false), visit)
}

fn walk<T>(
    path: &str,
    value: &RawValue,
    (depth, is_listed): (usize, bool),
    visit: &mut dyn FnMut(&Place<'_>) -> Option<T>,
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
                let place = Place {
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

/// The first size inside of what is not read.
pub fn size(fields: &Object<'_, '_>) -> Option<Hidden> {
    let is_around = |path: &str| {
        let path = path.to_ascii_lowercase();
        let mut parts = path.split(['.', '_', '-', ' ']);
        parts.any(|part| AROUND.iter().any(|word| part.contains(word)))
    };
    let is_size = |place: &Place<'_>, is_free: bool| {
        let is_known = field_of(place.name).is_some_and(|field| {
            SIZES.contains(&field) && !(is_free && field == QUANTITY_RISK)
                || POSITION_SIZES.contains(&field)
        });
        let is_like = !is_free
            && !place.name.to_ascii_lowercase().contains("vol")
            && likeness::is_size(place.name, std::iter::empty());
        (is_known || is_like) && likeness::is_amount(place.value) && !is_around(place.path)
    };
    let unread = fields
        .given
        .unread()
        .map(|(name, value)| (name, value, false));
    let metadata = fields
        .given
        .all("metadata")
        .map(|stated| (stated.name, stated.value, true));
    unread.chain(metadata).find_map(|(name, value, is_free)| {
        let (parent, last) = name.rsplit_once('.').unwrap_or(("", name));
        let place = Place {
            path: name,
            name: last,
            value,
            is_listed: false,
        };
        // The rest of another service's object, which is at no top.
        if !parent.is_empty() && is_size(&place, is_free) {
            return Some(hidden(&place, true));
        }
        find(name, value, &mut |place| {
            is_size(place, is_free).then(|| hidden(place, false))
        })
    })
}

fn hidden(place: &Place<'_>, is_beside: bool) -> Hidden {
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
    let check = |place: &Place<'_>| {
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
        let (top, name) = path.split_once('.').unwrap_or((path, ""));
        if !OF_THE_ORDER.iter().any(|known| super::is_name(top, known)) {
            return None;
        }
        let place = Place {
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

fn differs(place: &Place<'_>, side: &Side, quantity: Option<Decimal>) -> bool {
    if place.is_listed || blank(place.value).is_some() {
        return false;
    }
    let text = string(place.value);
    let text = text.as_deref().unwrap_or(place.value.get());
    if is_quantity(place.name) {
        let stated = parse_decimal(text).ok().filter(|number| !number.is_zero());
        return matches!((stated, quantity), (Some(one), Some(other)) if !same_size(one, other));
    }
    let is_side = matches!(
        field_of(place.name),
        Some("action" | "positionDirection" | "direction")
    );
    is_side && words::side(text).is_some_and(|word| !agrees(side.intent, word))
}
