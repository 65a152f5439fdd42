//! The event log: listed, shown, processed again.

use hyper::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{IntoParams, ToSchema};

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, created, ok};
use super::request::{ApiRequest, Page, page_limit, parameter, range};
use crate::desk;
use crate::desk::events::{CannotReadAgain, Event, read_again};
use crate::desk::outbox::ForwardAnswer;
use crate::domain::event::{EventId, EventStatus};
use crate::domain::moment::Moment;
use crate::journal::deliveries;
use crate::payload::{self, FieldOrigin};
use crate::store::event_log::{self, EventSummary};
use crate::store::events::{self, EventFilter};
use crate::store::outbox;

/// One delivery, with what is not told of each in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventDetail {
    #[serde(flatten)]
    event: Event,
    /// Time at which it was on disk, by this machine's clock, and could be answered; null where a
    /// crash came before that could be noted.
    #[schema(value_type = Option<String>, format = DateTime)]
    committed_at: Option<Timestamp>,
    /// Its forwards and their results, oldest first.
    forwards: Vec<ForwardAnswer>,
    /// Source of each field of its order; null where its message is not kept any longer.
    fields: Option<Vec<FieldOrigin>>,
}

/// A filter of events; newest by time first.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// Of one webhook.
    webhook: Option<String>,
    /// Of one status.
    status: Option<EventStatus>,
    /// Of one ticker.
    ticker: Option<String>,
    /// With this text in the payload.
    q: Option<String>,
    /// Received at this time or later; a day is its first moment in UTC.
    #[param(value_type = Option<String>)]
    from: Option<Moment>,
    /// Received before this time; a day is its first moment in UTC.
    #[param(value_type = Option<String>)]
    to: Option<Moment>,
    /// Items of a page, 1 to 500; 50 where left out.
    pub(super) limit: Option<u32>,
    /// `nextCursor` of the page before.
    pub(super) cursor: Option<String>,
}

/// Options for processing an event again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reprocess {
    /// An edited payload, as text or as a JSON object; the event's own where left out.
    #[schema(schema_with = text_or_object)]
    payload: Option<Box<RawValue>>,
}

/// The schema of an edited payload.
fn text_or_object() -> Schema {
    let one = |kind| ObjectBuilder::new().schema_type(kind);
    let said = "An edited payload, as text or as a JSON object; the event's own where left out.";
    OneOfBuilder::new()
        .item(one(Type::String))
        .item(one(Type::Object))
        .item(one(Type::Null))
        .description(Some(said))
        .into()
}

impl EventQuery {
    /// The filter that the query asks for.
    pub(super) fn filter(&self) -> Result<EventFilter, Problem> {
        let (from, to) = range(self.from, self.to)?.within(&TimeZone::UTC);
        Ok(EventFilter {
            webhook: parameter("webhook", self.webhook.as_deref())?,
            status: self.status,
            ticker: self.ticker.clone(),
            text: self.q.clone(),
            from,
            to,
            before: None,
            after: None,
        })
    }
}

/// One page of the event log, by the time that events were received at.
#[utoipa::path(get, path = "/events", tag = "events", params(EventQuery),
    responses((status = 200, body = Page<Event>), (status = 400, body = Problem)))]
pub(super) async fn list(context: &Context, request: &ApiRequest) -> Reply {
    let query: EventQuery = request.query()?;
    let limit = page_limit(query.limit)?;
    let filter = query.filter()?;
    let after = parameter("cursor", query.cursor.as_deref())?;
    let read = context
        .store
        .readers()
        .run(move |connection| event_log::page(connection, &filter, after, limit));
    let (items, next) = read.await?;
    Ok(ok(&Page {
        items: items.into_iter().map(Event::from).collect(),
        next_cursor: next.map(|place| place.to_string()),
    }))
}

/// Counts events by status and over time. A status that is asked for
/// narrows the bars only.
#[utoipa::path(get, path = "/events/summary", tag = "events", params(EventQuery),
    responses((status = 200, body = EventSummary), (status = 400, body = Problem)))]
pub(super) async fn summarise(context: &Context, request: &ApiRequest) -> Reply {
    let query: EventQuery = request.query()?;
    super::exports::refuse_page(query.limit.is_some() || query.cursor.is_some())?;
    let filter = query.filter()?;
    let readers = context.store.readers();
    let read = readers.run(move |connection| event_log::summary(connection, &filter));
    Ok(ok(&read.await?))
}

/// One event.
#[utoipa::path(get, path = "/events/{id}", tag = "events", params(("id" = String, Path)),
    responses((status = 200, body = EventDetail), (status = 404, body = Problem)))]
pub(super) async fn get(context: &Context, request: &ApiRequest) -> Reply {
    let id: EventId = request.path_id()?;
    let last_commit = context.store.last_commit().clone();
    let read = context.store.readers().run(move |connection| {
        let stored = events::get(connection, id)?;
        let rules = stored.rules;
        let read = |message: &Vec<u8>| payload::read_with_origins(message, rules).1;
        let rows = outbox::of_event(connection, id)?.into_iter();
        let received_at = stored.received_at;
        Ok(EventDetail {
            forwards: rows
                .map(|row| ForwardAnswer::of(row, received_at))
                .collect(),
            fields: stored.payload.as_ref().map(read),
            event: Event::from(stored),
            committed_at: last_commit.of(connection, id)?,
        })
    });
    Ok(ok(&read.await?))
}

/// Makes an order of an event that made none: of its own payload, or of an
/// edited one. The answer is the new event; the original stays as it is.
#[utoipa::path(post, path = "/events/{id}/reprocess", tag = "events", params(("id" = String, Path)),
    request_body = Option<Reprocess>,
    responses((status = 201, body = Event), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn reprocess(context: &Context, request: &ApiRequest) -> Reply {
    let id: EventId = request.path_id()?;
    let asked: Reprocess = if request.body.is_empty() {
        Reprocess::default()
    } else {
        request.json()?
    };
    let edited = asked.payload.map(|edited| bytes_of(&edited)).transpose()?;
    let read = context
        .store
        .readers()
        .run(move |connection| read_again(connection, id, edited));
    let (read, now) = (read.await??, context.now());
    let (delivery, actor) = (deliveries::new_delivery(now)?, request.actor(now));
    let write = context.store.writer().run(None, move |context| {
        desk::events::reprocess(context, &actor, delivery, read)
    });
    Ok(created(&write.await?))
}

impl From<CannotReadAgain> for Problem {
    fn from(error: CannotReadAgain) -> Self {
        let detail = error.to_string();
        match error {
            CannotReadAgain::NotKept(_) => {
                Self::new(StatusCode::CONFLICT, "message_not_kept", detail)
                    .hint("write the message as it was, and process the event with it")
            }
            CannotReadAgain::TooLarge => Self::invalid(detail),
            CannotReadAgain::Payload(error) => error.into(),
        }
    }
}

/// The bytes of an edited payload: an object as it was written, digit by digit, or the
/// text of a message that need not be JSON.
fn bytes_of(edited: &RawValue) -> Result<Vec<u8>, Problem> {
    let written = edited.get();
    if !written.starts_with('"') {
        return Ok(written.as_bytes().to_vec());
    }
    let text: String = serde_json::from_str(written)
        .map_err(|error| Problem::invalid(format!("the payload: {error}")))?;
    Ok(text.into_bytes())
}
