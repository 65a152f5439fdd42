//! The size of an order.
//!
//! A quantity that is not stated follows from the position, and at last is 1. A quantity
//! that is stated is used or the message fails: an order of 1 in its place would be an order
//! that nobody gave. A percentage stays one: the equity or the position that it is taken of is
//! known only where the order is made.

use std::borrow::Cow;

use super::names::{self, QUANTITY_KIND, QUANTITY_PERCENT, QUANTITY_RISK};
use super::position::Position;
use super::words::{self, QuantityKind};
use super::{Object, PayloadError, Stated, given::shortened};
use crate::domain::money::{Decimal, Notional, NumberError, Price, Quantity, parse_decimal};
use crate::domain::signal::{Intent, PercentOf, Percentage, Size};
use crate::payload::syntax::Fields;

const UNITS: &str = "Send a number of units, such as \"qty\": {{strategy.order.contracts}}, an amount of money as \"notional\", or a percentage of the equity as \"qty\": \"10%\".";

/// Reads the size of an order that trades at `price`.
pub fn read(
    fields: &Object<'_, '_>,
    intent: Intent,
    position: &Position,
    price: Price,
) -> Result<Size, PayloadError> {
    let statement = Statement::read(fields, intent, price)?;
    if let Some(size) = statement.size {
        for percentage in [QUANTITY_PERCENT, QUANTITY_RISK] {
            if let Some((name, _)) = first(fields, percentage) {
                fields.notes.unused(&name);
            }
        }
        return Ok(size);
    }
    if let Some(moved) = position.moved()
        && let Some(direction) = intent.direction()
        && let Ok(quantity) = Quantity::new(moved * direction.sign())
    {
        let reason = "the move of the stated position";
        fields.notes.because("qty", reason);
        return Ok(Size::Quantity(quantity));
    }
    if position.stated.new.is_some_and(|new| new.is_zero()) {
        let reason = "the whole position: it is flat after the order";
        fields.notes.because("qty", reason);
        return Ok(Size::WholePosition);
    }
    if let Some(percentage) = statement.percentage? {
        return Ok(whole_or(percentage, intent));
    }
    if intent.is_exit() {
        let reason = "the whole position: an exit states no quantity";
        fields.notes.because("qty", reason);
        return Ok(Size::WholePosition);
    }
    let error = statement.without_value.or_else(|| misspelt(fields));
    let error = error.or_else(|| inside_another(fields));
    if let Some(error) = error.or_else(|| not_moved(fields, position)) {
        return Err(error);
    }
    fields
        .notes
        .because("qty", "the message states no quantity");
    if fields.notes.is_translated() {
        let message = "the message states no quantity, so the order has 1; add one for orders of the true size";
        fields.notes.warn("default_quantity", message);
    }
    let one = Quantity::new(Decimal::ONE).map(Size::Quantity);
    one.map_err(|error| fields.no_number("qty", "1", error))
}

/// All of a position is an exit of the whole, whatever it is then.
fn whole_or(percentage: Percentage, intent: Intent) -> Size {
    let is_whole = percentage.percent() == Decimal::ONE_HUNDRED;
    if is_whole && percentage.of() == PercentOf::Position && intent.is_exit() {
        return Size::WholePosition;
    }
    Size::Percentage(percentage)
}

/// The size as a message states it.
struct Statement {
    /// The size, where it can be used.
    size: Option<Size>,
    /// A percentage, or the error of one that no size can be made of.
    percentage: Result<Option<Percentage>, PayloadError>,
    /// The error of a quantity that is there without a value.
    without_value: Option<PayloadError>,
}

impl Statement {
    fn read(fields: &Object<'_, '_>, intent: Intent, price: Price) -> Result<Self, PayloadError> {
        let kind = Kind::read(fields)?;
        let has_sign = first(fields, "qty").is_some_and(|(_, text)| is_percentage(&text));
        let is_percent = has_sign
            || first(fields, "qty").is_some()
                && matches!(kind, Kind::Percent(_) | Kind::Other { .. });
        let notional = fields.number_but_zero::<Notional>("notional", str::parse)?;
        let (quantity, money) = match kind {
            _ if is_percent => (None, None),
            Kind::Money => (None, fields.number_but_zero::<Notional>("qty", str::parse)?),
            _ => (fields.number_but_zero::<Quantity>("qty", str::parse)?, None),
        };
        let differs = money.is_some_and(|money| notional.is_some_and(|other| other != money));
        if notional.is_some() && (quantity.is_some() || is_percent) || differs {
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
        let size = quantity
            .map(Size::Quantity)
            .or(notional.or(money).map(Size::Notional));
        let percentage = if size.is_some() {
            Ok(None)
        } else {
            percentage(fields, intent, &kind, is_percent)
        };
        let blank = |field| without_value(fields, field);
        Ok(Self {
            size,
            percentage,
            without_value: blank("qty")
                .or_else(|| blank("notional"))
                .or_else(|| kind.error(fields)),
        })
    }
}

/// Reads the percentage that a message sizes its order by.
fn percentage(
    fields: &Object<'_, '_>,
    intent: Intent,
    kind: &Kind,
    is_percent: bool,
) -> Result<Option<Percentage>, PayloadError> {
    if let Some((name, text)) = first(fields, QUANTITY_RISK)
        && !parse_decimal(&text).is_ok_and(|number| number.is_zero())
    {
        let problem = "is a risk, from which no quantity follows here";
        return Err(fields.invalid(&name, problem, UNITS));
    }
    let unsaid = if intent.is_exit() {
        PercentOf::Position
    } else {
        PercentOf::Equity
    };
    let of = match kind {
        Kind::Percent(of) => of.unwrap_or(unsaid),
        Kind::Unsaid | Kind::Other { .. } => unsaid,
        Kind::Units | Kind::Money if is_percent => {
            let what = fields.name_of(QUANTITY_KIND);
            let hint = "Keep the percent sign or the kind, whichever you mean.";
            let name = fields.name_of("qty");
            let what = format!("{name} in percent and {what}");
            return Err(PayloadError::contradiction(&name, what, hint));
        }
        Kind::Units | Kind::Money => PercentOf::Equity,
    };
    if is_percent
        && matches!(kind, Kind::Other { .. })
        && let Some(error) = kind.error(fields)
    {
        return Err(error);
    }
    let read = |text: &str| {
        let number = text.trim_end().strip_suffix('%').unwrap_or(text);
        Percentage::new(parse_decimal(number.trim_end())?, of)
    };
    // Beside "10%", 10 is a number of units.
    let is_said = matches!(kind, Kind::Percent(_));
    let read_said = |text: &str| {
        if is_said || is_percentage(text) {
            read(text)
        } else {
            Err(NumberError::NotANumber)
        }
    };
    let stated = if is_percent {
        fields.number_but_zero("qty", read_said)?
    } else {
        None
    };
    let beside = fields.number_but_zero(QUANTITY_PERCENT, read)?;
    if let (Some(stated), Some(beside)) = (stated, beside)
        && stated != beside
    {
        let (name, other) = (fields.name_of("qty"), fields.name_of(QUANTITY_PERCENT));
        let what = format!(
            "{name} {} and {other} {}",
            stated.percent(),
            beside.percent()
        );
        let hint = "Keep the one that you mean, and delete the other.";
        return Err(PayloadError::contradiction(&other, what, hint));
    }
    let found = stated.or(beside);
    if found.is_some() && !matches!(kind, Kind::Percent(Some(_))) {
        let reason = format!("a percentage of the {of}");
        fields.notes.because("qty", reason);
    }
    Ok(found)
}

/// The kind of number that the quantity is said to be.
enum Kind {
    /// Nothing is said of it.
    Unsaid,
    Units,
    Money,
    /// A percentage, and of what where that is said.
    Percent(Option<PercentOf>),
    /// What is not known.
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
            return Ok(Self::Unsaid);
        };
        Ok(match words::quantity_kind(&word) {
            Some(QuantityKind::Units) => Self::Units,
            Some(QuantityKind::Money) => Self::Money,
            Some(QuantityKind::Percent(of)) => Self::Percent(of),
            None => Self::Other {
                name: fields.name_of(QUANTITY_KIND),
                word,
            },
        })
    }

    /// The error of a kind that is not known, or has no number beside it.
    fn error(&self, fields: &Object<'_, '_>) -> Option<PayloadError> {
        match self {
            Self::Unsaid | Self::Units | Self::Money => None,
            Self::Percent(_) => {
                let name = fields.name_of(QUANTITY_KIND);
                let problem = "asks for a percentage, and the message states no number";
                Some(fields.invalid(&name, problem, UNITS))
            }
            Self::Other { name, word } => {
                let problem = format!("{} cannot be turned into units here", shortened(word));
                Some(fields.invalid(name, problem, UNITS))
            }
        }
    }
}

/// The first statement of a field that has a value: its name and its text.
fn first(fields: &Object<'_, '_>, field: &'static str) -> Option<(String, String)> {
    let stated = fields.first(field)?;
    let text = super::string(stated.value);
    let text = text.as_deref().unwrap_or(stated.value.get());
    Some((stated.name.to_owned(), text.to_owned()))
}

/// True of a quantity such as `10%`.
fn is_percentage(text: &str) -> bool {
    text.trim_end().ends_with('%') && !text.contains("{{")
}

/// The error of a quantity that is there without a value. `null` is what programs write for
/// a field that they leave out.
fn without_value(fields: &Object<'_, '_>, field: &'static str) -> Option<PayloadError> {
    if let Some((name, text)) = first(fields, field) {
        return Some(fields.no_number(&name, &text, NumberError::NotPositive));
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
