//! The bias-corrected and accelerated bootstrap (Efron 1987), as scipy has it.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::normal;
use crate::analytics::number::count;
use crate::analytics::statistics::quantile;

/// Resamples of each figure.
pub(super) const RESAMPLES: usize = 2_000;

/// Seed of the resamples, so that they are the same every time.
const SEED: u64 = 1;

/// The generator of every figure's resamples.
pub(super) fn generator() -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(SEED)
}

/// Both ends of the 95 % interval, each infinite where it has no bound.
///
/// `jackknife` are the figures without one observation, each with how many observations
/// give the same. Resamples in which the figure is not defined (NaN) are left out; `None`
/// where they are more than half, and where all others are equal. Without a finite
/// jackknife nothing is accelerated.
pub(super) fn interval(
    estimate: f64,
    mut resampled: Vec<f64>,
    jackknife: impl Iterator<Item = (f64, usize)> + Clone,
) -> Option<(f64, f64)> {
    let drawn = resampled.len();
    resampled.retain(|figure| !figure.is_nan());
    resampled.sort_unstable_by(f64::total_cmp);
    let (first, last) = (*resampled.first()?, *resampled.last()?);
    if resampled.len() * 2 < drawn || first >= last || !estimate.is_finite() {
        return None;
    }
    let below = resampled.partition_point(|figure| *figure < estimate);
    let at_most = resampled.partition_point(|figure| *figure <= estimate);
    let bias = normal::quantile(count(below + at_most) / (2.0 * count(resampled.len())));
    let acceleration = acceleration(jackknife);
    let end = |z: f64| {
        let shifted = bias + z;
        let share = normal::below(bias + shifted / (1.0 - acceleration * shifted));
        at(share, &resampled)
    };
    Some((end(-super::Z)?, end(super::Z)?))
}

/// The quantile of sorted figures that may be infinite.
fn at(share: f64, sorted: &[f64]) -> Option<f64> {
    let finite = quantile(share, sorted.len(), |index| sorted[index]);
    finite.or_else(|| {
        // Between a finite and an infinite one lies no number.
        let nearest = |share: f64| {
            quantile(share, sorted.len(), |index| {
                f64::from(u8::from(sorted[index] == f64::INFINITY))
            })
        };
        let is_above = nearest(share).filter(|_| share.is_finite())? > 0.0;
        Some(if is_above {
            f64::INFINITY
        } else {
            f64::NEG_INFINITY
        })
    })
}

/// A sixth of the skewness of the jackknife's deviations.
fn acceleration(jackknife: impl Iterator<Item = (f64, usize)> + Clone) -> f64 {
    let (sum, all) = jackknife
        .clone()
        .fold((0.0, 0), |(sum, all), (figure, times)| {
            (sum + figure * count(times), all + times)
        });
    let (mean, n) = (sum / count(all), count(all));
    let (mut cubes, mut squares) = (0.0, 0.0);
    for (figure, times) in jackknife {
        let deviation = (n - 1.0) * (mean - figure);
        squares += deviation.powi(2) * count(times);
        cubes += deviation.powi(3) * count(times);
    }
    let found = cubes / n.powi(3) / (squares / n.powi(2)).powf(1.5) / 6.0;
    if found.is_finite() { found } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_among_infinite_figures_has_no_bound() {
        let mut figures: Vec<f64> = (0..100).map(f64::from).collect();
        figures.extend([f64::INFINITY; 100]);
        let none = std::iter::empty();
        let (low, high) = interval(50.0, figures, none).unwrap();
        assert!(low < 5.0, "{low}");
        assert!(high.is_infinite() && high > 0.0);
    }

    #[test]
    fn equal_or_mostly_undefined_figures_have_no_interval() {
        let none = std::iter::empty::<(f64, usize)>;
        assert_eq!(interval(1.0, vec![1.0; 50], none()), None);
        let mut undefined = vec![f64::NAN; 51];
        undefined.extend((0..49).map(f64::from));
        assert_eq!(interval(1.0, undefined, none()), None);
    }
}
