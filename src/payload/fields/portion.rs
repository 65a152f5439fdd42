//! Parts of a position under names that nobody knows.
//!
//! An exit that states no quantity leaves the whole position. So a percentage or a word for a part,
//! whatever its name, is taken for the part that its sender means, and fails the message: what is left
//! of a position costs money. But for the names of what is a percentage by itself, as a profit.

use serde_json::value::RawValue;

use super::likeness::words;
use super::sorted_fields::blank;
use super::string;
use crate::domain::money::parse_decimal;

/// Words of what is stated in percent, or in words, and is no part of a position.
const OTHERS: [&str; 48] = [
    "profit",
    "loss",
    "pnl",
    "gain",
    "return",
    "returns",
    "change",
    "drawdown",
    "dd",
    "runup",
    "win",
    "winrate",
    "rate",
    "rr",
    "risk",
    "reward",
    "tp",
    "sl",
    "stop",
    "stoploss",
    "target",
    "takeprofit",
    "trail",
    "trailing",
    "offset",
    "deviation",
    "distance",
    "fee",
    "fees",
    "commission",
    "slippage",
    "spread",
    "leverage",
    "rsi",
    "confidence",
    "score",
    "probability",
    "strength",
    "volatility",
    "margin",
    "reason",
    "comment",
    "note",
    "name",
    "label",
    "type",
    "status",
    "message",
];

/// Words behind or before a number that are units of a quantity.
const UNITS: [&str; 26] = [
    "usd",
    "usdt",
    "usdc",
    "eur",
    "gbp",
    "jpy",
    "dollars",
    "dollar",
    "euro",
    "euros",
    "contract",
    "contracts",
    "share",
    "shares",
    "unit",
    "units",
    "coin",
    "coins",
    "lot",
    "lots",
    "token",
    "tokens",
    "percent",
    "pct",
    "x",
    "k",
];

/// Words for a part.
const PARTS: [&str; 5] = ["half", "quarter", "third", "partial", "part"];

/// True if a field of an exit may be the part of the position that is left.
pub fn is_portion(name: &str, value: &RawValue) -> bool {
    let words = words(name);
    let is_other = words.iter().any(|word| OTHERS.contains(&&**word));
    !is_other && (is_share(value) || is_part(name, value))
}

/// True of a number with a sign or a unit: a share, or money. A date, a version, a time span or a
/// text that begins with a number is none.
fn is_share(value: &RawValue) -> bool {
    let is_figure = |c: char| c.is_numeric() && c != '0';
    let Some(text) = string(value).filter(|_| blank(value).is_none()) else {
        return false;
    };
    let text = text.trim();
    if parse_decimal(text).is_ok() {
        return false;
    }
    if text.starts_with("{{") {
        let sizes = ["plot", "contracts", "position_size"];
        return sizes.iter().any(|name| text.contains(name));
    }
    let text = text.trim_start_matches(['-', '+', '$', '\u{20ac}', '\u{a3}', ' ']);
    let text = match text.split_once(' ') {
        Some((unit, number)) if is_unit(unit) => number,
        _ => text,
    };
    let is_part = |c: char| c.is_numeric() || matches!(c, '.' | ',' | '\'' | ' ');
    let ends = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (number, unit) = text.split_at(ends);
    // Three points are those of an address.
    let is_number = number.starts_with(|c: char| c.is_numeric() || c == '.')
        && number.matches('.').count() < 3
        && number.contains(is_figure);
    is_number && (unit.is_empty() || is_unit(unit.trim()))
}

/// True of a sign or a word for the unit of a quantity, or of a currency's code.
fn is_unit(text: &str) -> bool {
    let is_code = (3..=5).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_uppercase());
    matches!(text, "%" | "$" | "\u{20ac}" | "\u{a3}")
        || is_code
        || UNITS.contains(&&*text.to_lowercase())
}

/// True of a part in words: `"portion": "half"`, `"partial": true`.
fn is_part(name: &str, value: &RawValue) -> bool {
    let text = string(value);
    let text = text.as_deref().unwrap_or(value.get()).trim().to_lowercase();
    let has_part = || words(name).iter().any(|word| PARTS.contains(&&**word));
    PARTS.contains(&&*text) || matches!(&*text, "true" | "yes") && has_part()
}
