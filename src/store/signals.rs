//! News of commits, for those who wait for them.
//!
//! Waiting for a commit costs nothing while none comes and is over a moment after it, where
//! looking again and again costs both. The writer tells of its own commits only; what other
//! processes commit has to be looked for.

use std::sync::Arc;

use tokio::sync::watch;

use crate::domain::event::EventId;

/// Announces commits; clones share one state.
#[derive(Debug, Clone)]
pub struct Signals(Arc<Senders>);

#[derive(Debug)]
struct Senders {
    /// The newest event.
    newest: watch::Sender<EventId>,
    /// Commits of the owner's acts so far: of what is no delivery.
    acts: watch::Sender<u64>,
    /// Commits so far that put something into the outbox.
    outbox: watch::Sender<u64>,
}

impl Default for Signals {
    fn default() -> Self {
        Self(Arc::new(Senders {
            newest: watch::Sender::new(EventId(0)),
            acts: watch::Sender::new(0),
            outbox: watch::Sender::new(0),
        }))
    }
}

impl Signals {
    /// The newest event that is on disk, as it changes.
    #[must_use]
    pub fn newest(&self) -> watch::Receiver<EventId> {
        self.0.newest.subscribe()
    }

    /// A count of the commits that brought something else than deliveries.
    #[must_use]
    pub fn acts(&self) -> watch::Receiver<u64> {
        self.0.acts.subscribe()
    }

    /// A count of the commits that put something into the outbox.
    #[must_use]
    pub fn outbox(&self) -> watch::Receiver<u64> {
        self.0.outbox.subscribe()
    }

    /// Tells of a newest event, where it is one.
    pub fn note_newest(&self, newest: EventId) {
        let note = |known: &mut EventId| {
            let is_newer = newest > *known;
            *known = newest.max(*known);
            is_newer
        };
        self.0.newest.send_if_modified(note);
    }
}

/// News of transactions, told once those who wait for their own answers have them.
#[derive(Debug, Default)]
pub(super) struct Untold {
    /// The newest event, where there is one.
    pub(super) newest: Option<EventId>,
    /// True if something else than deliveries was committed.
    pub(super) is_act: bool,
    /// True if something was put into the outbox.
    pub(super) has_outbox_rows: bool,
}

impl Untold {
    /// Adds what one more commit brought.
    pub(super) fn add(&mut self, commit: &Self) {
        self.newest = commit.newest.or(self.newest);
        self.is_act |= commit.is_act;
        self.has_outbox_rows |= commit.has_outbox_rows;
    }

    /// Tells of what was noted.
    pub(super) fn tell(&mut self, signals: &Signals) {
        let told = std::mem::take(self);
        if let Some(newest) = told.newest {
            signals.note_newest(newest);
        }
        let count = |of: &watch::Sender<u64>| of.send_modify(|count| *count += 1);
        if told.is_act {
            count(&signals.0.acts);
        }
        if told.has_outbox_rows {
            count(&signals.0.outbox);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_event_is_no_news() {
        let signals = Signals::default();
        let mut newest = signals.newest();
        signals.note_newest(EventId(7));
        assert!(newest.has_changed().unwrap());
        assert_eq!(*newest.borrow_and_update(), EventId(7));
        signals.note_newest(EventId(5));
        assert!(!newest.has_changed().unwrap());
    }

    #[test]
    fn what_is_noted_is_told_once() {
        let signals = Signals::default();
        let acts = signals.acts();
        let mut untold = Untold::default();
        untold.add(&Untold {
            newest: Some(EventId(3)),
            ..Untold::default()
        });
        untold.add(&Untold {
            is_act: true,
            ..Untold::default()
        });
        untold.tell(&signals);
        untold.tell(&signals);
        assert_eq!(*acts.borrow(), 1);
        assert_eq!(*signals.outbox().borrow(), 0);
        assert_eq!(*signals.newest().borrow(), EventId(3));
    }
}
