//! The position as TradingView states it, after and before the order.

use super::{Object, PayloadError, Stated, words};
use crate::domain::ledger::same_size;
use crate::domain::money::{Decimal, parse_decimal};
use crate::domain::signal::{Direction, Intent, StatedPosition};

const MATCH: &str =
    "Take all position fields from the template, with TradingView's placeholders, or delete them.";

/// The position that a message states, and the order's effect as far as it can be told.
#[derive(Default)]
pub struct Position {
    /// The sizes, and the side after the order where it is stated without one.
    pub stated: StatedPosition,
    /// The side before the order: above zero long, below zero short, zero flat.
    pub previous: Option<Decimal>,
    /// The side after it.
    new: Option<Decimal>,
    /// The sizes before and after it that have no side beside them.
    unsided: (Option<Decimal>, Option<Decimal>),
}

impl Position {
    /// Reads all that is stated.
    ///
    /// # Errors
    ///
    /// Also where the fields contradict each other.
    pub fn read(fields: &Object<'_, '_>) -> Result<Self, PayloadError> {
        let signed = fields.number("positionSize", parse_decimal)?;
        let new = Half::read(fields, "marketPosition", "marketPositionSize")?;
        let previous = Half::read(fields, "prevMarketPosition", "prevMarketPositionSize")?;
        if let Some(signed) = signed {
            let differs = match (new.signed, new.side) {
                (Some(size), _) => !same_size(size, signed),
                (None, Some(side)) => side_of(signed) != side.sign(),
                (None, None) => false,
            };
            if differs {
                let name = fields.name_of("positionSize");
                let what = format!("{name} {} and {}", signed.normalize(), new.shown);
                return Err(PayloadError::contradiction(&name, what, MATCH));
            }
        }
        let size = signed.or(new.signed);
        Ok(Self {
            stated: StatedPosition {
                new: size,
                previous: previous.signed,
                side: new.side.filter(|_| size.is_none()),
            },
            previous: previous.sign(),
            new: size.map(side_of).or(new.sign()),
            unsided: (previous.unsided, new.unsided.filter(|_| size.is_none())),
        })
    }

    /// The move of the position, where both sizes are stated.
    pub fn moved(&self) -> Option<Decimal> {
        let (previous, new) = (self.stated.previous?, self.stated.new?);
        if same_size(previous, new) {
            return Some(Decimal::ZERO);
        }
        new.checked_sub(previous)
    }

    /// True if no order of this intent can lead to the stated position: one that moves the
    /// other way, or an entry that leaves nothing.
    pub fn contradicts(&self, intent: Intent) -> bool {
        let moved = self
            .moved()
            .or_else(|| Some(self.new? - self.previous?))
            .filter(|moved| !moved.is_zero());
        if let (Some(moved), Some(direction)) = (moved, intent.direction()) {
            return Direction::of_position(moved) != direction;
        }
        if moved.is_some() {
            return false;
        }
        let is_other = |position: Option<Decimal>| {
            let own = match intent {
                Intent::EntryLong | Intent::ExitLong => Decimal::ONE,
                Intent::EntryShort | Intent::ExitShort => Decimal::NEGATIVE_ONE,
                Intent::Buy | Intent::Sell | Intent::Exit => return false,
            };
            position.is_some_and(|position| position == -own)
        };
        let is_entry = matches!(intent, Intent::EntryLong | Intent::EntryShort);
        // A long position cannot be left that was short, nor lead to one by leaving it.
        if intent.is_exit() && (is_other(self.previous) || is_other(self.new)) {
            return true;
        }
        if is_entry && self.previous.is_none() && is_other(self.new) {
            return true;
        }
        is_entry && self.previous.is_none() && self.new.is_some_and(|new| new.is_zero())
    }

    /// True if a size is stated without its side.
    pub fn is_unsided(&self) -> bool {
        self.unsided.0.is_some() || self.unsided.1.is_some()
    }

    /// The quantity that sizes without a side come to; `None` where that depends on the side.
    pub fn unsided_move(&self, intent: Intent) -> Option<Decimal> {
        let absolute = |size: Option<Decimal>| size.map(|size| size.abs());
        let before = self.unsided.0.or(absolute(self.stated.previous))?;
        let after = self.unsided.1.or(absolute(self.stated.new))?;
        if before.is_zero() || after.is_zero() {
            return Some(before.max(after));
        }
        let moved = before.checked_sub(after)?;
        (intent.is_exit() && moved > Decimal::ZERO).then_some(moved)
    }

    /// True if an order of this quantity can be what moves the stated position: it is the
    /// move, or that of the position which is opened after the other is closed, or an exit
    /// of more than there is.
    pub fn fits(&self, quantity: Decimal, intent: Intent) -> bool {
        let (Some(previous), Some(new), Some(moved)) =
            (self.stated.previous, self.stated.new, self.moved())
        else {
            return true;
        };
        let moved = moved.abs();
        let largest = previous.abs().max(new.abs()).max(quantity);
        moved.is_zero()
            || is_about(quantity, moved, largest)
            || self.opens(quantity)
            || intent.is_exit() && new.is_zero() && quantity > moved
    }

    /// True if a quantity is that of the position which a stated reversal opens, without what it
    /// closes before.
    pub fn opens(&self, quantity: Decimal) -> bool {
        let (Some(new), Some(moved)) = (self.stated.new, self.stated.reversal()) else {
            return false;
        };
        let largest = moved.abs().max(quantity);
        is_about(quantity, new.abs(), largest) && !is_about(quantity, moved.abs(), largest)
    }

    /// True if the message states a position after the order, and not how far it is from the one
    /// before.
    pub fn is_without_move(&self) -> bool {
        self.moved().is_none() && self.stated.new.is_some_and(|new| !new.is_zero())
    }

    /// True if a percentage of the position can be what moves the stated one; whole contracts
    /// and the smallest lots round it.
    pub fn fits_percent(&self, percent: Decimal) -> bool {
        let is_flat = self.stated.new.is_some_and(|new| new.is_zero());
        if is_flat {
            return percent >= Decimal::ONE_HUNDRED;
        }
        let (Some(previous), Some(moved)) = (self.stated.previous, self.moved()) else {
            return true;
        };
        let share = previous.abs().checked_mul(percent);
        let share = share.and_then(|share| share.checked_div(Decimal::ONE_HUNDRED));
        let difference = share.and_then(|share| share.checked_sub(moved.abs()));
        difference.is_none_or(|difference| difference.abs() < Decimal::ONE)
    }

    /// The two positions, for messages.
    pub fn shown(&self) -> String {
        let word = |size: Option<Decimal>, side: Option<Decimal>| match (size, side) {
            (Some(size), _) => size.normalize().to_string(),
            (None, Some(side)) if side.is_zero() => "flat".to_owned(),
            (None, Some(side)) => Direction::of_position(side).to_string(),
            (None, None) => String::new(),
        };
        let new = word(self.stated.new, self.new);
        match word(self.stated.previous, self.previous).as_str() {
            "" => format!("a position of {new} after it"),
            previous if new.is_empty() => format!("a position of {previous} before it"),
            previous => format!("a position that goes from {previous} to {new}"),
        }
    }

    /// True if the message states that there is no position after the order.
    pub fn is_flat_after(&self) -> bool {
        self.new.is_some_and(|new| new.is_zero())
    }

    /// True if the message states that there still is a position after the order.
    pub fn is_open_after(&self) -> bool {
        self.new.is_some_and(|new| !new.is_zero())
    }

    /// True if the message states the position after the order, be it only the side.
    pub fn is_stated_after(&self) -> bool {
        self.new.is_some()
    }

    /// The side of the position before the order, where there was one.
    pub fn previous_side(&self) -> Option<Direction> {
        let previous = self.previous.filter(|previous| !previous.is_zero())?;
        Some(Direction::of_position(previous))
    }
}

/// True if two sizes are one, as TradingView rounds them each on its own.
fn is_about(one: Decimal, other: Decimal, largest: Decimal) -> bool {
    let tolerance = largest.checked_mul(Decimal::new(1, 3));
    let distance = one.checked_sub(other).map(|distance| distance.abs());
    matches!((distance, tolerance), (Some(distance), Some(tolerance)) if distance <= tolerance)
}

/// The position at one moment, in two fields.
struct Half {
    /// `long` and 3 as 3, `short` and 3 as -3, `flat` as 0.
    signed: Option<Decimal>,
    /// Long or short.
    side: Option<Direction>,
    /// A size above zero without a side.
    unsided: Option<Decimal>,
    /// As the message has it.
    shown: String,
}

impl Half {
    fn read(
        fields: &Object<'_, '_>,
        direction_field: &'static str,
        size_field: &'static str,
    ) -> Result<Self, PayloadError> {
        let size = fields.not_negative(size_field)?;
        let word = word(fields, direction_field)?;
        let is_zero = size.is_some_and(|size| size.is_zero());
        let (direction_name, size_name) =
            (fields.name_of(direction_field), fields.name_of(size_field));
        let mut shown = word.map_or_else(String::new, |word| format!("{direction_name} {word}"));
        if let Some(size) = size {
            let and = if shown.is_empty() { "" } else { " with " };
            shown = format!("{shown}{and}{size_name} {}", size.normalize());
        }
        let half = |signed, side| Self {
            signed,
            side,
            unsided: None,
            shown: shown.clone(),
        };
        match word {
            Some("flat") if size.is_none() || is_zero => Ok(half(Some(Decimal::ZERO), None)),
            Some("long") if !is_zero => Ok(half(size, Some(Direction::Long))),
            Some("short") if !is_zero => Ok(half(size.map(|size| -size), Some(Direction::Short))),
            Some(word) => {
                let size = size.unwrap_or_default().normalize();
                let what = format!("{direction_name} {word} and {size_name} {size}");
                Err(PayloadError::contradiction(&size_name, what, MATCH))
            }
            None => Ok(Self {
                unsided: size.filter(|size| !size.is_zero()),
                ..half(size.filter(Decimal::is_zero), None)
            }),
        }
    }

    fn sign(&self) -> Option<Decimal> {
        let side = self.side.map(Direction::sign);
        side.or_else(|| self.signed.map(side_of))
    }
}

fn side_of(size: Decimal) -> Decimal {
    if size.is_zero() {
        Decimal::ZERO
    } else {
        Direction::of_position(size).sign()
    }
}

/// `long`, `short` or `flat`.
fn word(
    fields: &Object<'_, '_>,
    field: &'static str,
) -> Result<Option<&'static str>, PayloadError> {
    const KNOWN: [&str; 3] = ["long", "short", "flat"];
    let read = |stated: &Stated<'_, '_>| {
        let text = fields.text(stated)?;
        let word = words::known("marketPosition", &text, &KNOWN);
        word.map(Some)
            .ok_or_else(|| fields.not_one_of(stated.name, &text, &KNOWN))
    };
    fields.one(field, read, |one: &&str, other| one == other)
}
