//! The event log: listed, shown, processed again.

use hyper::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, created, ok};
use super::request::{ApiRequest, Page, page_limit, range};
use crate::domain::delivery::DeliveryId;
use crate::domain::event::{EventId, EventSource, EventStatus, Warning};
use crate::domain::moment::Moment;
use crate::domain::order::OrderId;
use crate::domain::sender::Verification;
use crate::domain::signal::{Direction, Intent};
use crate::domain::webhook::WebhookId;
use crate::ingest::{LARGEST_BODY, status_of};
use crate::payload::{self, PayloadError};
use crate::store::deliveries::{self, Reading};
use crate::store::events::{self, EventFilter, StoredEvent};
use crate::store::webhooks;

/// One delivery and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// `evt_` and a number; later events have larger ones.
    #[schema(value_type = String)]
    pub id: EventId,
    /// The identity of the delivery that it was made of, `dlv_` and 32 digits: a delivery is one
    /// event, however often it is applied. Null of events that older versions recorded.
    #[schema(value_type = Option<String>)]
    pub delivery: Option<DeliveryId>,
    /// The webhook it was sent to.
    #[schema(value_type = String)]
    pub webhook: WebhookId,
    /// When it arrived; of an imported event, when it should have.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// The reading of this machine's clock, where it ran backwards: the event is dated by the
    /// sequence of arrival.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub clock_at: Option<Timestamp>,
    /// Its source.
    pub source: EventSource,
    /// Its status.
    pub status: EventStatus,
    /// The instrument; null where the payload could not be read.
    pub ticker: Option<String>,
    /// `entryLong`, `exitLong`, `entryShort` or `exitShort`, where the alert says it.
    pub position_direction: Option<&'static str>,
    /// Whether the order buys (`long`) or sells (`short`).
    pub direction: Option<Direction>,
    /// The market price that it states.
    pub market_price: Option<String>,
    /// When the signal fired, by the sender's clock.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub signal_time: Option<Timestamp>,
    /// The HTTP status that it was answered with; null where it did not come over the network.
    pub answer_status: Option<u16>,
    /// The sender's address.
    pub source_address: Option<String>,
    /// The proof that TradingView sent it: `address` or `certificate`.
    #[schema(value_type = Option<String>)]
    pub verified: Option<Verification>,
    /// Why it failed.
    pub error: Option<PayloadError>,
    /// Warnings for its owner, although it was accepted.
    pub warnings: Vec<Warning>,
    /// The event that it repeats or was made from.
    #[schema(value_type = Option<String>)]
    pub original: Option<EventId>,
    /// The order it made.
    #[schema(value_type = Option<String>)]
    pub order: Option<OrderId>,
    /// The payload, with the key replaced by `***`; null where it is not kept any longer.
    pub payload: Option<String>,
}

impl From<StoredEvent> for Event {
    fn from(stored: StoredEvent) -> Self {
        let answer = status_of(stored.status, stored.error.as_ref()).as_u16();
        Self {
            answer_status: matches!(stored.source, EventSource::Webhook | EventSource::Test)
                .then_some(answer),
            id: stored.id,
            delivery: stored.delivery,
            webhook: stored.webhook,
            received_at: stored.received_at,
            clock_at: stored.clock_at,
            source: stored.source,
            status: stored.status,
            ticker: stored.ticker.map(|ticker| ticker.as_str().to_owned()),
            position_direction: stored.intent.and_then(Intent::position_direction),
            direction: stored.intent.map(Intent::direction),
            market_price: stored.market_price.map(|price| price.to_string()),
            signal_time: stored.signal_time,
            source_address: stored.source_address,
            verified: stored.verified,
            error: stored.error,
            warnings: stored.warnings,
            original: stored.original,
            order: stored.order,
            payload: stored
                .payload
                .map(|payload| String::from_utf8_lossy(&payload).into_owned()),
        }
    }
}

/// One delivery, with what is not told of each in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventDetail {
    #[serde(flatten)]
    event: Event,
    /// When it was on disk, by this machine's clock, and could be answered; null where a crash
    /// came before that could be noted.
    #[schema(value_type = Option<String>, format = DateTime)]
    committed_at: Option<Timestamp>,
}

/// A filter of events; newest first.
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
    cursor: Option<String>,
}

/// Options for processing an event again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reprocess {
    /// An edited payload, as text or as a JSON object; the event's own where left out.
    #[schema(value_type = Option<Object>)]
    payload: Option<Box<RawValue>>,
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
            before: parameter("cursor", self.cursor.as_deref())?,
            after: None,
        })
    }
}

/// One page of the event log.
#[utoipa::path(get, path = "/events", tag = "events", params(EventQuery),
    responses((status = 200, body = Page<Event>), (status = 400, body = Problem)))]
pub(super) async fn list(context: &Context, request: &ApiRequest) -> Reply {
    let query: EventQuery = request.query()?;
    let limit = page_limit(query.limit)?;
    let filter = query.filter()?;
    let read = context
        .store
        .readers()
        .run(move |connection| events::list(connection, &filter, limit + 1));
    let items = read.await?.into_iter().map(Event::from).collect();
    Ok(ok(&Page::cut(items, limit, |event: &Event| {
        event.id.to_string()
    })))
}

/// One event.
#[utoipa::path(get, path = "/events/{id}", tag = "events", params(("id" = String, Path)),
    responses((status = 200, body = EventDetail), (status = 404, body = Problem)))]
pub(super) async fn get(context: &Context, request: &ApiRequest) -> Reply {
    let id: EventId = request.path_id()?;
    let last_commit = context.store.last_commit().clone();
    let read = context.store.readers().run(move |connection| {
        Ok(EventDetail {
            event: Event::from(events::get(connection, id)?),
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
    let read = context.store.readers().run(move |connection| {
        let event = events::get(connection, id)?;
        let webhook = webhooks::get(connection, &event.webhook)?;
        Ok((event.payload, webhook.auth_key))
    });
    let (original, key) = read.await?;
    let payload = match asked.payload {
        Some(edited) => bytes_of(&edited)?,
        None => original.ok_or_else(|| no_message(id))?,
    };
    if payload.len() > LARGEST_BODY {
        let detail = format!("the payload is larger than {LARGEST_BODY} bytes");
        return Err(Problem::invalid(detail));
    }
    let kept = payload::redact(payload::hide_keys(&payload), key.reveal());
    let parsed = payload::parse_without_key(&kept)?;
    let delivery = deliveries::new_delivery(context.now())?;
    let write = context.store.writer().run(None, move |context| {
        let recorded = deliveries::reprocess(context, delivery, id, kept, Reading::Signal(parsed))?;
        events::get(context.connection, recorded.event)
    });
    Ok(created(&Event::from(write.await?)))
}

/// The answer where an event's message is not kept any longer.
fn no_message(id: EventId) -> Problem {
    let detail = format!("the message of {id} is no longer kept; nothing was done");
    Problem::new(StatusCode::CONFLICT, "message_not_kept", detail)
        .hint("write the message as it was, and process the event with it")
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

/// A parameter of the query as an id.
pub(super) fn parameter<T>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.map(str::parse).transpose().map_err(|error| {
        Problem::bad_request("invalid_query", format!("the parameter {name}: {error}"))
    })
}
