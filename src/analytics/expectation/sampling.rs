//! The way that runs are drawn from trades that were seen.
//!
//! Trades that do not depend on each other are drawn one by one. Where Ljung and Box find that
//! they do, blocks are drawn whose length is random (Politis and Romano 1994), so that streaks
//! stay streaks; the list is a ring, and no trade is drawn less often for being at its end.
//! Trades that make up for each other would have a narrower cone so. They are drawn one by one
//! all the same: an alarm must not rest on gains following losses for ever.

use rand::rngs::Xoshiro256PlusPlus;
use serde::Serialize;

use super::special::chi_square_above;
use crate::analytics::intervals::autocorrelation::long_run_variance;
use crate::analytics::number::count;
use crate::analytics::resample::draw;

/// The probability below which autocorrelation counts as found.
const SIGNIFICANT: f64 = 0.05;

/// The most lags that are looked at.
const MOST_LAGS: usize = 10;

/// The way that runs are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sampling {
    /// Mean length of the blocks that are drawn (stationary bootstrap); 1 where trades are
    /// drawn one by one.
    pub block_length: usize,
    /// Probability of such autocorrelation among independent trades (Ljung and Box); below
    /// 0.05, blocks are drawn where they make runs vary more.
    pub ljung_box: f64,
    /// Lags that were looked at.
    pub lags: usize,
}

impl Sampling {
    /// True where blocks are drawn, and not trades one by one.
    pub(super) fn is_in_blocks(&self) -> bool {
        self.block_length > 1
    }

    /// The way that suits some outcomes in their order.
    pub(super) fn of(outcomes: &[f64]) -> Self {
        let lags = MOST_LAGS.min(outcomes.len() / 5);
        let ljung_box = ljung_box(outcomes, lags);
        let block_length = if ljung_box < SIGNIFICANT && are_streaks(outcomes) {
            cube_root(outcomes.len())
        } else {
            1
        };
        Self {
            block_length,
            ljung_box,
            lags,
        }
    }
}

/// True if trades follow others like them, so that sums vary more than those of independent ones.
fn are_streaks(outcomes: &[f64]) -> bool {
    let deviations = deviations(outcomes);
    let variance = deviations.iter().map(|one| one * one).sum::<f64>() / count(outcomes.len());
    long_run_variance(&deviations) > variance
}

/// The variance of long sums, for each trade of them.
pub(super) fn variance_of_sums(outcomes: &[f64]) -> f64 {
    long_run_variance(&deviations(outcomes))
}

fn deviations(outcomes: &[f64]) -> Vec<f64> {
    let mean = outcomes.iter().sum::<f64>() / count(outcomes.len());
    outcomes.iter().map(|outcome| outcome - mean).collect()
}

/// The smallest number whose cube is not below `n`.
fn cube_root(n: usize) -> usize {
    (1..=n).find(|root| root * root * root >= n).unwrap_or(1)
}

/// The probability of the statistic of Ljung and Box (1978) or a larger one, without
/// autocorrelation.
fn ljung_box(outcomes: &[f64], lags: usize) -> f64 {
    let n = count(outcomes.len());
    let mean = outcomes.iter().sum::<f64>() / n;
    let products = |lag: usize| {
        let pairs = outcomes.iter().zip(&outcomes[lag..]);
        let products = pairs.map(|(one, later)| (one - mean) * (later - mean));
        products.sum::<f64>()
    };
    let all = products(0);
    if lags == 0 || all <= 0.0 {
        return 1.0;
    }
    let terms = (1..=lags).map(|lag| (products(lag) / all).powi(2) / (n - count(lag)));
    chi_square_above(n * (n + 2.0) * terms.sum::<f64>(), lags)
}

/// Draws the indices of runs.
pub(super) struct Sampler {
    length: usize,
    block_length: usize,
    /// The index drawn last; `None` at the start of a run.
    last: Option<usize>,
}

impl Sampler {
    pub(super) fn of(length: usize, sampling: Sampling) -> Self {
        Self {
            length,
            block_length: sampling.block_length,
            last: None,
        }
    }

    /// Begins another run.
    pub(super) fn begin(&mut self) {
        self.last = None;
    }

    /// The index of the next trade of the run.
    pub(super) fn next(&mut self, generator: &mut Xoshiro256PlusPlus) -> usize {
        if self.block_length == 1 {
            return draw(generator, self.length);
        }
        let next = match self.last {
            Some(last) if draw(generator, self.block_length) > 0 => (last + 1) % self.length,
            _ => draw(generator, self.length),
        };
        self.last = Some(next);
        next
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn ljung_and_box_are_statsmodels() {
        // statsmodels 0.15.0: acorr_ljungbox([k * k % 17 for k in range(60)], lags=[10]).
        let squares: Vec<f64> = (0..60_u32).map(|k| f64::from(k * k % 17)).collect();
        let found = Sampling::of(&squares);
        assert_eq!((found.lags, found.block_length), (10, 4));
        assert!(
            (found.ljung_box - 1.594_233_171_848_906_3e-5).abs() < 1e-12,
            "{}",
            found.ljung_box
        );
        assert!((Sampling::of(&[1.0; 40]).ljung_box - 1.0).abs() < 1e-12);
    }

    #[test]
    fn blocks_have_the_mean_length() {
        let sampling = Sampling {
            block_length: 5,
            ljung_box: 0.0,
            lags: 1,
        };
        let mut sampler = Sampler::of(1_000, sampling);
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(1);
        let drawn: Vec<usize> = (0..50_000).map(|_| sampler.next(&mut generator)).collect();
        let breaks = drawn
            .windows(2)
            .filter(|pair| pair[1] != (pair[0] + 1) % 1_000);
        let length = count(drawn.len()) / count(breaks.count());
        assert!((length - 5.0).abs() < 0.15, "{length}");
    }
}
