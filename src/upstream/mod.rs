//! Reading the alerts of another algohook: a small server on the internet catches them, and the
//! machine at home keeps the books.
//!
//! The other one's stream is read from the event that was recorded last, which is noted in the
//! transaction that records it. So nothing is lost while the line is down, and nothing is
//! recorded twice: a delivery keeps its identity. After a restore there the numbers of events
//! begin anew, so all of them are read again. What became of an alert there becomes of it
//! here, at the same time of arrival and by the same reading, so that the same orders follow.

mod event;
mod failing;
mod sse;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::{Request, StatusCode};

use crate::clock::SystemClock;
use crate::domain::webhook::{AuthKey, Settings, WebhookId, WebhookState};
use crate::journal;
use crate::journal::deliveries::record;
use crate::outbound::{Client, Incoming, OutboundError};
use crate::secrets::random_bytes;
use crate::store::upstream::{Cursor, cursor, set_cursor};
use crate::store::webhooks::{self, WebhookChange};
use crate::store::{Conflict, Store, StoreError, WriteContext};
use crate::workers::Outcome;

use event::UpstreamEvent;
use failing::Failing;
use sse::Messages;

/// Pause before the stream is opened again.
const PAUSE: Duration = Duration::from_secs(3);

/// Time without a sign of life after which a stream counts as broken: one comes every 15 s.
const SILENCE: Duration = Duration::from_secs(45);

/// Bytes of a webhook as the other one shows it: its messages and 10,000 letters of notes.
const LARGEST_WEBHOOK: usize = 256 * 1024;

/// Names the header that tells the history of the other's events.
const HISTORY: &str = "algohook-history";

/// Names that are tried for a webhook whose name is taken here.
const MOST_NAMES: u32 = 100;

/// The other algohook.
#[derive(Clone)]
pub struct Upstream {
    /// Its address, without a path.
    pub url: String,
    /// A token of its API; `read` is enough.
    pub token: String,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Upstream({}, ***)", self.url)
    }
}

/// Reads the alerts of another algohook.
pub struct Follower {
    /// Records the alerts.
    pub store: Arc<Store>,
    /// The way there.
    pub client: Client,
    /// The other algohook.
    pub upstream: Upstream,
    /// The time of day.
    pub clock: SystemClock,
}

/// Reason that the stream ended.
#[derive(Debug, thiserror::Error)]
enum Broken {
    /// It cannot be reached, or fell silent.
    #[error(transparent)]
    Line(#[from] OutboundError),
    /// It answered otherwise.
    #[error("it answered {0}; {next}", next = next_step(*.0))]
    Refused(StatusCode),
    /// It said what nobody understands.
    #[error("it said what is not understood: {0}")]
    Unreadable(String),
    /// Nothing could be recorded.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The next step after an answer that is no stream.
fn next_step(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "the token must be one that may read, made on its page Account or by its command line"
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            "the address must be that of its page, without a path, and its page must be open to this machine"
        }
        status if status.is_redirection() => "the address must be the one that it redirects to",
        status if status.is_server_error() => {
            "its own log says why, or that of the proxy in front of it"
        }
        _ => "both must be of one version of algohook",
    }
}

/// Follows for as long as it is polled.
pub async fn run(follower: Arc<Follower>) -> Outcome {
    let mut known = BTreeSet::new();
    let mut failing = Failing::default();
    loop {
        if let Err(error) = follower.follow(&mut known, &mut failing).await {
            failing.note(&follower, &error).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Follower {
    /// Reads the stream until it breaks. `known` are the webhooks that are here.
    async fn follow(
        &self,
        known: &mut BTreeSet<WebhookId>,
        failing: &mut Failing,
    ) -> Result<(), Broken> {
        let url = self.upstream.url.clone();
        let read = self.store.readers();
        let Cursor { history, after } =
            read.run(move |connection| cursor(connection, &url)).await?;
        let path = format!("/stream?after=evt_{after}&history={history}");
        let mut incoming = self.open(&path).await?;
        let now = incoming.headers.get(HISTORY);
        let now = now.and_then(|now| now.to_str().ok()).unwrap_or_default();
        let (now, url) = (now.to_owned(), &self.upstream.url);
        if now == history || history.is_empty() {
            tracing::info!(url, "reading the alerts of the other algohook");
        } else {
            tracing::warn!(
                url,
                "the other algohook was restored: its alerts are read again from the first one on, and those that are \
                 here already are not recorded again"
            );
        }
        let mut messages = Messages::default();
        let mut is_first = true;
        while let Some(bytes) = incoming.next(SILENCE).await? {
            for message in messages.push(&bytes).map_err(Broken::Unreadable)? {
                self.take(&message, &now, known).await?;
            }
            // The first bytes are a greeting, which says nothing of the events that follow.
            if !std::mem::take(&mut is_first) {
                failing.is_over(self).await;
            }
        }
        Ok(())
    }

    async fn open(&self, path: &str) -> Result<Incoming, Broken> {
        let uri = format!("{}/api/v1{path}", self.upstream.url);
        let bearer = HeaderValue::from_str(&format!("Bearer {}", self.upstream.token));
        let bearer = bearer
            .map_err(|_| Broken::Unreadable("the token has letters that none has".to_owned()))?;
        let request = Request::get(&uri)
            .header(AUTHORIZATION, bearer)
            .body(Bytes::new());
        let request = request.map_err(|_| OutboundError::Address(uri))?;
        let incoming = self.client.open(request).await?;
        match incoming.status {
            StatusCode::OK => Ok(incoming),
            status => Err(Broken::Refused(status)),
        }
    }

    /// Records an event of a history, with what follows from it.
    async fn take(
        &self,
        message: &str,
        history: &str,
        known: &mut BTreeSet<WebhookId>,
    ) -> Result<(), Broken> {
        let event: UpstreamEvent =
            serde_json::from_str(message).map_err(|error| Broken::Unreadable(error.to_string()))?;
        let webhook = event.webhook().map_err(Broken::Unreadable)?;
        if !known.contains(&webhook) {
            self.adopt(&webhook).await?;
            known.insert(webhook.clone());
        }
        let (number, delivery) = event
            .into_delivery(&self.upstream.url)
            .map_err(Broken::Unreadable)?;
        let url = self.upstream.url.clone();
        let cursor = Cursor {
            history: history.to_owned(),
            after: number,
        };
        let write = move |context: &mut WriteContext<'_>| {
            if let Some(delivery) = &delivery {
                match webhooks::get(context.connection, &delivery.webhook) {
                    Ok(here) if here.state == WebhookState::Active => {
                        record(context, delivery)?;
                    }
                    Ok(_) => {
                        record(context, &event::withheld(delivery))?;
                    }
                    // Its owner deleted the webhook here: its alerts are not wanted.
                    Err(StoreError::NotFound(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            set_cursor(context.connection, &url, &cursor)
        };
        Ok(self.store.writer().run_shared(None, write).await?)
    }

    /// Makes a webhook that is there and not here: the same address, name and settings, with a
    /// key of its own.
    async fn adopt(&self, id: &WebhookId) -> Result<(), Broken> {
        let wanted = id.clone();
        let find = move |connection: &_| webhooks::exists(connection, &wanted);
        if self.store.readers().run(find).await? {
            return Ok(());
        }
        let mut incoming = self.open(&format!("/webhooks/{id}")).await?;
        let mut body = Vec::new();
        while let Some(bytes) = incoming.next(SILENCE).await? {
            body.extend_from_slice(&bytes);
            if body.len() > LARGEST_WEBHOOK {
                let why = format!("it shows a webhook in more than {LARGEST_WEBHOOK} bytes");
                return Err(Broken::Unreadable(why));
            }
        }
        let shown: Shown =
            serde_json::from_slice(&body).map_err(|error| Broken::Unreadable(error.to_string()))?;
        let key = AuthKey::generate(random_bytes)
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let id = id.clone();
        let write = move |context: &mut WriteContext<'_>| insert(context, &id, &shown, &key);
        Ok(self.store.writer().run_shared(None, write).await?)
    }
}

/// A webhook as the other one shows it.
#[derive(serde::Deserialize)]
struct Shown {
    name: String,
    settings: Settings,
    #[serde(rename = "createdAt")]
    created_at: jiff::Timestamp,
}

fn insert(
    context: &mut WriteContext<'_>,
    id: &WebhookId,
    shown: &Shown,
    key: &AuthKey,
) -> Result<(), StoreError> {
    for number in 1..=MOST_NAMES {
        let name = match number {
            1 => shown.name.clone(),
            number => format!("{} {number}", shown.name),
        };
        match webhooks::insert(context.connection, id, &name, key, shown.created_at) {
            Err(StoreError::Conflict(Conflict::NameTaken { .. })) => {}
            inserted => {
                inserted?;
                break;
            }
        }
    }
    let change = WebhookChange {
        settings: Some(shown.settings.clone()),
        ..WebhookChange::default()
    };
    journal::webhooks::change(context, id, change).map(drop)
}
