//! States of the background tasks, for those who ask.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::pauses::WELL_AFTER;

/// Failures in a row after which the owner is told: one alone is over before he looks.
const TOLD_AFTER: u32 = 3;

/// State of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It runs.
    Running,
    /// It failed, for this reason, and is run again soon.
    Failing(String),
    /// It has ended and is not run again.
    Ended,
}

/// One task.
#[derive(Debug)]
pub(super) struct Status {
    name: &'static str,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    state: State,
    since: Instant,
    failures_in_a_row: u32,
    /// Reason of the last failure.
    why: String,
}

impl Now {
    /// True if it has run for so long that what failed before is over.
    fn is_well(&self) -> bool {
        self.state == State::Running && self.since.elapsed() >= WELL_AFTER
    }
}

impl Status {
    pub(super) fn set(&self, state: State) {
        let mut now = self.now();
        if now.is_well() {
            now.failures_in_a_row = 0;
        }
        if let State::Failing(why) = &state {
            now.failures_in_a_row += 1;
            now.why.clone_from(why);
        }
        now.state = state;
        now.since = Instant::now();
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        // Plain values, which go together whatever a thread did.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state of every task; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Board(Arc<Mutex<Vec<Arc<Status>>>>);

impl Board {
    pub(super) fn add(&self, name: &'static str) -> Arc<Status> {
        let status = Arc::new(Status {
            name,
            now: Mutex::new(Now {
                state: State::Running,
                since: Instant::now(),
                failures_in_a_row: 0,
                why: String::new(),
            }),
        });
        self.all().push(Arc::clone(&status));
        status
    }

    /// The tasks that keep failing, in sentences for the owner.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let all = self.all();
        let faults = all.iter().filter_map(|status| {
            let now = status.now();
            (now.failures_in_a_row >= TOLD_AFTER && !now.is_well()).then(|| {
                let (name, why) = (status.name, &now.why);
                format!("The background task \"{name}\" keeps failing and is tried again: {why}.")
            })
        });
        faults.collect()
    }

    /// The tasks that have not ended.
    #[must_use]
    pub fn unfinished(&self) -> Vec<&'static str> {
        let all = self.all();
        let unfinished = all
            .iter()
            .filter(|status| status.now().state != State::Ended);
        unfinished.map(|status| status.name).collect()
    }

    fn all(&self) -> MutexGuard<'_, Vec<Arc<Status>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
