//! Plain text: `buy 10 AAPL at 180`, `sell 0.5 BTCUSD at 64250 limit`, `close NVDA at 131.2`.
//!
//! A side, a quantity, a symbol and a price, in this sequence. Every word is understood or the
//! message fails: a word that is passed over could be the one that matters.

use super::side;
use super::translation::{TakenField, not_one_of};
use crate::domain::format::ReadingRules;
use crate::domain::money::{Decimal, parse_decimal};
use crate::domain::signal::{Direction, Intent, TimeInForce};
use crate::payload::error::PayloadError;
use crate::payload::fields::{QUANTITY_KIND, SideWord, shortened, side_word};
use crate::payload::translation::Translation;

/// Words that a side has at most: `buy to cover`.
const LONGEST_SIDE: usize = 3;

/// Words beside a quantity that say nothing else than that it is one.
const UNITS: [&str; 11] = [
    "share",
    "shares",
    "contract",
    "contracts",
    "coin",
    "coins",
    "lot",
    "lots",
    "unit",
    "units",
    "of",
];

const FORM: &str = "Write it as in \"buy 10 AAPL at 180\", \"sell 0.5 BTCUSD at 64250 limit\" or \"close NVDA at 131.2\".";

/// True if a text begins with the word of a side.
pub fn begins_with_side(text: &str) -> bool {
    side_of(&words_without_key(text)).is_some()
}

/// The side that words begin with, and how many of them it has.
fn side_of(words: &[&str]) -> Option<(usize, SideWord, String)> {
    let most = words.len().min(LONGEST_SIDE);
    (1..=most).rev().find_map(|count| {
        let said = words[..count].join(" ");
        let word = match said.to_ascii_lowercase().as_str() {
            "cover" => SideWord::Whole(Intent::ExitShort),
            // The word between is an instrument: `close all` is a side, `close long` too.
            _ => side_word(&said)?,
        };
        Some((count, word, said))
    })
}

/// Says a message in our fields.
///
/// # Errors
///
/// Where a word is not understood.
pub fn translate(text: &str, rules: ReadingRules) -> Result<Translation<'static>, PayloadError> {
    let mut translation = Translation::default();
    let words = words_without_key(text);
    let Some((count, word, said)) = side_of(&words) else {
        let problem = "does not begin with buy, sell, close or another word for a side";
        return Err(PayloadError::invalid("the message", problem, FORM));
    };
    let is_all = words
        .get(count)
        .is_some_and(|word| word.eq_ignore_ascii_case("all"));
    state_side(
        &mut translation,
        leaving(word, is_all, &said)?,
        &said,
        rules,
    )?;
    let mut rest = Words {
        words: &words[count..],
        translation: &mut translation,
    };
    rest.quantity()?;
    rest.symbol(&said)?;
    rest.terms(direction(word))?;
    Ok(translation)
}

/// The side that a word says, if any.
fn direction(word: SideWord) -> Option<Direction> {
    match word {
        SideWord::Whole(intent) => intent.direction(),
        SideWord::Side(direction) | SideWord::Order(direction) => Some(direction),
        SideWord::Close | SideWord::Open => None,
    }
}

/// The side of a sentence: what sells "all" leaves a position, what buys it has none to take
/// all of.
fn leaving(word: SideWord, is_all: bool, said: &str) -> Result<SideWord, PayloadError> {
    match word {
        _ if !is_all => Ok(word),
        SideWord::Close => Ok(word),
        SideWord::Whole(intent) if intent.is_exit() => Ok(word),
        SideWord::Order(Direction::Short) => Ok(SideWord::Whole(Intent::ExitLong)),
        _ => {
            let problem = format!("cannot stand behind {}: it is no quantity", shortened(said));
            Err(PayloadError::invalid("all", problem, FORM))
        }
    }
}

/// The words of a text without the key beside it: `auth_key=...`, `auth_key: ...`.
fn words_without_key(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.split_whitespace();
    while let Some(word) = rest.next() {
        match word.strip_prefix("auth_key") {
            // The key is the word behind it.
            Some(":" | "=") => drop(rest.next()),
            Some("") => {
                if rest.next().is_some_and(|next| matches!(next, ":" | "=")) {
                    rest.next();
                }
            }
            Some(key) if key.starts_with([':', '=']) => {}
            _ => words.push(word),
        }
    }
    words
}

fn state_side(
    translation: &mut Translation<'_>,
    word: SideWord,
    said: &str,
    rules: ReadingRules,
) -> Result<(), PayloadError> {
    let mut say = |field, means: &str| translation.state_as(field, "side", said, means);
    match word {
        SideWord::Whole(intent) => say("positionDirection", intent.as_str()),
        SideWord::Side(Direction::Long) => say("positionDirection", "entryLong"),
        SideWord::Side(Direction::Short) => say("positionDirection", "entryShort"),
        SideWord::Close => say("positionDirection", "exit"),
        SideWord::Order(Direction::Long) => say("action", "buy"),
        SideWord::Order(Direction::Short) if side::only_closes(Some(rules)) => {
            say("positionDirection", "exitLong");
            translation.sale_closes();
        }
        SideWord::Order(Direction::Short) => say("action", "sell"),
        SideWord::Open => {
            let problem = "does not tell whether the position is long or short";
            return Err(PayloadError::invalid(said, problem, FORM));
        }
    }
    Ok(())
}

/// The words behind the side.
struct Words<'w, 't> {
    words: &'w [&'w str],
    translation: &'t mut Translation<'static>,
}

impl Words<'_, '_> {
    fn next(&mut self) -> Option<&str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn skip(&mut self, words: &[&str]) {
        while let Some(first) = self.words.first()
            && words.iter().any(|word| word.eq_ignore_ascii_case(first))
        {
            self.words = &self.words[1..];
        }
    }

    /// States a number as it is written, for the number's own errors.
    fn state(&mut self, field: &'static str, name: &str, text: &str) {
        let json = serde_json::to_string(text).unwrap_or_default();
        self.translation.state_raw(field, name, text, json);
    }

    /// A quantity before the symbol: `10`, `10%`, `$500`, `all`.
    fn quantity(&mut self) -> Result<(), PayloadError> {
        let Some(first) = self.words.first().copied() else {
            return Ok(());
        };
        let (number, is_money) = match first.strip_prefix('$') {
            Some(number) => (number, true),
            None => (first, false),
        };
        let digits = number.strip_suffix('%').unwrap_or(number);
        let begins = digits.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'));
        let is_number =
            begins && parse_decimal(digits).is_ok() || first.contains("{{") && self.words.len() > 1;
        let is_symbol = self.words.get(1).is_none_or(|next| is_term(next));
        if is_number {
            self.words = &self.words[1..];
            self.state("qty", "quantity", number);
            if is_money {
                self.translation
                    .state_as(QUANTITY_KIND, "quantity", "$", "dollars");
            }
        } else if is_symbol {
            // Some symbols begin with a digit.
        } else if begins || first.starts_with(['$', '\u{20ac}', '\u{a3}', '\u{a5}', '+']) {
            let problem = format!("is {}, which is no number here", shortened(first));
            let hint = "Write 1234.5 for units (no comma, no letters), 10% of the equity, or $500.";
            return Err(PayloadError::invalid("quantity", problem, hint));
        } else {
            self.skip(&["all", "my", "the"]);
        }
        self.skip(&UNITS);
        Ok(())
    }

    fn symbol(&mut self, side: &str) -> Result<(), PayloadError> {
        self.skip(&["position", "in"]);
        let Some(symbol) = self.next() else {
            let message = format!("{} names no instrument", shortened(side));
            let hint = "algohook keeps a position for each instrument: name it, as in \"close NVDA at {{close}}\".";
            return Err(PayloadError::none_of("ticker", message, hint));
        };
        let symbol = symbol.trim_end_matches(',').to_owned();
        self.state("ticker", "symbol", &symbol);
        Ok(())
    }

    /// Prices, order type and time in force.
    fn terms(&mut self, direction: Option<Direction>) -> Result<(), PayloadError> {
        let mut at: Option<String> = None;
        let mut stop: Option<String> = None;
        let mut kind: Option<&'static str> = None;
        let mut has_price_of_type = false;
        while let Some(word) = self.next().map(str::to_owned) {
            let small = word.to_ascii_lowercase();
            let price = small.strip_prefix('@').filter(|price| !price.is_empty());
            match small.as_str() {
                _ if price.is_some() => set("at", &mut at, price.map(str::to_owned))?,
                "at" | "@" | "price" => set("at", &mut at, Some(self.number_after(&word)?))?,
                "limit" | "lmt" | "market" | "mkt" | "stop" | "stp" => {
                    let is_limit = small.starts_with('l');
                    if self.is_number_next() && !small.starts_with('m') {
                        let price = self.number_after(&word)?;
                        let field = if is_limit { "limitPrice" } else { "stopPrice" };
                        self.state(field, &word, &price);
                        has_price_of_type = true;
                        stop = stop.or_else(|| (!is_limit).then_some(price));
                    } else {
                        let means = match small.as_bytes()[0] {
                            b'l' => "limit",
                            b'm' => "market",
                            _ => "stop",
                        };
                        set("the order type", &mut kind, Some(means))?;
                    }
                }
                "tp" | "target" => {
                    let price = self.number_after(&word)?;
                    self.state("profitTarget", &word, &price);
                }
                "sl" | "stoploss" => {
                    let price = self.number_after(&word)?;
                    self.state("stopLossTarget", &word, &price);
                }
                _ if small.parse::<TimeInForce>().is_ok() => {
                    self.state("timeInForce", &word, &small);
                }
                _ => return Err(not_understood(&word)),
            }
        }
        if let (Some(direction), Some(at), Some(stop)) = (direction, &at, &stop) {
            require_stop_beyond(direction, at, stop)?;
        }
        if let Some(kind) = kind.filter(|_| has_price_of_type) {
            let what = format!("{kind} and the price of another order type");
            return Err(PayloadError::contradiction("the order type", what, ONCE));
        }
        let field = match kind {
            Some("limit") => "limitPrice",
            Some("stop") => "stopPrice",
            _ => "marketPrice",
        };
        if let Some(kind) = kind {
            self.translation.state_as("orderType", "type", kind, kind);
        }
        if let Some(price) = at {
            self.state(field, "price", &price);
        }
        Ok(())
    }

    fn is_number_next(&self) -> bool {
        let next = self.words.first();
        next.is_some_and(|next| parse_decimal(next).is_ok() || next.contains("{{"))
    }

    fn number_after(&mut self, word: &str) -> Result<String, PayloadError> {
        if self.words.first().is_some_and(|next| next.contains("{{")) || self.is_number_next() {
            return Ok(self.next().unwrap_or_default().to_owned());
        }
        let next = self.next().map(shortened);
        let problem = next.map_or_else(
            || "has no price behind it".to_owned(),
            |next| format!("has {next} behind it, which is no price"),
        );
        Err(PayloadError::invalid(&shortened(word), problem, FORM))
    }
}

/// A stop order waits for a price beyond that of the market: "buy 2 A at 400 stop 395" means a stop
/// loss, and would be another order.
fn require_stop_beyond(direction: Direction, at: &str, stop: &str) -> Result<(), PayloadError> {
    let (Ok(price), Ok(trigger)) = (parse_decimal(at), parse_decimal(stop)) else {
        return Ok(());
    };
    if (trigger - price) * direction.sign() >= Decimal::ZERO {
        return Ok(());
    }
    let problem = format!("{stop} is no price that an order from {at} waits for");
    let hint = format!("Write sl {stop} for a stop loss.");
    Err(PayloadError::invalid("stop", problem, hint))
}

const ONCE: &str = "Say each thing once, as in \"buy 10 AAPL at 180 limit\".";

/// Sets what a sentence says once.
fn set<T: PartialEq + std::fmt::Display>(
    name: &str,
    value: &mut Option<T>,
    said: Option<T>,
) -> Result<(), PayloadError> {
    if let (Some(first), Some(second)) = (&*value, &said)
        && first != second
    {
        let what = format!("{first} and {second}");
        return Err(PayloadError::contradiction(name, what, ONCE));
    }
    *value = said;
    Ok(())
}

/// True if a word begins the terms behind the symbol.
fn is_term(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.starts_with('@')
        || matches!(
            word.as_str(),
            "at" | "price" | "limit" | "lmt" | "market" | "mkt" | "stop" | "stp"
        )
}

fn not_understood(word: &str) -> PayloadError {
    let hint = format!("{FORM} The quantity stands before the symbol, the price behind \"at\".");
    PayloadError::invalid(&shortened(word), "is not understood here", hint)
}

/// A text without `price=...` in it, and that price.
///
/// # Errors
///
/// Where there are two prices.
pub fn split_price(text: &str) -> Result<(String, Option<String>), PayloadError> {
    let mut price: Option<String> = None;
    let mut kept = Vec::new();
    for word in words_without_key(text) {
        let stated = word
            .strip_prefix("price=")
            .or_else(|| word.strip_prefix("close="));
        let Some(value) = stated.map(|value| value.trim_end_matches([',', ';'])) else {
            kept.push(word);
            continue;
        };
        if let Some(first) = price.as_deref().filter(|first| *first != value) {
            let what = format!("price {} and price {}", shortened(first), shortened(value));
            let hint = "Keep the price that you mean, and delete the other.";
            return Err(PayloadError::contradiction("price", what, hint));
        }
        price = Some(value.to_owned());
    }
    Ok((kept.join(" "), price))
}

/// The error of a word that is not in a list, at a place in a text.
pub fn not_one(name: &str, value: &str, known: &[&str]) -> PayloadError {
    let json = serde_json::to_string(value).unwrap_or_default();
    match serde_json::value::RawValue::from_string(json) {
        Ok(raw) => not_one_of(
            &TakenField {
                name: name.to_owned(),
                value: &raw,
            },
            known,
        ),
        Err(_) => not_understood(value),
    }
}
