//! Plain text: `buy 10 AAPL at 180`, `sell 0.5 BTCUSD at 64250 limit`, `close NVDA at 131.2`.
//!
//! A side, a quantity, a symbol and a price, in this sequence. Every word is understood or the
//! message fails: a word that is passed over could be the one that matters.

use super::side;
use super::translation::{Taken, Translation, not_one_of};
use crate::domain::format::ReadingRules;
use crate::domain::money::parse_decimal;
use crate::domain::signal::{Direction, TimeInForce};
use crate::payload::error::PayloadError;
use crate::payload::fields::{QUANTITY_KIND, SideWord, shortened, side_word};

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
    let words: Vec<&str> = text.split_whitespace().take(LONGEST_SIDE).collect();
    side_of(&words).is_some()
}

/// The side that words begin with, and how many of them it has.
fn side_of(words: &[&str]) -> Option<(usize, SideWord, String)> {
    let most = words.len().min(LONGEST_SIDE);
    (1..=most).rev().find_map(|count| {
        let said = words[..count].join(" ");
        let word = match said.to_ascii_lowercase().as_str() {
            "cover" => SideWord::Whole(crate::domain::signal::Intent::ExitShort),
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
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|word| !is_key(word))
        .collect();
    let Some((count, word, said)) = side_of(&words) else {
        let problem = "does not begin with buy, sell, close or another word for a side";
        return Err(PayloadError::invalid("the message", problem, FORM));
    };
    state_side(&mut translation, word, &said, rules)?;
    let mut rest = Words {
        words: &words[count..],
        translation: &mut translation,
    };
    rest.quantity();
    rest.symbol(&said)?;
    rest.terms()?;
    Ok(translation)
}

/// True if a word is the key beside the message, which is hidden already.
fn is_key(word: &str) -> bool {
    word.starts_with("auth_key")
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
    fn quantity(&mut self) {
        let Some(first) = self.words.first().copied() else {
            return;
        };
        let (number, is_money) = match first.strip_prefix('$') {
            Some(number) => (number, true),
            None => (first, false),
        };
        let digits = number.strip_suffix('%').unwrap_or(number);
        let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.')
            && parse_decimal(digits).is_ok()
            || first.contains("{{") && self.words.len() > 1;
        if is_number {
            self.words = &self.words[1..];
            self.state("qty", "quantity", number);
            if is_money {
                self.translation
                    .state_as(QUANTITY_KIND, "quantity", "$", "dollars");
            }
        } else {
            self.skip(&["all", "my", "the"]);
        }
        self.skip(&UNITS);
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
    fn terms(&mut self) -> Result<(), PayloadError> {
        let mut at: Option<String> = None;
        let mut kind: Option<&'static str> = None;
        while let Some(word) = self.next().map(str::to_owned) {
            let small = word.to_ascii_lowercase();
            let price = small.strip_prefix('@').filter(|price| !price.is_empty());
            match small.as_str() {
                _ if price.is_some() => at = price.map(str::to_owned),
                "at" | "@" | "price" => at = Some(self.number_after(&word)?),
                "limit" | "lmt" | "market" | "mkt" | "stop" | "stp" => {
                    let is_limit = small.starts_with('l');
                    if self.is_number_next() && !small.starts_with('m') {
                        let price = self.number_after(&word)?;
                        let field = if is_limit { "limitPrice" } else { "stopPrice" };
                        self.state(field, &word, &price);
                    } else {
                        kind = Some(match small.as_bytes()[0] {
                            b'l' => "limit",
                            b'm' => "market",
                            _ => "stop",
                        });
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

fn not_understood(word: &str) -> PayloadError {
    let hint = format!("{FORM} The quantity stands before the symbol, the price behind \"at\".");
    PayloadError::invalid(&shortened(word), "is not understood here", hint)
}

/// A text without `price=...` in it, and that price.
pub fn split_price(text: &str) -> (String, Option<String>) {
    let mut price = None;
    let kept: Vec<&str> = text
        .split_whitespace()
        .filter(|word| {
            let value = word
                .strip_prefix("price=")
                .or_else(|| word.strip_prefix("close="));
            if let Some(value) = value {
                price = Some(value.trim_end_matches([',', ';']).to_owned());
            }
            value.is_none() && !is_key(word)
        })
        .collect();
    (kept.join(" "), price)
}

/// The error of a word that is none of a list, at a place in a text.
pub fn not_one(name: &str, value: &str, known: &[&str]) -> PayloadError {
    let json = serde_json::to_string(value).unwrap_or_default();
    match serde_json::value::RawValue::from_string(json) {
        Ok(raw) => not_one_of(
            &Taken {
                name: name.to_owned(),
                value: &raw,
            },
            known,
        ),
        Err(_) => not_understood(value),
    }
}
