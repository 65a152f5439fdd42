//! Two books of a webhook laid over each other: what is stored, compared. Its backtest with
//! its alerts, or its alerts with the fills that a broker made of them.
//!
//! The books and the evidence are read here; [`crate::compare`] does the rest.

mod applied;
mod backtest;
mod books;
mod cache;
mod causes;
pub mod days;
mod fills;
mod frame;
mod money;
mod position;
mod rows;
mod verdict;

use crate::store::Connection;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::compare::{
    Bridge, ClockShift, Drift, Execution, Fate, Matching, Preset, Rate, Scale, Shift, Tolerance,
};
use crate::domain::event::text_enum;
use crate::domain::moment::Range;
use crate::domain::signal::Ticker;
use crate::domain::webhook::WebhookId;
use crate::store::Result;
use books::{Books, Failed};
use fills::FillBooks;

pub use books::CannotCompare;
pub use cache::ComparisonCache;
pub use causes::CauseCount;
pub(super) use fills::foreign;
pub use rows::{LegOutcome, LegRow, LegSide, RowAt, Rows};

text_enum! {
    /// The two books that are compared.
    With, "pair of books" {
        /// The backtest and the alerts.
        Backtest = "backtest",
        /// The alerts and the fills.
        Fills = "fills",
    }
}

/// The comparison that is wanted; `None` is as it suits the books.
#[derive(Debug, Clone)]
pub struct ComparisonFilter {
    /// The webhook.
    pub webhook: WebhookId,
    /// The two books.
    pub with: With,
    /// The instrument; needed where there are several backtests, or fills of several.
    pub ticker: Option<Ticker>,
    /// Legs in it, by the time of the alerts.
    pub range: Range,
    /// Windows that suit a style of trading.
    pub preset: Preset,
    /// Time that an alert may come before the opening of its bar.
    pub backward: Option<SignedDuration>,
    /// Time that an alert may come after the end of its bar.
    pub forward: Option<SignedDuration>,
    /// Largest distance of prices, in percent.
    pub price: Option<f64>,
    /// The correction of the first book's times; of a backtest's only where it hangs on the day.
    pub shift: ClockShift,
}

/// Two books of a webhook, compared. The first is the backtest and the second the alerts; or
/// the first the alerts and the second the fills.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The webhook.
    #[schema(value_type = String)]
    pub webhook: WebhookId,
    /// The two books.
    pub with: With,
    /// The instrument that the backtest is kept under, or the alerts.
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
    /// Length of the backtest's bars in seconds, or what the fills' times are told to; 0 where
    /// it cannot be told, or is finer.
    pub bar_seconds: i64,
    /// Seconds that were added to the first book's times.
    pub shift_seconds: i64,
    /// The shift with which far more legs would match.
    pub suggested_shift: Option<SuggestedShift>,
    /// The tolerance in price with which far more legs would match.
    pub suggested_price: Option<SuggestedPrice>,
    /// The time from which prices differ by another factor than before, as after a split: what
    /// came since can be compared by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub suggested_from: Option<Timestamp>,
    /// Share of the first book's legs that the second has.
    pub match_rate: Rate,
    /// Legs by what became of them.
    pub legs: LegCounts,
    /// Distances between the legs of pairs.
    pub drift: Drift,
    /// The way from the first book's net profit to the second's; null where the currencies
    /// differ.
    pub bridge: Option<Bridge>,
    /// The broker's execution of the alerts; of fills only.
    pub execution: Option<Execution>,
    /// Currency of the alerts' profit.
    pub currency: String,
    /// The causes of missed and false legs, the commonest first.
    pub causes: Vec<CauseCount>,
    /// Further notes.
    pub notes: Vec<String>,
}

/// A comparison in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparisonVerdict {
    /// The result in a sentence.
    pub summary: String,
    /// The next step.
    pub next_step: String,
}

/// A shift of the first book's times with which far more legs would match.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuggestedShift {
    /// Seconds to add to the first book's times.
    pub seconds: i64,
    /// Share of its legs that would match, in percent.
    pub match_rate: f64,
    /// True if time zones lie as far apart: importing the file again with its time zone corrects
    /// it for good, where that was the cause.
    pub fits_zones: bool,
    /// Two shifts in place of it, where daylight saving makes a difference.
    pub seasons: Option<SeasonalShift>,
}

/// Shifts of a chart with daylight saving.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeasonalShift {
    /// Seconds to add to the first book's times in winter.
    pub winter_seconds: i64,
    /// Seconds to add to them while daylight saving is in force.
    pub summer_seconds: i64,
    /// A zone with these dates of daylight saving.
    pub like: &'static str,
    /// Share of its legs that would match with both, in percent.
    pub match_rate: f64,
}

impl SuggestedShift {
    /// The shift to compare with.
    #[must_use]
    pub fn applied(&self) -> ClockShift {
        let constant = ClockShift::Constant(SignedDuration::from_secs(self.seconds));
        let Some(seasons) = self.seasons else {
            return constant;
        };
        let like = TimeZone::get(seasons.like);
        like.map_or(constant, |like| ClockShift::Seasons {
            winter: SignedDuration::from_secs(seasons.winter_seconds),
            summer: SignedDuration::from_secs(seasons.summer_seconds),
            like,
        })
    }
}

impl SuggestedShift {
    /// A shift, and whether time zones lie as far apart.
    pub(super) fn of(shift: &Shift, fits_zones: bool) -> Self {
        Self {
            seconds: shift.by.as_secs(),
            match_rate: 100.0 * shift.match_rate,
            fits_zones,
            seasons: shift.seasons.map(|seasons| SeasonalShift {
                winter_seconds: seasons.winter.as_secs(),
                summer_seconds: seasons.summer.as_secs(),
                like: seasons.like,
                match_rate: 100.0 * seasons.match_rate,
            }),
        }
    }
}

/// A tolerance in price with which far more legs would match: the prices of both books differ by
/// a factor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuggestedPrice {
    /// By how much the second book's prices are above the first's, in percent.
    pub above_percent: f64,
    /// The tolerance to ask for, in percent.
    pub tolerance: f64,
    /// Share of the first book's legs that would match, in percent.
    pub match_rate: f64,
}

impl SuggestedPrice {
    /// The tolerance with which a factor keeps no legs apart; `None` where no tolerance does
    /// that, as for a split.
    pub(super) fn of(scale: &Scale) -> Option<Self> {
        let is_within = scale.until.is_none() && scale.tolerance <= 1.0;
        is_within.then(|| (*scale).into())
    }
}

impl From<Scale> for SuggestedPrice {
    fn from(scale: Scale) -> Self {
        Self {
            above_percent: 100.0 * (scale.factor - 1.0),
            tolerance: (100.0 * scale.tolerance).round().min(100.0),
            match_rate: 100.0 * scale.match_rate,
        }
    }
}

/// Legs by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LegCounts {
    /// Pairs.
    pub matched: usize,
    /// Legs of the first book only: of the backtest without an alert, or alerts without a fill.
    pub missed: usize,
    /// Legs of the second book only: alerts without a leg of the backtest, or fills without an
    /// alert.
    pub false_alerts: usize,
    /// Legs of the first book outside the range of the second.
    pub backtest_outside: usize,
    /// Legs of the second book outside the range of the first.
    pub alerts_outside: usize,
}

/// A comparison and its rows, oldest first.
#[derive(Debug)]
pub struct Compared {
    /// The comparison.
    pub comparison: Comparison,
    /// Its rows.
    pub rows: Rows,
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
    let transaction = connection.unchecked_transaction()?;
    let attempt = |filter: &ComparisonFilter| match rate(&transaction, filter) {
        Ok(rate) => Ok(rate),
        Err(Failed::Cannot(_)) => Ok(None),
        Err(Failed::Store(error)) => Err(error),
    };
    let compared = match filter.with {
        With::Backtest => Books::read(&transaction, filter)
            .and_then(|books| books.with_position(&transaction))
            .and_then(|books| backtest::compared(filter, books, &attempt)),
        With::Fills => FillBooks::read(&transaction, filter)
            .and_then(|books| fills::compared(filter, books, &attempt)),
    };
    match compared {
        Ok(compared) => Ok(Ok(compared)),
        Err(Failed::Cannot(cannot)) => Ok(Err(cannot)),
        Err(Failed::Store(error)) => Err(error),
    }
}

/// Match rate; `None` where the books cover no time together.
fn rate(
    connection: &Connection,
    filter: &ComparisonFilter,
) -> std::result::Result<Option<Rate>, Failed> {
    match filter.with {
        With::Backtest => {
            Books::read(connection, filter).map(|books| backtest::rate(filter, books))
        }
        With::Fills => FillBooks::read(connection, filter).map(|books| fills::rate(filter, books)),
    }
}

impl ComparisonFilter {
    /// The tolerance that is asked for, else the usual one.
    fn tolerance(&self, usual: Tolerance) -> Tolerance {
        Tolerance {
            backward: self.backward.unwrap_or(usual.backward),
            forward: self.forward.unwrap_or(usual.forward),
            price: self.price.map_or(usual.price, |percent| percent / 100.0),
            ..usual
        }
    }
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
