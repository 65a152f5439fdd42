//! TradingView's list of trades, in every generation of its header, as delimited
//! text or as a spreadsheet.
//!
//! A trade has two rows, entry and exit, in either sequence; both are joined by
//! the trade's number. The profit is TradingView's own.

mod commission;
mod dates;
mod foreign;
mod guess;
mod header;
mod holes;
mod join;
mod kinds;
mod months;
pub(super) mod number;
mod own;
mod properties;
mod rows;
#[cfg(test)]
mod shapes;
mod sheets;
pub mod terms;
#[cfg(test)]
mod tests;
mod titles;
mod when;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::source::Source;
use super::spreadsheet::Sheets;
use super::table::{self, Cell, Table};
use super::{Faults, Kind, Opened, Unreadable};
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::signal::{Direction, Ticker};
use crate::domain::terms::Terms;

pub use commission::{Commissions, Paid};
pub use foreign::Foreign;
pub use header::{Choices, NotAChoice};
use header::{Columns, Currency, Places};
use join::Joining;
pub use properties::Properties;
pub use rows::Besides;
use rows::Reading;
pub use sheets::{Figure, Sided};
pub use titles::Field;
use titles::letters;

/// A list of trades.
#[derive(Debug, Clone, PartialEq)]
pub struct TradeList {
    /// The currency of profit, where the header or the properties name it.
    pub currency: Option<String>,
    /// The sign that stands in the header for a currency that several have.
    pub currency_sign: Option<&'static str>,
    /// The trades in the order of their numbers, those still open included.
    pub trades: Vec<ListedTrade>,
    /// The range that the strategy was tested over, where the properties have it.
    pub range: Option<(Timestamp, Timestamp)>,
    /// The terms that the profit of every row is counted by, where each states them.
    pub stated_terms: Option<Terms>,
    /// The sheet of properties.
    pub properties: Properties,
    /// The figures of TradingView's own report, where the file has them.
    pub figures: Vec<Figure>,
    /// The zone that the times were read in.
    pub zone: TimeZone,
    /// Set where neither file nor owner says that zone: it is the webhook's.
    pub is_zone_assumed: bool,
    /// Assumptions, and cells that could not be read and are not needed.
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
    /// The state of an open trade at the end of the list.
    pub at_end: AtEnd,
    /// Net profit as the list has it, in its currency; of an open trade, at the
    /// last price, and zero where the list does not have it.
    pub net_profit: Decimal,
    /// Commission of entry and exit, where the list has it; of an open trade that of its entry.
    pub commission: Option<Decimal>,
    /// TradingView's other figures of it.
    pub besides: Besides,
}

/// An open trade's state at the end of its list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AtEnd {
    /// Time of the last price.
    pub time: Option<Timestamp>,
    /// The last price.
    pub price: Option<Price>,
    /// Net profit at that price: what entering cost is spent.
    pub net_profit: Option<Decimal>,
}

/// The entry or the exit of a trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Time of the fill.
    pub time: Timestamp,
    /// At which price.
    pub price: Price,
    /// The signal that filled; most trades have the same.
    pub signal: Option<Arc<str>>,
}

/// Options for reading a list: everything that it does not say itself.
#[derive(Debug, Clone)]
pub struct Options {
    /// The zone of its times as its owner says; goes before what the properties say.
    pub zone: Option<TimeZone>,
    /// The zone where nobody says anything.
    pub usual_zone: TimeZone,
    /// The present: no trade is later.
    pub now: Timestamp,
    /// Columns that its owner names.
    pub columns: Choices,
    /// The instrument that is wanted of a file that has several.
    pub ticker: Option<Ticker>,
}

/// Reads a list of trades.
///
/// # Errors
///
/// [`Unreadable`], with row and column of what cannot be read.
pub fn read(file: impl Source, options: &Options) -> Result<TradeList, Unreadable> {
    read_opened(&mut Opened::of(&file)?, options)
}

/// Reads a list of trades from a file that is open.
///
/// # Errors
///
/// [`Unreadable`], with row and column of what cannot be read.
pub fn read_opened(file: &mut Opened<'_>, options: &Options) -> Result<TradeList, Unreadable> {
    match read_whole(file, options) {
        Err(error) => Err(file.instead(Kind::Trades, error)),
        read => read,
    }
}

fn read_whole(file: &mut Opened<'_>, options: &Options) -> Result<TradeList, Unreadable> {
    let (mut table, mut properties, figures) = match file {
        Opened::Sheets(sheets) => {
            let mut properties = Properties::read(sheets)?;
            let figures = sheets::read(sheets)?;
            let table = sheet_of_trades(sheets, &options.columns)?;
            properties.notes.extend(unread_sheets(&sheets.names()));
            (table, properties, figures)
        }
        Opened::Text(text) => (table::of_text(text)?, Properties::default(), Vec::new()),
    };
    if own::is_export(&table.header) {
        return own::read(&table, options);
    }
    let is_zone_assumed = options.zone.is_none() && properties.time_zone.is_none();
    let zone = options
        .zone
        .as_ref()
        .or(properties.time_zone.as_ref())
        .unwrap_or(&options.usual_zone)
        .clone();
    let mut faults = Faults::default();
    let mut notes = std::mem::take(&mut properties.notes);
    let recognised = recognise(&table, &options.columns)?;
    notes.extend(recognised.note(&table.header));
    notes.extend(recognised.twice(&table));
    let Recognised { columns, kinds, .. } = &recognised;
    let reading = Reading {
        columns,
        mark: rows::decimal_mark(&table, Some(columns), &mut notes),
        kinds: kinds.as_ref(),
        order: dates::order(&table, columns, kinds.as_ref(), options.now),
    };
    let range = properties.range.map(|(from, to)| {
        let instant = |moment| join::instant(&zone, moment);
        Some((instant(from)?, instant(to)?))
    });
    let (code, sign) = currency(&table, columns, &mut notes);
    if let Some(row) = table.rows.last().filter(|_| table.is_cut_off) {
        let ends_in = table.header[row.cells.len().saturating_sub(1)].as_str();
        let message = "the file ends here, within a row: it was cut off; export it again";
        faults.note(row.number, ends_in, message);
    }
    let count = table.rows.len();
    let rows = std::mem::take(&mut table.rows);
    let rows = match file {
        Opened::Sheets(_) => rows::Source::held(rows),
        Opened::Text(text) => {
            drop(rows);
            rows::Source::text(text)?
        }
    };
    let trades = Joining {
        header: &table.header,
        columns,
        zone: &zone,
        now: options.now,
        faults: &mut faults,
        notes: &mut notes,
    }
    .join(rows::reader(&table, rows, &reading), count.div_ceil(2))?;
    notes.extend(holes::notes(&trades));
    faults.or(TradeList {
        currency: code.or(properties.currency.clone()),
        currency_sign: sign,
        trades,
        range: range.flatten(),
        stated_terms: None,
        properties,
        figures,
        zone,
        is_zone_assumed,
        notes,
    })
}

/// The currency of profit by its code or its sign, as the title says, else the cells.
fn currency(
    table: &Table,
    columns: &Columns,
    notes: &mut Vec<String>,
) -> (Option<String>, Option<&'static str>) {
    let of_cells = header::currency_of_cells(table, columns.profit);
    let said = match (&columns.currency, &of_cells) {
        (Currency::Unsaid, _) | (Currency::Sign(_), Currency::Code(_)) => &of_cells,
        (Currency::Code(title), Currency::Code(cells)) if title != cells => {
            notes.push(format!(
                "the title of the profit says {title}, its cells say {cells}; it was taken as {title}"
            ));
            &columns.currency
        }
        (title, _) => title,
    };
    match said {
        Currency::Code(code) => (Some(code.clone()), None),
        Currency::Sign(sign) => (None, Some(*sign)),
        Currency::Unsaid => (None, None),
    }
}

/// Makes sure that a table has the columns of a list of trades.
///
/// # Errors
///
/// [`Unreadable`], which says what is missing or what the table is.
pub(super) fn looks_like_list(table: &Table, choices: &Choices) -> Result<(), Unreadable> {
    if own::is_export(&table.header) {
        return Ok(());
    }
    recognise(table, choices).map(drop)
}

/// The columns of a table, and what the words of its column Type mean.
struct Recognised {
    columns: Columns,
    /// The kinds of rows, where their words are not known.
    kinds: Option<guess::Kinds>,
    /// The fields whose columns were found by what they hold.
    guessed: Vec<(Field, usize)>,
}

/// Recognises the columns: as the owner says, by their titles, by what they hold.
fn recognise(table: &Table, choices: &Choices) -> Result<Recognised, Unreadable> {
    let known = header::places(&table.header, choices)?;
    let mut places = known.clone();
    let mut mark = None;
    if !header::missing(&places).is_empty() {
        if let Some(what) = foreign::what_is(&table.header, &table.rows) {
            return Err(Unreadable::Foreign(what));
        }
        let mark = *mark.get_or_insert_with(|| rows::decimal_mark(table, None, &mut Vec::new()));
        guess::places(table, mark, &mut places);
    }
    let Some(columns) = Columns::at(&places, &table.header) else {
        return Err(unknown_header(&table.header, &places));
    };
    let words = table
        .rows
        .iter()
        .filter_map(|row| row.cells.get(columns.kind));
    let is_unknown = !table.rows.is_empty()
        && words
            .map(Cell::text)
            .all(|word| kinds::kind(&word).is_none());
    let kinds = is_unknown.then(|| {
        let mark =
            mark.unwrap_or_else(|| rows::decimal_mark(table, Some(&columns), &mut Vec::new()));
        guess::kinds(table, mark, &places)
    });
    let guessed = places
        .into_iter()
        .filter(|(field, _)| !known.contains_key(field));
    Ok(Recognised {
        kinds: kinds.flatten(),
        columns,
        guessed: guessed.collect(),
    })
}

impl Recognised {
    /// Columns of one title that do not say the same, of which the first is taken.
    fn twice(&self, table: &Table) -> Option<String> {
        let header: Vec<String> = table.header.iter().map(|title| letters(title)).collect();
        let used = self.columns.of_amounts().chain(self.columns.of_texts());
        let mut twice = used.filter_map(|used| {
            let same = |other: &usize| {
                let differs = |row: table::Row<'_>| row.cells.get(used) != row.cells.get(*other);
                header[*other] == header[used] && table.rows.iter().any(differs)
            };
            let other = (used + 1..header.len()).find(same)?;
            Some((used, other))
        });
        let (used, other) = twice.next()?;
        Some(format!(
            "the columns {} and {} have the title \"{:.40}\" and differ; the first was taken",
            used + 1,
            other + 1,
            table.header[used]
        ))
    }

    /// The columns that were found by their content, for the owner to check.
    fn note(&self, header: &[String]) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.guessed.is_empty() {
            let named = self
                .guessed
                .iter()
                .map(|(field, column)| format!("{} = \"{:.40}\"", field.title(), header[*column]));
            let named: Vec<String> = named.collect();
            notes.push(format!(
                "the titles of some columns are not known; they were recognised by what stands under them: {}",
                named.join(", ")
            ));
        }
        if let Some(kinds) = &self.kinds {
            let named = kinds.iter().map(|(word, kind)| {
                let side = if kind.is_exit { "exit" } else { "entry" };
                format!("\"{word:.40}\" = {side} {}", kind.direction)
            });
            let named: Vec<String> = named.collect();
            notes.push(format!(
                "the words for entry and exit are not known; they were recognised by times and profits: {}",
                named.join(", ")
            ));
        }
        notes
    }
}

fn unknown_header(header: &[String], places: &Places) -> Unreadable {
    let missing = header::missing(places);
    Unreadable::UnknownHeader {
        is_known: missing.len() < Field::NEEDED.len() / 2,
        missing: missing.into_iter().map(Field::title).collect(),
        found: header.to_vec(),
    }
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

/// Says which sheets were not read, where none of them has the name of the properties: it can
/// be called otherwise in another language.
fn unread_sheets(names: &[String]) -> Option<String> {
    if names.len() < 2 || names.iter().any(|name| properties::is_name(name)) {
        return None;
    }
    let unread = names.iter().filter(|name| !sheets::is_name(name));
    let unread: Vec<String> = unread.map(|name| format!("\"{name:.40}\"")).collect();
    // One of them is the list itself.
    (unread.len() > 1).then(|| {
        format!(
            "of the sheets {} only the list of trades was read; a sheet Properties would say capital, point value, commission and zone",
            unread.join(", ")
        )
    })
}

/// The sheet that is called so, or the first one whose columns are recognised.
fn sheet_of_trades(sheets: &mut Sheets<'_>, choices: &Choices) -> Result<Table, Unreadable> {
    let names = sheets.names();
    let is_it = |name: &&String| name.trim().eq_ignore_ascii_case("List of trades");
    if let Some(name) = names.iter().find(is_it) {
        return sheets.table(name);
    }
    let mut first = Err(Unreadable::Empty);
    for name in &names {
        let table = sheets.table(name);
        let is_list = |table: &Table| recognise(table, choices).is_ok();
        if table.as_ref().is_ok_and(is_list) {
            return table;
        }
        if first.is_err() {
            first = table;
        }
    }
    first
}
