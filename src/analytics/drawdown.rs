//! The falls of equity from its peak and the rises from its trough, from one
//! closed trade to the next.

use super::number::{float, seconds};

/// Follows equity, one point at a time, in units of money.
#[derive(Debug, Default)]
pub(super) struct Drawdown {
    peak: i128,
    /// The last time equity stood at the peak, in microseconds.
    peak_time: i64,
    /// Lowest equity since the peak.
    low: i128,
    trough: i128,
    /// Highest equity since the trough.
    high: i128,
    last_time: i64,
    falls: Extremes,
}

/// The extremes that a [`Drawdown`] has found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extremes {
    /// Largest fall from a peak, in units.
    pub fall: i128,
    /// Largest fall in percent of its peak, over peaks above zero.
    pub fall_percent: f64,
    /// Longest time from a peak to its recovery, in seconds; a fall that has not
    /// been recovered counts to the last point.
    pub longest: f64,
    /// Largest rise from a trough, in units.
    pub rise: i128,
    /// Largest rise in percent of its trough, over troughs above zero.
    pub rise_percent: f64,
}

impl Drawdown {
    /// Starts with the initial capital at the time of the first entry, in microseconds.
    pub(super) fn starting(time: i64, capital: i128) -> Self {
        Self {
            peak: capital,
            peak_time: time,
            low: capital,
            trough: capital,
            high: capital,
            last_time: time,
            falls: Extremes::default(),
        }
    }

    /// The next point: equity after a trade that closed at `time`, in microseconds.
    pub(super) fn add(&mut self, time: i64, equity: i128) {
        let falls = &mut self.falls;
        if equity >= self.peak {
            if self.low < self.peak {
                falls.longest = falls.longest.max(seconds_between(self.peak_time, time));
            }
            (self.peak, self.peak_time, self.low) = (equity, time, equity);
        } else if equity < self.low {
            self.low = equity;
            falls.fall = falls.fall.max(self.peak - equity);
            falls.fall_percent = falls
                .fall_percent
                .max(change(self.peak, self.peak - equity));
        }
        if equity <= self.trough {
            (self.trough, self.high) = (equity, equity);
        } else if equity > self.high {
            self.high = equity;
            falls.rise = falls.rise.max(equity - self.trough);
            falls.rise_percent = falls
                .rise_percent
                .max(change(self.trough, equity - self.trough));
        }
        self.last_time = time;
    }

    /// The extremes up to the last point.
    pub(super) fn finish(self) -> Extremes {
        let mut falls = self.falls;
        if self.low < self.peak {
            let until_now = seconds_between(self.peak_time, self.last_time);
            falls.longest = falls.longest.max(until_now);
        }
        falls
    }
}

/// A change in percent of what it started from; 0 where that is not above zero.
fn change(from: i128, by: i128) -> f64 {
    if from > 0 {
        100.0 * float(by) / float(from)
    } else {
        0.0
    }
}

fn seconds_between(from: i64, to: i64) -> f64 {
    seconds(i128::from(to) - i128::from(from))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000;

    fn extremes(points: &[i128]) -> Extremes {
        let mut drawdown = Drawdown::starting(0, points[0]);
        for (second, equity) in (1..).zip(&points[1..]) {
            drawdown.add(second * SECOND, *equity);
        }
        drawdown.finish()
    }

    /// Compares floats bit for bit: both sides do the same arithmetic.
    fn bits(extremes: Extremes) -> (i128, u64, i128, u64) {
        let Extremes {
            fall,
            fall_percent,
            rise,
            rise_percent,
            ..
        } = extremes;
        (fall, fall_percent.to_bits(), rise, rise_percent.to_bits())
    }

    #[test]
    fn the_largest_fall_in_percent_need_not_be_the_largest_in_money() {
        let found = extremes(&[100, 50, 1000, 900, 1100]);
        assert_eq!(
            bits(found),
            (100, 50_f64.to_bits(), 1050, 2100_f64.to_bits())
        );
    }

    #[test]
    fn a_fall_lasts_from_the_last_moment_at_the_peak_to_its_recovery() {
        // At the peak until second 2, recovered at second 5.
        assert_eq!(
            extremes(&[10, 20, 20, 15, 18, 20]).longest.to_bits(),
            3_f64.to_bits()
        );
        // Not recovered: to the last point.
        assert_eq!(
            extremes(&[10, 9, 9, 9, 9]).longest.to_bits(),
            4_f64.to_bits()
        );
        assert_eq!(extremes(&[10, 10, 11]).longest.to_bits(), 0_f64.to_bits());
    }

    #[test]
    fn an_account_that_is_gone_falls_by_more_than_all_of_it() {
        let found = extremes(&[100, -50, 10]);
        // From a trough below zero no rise in percent is defined.
        assert_eq!(bits(found), (150, 150_f64.to_bits(), 60, 0_f64.to_bits()));
    }

    proptest! {
        #[test]
        fn falls_and_rises_are_the_largest_over_all_pairs(
            points in prop::collection::vec(1_i128..1000, 1..40),
        ) {
            let pairs = || {
                points.iter().enumerate().flat_map(|(index, from)| {
                    points[index..].iter().map(move |to| (*from, *to))
                })
            };
            let fall = pairs().map(|(from, to)| from - to).max();
            let rise = pairs().map(|(from, to)| to - from).max();
            let found = extremes(&points);
            prop_assert_eq!(Some(found.fall), fall);
            prop_assert_eq!(Some(found.rise), rise);
            let percent = pairs().map(|(from, to)| change(from, from - to)).fold(0.0, f64::max);
            prop_assert_eq!(found.fall_percent.to_bits(), percent.to_bits());
        }
    }
}
