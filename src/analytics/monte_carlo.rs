//! The range of outcomes of the same trades: a Monte Carlo of their order
//! and choice.
//!
//! Each resample draws as many profits as there are trades, with replacement,
//! and follows equity through them. The generator is named and portable and its
//! numbers are turned into draws here, so a seed gives the same answer on every
//! machine and with every version.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use serde::Serialize;

use crate::domain::money::Decimal;

use super::exact::Scale;
use super::number::{count, float_of, percent};
use super::resample::{PLACES, draw, money};
use super::series::{ProfitBin, bins_of};
use super::statistics::Sorted;

/// Resamples that the report makes.
pub const RESAMPLES: usize = 5_000;

/// Stretches of equal length between the points of the bands.
const STRETCHES: usize = 100;

/// The input of a Monte Carlo.
#[derive(Debug, Clone, Copy)]
pub struct MonteCarloInput<'input> {
    /// Net profit of each closed trade, in any order.
    pub profits: &'input [Decimal],
    /// Money at the start.
    pub initial_capital: Decimal,
    /// Equity at or below which the account counts as ruined.
    pub ruin_equity: Decimal,
    /// Number of draws; [`RESAMPLES`] unless there is a reason.
    pub resamples: usize,
    /// Seed of the draws.
    pub seed: u64,
}

/// The outcomes of the resamples. Amounts are rounded to eight places.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MonteCarlo {
    /// Number of resamples.
    pub resamples: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Equity after so many trades, at most 101 points.
    pub bands: Vec<Band>,
    /// Largest fall of equity from its peak within each resample.
    pub max_drawdown: Percentiles,
    /// Number of resamples by their largest fall.
    pub max_drawdown_distribution: Vec<ProfitBin>,
    /// Resamples in which equity was at or below `ruinEquity` after some trade, in
    /// percent of all.
    pub probability_of_ruin: Option<f64>,
    /// Equity that counts as ruin.
    #[schema(value_type = String)]
    pub ruin_equity: Decimal,
}

/// Percentiles of equity after a number of trades.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Band {
    /// Number of trades; 0 is the start.
    pub trade: usize,
    /// Equity after them.
    #[serde(flatten)]
    pub equity: Percentiles,
}

/// Five percentiles of an amount over all resamples, linear between two of them.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Percentiles {
    /// One in twenty is lower.
    #[schema(value_type = String)]
    pub p5: Decimal,
    /// One in four is lower.
    #[schema(value_type = String)]
    pub p25: Decimal,
    /// The median.
    #[schema(value_type = String)]
    pub p50: Decimal,
    /// One in four is higher.
    #[schema(value_type = String)]
    pub p75: Decimal,
    /// One in twenty is higher.
    #[schema(value_type = String)]
    pub p95: Decimal,
}

/// Reason that there is no Monte Carlo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MonteCarloError {
    /// Nothing to draw from, or no draws asked for.
    #[error(
        "a Monte Carlo needs at least one closed trade and one resample; choose a range of time that has trades"
    )]
    Nothing,
    /// The caller did not want it any more.
    #[error(
        "the Monte Carlo was cancelled before it was done; start it again if it is still wanted"
    )]
    Cancelled,
}

/// Draws from the trades' profits and follows equity.
///
/// `cancelled` is asked before every resample. Takes resamples x trades steps
/// and memory for 101 numbers a resample.
///
/// # Errors
///
/// [`MonteCarloError`] where there is nothing to draw from, or `cancelled` says so.
pub fn monte_carlo(
    input: &MonteCarloInput<'_>,
    cancelled: impl Fn() -> bool,
) -> Result<MonteCarlo, MonteCarloError> {
    if input.profits.is_empty() || input.resamples == 0 {
        return Err(MonteCarloError::Nothing);
    }
    let profits: Vec<f64> = input.profits.iter().copied().map(float_of).collect();
    let start = float_of(input.initial_capital);
    let ruin = float_of(input.ruin_equity);
    let marks = marks(profits.len());
    let mut at_marks = vec![Vec::with_capacity(input.resamples); marks.len()];
    let mut falls = Vec::with_capacity(input.resamples);
    let mut ruined = 0;
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(input.seed);
    for _ in 0..input.resamples {
        if cancelled() {
            return Err(MonteCarloError::Cancelled);
        }
        let mut path = Path::starting(start);
        let mut trade = 0;
        for (mark, equities) in marks.iter().zip(&mut at_marks) {
            while trade < *mark {
                path.add(profits[draw(&mut generator, profits.len())]);
                trade += 1;
            }
            equities.push(path.equity);
        }
        falls.push(path.fall);
        ruined += usize::from(path.low <= ruin);
    }
    let bands = marks
        .into_iter()
        .zip(at_marks)
        .map(|(trade, equities)| Band {
            trade,
            equity: percentiles(equities),
        });
    let scale = Scale::fitting([Decimal::new(1, PLACES)].into_iter());
    let fall_units = falls.iter().map(|fall| scale.units(money(*fall)));
    Ok(MonteCarlo {
        resamples: input.resamples,
        seed: input.seed,
        bands: bands.collect(),
        max_drawdown_distribution: bins_of(fall_units, scale),
        max_drawdown: percentiles(falls),
        probability_of_ruin: percent(count(ruined), count(input.resamples)),
        ruin_equity: input.ruin_equity.normalize(),
    })
}

/// Equity on its way through one resample.
struct Path {
    equity: f64,
    peak: f64,
    /// Lowest equity after a trade.
    low: f64,
    /// Largest fall from a peak.
    fall: f64,
}

impl Path {
    fn starting(capital: f64) -> Self {
        Self {
            equity: capital,
            peak: capital,
            low: f64::INFINITY,
            fall: 0.0,
        }
    }

    fn add(&mut self, profit: f64) {
        self.equity += profit;
        self.peak = self.peak.max(self.equity);
        self.low = self.low.min(self.equity);
        self.fall = self.fall.max(self.peak - self.equity);
    }
}

/// After how many trades the bands have a point: 0, the last, and even steps between.
fn marks(trades: usize) -> Vec<usize> {
    let stretches = trades.min(STRETCHES);
    (0..=stretches)
        .map(|stretch| stretch * trades / stretches)
        .collect()
}

fn percentiles(values: Vec<f64>) -> Percentiles {
    let sorted = Sorted::of(values);
    let at = |share| money(sorted.at(share).unwrap_or_default());
    Percentiles {
        p5: at(0.05),
        p25: at(0.25),
        p50: at(0.5),
        p75: at(0.75),
        p95: at(0.95),
    }
}
