//! The routes: which part of the program answers a request.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Request, Response, StatusCode};

use super::healthz::HealthCheck;
use super::hook_address;
use super::hooks::Hooks;
use super::listener::Handler;
use super::page;
use crate::api::{self, Api};
use crate::http::body::{Body, full};
use crate::http::client::{Client, Way};
use crate::ingest::{StoreRecorder, SystemClock};
use crate::metrics::Metrics;

const NOTHING_HERE: &str = "There is nothing here. Alerts go to /hooks/..., the management API is \
    under /api/v1 (see /api/v1/openapi.json).\n";

/// Everything that the local listener answers.
pub struct Routes {
    /// Takes the alerts.
    pub hooks: Hooks<StoreRecorder, SystemClock>,
    /// The management API.
    pub api: Api,
    /// Tells whether alerts can be stored.
    pub health: HealthCheck,
    /// The server's counters.
    pub metrics: Arc<Metrics>,
}

impl Handler for Routes {
    async fn handle(&self, request: Request<Incoming>, client: Client) -> Response<Body> {
        let path = request.uri().path();
        if hook_address::is_hook(request.method(), path) {
            return self.hooks.handle(request, client).await;
        }
        if path
            .strip_prefix(api::PREFIX)
            .is_some_and(|rest| rest.starts_with('/'))
        {
            return self.api.handle(request, client).await;
        }
        self.hooks.note_elsewhere(&request, &client).await;
        match path {
            "/healthz" => self.health.answer().await,
            // For this machine and its network: a proxy is the way in for everybody.
            "/metrics" if client.way != Way::Direct => plain(StatusCode::NOT_FOUND, NOTHING_HERE),
            "/metrics" => self.counted(),
            path => page::answer(request.method(), path, request.headers())
                .unwrap_or_else(|| plain(StatusCode::NOT_FOUND, NOTHING_HERE)),
        }
    }
}

impl Routes {
    /// Everything that is counted, as it is now.
    fn counted(&self) -> Response<Body> {
        let is_well = self.health.is_well();
        self.metrics.database_writable.set(is_well.into());
        for (thread, panics) in self.health.panics() {
            let restarts = self.metrics.worker_restarts(thread);
            restarts.inc_by(panics.saturating_sub(restarts.get()));
        }
        match self.metrics.encode() {
            Ok(text) => plain(StatusCode::OK, text),
            Err(_) => plain(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the metrics could not be written\n",
            ),
        }
    }
}

/// A response of plain text.
pub fn plain(status: StatusCode, text: impl Into<String>) -> Response<Body> {
    let mut response = Response::new(full(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let text_type = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(CONTENT_TYPE, text_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
