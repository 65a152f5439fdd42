//! Time, given at start so that tests can be exact.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Where the ingestion gets its time from.
pub trait Clock: Send + Sync + 'static {
    /// The time of day, for what is recorded.
    fn now(&self) -> Timestamp;

    /// Time since some moment that never moves: for limits, which a corrected
    /// system clock must not disturb.
    fn elapsed(&self) -> Duration;
}

/// The machine's own clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose elapsed time starts now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
