//! The header of a list of trades: which column is what, in every generation and
//! language; or as the owner of the file says.

use std::collections::BTreeMap;

use super::titles::{Field, Title, Unit, unit_alone};
use crate::imports::Unreadable;
use crate::imports::table::{Table, is_space};

/// Columns of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The number of the trade.
    pub trade: usize,
    /// Entry or exit, long or short.
    pub kind: usize,
    /// Date and time.
    pub time: usize,
    /// The signal that filled; short forms may have none.
    pub signal: Option<usize>,
    /// The price of the fill.
    pub price: usize,
    /// Contracts, shares or coins.
    pub quantity: usize,
    /// Price times quantity times point value.
    pub value: Option<usize>,
    /// Net profit of the trade.
    pub profit: usize,
    /// Commission of the trade, since 2026.
    pub commission: Option<usize>,
    /// The largest gain on the way.
    pub favorable: Option<usize>,
    /// The largest loss on the way.
    pub adverse: Option<usize>,
    /// Net profit up to this trade.
    pub cumulative: Option<usize>,
    /// The same in percent of the initial capital.
    pub cumulative_percent: Option<usize>,
    /// Bars that the trade was open.
    pub bars: Option<usize>,
    /// The currency of the profit, as its title names it.
    pub currency: Currency,
}

/// The currency that the title of the profit names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Currency {
    /// Not at all.
    #[default]
    Unsaid,
    /// By its code, or a sign that is its own.
    Code(String),
    /// By a sign that several currencies have.
    Sign(&'static str),
}

/// Columns by field, as far as they are known.
pub type Places = BTreeMap<Field, usize>;

impl Columns {
    /// The columns at these places, where all that are needed have one.
    pub fn at(places: &Places, header: &[String]) -> Option<Self> {
        let at = |field| places.get(&field).copied();
        let profit = at(Field::Profit)?;
        Some(Self {
            trade: at(Field::Trade)?,
            kind: at(Field::Type)?,
            time: at(Field::Date)?,
            signal: at(Field::Signal),
            price: at(Field::Price)?,
            quantity: at(Field::Quantity)?,
            value: at(Field::Value),
            profit,
            commission: at(Field::Commission),
            favorable: at(Field::Favorable),
            adverse: at(Field::Adverse),
            cumulative: at(Field::Cumulative),
            cumulative_percent: at(Field::CumulativePercent),
            bars: at(Field::Bars),
            currency: header
                .get(profit)
                .map(|title| currency(title))
                .unwrap_or_default(),
        })
    }

    /// The columns of the numbers that no trade can be without.
    pub fn of_amounts(&self) -> impl Iterator<Item = usize> + use<> {
        let needed = [self.price, self.quantity, self.profit];
        needed.into_iter().chain(self.commission)
    }

    /// The columns that have no amount.
    pub fn of_texts(&self) -> impl Iterator<Item = usize> + use<> {
        let needed = [self.trade, self.kind, self.time];
        needed.into_iter().chain(self.signal)
    }
}

/// The places of the fields: as the owner says, else by their titles.
pub fn places(header: &[String], choices: &Choices) -> Result<Places, Unreadable> {
    let mut places = choices.places(header)?;
    let mut titles: Vec<Title> = header.iter().map(|text| Title::of(text)).collect();
    // What the owner chose is no other field's.
    for place in places.values() {
        titles[*place] = Title::of("");
    }
    for field in Field::ALL {
        if let Some(place) = field.position(&titles)
            && !places.contains_key(&field)
        {
            places.insert(field, place);
        }
    }
    Ok(places)
}

/// The needed fields that have no place.
pub fn missing(places: &Places) -> Vec<Field> {
    let is_missing = |field: &Field| !places.contains_key(field);
    Field::NEEDED.into_iter().filter(is_missing).collect()
}

/// The columns of fields as the owner of a file names them: `date=3`, `profit=Gewinn`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices(Vec<(Field, String)>);

/// A choice of a column that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{text:.60}\" names no column; write one like date=3 or profit=\"Gewinn EUR\"; the names are {}",
    Field::ALL.map(Field::key).join(", ")
)]
pub struct NotAChoice {
    text: String,
}

impl Choices {
    /// Reads choices.
    ///
    /// # Errors
    ///
    /// [`NotAChoice`] for the first that cannot be understood.
    pub fn read<'text>(texts: impl IntoIterator<Item = &'text str>) -> Result<Self, NotAChoice> {
        let choice = |text: &str| {
            let (name, column) = text.split_once('=')?;
            let name = name.trim();
            let mut fields = Field::ALL.into_iter();
            let field = fields.find(|field| field.key().eq_ignore_ascii_case(name))?;
            let column = column.trim();
            (!column.is_empty()).then(|| (field, column.to_owned()))
        };
        let choices = texts.into_iter().map(|text| {
            choice(text).ok_or_else(|| NotAChoice {
                text: text.to_owned(),
            })
        });
        choices.collect::<Result<_, _>>().map(Self)
    }

    /// True if the owner says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn places(&self, header: &[String]) -> Result<Places, Unreadable> {
        let mut places = Places::new();
        for (field, column) in &self.0 {
            let titled = header
                .iter()
                .position(|title| title.trim().eq_ignore_ascii_case(column));
            let numbered = || {
                let number: usize = column.parse().ok()?;
                number.checked_sub(1).filter(|place| *place < header.len())
            };
            let place = titled
                .or_else(numbered)
                .ok_or_else(|| Unreadable::UnknownColumn {
                    field: field.key(),
                    column: column.clone(),
                    found: header.to_vec(),
                })?;
            places.insert(*field, place);
        }
        Ok(places)
    }
}

/// The currency that the title of the profit names.
fn currency(title: &str) -> Currency {
    let title = Title::of(title);
    match title.unit() {
        Some(Unit::Code(_)) if title.is_whole(Field::Profit) => Currency::Unsaid,
        unit => of_unit(unit),
    }
}

fn of_unit(unit: Option<&Unit>) -> Currency {
    match unit {
        Some(Unit::Code(code)) => Currency::Code(code.clone()),
        Some(Unit::Sign(_, Some(code))) => Currency::Code((*code).to_owned()),
        Some(Unit::Sign(sign, None)) => Currency::Sign(sign),
        Some(Unit::Percent) | None => Currency::Unsaid,
    }
}

/// Cells that are looked at for their currency.
const LOOKED_AT: usize = 200;

/// The currency that stands beside the amounts of a column, where it is one.
pub fn currency_of_cells(table: &Table, column: usize) -> Currency {
    let is_of_number = |letter: char| {
        letter.is_ascii_digit()
            || is_space(letter)
            || matches!(
                letter,
                '.' | ',' | '\'' | '’' | '(' | ')' | '+' | '-' | '\u{2212}' | '\u{2013}'
            )
    };
    let cells = table.rows.iter().filter_map(|row| row.cells.get(column));
    let cells = cells.filter(|cell| !cell.is_empty()).take(LOOKED_AT);
    let mut units = cells.map(|cell| {
        let unit: String = cell
            .text()
            .chars()
            .filter(|letter| !is_of_number(*letter))
            .collect();
        of_unit(unit_alone(&unit).as_ref())
    });
    let first = units.next().unwrap_or_default();
    if units.all(|unit| unit == first) {
        first
    } else {
        Currency::Unsaid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_its_code_or_its_own_sign() {
        let code = |text: &str| Currency::Code(text.to_owned());
        for (title, expected) in [
            ("Net P&L USD", code("USD")),
            ("Profit", Currency::Unsaid),
            ("Net profit", Currency::Unsaid),
            ("Profit €", code("EUR")),
            ("Profit £", code("GBP")),
            ("Profit ₹", code("INR")),
            ("Profit ₿", code("BTC")),
            ("Profit US$", code("USD")),
            ("Profit $", Currency::Sign("$")),
            ("Profit ¥", Currency::Sign("¥")),
            ("純損益 JPY", code("JPY")),
        ] {
            assert_eq!(currency(title), expected, "{title}");
        }
    }

    #[test]
    fn the_owner_names_columns_by_number_or_title() {
        let header = ["A", "B", "Signal", "Profit"].map(str::to_owned);
        let choices = Choices::read(["date=2", "profit = a"]).unwrap();
        let places = places(&header, &choices).unwrap();
        let expected = [(Field::Date, 1), (Field::Signal, 2), (Field::Profit, 0)];
        assert_eq!(places, Places::from(expected));
        for wrong in ["date", "colour=3", "date="] {
            let error = Choices::read([wrong]).unwrap_err().to_string();
            assert!(
                error.contains(wrong) && error.contains("cumulativePercent"),
                "{error}"
            );
        }
        let error = places_of_unknown(&header);
        assert!(error.contains("\"9\""), "{error}");
    }

    fn places_of_unknown(header: &[String]) -> String {
        let choices = Choices::read(["date=9"]).unwrap();
        places(header, &choices).unwrap_err().to_string()
    }
}
