//! The commands that do what a comparison proposes, ready to be run.
//!
//! They are written from the comparison's data: its words are for the page as well, and name no
//! option.

use crate::compare::{ClockShift, Preset};
use crate::domain::moment::{Moment, Range};
use crate::reports::comparison::{Comparison, ComparisonFilter, With};

/// The commands of the next step: none where it is another than to compare or import again.
pub fn of(filter: &ComparisonFilter, comparison: &Comparison) -> Vec<String> {
    let Comparison {
        suggested_shift,
        suggested_price,
        suggested_from,
        ..
    } = comparison;
    match (suggested_shift, filter.with) {
        // The times stay wrong where they are only compared otherwise.
        (Some(_), With::Fills) => imported_again(filter),
        (None, With::Fills) if comparison.legs.matched == 0 && suggested_price.is_none() => {
            let other = ComparisonFilter {
                forward: None,
                price: None,
                ..filter.clone()
            };
            vec![format!("{} --forward TIME --price PERCENT", again(&other))]
        }
        (shift, with) => {
            let mut other = filter.clone();
            if let Some(shift) = shift {
                other.shift = shift.applied();
            }
            if let Some(price) = suggested_price {
                other.price = Some(price.tolerance);
            }
            if let Some(from) = suggested_from {
                let since = Some(Moment::Time(*from));
                other.range = Range::new(since, filter.range.to()).unwrap_or(filter.range);
            }
            let command = again(&other);
            let is_other = command != again(filter);
            let mut commands: Vec<String> = is_other.then_some(command).into_iter().collect();
            // Prices of another chart do not come right by that.
            let is_of_zone = shift.is_some_and(|shift| shift.fits_zones);
            if with == With::Backtest && is_of_zone && suggested_price.is_none() {
                let webhook = &filter.webhook;
                commands.push(format!(
                    "algohook import trades FILE --webhook {webhook} --time-zone ZONE"
                ));
            }
            commands
        }
    }
}

fn imported_again(filter: &ComparisonFilter) -> Vec<String> {
    let webhook = &filter.webhook;
    vec![
        format!("algohook import fills --webhook {webhook} --undo IMPORT"),
        format!("algohook import fills FILE --webhook {webhook} --time-zone ZONE"),
    ]
}

/// The command that makes a comparison.
fn again(filter: &ComparisonFilter) -> String {
    let mut words = vec![format!("algohook compare {}", filter.webhook)];
    let mut add = |option: &str, value: Option<String>| {
        words.extend(value.map(|value| format!("--{option} {value}")));
    };
    let shift = &filter.shift;
    let is_shifted = *shift != ClockShift::default();
    add(
        "with",
        (filter.with == With::Fills).then(|| filter.with.to_string()),
    );
    add(
        "ticker",
        filter.ticker.as_ref().map(|ticker| quoted(ticker.as_str())),
    );
    add("from", filter.range.from().map(|from| from.to_string()));
    add("to", filter.range.to().map(|to| to.to_string()));
    add(
        "preset",
        (filter.preset != Preset::Day).then(|| filter.preset.to_string()),
    );
    add(
        "backward",
        filter.backward.map(|time| format!("{}s", time.as_secs())),
    );
    add(
        "forward",
        filter.forward.map(|time| format!("{}s", time.as_secs())),
    );
    add("shift", is_shifted.then(|| shift.to_string()));
    add("price", filter.price.map(|percent| percent.to_string()));
    words.join(" ")
}

/// A word as a shell takes it whole.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-+.:/@%,".contains(letter);
    if word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
