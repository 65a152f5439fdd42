//! One delivery, from its bytes to its answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::StatusCode;
use jiff::Timestamp;
use nonzero_ext::nonzero;

use super::answer::{self, Answer, Refusal};
use super::limiter::{RateLimit, SlidingWindow};
use super::misdirected::Misdirections;
use super::presented::{Presented, Verdict};
use super::recorder::Recorder;
use super::refusals::{not_stored, throttled, unknown_webhook, whole_seconds, wrong_sender};
use super::registry::{Registry, Webhook};
use super::sender::Sender;
use crate::clock::{Clock, ClockReading};
use crate::domain::delivery::DeliveryId;
use crate::domain::event::{EventSource, EventStatus};
use crate::domain::format::{Format, ReadingRules};
use crate::domain::sender::Verification;
use crate::domain::webhook::WebhookState;
use crate::journal::deliveries::{Delivery, Reading, Recorded, new_delivery};
use crate::logging::Rarely;
use crate::metrics::Outcome;
use crate::payload::{self, Alert, Malformed, Parsed, PayloadError, PresentedKey};
use crate::store::StoreError;
use crate::store::rejections::{Rejection, RejectionReason};

/// The largest body of an alert in bytes: 25 KB.
pub const LARGEST_BODY: usize = 25_600;

/// Broken messages without a key that are recorded in a day: enough for the trader to see
/// what comes in, and too few to fill a disk.
const KEYLESS_A_DAY: RateLimit = RateLimit(nonzero!(100_u32));

/// The way of every delivery: authenticate, limit, record.
pub struct Ingest<R, C> {
    pub(super) registry: Arc<Registry>,
    pub(super) recorder: R,
    pub(super) clock: C,
    limit: RateLimit,
    pub(super) misdirections: Misdirections,
    /// Looks for webhooks that are not known.
    pub(super) looks: Mutex<SlidingWindow>,
}

/// A delivery on its way: where it goes, where it is from, when it came.
struct Arrival {
    webhook: Arc<Webhook>,
    sender: Sender,
    verified: Option<Verification>,
    received_at: Timestamp,
    elapsed: Duration,
    rules: ReadingRules,
}

impl Arrival {
    /// The same arrival with the format that its message was read in.
    fn read_as(self, format: Format) -> Self {
        let rules = self.rules.in_format(format);
        Self { rules, ..self }
    }

    fn clock(&self) -> ClockReading {
        ClockReading {
            wall: self.received_at,
            elapsed: self.elapsed,
        }
    }
}

impl<R: Recorder, C: Clock> Ingest<R, C> {
    /// An ingestion for the webhooks of `registry`.
    pub fn new(registry: Arc<Registry>, recorder: R, clock: C, limit: RateLimit) -> Self {
        Self {
            registry,
            recorder,
            clock,
            limit,
            misdirections: Misdirections::default(),
            looks: Mutex::default(),
        }
    }

    /// Takes one delivery; the answer is made when what came of it is on disk.
    pub async fn receive(
        &self,
        id: &str,
        body: &[u8],
        sender: impl Into<Sender>,
    ) -> (Answer, Outcome) {
        self.receive_with(id, None, body, sender).await
    }

    /// Takes one delivery to a URL that states a key behind the id.
    pub async fn receive_with(
        &self,
        id: &str,
        path_key: Option<&PresentedKey>,
        body: &[u8],
        sender: impl Into<Sender>,
    ) -> (Answer, Outcome) {
        let Some(arrival) = self.arrival(id, sender.into()) else {
            return unknown_webhook();
        };
        if !self.is_admitted(&arrival) {
            return self
                .reject(&arrival, RejectionReason::WrongSender, None)
                .await;
        }
        let webhook = Arc::clone(&arrival.webhook);
        let presented = Presented::to(&webhook, path_key);
        match payload::parse(body, arrival.webhook.rules) {
            Ok(alert) => match presented.verdict(&alert) {
                Verdict::Right => {
                    let arrival = arrival.read_as(alert.format);
                    let (payload, signal) = without_key(alert, &arrival);
                    let reading = match signal {
                        Ok(parsed) => Reading::Signal(parsed),
                        Err(error) => Reading::Failed(error),
                    };
                    self.authenticated(&arrival, payload, reading).await
                }
                Verdict::Wrong => self.reject(&arrival, RejectionReason::WrongKey, None).await,
                Verdict::Missing(hint) if has_room_for_key(alert.format) => {
                    self.reject(&arrival, RejectionReason::MissingKey, hint)
                        .await
                }
                Verdict::Missing(hint) => {
                    let arrival = arrival.read_as(alert.format);
                    let key = arrival.webhook.auth_key().reveal();
                    let recorded = payload::redact(alert.recorded, key);
                    let hint = hint.unwrap_or_default();
                    let error = PayloadError::without_key(hint);
                    self.keyless(&arrival, recorded, error).await
                }
            },
            Err(malformed) => {
                let arrival = arrival.read_as(malformed.format);
                let verdict = presented.verdict_of_broken(&malformed.keys);
                self.malformed(&arrival, *malformed, verdict).await
            }
        }
    }

    /// A body larger than [`LARGEST_BODY`], of which nothing was kept, and its size where that
    /// is known.
    pub async fn too_large(
        &self,
        id: &str,
        sender: impl Into<Sender>,
        size: Option<u64>,
    ) -> (Answer, Outcome) {
        let Some(arrival) = self.arrival(id, sender.into()) else {
            return unknown_webhook();
        };
        if self.admit_stranger(&arrival).is_ok() {
            self.note_rejection(&arrival, RejectionReason::TooLarge, size)
                .await;
        }
        let error = Refusal::new(
            "too_large",
            match size {
                Some(size) => {
                    format!("the message has {size} bytes and is larger than {LARGEST_BODY} bytes")
                }
                None => format!("the message is larger than {LARGEST_BODY} bytes"),
            },
            "Shorten the alert message; metadata is the usual place for what is not needed.",
        );
        (
            Answer::refused(StatusCode::PAYLOAD_TOO_LARGE, &error, None),
            Outcome::TooLarge,
        )
    }

    fn arrival(&self, id: &str, sender: Sender) -> Option<Arrival> {
        let webhook = self.registry.get(id)?;
        let received_at = self.clock.now();
        let verified = self.registry.senders().verify(&sender, received_at);
        Some(Arrival {
            rules: webhook.rules,
            webhook,
            sender,
            verified,
            received_at,
            elapsed: self.clock.elapsed(),
        })
    }

    /// True if the webhook takes alerts from this sender.
    fn is_admitted(&self, arrival: &Arrival) -> bool {
        let policy = arrival.webhook.senders;
        let policy = policy.unwrap_or_else(|| self.registry.senders().senders.policy);
        arrival.sender.is_owner || policy.admits(arrival.verified)
    }

    /// Shows the owner who signed TradingView's certificate, once.
    async fn learn_issuer(&self, arrival: &Arrival) {
        let known = self.registry.senders();
        let Some(issuer) = known.new_issuer(&arrival.sender, arrival.received_at) else {
            return;
        };
        let fingerprint = issuer.fingerprint.clone();
        match self.recorder.note_issuer(issuer).await {
            Ok(()) => {
                tracing::info!(%fingerprint, "an alert from TradingView showed a new certificate issuer");
            }
            Err(error) => {
                static NOT_NOTED: Rarely = Rarely::new();
                if let Some(unsaid) = NOT_NOTED.say() {
                    tracing::warn!(%error, unsaid, "the issuer of a certificate could not be noted");
                }
            }
        }
    }

    /// A delivery with the right key.
    async fn authenticated(
        &self,
        arrival: &Arrival,
        payload: Vec<u8>,
        reading: Reading,
    ) -> (Answer, Outcome) {
        let admitted = arrival
            .webhook
            .windows()
            .authenticated
            .admit(arrival.elapsed, self.limit);
        if let Err(wait) = admitted {
            return self.over_limit(arrival, payload, reading, wait).await;
        }
        self.learn_issuer(arrival).await;
        let reading = match (arrival.webhook.state, reading) {
            (WebhookState::Paused | WebhookState::Archived, Reading::Signal(parsed)) => {
                Reading::Withheld(EventStatus::Ignored, Ok(parsed))
            }
            (_, reading) => reading,
        };
        let answered = self.record(arrival, payload, reading).await;
        if answered.1 == Outcome::Unavailable {
            // It will be sent again, and must not be limited then for having come before.
            arrival
                .webhook
                .windows()
                .authenticated
                .give_back(arrival.elapsed);
        }
        answered
    }

    /// The answer to an alert over the limit, with what becomes of it.
    fn limited(&self, fate: &'static str) -> Refusal {
        let what = format!("more than {} alerts in 60 seconds", self.limit.0);
        Refusal::new("rate_limited", what, fate)
    }

    /// A delivery with the right key beyond the limit: as many again are kept
    /// for the owner to see, for TradingView never sends them a second time. Another
    /// algohook does: what it forwards is not kept before it is taken.
    async fn over_limit(
        &self,
        arrival: &Arrival,
        payload: Vec<u8>,
        reading: Reading,
        wait: Duration,
    ) -> (Answer, Outcome) {
        if arrival.sender.is_algohook() {
            let answer = Answer::refused(
                StatusCode::TOO_MANY_REQUESTS,
                &self.limited("Nothing was recorded: send it again."),
                None,
            );
            return (answer.retry_after(whole_seconds(wait)), Outcome::Limited);
        }
        let recorded = arrival
            .webhook
            .windows()
            .recorded_over_limit
            .admit(arrival.elapsed, self.limit);
        let event = if recorded.is_ok() {
            let parsed = match reading {
                Reading::Signal(parsed) => Ok(parsed),
                Reading::Withheld(_, parsed) => parsed,
                Reading::Failed(error) => Err(error),
            };
            let reading = Reading::Withheld(EventStatus::Limited, parsed);
            match self.keep(arrival, payload, reading).await {
                Ok((_, recorded)) => Some((recorded.event, recorded.status)),
                Err(StoreError::NotFound(_)) => return unknown_webhook(),
                Err(error) => {
                    let windows = &mut arrival.webhook.windows();
                    windows.recorded_over_limit.give_back(arrival.elapsed);
                    return not_stored(&error);
                }
            }
        } else {
            self.count_not_kept(arrival).await;
            None
        };
        let error = self.limited(if event.is_some() {
            "No order was made; the owner can process the recorded alert from the event log. One strategy, \
             one webhook keeps strategies from limiting each other."
        } else {
            "No order was made, and so many came that this one is only counted. One strategy, one webhook \
             keeps strategies from limiting each other."
        });
        let answer = Answer::refused(StatusCode::TOO_MANY_REQUESTS, &error, event);
        (answer.retry_after(whole_seconds(wait)), Outcome::Limited)
    }

    /// Counts an alert over the limit of which nothing else is kept.
    async fn count_not_kept(&self, arrival: &Arrival) {
        static UNCOUNTED: Rarely = Rarely::new();
        let webhook = &arrival.webhook;
        let counting = self
            .recorder
            .count_not_kept(webhook.id.clone(), arrival.received_at);
        if let Err(error) = counting.await
            && let Some(unsaid) = UNCOUNTED.say()
        {
            tracing::warn!(webhook = %webhook.id, %error, unsaid, "an alert over the limit could not be counted");
        }
    }

    /// A broken message, with the right key, a wrong one, or none to be found.
    async fn malformed(
        &self,
        arrival: &Arrival,
        malformed: Malformed,
        verdict: Verdict,
    ) -> (Answer, Outcome) {
        let Malformed {
            error, recorded, ..
        } = malformed;
        let recorded = payload::redact(recorded, arrival.webhook.auth_key().reveal());
        match verdict {
            Verdict::Missing(_) => self.keyless(arrival, recorded, error).await,
            Verdict::Right => {
                let reading = Reading::Failed(error);
                self.authenticated(arrival, recorded, reading).await
            }
            Verdict::Wrong => self.reject(arrival, RejectionReason::WrongKey, None).await,
        }
    }

    /// A broken message that shows no key. It is recorded, so that the trader sees what
    /// came in, but only as often as strangers are listened to, and so many a day.
    async fn keyless(
        &self,
        arrival: &Arrival,
        recorded: Vec<u8>,
        error: PayloadError,
    ) -> (Answer, Outcome) {
        if let Err(wait) = self.admit_stranger(arrival) {
            return throttled(wait);
        }
        let of_the_day = arrival
            .webhook
            .windows()
            .keyless
            .admit(arrival.elapsed, KEYLESS_A_DAY);
        if of_the_day.is_ok() {
            let reading = Reading::Failed(error);
            let (answer, outcome) = self.record(arrival, recorded, reading).await;
            let outcome = match outcome {
                Outcome::Failed => Outcome::Keyless,
                outcome => outcome,
            };
            return (answer, outcome);
        }
        self.note_rejection(arrival, RejectionReason::MissingKey, None)
            .await;
        let status = answer::status_of(EventStatus::Failed, Some(&error));
        (Answer::refused(status, &error, None), Outcome::Unauthorized)
    }

    /// Counts a request without the right key, or says how long to wait.
    fn admit_stranger(&self, arrival: &Arrival) -> Result<(), Duration> {
        let windows = &mut arrival.webhook.windows();
        windows.unauthenticated.admit(arrival.elapsed, self.limit)
    }

    /// Turns a request away; `hint` is what to do about it, where that is known.
    async fn reject(
        &self,
        arrival: &Arrival,
        reason: RejectionReason,
        hint: Option<String>,
    ) -> (Answer, Outcome) {
        if let Err(wait) = self.admit_stranger(arrival) {
            return throttled(wait);
        }
        self.note_rejection(arrival, reason, None).await;
        if reason == RejectionReason::WrongSender {
            return wrong_sender();
        }
        let message = match reason {
            RejectionReason::MissingKey => "auth_key is missing",
            _ => "auth_key is not the key of this webhook",
        };
        let hint = hint.unwrap_or_else(|| {
            "Copy the alert message from the webhook's page again; after a key rotation every alert needs the new key.".to_owned()
        });
        let error = Refusal::new("unauthorized", message, hint);
        (
            Answer::refused(StatusCode::UNAUTHORIZED, &error, None),
            Outcome::Unauthorized,
        )
    }

    async fn note_rejection(&self, arrival: &Arrival, reason: RejectionReason, size: Option<u64>) {
        static UNNOTED: Rarely = Rarely::new();
        let rejection = Rejection {
            rejected_at: arrival.received_at,
            reason,
            source_address: arrival.sender.address,
            size,
        };
        let webhook = arrival.webhook.id.clone();
        if let Err(error) = self.recorder.reject(webhook, rejection).await
            && let Some(unsaid) = UNNOTED.say()
        {
            tracing::warn!(webhook = %arrival.webhook.id, %error, unsaid, "a rejected request could not be noted");
        }
    }

    /// Gives a delivery its identity and records it.
    async fn keep(
        &self,
        arrival: &Arrival,
        payload: Vec<u8>,
        reading: Reading,
    ) -> Result<(Arc<Delivery>, Recorded), StoreError> {
        let id = new_delivery(arrival.received_at)?;
        let delivery = Arc::new(delivery(id, arrival, payload, reading));
        let recorded = self.recorder.record(Arc::clone(&delivery)).await?;
        Ok((delivery, recorded))
    }

    async fn record(
        &self,
        arrival: &Arrival,
        payload: Vec<u8>,
        reading: Reading,
    ) -> (Answer, Outcome) {
        let (delivery, recorded) = match self.keep(arrival, payload, reading).await {
            Ok(kept) => kept,
            Err(StoreError::NotFound(_)) => return unknown_webhook(),
            Err(error) => return not_stored(&error),
        };
        match (&delivery.reading, &recorded.error) {
            (Reading::Signal(parsed) | Reading::Withheld(_, Ok(parsed)), None) => (
                Answer::accepted(&recorded, parsed, delivery.source),
                Outcome::of(recorded.status),
            ),
            (Reading::Failed(error) | Reading::Withheld(_, Err(error)), _) | (_, Some(error)) => {
                let status = answer::status_of(EventStatus::Failed, Some(error));
                (
                    Answer::refused(status, error, Some((recorded.event, recorded.status))),
                    Outcome::Failed,
                )
            }
        }
    }
}

/// True of a format whose messages can have an `auth_key` beside their own fields.
fn has_room_for_key(format: Format) -> bool {
    !matches!(format, Format::Text | Format::Alertatron)
}

/// An alert to be kept, and its request, without the key in any field:
/// some traders paste it into a comment, too.
fn without_key(alert: Alert, arrival: &Arrival) -> (Vec<u8>, Result<Box<Parsed>, PayloadError>) {
    let length = alert.recorded.len();
    let payload = payload::redact(alert.recorded, arrival.webhook.auth_key().reveal());
    let signal = if payload.len() == length {
        alert.signal
    } else {
        payload::read(&payload, arrival.rules).signal
    };
    (payload, signal)
}

fn delivery(id: DeliveryId, arrival: &Arrival, payload: Vec<u8>, reading: Reading) -> Delivery {
    Delivery {
        id,
        webhook: arrival.webhook.id.clone(),
        received_at: arrival.received_at,
        clock: Some(arrival.clock()),
        source: if arrival.sender.is_test {
            EventSource::Test
        } else {
            EventSource::Webhook
        },
        source_address: Some(arrival.sender.address),
        verified: arrival.verified,
        payload,
        reading,
        rules: arrival.rules,
        duplicate_window: arrival.webhook.duplicate_window,
        sized: None,
        via: arrival.sender.via.clone(),
        original: None,
    }
}
