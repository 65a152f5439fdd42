//! Looks after the clock: tells the owner of a step of it, and dates anew what a clock dated that
//! was far ahead, so that an alert that has stopped does not look as if it had come lately.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, SignedDurationRound, Unit};

use crate::clock::{Clock, ClockReading, SystemClock};
use crate::domain::channel::Topic;
use crate::domain::notice::Notice;
use crate::journal::{arrivals, notices};
use crate::store::{Result, Store, WriteContext};
use crate::workers::Outcome;

/// Interval between two looks.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// A step that its owner is told of. A clock that is kept by NTP moves by less.
const TOLD: SignedDuration = SignedDuration::from_secs(10);

/// Looks for as long as it is polled.
pub async fn run(store: Arc<Store>, clock: SystemClock) -> Outcome {
    // This one stands still while the machine sleeps, which its owner should know of as well.
    let awake = Instant::now();
    let read = || ClockReading {
        wall: clock.now(),
        elapsed: awake.elapsed(),
    };
    let mut before = read();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = read();
        let told = tell_step(&store, before, now).await;
        if told.is_ok() {
            before = now;
        }
        if let Err(error) = told.and(look(&store, clock).await) {
            tracing::warn!(%error, "the times of alerts could not be compared with the clock");
        }
    }
}

async fn look(store: &Store, clock: SystemClock) -> Result<()> {
    let now = clock.now();
    let read = store.readers();
    let is_ahead = read.run(move |connection| arrivals::is_far_ahead(connection, now));
    if !is_ahead.await? {
        return Ok(());
    }
    let look_back =
        move |context: &mut WriteContext<'_>| arrivals::look_back(context, clock.read());
    store.writer().run(None, look_back).await
}

/// Tells of a step of the clock between two readings.
async fn tell_step(store: &Store, before: ClockReading, now: ClockReading) -> Result<()> {
    let by = step(before, now);
    if by.abs() < TOLD {
        return Ok(());
    }
    let notice = notice_of(by);
    let write = move |context: &mut WriteContext<'_>| {
        notices::tell(context, Topic::Server, None, &notice, now.wall)
    };
    store.writer().run_shared(None, write).await
}

/// The time by which the clock moved more than time passed.
fn step(before: ClockReading, now: ClockReading) -> SignedDuration {
    let passed = now.elapsed.saturating_sub(before.elapsed);
    let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
    now.wall.duration_since(before.wall).saturating_sub(passed)
}

fn notice_of(by: SignedDuration) -> Notice {
    let round = SignedDurationRound::new().smallest(Unit::Second);
    let length = by.abs().round(round).unwrap_or(by.abs());
    let (title, line) = if by.is_negative() {
        (
            format!("The clock of this machine was set back by {length:#}"),
            "Alerts are counted in the order of their arrival all the same.",
        )
    } else {
        (
            format!("The clock of this machine went forward by {length:#}"),
            "It was set, or the machine slept: alerts of that time did not arrive then.",
        )
    };
    Notice::Text {
        topic: Topic::Server,
        title,
        lines: vec![line.to_owned(), "Check the clock: timedatectl".to_owned()],
        is_fault: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(wall: i64, elapsed: u64) -> ClockReading {
        ClockReading {
            wall: jiff::Timestamp::from_second(1_800_000_000 + wall).unwrap(),
            elapsed: Duration::from_secs(elapsed),
        }
    }

    #[test]
    fn a_step_is_what_the_clock_moved_beyond_the_time_that_passed() {
        let of = |wall, elapsed: u64| step(reading(0, 100), reading(wall, 100 + elapsed)).as_secs();
        assert_eq!(of(60, 60), 0);
        assert_eq!(of(3660, 60), 3600);
        assert_eq!(of(-3540, 60), -3600);
    }

    #[test]
    fn a_notice_says_which_way_the_clock_went() {
        let title = |seconds| match notice_of(SignedDuration::from_secs(seconds)) {
            Notice::Text { title, .. } => title,
            Notice::Order { .. } => unreachable!(),
        };
        assert_eq!(title(-3600), "The clock of this machine was set back by 1h");
        assert_eq!(
            title(90),
            "The clock of this machine went forward by 1m 30s"
        );
    }
}
