//! Columns and sides of a list whose words are not known, found by what they hold.
//!
//! Every generation and language has the same shape: two rows a trade with one number,
//! a text of few kinds, times, and a profit that is the move of the price times the
//! quantity times something that stays the same. So the numbers tell which is which, and
//! what is entry or exit, long or short. What was found so is said, for its owner to check.

use std::collections::{BTreeMap, BTreeSet};

use super::header::{Places, missing};
use super::number::{self, DecimalMark};
use super::rows::Kind;
use super::titles::Field;
use super::when;
use crate::domain::money::Decimal;
use crate::domain::signal::Direction;
use crate::imports::table::{Cell, Row, Table};

/// Rows that are looked at.
const LOOKED_AT: usize = 2_000;

/// The share of cells, or trades, that have to agree.
const AGREE: f64 = 0.8;

/// Kinds of rows that there can be: four, and words for exits by a stop or a margin call.
const MOST_KINDS: usize = 8;

/// The words of the column Type, where they are not known, and what they mean.
pub type Kinds = BTreeMap<String, Kind>;

/// Fills in the places of fields that are needed and missing, as far as the rows tell.
pub fn places(table: &Table, mark: DecimalMark, places: &mut Places) {
    let guess = Guess::of(table, mark);
    let taken = |places: &Places, column: usize| places.values().any(|place| *place == column);
    for field in missing(places) {
        let mut columns = (0..table.header.len()).filter(|column| !taken(places, *column));
        let found = match field {
            Field::Trade => columns.find(|column| guess.is_number_of_trades(*column)),
            Field::Date => columns.find(|column| guess.is_time(*column)),
            Field::Type => {
                let Some(trade) = places.get(&Field::Trade).copied() else {
                    continue;
                };
                columns.find(|column| guess.is_kind(*column, trade))
            }
            _ => None,
        };
        if let Some(found) = found {
            places.insert(field, found);
        }
    }
    let (Some(trade), Some(date)) = (places.get(&Field::Trade), places.get(&Field::Date)) else {
        return;
    };
    let pairs = guess.pairs(*trade, *date);
    guess.amounts(&pairs, places);
    if missing(places).is_empty() {
        guess.optional(&pairs, places);
    }
}

/// The meaning of the words of the column Type, by the times and profits of their trades;
/// `None` where these contradict each other.
pub fn kinds(table: &Table, mark: DecimalMark, places: &Places) -> Option<Kinds> {
    let at = |field| places.get(&field).copied();
    let guess = Guess::of(table, mark);
    let pairs = guess.pairs(at(Field::Trade)?, at(Field::Date)?);
    let mut votes: BTreeMap<String, Votes> = BTreeMap::new();
    for (entry, exit) in &pairs {
        let word = |row: &Row<'_>| row.cells.get(at(Field::Type)?).map(Cell::text);
        let number = |row: &Row<'_>, field| guess.number(row, at(field)?);
        let moved = || {
            let gain = number(exit, Field::Price)?.checked_sub(number(entry, Field::Price)?)?;
            let profit = number(exit, Field::Profit).or_else(|| number(entry, Field::Profit))?;
            let is_clear = !gain.is_zero() && !profit.is_zero();
            is_clear.then_some(gain.is_sign_positive() == profit.is_sign_positive())
        };
        for (row, is_exit) in [(entry, false), (exit, true)] {
            let vote = votes.entry(word(row)?).or_default();
            vote.exits[usize::from(is_exit)] += 1;
            if let Some(is_long) = moved() {
                vote.longs[usize::from(is_long)] += 1;
            }
        }
    }
    let kinds = votes
        .into_iter()
        .map(|(word, votes)| Some((word, votes.kind()?)));
    let kinds: Kinds = kinds.collect::<Option<_>>()?;
    (kinds.len() >= 2).then_some(kinds)
}

/// Counts of a word at entries and exits, and at short and long trades.
#[derive(Default)]
struct Votes {
    exits: [usize; 2],
    longs: [usize; 2],
}

impl Votes {
    fn kind(&self) -> Option<Kind> {
        Some(Kind {
            is_exit: decided(self.exits)?,
            direction: if decided(self.longs)? {
                Direction::Long
            } else {
                Direction::Short
            },
        })
    }
}

/// The one of two that has nearly all votes.
fn decided([no, yes]: [usize; 2]) -> Option<bool> {
    let share = |count: usize| share(count, no + yes) >= AGREE;
    match (share(no), share(yes)) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        _ => None,
    }
}

#[allow(clippy::cast_precision_loss, reason = "at most 2,000 rows")]
fn share(count: usize, of: usize) -> f64 {
    count as f64 / of.max(1) as f64
}

/// The first rows of a table.
struct Guess<'a> {
    rows: Vec<Row<'a>>,
    mark: DecimalMark,
}

/// Entry and exit of a trade.
type Pair<'a> = (Row<'a>, Row<'a>);

impl<'a> Guess<'a> {
    fn of(table: &'a Table, mark: DecimalMark) -> Self {
        Self {
            rows: table.rows.iter().take(LOOKED_AT).collect(),
            mark,
        }
    }

    fn number(&self, row: &Row<'_>, column: usize) -> Option<Decimal> {
        number::read(row.cells.get(column)?, self.mark).ok()?
    }

    /// True if nearly all cells of a column that have something are like this.
    fn mostly(&self, column: usize, is_like: impl Fn(Cell<'_>) -> bool) -> bool {
        let cells = self.rows.iter().filter_map(|row| row.cells.get(column));
        let (mut count, mut like) = (0, 0);
        for cell in cells.filter(|cell| !cell.is_empty()) {
            count += 1;
            like += usize::from(is_like(cell));
        }
        count > 0 && share(like, count) >= AGREE
    }

    fn is_time(&self, column: usize) -> bool {
        self.mostly(column, |cell| match cell {
            Cell::Date(_) => true,
            Cell::Number(_) => false,
            Cell::Text(text) => when::looks_like_time(text),
        })
    }

    /// True if whole numbers stand there, most of them twice.
    fn is_number_of_trades(&self, column: usize) -> bool {
        let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
        for row in &self.rows {
            let number = self.number(row, column).filter(Decimal::is_integer);
            let Some(number) = number.and_then(|number| u64::try_from(number).ok()) else {
                return false;
            };
            *counts.entry(number).or_default() += 1;
        }
        let twice = counts.values().filter(|count| **count == 2).count();
        let most = counts.values().all(|count| *count <= 2);
        most && twice > 0 && share(twice, counts.len()) >= AGREE
    }

    /// True if a few words stand there, other ones at the two rows of a trade.
    fn is_kind(&self, column: usize, trade: usize) -> bool {
        let is_word = |cell: Cell<'_>| matches!(cell, Cell::Text(text) if text.chars().any(char::is_alphabetic));
        if !self.mostly(column, is_word) || self.is_time(column) {
            return false;
        }
        let text = |row: &Row<'_>| row.cells.get(column).map(Cell::text);
        let words: BTreeSet<_> = self.rows.iter().filter_map(text).collect();
        let (mut pairs, mut differ) = (0, 0);
        for [one, other] in self.twos(trade) {
            pairs += 1;
            differ += usize::from(text(&one) != text(&other));
        }
        (2..=MOST_KINDS).contains(&words.len()) && share(differ, pairs) >= AGREE
    }

    /// The rows that have the number of a trade in common.
    fn twos(&self, trade: usize) -> Vec<[Row<'a>; 2]> {
        let mut by_number: BTreeMap<String, Vec<Row<'a>>> = BTreeMap::new();
        for row in &self.rows {
            if let Some(cell) = row.cells.get(trade) {
                by_number.entry(cell.text()).or_default().push(*row);
            }
        }
        let twos = by_number.into_values();
        twos.filter_map(|rows| <[Row<'a>; 2]>::try_from(rows).ok())
            .collect()
    }

    /// Entry and exit of each trade, by their times; those of one instant are left out.
    fn pairs(&self, trade: usize, date: usize) -> Vec<Pair<'a>> {
        let order = when::Order::of(self.rows.iter().filter_map(|row| row.cells.get(date)));
        let time = |row: Row<'_>| match row.cells.get(date)? {
            Cell::Text(text) => when::read(text, order).ok().map(|read| read.moment.rough()),
            cell => cell.date(false),
        };
        let pairs = self.twos(trade).into_iter().filter_map(|[one, other]| {
            match time(one)?.cmp(&time(other)?) {
                std::cmp::Ordering::Less => Some((one, other)),
                std::cmp::Ordering::Greater => Some((other, one)),
                std::cmp::Ordering::Equal => None,
            }
        });
        pairs.collect()
    }

    /// Price, quantity and profit: the three columns for which profit over move times
    /// quantity is most nearly the same in every trade, the leftmost of equal ones.
    fn amounts(&self, pairs: &[Pair<'_>], places: &mut Places) {
        let columns = self.rows.first().map_or(0, |row| row.cells.len());
        let of = |field: Field| -> Vec<usize> {
            match places.get(&field) {
                Some(place) => vec![*place],
                None => (0..columns)
                    .filter(|column| places.values().all(|place| place != column))
                    .filter(|column| self.mostly(*column, |cell| self.is_number(cell)))
                    .collect(),
            }
        };
        let mut best: Option<(f64, [usize; 3])> = None;
        for price in of(Field::Price) {
            for quantity in of(Field::Quantity) {
                for profit in of(Field::Profit) {
                    let distinct = price != quantity && quantity != profit && price != profit;
                    let fit = || self.misfit(pairs, price, quantity, profit);
                    if let Some(misfit) = distinct.then(fit).flatten()
                        && best.is_none_or(|(least, _)| misfit < least)
                    {
                        best = Some((misfit, [price, quantity, profit]));
                    }
                }
            }
        }
        if let Some((_, [price, quantity, profit])) = best {
            places.insert(Field::Price, price);
            places.insert(Field::Quantity, quantity);
            places.insert(Field::Profit, profit);
        }
    }

    /// The columns that a list can be without: a signal, the value of a position, and
    /// the profit up to each trade, beside which its percentage stands.
    fn optional(&self, pairs: &[Pair<'_>], places: &mut Places) {
        let columns = self.rows.first().map_or(0, |row| row.cells.len());
        for column in 0..columns {
            if places.values().any(|place| *place == column) {
                continue;
            }
            let is_word = |cell: Cell<'_>| matches!(cell, Cell::Text(text) if text.chars().any(char::is_alphabetic));
            let field = if self.mostly(column, is_word) {
                Field::Signal
            } else if self.is_sum(pairs, column, places) {
                Field::Cumulative
            } else if self.is_value(pairs, column, places) {
                Field::Value
            } else {
                continue;
            };
            places.entry(field).or_insert(column);
            let next = column + 1;
            let is_free = next < columns && places.values().all(|place| *place != next);
            if field == Field::Cumulative
                && is_free
                && self.mostly(next, |cell| self.is_number(cell))
            {
                places.entry(Field::CumulativePercent).or_insert(next);
            }
        }
    }

    /// True if a column has the sum of all profits up to each trade.
    fn is_sum(&self, pairs: &[Pair<'_>], column: usize, places: &Places) -> bool {
        let number = |row: &Row<'_>, column| f64::try_from(self.number(row, column)?).ok();
        let at =
            |pair: &Pair<'_>, column| number(&pair.1, column).or_else(|| number(&pair.0, column));
        let order = |pair: &Pair<'_>| at(pair, places[&Field::Trade]).unwrap_or_default();
        let mut ordered = pairs.to_vec();
        ordered.sort_by(|one, other| order(one).total_cmp(&order(other)));
        let mut agree = 0;
        for two in ordered.windows(2) {
            let (Some(before), Some(after)) = (at(&two[0], column), at(&two[1], column)) else {
                return false;
            };
            let profit = at(&two[1], places[&Field::Profit]).unwrap_or_default();
            agree += usize::from((after - before - profit).abs() < 0.02);
        }
        ordered.len() > 2 && share(agree, ordered.len() - 1) >= AGREE
    }

    /// True if a column is price times quantity times something that stays the same.
    fn is_value(&self, pairs: &[Pair<'_>], column: usize, places: &Places) -> bool {
        let number = |row: &Row<'_>, column| f64::try_from(self.number(row, column)?).ok();
        let factors: Option<Vec<f64>> = pairs
            .iter()
            .map(|(entry, _)| {
                let price = number(entry, places[&Field::Price])?;
                Some(number(entry, column)? / (price * number(entry, places[&Field::Quantity])?))
            })
            .collect();
        let Some(factors) = factors else { return false };
        let first = factors.first().copied().unwrap_or_default();
        let same = factors
            .iter()
            .filter(|factor| (*factor / first - 1.0).abs() < 0.001);
        factors.len() > 2 && first > 0.0 && share(same.count(), factors.len()) >= AGREE
    }

    fn is_number(&self, cell: Cell<'_>) -> bool {
        matches!(number::read(cell, self.mark), Ok(Some(_)))
    }

    /// The distance of profit / (move x quantity) of the trades from its middle, in the
    /// middle; `None` where these cannot be price, quantity and profit.
    fn misfit(
        &self,
        pairs: &[Pair<'_>],
        price: usize,
        quantity: usize,
        profit: usize,
    ) -> Option<f64> {
        let mut factors: Vec<f64> = Vec::with_capacity(pairs.len());
        let mut moves = 0;
        for (entry, exit) in pairs {
            let number = |row, column| f64::try_from(self.number(row, column)?).ok();
            let size = number(entry, quantity).or_else(|| number(exit, quantity))?;
            let gain = number(exit, profit).or_else(|| number(entry, profit))?;
            let (before, after) = (number(entry, price)?, number(exit, price)?);
            let same = number(entry, profit).is_none_or(|of_entry| (of_entry - gain).abs() < 1e-9);
            if size <= 0.0 || !same {
                return None;
            }
            moves += usize::from((after - before).abs() > 0.0);
            let factor = gain / ((after - before) * size);
            if factor.is_finite() && gain != 0.0 {
                factors.push(factor.abs());
            }
        }
        if factors.is_empty() || share(moves, pairs.len()) < AGREE / 2.0 {
            return None;
        }
        factors.sort_by(f64::total_cmp);
        let middle = factors[factors.len() / 2];
        let mut away: Vec<f64> = factors.iter().map(|f| (f / middle - 1.0).abs()).collect();
        away.sort_by(f64::total_cmp);
        let misfit = away[away.len() / 2];
        // Of a single trade every product fits; then the one with a factor near 1 is it.
        let strange = middle.log10().abs() * 0.002;
        (misfit.is_finite() && misfit < 0.25).then_some(misfit + strange)
    }
}
