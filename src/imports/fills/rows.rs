//! The rows of an export as fills.

use std::collections::HashSet;

use jiff::tz::TimeZone;

use super::header::{Columns, Fact};
use super::records::Records;
use super::{FillFile, FillOptions, ListedFill, when};
use crate::domain::fill::{Fee, Fill, FillVenue};
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::names::Names;
use crate::domain::signal::{Direction, Ticker};
use crate::imports::Faults;
use crate::imports::cell_text::unprotect;
use crate::imports::table::{Cell, Row, TOO_LONG};
use crate::imports::trades::number::{self, DecimalMark, Evidence};
use crate::imports::trades::zone_name;

/// The fault of a place: the column and the message.
type Fault = (usize, String);

/// Rows of a kind that is no fill, by the words of their broker.
const NO_FILLS: [&str; 8] = [
    "funding",
    "settlement",
    "settle",
    "delivery",
    "div",
    "jnlc",
    "fee",
    "interest",
];

/// Fills that are looked at for what all of a file have in common.
const LOOKED_AT: usize = 20;

/// Coins and currencies that pairs are quoted in, the longer first.
const QUOTES: [&str; 9] = [
    "USDT", "USDC", "USDE", "EUR", "BRL", "BTC", "ETH", "DAI", "MNT",
];

/// Reads the rows of a table, noting what cannot be read. The table is let go of on the way, for
/// both are large.
pub fn read(
    mut table: Records,
    columns: &Columns,
    options: &FillOptions,
    faults: &mut Faults,
) -> FillFile {
    let reading = Reading {
        mark: decimal_mark(&table, columns),
        level: finest_level(&table, columns),
        zone: zone(columns, options),
        columns,
        options,
    };
    let is_of_webhook = reading.needs_a_zone(&table);
    let is_of_new_york = columns.venue == FillVenue::InteractiveBrokers
        && options.zone.is_none()
        && columns.offset.is_none();
    let mut rows = std::mem::take(&mut table.rows);
    let mut fills = Vec::with_capacity(rows.len());
    let mut others = 0;
    let mut shared = Shared::default();
    rows.consume(|row| {
        if table.is_too_long(&row) {
            faults.note(row.number, "", TOO_LONG);
        } else if !reading.is_fill(&row) {
            others += 1;
        } else {
            match reading.fill(&row) {
                Ok(fill) => fills.push(ListedFill {
                    row: row.number,
                    fill: shared.with(fill),
                    nth: 0,
                }),
                Err((column, message)) => {
                    faults.note(row.number, columns.titled(column), message);
                }
            }
        }
    });
    FillFile {
        venue: columns.venue,
        is_zone_assumed: is_of_webhook || is_of_new_york,
        notes: notes(&fills, options, is_of_webhook, is_of_new_york),
        fills,
        others,
    }
}

/// Texts that most fills of a file have in common, each kept once.
#[derive(Default)]
struct Shared {
    symbols: HashSet<Ticker>,
    currencies: Names,
}

impl Shared {
    fn with(&mut self, mut fill: Fill) -> Fill {
        match self.symbols.get(&fill.symbol) {
            Some(known) => fill.symbol = known.clone(),
            None => drop(self.symbols.insert(fill.symbol.clone())),
        }
        let fee = fill.fee.as_mut().map(|fee| &mut fee.currency);
        for currency in [fee, Some(&mut fill.currency)].into_iter().flatten() {
            *currency = currency.take().map(|code| self.currencies.one(&code));
        }
        fill
    }
}

/// The zone of times without one.
fn zone(columns: &Columns, options: &FillOptions) -> TimeZone {
    if let Some(offset) = columns.offset {
        return TimeZone::fixed(offset);
    }
    if let Some(zone) = &options.zone {
        return zone.clone();
    }
    match columns.venue {
        // Interactive Brokers writes the time of New York unless its owner chose another.
        FillVenue::InteractiveBrokers => {
            TimeZone::get("America/New_York").unwrap_or_else(|_| options.usual_zone.clone())
        }
        FillVenue::Plain => options.usual_zone.clone(),
        FillVenue::Alpaca | FillVenue::Binance | FillVenue::Bybit => TimeZone::UTC,
    }
}

fn notes(
    fills: &[ListedFill],
    options: &FillOptions,
    is_of_webhook: bool,
    is_of_new_york: bool,
) -> Vec<String> {
    let mut notes = Vec::new();
    if is_of_webhook {
        notes.push(format!(
            "nothing in the file says the zone of its times, so they were read in the webhook's, {}; choose the time zone of the file where it is another",
            zone_name(&options.usual_zone)
        ));
    }
    if is_of_new_york {
        notes.push(
            "times were read as New York's, as Interactive Brokers writes them unless its owner chose another zone; choose the time zone of the file where that is so"
                .to_owned(),
        );
    }
    let coarsest = fills.iter().map(|listed| listed.fill.precision).max();
    if coarsest == Some(60) {
        notes.push(
            "times are of whole minutes: how long a fill took cannot be told from them".to_owned(),
        );
    }
    if !fills.is_empty() && fills.iter().all(|listed| listed.fill.order_id.is_none()) {
        notes.push(
            "the file names no orders: fills of one second, instrument and side are taken for one order"
                .to_owned(),
        );
    }
    notes
}

#[derive(Clone)]
struct Reading<'a> {
    columns: &'a Columns,
    options: &'a FillOptions,
    zone: TimeZone,
    mark: DecimalMark,
    /// The level of detail whose rows are fills, where several are there.
    level: Option<String>,
}

impl Reading<'_> {
    fn cell<'row>(&self, row: &Row<'row>, fact: Fact) -> Option<Cell<'row>> {
        let cell = row.cells.get(self.columns.place(fact)?)?;
        let is_nothing = cell.is_empty() || matches!(cell.text().as_str(), "--" | "-");
        (!is_nothing).then_some(cell)
    }

    fn text(&self, row: &Row<'_>, fact: Fact) -> Option<String> {
        self.cell(row, fact)
            .map(|cell| unprotect(&cell.text()).into_owned())
    }

    /// True if nobody says the zone that the times of a table need.
    fn needs_a_zone(&self, table: &Records) -> bool {
        if self.options.zone.is_some() || self.columns.venue != FillVenue::Plain {
            return false;
        }
        let Ok(offset) = jiff::tz::Offset::from_seconds(1) else {
            return false;
        };
        let elsewhere = Self {
            zone: TimeZone::fixed(offset),
            ..self.clone()
        };
        let mut first = table.rows.iter().filter(|row| self.is_fill(row));
        let is_moved = |row| self.time(&row).ok() != elsewhere.time(&row).ok();
        self.columns.offset.is_none() && first.by_ref().take(LOOKED_AT).any(is_moved)
    }

    /// The place of a fact, or of the one that stands for it, where a fault is named.
    fn place(&self, fact: Fact) -> usize {
        self.columns.place(fact).unwrap_or_default()
    }

    fn is_fill(&self, row: &Row<'_>) -> bool {
        if let Some(level) = &self.level {
            return self
                .text(row, Fact::Level)
                .is_some_and(|text| text.eq_ignore_ascii_case(level));
        }
        let kind = self
            .text(row, Fact::Kind)
            .map(|text| text.to_ascii_lowercase());
        match (self.columns.venue, kind) {
            (FillVenue::Alpaca, Some(kind)) => kind == "fill",
            (_, Some(kind)) => !NO_FILLS.contains(&kind.as_str()),
            (_, None) => true,
        }
    }

    fn fill(&self, row: &Row<'_>) -> Result<Fill, Fault> {
        let fault = |fact: Fact| move |message: String| (self.place(fact), message);
        let symbol = self.symbol(row).map_err(fault(Fact::Symbol))?;
        let (time, precision) = self.time(row)?;
        let quantity = self.number(row, Fact::Quantity, &symbol)?;
        let quantity =
            quantity.ok_or_else(|| (self.place(Fact::Quantity), "is missing".to_owned()))?;
        let side = self.side(row, quantity).map_err(fault(Fact::Side))?;
        let price = self.number(row, Fact::Price, &symbol)?;
        let price = price.ok_or_else(|| (self.place(Fact::Price), "is missing".to_owned()))?;
        let of = |error: &dyn std::fmt::Display| error.to_string();
        Ok(Fill {
            side,
            time,
            precision,
            quantity: Quantity::new(quantity.abs())
                .map_err(|error| (self.place(Fact::Quantity), of(&error)))?,
            price: Price::new(price).map_err(|error| (self.place(Fact::Price), of(&error)))?,
            fee: self.fee(row, &symbol)?,
            currency: self.currency(row).map(Into::into),
            order_id: self.text(row, Fact::OrderId).map(Into::into),
            fill_id: self
                .text(row, Fact::FillId)
                .filter(|id| id != "0")
                .map(Into::into),
            symbol,
        })
    }

    fn symbol(&self, row: &Row<'_>) -> Result<Ticker, String> {
        match (self.text(row, Fact::Symbol), &self.options.symbol) {
            (Some(text), _) => text.parse().map_err(|error| format!("{error}")),
            (None, Some(symbol)) => Ok(symbol.clone()),
            (None, None) => Err("is missing".to_owned()),
        }
    }

    fn time(&self, row: &Row<'_>) -> Result<when::StatedTime, Fault> {
        if let Some(day) = self
            .text(row, Fact::Day)
            .filter(|_| self.columns.place(Fact::Time).is_none())
        {
            let clock = self.text(row, Fact::Clock).unwrap_or_default();
            let read = when::read(format!("{day} {clock}").trim(), &self.zone);
            return read.map_err(|fault| (self.place(Fact::Day), format!("\"{day:.40}\" {fault}")));
        }
        let place = self.place(Fact::Time);
        match self.cell(row, Fact::Time) {
            None => Err((place, "is missing".to_owned())),
            Some(Cell::Date(civil)) => {
                when::of_civil(civil, &self.zone).map_err(|fault| (place, fault.to_owned()))
            }
            Some(cell) => {
                let text = cell.text();
                when::read(&text, &self.zone)
                    .map_err(|fault| (place, format!("\"{text:.40}\" {fault}")))
            }
        }
    }

    fn side(&self, row: &Row<'_>, quantity: Decimal) -> Result<Direction, String> {
        let Some(word) = self.text(row, Fact::Side) else {
            return Ok(if quantity.is_sign_negative() {
                Direction::Short
            } else {
                Direction::Long
            });
        };
        let bare: String = word.chars().filter(char::is_ascii_alphabetic).collect();
        match bare.to_ascii_lowercase().as_str() {
            "buy" | "b" | "bot" | "bought" | "long" | "buytocover" | "buytoopen" | "buytoclose" => {
                Ok(Direction::Long)
            }
            "sell" | "s" | "sld" | "sold" | "short" | "sellshort" | "selltoopen"
            | "selltoclose" => Ok(Direction::Short),
            _ => Err(format!("\"{word:.40}\" is neither buy nor sell")),
        }
    }

    fn number(&self, row: &Row<'_>, fact: Fact, symbol: &Ticker) -> Result<Option<Decimal>, Fault> {
        let Some(cell) = self.cell(row, fact) else {
            return Ok(None);
        };
        let (amount, _) = self.with_unit(cell, symbol);
        let read = number::read(amount, self.mark);
        read.map_err(|error| (self.place(fact), format!("\"{:.40}\" {error}", cell.text())))
    }

    fn fee(&self, row: &Row<'_>, symbol: &Ticker) -> Result<Option<Fee>, Fault> {
        let Some(amount) = self.number(row, Fact::Fee, symbol)? else {
            return Ok(None);
        };
        // Interactive Brokers writes what it took as a change of the account.
        let is_change = self.columns.venue == FillVenue::InteractiveBrokers;
        let unit = self
            .cell(row, Fact::Fee)
            .and_then(|cell| self.with_unit(cell, symbol).1);
        let stated = self.text(row, Fact::FeeCurrency);
        Ok(Some(Fee {
            amount: if is_change { -amount } else { amount }.normalize(),
            currency: unit
                .or(stated)
                .or_else(|| self.currency(row))
                .or_else(|| self.received(row, symbol))
                .map(Into::into),
        }))
    }

    /// The coin of a spot fee that nobody names: Bybit takes it from what was received.
    fn received(&self, row: &Row<'_>, symbol: &Ticker) -> Option<String> {
        if self.columns.venue != FillVenue::Bybit || !self.columns.is_spot() {
            return None;
        }
        let pair = symbol.as_str().to_ascii_uppercase();
        let quote = QUOTES
            .iter()
            .find(|quote| pair.len() > quote.len() && pair.ends_with(*quote))?;
        let is_bought = self.side(row, Decimal::ONE).ok()? == Direction::Long;
        let coin = if is_bought {
            pair.strip_suffix(quote)?
        } else {
            quote
        };
        Some(coin.to_owned())
    }

    fn currency(&self, row: &Row<'_>) -> Option<String> {
        self.text(row, Fact::Currency)
            .map(|code| code.to_ascii_uppercase())
    }

    /// A number and the coin that stands right behind it, as `0.5BTC`. A coin's name can begin
    /// with a digit, so that the halves of the pair are looked for first.
    fn with_unit<'row>(&self, cell: Cell<'row>, symbol: &Ticker) -> (Cell<'row>, Option<String>) {
        let Cell::Text(text) = cell else {
            return (cell, None);
        };
        let text = text.trim();
        let pair = symbol.as_str().to_ascii_uppercase();
        let is_half = |unit: &str| {
            pair.len() > unit.len() && (pair.starts_with(unit) || pair.ends_with(unit))
        };
        let is_number =
            |amount: &str| matches!(number::read(Cell::Text(amount), self.mark), Ok(Some(_)));
        let ends = text.char_indices().map(|(at, _)| text.split_at(at)).skip(1);
        let mut units = ends.filter(|(amount, unit)| {
            unit.starts_with(|letter: char| letter.is_ascii_alphanumeric())
                && unit.bytes().any(|byte| byte.is_ascii_alphabetic())
                && amount.ends_with(|letter: char| letter.is_ascii_digit() || letter == ' ')
                && is_number(amount)
        });
        let of_pair = units
            .clone()
            .find(|(_, unit)| is_half(&unit.to_ascii_uppercase()));
        let is_word = |(_, unit): &(&str, &str)| {
            unit.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && !unit.starts_with(['e', 'E'])
        };
        match of_pair.or_else(|| units.find(is_word)) {
            Some((amount, unit)) => (Cell::Text(amount.trim()), Some(unit.to_ascii_uppercase())),
            None => (Cell::Text(text), None),
        }
    }
}

/// The decimal mark: a point, unless the cells are parted by something else than commas and
/// its numbers say otherwise.
fn decimal_mark(table: &Records, columns: &Columns) -> DecimalMark {
    if !table.may_have_commas {
        return DecimalMark::Point;
    }
    let mut evidence = Evidence::default();
    let places = [Fact::Price, Fact::Quantity, Fact::Fee].map(|fact| columns.place(fact));
    for row in table.rows.iter() {
        for place in places.into_iter().flatten() {
            if let Some(cell) = row.cells.get(place) {
                evidence.add(cell);
            }
        }
    }
    let mark = evidence.mark().or_else(|| evidence.mark_of_ungrouped());
    mark.unwrap_or(DecimalMark::Point)
}

/// Of rows that tell one order several times, the finest kind: fills, else orders.
fn finest_level(table: &Records, columns: &Columns) -> Option<String> {
    let place = columns.place(Fact::Level)?;
    let words = table.rows.iter().filter_map(|row| row.cells.get(place));
    let words: std::collections::BTreeSet<String> = words.map(Cell::text).collect();
    let finest = ["execution", "trade", "order"];
    let found = finest
        .iter()
        .find_map(|level| words.iter().find(|word| word.eq_ignore_ascii_case(level)));
    Some(found.cloned().unwrap_or_else(|| "EXECUTION".to_owned()))
}
