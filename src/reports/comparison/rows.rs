//! The rows of a comparison: the legs of both books side by side.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::compare::drift::worse_by;
use crate::compare::tolerance::{Cost, Point, micros};
use crate::compare::{Action, By, Cause, Causes, Fate, FillLegs, Leg, Matching, Pair};
use crate::domain::event::text_enum;
use crate::domain::money::Decimal;
use crate::domain::order::OrderId;
use crate::domain::signal::Direction;

text_enum! {
    /// Outcome of a leg.
    LegOutcome, "outcome" {
        /// Both books have it.
        Matched = "matched",
        /// Only the first book has it: the backtest, or the alerts where fills are compared.
        Missed = "missed",
        /// Only the second book has it: the alerts, or the fills.
        FalseAlert = "false",
        /// The other book does not cover its time.
        Outside = "outside",
    }
}

/// A row of the comparison: a leg of one book, or of both.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LegRow {
    /// Its outcome.
    pub outcome: LegOutcome,
    /// As the backtest has it.
    pub backtest: Option<LegSide>,
    /// As the alerts have it.
    pub alert: Option<LegSide>,
    /// As the broker's fills have it.
    pub fill: Option<LegSide>,
    /// The ground of a pair.
    pub by: Option<By>,
    /// Certainty of a pair: the further cost of the best alignment without it.
    pub margin: Option<f64>,
    /// Seconds from the first book's leg to the second's.
    pub seconds: Option<f64>,
    /// Amount by which the second book's price is worse; a cost is above zero.
    #[schema(value_type = Option<String>)]
    pub price_cost: Option<Decimal>,
    /// Faults of a pair: `late`, `quantity`, `imported`.
    pub flags: Vec<&'static str>,
    /// The cause of a leg that is on one side only.
    pub cause: Option<Cause>,
    /// The cause in a sentence.
    pub cause_in_words: Option<String>,
}

/// The flag of a pair whose alert was brought in later.
const IMPORTED: &str = "imported";

/// One side of a row.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LegSide {
    /// The number of the alert's order; none in a backtest and of fills.
    #[schema(value_type = Option<String>)]
    pub order: Option<OrderId>,
    /// The broker's number of the order; of fills.
    pub reference: Option<String>,
    /// Bought or sold, `long` or `short`.
    pub side: Direction,
    /// Opening or closing.
    pub action: Action,
    /// Time of the fill: of a backtest the opening of the bar.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The fill price.
    #[schema(value_type = String)]
    pub price: Decimal,
    /// The quantity.
    #[schema(value_type = String)]
    pub quantity: Decimal,
    /// The name of the signal.
    pub signal: Option<String>,
}

impl LegSide {
    /// A leg as its book has it.
    fn of(leg: &Leg) -> Self {
        Self {
            order: None,
            reference: None,
            side: leg.side,
            action: leg.action,
            time: leg.time,
            price: leg.price.get(),
            quantity: leg.quantity.get(),
            signal: leg.signal.as_deref().map(str::to_owned),
        }
    }
}

/// The legs of a book and what else is shown of each.
#[derive(Debug)]
pub(super) enum ShownBook {
    Backtest(Vec<Leg>),
    Alerts(Vec<Leg>),
    Fills(FillLegs),
}

impl ShownBook {
    /// In order of time.
    pub(super) fn legs(&self) -> &[Leg] {
        match self {
            Self::Backtest(legs) | Self::Alerts(legs) => legs,
            Self::Fills(fills) => &fills.legs,
        }
    }

    /// A leg as it is shown: of a backtest at its corrected time.
    fn side(&self, index: usize, shift: SignedDuration) -> LegSide {
        let leg = LegSide::of(&self.legs()[index]);
        match self {
            Self::Backtest(_) => LegSide {
                time: leg.time.saturating_add(shift).unwrap_or(leg.time),
                ..leg
            },
            Self::Alerts(legs) => LegSide {
                order: legs[index].order,
                ..leg
            },
            // At the time that the export tells.
            Self::Fills(fills) => {
                let order = &fills.orders[fills.order_of[index]];
                LegSide {
                    time: order.time,
                    reference: order.reference.as_deref().map(str::to_owned),
                    ..leg
                }
            }
        }
    }
}

/// The rows of a comparison, oldest first. A row is made when it is asked for: its texts and
/// both its sides take several times the room of its legs, and a page shows few of 100,000.
#[derive(Debug)]
pub struct Rows {
    books: [ShownBook; 2],
    pairs: Vec<Pair>,
    /// Causes of legs on one side only, by index in each book.
    causes: [HashMap<usize, Cause>; 2],
    /// Orders whose alert was brought in later.
    imported: HashSet<OrderId>,
    cost: Cost,
    shift: SignedDuration,
    places: Vec<RowSource>,
}

/// Source of a row.
#[derive(Debug, Clone, Copy)]
struct RowSource {
    outcome: LegOutcome,
    /// The book of a leg on one side only.
    book: u8,
    /// Of a pair among all pairs, else of the leg in its book.
    index: usize,
}

impl Rows {
    /// The rows of two books and of what was found of them.
    pub(super) fn of(
        books: [ShownBook; 2],
        found: Matching,
        causes: Causes,
        imported: HashSet<OrderId>,
        (cost, shift): (Cost, SignedDuration),
    ) -> Self {
        let known = |causes: Vec<Option<Cause>>| {
            let known = causes.into_iter().enumerate();
            known.filter_map(|(index, cause)| Some((index, cause?)))
        };
        Self {
            places: places(&books, &found, shift),
            books,
            pairs: found.pairs,
            causes: [causes.missed, causes.invented].map(|causes| known(causes).collect()),
            imported,
            cost,
            shift,
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True without rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = RowAt<'_>> {
        let row = |place: &RowSource| RowAt {
            rows: self,
            place: *place,
        };
        self.places.iter().map(row)
    }

    /// True of a pair whose alert was brought in later.
    fn is_imported(&self, pair: &Pair) -> bool {
        is_imported(&self.books[1].legs()[pair.second], &self.imported)
    }
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(RowAt::row))
    }
}

/// True of a leg whose alert was brought in later.
pub(super) fn is_imported(leg: &Leg, imported: &HashSet<OrderId>) -> bool {
    leg.order.is_some_and(|order| imported.contains(&order))
}

/// Sources of the rows, by time.
fn places(books: &[ShownBook; 2], found: &Matching, shift: SignedDuration) -> Vec<RowSource> {
    let [first, second] = books.each_ref().map(ShownBook::legs);
    let mut places = Vec::with_capacity(first.len() + second.len() - found.pairs.len());
    let place = |outcome, book, index| RowSource {
        outcome,
        book,
        index,
    };
    for (index, (leg, fate)) in first.iter().zip(&found.first).enumerate() {
        let place = match *fate {
            Fate::Matched(pair) => place(LegOutcome::Matched, 0, pair),
            Fate::Alone => place(LegOutcome::Missed, 0, index),
            Fate::Outside => place(LegOutcome::Outside, 0, index),
        };
        places.push((leg.time + shift, place));
    }
    for (index, (leg, fate)) in second.iter().zip(&found.second).enumerate() {
        let outcome = match fate {
            Fate::Matched(_) => continue,
            Fate::Alone => LegOutcome::FalseAlert,
            Fate::Outside => LegOutcome::Outside,
        };
        places.push((leg.time, place(outcome, 1, index)));
    }
    places.sort_by_key(|(time, _)| *time);
    places.into_iter().map(|(_, place)| place).collect()
}

/// A row of a comparison, before it is made.
#[derive(Debug, Clone, Copy)]
pub struct RowAt<'a> {
    rows: &'a Rows,
    place: RowSource,
}

impl<'a> RowAt<'a> {
    /// Outcome of the row.
    #[must_use]
    pub fn outcome(self) -> LegOutcome {
        self.place.outcome
    }

    /// True of a leg on one side only, and of a pair that is late or of another quantity; not of a
    /// pair whose alert was imported later, for the alert is there.
    #[must_use]
    pub fn is_problem(self) -> bool {
        match self.outcome() {
            LegOutcome::Missed | LegOutcome::FalseAlert => true,
            LegOutcome::Outside => false,
            LegOutcome::Matched => {
                let pair = &self.rows.pairs[self.place.index];
                self.is_late(pair) || self.is_of_other_quantity(pair)
            }
        }
    }

    fn legs(self, pair: &Pair) -> [&'a Leg; 2] {
        let [first, second] = &self.rows.books;
        [&first.legs()[pair.first], &second.legs()[pair.second]]
    }

    fn is_late(self, pair: &Pair) -> bool {
        let [first, second] = self.legs(pair).map(Point::of);
        let shift = micros(self.rows.shift);
        self.rows.cost.is_late(first.later(shift), second)
    }

    fn is_of_other_quantity(self, pair: &Pair) -> bool {
        let [first, second] = self.legs(pair);
        first.quantity != second.quantity
    }

    /// All of it.
    #[must_use]
    pub fn row(self) -> LegRow {
        let RowSource { book, index, .. } = self.place;
        let book = usize::from(book);
        if self.outcome() == LegOutcome::Matched {
            return self.pair(&self.rows.pairs[index]);
        }
        let mut sides = [None, None];
        sides[book] = Some(self.rows.books[book].side(index, self.rows.shift));
        self.made(sides, self.rows.causes[book].get(&index).cloned())
    }

    fn pair(self, pair: &Pair) -> LegRow {
        let [one, other] = self.legs(pair);
        let [first, second] = &self.rows.books;
        let shift = self.rows.shift;
        let sides = [
            first.side(pair.first, shift),
            second.side(pair.second, shift),
        ];
        let seconds = sides[1].time.duration_since(one.time) - shift;
        let is_imported = self.rows.is_imported(pair);
        let flags = [
            (self.is_late(pair), "late"),
            (self.is_of_other_quantity(pair), "quantity"),
            (is_imported, IMPORTED),
        ];
        let flags = flags.iter().filter(|flag| flag.0);
        LegRow {
            by: Some(pair.by),
            margin: Some(pair.margin),
            seconds: Some(seconds.as_secs_f64()),
            price_cost: Some(worse_by(one, other)),
            flags: flags.map(|flag| flag.1).collect(),
            ..self.made(sides.map(Some), is_imported.then_some(Cause::ImportedLater))
        }
    }

    fn made(self, [first, second]: [Option<LegSide>; 2], cause: Option<Cause>) -> LegRow {
        let [backtest, alert, fill] = match self.rows.books[1] {
            ShownBook::Fills(_) => [None, first, second],
            _ => [first, second, None],
        };
        LegRow {
            outcome: self.outcome(),
            backtest,
            alert,
            fill,
            by: None,
            margin: None,
            seconds: None,
            price_cost: None,
            flags: Vec::new(),
            cause_in_words: cause.as_ref().map(Cause::in_words),
            cause,
        }
    }
}
