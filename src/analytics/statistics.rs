//! Mean, spread and quantiles of numbers.

use super::number::{count, finite, index_below, percent};

/// Values closer together than this share of the largest are taken as equal:
/// what is left of equal returns after rounding.
const NO_SPREAD: f64 = 1e-12;

/// The arithmetic mean; `None` of nothing.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, number) = values.fold((0.0, 0), |(sum, number), value| (sum + value, number + 1));
    finite(sum / count(number))
}

/// Mean and sample standard deviation (n - 1); `None` for fewer than two values
/// and where they do not differ, for nothing can be divided by that.
pub(super) fn mean_and_deviation(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let number = values.clone().count();
    let mean = mean(values.clone())?;
    let (mut lowest, mut highest) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut squares = 0.0;
    for value in values {
        lowest = lowest.min(value);
        highest = highest.max(value);
        squares += (value - mean).powi(2);
    }
    if number < 2 || !has_spread(lowest, highest) {
        return None;
    }
    Some((mean, finite((squares / (count(number) - 1.0)).sqrt())?))
}

/// True if values between `lowest` and `highest` differ by more than rounding.
pub(super) fn has_spread(lowest: f64, highest: f64) -> bool {
    highest - lowest > NO_SPREAD * highest.abs().max(lowest.abs())
}

/// The quantile of `number` sorted values, linear between the two around it, as
/// numpy and pandas have it; `None` of nothing.
pub(crate) fn quantile(share: f64, number: usize, sorted: impl Fn(usize) -> f64) -> Option<f64> {
    let position = share * (count(number.checked_sub(1)?));
    let below = index_below(position);
    let above = (below + 1).min(number - 1);
    let (from, to) = (sorted(below), sorted(above));
    finite(from + (to - from) * (position - count(below)))
}

/// Values from the lowest to the highest.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sorted(Vec<f64>);

impl Sorted {
    /// Sorts values.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        Self(values)
    }

    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The values.
    pub(super) fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        self.0.iter().copied()
    }

    /// The value at a place from the lowest; 0 beyond the highest.
    pub(super) fn nth(&self, place: usize) -> f64 {
        self.0.get(place).copied().unwrap_or_default()
    }

    /// The quantile at a share; `None` of nothing.
    pub(crate) fn at(&self, share: f64) -> Option<f64> {
        quantile(share, self.0.len(), |index| self.0[index])
    }

    /// The share of values at or below one, in percent; 0 of nothing.
    pub(super) fn at_most(&self, value: f64) -> f64 {
        let below = self.0.partition_point(|one| *one <= value);
        percent(count(below), count(self.len())).unwrap_or_default()
    }

    /// The share of values at or above one, in percent; 0 of nothing.
    pub(super) fn at_least(&self, value: f64) -> f64 {
        let below = self.0.partition_point(|one| *one < value);
        percent(count(self.len() - below), count(self.len())).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_the_values_around_them() {
        let values = Sorted::of(vec![40.0, 10.0, 20.0]);
        assert_eq!(values.at(0.0), Some(10.0));
        assert_eq!(values.at(0.25), Some(15.0));
        assert_eq!(values.at(0.75), Some(30.0));
        assert_eq!(values.at(1.0), Some(40.0));
        assert_eq!(Sorted::default().at(0.5), None);
    }

    #[test]
    fn equal_values_are_both_as_low_and_as_high() {
        let values = Sorted::of(vec![1.0, 2.0, 2.0, 4.0]);
        assert_eq!((values.at_most(2.0), values.at_least(2.0)), (75.0, 75.0));
        assert_eq!((values.at_most(0.0), values.at_least(5.0)), (0.0, 0.0));
        assert!(Sorted::default().at_most(1.0) < 1e-9);
    }

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        // Mean 5, squares 9 + 1 + 1 + 9 = 20 over n - 1 = 3... of 2, 4, 6, 8.
        let (mean, deviation) = mean_and_deviation([2.0, 4.0, 6.0, 8.0].into_iter()).unwrap();
        assert!((mean - 5.0).abs() < 1e-15);
        assert!((deviation - (20.0_f64 / 3.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn equal_values_have_no_deviation() {
        assert_eq!(mean_and_deviation([0.1; 9].into_iter()), None);
        assert_eq!(mean_and_deviation([0.1].into_iter()), None);
        assert_eq!(mean_and_deviation([].into_iter()), None);
        let nearly = [0.01, 0.010_000_000_000_000_002];
        assert_eq!(mean_and_deviation(nearly.into_iter()), None);
    }
}
