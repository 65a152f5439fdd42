//! The figures of TradingView's own report, which an XLSX has in sheets of their own.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::number::{self, DecimalMark};
use crate::imports::Unreadable;
use crate::imports::spreadsheet::Sheets;
use crate::imports::table::{Cell, Table};

/// The sheets that have figures.
const NAMES: [&str; 3] = ["Performance", "Trades analysis", "Risk performance ratios"];

/// Figures that are kept of one sheet: TradingView's have some 30.
const MOST_FIGURES: usize = 100;

/// Letters that a figure's name has at most.
const LONGEST_NAME: usize = 100;

/// A figure as TradingView's report has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Figure {
    /// The sheet that it stands in.
    pub sheet: String,
    /// Its name there.
    pub name: String,
    /// As money, a count or a ratio.
    pub amount: Sided,
    /// In percent.
    pub percent: Sided,
}

/// A figure of all, of long and of short trades; null where the sheet has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sided {
    /// Of all trades.
    pub all: Option<String>,
    /// Of long trades.
    pub long: Option<String>,
    /// Of short trades.
    pub short: Option<String>,
}

/// Reads the figures of all three sheets, as far as they are there.
pub(super) fn read(sheets: &mut Sheets<'_>) -> Result<Vec<Figure>, Unreadable> {
    let mut figures = Vec::new();
    for name in sheets.names() {
        let known = NAMES
            .iter()
            .find(|known| name.trim().eq_ignore_ascii_case(known));
        let Some(known) = known else { continue };
        match sheets.table(&name) {
            Ok(table) => figures.extend(of_table(known, &table)),
            // An empty sheet has no figures.
            Err(Unreadable::Empty) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(figures)
}

/// True of the name of a sheet that has figures.
pub(super) fn is_name(sheet: &str) -> bool {
    NAMES
        .iter()
        .any(|known| sheet.trim().eq_ignore_ascii_case(known))
}

fn of_table(sheet: &str, table: &Table) -> Vec<Figure> {
    // A sheet whose first column has no title begins with the second one.
    let named = usize::from(
        table
            .header
            .first()
            .is_some_and(|title| side_of(title).is_none()),
    );
    let rows = table.rows.iter().take(MOST_FIGURES);
    let figures = rows.filter_map(|row| {
        let name = row
            .cells
            .get(0)
            .map(Cell::text)
            .filter(|name| !name.is_empty())?;
        let (mut amount, mut percent) = (Sided::default(), Sided::default());
        for (title, cell) in table.header.iter().zip(row.cells.iter()).skip(named) {
            let Some(side) = side_of(title) else { continue };
            let of = if title.trim_end().ends_with('%') {
                &mut percent
            } else {
                &mut amount
            };
            let place = match side {
                "all" => &mut of.all,
                "long" => &mut of.long,
                _ => &mut of.short,
            };
            *place = written(cell);
        }
        let name = name.chars().take(LONGEST_NAME).collect();
        let sheet = sheet.to_owned();
        Some(Figure {
            sheet,
            name,
            amount,
            percent,
        })
    });
    figures.collect()
}

/// The trades that a column is of.
fn side_of(title: &str) -> Option<&'static str> {
    let first = title.split_whitespace().next()?.to_lowercase();
    ["all", "long", "short"]
        .into_iter()
        .find(|side| *side == first)
}

/// A number without the noise of its binary form, or the text that stands there.
fn written(cell: Cell<'_>) -> Option<String> {
    if cell.is_empty() {
        return None;
    }
    let mark = DecimalMark::of_one(cell);
    Some(match number::read(cell, mark) {
        Ok(Some(number)) => number.round_dp(8).normalize().to_string(),
        _ => cell.text().chars().take(LONGEST_NAME).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::table::Rows;

    #[test]
    fn figures_are_read_by_side_and_unit() {
        let text = Cell::Text;
        let mut rows = Rows::default();
        let (profit, percent) = (Cell::Number(424.19), Cell::Number(42.42));
        rows.push(
            2,
            false,
            [text("Net profit"), profit, percent, text(""), text("1")],
        );
        let header = ["", "All USD", "All %", "Long USD", "Long %"];
        let table = Table {
            header: header.map(str::to_owned).to_vec(),
            rows,
            delimiter: None,
            is_cut_off: false,
            is_1904: false,
        };
        let [figure] = &of_table("Performance", &table)[..] else {
            panic!("one figure")
        };
        assert_eq!(figure.name, "Net profit");
        assert_eq!(figure.amount.all.as_deref(), Some("424.19"));
        assert_eq!(figure.percent.all.as_deref(), Some("42.42"));
        assert_eq!(
            (
                figure.amount.long.as_deref(),
                figure.percent.long.as_deref()
            ),
            (None, Some("1"))
        );
    }
}
