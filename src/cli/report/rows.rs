//! The lines of the report's table.

use crate::analytics::intervals::{Interval, MoneyInterval};
use crate::analytics::{Metrics, Report, ReturnPeriod};
use crate::domain::currency;
use crate::domain::money::Decimal;

/// A figure's cell in one column; `None` where it is not defined.
type Cell = fn(&Metrics, &str) -> Option<String>;

/// Each line's title, its cell for one column, and the interval of the figure.
const LINES: &[(&str, Cell, Cell)] = &[
    ("Net profit", |m, c| money(Some(m.net_profit), c), none),
    (
        "Net profit, % of capital",
        |m, _| number(m.net_profit_percent),
        none,
    ),
    ("Gross profit", |m, c| money(Some(m.gross_profit), c), none),
    ("Gross loss", |m, c| money(Some(m.gross_loss), c), none),
    (
        "Commission paid",
        |m, c| money(Some(m.commission_paid), c),
        none,
    ),
    ("Open profit", |m, c| money(m.open_profit, c), none),
    ("Buy and hold", |m, c| money(m.buy_and_hold, c), none),
    ("Outperformance", |m, c| money(m.outperformance, c), none),
    (
        "Profit factor",
        |m, _| number(m.profit_factor),
        |m, _| interval(m.intervals.profit_factor, "trade"),
    ),
    ("Trades", |m, _| Some(m.total_trades.to_string()), none),
    (
        "Winning trades",
        |m, _| Some(m.winning_trades.to_string()),
        none,
    ),
    (
        "Losing trades",
        |m, _| Some(m.losing_trades.to_string()),
        none,
    ),
    (
        "Percent profitable",
        |m, _| number(m.percent_profitable),
        |m, _| interval(m.intervals.percent_profitable, "trade"),
    ),
    (
        "Average trade",
        |m, c| money(m.avg_trade, c),
        |m, c| money_interval(m.intervals.avg_trade, c),
    ),
    ("Average win", |m, c| money(m.avg_win, c), none),
    ("Average loss", |m, c| money(m.avg_loss, c), none),
    (
        "Payoff ratio",
        |m, _| number(m.payoff_ratio),
        |m, _| interval(m.intervals.payoff_ratio, "trade"),
    ),
    (
        "Expectancy",
        |m, c| money(m.expectancy, c),
        |m, c| money_interval(m.intervals.expectancy, c),
    ),
    (
        "Kelly, %",
        |m, _| number(m.kelly_percent),
        |m, _| interval(m.intervals.kelly_percent, "trade"),
    ),
    ("Largest win", |m, c| money(m.largest_win, c), none),
    ("Largest loss", |m, c| money(m.largest_loss, c), none),
    (
        "Most wins in a row",
        |m, _| Some(m.max_consecutive_wins.to_string()),
        none,
    ),
    (
        "Most losses in a row",
        |m, _| Some(m.max_consecutive_losses.to_string()),
        none,
    ),
    (
        "Max. drawdown, closed-trade",
        |m, c| money(Some(m.max_drawdown), c),
        none,
    ),
    (
        "Max. drawdown, closed-trade, %",
        |m, _| number(m.max_drawdown_percent),
        none,
    ),
    (
        "Max. drawdown, closed-trade, TradingView's",
        |m, c| money(m.max_drawdown_trading_view, c),
        none,
    ),
    (
        "Max. run-up, closed-trade",
        |m, c| money(Some(m.max_run_up), c),
        none,
    ),
    (
        "Max. run-up, closed-trade, TradingView's",
        |m, c| money(m.max_run_up_trading_view, c),
        none,
    ),
    ("Recovery factor", |m, _| number(m.recovery_factor), none),
    ("CAGR, % a year", |m, _| number(m.cagr), none),
];

/// The lines whose title names the returns that they are of.
const OF_RETURNS: &[(&str, Cell, Cell)] = &[
    (
        "Sharpe ratio",
        |m, _| number(m.sharpe),
        |m, _| interval(m.intervals.sharpe, period(m)),
    ),
    (
        "Sortino ratio",
        |m, _| number(m.sortino),
        |m, _| interval(m.intervals.sortino, period(m)),
    ),
];

const LAST_LINES: &[(&str, Cell, Cell)] = &[
    (
        "Sharpe ratio, annualised",
        |m, _| number(m.sharpe_annualized),
        |m, _| interval(m.intervals.sharpe_annualized, "day"),
    ),
    (
        "Sortino ratio, annualised",
        |m, _| number(m.sortino_annualized),
        |m, _| interval(m.intervals.sortino_annualized, "day"),
    ),
    (
        "Average duration",
        |m, _| m.avg_duration.map(duration),
        none,
    ),
    ("Time in market, %", |m, _| number(m.time_in_market), none),
];

/// The table of a report: title, all, long, short, and the interval of all.
pub(super) fn of(report: &Report) -> Vec<Vec<String>> {
    let returns = match report.all.sharpe_returns {
        Some(ReturnPeriod::Monthly) => ", of monthly returns",
        Some(ReturnPeriod::Daily) => ", of daily returns",
        None => "",
    };
    let titled = |suffix: &'static str| {
        move |(title, cell, interval): &(&str, Cell, Cell)| {
            (format!("{title}{suffix}"), *cell, *interval)
        }
    };
    let lines = LINES.iter().map(titled(""));
    let of_returns = OF_RETURNS.iter().map(titled(returns));
    let last = LAST_LINES.iter().map(titled(""));
    lines
        .chain(of_returns)
        .chain(last)
        .map(|(title, cell, interval)| {
            let cell = |metrics| cell(metrics, &report.currency).unwrap_or_else(|| "-".to_owned());
            let interval = interval(&report.all, &report.currency).unwrap_or_default();
            vec![
                title,
                cell(&report.all),
                cell(&report.long),
                cell(&report.short),
                interval,
            ]
        })
        .collect()
}

fn none(_: &Metrics, _: &str) -> Option<String> {
    None
}

fn money(amount: Option<Decimal>, currency: &str) -> Option<String> {
    amount.map(|amount| currency::shown(amount, currency))
}

fn number(value: Option<f64>) -> Option<String> {
    value.map(|value| format!("{value:.2}"))
}

/// The period of the Sharpe ratio's returns.
fn period(metrics: &Metrics) -> &'static str {
    match metrics.sharpe_returns {
        Some(ReturnPeriod::Monthly) => "month",
        _ => "day",
    }
}

fn interval(found: Option<Interval>, one: &str) -> Option<String> {
    let found = found?;
    let ends = match (number(found.low), number(found.high)) {
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!("above {low}"),
        (None, Some(high)) => format!("below {high}"),
        (None, None) => return None,
    };
    Some(format!(
        "{ends} ({})",
        super::output::counted(&found.n, one)
    ))
}

fn money_interval(found: Option<MoneyInterval>, currency: &str) -> Option<String> {
    let found = found?;
    let [low, high] = [found.low, found.high].map(|end| currency::shown(end, currency));
    Some(format!(
        "{low} to {high} ({})",
        super::output::counted(&found.n, "trade")
    ))
}

/// Seconds in the two units that say most.
fn duration(seconds: f64) -> String {
    let units = [(86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s")];
    let first = units
        .iter()
        .position(|(size, _)| seconds >= *size)
        .unwrap_or(units.len() - 1);
    let (size, name) = units[first];
    let whole = (seconds / size).floor();
    match units.get(first + 1) {
        Some((smaller, smaller_name)) => {
            let rest = ((seconds - whole * size) / smaller).floor();
            format!("{whole} {name} {rest} {smaller_name}")
        }
        None => format!("{whole} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::intervals::Method;

    #[test]
    fn times_are_short() {
        assert_eq!(duration(93_600.0), "1 d 2 h");
        assert_eq!(duration(59.0), "59 s");
        assert_eq!(duration(0.0), "0 s");
    }

    #[test]
    fn an_interval_says_where_it_has_no_bound() {
        let of = |low, high| {
            interval(
                Some(Interval {
                    n: 5,
                    low,
                    high,
                    method: Method::Bca,
                }),
                "trade",
            )
        };
        assert_eq!(of(Some(0.5), Some(2.0)).unwrap(), "0.50 to 2.00 (5 trades)");
        assert_eq!(of(Some(0.5), None).unwrap(), "above 0.50 (5 trades)");
        assert_eq!(of(None, Some(2.0)).unwrap(), "below 2.00 (5 trades)");
        assert_eq!(of(None, None), None);
    }
}
