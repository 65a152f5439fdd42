//! Signal bots of 3Commas:
//! <https://help.3commas.io/en/articles/9374557-signal-bot-json-file-for-strategy-type> and
//! <https://help.3commas.io/en/articles/8894481-signal-bot-json-file-in-custom-signal-type>.
//!
//! A strategy's message states the positions before and after the order, so `sell` is an
//! order on the net position. A custom signal says the whole side: `enter_long`.

use super::side;
use super::translation::{TakenField, Untaken};
use crate::domain::format::ReadingRules;
use crate::domain::signal::{Direction, Intent};
use crate::payload::error::PayloadError;
use crate::payload::fields::{QUANTITY_KIND, SideWord, TIMESTAMP, side_word};
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
    let mut order = message.take_inside("order")?;
    let is_base = order.as_ref().is_none_or(is_in_base);
    let info = message.take_inside("strategyinfo")?;
    let strategy = info.map(|info| positions(info, &mut translation, is_base));
    let strategy = strategy.filter(|strategy| strategy.states_any);
    let action = message.take_one(&["action"])?;
    let whole = match (&action, &strategy) {
        (Some(action), Some(strategy)) if !is_base => strategy.whole(action),
        _ => None,
    };
    if let Some(mut order) = order.take() {
        if whole.is_some_and(Intent::is_exit) {
            order.take(&["amount", "currencytype"]);
            let reason = "the strategy is flat after it, so all of the position is left";
            translation.notes.push(("qty", reason.to_owned()));
        }
        amount(&mut order, &mut translation);
        prices(&mut order, &message, &mut translation)?;
        order.leave_rest(&mut translation);
    }
    match (action, whole) {
        (Some(action), Some(whole)) => {
            let said = action.text().into_owned();
            translation.state_as("positionDirection", &action.name, &said, whole.as_str());
            translation.closes_opposite = !whole.is_exit();
        }
        (Some(action), None) => {
            let rules = strategy.is_none().then_some(rules);
            side::state(&mut translation, &action, rules)?;
            // A bot has one position of a pair: an entry of the other side closes all of it.
            translation.closes_opposite = strategy.is_none() && is_entry(&action);
        }
        (None, _) => {}
    }
    message.pass_over(&mut translation, &PASSED_OVER);
    translation.rest = message.into_rest();
    Ok(translation)
}

/// True of an action that opens a position by itself: `enter_long`.
fn is_entry(action: &TakenField<'_>) -> bool {
    match side_word(&action.word()) {
        Some(SideWord::Whole(intent)) => !intent.is_exit(),
        Some(SideWord::Side(_)) => true,
        _ => false,
    }
}

/// True of an amount in units of the instrument, as TradingView's positions are.
fn is_in_base(order: &Untaken<'_>) -> bool {
    let kind = order.find("currencytype");
    kind.is_none_or(|kind| {
        let word = kind.word();
        kind.is_blank() || matches!(word.as_str(), "base" | "units" | "contracts")
    })
}

/// The strategy's position after the order, as its message states it.
struct Strategy {
    /// True if anything of the position is stated.
    states_any: bool,
    /// The word for its side after the order.
    after: String,
}

impl Strategy {
    /// The whole side of an order whose amount is no number of units: the position that it leads
    /// to tells it, and the amount does not.
    fn whole(&self, action: &TakenField<'_>) -> Option<Intent> {
        let Some(SideWord::Order(direction)) = side_word(&action.word()) else {
            return None;
        };
        match (direction, self.after.as_str()) {
            (Direction::Long, "long") => Some(Intent::EntryLong),
            (Direction::Short, "short") => Some(Intent::EntryShort),
            (Direction::Long, "flat") => Some(Intent::ExitShort),
            (Direction::Short, "flat") => Some(Intent::ExitLong),
            _ => None,
        }
    }
}

/// States the positions before and after the order. Their sizes are units: of an order with
/// another amount, only the sides can be compared.
fn positions<'a>(
    mut info: Untaken<'a>,
    translation: &mut Translation<'a>,
    is_base: bool,
) -> Strategy {
    let mut strategy = Strategy {
        states_any: false,
        after: String::new(),
    };
    for (field, name, is_size) in [
        ("marketPosition", "marketposition", false),
        ("marketPositionSize", "marketpositionsize", true),
        ("prevMarketPosition", "prevmarketposition", false),
        ("prevMarketPositionSize", "prevmarketpositionsize", true),
    ] {
        for taken in info.take(&[name]) {
            strategy.states_any |= !taken.is_blank();
            if field == "marketPosition" {
                strategy.after = taken.word();
            }
            if is_base || !is_size {
                translation.state(field, &taken);
            }
        }
    }
    if !is_base {
        let reason =
            "sizes in strategy_info are units, which the amount is not, so only the side counts";
        translation.notes.push(("positionAfter", reason.to_owned()));
    }
    info.leave_rest(translation);
    strategy
}

/// States the order type and the prices that stand beside the amount.
///
/// # Errors
///
/// Where a price has no order type that tells what it is of.
fn prices(
    order: &mut Untaken<'_>,
    message: &Untaken<'_>,
    translation: &mut Translation<'_>,
) -> Result<(), PayloadError> {
    let stated = order.take_one(&["ordertype", "type"])?;
    if let Some(stated) = &stated {
        translation.state("orderType", stated);
    }
    let kind = stated.or_else(|| message.find("ordertype"));
    let kind = kind.as_ref().map(TakenField::word).unwrap_or_default();
    for (field, names, of) in [
        ("limitPrice", &["price", "limitprice"], "limit"),
        ("stopPrice", &["stopprice", "triggerprice"], "stop"),
    ] {
        for price in order.take(names) {
            let is_none = price.is_blank() || price.number().is_some_and(|price| price.is_zero());
            if kind.contains(of) {
                translation.state(field, &price);
            } else if kind.is_empty() && !is_none {
                return Err(PayloadError::invalid(
                    &price.name,
                    "has no order type beside it that tells what it is of",
                    "Add \"order_type\": \"limit\" to the order, or take the price out of it.",
                ));
            } else {
                translation.leave(&price);
            }
        }
    }
    Ok(())
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
