//! A newcomer's first evening: every kind of broken message, a forgotten key, a
//! script that fires too often, and in the end a pause.

use std::net::{IpAddr, Ipv4Addr};

use jiff::{SignedDuration, Timestamp};

use crate::domain::webhook::AuthKey;
use crate::store::webhooks::WebhookChange;

/// Name of the newcomer's webhook.
pub(super) const NAME: &str = "Demo: First steps";

/// The newcomer's address, which exists in documents only.
pub(super) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

/// Alerts that the script fires within a minute: more than are admitted.
const BURST: i64 = 34;

/// Messages with the mistake that each is known for; `PRICE` stands for what the stock costs.
const BROKEN: &[&str] = &[
    r"{“auth_key”: “AUTH_KEY”, “ticker”: “AAPL”, “action”: “buy”, “marketPrice”: PRICE}",
    r#"{"auth_key": "AUTH_KEY", "ticker": "AAPL", "action": "buy", "qty": {{strategy.order.contracts}}, "marketPrice": PRICE}"#,
    r#"{"auth_key": "AUTH_KEY", "ticker": "AAPL", "action": "buy", "marketPrice": PRICE,}"#,
    r#"{"auth_key": "AUTH_KEY", "ticker": "AAPL", "action": "buy", "marketPrice": NaN}"#,
    r#"{"auth_key": "AUTH_KEY", "ticker": "AAPL", "action": "buy"}"#,
    r#"{"auth_key": "AUTH_KEY", "ticker": "AAPL", "action": "hold", "marketPrice": PRICE}"#,
    r#"{"auth_key": "my-key", "ticker": "AAPL", "action": "buy", "marketPrice": PRICE}"#,
    r#"{"ticker": "AAPL", "action": "buy", "marketPrice": PRICE}"#,
    "AAPL crossed PRICE",
];

/// Notes of the webhook.
pub(super) fn change() -> WebhookChange {
    WebhookChange {
        notes: Some(
            "What a first evening can look like: broken messages, too many alerts, a pause."
                .to_owned(),
        ),
        ..WebhookChange::default()
    }
}

/// The messages of the evening, with the time each is sent at.
pub(super) fn evening(begin: Timestamp, key: &AuthKey, price: &str) -> Vec<(Timestamp, String)> {
    let broken = (0..).zip(BROKEN).map(|(number, message)| {
        let time = begin + SignedDuration::from_mins(4 * number);
        let message = message.replace("AUTH_KEY", key.reveal());
        (time, message.replace("PRICE", price))
    });
    let burst = (0..BURST).map(|number| {
        let time = begin + SignedDuration::from_mins(60) + SignedDuration::from_secs(number);
        (time, standard(key, number % 2 == 0, time, price))
    });
    broken.chain(burst).collect()
}

/// Alerts that still come after the webhook was paused.
pub(super) fn after_the_pause(
    begin: Timestamp,
    key: &AuthKey,
    price: &str,
) -> Vec<(Timestamp, String)> {
    let times = [70, 85].map(|minutes| begin + SignedDuration::from_mins(minutes));
    times
        .map(|time| (time, standard(key, true, time, price)))
        .into()
}

fn standard(key: &AuthKey, is_entry: bool, time: Timestamp, price: &str) -> String {
    let message = serde_json::json!({
        "auth_key": key.reveal(),
        "ticker": "AAPL",
        "positionDirection": if is_entry { "entryLong" } else { "exitLong" },
        "qty": 1,
        "marketPrice": price,
        "metadata": { "timestamp": format!("{time:.0}"), "signal": "Every tick" },
    });
    message.to_string()
}
