//! Alertatron: <https://alertatron.com/docs/automated-trading/basic-concepts>.
//!
//! `MyKeys(XBTUSD) { market(side=buy, amount=100); } #bot`. A message can have several
//! commands there and makes one order here: one of `market` and `limit`. Commands that wait or
//! cancel have no meaning here; those that protect the position are named in a warning. The
//! price, which the commands do not state, can stand outside of the braces: `price={{close}}`.

use super::side;
use super::text::{not_one, split_price};
use super::translation::{Distance, Translation, distant};
use crate::domain::format::ReadingRules;
use crate::domain::money::{Decimal, parse_decimal};
use crate::payload::error::PayloadError;
use crate::payload::fields::{QUANTITY_KIND, shortened};

/// Commands that make an order of the message.
const ORDERS: [&str; 2] = ["market", "limit"];

/// Commands without a meaning for an order.
const PASSED_OVER: [&str; 8] = [
    "cancel",
    "wait",
    "continue",
    "notify",
    "balance",
    "exchangesettings",
    "settings",
    "stop",
];

/// Commands for orders around the position.
const PROTECTIVE: [&str; 7] = [
    "stoporder",
    "stopmarket",
    "trailingstop",
    "trailingstoporder",
    "trailingtakeprofit",
    "stoportakeprofit",
    "takeprofit",
];

/// A block of commands for one symbol.
struct Block<'t> {
    symbol: &'t str,
    commands: &'t str,
}

/// A command with its arguments.
struct Command<'t> {
    name: String,
    arguments: Vec<(String, &'t str)>,
}

/// True if a text has a block of commands in it.
pub fn has_block(text: &str) -> bool {
    split(text).is_some_and(|(blocks, _)| !blocks.is_empty())
}

/// The blocks of a text and what stands around them; `None` where a brace has no other.
fn split(text: &str) -> Option<(Vec<Block<'_>>, String)> {
    let (mut blocks, mut around, mut rest) = (Vec::new(), String::new(), text);
    while let Some(open) = rest.find('{') {
        let before = rest[..open].trim_end();
        let inside = before.strip_suffix(')')?;
        let parenthesis = inside.rfind('(')?;
        let keys = inside[..parenthesis].trim_end();
        let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let begin = keys.trim_end_matches(is_of_name).len();
        if begin == keys.len() {
            return None;
        }
        let length = rest[open..].find('}')?;
        blocks.push(Block {
            symbol: inside[parenthesis + 1..].trim(),
            commands: &rest[open + 1..open + length],
        });
        around.push_str(&keys[..begin]);
        around.push(' ');
        rest = &rest[open + length + 1..];
    }
    around.push_str(rest);
    Some((blocks, around))
}

/// Says a message in our fields.
///
/// # Errors
///
/// Where it asks for more or something else than one order.
pub fn translate(text: &str, rules: ReadingRules) -> Result<Translation<'static>, PayloadError> {
    const FORM: &str =
        "Write it as in \"MyKeys(XBTUSD) { market(side=buy, amount=100); } price={{close}}\".";
    let Some((blocks, around)) = split(text).filter(|(blocks, _)| !blocks.is_empty()) else {
        let problem = "has no block of commands for a symbol";
        return Err(PayloadError::invalid("the message", problem, FORM));
    };
    let mut translation = Translation::default();
    let (_, price) = split_price(&around);
    let mut orders = Vec::new();
    for block in &blocks {
        for command in commands(block.commands)? {
            let name = command.name.as_str();
            if ORDERS.contains(&name) {
                orders.push((block, command));
            } else if PROTECTIVE.contains(&name) {
                translation.unused.push(command.name);
            } else if !PASSED_OVER.contains(&name) {
                let problem = format!(
                    "is no command that algohook knows; it reads {}",
                    ORDERS.join(" and ")
                );
                return Err(PayloadError::invalid(&shortened(name), problem, FORM));
            }
        }
    }
    let [(block, command)] = orders.as_slice() else {
        let problem = format!(
            "asks for {} orders, and a message makes one here",
            orders.len()
        );
        let hint = "Send a message with one market or limit command for each order.";
        return Err(PayloadError::invalid("the message", problem, hint));
    };
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    translation.state_raw("ticker", "symbol", block.symbol, quoted(block.symbol));
    if let Some(price) = &price {
        translation.state_raw("marketPrice", "price", price, quoted(price));
    }
    let price = price.and_then(|price| parse_decimal(&price).ok());
    order(&mut translation, command, price, rules)?;
    Ok(translation)
}

/// The commands of a block.
fn commands(text: &str) -> Result<Vec<Command<'_>>, PayloadError> {
    let mut all = Vec::new();
    for line in text.split([';', '\n']) {
        let line = line.split("//").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, arguments) = match line.split_once('(') {
            Some((name, arguments)) => (name, arguments.trim_end().strip_suffix(')')),
            None => (line, Some("")),
        };
        let Some(arguments) = arguments else {
            let problem = "has no closing parenthesis";
            let hint = "Write the command as in market(side=buy, amount=100);";
            return Err(PayloadError::invalid(&shortened(name), problem, hint));
        };
        let mut pairs = Vec::new();
        for argument in arguments.split(',').filter(|text| !text.trim().is_empty()) {
            let (name, value) = argument.split_once('=').unwrap_or((argument, "true"));
            pairs.push((name.trim().to_ascii_lowercase(), value.trim()));
        }
        all.push(Command {
            name: name.trim().to_ascii_lowercase(),
            arguments: pairs,
        });
    }
    Ok(all)
}

/// States the order of a command.
fn order(
    translation: &mut Translation<'_>,
    command: &Command<'_>,
    price: Option<Decimal>,
    rules: ReadingRules,
) -> Result<(), PayloadError> {
    let argument = |name: &str| {
        let mut all = command.arguments.iter();
        let found = all.find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim_matches(['"', '\'']))
    };
    for (name, value) in &command.arguments {
        let mut same = command.arguments.iter().filter(|(other, _)| other == name);
        if same.any(|(_, other)| other != value) {
            return Err(PayloadError::duplicate(name));
        }
    }
    let is_set = |name| argument(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let is_limit = command.name == "limit";
    translation.state_as("orderType", &command.name, &command.name, &command.name);
    if let Some(position) = argument("position") {
        if parse_decimal(position).is_ok_and(|number| number.is_zero()) {
            translation.state_as("positionDirection", "position", position, "exit");
            if is_limit {
                limit(translation, argument("offset"), price, None)?;
            }
            return Ok(());
        }
        let problem = "is the position to reach, from which algohook cannot tell the order";
        let hint = "State side and amount; position=0 leaves the position.";
        return Err(PayloadError::invalid("position", problem, hint));
    }
    let side = argument("side").unwrap_or("buy");
    let is_buy = match side.to_ascii_lowercase().as_str() {
        "buy" => true,
        "sell" => false,
        _ => return Err(not_one("side", side, &["buy", "sell"])),
    };
    let closes = !is_buy && side::only_closes(Some(rules));
    match (is_buy, is_set("reduceonly")) {
        (true, true) => translation.state_as("positionDirection", "side", side, "exitShort"),
        (false, true) => translation.state_as("positionDirection", "side", side, "exitLong"),
        (false, false) if closes => {
            translation.state_as("positionDirection", "side", side, "exitLong");
            translation.sale_closes();
        }
        (true, false) => translation.state_as("action", "side", side, "buy"),
        (false, false) => translation.state_as("action", "side", side, "sell"),
    }
    amount(translation, argument("amount"))?;
    if is_limit {
        limit(translation, argument("offset"), price, Some(is_buy))?;
    }
    Ok(())
}

/// States the amount: `100`, `10%` of the balance, `10%%` of what is free, `50%p` of the
/// position.
fn amount(translation: &mut Translation<'_>, amount: Option<&str>) -> Result<(), PayloadError> {
    let Some(text) = amount else {
        let hint = "Add amount=, as in market(side=buy, amount=100).";
        return Err(PayloadError::missing("amount", hint));
    };
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let Some((number, of)) = text.split_once('%') else {
        translation.state_raw("qty", "amount", text, quoted(text));
        return Ok(());
    };
    let kind = match of.to_ascii_lowercase().as_str() {
        "" | "b" => "percent_of_equity",
        "p" => "percent_of_position",
        "%" | "a" => {
            let message = format!(
                "amount {text} is taken of the available balance there; here it is taken of the strategy's equity"
            );
            translation.warn("other_meaning", message);
            "percent_of_equity"
        }
        _ => {
            let problem = "ends in letters that algohook does not know";
            let hint =
                "Write 10% of the balance, 10%a of what is available, or 50%p of the position.";
            return Err(PayloadError::invalid("amount", problem, hint));
        }
    };
    translation.state_raw("qty", "amount", text, quoted(number.trim()));
    translation.state_as(QUANTITY_KIND, "amount", text, kind);
    Ok(())
}

/// States the limit: `@64250` is a price; a distance is taken of the price of the message.
fn limit(
    translation: &mut Translation<'_>,
    offset: Option<&str>,
    price: Option<Decimal>,
    is_buy: Option<bool>,
) -> Result<(), PayloadError> {
    let offset = offset.unwrap_or("0");
    let state = |translation: &mut Translation<'_>, price: String| {
        let json = serde_json::to_string(&price).unwrap_or_default();
        translation.state_raw("limitPrice", "offset", offset, json);
    };
    if let Some(fixed) = offset.strip_prefix('@') {
        state(translation, fixed.to_owned());
        return Ok(());
    }
    let distance = match offset.strip_suffix('%') {
        Some(percent) => parse_decimal(percent).map(Distance::Percent),
        None => parse_decimal(offset).map(Distance::Amount),
    };
    let limit = distance
        .ok()
        .zip(price)
        .zip(is_buy)
        .and_then(|((distance, price), is_buy)| distant(price, distance, !is_buy));
    match limit {
        Some(limit) => {
            state(translation, limit.to_string());
            Ok(())
        }
        None => Err(PayloadError::invalid(
            "offset",
            "is a distance from a price that the message does not state",
            "Write the price itself, as in offset=@64250, or add price={{close}} outside of the braces.",
        )),
    }
}
