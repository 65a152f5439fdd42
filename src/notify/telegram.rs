//! Telegram: `sendMessage` of the Bot API, in its HTML form.

use hyper::Request;
use hyper::body::Bytes;
use serde_json::json;

use super::message::{Message, html};
use super::{Target, Unsendable, post_json};

/// UTF-16 units of a message: 4,096, less what the bold title adds.
const MOST: usize = 4000;

pub(super) fn request(message: &Message, to: &Target<'_>) -> Result<Request<Bytes>, Unsendable> {
    let (token, chat) = (to.need("token")?, to.need("chat")?);
    let url = format!(
        "{}/bot{token}/sendMessage",
        to.base("https://api.telegram.org")
    );
    let mut title = String::new();
    super::message::cut(&message.title, 200, |_| 1)
        .chars()
        .for_each(|letter| html(letter, &mut title));
    let rest = message.text(MOST - title.encode_utf16().count(), html, false);
    let text = format!("<b>{title}</b>\n{rest}");
    let body = json!({
        "chat_id": chat, "text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": true},
    });
    post_json(&url, &body, &[])
}
