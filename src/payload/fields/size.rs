//! The size of an order.
//!
//! A quantity that is not stated follows from the position, and at last is 1. A quantity
//! that is stated is used or the message fails: an order of 1 in its place would be an order
//! that nobody gave.

use std::borrow::Cow;

use super::names::{self, QUANTITY_KIND, QUANTITY_PERCENT};
use super::position::Position;
use super::words::{self, QuantityKind};
use super::{Object, PayloadError, Stated, given::shortened};
use crate::domain::money::{Decimal, Notional, Price, Quantity, parse_decimal};
use crate::domain::signal::{Intent, Size};
use crate::payload::syntax::Fields;

const UNITS: &str = "Send a number of units, such as \"qty\": {{strategy.order.contracts}}, or an amount of money as \"notional\".";

/// Reads the size of an order that trades at `price`.
pub fn read(
    fields: &Object<'_, '_>,
    intent: Intent,
    position: &Position,
    price: Price,
) -> Result<Size, PayloadError> {
    let statement = Statement::read(fields, price)?;
    if let Some(size) = statement.size {
        if let Some((name, _)) = first(fields, QUANTITY_PERCENT) {
            fields.notes.unused(&name);
        }
        return Ok(size);
    }
    if let Some(moved) = position.moved()
        && let Ok(quantity) = Quantity::new(moved * intent.direction().sign())
    {
        return Ok(Size::Quantity(quantity));
    }
    if position.stated.new.is_some_and(|new| new.is_zero()) {
        return Ok(Size::WholePosition);
    }
    if let Some(error) = statement.percentage {
        return Err(error);
    }
    if intent.is_exit() {
        return Ok(Size::WholePosition);
    }
    let error = statement.without_value.or_else(|| misspelt(fields));
    let error = error.or_else(|| inside_another(fields));
    if let Some(error) = error.or_else(|| not_moved(fields, position)) {
        return Err(error);
    }
    let one = Quantity::new(Decimal::ONE).map(Size::Quantity);
    one.map_err(|error| fields.no_number("qty", "1", error))
}

/// The size as a message states it.
struct Statement {
    /// The size, where it can be used.
    size: Option<Size>,
    /// The error of a percentage, which no size can be made of.
    percentage: Option<PayloadError>,
    /// The error of a quantity that is there without a value.
    without_value: Option<PayloadError>,
}

impl Statement {
    fn read(fields: &Object<'_, '_>, price: Price) -> Result<Self, PayloadError> {
        let kind = Kind::read(fields)?;
        let mut percentage = in_percent(fields);
        if first(fields, "qty").is_some() {
            percentage = percentage.or_else(|| kind.error(fields));
        }
        let notional = fields.number_but_zero::<Notional>("notional", str::parse)?;
        let (quantity, money) = match kind {
            _ if percentage.is_some() => (None, None),
            Kind::Money => (None, fields.number_but_zero::<Notional>("qty", str::parse)?),
            _ => (fields.number_but_zero::<Quantity>("qty", str::parse)?, None),
        };
        let differs = money.is_some_and(|money| notional.is_some_and(|other| other != money));
        if notional.is_some() && quantity.is_some() || differs {
            return Err(fields.invalid(
                &fields.name_of("notional"),
                format_args!("cannot be given together with {}", fields.name_of("qty")),
                "Keep qty for a quantity or notional for an amount of money.",
            ));
        }
        if notional.or(money).is_some() && !price.is_positive() {
            let field = if money.is_some() { "qty" } else { "notional" };
            return Err(fields.invalid(
                &fields.name_of(field),
                "is money, which buys no quantity at a price of zero or below",
                "State a quantity (qty) for an instrument that can have such a price.",
            ));
        }
        let blank = |field| without_value(fields, field);
        Ok(Self {
            size: quantity
                .map(Size::Quantity)
                .or(notional.or(money).map(Size::Notional)),
            percentage: percentage.or_else(|| by_percent(fields)),
            without_value: blank("qty")
                .or_else(|| blank("notional"))
                .or_else(|| kind.error(fields)),
        })
    }
}

/// The kind of number that the quantity is said to be.
enum Kind {
    Units,
    Money,
    /// A percentage, or what is not known.
    Other {
        name: String,
        word: String,
    },
}

impl Kind {
    fn read(fields: &Object<'_, '_>) -> Result<Self, PayloadError> {
        let read = |stated: &Stated<'_, '_>| Ok(Some(fields.text(stated)?.into_owned()));
        let same = |one: &String, other: &String| names::letters(one).eq(names::letters(other));
        let Some(word) = fields.one(QUANTITY_KIND, read, same)? else {
            return Ok(Self::Units);
        };
        Ok(match words::quantity_kind(&word) {
            Some(QuantityKind::Units) => Self::Units,
            Some(QuantityKind::Money) => Self::Money,
            None => Self::Other {
                name: fields.name_of(QUANTITY_KIND),
                word,
            },
        })
    }

    fn error(&self, fields: &Object<'_, '_>) -> Option<PayloadError> {
        let Self::Other { name, word } = self else {
            return None;
        };
        let problem = format!("{} cannot be turned into units here", shortened(word));
        Some(fields.invalid(name, problem, UNITS))
    }
}

/// The first statement of a field that has a value: its name and its text.
fn first(fields: &Object<'_, '_>, field: &'static str) -> Option<(String, String)> {
    let stated = fields.first(field)?;
    let text = super::string(stated.value);
    let text = text.as_deref().unwrap_or(stated.value.get());
    Some((stated.name.to_owned(), text.to_owned()))
}

/// The error of a quantity such as `10%`.
fn in_percent(fields: &Object<'_, '_>) -> Option<PayloadError> {
    let (name, text) = first(fields, "qty")?;
    let is_percentage = text.trim_end().ends_with('%') && !text.contains("{{");
    is_percentage.then(|| {
        let problem = format!("{} is a percentage, not a quantity", shortened(&text));
        fields.invalid(&name, problem, UNITS)
    })
}

/// The error of a percentage that stands in a field of its own.
fn by_percent(fields: &Object<'_, '_>) -> Option<PayloadError> {
    let (name, text) = first(fields, QUANTITY_PERCENT)?;
    let is_zero = parse_decimal(&text).is_ok_and(|number| number.is_zero());
    (!is_zero).then(|| fields.invalid(&name, "is a percentage, not a quantity", UNITS))
}

/// The error of a quantity that is there without a value. `null` is what programs write for
/// a field that they leave out.
fn without_value(fields: &Object<'_, '_>, field: &'static str) -> Option<PayloadError> {
    if let Some((name, text)) = first(fields, field) {
        let error = crate::domain::money::NumberError::NotPositive;
        return Some(fields.no_number(&name, &text, error));
    }
    fields.without_value(field)
}

/// The error of a number whose name is a quantity's but for a slip of the pen.
fn misspelt(fields: &Object<'_, '_>) -> Option<PayloadError> {
    let mut unknown = fields.given.unknown().iter();
    let (name, _) = unknown.find(|(name, value)| {
        let text = super::string(value);
        let text = text.as_deref().unwrap_or(value.get());
        names::ALERT.near(name) == Some("qty") && text.parse::<Quantity>().is_ok()
    })?;
    let message = "qty is missing".to_owned();
    let hint = format!("Rename \"{}\" to \"qty\".", shortened(name));
    Some(PayloadError::none_of("qty", message, hint))
}

/// The error of a quantity inside an object that is not read: `"order": {"contracts": 5}`.
fn inside_another(fields: &Object<'_, '_>) -> Option<PayloadError> {
    let mut unknown = fields.given.unknown().iter();
    unknown.find_map(|(name, value)| {
        let inside: Fields<'_> = serde_json::from_str(value.get()).ok()?;
        let mut names = inside.0.iter().map(|(inner, _)| inner);
        let is_quantity = |inner: &&Cow<'_, str>| {
            names::ALERT
                .field(inner)
                .is_some_and(|(field, _)| field == "qty")
        };
        let inner = names.find(is_quantity)?;
        let hint = format!(
            "Write what {} has at the top of the message, as \"qty\".",
            shortened(&format!("{name}.{inner}"))
        );
        Some(PayloadError::none_of(
            "qty",
            "qty is missing".to_owned(),
            hint,
        ))
    })
}

/// The error of a message whose stated position says that nothing was traded.
fn not_moved(fields: &Object<'_, '_>, position: &Position) -> Option<PayloadError> {
    position.moved().filter(Decimal::is_zero)?;
    let hint = "Add \"qty\": the positions before and after the order are the same, so they do not tell it.";
    Some(fields.missing("qty", hint))
}
