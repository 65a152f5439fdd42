//! Is it still the same strategy? Live trades against runs drawn from the trades that were
//! expected.
//!
//! Ten thousand runs are drawn from the expected trades. Their percentiles after each trade are
//! a cone, and the live curve has its place in it. A curve leaves the pointwise 5 % line sooner
//! or later though nothing changed (of healthy runs of 120 trades, a third do), so the alarm has
//! a line of its own: the band and the evidence together are such that one healthy run in twenty
//! leaves them *at any trade* of the horizon. Nine of ten of these are on the side of worse
//! trades: a strategy that is better than expected is a reason to look, one that is worse costs.
//! Before the twentieth trade nothing is raised.
//!
//! A trade's outcome is a number in the unit of the comparison: money, or percent of its
//! position's worth where the size follows equity ([`OutcomeUnit`]).

mod alarm;
mod cone;
mod cusum;
mod differences;
mod evidence;
mod honest;
mod sampling;
mod special;
#[cfg(test)]
mod tests;
mod unit;

use jiff::Timestamp;
use serde::Serialize;

use super::intervals::Interval;
use super::resample::money;
use super::statistics::{Sorted, mean_and_deviation};
use crate::domain::departure::{Departure, OutcomeUnit};
use crate::domain::money::Decimal;
use crate::domain::trade::ClosedTrade;

pub use alarm::{ALARM_EVIDENCE, AlarmRule};
pub use cone::{ALARM_FROM, BAND_FROM, RUNS};
pub use differences::{ExpectedFigure, FigureDifference};
pub use honest::{SharpeFigures, deflated_sharpe};
pub use sampling::Sampling;
pub use unit::{outcome, unit_of};

use cone::{Cone, Walk};
use cusum::Cusum;

/// The fewest expected trades that runs are drawn from.
pub const FEWEST_EXPECTED: usize = 20;

/// Trades as they are compared: their outcomes in one unit, in the order of their exits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcomes {
    /// Outcome of each trade.
    pub values: Vec<f64>,
    /// Exit time of each trade; as many.
    pub closed: Vec<Timestamp>,
    /// Entry time of the first trade; `None` without trades.
    pub from: Option<Timestamp>,
}

impl Outcomes {
    /// Some trades, in the order of their exits, in a unit.
    #[must_use]
    pub fn of(trades: &[ClosedTrade], unit: OutcomeUnit) -> Self {
        Self {
            values: trades.iter().map(|trade| outcome(trade, unit)).collect(),
            closed: trades.iter().map(|trade| trade.exit_time).collect(),
            from: trades.iter().map(|trade| trade.entry_time).min(),
        }
    }

    /// Days from the first entry to the last exit.
    fn days(&self) -> f64 {
        let ends = self.from.zip(self.closed.last());
        ends.map_or(0.0, |(from, to)| {
            to.duration_since(from).as_secs_f64() / 86_400.0
        })
    }
}

/// Trades that are all alike: no run of them differs from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("all expected trades came to the same: nothing can be expected of how they differ")]
pub struct Uniform;

/// Moments of the expected outcomes.
#[derive(Debug, Clone, Copy)]
struct Reference {
    mean: f64,
    deviation: f64,
    /// The variance of a trade that long sums have: more than its own where trades follow
    /// others like them.
    variance: f64,
    /// The smallest and the largest.
    ends: [f64; 2],
    /// The change of the mean that is looked for: an edge that is gone. A quarter of a
    /// deviation where there is none.
    shift: f64,
}

impl Reference {
    fn of(expected: &[f64], sampling: Sampling) -> Result<Self, Uniform> {
        let found = mean_and_deviation(expected.iter().copied()).ok_or(Uniform)?;
        let (mean, deviation) = found;
        let least = expected.iter().copied().fold(f64::INFINITY, f64::min);
        let most = expected.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Ok(Self {
            mean,
            deviation,
            variance: if sampling.is_in_blocks() {
                sampling::variance_of_sums(expected)
            } else {
                deviation.powi(2)
            },
            ends: [least, most],
            shift: if mean > 0.0 { mean } else { deviation / 4.0 },
        })
    }
}

/// The rule of a cone alone, for who asks again and again: the same seed and trades give the
/// alarm of [`Expectation::of`].
///
/// # Errors
///
/// [`Uniform`] where the expected trades do not differ.
pub fn rule(expected: &[f64], live: usize, seed: u64) -> Result<AlarmRule, Uniform> {
    Ok(Cone::draw(expected, live, seed)?.rule)
}

/// The number of trades that the cone of so many live ones reaches over.
#[must_use]
pub fn horizon(live: usize) -> usize {
    cone::horizon(live)
}

/// Percentiles of the runs after a number of trades.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConeBand {
    /// The number of trades.
    pub trade: usize,
    /// One run in twenty is lower.
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
    /// Lower end of the band that raises the alarm; `null` before the fifth trade.
    #[schema(value_type = Option<String>)]
    pub alarm_low: Option<Decimal>,
    /// Upper end of the band that raises the alarm; `null` before the fifth trade.
    #[schema(value_type = Option<String>)]
    pub alarm_high: Option<Decimal>,
}

/// The live curve after a number of trades.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LivePoint {
    /// The number of trades.
    pub trade: usize,
    /// Exit time of the last of them.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// Their outcomes together.
    #[schema(value_type = String)]
    pub total: Decimal,
    /// Evidence that the mean trade is another one; `alarmEvidence` raises the alarm.
    pub evidence: f64,
    /// Cumulative sum of what trades fall short by, in standard deviations of a trade.
    pub cusum: f64,
}

/// The sum of some trades' outcomes after a number of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutcomePoint {
    /// The number of trades.
    pub trade: usize,
    /// Exit time of the last of them.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// Their outcomes together.
    #[schema(value_type = String)]
    pub total: Decimal,
}

/// The curve of some outcomes: after each trade that a cone of as many has a point at, and the
/// last.
#[must_use]
pub fn curve_of(outcomes: &Outcomes) -> Vec<OutcomePoint> {
    let n = outcomes.values.len();
    let marks = cone::marks(horizon(n));
    let mut marks = marks.into_iter().peekable();
    let mut total = 0.0;
    let mut points = Vec::new();
    for (index, outcome) in outcomes.values.iter().enumerate() {
        let trade = index + 1;
        total += outcome;
        if marks.next_if_eq(&trade).is_some() || trade == n {
            points.push(OutcomePoint {
                trade,
                time: outcomes.closed[index],
                total: money(total),
            });
        }
    }
    points
}

/// The place of the live trades among runs of as many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// Live trades.
    pub trades: usize,
    /// Their outcomes together.
    #[schema(value_type = String)]
    pub total: Decimal,
    /// The median of the runs.
    #[schema(value_type = String)]
    pub median: Decimal,
    /// Runs that were as low, in percent.
    pub as_low: f64,
    /// Runs that were as high, in percent.
    pub as_high: f64,
}

/// The largest fall of the live curve among those of runs of as many trades.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FallStanding {
    /// The largest fall from a peak, at closed trades.
    #[schema(value_type = String)]
    pub fall: Decimal,
    /// That of the middle one of the runs.
    #[schema(value_type = String)]
    pub median: Decimal,
    /// Runs with a fall as large, in percent.
    pub as_large: f64,
}

/// Live trades against what was expected of them.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Expectation {
    /// The unit of every amount.
    pub unit: OutcomeUnit,
    /// Trades that runs are drawn from.
    pub expected_trades: usize,
    /// Mean outcome of an expected trade.
    #[schema(value_type = String)]
    pub expected_mean: Decimal,
    /// The way that runs are drawn.
    pub sampling: Sampling,
    /// Runs that were drawn.
    pub runs: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Trades of each run: within so many, one healthy strategy in twenty leaves the band or
    /// shows evidence.
    pub horizon: usize,
    /// The cone.
    pub bands: Vec<ConeBand>,
    /// The live curve: after each trade that the cone has a point at, and the last.
    pub curve: Vec<LivePoint>,
    /// The place of the live trades; `null` without any.
    pub standing: Option<Standing>,
    /// The newest alarm, where one was raised; none before the twentieth trade.
    pub alarm: Option<Departure>,
    /// The evidence that raises the alarm: 20, or more where trades depend on each other.
    pub alarm_evidence: f64,
    /// A CUSUM that 95 of 100 healthy runs stay below. It is drawn, and raises nothing.
    pub cusum_limit: f64,
    /// Figures of the live trades beside the expected ones.
    pub differences: Vec<FigureDifference>,
    /// The largest fall; `null` without live trades.
    pub drawdown: Option<FallStanding>,
    /// Share of live trades that won, in percent, with the 95 % interval (Wilson).
    pub win_rate: Option<WinRate>,
    /// Probability that the true expectancy of the live trades is above zero, in percent (share
    /// of 10,000 resamples of them); `null` before the twentieth.
    pub probability_above_zero: Option<f64>,
}

/// A win rate and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WinRate {
    /// In percent.
    pub percent: f64,
    /// Its 95 % interval.
    pub interval: Interval,
    /// Trades after which it is known to five points either way, if it stays the same.
    pub trades_needed: usize,
}

impl Expectation {
    /// Holds live trades against expected ones.
    ///
    /// Takes runs x horizon steps: a quarter of a second for up to 120 live trades.
    ///
    /// # Errors
    ///
    /// [`Uniform`] where the expected trades do not differ.
    pub fn of(
        expected: &Outcomes,
        live: &Outcomes,
        unit: OutcomeUnit,
        seed: u64,
    ) -> Result<Self, Uniform> {
        let n = live.values.len();
        let cone = Cone::draw(&expected.values, n, seed)?;
        let walk = Walk::over(&live.values);
        Ok(Self {
            unit,
            expected_trades: expected.values.len(),
            expected_mean: money(cone.reference.mean),
            sampling: cone.sampling,
            runs: cone.runs,
            seed,
            horizon: cone.horizon,
            bands: bands(&cone),
            curve: curve(&cone, live),
            standing: (n > 0).then(|| standing(&cone.outlook.sums, &walk)),
            alarm: cone.rule.alarm(live),
            alarm_evidence: cone.rule.needed,
            cusum_limit: cone.cusum_limit,
            differences: differences::of(expected, live, &cone.outlook),
            drawdown: (n > 0).then(|| fall_standing(&cone.outlook.falls, &walk)),
            win_rate: honest::win_rate(walk.winners(), n),
            probability_above_zero: (n >= ALARM_FROM)
                .then(|| honest::probability_above_zero(&live.values, seed)),
        })
    }
}

fn bands(cone: &Cone) -> Vec<ConeBand> {
    let band = |found: &cone::Percentiles| {
        let [p5, p25, p50, p75, p95] = found.at.map(money);
        let alarm = cone.rule.band_at(found.trade);
        ConeBand {
            trade: found.trade,
            p5,
            p25,
            p50,
            p75,
            p95,
            alarm_low: alarm.map(|[low, _]| money(low)),
            alarm_high: alarm.map(|[_, high]| money(high)),
        }
    };
    cone.bands.iter().map(band).collect()
}

fn curve(cone: &Cone, live: &Outcomes) -> Vec<LivePoint> {
    let mut cusum = Cusum::against(&cone.reference);
    let mut total = 0.0;
    let mut points = Vec::new();
    let mut marks = cone.bands.iter().map(|band| band.trade).peekable();
    let evidence = cone.rule.evidence(&live.values);
    for ((index, outcome), evidence) in live.values.iter().enumerate().zip(evidence) {
        let trade = index + 1;
        total += outcome;
        cusum.add(*outcome);
        let is_marked = marks.next_if_eq(&trade).is_some();
        if is_marked || trade == live.values.len() {
            points.push(LivePoint {
                trade,
                time: live.closed[index],
                total: money(total),
                evidence,
                cusum: cusum.now(),
            });
        }
    }
    points
}

fn middle(of: &Sorted) -> Decimal {
    money(of.at(0.5).unwrap_or_default())
}

fn standing(sums: &Sorted, walk: &Walk) -> Standing {
    Standing {
        trades: walk.trades,
        total: money(walk.sum),
        median: middle(sums),
        as_low: sums.at_most(walk.sum),
        as_high: sums.at_least(walk.sum),
    }
}

fn fall_standing(falls: &Sorted, walk: &Walk) -> FallStanding {
    FallStanding {
        fall: money(walk.fall),
        median: middle(falls),
        as_large: falls.at_least(walk.fall),
    }
}
