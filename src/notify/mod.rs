//! Telling the owner: one file a channel, each pure from a message to a request.
//!
//! Whatever an alert says stays text: each channel escapes what its service would take for
//! markup or a mention, and cuts the rest.

mod discord;
mod email;
mod gotify;
mod message;
mod ntfy;
mod pushover;
pub mod render;
mod sender;
pub mod settings;
mod slack;
pub mod telegram;
mod webhook;

use hyper::Request;
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use jiff::Timestamp;
use serde_json::Value;

use crate::domain::channel::ChannelKind;
use crate::domain::setting::Settings;

pub use message::{Message, Severity};
pub use sender::Notifier;

/// Destination of a message.
#[derive(Debug, Clone, Copy)]
struct Target<'a> {
    settings: &'a Settings,
    secrets: &'a Settings,
}

impl<'a> Target<'a> {
    fn secret(&self, name: &str) -> Option<&'a str> {
        self.secrets.get(name).map(String::as_str)
    }

    /// A setting or secret that a channel needs.
    fn need(&self, name: &'static str) -> Result<&'a str, Unsendable> {
        let setting = self.settings.get(name).or_else(|| self.secrets.get(name));
        setting.map(String::as_str).ok_or(Unsendable::Missing(name))
    }

    /// The base of a vendor's address, or another one for proxies and tests.
    fn base(&self, vendors: &'a str) -> &'a str {
        let own = self.settings.get("url").map_or(vendors, String::as_str);
        own.trim_end_matches('/')
    }
}

/// Reason that there is no request for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// Missing setting.
    #[error("the channel has no {0}; enter it in the channel's settings")]
    Missing(&'static str),
    /// Invalid address.
    #[error("the channel's address is not valid")]
    Address,
    /// The text cannot be encoded.
    #[error("the message cannot be encoded")]
    Text,
}

/// The request that tells a message; e-mail is no request.
fn request(
    kind: ChannelKind,
    message: &Message,
    to: &Target<'_>,
    id: &str,
    now: Timestamp,
) -> Result<Request<Bytes>, Unsendable> {
    match kind {
        ChannelKind::Telegram => telegram::request(message, to),
        ChannelKind::Discord => discord::request(message, to),
        ChannelKind::Slack => slack::request(message, to),
        ChannelKind::Ntfy => ntfy::request(message, to),
        ChannelKind::Gotify => gotify::request(message, to),
        ChannelKind::Pushover => pushover::request(message, to),
        ChannelKind::Webhook => webhook::request(message, to, id, now),
        ChannelKind::Email => Err(Unsendable::Address),
    }
}

fn post_json(
    url: &str,
    body: &Value,
    headers: &[(&str, &str)],
) -> Result<Request<Bytes>, Unsendable> {
    let mut request = Request::post(url).header(CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
        .body(Bytes::from(body.to_string()))
        .map_err(|_| Unsendable::Address)
}

#[cfg(test)]
mod tests;
