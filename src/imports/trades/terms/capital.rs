//! The initial capital: cumulative profit over its percentage.

use super::FromRows;
use super::interval::{Interval, overlap, roundest};
use super::sample::{Row, Sample};

/// The share of trades more than which have to agree.
const HALF: f64 = 0.5;

/// The initial capital that the rows say.
pub fn estimate(sample: &Sample) -> Option<FromRows> {
    let halves = sample.half_of_cumulative;
    let mut before = 0.0;
    let mut of_capital = Vec::new();
    // Early exports have the percentage of the equity before the trade.
    let mut of_equity = Vec::new();
    for row in &sample.rows {
        let Some((profit, percent)) = row.cumulative else {
            continue;
        };
        of_capital.extend(named(row, base(profit, percent, halves)));
        let shift = |(least, most): Interval| (least - before, most - before);
        of_equity.extend(named(row, base(row.net, percent, halves).map(shift)));
        before = profit;
    }
    let first = found(&of_capital);
    let agrees = |rows: &FromRows| share(rows) >= 0.9;
    match first {
        Some(rows) if agrees(&rows) => Some(rows),
        first => found(&of_equity)
            .filter(agrees)
            .or(first)
            .filter(|rows| share(rows) > HALF),
    }
}

#[allow(clippy::cast_precision_loss, reason = "trades are 200,000 at most")]
fn share(rows: &FromRows) -> f64 {
    rows.agreeing as f64 / rows.of.max(1) as f64
}

fn named(row: &Row, interval: Option<Interval>) -> Option<(u64, Interval)> {
    Some((row.trade, interval?))
}

/// The base that a profit can be so many percent of. A percentage that is rounded to nothing only
/// says that it is much.
fn base(
    profit: f64,
    percent: f64,
    (half_of_profit, half_of_percent): (f64, f64),
) -> Option<Interval> {
    if percent.abs() < half_of_percent {
        let least = (profit.abs() - half_of_profit) / half_of_percent * 100.0;
        return (least > 0.0).then_some((least, f64::INFINITY));
    }
    if profit.abs() <= half_of_profit {
        return None;
    }
    if (profit < 0.0) != (percent < 0.0) {
        return Some((f64::NEG_INFINITY, f64::NEG_INFINITY));
    }
    let least = (profit.abs() - half_of_profit) / (percent.abs() + half_of_percent);
    let most = (profit.abs() + half_of_profit) / (percent.abs() - half_of_percent).max(0.0);
    Some((least * 100.0, most * 100.0))
}

fn found(named: &[(u64, Interval)]) -> Option<FromRows> {
    let intervals: Vec<Interval> = named.iter().map(|(_, interval)| *interval).collect();
    // A lower bound alone is no number.
    intervals.iter().find(|(_, most)| most.is_finite())?;
    let common = overlap(&intervals)?.common;
    let (value, _) = roundest(common)?;
    FromRows::new(value, common, named).filter(|rows| !rows.value.is_zero())
}
