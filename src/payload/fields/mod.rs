//! From fields to a signal. The values are read here, each as the type that its field has.
//!
//! - `names` is the table of the fields and of the names that others use for them
//! - `given` sorts a message's fields by it, and collects what the owner should know
//! - `words` are the values that are words: sides, order types, kinds of quantity
//! - `unread` looks through what no field reads, for what the order would need of it
//! - `signal` puts together what `side`, `prices`, `size`, `position`, `bracket` and
//!   `metadata` read
//!
//! A field may be stated several times, under several names. All of them are read: they
//! have to say the same, or the message contradicts itself and makes no order.

mod bracket;
mod inner_fields;
mod likeness;
mod metadata;
mod names;
mod origins;
mod portion;
mod position;
mod prices;
#[cfg(test)]
mod properties;
mod side;
mod signal;
mod size;
mod sorted_fields;
mod stops;
#[cfg(test)]
mod tests;
mod unread;
mod wording;
mod words;

use std::borrow::Cow;
use std::str::FromStr;

pub use metadata::timestamp as read_time;
pub use names::{CLOSE_POSITION, QUANTITY_KIND, TIMESTAMP, is_name, is_secret};
pub use origins::FieldOrigin;
pub use sorted_fields::{blank, shortened};
pub use words::{SideWord, side as side_word, switch};

use crate::domain::event::UnknownText;
use crate::domain::money::{Decimal, NumberError, parse_decimal};

use super::error::PayloadError;
use super::syntax::{Document, Fields, string};
use super::translation::Translation;
use super::{Parsed, hints};
use names::Standing;
pub use sorted_fields::Wanted;
use sorted_fields::{Notes, SortedFields, Stated};

const NUMBER_HINT: &str = "Give a plain number such as 1.5, as it is or in quotes.";

/// Result of reading a message.
pub struct ReadMessage {
    /// The order that it asks for, or why there is none.
    pub parsed: Result<Box<Parsed>, PayloadError>,
    /// Source of each field, as far as it was read; empty where only the signal is wanted.
    pub origins: Vec<FieldOrigin>,
}

impl From<PayloadError> for ReadMessage {
    fn from(error: PayloadError) -> Self {
        Self {
            parsed: Err(error),
            origins: Vec::new(),
        }
    }
}

/// Reads the signal from the fields of our own format.
pub fn read(document: &Document<'_>, wanted: Wanted) -> ReadMessage {
    if let Some(field) = &document.duplicate {
        return PayloadError::duplicate(field).into();
    }
    read_given(
        &SortedFields::new(&document.fields, &names::ALERT),
        None,
        wanted,
    )
}

/// Reads the signal from a message of another service, said in our fields.
pub fn read_translation(translation: &Translation<'_>, wanted: Wanted) -> ReadMessage {
    let given = SortedFields::translated(translation, &names::ALERT);
    read_given(&given, Some(translation), wanted)
}

fn read_given(
    given: &SortedFields<'_, '_>,
    translation: Option<&Translation<'_>>,
    wanted: Wanted,
) -> ReadMessage {
    let notes = Notes::of(translation, wanted);
    let fields = Object {
        given,
        notes: &notes,
        parent: "",
    };
    let signal = match signal::read(&fields) {
        Ok(mut signal) => {
            let is_said = translation.is_some_and(|said| said.closes_opposite);
            signal.closes_opposite |= is_said && !signal.intent.is_exit();
            signal
        }
        Err(error) => {
            return ReadMessage {
                parsed: Err(error),
                origins: origins::of_statements(&notes),
            };
        }
    };
    let mut keys = given.all("auth_key");
    if let Some(other) = keys.find(|key| key.standing != Standing::Ours) {
        notes.unused(other.name);
    }
    let origins = origins::of_order(&signal, &notes);
    let unused_stop = notes.unused_stop(given.unknown(), signal.stop_loss.is_some());
    let warnings = notes.into_warnings(given.unknown(), |name| names::ALERT.near(name));
    ReadMessage {
        parsed: Ok(Box::new(Parsed {
            signal,
            warnings,
            if_adding: translation.and_then(|said| said.if_adding.clone()),
            unused_stop,
        })),
        origins,
    }
}

/// The field that a name is close to, of an alert that has no `auth_key`.
pub fn near_auth_key<'n>(names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let mut names = names.into_iter();
    names.find(|name| {
        let field = names::ALERT.field(name).map(|(field, _)| field);
        *name != "auth_key" && field.or_else(|| names::ALERT.near(name)) == Some("auth_key")
    })
}

/// An object's fields together with its own name, for messages.
#[derive(Clone, Copy)]
struct Object<'f, 'a> {
    given: &'f SortedFields<'f, 'a>,
    notes: &'f Notes,
    /// `takeProfit.` for the fields of `takeProfit`, empty for the top.
    parent: &'static str,
}

impl<'f, 'a> Object<'f, 'a> {
    /// A field's name with its parents.
    fn path(&self, name: &str) -> String {
        [self.parent, name].concat()
    }

    /// The one value of a field, whatever names it is stated under.
    fn one<T>(
        &self,
        field: &'static str,
        read: impl Fn(&Stated<'f, 'a>) -> Result<Option<T>, PayloadError>,
        is_same: impl Fn(&T, &T) -> bool,
    ) -> Result<Option<T>, PayloadError> {
        let mut found: Option<(&Stated<'f, 'a>, T)> = None;
        for stated in self.given.all(field) {
            let is_sure = found
                .as_ref()
                .is_some_and(|(first, _)| first.standing < Standing::Alone);
            if stated.standing == Standing::Alone && is_sure {
                self.notes.unused(&self.path(stated.name));
                continue;
            }
            if let Some(blank) = stated.blank() {
                self.notes.blank(&self.path(stated.name), blank);
                continue;
            }
            let value = match read(stated) {
                Ok(Some(value)) => value,
                Ok(None) => continue,
                Err(error)
                    if names::must_be_read(field, stated.standing, found.is_some())
                        || !self.parent.is_empty() =>
                {
                    return Err(error);
                }
                Err(error) => {
                    let is_stop = field == "stopLossTarget" || stops::trails(field);
                    if is_stop && !stops::is_off(stated.value) {
                        self.notes.stop_unused(stated.name);
                    }
                    if stated.standing == Standing::Ours {
                        self.notes.unreadable("unreadable_field", &error);
                    } else {
                        self.notes.unused(&self.path(stated.name));
                    }
                    continue;
                }
            };
            match &found {
                None => {
                    if stated.standing != Standing::Ours {
                        self.notes.renamed(&self.path(stated.name), field);
                    }
                    self.notes
                        .read(&self.path(field), &self.path(stated.name), stated);
                    found = Some((stated, value));
                }
                Some((first, used)) if is_same(used, &value) => {
                    self.notes
                        .read(&self.path(field), &self.path(stated.name), stated);
                    self.notes
                        .repeated(&self.path(first.name), &self.path(stated.name));
                }
                Some((first, _)) => return Err(self.differ(first, stated)),
            }
        }
        Ok(found.map(|(_, value)| value))
    }

    /// The error of two statements of one field that differ.
    fn differ(&self, first: &Stated<'_, '_>, second: &Stated<'_, '_>) -> PayloadError {
        let hint = format!(
            "Both are {}: keep the one that you mean, and delete the other.",
            self.path(self.notes.wording().name(first.field))
        );
        let what = format!("{} and {}", self.shown(first), self.shown(second));
        PayloadError::contradiction(&self.path(second.name), what, hint)
    }

    /// A statement as the message has it: its name and its value.
    fn shown(&self, stated: &Stated<'_, '_>) -> String {
        let value = stated.said_text();
        format!(
            "{} {}",
            shortened(&self.path(stated.name)),
            shortened(&value)
        )
    }

    /// The first statement of a field that has a value.
    fn first(&self, field: &'static str) -> Option<&Stated<'f, 'a>> {
        let mut all = self.given.all(field);
        all.find(|stated| stated.blank().is_none())
    }

    /// The name that a field is stated under, ours where it is not stated.
    fn name_of(&self, field: &'static str) -> String {
        self.path(self.first(field).map_or(field, |stated| stated.name))
    }

    /// The error of a field that must be there, with a look at misspelt ones and at one
    /// that is there without a value.
    fn missing(&self, field: &'static str, hint: &str) -> PayloadError {
        self.without_value(field).unwrap_or_else(|| {
            let rename = self.rename(&[field]);
            PayloadError::missing(&self.path(field), rename.as_deref().unwrap_or(hint))
        })
    }

    /// The error of a field whose value is `NaN`, `na` or an empty text.
    fn without_value(&self, field: &'static str) -> Option<PayloadError> {
        let mut all = self.given.all(field);
        all.find_map(|stated| match stated.blank()? {
            // What programs write for a field that they leave out; as a text it is a value that
            // a script did not have.
            _ if stated.value.get() == "null" => None,
            "\"\"" => Some(self.invalid(
                stated.name,
                "is empty",
                "Fill it in; a placeholder may have had no value.",
            )),
            text => Some(self.no_number(stated.name, text, NumberError::NaN)),
        })
    }

    /// The field to rename, where one is there that may mean one of these.
    fn rename(&self, fields: &[&str]) -> Option<String> {
        let mut unknown = self.given.unknown().iter();
        unknown.find_map(|(name, _)| {
            let meant = names::ALERT
                .near(name)
                .filter(|meant| fields.contains(meant))?;
            let meant = self.notes.wording().name(meant);
            Some(format!("Rename \"{}\" to \"{meant}\".", shortened(name)))
        })
    }

    fn invalid(
        &self,
        name: &str,
        problem: impl std::fmt::Display,
        hint: impl Into<String>,
    ) -> PayloadError {
        PayloadError::invalid(&self.path(name), problem, hint)
    }

    /// The error of a placeholder, which `text` starts with, in the place of a value.
    fn placeholder(&self, name: &str, text: &str, value: &str) -> PayloadError {
        let hint = hints::placeholder(text, value);
        let what = hints::unreplaced(text);
        self.invalid(name, format_args!("has no value: {what}"), hint)
    }

    /// A value that is a text.
    fn text(&self, stated: &Stated<'f, 'a>) -> Result<Cow<'a, str>, PayloadError> {
        string(stated.value).ok_or_else(|| {
            let hint = "Put the value into double quotes (\").";
            self.invalid(stated.name, "must be a text", hint)
        })
    }

    /// A field that is one of several words.
    fn one_of<T: FromStr<Err = UnknownText> + PartialEq>(
        &self,
        field: &'static str,
    ) -> Result<Option<T>, PayloadError> {
        let read = |stated: &Stated<'f, 'a>| {
            let text = self.text(stated)?;
            let unknown = |unknown: UnknownText| self.not_one_of(stated.name, &text, unknown.known);
            words::read(field, &text).map(Some).map_err(unknown)
        };
        self.one(field, read, T::eq)
    }

    /// The error of an unknown text.
    fn not_one_of(&self, name: &str, text: &str, known: &[&str]) -> PayloadError {
        if let Some(at) = text.find("{{") {
            return self.placeholder(name, &text[at..], "one of these words");
        }
        let problem = format!("must be one of {}", known.join(", "));
        self.invalid(name, problem, "Write one of these words.")
    }

    /// A number, as a JSON number or as text.
    fn number<T: PartialEq>(
        &self,
        field: &'static str,
        read: impl Fn(&str) -> Result<T, NumberError>,
    ) -> Result<Option<T>, PayloadError> {
        self.one(field, |stated| self.read(stated, &read).map(Some), T::eq)
    }

    /// A number; zero means none.
    fn number_but_zero<T: PartialEq>(
        &self,
        field: &'static str,
        read: impl Fn(&str) -> Result<T, NumberError>,
    ) -> Result<Option<T>, PayloadError> {
        let read = |stated: &Stated<'f, 'a>| {
            let text = self.digits(stated)?;
            if parse_decimal(&text).is_ok_and(|number| number.is_zero()) {
                self.notes.blank(&self.path(stated.name), &shortened(&text));
                return Ok(None);
            }
            self.read(stated, &read).map(Some)
        };
        self.one(field, read, T::eq)
    }

    /// A value as a number.
    fn read<T>(
        &self,
        stated: &Stated<'f, 'a>,
        read: impl Fn(&str) -> Result<T, NumberError>,
    ) -> Result<T, PayloadError> {
        let text = self.digits(stated)?;
        read(&text).map_err(|error| self.no_number(stated.name, &text, error))
    }

    /// The text of a value that is to be a number.
    fn digits(&self, stated: &Stated<'f, 'a>) -> Result<Cow<'a, str>, PayloadError> {
        match stated.value.get().as_bytes() {
            [b'-' | b'0'..=b'9', ..] => Ok(Cow::Borrowed(stated.value.get())),
            _ => string(stated.value)
                .ok_or_else(|| self.invalid(stated.name, "must be a number", NUMBER_HINT)),
        }
    }

    /// A number that is at least zero.
    fn not_negative(&self, field: &'static str) -> Result<Option<Decimal>, PayloadError> {
        self.number(field, |text| match parse_decimal(text)? {
            number if number.is_sign_negative() && !number.is_zero() => Err(NumberError::Negative),
            number => Ok(number),
        })
    }

    /// The error of a text that is not the number a field needs.
    fn no_number(&self, name: &str, text: &str, error: NumberError) -> PayloadError {
        if let Some(at) = text.find("{{") {
            return self.placeholder(name, &text[at..], "a number");
        }
        if text.trim_end().ends_with('%') && error == NumberError::NotANumber {
            let hint = "Write the number without the percent sign where the field is in percent; a quantity is a number of units.";
            return self.invalid(name, "is a percentage", hint);
        }
        let hint = match error {
            NumberError::NaN => "The script had no value here: give the variable one with nz().",
            NumberError::Comma => "Write 1234.5, not 1,234.5 or 1234,5.",
            NumberError::NotANumber => NUMBER_HINT,
            NumberError::NotPositive => {
                "Write a number above zero, without a sign: the side is stated apart."
            }
            NumberError::Negative => {
                "Sizes have no sign; only positionSize is below zero for a short position."
            }
            NumberError::TooLarge | NumberError::TooFine => "Check the number's exponent and unit.",
            NumberError::TooManyDigits => {
                "Nothing is rounded here: let the script round it, for instance with math.round()."
            }
        };
        self.invalid(name, error, hint)
    }

    /// A field that is true or false.
    fn boolean(&self, field: &'static str) -> Result<Option<bool>, PayloadError> {
        let read = |stated: &Stated<'f, 'a>| {
            let text = string(stated.value);
            let text = text.as_deref().map_or(stated.value.get(), str::trim);
            if let Some(at) = text.find("{{") {
                return Err(self.placeholder(stated.name, &text[at..], "true or false"));
            }
            switch(text).map(Some).ok_or_else(|| {
                let hint = "Write true or false, without quotes.";
                self.invalid(stated.name, "must be true or false", hint)
            })
        };
        self.one(field, read, bool::eq)
    }

    /// The fields of an object.
    fn object(&self, stated: &Stated<'f, 'a>) -> Result<Fields<'a>, PayloadError> {
        serde_json::from_str(stated.value.get()).map_err(|_| {
            let name = stated.name;
            let hint = format!("Write it as \"{name}\": {{ ... }} with fields inside.");
            self.invalid(name, "must be an object", hint)
        })
    }
}
