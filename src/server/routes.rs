//! Which part of the program answers a request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};

use super::body::{Body, BodyError, full, read_limited};
use super::client::Client;
use super::listener::Handler;
use crate::ingest::{Answer, Clock, Ingest, LARGEST_BODY, Recorder};
use crate::metrics::{Metrics, Outcome};

/// Everything that the server answers.
pub struct Routes<R, C> {
    /// Takes the alerts.
    pub ingest: Arc<Ingest<R, C>>,

    /// What the server counts of itself.
    pub metrics: Arc<Metrics>,
    /// Time for the body of an alert.
    pub body_timeout: Duration,
}

impl<R: Recorder, C: Clock> Handler for Routes<R, C> {
    async fn handle(&self, request: Request<Incoming>, client: Client) -> Response<Body> {
        let path = request.uri().path().to_owned();
        if let Some(id) = path.strip_prefix("/hooks/") {
            return self.hook(id, request, client).await;
        }
        match path.as_str() {
            "/healthz" => plain(StatusCode::OK, "ok\n"),
            "/metrics" => match self.metrics.encode() {
                Ok(text) => plain(StatusCode::OK, text),
                Err(_) => plain(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the metrics could not be written\n",
                ),
            },
            _ => plain(
                StatusCode::NOT_FOUND,
                "There is nothing here. Alerts go to /hooks/..., the management API is under /api/v1 \
                 (see /api/v1/openapi.json).\n",
            ),
        }
    }
}

impl<R: Recorder, C: Clock> Routes<R, C> {
    async fn hook(&self, id: &str, request: Request<Incoming>, client: Client) -> Response<Body> {
        if request.method() != Method::POST {
            let mut response = plain(
                StatusCode::METHOD_NOT_ALLOWED,
                "This address takes alerts: paste it into the webhook URL of a TradingView alert.\n",
            );
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        let body = read_limited(request.into_body(), LARGEST_BODY, self.body_timeout).await;
        let arrived = Instant::now();
        let (answer, outcome) = match body {
            Ok(body) => self.ingest.receive(id, &body, client.address).await,
            Err(BodyError::TooLarge) => self.ingest.too_large(id, client.address).await,
            Err(BodyError::TimedOut | BodyError::Broken) => {
                let mut response = plain(
                    StatusCode::REQUEST_TIMEOUT,
                    "The body did not arrive in time.\n",
                );
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
                return response;
            }
        };
        self.metrics
            .count_delivery(outcome, arrived.elapsed().as_secs_f64());
        let mut response = response_of(answer);
        if outcome == Outcome::TooLarge {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

fn response_of(answer: Answer) -> Response<Body> {
    let mut response = Response::new(full(answer.body));
    *response.status_mut() = answer.status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = answer.retry_after {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn plain(status: StatusCode, text: impl Into<String>) -> Response<Body> {
    let mut response = Response::new(full(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
