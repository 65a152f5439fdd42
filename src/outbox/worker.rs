//! The senders of all lanes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use super::consumer::{Consumers, Sent};
use super::schedule::Schedule;
use crate::clock::Clock;
use crate::secrets;
use crate::store::outbox::{self, Next, Note, OutboxRow};
use crate::store::{Result, Store, WriteContext};
use crate::workers::{Outcome, Stopping};

/// Lanes that are sent at once.
const MOST_LANES: usize = 32;

/// Time for one try, whatever its consumer does.
const LONGEST_TRY: Duration = Duration::from_secs(30);

/// Pause after the database failed.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// How often rows are looked for that are not kept any longer.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// Pause between two parts of that, so that alerts go first.
const FORGET_PAUSE: Duration = Duration::from_millis(20);

/// What sends rows.
pub struct Senders<C> {
    /// What is kept.
    pub store: Arc<Store>,
    /// The time of day.
    pub clock: C,
    /// Who sends which rows.
    pub consumers: Consumers,
    /// When what failed is sent again.
    pub schedule: Schedule,
    /// How often it is looked for what other processes put here or took away, and for what is
    /// due: the latest moment after which it is noticed.
    pub look_every: Duration,
    /// How long rows that were done with are kept.
    pub kept: SignedDuration,
}

/// Sends what waits until it is to stop; tries that are under way are finished then.
pub async fn run<C: Clock>(senders: Arc<Senders<C>>, mut stopping: Stopping) -> Outcome {
    let mut put = senders.store.signals().outbox();
    let now = senders.clock.now();
    let recover = move |context: &mut WriteContext<'_>| outbox::recover(context, now);
    if let Err(error) = senders.store.writer().run_shared(None, recover).await {
        return Outcome::Failed(format!(
            "what was being sent cannot be looked after: {error}"
        ));
    }
    let mut lanes = Lanes {
        senders: Arc::clone(&senders),
        stopping: stopping.clone(),
        running: JoinSet::new(),
        names: BTreeSet::new(),
    };
    let mut failed = None;
    let mut forget = tokio::time::interval(FORGET_EVERY);
    loop {
        put.borrow_and_update();
        let pause = match lanes.start().await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be read");
                senders.look_every
            }
        };
        tokio::select! {
            () = wait(&mut put, pause) => {}
            Some(ended) = lanes.ended() => {
                if let Err(error) = ended {
                    failed = Some(error.to_string());
                    break;
                }
            }
            _ = forget.tick() => senders.forget().await,
            () = stopping.wished() => break,
        }
    }
    // What is under way would have to be called unknown otherwise.
    while lanes.ended().await.is_some() {}
    failed.map_or(Outcome::Finished, Outcome::Failed)
}

/// Waits until something was put into the outbox, but not longer than a pause.
async fn wait(put: &mut watch::Receiver<u64>, pause: Duration) {
    // Nobody puts anything there any more where it is closed: the pause is waited for.
    if let Ok(Err(_)) = tokio::time::timeout(pause, put.changed()).await {
        tokio::time::sleep(pause).await;
    }
}

/// The lanes that are being sent.
struct Lanes<C> {
    senders: Arc<Senders<C>>,
    stopping: Stopping,
    running: JoinSet<String>,
    names: BTreeSet<String>,
}

impl<C: Clock> Lanes<C> {
    /// Starts the lanes that have something to do; returns the time until the next one has.
    async fn start(&mut self) -> Result<Duration> {
        let now = self.senders.clock.now();
        let read = self.senders.store.readers();
        let waiting = read
            .run(move |connection| outbox::due(connection, now))
            .await?;
        let mut pause = self.senders.look_every;
        for lane in waiting {
            if lane.due_at > now {
                let until = Duration::try_from(now.duration_until(lane.due_at));
                pause = pause.min(until.unwrap_or(pause));
            } else if self.names.len() < MOST_LANES && self.names.insert(lane.lane.clone()) {
                let (senders, stopping) = (Arc::clone(&self.senders), self.stopping.clone());
                self.running.spawn(async move {
                    senders.send_lane(&lane.lane, &stopping).await;
                    lane.lane
                });
            }
        }
        Ok(pause)
    }

    /// Waits for the next lane to end, and says whether in good order; none where no lane
    /// runs.
    async fn ended(&mut self) -> Option<std::result::Result<(), JoinError>> {
        let ended = self.running.join_next().await?;
        Some(ended.map(|lane| {
            self.names.remove(&lane);
        }))
    }
}

impl<C: Clock> Senders<C> {
    /// Sends the rows of a lane that are due, one after the other.
    async fn send_lane(&self, lane: &str, stopping: &Stopping) {
        while !stopping.is_wished() {
            match self.take(lane).await {
                Ok(Next::Row(row)) => {
                    let sent = self.try_once(&row).await;
                    self.note(&row, &sent, stopping).await;
                }
                Ok(Next::At(_) | Next::Nothing) => return,
                Err(error) => {
                    tracing::warn!(%error, lane, "a row of the outbox could not be taken");
                    return tokio::time::sleep(RETRY_PAUSE).await;
                }
            }
        }
    }

    async fn take(&self, lane: &str) -> Result<Next> {
        let (lane, now) = (lane.to_owned(), self.clock.now());
        let take = move |context: &mut WriteContext<'_>| outbox::next(context, &lane, now);
        self.store.writer().run_shared(None, take).await
    }

    async fn try_once(&self, row: &OutboxRow) -> Sent {
        let Some(consumer) = self.consumers.of(&row.kind) else {
            return Sent::Refused(format!("nothing here sends rows of the kind {}", row.kind));
        };
        // On a task of its own: where it panics, nothing else does.
        let row = row.clone();
        let mut trying = JoinSet::new();
        trying.spawn(async move { consumer.send(&row).await });
        match tokio::time::timeout(LONGEST_TRY, trying.join_next()).await {
            Ok(Some(Ok(sent))) => sent,
            Ok(_) => {
                tracing::error!("what sends rows of the outbox failed");
                Sent::Ambiguous("an internal error, see the log".to_owned())
            }
            Err(_) => Sent::Ambiguous(format!("no answer in {} seconds", LONGEST_TRY.as_secs())),
        }
    }

    /// Notes what came of a try, for as long as it takes: until then nothing else of the lane
    /// is sent.
    async fn note(&self, row: &OutboxRow, sent: &Sent, stopping: &Stopping) {
        let now = self.clock.now();
        let note = Note {
            row: row.id,
            outcome: self.schedule.outcome(row, sent, now, chance()),
            answer: sent.answer().to_owned(),
            at: now,
        };
        loop {
            let note = note.clone();
            let write = move |context: &mut WriteContext<'_>| outbox::note(context, &note);
            match self.store.writer().run_shared(None, write).await {
                Ok(()) => return,
                Err(error) if stopping.is_wished() => {
                    tracing::error!(%error, row = row.id.0, "a try could not be noted");
                    return;
                }
                Err(error) => tracing::warn!(%error, "a try could not be noted; it is tried again"),
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    /// Removes what was done with long ago.
    async fn forget(&self) {
        let before = self.clock.now() - self.kept;
        loop {
            let forget =
                move |context: &mut WriteContext<'_>| outbox::forget_settled(context, before);
            match self.store.writer().run(None, forget).await {
                Ok(true) => tokio::time::sleep(FORGET_PAUSE).await,
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "old rows of the outbox could not be removed");
                    return;
                }
            }
        }
    }
}

/// A number from 0 to 1.
fn chance() -> f64 {
    let mut byte = [0];
    // Without randomness there is no jitter, which is no reason to stop.
    let _ = secrets::random_bytes(&mut byte);
    f64::from(byte[0]) / 255.0
}
