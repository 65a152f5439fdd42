//! The order's side, as up to three fields say it: `positionDirection` wholly,
//! `direction` and `action` as a side on the net position.
//!
//! They are all read. A message whose fields disagree makes no order: taking one of them
//! would buy where the other says sell, and make a second position of what was an exit.

use std::cell::Cell;

use super::words::{self, SideWord};
use super::{Object, PayloadError, Stated};
use crate::domain::signal::{Direction, Intent};

/// The hint of every message whose side is not clear.
const SAY_IT_WHOLE: &str = "Say it in one field: \"positionDirection\": \"entryLong\", \"exitLong\", \"entryShort\" or \"exitShort\".";

/// The order's side, and the field that says so with its value, for messages.
pub struct Side {
    /// The intent of the order.
    pub intent: Intent,
    /// Such as `action buy`.
    pub stated: String,
    /// The name of the field.
    pub name: String,
}

/// Reads the side; `previous` is the side of the position before the order, where it is
/// stated.
pub fn read(fields: &Object<'_, '_>, previous: Option<Direction>) -> Result<Side, PayloadError> {
    let whole = position_direction(fields)?;
    let direction = direction(fields)?;
    let action = action(fields)?;
    let names = Names {
        fields,
        direction,
        action,
    };
    if let Some(intent) = whole {
        let side = names.side(intent, "positionDirection");
        if let Some(direction) = direction
            && !fits(intent, direction)
        {
            return Err(names.contradiction(&side, "direction"));
        }
        if let Some(action) = action
            && !is_said_by(intent, action)
        {
            return Err(names.contradiction(&side, "action"));
        }
        return Ok(side);
    }
    match (direction, action) {
        (Some(direction), Some(SideWord::Whole(intent))) if fits(intent, direction) => {
            Ok(names.side(intent, "action"))
        }
        (Some(direction), action) => {
            let side = names.side(on_net(direction), "direction");
            match action {
                Some(action) if !agrees(direction, action) => {
                    Err(names.contradiction(&side, "action"))
                }
                _ => Ok(side),
            }
        }
        (None, Some(action)) => names.of_action(action, previous),
        (None, None) => Err(none(fields)),
    }
}

/// The fields that were read, to name them.
struct Names<'o, 'f, 'a> {
    fields: &'o Object<'f, 'a>,
    direction: Option<Direction>,
    action: Option<SideWord>,
}

impl Names<'_, '_, '_> {
    fn side(&self, intent: Intent, field: &'static str) -> Side {
        Side {
            intent,
            stated: self.shown(field),
            name: self.fields.name_of(field),
        }
    }

    /// A field as the message has it, such as `action buy`.
    fn shown(&self, field: &'static str) -> String {
        let stated = self.fields.first(field);
        stated.map_or_else(String::new, |stated| self.fields.shown(stated))
    }

    fn contradiction(&self, side: &Side, field: &'static str) -> PayloadError {
        let name = self.fields.name_of(field);
        let what = format!("{} and {}", side.stated, self.shown(field));
        let hint = match (self.direction, self.action) {
            (Some(Direction::Long), Some(SideWord::Close)) => {
                "To leave a long position, say only \"positionDirection\": \"exitLong\"."
            }
            (Some(Direction::Short), Some(SideWord::Close)) => {
                "To leave a short position, say only \"positionDirection\": \"exitShort\"."
            }
            _ if side.name == "positionDirection" => {
                "Use the template for all orders if one alert serves entries and exits; else make both fields say the same, or delete one."
            }
            _ => SAY_IT_WHOLE,
        };
        PayloadError::contradiction(&name, what, hint)
    }

    /// The side of an alert that says it by its action alone.
    fn of_action(
        &self,
        action: SideWord,
        previous: Option<Direction>,
    ) -> Result<Side, PayloadError> {
        match (action, previous) {
            (SideWord::Whole(intent), _) => Ok(self.side(intent, "action")),
            (SideWord::Order(direction) | SideWord::Side(direction), _) => {
                Ok(self.side(on_net(direction), "action"))
            }
            (SideWord::Close, Some(Direction::Long)) => Ok(self.side(Intent::ExitLong, "action")),
            (SideWord::Close, Some(Direction::Short)) => Ok(self.side(Intent::ExitShort, "action")),
            (SideWord::Open | SideWord::Close, _) => {
                let name = self.fields.name_of("action");
                let problem = "does not tell whether the position is long or short";
                Err(PayloadError::invalid(&name, problem, SAY_IT_WHOLE))
            }
        }
    }
}

fn position_direction(fields: &Object<'_, '_>) -> Result<Option<Intent>, PayloadError> {
    const KNOWN: [&str; 4] = ["entryLong", "exitLong", "entryShort", "exitShort"];
    fields.one(
        "positionDirection",
        |stated| {
            let text = fields.text(stated)?;
            match words::side(&text) {
                Some(SideWord::Whole(intent)) => Ok(Some(intent)),
                _ => Err(fields.not_one_of(stated.name, &text, &KNOWN)),
            }
        },
        Intent::eq,
    )
}

fn direction(fields: &Object<'_, '_>) -> Result<Option<Direction>, PayloadError> {
    fields.one(
        "direction",
        |stated| {
            let text = fields.text(stated)?;
            match words::side(&text) {
                Some(SideWord::Side(direction) | SideWord::Order(direction)) => Ok(Some(direction)),
                _ => Err(fields.not_one_of(stated.name, &text, &["long", "short"])),
            }
        },
        Direction::eq,
    )
}

/// `action` and its other names. Two of them can complete each other, as `action: open` and
/// `side: long` do.
fn action(fields: &Object<'_, '_>) -> Result<Option<SideWord>, PayloadError> {
    let read = |stated: &Stated<'_, '_>| {
        let text = fields.text(stated)?;
        let word = words::side(&text);
        word.map(Some)
            .ok_or_else(|| fields.not_one_of(stated.name, &text, &["buy", "sell"]))
    };
    let together = Cell::new(None);
    let adds_to = |first: &SideWord, other: &SideWord| {
        let sum = sum(together.get().unwrap_or(*first), *other);
        together.set(sum);
        sum.is_some()
    };
    let first = fields.one("action", read, adds_to).map_err(|mut error| {
        if error.code == "contradiction" {
            SAY_IT_WHOLE.clone_into(&mut error.hint);
        }
        error
    })?;
    Ok(together.get().or(first))
}

/// The sum of two words; `None` where they contradict each other.
fn sum(one: SideWord, other: SideWord) -> Option<SideWord> {
    match (one, other) {
        _ if one == other => Some(one),
        (SideWord::Whole(intent), word) | (word, SideWord::Whole(intent)) => {
            is_said_by(intent, word).then_some(SideWord::Whole(intent))
        }
        (SideWord::Open, SideWord::Order(side) | SideWord::Side(side))
        | (SideWord::Order(side) | SideWord::Side(side), SideWord::Open) => {
            Some(SideWord::Whole(match side {
                Direction::Long => Intent::EntryLong,
                Direction::Short => Intent::EntryShort,
            }))
        }
        (SideWord::Order(order), SideWord::Side(side))
        | (SideWord::Side(side), SideWord::Order(order)) => {
            (order == side).then_some(SideWord::Order(order))
        }
        _ => None,
    }
}

fn on_net(direction: Direction) -> Intent {
    match direction {
        Direction::Long => Intent::Buy,
        Direction::Short => Intent::Sell,
    }
}

/// True if a direction can belong to an intent: an exit's is that of its position to one
/// sender, that of its order to another, and both leave the position.
fn fits(intent: Intent, direction: Direction) -> bool {
    intent.is_exit() || intent.direction() == direction
}

/// True if an action says the same as an intent.
fn is_said_by(intent: Intent, action: SideWord) -> bool {
    match action {
        SideWord::Whole(other) => other == intent,
        SideWord::Order(direction) => direction == intent.direction(),
        SideWord::Side(direction) => fits(intent, direction),
        SideWord::Open => !intent.is_exit(),
        SideWord::Close => intent.is_exit(),
    }
}

/// True if an action says the same as a direction on the net position.
fn agrees(direction: Direction, action: SideWord) -> bool {
    match action {
        SideWord::Order(other) | SideWord::Side(other) => other == direction,
        SideWord::Open => true,
        SideWord::Whole(_) | SideWord::Close => false,
    }
}

/// The error of an alert that does not say what its order does.
fn none(fields: &Object<'_, '_>) -> PayloadError {
    let names = ["positionDirection", "direction", "action"];
    let blank = names.iter().find_map(|name| fields.without_value(name));
    blank.unwrap_or_else(|| {
        let hint = fields.rename(&names).unwrap_or_else(|| {
            "Say what the order does in one of three ways: \"positionDirection\": \"entryLong\" (or exitLong, entryShort, exitShort); or \"direction\": \"long\" (or short); or \"action\": \"{{strategy.order.action}}\" with \"marketPosition\": \"{{strategy.market_position}}\".".to_owned()
        });
        let message = "the order's side is missing: action, direction or positionDirection";
        PayloadError::none_of("positionDirection", message.to_owned(), hint)
    })
}
