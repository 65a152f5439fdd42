//! The management API under `/api/v1`: one file a resource.
//!
//! Here a request is taken apart, its sender is found out, and a handler is
//! chosen. There is no open mode: all but set-up, login and the document needs
//! a session or a token. There is no SQL here.

pub mod account;
pub mod auth;
pub mod backtests;
mod blocking;
pub mod book;
pub mod channels;
pub mod comparison;
pub mod connection;
pub mod context;
pub mod events;
mod expectation;
pub mod exports;
pub mod fills;
pub mod forwards;
pub mod imports;
pub mod openapi;
pub mod orders;
pub mod outbox;
pub mod overview;
pub mod performance;
pub mod positions;
pub mod problem;
mod refusal;
pub mod reply;
pub mod request;
mod routes;
pub mod second_factor;
pub mod security;
pub mod senders;
mod storage;
pub mod stream;
pub mod tags;
pub mod tokens;
mod trade_sieve;
pub mod trades;
pub mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};

use auth::PageAddress;
use context::Context;
use problem::Problem;
use reply::Reply;
use request::ApiRequest;
use routes::Resource;

use crate::access::{Demand, Identity};
use crate::http::body::{Body, BodyError, read_limited};
use crate::http::body_budget::BodyBudget;
use crate::http::client::{Client, host_of};
use crate::http::compression::compressed;
use crate::http::known_addresses::KnownAddresses;

/// The path that everything here is under.
pub const PREFIX: &str = "/api/v1";

/// The largest body of a request in bytes: an edited payload, escaped as JSON.
const LARGEST_BODY: usize = 256 * 1024;

/// The largest body of what strangers may send, too: a password.
const LARGEST_LOGIN: usize = 4 * 1024;

/// The management API.
pub struct Api {
    context: Arc<Context>,
    routes: matchit::Router<Resource>,
    body_timeout: Duration,
    budget: Arc<BodyBudget>,
    known: Arc<KnownAddresses>,
}

impl Api {
    /// An API on a context; a body has to arrive within `body_timeout` and to find room.
    /// Whoever is logged in becomes known.
    #[must_use]
    pub fn new(
        context: Arc<Context>,
        body_timeout: Duration,
        budget: Arc<BodyBudget>,
        known: Arc<KnownAddresses>,
    ) -> Self {
        Self {
            context,
            routes: routes::table(),
            body_timeout,
            budget,
            known,
        }
    }

    /// Answers one request.
    pub async fn handle(&self, request: Request<Incoming>, client: Client) -> Response<Body> {
        let answer = self.answer(request, client).await;
        let mut response = answer.unwrap_or_else(Problem::into_response);
        let no_sniffing = HeaderValue::from_static("nosniff");
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, no_sniffing);
        response
    }

    async fn answer(&self, request: Request<Incoming>, client: Client) -> Reply {
        let (head, body) = request.into_parts();
        let path = head.uri.path().strip_prefix(PREFIX).unwrap_or_default();
        let found = self.routes.at(path).map_err(|_| {
            Problem::new(
                StatusCode::NOT_FOUND,
                "not_found",
                "there is nothing at this address",
            )
            .hint("/api/v1/openapi.json lists every address")
        })?;
        let (resource, id) = (*found.value, found.params.get("id").unwrap_or_default());
        let method = match &head.method {
            &Method::HEAD => Method::GET,
            method => method.clone(),
        };
        let allow = resource.methods();
        if !allow.split(", ").any(|allowed| allowed == method.as_str()) {
            return Err(Problem::method_not_allowed(allow));
        }
        let identity = if resource.is_open(&method) {
            None
        } else {
            Some(auth::identify(&self.context, &head.headers, client.is_secure).await?)
        };
        if let Some(identity) = &identity {
            client.connection.prove();
            self.known.note(client.address);
            let demand = Demand {
                is_read: method == Method::GET || resource == Resource::Explain,
                is_test: matches!(resource, Resource::Test | Resource::Me),
            };
            auth::require_scope(identity, demand)?;
        }
        let is_owner = identity.as_ref().is_some_and(Identity::is_owner);
        if method != Method::GET && is_owner {
            self.require_same_origin(&head, &client)?;
        }
        if matches!(resource, Resource::Setup | Resource::Session)
            && auth::is_from_browser(&head.headers)
        {
            // Nor may another site log the owner in, or choose the first password.
            self.require_same_origin(&head, &client)?;
        }
        if matches!(resource, Resource::Imports) {
            let request = ApiRequest {
                id: String::new(),
                query: head.uri.query().unwrap_or_default().to_owned(),
                body: Bytes::new(),
                headers: head.headers,
                client,
                identity,
            };
            return imports::receive(&self.context, &request, body).await;
        }
        let share = self.budget.share(client.address);
        let (largest, patience, share) = match resource {
            Resource::Setup | Resource::Session | Resource::Password => {
                (LARGEST_LOGIN, self.body_timeout, Some(share))
            }
            _ => (LARGEST_BODY, self.body_timeout, Some(share)),
        };
        let body = read_limited(body, largest, patience, share).await;
        let request = ApiRequest {
            id: id.to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            body: body.map_err(|error| unreadable(error, largest))?,
            headers: head.headers,
            client,
            identity,
        };
        let response = resource.handle(&method, &self.context, &request).await?;
        if method == Method::GET && resource.is_compressed() {
            return Ok(compressed(response, &request.headers).await);
        }
        Ok(response)
    }

    fn require_same_origin(&self, head: &Parts, client: &Client) -> Result<(), Problem> {
        let address = PageAddress {
            is_secure: client.is_secure,
            host: host_of(&head.uri, &head.headers).unwrap_or_default(),
            public_url: &self.context.base_url,
        };
        auth::require_same_origin(&head.headers, &address)
    }
}

fn unreadable(error: BodyError, largest: usize) -> Problem {
    match error {
        BodyError::TooLarge(_) => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("the body is larger than {largest} bytes"),
        ),
        BodyError::NoRoom => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "too many requests are on their way",
        )
        .hint("try again in a moment")
        .retry_after(1),
        BodyError::TimedOut | BodyError::Broken => Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "timed_out",
            "the body did not arrive in time",
        ),
    }
}
