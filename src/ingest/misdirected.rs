//! Addresses that are no webhook's, or not quite, and the trace that requests to them leave.
//!
//! TradingView does not send an alert again that was answered 404, so an address that can only
//! mean one webhook is taken, and of every other one its owner is told. Strangers send there as
//! well: there are as many notes a minute as a webhook takes of them, and beyond those a sum
//! that the next note writes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::limiter::{RateLimit, SlidingWindow};
use super::receive::Ingest;
use super::recorder::Recorder;
use crate::clock::Clock;
use crate::domain::webhook::WebhookId;
use crate::logging::Rarely;
use crate::store::misdirected::{Misdirected, Misdirection};

/// Addresses whose notes wait at once; the others are added up.
const MOST_WAITING: usize = 20;

/// Notes that were not written yet.
#[derive(Debug, Default)]
pub struct Misdirections {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    window: SlidingWindow,
    notes: HashMap<(Misdirection, String), Misdirected>,
}

impl Misdirections {
    /// Takes a note, and returns what is to be written now.
    pub fn add(&self, note: Misdirected, now: Duration) -> Vec<Misdirected> {
        let mut waiting = self.waiting();
        waiting.add(note);
        if waiting.window.admit(now, RateLimit::default()).is_err() {
            return Vec::new();
        }
        waiting.take()
    }

    /// Takes the notes that wait to be written.
    pub fn take(&self) -> Vec<Misdirected> {
        self.waiting().take()
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // A note is whole whatever another thread did.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add(&mut self, mut note: Misdirected) {
        let key = (note.kind, note.address.clone());
        let is_full = self.notes.len() >= MOST_WAITING;
        if is_full && note.webhook.is_none() && !self.notes.contains_key(&key) {
            note.address.clear();
        }
        let key = (note.kind, note.address.clone());
        match self.notes.get_mut(&key) {
            Some(known) => {
                known.count += note.count;
                known.last_at = known.last_at.max(note.last_at);
                known.source_address = note.source_address;
            }
            None => {
                self.notes.insert(key, note);
            }
        }
    }

    fn take(&mut self) -> Vec<Misdirected> {
        self.notes.drain().map(|(_, note)| note).collect()
    }
}

impl<R: Recorder, C: Clock> Ingest<R, C> {
    /// The id of the webhook that an address means: this one, or the only one that is the
    /// same but for case.
    pub fn find(&self, id: &str) -> Option<WebhookId> {
        self.registry.find(id).map(|webhook| webhook.id.clone())
    }

    /// The same of a webhook that another process may have made a moment ago. Strangers ask
    /// for what is not there as well, so it is looked for only so often.
    pub async fn find_new(&self, id: &str) -> Option<WebhookId> {
        id.parse::<WebhookId>().ok()?;
        let now = self.clock.elapsed();
        let admitted = {
            let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
            looks.admit(now, RateLimit::default())
        };
        admitted.ok()?;
        self.recorder.look_again(&self.registry).await.ok()?;
        self.find(id)
    }

    /// Notes a request to an address that is no webhook's, or not quite, so that its owner
    /// can be told: TradingView does not send it again. `id` is what the address names, and
    /// `shown` all of it without the secret part.
    pub async fn note_misdirected(
        &self,
        kind: Misdirection,
        id: &str,
        shown: String,
        source_address: IpAddr,
    ) {
        log_misdirected(kind, &shown);
        let noted = Misdirected {
            kind,
            address: shown,
            webhook: self
                .registry
                .resembling(id)
                .map(|webhook| webhook.id.clone()),
            count: 1,
            last_at: self.clock.now(),
            source_address,
        };
        let due = self.misdirections.add(noted, self.clock.elapsed());
        self.write_misdirected(due).await;
    }

    /// Writes what is noted of misdirected requests and was not written yet.
    pub async fn write_noted(&self) {
        let waiting = self.misdirections.take();
        self.write_misdirected(waiting).await;
    }

    async fn write_misdirected(&self, noted: Vec<Misdirected>) {
        static UNNOTED: Rarely = Rarely::new();
        if !noted.is_empty()
            && let Err(error) = self.recorder.note_misdirected(noted).await
            && let Some(unsaid) = UNNOTED.say()
        {
            tracing::warn!(%error, unsaid, "requests to unknown addresses could not be noted");
        }
    }
}

/// Says once a minute what alerts come to addresses that are wrong: strangers send there, too.
fn log_misdirected(kind: Misdirection, address: &str) {
    static UNKNOWN: Rarely = Rarely::new();
    static CORRECTED: Rarely = Rarely::new();
    static UNENCRYPTED: Rarely = Rarely::new();
    match kind {
        Misdirection::Unknown => {
            if let Some(unsaid) = UNKNOWN.say() {
                tracing::warn!(
                    address,
                    unsaid,
                    "a request to an unknown address was answered 404"
                );
            }
        }
        Misdirection::Corrected => {
            if let Some(unsaid) = CORRECTED.say() {
                tracing::warn!(
                    address,
                    unsaid,
                    "this address is unknown as it stands, but can only mean one webhook: the request was taken"
                );
            }
        }
        Misdirection::Unencrypted => {
            if let Some(unsaid) = UNENCRYPTED.say() {
                tracing::warn!(address, unsaid, "an alert over plain HTTP was answered 403");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_flood_is_written_in_few_notes_and_counted_whole() {
        let misdirections = Misdirections::default();
        let (mut written, mut count) = (0, 0);
        let mut seen = |notes: Vec<Misdirected>| {
            written += usize::from(!notes.is_empty());
            count += notes.iter().map(|note| note.count).sum::<i64>();
            assert!(notes.len() <= MOST_WAITING + 1);
        };
        for number in 0..10_000 {
            let note = Misdirected {
                kind: Misdirection::Unknown,
                address: format!("/hooks/{number}"),
                webhook: None,
                count: 1,
                last_at: Timestamp::UNIX_EPOCH,
                source_address: IpAddr::from([203, 0, 113, 9]),
            };
            seen(misdirections.add(note, Duration::from_secs(1)));
        }
        seen(misdirections.take());
        assert_eq!((written, count), (31, 10_000));
    }
}
