//! A message of another service, said in our fields: by `formats`, to be read by `fields`.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::domain::event::Warning;
use crate::domain::format::Format;

/// One of our fields, as a message states it in its own words.
pub struct Statement {
    /// Our name.
    pub field: &'static str,
    /// The message's name, with its parents: `order.amount`.
    pub name: String,
    /// The value that our field has.
    pub value: Box<RawValue>,
    /// The value as the message has it, where that is another one.
    pub said: Option<String>,
}

/// A message in our fields.
#[derive(Default)]
pub struct Translation<'a> {
    /// Statements that the format knows.
    pub statements: Vec<Statement>,
    /// Fields that it does not know: read as fields of our own, with a warning.
    pub rest: Vec<(Cow<'a, str>, &'a RawValue)>,
    /// Fields without a meaning for an order, by path: looked through for a side and a size.
    pub passed: Vec<(Cow<'a, str>, &'a RawValue)>,
    /// The format, by whose names the hints call the fields.
    pub format: Option<Format>,
    /// Warnings for its owner.
    pub warnings: Vec<Warning>,
    /// Names of fields that have a meaning there and none here.
    pub unused: Vec<String>,
    /// Reasons for what a field was read as, beyond the message.
    pub notes: Vec<(&'static str, String)>,
    /// Warning for its owner where the order adds to a position.
    pub if_adding: Option<Warning>,
    /// True if an entry closes all of an opposite position beside its own quantity, or a purchase
    /// or sale can be the whole new position.
    pub closes_opposite: bool,
}
