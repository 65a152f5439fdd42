//! The interval of a mean.

use rand::RngExt;

use super::bootstrap::{self, RESAMPLES, generator};
use super::{Interval, MOST_RESAMPLED, Method, around};
use crate::analytics::number::{count, finite};
use crate::analytics::statistics::{mean, mean_and_deviation};

/// A 95 % confidence interval of the mean of all that the values are drawn from; `None` of fewer
/// than two, and of equal ones.
pub(crate) fn of_mean(values: &[f64]) -> Option<Interval> {
    let n = values.len();
    let (estimate, deviation) = mean_and_deviation(values.iter().copied())?;
    if n > MOST_RESAMPLED {
        return around(estimate, deviation / count(n).sqrt(), n, Method::Delta);
    }
    let mut generator = generator();
    let resample = |_| {
        let drawn = (0..n).map(|_| values[generator.random_range(0..n)]);
        mean(drawn).unwrap_or(f64::NAN)
    };
    let resampled: Vec<f64> = (0..RESAMPLES).map(resample).collect();
    let sum: f64 = values.iter().sum();
    let without = values
        .iter()
        .map(|value| ((sum - value) / (count(n) - 1.0), 1));
    let (low, high) = bootstrap::interval(estimate, resampled, without)?;
    Some(Interval {
        n,
        low: finite(low),
        high: finite(high),
        method: Method::Bca,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_scipy_s_within_the_spread_of_resamples() {
        // scipy 1.17.1: stats.bootstrap((values,), np.mean, n_resamples=200_000,
        // method="BCa", random_state=1).confidence_interval is [1.641667, 4.708333].
        let values = [0.2, 0.4, 0.8, 1.1, 1.5, 1.9, 2.2, 2.6, 3.0, 3.5, 4.8, 9.5];
        let interval = of_mean(&values).unwrap();
        let (low, high) = (interval.low.unwrap(), interval.high.unwrap());
        assert!((low - 1.641_667).abs() < 0.1, "{low}");
        assert!((high - 4.708_333).abs() < 0.25, "{high}");
        // Of many the normal approximation.
        let many: Vec<f64> = (0..2_000).map(|number| f64::from(number % 10)).collect();
        let interval = of_mean(&many).unwrap();
        assert_eq!(interval.method, Method::Delta);
        assert!(
            (interval.low.unwrap() - 4.374_088).abs() < 1e-6,
            "{interval:?}"
        );
        assert_eq!(of_mean(&[1.0]), None);
        assert_eq!(of_mean(&[1.0, 1.0]), None);
    }
}
