//! Names that speak of a stop.
//!
//! An order without the stop that its message states is another order. So a field that is not
//! used is looked at once more: what it is called says whether a stop is missed.

use serde_json::value::RawValue;

use super::inner_fields::find;
use super::{blank, is_name, string, switch};
use crate::domain::money::parse_decimal;

/// Fields of a stop beside its price.
const BESIDE: [&str; 3] = ["type", "ordertype", "enabled"];

/// True of a name that speaks of a stop: `stopDistance`, `dollar_sl`.
pub fn is_stop(name: &str) -> bool {
    let is_beside = |inner: &str| BESIDE.iter().any(|known| is_name(inner, known));
    if name
        .rsplit_once('.')
        .is_some_and(|(_, inner)| is_beside(inner))
    {
        return false;
    }
    trails(name) || has(name, "stop") || words(name).any(|word| word == "sl")
}

/// True of a name that speaks of a stop that follows the price.
pub fn trails(name: &str) -> bool {
    has(name, "trail")
}

/// True of nothing, zero, or a switch that is off.
pub fn is_off(value: &RawValue) -> bool {
    let text = string(value);
    let text = text.as_deref().map_or(value.get(), str::trim);
    let is_zero = parse_decimal(text).is_ok_and(|number| number.is_zero());
    blank(value).is_some() || switch(text) == Some(false) || is_zero
}

/// True of a value that can be a stop: one with a figure in it that is more than zero, a
/// placeholder, or a switch that is on.
pub fn states(value: &RawValue) -> bool {
    let text = string(value);
    let text = text.as_deref().map_or(value.get(), str::trim);
    let is_figure = |byte: &u8| matches!(byte, b'1'..=b'9');
    text.as_bytes().iter().any(is_figure) || text.contains("{{") || switch(text) == Some(true)
}

/// The path of a stop in a field that is not read, or somewhere inside of it.
pub fn stated_in(name: &str, value: &RawValue) -> Option<String> {
    if is_stop(name) && states(value) {
        return Some(name.to_owned());
    }
    find(name, value, &mut |place| {
        let is_stated = is_stop(place.name) && states(place.value);
        is_stated.then(|| place.path.to_owned())
    })
}

fn has(name: &str, part: &str) -> bool {
    name.to_ascii_lowercase().contains(part)
}

/// The words of a name, small: `slPercent` and `sl_percent` have two.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut apart = String::new();
    let mut was_small = false;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && was_small {
            apart.push(' ');
        }
        was_small = letter.is_ascii_lowercase();
        apart.push(if letter.is_ascii_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            ' '
        });
    }
    let words: Vec<String> = apart.split_whitespace().map(str::to_owned).collect();
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_speaks_of_a_stop_in_its_words() {
        for name in [
            "stopLossPercent",
            "STOP",
            "dollar_sl",
            "slPercent",
            "order.sl",
            "trail_trigger",
        ] {
            assert!(is_stop(name), "{name}");
        }
        for name in ["slippage", "island", "tp", "target", "stopLoss.type"] {
            assert!(!is_stop(name), "{name}");
        }
    }

    #[test]
    fn a_stop_is_a_figure_a_placeholder_or_a_switch_that_is_on() {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).unwrap();
        for json in [
            "null", "0", "\"0.0\"", "false", "\"Off\"", "\"NaN\"", "\"\"",
        ] {
            assert!(is_off(&raw(json)) && !states(&raw(json)), "{json}");
        }
        for json in [
            "5",
            "\"5%\"",
            "true",
            "{\"percent\":5}",
            "\"{{plot(\\\"SL\\\")}}\"",
        ] {
            assert!(!is_off(&raw(json)) && states(&raw(json)), "{json}");
        }
        assert!(!states(&raw("\"trail\"")) && !states(&raw("{}")));
    }

    #[test]
    fn a_stop_is_found_inside() {
        let path = |name: &str, json: &str| {
            let value = RawValue::from_string(json.to_owned()).unwrap();
            stated_in(name, &value)
        };
        let nested = r#"{"tp": 110, "stop_loss": {"percent": 5}}"#;
        assert_eq!(path("bracket", nested).unwrap(), "bracket.stop_loss");
        assert_eq!(path("exits", r#"[{"sl": 95}]"#).unwrap(), "exits.sl");
        assert_eq!(path("exits", r#"[{"sl": 0, "tp": 5}]"#), None);
        assert_eq!(path("stopReason", "\"trail\""), None);
    }
}
