//! Evidence against "the mean trade is still that of the backtest", valid whenever one looks.
//!
//! A gambler bets a part of his capital on every trade being worse than expected, at odds that
//! are fair if it is not: his capital is a martingale, and reaches twenty times its beginning
//! with a probability of at most one in twenty, however long he plays (Ville 1939). Several
//! gamblers share the money: some bet little and some much, most on worse and some on better.
//! Their money together is the evidence (Shafer 2021; Waudby-Smith and Ramdas 2024).
//!
//! Where trades follow others like them, the odds are fair for blocks of trades and not for each.
//! Stakes suit the variance that sums have then, and the limit is what runs of blocks reach.

use super::Reference;

/// The stakes, in parts of that which suits an edge that is gone.
const STAKES: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];

/// The share of the money that is bet on worse trades: a loss of the edge is what costs.
const ON_WORSE: f64 = 0.75;

/// The part of his capital that a gambler keeps whatever trade comes.
const KEPT: f64 = 0.1;

/// Number of gamblers.
pub(super) const GAMBLERS: usize = 2 * STAKES.len();

/// The stakes of all gamblers against one backtest.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bets {
    mean: f64,
    /// The smallest and the largest outcome of the backtest; others count as these.
    ends: [f64; 2],
    /// Win of each gambler for a unit above the mean; below zero for those who bet on worse.
    stakes: [f64; GAMBLERS],
}

impl Bets {
    pub(super) fn against(reference: &Reference) -> Self {
        let [least, most] = reference.ends;
        let mut stakes = [0.0; GAMBLERS];
        for (index, part) in STAKES.iter().enumerate() {
            let stake = part * reference.shift / reference.variance;
            stakes[index] = -stake.min((1.0 - KEPT) / (most - reference.mean));
            stakes[STAKES.len() + index] = stake.min((1.0 - KEPT) / (reference.mean - least));
        }
        Self {
            mean: reference.mean,
            ends: reference.ends,
            stakes,
        }
    }

    /// Factors by which one outcome multiplies the capital of each gambler.
    pub(super) fn factors(&self, outcome: f64) -> [f64; GAMBLERS] {
        let [least, most] = self.ends;
        let above = outcome.clamp(least, most) - self.mean;
        self.stakes.map(|stake| 1.0 + stake * above)
    }
}

/// The money of all gamblers on its way.
#[derive(Debug, Clone)]
pub(super) struct Capital([f64; GAMBLERS]);

impl Capital {
    pub(super) fn new() -> Self {
        let half = f64::from(u32::try_from(STAKES.len()).unwrap_or(1));
        let share = |index: usize| {
            let money = if index < STAKES.len() {
                ON_WORSE
            } else {
                1.0 - ON_WORSE
            };
            money / half
        };
        Self(std::array::from_fn(share))
    }

    pub(super) fn multiply(&mut self, factors: &[f64; GAMBLERS]) {
        for (money, factor) in self.0.iter_mut().zip(factors) {
            *money *= factor;
        }
    }

    /// All of it.
    pub(super) fn total(&self) -> f64 {
        self.0.iter().sum()
    }

    /// True if most of it belongs to those who bet on worse.
    pub(super) fn is_for_worse(&self) -> bool {
        let worse: f64 = self.0[..STAKES.len()].iter().sum();
        worse >= self.total() / 2.0
    }
}
