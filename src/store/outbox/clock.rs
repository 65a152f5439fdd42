//! Keeping the pauses and ages of rows true while the machine's clock is set.
//!
//! Rows are timed by the time of day, which outlives a restart. A clock that is set while the
//! server runs would send an order long after its time, or call it dead at once. So the times of
//! what waits are moved with it.

use jiff::SignedDuration;
use rusqlite::params;

use crate::clock::ClockReading;
use crate::store::error::Result;
use crate::store::sql::to_micros;
use crate::store::writer::WriteContext;

/// Least difference of two clocks that does not come from reading one after the other.
const STEP: i64 = 1_000_000;

/// The longest pause of a row that was never tried; one that waits longer waits for a time of day.
const FIRST_PAUSE: i64 = 60_000_000;

/// The microseconds by which the time of day is ahead of the time that passed.
pub(in crate::store) fn offset(reading: ClockReading) -> i64 {
    let elapsed = i64::try_from(reading.elapsed.as_micros()).unwrap_or(i64::MAX);
    to_micros(reading.wall).saturating_sub(elapsed)
}

/// By how much the clock was set between two readings; none where it was not.
#[must_use]
pub fn step(before: ClockReading, now: ClockReading) -> Option<SignedDuration> {
    let moved = offset(now).saturating_sub(offset(before));
    (moved.abs() >= STEP).then(|| SignedDuration::from_micros(moved))
}

/// Moves the times of what waits where the clock was set since the last reading that the writer
/// remembers, else since `before`.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn follow_clock(
    context: &mut WriteContext<'_>,
    before: Option<ClockReading>,
    now: ClockReading,
) -> Result<()> {
    let known = context.memory.outbox_clock.or(before.map(offset));
    let (known, is) = (known.unwrap_or_else(|| offset(now)), offset(now));
    let moved = is.saturating_sub(known);
    if moved.abs() < STEP {
        context.memory.outbox_clock = Some(known);
        return Ok(());
    }
    // What was put here after the clock was set forward has its times of the new one already.
    let latest = to_micros(now.wall).saturating_sub(moved.max(0) / 2);
    let latest = if moved > 0 { latest } else { i64::MAX };
    let mut update = context.connection.prepare_cached(
        "UPDATE outbox SET put_at = put_at + ?1, expires_at = expires_at + ?1,
             due_at = due_at + iif(failures > 0 OR due_at - put_at <= ?2, ?1, 0)
         WHERE state IN ('waiting', 'sending') AND put_at <= ?3",
    )?;
    update.execute(params![moved, FIRST_PAUSE, latest])?;
    context.memory.outbox_clock = Some(is);
    Ok(())
}
