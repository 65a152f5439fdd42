//! Alerts as JSON lines: `{"time": "2026-01-05T14:30:00Z", "payload": {...}}`.

use std::io::{BufRead, BufReader};

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::alerts::{LoggedAlert, Said};
use super::table::is_space;
use super::text::Text;
use super::{Faults, MOST_ROWS, Unreadable};
use crate::domain::format::ReadingRules;
use crate::payload;

/// One line of JSON lines.
#[derive(Deserialize)]
struct Line<'line> {
    #[serde(borrow)]
    time: &'line RawValue,
    #[serde(borrow)]
    payload: &'line RawValue,
}

/// Bytes that a line can have: a message has 25,000 at most, and is escaped at worst.
const LONGEST_LINE: usize = 1024 * 1024;

/// Reads the alerts of a text.
pub fn read(text: &Text<'_>) -> Result<Vec<LoggedAlert>, Unreadable> {
    let mut faults = Faults::default();
    let mut alerts = Vec::new();
    let mut lines = JsonLines::of(BufReader::new(text.reader()?));
    while let Some(row) = lines.advance()? {
        let Some(line) = lines.line() else {
            faults.note(row, "", "the line is longer than 1 MB, as no alert is");
            continue;
        };
        if line.trim_matches(is_space).is_empty() {
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

/// The lines of a text. No JSON has a line's end in it, so that a CR ends one, too.
struct JsonLines<R> {
    text: R,
    line: Vec<u8>,
    number: usize,
    is_after_cr: bool,
}

impl<R: BufRead> JsonLines<R> {
    fn of(text: R) -> Self {
        Self {
            text,
            line: Vec::new(),
            number: 0,
            is_after_cr: false,
        }
    }

    /// Reads the next line; its number, where there is one.
    fn advance(&mut self) -> std::io::Result<Option<usize>> {
        self.line.clear();
        let mut has_any = false;
        loop {
            let mut letters = self.text.fill_buf()?;
            if letters.is_empty() {
                self.number += 1;
                return Ok(has_any.then_some(self.number));
            }
            if std::mem::take(&mut self.is_after_cr) && letters[0] == b'\n' {
                self.text.consume(1);
                continue;
            }
            has_any = true;
            let end = letters
                .iter()
                .position(|byte| matches!(byte, b'\n' | b'\r'));
            letters = &letters[..end.unwrap_or(letters.len())];
            // One byte more says that it is too long.
            let room = (LONGEST_LINE + 1).saturating_sub(self.line.len());
            self.line
                .extend_from_slice(&letters[..letters.len().min(room)]);
            let length = letters.len();
            let Some(end) = end else {
                self.text.consume(length);
                continue;
            };
            self.is_after_cr = self.text.fill_buf()?[end] == b'\r';
            self.text.consume(end + 1);
            self.number += 1;
            return Ok(Some(self.number));
        }
    }

    /// The line; `None` where it is too long.
    fn line(&self) -> Option<&str> {
        let is_whole = self.line.len() <= LONGEST_LINE;
        // The text is UTF-8, and a line's end is no part of a letter.
        std::str::from_utf8(&self.line).ok().filter(|_| is_whole)
    }
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
        let message = format!("payload: {}. {}", error.message, error.hint);
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
    if error.is_eof() {
        return "the object does not end on its line; each alert stands on one line (jq -c . FILE writes them so)"
            .to_owned();
    }
    let text = error.to_string();
    if text.starts_with("invalid type") {
        return "is no object like {\"time\": \"2026-01-05T14:30:00Z\", \"payload\": {...}}"
            .to_owned();
    }
    match text.find(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}
