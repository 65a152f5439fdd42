//! Slack: an incoming webhook. `&`, `<` and `>` are escaped as Slack documents it, so that no text
//! mentions anybody, and nothing is taken for its markup.

use hyper::Request;
use hyper::body::Bytes;
use serde_json::json;

use super::message::{Message, html};
use super::{Target, Unsendable, post_json};

/// Characters of a message.
const MOST: usize = 3000;

pub(super) fn request(message: &Message, to: &Target<'_>) -> Result<Request<Bytes>, Unsendable> {
    let body = json!({"text": message.text(MOST, html, true), "mrkdwn": false});
    post_json(to.need("url")?, &body, &[])
}
