//! The uncertainty of a figure of few trades: 95 % intervals.
//!
//! Five trades in five days give a Sharpe ratio as precise as five hundred give, to the
//! eye. So each headline figure carries the number of observations that it rests on and an
//! interval. Shares have Wilson's. What is made of trades has the bias-corrected and
//! accelerated bootstrap (`BCa`, 2,000 seeded resamples) for up to [`MOST_RESAMPLED`] trades,
//! beyond which the delta method comes to the same at a fraction of the work. Sharpe ratios
//! have Lo's (2002) with autocorrelation, never narrower than his formula for independent
//! returns; Sortino ratios the bootstrap, and for many returns the delta method with
//! autocorrelation. An end that lies beyond all numbers is `null`: of five trades with two
//! losses, one resample in thirteen has no loss, and so no finite profit factor.

pub(super) mod autocorrelation;
mod bootstrap;
pub(super) mod normal;
mod of_means;
mod of_returns;
mod of_trades;

use serde::Serialize;

use crate::domain::event::text_enum;
use crate::domain::money::Decimal;

pub(crate) use of_means::of_mean;
pub(super) use of_returns::{Excess, sharpe, sortino};
pub(super) use of_trades::of_trades;

/// Closed trades below which figures say little yet.
pub const FEW_TRADES: usize = 30;

/// Trades up to which figures are resampled.
pub const MOST_RESAMPLED: usize = 1_000;

/// The normal distribution's quantile that leaves 2.5 % above it.
pub(super) const Z: f64 = 1.959_963_984_540_054;

text_enum! {
    /// The way that an interval was found.
    Method, "method" {
        /// Wilson's score interval of a share.
        Wilson = "wilson",
        /// Bias-corrected and accelerated bootstrap, 2,000 resamples.
        Bca = "bca",
        /// Normal approximation, the variance by the delta method.
        Delta = "delta",
        /// Lo (2002), the variance with autocorrelation (Newey and West).
        Lo = "lo2002",
        /// Normal approximation, the variance by the delta method with autocorrelation
        /// (Newey and West).
        NeweyWest = "neweyWest",
    }
}

/// A 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Interval {
    /// Trades or returns that the figure is made of.
    pub n: usize,
    /// Lower end, in the figure's unit; `null` where it has no bound.
    pub low: Option<f64>,
    /// Upper end, in the figure's unit; `null` where it has no bound.
    pub high: Option<f64>,
    /// The method that found it.
    pub method: Method,
}

/// A 95 % confidence interval of an amount, rounded to eight places.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MoneyInterval {
    /// Trades that the amount is made of.
    pub n: usize,
    /// Lower end.
    #[schema(value_type = String)]
    pub low: Decimal,
    /// Upper end.
    #[schema(value_type = String)]
    pub high: Decimal,
    /// The method that found it.
    pub method: Method,
}

/// The 95 % intervals of a column's headline figures, under the names of the figures;
/// `null` where the figure is, and where fewer than two observations, or only equal ones,
/// say nothing of its spread.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Intervals {
    /// Of trades.
    pub percent_profitable: Option<Interval>,
    /// Of trades.
    pub profit_factor: Option<Interval>,
    /// Of trades.
    pub payoff_ratio: Option<Interval>,
    /// Of trades.
    pub avg_trade: Option<MoneyInterval>,
    /// Of trades; that of `avgTrade`.
    pub expectancy: Option<MoneyInterval>,
    /// Of trades.
    pub kelly_percent: Option<Interval>,
    /// Of the returns that `sharpeReturns` names.
    pub sharpe: Option<Interval>,
    /// Of the returns that `sharpeReturns` names.
    pub sortino: Option<Interval>,
    /// Of daily returns.
    pub sharpe_annualized: Option<Interval>,
    /// Of daily returns.
    pub sortino_annualized: Option<Interval>,
}

/// Wilson's interval of `hits` among `all`, in percent; `None` of nothing.
pub(crate) fn wilson(hits: usize, all: usize) -> Option<Interval> {
    use super::number::{count, finite};
    let (share, n) = (count(hits) / count(all), count(all));
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let (centre, scale) = (share + Z * Z / (2.0 * n), 1.0 + Z * Z / n);
    Some(Interval {
        n: all,
        low: Some(100.0 * finite((centre - spread) / scale)?.max(0.0)),
        high: Some(100.0 * finite((centre + spread) / scale)?.min(1.0)),
        method: Method::Wilson,
    })
}

/// The interval around an estimate whose variance is known.
fn around(estimate: f64, error: f64, n: usize, method: Method) -> Option<Interval> {
    use super::number::finite;
    Some(Interval {
        n,
        low: Some(finite(estimate - Z * error)?),
        high: Some(finite(estimate + Z * error)?),
        method,
    })
}
