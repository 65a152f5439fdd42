//! Curves and breakdowns of all trades: what the report's page draws.
//!
//! Every list is bounded by what a screen can show or by the days, months and
//! tickers there are, never by the number of trades. Days and hours are those of
//! the exit, in the report's zone.

mod breakdown;
mod curve;
mod distribution;
mod periods;
mod rolling;

use serde::Serialize;

use super::ReportInput;
use super::held::{self, HeldPoint};
use super::runs::{RunCounter, Runs};
use super::table::TradeTable;

pub use breakdown::{DurationProfit, Groups, HourProfit, NamedProfit, Profit, WeekdayProfit};
pub use curve::EquityPoint;
pub use distribution::{ProfitBin, ReturnBin};
pub use periods::{DayProfit, MonthReturn, YearReturn};
pub use rolling::{ROLLING_WINDOW, RollingPoint};

pub(super) use distribution::bins_of;

/// Curves and breakdowns of all trades.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// Equity and how far it lies below its peak: the report's capital, then a
    /// point a closed trade; of many trades the extremes of each stretch.
    pub equity: Vec<EquityPoint>,
    /// The same capital in the ticker that was entered first, from its first entry fill
    /// to the last price known; empty where that price is not above 0.
    pub buy_and_hold: Vec<HeldPoint>,
    /// Every month from the first entry's to the last exit's.
    pub monthly_returns: Vec<MonthReturn>,
    /// Every year from the first entry's to the last exit's.
    pub yearly_returns: Vec<YearReturn>,
    /// Days on which a trade closed.
    pub by_day: Vec<DayProfit>,
    /// Monday to Sunday.
    pub by_weekday: Vec<WeekdayProfit>,
    /// Midnight to 23:00.
    pub by_hour: Vec<HourProfit>,
    /// Tickers, the one with the most trades first.
    pub by_ticker: Groups,
    /// Signals of the entries, the one with the most trades first.
    pub by_signal: Groups,
    /// Steps of the time from entry to exit.
    pub by_duration: Vec<DurationProfit>,
    /// Trades by their profit in money.
    pub profit_distribution: Vec<ProfitBin>,
    /// Trades by their profit in percent of their value.
    pub return_distribution: Vec<ReturnBin>,
    /// Figures of the last [`ROLLING_WINDOW`] trades, from the first full window on.
    pub rolling: Vec<RollingPoint>,
    /// Runs of wins and of losses.
    pub runs: Runs,
}

/// All series of some trades.
pub(super) fn series_of(table: &TradeTable<'_>, input: &ReportInput<'_>) -> Series {
    let months = periods::months(table, input.zone);
    let mut runs = RunCounter::default();
    for row in &table.rows {
        runs.add(row.profit);
    }
    let split = breakdown::split(table);
    Series {
        equity: curve::equity(table),
        buy_and_hold: held::curve(input),
        yearly_returns: periods::years(&months, table),
        monthly_returns: periods::month_returns(&months, table),
        by_day: periods::days(table),
        by_weekday: split.weekdays,
        by_hour: split.hours,
        by_ticker: split.tickers,
        by_signal: split.signals,
        by_duration: split.durations,
        profit_distribution: distribution::profits(table),
        return_distribution: distribution::returns(table),
        rolling: rolling::rolling(table),
        runs: runs.finish(),
    }
}
