//! The sheet of properties that a spreadsheet of trades has.

use jiff::tz::TimeZone;

use super::number::{self, DecimalMark};
use crate::domain::money::Decimal;
use crate::domain::webhook::{Commission, CommissionKind};
use crate::imports::Unreadable;
use crate::imports::table::{Cell, Sheets};

/// What the properties say of a backtest, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Properties {
    /// The instrument, for instance `BINANCE:BTCUSDT`.
    pub symbol: Option<String>,
    /// Currency of the account.
    pub currency: Option<String>,
    /// Money at the start.
    pub initial_capital: Option<Decimal>,
    /// Money that one contract gains when the price rises by 1.
    pub point_value: Option<Decimal>,
    /// What every fill cost.
    pub commission: Option<Commission>,
    /// The zone of the chart.
    pub time_zone: Option<TimeZone>,
}

impl Properties {
    /// Reads the sheet `Properties`, where there is one.
    pub(super) fn read(sheets: &mut Sheets) -> Result<Self, Unreadable> {
        let names = sheets.names();
        let is_it = |name: &&String| name.trim().eq_ignore_ascii_case("Properties");
        let Some(name) = names.iter().find(is_it) else {
            return Ok(Self::default());
        };
        let table = match sheets.table(name) {
            Err(Unreadable::Empty) => return Ok(Self::default()),
            table => table?,
        };
        let mut properties = Self::default();
        // The sheet has no header of its own: its first row is a property too.
        let first: Vec<Cell> = table.header.into_iter().map(Cell::Text).collect();
        let rows = table.rows.into_iter().map(|row| row.cells);
        for cells in std::iter::once(first).chain(rows) {
            if let [name, value, ..] = cells.as_slice() {
                properties.take(&name.text(), value);
            }
        }
        Ok(properties)
    }

    fn take(&mut self, name: &str, value: &Cell) {
        let text = value.text();
        match name.to_ascii_lowercase().trim_end_matches(':') {
            "symbol" if !text.is_empty() => self.symbol = Some(text),
            "currency" if !text.is_empty() => self.currency = Some(text.to_uppercase()),
            "initial capital" => self.initial_capital = amount(value),
            "point value" => self.point_value = amount(value),
            "commission" => self.commission = commission(value),
            "time zone" | "timezone" => self.time_zone = zone(&text),
            _ => {}
        }
    }
}

fn amount(value: &Cell) -> Option<Decimal> {
    let mark = DecimalMark::of(std::iter::once(value), false);
    number::read(value, mark).ok().flatten()
}

/// `0.1%`, `1.5 USD per order`, `2 USD per contract`.
fn commission(value: &Cell) -> Option<Commission> {
    let text = value.text().to_ascii_lowercase();
    let kind = if text.contains('%') {
        CommissionKind::Percent
    } else if text.contains("order") {
        CommissionKind::PerOrder
    } else if text.contains("contract") {
        CommissionKind::PerContract
    } else {
        return None;
    };
    let number = text.split_whitespace().next()?.trim_end_matches('%');
    let value = amount(&Cell::Text(number.to_owned()))?;
    Some(Commission { kind, value })
}

/// A zone by its name, or by its offset: `UTC+8`, `(UTC-05:00) New York`.
fn zone(text: &str) -> Option<TimeZone> {
    if let Ok(zone) = TimeZone::get(text) {
        return Some(zone);
    }
    let offset = text.trim_start_matches('(').strip_prefix("UTC")?;
    let offset = offset.split([')', ' ']).next()?;
    if offset.is_empty() {
        return Some(TimeZone::UTC);
    }
    let (sign, digits) = offset.split_at_checked(1)?;
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    let seconds = if sign == "+" { seconds } else { -seconds };
    Some(jiff::tz::Offset::from_seconds(seconds).ok()?.to_time_zone())
}
