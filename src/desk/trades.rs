//! The owner's notes on trades, and their tags.

use std::collections::BTreeSet;

use super::notes::{NotesTooLong, check_notes};
use crate::domain::tag::{NotATag, Tag};
use crate::domain::trade::TradeId;
use crate::store::audit::{self, Act, Actor};
use crate::store::trade_notes::{self, NotesChange};
use crate::store::trades::StoredTrade;
use crate::store::{Result, WriteContext};

/// Tags that a trade has at most.
const MOST_TAGS: usize = 20;

/// Reason that notes or tags are rejected.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotNote {
    /// The notes are too long.
    #[error(transparent)]
    Notes(#[from] NotesTooLong),
    /// Invalid tag.
    #[error("tags: {0}")]
    Tag(#[from] NotATag),
    /// There are too many tags.
    #[error("a trade has at most {MOST_TAGS} tags")]
    TooManyTags,
}

/// The change that notes and tags make, as the owner wrote them; what is left out stays.
///
/// # Errors
///
/// [`CannotNote`] where they cannot be taken.
pub fn notes_change(
    notes: Option<String>,
    tags: Option<&[String]>,
) -> std::result::Result<NotesChange, CannotNote> {
    check_notes(notes.as_deref())?;
    let tags = tags.map(|tags| tags.iter().map(|tag| tag.parse()).collect());
    let tags: Option<BTreeSet<Tag>> = tags.transpose()?;
    if tags.as_ref().is_some_and(|tags| tags.len() > MOST_TAGS) {
        return Err(CannotNote::TooManyTags);
    }
    Ok(NotesChange { notes, tags })
}

/// Writes notes and tags on a trade, and returns it as it is then.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such trade,
/// [`crate::store::StoreError::Conflict`] where it is of another book than that of alerts.
pub fn annotate(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    id: TradeId,
    change: &NotesChange,
) -> Result<StoredTrade> {
    let trade = trade_notes::change(context.connection, id, change)?;
    let subject = id.to_string();
    audit::note(context.connection, actor, Act::TradeNote, Some(&subject))?;
    Ok(trade)
}
