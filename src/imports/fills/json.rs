//! Fills as JSON: a list of objects, an object with such a list in it, or an object on each
//! line.
//!
//! An object becomes a row as soon as it was read: a tree of all of them would take many times
//! the memory of the file. Numbers stay as they are written, so that none is rounded.

use std::collections::BTreeMap;
use std::fmt;
use std::io::BufReader;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::records::Records;
use crate::imports::table::{Cell, Rows};
use crate::imports::text::Text;
use crate::imports::{Faults, MOST_COLUMNS, MOST_ROWS, Unreadable};

/// Bytes that an object can have: one of a broker has 1,000.
const LONGEST_OBJECT: usize = 1024 * 1024;

/// Reads the first `most` objects of a text.
pub fn read(text: &Text<'_>, most: usize) -> Result<Records, Unreadable> {
    let mut entries = Entries {
        header: Vec::new(),
        rows: Rows::default(),
        most,
        stopped: None,
    };
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(text.reader()?));
    while json.end().is_err() {
        let read = entries.deserialize(&mut json);
        match (entries.stopped.take(), read) {
            (Some(Stop::Enough), _) => break,
            (Some(Stop::Fault(fault)), _) => return Err(fault),
            (None, Ok(())) => {}
            (None, Err(error)) if error.is_io() => {
                return Err(Unreadable::Unread(error.to_string()));
            }
            (None, Err(error)) => {
                let mut faults = Faults::default();
                faults.note(error.line(), error.column().to_string(), "is no JSON");
                return Err(Unreadable::Rows(faults));
            }
        }
    }
    let mut found = Records::under(entries.header);
    found.rows = entries.rows;
    Ok(found)
}

/// Reason that reading ended before the text did.
enum Stop {
    /// There were as many objects as are wanted.
    Enough,
    /// The file is not one of fills, or is too large.
    Fault(Unreadable),
}

/// The objects so far, each a row.
struct Entries {
    header: Vec<String>,
    rows: Rows,
    most: usize,
    stopped: Option<Stop>,
}

impl Entries {
    /// Takes an object for a row.
    fn take(&mut self, object: &str) -> Result<(), Stop> {
        let number = self.rows.len() + 1;
        if self.rows.len() == self.most {
            return Err(Stop::Enough);
        }
        if self.rows.len() == MOST_ROWS {
            return Err(Stop::Fault(Unreadable::TooLong));
        }
        if !object.starts_with('{') {
            return Err(Stop::Fault(Unreadable::UnknownKind));
        }
        let wrong = |message: &str| {
            let mut faults = Faults::default();
            faults.note(number, "", message);
            Stop::Fault(Unreadable::Rows(faults))
        };
        if object.len() > LONGEST_OBJECT {
            return Err(wrong("the object is longer than 1 MB, as no fill is"));
        }
        let unreadable = |error: serde_json::Error| wrong(&format!("is no JSON: {error}"));
        let fields: BTreeMap<String, &RawValue> =
            serde_json::from_str(object).map_err(unreadable)?;
        let mut cells = vec![String::new(); self.header.len()];
        for (name, value) in fields {
            let place = self.header.iter().position(|known| *known == name);
            let place = place.unwrap_or_else(|| {
                self.header.push(name);
                cells.push(String::new());
                self.header.len() - 1
            });
            if place >= MOST_COLUMNS {
                return Err(Stop::Fault(Unreadable::TooWide));
            }
            cells[place] = match value.get() {
                "null" => String::new(),
                text if text.starts_with('"') => serde_json::from_str(text).map_err(unreadable)?,
                other => other.to_owned(),
            };
        }
        let cells = cells.iter().map(String::as_str).map(Cell::Text);
        self.rows.push(number, false, cells);
        Ok(())
    }

    /// Takes an object that may have the list of the others in one of its fields.
    fn take_whole(&mut self, fields: &[(String, Box<RawValue>)]) -> Result<(), Stop> {
        let list = fields.iter().map(|(_, value)| value.get());
        let list = list
            .filter(|value| value.starts_with('['))
            .find(|list| has_objects(list));
        if let Some(list) = list {
            let mut json = serde_json::Deserializer::from_str(list);
            let read = self.deserialize(&mut json);
            let stopped = self.stopped.take();
            // What was read once is JSON.
            return stopped.map_or(read.map_err(|_| Stop::Enough), Err);
        }
        let fields = fields.iter().map(|(name, value)| {
            let name = serde_json::Value::from(name.as_str());
            format!("{name}:{}", value.get())
        });
        let fields: Vec<String> = fields.collect();
        self.take(&format!("{{{}}}", fields.join(",")))
    }

    fn or_stop<E: Error>(&mut self, taken: Result<(), Stop>) -> Result<(), E> {
        taken.map_err(|why| {
            self.stopped = Some(why);
            E::custom("stopped")
        })
    }
}

/// Tells whether a list has an object in it.
fn has_objects(list: &str) -> bool {
    struct Look(bool);
    impl<'de> Visitor<'de> for &mut Look {
        type Value = ();

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
            while let Some(entry) = list.next_element::<&RawValue>()? {
                self.0 |= entry.get().starts_with('{');
            }
            Ok(())
        }
    }
    let mut look = Look(false);
    let read = serde_json::Deserializer::from_str(list).deserialize_seq(&mut look);
    read.is_ok() && look.0
}

impl<'de> DeserializeSeed<'de> for &mut Entries {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Entries {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of objects, or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(entry) = list.next_element::<Box<RawValue>>()? {
            let taken = self.take(entry.get());
            self.or_stop(taken)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = object.next_entry::<String, Box<RawValue>>()? {
            if fields.len() == MOST_COLUMNS {
                return self.or_stop(Err(Stop::Fault(Unreadable::TooWide)));
            }
            fields.push(field);
        }
        let taken = self.take_whole(&fields);
        self.or_stop(taken)
    }
}
