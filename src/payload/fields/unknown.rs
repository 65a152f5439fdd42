//! Fields that algohook does not know: kept, named in one warning, and with a
//! guess where the name is close to a known one.

use std::fmt::Write;

use crate::domain::event::Warning;

use super::Object;

/// Every field that an alert may have at the top.
const KNOWN: [&str; 26] = [
    "auth_key",
    "ticker",
    "positionDirection",
    "direction",
    "action",
    "orderType",
    "qty",
    "notional",
    "marketPrice",
    "limitPrice",
    "stopPrice",
    "trailPrice",
    "trailPercent",
    "profitTarget",
    "takeProfit",
    "stopLossTarget",
    "stopLoss",
    "timeInForce",
    "extendedHours",
    "marketPosition",
    "marketPositionSize",
    "prevMarketPosition",
    "prevMarketPositionSize",
    "positionSize",
    "id",
    "metadata",
];

/// Names that other receivers use, in small letters without `_` and `-`.
const OTHER_NAMES: [(&str, &str); 22] = [
    ("symbol", "ticker"),
    ("instrument", "ticker"),
    ("price", "marketPrice"),
    ("close", "marketPrice"),
    ("quantity", "qty"),
    ("contracts", "qty"),
    ("size", "qty"),
    ("amount", "notional"),
    ("side", "action"),
    ("order", "action"),
    ("type", "orderType"),
    ("limit", "limitPrice"),
    ("stop", "stopPrice"),
    ("tp", "profitTarget"),
    ("target", "profitTarget"),
    ("sl", "stopLossTarget"),
    ("tif", "timeInForce"),
    ("previousmarketposition", "prevMarketPosition"),
    ("time", "metadata.timestamp"),
    ("timestamp", "metadata.timestamp"),
    ("strategy", "metadata.strategy"),
    ("comment", "metadata.comment"),
];

/// The most names that one warning lists.
const MOST_NAMES: usize = 10;

/// Warns once of every field that is not known.
pub fn warn(fields: &Object<'_, '_>, warnings: &mut Vec<Warning>) {
    let unknown = || {
        let names = fields.fields.0.iter().map(|(name, _)| name.as_ref());
        names.filter(|name| !KNOWN.contains(name))
    };
    let count = unknown().count();
    if count == 0 {
        return;
    }
    let mut message = "kept with the event, but not used: ".to_owned();
    for (index, name) in unknown().take(MOST_NAMES).enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(message, "{separator}{}", shortened(name));
        if let Some(meant) = meant(name) {
            let _ = write!(message, " (did you mean {meant}?)");
        }
    }
    if count > MOST_NAMES {
        let _ = write!(message, " and {} more", count - MOST_NAMES);
    }
    warnings.push(Warning::new("unknown_field", message));
}

/// The known field that an unknown name most likely means.
pub fn meant(name: &str) -> Option<&'static str> {
    if name.len() > 40 || KNOWN.contains(&name) {
        return None;
    }
    let known = KNOWN.iter().find(|known| letters(known).eq(letters(name)));
    known.copied().or_else(|| {
        let mut others = OTHER_NAMES.iter();
        let other = others.find(|(other, _)| letters(name).eq(other.chars()));
        other.map(|(_, meant)| *meant)
    })
}

/// A name's letters, small, without what people put between words.
fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(|letter| !matches!(letter, '_' | '-' | ' '))
        .map(|letter| letter.to_ascii_lowercase())
}

/// A name, cut where it is too long to be read.
pub fn shortened(name: &str) -> String {
    match name.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    }
}
