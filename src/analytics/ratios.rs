//! Ratios that rest on periodic returns of equity.
//!
//! `sharpe` and `sortino` are TradingView's; the others follow the definitions
//! that QuantStats and empyrical share, or else those of QuantStats.

use super::intervals::{self, Excess};
use super::local_time::{business_day_of, month_of, touch_a_fourth_month};
use super::metrics::{Metrics, ReturnPeriod};
use super::number::{count, finite, ratio};
use super::returns::{Days, Returns};
use super::{RiskFree, TradingDays};

/// The 5 % quantile of the standard normal distribution.
const NORMAL_QUANTILE_5: f64 = -1.644_853_626_951_472_9;

/// The mean of the standard normal distribution below its 5 % quantile, as a
/// positive number: its density there over 0.05.
const NORMAL_SHORTFALL_5: f64 = 2.062_712_807_507_425_3;

/// Writes TradingView's Sharpe and Sortino ratio, and which returns they are of: monthly
/// ones where the days touch a fourth calendar month, else daily ones.
pub(super) fn write_tradingview(metrics: &mut Metrics, days: Days<'_>, risk_free: RiskFree) {
    let (returns, rate, period) = if touch_a_fourth_month(days.first, days.last) {
        let rate = risk_free.fraction() / 12.0;
        (Returns::over(days, month_of), rate, ReturnPeriod::Monthly)
    } else {
        let rate = risk_free.fraction() / 365.0;
        (Returns::over(days, |day| day), rate, ReturnPeriod::Daily)
    };
    let Some(returns) = returns else {
        return;
    };
    let excess = returns.mean() - rate;
    let sharpe = returns
        .population_deviation()
        .and_then(|deviation| ratio(excess, deviation));
    metrics.sharpe = sharpe;
    metrics.sortino = sortino(&returns, rate);
    if metrics.sharpe.or(metrics.sortino).is_some() {
        metrics.sharpe_returns = Some(period);
    }
    let excess = Excess::of(&returns, rate, 1.0);
    metrics.intervals.sharpe = intervals::sharpe(&excess, metrics.sharpe);
    metrics.intervals.sortino = intervals::sortino(&excess, metrics.sortino);
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
    if let Some(tails) = returns.tails() {
        metrics.tail_ratio = ratio(tails.high, tails.low).map(f64::abs);
        metrics.value_at_risk_95 = finite(100.0 * tails.low);
        metrics.expected_shortfall_95 = finite(100.0 * tails.worst);
    }
    if let Some(deviation) = returns.deviation() {
        let mean = returns.mean();
        let at_risk = mean + deviation * NORMAL_QUANTILE_5;
        let shortfall = mean - deviation * NORMAL_SHORTFALL_5;
        metrics.value_at_risk_95_parametric = finite(100.0 * at_risk);
        metrics.expected_shortfall_95_parametric = finite(100.0 * shortfall);
    }
    let excess = Excess::of(&returns, rate, periods.sqrt());
    metrics.intervals.sharpe_annualized = intervals::sharpe(&excess, metrics.sharpe_annualized);
    metrics.intervals.sortino_annualized = intervals::sortino(&excess, metrics.sortino_annualized);
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
