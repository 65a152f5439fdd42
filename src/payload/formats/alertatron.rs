//! Alertatron: <https://alertatron.com/docs/automated-trading/basic-concepts>.
//!
//! `MyKeys(XBTUSD) { market(side=buy, amount=100); } #bot`. A message can have several
//! commands there and makes one order here: one of `market` and `limit`. Commands that wait or
//! cancel have no meaning here; those that protect the position are named in a warning. The
//! price, which the commands do not state, can stand outside of the braces: `price={{close}}`.

use super::side;
use super::text::{not_one, split_price};
use super::translation::{Distance, distant};
use crate::domain::format::ReadingRules;
use crate::domain::money::{Decimal, parse_decimal};
use crate::payload::error::PayloadError;
use crate::payload::fields::switch;
use crate::payload::fields::{QUANTITY_KIND, shortened};
use crate::payload::translation::Translation;

/// Commands that make an order of the message.
const ORDERS: [&str; 2] = ["market", "limit"];

/// Commands without a meaning for an order.
const PASSED_OVER: [&str; 6] = [
    "cancel",
    "wait",
    "notify",
    "balance",
    "exchangesettings",
    "settings",
];

/// Commands that decide whether those behind them run.
const CONDITIONS: [&str; 2] = ["continue", "stop"];

/// Arguments of an order that make it.
const ARGUMENTS: [&str; 5] = ["side", "amount", "position", "offset", "reduceonly"];

/// Arguments of an order that change nothing of its side, size and price.
const LEFT: [&str; 6] = [
    "tag",
    "postonly",
    "hidden",
    "leverage",
    "trigger",
    "timeinforce",
];

/// Commands for orders around the position.
const PROTECTIVE: [&str; 8] = [
    "stoporder",
    "stopmarket",
    "stoplimit",
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
struct Command {
    name: String,
    arguments: Vec<(String, String)>,
}

impl Command {
    /// True of a condition that lets every command behind it run.
    fn always_runs_on(&self) -> bool {
        let mut all = self.arguments.iter();
        let condition = all.find(|(name, _)| name == "if");
        let condition = condition.map(|(_, value)| value.to_ascii_lowercase());
        match self.name.as_str() {
            "continue" => condition.is_none_or(|condition| condition == "always"),
            _ => condition.is_some_and(|condition| condition == "never"),
        }
    }
}

/// True if a text has a block of commands in it.
pub fn has_block(text: &str) -> bool {
    let text = masked(text);
    split(&text).is_some_and(|(blocks, _)| !blocks.is_empty())
}

/// The braces of placeholders while the text is taken apart at its own braces.
const MASKS: [(&str, &str); 2] = [("{{", "\u{1}"), ("}}", "\u{2}")];

/// A text whose placeholders have no braces.
fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let inside = &rest[open + 2..];
        let close = inside.find("}}").filter(|close| {
            let is_of_block = |c: char| matches!(c, '{' | '}' | ';' | '\n' | '=');
            !inside[..*close].contains(is_of_block)
        });
        let Some(close) = close else {
            masked.push_str(&rest[..open + 2]);
            rest = inside;
            continue;
        };
        masked.extend([&rest[..open], MASKS[0].1, &inside[..close], MASKS[1].1]);
        rest = &inside[close + 2..];
    }
    masked.push_str(rest);
    masked
}

/// A part of a masked text as the message has it.
fn unmasked(text: &str) -> String {
    let mut text = text.to_owned();
    for (braces, mask) in MASKS {
        text = text.replace(mask, braces);
    }
    text
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
        let line = keys[..begin].rsplit('\n').next().unwrap_or_default();
        if !line.contains("//") {
            blocks.push(Block {
                symbol: inside[parenthesis + 1..].trim(),
                commands: &rest[open + 1..open + length],
            });
        }
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
    let text = masked(text);
    let Some((blocks, around)) = split(&text).filter(|(blocks, _)| !blocks.is_empty()) else {
        let problem = "has no block of commands for a symbol";
        return Err(PayloadError::invalid("the message", problem, FORM));
    };
    let mut translation = Translation::default();
    let (_, price) = split_price(&unmasked(&around))?;
    let mut orders = Vec::new();
    let mut condition: Option<String> = None;
    for block in &blocks {
        for command in commands(block.commands)? {
            let name = command.name.as_str();
            if ORDERS.contains(&name) {
                if let Some(condition) = &condition {
                    return Err(conditional(condition));
                }
                orders.push((block, command));
            } else if CONDITIONS.contains(&name) {
                if !command.always_runs_on() {
                    condition = Some(command.name);
                }
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
    let symbol = unmasked(block.symbol);
    translation.state_raw("ticker", "symbol", &symbol, quoted(&symbol));
    if let Some(price) = &price {
        translation.state_raw("marketPrice", "price", price, quoted(price));
    }
    let price = price.and_then(|price| parse_decimal(&price).ok());
    order(&mut translation, command, price, rules)?;
    Ok(translation)
}

/// The error of an order that another service's state decides about.
fn conditional(command: &str) -> PayloadError {
    let problem = "decides there whether the order is made, and algohook cannot tell";
    let hint = "Leave the condition to the alert: send a message without it when the order is due.";
    PayloadError::invalid(command, problem, hint)
}

/// The commands of a block: between semicolons or on lines of their own, outside of comments.
fn commands(text: &str) -> Result<Vec<Command>, PayloadError> {
    let lines: Vec<&str> = text.lines().map(without_comment).collect();
    let text = lines.join("\n");
    let mut depth = 0_u32;
    let is_end = |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(c, ';' | '\n')
    };
    let all = text.split(is_end).map(str::trim);
    all.filter(|command| !command.is_empty())
        .map(command)
        .collect()
}

/// A line without what is behind `//` or `#`.
fn without_comment(line: &str) -> &str {
    let line = line.split("//").next().unwrap_or_default();
    let is_comment = |(at, _): &(usize, &str)| {
        let before = line[..*at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || c == ';')
    };
    let comment = line.match_indices('#').find(is_comment);
    comment.map_or(line, |(at, _)| &line[..at])
}

fn command(text: &str) -> Result<Command, PayloadError> {
    const FORM: &str = "Write the command as in \"market(side=buy, amount=100);\".";
    let (name, arguments) = match text.split_once('(') {
        Some((name, arguments)) => (name, arguments.strip_suffix(')')),
        None => (text, Some("")),
    };
    let Some(arguments) = arguments else {
        let problem = "has no closing parenthesis";
        return Err(PayloadError::invalid(&shortened(name), problem, FORM));
    };
    let mut pairs: Vec<(String, String)> = Vec::new();
    for argument in arguments.split(',').map(str::trim) {
        let is_digits = argument.starts_with(|c: char| c.is_ascii_digit());
        match (argument.split_once('='), pairs.last()) {
            _ if argument.is_empty() => {}
            (Some((name, value)), _) => {
                let value = value.trim().trim_matches(['"', '\'']);
                pairs.push((name.trim().to_ascii_lowercase(), unmasked(value)));
            }
            (None, Some((name, value)))
                if is_digits && value.ends_with(|c: char| c.is_ascii_digit()) =>
            {
                let problem = "has a comma in its number";
                let hint = "Write 1234.5, not 1,234.5 or 1234,5.";
                return Err(PayloadError::invalid(name, problem, hint));
            }
            (None, _) => {
                let problem = format!("has {}, which has no name", shortened(&unmasked(argument)));
                return Err(PayloadError::invalid(
                    &shortened(name.trim()),
                    problem,
                    FORM,
                ));
            }
        }
    }
    Ok(Command {
        name: name.trim().to_ascii_lowercase(),
        arguments: pairs,
    })
}

/// States the order of a command.
fn order(
    translation: &mut Translation<'_>,
    command: &Command,
    price: Option<Decimal>,
    rules: ReadingRules,
) -> Result<(), PayloadError> {
    let argument = |name: &str| {
        let mut all = command.arguments.iter();
        let found = all.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    let is_limit = command.name == "limit";
    check_arguments(translation, command)?;
    translation.state_as("orderType", &command.name, &command.name, &command.name);
    if let Some(position) = argument("position") {
        return whole(translation, command, position, price);
    }
    let reduces = match argument("reduceonly") {
        Some(value) => {
            switch(value).ok_or_else(|| not_one("reduceOnly", value, &["true", "false"]))?
        }
        None => false,
    };
    let side = argument("side").unwrap_or("buy");
    let is_buy = match side.to_ascii_lowercase().as_str() {
        "buy" => true,
        "sell" => false,
        _ => return Err(not_one("side", side, &["buy", "sell"])),
    };
    let closes = !is_buy && side::only_closes(Some(rules));
    match (is_buy, reduces) {
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

/// Refuses arguments that are not known, and names those that have no meaning here.
fn check_arguments(
    translation: &mut Translation<'_>,
    command: &Command,
) -> Result<(), PayloadError> {
    for (name, value) in &command.arguments {
        let mut same = command.arguments.iter().filter(|(other, _)| other == name);
        if same.any(|(_, other)| other != value) {
            return Err(PayloadError::duplicate(name));
        }
        let is_of_limit = name == "offset" && command.name != "limit";
        if LEFT.contains(&name.as_str()) {
            translation.unused.push(name.clone());
        } else if !ARGUMENTS.contains(&name.as_str()) || is_of_limit {
            let problem = format!(
                "is no argument of {} that algohook knows; it reads {}",
                command.name,
                ARGUMENTS.join(", ")
            );
            let hint = "Correct the name, or take the argument out.";
            return Err(PayloadError::invalid(&shortened(name), problem, hint));
        }
    }
    Ok(())
}

/// States an order that is said by the position to reach, which can only be none.
fn whole(
    translation: &mut Translation<'_>,
    command: &Command,
    position: &str,
    price: Option<Decimal>,
) -> Result<(), PayloadError> {
    let argument = |name: &str| {
        let mut all = command.arguments.iter();
        let found = all.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    if !parse_decimal(position).is_ok_and(|number| number.is_zero()) {
        let problem = "is the position to reach, from which algohook cannot tell the order";
        let hint = "State side and amount; position=0 leaves the position.";
        return Err(PayloadError::invalid("position", problem, hint));
    }
    if let Some(amount) = argument("amount") {
        let what = format!("position {position} and amount {amount}");
        let hint = "position=0 leaves all of it; for a part, state side and amount alone.";
        return Err(PayloadError::contradiction("amount", what, hint));
    }
    let (means, is_buy) = match argument("side").map(str::to_ascii_lowercase).as_deref() {
        None => ("exit", None),
        Some("buy") => ("exitShort", Some(true)),
        Some("sell") => ("exitLong", Some(false)),
        Some(side) => return Err(not_one("side", side, &["buy", "sell"])),
    };
    translation.state_as("positionDirection", "position", position, means);
    if command.name == "limit" {
        limit(translation, argument("offset"), price, is_buy)?;
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
    let Some(offset) = offset else {
        // Its documents name two defaults.
        let hint = "Add offset=, as in limit(side=buy, amount=100, offset=@64250).";
        return Err(PayloadError::missing("offset", hint));
    };
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
