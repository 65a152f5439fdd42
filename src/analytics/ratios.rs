//! Ratios that rest on periodic returns of equity.
//!
//! `sharpe` and `sortino` are TradingView's; the others follow the definitions
//! that QuantStats and empyrical share, or else those of QuantStats.

use super::local_time::{business_day_of, cover_three_months, month_of};
use super::metrics::Metrics;
use super::number::{count, finite, percent, ratio};
use super::returns::{Days, Returns};
use super::{RiskFree, TradingDays};

/// The 5 % quantile of the standard normal distribution.
const NORMAL_QUANTILE_5: f64 = -1.644_853_626_951_472_9;

/// The mean of the standard normal distribution below its 5 % quantile, as a
/// positive number: its density there over 0.05.
const NORMAL_SHORTFALL_5: f64 = 2.062_712_807_507_425_3;

/// Shortest range of days, both ends included, that has a daily Sharpe ratio.
const SHORTEST_RANGE: i64 = 3;

/// Writes TradingView's Sharpe and Sortino ratio.
pub(super) fn write_tradingview(metrics: &mut Metrics, days: Days<'_>, risk_free: RiskFree) {
    let (returns, rate) = if cover_three_months(days.first, days.last) {
        (Returns::over(days, month_of), risk_free.fraction() / 12.0)
    } else if days.last - days.first + 1 >= SHORTEST_RANGE {
        (Returns::over(days, |day| day), risk_free.fraction() / 365.0)
    } else {
        return;
    };
    if let Some(returns) = returns {
        metrics.sharpe = sharpe(&returns, rate);
        metrics.sortino = sortino(&returns, rate);
    }
}

/// Writes what rests on daily returns over the days that the market trades.
pub(super) fn write_daily(
    metrics: &mut Metrics,
    days: Days<'_>,
    trading_days: TradingDays,
    risk_free: RiskFree,
) {
    let returns = match trading_days {
        TradingDays::Calendar => Returns::over(days, |day| day),
        TradingDays::Business => Returns::over(days, business_day_of),
    };
    let Some(returns) = returns.filter(|returns| returns.count() >= 2) else {
        return;
    };
    let periods = trading_days.per_year();
    let rate = (1.0 + risk_free.fraction()).powf(1.0 / periods) - 1.0;
    let annual = |ratio: f64| finite(ratio * periods.sqrt());
    metrics.sharpe_annualized = sharpe(&returns, rate).and_then(annual);
    metrics.sortino_annualized = sortino(&returns, rate).and_then(annual);
    metrics.volatility_annualized = annual(100.0 * returns.plain_deviation());
    metrics.ulcer_index = ulcer_index(&returns);
    metrics.kelly_percent = kelly_percent(&returns);
    metrics.tail_ratio = returns
        .tails()
        .and_then(|(low, high)| ratio(high, low))
        .map(f64::abs);
    if let Some(deviation) = returns.deviation() {
        let mean = returns.mean();
        metrics.value_at_risk_95 = finite(100.0 * (mean + deviation * NORMAL_QUANTILE_5));
        metrics.expected_shortfall_95 = finite(100.0 * (mean - deviation * NORMAL_SHORTFALL_5));
    }
}

fn sharpe(returns: &Returns, rate: f64) -> Option<f64> {
    ratio(returns.mean() - rate, returns.deviation()?)
}

fn sortino(returns: &Returns, rate: f64) -> Option<f64> {
    ratio(returns.mean() - rate, returns.downside(rate))
}

fn ulcer_index(returns: &Returns) -> Option<f64> {
    finite((returns.squared_falls() / (count(returns.count()) - 1.0)).sqrt())
}

/// The fixed-odds Kelly fraction p - (1 - p) / b of days that were won or lost.
fn kelly_percent(returns: &Returns) -> Option<f64> {
    let (mut won, mut lost) = ((0.0, 0), (0.0, 0));
    for change in returns.changes() {
        let side = if change > 0.0 { &mut won } else { &mut lost };
        side.0 += change;
        side.1 += usize::from(change != 0.0);
    }
    let payoff = ratio(won.0 / count(won.1), -lost.0 / count(lost.1))?;
    let share_won = ratio(count(won.1), count(won.1 + lost.1))?;
    percent(share_won * payoff - (1.0 - share_won), payoff)
}
