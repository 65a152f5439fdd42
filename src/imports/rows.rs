//! The rows of a table in little more memory than their texts take.
//!
//! A file may have millions of cells. Each is kept behind the one before it, with a byte that
//! tells its length; the cells before one are skipped to find it. Rows lie in blocks, so that
//! those which were read can be let go of while what they came to grows.

use jiff::civil::{Date, DateTime, Time};

/// A cell of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Text, or nothing where it is empty.
    Text(&'a str),
    /// A number of a spreadsheet, in its shortest digits.
    Number(f64),
    /// A date of a spreadsheet.
    Date(DateTime),
}

/// The rows of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// Each but the last of [`IN_BLOCK`] rows.
    blocks: Vec<Block>,
    /// Rows before the first that counts, and cells before it in each.
    before: usize,
    cells_before: usize,
}

/// Rows of a block.
const IN_BLOCK: usize = 2_048;

/// Some rows, one behind the other.
#[derive(Debug, Clone, Default, PartialEq)]
struct Block {
    bytes: Vec<u8>,
    places: Vec<RowStart>,
}

/// Start of a row in the bytes of its block, and its facts besides its cells.
#[derive(Debug, Clone, Copy, PartialEq)]
struct RowStart {
    begins: usize,
    number: u32,
    is_too_long: bool,
}

impl Block {
    fn put(&mut self, cell: Cell<'_>) {
        match cell {
            Cell::Text(text) => {
                self.begin(u32::try_from(text.len()).unwrap_or(u32::MAX) << 2 | TEXT);
                self.bytes.extend_from_slice(text.as_bytes());
            }
            Cell::Number(number) => {
                self.begin(NUMBER);
                self.bytes.extend(number.to_le_bytes());
            }
            Cell::Date(date) => {
                self.begin(DATE);
                self.bytes.extend(date.year().to_le_bytes());
                let small = [date.month(), date.day(), date.hour(), date.minute()];
                self.bytes.extend(small.map(i8::cast_unsigned));
                self.bytes.push(date.second().cast_unsigned());
            }
        }
    }

    fn begin(&mut self, head: u32) {
        match u8::try_from(head) {
            Ok(head) if head != LONG => self.bytes.push(head),
            _ => {
                self.bytes.push(LONG);
                self.bytes.extend(head.to_le_bytes());
            }
        }
    }

    fn row(&self, index: usize) -> Option<Row<'_>> {
        let place = self.places.get(index)?;
        let next = self.places.get(index + 1);
        let ends = next.map_or(self.bytes.len(), |next| next.begins);
        Some(Row {
            number: place.number as usize,
            cells: Cells(&self.bytes[place.begins..ends]),
            is_too_long: place.is_too_long,
        })
    }
}

/// A row and where it stands: its line or its number in the sheet, from 1.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The line of a text or the row of a sheet.
    pub number: usize,
    /// The cells under the header.
    pub cells: Cells<'a>,
    /// True if a text has more cells in this row than its header: then a separator
    /// stands in one of them without quotes, and those after it are in wrong columns.
    pub is_too_long: bool,
}

/// The cells of a row, from its first on.
#[derive(Debug, Clone, Copy)]
pub struct Cells<'a>(&'a [u8]);

/// The kind of a cell, in its first byte or the four behind it, beside a length.
const TEXT: u32 = 0;
const NUMBER: u32 = 1;
const DATE: u32 = 2;

/// The first byte of a cell whose length does not fit into it.
const LONG: u8 = u8::MAX;

impl Rows {
    /// Adds a row.
    pub fn push<'a>(
        &mut self,
        number: usize,
        is_too_long: bool,
        cells: impl IntoIterator<Item = Cell<'a>>,
    ) {
        let is_full = |block: &Block| block.places.len() == IN_BLOCK;
        if self.blocks.last().is_none_or(is_full) {
            if let Some(full) = self.blocks.last_mut() {
                full.bytes.shrink_to_fit();
            }
            self.blocks.push(Block::default());
        }
        let Some(block) = self.blocks.last_mut() else {
            return;
        };
        block.places.push(RowStart {
            begins: block.bytes.len(),
            number: u32::try_from(number).unwrap_or(u32::MAX),
            is_too_long,
        });
        for cell in cells {
            block.put(cell);
        }
    }

    /// Leaves out some rows at the beginning.
    pub fn skip_rows(&mut self, rows: usize) {
        self.before = (self.before + rows).min(self.all());
    }

    /// Leaves out some cells at the beginning of each row.
    pub fn skip_cells(&mut self, cells: usize) {
        self.cells_before += cells;
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.all() - self.before
    }

    /// The number of rows, those that are left out too.
    fn all(&self) -> usize {
        let last = self.blocks.last().map_or(0, |block| block.places.len());
        self.blocks.len().saturating_sub(1) * IN_BLOCK + last
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows in their sequence.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Row<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// The last row.
    pub fn last(&self) -> Option<Row<'_>> {
        self.iter().next_back()
    }

    /// Takes out all rows, and keeps some room for others.
    pub fn clear(&mut self) {
        self.blocks.truncate(1);
        if let Some(block) = self.blocks.first_mut() {
            block.bytes.clear();
            block.places.clear();
        }
    }

    /// The row of a place, where there is one.
    pub fn get(&self, index: usize) -> Option<Row<'_>> {
        let index = self.before + index;
        let row = self.blocks.get(index / IN_BLOCK)?.row(index % IN_BLOCK)?;
        Some(Row {
            cells: row.cells.behind(self.cells_before),
            ..row
        })
    }

    /// Hands out all rows in their sequence, and lets go of them on the way.
    pub fn consume(&mut self, mut visit: impl FnMut(Row<'_>)) {
        for index in 0..self.len() {
            if let Some(row) = self.get(index) {
                visit(row);
            }
            let ends = self.before + index + 1;
            if ends.is_multiple_of(IN_BLOCK) {
                self.blocks[ends / IN_BLOCK - 1] = Block::default();
            }
        }
        *self = Self::default();
    }
}

impl<'a> Cells<'a> {
    /// The cells behind the first so many.
    fn behind(self, cells: usize) -> Self {
        (0..cells).fold(self, |behind, _| {
            split(behind.0).map_or(Self(&[]), |(_, rest)| Self(rest))
        })
    }

    /// The cells in the sequence of their columns.
    pub fn iter(self) -> impl Iterator<Item = Cell<'a>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (cell, behind) = split(rest)?;
            rest = behind;
            Some(cell)
        })
    }

    /// The cell of a column.
    pub fn get(self, column: usize) -> Option<Cell<'a>> {
        self.iter().nth(column)
    }

    /// The number of cells.
    pub fn len(self) -> usize {
        self.iter().count()
    }
}

/// The first cell of some, and those behind it.
fn split(bytes: &[u8]) -> Option<(Cell<'_>, &[u8])> {
    let (first, mut rest) = bytes.split_first()?;
    let mut head = u32::from(*first);
    if *first == LONG {
        let (long, behind) = rest.split_first_chunk()?;
        (head, rest) = (u32::from_le_bytes(*long), behind);
    }
    match head & 3 {
        NUMBER => {
            let (number, rest) = rest.split_first_chunk()?;
            Some((Cell::Number(f64::from_le_bytes(*number)), rest))
        }
        DATE => {
            let (year, rest) = rest.split_first_chunk()?;
            let (small, rest) = rest.split_first_chunk::<5>()?;
            let [month, day, hour, minute, second] = small.map(u8::cast_signed);
            let date = Date::new(i16::from_le_bytes(*year), month, day).ok()?;
            let time = Time::new(hour, minute, second, 0).ok()?;
            Some((Cell::Date(date.to_datetime(time)), rest))
        }
        _ => {
            let (text, rest) = rest.split_at_checked((head >> 2) as usize)?;
            Some((Cell::Text(std::str::from_utf8(text).ok()?), rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    /// A cell that owns its text.
    #[derive(Debug, Clone)]
    enum Owned {
        Text(String),
        Number(f64),
        Date(DateTime),
    }

    fn cell() -> impl Strategy<Value = Owned> {
        prop_oneof![
            ".*".prop_map(Owned::Text),
            prop::sample::select(vec![0, 1, 31, 32, 63, 64, 70_000])
                .prop_map(|length| Owned::Text("é".repeat(length))),
            (-1e300..1e300).prop_map(Owned::Number),
            (-9_999_i16..=9_999, 0_i8..60).prop_map(|(year, second)| {
                Owned::Date(date(year, 2, 28).at(23, 59, second, 0))
            }),
        ]
    }

    proptest! {
        #[test]
        fn cells_come_back_as_they_were(table in prop::collection::vec(prop::collection::vec(cell(), 0..6), 0..6)) {
            let lent = |cell: &Owned| match cell {
                Owned::Text(text) => Cell::Text(Box::leak(text.clone().into_boxed_str())),
                Owned::Number(number) => Cell::Number(*number),
                Owned::Date(date) => Cell::Date(*date),
            };
            let table: Vec<Vec<Cell<'_>>> = table.iter().map(|row| row.iter().map(lent).collect()).collect();
            let mut rows = Rows::default();
            for (number, cells) in table.iter().enumerate() {
                rows.push(number, number % 2 == 1, cells.iter().copied());
            }
            prop_assert_eq!(rows.len(), table.len());
            for (number, (row, cells)) in rows.iter().zip(&table).enumerate() {
                prop_assert_eq!((row.number, row.is_too_long), (number, number % 2 == 1));
                prop_assert_eq!(row.cells.len(), cells.len());
                prop_assert_eq!(&row.cells.iter().collect::<Vec<_>>(), cells);
                for column in 0..=cells.len() {
                    prop_assert_eq!(row.cells.get(column), cells.get(column).copied());
                }
            }
            rows.skip_rows(1);
            rows.skip_cells(2);
            prop_assert_eq!(rows.len(), table.len().saturating_sub(1));
            for (row, cells) in rows.iter().zip(table.iter().skip(1)) {
                let behind: Vec<_> = cells.iter().copied().skip(2).collect();
                prop_assert_eq!(row.cells.iter().collect::<Vec<_>>(), behind);
            }
        }
    }

    #[test]
    fn rows_of_many_blocks_are_let_go_of_in_their_sequence() {
        let mut rows = Rows::default();
        for number in 1..=3 * IN_BLOCK {
            let cell = format!("{number:05}");
            rows.push(number, false, ["before", &cell].map(Cell::Text));
        }
        rows.skip_rows(1);
        rows.skip_cells(1);
        let expected: Vec<usize> = (2..=3 * IN_BLOCK).collect();
        assert_eq!(rows.len(), expected.len());
        assert_eq!(rows.last().map(|row| row.number), Some(3 * IN_BLOCK));
        let numbers = rows.iter().map(|row| row.number);
        assert!(numbers.eq(expected.iter().copied()));
        let mut consumed = Vec::new();
        rows.consume(|row| {
            let cell = format!("{:05}", row.number);
            assert_eq!(row.cells.get(0), Some(Cell::Text(&cell)));
            consumed.push(row.number);
        });
        assert_eq!(consumed, expected);
        assert!(rows.is_empty() && rows.iter().next().is_none());
    }
}
