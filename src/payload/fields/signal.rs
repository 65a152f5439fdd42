//! The signal: what the fields of an alert ask for together.

use std::borrow::Cow;

use super::position::Position;
use super::prices::Prices;
use super::{Object, PayloadError, Stated, bracket, hints, metadata, side, size, string};
use crate::domain::money::{Quantity, parse_decimal};
use crate::domain::signal::{Direction, Intent, Signal, Size, Ticker};

/// The longest `id`, in characters.
const LONGEST_ID: usize = 128;

/// Reads the signal; oddities that do not stop it become notes.
pub fn read(fields: &Object<'_, '_>) -> Result<Signal, PayloadError> {
    let metadata = metadata::read(fields)?;
    let ticker = ticker(fields)?;
    let position = Position::read(fields)?;
    let side = side::read(fields, &position)?;
    let prices = Prices::read(fields)?;
    if position.contradicts(side.intent) {
        let what = format!("{} and {}", side.stated, position.shown());
        let hint = "Take the side and all position fields from the template for all orders, with TradingView's placeholders, or delete the position fields.";
        return Err(PayloadError::contradiction(&side.name, what, hint));
    }
    let order = bracket::Order {
        direction: side.intent.direction().unwrap_or(Direction::Long),
        price: prices.intended,
        is_exit: side.intent.is_exit(),
    };
    let is_said = closes_opposite(fields, side.intent)?;
    let stated = size::read(fields, &side, &position, prices.intended)?;
    let (quantity, turns) = turned(fields, &position, side.intent, stated);
    Ok(Signal {
        ticker,
        intent: side.intent,
        closes_opposite: is_said || turns,
        order_type: prices.order_type,
        size: quantity,
        market_price: prices.market,
        limit_price: prices.limit,
        stop_price: prices.stop,
        trail: prices.trail,
        intended_price: prices.intended,
        profit_target: bracket::profit_target(fields, order)?,
        stop_loss: bracket::stop_loss(fields, order)?,
        time_in_force: fields.one_of("timeInForce")?,
        extended_hours: fields.boolean("extendedHours")?,
        stated_position: position.stated,
        idempotency_key: idempotency_key(fields)?,
        metadata,
    })
}

/// Reports whether an entry closes all of an opposite position beside its own quantity, or a
/// purchase or sale that can be the whole new position. Of an exit it says nothing.
fn closes_opposite(fields: &Object<'_, '_>, intent: Intent) -> Result<bool, PayloadError> {
    const NAME: &str = "closesOpposite";
    let is_said = fields.boolean(NAME)? == Some(true);
    if is_said && intent.is_exit() {
        fields.notes.unused(NAME);
    }
    Ok(is_said && !intent.is_exit())
}

/// The size of an order that reverses the stated position, where the message has the quantity of
/// the new position: an entry closes the other one as well (true), an order on the net position is
/// of the whole move.
fn turned(
    fields: &Object<'_, '_>,
    position: &Position,
    intent: Intent,
    size: Size,
) -> (Size, bool) {
    let opens = match size {
        Size::Quantity(quantity) => position.opens(quantity.get()),
        Size::Notional(_) | Size::WholePosition | Size::Percentage(_) => false,
    };
    let moved = position.stated.reversal().filter(|_| opens);
    match (intent, moved.map(|moved| Quantity::new(moved.abs()))) {
        (Intent::EntryLong | Intent::EntryShort, Some(_)) => (size, true),
        (Intent::Buy | Intent::Sell, Some(Ok(quantity))) => {
            let reason = "the move of the stated position, which the quantity ends";
            fields.notes.because("qty", reason);
            (Size::Quantity(quantity), false)
        }
        _ => (size, false),
    }
}

fn ticker(fields: &Object<'_, '_>) -> Result<Ticker, PayloadError> {
    let read = |stated: &Stated<'_, '_>| {
        let text = fields.text(stated)?;
        if let Some(at) = text.find("{{") {
            return Err(fields.placeholder(stated.name, &text[at..], "a symbol"));
        }
        let ticker = text.parse::<Ticker>().map_err(|problem| {
            let hint = "Use \"{{ticker}}\", or write the symbol as TradingView shows it.";
            fields.invalid(stated.name, problem, hint)
        })?;
        Ok(Some(ticker))
    };
    fields
        .one("ticker", read, is_same_instrument)?
        .ok_or_else(|| fields.missing("ticker", fields.notes.wording().add_ticker))
}

/// True if two names are of one instrument: with and without its exchange, and as other
/// services write it (`BTC/USDT`).
fn is_same_instrument(one: &Ticker, other: &Ticker) -> bool {
    let plain = |ticker: &Ticker| {
        let is_kept = |letter: &char| letter.is_alphanumeric() || *letter == ':';
        let letters: String = ticker.as_str().chars().filter(is_kept).collect();
        letters.parse::<Ticker>()
    };
    one.may_be(other)
        || matches!((plain(one), plain(other)), (Ok(one), Ok(other)) if one.may_be(&other))
}

/// An id as a text: a number is one as it is written.
fn id_text<'a>(stated: &Stated<'_, 'a>) -> Option<Cow<'a, str>> {
    match stated.value.get().as_bytes() {
        [b'-' | b'0'..=b'9', ..] => Some(Cow::Borrowed(stated.value.get())),
        _ => string(stated.value),
    }
}

fn idempotency_key(fields: &Object<'_, '_>) -> Result<Option<String>, PayloadError> {
    let read = |stated: &Stated<'_, '_>| {
        let Some(id) = id_text(stated) else {
            let hint = "Write it in double quotes (\").";
            let error = fields.invalid(stated.name, "must be a text or a number", hint);
            fields.notes.unreadable("unreadable_field", &error);
            return Ok(None);
        };
        if parse_decimal(&id).is_ok_and(|number| number.is_zero()) {
            fields.notes.blank(stated.name, &id);
            return Ok(None);
        }
        if let Some(at) = id.find("{{") {
            // Taken as it is, every later alert would count as the same one again.
            let (what, hint) = (
                hints::unreplaced(&id[at..]),
                hints::placeholder(&id[at..], "an id"),
            );
            let message = format!(
                "{} was not used, because it is the same in every alert: {what}. {hint}",
                stated.name
            );
            fields.notes.warn("placeholder", message);
            return Ok(None);
        }
        if id.chars().count() > LONGEST_ID {
            let hint = "Give every alert an id of its own, or leave the field out.";
            return Err(fields.invalid(stated.name, "must be 1 to 128 characters", hint));
        }
        Ok(Some(id.into_owned()))
    };
    fields.one("id", read, String::eq)
}
