//! From closed trades to the performance report.
//!
//! Everything here is pure: no I/O, no SQL, no clock. Trades and settings come
//! in, figures and series go out. Money is added exactly (`exact`); ratios are
//! binary floating point and `None` wherever they are not defined. [`Metrics`]
//! says how each figure is defined.

mod capital;
mod column;
mod cycles;
mod drawdown;
mod durations;
mod exact;
pub mod expectation;
mod held;
pub mod intervals;
mod local_time;
mod metrics;
pub mod monte_carlo;
pub(crate) mod number;
mod ratios;
mod resample;
mod returns;
mod runs;
pub mod series;
pub(crate) mod statistics;
mod summary;
mod table;
#[cfg(test)]
mod tests;

use std::panic::resume_unwind;
use std::thread;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::domain::money::Decimal;
use crate::domain::signal::Direction;
use crate::domain::trade::ClosedTrade;

pub use capital::{Base, Capital};
pub use held::{Held, SeenPrice};
pub use metrics::{Metrics, ReturnPeriod};
pub use runs::{RunCount, Runs};
pub use series::Series;

use table::{Row, TradeTable};

/// Places of a percentage that the distribution of returns counts in.
const PERCENT_PLACES: f64 = 1e6;

/// The net profit of a trade in percent of its entry's value and commission, with six places, as
/// the distribution of returns counts it; `None` where that is not above zero.
#[must_use]
pub fn return_percent(trade: &ClosedTrade) -> Option<f64> {
    let fraction = table::return_fraction(trade);
    let rounded = (fraction * 100.0 * PERCENT_PLACES).round() / PERCENT_PLACES;
    rounded.is_finite().then_some(rounded)
}

/// Everything a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'input> {
    /// Currency of all amounts, for instance `USD`.
    pub currency: &'input str,
    /// The money that percentages are of.
    pub capital: Capital,
    /// The stretch of time that was asked for.
    pub asked: AskedRange,
    /// The range that growth a year and TradingView's ratios are told of, its end left out:
    /// as it was asked for, or as a backtest's file states it. `None` is from the first entry
    /// to the last price seen.
    pub range: Option<(Timestamp, Timestamp)>,
    /// The zone that days, hours and months are counted in.
    pub zone: &'input TimeZone,
    /// The days that have a return.
    pub trading_days: TradingDays,
    /// The rate that money earns without risk.
    pub risk_free: RiskFree,
    /// Closed trades in any order; those that close at the same time are taken in
    /// the order given.
    pub trades: &'input [ClosedTrade],
    /// The lots that are open at the end.
    pub open: OpenLots,
    /// Time of the last price, where prices are seen apart from trades.
    pub last_price_at: Option<Timestamp>,
    /// Seconds from each signal's own time to its arrival, in any order.
    pub signal_delays: &'input [f64],
    /// The ticker that was entered first; `None` where nothing was.
    pub held: Option<&'input Held>,
}

/// A range of time as it was asked for; `None` where it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AskedRange {
    /// Its first instant.
    pub from: Option<Timestamp>,
    /// The first instant after it.
    pub to: Option<Timestamp>,
}

impl AskedRange {
    /// True of a time that is not after its end.
    #[must_use]
    pub fn precedes_end(self, time: Timestamp) -> bool {
        self.to.is_none_or(|to| time < to)
    }

    /// Both its ends, an open one as `stated` has it; `None` where one is not known or nothing
    /// lies between them.
    #[must_use]
    pub fn closed_by(
        self,
        stated: Option<(Timestamp, Timestamp)>,
    ) -> Option<(Timestamp, Timestamp)> {
        let from = self.from.or(stated.map(|(from, _)| from));
        let to = self.to.or(stated.map(|(_, to)| to));
        from.zip(to).filter(|(from, to)| from < to)
    }
}

/// The days that have a return, and so their number in a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradingDays {
    /// Every day: 365 a year.
    Calendar,
    /// Monday to Friday: 252 a year.
    Business,
}

impl TradingDays {
    /// The days of a setting: 252 are business days, any other number calendar days.
    #[must_use]
    pub fn of_setting(trading_days: u16) -> Self {
        if trading_days == 252 {
            Self::Business
        } else {
            Self::Calendar
        }
    }

    /// Their number in a year.
    #[must_use]
    pub fn per_year(self) -> f64 {
        match self {
            Self::Calendar => 365.0,
            Self::Business => 252.0,
        }
    }
}

/// The risk-free rate in percent a year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiskFree(pub f64);

impl RiskFree {
    /// The rate as a fraction: 0.02 for 2 %.
    fn fraction(self) -> f64 {
        self.0 / 100.0
    }
}

/// The lots that are open at a report's end, by their side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenLots {
    /// The long ones.
    pub long: OpenSide,
    /// The short ones.
    pub short: OpenSide,
}

/// Open lots of one side together, in the report's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenSide {
    /// Gain at the last price, before commission; `None` where that price is not known.
    pub profit: Option<Decimal>,
    /// Commission of their entries: spent already, and in no closed trade yet.
    pub commission: Decimal,
    /// Entry time of the first of them.
    pub first_entry: Option<Timestamp>,
}

impl Default for OpenSide {
    fn default() -> Self {
        Self {
            profit: Some(Decimal::ZERO),
            commission: Decimal::ZERO,
            first_entry: None,
        }
    }
}

impl OpenSide {
    /// Notes a lot that is open, entered at a time.
    pub fn note_entry(&mut self, time: Timestamp) {
        let known = self.first_entry.unwrap_or(time);
        self.first_entry = Some(known.min(time));
    }

    fn both(self, other: Self) -> Self {
        let profits = self.profit.zip(other.profit);
        Self {
            profit: profits.map(|(one, other)| one.saturating_add(other)),
            commission: self.commission.saturating_add(other.commission),
            first_entry: self.first_entry.into_iter().chain(other.first_entry).min(),
        }
    }
}

impl OpenLots {
    /// Both sides together.
    fn all(self) -> OpenSide {
        self.long.both(self.short)
    }
}

/// The performance of trades in one currency.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Currency of every amount.
    pub currency: String,
    /// The initial capital of the webhooks or backtests.
    #[schema(value_type = String)]
    pub initial_capital: Decimal,
    /// The money that percentages are of, and the curve begins with: `equity`, that
    /// of the moment the range begins, or `initialCapital`.
    pub base: Base,
    /// That money.
    #[schema(value_type = String)]
    pub capital: Decimal,
    /// All trades.
    pub all: Metrics,
    /// Long trades, as if there were no others.
    pub long: Metrics,
    /// Short trades, as if there were no others.
    pub short: Metrics,
    /// Curves and breakdowns of all trades.
    pub series: Series,
}

/// Trades from which on a report takes longer than starting a thread does by far.
const MANY_TRADES: usize = 10_000;

/// The report on some trades.
///
/// Defined for every input, none and bankrupt accounts included; amounts beyond
/// the range of [`Decimal`] (about 8 x 10^28) are given as its end.
#[must_use]
pub fn report(input: &ReportInput<'_>) -> Report {
    let table = TradeTable::of(input);
    let (series, [mut all, mut long, mut short]) = both(
        table.rows.len() >= MANY_TRADES,
        || series::series_of(&table, input),
        || {
            let OpenLots { long, short } = input.open;
            let side = |side, open| {
                let belongs = |row: &Row| row.direction == side;
                column::metrics_of(&table, input, open, belongs)
            };
            let all = column::metrics_of(&table, input, input.open.all(), |_| true);
            [
                all,
                side(Direction::Long, long),
                side(Direction::Short, short),
            ]
        },
    );
    let closed = table.commission;
    for (metrics, closed, open) in [
        (&mut all, closed.iter().sum(), input.open.all()),
        (&mut long, closed[0], input.open.long),
        (&mut short, closed[1], input.open.short),
    ] {
        metrics.commission_paid = table.scale.money(closed + table.units(open.commission));
    }
    write_signal_delays(&mut all, input.signal_delays);
    held::write(&mut all, input);
    Report {
        currency: input.currency.to_owned(),
        initial_capital: input.capital.initial.normalize(),
        base: input.capital.base(),
        capital: input.capital.money().normalize(),
        all,
        long,
        short,
        series,
    }
}

/// Does two things, at the same time where they are long enough for a second thread.
fn both<A: Send, B>(
    are_long: bool,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B,
) -> (A, B) {
    if !are_long {
        return (one(), other());
    }
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (
            one.join().unwrap_or_else(|panic| resume_unwind(panic)),
            other,
        )
    })
}

fn write_signal_delays(metrics: &mut Metrics, delays: &[f64]) {
    let sorted = statistics::Sorted::of(delays.to_vec());
    metrics.avg_signal_delay = statistics::mean(sorted.iter());
    metrics.p95_signal_delay = sorted.at(0.95);
}
