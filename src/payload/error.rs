//! The faults of a payload, in words for the trader who wrote it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::presented_key::PresentedKey;

/// The code of everything that is no JSON object.
const INVALID_JSON: &str = "invalid_json";

/// Reason that a payload cannot become an order.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, utoipa::ToSchema,
)]
#[serde(rename_all = "camelCase")]
#[error("{message}")]
pub struct PayloadError {
    /// A stable name for programs: `invalid_json`, `missing_field`,
    /// `invalid_field`, `duplicate_field` or `contradiction`.
    pub code: Cow<'static, str>,
    /// The fault.
    pub message: String,
    /// The likely cause and what to do about it.
    pub hint: String,
    /// The field that is wrong, nested ones with a point: `metadata.strategy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Line of the fault in malformed text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column of the fault in malformed text, in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl PayloadError {
    /// True if the text is no JSON object (400) rather than a JSON object whose
    /// fields make no order (422).
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        self.code == INVALID_JSON
    }

    /// The text cannot be read at a line and column.
    pub(super) fn malformed(what: &str, hint: String, line: usize, column: usize) -> Self {
        Self {
            code: Cow::Borrowed(INVALID_JSON),
            message: format!("{what} (line {line}, column {column})"),
            hint,
            field: None,
            line: u32::try_from(line).ok(),
            column: u32::try_from(column).ok(),
        }
    }

    /// A field that an alert must have is not there.
    pub(super) fn missing(field: &str, hint: impl Into<String>) -> Self {
        Self::none_of(field, format!("{field} is missing"), hint)
    }

    /// None of several fields is there of which an alert must have one; `field` is the
    /// one that is most likely meant.
    pub(super) fn none_of(field: &str, message: String, hint: impl Into<String>) -> Self {
        Self::about("missing_field", field, message, hint.into())
    }

    /// A text that has no key, and no room for one of its own.
    #[must_use]
    pub fn without_key(hint: String) -> Self {
        Self::none_of("auth_key", "the message shows no key".to_owned(), hint)
    }

    /// A field's value cannot be used; `problem` reads on from the field's name.
    pub fn invalid(field: &str, problem: impl std::fmt::Display, hint: impl Into<String>) -> Self {
        let message = format!("{field} {problem}");
        Self::about("invalid_field", field, message, hint.into())
    }

    /// A field is there twice.
    pub(super) fn duplicate(field: &str) -> Self {
        let message = format!("{field} is given twice");
        let hint = format!("Keep the one \"{field}\" that you mean and delete the other.");
        Self::about("duplicate_field", field, message, hint)
    }

    /// Two fields say what cannot both be; `what` names them with what they say.
    pub(super) fn contradiction(
        field: &str,
        what: impl std::fmt::Display,
        hint: impl Into<String>,
    ) -> Self {
        let message = format!("{what} contradict each other");
        Self::about("contradiction", field, message, hint.into())
    }

    /// Replaces the key wherever a text repeats it.
    pub(super) fn hide(&mut self, key: &PresentedKey) {
        key.hide_in(&mut self.message);
        key.hide_in(&mut self.hint);
        if let Some(field) = &mut self.field {
            key.hide_in(field);
        }
    }

    fn about(code: &'static str, field: &str, message: String, hint: String) -> Self {
        Self {
            code: Cow::Borrowed(code),
            message,
            hint,
            field: Some(field.to_owned()),
            line: None,
            column: None,
        }
    }
}
