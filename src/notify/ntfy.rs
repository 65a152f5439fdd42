//! ntfy: JSON to the server's root, which is plain text to it.

use hyper::Request;
use hyper::body::Bytes;
use serde_json::json;

use super::message::{Message, Severity, cut, fit};
use super::{Target, Unsendable, post_json};

/// Bytes of a message, beyond which ntfy makes a file of it.
const MOST_BYTES: usize = 4000;

pub(super) fn request(message: &Message, to: &Target<'_>) -> Result<Request<Bytes>, Unsendable> {
    let url = format!("{}/", to.base("https://ntfy.sh"));
    let priority = match message.severity {
        Severity::Info => 3,
        Severity::Notice => 4,
        Severity::Fault => 5,
    };
    let lines: Vec<&str> = message.lines.iter().map(String::as_str).collect();
    let mut body = json!({
        "topic": to.need("topic")?,
        "title": cut(&message.title, 200, |_| 1),
        "message": fit(&lines, MOST_BYTES, char::len_utf8),
        "priority": priority,
    });
    if let Some(link) = &message.link {
        body["click"] = json!(link);
    }
    let bearer = to.secret("token").map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = bearer
        .iter()
        .map(|bearer| ("authorization", bearer.as_str()))
        .collect();
    post_json(&url, &body, &headers)
}
