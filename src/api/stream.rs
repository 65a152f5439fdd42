//! New events as they come: server-sent events.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::Instant;
use utoipa::IntoParams;

use super::auth;
use super::context::Context;
use super::problem::Problem;
use super::reply::Reply;
use super::request::{ApiRequest, parameter};
use crate::desk::events::Event;
use crate::domain::event::EventId;
use crate::logging::Rarely;
use crate::store::events::{self, EventFilter};
use crate::store::{Connection, history};

/// Events read at once.
const AT_ONCE: u32 = 100;

/// A sign of life this often keeps proxies from closing the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Pause between two looks for events, so that a flood of alerts is not read one by one by
/// everyone who listens.
const READ_PAUSE: Duration = Duration::from_millis(10);

/// The place at which the stream begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// The last event that is known already; those after it come first. A
    /// browser that reconnects says so by itself, in `Last-Event-ID`.
    after: Option<String>,
    /// The history that `after` is of, as the header `algohook-history` told it. A restore begins
    /// another one: the events of that come from the first on.
    history: Option<String>,
}

/// Names the header that tells the identity of the database whose events a stream has.
const HISTORY: &str = "algohook-history";

/// New events as they are recorded: `event: event`, `id:` the event's id,
/// `data:` the event as `GET /events/{id}` has it.
#[utoipa::path(get, path = "/stream", tag = "events", params(StreamQuery),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(super) async fn open(context: &Arc<Context>, request: &ApiRequest) -> Reply {
    let query: StreamQuery = request.query()?;
    let reconnected = request.headers.get("last-event-id");
    let reconnected = reconnected.and_then(|id| id.to_str().ok());
    let known = parameter("after", reconnected.or(query.after.as_deref()))?;
    let (history, after) = begin(context, known, query.history).await?;
    // Room for one text: what waits here is out of reach of a login that ends.
    let (sender, body) = Channel::<Bytes>::new(1);
    let stream = Stream {
        context: Arc::clone(context),
        headers: request.headers.clone(),
        is_secure: request.client.is_secure,
        sender,
        after,
        read_at: Instant::now(),
    };
    tokio::spawn(stream.run());
    let mut response = Response::new(body.boxed());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(history) = HeaderValue::from_str(&history) {
        headers.insert(HISTORY, history);
    }
    // nginx would hold events back otherwise.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// This database's history, and the event that a stream begins after. One that knows an event of
/// another history has missed all of this one.
async fn begin(
    context: &Context,
    known: Option<EventId>,
    of: Option<String>,
) -> Result<(String, EventId), Problem> {
    let read = |connection: &Connection| {
        let newest = events::newest(connection)?;
        let last = history::last_number(connection)?;
        Ok((history::id(connection)?, newest, last))
    };
    let (history, newest, last) = context.store.readers().run(read).await?;
    let after = match (known, of) {
        (None, _) => newest,
        // A database that was put back by other means than a restore has the same name.
        (Some(known), Some(of)) if of != history || known > last => EventId(0),
        (Some(known), _) => known.min(last),
    };
    Ok((history, after))
}

/// One open stream.
struct Stream {
    context: Arc<Context>,
    headers: hyper::HeaderMap,
    is_secure: bool,
    sender: Sender<Bytes>,
    after: EventId,
    /// Time of the last look for events.
    read_at: Instant,
}

impl Stream {
    /// Sends until the listener leaves, its login ends, or the server stops.
    async fn run(mut self) {
        let mut newest = self.context.store.signals().newest();
        // At once: what was missed, or a first sign of life.
        let mut text = ": hello\n\n".to_owned();
        while self.send(Bytes::from(text)).await {
            text = match self.next(&mut newest).await {
                Some(next) => next,
                None => return,
            };
        }
    }

    /// Sends one text; false where the listener has left or its login is over.
    async fn send(&mut self, text: Bytes) -> bool {
        // Asked anew for every text, and while a slow listener leaves no room
        // for one: a login that was taken back sees nothing more.
        while !self.is_over().await {
            let sent = tokio::time::timeout(HEARTBEAT, self.sender.send_data(text.clone()));
            if let Ok(sent) = sent.await {
                return sent.is_ok();
            }
        }
        false
    }

    /// The next message, a sign of life at the latest; nothing where the stream ends.
    async fn next(&mut self, newest: &mut watch::Receiver<EventId>) -> Option<String> {
        let heartbeat = Instant::now() + HEARTBEAT;
        loop {
            match self.unsent().await {
                Ok(unsent) if !unsent.is_empty() => return Some(unsent),
                Ok(_) => {}
                Err(problem) => {
                    static ENDED: Rarely = Rarely::new();
                    if let Some(unsaid) = ENDED.say() {
                        tracing::warn!(detail = problem.detail, unsaid, "a stream of events ended");
                    }
                    return None;
                }
            }
            let mut stopping = self.context.stopping.clone();
            tokio::select! {
                changed = newest.changed() => changed.ok()?,
                () = tokio::time::sleep_until(heartbeat) => {
                    return Some(": still here\n\n".to_owned());
                }
                _ = stopping.wait_for(|is_stopping| *is_stopping) => return None,
            }
            // Events that come one after another are read together.
            tokio::time::sleep_until(self.read_at + READ_PAUSE).await;
        }
    }

    /// The events that the listener does not have yet.
    async fn unsent(&mut self) -> Result<String, Problem> {
        let filter = EventFilter {
            after: Some(self.after),
            ..EventFilter::default()
        };
        let read = self
            .context
            .store
            .readers()
            .run(move |connection| events::list(connection, &filter, AT_ONCE));
        self.read_at = Instant::now();
        let mut text = String::new();
        for event in read.await? {
            self.after = event.id;
            // JSON has no line breaks outside its strings, and those are escaped.
            let data = serde_json::to_string(&Event::from(event)).unwrap_or_default();
            text += &message(self.after, &data);
        }
        Ok(text)
    }

    async fn is_over(&self) -> bool {
        let context = &self.context;
        auth::identify(context, &self.headers, self.is_secure)
            .await
            .is_err()
    }
}

fn message(id: EventId, data: &str) -> String {
    format!("id: {id}\nevent: event\ndata: {data}\n\n")
}
