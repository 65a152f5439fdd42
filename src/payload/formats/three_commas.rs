//! Signal bots of 3Commas:
//! <https://help.3commas.io/en/articles/9374557-signal-bot-json-file-for-strategy-type> and
//! <https://help.3commas.io/en/articles/8894481-signal-bot-json-file-in-custom-signal-type>.
//!
//! A strategy's message states the positions before and after the order, so `sell` is an
//! order on the net position. A custom signal says the whole side: `enter_long`.

use super::side;
use super::translation::Untaken;
use crate::domain::format::ReadingRules;
use crate::payload::error::PayloadError;
use crate::payload::fields::{QUANTITY_KIND, TIMESTAMP};
use crate::payload::translation::Translation;

/// Fields without a meaning for an order.
const PASSED_OVER: [&str; 5] = ["secret", "botuuid", "maxlag", "tvexchange", "exchange"];

/// Says a message in our fields.
///
/// # Errors
///
/// Where it asks for something else than an order of its instrument.
pub fn translate(
    mut message: Untaken<'_>,
    rules: ReadingRules,
) -> Result<Translation<'_>, PayloadError> {
    let mut translation = Translation::default();
    message.state(
        &mut translation,
        &[
            ("ticker", &["tvinstrument", "instrument", "pair"]),
            ("marketPrice", &["triggerprice", "price"]),
            (TIMESTAMP, &["timestamp"]),
        ],
    );
    let mut states_position = false;
    if let Some(mut info) = message.take_inside("strategyinfo")? {
        for (field, name) in [
            ("marketPosition", "marketposition"),
            ("marketPositionSize", "marketpositionsize"),
            ("prevMarketPosition", "prevmarketposition"),
            ("prevMarketPositionSize", "prevmarketpositionsize"),
        ] {
            for taken in info.take(&[name]) {
                states_position |= !taken.is_blank();
                translation.state(field, &taken);
            }
        }
        info.leave_rest(&mut translation);
    }
    if let Some(mut order) = message.take_inside("order")? {
        amount(&mut order, &mut translation);
        order.leave_rest(&mut translation);
    }
    if let Some(action) = message.take_one(&["action"])? {
        let rules = if states_position { None } else { Some(rules) };
        side::state(&mut translation, &action, rules)?;
    }
    message.pass_over(&mut translation, &PASSED_OVER);
    translation.rest = message.into_rest();
    Ok(translation)
}

/// States the amount by the currency that it is in.
fn amount(order: &mut Untaken<'_>, translation: &mut Translation<'_>) {
    order.state(translation, &[("qty", &["amount"])]);
    for kind in order.take(&["currencytype"]) {
        let means = match kind.word().as_str() {
            "margin_percent" | "percents" | "percent" => {
                let message = format!(
                    "{} {} is a share of the bot's margin there; here it is taken of the strategy's equity",
                    kind.name,
                    kind.word()
                );
                translation.warn("other_meaning", message);
                "percent_of_equity"
            }
            "position_percent" => "percent_of_position",
            _ => {
                translation.state(QUANTITY_KIND, &kind);
                continue;
            }
        };
        let said = kind.text().into_owned();
        translation.state_as(QUANTITY_KIND, &kind.name, &said, means);
    }
}
