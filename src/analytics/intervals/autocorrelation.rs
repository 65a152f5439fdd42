//! The variance of a mean of values that follow each other, by Newey and West (1987).

use crate::analytics::number::{count, index_below};

/// The variance of a mean times the number of values: what independent values' own
/// variance would be. The values must have a mean of zero, and are in the order of time.
///
/// Bartlett weights over floor(4 (n / 100)^(2/9)) lags, the usual rule.
pub(in crate::analytics) fn long_run_variance(values: &[f64]) -> f64 {
    let n = count(values.len());
    let lags = index_below(4.0 * (n / 100.0).powf(2.0 / 9.0)).min(values.len().saturating_sub(1));
    let covariance = |lag: usize| {
        let products = values.iter().zip(&values[lag..]);
        products.map(|(one, later)| one * later).sum::<f64>() / n
    };
    let weighted = (1..=lags).map(|lag| {
        let weight = 1.0 - count(lag) / count(lags + 1);
        2.0 * weight * covariance(lag)
    });
    covariance(0) + weighted.sum::<f64>()
}
