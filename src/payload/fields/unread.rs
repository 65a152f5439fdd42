//! The errors of what a message states where no field reads it: a size, its unit, a position, an
//! exit.
//!
//! An order that states none of these in a field that is read gets a default. So the rest of the
//! message is looked through first: one that states it somewhere else asked for another order.

use super::inner_fields;
use super::names::{self, SIZES};
use super::position::Position;
use super::side::Side;
use super::{Object, PayloadError, likeness, portion, sorted_fields::shortened};

/// The error of an order that would have a default size while the message may state one, or a
/// position that the default does not lead to.
pub fn size(fields: &Object<'_, '_>, side: &Side, position: &Position) -> Option<PayloadError> {
    let stated = misspelt(fields).or_else(|| inside_another(fields, side));
    // All of a position is a size, too.
    if stated.is_some() || side.closes {
        return stated;
    }
    position_of_another_name(fields, side, position)
        .or_else(|| unit(fields))
        .or_else(|| portion(fields, side))
}

/// The error of a number whose name looks like that of a size, or is one but for a slip of the
/// pen.
fn misspelt(fields: &Object<'_, '_>) -> Option<PayloadError> {
    let unknown = fields.given.unknown();
    let known = fields.given.names();
    let names = || unknown.iter().map(|(name, _)| *name).chain(known.clone());
    let (name, _) = unknown.iter().find(|(name, value)| {
        let is_slip = names::ALERT
            .near(name)
            .is_some_and(|field| SIZES.contains(&field));
        (is_slip || likeness::is_size(name, names())) && likeness::is_amount(value)
    })?;
    let name = shortened(name);
    let slip = names::ALERT.near(&name) == Some("qty") || likeness::is_slip_of_quantity(&name);
    let hint = slip.then(|| {
        let wording = fields.notes.wording();
        format!("Rename \"{name}\" to \"{}\".", wording.name("qty"))
    });
    Some(not_clear(
        fields,
        &name,
        hint.unwrap_or_else(|| what_it_is(fields, &name)),
    ))
}

/// The error of an exit that would leave the whole position, while the message may state a part.
fn portion(fields: &Object<'_, '_>, side: &Side) -> Option<PayloadError> {
    if !side.intent.is_exit() {
        return None;
    }
    let unknown = fields.given.unknown();
    let (name, _) = unknown.iter().find(|(name, value)| {
        names::ALERT.near(name).is_none() && portion::is_portion(name, value)
    })?;
    let name = shortened(name);
    let hint = what_it_is(fields, &name);
    let hint = format!("{hint} To leave the whole position, add \"closePosition\": true.");
    Some(not_clear(fields, &name, hint))
}

fn not_clear(fields: &Object<'_, '_>, name: &str, hint: String) -> PayloadError {
    let message = format!("the size of the order is not clear: {name} may be one");
    PayloadError::none_of(fields.notes.wording().name("qty"), message, hint)
}

/// The hint of a field that may be the size, and may be something else. `metadata` would make
/// another service's message one of ours.
fn what_it_is(fields: &Object<'_, '_>, name: &str) -> String {
    let wording = fields.notes.wording();
    let qty = wording.name("qty");
    let other = if fields.notes.is_translated() {
        "else add the size"
    } else {
        "else move it into \"metadata\", or add the size"
    };
    let units = wording.units;
    format!("If {name} is the size of the order, name it \"{qty}\"; {other}. {units}")
}

/// The error of a quantity inside an object that is not read: `"order": {"contracts": 5}`.
fn inside_another(fields: &Object<'_, '_>, side: &Side) -> Option<PayloadError> {
    let hidden = inner_fields::size(fields, !side.intent.is_exit())?;
    let name = fields.notes.wording().name("qty");
    let path = shortened(&hidden.path);
    let hint = if hidden.is_of_position {
        format!("Put what {path} says at the top of the message, or state {name}.")
    } else if hidden.is_beside {
        format!("Rename {path} to {name}.")
    } else {
        format!("Write what {path} has at the top of the message, as \"{name}\".")
    };
    Some(PayloadError::none_of(
        name,
        format!("{name} is missing"),
        hint,
    ))
}

/// The error of a position that the order does not lead to, under a name that is not known or
/// inside of an object.
fn position_of_another_name(
    fields: &Object<'_, '_>,
    side: &Side,
    position: &Position,
) -> Option<PayloadError> {
    if position.is_stated_after() {
        return None;
    }
    let mut unknown = fields.given.unknown().iter();
    let at_top = unknown.find(|(name, value)| {
        likeness::is_position(name) && likeness::is_other_position(name, value, side.intent)
    });
    let path = match at_top {
        Some((name, _)) => shortened(name),
        None => shortened(&inner_fields::position(fields, side.intent)?),
    };
    let name = fields.notes.wording().name("qty");
    let hint = if fields.notes.is_translated() {
        format!("Add \"{name}\" to the message, or put what {path} says at its top.")
    } else {
        format!(
            "State it at the top of the message, as \"marketPosition\" or \"positionSize\", or state \"{name}\"."
        )
    };
    let message = format!("{path} states a position, and the message no quantity that leads to it");
    Some(PayloadError::none_of(name, message, hint))
}

/// The error of a unit of the quantity that is not read.
pub fn unit(fields: &Object<'_, '_>) -> Option<PayloadError> {
    let mut unknown = fields.given.unknown().iter();
    let at_top = unknown.find(|(name, value)| likeness::is_unit(name, value));
    let path = match at_top {
        Some((name, _)) => (*name).to_owned(),
        None => inner_fields::unit(fields)?,
    };
    let wording = fields.notes.wording();
    let problem = "says what the quantity is counted in, which is not read there";
    let error = PayloadError::invalid(&shortened(&path), problem, wording.units);
    Some(error)
}

/// The error of an order that opens something while a switch says that it leaves a position.
pub fn exit(fields: &Object<'_, '_>, side: &Side) -> Option<PayloadError> {
    if side.intent.is_exit() {
        return None;
    }
    let mut unknown = fields.given.unknown().iter();
    let (name, value) = unknown.find(|(name, value)| likeness::is_exit(name, value))?;
    let name = shortened(name);
    let what = format!("{} and {name} {}", side.stated, shortened(value.get()));
    let hint = fields.notes.wording().say_whole;
    Some(PayloadError::contradiction(&name, what, hint))
}
