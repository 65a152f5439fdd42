//! The alert messages that a trader pastes into TradingView.

use jiff::Timestamp;
use rust_embed::Embed;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::event::text_enum;
use crate::domain::webhook::AuthKey;

text_enum! {
    /// An alert message to start from.
    Template, "template" {
        /// One for all orders of a strategy, built on its action and position.
        Strategy = "strategy",
        /// One kind of order of a strategy, named in the message.
        Standard = "standard",
        /// One kind of order of an indicator or a price, whose alerts have no contracts.
        Indicator = "indicator",
    }
}

/// The placeholder of the key in a template.
const KEY_PLACEHOLDER: &str = "AUTH_KEY";

#[derive(Embed)]
#[folder = "assets/templates"]
struct Files;

impl Template {
    /// The message with a webhook's key filled in, ready to copy.
    #[must_use]
    pub fn message(self, key: &AuthKey) -> String {
        let name = format!("{self}.json");
        let file = Files::get(&name)
            .map(|file| file.data.into_owned())
            .unwrap_or_default();
        String::from_utf8_lossy(&file).replace(KEY_PLACEHOLDER, key.reveal())
    }

    /// The message as TradingView would send it, with example values.
    #[must_use]
    pub fn example(self, key: &AuthKey, now: Timestamp) -> String {
        fill(&self.message(key), key, now)
    }
}

/// The value in the place of what an indicator plots, which only its script knows.
const PLOT: &str = "64400";

/// A placeholder of a message, and the example value that stands for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Example {
    /// As the message has it: `{{close}}`.
    pub placeholder: String,
    /// The value.
    pub value: String,
}

/// A message as TradingView would send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// The message.
    pub message: String,
    /// Its placeholders that have example values now, each once.
    pub examples: Vec<Example>,
}

/// A message with the key in the place of `AUTH_KEY` and example values in the
/// place of TradingView's placeholders.
#[must_use]
pub fn fill(message: &str, key: &AuthKey, now: Timestamp) -> String {
    filled(message, key, now).message
}

/// The same, with the placeholders that got example values.
#[must_use]
pub fn filled(message: &str, key: &AuthKey, now: Timestamp) -> Filled {
    let message = message.replace(KEY_PLACEHOLDER, key.reveal());
    let mut filled = Filled {
        message: String::with_capacity(message.len()),
        examples: Vec::new(),
    };
    let mut rest = message.as_str();
    while let Some(begins) = rest.find("{{") {
        let (before, from) = rest.split_at(begins);
        filled.message.push_str(before);
        let known = placeholder(from).and_then(|name| Some((name, example(name, now)?)));
        let Some((name, value)) = known else {
            // Of three braces the last two can be a placeholder's.
            filled.message.push('{');
            rest = &from[1..];
            continue;
        };
        filled.message.push_str(&value);
        if !filled
            .examples
            .iter()
            .any(|known| known.placeholder == name)
        {
            filled.examples.push(Example {
                placeholder: name.to_owned(),
                value,
            });
        }
        rest = &from[name.len()..];
    }
    filled.message.push_str(rest);
    filled
}

/// The placeholder that a text begins with.
fn placeholder(text: &str) -> Option<&str> {
    text.find("}}").map(|ends| &text[..ends + 2])
}

/// The example value of a placeholder.
fn example(placeholder: &str, now: Timestamp) -> Option<String> {
    let value = match placeholder {
        "{{ticker}}" => "BTCUSDT",
        "{{exchange}}" => "BINANCE",
        "{{syminfo.currency}}" => "USDT",
        "{{syminfo.basecurrency}}" => "BTC",
        "{{strategy.order.action}}" => "buy",
        "{{strategy.order.contracts}}"
        | "{{strategy.position_size}}"
        | "{{strategy.market_position_size}}" => "1",
        "{{strategy.order.price}}" | "{{close}}" => "64490.4",
        "{{strategy.order.id}}"
        | "{{strategy.order.comment}}"
        | "{{strategy.order.alert_message}}" => "Test",
        "{{strategy.market_position}}" => "long",
        "{{strategy.prev_market_position}}" => "flat",
        "{{strategy.prev_market_position_size}}" => "0",
        "{{open}}" => "64410.2",
        "{{high}}" => "64520.8",
        "{{low}}" => "64380.6",
        "{{volume}}" => "1250",
        "{{interval}}" => "15",
        "{{time}}" | "{{timenow}}" => return Some(format!("{now:.0}")),
        plot if plot.starts_with("{{plot") => PLOT,
        _ => return None,
    };
    Some(value.to_owned())
}

/// The placeholders in each field of a message in JSON, by the field's name with its parents;
/// nothing of any other message.
#[must_use]
pub fn placeholders(message: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_str(&quoted(message)) {
        find_in(&value, "", &mut found);
    }
    found
}

fn find_in(value: &Value, name: &str, found: &mut Vec<(String, Vec<String>)>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = if name.is_empty() {
                    field.clone()
                } else {
                    format!("{name}.{field}")
                };
                find_in(value, &name, found);
            }
        }
        Value::String(text) => {
            let begins = text.match_indices("{{").map(|(place, _)| &text[place..]);
            let here: Vec<String> = begins
                .filter_map(|text| placeholder(text).map(str::to_owned))
                .collect();
            if !here.is_empty() {
                found.push((name.to_owned(), here));
            }
        }
        _ => {}
    }
}

/// A message with those of its placeholders in quotes that stand without, so that it is JSON.
fn quoted(message: &str) -> String {
    let mut quoted = String::with_capacity(message.len());
    let (mut is_text, mut is_escaped) = (false, false);
    let mut rest = message;
    while let Some(letter) = rest.chars().next() {
        let name = placeholder(rest).filter(|name| {
            !is_text && rest.starts_with("{{") && example(name, Timestamp::UNIX_EPOCH).is_some()
        });
        if let Some(name) = name {
            quoted.push_str(&Value::from(name).to_string());
            rest = &rest[name.len()..];
            continue;
        }
        if letter == '"' && !is_escaped {
            is_text = !is_text;
        }
        is_escaped = is_text && letter == '\\' && !is_escaped;
        quoted.push(letter);
        rest = &rest[letter.len_utf8()..];
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::format::ReadingRules;
    use crate::payload;

    #[test]
    fn every_template_becomes_a_valid_alert_without_warnings() {
        let key = AuthKey::from_stored("k".repeat(32));
        for template in Template::ALL {
            let alert = payload::parse(
                template.example(&key, Timestamp::UNIX_EPOCH).as_bytes(),
                ReadingRules::AUTO,
            )
            .unwrap();
            assert_eq!(alert.auth_key.unwrap().as_str(), key.reveal());
            assert_eq!(alert.signal.unwrap().warnings, []);
        }
    }

    #[test]
    fn the_indicator_template_has_nothing_that_only_strategies_have() {
        let key = AuthKey::from_stored("k".repeat(32));
        assert!(!Template::Indicator.message(&key).contains("{{strategy."));
    }

    #[test]
    fn what_stands_for_a_placeholder_is_told() {
        let key = AuthKey::from_stored("k".repeat(32));
        let message = r#"{"auth_key":"AUTH_KEY","qty":{{plot_0}},"at":"{{close}}","also":"{{close}}","note":"{{other}}","deep":{"stop":"{{plot(\"My stop\")}}"}}"#;
        let filled = filled(message, &key, Timestamp::UNIX_EPOCH);
        assert_eq!(
            filled.message,
            format!(
                r#"{{"auth_key":"{}","qty":64400,"at":"64490.4","also":"64490.4","note":"{{{{other}}}}","deep":{{"stop":"64400"}}}}"#,
                key.reveal()
            )
        );
        let told: Vec<(&str, &str)> = filled
            .examples
            .iter()
            .map(|example| (example.placeholder.as_str(), example.value.as_str()))
            .collect();
        let plot = r#"{{plot(\"My stop\")}}"#;
        assert_eq!(
            told,
            [
                ("{{plot_0}}", "64400"),
                ("{{close}}", "64490.4"),
                (plot, "64400")
            ]
        );
        let of = placeholders(message);
        let names: Vec<&str> = of.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["also", "at", "deep.stop", "note", "qty"]);
        assert_eq!(of[2].1, [r#"{{plot("My stop")}}"#]);
        assert_eq!(placeholders("buy {{plot_0}} AAPL"), []);
    }
}
