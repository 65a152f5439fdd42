//! Signal bots of WunderTrading: a `code` such as `ENTER-LONG_Bybit_ETHUSDT_My bot_15M_8e34...`,
//! alone as the whole message or as a field of JSON with the amount beside it.
//!
//! The code says the side and the pair. A bot has one position of a pair, so an entry of the other
//! side closes all of it first. `amountPerTradeType` is `base` or `contracts` (units),
//! `quote` or `$` (money), or `percents`, which is a share of 1 of the portfolio.

use super::translation::{Distance, TakenField, Untaken, distant};
use crate::domain::money::{Decimal, parse_decimal};
use crate::payload::error::PayloadError;
use crate::payload::fields::{QUANTITY_KIND, shortened};
use crate::payload::translation::Translation;

/// The sides that a code can begin with, and ours for them.
const SIDES: [(&str, &str); 5] = [
    ("ENTER-LONG", "entryLong"),
    ("ENTER-SHORT", "entryShort"),
    ("EXIT-LONG", "exitLong"),
    ("EXIT-SHORT", "exitShort"),
    ("EXIT-ALL", "exit"),
];

/// Second words of exchanges, which are no pairs.
const MARKETS: [&str; 7] = ["futures", "spot", "margin", "perp", "swap", "usdm", "coinm"];

/// True if a text begins as a code does.
pub fn is_code(text: &str) -> bool {
    let text = text.trim_start();
    let begins = |(side, _): &(&str, &str)| {
        let begin = text.get(..side.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(side))
    };
    SIDES.iter().any(begins)
}

/// Says a message in our fields.
///
/// # Errors
///
/// Where it asks for something else than an order of its instrument.
pub fn translate(mut message: Untaken<'_>) -> Result<Translation<'_>, PayloadError> {
    let mut translation = Translation::default();
    let Some(code) = message.take_one(&["code"])? else {
        let hint = "Copy the alert message from the bot's page again.";
        return Err(PayloadError::missing("code", hint));
    };
    let side = of_code(&mut translation, &code.name, &code.text())?;
    message.state(
        &mut translation,
        &[
            ("orderType", &["ordertype"]),
            ("marketPrice", &["price"]),
            ("ticker", &["pair", "symbol", "ticker"]),
        ],
    );
    let price = translation.statements.iter().find_map(|statement| {
        let is_price = statement.field == "marketPrice";
        let taken = TakenField {
            name: String::new(),
            value: &statement.value,
        };
        is_price.then(|| taken.number()).flatten()
    });
    amount(&mut message, &mut translation, side)?;
    bracket(&mut message, &mut translation, price, side)?;
    message.leave(&mut translation, &["conditional"]);
    let without_meaning = [
        "leverage",
        "timetolive",
        "placeconditionalorders",
        "movestoploss",
    ];
    message.pass_over(&mut translation, &without_meaning);
    translation.rest = message.into_rest();
    Ok(translation)
}

/// Says a code that is the whole message in our fields.
///
/// # Errors
///
/// Where it is no code.
pub fn translate_code(text: &str) -> Result<Translation<'static>, PayloadError> {
    let mut translation = Translation::default();
    let (code, price) = super::text::split_price(text)?;
    let behind = code.rsplit('_').next().unwrap_or_default();
    let is_more = |word: &&str| word.contains(['=', ':']) || parse_decimal(word).is_ok();
    if let Some(word) = behind.split_whitespace().skip(1).find(is_more) {
        let problem = "is not read behind a code";
        let hint = "Send JSON with the code and \"amountPerTrade\", or take it out.";
        let name = word.split(['=', ':']).next().unwrap_or(word);
        return Err(PayloadError::invalid(&shortened(name), problem, hint));
    }
    of_code(&mut translation, "code", code.trim())?;
    if let Some(price) = price {
        let json = serde_json::to_string(&price).unwrap_or_default();
        translation.state_raw("marketPrice", "price", &price, json);
    }
    Ok(translation)
}

/// States what a code says; returns true of an entry that is long, false of one that is short.
fn of_code(
    translation: &mut Translation<'_>,
    name: &str,
    code: &str,
) -> Result<Option<bool>, PayloadError> {
    if code.split_whitespace().filter(|word| is_code(word)).count() > 1 {
        let problem = "has several codes, and a message makes one order here";
        let hint = "Send a message for each code.";
        return Err(PayloadError::invalid(name, problem, hint));
    }
    let mut parts = code.split('_');
    let side = parts.next().unwrap_or_default().trim();
    let known = SIDES
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(side));
    let Some((_, ours)) = known else {
        let sides = SIDES.map(|(word, _)| word).join(", ");
        let problem = format!("must begin with one of {sides}");
        return Err(PayloadError::invalid(
            name,
            problem,
            "Copy the alert message from the bot's page again.",
        ));
    };
    translation.state_as("positionDirection", name, side, ours);
    // Some exchanges have two words: BINANCE_FUTURES.
    let is_market = |part: &&str| MARKETS.iter().any(|word| part.eq_ignore_ascii_case(word));
    let mut behind = parts.skip(1).skip_while(is_market);
    let pair = behind.next().map_or("", str::trim);
    if !pair.is_empty() && !pair.eq_ignore_ascii_case("none") {
        translation.state_as("ticker", name, pair, pair);
    }
    let is_long = match *ours {
        "entryLong" => Some(true),
        "entryShort" => Some(false),
        _ => None,
    };
    translation.closes_opposite = is_long.is_some();
    Ok(is_long)
}

/// States the amount by its type.
fn amount(
    message: &mut Untaken<'_>,
    translation: &mut Translation<'_>,
    side: Option<bool>,
) -> Result<(), PayloadError> {
    let kinds = message.take(&["amountpertradetype"]);
    let is_share = kinds.iter().any(|kind| kind.word().starts_with("percent"));
    for kind in &kinds {
        let means = match kind.word().as_str() {
            // Of an exit, the amount says what of.
            "percents" | "percent" if side.is_none() => continue,
            "percents" | "percent" => "percent_of_equity",
            "$" => "dollars",
            _ => {
                translation.state(QUANTITY_KIND, kind);
                continue;
            }
        };
        translation.state_as(QUANTITY_KIND, &kind.name, &kind.text(), means);
    }
    for amount in message.take(&["amountpertrade"]) {
        let Some(share) = amount.number().filter(|_| is_share) else {
            if is_share && side.is_none() && !amount.is_blank() {
                return Err(share_of_portfolio(&amount));
            }
            translation.state("qty", &amount);
            continue;
        };
        if share > Decimal::ONE {
            return Err(PayloadError::invalid(
                &amount.name,
                "is above 1, and percents are a share of 1",
                "Write 0.1 for ten percent.",
            ));
        }
        if side.is_none() && share != Decimal::ONE {
            return Err(share_of_portfolio(&amount));
        }
        if side.is_none() {
            translation.state_as(
                QUANTITY_KIND,
                &amount.name,
                &amount.text(),
                "percent_of_position",
            );
        }
        let percent = (share * Decimal::ONE_HUNDRED).normalize().to_string();
        translation.state_raw("qty", &amount.name, &amount.text(), percent);
    }
    Ok(())
}

/// The error of an exit that is sized by the portfolio.
fn share_of_portfolio(amount: &TakenField<'_>) -> PayloadError {
    PayloadError::invalid(
        &amount.name,
        "is a share of the portfolio, from which the part of the position does not follow",
        "State the amount to leave with \"base\" or \"contracts\", or delete both fields to leave all of it.",
    )
}

/// States target and stop, which are shares of the price.
fn bracket<'a>(
    message: &mut Untaken<'a>,
    translation: &mut Translation<'a>,
    price: Option<Decimal>,
    side: Option<bool>,
) -> Result<(), PayloadError> {
    let distant_by = |taken: &TakenField<'_>, is_target: bool| {
        let share = taken.number()?.checked_mul(Decimal::ONE_HUNDRED)?;
        distant(price?, Distance::Percent(share), side? == is_target)
    };
    let stop_loss = message.take_one(&["stoploss"])?;
    let inside = stop_loss.as_ref().map(TakenField::inside);
    if let (Some(stop_loss), Some(Err(_))) = (&stop_loss, &inside) {
        translation.leave(stop_loss);
    }
    if let Some(Ok(mut stop)) = inside {
        for deviation in stop.take(&["pricedeviation"]) {
            match distant_by(&deviation, false) {
                Some(price) => translation.state_raw(
                    "stopLossTarget",
                    &deviation.name,
                    &deviation.text(),
                    price.to_string(),
                ),
                None => translation.leave(&deviation),
            }
        }
        stop.leave_rest(translation);
    }
    message.leave(
        translation,
        &["takeprofits", "trailingstop", "dca", "extraorders"],
    );
    Ok(())
}
