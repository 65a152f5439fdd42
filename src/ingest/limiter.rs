//! The limit of each webhook: an exact sliding window, in memory.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

use nonzero_ext::nonzero;

/// The time that a limit counts in, where nothing else is said.
pub const WINDOW: Duration = Duration::from_mins(1);

/// Requests that are admitted in any window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit(pub NonZeroU32);

impl Default for RateLimit {
    fn default() -> Self {
        Self(nonzero!(30_u32))
    }
}

/// The admission times of the last window: never more than the limit of them.
#[derive(Debug)]
pub struct SlidingWindow {
    length: Duration,
    admitted: VecDeque<Duration>,
}

impl Default for SlidingWindow {
    fn default() -> Self {
        Self::of(WINDOW)
    }
}

impl SlidingWindow {
    /// A window of this length.
    #[must_use]
    pub fn of(length: Duration) -> Self {
        let admitted = VecDeque::new();
        Self { length, admitted }
    }

    /// Admits a request at `now`, or says how long to wait.
    ///
    /// `now` is the time since a fixed moment and must not run backwards.
    /// Refused requests leave no trace.
    ///
    /// # Errors
    ///
    /// The time after which a request would be admitted.
    pub fn admit(&mut self, now: Duration, limit: RateLimit) -> Result<(), Duration> {
        while let Some(oldest) = self.admitted.front()
            && now.saturating_sub(*oldest) >= self.length
        {
            self.admitted.pop_front();
        }
        match self.admitted.front() {
            Some(oldest) if self.admitted.len() >= limit.0.get() as usize => {
                Err(self.length.saturating_sub(now.saturating_sub(*oldest)))
            }
            _ => {
                self.admitted.push_back(now);
                Ok(())
            }
        }
    }

    /// Takes the admission at `admitted` back, of a request that came to nothing.
    pub fn give_back(&mut self, admitted: Duration) {
        if let Some(index) = self.admitted.iter().rposition(|time| *time == admitted) {
            self.admitted.remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The oracle: looks at every admission there ever was.
    fn fits(admitted: &[Duration], now: Duration, limit: RateLimit) -> bool {
        let in_window = admitted
            .iter()
            .filter(|time| now.saturating_sub(**time) < WINDOW)
            .count();
        in_window < limit.0.get() as usize
    }

    proptest! {
        #[test]
        fn a_request_is_admitted_exactly_when_the_window_has_room(
            gaps in prop::collection::vec(prop_oneof![0_u64..3_000, 0_u64..70_000, Just(60_000), Just(59_999)], 1..300),
            limit in 1_u32..40,
        ) {
            let limit = RateLimit(NonZeroU32::new(limit).unwrap());
            let mut window = SlidingWindow::default();
            let mut admitted = Vec::new();
            let mut now = Duration::ZERO;
            for gap in gaps {
                now += Duration::from_millis(gap);
                let answer = window.admit(now, limit);
                prop_assert_eq!(answer.is_ok(), fits(&admitted, now, limit));
                match answer {
                    Ok(()) => admitted.push(now),
                    Err(wait) => {
                        prop_assert!(!fits(&admitted, (now + wait).saturating_sub(Duration::from_nanos(1)), limit));
                        prop_assert!(fits(&admitted, now + wait, limit));
                    }
                }
            }
            for (index, first) in admitted.iter().enumerate() {
                let in_window = admitted[index..].iter().filter(|time| time.saturating_sub(*first) < WINDOW).count();
                prop_assert!(in_window <= limit.0.get() as usize);
            }
        }
    }

    #[test]
    fn a_full_window_does_not_let_twice_the_limit_through_at_its_edge() {
        let limit = RateLimit::default();
        let mut window = SlidingWindow::default();
        let late = Duration::from_secs(59);
        assert!((0..30).all(|_| window.admit(late, limit).is_ok()));
        assert_eq!(
            window.admit(Duration::from_secs(61), limit),
            Err(Duration::from_secs(58))
        );
    }
}
