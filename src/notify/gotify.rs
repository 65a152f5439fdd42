//! Gotify: `/message` of a server of one's own, as plain text.

use hyper::Request;
use hyper::body::Bytes;
use serde_json::json;

use super::message::{Message, Severity, cut, plain};
use super::{Target, Unsendable, post_json};

/// Characters of a message, to keep phones usable.
const MOST: usize = 8000;

pub(super) fn request(message: &Message, to: &Target<'_>) -> Result<Request<Bytes>, Unsendable> {
    let url = format!("{}/message", to.need("url")?.trim_end_matches('/'));
    let priority = match message.severity {
        Severity::Info => 5,
        Severity::Notice => 6,
        Severity::Fault => 8,
    };
    let body = json!({
        "priority": priority,
        "title": cut(&message.title, 200, |_| 1),
        "message": message.text(MOST, plain, false),
    });
    post_json(&url, &body, &[("x-gotify-key", to.need("token")?)])
}
