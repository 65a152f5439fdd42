//! Fills from a broker's export: Alpaca's activities, the trade histories of Binance and
//! Bybit, Flex queries and activity statements of Interactive Brokers, or plain columns.
//!
//! Every broker writes the same few facts under names of its own, so one reader knows a column
//! by any of its names, and what is peculiar to a broker (the zone of its times, the sign of
//! its fees) by the columns that only it has. The header need not be the first line: most
//! brokers put a line of their own before it.

mod header;
mod json;
mod records;
mod rows;
#[cfg(test)]
mod tests;
mod when;

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::source::Source;
use super::{Faults, IN_THE_FUTURE, Kind, Opened, Unreadable, ZONES_APART};
use crate::domain::fill::{Fill, FillVenue};
use crate::domain::signal::Ticker;
use header::Columns;
use records::Records;

/// The fills of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FillFile {
    /// The broker.
    pub venue: FillVenue,
    /// The fills, oldest first.
    pub fills: Vec<ListedFill>,
    /// Rows that are no fills: funding, dividends, totals.
    pub others: usize,
    /// True if nothing in it says the zone of its times for certain, nor its owner.
    pub is_zone_assumed: bool,
    /// Assumptions for the owner to check.
    pub notes: Vec<String>,
}

/// A fill and where it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFill {
    /// Its line, row or entry, from 1.
    pub row: usize,
    /// The fill.
    pub fill: Fill,
    /// Fills before it of which the file says the very same.
    pub nth: usize,
}

/// Facts that a file does not state itself.
#[derive(Debug, Clone)]
pub struct FillOptions {
    /// The zone of times without one, as the owner says.
    pub zone: Option<TimeZone>,
    /// The zone where neither file nor owner says: the webhook's.
    pub usual_zone: TimeZone,
    /// The instrument of a file without a column for it.
    pub symbol: Option<Ticker>,
    /// The time of the import.
    pub now: Timestamp,
}

/// Reads the fills of a file.
///
/// # Errors
///
/// [`Unreadable`], with row and column of what cannot be read.
pub fn read(file: impl Source, options: &FillOptions) -> Result<FillFile, Unreadable> {
    read_opened(&mut Opened::of(&file)?, options)
}

/// Reads the fills of a file that is open.
///
/// # Errors
///
/// [`Unreadable`], with row and column of what cannot be read.
pub fn read_opened(file: &mut Opened<'_>, options: &FillOptions) -> Result<FillFile, Unreadable> {
    match read_whole(file, options) {
        Err(error) => Err(file.instead(Kind::Fills, error)),
        read => read,
    }
}

fn read_whole(file: &mut Opened<'_>, options: &FillOptions) -> Result<FillFile, Unreadable> {
    let mut faults = Faults::default();
    let mut found: Option<FillFile> = None;
    // A table is gone before the next is read.
    for table in records::tables(file, usize::MAX)? {
        let columns = Columns::of(table.header(), options.symbol.is_some())?;
        let read = rows::read(table, &columns, options, &mut faults);
        match &mut found {
            Some(found) => {
                found.fills.extend(read.fills);
                found.others += read.others;
            }
            None => found = Some(read),
        }
    }
    let mut found = found.ok_or(Unreadable::Empty)?;
    in_order(&mut found.fills);
    note_future(&mut found, options.now);
    faults.or(found)
}

/// Reports whether a file has the columns of an export of fills, by its first lines.
pub(super) fn looks_like_fills(file: &mut Opened<'_>) -> bool {
    let is_known = |table: &Records| Columns::of(table.header(), false).is_ok();
    if matches!(file, Opened::Text(text) if super::alerts::is_json_lines(text)) {
        return false;
    }
    let tables = records::tables(file, records::FIRST_LINES);
    tables.is_ok_and(|tables| !tables.is_empty() && tables.iter().all(is_known))
}

/// A fill cannot be in the future, but for the hours that zones lie apart.
fn note_future(file: &mut FillFile, now: Timestamp) {
    let last = file.fills.last().map(|listed| listed.fill.time);
    if let Some(last) = last.filter(|last| *last > now + ZONES_APART) {
        file.notes.push(format!("{last} {IN_THE_FUTURE}"));
    }
}

/// Sorts by time. Of one instant the sequence of the file holds, which is the other way round
/// where its newest fills come first.
fn in_order(fills: &mut [ListedFill]) {
    let ends = fills.first().zip(fills.last());
    if ends.is_some_and(|(first, last)| first.fill.time > last.fill.time) {
        fills.reverse();
    }
    fills.sort_by_key(|listed| listed.fill.time);
    // Only of one instant the very same can be said twice. By a digest of it: of 200,000 fills
    // the texts themselves are too many.
    let of_instants = fills.chunk_by_mut(|one, next| one.fill.time == next.fill.time);
    for together in of_instants.filter(|together| together.len() > 1) {
        let mut seen: HashMap<[u8; 32], usize> = HashMap::new();
        for listed in together {
            let said = Sha256::digest(listed.fill.in_full()).into();
            let before = seen.entry(said).or_insert(0);
            listed.nth = *before;
            *before += 1;
        }
    }
}
