//! The rows of a list of trades, one side of a trade each.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::header::Columns;
use super::number::{self, DecimalMark};
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::signal::Direction;
use crate::imports::Faults;
use crate::imports::table::{self, Cell, Table};

/// When a row says that it filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// In the chart's time zone.
    Civil(DateTime),
    /// With an offset of its own.
    Instant(Timestamp),
}

/// The entry or the exit of a trade, as far as the row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where it stands in the file.
    pub number: usize,
    /// The number of the trade.
    pub trade: u64,
    /// Whether the trade is still open: an exit that has not filled.
    pub is_open: bool,
    /// Exit, or entry.
    pub is_exit: bool,
    /// Long or short.
    pub direction: Direction,
    /// When it filled.
    pub time: Option<Moment>,
    /// The signal that filled.
    pub signal: Option<String>,
    /// The price.
    pub price: Option<Price>,
    /// The quantity.
    pub quantity: Option<Quantity>,
    /// Net profit of the trade.
    pub profit: Option<Decimal>,
    /// Commission of the trade.
    pub commission: Option<Decimal>,
}

/// Reads the rows; what cannot be read is noted.
pub fn read(table: &Table, columns: &Columns, faults: &mut Faults) -> Vec<Row> {
    let numeric = [columns.price, columns.quantity, columns.profit];
    let cells = table.rows.iter();
    let cells = cells.flat_map(|row| numeric.iter().filter_map(|column| row.cells.get(*column)));
    let mark = DecimalMark::of(cells, table.has_semicolons);
    let rows = table.rows.iter().filter_map(|row| {
        let mut reader = RowReader {
            table,
            row,
            mark,
            faults,
        };
        reader.read(columns)
    });
    rows.collect()
}

/// One row while it is read.
struct RowReader<'a> {
    table: &'a Table,
    row: &'a table::Row,
    mark: DecimalMark,
    faults: &'a mut Faults,
}

impl RowReader<'_> {
    fn read(&mut self, columns: &Columns) -> Option<Row> {
        let trade = self.trade(columns.trade);
        let kind = self.kind(columns.kind);
        let signal = columns.signal.map(|column| self.text(column));
        let signal = signal.filter(|signal| !signal.is_empty());
        let stated_time = self.text(columns.time);
        let is_open = |text: &str| text.eq_ignore_ascii_case("open");
        let is_unfilled = |is_exit| {
            is_exit
                && (signal.as_deref().is_some_and(is_open)
                    || is_open(&stated_time)
                    || stated_time.is_empty())
        };
        let is_open = kind.is_some_and(|(is_exit, _)| is_unfilled(is_exit));
        let time = if is_open {
            None
        } else {
            self.time(columns.time, &stated_time)
        };
        let price = self.above_zero(columns.price, Price::new);
        let quantity = self.above_zero(columns.quantity, Quantity::new);
        let profit = self.number(columns.profit);
        let commission = columns.commission.and_then(|column| self.number(column));
        let (is_exit, direction) = kind?;
        Some(Row {
            number: self.row.number,
            trade: trade?,
            is_open,
            is_exit,
            direction,
            time,
            signal,
            price,
            quantity,
            profit,
            commission,
        })
    }

    fn text(&self, column: usize) -> String {
        self.row
            .cells
            .get(column)
            .map_or_else(String::new, Cell::text)
    }

    fn note(&mut self, column: usize, message: String) {
        let title = self.table.header[column].clone();
        self.faults.note(self.row.number, title, message);
    }

    fn trade(&mut self, column: usize) -> Option<u64> {
        let number = self.number(column)?;
        let trade = number.is_integer().then(|| u64::try_from(number).ok());
        let trade = trade.flatten();
        if trade.is_none() {
            self.note(column, format!("\"{number}\" is no number of a trade"));
        }
        trade
    }

    /// Exit or entry, and long or short.
    fn kind(&mut self, column: usize) -> Option<(bool, Direction)> {
        let text = self.text(column);
        match text
            .to_ascii_lowercase()
            .split_whitespace()
            .collect::<Vec<_>>()[..]
        {
            ["entry", "long"] => Some((false, Direction::Long)),
            ["entry", "short"] => Some((false, Direction::Short)),
            ["exit", "long"] => Some((true, Direction::Long)),
            ["exit", "short"] => Some((true, Direction::Short)),
            _ => {
                let message = format!(
                    "\"{text:.40}\" is none of Entry long, Exit long, Entry short and Exit short"
                );
                self.note(column, message);
                None
            }
        }
    }

    fn time(&mut self, column: usize, text: &str) -> Option<Moment> {
        let date = self.row.cells.get(column).and_then(Cell::date);
        let iso = text.replace('/', "-");
        let time = match date {
            Some(date) => Some(Moment::Civil(date)),
            None => match iso.parse() {
                Ok(instant) => Some(Moment::Instant(instant)),
                Err(_) => iso.parse().ok().map(Moment::Civil),
            },
        };
        if time.is_none() {
            let message = format!("\"{text:.40}\" is no time like 2026-01-05 14:30");
            self.note(column, message);
        }
        time
    }

    fn number(&mut self, column: usize) -> Option<Decimal> {
        let cell = self.row.cells.get(column)?;
        match number::read(cell, self.mark) {
            Ok(number) => number,
            Err(error) => {
                let text = cell.text();
                self.note(column, format!("\"{text:.40}\" {error}"));
                None
            }
        }
    }

    fn above_zero<T>(
        &mut self,
        column: usize,
        new: fn(Decimal) -> Result<T, crate::domain::money::NumberError>,
    ) -> Option<T> {
        let number = self.number(column)?;
        match new(number) {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(column, format!("\"{number}\" {error}"));
                None
            }
        }
    }
}
