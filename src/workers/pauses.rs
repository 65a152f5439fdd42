//! The pauses before a task that failed is run again.

use std::time::Duration;

/// Pause after a failure; each further one doubles it, up to the longest.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_mins(1);

/// A task that ran for so long counts as well again.
pub(super) const WELL_AFTER: Duration = Duration::from_mins(1);

/// The failures of a task in a row, as the pauses that follow from them.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    failures: u32,
}

impl Pauses {
    /// The pause after one more failure, of a task that ran for so long.
    pub(super) fn after(&mut self, ran: Duration) -> Duration {
        if ran >= WELL_AFTER {
            self.failures = 0;
        }
        let pause = FIRST.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        pause.min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_a_sound_run() {
        let mut pauses = Pauses::default();
        let short = Duration::ZERO;
        assert_eq!(pauses.after(short), FIRST);
        assert_eq!(pauses.after(short), FIRST * 2);
        assert_eq!(pauses.after(short), FIRST * 4);
        for _ in 0..40 {
            pauses.after(short);
        }
        assert_eq!(pauses.after(short), LONGEST);
        assert_eq!(pauses.after(WELL_AFTER), FIRST);
    }
}
