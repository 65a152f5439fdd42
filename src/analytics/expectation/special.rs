//! The gamma, chi-square and binomial distributions, as far as the tests here need them.

use crate::analytics::number::count;

/// Terms after which a series or a continued fraction is good enough for any input.
const MOST_TERMS: u32 = 10_000;

/// Coefficients of Stirling's series of ln Γ.
const STIRLING: [f64; 6] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1_260.0,
    -1.0 / 1_680.0,
    1.0 / 1_188.0,
    -691.0 / 360_360.0,
];

/// ln Γ(x) of a number above zero.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < 12.0 {
        below += x.ln();
        x += 1.0;
    }
    let series = STIRLING
        .iter()
        .rev()
        .fold(0.0, |sum, coefficient| sum / (x * x) + coefficient);
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series / x - below
}

/// The probability that a chi-square of so many degrees of freedom is above `x`.
pub(super) fn chi_square_above(x: f64, degrees: usize) -> f64 {
    let (a, x) = (count(degrees) / 2.0, x / 2.0);
    if x <= 0.0 {
        return 1.0;
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for step in 1..MOST_TERMS {
            term *= x / (a + f64::from(step));
            sum += term;
            if term < sum * f64::EPSILON {
                break;
            }
        }
        return (1.0 - front * sum).max(0.0);
    }
    // Lentz's continued fraction.
    let mut partial = x + 1.0 - a;
    let (mut above, mut below) = (f64::MAX, 1.0 / partial);
    let mut fraction = below;
    for step in 1..MOST_TERMS {
        let step = f64::from(step);
        let numerator = -step * (step - a);
        partial += 2.0;
        below = 1.0 / (numerator * below + partial);
        above = partial + numerator / above;
        fraction *= above * below;
        if (above * below - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    front * fraction
}

/// The probability of at most `k` hits in `n` tries of probability `p`.
pub(super) fn binomial_at_most(k: usize, n: usize, p: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    if count(k) > count(n) * p {
        // The other tail is the smaller one: its terms fall.
        return 1.0 - binomial_at_most(n - k - 1, n, 1.0 - p);
    }
    let (hits, tries) = (count(k), count(n));
    let ways = ln_gamma(tries + 1.0) - ln_gamma(hits + 1.0) - ln_gamma(tries - hits + 1.0);
    let mut term = (ways + hits * p.ln() + (tries - hits) * (-p).ln_1p()).exp();
    let mut sum = term;
    for hits in (1..=k).rev() {
        term *= count(hits) / count(n - hits + 1) * (1.0 - p) / p;
        sum += term;
        if term < sum * f64::EPSILON / 4.0 {
            break;
        }
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHI_SQUARES: [(f64, usize, f64); 6] = [
        (0.5, 1, 0.479_500_122_186_953_37),
        (3.0, 10, 0.981_424_063_777_859_3),
        (12.0, 10, 0.285_056_500_316_631_2),
        (18.307, 10, 0.050_000_589_091_398_12),
        (60.0, 10, 3.624_300_952_061_492_4e-9),
        (2.0, 3, 0.572_406_704_470_879_8),
    ];

    const BINOMIALS: [(usize, usize, f64, f64); 6] = [
        (0, 20, 0.1, 0.121_576_654_590_569_25),
        (12, 100, 0.2, 0.025_328_753_221_397_11),
        (30, 100, 0.2, 0.993_940_664_518_957),
        (63, 500, 0.15, 0.072_463_284_412_947_91),
        (40, 60, 0.5, 0.996_891_198_670_337_1),
        (5_000, 40_000, 0.13, 0.001_438_267_830_775_730_3),
    ];

    #[test]
    fn they_are_scipy_s() {
        // scipy 1.17.1: chi2.sf(x, k), binom.cdf(k, n, p), gammaln(x).
        for (x, degrees, expected) in CHI_SQUARES {
            let found = chi_square_above(x, degrees);
            assert!((found - expected).abs() < 1e-12, "{x} {degrees}: {found}");
        }
        for (k, n, p, expected) in BINOMIALS {
            let found = binomial_at_most(k, n, p);
            assert!((found - expected).abs() < 1e-10, "{k} {n} {p}: {found}");
        }
        for (x, expected) in [
            (0.5, 0.572_364_942_924_700),
            (3.3, 0.987_098_577_894_734_3),
            (101.0, 363.739_375_555_563_47),
        ] {
            assert!((ln_gamma(x) - expected).abs() < 1e-11, "{x}");
        }
    }
}
