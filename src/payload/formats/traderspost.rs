//! TradersPost: <https://docs.traderspost.io/docs/core-concepts/signals/webhooks>.
//!
//! `buy` and `sell` alone reduce an opposite position that is larger. One that is not is left
//! wholly, and whether the full quantity, the rest or nothing is opened then is a setting there.
//! Without a quantity, all of it is left. With `sentiment`, the position that TradingView's
//! strategy has then, an order that leaves the strategy flat or on the other side is an exit, and
//! one that leads to its side can be the whole new position.

use super::translation::{Distance, TakenField, Untaken, distant, no_order, not_one_of};
use crate::domain::money::Decimal;
use crate::payload::error::PayloadError;
use crate::payload::fields::{QUANTITY_KIND, TIMESTAMP, blank};
use crate::payload::translation::Translation;

const ACTIONS: [&str; 4] = ["buy", "sell", "exit", "add"];

/// Fields that only contracts of options have.
const OPTIONS: [&str; 8] = [
    "optiontype",
    "intrinsicvalue",
    "expiration",
    "strikecount",
    "strikesaway",
    "strikeprice",
    "optionsymbol",
    "expirationdate",
];

/// Fields without a meaning for an order.
const PASSED_OVER: [&str; 7] = [
    "interval",
    "message",
    "extras",
    "delay",
    "executeonce",
    "exchange",
    "strategy",
];

/// Says a message in our fields.
///
/// # Errors
///
/// Where it asks for something else than an order of its instrument.
pub fn translate(mut message: Untaken<'_>) -> Result<Translation<'_>, PayloadError> {
    let mut translation = Translation::default();
    if let Some(option) = message.take_any(&OPTIONS) {
        return Err(no_order(
            &option.name,
            "asks for a contract of an option, which algohook would count as its underlying",
            "Name the contract itself as ticker, and leave the fields of options out.",
        ));
    }
    if let Some(test) = message.take_one(&["test"])?
        && test.switch()?
    {
        return Err(no_order(
            &test.name,
            "is true, so the message is a test and asks for no order",
            "Take it out for an order. To try a message, use \"Try a message\" on the webhook's page.",
        ));
    }
    let price = price(&mut message, &mut translation);
    message.state(
        &mut translation,
        &[
            ("ticker", &["ticker"]),
            ("qty", &["quantity"]),
            (QUANTITY_KIND, &["quantitytype"]),
            ("orderType", &["ordertype"]),
            ("limitPrice", &["limitprice"]),
            ("stopPrice", &["stopprice"]),
            ("trailPrice", &["trailamount", "trailprice"]),
            ("trailPercent", &["trailpercent"]),
            ("timeInForce", &["timeinforce"]),
            ("extendedHours", &["extendedhours"]),
            (TIMESTAMP, &["time"]),
        ],
    );
    limit_at_the_market(&mut translation);
    let is_long = side(&mut message, &mut translation)?;
    bracket(&mut message, &mut translation, price, is_long)?;
    message.leave(&mut translation, &["cancel", "cancelafter"]);
    message.pass_over(&mut translation, &PASSED_OVER);
    translation.rest = message.into_rest();
    Ok(translation)
}

/// States the price, which a target or a stop can be at a distance of.
fn price(message: &mut Untaken<'_>, translation: &mut Translation<'_>) -> Option<Decimal> {
    let all = message.take(&["signalprice", "price"]);
    for taken in &all {
        translation.state("marketPrice", taken);
    }
    all.iter().find_map(TakenField::number)
}

/// A limit order without a limit has that of the market price.
fn limit_at_the_market(translation: &mut Translation<'_>) {
    let stated = |field: &str| {
        let mut all = translation.statements.iter();
        all.find(|statement| statement.field == field)
    };
    let is_limit = stated("orderType").is_some_and(|kind| {
        let text = kind.value.get();
        text.trim_matches('"').eq_ignore_ascii_case("limit")
    });
    let market = stated("marketPrice").filter(|_| is_limit && stated("limitPrice").is_none());
    if let Some(market) = market {
        let (name, json) = (market.name.clone(), market.value.get().to_owned());
        let said = json.trim_matches('"').to_owned();
        translation.state_raw("limitPrice", &name, &said, json);
        let reason = "a limit order without a limit has that of the market price";
        translation.notes.push(("limitPrice", reason.to_owned()));
    }
}

/// The strategy's position after the order, as `sentiment` says it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sentiment {
    Long,
    Short,
    Flat,
    /// None of these words: an error of the field itself.
    Unknown,
}

impl Sentiment {
    fn of(taken: &TakenField<'_>) -> Self {
        match taken.word().as_str() {
            "bullish" | "long" => Self::Long,
            "bearish" | "short" => Self::Short,
            "flat" => Self::Flat,
            _ => Self::Unknown,
        }
    }
}

/// Meaning of an action beside a sentiment.
struct Meaning {
    /// Our word for the side; `None` is an order on the net position, as the action says.
    whole: Option<&'static str>,
    /// True of an entry that is long, false of one that is short.
    is_long: Option<bool>,
    /// True if it closes all of an opposite position first.
    closes_opposite: bool,
}

impl Meaning {
    fn net(is_long: Option<bool>) -> Self {
        Self {
            whole: None,
            is_long,
            closes_opposite: false,
        }
    }

    fn whole(word: &'static str) -> Self {
        Self {
            whole: Some(word),
            is_long: match word {
                "entryLong" => Some(true),
                "entryShort" => Some(false),
                _ => None,
            },
            closes_opposite: false,
        }
    }

    /// The same, where it closes all of an opposite position, or can be the whole new one.
    fn that_swaps(self) -> Self {
        Self {
            closes_opposite: true,
            ..self
        }
    }

    fn of(action: &str, sentiment: Option<Sentiment>, has_quantity: bool) -> Option<Self> {
        use Sentiment::{Long, Short, Unknown};
        Some(match (action, sentiment) {
            ("buy", None) if !has_quantity => Self::whole("entryLong").that_swaps(),
            ("sell", None) if !has_quantity => Self::whole("entryShort").that_swaps(),
            ("buy" | "sell", Some(Unknown)) => Self::net(None),
            ("buy", None | Some(Long)) => Self::net(Some(true)).that_swaps(),
            ("sell", None | Some(Short)) => Self::net(Some(false)).that_swaps(),
            ("buy", Some(_)) | ("exit", Some(Short)) => Self::whole("exitShort"),
            ("sell", Some(_)) | ("exit", Some(Long)) => Self::whole("exitLong"),
            ("exit", _) => Self::whole("exit"),
            ("add", Some(Long)) => Self::whole("entryLong"),
            ("add", Some(Short)) => Self::whole("entryShort"),
            _ => return None,
        })
    }
}

/// States the side; returns true of an entry that is long, false of one that is short.
fn side(
    message: &mut Untaken<'_>,
    translation: &mut Translation<'_>,
) -> Result<Option<bool>, PayloadError> {
    let Some(action) = message.take_one(&["action"])? else {
        message.state(translation, &[("marketPosition", &["sentiment"])]);
        return Ok(None);
    };
    let sentiment = message.take_one(&["sentiment"])?;
    let word = action.word();
    let side = sentiment.as_ref().map(Sentiment::of);
    let has_quantity = translation.statements.iter().any(|statement| {
        matches!(statement.field, "qty" | QUANTITY_KIND) && blank(&statement.value).is_none()
    });
    let Some(meaning) = Meaning::of(&word, side, has_quantity) else {
        return Err(match word.as_str() {
            "cancel" => cancels(&action),
            "reverse" => no_order(
                &action.name,
                "reverse does not tell the side of the new position",
                "Send \"action\": \"sell\" with \"sentiment\": \"bearish\" to go short, or \"buy\" with \"bullish\" to go long. At TradersPost, switch on \"Allow side swapping\".",
            ),
            "breakeven" => no_order(
                &action.name,
                "breakeven moves a stop, which is no order to record",
                "Leave this alert to TradersPost: forward it as received, on every event.",
            ),
            "add" => no_order(
                &action.name,
                "add does not tell whether the position is long or short",
                "Add \"sentiment\": \"long\" or \"short\" to the message.",
            ),
            _ => not_one_of(&action, &ACTIONS),
        });
    };
    translation.closes_opposite = meaning.closes_opposite;
    match meaning.whole {
        Some(whole) => {
            let said = action.text().into_owned();
            translation.state_as("positionDirection", &action.name, &said, whole);
        }
        None => translation.state("action", &action),
    }
    // Of an exit, it is the side that is left, not the position after it.
    let is_left = word == "exit" && matches!(side, Some(Sentiment::Long | Sentiment::Short));
    if let Some(sentiment) = sentiment.filter(|_| !is_left) {
        translation.state("marketPosition", &sentiment);
    }
    Ok(meaning.is_long)
}

/// The error of a message that cancels orders.
pub fn cancels(action: &TakenField<'_>) -> PayloadError {
    no_order(
        &action.name,
        "asks to cancel open orders, of which algohook has none",
        "Nothing was done. To leave a position, send an exit.",
    )
}

/// States target and stop, which can be prices or distances of the price.
fn bracket<'a>(
    message: &mut Untaken<'a>,
    translation: &mut Translation<'a>,
    price: Option<Decimal>,
    is_long: Option<bool>,
) -> Result<(), PayloadError> {
    for (name, field, flat, inner, is_target) in [
        (
            "takeprofit",
            "takeProfit",
            "profitTarget",
            "limitPrice",
            true,
        ),
        ("stoploss", "stopLoss", "stopLossTarget", "stopPrice", false),
    ] {
        let Some(taken) = message.take_one(&[name])? else {
            continue;
        };
        let Ok(mut inside) = taken.inside() else {
            translation.state(field, &taken);
            continue;
        };
        let stated = inside.take_one(&[&inner.to_ascii_lowercase()])?;
        let limit = inside.take_one(&["limitprice"])?;
        let [percent, amount] = [
            inside.take_one(&["percent"])?,
            inside.take_one(&["amount"])?,
        ]
        .map(|taken| taken.filter(|taken| taken.number() != Some(Decimal::ZERO)));
        let kind = inside.take_one(&["type"])?;
        inside.leave_rest(translation);
        let trails = kind.is_some_and(|kind| kind.word().starts_with("trailing"));
        let by = |taken: &TakenField<'_>, distance: fn(Decimal) -> Distance| {
            let distance = distance(taken.number().filter(|_| !trails)?);
            distant(price?, distance, is_long? == is_target)
        };
        let found = match (stated, percent, amount) {
            (Some(stated), percent, amount) => {
                // A price says more than a distance: the other one is not used.
                for other in [percent, amount].into_iter().flatten() {
                    translation.leave(&other);
                }
                let json = stated.value.get().to_owned();
                Some((stated, json))
            }
            (None, Some(percent), amount) => {
                if let Some(amount) = amount {
                    translation.leave(&amount);
                }
                stated_at(translation, percent, |taken| by(taken, Distance::Percent))
            }
            (None, None, Some(amount)) => {
                stated_at(translation, amount, |taken| by(taken, Distance::Amount))
            }
            (None, None, None) => {
                translation.leave(&taken);
                None
            }
        };
        match (found, limit) {
            (Some((from, price)), Some(limit)) => {
                let json = format!(
                    "{{\"{inner}\":{price},\"limitPrice\":{}}}",
                    limit.value.get()
                );
                translation.state_raw(field, &taken.name, &from.text(), json);
            }
            (Some((from, price)), None) => {
                translation.state_raw(flat, &from.name, &from.text(), price);
            }
            (None, Some(limit)) => translation.leave(&limit),
            (None, None) => {}
        }
    }
    Ok(())
}

/// A distance with the price that it comes to; one that comes to none is left.
fn stated_at<'a>(
    translation: &mut Translation<'_>,
    taken: TakenField<'a>,
    at: impl Fn(&TakenField<'_>) -> Option<Decimal>,
) -> Option<(TakenField<'a>, String)> {
    let Some(price) = at(&taken) else {
        translation.leave(&taken);
        return None;
    };
    Some((taken, price.to_string()))
}
