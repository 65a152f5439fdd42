//! Logins while nothing can be written: on a full disk the owner has to get in to make room.
//!
//! Such a session is in memory only, for an hour at most, and ends with a change of the
//! password like any other. A code of the second factor that was used for one is good once,
//! too; recovery codes are not taken, since their use could not be noted.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Lifetime of a session that could not be written.
const EXPIRY: SignedDuration = SignedDuration::from_hours(1);

/// Sessions at once; another one ends the oldest.
const MOST: usize = 8;

/// Used codes that are remembered: more than can be tried while they are good.
const MOST_STEPS: usize = 64;

/// Logins that could not be written.
#[derive(Debug, Default)]
pub struct UnwrittenLogins(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Hashes of the sessions' secrets, with when they began, oldest first.
    sessions: Vec<(Vec<u8>, Timestamp)>,
    /// Time steps whose codes were used, oldest first.
    used_steps: Vec<i64>,
}

impl UnwrittenLogins {
    /// Begins a session.
    pub fn begin(&self, hash: Vec<u8>, now: Timestamp) {
        let mut state = self.state();
        if state.sessions.len() >= MOST {
            state.sessions.remove(0);
        }
        state.sessions.push((hash, now));
    }

    /// Start of a session; `None` if it is not here, or over.
    pub fn begun_at(&self, hash: &[u8], now: Timestamp) -> Option<Timestamp> {
        let mut state = self.state();
        state
            .sessions
            .retain(|(_, begun_at)| now.duration_since(*begun_at) < EXPIRY);
        let mut sessions = state.sessions.iter();
        let found = sessions.find(|(known, _)| known == hash);
        found.map(|(_, begun_at)| *begun_at)
    }

    /// Ends a session; false if it is not here.
    pub fn end(&self, hash: &[u8]) -> bool {
        let mut state = self.state();
        let before = state.sessions.len();
        state.sessions.retain(|(known, _)| known != hash);
        state.sessions.len() < before
    }

    /// True if the code of a time step, or a later one that was good at the same time, was
    /// used.
    pub fn is_used(&self, step: i64) -> bool {
        is_among(&self.state().used_steps, step)
    }

    /// Uses the code of a time step up; false where it was used.
    pub fn use_step(&self, step: i64) -> bool {
        let mut state = self.state();
        if is_among(&state.used_steps, step) {
            return false;
        }
        if state.used_steps.len() >= MOST_STEPS {
            state.used_steps.remove(0);
        }
        state.used_steps.push(step);
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A list and a number, whole whatever a thread did.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Codes of three steps are good at a time.
fn is_among(used: &[i64], step: i64) -> bool {
    used.iter().any(|used| (step..=step + 2).contains(used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_in_memory_ends_and_there_are_few_of_them() {
        let logins = UnwrittenLogins::default();
        let begin: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
        for number in 0..10_u8 {
            logins.begin(vec![number], begin);
        }
        assert_eq!(logins.begun_at(&[1], begin), None);
        assert_eq!(logins.begun_at(&[9], begin), Some(begin));
        assert!(logins.end(&[9]) && !logins.end(&[9]));
        assert_eq!(logins.begun_at(&[8], begin + EXPIRY), None);
    }

    #[test]
    fn a_code_is_good_once() {
        let logins = UnwrittenLogins::default();
        assert!(!logins.is_used(7));
        assert!(logins.use_step(7));
        assert!(logins.is_used(7) && logins.is_used(6) && !logins.use_step(7));
        assert!(logins.use_step(8) && !logins.is_used(9));
    }
}
