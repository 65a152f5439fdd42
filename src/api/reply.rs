//! Answers of the API.

use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::problem::Problem;
use crate::http::{Body, full};

/// The result of a handler.
pub type Reply = Result<Response<Body>, Problem>;

/// 200 with a JSON body.
pub fn ok(body: &impl Serialize) -> Response<Body> {
    json_as("application/json", StatusCode::OK, body)
}

/// 201 with a JSON body.
pub fn created(body: &impl Serialize) -> Response<Body> {
    json_as("application/json", StatusCode::CREATED, body)
}

/// 204 without a body.
pub fn no_content() -> Response<Body> {
    let mut response = Response::new(full(Vec::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// JSON under a content type of its own. Nothing of the API may be cached: it
/// holds keys.
pub fn json_as(
    content_type: &'static str,
    status: StatusCode,
    body: &impl Serialize,
) -> Response<Body> {
    match serde_json::to_vec(body) {
        Ok(bytes) => bytes_as(content_type, status, bytes),
        Err(error) => {
            tracing::error!(%error, "an answer of the API could not be written as JSON");
            let mut response = Response::new(full("{}"));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}

/// 200 with a JSON body that was written already.
pub fn json_bytes(bytes: Bytes) -> Response<Body> {
    bytes_as("application/json", StatusCode::OK, bytes)
}

fn bytes_as(
    content_type: &'static str,
    status: StatusCode,
    bytes: impl Into<Bytes>,
) -> Response<Body> {
    let mut response = Response::new(full(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
