//! The outbox as it is shown: what waits for the outside, and what became of the rest.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::event::EventId;
use crate::store::audit::{self, Act, Actor};
use crate::store::outbox::{self, Listed, RowId, RowState};
use crate::store::{Result, WriteContext};

/// A message for the outside.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutboxItem {
    /// `out_` and a number.
    #[schema(value_type = String)]
    pub id: RowId,
    /// The forward or channel that it is for.
    pub target: String,
    /// `forward` or `notification`.
    pub kind: String,
    /// The event that it passes on.
    #[schema(value_type = Option<String>)]
    pub event: Option<EventId>,
    /// The same for every try, so that a receiver can know it again.
    pub message_id: String,
    /// State of its delivery.
    #[schema(value_type = String)]
    pub state: RowState,
    /// Tries so far.
    pub attempts: u32,
    /// The receiver's answer to the last try, or why there is none.
    pub last_answer: Option<String>,
    /// True if it is sent again though nobody knows whether it arrived.
    pub repeats: bool,
    /// Time at which it was put into the outbox.
    #[schema(value_type = String, format = DateTime)]
    pub put_at: Timestamp,
    /// Time of the next try; null once it is done with.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// Time after which it is of no use.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// Start of the last try.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
    /// Time of the answer to the last try.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Timestamp>,
}

impl From<Listed> for OutboxItem {
    fn from(listed: Listed) -> Self {
        let Listed {
            row,
            attempts,
            last,
        } = listed;
        let is_open = matches!(row.state, RowState::Waiting | RowState::Sending);
        let answer = last.as_ref().and_then(|last| last.answer.clone());
        let cut_off = (row.state == RowState::Unknown && answer.is_none())
            .then(|| "the server ended while it was being sent".to_owned());
        Self {
            id: row.id,
            target: row.lane,
            kind: row.kind,
            event: row.event,
            message_id: row.about,
            state: row.state,
            attempts,
            last_answer: row.note.or(answer).or(cut_off),
            repeats: row.repeatable,
            put_at: row.put_at,
            due_at: is_open.then_some(row.due_at),
            expires_at: row.expires_at,
            sent_at: last.as_ref().map(|last| last.began_at),
            answered_at: last.as_ref().and_then(|last| last.ended_at),
        }
    }
}

/// Has a row that is dead or unknown sent again.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such row.
pub fn send(context: &mut WriteContext<'_>, actor: &Actor, id: RowId) -> Result<()> {
    outbox::send_again(context, id, actor.at)?;
    audit::note(
        context.connection,
        actor,
        Act::OutboxSend,
        Some(&id.to_string()),
    )
}

/// Has all rows of a state sent again, of one target or of all; returns how many.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn send_all(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    target: Option<&str>,
    state: RowState,
) -> Result<usize> {
    let count = outbox::send_all_again(context, target, state, actor.at)?;
    audit::note(
        context.connection,
        actor,
        Act::OutboxSend,
        Some(target.unwrap_or("all")),
    )?;
    Ok(count)
}

/// Removes a row that is not being sent.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such row.
pub fn drop_row(context: &mut WriteContext<'_>, actor: &Actor, id: RowId) -> Result<()> {
    outbox::remove(context.connection, id)?;
    audit::note(
        context.connection,
        actor,
        Act::OutboxDrop,
        Some(&id.to_string()),
    )
}

/// The answer that a forward of an event got, with the times of its way.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForwardAnswer {
    /// The message.
    #[serde(flatten)]
    pub item: OutboxItem,
    /// Milliseconds from the alert's arrival to the beginning of the last try.
    pub sent_after_ms: Option<f64>,
    /// Milliseconds from the alert's arrival to the answer.
    pub answered_after_ms: Option<f64>,
}

impl ForwardAnswer {
    /// Of a row that passes on what arrived at a time.
    #[must_use]
    pub fn of(listed: Listed, received_at: Timestamp) -> Self {
        let item = OutboxItem::from(listed);
        let after = |at: Timestamp| at.duration_since(received_at).as_secs_f64() * 1000.0;
        Self {
            sent_after_ms: item.sent_at.map(after),
            answered_after_ms: item.answered_at.map(after),
            item,
        }
    }
}
