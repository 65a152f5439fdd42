//! The order's side, as up to three fields say it: `positionDirection` wholly,
//! `direction` and `action` as a side on the net position.
//!
//! They are all read. A message whose fields disagree makes no order: taking one of them
//! would buy where the other says sell, and make a second position of what was an exit.

use std::cell::Cell;

use super::names::{CLOSE_POSITION, POSITION_SIDE, REDUCE_ONLY};
use super::position::Position;
use super::words::{self, SideWord};
use super::{Object, PayloadError, Stated, unread};
use crate::domain::signal::{Direction, Intent};

/// The hint where "close" and `buy` or `sell` leave it open which position is left.
const LEAVE: &str = "To leave a long position, say only \"positionDirection\": \"exitLong\"; to leave a short one, \"exitShort\".";

/// The order's side, and the field that says so with its value, for messages.
pub struct Side {
    /// The intent of the order.
    pub intent: Intent,
    /// Such as `action buy`.
    pub stated: String,
    /// The name of the field.
    pub name: String,
    /// True if the message says that all of a position is left.
    pub closes: bool,
}

/// Reads the side, beside the position that the message states.
pub fn read(fields: &Object<'_, '_>, position: &Position) -> Result<Side, PayloadError> {
    let about = position_side(fields)?;
    let left = || left(fields).filter(|_| position.is_flat_after());
    let previous = position.previous_side().or(about).or_else(left);
    let side = said(fields, previous)?;
    let side = match about {
        Some(position) => of_position(fields, side, position)?,
        None => side,
    };
    let reduces = fields.boolean(REDUCE_ONLY)?.unwrap_or_default();
    let closes = fields.boolean(CLOSE_POSITION)?.unwrap_or_default();
    let side = match (reduces, closes) {
        (_, true) => Side {
            closes,
            ..reducing(fields, side, CLOSE_POSITION)?
        },
        (true, false) => reducing(fields, side, REDUCE_ONLY)?,
        (false, false) => side,
    };
    match unread::exit(fields, &side) {
        Some(error) => Err(error),
        None => Ok(side),
    }
}

/// The position that an order leaves after which there is none: what is sold was long.
fn left(fields: &Object<'_, '_>) -> Option<Direction> {
    let mut stated = fields.given.all("action");
    stated.find_map(|stated| match words::side(&fields.text(stated).ok()?)? {
        SideWord::Order(order) => Some(order.opposite()),
        _ => None,
    })
}

/// The order of an account that can have a long and a short position, which says with
/// `positionSide` which of them it is about.
fn of_position(
    fields: &Object<'_, '_>,
    side: Side,
    position: Direction,
) -> Result<Side, PayloadError> {
    use Direction::{Long, Short};
    let intent = match (side.intent, position) {
        (Intent::Buy | Intent::EntryLong, Long) => Intent::EntryLong,
        (Intent::Sell | Intent::EntryShort, Short) => Intent::EntryShort,
        (Intent::Sell | Intent::Exit | Intent::ExitLong, Long) => Intent::ExitLong,
        (Intent::Buy | Intent::Exit | Intent::ExitShort, Short) => Intent::ExitShort,
        _ => return Err(against(fields, &side, POSITION_SIDE)),
    };
    if intent != side.intent {
        let reason = format!("positionSide says that it is about a {position} position");
        fields.notes.because("positionDirection", reason);
    }
    Ok(Side { intent, ..side })
}

/// The order that may only make a position smaller, as `field` says.
fn reducing(
    fields: &Object<'_, '_>,
    side: Side,
    field: &'static str,
) -> Result<Side, PayloadError> {
    let intent = match side.intent {
        Intent::Buy => Intent::ExitShort,
        Intent::Sell => Intent::ExitLong,
        intent if intent.is_exit() => intent,
        _ => return Err(against(fields, &side, field)),
    };
    if intent != side.intent {
        let reason = format!("{field} says that it opens nothing");
        fields.notes.because("positionDirection", reason);
    }
    Ok(Side { intent, ..side })
}

/// The error of a side that another field does not allow.
fn against(fields: &Object<'_, '_>, side: &Side, field: &'static str) -> PayloadError {
    let stated = fields.first(field);
    let shown = stated.map_or_else(String::new, |stated| fields.shown(stated));
    let what = format!("{} and {shown}", side.stated);
    PayloadError::contradiction(
        &fields.name_of(field),
        what,
        fields.notes.wording().say_whole,
    )
}

/// The side as its words say it.
fn said(fields: &Object<'_, '_>, previous: Option<Direction>) -> Result<Side, PayloadError> {
    let whole = position_direction(fields)?;
    let direction = direction(fields)?;
    let action = action(fields, previous)?;
    let names = Names {
        fields,
        direction,
        action,
    };
    if let Some(intent) = whole {
        let intent = names.narrowed(intent, previous);
        let side = names.side(intent, "positionDirection");
        if let Some(direction) = direction
            && !fits(intent, direction.side())
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
        (Some(direction), Some(action)) => names.of_both(direction, action, previous),
        (Some(direction), None) => Ok(names.side(on_net(direction.side()), "direction")),
        (None, Some(action)) => names.of_action(action, previous),
        (None, None) => Err(none(fields)),
    }
}

/// The word of `direction`: of an order, or of the position that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DirectionWord {
    Order(Direction),
    Side(Direction),
}

impl DirectionWord {
    fn side(self) -> Direction {
        match self {
            Self::Order(direction) | Self::Side(direction) => direction,
        }
    }

    fn word(self) -> SideWord {
        match self {
            Self::Order(direction) => SideWord::Order(direction),
            Self::Side(direction) => SideWord::Side(direction),
        }
    }
}

/// The fields that were read, to name them.
struct Names<'o, 'f, 'a> {
    fields: &'o Object<'f, 'a>,
    direction: Option<DirectionWord>,
    action: Option<SideWord>,
}

impl Names<'_, '_, '_> {
    fn side(&self, intent: Intent, field: &'static str) -> Side {
        Side {
            intent,
            stated: self.shown(field),
            name: self.fields.name_of(field),
            closes: false,
        }
    }

    /// A field as the message has it, such as `action buy`.
    fn shown(&self, field: &'static str) -> String {
        let stated = self.fields.first(field);
        stated.map_or_else(String::new, |stated| self.fields.shown(stated))
    }

    /// The side of an exit that leaves whichever position there is, where another field or
    /// the position before the order tells it.
    fn narrowed(&self, intent: Intent, previous: Option<Direction>) -> Intent {
        if intent != Intent::Exit {
            return intent;
        }
        let of_action = match self.action {
            Some(SideWord::Whole(intent)) if intent.is_exit() => Some(intent),
            // What is sold leaves a long position.
            Some(SideWord::Order(order)) => Some(exit_of(order.opposite())),
            Some(SideWord::Side(side)) => Some(exit_of(side)),
            _ => None,
        };
        let of_direction = match self.direction {
            Some(DirectionWord::Side(side)) => Some(exit_of(side)),
            Some(DirectionWord::Order(order)) => Some(exit_of(order.opposite())),
            None => None,
        };
        let narrowed = of_action.or(of_direction).or(previous.map(exit_of));
        narrowed.unwrap_or(intent)
    }

    fn contradiction(&self, side: &Side, field: &'static str) -> PayloadError {
        let name = self.fields.name_of(field);
        let what = format!("{} and {}", side.stated, self.shown(field));
        let hint = match self.action {
            Some(SideWord::Close)
                if self.direction.is_some() && !self.fields.notes.is_translated() =>
            {
                LEAVE
            }
            _ if side.name == "positionDirection" => {
                "Use the template for all orders if one alert serves entries and exits; else make both fields say the same, or delete one."
            }
            _ => self.fields.notes.wording().say_whole,
        };
        PayloadError::contradiction(&name, what, hint)
    }

    /// The side of an alert that says it by its direction and its action.
    fn of_both(
        &self,
        direction: DirectionWord,
        action: SideWord,
        previous: Option<Direction>,
    ) -> Result<Side, PayloadError> {
        let intent = match action {
            SideWord::Whole(intent) => fits(intent, direction.side()).then_some(intent),
            SideWord::Open => Some(entry(direction.side())),
            SideWord::Close => exit(direction.word(), previous),
            SideWord::Order(other) | SideWord::Side(other) => {
                (other == direction.side()).then(|| on_net(other))
            }
        };
        let field = match action {
            SideWord::Whole(_) | SideWord::Close => "action",
            _ => "direction",
        };
        if let Some(intent) = intent {
            return Ok(self.side(intent, field));
        }
        let side = self.side(on_net(direction.side()), "direction");
        Err(self.contradiction(&side, "action"))
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
            (SideWord::Close, Some(side)) => Ok(self.side(exit_of(side), "action")),
            (SideWord::Open | SideWord::Close, _) => {
                let name = self.fields.name_of("action");
                let problem = "does not tell whether the position is long or short";
                let hint = self.fields.notes.wording().say_whole;
                Err(PayloadError::invalid(&name, problem, hint))
            }
        }
    }
}

fn position_side(fields: &Object<'_, '_>) -> Result<Option<Direction>, PayloadError> {
    let read = |stated: &Stated<'_, '_>| {
        let text = fields.text(stated)?;
        match (
            words::side(&text),
            text.trim().to_ascii_lowercase().as_str(),
        ) {
            (Some(SideWord::Side(side)), _) => Ok(Some(side)),
            (_, "both" | "net") => Ok(None),
            _ => Err(fields.not_one_of(stated.name, &text, &["long", "short", "both"])),
        }
    };
    fields.one(POSITION_SIDE, read, Direction::eq)
}

/// True if a word in another place of the message can be said of an order.
pub fn agrees(intent: Intent, word: SideWord) -> bool {
    match word {
        SideWord::Order(direction) => intent.direction().is_none_or(|own| own == direction),
        SideWord::Whole(other) => match intent {
            // What opens by itself is no exit.
            Intent::Buy | Intent::Sell => {
                other.direction() == intent.direction() && !other.is_exit()
            }
            Intent::Exit => other.is_exit(),
            _ => other == intent || other == Intent::Exit && intent.is_exit(),
        },
        SideWord::Side(direction) => fits(intent, direction),
        SideWord::Open => !intent.is_exit(),
        SideWord::Close => intent.is_exit(),
    }
}

fn position_direction(fields: &Object<'_, '_>) -> Result<Option<Intent>, PayloadError> {
    const KNOWN: [&str; 5] = ["entryLong", "exitLong", "entryShort", "exitShort", "exit"];
    fields.one(
        "positionDirection",
        |stated| {
            let text = fields.text(stated)?;
            match words::side(&text) {
                Some(SideWord::Whole(intent)) => Ok(Some(intent)),
                Some(SideWord::Close) => Ok(Some(Intent::Exit)),
                _ => Err(fields.not_one_of(stated.name, &text, &KNOWN)),
            }
        },
        Intent::eq,
    )
}

fn direction(fields: &Object<'_, '_>) -> Result<Option<DirectionWord>, PayloadError> {
    fields.one(
        "direction",
        |stated| {
            let text = fields.text(stated)?;
            match words::side(&text) {
                Some(SideWord::Side(side)) => Ok(Some(DirectionWord::Side(side))),
                Some(SideWord::Order(order)) => Ok(Some(DirectionWord::Order(order))),
                _ => Err(fields.not_one_of(stated.name, &text, &["long", "short"])),
            }
        },
        |first: &DirectionWord, other: &DirectionWord| first.side() == other.side(),
    )
}

/// `action` and its other names. Two of them can complete each other, as `action: close` and
/// `side: long` do.
fn action(
    fields: &Object<'_, '_>,
    previous: Option<Direction>,
) -> Result<Option<SideWord>, PayloadError> {
    let closes = Cell::new(false);
    let read = |stated: &Stated<'_, '_>| {
        let text = fields.text(stated)?;
        let word = words::side(&text);
        closes.set(closes.get() || word == Some(SideWord::Close));
        word.map(Some)
            .ok_or_else(|| fields.not_one_of(stated.name, &text, &["buy", "sell"]))
    };
    let together = Cell::new(None);
    let adds_to = |first: &SideWord, other: &SideWord| {
        let sum = sum(together.get().unwrap_or(*first), *other, previous);
        together.set(sum);
        sum.is_some()
    };
    let first = fields.one("action", read, adds_to).map_err(|mut error| {
        if error.code == "contradiction" {
            let whole = fields.notes.wording().say_whole;
            let hint = if closes.get() && !fields.notes.is_translated() {
                LEAVE
            } else {
                whole
            };
            hint.clone_into(&mut error.hint);
        }
        error
    })?;
    Ok(together.get().or(first))
}

/// The sum of two words; `None` where they contradict each other. `previous` is the side of
/// the position before the order.
fn sum(one: SideWord, other: SideWord, previous: Option<Direction>) -> Option<SideWord> {
    match (one, other) {
        _ if one == other => Some(one),
        (SideWord::Whole(intent), word) | (word, SideWord::Whole(intent)) => {
            is_said_by(intent, word).then_some(SideWord::Whole(intent))
        }
        (SideWord::Open, SideWord::Order(side) | SideWord::Side(side))
        | (SideWord::Order(side) | SideWord::Side(side), SideWord::Open) => {
            Some(SideWord::Whole(entry(side)))
        }
        (SideWord::Close, word) | (word, SideWord::Close) => {
            exit(word, previous).map(SideWord::Whole)
        }
        (SideWord::Order(order), SideWord::Side(side))
        | (SideWord::Side(side), SideWord::Order(order)) => {
            (order == side).then_some(SideWord::Order(order))
        }
        _ => None,
    }
}

fn entry(side: Direction) -> Intent {
    match side {
        Direction::Long => Intent::EntryLong,
        Direction::Short => Intent::EntryShort,
    }
}

fn exit_of(side: Direction) -> Intent {
    match side {
        Direction::Long => Intent::ExitLong,
        Direction::Short => Intent::ExitShort,
    }
}

/// The exit that "close" and another word say together. `long` is the position that is left.
/// `buy` is to some the position, to others the order that leaves a short: the position before
/// it tells, where it is stated.
fn exit(word: SideWord, previous: Option<Direction>) -> Option<Intent> {
    match (word, previous) {
        (SideWord::Side(side), Some(previous)) if side != previous => None,
        (SideWord::Side(side), _) => Some(exit_of(side)),
        (SideWord::Order(_), Some(previous)) => Some(exit_of(previous)),
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
    intent.is_exit() || intent.direction() == Some(direction)
}

/// True if an action says the same as an intent.
fn is_said_by(intent: Intent, action: SideWord) -> bool {
    match action {
        SideWord::Whole(other) => other == intent,
        SideWord::Order(direction) => intent.direction() == Some(direction),
        SideWord::Side(direction) => fits(intent, direction),
        SideWord::Open => !intent.is_exit(),
        SideWord::Close => intent.is_exit(),
    }
}

/// The error of an alert that does not say what its order does.
fn none(fields: &Object<'_, '_>) -> PayloadError {
    let names = ["positionDirection", "direction", "action"];
    let blank = names.iter().find_map(|name| fields.without_value(name));
    blank.unwrap_or_else(|| {
        let hint = fields.rename(&names);
        let hint = hint.unwrap_or_else(|| fields.notes.wording().add_side.to_owned());
        let message = "the order's side is missing: action, direction or positionDirection";
        PayloadError::none_of("positionDirection", message.to_owned(), hint)
    })
}
