//! The answers to what is not recorded: a stranger, too much, or nowhere to keep it.

use std::time::Duration;

use hyper::StatusCode;

use super::answer::{Answer, Refusal};
use crate::logging::Rarely;
use crate::metrics::Outcome;
use crate::store::StoreError;

/// Seconds after which TradingView sends again what a 5xx answered.
const RESEND_AFTER: u64 = 5;

/// No webhook of that id; nothing is kept of it.
#[must_use]
pub fn unknown_webhook() -> (Answer, Outcome) {
    let error = Refusal::new(
        "unknown_webhook",
        "there is no webhook at this address",
        "Copy the webhook URL again from its page.",
    );
    (
        Answer::refused(StatusCode::NOT_FOUND, &error, None),
        Outcome::Unknown,
    )
}

/// It is not TradingView, and the webhook takes alerts from nobody else.
pub(super) fn wrong_sender() -> (Answer, Outcome) {
    let error = Refusal::new(
        "wrong_sender",
        "this webhook takes alerts from TradingView only",
        "Send it through TradingView; the owner can change who may send alerts.",
    );
    (
        Answer::refused(StatusCode::FORBIDDEN, &error, None),
        Outcome::Unauthorized,
    )
}

/// A stranger who tries too often waits.
pub(super) fn throttled(wait: Duration) -> (Answer, Outcome) {
    let error = Refusal::new(
        "rate_limited",
        "too many requests without the right auth_key",
        "Correct the auth_key in the alert message; alerts with the right key are not held up by this.",
    );
    let answer = Answer::refused(StatusCode::TOO_MANY_REQUESTS, &error, None);
    (answer.retry_after(whole_seconds(wait)), Outcome::Throttled)
}

/// So many alerts are on their way that this one was not read.
#[must_use]
pub fn no_room() -> (Answer, Outcome) {
    static NO_ROOM: Rarely = Rarely::new();
    if let Some(unsaid) = NO_ROOM.say() {
        tracing::warn!(
            unsaid,
            "an alert was answered with 503: too many bodies are on their way"
        );
    }
    let hint = "Nothing was recorded; send it again.";
    unavailable("too many alerts are on their way", hint)
}

/// The store refused it.
pub(super) fn not_stored(error: &StoreError) -> (Answer, Outcome) {
    static NOT_STORED: Rarely = Rarely::new();
    if let Some(unsaid) = NOT_STORED.say() {
        tracing::error!(%error, unsaid, "an alert was not stored and answered with 503");
    }
    let hint = "Nothing was recorded; send it again. The server's log says why: a full disk is the usual cause.";
    unavailable("the alert could not be stored", hint)
}

/// Nothing was recorded, and TradingView sends it again.
fn unavailable(message: &str, hint: &'static str) -> (Answer, Outcome) {
    let error = Refusal::new("unavailable", message, hint);
    let answer = Answer::refused(StatusCode::SERVICE_UNAVAILABLE, &error, None);
    (answer.retry_after(RESEND_AFTER), Outcome::Unavailable)
}

/// Seconds to wait, rounded up: trying again earlier would be refused again.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
