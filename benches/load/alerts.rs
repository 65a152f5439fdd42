//! The alerts that are sent: the message for strategies, entry and exit in turn,
//! each with a number and a time of its own.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use algohook::domain::webhook::{AuthKey, WebhookId};
use algohook::templates::Template;
use jiff::{SignedDuration, Timestamp};

/// The first alert's time lies so far back that later ones can each have a later
/// time and still be believed: five minutes either way.
const FIRST_TIME: SignedDuration = SignedDuration::from_secs(-150);

/// Alerts of one webhook that fire in the same second.
const A_SECOND: usize = 4;

/// An alert message, cut where its time and its number go.
struct Parts([String; 3]);

/// The alerts of one webhook.
pub struct Message {
    entry: Parts,
    exit: Parts,
    first_time: Timestamp,
}

impl Parts {
    fn of(key: &AuthKey, action: &str, before: (&str, &str), after: (&str, &str)) -> Self {
        let values = [
            ("{{ticker}}", "BTCUSDT"),
            ("{{strategy.order.action}}", action),
            ("{{strategy.order.contracts}}", "1"),
            ("{{strategy.order.price}}", "64490.4"),
            ("{{strategy.market_position}}", after.0),
            ("{{strategy.market_position_size}}", after.1),
            ("{{strategy.prev_market_position}}", before.0),
            ("{{strategy.prev_market_position_size}}", before.1),
            ("{{interval}}", "15"),
        ];
        let fill = |message: String, (name, value): (&str, &str)| message.replace(name, value);
        let message = values
            .into_iter()
            .fold(Template::Strategy.message(key), fill);
        let cut = |text: &str, at: &str| {
            let (before, after) = text.split_once(at).expect("the template has both");
            (before.to_owned(), after.to_owned())
        };
        let (before, rest) = cut(&message, "{{timenow}}");
        let (between, after) = cut(&rest, "{{strategy.order.id}}");
        Self([before, between, after])
    }
}

impl Message {
    /// The message for strategies, whose first alert fires about now.
    pub fn new(key: &AuthKey) -> Self {
        let (flat, long) = (("flat", "0"), ("long", "1"));
        Self {
            entry: Parts::of(key, "buy", flat, long),
            exit: Parts::of(key, "sell", long, flat),
            first_time: Timestamp::now() + FIRST_TIME,
        }
    }

    /// An alert of the webhook: the even ones enter, the odd ones exit.
    pub fn numbered(&self, number: usize) -> String {
        let is_entry = number.is_multiple_of(2);
        let Parts([before, between, after]) = if is_entry { &self.entry } else { &self.exit };
        let seconds = i64::try_from(number / A_SECOND).expect("few enough alerts are sent");
        let time = self.first_time + SignedDuration::from_secs(seconds);
        format!("{before}{time:.0}{between}{number:012}{after}")
    }
}

/// Requests to every webhook in turn, no two of them equal.
pub struct Alerts {
    webhooks: Vec<Requests>,
    sent: AtomicUsize,
}

/// The requests of one webhook: what stands before the length, and the messages.
struct Requests {
    head: String,
    message: Message,
}

impl Alerts {
    /// Alerts to these webhooks.
    pub fn to(webhooks: Vec<(WebhookId, AuthKey)>) -> Self {
        let requests = webhooks.into_iter().map(|(id, key)| {
            let head = format!(
                "POST /hooks/{id} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                 content-length: "
            );
            let message = Message::new(&key);
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
        let message = message.numbered(number / self.webhooks.len());
        request.clear();
        write!(request, "{head}{}\r\n\r\n{message}", message.len())
            .expect("memory takes what is written");
    }
}
