//! The senders of all lanes.
//!
//! One task sends a lane, so its rows keep their order. Lanes are capped, because each has a
//! connection open. Those whose last row was not taken are capped lower: a receiver that hangs
//! holds its place for up to half a minute, and a few dozen of them must not hold up the rest.
//!
//! A try runs on a task of its own, so that a panic in a consumer is one ambiguous answer and not
//! the end of all senders. It is noted before the next row of its lane is taken, however long that
//! takes, for a row whose fate is lost may be sent twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use super::consumer::{Consumers, Sent};
use super::schedule::Schedule;
use crate::clock::{Clock, ClockReading};
use crate::secrets;
use crate::store::outbox::{self, Next, Note, OutboxRow, Outcome};
use crate::store::{Result, Store, WriteContext};
use crate::workers::{self, Stopping};

/// Lanes that are sent at once: each has one connection open.
const MOST_LANES: usize = 256;

/// Those among them whose last row was not taken. Receivers that hang are known by then, and
/// leave the rest of the room to the others.
const MOST_SUSPECTS: usize = 64;

/// Time that tries under way have when the server stops. Alerts are refused meanwhile, and
/// TradingView does not send those again.
const LAST_ANSWERS: Duration = Duration::from_millis(100);

/// Time for one try, whatever its consumer does.
const LONGEST_TRY: Duration = Duration::from_secs(30);

/// Pause after the database failed.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Pause between looks for rows that are not kept any longer.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// Pause between two parts of that, so that alerts go first.
const FORGET_PAUSE: Duration = Duration::from_millis(20);

/// Sends the rows of the outbox.
pub struct Senders<C> {
    /// The database.
    pub store: Arc<Store>,
    /// The time of day.
    pub clock: C,
    /// The sender of each kind of row.
    pub consumers: Consumers,
    /// Times of further tries.
    pub schedule: Schedule,
    /// Longest pause between looks for due rows, and for what other processes put here or took
    /// away.
    pub look_every: Duration,
    /// Time for which rows that were done with are kept.
    pub kept: SignedDuration,
}

/// Sends what waits until it is to stop; tries that are under way have a moment then.
pub async fn run<C: Clock>(senders: Arc<Senders<C>>, mut stopping: Stopping) -> workers::Outcome {
    let mut put = senders.store.signals().outbox();
    let now = senders.clock.read();
    let recover = move |context: &mut WriteContext<'_>| {
        outbox::follow_clock(context, None, now)?;
        outbox::recover(context.connection, now.wall)
    };
    if let Err(error) = senders.store.writer().run_shared(None, recover).await {
        return workers::Outcome::Failed(format!(
            "what was being sent cannot be looked after: {error}"
        ));
    }
    let mut lanes = Lanes {
        senders: Arc::clone(&senders),
        stopping: stopping.clone(),
        running: JoinSet::new(),
        names: BTreeMap::new(),
        suspects: BTreeSet::new(),
        reading: now,
    };
    let mut failed = None;
    let mut forget = tokio::time::interval(FORGET_EVERY);
    // Ends with this function, wherever it is.
    let mut forgetting = JoinSet::new();
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
            _ = forget.tick() => {
                let senders = Arc::clone(&senders);
                forgetting.shutdown().await;
                forgetting.spawn(async move { senders.forget().await });
            }
            () = stopping.wished() => break,
        }
    }
    // Each notes what becomes of its row, for nobody would know otherwise.
    while lanes.ended().await.is_some() {}
    failed.map_or(workers::Outcome::Finished, workers::Outcome::Failed)
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
    /// The lanes, and whether the last row of each was taken.
    running: JoinSet<(String, bool)>,
    /// The lanes that run, and whether each was suspect when it began.
    names: BTreeMap<String, bool>,
    /// The lanes whose last row was not taken.
    suspects: BTreeSet<String>,
    /// The clock at the last look.
    reading: ClockReading,
}

impl<C: Clock> Lanes<C> {
    /// Starts the lanes that have something to do; returns the time until the next one has.
    async fn start(&mut self) -> Result<Duration> {
        let reading = self.senders.clock.read();
        let before = std::mem::replace(&mut self.reading, reading);
        if let Some(step) = outbox::step(before, reading) {
            tracing::warn!(%step, "the clock was set: what waits in the outbox keeps its pauses and its age");
            let follow = move |context: &mut WriteContext<'_>| {
                outbox::follow_clock(context, Some(before), reading)
            };
            self.senders.store.writer().run_shared(None, follow).await?;
        }
        let now = reading.wall;
        let read = self.senders.store.readers();
        let waiting = read
            .run(move |connection| outbox::due(connection, now))
            .await?;
        let mut pause = self.senders.look_every;
        for lane in waiting {
            if lane.due_at > now {
                let until = Duration::try_from(now.duration_until(lane.due_at));
                pause = pause.min(until.unwrap_or(pause));
            } else if !self.names.contains_key(&lane.lane) && self.has_room(&lane.lane) {
                self.begin(lane.lane);
            }
        }
        Ok(pause)
    }

    /// True if one more lane may be sent.
    fn has_room(&self, lane: &str) -> bool {
        let suspects = self.names.values().filter(|is_suspect| **is_suspect);
        let is_crowded = self.suspects.contains(lane) && suspects.count() >= MOST_SUSPECTS;
        self.names.len() < MOST_LANES && !is_crowded
    }

    fn begin(&mut self, lane: String) {
        let (senders, mut stopping) = (Arc::clone(&self.senders), self.stopping.clone());
        let is_suspect = self.suspects.contains(&lane);
        self.names.insert(lane.clone(), is_suspect);
        self.running.spawn(async move {
            let was_taken = senders.send_lane(&lane, &mut stopping).await;
            (lane, was_taken)
        });
    }

    /// Waits for the next lane to end, and says whether in good order; none where no lane
    /// runs.
    async fn ended(&mut self) -> Option<std::result::Result<(), JoinError>> {
        let ended = self.running.join_next().await?;
        Some(ended.map(|(lane, was_taken)| {
            self.names.remove(&lane);
            if was_taken {
                self.suspects.remove(&lane);
            } else {
                self.suspects.insert(lane);
            }
        }))
    }
}

impl<C: Clock> Senders<C> {
    /// Sends the rows of a lane that are due, one after the other, until one is not taken;
    /// returns whether none was.
    async fn send_lane(&self, lane: &str, stopping: &mut Stopping) -> bool {
        while !stopping.is_wished() {
            match self.take(lane).await {
                Ok(Next::Row(row)) => {
                    let began = self.clock.read();
                    let tried = self.try_until_stopped(&row, stopping).await;
                    let was_taken = matches!(tried, Some(Sent::Taken(_)));
                    self.note(&row, tried, began, stopping).await;
                    if !was_taken {
                        return false;
                    }
                }
                Ok(Next::At(_) | Next::Nothing) => return true,
                Err(error) => {
                    tracing::warn!(%error, lane, "a row of the outbox could not be taken");
                    tokio::time::sleep(RETRY_PAUSE).await;
                    return true;
                }
            }
        }
        true
    }

    /// Tries to send a row; none where the server stops before it is known what came of it.
    async fn try_until_stopped(&self, row: &OutboxRow, stopping: &mut Stopping) -> Option<Sent> {
        let cut_off = async {
            stopping.wished().await;
            tokio::time::sleep(LAST_ANSWERS).await;
        };
        tokio::select! {
            sent = self.try_once(row) => Some(sent),
            () = cut_off => None,
        }
    }

    async fn take(&self, lane: &str) -> Result<Next> {
        let (lane, now) = (lane.to_owned(), self.clock.read());
        let take = move |context: &mut WriteContext<'_>| {
            outbox::follow_clock(context, None, now)?;
            outbox::next(context.connection, &lane, now.wall)
        };
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
    /// is sent. Of one that was cut off nobody knows.
    async fn note(
        &self,
        row: &OutboxRow,
        sent: Option<Sent>,
        began: ClockReading,
        stopping: &Stopping,
    ) {
        let read = self.clock.read();
        // By the clock that the row's times are of, whatever it was set to meanwhile.
        let step = outbox::step(began, read).unwrap_or_default();
        let steady = read.wall.checked_sub(step).unwrap_or(read.wall);
        let outcome = match &sent {
            Some(sent) => self.schedule.outcome(row, sent, steady, chance()),
            None if row.repeatable => Outcome::Again(steady),
            None => Outcome::Unknown,
        };
        let outcome = match outcome {
            Outcome::Again(at) => Outcome::Again(at.checked_add(step).unwrap_or(at)),
            outcome => outcome,
        };
        let answer = sent.map_or_else(|| outbox::CUT_OFF.to_owned(), Sent::into_answer);
        let note = Note {
            row: row.id,
            outcome,
            answer,
            at: read.wall,
        };
        loop {
            let note = note.clone();
            let write = move |context: &mut WriteContext<'_>| {
                outbox::follow_clock(context, Some(began), read)?;
                outbox::note(context.connection, &note)
            };
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
            let forget = move |context: &mut WriteContext<'_>| {
                outbox::forget_settled(context.connection, before)
            };
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
