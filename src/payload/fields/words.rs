//! Words as senders write them: without case, and under the names that brokers use.

use std::str::FromStr;

use super::names::letters;
use crate::domain::event::UnknownText;
use crate::domain::signal::{Direction, Intent, PercentOf};

/// Other words for the words of a field, in letters.
const SYNONYMS: [(&str, &[(&str, &str)]); 3] = [
    (
        "orderType",
        &[
            ("mkt", "market"),
            ("lmt", "limit"),
            ("stp", "stop"),
            ("stopmarket", "stop"),
            ("stplmt", "stop_limit"),
            ("marketorder", "market"),
            ("limitorder", "limit"),
            ("limitmaker", "limit"),
            ("stoporder", "stop"),
            ("stoploss", "stop"),
            ("stoplossmarket", "stop"),
            ("stoplosslimit", "stop_limit"),
            ("stoplimitorder", "stop_limit"),
            ("trail", "trailing_stop"),
            ("trailing", "trailing_stop"),
            ("trailingstoploss", "trailing_stop"),
            ("trailingstopmarket", "trailing_stop"),
        ],
    ),
    (
        "timeInForce",
        &[
            ("goodtillcancel", "gtc"),
            ("goodtillcancelled", "gtc"),
            ("goodtillcanceled", "gtc"),
            ("goodtilcanceled", "gtc"),
            ("immediateorcancel", "ioc"),
            ("fillorkill", "fok"),
        ],
    ),
    (
        "marketPosition",
        &[("bullish", "long"), ("bearish", "short")],
    ),
];

/// Reads one of a field's words, without regard to case, `_`, `-` and spaces.
pub fn read<T: FromStr<Err = UnknownText>>(field: &str, text: &str) -> Result<T, UnknownText> {
    text.parse().or_else(|unknown: UnknownText| {
        let word = known(field, text, unknown.known).ok_or(unknown)?;
        word.parse()
    })
}

/// The one of these words that a text is.
pub fn known<'w>(field: &str, text: &str, words: &[&'w str]) -> Option<&'w str> {
    let is_text = |word: &str| letters(text.trim()).eq(letters(word));
    if let Some(word) = words.iter().find(|word| is_text(word)) {
        return Some(word);
    }
    let (_, synonyms) = SYNONYMS.iter().find(|(of, _)| *of == field)?;
    let (_, meant) = synonyms.iter().find(|(synonym, _)| is_text(synonym))?;
    words.iter().find(|word| *word == meant).copied()
}

/// True if a word speaks of the type of an order, known or not.
pub fn is_order_type(text: &str) -> bool {
    const PARTS: [&str; 9] = [
        "market",
        "limit",
        "stop",
        "trail",
        "takeprofit",
        "mkt",
        "lmt",
        "stp",
        "touched",
    ];
    let word: String = letters(text.trim()).take(30).collect();
    PARTS.iter().any(|part| word.contains(part))
}

/// The meaning of a word for an order's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideWord {
    /// All of it: entry or exit, long or short.
    Whole(Intent),
    /// `buy` as long, `sell` as short.
    Order(Direction),
    /// `long`, `short`: what the order buys or sells, or the position that it is about.
    Side(Direction),
    /// An entry of a side that something else has to tell.
    Open,
    /// An exit of a side that something else has to tell.
    Close,
}

/// The words for an order's side, in letters.
const SIDES: [(SideWord, &[&str]); 10] = [
    (SideWord::Order(Direction::Long), &["buy"]),
    (SideWord::Order(Direction::Short), &["sell"]),
    (SideWord::Side(Direction::Long), &["long"]),
    (SideWord::Side(Direction::Short), &["short"]),
    (
        SideWord::Whole(Intent::EntryLong),
        &[
            "entrylong",
            "enterlong",
            "openlong",
            "longentry",
            "buytoopen",
        ],
    ),
    (
        SideWord::Whole(Intent::ExitLong),
        &["exitlong", "closelong", "longexit", "selltoclose"],
    ),
    (
        SideWord::Whole(Intent::EntryShort),
        &[
            "entryshort",
            "entershort",
            "openshort",
            "shortentry",
            "selltoopen",
            "sellshort",
        ],
    ),
    (
        SideWord::Whole(Intent::ExitShort),
        &[
            "exitshort",
            "closeshort",
            "shortexit",
            "buytoclose",
            "buytocover",
        ],
    ),
    (SideWord::Open, &["open", "enter", "entry"]),
    (
        SideWord::Close,
        &["close", "exit", "flat", "flatten", "closeall", "exitall"],
    ),
];

/// The side that a word tells.
pub fn side(text: &str) -> Option<SideWord> {
    let is_text = |word: &str| letters(text.trim()).eq(word.chars());
    let mut all = SIDES.iter();
    let (side, _) = all.find(|(_, words)| words.iter().any(|word| is_text(word)))?;
    Some(*side)
}

/// The kinds of number that a quantity can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantityKind {
    /// Contracts, shares or coins.
    Units,
    /// Money.
    Money,
    /// A percentage, and of what where that is said.
    Percent(Option<PercentOf>),
}

/// The words for kinds of quantity that can be used, in letters.
const KINDS: [(QuantityKind, &[&str]); 5] = [
    (
        QuantityKind::Units,
        &[
            "unit",
            "units",
            "fixed",
            "fixedquantity",
            "fixedqty",
            "quantity",
            "qty",
            "contract",
            "contracts",
            "share",
            "shares",
            "coin",
            "coins",
            "lot",
            "lots",
            "piece",
            "pieces",
            "token",
            "tokens",
            "base",
            "absolute",
        ],
    ),
    (
        QuantityKind::Money,
        &[
            "dollaramount",
            "amountperposition",
            "dollar",
            "dollars",
            "cash",
            "money",
            "notional",
            "quote",
            "usd",
        ],
    ),
    (
        QuantityKind::Percent(None),
        &["percent", "percentage", "percents", "pct", "%"],
    ),
    (
        QuantityKind::Percent(Some(PercentOf::Equity)),
        &[
            "percentofequity",
            "percentequity",
            "equitypercent",
            "equitypercentage",
            "percentofbalance",
            "percentofaccount",
            "percentofcapital",
            "percentofportfolio",
            "percentofwallet",
            "balancepercent",
            "accountpercent",
            "portfoliopercent",
            "pctofequity",
            "pctequity",
            "equitypct",
        ],
    ),
    (
        QuantityKind::Percent(Some(PercentOf::Position)),
        &["percentofposition", "positionpercent", "percentposition"],
    ),
];

/// The kind of quantity that a word tells; `None` of what is not known.
pub fn quantity_kind(text: &str) -> Option<QuantityKind> {
    let is_text = |word: &str| letters(text.trim()).eq(word.chars());
    let mut all = KINDS.iter();
    let (kind, _) = all.find(|(_, words)| words.iter().any(|word| is_text(word)))?;
    Some(*kind)
}

/// True or false, as people and programs write it.
pub fn switch(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "y" => Some(true),
        "false" | "0" | "no" | "off" | "n" => Some(false),
        _ => None,
    }
}
