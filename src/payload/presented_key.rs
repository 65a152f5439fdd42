//! A key as a delivery states it.

use std::fmt;

/// The text in the place of a key.
pub(super) const HIDDEN: &str = "***";

/// Shorter texts are no keys of ours, and hiding them would garble messages.
const SHORTEST_HIDDEN_IN_TEXTS: usize = 8;

/// An auth key as a delivery states it, right or wrong. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedKey(String);

impl PresentedKey {
    /// A key as somebody states it.
    #[must_use]
    pub fn new(key: String) -> Self {
        Self(key)
    }

    /// The key itself, to be compared in constant time.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Replaces the key in a text that will be shown.
    pub(super) fn hide_in(&self, text: &mut String) {
        if self.0.len() >= SHORTEST_HIDDEN_IN_TEXTS && text.contains(&self.0) {
            *text = text.replace(&self.0, HIDDEN);
        }
    }
}

impl fmt::Debug for PresentedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(HIDDEN)
    }
}
