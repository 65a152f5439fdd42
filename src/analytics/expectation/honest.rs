//! Certainty of a few trades: the win rate, whether there is an edge at all, and what is left of
//! the best of several.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::WinRate;
use super::cone::RUNS;
use super::sampling::{Sampler, Sampling};
use crate::analytics::intervals::{Z, normal, wilson};
use crate::analytics::number::{count, finite, percent};
use crate::analytics::statistics::mean_and_deviation;

/// Points that a win rate is to be known to, either way.
const POINTS: f64 = 5.0;

/// Euler's constant, of the expected maximum of independent numbers.
const EULER: f64 = 0.577_215_664_901_532_9;

/// The win rate of some trades.
pub(super) fn win_rate(winners: usize, trades: usize) -> Option<WinRate> {
    let interval = wilson(winners, trades)?;
    Some(WinRate {
        percent: percent(count(winners), count(trades))?,
        interval,
        trades_needed: trades_needed(count(winners) / count(trades)),
    })
}

/// The fewest trades whose Wilson interval of this share reaches five points either way at
/// most.
fn trades_needed(share: f64) -> usize {
    let half_width = |trades: usize| {
        let n = count(trades);
        Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt() / (1.0 + Z * Z / n)
    };
    // It is 381 for a share of one half, and less for others.
    (1..=400)
        .find(|trades| half_width(*trades) <= POINTS / 100.0)
        .unwrap_or(400)
}

/// The share of resamples of some trades that made more than nothing, in percent; those that
/// made nothing count half.
pub(super) fn probability_above_zero(outcomes: &[f64], seed: u64) -> f64 {
    let mut sampler = Sampler::of(outcomes.len(), Sampling::of(outcomes));
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut above = 0.0;
    for _ in 0..RUNS {
        sampler.begin();
        let drawn = (0..outcomes.len()).map(|_| outcomes[sampler.next(&mut generator)]);
        let sum: f64 = drawn.sum();
        above += if sum > 0.0 {
            1.0
        } else if sum < 0.0 {
            0.0
        } else {
            0.5
        };
    }
    100.0 * above / count(RUNS)
}

/// The Sharpe ratio of some trades, and the shape of their outcomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SharpeFigures {
    /// Trades.
    pub trades: usize,
    /// Mean over standard deviation of a trade, not annualised.
    pub ratio: f64,
    /// Skewness of the outcomes.
    pub skewness: f64,
    /// Kurtosis of the outcomes; 3 for normal ones.
    pub kurtosis: f64,
}

impl SharpeFigures {
    /// Of some outcomes; `None` where they do not differ.
    #[must_use]
    pub fn of(outcomes: &[f64]) -> Option<Self> {
        let (mean, deviation) = mean_and_deviation(outcomes.iter().copied())?;
        let n = count(outcomes.len());
        let moment = |power: i32| {
            let powers = outcomes.iter().map(|outcome| (outcome - mean).powi(power));
            powers.sum::<f64>() / n
        };
        let variance = moment(2);
        Some(Self {
            trades: outcomes.len(),
            ratio: mean / deviation,
            skewness: moment(3) / variance.powf(1.5),
            kurtosis: moment(4) / variance.powi(2),
        })
    }
}

/// The probability that the best of several strategies has a true Sharpe ratio above zero, given
/// that it is the best of as many as there are ratios (deflated Sharpe ratio, Bailey and López
/// de Prado 2014), in percent; `None` for fewer than two.
#[must_use]
pub fn deflated_sharpe(best: &SharpeFigures, ratios: &[f64]) -> Option<f64> {
    let (_, deviation) = mean_and_deviation(ratios.iter().copied())?;
    let k = count(ratios.len());
    let best_of_none = deviation
        * ((1.0 - EULER) * normal::quantile(1.0 - 1.0 / k)
            + EULER * normal::quantile(1.0 - 1.0 / (k * std::f64::consts::E)));
    let SharpeFigures {
        trades,
        ratio,
        skewness,
        kurtosis,
    } = *best;
    let spread = 1.0 - skewness * ratio + (kurtosis - 1.0) / 4.0 * ratio * ratio;
    let z = (ratio - best_of_none) * (count(trades) - 1.0).sqrt() / spread.sqrt();
    Some(100.0 * normal::below(finite(z)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trades_needed_are_those_of_statsmodels() {
        // statsmodels 0.15.0: the smallest n whose proportion_confint(share * n, n,
        // method="wilson") is at most 0.1 wide.
        for (share, expected) in [
            (0.5, 381),
            (0.6, 366),
            (0.35, 347),
            (0.9, 141),
            (0.0, 35),
            (1.0, 35),
        ] {
            assert_eq!(trades_needed(share), expected, "{share}");
        }
    }

    #[test]
    fn the_best_of_many_is_deflated() {
        let outcomes: Vec<f64> = (0..60_u32).map(|k| f64::from(k * k % 17) - 5.0).collect();
        let figures = SharpeFigures::of(&outcomes).unwrap();
        // numpy 2.4.6, scipy 1.17.1: skew, kurtosis(fisher=False), and the formula.
        for (found, expected) in [
            (figures.ratio, 0.512_111_653_803_48),
            (figures.skewness, 0.076_868_525_494_700_77),
            (figures.kurtosis, 1.506_615_868_599_522_8),
            (
                deflated_sharpe(&figures, &[0.05, -0.1, 0.02, figures.ratio]).unwrap(),
                96.124_141_882_784_17,
            ),
        ] {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
        assert_eq!(deflated_sharpe(&figures, &[figures.ratio]), None);
    }

    #[test]
    fn an_edge_is_certain_where_every_trade_wins() {
        assert!((probability_above_zero(&[1.0; 20], 1) - 100.0).abs() < 1e-9);
        let even: Vec<f64> = (0..40_u32).map(|k| f64::from(k % 2) - 0.5).collect();
        let found = probability_above_zero(&even, 1);
        assert!((found - 50.0).abs() < 2.0, "{found}");
    }
}
