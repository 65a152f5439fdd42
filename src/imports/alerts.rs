//! Alerts: TradingView's alert log export, or JSON lines
//! `{"time": "2026-01-05T14:30:00Z", "payload": {...}}`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::table::{self, Row, Table};
use super::{Faults, MOST_ROWS, Unreadable, own, text, trades};
use crate::domain::format::ReadingRules;
use crate::domain::signal::Signal;
use crate::payload;

/// The columns of TradingView's log that are used.
const MESSAGE: &str = "Description";
const TIME: &str = "Time";
const NAME: &str = "Name";

/// An alert as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedAlert {
    /// Where it stands in the file.
    pub row: usize,
    /// When it fired.
    pub time: Timestamp,
    /// The name that its owner gave it in TradingView; most have the same.
    pub name: Option<Arc<str>>,
    /// The message as it was sent.
    pub message: String,
    /// The facts that were read of the message, where it was read.
    pub said: Option<Said>,
    /// True if the owner accepted TradingView's position with it.
    pub is_adjustment: bool,
    /// True if it is known to have made an order, so that it is no resend of another.
    pub made_order: bool,
}

/// Facts of a message by which a copy of it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// Its time.
    pub time: Option<Timestamp>,
    /// Its `id`.
    pub id: Option<Box<str>>,
}

impl Said {
    /// The facts of a message that could be read.
    #[must_use]
    pub fn of(signal: Signal) -> Self {
        Self {
            time: signal.metadata.timestamp,
            id: signal.idempotency_key.map(String::into_boxed_str),
        }
    }
}

/// The names of a file's alerts, each kept once.
#[derive(Default)]
pub(super) struct Names(HashSet<Arc<str>>);

impl Names {
    /// The one copy of a name.
    pub(super) fn one(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.0.insert(Arc::clone(&name));
        name
    }
}

/// The alerts of a file, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertFile {
    /// The alerts.
    pub alerts: Vec<LoggedAlert>,
    /// True if the file has the alerts of a whole account, so that each has to
    /// show which webhook it belongs to.
    pub is_of_account: bool,
    /// Rows of algohook's own export that made no order and were left out.
    pub without_order: usize,
    /// Rows of algohook's own export whose message was not kept any longer.
    pub without_message: usize,
}

/// A name of alerts and how many have it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamedAlerts {
    /// The name that their owner gave them in TradingView.
    pub name: String,
    /// Their number.
    pub alerts: usize,
}

/// The names of alerts, the most frequent first; alerts without one are left out.
pub fn names_of<'alerts>(
    alerts: impl IntoIterator<Item = &'alerts LoggedAlert>,
) -> Vec<NamedAlerts> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in alerts.into_iter().filter_map(|alert| alert.name.as_deref()) {
        *counts.entry(name).or_default() += 1;
    }
    most_frequent(counts)
}

/// Names and how many alerts have them, the most frequent first.
#[must_use]
pub fn most_frequent<Name: AsRef<str>>(counts: BTreeMap<Name, usize>) -> Vec<NamedAlerts> {
    let named = counts.into_iter().map(|(name, alerts)| NamedAlerts {
        name: name.as_ref().to_owned(),
        alerts,
    });
    let mut named: Vec<NamedAlerts> = named.collect();
    named.sort_by_key(|named| Reverse(named.alerts));
    named
}

/// A name was asked for that no alert of the file has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no alert of the file is called \"{name}\"; {there}")]
pub struct UnknownName {
    name: String,
    /// The names that there are.
    there: String,
}

impl AlertFile {
    /// Makes sure that there are alerts of every name.
    ///
    /// # Errors
    ///
    /// [`UnknownName`], which lists the names that are there.
    pub fn require_names(&self, names: &[String]) -> Result<(), UnknownName> {
        let known = names_of(&self.alerts);
        let is_unknown = |name: &&String| !known.iter().any(|known| known.name == **name);
        let Some(name) = names.iter().find(is_unknown) else {
            return Ok(());
        };
        let there = known
            .iter()
            .map(|known| format!("\"{}\" ({})", known.name, known.alerts));
        let there: Vec<String> = there.collect();
        Err(UnknownName {
            name: name.clone(),
            there: if there.is_empty() {
                "its alerts have no names".to_owned()
            } else {
                format!(
                    "its names, and how many alerts have them: {}",
                    there.join(", ")
                )
            },
        })
    }
}

/// True if a text is JSON lines rather than a table.
pub(super) fn is_json_lines(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// True if a header is that of TradingView's alert log.
pub(super) fn is_log(header: &[String]) -> bool {
    column(header, MESSAGE).is_some() && column(header, TIME).is_some()
}

/// True if a table is an alert log in words of any language.
pub(super) fn looks_like_log(table: &Table) -> bool {
    LogColumns::of(table).is_ok()
}

/// Reads alerts from either kind of file.
///
/// # Errors
///
/// [`Unreadable`], with row and column of what cannot be read.
pub fn read(file: &[u8]) -> Result<AlertFile, Unreadable> {
    if table::is_spreadsheet(file) {
        return Err(Unreadable::UnknownKind);
    }
    let text = text::decode(file);
    let is_of_account = !is_json_lines(&text);
    let table = is_of_account.then(|| table::of_text(file)).transpose()?;
    if let Some(table) = &table
        && own::is_export(&table.header)
    {
        return own::alerts(table);
    }
    let mut alerts = match table {
        Some(table) => log(&table)?,
        None => json_lines(&text)?,
    };
    // A file that has the newest alert first has it so within a second too. TradingView's
    // log always does, also where all of it is of one second.
    let is_newest_first = match (alerts.first(), alerts.last()) {
        (Some(first), Some(last)) if is_of_account => first.time >= last.time,
        (Some(first), Some(last)) => first.time > last.time,
        _ => false,
    };
    if is_newest_first {
        alerts.reverse();
    }
    alerts.sort_by_key(|alert| alert.time);
    Ok(AlertFile {
        alerts,
        is_of_account,
        without_order: 0,
        without_message: 0,
    })
}

/// Where the columns of an alert log are.
struct LogColumns {
    message: usize,
    time: usize,
    name: Option<usize>,
}

impl LogColumns {
    /// By their titles, else by what they hold: every language has them in one sequence.
    fn of(table: &Table) -> Result<Self, Unreadable> {
        if let (Some(message), Some(time)) =
            (column(&table.header, MESSAGE), column(&table.header, TIME))
        {
            let name = column(&table.header, NAME);
            return Ok(Self {
                message,
                time,
                name,
            });
        }
        let mostly = |column: usize, is_like: fn(&str) -> bool| {
            let cells = table.rows.iter().filter_map(|row| row.cells.get(column));
            let texts: Vec<String> = cells
                .map(table::Cell::text)
                .filter(|text| !text.is_empty())
                .collect();
            let like = texts.iter().filter(|text| is_like(text)).count();
            like > 0 && like * 2 > texts.len()
        };
        let is_instant = |text: &str| text.parse::<Timestamp>().is_ok();
        let is_message = |text: &str| text.starts_with('{');
        let mut columns = 0..table.header.len();
        let message = columns.find(|column| mostly(*column, is_message));
        let time = (0..table.header.len()).find(|column| mostly(*column, is_instant));
        if let (Some(message), Some(time)) = (message, time) {
            let name = message.checked_sub(1).filter(|name| *name >= 2);
            return Ok(Self {
                message,
                time,
                name,
            });
        }
        Err(
            match trades::looks_like_list(table, &trades::Choices::default()) {
                Ok(()) => Unreadable::Foreign(trades::Foreign {
                    is: "a list of trades",
                    advice: "It becomes the webhook's backtest: algohook import trades FILE",
                }),
                Err(error @ Unreadable::Foreign(_)) => error,
                Err(_) => Unreadable::UnknownTable {
                    found: table.header.clone(),
                },
            },
        )
    }
}

fn log(table: &Table) -> Result<Vec<LoggedAlert>, Unreadable> {
    let LogColumns {
        message,
        time,
        name,
    } = LogColumns::of(table)?;
    let time_title = table.header[time].clone();
    let mut faults = Faults::default();
    let mut names = Names::default();
    let mut alerts = Vec::with_capacity(table.rows.len());
    let text = |row: Row<'_>, column: usize| row.cells.get(column).map(table::Cell::text);
    for row in table.rows.iter() {
        if row.is_too_long {
            let last = table.header.last().map_or("", String::as_str);
            faults.note(row.number, last, table::TOO_LONG);
            continue;
        }
        let Some(message) = text(row, message).filter(|message| !message.is_empty()) else {
            // An alert that was shown only: it never was a webhook's.
            continue;
        };
        let stated = text(row, time).unwrap_or_default();
        let Some(time) = payload::read_time(&stated) else {
            let fault = format!("\"{stated:.40}\" is no time like 2026-01-05T14:30:00Z");
            faults.note(row.number, time_title.as_str(), fault);
            continue;
        };
        alerts.push(LoggedAlert {
            row: row.number,
            time,
            name: name
                .and_then(|name| text(row, name))
                .filter(|name| !name.is_empty())
                .map(|name| names.one(&name)),
            message,
            said: None,
            is_adjustment: false,
            made_order: false,
        });
    }
    faults.or(alerts)
}

fn column(header: &[String], name: &str) -> Option<usize> {
    header
        .iter()
        .position(|title| title.eq_ignore_ascii_case(name))
}

/// One line of JSON lines.
#[derive(Deserialize)]
struct Line<'line> {
    #[serde(borrow)]
    time: &'line RawValue,
    #[serde(borrow)]
    payload: &'line RawValue,
}

fn json_lines(text: &str) -> Result<Vec<LoggedAlert>, Unreadable> {
    let mut faults = Faults::default();
    let mut alerts = Vec::new();
    for (row, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        if alerts.len() == MOST_ROWS {
            return Err(Unreadable::TooLong);
        }
        match json_line(row, line) {
            Ok(alert) => alerts.push(alert),
            Err((column, message)) => faults.note(row, column, message),
        }
    }
    faults.or(alerts)
}

/// Reads one line; where it cannot be read, in which column and why.
fn json_line(row: usize, line: &str) -> Result<LoggedAlert, (String, String)> {
    let Line { time, payload } = serde_json::from_str(line)
        .map_err(|error| (error.column().to_string(), without_place(&error)))?;
    // Both borrow from the line, so the distance is the position.
    let column = |value: &RawValue| {
        let bytes = value.get().as_ptr().addr() - line.as_ptr().addr();
        line.get(..bytes)
            .map_or(1, |before| before.chars().count() + 1)
    };
    let stated = json_text(time);
    if let Some(local) = without_zone(stated.trim()) {
        let message = format!("the time has no zone; write {local}Z");
        return Err((column(time).to_string(), message));
    }
    let read_time = payload::read_time(stated.trim()).ok_or_else(|| {
        let message = format!("\"{stated:.40}\" is no time like 2026-01-05T14:30:00Z");
        (column(time).to_string(), message)
    })?;
    let message = json_text(payload);
    let read = payload::read(message.as_bytes(), ReadingRules::AUTO);
    let parsed = read.signal.map_err(|error| {
        let message = format!("payload: {} {}", error.message, error.hint);
        (column(payload).to_string(), message)
    })?;
    Ok(LoggedAlert {
        row,
        time: read_time,
        name: None,
        message,
        said: Some(Said::of(parsed.signal)),
        is_adjustment: false,
        made_order: false,
    })
}

/// A time that does not say its zone. TradingView's own are in UTC, but history can
/// come from anywhere.
fn without_zone(text: &str) -> Option<DateTime> {
    let is_whole = text.parse::<Timestamp>().is_ok() || text.parse::<f64>().is_ok();
    text.parse().ok().filter(|_| !is_whole)
}

/// The text of a JSON string, or the digits or the object as they stand there.
fn json_text(value: &RawValue) -> String {
    serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

/// The words of `serde_json`, without the line and column that it counts in one line.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.find(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}
