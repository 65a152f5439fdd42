//! The tables of a file: delimited text, a spreadsheet, JSON, or the section of trades in a
//! statement of many.

use serde_json::Value;

use super::header;
use crate::imports::spreadsheet::Sheets;
use crate::imports::table::{self, Cell, Row, Rows};
use crate::imports::text::{body, decode};
use crate::imports::{MOST_COLUMNS, MOST_ROWS, Unreadable};

/// Lines before the header, at most: a title, an account, a blank line.
const BEFORE_HEADER: usize = 20;

/// A header and the rows under it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Records {
    header: Vec<String>,
    /// The rows, each with its line.
    pub rows: Rows,
    /// True if its numbers can have a decimal comma: its cells are not parted by commas.
    pub may_have_commas: bool,
}

impl Records {
    /// The titles of its columns.
    pub fn header(&self) -> &[String] {
        &self.header
    }
}

/// Lines that tell what a file is: a statement has its trades far down.
const FIRST_LINES: usize = 2_000;

/// The tables of the first lines of a file. JSON that begins with an object is alerts'.
pub fn first_tables(file: &[u8]) -> Result<Vec<Records>, Unreadable> {
    if table::is_spreadsheet(file) {
        return tables(file);
    }
    let text = decode(file);
    if text.trim_start_matches(table::is_space).starts_with('[') {
        return tables(file);
    }
    if text.trim_start_matches(table::is_space).starts_with('{') {
        return Err(Unreadable::UnknownKind);
    }
    let first: Vec<&str> = text.split_inclusive('\n').take(FIRST_LINES).collect();
    tables(first.concat().as_bytes())
}

/// The tables of a file that can hold fills; one, but for a statement with one for each kind
/// of instrument.
pub fn tables(file: &[u8]) -> Result<Vec<Records>, Unreadable> {
    if table::is_spreadsheet(file) {
        return of_spreadsheet(file).map(|table| vec![table]);
    }
    let text = decode(file);
    let begin = text.trim_start_matches(table::is_space);
    if begin.is_empty() {
        return Err(Unreadable::Empty);
    }
    if begin.starts_with(['[', '{']) {
        return of_json(begin).map(|table| vec![table]);
    }
    let lines = lines(&text)?;
    let of_statement = statement(&lines);
    if of_statement.is_empty() {
        let (_, delimiter) = body(&text);
        return Ok(vec![below_header(&lines, delimiter != b',')]);
    }
    Ok(of_statement)
}

/// All lines of delimited text, none taken for a header.
fn lines(text: &str) -> Result<Rows, Unreadable> {
    let (body, delimiter) = body(text);
    let skipped = usize::from(body.len() < text.len());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(body.as_bytes());
    let mut rows = Rows::default();
    for record in reader.records() {
        let record = record.map_err(|_| Unreadable::UnknownKind)?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if record.len() > MOST_COLUMNS {
            return Err(Unreadable::TooWide);
        }
        if rows.len() > MOST_ROWS + BEFORE_HEADER {
            return Err(Unreadable::TooLong);
        }
        let line = record.position().map_or(0, csv::Position::line);
        let number = usize::try_from(line).unwrap_or(usize::MAX) + skipped;
        rows.push(number, false, record.iter().map(Cell::Text));
    }
    Ok(rows)
}

/// Takes the first row that reads like a header for it, else the first of all.
fn below_header(rows: &Rows, may_have_commas: bool) -> Records {
    let titles = |row: &Row<'_>| -> Vec<String> { row.cells.iter().map(Cell::text).collect() };
    let place = rows
        .iter()
        .take(BEFORE_HEADER)
        .position(|row| header::Columns::of(&titles(&row), false).is_ok());
    // Else the row that has the most titles which are known says best what is missing.
    let place = place.or_else(|| {
        let first = rows.iter().take(BEFORE_HEADER).enumerate();
        let best = first
            .max_by_key(|(index, row)| (header::known(&titles(row)), std::cmp::Reverse(*index)));
        best.map(|(index, _)| index)
    });
    let Some(place) = place else {
        return Records::default();
    };
    let mut below = rows.iter().skip(place);
    let mut header = below.next().map(|row| titles(&row)).unwrap_or_default();
    while header.last().is_some_and(String::is_empty) {
        header.pop();
    }
    let mut rows = Rows::default();
    for row in below {
        let mut beyond = row.cells.iter().skip(header.len());
        let is_too_long = beyond.any(|cell| !cell.is_empty());
        rows.push(row.number, is_too_long, row.cells.iter());
    }
    Records {
        header,
        rows,
        may_have_commas,
    }
}

/// The sections of trades in a statement of Interactive Brokers, whose lines begin with the
/// section's name and `Header` or `Data`.
fn statement(lines: &Rows) -> Vec<Records> {
    let word =
        |row: &Row<'_>, place: usize| row.cells.get(place).map(Cell::text).unwrap_or_default();
    let mut found: Vec<Records> = Vec::new();
    for row in lines.iter().filter(|row| word(row, 0) == "Trades") {
        let cells = row.cells.iter().skip(2);
        match word(&row, 1).as_str() {
            "Header" => found.push(Records {
                header: cells.map(Cell::text).collect(),
                ..Records::default()
            }),
            "Data" => {
                if let Some(table) = found.last_mut() {
                    table.rows.push(row.number, row.is_too_long, cells);
                }
            }
            // Totals.
            _ => {}
        }
    }
    found
}

fn of_spreadsheet(file: &[u8]) -> Result<Records, Unreadable> {
    let mut sheets = Sheets::open(file)?;
    let mut first = None;
    for name in sheets.names() {
        let Ok(table) = sheets.table(&name) else {
            continue;
        };
        let mut rows = Rows::default();
        let titles = table.header.iter().map(String::as_str).map(Cell::Text);
        rows.push(1, false, titles);
        for row in table.rows.iter() {
            rows.push(row.number, row.is_too_long, row.cells.iter());
        }
        let found = below_header(&rows, true);
        if header::Columns::of(found.header(), false).is_ok() {
            return Ok(found);
        }
        first.get_or_insert(found);
    }
    first.ok_or(Unreadable::Empty)
}

/// JSON: a list of objects, an object with such a list in it, or an object on each line.
fn of_json(text: &str) -> Result<Records, Unreadable> {
    let mut entries: Vec<Value> = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let value = value.map_err(|error| {
            let mut faults = crate::imports::Faults::default();
            faults.note(error.line(), error.column().to_string(), "is no JSON");
            Unreadable::Rows(faults)
        })?;
        match value {
            Value::Array(list) => entries.extend(list),
            Value::Object(object) => {
                let list = object.values().find_map(Value::as_array);
                match list.filter(|list| list.iter().any(Value::is_object)) {
                    Some(list) => entries.extend(list.iter().cloned()),
                    None => entries.push(Value::Object(object)),
                }
            }
            _ => return Err(Unreadable::UnknownKind),
        }
        if entries.len() > MOST_ROWS {
            return Err(Unreadable::TooLong);
        }
    }
    let mut found = Records::default();
    for (index, entry) in entries.iter().enumerate() {
        let Value::Object(fields) = entry else {
            return Err(Unreadable::UnknownKind);
        };
        let mut cells = vec![String::new(); found.header.len()];
        for (name, value) in fields {
            let place = found.header.iter().position(|known| known == name);
            let place = place.unwrap_or_else(|| {
                found.header.push(name.clone());
                cells.push(String::new());
                found.header.len() - 1
            });
            if place >= MOST_COLUMNS {
                return Err(Unreadable::TooWide);
            }
            cells[place] = match value {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
        }
        let cells = cells.iter().map(String::as_str).map(Cell::Text);
        found.rows.push(index + 1, false, cells);
    }
    Ok(found)
}
