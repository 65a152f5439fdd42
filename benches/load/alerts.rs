//! The alerts that are sent: the message for strategies, each with a number of its own.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use algohook::domain::webhook::{AuthKey, WebhookId};
use algohook::templates::Template;
use jiff::Timestamp;

/// The signal's name in the example message, in whose place the number goes.
const SIGNAL: &str = "\"Test\"";

/// An alert message, cut where its number goes.
pub struct Message {
    before: String,
    after: String,
}

impl Message {
    /// The message for strategies, as an alert that fires now.
    pub fn new(key: &AuthKey) -> Self {
        let example = Template::Strategy.example(key, Timestamp::now());
        let (before, after) = example
            .split_once(SIGNAL)
            .expect("the example names its signal");
        Self {
            before: before.to_owned(),
            after: after.to_owned(),
        }
    }

    /// The message with a number; every number makes it equally long.
    pub fn numbered(&self, number: usize) -> String {
        format!("{}\"{number:012}\"{}", self.before, self.after)
    }
}

/// Requests to every webhook in turn, no two of them equal.
pub struct Alerts {
    webhooks: Vec<Requests>,
    sent: AtomicUsize,
}

/// The requests of one webhook: what stands before the message, and the message.
struct Requests {
    head: String,
    message: Message,
}

impl Alerts {
    /// Alerts to these webhooks.
    pub fn to(webhooks: Vec<(WebhookId, AuthKey)>) -> Self {
        let requests = webhooks.into_iter().map(|(id, key)| {
            let message = Message::new(&key);
            let length = message.numbered(0).len();
            let head = format!(
                "POST /hooks/{id} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                 content-length: {length}\r\n\r\n"
            );
            Requests { head, message }
        });
        Self {
            webhooks: requests.collect(),
            sent: AtomicUsize::new(0),
        }
    }

    /// Writes the next request in the place of what is in `request`.
    pub fn write_next(&self, request: &mut Vec<u8>) {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let Requests { head, message } = &self.webhooks[number % self.webhooks.len()];
        request.clear();
        write!(request, "{head}{}", message.numbered(number))
            .expect("memory takes what is written");
    }
}
