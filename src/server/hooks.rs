//! The route of alerts: `POST /hooks/wh_...`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};

use super::hook_address;
use super::listener::Handler;
use super::routes::plain;
use crate::domain::webhook::WebhookId;
use crate::http::body::{Body, BodyError, discard, full, read_limited};
use crate::http::body_budget::BodyBudget;
use crate::http::client::Client;
use crate::http::known_addresses::KnownAddresses;
use crate::http::standing::InHand;
use crate::ingest::{
    Answer, Clock, Ingest, LARGEST_BODY, PresentedKey, Recorder, Sender, no_room, unknown_webhook,
};
use crate::metrics::{Metrics, Outcome};
use crate::store::misdirected::Misdirection;

/// The path that every hook is under.
pub const PREFIX: &str = "/hooks/";

/// Names a header that comes with alerts which are tried only, and make no order.
pub const TEST_HEADER: &str = "algohook-test";

/// Names the header that tells the webhooks which an alert has come through.
const VIA_HEADER: &str = "algohook-via";

/// Letters of it that are kept: some fifty webhooks.
const LONGEST_VIA: usize = 1000;

/// Answers deliveries, and nothing else.
pub struct Hooks<R, C> {
    /// Takes the alerts.
    pub ingest: Arc<Ingest<R, C>>,
    /// The server's counters.
    pub metrics: Arc<Metrics>,
    /// Time for the body of an alert.
    pub body_timeout: Duration,
    /// Memory for bodies.
    pub budget: Arc<BodyBudget>,
    /// The addresses that are no strangers.
    pub known: Arc<KnownAddresses>,
    /// The alerts that are there whole and not answered yet.
    pub in_hand: Arc<InHand>,
}

impl<R: Recorder, C: Clock> Handler for Hooks<R, C> {
    async fn handle(&self, request: Request<Incoming>, client: Client) -> Response<Body> {
        if request.method() != Method::POST {
            let mut response = plain(
                StatusCode::METHOD_NOT_ALLOWED,
                "This address takes alerts: paste it into the webhook URL of a TradingView alert.\n",
            );
            let allow = HeaderValue::from_static("POST");
            response.headers_mut().insert(ALLOW, allow);
            return response;
        }
        let path = request.uri().path().to_owned();
        let is_test = request.headers().contains_key(TEST_HEADER);
        let via = request.headers().get(VIA_HEADER);
        let via = via.and_then(|via| via.to_str().ok()).unwrap_or_default();
        let via: String = via.chars().take(LONGEST_VIA).collect();
        let address = hook_address::read(&path);
        let named = address.as_ref().map(|address| address.id.as_str());
        let Some(id) = self.find(named).await else {
            // A stranger who guesses an id must not have anything kept of it, not for a moment.
            discard(request.into_body()).await;
            if !is_test {
                self.note(Misdirection::Unknown, &path, &client).await;
            }
            return self.response_of(unknown_webhook(), Instant::now());
        };
        let id = id.as_str();
        let key = address.and_then(|address| address.key);
        if !hook_address::is_canonical(&path, id, key.as_ref()) {
            self.note(Misdirection::Corrected, &path, &client).await;
        }
        let share = self.budget.share(client.address);
        let sender = Sender {
            is_test,
            via,
            ..Sender::from(client.clone())
        };
        let body = read_limited(
            request.into_body(),
            LARGEST_BODY,
            self.body_timeout,
            Some(share),
        )
        .await;
        let arrived = Instant::now();
        let answered = match body {
            Ok(body) => {
                // The connection ends no sooner than the alert is answered.
                let _held = client.connection.in_hand().hold();
                let answered = self.receive(id.to_owned(), key, body, sender).await;
                if answered.1.shows_key() {
                    client.connection.prove();
                    self.known.note(client.address);
                }
                answered
            }
            Err(BodyError::TooLarge(size)) => self.ingest.too_large(id, sender, size).await,
            Err(BodyError::NoRoom) => no_room(),
            Err(BodyError::TimedOut) => {
                let late = "The body did not arrive in time.\n";
                return closing(plain(StatusCode::REQUEST_TIMEOUT, late));
            }
            Err(BodyError::Broken) => {
                let broken = "The body did not arrive whole.\n";
                return closing(plain(StatusCode::BAD_REQUEST, broken));
            }
        };
        self.response_of(answered, arrived)
    }
}

impl<R: Recorder, C: Clock> Hooks<R, C> {
    async fn find(&self, named: Option<&str>) -> Option<WebhookId> {
        let named = named?;
        match self.ingest.find(named) {
            Some(found) => Some(found),
            None => self.ingest.find_new(named).await,
        }
    }

    /// Leaves a trace of a request whose address is wrong.
    pub async fn note(&self, kind: Misdirection, path: &str, client: &Client) {
        let id = hook_address::id_of(path).unwrap_or_default();
        let shown = hook_address::masked(path);
        self.ingest
            .note_misdirected(kind, &id, shown, client.address)
            .await;
    }

    /// The same of one that is no hook's, but has the id of a webhook in it: somebody's alert.
    pub async fn note_elsewhere(&self, request: &Request<Incoming>, client: &Client) {
        let path = request.uri().path();
        if request.method() == Method::POST && hook_address::mentions_webhook(path) {
            self.note(Misdirection::Unknown, path, client).await;
        }
    }

    /// Takes an alert that is there whole, to the end even if its sender hangs up: it will
    /// not be sent again.
    async fn receive(
        &self,
        id: String,
        key: Option<PresentedKey>,
        body: Bytes,
        sender: Sender,
    ) -> (Answer, Outcome) {
        let (ingest, held) = (Arc::clone(&self.ingest), self.in_hand.hold());
        let receiving = tokio::spawn(async move {
            let _held = held;
            let key = key.as_ref();
            ingest.receive_with(&id, key, &body, sender).await
        });
        match receiving.await {
            Ok(answered) => answered,
            // A bug: the connection ends without an answer, for nobody knows what was stored.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Counts what a request came to, and answers it.
    fn response_of(
        &self,
        (answer, outcome): (Answer, Outcome),
        arrived: Instant,
    ) -> Response<Body> {
        let seconds = arrived.elapsed().as_secs_f64();
        self.metrics.count_delivery(outcome, seconds);
        match outcome {
            Outcome::TooLarge => closing(response_of(answer)),
            _ => response_of(answer),
        }
    }
}

fn response_of(answer: Answer) -> Response<Body> {
    let mut response = Response::new(full(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = answer.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A response after which the connection ends: a part of the body is still on its way.
fn closing(mut response: Response<Body>) -> Response<Body> {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}
