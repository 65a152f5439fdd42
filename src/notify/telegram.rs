//! Telegram: `sendMessage` of the Bot API, in its HTML form.

use hyper::Request;
use hyper::body::Bytes;
use serde_json::json;

use super::message::{Message, html};
use super::{Target, Unsendable, post_json};

/// UTF-16 units of a message: 4,096, less what the bold title adds.
const MOST: usize = 4000;

/// The server of the Bot API, where a channel names no other.
pub const VENDOR: &str = "https://api.telegram.org";

/// The public part of a bot's token, by which it is known: the number before the colon.
#[must_use]
pub fn bot_id(token: &str) -> &str {
    // The service takes none without a colon; its first letters tell it apart.
    let number = token.split_once(':').map(|(number, _)| number);
    number.unwrap_or_else(|| token.get(..8).unwrap_or_default())
}

pub(super) fn request(message: &Message, to: &Target<'_>) -> Result<Request<Bytes>, Unsendable> {
    let (token, chat) = (to.need("token")?, to.need("chat")?);
    let url = format!("{}/bot{token}/sendMessage", to.base(VENDOR));
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
