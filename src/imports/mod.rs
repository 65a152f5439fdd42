//! Files that bring in what algohook did not receive itself: alerts from
//! TradingView's log or as JSON lines, and TradingView's list of trades.
//!
//! Everything here is pure: bytes of a file in, alerts or trades out, or where
//! and why the file cannot be read. A file is taken whole or not at all, and read a piece
//! at a time: several of 32 MB may come at once.

pub mod alerts;
mod archive;
pub mod cell_text;
pub mod fills;
mod json_lines;
pub mod matching;
mod own;
mod records;
mod rows;
pub mod source;
mod spreadsheet;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod titled;
pub mod trades;

use std::{fmt, io};

use jiff::SignedDuration;
use source::Source;
use spreadsheet::Sheets;
use text::Text;
pub use trades::Foreign;

/// Faults that an error names; the rest is counted.
const NAMED_FAULTS: usize = 20;

/// Alerts or rows that one file may have.
const MOST_ROWS: usize = 200_000;

/// Columns that a table may have; TradingView's have 17 at most.
const MOST_COLUMNS: usize = 100;

/// Letters of a title that an error shows, and titles.
const SHOWN_LETTERS: usize = 40;
const SHOWN_TITLES: usize = 30;

/// The columns of an alert log and of a list of trades, as an error names them.
const ALERT_LOG: &str = "Alert ID, Ticker, Name, Description and Time";
const TRADE_LIST: &str =
    "Trade number, Type, Date and time, Signal, Price, Size (qty) and Net PnL among others";

/// The hours that zones lie apart.
pub(crate) const ZONES_APART: SignedDuration = SignedDuration::from_hours(26);

/// Fault of a time that lies ahead.
const IN_THE_FUTURE: &str =
    "is in the future; are the dates of the file right, and the clock of this machine?";

/// The exports of fills that are read, for errors.
const FILLS_ARE: &str = "Fills are read of Alpaca's activities, the trade histories of Binance and Bybit, Flex queries and activity statements of Interactive Brokers, and of plain columns: time,symbol,side,qty,price,fee,feeCurrency,orderId,fillId.";

/// The hint where no title is known.
const NAME_COLUMNS: &str = "If it is a list of trades in words that are not known, name its columns, or set TradingView to English and export it again";

/// Columns that no list of trades has fewer of, and no alert log as many.
const FEWEST_OF_TRADES: usize = 7;

/// Reason that a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// The disk that it is on does not give it back.
    #[error("the file cannot be read: {0}")]
    Unread(String),
    /// It is something else than what can be imported.
    #[error(
        "the file is no list of trades and no alert log of TradingView, no JSON lines, and no export of algohook; export it from TradingView again, or see docs/import.md for the form of JSON lines"
    )]
    UnknownKind,
    /// It is known to be something else.
    #[error("the file is {}. {}", .0.is, .0.advice)]
    Foreign(Foreign),
    /// Columns that are needed are not there, or not under a name that is known.
    #[error("there is no column {}; the header has {}. {}", .missing.join(", "), titles(.found), advice(*.is_known))]
    UnknownHeader {
        /// Names of the needed columns.
        missing: Vec<&'static str>,
        /// The titles of the header.
        found: Vec<String>,
        /// True if the other columns were recognised, so that those were left out.
        is_known: bool,
    },
    /// A table of something else, or with names of columns that are not known.
    #[error(
        "the header has {}; that of TradingView's alert log has {}, that of its list of trades {}. {NAME_COLUMNS}", titles(.found), ALERT_LOG, TRADE_LIST
    )]
    UnknownTable {
        /// The titles of the header.
        found: Vec<String>,
    },
    /// An export of algohook's trades of which one has to be chosen.
    #[error(
        "the file has trades of {}; a backtest is of one: name its ticker, or export the trades of one webhook and source",
        .0.iter().take(SHOWN_TITLES).cloned().collect::<Vec<_>>().join(", ")
    )]
    SeveralLists(Vec<String>),
    /// Its owner named a column that is not there.
    #[error("there is no column \"{column:.60}\" for {field}; the header has {}", titles(.found))]
    UnknownColumn {
        /// The expected kind.
        field: &'static str,
        /// The owner's name for it.
        column: String,
        /// The titles of the header.
        found: Vec<String>,
    },
    /// An export of fills without columns that are needed.
    #[error(
        "there is no column for {}; not recognised: {unknown}. {FILLS_ARE} Write the missing ones under these names, or export the fills again with them", .missing.join(", ")
    )]
    UnknownFills {
        /// Names of the needed columns.
        missing: Vec<&'static str>,
        /// The titles that are not known.
        unknown: String,
    },
    /// A spreadsheet that cannot be opened.
    #[error("the spreadsheet cannot be opened: {0}. Save it again, or as CSV")]
    Spreadsheet(String),
    /// There is more in it than is imported at once.
    #[error("the file has more than {MOST_ROWS} rows; import it in parts")]
    TooLong,
    /// There are more columns than a list of trades or an alert log has.
    #[error(
        "the file has more than {MOST_COLUMNS} columns; it is no list of trades and no alert log of TradingView"
    )]
    TooWide,
    /// A spreadsheet that unpacks to more than fits in memory.
    #[error(
        "the spreadsheet unpacks to more than a list of trades can; export it from TradingView again, or as CSV"
    )]
    TooLarge,
    /// Some rows cannot be read.
    #[error("{0}")]
    Rows(Faults),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Unread(error.to_string())
    }
}

/// The next step where columns are missing.
fn advice(is_known: bool) -> &'static str {
    if is_known {
        "Export the list again with all of its columns, or name the column that holds it"
    } else {
        NAME_COLUMNS
    }
}

/// The titles of a header as an error shows them.
fn titles(found: &[String]) -> String {
    let shown = found.iter().take(SHOWN_TITLES);
    let mut shown: Vec<String> = shown
        .map(|title| {
            let shown = title.chars().take(SHOWN_LETTERS);
            shown
                .map(|letter| {
                    if letter.is_control() {
                        '\u{fffd}'
                    } else {
                        letter
                    }
                })
                .collect()
        })
        .collect();
    if found.len() > SHOWN_TITLES {
        shown.push(format!("and {} more", found.len() - SHOWN_TITLES));
    }
    shown.join(", ")
}

/// A fault in one place of a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// The line of a text or the row of a sheet, from 1, the header included.
    pub row: usize,
    /// The name of the column, or in JSON lines the number of the character; empty where it
    /// is the whole row.
    pub column: String,
    /// The fault.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            row,
            column,
            message,
        } = self;
        match column.as_str() {
            "" => write!(formatter, "row {row}: {message}"),
            column => write!(formatter, "row {row}, column {column}: {message}"),
        }
    }
}

/// The places of a file that cannot be read; at least one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// The first of them.
    pub named: Vec<Fault>,
    /// Number of further ones.
    pub more: usize,
}

impl Faults {
    fn note(&mut self, row: usize, column: impl Into<String>, message: impl Into<String>) {
        if self.named.len() < NAMED_FAULTS {
            let column: String = column.into();
            self.named.push(Fault {
                row,
                column: format!("{column:.SHOWN_LETTERS$}"),
                message: message.into(),
            });
        } else {
            self.more += 1;
        }
    }

    /// Returns the value where nothing was wrong.
    fn or<T>(self, read: T) -> Result<T, Unreadable> {
        if self.named.is_empty() {
            Ok(read)
        } else {
            Err(Unreadable::Rows(self))
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.named.iter().enumerate() {
            let separator = if number > 0 { "; " } else { "" };
            write!(formatter, "{separator}{fault}")?;
        }
        if self.more > 0 {
            write!(formatter, "; and {} more", self.more)?;
        }
        Ok(())
    }
}

/// The content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Alerts: TradingView's log, or JSON lines.
    Alerts,
    /// TradingView's list of trades.
    Trades,
    /// A broker's fills.
    Fills,
}

/// A file that was opened: what it is saved as is known, its content is not yet.
pub enum Opened<'a> {
    /// A spreadsheet.
    Sheets(Box<Sheets<'a>>),
    /// Any other file.
    Text(Text<'a>),
}

impl<'a> Opened<'a> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] where it cannot be read, or is no whole spreadsheet.
    pub fn of(file: &'a dyn Source) -> Result<Self, Unreadable> {
        if let Some(foreign) = saved_as(&source::first_bytes(file, LOOKED_AT)?) {
            return Err(Unreadable::Foreign(foreign));
        }
        Ok(if table::is_spreadsheet(file)? {
            Self::Sheets(Box::new(Sheets::open(file)?))
        } else {
            Self::Text(Text::of(file)?)
        })
    }

    /// The content of the file, by its header and its first rows.
    ///
    /// # Errors
    ///
    /// [`Unreadable`], which says what the file is, where that is known.
    pub fn kind(&mut self, columns: &trades::Choices) -> Result<Kind, Unreadable> {
        if fills::looks_like_fills(self) {
            return Ok(Kind::Fills);
        }
        match self {
            Self::Sheets(_) => Ok(Kind::Trades),
            Self::Text(text) => kind_of_text(text, columns),
        }
    }
}

impl Opened<'_> {
    /// The error of a file that was read as something, or what it is instead, where that is
    /// known.
    fn instead(&mut self, read_as: Kind, error: Unreadable) -> Unreadable {
        let is_unknown = matches!(
            error,
            Unreadable::UnknownHeader { .. }
                | Unreadable::UnknownTable { .. }
                | Unreadable::UnknownFills { .. }
                | Unreadable::UnknownKind
        );
        let is_sheet = matches!(self, Self::Sheets(_));
        match self.kind(&trades::Choices::default()) {
            // Any spreadsheet may be a list of trades.
            Ok(Kind::Trades) if is_sheet => error,
            Ok(kind) if is_unknown && kind != read_as => Unreadable::Foreign(kind.elsewhere()),
            _ => error,
        }
    }
}

impl Kind {
    /// The way in for a file of this kind.
    fn elsewhere(self) -> Foreign {
        let (is, advice) = match self {
            Self::Alerts => ("one of alerts", "Import it as alerts"),
            Self::Trades => (
                "a list of trades",
                "It becomes the webhook's backtest: import it as a list of trades",
            ),
            Self::Fills => ("a broker's fills", "Import it as fills"),
        };
        Foreign {
            is,
            advice,
            kind: Some(self),
        }
    }
}

/// Bytes by which a file that is no table is known.
const LOOKED_AT: u64 = 256;

/// The format of a file of which nothing can be read.
fn saved_as(first: &[u8]) -> Option<Foreign> {
    let text = String::from_utf8_lossy(first).to_lowercase();
    let text = text.trim_start_matches(table::is_space);
    let (is, advice) = match first {
        [b'%', b'P', b'D', b'F', ..] => ("a PDF", "Export it as CSV or XLSX"),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => (
            "of an Excel from before 2007 (.xls), or has a password",
            "Save it as .xlsx without a password, or as CSV",
        ),
        [0x1f, 0x8b, ..] => ("compressed (gzip)", "Unpack it first"),
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => ("text in UTF-32", "Save it as UTF-8"),
        _ if text.starts_with("<!doctype html") || text.starts_with("<html") => (
            "a web page",
            "Log in where it is from, and export the file again",
        ),
        _ => return None,
    };
    Some(Foreign {
        is,
        advice,
        kind: None,
    })
}

/// The content of a file, by its header and its first rows.
///
/// # Errors
///
/// [`Unreadable`], which says what the file is, where that is known.
pub fn kind_of(file: impl Source, columns: &trades::Choices) -> Result<Kind, Unreadable> {
    Opened::of(&file)?.kind(columns)
}

fn kind_of_text(text: &Text<'_>, columns: &trades::Choices) -> Result<Kind, Unreadable> {
    if alerts::is_json_lines(text) {
        return Ok(Kind::Alerts);
    }
    let first = table::first_rows(text)?;
    let header = &first.header;
    if alerts::is_log(header) || own::is_export(header) {
        return Ok(Kind::Alerts);
    }
    if header.len() == 1 {
        return Err(Unreadable::UnknownKind);
    }
    if columns.is_empty() && alerts::looks_like_log(&first) {
        return Ok(Kind::Alerts);
    }
    match trades::looks_like_list(&first, columns) {
        Err(Unreadable::UnknownHeader {
            found, is_known, ..
        }) if !is_known && header.len() < FEWEST_OF_TRADES => {
            Err(Unreadable::UnknownTable { found })
        }
        other => other.map(|()| Kind::Trades),
    }
}
