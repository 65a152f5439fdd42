//! From closed trades to the performance report.
//!
//! Everything here is pure: no I/O, no SQL, no clock. Trades and settings come
//! in, figures and series go out. Money is added exactly (`exact`); ratios are
//! binary floating point and `None` wherever they are not defined. [`Metrics`]
//! says how each figure is defined.

mod column;
mod drawdown;
mod durations;
mod exact;
mod local_time;
mod metrics;
pub mod monte_carlo;
mod number;
mod ratios;
mod returns;
mod runs;
pub mod series;
mod statistics;
mod summary;
mod table;
#[cfg(test)]
mod tests;

use std::panic::resume_unwind;
use std::thread;

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::domain::money::{Decimal, Price};
use crate::domain::signal::Direction;
use crate::domain::trade::ClosedTrade;

pub use metrics::Metrics;
pub use runs::{RunCount, Runs};
pub use series::Series;

use table::{TradeTable, side};

/// Everything a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'input> {
    /// Currency of all amounts, for instance `USD`.
    pub currency: &'input str,
    /// Money at the start; zero or more.
    pub initial_capital: Decimal,
    /// The zone that days, hours and months are counted in.
    pub zone: &'input TimeZone,
    /// Which days have a return.
    pub trading_days: TradingDays,
    /// What money earns without risk.
    pub risk_free: RiskFree,
    /// Closed trades in any order; those that close at the same time are taken in
    /// the order given.
    pub trades: &'input [ClosedTrade],
    /// Profit of the open lots at the newest price seen for their ticker.
    pub open_profit: OpenProfit,
    /// Seconds from each signal's own time to its arrival, in any order.
    pub signal_delays: &'input [f64],
    /// What the first traded ticker cost, where prices of it were seen.
    pub held_prices: Option<HeldPrices>,
}

/// Which days have a return, and so how many there are in a year.
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

    /// How many a year has.
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

/// Profit that is not realised yet, in the report's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenProfit {
    /// Of open long lots.
    pub long: Decimal,
    /// Of open short lots.
    pub short: Decimal,
}

/// The first and the last price seen of the first traded ticker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldPrices {
    /// What buying it cost.
    pub first: Price,
    /// What it is worth.
    pub last: Price,
}

/// The performance of trades in one currency.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Currency of every amount.
    pub currency: String,
    /// Money at the start.
    #[schema(value_type = String)]
    pub initial_capital: Decimal,
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
    let table = TradeTable::of(input.trades, input.initial_capital, input.zone);
    let (series, [mut all, mut long, mut short]) = both(
        table.rows.len() >= MANY_TRADES,
        || series::series_of(&table, input.zone),
        || {
            let side = |side| column::metrics_of(&table, input, |row| row.direction == side);
            let all = column::metrics_of(&table, input, |_| true);
            [all, side(Direction::Long), side(Direction::Short)]
        },
    );
    for (metrics, direction) in [(&mut long, Direction::Long), (&mut short, Direction::Short)] {
        metrics.commission_paid = table.scale.money(table.commission[side(direction)]);
    }
    all.commission_paid = table.scale.money(table.commission.iter().sum());
    long.open_profit = input.open_profit.long.normalize();
    short.open_profit = input.open_profit.short.normalize();
    all.open_profit = long
        .open_profit
        .saturating_add(short.open_profit)
        .normalize();
    write_signal_delays(&mut all, input.signal_delays);
    all.buy_and_hold_return = input.held_prices.and_then(|prices| {
        if !prices.first.is_positive() {
            return None;
        }
        let first = number::float_of(prices.first.get());
        number::percent(number::float_of(prices.last.get()) - first, first)
    });
    Report {
        currency: input.currency.to_owned(),
        initial_capital: input.initial_capital.normalize(),
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
    let mut sorted = delays.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    metrics.avg_signal_delay = statistics::mean(sorted.iter().copied());
    metrics.p95_signal_delay = statistics::quantile(0.95, sorted.len(), |index| sorted[index]);
}
