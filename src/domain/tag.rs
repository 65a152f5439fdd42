//! Tags: words that the owner puts on trades, to report on those that have one.

use std::fmt;
use std::str::FromStr;

/// Characters that a tag has at most.
const LONGEST: usize = 40;

/// A word or some on a trade, for instance `news` or `late entry`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag(String);

/// A text that cannot be a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tag has 1 to {LONGEST} printable characters and no comma")]
pub struct NotATag;

impl Tag {
    /// The tag as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = NotATag;

    fn from_str(text: &str) -> Result<Self, NotATag> {
        let text = text.trim();
        let is_possible = |character: char| !character.is_control() && character != ',';
        let length = text.chars().count();
        if length == 0 || length > LONGEST || !text.chars().all(is_possible) {
            return Err(NotATag);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_short_printable_and_trimmed() {
        assert_eq!(
            "  late entry ".parse::<Tag>().unwrap().as_str(),
            "late entry"
        );
        assert_eq!(
            "ü".repeat(40).parse::<Tag>().unwrap().as_str(),
            "ü".repeat(40)
        );
        for text in ["", "  ", "a,b", "a\nb", &"x".repeat(41)] {
            assert_eq!(text.parse::<Tag>(), Err(NotATag));
        }
    }
}
