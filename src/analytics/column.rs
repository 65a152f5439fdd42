//! One column of the report, from its trades in the order of their exits.

use jiff::tz::TimeZone;

use super::drawdown::Drawdown;
use super::durations::{Durations, time_in_market};
use super::local_time::WallClock;
use super::metrics::Metrics;
use super::number::{count, percent, ratio, seconds};
use super::returns::{DayClose, Days};
use super::statistics::mean_and_deviation;
use super::summary::Summary;
use super::table::{Row, TradeTable, time_of};
use super::{ReportInput, ratios};

/// Seconds of a year of 365.25 days.
const YEAR: f64 = 365.25 * 86_400.0;

/// Shortest span that growth a year is told for, in seconds.
const SHORTEST_GROWTH: f64 = 30.0 * 86_400.0;

/// The metrics of the rows that `belongs` holds for.
pub(super) fn metrics_of(
    table: &TradeTable<'_>,
    input: &ReportInput<'_>,
    belongs: impl Fn(&Row) -> bool,
) -> Metrics {
    let chosen = || table.rows.iter().filter(|row| belongs(row));
    let mut metrics = Metrics::default();
    let Some(first_entry) = chosen().map(|row| row.entry).min() else {
        Summary::default().write(&mut metrics, table.scale, table.capital);
        if table.capital > 0 {
            metrics.max_drawdown_percent = Some(0.0);
            metrics.max_run_up_percent = Some(0.0);
        }
        return metrics;
    };
    let mut column = Column::starting(first_entry, table.capital);
    for row in chosen() {
        column.add(row);
    }
    column.write(&mut metrics, table, input);
    metrics.time_in_market = time_in_market(chosen().rev());
    metrics.sqn = system_quality(chosen().map(|row| table.scale.float(row.profit)));
    metrics
}

/// What is known of a column's trades after some of them.
struct Column {
    first_entry: i64,
    last_exit: i64,
    equity: i128,
    summary: Summary,
    drawdown: Drawdown,
    durations: Durations,
    closes: Vec<DayClose>,
}

impl Column {
    fn starting(first_entry: i64, capital: i128) -> Self {
        Self {
            first_entry,
            last_exit: first_entry,
            equity: capital,
            summary: Summary::default(),
            drawdown: Drawdown::starting(first_entry, capital),
            durations: Durations::default(),
            closes: Vec::new(),
        }
    }

    fn add(&mut self, row: &Row) {
        self.equity += row.profit;
        self.last_exit = row.exit;
        self.summary.add(row.profit, row.return_fraction);
        self.drawdown.add(row.exit, self.equity);
        self.durations.add(row);
        let day = i64::from(row.exit_day);
        match self.closes.last_mut() {
            Some(close) if close.day == day => close.equity = self.equity,
            _ => self.closes.push(DayClose {
                day,
                equity: self.equity,
            }),
        }
    }

    fn write(self, metrics: &mut Metrics, table: &TradeTable<'_>, input: &ReportInput<'_>) {
        let (scale, capital) = (table.scale, table.capital);
        self.durations.write(metrics);
        self.summary.write(metrics, scale, capital);
        let extremes = self.drawdown.finish();
        metrics.max_drawdown = scale.money(extremes.fall);
        metrics.max_drawdown_duration = extremes.longest;
        metrics.max_run_up = scale.money(extremes.rise);
        let net_profit = scale.float(self.equity - capital);
        metrics.recovery_factor = ratio(net_profit, scale.float(extremes.fall));
        if capital <= 0 {
            return;
        }
        metrics.max_drawdown_percent = Some(extremes.fall_percent);
        metrics.max_run_up_percent = Some(extremes.rise_percent);
        let span = seconds(i128::from(self.last_exit) - i128::from(self.first_entry));
        let growth = scale.float(self.equity) / scale.float(capital);
        metrics.cagr = growth_a_year(growth, span);
        metrics.calmar = metrics
            .cagr
            .and_then(|cagr| ratio(cagr, extremes.fall_percent));
        let Some(last_close) = self.closes.last() else {
            return;
        };
        let days = Days {
            closes: &self.closes,
            capital,
            first: local_day(self.first_entry, input.zone).min(self.closes[0].day),
            last: last_close.day,
            scale,
        };
        ratios::write_tradingview(metrics, days, input.risk_free);
        ratios::write_daily(metrics, days, input.trading_days, input.risk_free);
    }
}

/// The local day of an instant in microseconds since the epoch.
pub(super) fn local_day(microsecond: i64, zone: &TimeZone) -> i64 {
    WallClock::new(zone).day_and_second(time_of(microsecond)).0
}

/// Compound growth a year in percent, of growth by a factor within some seconds.
fn growth_a_year(factor: f64, span: f64) -> Option<f64> {
    if span < SHORTEST_GROWTH || factor < 0.0 {
        return None;
    }
    percent(factor.powf(YEAR / span) - 1.0, 1.0)
}

/// Van Tharp's sqrt(n) x mean / sample standard deviation of profits.
fn system_quality(profits: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let (mean, deviation) = mean_and_deviation(profits.clone())?;
    ratio(count(profits.count()).sqrt() * mean, deviation)
}
