//! Times of arrival that follow the sequence of arrival, whatever the machine's clock does.
//!
//! A clock is set back: by a second where it ran ahead, by an hour on a Raspberry Pi, which
//! starts with the time that it saved last. Orders are paired by time, so an exit that is
//! dated before its entry would close nothing. What arrives later therefore never gets an
//! earlier time than what arrived before it. The clock's own reading is kept beside it.
//!
//! There are two ways to keep the sequence. Where the clock is less than an hour behind, the
//! later one is moved up; from there time passes at half its speed until the clock has caught
//! up. Where it is further behind, one of the two readings is nonsense, and a year's arrivals
//! must not be dated by it: if all that lies ahead of the clock is of one day, and fits between
//! the last arrival before it and now, then the clock was ahead, and what it dated is moved
//! down. A message with a time of its own tells which one is right.
//!
//! How much time has passed since an earlier arrival is measured by the monotonic clock
//! within one run of the program, by the time of day only across runs.

mod ahead;

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use super::Remembered;
use crate::clock::ClockReading;
use crate::domain::event::{EventId, Warning};
use crate::store::WriteContext;
use crate::store::error::Result;
use crate::store::events::{self, Earlier, NOTICEABLE};
use crate::store::sql::{timestamp, to_micros};
use ahead::Ahead;

/// Two equal alerts closer together than this are two fills of one bar.
pub(super) const FILLS_OF_ONE_BAR: SignedDuration = SignedDuration::from_secs(3);

/// Largest lag at which a clock is still waited for.
const WAITED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Below this the two clocks only run at different speeds.
const STEP: SignedDuration = SignedDuration::from_millis(50);

/// The code of the warning that the clock was set back.
pub(super) const CLOCK_SET_BACK: &str = "clock_set_back";

/// Steps that are remembered; older ones are added up.
const MOST_STEPS: usize = 256;

/// No clock was right that showed an earlier time: 2026-01-01.
const EARLIEST: i64 = 1_767_225_600_000_000;

/// The sources of events that have arrived: the others have the time of another one, or one
/// from a file.
const ARRIVED: &str = "source IN ('webhook', 'test', 'adjustment')";

/// The writer's view of the clock and of the newest arrival.
#[derive(Debug, Default)]
pub struct Arrivals {
    newest: Option<Newest>,
    run: Option<Run>,
    steps: VecDeque<Step>,
}

/// The newest arrival.
#[derive(Debug, Clone, Copy)]
struct Newest {
    at: Timestamp,
    /// By the monotonic clock; not known of an earlier run.
    elapsed: Option<Duration>,
}

/// This run of the program.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// The first event of it.
    first: EventId,
    began: Duration,
    /// The reading that steps of the clock are measured against.
    anchor: ClockReading,
}

/// A step of the time of day.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// The first event after it.
    first: EventId,
    noticed: Duration,
    by: SignedDuration,
}

/// Arrival time of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    /// As it is kept.
    pub(super) at: Timestamp,
    /// As the clocks showed it.
    pub(super) clock: ClockReading,
}

impl Earlier {
    /// True if it was dated otherwise than the clock showed.
    fn is_off_clock(&self) -> bool {
        self.clock_at
            .is_some_and(|clock| is_apart(self.received_at, clock))
    }
}

/// The time since an earlier event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Age {
    pub(super) length: SignedDuration,
    /// True if it was measured; else it is at least that, for the clock was set back.
    pub(super) is_measured: bool,
}

impl Age {
    /// True if an equal message after this time is a resend. An unmeasured age counts as one: two
    /// fills of one bar would have to straddle a restart.
    pub(super) fn is_resend_within(self, window: SignedDuration) -> bool {
        self.length <= window && (self.length >= FILLS_OF_ONE_BAR || !self.is_measured)
    }
}

impl Arrival {
    /// One that has the time of another event, or one from a file.
    pub(super) fn at(time: Timestamp) -> Self {
        let clock = ClockReading {
            wall: time,
            elapsed: Duration::ZERO,
        };
        Self { at: time, clock }
    }

    fn is_off_clock(&self) -> bool {
        is_apart(self.at, self.clock.wall)
    }

    /// The warning about the clock.
    pub(super) fn warning(&self) -> Option<Warning> {
        let apart = self.at.duration_since(self.clock.wall);
        (apart >= NOTICEABLE).then(|| {
            Warning::new(
                CLOCK_SET_BACK,
                format!(
                    "this machine's clock said {:.0}, which is before the alert that arrived last: the clock was set \
                     back. The sequence of arrival counts, so this one is dated {:.0}; check the clock: timedatectl",
                    self.clock.wall, self.at
                ),
            )
        })
    }
}

impl Arrivals {
    /// The age of an event's recording.
    pub(super) fn age(&self, earlier: &Earlier, now: &Arrival) -> Age {
        if self.run.is_none_or(|run| earlier.event < run.first) {
            // It is at least as old as this run.
            let began = self.run.map_or(now.clock.elapsed, |run| run.began);
            let of_run = signed(now.clock.elapsed.saturating_sub(began));
            return Age {
                length: now.at.duration_since(earlier.received_at).max(of_run),
                is_measured: !now.is_off_clock() && !earlier.is_off_clock(),
            };
        }
        let at = earlier.clock_at.unwrap_or(earlier.received_at);
        let after = self.steps.iter().rev();
        let after = after.take_while(|step| step.first > earlier.event);
        let stepped = after.fold(SignedDuration::ZERO, |sum, step| sum + step.by);
        let length = now.clock.wall.duration_since(at) - stepped;
        Age {
            length: length.max(SignedDuration::ZERO),
            is_measured: true,
        }
    }

    /// The earliest time that an event of the last `length` can have.
    pub(super) fn since(&self, now: &Arrival, length: SignedDuration) -> Timestamp {
        let reach = length.unsigned_abs();
        let recent = self.steps.iter().filter(|step| {
            let ago = now.clock.elapsed.saturating_sub(step.noticed);
            ago <= reach && step.by > SignedDuration::ZERO
        });
        let ahead = recent.fold(SignedDuration::ZERO, |sum, step| sum + step.by);
        let earliest = now.at.min(now.clock.wall);
        let since = earliest.checked_sub(length.saturating_add(ahead));
        since.unwrap_or(Timestamp::MIN)
    }

    /// Compares the time of day with the monotonic clock.
    fn notice_step(&mut self, clock: ClockReading, next: EventId) {
        let Some(run) = &mut self.run else {
            self.run = Some(Run {
                first: next,
                began: clock.elapsed,
                anchor: clock,
            });
            return;
        };
        let passed = signed(clock.elapsed) - signed(run.anchor.elapsed);
        let by = clock.wall.duration_since(run.anchor.wall) - passed;
        if by.abs() < STEP {
            return;
        }
        run.anchor = clock;
        if by.abs() >= NOTICEABLE {
            tracing::warn!(by = %format_args!("{by:#}"), "the clock of this machine was set");
        }
        self.steps.push_back(Step {
            first: next,
            noticed: clock.elapsed,
            by,
        });
        if self.steps.len() > MOST_STEPS
            && let Some(oldest) = self.steps.pop_front()
            && let Some(next) = self.steps.front_mut()
        {
            next.by += oldest.by;
        }
    }

    /// The time of an arrival after the newest one, which it becomes.
    fn follow(&mut self, clock: ClockReading) -> Timestamp {
        let Some(newest) = self.newest else {
            self.newest = Some(Newest {
                at: clock.wall,
                elapsed: Some(clock.elapsed),
            });
            return clock.wall;
        };
        if let Some(before) = newest.elapsed
            && clock.elapsed < before
        {
            // It arrived before the newest one and was recorded after it. The two clocks are
            // not read at one instant, so a little less than the time passed is no step.
            let earliest = newest.at - before.saturating_sub(clock.elapsed);
            if is_apart(earliest, clock.wall) {
                return clock.wall.clamp(earliest, newest.at);
            }
            return clock.wall.min(newest.at);
        }
        let at = if clock.wall >= newest.at {
            clock.wall
        } else {
            let passed = newest
                .elapsed
                .map(|before| clock.elapsed.saturating_sub(before));
            let half = passed.unwrap_or_default() / 2;
            let moved = newest.at.checked_add(half.max(Duration::from_micros(1)));
            moved.unwrap_or(newest.at)
        };
        self.newest = Some(Newest {
            at,
            elapsed: Some(clock.elapsed),
        });
        at
    }
}

/// Dates a delivery that arrived at `clock` with a message of the time `own`.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be read or written.
pub(super) fn date(
    context: &mut WriteContext<'_>,
    clock: ClockReading,
    own: Option<Timestamp>,
) -> Result<Arrival> {
    let next = EventId(events::newest(context.connection)?.0 + 1);
    Remembered::of(context).arrivals.notice_step(clock, next);
    if Remembered::of(context).arrivals.newest.is_none() {
        Remembered::of(context).arrivals.newest = newest(context.connection)?;
    }
    if let Some(newest) = Remembered::of(context).arrivals.newest
        && let Some(ahead) = Ahead::of(context.connection, newest, clock, own)?
    {
        ahead.move_down(context)?;
    }
    let at = Remembered::of(context).arrivals.follow(clock);
    Ok(Arrival { at, clock })
}

/// Redates arrivals recorded while the clock was far ahead. Runs between alerts too, because
/// after a strategy stops no new arrival triggers it.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be read or written.
pub fn look_back(context: &mut WriteContext<'_>, clock: ClockReading) -> Result<()> {
    let newest = match Remembered::of(context).arrivals.newest {
        Some(newest) => Some(newest),
        None => newest(context.connection)?,
    };
    if let Some(newest) = newest
        && let Some(ahead) = Ahead::of(context.connection, newest, clock, None)?
    {
        ahead.move_down(context)?;
    }
    Ok(())
}

/// True if the newest arrival is dated so far ahead that [`look_back`] has to decide.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn is_far_ahead(connection: &Connection, now: Timestamp) -> Result<bool> {
    let newest = newest(connection)?;
    Ok(newest.is_some_and(|newest| newest.at.duration_since(now) > WAITED_FOR))
}

/// Notes which arrival is the newest, so that it need not be looked for among a file's alerts.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub(super) fn note_before_imported(connection: &Connection) -> Result<()> {
    let at = newest(connection)?.map(|newest| to_micros(newest.at));
    connection.execute(
        "INSERT INTO arrivals (id, last_event, newest) VALUES (1, (SELECT max(id) FROM events), ?1)
         ON CONFLICT (id) DO UPDATE SET last_event = excluded.last_event, newest = excluded.newest",
        [at],
    )?;
    Ok(())
}

fn newest(connection: &Connection) -> Result<Option<Newest>> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT received_at FROM events
         WHERE id > coalesce((SELECT last_event FROM arrivals), 0) AND {ARRIVED} ORDER BY id DESC LIMIT 1"
    ))?;
    let read = |row: &rusqlite::Row<'_>| timestamp(row, 0);
    let mut found = select.query_row([], read).optional()?;
    if found.is_none() {
        let noted = "SELECT newest FROM arrivals WHERE newest IS NOT NULL";
        found = connection
            .prepare_cached(noted)?
            .query_row([], read)
            .optional()?;
    }
    Ok(found.map(|at| Newest { at, elapsed: None }))
}

/// True if a time differs from the clock's by more than two readings of it do.
fn is_apart(time: Timestamp, clock: Timestamp) -> bool {
    time.duration_since(clock).abs() >= STEP
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(micros: i64) -> ClockReading {
        ClockReading {
            wall: Timestamp::from_microsecond(EARLIEST + micros).unwrap(),
            elapsed: Duration::from_micros(u64::try_from(micros).unwrap()),
        }
    }

    /// Two alerts at once, the later of which is recorded first, after a crash.
    fn swapped(earlier: ClockReading, later: ClockReading) -> (Arrivals, Arrival) {
        let mut arrivals = Arrivals::default();
        arrivals.notice_step(later, EventId(2));
        arrivals.follow(later);
        let at = arrivals.follow(earlier);
        (arrivals, Arrival { at, clock: earlier })
    }

    #[test]
    fn alerts_of_one_moment_that_are_recorded_the_other_way_round_are_on_the_clock() {
        let later = reading(1_000_015);
        // Its time of day was read a little earlier than its monotonic clock.
        let skewed = ClockReading {
            elapsed: Duration::from_micros(1_000_010),
            ..reading(1_000_003)
        };
        let (arrivals, arrival) = swapped(skewed, later);
        assert_eq!(arrival.at, skewed.wall);
        let before_the_crash = Earlier {
            event: EventId(1),
            received_at: reading(940_000).wall,
            clock_at: None,
        };
        let age = arrivals.age(&before_the_crash, &arrival);
        assert!(age.is_measured, "{age:?}");
        assert!(!age.is_resend_within(SignedDuration::from_secs(60)));
    }

    #[test]
    fn nobody_knows_the_age_of_what_was_dated_by_a_clock_that_was_set_back() {
        let later = reading(5_000_000);
        let set_back = ClockReading {
            elapsed: Duration::from_micros(4_999_990),
            ..reading(2_000_000)
        };
        let (arrivals, arrival) = swapped(set_back, later);
        assert_eq!(arrival.at, reading(4_999_990).wall);
        let before_the_crash = Earlier {
            event: EventId(1),
            received_at: reading(4_900_000).wall,
            clock_at: None,
        };
        let age = arrivals.age(&before_the_crash, &arrival);
        assert!(!age.is_measured);
        assert!(age.is_resend_within(SignedDuration::from_secs(60)));
    }
}
