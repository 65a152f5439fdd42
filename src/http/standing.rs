//! The standing of a connection: a stranger's, until it shows a right key or a login.
//!
//! Strangers are the first to go: when there is no place left, when they stay too long,
//! and when the server stops. An alert that is there whole is in hand until it is answered,
//! and nobody goes meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The standing of one connection.
#[derive(Debug, Default)]
pub struct Standing {
    is_proven: AtomicBool,
    is_evicted: AtomicBool,
    evicted: Notify,
    in_hand: Arc<InHand>,
}

impl Standing {
    /// Notes that a right key or a login was shown.
    pub fn prove(&self) {
        self.is_proven.store(true, Ordering::Release);
    }

    /// True until a right key or a login is shown.
    #[must_use]
    pub fn is_stranger(&self) -> bool {
        !self.is_proven.load(Ordering::Acquire)
    }

    /// Ends the connection of a stranger, unless it has an alert in hand; says whether it does.
    pub fn evict(&self) -> bool {
        let may_go = self.is_stranger() && self.in_hand.is_empty();
        if may_go {
            self.is_evicted.store(true, Ordering::Release);
            self.evicted.notify_one();
        }
        may_go
    }

    /// True once the connection had to go.
    #[must_use]
    pub fn is_evicted(&self) -> bool {
        self.is_evicted.load(Ordering::Acquire)
    }

    /// Ends when the connection has to go.
    pub async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// The alerts of this connection that are there whole and not answered yet.
    #[must_use]
    pub fn in_hand(&self) -> &Arc<InHand> {
        &self.in_hand
    }
}

/// A count of alerts that are there whole and not answered yet.
#[derive(Debug, Default)]
pub struct InHand {
    count: AtomicUsize,
    emptied: Notify,
}

/// One alert in hand, until it is dropped.
#[derive(Debug)]
pub struct Held(Arc<InHand>);

impl InHand {
    /// Counts one more.
    #[must_use]
    pub fn hold(self: &Arc<Self>) -> Held {
        self.count.fetch_add(1, Ordering::SeqCst);
        Held(Arc::clone(self))
    }

    /// True if nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count.load(Ordering::SeqCst) == 0
    }

    /// Ends once nothing is held.
    pub async fn emptied(&self) {
        loop {
            // Made before the look, so that no change between the two is missed.
            let emptied = self.emptied.notified();
            if self.is_empty() {
                return;
            }
            emptied.await;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stranger_goes_but_not_with_an_alert_in_hand_nor_after_a_right_key() {
        let standing = Standing::default();
        let held = standing.in_hand().hold();
        assert!(!standing.evict() && !standing.is_evicted());
        drop(held);
        standing.in_hand().emptied().await;
        assert!(standing.evict() && standing.is_evicted());
        standing.evicted().await;

        let proven = Standing::default();
        proven.prove();
        assert!(!proven.evict());
    }
}
