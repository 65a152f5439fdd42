//! Lifetimes of sessions.

use jiff::{SignedDuration, Timestamp};

use crate::store::sessions::GoodSince;

/// Days after which a session ends in any case.
pub const DAYS: i64 = 30;

/// A session ends this long after its last request.
const IDLE_EXPIRY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A session ends this long after it began.
const ABSOLUTE_EXPIRY: SignedDuration = SignedDuration::from_hours(DAYS * 24);

/// The oldest beginning and the oldest use that a session is still good with at `now`.
#[must_use]
pub fn good_since(now: Timestamp) -> GoodSince {
    GoodSince {
        created_at: now - ABSOLUTE_EXPIRY,
        last_seen_at: now - IDLE_EXPIRY,
    }
}
