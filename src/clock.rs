//! Time, given at start so that tests can be exact.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::platform::since_boot;

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The time of day, which can be set while the program runs.
    pub wall: Timestamp,
    /// The time since some moment that never moves.
    pub elapsed: Duration,
}

/// A source of the time.
pub trait Clock: Send + Sync + 'static {
    /// Both clocks.
    fn read(&self) -> ClockReading {
        ClockReading {
            wall: self.now(),
            elapsed: self.elapsed(),
        }
    }

    /// The time of day, for what is recorded.
    fn now(&self) -> Timestamp;

    /// Time since some moment that never moves: for limits, which a corrected
    /// system clock must not disturb.
    fn elapsed(&self) -> Duration;
}

/// The machine's own clocks, or a made-up time of day that goes on from there: a demo
/// that shows the same moment at every start can be compared with itself.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
    /// The same moment by the clock that goes on while the machine sleeps, where there is one.
    booted: Option<Duration>,
    /// The time of day that it started with, where that is not the machine's.
    from: Option<Timestamp>,
}

impl SystemClock {
    /// A clock whose elapsed time starts now.
    #[must_use]
    pub fn start() -> Self {
        Self::from_time(None)
    }

    /// A clock that starts now and takes it to be `from`, where that is given.
    #[must_use]
    pub fn from_time(from: Option<Timestamp>) -> Self {
        Self {
            started: Instant::now(),
            booted: since_boot(),
            from,
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.from
            .and_then(|from| from.checked_add(self.elapsed()).ok())
            .unwrap_or_else(Timestamp::now)
    }

    fn elapsed(&self) -> Duration {
        let since_boot = since_boot().zip(self.booted);
        let with_sleep = since_boot.and_then(|(now, started)| now.checked_sub(started));
        let awake = self.started.elapsed();
        with_sleep.map_or(awake, |with_sleep| with_sleep.max(awake))
    }
}
