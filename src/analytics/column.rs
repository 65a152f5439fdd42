//! One column of the report, from its trades in the order of their exits.

use jiff::Timestamp;

use crate::domain::money::Decimal;

use super::cycles::Cycles;
use super::drawdown::Drawdown;
use super::durations::{Durations, time_in_market};
use super::local_time::local_day;
use super::metrics::Metrics;
use super::number::{count, float_of, percent, ratio, seconds};
use super::returns::{DayClose, Days};
use super::statistics::mean_and_deviation;
use super::summary::Summary;
use super::table::{Row, TradeTable};
use super::{OpenSide, ReportInput, intervals, ratios};

/// Seconds of a year of 365 days.
const YEAR: f64 = 365.0 * 86_400.0;

/// Shortest span that growth a year is told for, in seconds.
const SHORTEST_GROWTH: f64 = 30.0 * 86_400.0;

/// The metrics of the rows that `belongs` holds for, with the lots of theirs that are open.
pub(super) fn metrics_of(
    table: &TradeTable<'_>,
    input: &ReportInput<'_>,
    open: OpenSide,
    belongs: impl Fn(&Row) -> bool,
) -> Metrics {
    let chosen = || table.rows.iter().filter(|row| belongs(row));
    let mut metrics = Metrics {
        open_profit: open.profit.map(|profit| profit.normalize()),
        ..Metrics::default()
    };
    let Some(first_entry) = chosen().map(|row| row.entry).min() else {
        Summary::default().write(&mut metrics, table, open.commission);
        if table.capital > 0 {
            metrics.max_drawdown_percent = Some(0.0);
            metrics.max_run_up_percent = Some(0.0);
        }
        return metrics;
    };
    // A position that is still open may have been entered before all that were closed.
    let entered = open.first_entry.map(Timestamp::as_microsecond);
    let first_entry = entered.map_or(first_entry, |entered| entered.min(first_entry));
    let mut column = Column::starting(table.within(first_entry), table.capital);
    for row in chosen() {
        column.add(row);
    }
    column.write(&mut metrics, table, input, open);
    metrics.time_in_market = time_in_market(chosen().rev(), entered, table.from);
    metrics.sqn = system_quality(chosen().map(|row| table.scale.float(row.profit)));
    let found = intervals::of_trades(chosen(), table.scale, metrics.winning_trades);
    metrics.take_intervals(&found);
    metrics
}

/// The state of a column after some of its trades.
struct Column {
    start: i64,
    last_exit: i64,
    equity: i128,
    summary: Summary,
    drawdown: Drawdown,
    cycles: Cycles,
    durations: Durations,
    closes: Vec<DayClose>,
}

impl Column {
    fn starting(start: i64, capital: i128) -> Self {
        Self {
            start,
            last_exit: start,
            equity: capital,
            summary: Summary::default(),
            drawdown: Drawdown::starting(start, capital),
            cycles: Cycles::default(),
            durations: Durations::default(),
            closes: Vec::new(),
        }
    }

    fn add(&mut self, row: &Row) {
        self.equity += row.profit;
        self.last_exit = row.exit;
        self.summary.add(row);
        self.drawdown.add(row.exit, self.equity);
        self.cycles.add(self.equity);
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

    fn write(
        mut self,
        metrics: &mut Metrics,
        table: &TradeTable<'_>,
        input: &ReportInput<'_>,
        open: OpenSide,
    ) {
        let (scale, capital) = (table.scale, table.capital);
        self.durations.write(metrics);
        std::mem::take(&mut self.summary).write(metrics, table, open.commission);
        let found = self.cycles.finish();
        metrics.max_drawdown_trading_view = found.drawdown.map(|fall| scale.money(fall));
        metrics.max_run_up_trading_view = found.run_up.map(|rise| scale.money(rise));
        let extremes = std::mem::take(&mut self.drawdown).finish();
        metrics.max_drawdown = scale.money(extremes.fall);
        metrics.max_drawdown_duration = extremes.longest;
        metrics.max_run_up = scale.money(extremes.rise);
        let net_profit = float_of(metrics.net_profit);
        metrics.recovery_factor = ratio(net_profit, scale.float(extremes.fall));
        if capital <= 0 {
            return;
        }
        metrics.max_drawdown_percent = Some(extremes.fall_percent);
        metrics.max_run_up_percent = Some(extremes.rise_percent);
        let growth = 1.0 + net_profit / scale.float(capital);
        let (from, to) = self.range(input);
        let span = seconds(i128::from(to) - i128::from(from));
        metrics.cagr = growth_a_year(growth, span);
        metrics.calmar = metrics
            .cagr
            .and_then(|cagr| ratio(cagr, extremes.fall_percent));
        self.write_ratios(metrics, table, input, open);
    }

    /// The range that growth a year and TradingView's ratios are told of, in microseconds:
    /// the report's own, else from the first entry to the last price seen.
    fn range(&self, input: &ReportInput<'_>) -> (i64, i64) {
        if let Some((from, to)) = input.range {
            return (from.as_microsecond(), to.as_microsecond());
        }
        let last_price = input.last_price_at.map(jiff::Timestamp::as_microsecond);
        let end = self.last_exit.max(last_price.unwrap_or(i64::MIN));
        (self.start, end)
    }

    fn write_ratios(
        &self,
        metrics: &mut Metrics,
        table: &TradeTable<'_>,
        input: &ReportInput<'_>,
        open: OpenSide,
    ) {
        let Some(last_close) = self.closes.last() else {
            return;
        };
        let days = Days {
            closes: &self.closes,
            capital: table.capital,
            first: local_day(self.start, input.zone).min(self.closes[0].day),
            last: last_close.day,
            scale: table.scale,
        };
        ratios::write_daily(metrics, days, input.trading_days, input.risk_free);
        // TradingView's equity is that of the whole range, to the last bar, and has the open
        // lots in it. Of a range that is stated, the end itself belongs to the next day.
        let (from, to) = self.range(input);
        let end = to - i64::from(input.range.is_some());
        let first = local_day(from, input.zone).min(days.first);
        let last = local_day(end, input.zone).max(last_close.day);
        let mut closes = self.closes.clone();
        let net_open =
            table.units(open.profit.unwrap_or(Decimal::ZERO)) - table.units(open.commission);
        if net_open != 0 {
            let equity = last_close.equity + net_open;
            if last == last_close.day {
                closes.pop();
            }
            closes.push(DayClose { day: last, equity });
        }
        let days = Days {
            closes: &closes,
            first,
            last,
            ..days
        };
        ratios::write_tradingview(metrics, days, input.risk_free);
    }
}

/// Van Tharp's sqrt(n) x mean / sample standard deviation of profits.
fn system_quality(profits: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let (mean, deviation) = mean_and_deviation(profits.clone())?;
    ratio(count(profits.count()).sqrt() * mean, deviation)
}

/// Compound growth a year in percent, of growth by a factor within some seconds.
fn growth_a_year(factor: f64, span: f64) -> Option<f64> {
    if span < SHORTEST_GROWTH || factor < 0.0 {
        return None;
    }
    percent(factor.powf(YEAR / span) - 1.0, 1.0)
}
