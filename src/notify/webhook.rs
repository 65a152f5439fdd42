//! JSON to an address of the owner's, signed by Standard Webhooks where there is a secret.

use hyper::Request;
use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::message::Message;
use super::{Target, Unsendable, post_json};
use crate::formats::signing;

pub(super) fn request(
    message: &Message,
    to: &Target<'_>,
    id: &str,
    now: Timestamp,
) -> Result<Request<Bytes>, Unsendable> {
    let body = json!({"type": "notification", "timestamp": now, "data": message});
    let (url, at) = (to.need("url")?, now.as_second().to_string());
    let Some(secret) = to.secret("secret") else {
        return post_json(url, &body, &[]);
    };
    let signature = signing::signatures([secret], id, now, body.to_string().as_bytes());
    let headers = [
        ("webhook-id", id),
        ("webhook-timestamp", &*at),
        ("webhook-signature", &*signature),
    ];
    post_json(url, &body, &headers)
}
