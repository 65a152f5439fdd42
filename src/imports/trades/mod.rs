//! TradingView's list of trades, in every generation of its header, as delimited
//! text or as a spreadsheet.
//!
//! A trade has two rows, entry and exit, in either sequence; both are joined by
//! the trade's number. The profit is TradingView's own.

mod header;
mod number;
mod properties;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::table::{self, Sheets, Table};
use super::{Faults, Unreadable};
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::signal::Direction;

use header::Columns;
pub use properties::Properties;
use rows::{Moment, Row};

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

/// Whether a header is that of a list of trades.
pub(super) fn is_list(header: &[String]) -> bool {
    Columns::find(header).is_ok()
}

/// Reads a list of trades.
///
/// # Errors
///
/// [`Unreadable`], with row and column of what cannot be read.
pub fn read(file: &[u8], zone: &Zone) -> Result<TradeList, Unreadable> {
    let (table, properties) = if table::is_spreadsheet(file) {
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
    let rows = rows::read(&table, &columns, &mut faults);
    let trades = join(rows, &zone, &mut faults);
    let currency = columns.currency.clone().or(properties.currency.clone());
    faults.or(TradeList {
        currency,
        trades,
        properties,
        zone,
    })
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
        if table.as_ref().is_ok_and(|table| is_list(&table.header)) {
            return table;
        }
        if first.is_err() {
            first = table;
        }
    }
    first
}

/// Joins entries and exits by the number of their trade.
fn join(rows: Vec<Row>, zone: &TimeZone, faults: &mut Faults) -> Vec<ListedTrade> {
    let mut by_number: BTreeMap<u64, (Option<Row>, Option<Row>)> = BTreeMap::new();
    for row in rows {
        let (entry, exit) = by_number.entry(row.trade).or_default();
        let side = if row.is_exit { exit } else { entry };
        if let Some(first) = side {
            let kind = if row.is_exit { "exit" } else { "entry" };
            let message = format!(
                "trade {} has an {kind} in row {} already",
                row.trade, first.number
            );
            faults.note(row.number, "Type", message);
        } else {
            *side = Some(row);
        }
    }
    let trades = by_number.into_values().filter_map(|sides| match sides {
        (Some(entry), exit) => trade(&entry, exit.as_ref(), zone, faults),
        (None, Some(exit)) => {
            let message = format!("trade {} has no entry", exit.trade);
            faults.note(exit.number, "Type", message);
            None
        }
        (None, None) => None,
    });
    trades.collect()
}

fn trade(
    entry: &Row,
    exit: Option<&Row>,
    zone: &TimeZone,
    faults: &mut Faults,
) -> Option<ListedTrade> {
    if let Some(exit) = exit
        && exit.direction != entry.direction
    {
        let message = format!("trade {} is entered {}", entry.trade, entry.direction);
        faults.note(exit.number, "Type", message);
        return None;
    }
    let closed = match exit.filter(|exit| !exit.is_open) {
        Some(exit) => Some(side(exit, zone, faults)?),
        None => None,
    };
    let given = |value: fn(&Row) -> Option<Decimal>| exit.and_then(value).or_else(|| value(entry));
    let net_profit = given(|row| row.profit);
    if net_profit.is_none() && closed.is_some() {
        let message = format!("trade {} has no profit", entry.trade);
        faults.note(exit.unwrap_or(entry).number, "Net P&L", message);
    }
    Some(ListedTrade {
        number: entry.trade,
        direction: entry.direction,
        quantity: entry.quantity.or(exit.and_then(|exit| exit.quantity))?,
        entry: side(entry, zone, faults)?,
        exit: closed,
        net_profit: net_profit.unwrap_or_default(),
        commission: given(|row| row.commission),
    })
}

fn side(row: &Row, zone: &TimeZone, faults: &mut Faults) -> Option<Side> {
    let time = match row.time {
        Some(Moment::Instant(time)) => Some(time),
        Some(Moment::Civil(time)) => zone.to_timestamp(time).ok(),
        None => None,
    };
    if time.is_none() {
        faults.note(row.number, "Date and time", "there is no time");
    }
    if row.price.is_none() {
        faults.note(row.number, "Price", "there is no price");
    }
    Some(Side {
        time: time?,
        price: row.price?,
        signal: row.signal.clone(),
    })
}
