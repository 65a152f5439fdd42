//! The equity curve with its drawdowns, thinned to what a screen can show.

use jiff::Timestamp;
use serde::Serialize;

use crate::analytics::local_time::time_of;
use crate::analytics::number::{float, percent};
use crate::analytics::table::TradeTable;
use crate::domain::money::Decimal;

/// Stretches that a long curve is cut into. Each keeps at most five points, so a
/// curve has at most 1,251 of them.
const STRETCHES: usize = 250;

/// Equity after one trade.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EquityPoint {
    /// Exit time of the trade; of the first point, the first entry, or the start of the range where
    /// that is later.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The number of the trade, from 1; 0 is the start.
    pub trade: usize,
    /// The report's capital and the profit of all trades so far.
    #[schema(value_type = String)]
    pub equity: Decimal,
    /// Distance of equity below its peak; 0 or more.
    #[schema(value_type = String)]
    pub drawdown: Decimal,
    /// The drawdown in percent of the peak; `null` where the capital is not above 0.
    pub drawdown_percent: Option<f64>,
}

/// A point before it is written out; money in units.
#[derive(Clone, Copy)]
struct Point {
    trade: usize,
    /// Microseconds since the epoch.
    time: i64,
    equity: i128,
    peak: i128,
}

impl Point {
    fn drawdown(&self) -> i128 {
        self.peak - self.equity
    }

    fn drawdown_share(&self) -> f64 {
        float(self.drawdown()) / float(self.peak)
    }
}

/// The points of a stretch that a thinned curve must show.
struct Stretch([Point; 5]);

impl Stretch {
    fn starting(point: Point) -> Self {
        Self([point; 5])
    }

    fn add(&mut self, point: Point) {
        let [highest, lowest, deepest, deepest_share, last] = &mut self.0;
        if point.equity > highest.equity {
            *highest = point;
        }
        if point.equity < lowest.equity {
            *lowest = point;
        }
        if point.drawdown() > deepest.drawdown() {
            *deepest = point;
        }
        if point.drawdown_share() > deepest_share.drawdown_share() {
            *deepest_share = point;
        }
        *last = point;
    }

    /// The points in their order, each once.
    fn points(mut self) -> impl Iterator<Item = Point> {
        self.0.sort_unstable_by_key(|point| point.trade);
        let mut before = None;
        self.0
            .into_iter()
            .filter(move |point| before.replace(point.trade) != Some(point.trade))
    }
}

/// The curve of all trades; of many, each stretch's highest, lowest, deepest (in
/// money and in percent) and last point, so that no extreme is lost.
pub(super) fn equity(table: &TradeTable<'_>) -> Vec<EquityPoint> {
    let Some(start) = table.start() else {
        return Vec::new();
    };
    let start = Point {
        trade: 0,
        time: start,
        equity: table.capital,
        peak: table.capital,
    };
    let mut points = vec![start];
    let length = table.rows.len().div_ceil(STRETCHES);
    let mut stretch: Option<Stretch> = None;
    let mut peak = table.capital;
    for (trade, row, equity) in table.equity() {
        peak = peak.max(equity);
        let point = Point {
            trade,
            time: row.exit,
            equity,
            peak,
        };
        match &mut stretch {
            Some(stretch) => stretch.add(point),
            None => stretch = Some(Stretch::starting(point)),
        }
        if trade % length == 0 {
            points.extend(stretch.take().into_iter().flat_map(Stretch::points));
        }
    }
    points.extend(stretch.into_iter().flat_map(Stretch::points));
    points
        .iter()
        .map(|point| written_out(point, table))
        .collect()
}

fn written_out(point: &Point, table: &TradeTable<'_>) -> EquityPoint {
    let share = (table.capital > 0).then(|| percent(point.drawdown_share(), 1.0));
    EquityPoint {
        time: time_of(point.time),
        trade: point.trade,
        equity: table.scale.money(point.equity),
        drawdown: table.scale.money(point.drawdown()),
        drawdown_percent: share.flatten(),
    }
}
