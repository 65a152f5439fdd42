//! Intervals of Sharpe and Sortino ratios.

use super::autocorrelation::long_run_variance;
use super::bootstrap::{self, RESAMPLES};
use super::{Interval, Method, around};
use crate::analytics::number::count;
use crate::analytics::resample::draw;
use crate::analytics::returns::Returns;

/// Returns up to which Sortino ratios are resampled.
const MOST_RESAMPLED: usize = 500;

/// Returns up to which their order is looked at: 55 years of days.
const MOST_IN_ORDER: usize = 20_000;

/// Returns, the rate that they are measured against, and what their ratio is multiplied by.
pub(in crate::analytics) struct Excess {
    /// Of the periods in which a trade closed.
    changes: Vec<f64>,
    /// Periods with a return of 0 because none did.
    idle: usize,
    /// All of them as they came, where they are not too many.
    in_order: Option<Vec<f64>>,
    rate: f64,
    factor: f64,
}

impl Excess {
    /// The returns less a rate, their ratio times a factor.
    pub(in crate::analytics) fn of(returns: &Returns, rate: f64, factor: f64) -> Self {
        Self {
            changes: returns.changes().collect(),
            idle: returns.idle(),
            in_order: returns.in_order(MOST_IN_ORDER),
            rate,
            factor,
        }
    }

    fn count(&self) -> usize {
        self.changes.len() + self.idle
    }

    /// The sum of what `term` makes of each return.
    fn sum(&self, term: impl Fn(f64) -> f64) -> f64 {
        let changes = self.changes.iter().map(|change| term(*change));
        changes.sum::<f64>() + count(self.idle) * term(0.0)
    }

    fn mean(&self) -> f64 {
        self.sum(|change| change) / count(self.count())
    }

    fn shortfall(&self, change: f64) -> f64 {
        (change - self.rate).min(0.0)
    }

    /// The standard error of the mean of `influence`, with autocorrelation where the
    /// order is known, and never below that of independent values of a variance.
    fn error(&self, influence: impl Fn(f64) -> f64, independent: f64) -> f64 {
        let in_order = self.in_order.as_ref();
        let dependent = in_order.map_or(0.0, |returns| {
            let influences: Vec<f64> = returns.iter().map(|change| influence(*change)).collect();
            long_run_variance(&influences)
        });
        self.factor * (dependent.max(independent) / count(self.count())).sqrt()
    }
}

/// The interval of a Sharpe ratio of these returns.
pub(in crate::analytics) fn sharpe(excess: &Excess, ratio: Option<f64>) -> Option<Interval> {
    let n = excess.count();
    let mean = excess.mean();
    let variance = excess.sum(|change| (change - mean).powi(2)) / count(n);
    let deviation = variance.sqrt();
    let each = (mean - excess.rate) / deviation;
    let influence = |change: f64| {
        let score = (change - mean) / deviation;
        score - each / 2.0 * (score.powi(2) - 1.0)
    };
    let error = excess.error(influence, 1.0 + each.powi(2) / 2.0);
    around(ratio?, error, n, Method::Lo)
}

/// The interval of a Sortino ratio of these returns.
pub(in crate::analytics) fn sortino(excess: &Excess, ratio: Option<f64>) -> Option<Interval> {
    let (ratio, n) = (ratio?, excess.count());
    if n < 2 {
        return None;
    }
    if n <= MOST_RESAMPLED {
        return resampled(excess);
    }
    let mean = excess.mean();
    let squared = excess.sum(|change| excess.shortfall(change).powi(2)) / count(n);
    let each = (mean - excess.rate) / squared.sqrt();
    let influence = |change: f64| {
        let shortfall = excess.shortfall(change).powi(2) / squared;
        (change - mean) / squared.sqrt() - each / 2.0 * (shortfall - 1.0)
    };
    let independent = excess.sum(|change| influence(change).powi(2)) / count(n);
    let error = excess.error(influence, independent);
    around(ratio, error, n, Method::NeweyWest)
}

/// By resampling: how often each return is drawn, and then their sums, so that the same
/// returns in another order have the very same ratio.
fn resampled(excess: &Excess) -> Option<Interval> {
    let n = excess.count();
    let distinct = excess.changes.len() + 1;
    let value = |index: usize| excess.changes.get(index).copied().unwrap_or(0.0);
    let ratio_of = |times: &[usize]| {
        let (mut sum, mut squares, mut all) = (0.0, 0.0, 0);
        for (index, times) in times.iter().enumerate() {
            sum += count(*times) * value(index);
            squares += count(*times) * excess.shortfall(value(index)).powi(2);
            all += times;
        }
        let all = count(all);
        excess.factor * (sum / all - excess.rate) / (squares / all).sqrt()
    };
    let mut generator = bootstrap::generator();
    let mut times = vec![0; distinct];
    let resampled = (0..RESAMPLES).map(|_| {
        times.fill(0);
        for _ in 0..n {
            times[draw(&mut generator, n).min(distinct - 1)] += 1;
        }
        ratio_of(&times)
    });
    let resampled: Vec<f64> = resampled.collect();
    let mut once = vec![1; distinct];
    once[distinct - 1] = excess.idle;
    let estimate = ratio_of(&once);
    let without: Vec<(f64, usize)> = (0..distinct)
        .filter(|index| once[*index] > 0)
        .map(|index| {
            let mut others = once.clone();
            others[index] -= 1;
            (ratio_of(&others), once[index])
        })
        .collect();
    let (low, high) = bootstrap::interval(estimate, resampled, without.iter().copied())?;
    Some(Interval {
        n,
        low: low.is_finite().then_some(low),
        high: high.is_finite().then_some(high),
        method: Method::Bca,
    })
}
