//! A notice: something to tell the owner, as it waits to be told.

use serde::{Deserialize, Serialize};

use super::channel::Topic;
use super::money::Decimal;

/// Notices that one message has at most; the rest are counted.
const MOST: usize = 20;

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub enum Notice {
    /// An order was made: its number. What it came to is looked up when it is told.
    Order {
        /// The number.
        order: i64,
        /// The position after it, above zero long; none where its ledger is still derived.
        #[serde(default)]
        position: Option<Decimal>,
    },
    /// A text.
    Text {
        /// Its topic.
        topic: Topic,
        /// A line that says it.
        title: String,
        /// Further lines.
        lines: Vec<String>,
        /// True if something is wrong.
        is_fault: bool,
    },
}

/// Notices that are told together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notices {
    /// The first of them.
    pub first: Vec<Notice>,
    /// The number of those beyond.
    #[serde(default)]
    pub more: u32,
}

impl Notices {
    /// Adds one.
    pub fn push(&mut self, notice: Notice) {
        if self.first.len() < MOST {
            self.first.push(notice);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }
}
