//! Returns of equity over consecutive days, business days or months.
//!
//! Only periods in which a trade closed are kept. In all others equity stands
//! still and the return is exactly 0, so a count of them is enough, and a report
//! over ten years of few trades costs what the trades cost.

use super::exact::Scale;
use super::number::{count, index_below};
use super::statistics::{has_spread, mean, quantile};

/// Equity at the end of a local day on which a trade closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DayClose {
    /// Days since 1970-01-01.
    pub day: i64,
    /// Equity in units.
    pub equity: i128,
}

/// The day closes of some trades and the days they span.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days<'closes> {
    /// In order, one a day.
    pub closes: &'closes [DayClose],
    /// The capital at the beginning, in units; above zero.
    pub capital: i128,
    /// The local day of the earliest entry.
    pub first: i64,
    /// The local day of the last exit.
    pub last: i64,
    /// The scale of the units.
    pub scale: Scale,
}

/// The share of the periods that is a tail.
const TAIL: f64 = 0.05;

/// The ends of some returns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tails {
    /// The 5 % quantile.
    pub low: f64,
    /// The 95 % quantile.
    pub high: f64,
    /// The mean of the returns up to the 5 % quantile.
    pub worst: f64,
}

/// One period in which equity changed, and the idle ones after it.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Equity at its end over equity at its start, less 1.
    change: f64,
    /// Equity at its end.
    equity: f64,
    /// Number of periods that equity stays so, this one included.
    periods: usize,
}

/// Returns over every period from the first entry's to the last exit's.
#[derive(Debug)]
pub(super) struct Returns {
    capital: f64,
    steps: Vec<Step>,
    /// Periods before the first in which a trade closed.
    lead: usize,
}

impl Returns {
    /// The returns over the periods that `period_of` numbers days by; the first
    /// one is measured against the initial capital.
    ///
    /// `None` where equity at the end of a period is not above zero: an account
    /// that is gone has no returns.
    pub(super) fn over(days: Days<'_>, period_of: impl Fn(i64) -> i64) -> Option<Self> {
        let capital = days.scale.float(days.capital);
        let (first, last) = (period_of(days.first), period_of(days.last));
        let length = |from: i64, to: i64| usize::try_from(to - from).unwrap_or(0);
        let mut steps: Vec<Step> = Vec::new();
        let (mut lead, mut before) = (0, capital);
        let mut closes = days
            .closes
            .iter()
            .map(|close| (period_of(close.day), close.equity))
            .peekable();
        while let Some((period, equity)) = closes.next() {
            let next = closes.peek().map(|(next, _)| *next);
            if next == Some(period) {
                continue;
            }
            let equity = days.scale.float(equity);
            if equity <= 0.0 {
                return None;
            }
            if steps.is_empty() {
                lead = length(first, period);
            }
            steps.push(Step {
                change: equity / before - 1.0,
                equity,
                periods: length(period, next.unwrap_or(last + 1)),
            });
            before = equity;
        }
        Some(Self {
            capital,
            steps,
            lead,
        })
    }

    /// Number of periods.
    pub(super) fn count(&self) -> usize {
        self.lead + self.steps.iter().map(|step| step.periods).sum::<usize>()
    }

    /// Number of those that have a return of 0 because no trade closed.
    pub(super) fn idle(&self) -> usize {
        self.count() - self.steps.len()
    }

    /// Returns of the periods in which a trade closed.
    pub(super) fn changes(&self) -> impl Iterator<Item = f64> + Clone {
        self.steps.iter().map(|step| step.change)
    }

    /// The mean over all periods; NaN of none.
    pub(super) fn mean(&self) -> f64 {
        self.changes().sum::<f64>() / count(self.count())
    }

    /// The sum of what `term` makes of each return.
    fn sum(&self, term: impl Fn(f64) -> f64) -> f64 {
        self.changes().map(&term).sum::<f64>() + count(self.idle()) * term(0.0)
    }

    /// The sample standard deviation (n - 1); `None` where fewer than two
    /// returns, or none that differ, leave nothing to divide by.
    pub(super) fn deviation(&self) -> Option<f64> {
        self.has_spread().then(|| self.plain_deviation())
    }

    /// The standard deviation of the population (n); `None` as [`Self::deviation`].
    pub(super) fn population_deviation(&self) -> Option<f64> {
        let all = count(self.count());
        self.has_spread()
            .then(|| self.plain_deviation() * ((all - 1.0) / all).sqrt())
    }

    fn has_spread(&self) -> bool {
        let idle = if self.idle() > 0 { Some(0.0) } else { None };
        let all = || self.changes().chain(idle);
        let lowest = all().fold(f64::INFINITY, f64::min);
        let highest = all().fold(f64::NEG_INFINITY, f64::max);
        self.count() >= 2 && has_spread(lowest, highest)
    }

    /// The sample standard deviation where it may be zero; NaN for one return.
    pub(super) fn plain_deviation(&self) -> f64 {
        let mean = self.mean();
        (self.sum(|change| (change - mean).powi(2)) / (count(self.count()) - 1.0)).sqrt()
    }

    /// The root of the mean square of what lies below `target`.
    pub(super) fn downside(&self, target: f64) -> f64 {
        (self.sum(|change| (change - target).min(0.0).powi(2)) / count(self.count())).sqrt()
    }

    /// The lowest and the highest of them; `None` of no returns.
    pub(super) fn tails(&self) -> Option<Tails> {
        let mut sorted: Vec<f64> = self.changes().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let below_zero = sorted.partition_point(|change| *change < 0.0);
        let idle = self.idle();
        let at = |index: usize| match index {
            index if index < below_zero => sorted[index],
            index if index < below_zero + idle => 0.0,
            index => sorted[index - idle],
        };
        let number = self.count();
        let worst = index_below(TAIL * count(number.checked_sub(1)?)) + 1;
        Some(Tails {
            low: quantile(TAIL, number, at)?,
            high: quantile(1.0 - TAIL, number, at)?,
            worst: mean((0..worst).map(at))?,
        })
    }

    /// Every return in the order of time, idle periods too; `None` of more than `most`.
    pub(super) fn in_order(&self, most: usize) -> Option<Vec<f64>> {
        if self.count() > most {
            return None;
        }
        let mut all = vec![0.0; self.lead];
        for step in &self.steps {
            all.push(step.change);
            all.resize(all.len() + step.periods - 1, 0.0);
        }
        Some(all)
    }

    /// The sum of squares of the falls from the running peak, as fractions of it,
    /// over all periods.
    pub(super) fn squared_falls(&self) -> f64 {
        let mut peak = self.capital;
        let squares = self.steps.iter().map(|step| {
            peak = peak.max(step.equity);
            (step.equity / peak - 1.0).powi(2) * count(step.periods)
        });
        squares.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::local_time::business_day_of;
    use super::*;
    use crate::domain::money::Decimal;

    fn close(day: i64, equity: i128) -> DayClose {
        DayClose { day, equity }
    }

    fn days(closes: &[DayClose], first: i64, last: i64) -> Days<'_> {
        Days {
            closes,
            capital: 100,
            first,
            last,
            scale: Scale::fitting([Decimal::ZERO].into_iter()),
        }
    }

    #[test]
    fn idle_days_count_as_returns_of_zero() {
        let closes = [close(2, 110), close(5, 99)];
        let returns = Returns::over(days(&closes, 0, 6), |day| day).unwrap();
        let all = returns.in_order(100).unwrap();
        let expected = [0.0, 0.0, 0.1, 0.0, 0.0, -0.1, 0.0];
        for (found, expected) in all.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{all:?}");
        }
        assert_eq!(returns.count(), 7);
        let (_, deviation) = super::super::statistics::mean_and_deviation(all.into_iter()).unwrap();
        assert!((returns.deviation().unwrap() - deviation).abs() < 1e-15);
    }

    #[test]
    fn the_last_close_of_a_period_is_its_end() {
        // Friday 2 January 1970, Saturday, Monday: the weekend counts for Monday.
        let closes = [close(1, 110), close(2, 500), close(4, 121)];
        let returns = Returns::over(days(&closes, 1, 4), business_day_of).unwrap();
        let all = returns.in_order(100).unwrap();
        assert_eq!(all.len(), 2);
        assert!((all[1] - 0.1).abs() < 1e-15);
    }

    #[test]
    fn tails_see_the_idle_days() {
        let closes = [close(0, 90), close(30, 180)];
        let returns = Returns::over(days(&closes, 0, 99), |day| day).unwrap();
        let tails = returns.tails().unwrap();
        assert_eq!((tails.low, tails.high), (0.0, 0.0));
        // The worst five of a hundred are one loss and four idle days.
        assert!((tails.worst + 0.1 / 5.0).abs() < 1e-15);
    }

    #[test]
    fn an_account_that_is_gone_has_no_returns() {
        for equity in [0, -1] {
            let closes = [close(0, 90), close(1, equity), close(2, 200)];
            assert!(Returns::over(days(&closes, 0, 2), |day| day).is_none());
            // By the end of the week it is back.
            assert!(Returns::over(days(&closes, 0, 2), |day| day / 7).is_some());
        }
    }

    #[test]
    fn falls_count_for_as_long_as_they_last() {
        let closes = [close(1, 50), close(4, 200), close(5, 150)];
        let returns = Returns::over(days(&closes, 0, 6), |day| day).unwrap();
        // Half below 100 on days 1 to 3, a quarter below 200 on days 5 and 6.
        assert!((returns.squared_falls() - (3.0 * 0.25 + 2.0 * 0.0625)).abs() < 1e-15);
    }
}
