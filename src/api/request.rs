//! A request to the API, taken apart.

use std::fmt;
use std::str::FromStr;

use hyper::HeaderMap;
use hyper::body::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::access::Identity;
use crate::domain::moment::{Moment, Range};
use crate::domain::webhook::WebhookId;
use crate::http::Client;
use crate::store::audit::Actor;

/// Items of a page when the request does not say.
const DEFAULT_LIMIT: u32 = 50;

/// Items of a page at most.
const LARGEST_LIMIT: u32 = 500;

/// A request whose body is read and whose sender is known.
pub struct ApiRequest {
    /// The `{id}` of the path, where it has one.
    pub id: String,
    /// The query string, without `?`.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The client of the connection.
    pub client: Client,
    /// The login; none only where none is needed.
    pub identity: Option<Identity>,
}

impl ApiRequest {
    /// True if it may see the keys of webhooks, with which alerts can be sent.
    pub fn may_see_keys(&self) -> bool {
        self.identity.as_ref().is_none_or(Identity::may_see_keys)
    }

    /// The sender, for the audit log.
    pub fn actor(&self, now: Timestamp) -> Actor {
        Actor {
            name: self.actor_name(),
            address: Some(self.client.address.to_string()),
            at: now,
        }
    }

    /// The sender's name in the audit log.
    pub fn actor_name(&self) -> String {
        let name = self.identity.as_ref().map(Identity::name);
        name.unwrap_or_else(|| "stranger".to_owned())
    }

    /// Refuses what only the owner may do, logged in.
    ///
    /// # Errors
    ///
    /// A problem with status 403.
    pub fn require_owner(&self) -> Result<(), Problem> {
        if self.identity.as_ref().is_some_and(Identity::is_owner) {
            return Ok(());
        }
        let detail = "only the owner, logged in, may do this";
        Err(
            Problem::new(hyper::StatusCode::FORBIDDEN, "session_required", detail)
                .hint("log in with POST /api/v1/session"),
        )
    }

    /// The id of the path as an id of one kind.
    ///
    /// # Errors
    ///
    /// A problem with status 404: no such id can exist.
    pub fn path_id<T>(&self) -> Result<T, Problem>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        self.id.parse().map_err(|error: T::Err| {
            let detail = format!("\"{:.40}\": {error}", self.id);
            Problem::new(hyper::StatusCode::NOT_FOUND, "not_found", detail)
        })
    }

    /// The parameters of the query.
    ///
    /// # Errors
    ///
    /// A problem with status 400 that names the parameter.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if let Some(name) = number_without_value(&self.query) {
            let detail =
                format!("the parameter {name}: it has no value; give a number, or leave it out");
            return Err(Problem::bad_request("invalid_query", detail));
        }
        serde_html_form::from_str(&self.query).map_err(|error| {
            Problem::bad_request("invalid_query", format!("the query string: {error}"))
                .hint("/api/v1/openapi.json lists the parameters of each address")
        })
    }

    /// The JSON body.
    ///
    /// # Errors
    ///
    /// A problem with status 400 or 422 and the place of the fault.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        // A list would be taken for the fields in their order.
        if self.body.trim_ascii_start().starts_with(b"[") {
            return Err(
                Problem::invalid("the body: a list, where an object is expected")
                    .hint("/api/v1/openapi.json describes the body of each request"),
            );
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            let detail = format!("the body: {error}");
            match error.classify() {
                serde_json::error::Category::Data => Problem::invalid(detail)
                    .hint("/api/v1/openapi.json describes the body of each request"),
                _ => Problem::bad_request("invalid_json", detail),
            }
        })
    }
}

/// A number's name in a query that gives it no value, which would be read as left out.
fn number_without_value(query: &str) -> Option<&'static str> {
    const NUMBERS: [&str; 16] = [
        "limit",
        "resamples",
        "seed",
        "tolerance",
        "dryRun",
        "weekday",
        "hour",
        "percentFrom",
        "percentTo",
        "secondsFrom",
        "secondsTo",
        "withoutSignal",
        "backward",
        "forward",
        "price",
        "shift",
    ];
    let pairs = query.split('&');
    let mut empty = pairs.filter_map(|pair| match pair.split_once('=') {
        Some((name, "")) => Some(name),
        None => Some(pair),
        Some(_) => None,
    });
    empty.find_map(|name| NUMBERS.into_iter().find(|number| *number == name))
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// To be given as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of at most `limit` of the items, of which one more was asked for.
    pub fn cut(mut items: Vec<T>, limit: u32, id: impl Fn(&T) -> String) -> Self {
        let limit = limit as usize;
        let next_cursor = (items.len() > limit)
            .then(|| items[..limit].last().map(id))
            .flatten();
        items.truncate(limit);
        Self { items, next_cursor }
    }
}

/// Number of items on a page.
///
/// # Errors
///
/// A problem with status 400 where it is zero or too many.
pub fn page_limit(limit: Option<u32>) -> Result<u32, Problem> {
    match limit.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=LARGEST_LIMIT => Ok(limit),
        _ => Err(Problem::bad_request(
            "invalid_query",
            format!("limit must be 1 to {LARGEST_LIMIT}"),
        )),
    }
}

/// The range of two parameters.
///
/// # Errors
///
/// A problem with status 400 where it ends before it begins.
pub fn range(from: Option<Moment>, to: Option<Moment>) -> Result<Range, Problem> {
    Range::new(from, to).map_err(|error| Problem::bad_request("invalid_query", error.to_string()))
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

/// The webhooks that a query names.
pub(super) fn webhook_ids(texts: &[String]) -> Result<Vec<WebhookId>, Problem> {
    let ids = texts.iter().map(|text| parameter("webhook", Some(text)));
    ids.filter_map(Result::transpose).collect()
}

/// The webhook of a query.
pub(super) fn webhook_id(webhook: &str) -> Result<WebhookId, Problem> {
    webhook
        .parse()
        .map_err(|error| Problem::bad_request("invalid_query", format!("webhook: {error}")))
}

/// A time zone by its name.
pub(super) fn zone(name: &str) -> Result<TimeZone, Problem> {
    TimeZone::get(name).map_err(|_| {
        let detail = format!("timeZone \"{name:.40}\" is no zone; write one like Europe/Berlin");
        Problem::bad_request("invalid_query", detail)
    })
}
