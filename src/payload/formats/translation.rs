//! Saying a message of another service in our fields.
//!
//! A format file takes the fields that it knows out of a message and states each as one of
//! ours. Values go over as they were written, so that a number, a placeholder or an empty
//! text is treated as in our own messages, and errors name the field as the sender does.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::domain::event::Warning;
use crate::domain::format::Format;
use crate::domain::money::{Decimal, parse_decimal};
use crate::payload::error::PayloadError;
use crate::payload::fields::{blank, is_name, shortened, switch};
use crate::payload::syntax::{Fields, string};
use crate::payload::translation::{Statement, Translation};

impl Translation<'_> {
    /// States a field with the value that the message has.
    pub fn state(&mut self, field: &'static str, taken: &TakenField<'_>) {
        self.statements.push(Statement {
            field,
            name: taken.name.clone(),
            value: taken.value.to_owned(),
            said: None,
        });
    }

    /// States a field with a text that means what the message says.
    pub fn state_as(&mut self, field: &'static str, name: &str, said: &str, means: &str) {
        let text = serde_json::to_string(means).unwrap_or_default();
        self.state_raw(field, name, said, text);
    }

    /// States a field with a JSON value.
    pub fn state_raw(&mut self, field: &'static str, name: &str, said: &str, json: String) {
        if let Ok(value) = RawValue::from_string(json) {
            self.statements.push(Statement {
                field,
                name: name.to_owned(),
                value,
                said: Some(said.to_owned()),
            });
        }
    }

    /// The translation of a message of this format.
    pub fn of(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// Notes that a sale was read as leaving a long position, for want of a documented
    /// meaning.
    pub fn sale_closes(&mut self) {
        self.notes.push((
            "positionDirection",
            "sellWhileFlat is \"nothing\": a sale closes a long position and opens no short one"
                .to_owned(),
        ));
    }

    /// Says something that its owner should know.
    pub fn warn(&mut self, code: &str, message: impl Into<String>) {
        self.warnings.push(Warning::new(code, message));
    }

    /// Notes a field that means something there and nothing here, unless it is blank, zero or
    /// false.
    pub fn leave(&mut self, taken: &TakenField<'_>) {
        let is_off = taken.value.get() == "false"
            || taken.text().eq_ignore_ascii_case("false")
            || taken.number().is_some_and(|number| number.is_zero())
            || matches!(taken.value.get(), "[]" | "{}");
        if !taken.is_blank() && !is_off {
            self.unused.push(taken.name.clone());
        }
    }
}

/// A field taken out of a message.
pub struct TakenField<'a> {
    /// Its name with its parents.
    pub name: String,
    /// Its value.
    pub value: &'a RawValue,
}

impl TakenField<'_> {
    /// Its text, or its value as it was written.
    pub fn text(&self) -> Cow<'_, str> {
        string(self.value).unwrap_or(Cow::Borrowed(self.value.get()))
    }

    /// Its text as a word: small, without spaces around it.
    pub fn word(&self) -> String {
        self.text().trim().to_ascii_lowercase()
    }

    /// True if it says nothing.
    pub fn is_blank(&self) -> bool {
        blank(self.value).is_some()
    }

    /// Its number, where it is one.
    pub fn number(&self) -> Option<Decimal> {
        parse_decimal(&self.text()).ok()
    }

    /// True or false, in any of its spellings; nothing is false.
    ///
    /// # Errors
    ///
    /// Where it is neither.
    pub fn switch(&self) -> Result<bool, PayloadError> {
        if self.is_blank() {
            return Ok(false);
        }
        switch(&self.text()).ok_or_else(|| {
            PayloadError::invalid(&self.name, "must be true or false", "Write true or false.")
        })
    }

    /// True if another field says the same.
    fn says_the_same(&self, other: &TakenField<'_>) -> bool {
        let is_number = matches!((self.number(), other.number()), (Some(a), Some(b)) if a == b);
        is_number || self.word() == other.word()
    }

    /// The error of two fields that say different things.
    fn contradicts(&self, other: &TakenField<'_>) -> PayloadError {
        let shown = |taken: &TakenField<'_>| format!("{} {}", taken.name, shortened(&taken.text()));
        let what = format!("{} and {}", shown(self), shown(other));
        let hint = "Keep the one that you mean, and delete the other.";
        PayloadError::contradiction(&other.name, what, hint)
    }
}

impl<'a> TakenField<'a> {
    /// The fields inside it.
    ///
    /// # Errors
    ///
    /// Where it is no object.
    pub fn inside(&self) -> Result<Untaken<'a>, PayloadError> {
        let fields: Fields<'a> = serde_json::from_str(self.value.get()).map_err(|_| {
            let name = &self.name;
            let hint = format!("Write it as \"{name}\": {{ ... }} with fields inside, without quotes around the braces.");
            PayloadError::invalid(name, "must be an object", hint)
        })?;
        Ok(Untaken {
            fields: fields.0,
            parent: format!("{}.", self.name),
        })
    }
}

/// The fields of a message that were not taken yet.
pub struct Untaken<'a> {
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
    parent: String,
}

impl<'a> Untaken<'a> {
    /// All of a message.
    pub fn of(fields: &Fields<'a>) -> Self {
        Self {
            fields: fields.0.clone(),
            parent: String::new(),
        }
    }

    /// Takes the fields of one of these names, in any case, with or without underscores.
    pub fn take(&mut self, names: &[&str]) -> Vec<TakenField<'a>> {
        let parent = &self.parent;
        let mut taken = Vec::new();
        self.fields.retain(|(name, value)| {
            let is_one = names.iter().any(|known| is_name(name, known));
            if is_one {
                let name = format!("{parent}{}", shortened(name));
                taken.push(TakenField { name, value });
            }
            !is_one
        });
        taken
    }

    /// The first field of a name, which stays where it is.
    pub fn find(&self, known: &str) -> Option<TakenField<'a>> {
        let (name, value) = self.fields.iter().find(|(name, _)| is_name(name, known))?;
        Some(TakenField {
            name: format!("{}{}", self.parent, shortened(name)),
            value,
        })
    }

    /// Takes the first field of any of these names that says something.
    pub fn take_any(&mut self, names: &[&str]) -> Option<TakenField<'a>> {
        let taken = self.take(names);
        taken.into_iter().find(|taken| !taken.is_blank())
    }

    /// Takes the field of one of these names that says something.
    ///
    /// # Errors
    ///
    /// Where two of them say different things.
    pub fn take_one(&mut self, names: &[&str]) -> Result<Option<TakenField<'a>>, PayloadError> {
        let taken = self.take(names);
        let mut stated = taken.into_iter().filter(|taken| !taken.is_blank());
        let Some(first) = stated.next() else {
            return Ok(None);
        };
        match stated.find(|other| !first.says_the_same(other)) {
            Some(other) => Err(first.contradicts(&other)),
            None => Ok(Some(first)),
        }
    }

    /// Takes the fields inside an object.
    ///
    /// # Errors
    ///
    /// Where it is something else, or is there twice with other values.
    pub fn take_inside(&mut self, name: &str) -> Result<Option<Self>, PayloadError> {
        let taken = self.take_one(&[name])?;
        taken.map(|taken| taken.inside()).transpose()
    }

    /// States each of these fields as one of ours.
    pub fn state(
        &mut self,
        translation: &mut Translation<'_>,
        pairs: &[(&'static str, &[&'static str])],
    ) {
        for (field, names) in pairs {
            for taken in self.take(names) {
                translation.state(field, &taken);
            }
        }
    }

    /// Leaves what has no meaning for an order; no word is lost on it.
    pub fn pass_over(&mut self, translation: &mut Translation<'a>, names: &[&str]) {
        for taken in self.take(names) {
            translation
                .passed
                .push((Cow::Owned(taken.name), taken.value));
        }
    }

    /// Leaves what has a meaning there, and says so where it is set.
    pub fn leave(&mut self, translation: &mut Translation<'_>, names: &[&str]) {
        for taken in self.take(names) {
            translation.leave(&taken);
        }
    }

    /// Leaves all that is still there inside an object.
    pub fn leave_rest(self, translation: &mut Translation<'a>) {
        for (name, value) in self.fields {
            let name = format!("{}{}", self.parent, shortened(&name));
            translation.passed.push((Cow::Owned(name.clone()), value));
            translation.leave(&TakenField { name, value });
        }
    }

    /// The fields that nobody took.
    pub fn into_rest(self) -> Vec<(Cow<'a, str>, &'a RawValue)> {
        self.fields
    }
}

/// A price at a percentage or a distance of another, for a target (`above` for a long
/// position) or a stop.
pub fn distant(price: Decimal, distance: Distance, above: bool) -> Option<Decimal> {
    let by = match distance {
        Distance::Percent(percent) => {
            let share = price.abs().checked_mul(percent)?;
            share.checked_div(Decimal::ONE_HUNDRED)?
        }
        Distance::Amount(amount) => amount,
    };
    let moved = if above {
        price.checked_add(by)
    } else {
        price.checked_sub(by)
    };
    moved.map(|price| price.normalize())
}

/// Distance of a target or a stop from the price.
#[derive(Clone, Copy)]
pub enum Distance {
    /// In percent of the price.
    Percent(Decimal),
    /// In price units.
    Amount(Decimal),
}

/// The error of a word that a field does not have.
pub fn not_one_of(taken: &TakenField<'_>, known: &[&str]) -> PayloadError {
    let problem = format!("must be one of {}", known.join(", "));
    let text = taken.text();
    if let Some(at) = text.find("{{") {
        let what = super::super::hints::unreplaced(&text[at..]);
        let hint = super::super::hints::placeholder(&text[at..], "one of these words");
        return PayloadError::invalid(&taken.name, format_args!("has no value: {what}"), hint);
    }
    PayloadError::invalid(&taken.name, problem, "Write one of these words.")
}

/// The error of a message that asks for something else than an order of its instrument.
pub fn no_order(name: &str, asks: &str, hint: &str) -> PayloadError {
    PayloadError::invalid(name, asks, hint)
}
