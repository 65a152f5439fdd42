//! SignalStack: `symbol`, `action` and `quantity`, with the words of a broker's order ticket.
//!
//! What `sell` does without a position is the broker's affair there, so the webhook's setting
//! decides.

use super::side;
use super::translation::{Untaken, no_order};
use crate::domain::format::ReadingRules;
use crate::payload::error::PayloadError;
use crate::payload::fields::TIMESTAMP;
use crate::payload::translation::Translation;

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
    let class = message.take_one(&["class"])?;
    if let Some(class) = class.filter(|class| class.word().starts_with("option")) {
        return Err(no_order(
            &class.name,
            "asks for a contract of an option, which algohook would count as its underlying",
            "Name the contract itself as symbol, and leave class out.",
        ));
    }
    message.state(
        &mut translation,
        &[
            ("ticker", &["symbol"]),
            ("qty", &["quantity"]),
            ("marketPrice", &["price"]),
            ("limitPrice", &["limitprice"]),
            ("stopPrice", &["stopprice"]),
            ("orderType", &["ordertype", "type"]),
            ("timeInForce", &["timeinforce", "tif"]),
            ("profitTarget", &["takeprofitprice"]),
            ("stopLossTarget", &["stoplossprice"]),
            ("trailPrice", &["trailprice"]),
            ("trailPercent", &["trailpercent"]),
            (TIMESTAMP, &["time", "timestamp"]),
        ],
    );
    if let Some(action) = message.take_one(&["action"])? {
        side::state(&mut translation, &action, Some(rules))?;
    }
    message.pass_over(&mut translation, &["account", "exchange", "currency"]);
    translation.rest = message.into_rest();
    Ok(translation)
}
