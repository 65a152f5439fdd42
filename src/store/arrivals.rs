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

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::Result;
use super::ledgers::LedgerKey;
use super::recent::FILLS_OF_ONE_BAR;
use super::sql::{parsed, timestamp, to_micros};
use super::writer::WriteContext;
use super::{events, ledgers};
use crate::clock::ClockReading;
use crate::domain::event::{EventId, Warning};
use crate::domain::order::SIGNAL_TIME_TOLERANCE;

/// Largest lag at which a clock is still waited for.
const WAITED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Longest time for which a clock is believed to have been ahead, on its own word.
const LONGEST_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// Below this the two clocks only run at different speeds.
const STEP: SignedDuration = SignedDuration::from_millis(50);

/// The code of the warning that the clock was set back.
pub(super) const CLOCK_SET_BACK: &str = "clock_set_back";

/// A difference that the owner is told of.
pub const NOTICEABLE: SignedDuration = SignedDuration::from_secs(1);

/// Arrivals that are moved down at most: nobody gets more while a clock is wrong for a while.
const MOST_MOVED: usize = 10_000;

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

/// When a delivery arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    /// As it is kept.
    pub(super) at: Timestamp,
    /// As the clocks showed it.
    pub(super) clock: ClockReading,
}

/// An earlier event, as the time since it is measured by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Earlier {
    pub(super) event: EventId,
    pub(super) received_at: Timestamp,
    /// The clock's reading, where that is another.
    pub(super) clock_at: Option<Timestamp>,
}

impl Earlier {
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
    /// True if an equal message after this time is one that was sent again. Where nobody knows
    /// it is: two fills of one bar would have to lie around a restart.
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
/// [`super::StoreError::Unavailable`] where nothing could be read or written.
pub(super) fn date(
    context: &mut WriteContext<'_>,
    clock: ClockReading,
    own: Option<Timestamp>,
) -> Result<Arrival> {
    let next = EventId(events::newest(context.connection)?.0 + 1);
    context.memory.arrivals.notice_step(clock, next);
    if context.memory.arrivals.newest.is_none() {
        context.memory.arrivals.newest = newest(context.connection)?;
    }
    if let Some(newest) = context.memory.arrivals.newest
        && let Some(ahead) = Ahead::of(context.connection, newest, clock, own)?
    {
        ahead.move_down(context)?;
    }
    let at = context.memory.arrivals.follow(clock);
    Ok(Arrival { at, clock })
}

/// Moves down what a clock dated that was far ahead, where nothing arrives that would have it
/// done: an alert that has stopped must not look as if it had come lately.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be read or written.
pub fn look_back(context: &mut WriteContext<'_>, clock: ClockReading) -> Result<()> {
    let newest = match context.memory.arrivals.newest {
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
/// [`super::StoreError`] where the database cannot be read.
pub fn is_far_ahead(connection: &Connection, now: Timestamp) -> Result<bool> {
    let newest = newest(connection)?;
    Ok(newest.is_some_and(|newest| newest.at.duration_since(now) > WAITED_FOR))
}

/// Events that the clock would have dated otherwise.
#[derive(Debug, Clone, Copy)]
pub struct OffClock {
    /// The count.
    pub count: i64,
    /// The newest of them.
    pub newest: EventId,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The reading of the clock.
    pub clock_at: Timestamp,
}

/// The events of `since` or later that the clock would have dated otherwise, where there are.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn off_clock(connection: &Connection, since: Timestamp) -> Result<Option<OffClock>> {
    let mut select = connection.prepare_cached(
        "SELECT count(*), max(id), received_at, clock_at FROM events INDEXED BY events_off_clock
         WHERE clock_at IS NOT NULL AND received_at >= ?1 AND abs(received_at - clock_at) >= ?2
         HAVING count(*) > 0",
    )?;
    let noticeable = i64::try_from(NOTICEABLE.as_micros()).unwrap_or(i64::MAX);
    let found = select.query_row([to_micros(since), noticeable], |row| {
        Ok(OffClock {
            count: row.get(0)?,
            newest: EventId(row.get(1)?),
            received_at: timestamp(row, 2)?,
            clock_at: timestamp(row, 3)?,
        })
    });
    Ok(found.optional()?)
}

/// Notes which arrival is the newest, so that it need not be looked for among a file's alerts.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
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

/// Arrivals that are dated later than now: the clock was ahead.
struct Ahead {
    first: EventId,
    now: Timestamp,
    newest: Newest,
    by: SignedDuration,
}

impl Ahead {
    /// The arrivals to move down; `None` where there are none, or where the clock is not to be
    /// believed now.
    fn of(
        connection: &Connection,
        newest: Newest,
        clock: ClockReading,
        own: Option<Timestamp>,
    ) -> Result<Option<Self>> {
        let now = clock.wall;
        let behind = newest.at.duration_since(now);
        let is_near = |time: Timestamp| {
            own.map(|own| own.duration_since(time).unsigned_abs() <= SIGNAL_TIME_TOLERANCE)
        };
        let longest = match (is_near(now), is_near(newest.at)) {
            _ if behind <= SignedDuration::ZERO => return Ok(None),
            (Some(true), Some(false)) if behind.unsigned_abs() > SIGNAL_TIME_TOLERANCE => {
                SignedDuration::MAX
            }
            (Some(false), Some(true)) => return Ok(None),
            _ if behind > WAITED_FOR => LONGEST_AHEAD,
            _ => return Ok(None),
        };
        let Some((first, begins, before)) = dated_after(connection, now)? else {
            return Ok(None);
        };
        let passed = newest
            .elapsed
            .map(|before| signed(clock.elapsed.saturating_sub(before)));
        let passed = passed.unwrap_or(SignedDuration::ZERO);
        let span = newest.at.duration_since(begins);
        if span > longest || span + passed > now.duration_since(before) {
            return Ok(None);
        }
        let least = behind + passed;
        // Whole seconds where there is room: alerts of one second stay alerts of one second.
        let whole = whole_seconds(least);
        let by = if begins - whole >= before {
            whole
        } else {
            least
        };
        Ok(Some(Self {
            first,
            now,
            newest,
            by,
        }))
    }

    fn move_down(self, context: &mut WriteContext<'_>) -> Result<()> {
        let Self {
            first,
            now,
            newest,
            by,
        } = self;
        tracing::warn!(from = %first, by = %format_args!("{by:#}"),
            "the clock was ahead: what it dated is moved to before now");
        let by_micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        let (first, after) = (first.0, to_micros(now));
        let connection = context.connection;
        let mut concerned = connection.prepare_cached(
            "SELECT DISTINCT k.webhook_id, k.instrument FROM orders o JOIN events e ON e.id = o.id
                 JOIN tickers k ON k.webhook_id = o.webhook_id AND k.ticker = o.ticker
             WHERE o.id >= ?1 AND o.received_at > ?2 AND e.source <> 'imported'",
        )?;
        let concerned = concerned.query_map([first, after], |row| {
            Ok(LedgerKey::of_alerts(row.get(0)?, parsed(row, 1)?))
        })?;
        let concerned: Vec<_> = concerned.collect::<rusqlite::Result<_>>()?;
        let tolerance = i64::try_from(SIGNAL_TIME_TOLERANCE.as_micros()).unwrap_or(i64::MAX);
        connection.execute(
            "UPDATE orders SET received_at = received_at - ?3, signal_delay = signal_delay - ?3,
                 paired_at = CASE WHEN paired_at <= ?2 THEN paired_at WHEN abs(signal_time - (received_at - ?3)) <= ?4 THEN signal_time
                     ELSE received_at - ?3 END
             WHERE id >= ?1 AND received_at > ?2
                 AND id IN (SELECT id FROM events WHERE id >= ?1 AND source <> 'imported')",
            params![first, after, by_micros, tolerance],
        )?;
        connection.execute(
            "UPDATE events SET clock_at = coalesce(clock_at, received_at), received_at = received_at - ?3
             WHERE id >= ?1 AND received_at > ?2 AND source <> 'imported'",
            params![first, after, by_micros],
        )?;
        for key in concerned {
            ledgers::pair_later(context, &key)?;
        }
        context.memory.recent.forget();
        context.memory.arrivals.newest = Some(Newest {
            at: newest.at - by,
            ..newest
        });
        Ok(())
    }
}

/// The first arrival of those that are dated after `now`, its time, and that of the arrival
/// before it; `None` where there are none, too many, or where `now` is before all times.
fn dated_after(
    connection: &Connection,
    now: Timestamp,
) -> Result<Option<(EventId, Timestamp, Timestamp)>> {
    if to_micros(now) < EARLIEST {
        return Ok(None);
    }
    let mut select = connection.prepare_cached(&format!(
        "SELECT id, received_at FROM events WHERE {ARRIVED} ORDER BY id DESC"
    ))?;
    let mut rows = select.query([])?;
    let mut first = None;
    let mut before = Timestamp::from_microsecond(EARLIEST).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut counted = 0;
    while let Some(row) = rows.next()? {
        let at = timestamp(row, 1)?;
        if at <= now {
            before = at;
            break;
        }
        first = Some((EventId(row.get(0)?), at));
        counted += 1;
        if counted > MOST_MOVED {
            return Ok(None);
        }
    }
    Ok(first.map(|(first, begins)| (first, begins, before)))
}

/// A time in whole seconds, rounded up.
fn whole_seconds(time: SignedDuration) -> SignedDuration {
    let seconds = SignedDuration::from_secs(time.as_secs());
    if seconds < time {
        seconds + SignedDuration::from_secs(1)
    } else {
        seconds
    }
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
