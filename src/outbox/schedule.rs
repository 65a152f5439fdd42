//! Times at which a row that was not taken is sent again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::consumer::Sent;
use crate::store::outbox::{OutboxRow, Outcome};

/// The pauses before one try after another, as Standard Webhooks recommends them: 27 hours in
/// all, which outlasts a night and a morning.
const PAUSES: [Duration; 8] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(10),
];

/// The longest pause that the other side can ask for.
const LONGEST_ASKED: Duration = Duration::from_hours(24);

/// The pauses before one try after another.
#[derive(Debug, Clone)]
pub struct Schedule {
    pauses: Vec<Duration>,
}

impl Default for Schedule {
    fn default() -> Self {
        Self::of(PAUSES.to_vec())
    }
}

impl Schedule {
    /// A schedule with other pauses.
    #[must_use]
    pub fn of(pauses: Vec<Duration>) -> Self {
        Self { pauses }
    }

    /// The next state of a row after a try that ended at `now`. `chance`, from 0 to 1, makes pauses
    /// up to a fifth longer, so that not all who wait come back at once.
    #[must_use]
    pub fn outcome(&self, row: &OutboxRow, sent: &Sent, now: Timestamp, chance: f64) -> Outcome {
        let asked = match sent {
            Sent::Taken(_) => return Outcome::Done,
            Sent::Refused(_) => return Outcome::Dead,
            Sent::Gone(_) => return Outcome::Gone,
            Sent::Ambiguous(_) if !row.repeatable => return Outcome::Unknown,
            Sent::Ambiguous(_) => None,
            Sent::NotTaken { retry_after, .. } => *retry_after,
        };
        let index = usize::try_from(row.failures).unwrap_or(usize::MAX);
        let Some(pause) = self.pauses.get(index) else {
            return Outcome::Dead;
        };
        let pause = pause.mul_f64(1.0 + chance.clamp(0.0, 1.0) / 5.0);
        let pause = pause.max(asked.unwrap_or_default().min(LONGEST_ASKED));
        let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
        match now.checked_add(pause) {
            Ok(again) if row.expires_at.is_none_or(|expires_at| again < expires_at) => {
                Outcome::Again(again)
            }
            // It would come too late.
            _ => Outcome::Dead,
        }
    }
}
