//! Win rate, profit factor and Sharpe ratio of the latest trades, over time.

use jiff::Timestamp;
use serde::Serialize;

use crate::analytics::local_time::time_of;
use crate::analytics::number::{count, percent, ratio};
use crate::analytics::statistics::mean_and_deviation;
use crate::analytics::table::{Row, TradeTable};

/// Trades that a rolling figure looks back on, the latest included.
pub const ROLLING_WINDOW: usize = 20;

/// Points that a rolling series has at most, and one more at its end.
const MOST_POINTS: usize = 500;

/// Figures of the [`ROLLING_WINDOW`] trades up to one.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RollingPoint {
    /// Exit time of the latest trade of the window.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The number of that trade, from 1.
    pub trade: usize,
    /// Winning trades in percent of the window.
    pub win_rate: Option<f64>,
    /// Gross profit over gross loss; `null` without losses.
    pub profit_factor: Option<f64>,
    /// Mean profit over its sample standard deviation, a trade; not annualised.
    pub sharpe: Option<f64>,
}

/// The figures of every full window; of many, evenly spread ones and the last.
pub(super) fn rolling(table: &TradeTable<'_>) -> Vec<RollingPoint> {
    let windows = (table.rows.len() + 1).saturating_sub(ROLLING_WINDOW);
    let step = windows.div_ceil(MOST_POINTS).max(1);
    let spread = (0..windows).step_by(step);
    let last = windows.checked_sub(1).filter(|last| last % step != 0);
    let starts = spread.chain(last);
    starts
        .map(|start| {
            let window = &table.rows[start..start + ROLLING_WINDOW];
            point(window, start + ROLLING_WINDOW, table)
        })
        .collect()
}

fn point(window: &[Row], trade: usize, table: &TradeTable<'_>) -> RollingPoint {
    let profits = || window.iter().map(|row| row.profit);
    let sum_of = |sign| {
        let chosen = profits().filter(|profit| profit.signum() == sign);
        table.scale.float(chosen.sum::<i128>().abs())
    };
    let wins = profits().filter(|profit| *profit > 0).count();
    let spread = mean_and_deviation(profits().map(|profit| table.scale.float(profit)));
    RollingPoint {
        time: time_of(window[window.len() - 1].exit),
        trade,
        win_rate: percent(count(wins), count(window.len())),
        profit_factor: ratio(sum_of(1), sum_of(-1)),
        sharpe: spread.and_then(|(mean, deviation)| ratio(mean, deviation)),
    }
}
