//! An object's fields under our names, whatever they are called in the message, and the
//! notes that reading them leaves for the owner.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt::Write;

use serde_json::value::RawValue;

use super::names::{self, Standing, Table};
use super::wording::Wording;
use super::{likeness, stops, string, words};
use crate::domain::event::Warning;
use crate::domain::format::Format;
use crate::domain::money::parse_decimal;
use crate::payload::error::PayloadError;
use crate::payload::syntax::Fields;
use crate::payload::translation::Translation;

/// The most names that one warning lists.
const MOST_NAMES: usize = 10;

/// The longest name or value that is repeated, in characters.
const LONGEST_SHOWN: usize = 40;

/// A field as the message has it.
#[derive(Clone, Copy)]
pub struct Stated<'f, 'a> {
    /// Our name.
    pub field: &'static str,
    /// Its own name.
    pub name: &'f str,
    /// Its value as it was written.
    pub value: &'a RawValue,
    /// The certainty that it is this field.
    pub standing: Standing,
    /// The value as the message has it, where another service says it otherwise.
    pub said: Option<&'f str>,
}

impl Stated<'_, '_> {
    /// Its value as the message has it.
    pub fn said_text(&self) -> Cow<'_, str> {
        match self.said {
            Some(said) => Cow::Borrowed(said),
            None => string(self.value).unwrap_or(Cow::Borrowed(self.value.get())),
        }
    }

    /// The way in which it has no value, if so; see [`blank`].
    pub fn blank(&self) -> Option<&'static str> {
        blank(self.value)
    }
}

/// The way in which a field has no value, if so: `null`, an empty text, Python's `None`, or Pine's `na`.
pub fn blank(value: &RawValue) -> Option<&'static str> {
    let text = string(value);
    match text.as_deref().map_or(value.get(), str::trim) {
        "" => Some("\"\""),
        text if text.eq_ignore_ascii_case("null") => Some("null"),
        text if text.eq_ignore_ascii_case("nan") => Some("NaN"),
        text if text.eq_ignore_ascii_case("na") => Some("na"),
        text if text.eq_ignore_ascii_case("none") => Some("none"),
        _ => None,
    }
}

/// The fields of an object: those that are known, the surest first, and the names of those
/// that are not.
pub struct SortedFields<'f, 'a> {
    known: Vec<Stated<'f, 'a>>,
    unknown: Vec<(&'f str, &'a RawValue)>,
    passed: &'f [(Cow<'a, str>, &'a RawValue)],
}

impl<'f, 'a> SortedFields<'f, 'a> {
    /// The fields sorted by a table.
    pub fn new(fields: &'f Fields<'a>, table: &Table) -> Self {
        let mut given = Self {
            known: Vec::with_capacity(fields.0.len()),
            unknown: Vec::new(),
            passed: &[],
        };
        given.sort_in(&fields.0, table);
        given
    }

    /// The fields that a translation states, and those that it left, sorted by a table.
    pub fn translated(translation: &'f Translation<'a>, table: &Table) -> Self
    where
        'f: 'a,
    {
        let known = translation.statements.iter().map(|statement| Stated {
            field: statement.field,
            name: &statement.name,
            value: &statement.value,
            standing: Standing::Ours,
            said: statement.said.as_deref(),
        });
        let mut given = Self {
            known: known.collect(),
            unknown: Vec::new(),
            passed: &translation.passed,
        };
        given.sort_in(&translation.rest, table);
        given
    }

    fn sort_in(&mut self, fields: &'f [(Cow<'a, str>, &'a RawValue)], table: &Table) {
        for (name, value) in fields {
            let found = match table.field(name) {
                // To some exchanges the type is the side, to some senders the effect.
                Some(("orderType", Standing::Word)) if is_order_side(value) => {
                    Some(("action", Standing::Word))
                }
                found => found,
            };
            match found {
                Some((field, standing)) if is_read(field, standing, name, value) => {
                    self.known.push(Stated {
                        field,
                        name,
                        value,
                        standing,
                        said: None,
                    });
                }
                _ => self.unknown.push((name, value)),
            }
        }
        self.known.sort_by_key(|stated| stated.standing);
    }

    /// Every statement of a field, the surest first.
    pub fn all(&self, field: &str) -> impl Iterator<Item = &Stated<'f, 'a>> {
        self.known
            .iter()
            .filter(move |stated| stated.field == field)
    }

    /// Fields that are not read, by name: unknown ones, and those that another service has without
    /// a meaning for an order.
    pub fn unread(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        let unknown = self.unknown.iter().map(|(name, value)| (*name, *value));
        let passed = self
            .passed
            .iter()
            .map(|(name, value)| (name.as_ref(), *value));
        unknown.chain(passed)
    }

    /// The names of the fields that are known.
    pub fn names(&self) -> impl Iterator<Item = &'f str> + Clone {
        self.known.iter().map(|stated| stated.name)
    }

    /// The names that stand for no field, with their values.
    pub fn unknown(&self) -> &[(&'f str, &'a RawValue)] {
        &self.unknown
    }
}

/// True of `buy`, `sell`, and of what an order does to a position; `long` alone is said of other
/// things, too.
fn is_order_side(value: &RawValue) -> bool {
    let text = string(value);
    let side = text.as_deref().and_then(words::side);
    side.is_some_and(|side| !matches!(side, words::SideWord::Side(_)))
}

/// True if a field of this standing is read, given its name and its value.
fn is_read(field: &str, standing: Standing, name: &str, value: &RawValue) -> bool {
    match standing {
        Standing::Asked => false,
        Standing::Word => string(value).is_some_and(|text| match field {
            "action" => words::side(&text).is_some(),
            names::QUANTITY_KIND => {
                let is_unit = names::is_name(name, "unit") && parse_decimal(&text).is_err();
                is_unit || words::quantity_kind(&text).is_some()
            }
            _ => words::is_order_type(&text),
        }),
        // A switch of that name says an exit.
        Standing::Alone => !likeness::is_exit(name, value),
        Standing::Ours | Standing::Same => true,
    }
}

/// Purpose of reading a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Its signal alone, as each alert is that arrives.
    Signal,
    /// The origin of each field, too, as its owner is shown it.
    Origins,
}

/// Warnings of a message that was accepted.
#[derive(Default)]
pub struct Notes {
    warnings: RefCell<Vec<Warning>>,
    renamed: RefCell<Vec<String>>,
    blank: RefCell<Vec<String>>,
    repeated: RefCell<Vec<String>>,
    unused: RefCell<Vec<String>>,
    /// Fields of a stop that are not used.
    stops: RefCell<Vec<String>>,
    /// None where nobody asks.
    reads: Option<RefCell<Vec<ReadField>>>,
    reasons: RefCell<Vec<(&'static str, String)>>,
    format: Option<Format>,
}

/// A field that was read.
#[derive(Debug, Clone)]
pub struct ReadField {
    /// Our name.
    pub field: String,
    /// The message's name.
    pub name: String,
    /// Its value as the message has it.
    pub said: String,
}

impl Notes {
    /// The notes of a message, which begin with those of its translation.
    pub fn of(translation: Option<&Translation<'_>>, wanted: Wanted) -> Self {
        let reads = (wanted == Wanted::Origins).then(RefCell::default);
        let Some(translation) = translation else {
            return Self {
                reads,
                ..Self::default()
            };
        };
        // TradersPost's object is named beside what stands in it, be that anything or not.
        let is_object = |name: &str| {
            translation.format == Some(Format::TradersPost) && names::is_name(name, "stoploss")
        };
        let stops = translation
            .unused
            .iter()
            .filter(|name| stops::is_stop(name));
        Self {
            reads,
            stops: RefCell::new(stops.filter(|name| !is_object(name)).cloned().collect()),
            warnings: RefCell::new(translation.warnings.clone()),
            unused: RefCell::new(translation.unused.clone()),
            reasons: RefCell::new(translation.notes.clone()),
            format: translation.format,
            ..Self::default()
        }
    }

    /// True of a message of another service.
    pub fn is_translated(&self) -> bool {
        self.format.is_some()
    }

    /// The names of the format's own fields, for hints.
    pub fn wording(&self) -> &'static Wording {
        Wording::of(self.format)
    }

    /// A field was read from what the message states.
    pub fn read(&self, field: &str, name: &str, stated: &Stated<'_, '_>) {
        if self.reads.is_some() {
            self.read_text(field, name, &stated.said_text());
        }
    }

    /// A field was read from a text.
    pub fn read_text(&self, field: &str, name: &str, said: &str) {
        if let Some(reads) = &self.reads {
            reads.borrow_mut().push(ReadField {
                field: field.to_owned(),
                name: shortened(name),
                said: shortened(said),
            });
        }
    }

    /// A field was read otherwise than the message states it, or without that.
    pub fn because(&self, field: &'static str, reason: impl Into<String>) {
        self.reasons.borrow_mut().push((field, reason.into()));
    }

    /// All that was read; none where nobody asks.
    pub fn reads(&self) -> Option<Vec<ReadField>> {
        Some(self.reads.as_ref()?.borrow().clone())
    }

    /// The reason for what a field is, beyond the message.
    pub fn reason(&self, field: &str) -> Option<String> {
        let reasons = self.reasons.borrow();
        let mut of_field = reasons.iter().filter(|(of, _)| *of == field);
        of_field.next_back().map(|(_, reason)| reason.clone())
    }

    /// Something that has a warning of its own.
    pub fn warn(&self, code: &str, message: impl Into<String>) {
        self.warnings.borrow_mut().push(Warning::new(code, message));
    }

    /// A field was read that has another name than ours.
    pub fn renamed(&self, name: &str, field: &str) {
        let unit = match names::letters(name).collect::<String>().as_str() {
            "amount" | "lots" => " (units; an amount of money is notional)",
            _ => "",
        };
        note(
            &self.renamed,
            format!("{} as {field}{unit}", shortened(name)),
        );
    }

    /// A field has no value, or a zero that means none.
    pub fn blank(&self, name: &str, value: &str) {
        note(&self.blank, format!("{} ({value})", shortened(name)));
    }

    /// Two fields say the same.
    pub fn repeated(&self, first: &str, second: &str) {
        let (first, second) = (shortened(first), shortened(second));
        note(&self.repeated, format!("{first} and {second}"));
    }

    /// A field is not used, as if it were not known.
    pub fn unused(&self, name: &str) {
        note(&self.unused, shortened(name));
    }

    /// A field of ours that the order does not need cannot be read.
    pub fn unreadable(&self, code: &str, error: &PayloadError) {
        let message = format!("{}, so it was not used. {}", error.message, error.hint);
        self.warn(code, message);
    }

    /// A field that states a stop is not used.
    pub fn stop_unused(&self, name: &str) {
        note(&self.stops, shortened(name));
    }

    /// The name of a field that states a stop which is not used. Beside a stop that is read, only
    /// one that trails is missed.
    pub fn unused_stop(&self, unknown: &[(&str, &RawValue)], has_stop: bool) -> Option<String> {
        for (name, value) in unknown {
            if let Some(path) = stops::stated_in(name, value) {
                self.stop_unused(&path);
            }
        }
        let stops = self.stops.borrow();
        let mut missed = stops.iter().filter(|name| !has_stop || stops::trails(name));
        missed.next().cloned()
    }

    /// All of it as warnings; `near` tells the field that an unknown name is close to.
    pub fn into_warnings(
        self,
        unknown: &[(&str, &RawValue)],
        near: impl Fn(&str) -> Option<&'static str>,
    ) -> Vec<Warning> {
        let mut warnings = self.warnings.into_inner();
        let mut add_warning = |code, before: &str, names: &[String], after: &str| {
            if !names.is_empty() {
                let message = format!("{before}{}{after}", list(names));
                warnings.push(Warning::new(code, message));
            }
        };
        let renamed = self.renamed.into_inner();
        let after = "; rename it, so that there can be no doubt";
        add_warning("other_name", "read under another name: ", &renamed, after);
        let blank = self.blank.into_inner();
        add_warning("no_value", "without a value, so not used: ", &blank, "");
        let repeated = self.repeated.into_inner();
        add_warning("said_twice", "say the same, one is enough: ", &repeated, "");
        let mut others = self.unused.into_inner();
        // A key under the name of another service's secret has no other use.
        let named = unknown.iter().filter(|(name, _)| !names::is_secret(name));
        others.extend(named.map(|(name, _)| match near(name) {
            Some(meant) => format!("{} (did you mean {meant}?)", shortened(name)),
            None => shortened(name),
        }));
        let before = "kept with the event, but not used: ";
        add_warning("unknown_field", before, &others, "");
        warnings
    }
}

fn note(list: &RefCell<Vec<String>>, text: String) {
    let mut list = list.borrow_mut();
    if !list.contains(&text) {
        list.push(text);
    }
}

/// Names with commas between them, as many as can be read.
fn list(names: &[String]) -> String {
    let mut text = names[..names.len().min(MOST_NAMES)].join(", ");
    if names.len() > MOST_NAMES {
        // Writing to a string cannot fail.
        let _ = write!(text, " and {} more", names.len() - MOST_NAMES);
    }
    text
}

/// A name or a value, cut where it is too long to be read.
pub fn shortened(name: &str) -> String {
    match name.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    }
}
