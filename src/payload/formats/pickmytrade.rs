//! PickMyTrade: <https://docs.pickmytrade.io/docs/rithmic-json-configuration-for-tradingview-integration>,
//! and its own validator, which `tests/oracle` asks.
//!
//! `buy` and `sell` open a position. With `reverse_order_close` the opposite one is closed
//! wholly before that; without it they trade on the net position. `close` leaves all of it.
//! <https://docs.pickmytrade.trade/?p=1149> says what `pyramid` does to a position of the same side.

use super::translation::{Distance, TakenField, Untaken, distant, no_order, not_one_of};
use crate::domain::event::Warning;
use crate::domain::money::Decimal;
use crate::payload::error::PayloadError;
use crate::payload::fields::{CLOSE_POSITION, TIMESTAMP, shortened};
use crate::payload::syntax::Fields;
use crate::payload::translation::Translation;

const SIDES: [&str; 6] = ["buy", "sell", "long", "short", "close", "flat"];

/// Fields that choose accounts and brokers, or tell copies of a message apart.
const PASSED_OVER: [&str; 9] = [
    "token",
    "platform",
    "accountid",
    "connectionname",
    "strategyname",
    "sametickduplicate",
    "insttype",
    "localsymbol",
    "exchange",
];

/// Fields that only contracts of options have.
const OPTIONS: [&str; 2] = ["optiontype", "strikeprice"];

/// Fields of orders around the position that are no prices.
const LEFT: [&str; 12] = [
    "dollartp",
    "dollarsl",
    "trail",
    "trailstop",
    "trailtrigger",
    "trailfreq",
    "breakeven",
    "breakevenoffset",
    "advancetpsl",
    "expirydate",
    "updatetp",
    "updatesl",
];

/// Says a message in our fields.
///
/// # Errors
///
/// Where it asks for something else than an order of its instrument.
pub fn translate(mut message: Untaken<'_>) -> Result<Translation<'_>, PayloadError> {
    let mut translation = Translation::default();
    refuse_options(&mut message)?;
    message.state(
        &mut translation,
        &[("ticker", &["symbol"]), (TIMESTAMP, &["date"])],
    );
    let reverses = message.take_one(&["reverseorderclose"])?;
    let reverses = reverses.map_or(Ok(false), |taken| taken.switch())?;
    let is_long = side(&mut message, &mut translation, reverses)?;
    let closes = is_long.is_none();
    quantity(&mut message, &mut translation, closes)?;
    let price = price(&mut message, &mut translation)?;
    for (field, named, percentage, is_target) in [
        ("profitTarget", "tp", "percentagetp", true),
        ("stopLossTarget", "sl", "percentagesl", false),
    ] {
        message.state(&mut translation, &[(field, &[named])]);
        if let Some(percent) = message.take_one(&[percentage])? {
            let computed = || {
                let by = percent.number().filter(|percent| !percent.is_zero())?;
                distant(price?, Distance::Percent(by), is_long? == is_target)
            };
            match computed() {
                Some(price) => {
                    let said = percent.text().into_owned();
                    translation.state_raw(field, &percent.name, &said, price.to_string());
                }
                None => translation.leave(&percent),
            }
        }
    }
    same_side(&mut message, &mut translation, reverses && !closes);
    accounts(&mut message, &mut translation)?;
    message.leave(&mut translation, &LEFT);
    message.pass_over(&mut translation, &PASSED_OVER);
    translation.rest = message.into_rest();
    Ok(translation)
}

fn refuse_options(message: &mut Untaken<'_>) -> Result<(), PayloadError> {
    let kind = message.take_one(&["insttype"])?;
    let kind = kind.filter(|kind| matches!(kind.word().as_str(), "opt" | "fop"));
    let is_set = |taken: &TakenField<'_>| {
        !taken.is_blank() && taken.number().is_none_or(|number| !number.is_zero())
    };
    let option = kind.or_else(|| message.take(&OPTIONS).into_iter().find(is_set));
    match option {
        Some(option) => Err(no_order(
            &option.name,
            "asks for a contract of an option, which algohook would count as its underlying",
            "Name the contract itself as symbol, and leave inst_type, option_type and strike_price out.",
        )),
        None => Ok(()),
    }
}

/// Notes what becomes there of a position of the same side, to which an order adds here. Without
/// `pyramid` it is closed before the new one is opened.
fn same_side(message: &mut Untaken<'_>, translation: &mut Translation<'_>, reverses: bool) {
    let mut is_on = |name: &str| {
        let taken = message.take_any(&[name])?;
        taken.switch().ok()
    };
    let stacks = [is_on("pyramid"), is_on("duplicatepositionallow")];
    let ignores = is_on("samedirectionignore") == Some(true);
    let stacks = stacks.into_iter().flatten().next() == Some(true);
    let there = match (ignores, reverses) {
        (true, _) => {
            "same_direction_ignore is true, so PickMyTrade ignores an order of the same side"
        }
        (false, true) if !stacks => {
            "pyramid is not true, so PickMyTrade closes a position of the same side before it opens the new one"
        }
        _ => return,
    };
    translation.if_adding = Some(Warning::new(
        "other_meaning",
        format!("{there}; here the order added to the position"),
    ));
}

/// States the side; returns true of an entry that is long, false of one that is short.
fn side(
    message: &mut Untaken<'_>,
    translation: &mut Translation<'_>,
    reverses: bool,
) -> Result<Option<bool>, PayloadError> {
    let Some(data) = message.take_one(&["data"])? else {
        let hint = "Add \"data\": \"{{strategy.order.action}}\", or buy, sell or close.";
        return Err(PayloadError::missing("data", hint));
    };
    let mut say = |means: &str| {
        translation.state_as("positionDirection", &data.name, &data.text(), means);
    };
    let is_long = match data.word().as_str() {
        "buy" if !reverses => {
            translation.state_as("action", &data.name, &data.text(), "buy");
            Some(true)
        }
        "sell" if !reverses => {
            translation.state_as("action", &data.name, &data.text(), "sell");
            Some(false)
        }
        "buy" | "long" => {
            say("entryLong");
            Some(true)
        }
        "sell" | "short" => {
            say("entryShort");
            Some(false)
        }
        "close" | "flat" | "exit" => {
            say("exit");
            None
        }
        _ => return Err(not_one_of(&data, &SIDES)),
    };
    translation.closes_opposite = reverses && is_long.is_some();
    Ok(is_long)
}

/// States the quantity. `close` leaves the whole position, as its reference says; messages are
/// made with a quantity all the same.
fn quantity(
    message: &mut Untaken<'_>,
    translation: &mut Translation<'_>,
    closes: bool,
) -> Result<(), PayloadError> {
    if closes {
        translation.state_as(CLOSE_POSITION, "data", "close", "true");
        let is_some =
            |taken: &&TakenField<'_>| taken.number().is_none_or(|number| !number.is_zero());
        let taken = message.take(&["quantity"]);
        for quantity in taken
            .iter()
            .filter(is_some)
            .filter(|taken| !taken.is_blank())
        {
            let message = format!(
                "{} {} was not used: close leaves the whole position",
                quantity.name,
                shortened(&quantity.text())
            );
            translation.warn("other_meaning", message);
        }
        message.leave(translation, &["riskpercentage"]);
        return Ok(());
    }
    let risk = message.take_one(&["riskpercentage"])?;
    let is_set = |risk: &TakenField<'_>| risk.number().is_none_or(|number| !number.is_zero());
    if let Some(risk) = risk.filter(is_set) {
        return Err(PayloadError::invalid(
            &risk.name,
            "sizes the order by the loss at its stop, which algohook does not compute",
            "State the quantity, and set risk_percentage to 0.",
        ));
    }
    message.state(translation, &[("qty", &["quantity"])]);
    Ok(())
}

/// States the price under the name that the order type gives it.
fn price(
    message: &mut Untaken<'_>,
    translation: &mut Translation<'_>,
) -> Result<Option<Decimal>, PayloadError> {
    let order_type = message.take_one(&["ordertype"])?;
    let kind = order_type
        .as_ref()
        .map(TakenField::word)
        .unwrap_or_default();
    if let Some(order_type) = &order_type {
        translation.state("orderType", order_type);
    }
    let field = match kind.as_str() {
        "lmt" | "limit" | "stplmt" | "stoplimit" | "stop_limit" => "limitPrice",
        "stp" | "stop" => "stopPrice",
        _ => "marketPrice",
    };
    let prices = message.take(&["price"]);
    for taken in &prices {
        translation.state(field, taken);
    }
    let triggers = message.take(&["stplimitstpprice"]);
    if kind.starts_with("stp") || kind.starts_with("stop") {
        for trigger in &triggers {
            translation.state("stopPrice", trigger);
        }
        if field == "limitPrice" && triggers.iter().all(TakenField::is_blank) {
            let hint = "A STPLMT order needs stp_limit_stp_price, the price at which it is placed as a limit order at price: add it.";
            return Err(PayloadError::missing("stp_limit_stp_price", hint));
        }
    }
    Ok(prices.iter().find_map(TakenField::number))
}

/// Says so where accounts trade another quantity than the message states.
fn accounts(
    message: &mut Untaken<'_>,
    translation: &mut Translation<'_>,
) -> Result<(), PayloadError> {
    let Some(accounts) = message.take_one(&["multipleaccounts"])? else {
        return Ok(());
    };
    let list: Option<Vec<Fields<'_>>> = serde_json::from_str(accounts.value.get()).ok();
    let sizes = |account: &Fields<'_>| {
        let mut account = Untaken::of(account);
        let mut differs = |name: &str, is_none: fn(Decimal) -> bool| {
            let stated = account.take(&[name]);
            let mut stated = stated.iter().filter(|taken| !taken.is_blank());
            stated.any(|taken| !taken.number().is_some_and(is_none))
        };
        differs("quantitymultiplier", |times| {
            times.is_zero() || times == Decimal::ONE
        }) || differs("riskpercentage", |risk| risk.is_zero())
            || differs("quantity", |quantity| quantity.is_zero())
    };
    let is_sized = match &list {
        Some(list) => list.iter().any(sizes),
        None => !matches!(accounts.value.get(), "false" | "{}"),
    };
    if is_sized {
        let message = format!(
            "{} sizes the order for accounts there; the order here has the quantity as it is stated",
            accounts.name
        );
        translation.warn("other_meaning", message);
    }
    Ok(())
}
