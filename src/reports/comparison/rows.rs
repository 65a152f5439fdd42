//! The rows of a comparison: the legs of both books side by side.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{With, frame};
use crate::compare::drift::worse_by;
use crate::compare::tolerance::{Cost, Point, micros};
use crate::compare::{Action, By, Cause, Causes, Fate, Leg, Matching};
use crate::domain::event::text_enum;
use crate::domain::money::Decimal;
use crate::domain::order::OrderId;
use crate::domain::signal::Direction;

text_enum! {
    /// What became of a leg.
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
    /// What became of it.
    pub outcome: LegOutcome,
    /// As the backtest has it.
    pub backtest: Option<LegSide>,
    /// As the alerts have it.
    pub alert: Option<LegSide>,
    /// As the broker's fills have it.
    pub fill: Option<LegSide>,
    /// The ground of a pair.
    pub by: Option<By>,
    /// How sure a pair is: how much more the best alignment without it costs.
    pub margin: Option<f64>,
    /// Seconds from the first book's leg to the second's.
    pub seconds: Option<f64>,
    /// How much worse the second book's price is; a cost is above zero.
    #[schema(value_type = Option<String>)]
    pub price_cost: Option<Decimal>,
    /// What is wrong with a pair: `late`, `quantity`, `imported`.
    pub flags: Vec<&'static str>,
    /// The cause of a leg that is on one side only.
    pub cause: Option<Cause>,
    /// The cause in a sentence.
    pub cause_in_words: Option<String>,
}

impl LegRow {
    /// True of a leg on one side only, and of a pair that is late or of another quantity. A pair
    /// whose alert was brought in later is none: the alert is there.
    #[must_use]
    pub fn is_problem(&self) -> bool {
        let is_alone = matches!(self.outcome, LegOutcome::Missed | LegOutcome::FalseAlert);
        is_alone || self.flags.iter().any(|flag| *flag != IMPORTED)
    }
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
    /// When: of a backtest the opening of the bar.
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
    pub(super) fn of(leg: &Leg) -> Self {
        Self {
            order: None,
            reference: None,
            side: leg.side,
            action: leg.action,
            time: leg.time,
            price: leg.price.get(),
            quantity: leg.quantity.get(),
            signal: leg.signal.clone(),
        }
    }
}

/// All rows of a comparison, oldest first.
pub(super) fn of(
    pair: &frame::Pair<'_>,
    found: &Matching,
    causes: &Causes,
    shift: SignedDuration,
) -> Vec<LegRow> {
    Laid {
        pair,
        found,
        causes,
        shift,
    }
    .rows()
}

/// Two books and what was found of them.
struct Laid<'a> {
    pair: &'a frame::Pair<'a>,
    found: &'a Matching,
    causes: &'a Causes,
    shift: SignedDuration,
}

impl Laid<'_> {
    fn rows(&self) -> Vec<LegRow> {
        let [first, second] = self.pair.legs;
        let mut rows = Vec::with_capacity(first.len() + second.len() - self.found.pairs.len());
        for (index, leg) in first.iter().enumerate() {
            let time = leg.time + self.shift;
            rows.push((
                time,
                match self.found.first[index] {
                    Fate::Matched(pair) => self.pair(pair),
                    Fate::Alone => self.alone(
                        LegOutcome::Missed,
                        0,
                        index,
                        self.causes.missed[index].clone(),
                    ),
                    Fate::Outside => self.alone(LegOutcome::Outside, 0, index, None),
                },
            ));
        }
        for (index, leg) in second.iter().enumerate() {
            let (outcome, cause) = match self.found.second[index] {
                Fate::Matched(_) => continue,
                Fate::Alone => (LegOutcome::FalseAlert, self.causes.invented[index].clone()),
                Fate::Outside => (LegOutcome::Outside, None),
            };
            rows.push((leg.time, self.alone(outcome, 1, index, cause)));
        }
        // In place: a row is large, and sorting by key would copy half of them.
        rows.sort_by_cached_key(|(time, _)| *time);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn pair(&self, pair: usize) -> LegRow {
        let pair = self.found.pairs[pair];
        let [first, second] = self.pair.legs;
        let (one, other) = (&first[pair.first], &second[pair.second]);
        let shifted = Point::of(one).later(micros(self.shift));
        let sides = [
            (self.pair.sides[0])(pair.first),
            (self.pair.sides[1])(pair.second),
        ];
        let seconds = sides[1].time.duration_since(sides[0].time) - self.shift;
        let flags = [
            (
                Cost::of(&self.pair.tolerance).is_late(shifted, Point::of(other)),
                "late",
            ),
            (one.quantity != other.quantity, "quantity"),
            ((self.pair.is_imported)(pair.second), IMPORTED),
        ];
        let [one_side, other_side] = sides;
        let cause = (self.pair.is_imported)(pair.second).then_some(Cause::ImportedLater);
        LegRow {
            by: Some(pair.by),
            margin: Some(pair.margin),
            seconds: Some(seconds.as_secs_f64()),
            price_cost: Some(worse_by(one, other)),
            flags: flags
                .iter()
                .filter(|flag| flag.0)
                .map(|flag| flag.1)
                .collect(),
            ..self.row(LegOutcome::Matched, Some(one_side), Some(other_side), cause)
        }
    }

    /// A leg of one book only, the first or the second.
    fn alone(
        &self,
        outcome: LegOutcome,
        book: usize,
        index: usize,
        cause: Option<Cause>,
    ) -> LegRow {
        let side = Some((self.pair.sides[book])(index));
        if book == 0 {
            self.row(outcome, side, None, cause)
        } else {
            self.row(outcome, None, side, cause)
        }
    }

    fn row(
        &self,
        outcome: LegOutcome,
        first: Option<LegSide>,
        second: Option<LegSide>,
        cause: Option<Cause>,
    ) -> LegRow {
        let [backtest, alert, fill] = match self.pair.with {
            With::Backtest => [first, second, None],
            With::Fills => [None, first, second],
        };
        LegRow {
            outcome,
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
