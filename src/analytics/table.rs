//! Trades as the report reads them: in the order of their exits, with money in units and local times already found.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::money::Decimal;
use crate::domain::signal::Direction;
use crate::domain::terms::Contract;
use crate::domain::trade::ClosedTrade;

use super::ReportInput;
use super::exact::Scale;
use super::local_time::{WallClock, time_of};
use super::number::float_of;

/// The columns of one trade that a report needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Net profit in units of the report's [`Scale`].
    pub profit: i128,
    /// Entry, in microseconds since the epoch.
    pub entry: i64,
    /// Exit, in microseconds since the epoch.
    pub exit: i64,
    /// Net profit over the entry's value and what entering cost; NaN where those
    /// together are not above zero.
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
    /// The units of every amount.
    pub scale: Scale,
    /// The money that the report begins with, in units.
    pub capital: i128,
    /// Commission of long and of short trades, in units.
    pub commission: [i128; 2],
    /// Start of the range, in microseconds; the least number where it is open.
    pub from: i64,
    /// When the oldest position that is still open was entered.
    pub open_since: Option<i64>,
    /// Names of the tickers that rows point to.
    pub tickers: Vec<Option<&'trades str>>,
    /// Names of the signals that rows point to; `None` for entries without one.
    pub signals: Vec<Option<&'trades str>>,
}

impl<'trades> TradeTable<'trades> {
    /// Reads the trades; those that close at the same time stay in their order.
    pub(super) fn of(input: &ReportInput<'trades>) -> Self {
        let trades = input.trades;
        let capital = input.capital.money();
        let open = input.open.all();
        let amounts = trades
            .iter()
            .flat_map(|trade| [trade.net_profit, trade.commission]);
        let scale = Scale::fitting(amounts.chain([capital, open.commission]).chain(open.profit));
        let (mut tickers, mut signals) = (Names::default(), Names::default());
        let mut rows: Vec<Row> = Vec::with_capacity(trades.len());
        let mut commission = [0; 2];
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
        set_local_times(&mut rows, input.zone);
        let from = input.asked.from.map(Timestamp::as_microsecond);
        Self {
            rows,
            scale,
            capital: scale.units(capital),
            commission,
            from: from.unwrap_or(i64::MIN),
            open_since: open.first_entry.map(Timestamp::as_microsecond),
            tickers: tickers.in_order,
            signals: signals.in_order,
        }
    }

    /// A time, or the beginning of the range where that is later.
    pub(super) fn within(&self, microsecond: i64) -> i64 {
        microsecond.max(self.from)
    }

    /// First entry, one that is still open included, or the beginning of the range where a
    /// position was entered before it; `None` without trades.
    pub(super) fn start(&self) -> Option<i64> {
        let first_entry = self.rows.iter().map(|row| row.entry).min()?;
        Some(self.within(first_entry.min(self.open_since.unwrap_or(first_entry))))
    }

    /// An amount in units.
    pub(super) fn units(&self, amount: Decimal) -> i128 {
        self.scale.units(amount)
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

/// Profit as a fraction of what the entry was worth and cost; not a number where the worth is
/// nothing, or less than nothing.
pub(super) fn return_fraction(trade: &ClosedTrade) -> f64 {
    let price = float_of(trade.entry_price.get());
    let size = float_of(trade.quantity.get()) * float_of(trade.point_value);
    let value = match trade.contract {
        Contract::Linear => size * price,
        Contract::Inverse => size / price,
    };
    if price <= 0.0 || value <= 0.0 {
        // Crude oil at -37, a spread at 0: nothing that a percentage could be of.
        return f64::NAN;
    }
    float_of(trade.net_profit) / (value + float_of(trade.entry_commission))
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
