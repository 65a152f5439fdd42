//! Dates arrivals earlier that were recorded while the clock was ahead.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::{ARRIVED, EARLIEST, Newest, WAITED_FOR, signed};
use crate::clock::ClockReading;
use crate::domain::event::EventId;
use crate::domain::order::SIGNAL_TIME_TOLERANCE;
use crate::journal::{Remembered, ledgers};
use crate::store::ledger_key::LedgerKey;
use crate::store::sql::{parsed, timestamp, to_micros};
use crate::store::{Result, WriteContext};

/// Longest time for which a clock is believed to have been ahead, on its own word.
const LONGEST_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// Most arrivals that are dated earlier: nobody gets more while a clock is wrong for a while.
const MOST_MOVED: usize = 10_000;

/// Arrivals that are dated later than now: the clock was ahead.
pub(super) struct Ahead {
    first: EventId,
    now: Timestamp,
    newest: Newest,
    by: SignedDuration,
}

impl Ahead {
    /// The arrivals to date earlier; `None` without any, or while the clock cannot be believed.
    pub(super) fn of(
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

    pub(super) fn move_down(self, context: &mut WriteContext<'_>) -> Result<()> {
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
        Remembered::of(context).recent.forget();
        Remembered::of(context).arrivals.newest = Some(Newest {
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
