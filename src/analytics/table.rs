//! Trades as the report reads them: in the order of their exits, one cache line
//! each, with money in units and local times already found.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::money::Decimal;
use crate::domain::signal::Direction;
use crate::domain::terms::Contract;
use crate::domain::trade::ClosedTrade;

use super::exact::Scale;
use super::local_time::WallClock;
use super::number::float_of;

/// What the report needs of one trade.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Net profit in units of the report's [`Scale`].
    pub profit: i128,
    /// Entry, in microseconds since the epoch.
    pub entry: i64,
    /// Exit, in microseconds since the epoch.
    pub exit: i64,
    /// Net profit over the entry's value.
    pub return_fraction: f64,
    /// Index of the ticker in [`TradeTable::tickers`].
    pub ticker: u32,
    /// Index of the entry's signal in [`TradeTable::signals`].
    pub signal: u32,
    /// Local day of the exit since 1970-01-01; never before that of the row above.
    pub exit_day: i32,
    /// Local hour of the exit, 0 to 23.
    pub exit_hour: u8,
    /// Long or short.
    pub direction: Direction,
}

impl Row {
    /// From entry to exit in microseconds; 0 where the exit's time is the earlier one.
    pub(super) fn duration(&self) -> i64 {
        self.exit.saturating_sub(self.entry).max(0)
    }
}

/// All trades of a report, in the order of their exits.
pub(super) struct TradeTable<'trades> {
    /// One a trade.
    pub rows: Vec<Row>,
    /// What the units of every amount are.
    pub scale: Scale,
    /// Initial capital in units.
    pub capital: i128,
    /// Commission of long and of short trades, in units.
    pub commission: [i128; 2],
    /// Names of the tickers that rows point to.
    pub tickers: Vec<Option<&'trades str>>,
    /// Names of the signals that rows point to; `None` for entries without one.
    pub signals: Vec<Option<&'trades str>>,
}

impl<'trades> TradeTable<'trades> {
    /// Reads `trades`; those that close at the same time stay in their order.
    pub(super) fn of(trades: &'trades [ClosedTrade], capital: Decimal, zone: &TimeZone) -> Self {
        let amounts = trades
            .iter()
            .flat_map(|trade| [trade.net_profit, trade.commission]);
        let scale = Scale::fitting(amounts.chain([capital]));
        let (mut tickers, mut signals) = (Names::default(), Names::default());
        let mut commission = [0; 2];
        let mut rows: Vec<Row> = Vec::with_capacity(trades.len());
        for trade in trades {
            commission[side(trade.direction)] += scale.units(trade.commission);
            rows.push(Row {
                profit: scale.units(trade.net_profit),
                entry: trade.entry_time.as_microsecond(),
                exit: trade.exit_time.as_microsecond(),
                return_fraction: return_fraction(trade),
                ticker: tickers.index_of(Some(trade.ticker.as_str())),
                signal: signals.index_of(trade.entry_signal.as_deref()),
                exit_day: 0,
                exit_hour: 0,
                direction: trade.direction,
            });
        }
        if !rows.is_sorted_by_key(|row| row.exit) {
            rows.sort_by_key(|row| row.exit);
        }
        set_local_times(&mut rows, zone);
        Self {
            rows,
            scale,
            capital: scale.units(capital),
            commission,
            tickers: tickers.in_order,
            signals: signals.in_order,
        }
    }

    /// Each row with its number from 1 and the equity after it, in units.
    pub(super) fn equity(&self) -> impl Iterator<Item = (usize, &Row, i128)> {
        let mut equity = self.capital;
        self.rows.iter().enumerate().map(move |(index, row)| {
            equity += row.profit;
            (index + 1, row, equity)
        })
    }
}

/// The place of a direction in a pair: long, then short.
pub(super) fn side(direction: Direction) -> usize {
    match direction {
        Direction::Long => 0,
        Direction::Short => 1,
    }
}

/// Finds the local day and hour of every exit.
///
/// Where clocks are turned back over midnight a later exit has an earlier date;
/// it counts for the day that had begun, so that days follow each other.
fn set_local_times(rows: &mut [Row], zone: &TimeZone) {
    let mut clock = WallClock::new(zone);
    let mut latest = i32::MIN;
    for row in rows {
        let (day, second) = clock.day_and_second(time_of(row.exit));
        // A Timestamp ends with the year 9999: its days fit an i32, its hours a u8.
        latest = latest.max(i32::try_from(day).unwrap_or(i32::MAX));
        row.exit_day = latest;
        row.exit_hour = u8::try_from(second / 3600).unwrap_or(23);
    }
}

/// The instant of a number of microseconds since the epoch.
pub(super) fn time_of(microsecond: i64) -> Timestamp {
    // Every row's time came out of a Timestamp.
    Timestamp::from_microsecond(microsecond).unwrap_or(Timestamp::MAX)
}

/// Profit as a fraction of what the entry was worth; not a number where that is nothing, or
/// less than nothing.
fn return_fraction(trade: &ClosedTrade) -> f64 {
    if !trade.entry_price.is_positive() {
        return f64::NAN;
    }
    let size = float_of(trade.quantity.get()) * float_of(trade.point_value);
    let value = match trade.contract {
        Contract::Linear => size * float_of(trade.entry_price.get()),
        Contract::Inverse => size / float_of(trade.entry_price.get()),
    };
    float_of(trade.net_profit) / value
}

/// Gives each different name a number, in the order they come.
#[derive(Default)]
struct Names<'trades> {
    in_order: Vec<Option<&'trades str>>,
    numbers: HashMap<Option<&'trades str>, u32>,
    /// The number given last: trades of one ticker mostly come together.
    last: u32,
}

impl<'trades> Names<'trades> {
    fn index_of(&mut self, name: Option<&'trades str>) -> u32 {
        if self.in_order.get(self.last as usize) != Some(&name) {
            // More than 2^32 names would not fit into memory; they would share the last number.
            let next = u32::try_from(self.in_order.len()).unwrap_or(u32::MAX);
            self.last = *self.numbers.entry(name).or_insert_with(|| {
                self.in_order.push(name);
                next
            });
        }
        self.last
    }
}
