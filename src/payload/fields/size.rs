//! The size of an order.
//!
//! A quantity that is not stated follows from the position, and at last is 1. A quantity
//! that is stated is used or the message fails: an order of 1 in its place would be an order
//! that nobody gave. A percentage stays one: the equity or the position that it is taken of is
//! known only where the order is made.

use super::names::{self, CLOSE_POSITION, QUANTITY_KIND, QUANTITY_PERCENT, QUANTITY_RISK};
use super::position::Position;
use super::side::Side;
use super::words::{self, QuantityKind};
use super::{Object, PayloadError, Stated, inner_fields, sorted_fields::shortened, unread};
use crate::domain::money::{Decimal, Notional, NumberError, Price, Quantity, parse_decimal};
use crate::domain::signal::{Intent, PercentOf, Percentage, Size};

/// Reads the size of an order that trades at `price`.
pub fn read(
    fields: &Object<'_, '_>,
    side: &Side,
    position: &Position,
    price: Price,
) -> Result<Size, PayloadError> {
    let found = find(fields, side, position, price)?;
    let quantity = match found {
        Size::Quantity(quantity) => Some(quantity.get()),
        Size::Notional(_) | Size::WholePosition | Size::Percentage(_) => None,
    };
    match inner_fields::contradiction(fields, side, quantity) {
        Some(error) => Err(error),
        None => Ok(found),
    }
}

fn find(
    fields: &Object<'_, '_>,
    side: &Side,
    position: &Position,
    price: Price,
) -> Result<Size, PayloadError> {
    let intent = side.intent;
    let statement = Statement::read(fields, intent, price)?;
    if let Some(size) = statement.stated(fields, side, position)? {
        let is_said = fields.first(QUANTITY_KIND).is_some();
        let is_units = matches!(size, Size::Quantity(_)) && !is_said;
        let unit = is_units.then(|| unread::unit(fields)).flatten();
        return unit.map_or(Ok(size), Err);
    }
    if let Some(moved) = position.moved()
        && let Some(direction) = intent.direction()
        && let Ok(quantity) = Quantity::new(moved * direction.sign())
    {
        let reason = "the move of the stated position";
        fields.notes.because("qty", reason);
        return Ok(Size::Quantity(quantity));
    }
    if position.is_unsided() {
        return unsided(fields, position, intent);
    }
    if position.stated.new.is_some_and(|new| new.is_zero()) {
        let reason = "the whole position: it is flat after the order";
        fields.notes.because("qty", reason);
        return Ok(Size::WholePosition);
    }
    let like = || unread::size(fields, side, position);
    if position.is_without_move() {
        let error = statement.without_value.or(statement.without_number);
        return Err(error.or_else(like).unwrap_or_else(|| without_move(fields)));
    }
    if intent.is_exit() {
        let is_part = position.is_open_after() && !fields.notes.is_translated();
        let error = statement.without_number.or_else(like);
        if let Some(error) = error.or_else(|| is_part.then(|| without_move(fields))) {
            return Err(error);
        }
        if let Some(error) = statement.without_value {
            let message = format!("{}: the exit leaves the whole position", error.message);
            fields.notes.warn("no_value", message);
        }
        let reason = "the whole position: an exit states no quantity";
        fields.notes.because("qty", reason);
        return Ok(Size::WholePosition);
    }
    let error = statement.without_value.or(statement.without_number);
    if let Some(error) = error.or_else(like).or_else(|| not_moved(fields, position)) {
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

/// The quantity of sizes without a side, or the error where the side decides it.
fn unsided(
    fields: &Object<'_, '_>,
    position: &Position,
    intent: Intent,
) -> Result<Size, PayloadError> {
    let moved = position.unsided_move(intent);
    if let Some(quantity) = moved.and_then(|moved| Quantity::new(moved).ok()) {
        let reason = "the move of the stated position";
        fields.notes.because("qty", reason);
        return Ok(Size::Quantity(quantity));
    }
    let hint = "Add marketPosition and prevMarketPosition to the sizes of the position, or state the quantity itself.";
    Err(fields.missing("qty", hint))
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
    /// A quantity or an amount of money.
    size: Option<Size>,
    /// A percentage.
    percentage: Option<Percentage>,
    /// The error of a quantity that is there without a value.
    without_value: Option<PayloadError>,
    /// The error of a kind of quantity without a number beside it.
    without_number: Option<PayloadError>,
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
                "Keep the quantity or the amount of money, whichever you mean.",
            ));
        }
        if notional.or(money).is_some() && !price.is_positive() {
            let field = if money.is_some() { "qty" } else { "notional" };
            return Err(fields.invalid(
                &fields.name_of(field),
                "is money, which buys no quantity at a price of zero or below",
                "State a quantity for an instrument that can have such a price.",
            ));
        }
        let size = quantity
            .map(Size::Quantity)
            .or(notional.or(money).map(Size::Notional));
        if size.is_none() {
            refuse_risk(fields)?;
        } else if let Some(risk) = stated_risk(fields) {
            fields.notes.unused(&risk);
        }
        let percentage = percentage(fields, intent, &kind, is_percent)?;
        let blank = |field| without_value(fields, field);
        let without_value = blank("qty").or_else(|| blank("notional"));
        Ok(Self {
            size,
            percentage,
            without_value: without_value.or_else(|| blank(QUANTITY_PERCENT)),
            without_number: kind.error(fields, intent),
        })
    }

    /// The size that is stated, where one is and everything beside it agrees.
    fn stated(
        &self,
        fields: &Object<'_, '_>,
        side: &Side,
        position: &Position,
    ) -> Result<Option<Size>, PayloadError> {
        const KEEP: &str = "Keep the one that you mean, and delete the other.";
        let name = || match self.size {
            Some(Size::Notional(_)) if fields.first("qty").is_none() => "notional",
            _ if fields.first("qty").is_none() => QUANTITY_PERCENT,
            _ => "qty",
        };
        let shown = |field| {
            let first = fields.first(field);
            first.map_or_else(String::new, |first| fields.shown(first))
        };
        if self.size.is_some() && self.percentage.is_some() {
            let what = format!("{} and {}", shown(name()), shown(QUANTITY_PERCENT));
            let other = fields.name_of(QUANTITY_PERCENT);
            return Err(PayloadError::contradiction(&other, what, KEEP));
        }
        let stated = self
            .size
            .or(self.percentage.map(|part| whole_or(part, side.intent)));
        let Some(stated) = stated else {
            return Ok(None);
        };
        if side.closes {
            let what = format!("{} and {}", shown(CLOSE_POSITION), shown(name()));
            let field = fields.name_of(CLOSE_POSITION);
            return Err(PayloadError::contradiction(&field, what, KEEP));
        }
        let fits = match stated {
            Size::Quantity(quantity) => position.fits(quantity.get(), side.intent),
            Size::Percentage(part) if part.of() == PercentOf::Position => {
                position.fits_percent(part.percent())
            }
            Size::WholePosition => position.fits_percent(Decimal::ONE_HUNDRED),
            Size::Percentage(_) | Size::Notional(_) => true,
        };
        if !fits {
            let what = format!("{} and {}", shown(name()), position.shown());
            let hint = position.moved().map_or_else(
                || "Take the quantity and all position fields from the template for all orders, with TradingView's placeholders, or delete the position fields.".to_owned(),
                |moved| format!(
                    "TradingView's position moves by {}. For that size write {{{{strategy.order.contracts}}}} as the quantity; for a size of your own delete the position fields.",
                    moved.abs().normalize()
                ),
            );
            return Err(PayloadError::contradiction(
                &fields.name_of(name()),
                what,
                hint,
            ));
        }
        if position.is_unsided() {
            let message = "a size of the position has no side beside it, so it was not compared; add marketPosition and prevMarketPosition";
            fields.notes.warn("unused_field", message);
        }
        Ok(Some(stated))
    }
}

/// Fails a message that is sized by a risk.
fn refuse_risk(fields: &Object<'_, '_>) -> Result<(), PayloadError> {
    let Some(name) = stated_risk(fields) else {
        return Ok(());
    };
    let problem = "is a risk, from which no quantity follows here";
    Err(fields.invalid(&name, problem, fields.notes.wording().units))
}

/// The name of a risk that is not zero.
fn stated_risk(fields: &Object<'_, '_>) -> Option<String> {
    let (name, text) = first(fields, QUANTITY_RISK)?;
    let is_zero = parse_decimal(&text).is_ok_and(|number| number.is_zero());
    (!is_zero).then_some(name)
}

/// Reads the percentage that a message sizes its order by.
fn percentage(
    fields: &Object<'_, '_>,
    intent: Intent,
    kind: &Kind,
    is_percent: bool,
) -> Result<Option<Percentage>, PayloadError> {
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
        && let Some(error) = kind.error(fields, intent)
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
    let is_said_of = matches!(kind, Kind::Percent(Some(_)));
    if found.is_some() && !is_said_of && intent == Intent::Sell && fields.notes.is_translated() {
        return Err(sale_by_percentage(fields));
    }
    if found.is_some() && !is_said_of {
        let reason = format!("a percentage of the {of}");
        fields.notes.because("qty", reason);
    }
    Ok(found)
}

/// The error of another service's sale on the net position by a percentage: where it leaves a long
/// position, that is of the position, and where it opens a short one, of the equity.
fn sale_by_percentage(fields: &Object<'_, '_>) -> PayloadError {
    let (field, hint) = (
        "qty",
        "State a number of units, or of what it is a percentage; with sellWhileFlat \"nothing\" a sale only leaves a long position.",
    );
    let name = if fields.first(field).is_some() {
        field
    } else {
        QUANTITY_PERCENT
    };
    let problem = "is a percentage of the position or of the equity: this sale can leave a long position or open a short one";
    fields.invalid(&fields.name_of(name), problem, hint)
}

/// The kind of number that the quantity is said to be.
enum Kind {
    /// Nothing is said of it.
    Unsaid,
    Units,
    Money,
    /// A percentage, and of what where that is said.
    Percent(Option<PercentOf>),
    /// An unknown kind.
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
            None if is_base(fields, &word) => Self::Units,
            None => Self::Other {
                name: fields.name_of(QUANTITY_KIND),
                word,
            },
        })
    }

    /// The error of a kind that is not known, or has no number beside it. An exit without a
    /// number leaves all of it, whatever the kind of other orders.
    fn error(&self, fields: &Object<'_, '_>, intent: Intent) -> Option<PayloadError> {
        let units = fields.notes.wording().units;
        let without_number = |what: &str| {
            let name = fields.name_of(QUANTITY_KIND);
            let problem = format!("asks for {what}, and the message states no number");
            Some(fields.invalid(&name, problem, units))
        };
        match self {
            Self::Unsaid | Self::Units => None,
            Self::Money => without_number("money"),
            Self::Percent(_) => without_number("a percentage"),
            Self::Other { .. } if intent.is_exit() && fields.first("qty").is_none() => None,
            Self::Other { name, word } => {
                let problem = format!("{} cannot be turned into units here", shortened(word));
                Some(fields.invalid(name, problem, units))
            }
        }
    }
}

/// True if a word is what the instrument is of: `BTC` of `BINANCE:BTCUSDT`.
fn is_base(fields: &Object<'_, '_>, word: &str) -> bool {
    let ticker = first(fields, "ticker").map(|(_, ticker)| ticker.to_ascii_lowercase());
    let word = word.trim().to_ascii_lowercase();
    ticker.is_some_and(|ticker| {
        let symbol = ticker.rsplit(':').next().unwrap_or_default();
        !word.is_empty() && symbol.starts_with(&word)
    })
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

/// The error of a message that states what is left after the order, and not before. The own
/// position may miss an alert, so it is not taken in the place of that.
fn without_move(fields: &Object<'_, '_>) -> PayloadError {
    let hint = "Add \"qty\", or prevMarketPosition and prevMarketPositionSize: the position after the order alone does not tell its quantity.";
    fields.missing("qty", hint)
}

/// The error of a message whose stated position says that nothing was traded.
fn not_moved(fields: &Object<'_, '_>, position: &Position) -> Option<PayloadError> {
    position.moved().filter(Decimal::is_zero)?;
    let hint = "Add \"qty\": the positions before and after the order are the same, so they do not tell it.";
    Some(fields.missing("qty", hint))
}
