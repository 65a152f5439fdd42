//! A webhook's backtest laid over its alerts: what is stored, compared.
//!
//! The two books and the evidence are read here; [`crate::compare`] does the rest.

mod books;
pub mod days;
mod verdict;

use crate::store::Connection;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::compare::tolerance::{Cost, Point, bar_of, micros};
use crate::compare::{
    Bridge, By, Cause, Causes, Drift, Fate, Leg, Matching, Preset, Rate, Shift, Tolerance, matching,
};
use crate::domain::event::text_enum;
use crate::domain::moment::Range;
use crate::domain::money::Decimal;
use crate::domain::signal::{Direction, Ticker};
use crate::domain::webhook::WebhookId;
use crate::store::Result;
use books::{Books, Failed};

pub use books::CannotCompare;

/// Which comparison is wanted; `None` is as it suits the books.
#[derive(Debug, Clone)]
pub struct ComparisonFilter {
    /// The webhook.
    pub webhook: WebhookId,
    /// The instrument; needed where there are several backtests.
    pub ticker: Option<Ticker>,
    /// Legs in it, by the time of the alerts.
    pub range: Range,
    /// Windows that suit a style of trading.
    pub preset: Preset,
    /// How far an alert may come before the opening of its bar.
    pub backward: Option<SignedDuration>,
    /// How far an alert may come after the end of its bar.
    pub forward: Option<SignedDuration>,
    /// How far prices may lie apart, in percent.
    pub price: Option<f64>,
    /// What is added to the backtest's times.
    pub shift: SignedDuration,
}

/// A backtest against the alerts of its webhook.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The webhook.
    #[schema(value_type = String)]
    pub webhook: WebhookId,
    /// The instrument that the backtest is kept under.
    #[schema(value_type = String)]
    pub ticker: Ticker,
    /// The comparison in a sentence or two, and what to do next.
    pub verdict: ComparisonVerdict,
    /// The first time that both books cover.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// The last time that both books cover.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// Length of the backtest's bars in seconds; 0 where it cannot be told.
    pub bar_seconds: i64,
    /// Seconds that were added to the backtest's times.
    pub shift_seconds: i64,
    /// The shift with which far more legs would match.
    pub suggested_shift: Option<SuggestedShift>,
    /// Share of the backtest's legs that an alert came for.
    pub match_rate: Rate,
    /// Legs by what became of them.
    pub legs: LegCounts,
    /// How far the legs of pairs lie apart.
    pub drift: Drift,
    /// The way from the backtest's net profit to the alerts'; null where the currencies differ.
    pub bridge: Option<Bridge>,
    /// Currency of the alerts' profit.
    pub currency: String,
    /// The causes of missed and false legs, the commonest first.
    pub causes: Vec<CauseCount>,
    /// What else should be known.
    pub notes: Vec<String>,
}

/// A comparison in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparisonVerdict {
    /// What it comes to.
    pub summary: String,
    /// What to do.
    pub next_step: String,
}

/// A shift of the backtest's times with which far more legs would match.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuggestedShift {
    /// What to add to the backtest's times, in seconds.
    pub seconds: i64,
    /// Share of its legs that would match and be in time, in percent.
    pub match_rate: f64,
}

impl From<Shift> for SuggestedShift {
    fn from(shift: Shift) -> Self {
        Self {
            seconds: shift.by.as_secs(),
            match_rate: 100.0 * shift.match_rate,
        }
    }
}

/// Legs by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LegCounts {
    /// Pairs.
    pub matched: usize,
    /// Legs of the backtest without an alert.
    pub missed: usize,
    /// Alerts without a leg of the backtest.
    pub false_alerts: usize,
    /// Legs of the backtest before the first alert or after the last.
    pub backtest_outside: usize,
    /// Alerts before the backtest begins or after it ends.
    pub alerts_outside: usize,
}

/// A cause and how many legs it explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CauseCount {
    /// The cause in a sentence; "no evidence" where there is none.
    pub cause: String,
    /// Missed legs.
    pub missed: usize,
    /// False alerts.
    pub false_alerts: usize,
}

text_enum! {
    /// What became of a leg.
    LegOutcome, "outcome" {
        /// Both books have it.
        Matched = "matched",
        /// Only the backtest has it.
        Missed = "missed",
        /// Only the alerts have it.
        FalseAlert = "false",
        /// The other book does not cover its time.
        Outside = "outside",
    }
}

/// A row of the comparison: a leg of the backtest, of the alerts, or of both.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LegRow {
    /// What became of it.
    pub outcome: LegOutcome,
    /// As the backtest has it.
    pub backtest: Option<LegSide>,
    /// As the alerts have it.
    pub alert: Option<LegSide>,
    /// The ground of a pair.
    pub by: Option<By>,
    /// How sure a pair is: how much more the best alignment without it costs.
    pub margin: Option<f64>,
    /// How much worse the alert's price is; a cost is above zero.
    #[schema(value_type = Option<String>)]
    pub price_cost: Option<Decimal>,
    /// What is wrong with a pair: `late`, `quantity`.
    pub flags: Vec<&'static str>,
    /// The cause of a leg that is on one side only.
    pub cause: Option<Cause>,
    /// The cause in a sentence.
    pub cause_in_words: Option<String>,
}

/// One side of a row.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LegSide {
    /// The number of the order; none in a backtest.
    #[schema(value_type = Option<String>)]
    pub order: Option<crate::domain::order::OrderId>,
    /// Bought or sold, `long` or `short`.
    pub side: Direction,
    /// Opening or closing.
    pub action: crate::compare::Action,
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

/// A comparison and its rows, oldest first.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The comparison.
    pub comparison: Comparison,
    /// Its rows.
    pub rows: Vec<LegRow>,
}

/// Compares what is stored.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read; inside, why there is
/// nothing to compare.
pub fn compare(
    connection: &Connection,
    filter: &ComparisonFilter,
) -> Result<std::result::Result<Compared, CannotCompare>> {
    match Books::read(connection, filter) {
        Ok(books) => Ok(compared(filter, &books)),
        Err(Failed::Cannot(cannot)) => Ok(Err(cannot)),
        Err(Failed::Store(error)) => Err(error),
    }
}

fn tolerance(filter: &ComparisonFilter, books: &Books) -> Tolerance {
    let usual = Tolerance::from(filter.preset);
    let bar = bar_of(books.backtest.legs.iter().map(|leg| leg.time));
    Tolerance {
        backward: filter.backward.unwrap_or(usual.backward),
        forward: filter.forward.unwrap_or(usual.forward),
        price: filter.price.map_or(usual.price, |percent| percent / 100.0),
        bar: bar.unwrap_or_default(),
    }
}

fn compared(
    filter: &ComparisonFilter,
    books: &Books,
) -> std::result::Result<Compared, CannotCompare> {
    let tolerance = tolerance(filter, books);
    let (first, second) = (&books.backtest.legs, &books.alerts.legs);
    let mut found = matching(first, second, &tolerance, filter.shift);
    found.restrict([first, second], filter.shift, books.range);
    let (Some(rate), Some((from, to))) = (Rate::of(&found), found.range) else {
        return Err(books.no_overlap());
    };
    let causes = Causes::of(
        [first, second],
        &found,
        &tolerance,
        filter.shift,
        &books.evidence,
    );
    let bridge = (books.currency == books.backtest_currency).then(|| {
        let inside = |time: Timestamp| (from..=to).contains(&time);
        Bridge::between(
            &books.backtest_trades(|time| inside(time + filter.shift)),
            &books.alert_trades(inside),
            &found,
        )
    });
    let legs = counts(&found);
    let causes_counted = count_causes(&found, &causes);
    let suggested_shift = found.suggested.map(SuggestedShift::from);
    let comparison = Comparison {
        webhook: filter.webhook.clone(),
        ticker: books.ticker.clone(),
        verdict: verdict::of(
            &rate,
            &legs,
            bridge.as_ref(),
            &books.currency,
            found.suggested,
            &causes_counted,
        ),
        from,
        to,
        bar_seconds: tolerance.bar.as_secs(),
        shift_seconds: filter.shift.as_secs(),
        suggested_shift,
        match_rate: rate,
        legs,
        drift: Drift::of(first, second, &found, filter.shift),
        bridge,
        currency: books.currency.clone(),
        causes: causes_counted,
        notes: books.notes.clone(),
    };
    let rows = rows(books, &found, &causes, &tolerance, filter.shift);
    Ok(Compared { comparison, rows })
}

fn counts(found: &Matching) -> LegCounts {
    let count = |fates: &[Fate], of: Fate| fates.iter().filter(|fate| **fate == of).count();
    LegCounts {
        matched: found.pairs.len(),
        missed: count(&found.first, Fate::Alone),
        false_alerts: count(&found.second, Fate::Alone),
        backtest_outside: count(&found.first, Fate::Outside),
        alerts_outside: count(&found.second, Fate::Outside),
    }
}

/// The name of a cause without its particulars, so that equal ones are counted together.
fn named(cause: Option<&Cause>) -> &'static str {
    match cause {
        Some(Cause::Paused { .. }) => "The webhook was paused",
        Some(Cause::NoOrder { .. }) => "An alert came and made no order",
        Some(Cause::Rejected) => "A request was rejected: its key was wrong",
        Some(Cause::TooManyTriggers { .. }) => {
            "TradingView stopped the alert after 15 triggers in 3 minutes"
        }
        Some(Cause::Silence { .. }) => "No alert came for a while: it was stopped or had expired",
        Some(Cause::OtherOrder { .. }) => {
            "Both traded in the bar, but not alike: the alert runs another version"
        }
        Some(Cause::OutsideSession) => "Only one side trades at this time of day",
        None => "No evidence of a cause",
    }
}

fn count_causes(found: &Matching, causes: &Causes) -> Vec<CauseCount> {
    let mut counted: Vec<CauseCount> = Vec::new();
    let mut add = |cause: Option<&Cause>, is_missed: bool| {
        let name = named(cause);
        let place = counted.iter().position(|known| known.cause == name);
        let place = place.unwrap_or_else(|| {
            counted.push(CauseCount {
                cause: name.to_owned(),
                missed: 0,
                false_alerts: 0,
            });
            counted.len() - 1
        });
        counted[place].missed += usize::from(is_missed);
        counted[place].false_alerts += usize::from(!is_missed);
    };
    for (fate, cause) in found.first.iter().zip(&causes.missed) {
        if *fate == Fate::Alone {
            add(cause.as_ref(), true);
        }
    }
    for (fate, cause) in found.second.iter().zip(&causes.invented) {
        if *fate == Fate::Alone {
            add(cause.as_ref(), false);
        }
    }
    counted.sort_by_key(|count| std::cmp::Reverse(count.missed + count.false_alerts));
    counted
}

fn rows(
    books: &Books,
    found: &Matching,
    causes: &Causes,
    tolerance: &Tolerance,
    shift: SignedDuration,
) -> Vec<LegRow> {
    let (first, second) = (&books.backtest.legs, &books.alerts.legs);
    let cost = Cost::of(tolerance);
    let micros = micros(shift);
    let mut rows = Vec::with_capacity(first.len() + second.len() - found.pairs.len());
    for (index, leg) in first.iter().enumerate() {
        let backtest = Some(side(leg, None));
        rows.push(match found.first[index] {
            Fate::Matched(pair) => {
                let pair = found.pairs[pair];
                let alert = &second[pair.second];
                let late = cost.is_late(Point::of(leg).later(micros), Point::of(alert));
                let flags = [(late, "late"), (leg.quantity != alert.quantity, "quantity")];
                LegRow {
                    outcome: LegOutcome::Matched,
                    alert: Some(side(alert, Some(books.alerts.order_of[pair.second]))),
                    by: Some(pair.by),
                    margin: Some(pair.margin),
                    price_cost: Some(crate::compare::drift::worse_by(leg, alert)),
                    flags: flags
                        .into_iter()
                        .filter(|flag| flag.0)
                        .map(|flag| flag.1)
                        .collect(),
                    ..alone(LegOutcome::Matched, backtest, None, None)
                }
            }
            Fate::Alone => alone(
                LegOutcome::Missed,
                backtest,
                None,
                causes.missed[index].clone(),
            ),
            Fate::Outside => alone(LegOutcome::Outside, backtest, None, None),
        });
    }
    for (index, leg) in second.iter().enumerate() {
        let alert = Some(side(leg, Some(books.alerts.order_of[index])));
        match found.second[index] {
            Fate::Matched(_) => {}
            Fate::Alone => {
                let cause = causes.invented[index].clone();
                rows.push(alone(LegOutcome::FalseAlert, None, alert, cause));
            }
            Fate::Outside => rows.push(alone(LegOutcome::Outside, None, alert, None)),
        }
    }
    let time = |row: &LegRow| {
        let of_backtest = row.backtest.as_ref().map(|leg| leg.time + shift);
        of_backtest.or(row.alert.as_ref().map(|leg| leg.time))
    };
    rows.sort_by_key(time);
    rows
}

fn alone(
    outcome: LegOutcome,
    backtest: Option<LegSide>,
    alert: Option<LegSide>,
    cause: Option<Cause>,
) -> LegRow {
    LegRow {
        outcome,
        backtest,
        alert,
        by: None,
        margin: None,
        price_cost: None,
        flags: Vec::new(),
        cause_in_words: cause.as_ref().map(Cause::in_words),
        cause,
    }
}

fn side(leg: &Leg, order: Option<crate::domain::order::OrderId>) -> LegSide {
    LegSide {
        order,
        side: leg.side,
        action: leg.action,
        time: leg.time,
        price: leg.price.get(),
        quantity: leg.quantity.get(),
        signal: leg.signal.clone(),
    }
}
