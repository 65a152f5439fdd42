//! TradingView's list of trades, in every generation of its header, as delimited
//! text or as a spreadsheet.
//!
//! A trade has two rows, entry and exit, in either sequence; both are joined by
//! the trade's number. The profit is TradingView's own.

mod commission;
mod header;
mod join;
mod number;
mod properties;
mod rows;
#[cfg(test)]
mod tests;
mod when;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::spreadsheet::Sheets;
use super::table::{self, Table};
use super::{Faults, Unreadable};
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::signal::Direction;

pub use commission::Commissions;
use header::Columns;
use join::Joining;
pub use properties::Properties;

/// A list of trades.
#[derive(Debug, Clone, PartialEq)]
pub struct TradeList {
    /// The currency of profit, where the header or the properties name it.
    pub currency: Option<String>,
    /// The trades in the order of their numbers, those still open included.
    pub trades: Vec<ListedTrade>,
    /// What the sheet of properties says.
    pub properties: Properties,
    /// The zone that the times were read in.
    pub zone: TimeZone,
    /// What had to be assumed, or could not be read and is not needed.
    pub notes: Vec<String>,
}

/// A trade as TradingView lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTrade {
    /// Its number in the list.
    pub number: u64,
    /// Long or short.
    pub direction: Direction,
    /// Contracts, shares or coins.
    pub quantity: Quantity,
    /// The fill that opened it.
    pub entry: Side,
    /// The fill that closed it; `None` where it is still open.
    pub exit: Option<Side>,
    /// Net profit as the list has it, in its currency; of an open trade, at the
    /// last price.
    pub net_profit: Decimal,
    /// Commission of entry and exit, where the list has it.
    pub commission: Option<Decimal>,
}

/// The entry or the exit of a trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// When it filled.
    pub time: Timestamp,
    /// At which price.
    pub price: Price,
    /// The signal that filled.
    pub signal: Option<String>,
}

/// The zone of a list's times, which text does not say.
#[derive(Debug, Clone)]
pub struct Zone {
    /// As its owner says; goes before what the properties say.
    pub stated: Option<TimeZone>,
    /// Where nobody says anything.
    pub usual: TimeZone,
}

/// Says what is missing where a header is not that of a list of trades.
pub(super) fn find_columns(header: &[String]) -> Result<(), Unreadable> {
    Columns::find(header).map(drop)
}

/// Reads a list of trades.
///
/// # Errors
///
/// [`Unreadable`], with row and column of what cannot be read.
pub fn read(file: &[u8], zone: &Zone) -> Result<TradeList, Unreadable> {
    let (table, mut properties) = if table::is_spreadsheet(file) {
        let mut sheets = Sheets::open(file)?;
        let properties = Properties::read(&mut sheets)?;
        (sheet_of_trades(&mut sheets)?, properties)
    } else {
        (table::of_text(file)?, Properties::default())
    };
    let zone = zone
        .stated
        .as_ref()
        .or(properties.time_zone.as_ref())
        .unwrap_or(&zone.usual)
        .clone();
    let columns = Columns::find(&table.header)?;
    let mut faults = Faults::default();
    let mut notes = std::mem::take(&mut properties.notes);
    let rows = rows::read(&table, &columns, &mut faults, &mut notes);
    let trades = Joining {
        header: &table.header,
        columns: &columns,
        zone: &zone,
        faults: &mut faults,
        notes: &mut notes,
    }
    .join(rows);
    if let Some(row) = table.rows.last().filter(|_| table.is_cut_off) {
        let ends_in = table.header[row.cells.len().saturating_sub(1)].as_str();
        let message = "the file ends here, within a row: it was cut off; export it again";
        faults.note(row.number, ends_in, message);
    }
    let currency = columns.currency.clone().or(properties.currency.clone());
    faults.or(TradeList {
        currency,
        trades,
        properties,
        zone,
        notes,
    })
}

/// A zone as it is shown: its IANA name, or `UTC+08:00`.
#[must_use]
pub fn zone_name(zone: &TimeZone) -> String {
    match (zone.iana_name(), zone.to_fixed_offset()) {
        (Some(name), _) => name.to_owned(),
        (None, Ok(offset)) => format!("UTC{offset:#}"),
        (None, Err(_)) => "a zone without a name".to_owned(),
    }
}

/// The sheet that is called so, or the first one with a header that fits.
fn sheet_of_trades(sheets: &mut Sheets) -> Result<Table, Unreadable> {
    let names = sheets.names();
    let is_it = |name: &&String| name.trim().eq_ignore_ascii_case("List of trades");
    if let Some(name) = names.iter().find(is_it) {
        return sheets.table(name);
    }
    let mut first = Err(Unreadable::Empty);
    for name in &names {
        let table = sheets.table(name);
        if table
            .as_ref()
            .is_ok_and(|table| find_columns(&table.header).is_ok())
        {
            return table;
        }
        if first.is_err() {
            first = table;
        }
    }
    first
}
