//! Single values: a field's raw text as the type that the field has.

mod metadata;
mod position;
mod signal;
mod unknown;

use std::borrow::Cow;
use std::str::FromStr;

pub use metadata::timestamp as read_time;

use crate::domain::event::UnknownText;
use crate::domain::money::{NumberError, parse_decimal};

use super::error::PayloadError;
use super::syntax::{Document, Fields, string};
use super::{Parsed, hints};

const NUMBER_HINT: &str = "Give a plain number such as 1.5, as it is or in quotes.";

/// What the fields ask for.
pub fn read(document: &Document<'_>) -> Result<Box<Parsed>, PayloadError> {
    if let Some(field) = &document.duplicate {
        return Err(PayloadError::duplicate(field));
    }
    let fields = Object {
        fields: &document.fields,
        parent: "",
    };
    let mut warnings = Vec::new();
    let metadata = metadata::read(&fields, &mut warnings)?;
    let signal = signal::read(&fields, metadata, &mut warnings)?;
    unknown::warn(&fields, &mut warnings);
    Ok(Box::new(Parsed { signal, warnings }))
}

/// The field that a name is close to, of an alert that has no `auth_key`.
pub fn near_auth_key<'n>(names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let mut names = names.into_iter();
    names.find(|name| unknown::meant(name) == Some("auth_key"))
}

fn rename(given: &str, meant: &str) -> String {
    format!("Rename \"{}\" to \"{meant}\".", unknown::shortened(given))
}

/// An object's fields together with its own name, for messages.
#[derive(Clone, Copy)]
struct Object<'f, 'a> {
    fields: &'f Fields<'a>,
    /// `takeProfit.` for the fields of `takeProfit`, empty for the top.
    parent: &'static str,
}

impl<'a> Object<'_, 'a> {
    /// The field's name with its parents.
    fn path(&self, name: &str) -> String {
        [self.parent, name].concat()
    }

    /// The error of a field that must be there, with a look at misspelt ones.
    fn missing(&self, name: &str, hint: &str) -> PayloadError {
        let rename = self.rename(&[name]);
        PayloadError::missing(&self.path(name), rename.as_deref().unwrap_or(hint))
    }

    /// What to rename, where a field is there that means one of these.
    fn rename(&self, names: &[&str]) -> Option<String> {
        let mut given = self.fields.0.iter().map(|(given, _)| given);
        given.find_map(|given| {
            let meant = unknown::meant(given).filter(|meant| names.contains(meant))?;
            Some(rename(given, meant))
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

    /// A text field.
    fn text(&self, name: &str) -> Result<Option<Cow<'a, str>>, PayloadError> {
        let Some(value) = self.fields.get(name) else {
            return Ok(None);
        };
        let text = string(value);
        if text.is_none() {
            let hint = "Put the value into double quotes (\").";
            return Err(self.invalid(name, "must be a text", hint));
        }
        Ok(text)
    }

    /// A field that has one of several texts.
    fn one_of<T: FromStr<Err = UnknownText>>(&self, name: &str) -> Result<Option<T>, PayloadError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|unknown: UnknownText| self.not_one_of(name, &text, unknown.known))
    }

    /// The error of a text that is none of the known ones.
    fn not_one_of(&self, name: &str, text: &str, known: &[&str]) -> PayloadError {
        let same = |known: &&&str| known.eq_ignore_ascii_case(text.trim());
        let hint = match (text.find("{{"), known.iter().find(same)) {
            (Some(at), _) => return self.placeholder(name, &text[at..], "one of these words"),
            (_, Some(known)) => format!("Write it exactly so: \"{known}\"."),
            _ => "Write one of these, in the same small and capital letters.".to_owned(),
        };
        self.invalid(
            name,
            format_args!("must be one of {}", known.join(", ")),
            hint,
        )
    }

    /// A number, as a JSON number or as text.
    fn number<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, NumberError>,
    ) -> Result<Option<T>, PayloadError> {
        let Some(value) = self.fields.get(name) else {
            return Ok(None);
        };
        let text = match value.get().as_bytes() {
            [b'-' | b'0'..=b'9', ..] => Cow::Borrowed(value.get()),
            _ => {
                string(value).ok_or_else(|| self.invalid(name, "must be a number", NUMBER_HINT))?
            }
        };
        read(&text)
            .map(Some)
            .map_err(|error| self.no_number(name, &text, error))
    }

    /// A number in the range that its type has.
    fn amount<T: FromStr<Err = NumberError>>(&self, name: &str) -> Result<Option<T>, PayloadError> {
        self.number(name, str::parse)
    }

    /// A number that is at least zero.
    fn not_negative(
        &self,
        name: &str,
    ) -> Result<Option<crate::domain::money::Decimal>, PayloadError> {
        self.number(name, |text| match parse_decimal(text)? {
            number if number.is_sign_negative() && !number.is_zero() => Err(NumberError::Negative),
            number => Ok(number),
        })
    }

    /// The error of a text that is not the number a field needs.
    fn no_number(&self, name: &str, text: &str, error: NumberError) -> PayloadError {
        if let Some(at) = text.find("{{") {
            return self.placeholder(name, &text[at..], "a number");
        }
        let is_na = text.trim().eq_ignore_ascii_case("na");
        let error = if is_na { NumberError::NaN } else { error };
        let hint = match error {
            NumberError::NaN => {
                "The script had no value here: give the variable one with nz(), or leave the field out."
            }
            NumberError::Comma => "Write 1234.5, not 1,234.5 or 1234,5.",
            NumberError::NotANumber => NUMBER_HINT,
            NumberError::NotPositive => {
                "Leave the field out where it has no value; sizes are above zero."
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
    fn boolean(&self, name: &str) -> Result<Option<bool>, PayloadError> {
        match self.fields.get(name).map(serde_json::value::RawValue::get) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(self.invalid(
                name,
                "must be true or false",
                "Write true or false, without quotes.",
            )),
        }
    }

    /// The fields of an object inside this one.
    fn object(&self, name: &str) -> Result<Option<Fields<'a>>, PayloadError> {
        let Some(value) = self.fields.get(name) else {
            return Ok(None);
        };
        serde_json::from_str(value.get()).map(Some).map_err(|_| {
            let hint = format!("Write it as \"{name}\": {{ ... }} with fields inside.");
            self.invalid(name, "must be an object", hint)
        })
    }
}
