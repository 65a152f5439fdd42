//! The queue for hashing passwords: one at a time and a short wait, for each takes 19 MiB and a
//! core for a while, and strangers may ask for it. Clients that logged in before have places of
//! their own in the queue, which no stranger fills.

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Refusal;

/// Strangers that may wait for their turn; one more is turned away.
const QUEUE: usize = 16;

/// Requests of those who logged in before that may wait for their turn.
const QUEUE_OF_KNOWN: usize = 8;

/// The right to hash a password.
pub struct Hashing {
    places: Arc<Semaphore>,
    places_of_known: Arc<Semaphore>,
    turn: Arc<Semaphore>,
    hashes: Counter,
}

/// One's turn to hash a password; over when dropped.
pub struct Turn {
    hashes: Counter,
    _permits: [OwnedSemaphorePermit; 2],
}

impl Hashing {
    /// Nobody waits yet; `hashes` counts what is hashed.
    #[must_use]
    pub fn new(hashes: Counter) -> Self {
        Self {
            places: Arc::new(Semaphore::new(QUEUE + 1)),
            places_of_known: Arc::new(Semaphore::new(QUEUE_OF_KNOWN + 1)),
            turn: Arc::new(Semaphore::new(1)),
            hashes,
        }
    }

    /// Waits for one's turn, first come, first served; `is_known` says that who asks logged
    /// in before.
    ///
    /// # Errors
    ///
    /// [`Refusal::Busy`] where too many wait already.
    pub async fn turn(&self, is_known: bool) -> Result<Turn, Refusal> {
        let places = if is_known {
            &self.places_of_known
        } else {
            &self.places
        };
        let place = Arc::clone(places).try_acquire_owned();
        let place = place.map_err(|_| Refusal::Busy)?;
        // Neither semaphore is ever closed.
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        Ok(Turn {
            hashes: self.hashes.clone(),
            _permits: [turn.map_err(|_| Refusal::Busy)?, place],
        })
    }
}

impl Turn {
    /// Runs slow work where it holds up no other request, to its end: one who hangs up
    /// meanwhile does not make room for the next.
    ///
    /// # Errors
    ///
    /// [`Refusal::Panicked`] where the work did, which the log tells.
    pub async fn hash<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(T, Self), Refusal> {
        self.hashes.inc();
        let done = tokio::task::spawn_blocking(move || (work(), self)).await;
        done.map_err(|error| {
            tracing::error!(%error, "a password was not hashed");
            Refusal::Panicked
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn one_who_hangs_up_keeps_the_turn_until_the_work_is_done() {
        let hashing = Hashing::new(Counter::default());
        let (go_on, waits) = mpsc::channel::<()>();
        let turn = hashing.turn(false).await.unwrap();
        // Polled once, so that the work begins, and dropped.
        tokio::select! {
            biased;
            _ = turn.hash(move || waits.recv()) => unreachable!("it waits"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(hashing.turn.available_permits(), 0);
        go_on.send(()).unwrap();
        hashing.turn(false).await.unwrap();
    }

    #[tokio::test]
    async fn one_more_than_may_wait_is_turned_away() {
        let hashing = Hashing::new(Counter::default());
        let first = hashing.turn(false).await.unwrap();
        let mut waiting: Vec<_> = (0..QUEUE).map(|_| Box::pin(hashing.turn(false))).collect();
        for turn in &mut waiting {
            tokio::select! {
                biased;
                _ = turn => unreachable!("it is not its turn"),
                () = std::future::ready(()) => {}
            }
        }
        let refused = hashing.turn(false).await.err();
        assert!(matches!(refused, Some(Refusal::Busy)));
        let mut known = Box::pin(hashing.turn(true));
        tokio::select! {
            biased;
            _ = &mut known => unreachable!("it is not its turn"),
            () = std::future::ready(()) => {}
        }
        drop(first);
        for turn in waiting {
            turn.await.unwrap();
        }
        known.await.unwrap();
    }
}
