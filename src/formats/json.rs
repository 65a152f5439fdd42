//! JSON objects written field by field, in the order in which services document them. Numbers
//! keep their digits.

use serde::Serialize;

use crate::domain::money::Decimal;

/// An object that is being written.
pub struct Object(String);

impl Object {
    /// An empty one.
    pub fn new() -> Self {
        Self("{".to_owned())
    }

    /// With one more field, whose value is JSON already.
    pub fn raw(mut self, name: &str, value: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0 += &text(name);
        self.0.push(':');
        self.0 += value;
        self
    }

    /// With one more field.
    pub fn with(self, name: &str, value: &impl Serialize) -> Self {
        let value = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
        self.raw(name, &value)
    }

    /// With one more field where there is a value for it.
    pub fn maybe(self, name: &str, value: Option<&impl Serialize>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With a number.
    pub fn number(self, name: &str, value: Decimal) -> Self {
        self.raw(name, &value.normalize().to_string())
    }

    /// With a number where there is one.
    pub fn maybe_number(self, name: &str, value: Option<Decimal>) -> Self {
        match value {
            Some(value) => self.number(name, value),
            None => self,
        }
    }

    /// The whole object.
    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A text as JSON.
pub fn text(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned())
}

/// A text as it stands inside a string of JSON.
pub fn inside_string(value: &str) -> String {
    let quoted = text(value);
    quoted[1..quoted.len() - 1].to_owned()
}
