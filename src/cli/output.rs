//! Output of commands: tables for people, JSON for programs.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

use crate::domain::money::Decimal;
use crate::domain::signal::Direction;
pub use crate::text::counted;

/// Writes a value as indented JSON.
pub fn json(out: &mut dyn Write, value: &impl Serialize) -> anyhow::Result<()> {
    // Not as one text: a comparison can have a hundred thousand rows.
    let mut out = io::BufWriter::new(out);
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

/// Writes a value as one line of JSON, at once.
pub fn json_line(out: &mut dyn Write, value: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string(value)?;
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Writes rows in columns that are as wide as their widest cell.
pub fn table(out: &mut dyn Write, head: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    columns(out, head, rows, |_, cell, width| format!("{cell:<width$}"))
}

/// Writes rows of a title and figures, which end one below the other.
pub fn figures(out: &mut dyn Write, head: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    columns(out, head, rows, |column, cell, width| match column {
        0 => format!("{cell:<width$}"),
        _ => format!("{cell:>width$}"),
    })
}

fn columns(
    out: &mut dyn Write,
    head: &[&str],
    rows: &[Vec<String>],
    pad: impl Fn(usize, &str, usize) -> String,
) -> io::Result<()> {
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(column, title)| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or(0).max(title.len())
        })
        .collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| pad(column, cell, *width))
            .collect();
        writeln!(out, "{}", padded.join("  ").trim_end())
    };
    line(&mut head.iter().copied())?;
    for row in rows {
        line(&mut row.iter().map(String::as_str))?;
    }
    Ok(())
}

/// Reads how many lines are wanted at most.
pub fn how_many(text: &str) -> Result<u32, &'static str> {
    let number = text.parse().ok().filter(|number| *number <= 10_000);
    number.ok_or("must be a number from 0 to 10000")
}

/// A number as people write it, without zeros at its end that say nothing.
pub fn plain(number: Decimal) -> String {
    number.normalize().to_string()
}

/// A text without characters that could move the cursor of a terminal.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

/// An order in a few words, as `entryLong 2 BTCUSDT at 64490.4 (limit)`.
pub struct OrderInWords<'a> {
    /// Its effect on a position, where the alert says it.
    pub position_direction: Option<&'a str>,
    /// The side that it buys or sells.
    pub direction: Option<Direction>,
    /// The quantity; none is all of a position.
    pub quantity: Option<String>,
    /// The instrument.
    pub ticker: &'a str,
    /// The price that is wanted.
    pub price: String,
    /// Its type.
    pub order_type: &'a str,
}

impl fmt::Display for OrderInWords<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_direction = || self.direction.map_or("exit", Direction::action);
        write!(
            formatter,
            "{} {} {} at {} ({})",
            self.position_direction.unwrap_or_else(of_direction),
            self.quantity.as_deref().unwrap_or("all"),
            self.ticker,
            self.price,
            self.order_type
        )
    }
}
