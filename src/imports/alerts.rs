//! Alerts: TradingView's alert log export, or JSON lines
//! `{"time": "2026-01-05T14:30:00Z", "payload": {...}}`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::records::{Record, Records};
use super::source::Source;
use super::table::{self, Table};
use super::text::Text;
use super::{Faults, Foreign, IN_THE_FUTURE, Kind, Opened, Unreadable, json_lines, own, trades};
use crate::domain::names::Names;
use crate::domain::signal::{Signal, Size};
use crate::payload;

/// The time by which the clocks of two machines may lie apart.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

/// The columns of TradingView's log that are used.
const MESSAGE: &str = "Description";
const TIME: &str = "Time";
const NAME: &str = "Name";

/// An alert as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedAlert {
    /// Its row in the file.
    pub row: usize,
    /// Time at which it fired.
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
    /// True if its size is a percentage.
    pub is_percentage: bool,
}

impl Said {
    /// The facts of a message that could be read.
    #[must_use]
    pub fn of(signal: Signal) -> Self {
        Self {
            time: signal.metadata.timestamp,
            is_percentage: matches!(signal.size, Size::Percentage(_)),
            id: signal.idempotency_key.map(String::into_boxed_str),
        }
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
    /// The doubt about alerts that are of later than now: what arrives until then would be paired
    /// before them.
    #[must_use]
    pub fn note_of_future(&self, now: Timestamp) -> Option<String> {
        let last = self.alerts.last()?.time;
        (last > now + CLOCKS_APART).then(|| {
            format!("{last} {IN_THE_FUTURE} What arrives until then is paired before such an alert")
        })
    }

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
pub(super) fn is_json_lines(text: &Text<'_>) -> bool {
    text.begin()
        .trim_start_matches(table::is_space)
        .starts_with('{')
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
pub fn read(file: impl Source) -> Result<AlertFile, Unreadable> {
    read_opened(&mut Opened::of(&file)?)
}

/// Reads alerts from a file that is open.
///
/// # Errors
///
/// [`Unreadable`], with row and column of what cannot be read.
pub fn read_opened(file: &mut Opened<'_>) -> Result<AlertFile, Unreadable> {
    match read_whole(file) {
        Err(error) => Err(file.instead(Kind::Alerts, error)),
        read => read,
    }
}

fn read_whole(file: &Opened<'_>) -> Result<AlertFile, Unreadable> {
    let Opened::Text(text) = file else {
        return Err(Unreadable::UnknownKind);
    };
    if text
        .begin()
        .trim_start_matches(table::is_space)
        .starts_with('[')
    {
        return Err(file_of_one_list());
    }
    let is_of_account = !is_json_lines(text);
    let mut alerts = if is_of_account {
        let mut records = Records::of(text)?;
        let header = records.header()?;
        if own::is_export(&header) {
            return own::alerts(&header, records);
        }
        log(text, &header, records)?
    } else {
        json_lines::read(text)?
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

/// The error of alerts that are one JSON list.
fn file_of_one_list() -> Unreadable {
    Unreadable::Foreign(Foreign {
        is: "one JSON list",
        advice: "Alerts are read as JSON lines, one object on each line: jq -c '.[]' FILE writes them so",
        kind: None,
    })
}

/// Columns of an alert log.
struct LogColumns {
    message: usize,
    time: usize,
    name: Option<usize>,
}

impl LogColumns {
    /// By their titles.
    fn titled(header: &[String]) -> Option<Self> {
        Some(Self {
            message: column(header, MESSAGE)?,
            time: column(header, TIME)?,
            name: column(header, NAME),
        })
    }

    /// By their titles, else by what they hold: every language has them in one sequence.
    fn of(table: &Table) -> Result<Self, Unreadable> {
        if let Some(titled) = Self::titled(&table.header) {
            return Ok(titled);
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
                Ok(()) => Unreadable::Foreign(Kind::Trades.elsewhere()),
                Err(error @ Unreadable::Foreign(_)) => error,
                Err(_) => Unreadable::UnknownTable {
                    found: table.header.clone(),
                },
            },
        )
    }
}

fn log(
    text: &Text<'_>,
    header: &[String],
    mut records: Records<'_>,
) -> Result<Vec<LoggedAlert>, Unreadable> {
    let LogColumns {
        message,
        time,
        name,
    } = match LogColumns::titled(header) {
        Some(titled) => titled,
        None => LogColumns::of(&table::first_rows(text)?)?,
    };
    let mut faults = Faults::default();
    let mut names = Names::default();
    let mut alerts = Vec::new();
    while let Some(row) = records.next()? {
        if is_too_long(&row, header, &mut faults) {
            continue;
        }
        let Some(message) = row.text(message).filter(|message| !message.is_empty()) else {
            // An alert that was shown only: it never was a webhook's.
            continue;
        };
        let stated = row.text(time).unwrap_or_default();
        let Some(instant) = payload::read_time(stated) else {
            let fault = format!("\"{stated:.40}\" is no time like 2026-01-05T14:30:00Z");
            faults.note(row.line, header[time].as_str(), fault);
            continue;
        };
        alerts.push(LoggedAlert {
            row: row.line,
            time: instant,
            name: name
                .and_then(|name| row.text(name))
                .filter(|name| !name.is_empty())
                .map(|name| names.one(name)),
            message: message.to_owned(),
            said: None,
            is_adjustment: false,
            made_order: false,
        });
    }
    faults.or(alerts)
}

/// Notes a row that has more cells than the header.
pub(super) fn is_too_long(row: &Record<'_>, header: &[String], faults: &mut Faults) -> bool {
    let is_too_long = row.is_longer_than(header.len());
    if is_too_long {
        let last = header.last().map_or("", String::as_str);
        faults.note(row.line, last, table::TOO_LONG);
    }
    is_too_long
}

fn column(header: &[String], name: &str) -> Option<usize> {
    header
        .iter()
        .position(|title| title.eq_ignore_ascii_case(name))
}
