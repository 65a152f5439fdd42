//! The standard normal distribution, to the last digits of a float.

use std::f64::consts::{PI, SQRT_2, TAU};

/// Beyond this the series needs many terms, and the continued fraction few.
const SERIES_UP_TO: f64 = 2.5;

/// The probability of a value below `z`.
pub(in crate::analytics) fn below(z: f64) -> f64 {
    let x = z.abs() / SQRT_2;
    let upper = if x < SERIES_UP_TO {
        0.5 - 0.5 * error_function(x)
    } else {
        0.5 * complement(x)
    };
    if z > 0.0 { 1.0 - upper } else { upper }
}

/// The value that has this probability below it.
pub(in crate::analytics) fn quantile(probability: f64) -> f64 {
    if !(0.0..=1.0).contains(&probability) {
        return f64::NAN;
    }
    if probability > 0.5 {
        return -quantile(1.0 - probability);
    }
    if probability <= 0.0 {
        return f64::NEG_INFINITY;
    }
    // Abramowitz and Stegun 26.2.23, then Halley's steps from a distance below 0.0005.
    let t = (-2.0 * probability.ln()).sqrt();
    let rational = (2.515_517 + t * (0.802_853 + t * 0.010_328))
        / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    let mut z = rational - t;
    for _ in 0..3 {
        let error = (below(z) - probability) * TAU.sqrt() * (z * z / 2.0).exp();
        z -= error / (1.0 + z * error / 2.0);
    }
    z
}

/// erf of a small number by its series of positive terms.
fn error_function(x: f64) -> f64 {
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term > sum * f64::EPSILON / 4.0 {
        odd += 2.0;
        term *= 2.0 * x * x / odd;
        sum += term;
    }
    2.0 / PI.sqrt() * (-x * x).exp() * sum
}

/// erfc of a larger number by its continued fraction, from the innermost term.
fn complement(x: f64) -> f64 {
    let mut fraction = 0.0;
    for term in (1..=80_u32).rev() {
        fraction = f64::from(term) / 2.0 / (x + fraction);
    }
    (-x * x).exp() / PI.sqrt() / (x + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.norm.cdf` of scipy 1.17.1.
    const KNOWN: [(f64, f64); 8] = [
        (-6.5, 4.016_000_583_859_088e-11),
        (-3.6, 0.000_159_108_590_157_533_64),
        (-3.5, 0.000_232_629_079_035_525_02),
        (-1.0, 0.158_655_253_931_457_05),
        (-0.1, 0.460_172_162_722_971),
        (0.0, 0.5),
        (1.959_963_984_540_054, 0.975),
        (3.6, 0.999_840_891_409_842_4),
    ];

    #[test]
    fn it_is_scipy_s() {
        for (z, expected) in KNOWN {
            let found = below(z);
            assert!((found - expected).abs() < 3e-16, "{z}: {found}");
            if z < 1.5 {
                assert!((quantile(expected) - z).abs() < 1e-12, "{z}");
            }
        }
        assert!((quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
        assert!(quantile(0.0) < f64::MIN);
        assert!(quantile(1.0) > f64::MAX);
    }
}
