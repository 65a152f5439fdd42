//! Names that are not known, and what they most likely say: a size, its unit, a position, an
//! exit, or a time.
//!
//! Nothing is read by a likeness. Where a message states no size under a name that is known,
//! one that looks like a size or a position fails it: the order would otherwise have a quantity
//! that nobody gave. So does a unit beside a quantity, and an exit beside an order that opens
//! something. One that looks like a time tells that the message is of one moment.

use serde_json::value::RawValue;

use super::names::{is_name, is_one_slip};
use super::sorted_fields::blank;
use super::{string, switch, words as values};
use crate::domain::money::parse_decimal;
use crate::domain::signal::{Direction, Intent};

/// Words that say a size whatever stands beside them.
const SIZES: [&str; 15] = [
    "qty",
    "quantity",
    "contracts",
    "shares",
    "units",
    "coins",
    "lots",
    "lot",
    "size",
    "amount",
    "cantidad",
    "menge",
    "quantite",
    "quantidade",
    "volume",
];

/// Words that say a size alone, or beside words that only say of what.
const SHARES: [&str; 38] = [
    "percent",
    "pct",
    "percentage",
    "allocation",
    "alloc",
    "usd",
    "usdt",
    "usdc",
    "eur",
    "dollars",
    "dollar",
    "cash",
    "money",
    "value",
    "invest",
    "investment",
    "stake",
    "budget",
    "contract",
    "share",
    "vol",
    "amt",
    "nominal",
    "sz",
    "sizing",
    "margin",
    "weight",
    "portion",
    "fraction",
    "ratio",
    "cost",
    "funds",
    "pieces",
    "tokens",
    "anzahl",
    "st\u{fc}ck",
    "\u{43a}\u{43e}\u{43b}\u{438}\u{447}\u{435}\u{441}\u{442}\u{432}\u{43e}",
    "\u{6570}\u{91cf}",
];

/// Words that say of what a share is.
const OF: [&str; 18] = [
    "order",
    "trade",
    "position",
    "pos",
    "equity",
    "balance",
    "capital",
    "portfolio",
    "account",
    "wallet",
    "entry",
    "exit",
    "close",
    "of",
    "in",
    "the",
    "buy",
    "sell",
];

/// Words beside which a size is that of something else.
const OTHERS: [&str; 37] = [
    "tick",
    "pip",
    "step",
    "min",
    "max",
    "minimum",
    "maximum",
    "bar",
    "candle",
    "avg",
    "average",
    "relative",
    "rel",
    "tp",
    "sl",
    "take",
    "takeprofit",
    "profit",
    "stop",
    "stoploss",
    "loss",
    "trail",
    "trailing",
    "target",
    "fee",
    "fees",
    "commission",
    "price",
    "change",
    "leverage",
    "spread",
    "slippage",
    "rate",
    "drawdown",
    "atr",
    "font",
    "outstanding",
];

/// Figures of a bar, beside which a volume is the bar's.
const BAR: [&str; 8] = ["open", "high", "low", "close", "o", "h", "l", "c"];

/// A name's words, small: `orderVolume` and `order_volume` are `order` and `volume`. Letters of
/// full width are those of ASCII.
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut is_new, mut was_small) = (true, false);
    for letter in name.chars().take(80).map(narrow) {
        if !letter.is_alphanumeric() {
            is_new = true;
            continue;
        }
        let is_small = letter.is_lowercase();
        if is_new || was_small && letter.is_uppercase() {
            words.push(String::new());
        }
        (is_new, was_small) = (false, is_small);
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

/// The letter of ASCII that one of full width looks like.
fn narrow(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        letter => letter,
    }
}

fn is_slip(word: &str, known: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (known.chars().collect(), word.chars().collect());
    let is_short = one.len() < 4 || other.len() < 4;
    // Three letters are soon another word: only what begins as it does is one of its slips.
    (!is_short || known == "qty" && word.starts_with('q') && word.len() >= 2)
        && is_one_slip(&one, &other)
}

/// True of the name of a figure of a bar.
fn is_bar(name: &str) -> bool {
    BAR.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// True of the value of one contract, and of the whole account, which is no order.
fn is_of_something_else(words: &[String]) -> bool {
    match words {
        [first, _, ..] if first == "contract" => true,
        [first, other] if first == "account" => matches!(&**other, "size" | "value" | "amount"),
        _ => false,
    }
}

/// True if a name looks like that of a size, beside the other names of its object.
pub fn is_size<'n>(name: &str, mut beside: impl Iterator<Item = &'n str>) -> bool {
    let words = words(name);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    // "value" alone is any plot's.
    let is_plot = words.len() == 1 && words[0] == "value";
    if words.is_empty() || has(&OTHERS) || is_of_something_else(&words) || is_plot {
        return false;
    }
    let is_volume = words
        .iter()
        .any(|word| matches!(word.as_str(), "volume" | "vol"));
    if is_volume {
        let is_order = words.iter().any(|word| OF.contains(&word.as_str()));
        return (words.len() == 1 || is_order) && !beside.any(is_bar);
    }
    let is_slip_of_size = |word: &String| {
        let known = SIZES[..10].iter().any(|known| is_slip(word, known));
        known || word == "qnty"
    };
    if has(&SIZES) || words.iter().any(is_slip_of_size) {
        return true;
    }
    let is_share = |word: &String| SHARES.contains(&word.as_str());
    let is_said = |word: &String| is_share(word) || OF.contains(&word.as_str());
    words.iter().any(is_share) && words.iter().all(is_said)
}

/// True if a name is that of a quantity but for a slip of the pen, or for how it is typed.
pub fn is_slip_of_quantity(name: &str) -> bool {
    match words(name).as_slice() {
        [word] => {
            ["qty", "quantity"]
                .iter()
                .any(|known| word == known || is_slip(word, known))
                || word == "qnty"
        }
        _ => false,
    }
}

/// True if a value can be that of a size: a number, as it is or in a text with signs around it.
pub fn is_amount(value: &RawValue) -> bool {
    if blank(value).is_some() {
        return false;
    }
    let text = string(value);
    let text = text.as_deref().unwrap_or(value.get()).trim();
    let digits = text.trim_start_matches(['-', '+', '$', '\u{20ac}', '\u{a3}', '.']);
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.' | '-'));
    !is_zero && (digits.starts_with(|c: char| c.is_numeric()) || text.contains("{{"))
}

/// Words that say a position.
const POSITIONS: [&str; 8] = [
    "position",
    "positions",
    "pos",
    "mp",
    "exposure",
    "holding",
    "holdings",
    "inventory",
];

/// Words beside which a size is that of the position after the order.
const AFTER: [&str; 9] = [
    "target",
    "new",
    "final",
    "desired",
    "net",
    "after",
    "resulting",
    "remaining",
    "remainder",
];

/// Words that only say which position, or what of it.
const OF_POSITION: [&str; 18] = [
    "current", "cur", "my", "open", "next", "before", "old", "prev", "previous", "last", "market",
    "strategy", "order", "trade", "total", "state", "status", "signed",
];

/// True if a name looks like that of a position: `target_position`, `netPosition`, `newpos`,
/// `remaining_qty`.
pub fn is_position(name: &str) -> bool {
    let is_after = |word: &str| AFTER.contains(&word);
    let is_of = |word: &str| OF_POSITION.contains(&word) || is_after(word);
    let is_sized = |word: &str| SIZES.contains(&word);
    // Written together: newposition.
    let is_joined = |word: &str| {
        let ends = ["position", "positions", "pos"];
        let mut of = ends.iter().filter_map(|end| word.strip_suffix(end));
        of.any(is_of)
    };
    let is_whole = |word: &str| POSITIONS.contains(&word) || is_joined(word);
    let words = words(name);
    let has = |is: &dyn Fn(&str) -> bool| words.iter().any(|word| is(word));
    (has(&is_whole) || has(&is_sized) && has(&is_after))
        && words
            .iter()
            .all(|word| is_whole(word) || is_of(word) || is_sized(word))
}

/// A position as a value states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PositionValue {
    /// None: 0, or a word for it.
    Flat,
    /// The side alone.
    Side(Direction),
    /// So much of it.
    Size,
}

/// The position that a value can be.
fn position(value: &RawValue) -> Option<PositionValue> {
    const KNOWN: [&str; 3] = ["long", "short", "flat"];
    if blank(value).is_some() {
        return None;
    }
    let text = string(value);
    let text = text.as_deref().unwrap_or(value.get()).trim();
    if let Ok(number) = parse_decimal(text) {
        let is_flat = number.is_zero();
        return Some(if is_flat {
            PositionValue::Flat
        } else {
            PositionValue::Size
        });
    }
    match values::known("marketPosition", text, &KNOWN)? {
        "long" => Some(PositionValue::Side(Direction::Long)),
        "short" => Some(PositionValue::Side(Direction::Short)),
        _ => Some(PositionValue::Flat),
    }
}

/// True if a position is not the one that an order without a quantity leads to: an exit to none,
/// an entry to its own side.
pub fn is_other_position(name: &str, value: &RawValue, intent: Intent) -> bool {
    let is_before = words(name)
        .iter()
        .any(|word| matches!(&**word, "prev" | "previous" | "before" | "old"));
    let opens = intent.direction().filter(|_| !intent.is_exit());
    let leaves = intent.direction().filter(|_| intent.is_exit());
    let leaves = leaves.map(Direction::opposite);
    match position(value) {
        None => false,
        Some(PositionValue::Size) => true,
        Some(PositionValue::Flat) => !is_before && opens.is_some(),
        Some(PositionValue::Side(side)) if is_before => {
            opens.is_some() || leaves.is_some_and(|leaves| leaves != side)
        }
        Some(PositionValue::Side(side)) => opens != Some(side),
    }
}

/// Words of a share or of money, which a switch says of the quantity.
const SAID_OF_QUANTITY: [&str; 14] = [
    "percent",
    "percents",
    "percentage",
    "pct",
    "notional",
    "usd",
    "usdt",
    "usdc",
    "eur",
    "cash",
    "money",
    "dollars",
    "quote",
    "fraction",
];

/// True if a field says that the quantity beside it is no number of units: `is_percent: true`,
/// `mode: percent`.
pub fn is_unit(name: &str, value: &RawValue) -> bool {
    let words = words(name);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    // Stops and targets have units of their own.
    if has(&OTHERS) {
        return false;
    }
    let text = string(value);
    let text = text.as_deref().unwrap_or(value.get()).trim();
    let is_number = parse_decimal(text).is_ok();
    let is_on = switch(text) == Some(true) && (!is_number || has(&["is", "in", "as", "use"]));
    let kind = values::quantity_kind(text);
    is_on && has(&SAID_OF_QUANTITY) || matches!(kind, Some(values::QuantityKind::Percent(_)))
}

/// Names of switches that say of an order that it leaves a position, in letters.
const EXITS: [&str; 23] = [
    "exit",
    "isexit",
    "close",
    "isclose",
    "isclosing",
    "closing",
    "flat",
    "isflat",
    "goflat",
    "flatten",
    "exittrade",
    "closetrade",
    "exitposition",
    "exitpos",
    "closepos",
    "exitorder",
    "closeorder",
    "exitonly",
    "exitlong",
    "closelong",
    "exitshort",
    "closeshort",
    "liquidate",
];

/// True if a field is a switch that says of the order that it leaves a position.
pub fn is_exit(name: &str, value: &RawValue) -> bool {
    if !EXITS.iter().any(|known| is_name(name, known)) {
        return false;
    }
    let text = string(value);
    let text = text.as_deref().unwrap_or(value.get());
    // The number 1 is a price, unless the name asks.
    let asks = name.to_ascii_lowercase().starts_with("is");
    switch(text) == Some(true) && (asks || parse_decimal(text).is_err())
}

/// Words that say a time.
const TIMES: [&str; 9] = [
    "time",
    "timestamp",
    "timenow",
    "datetime",
    "date",
    "ts",
    "epoch",
    "when",
    "now",
];

/// Words beside which a time is that of something else.
const OTHER_TIMES: [&str; 17] = [
    "frame",
    "timeframe",
    "force",
    "zone",
    "timezone",
    "out",
    "timeout",
    "limit",
    "expiry",
    "expiration",
    "expires",
    "until",
    "delay",
    "valid",
    "session",
    "start",
    "end",
];

/// True if a name looks like that of a time.
pub fn is_time(name: &str) -> bool {
    let words = words(name);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    let ends = |word: &String| word.ends_with("time") || word.contains("timestamp");
    let is_at = words.len() > 1 && words.last().is_some_and(|word| word == "at");
    let is_other = has(&OTHER_TIMES) && !has(&["bar", "candle"]);
    !is_other && (has(&TIMES) || words.iter().any(ends) || is_at)
}

/// True if a text tells a moment, in a form that is known or not: it has the digits of a date
/// and a time of day.
pub fn is_moment(text: &str) -> bool {
    let digits = text.chars().take(80).filter(|c| c.is_numeric()).count();
    !text.contains("{{") && digits >= 9
}

/// True if a text tells a moment or at least a time of day.
pub fn is_time_of_day(text: &str) -> bool {
    let is_digit = |c: &char| c.is_numeric();
    let letters: Vec<char> = text.chars().take(80).collect();
    let has_clock = letters
        .windows(3)
        .any(|three| three[1] == ':' && is_digit(&three[0]) && is_digit(&three[2]));
    !text.contains("{{") && has_clock || is_moment(text)
}
