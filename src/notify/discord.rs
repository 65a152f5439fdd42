//! Discord: a channel's webhook. Nobody is mentioned, whatever a text says, and Markdown in it is
//! escaped.

use hyper::Request;
use hyper::body::Bytes;
use serde_json::json;

use super::message::Message;
use super::{Target, Unsendable, post_json};

/// Characters of a message.
const MOST: usize = 2000;

pub(super) fn escape(letter: char, text: &mut String) {
    if "\\*_~`|>#-[]()<@:".contains(letter) {
        text.push('\\');
    }
    text.push(letter);
}

pub(super) fn request(message: &Message, to: &Target<'_>) -> Result<Request<Bytes>, Unsendable> {
    let mut title = String::new();
    super::message::cut(&message.title, 200, |_| 1)
        .chars()
        .for_each(|letter| escape(letter, &mut title));
    let rest = message.text(MOST - title.encode_utf16().count() - 5, escape, false);
    let content = format!("**{title}**\n{rest}");
    let body = json!({"content": content, "allowed_mentions": {"parse": []}});
    post_json(to.need("url")?, &body, &[])
}
