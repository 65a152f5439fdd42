//! From bytes to fields: one pass proves that the body is JSON and looks for
//! names given twice, a second one splits an object into names and raw values.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::error::PayloadError;
use super::hints;

/// A name that `serde_json` uses inside itself; as a field it is refused,
/// because `serde_json::Value` would read its value as JSON once more.
const RESERVED_NAME: &str = "$serde_json::private::RawValue";

/// Up to here a list is searched faster than a set.
const SMALL_OBJECT: usize = 16;

/// A body that is one JSON object.
pub struct Document<'a> {
    /// The object's fields.
    pub fields: Fields<'a>,
    /// The path of the first field that is given twice.
    pub duplicate: Option<String>,
}

impl<'a> Document<'a> {
    /// Reads the whole body.
    ///
    /// # Errors
    ///
    /// A malformed [`PayloadError`] with its place and a hint.
    pub fn read(body: &'a [u8]) -> Result<Self, PayloadError> {
        let text = std::str::from_utf8(body)
            .map_err(|error| hints::not_utf8(body, error.valid_up_to()))?;
        let duplicate = RefCell::new(None);
        let check = Check {
            path: None,
            duplicate: &duplicate,
        };
        let mut deserializer = serde_json::Deserializer::from_str(text);
        check
            .deserialize(&mut deserializer)
            .and_then(|()| deserializer.end())
            .map_err(|error| hints::malformed(text, &error))?;
        if !text.trim_start().starts_with('{') {
            return Err(hints::not_an_object(text));
        }
        let fields = serde_json::from_str(text).map_err(|error| hints::malformed(text, &error))?;
        Ok(Self {
            fields,
            duplicate: duplicate.into_inner(),
        })
    }
}

/// The fields of one JSON object, with their values as they were written.
pub struct Fields<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Every value under this name, `null` too.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a RawValue> {
        let named = self.0.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| *value)
    }

    /// The value under this name; `null` is the same as nothing.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.all(name).next().filter(|value| value.get() != "null")
    }
}

/// The text of a JSON string; nothing where the value is of another type.
pub fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    let inside = value.get().strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') {
        return serde_json::from_str(value.get()).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inside))
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor).map(Fields)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(SMALL_OBJECT);
        while let Some(name) = map.next_key_seed(Name)? {
            fields.push((name, map.next_value()?));
        }
        Ok(fields)
    }
}

/// A field's name, borrowed from the text unless it has escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// Place of an object in the document: the names above it.
struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    name: &'p str,
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(formatter, "{parent}.")?;
        }
        formatter.write_str(self.name)
    }
}

/// Reads any value exactly as strictly as `serde_json::Value` does, keeps
/// nothing of it, and notes the first name given twice in one object.
#[derive(Clone, Copy)]
struct Check<'p> {
    path: Option<&'p Path<'p>>,
    duplicate: &'p RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Check<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Check<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while sequence.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = Names::default();
        while let Some(name) = map.next_key_seed(Name)? {
            if name == RESERVED_NAME {
                return Err(de::Error::custom("this field name is reserved"));
            }
            let path = Path {
                parent: self.path,
                name: &name,
            };
            map.next_value_seed(Check {
                path: Some(&path),
                duplicate: self.duplicate,
            })?;
            if seen.contains(&name) {
                let mut duplicate = self.duplicate.borrow_mut();
                duplicate.get_or_insert_with(|| path.to_string());
            } else {
                seen.insert(name);
            }
        }
        Ok(())
    }
}

/// The names of one object so far: a list while it is short, a set beyond.
#[derive(Default)]
struct Names<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Names<'de> {
    fn contains(&self, name: &str) -> bool {
        self.few.iter().any(|seen| seen == name) || self.many.contains(name)
    }

    fn insert(&mut self, name: Cow<'de, str>) {
        if self.few.len() < SMALL_OBJECT {
            self.few.push(name);
        } else {
            self.many.insert(name);
        }
    }
}
