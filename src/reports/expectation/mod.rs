//! The live trades of a strategy against what its backtest leaves room for: what is stored,
//! held against it.
//!
//! The trades are read here; [`crate::analytics::expectation`] draws the runs. The backtest's
//! are those that were frozen when the first live trade closed beside them: an import that comes
//! later would know how the live ones went.

mod cache;
mod subject;
mod verdict;
mod watch;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::comparison::ComparisonVerdict;
use crate::analytics::expectation::{
    ALARM_FROM, Expectation, OutcomePoint, SharpeFigures, Uniform, curve_of, deflated_sharpe,
};
use crate::domain::event::text_enum;
use crate::domain::signal::Ticker;
use crate::domain::webhook::WebhookId;
use crate::store::{Connection, Result, StoreError, expectations};
use subject::Subject;

pub use cache::ExpectationCache;
pub use subject::freezable;
pub use watch::{ExpectationWatch, Looked, Pending};

/// Seed of the draws, so that the same trades have the same cone.
pub(super) const SEED: u64 = 1;

/// The webhook and ticker whose expectation is wanted.
#[derive(Debug, Clone)]
pub struct ExpectationFilter {
    /// The webhook.
    pub webhook: WebhookId,
    /// The instrument; needed where there are several.
    pub ticker: Option<Ticker>,
}

/// Reason that nothing can be expected, and the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotExpect {
    /// There is no backtest, and too little else.
    #[error(
        "there is no backtest{0}, and {1} closed trades of alerts are too few without one (40 are needed); import TradingView's list of trades"
    )]
    Nothing(String, usize, WebhookId),
    /// There are several instruments, or none of that name.
    #[error("name the ticker: the webhook has {0}")]
    WhichTicker(String),
    /// The backtest is too short.
    #[error(
        "the backtest of {0} has {1} trades, and runs are drawn from 20 at least; import a list of trades over a longer time"
    )]
    TooFew(Ticker, usize),
    /// The trades do not differ.
    #[error(
        "all {1} trades of the backtest of {0} came to the same: nothing follows for how live ones may differ; import a list of trades over a longer time"
    )]
    Uniform(Ticker, usize),
    /// Amounts are not of one currency.
    #[error(
        "the backtest is in {backtest} and the alerts' profit in {alerts}: import the list again with the currency of its profit, or set the webhook's currency"
    )]
    Currencies {
        /// Of the backtest.
        backtest: String,
        /// Of the webhook.
        alerts: String,
    },
}

/// Reason that an expectation could not be read.
pub(super) enum Failed {
    Cannot(CannotExpect),
    Store(StoreError),
}

impl<E: Into<StoreError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

text_enum! {
    /// The trades that runs are drawn from.
    ExpectedFrom, "source" {
        /// Those of a backtest.
        Backtest = "backtest",
        /// The first half of the live ones, for want of a backtest.
        FirstHalf = "firstHalf",
    }
}

/// The trades that runs are drawn from.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExpectationSource {
    /// The kind of source.
    pub kind: ExpectedFrom,
    /// Entry time of the first of them.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Exit time of the last of them.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
    /// SHA-256 of the backtest's file.
    pub digest: Option<String>,
    /// Time at which the backtest was frozen for this; null until the first live trade has closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub frozen_at: Option<Timestamp>,
    /// Live trades count that closed then or later; null where all do.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub counted_from: Option<Timestamp>,
}

/// The best of several strategies, for what it is: somebody is always the best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BestOf {
    /// Number of those compared: every instrument of every webhook that is not archived, with
    /// twenty closed trades or more.
    pub compared: usize,
    /// Mean over standard deviation of a trade.
    pub sharpe_per_trade: f64,
    /// Probability that its true Sharpe ratio is above zero, given that it is the best of so
    /// many (deflated Sharpe ratio), in percent.
    pub probability: f64,
}

/// Live trades against what was expected of them.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveExpectation {
    /// The webhook.
    #[schema(value_type = String)]
    pub webhook: WebhookId,
    /// The instrument.
    #[schema(value_type = String)]
    pub ticker: Ticker,
    /// Currency of amounts in money.
    pub currency: String,
    /// The place of the live trades in a sentence, and what to do next.
    pub verdict: ComparisonVerdict,
    /// The trades that runs are drawn from.
    pub source: ExpectationSource,
    /// The figures.
    #[serde(flatten)]
    pub figures: Expectation,
    /// The curve of the broker's fills over the same time, in the same unit; empty where there
    /// are none, or in another currency.
    pub fills: Vec<OutcomePoint>,
    /// The rest of it where it is the best of several; null where it is not, or alone.
    pub best_of: Option<BestOf>,
    /// Further notes.
    pub notes: Vec<String>,
}

/// Holds what is stored against what was expected.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read; inside, why nothing can be expected.
pub fn expectation(
    connection: &Connection,
    filter: &ExpectationFilter,
) -> Result<std::result::Result<LiveExpectation, CannotExpect>> {
    let transaction = connection.unchecked_transaction()?;
    let found = Subject::find(&transaction, filter).and_then(|subject| {
        let best_of = best_of(&transaction, &subject)?;
        of_subject(subject, best_of).map_err(Failed::Cannot)
    });
    match found {
        Ok(found) => Ok(Ok(found)),
        Err(Failed::Cannot(cannot)) => Ok(Err(cannot)),
        Err(Failed::Store(error)) => Err(error),
    }
}

fn of_subject(
    subject: Subject,
    best_of: Option<BestOf>,
) -> std::result::Result<LiveExpectation, CannotExpect> {
    let Subject {
        webhook,
        ticker,
        expected,
        live,
        unit,
        ..
    } = subject;
    let figures = Expectation::of(&expected, &live, unit, SEED)
        .map_err(|Uniform| CannotExpect::Uniform(ticker.clone(), expected.values.len()))?;
    Ok(LiveExpectation {
        verdict: verdict::of(&figures, subject.source.kind, &subject.currency),
        webhook: webhook.id,
        ticker,
        currency: subject.currency,
        source: subject.source,
        figures,
        fills: curve_of(&subject.fills),
        best_of,
        notes: subject.notes,
    })
}

/// The rest of a strategy's result that is the best of all that are there.
fn best_of(
    connection: &Connection,
    subject: &Subject,
) -> std::result::Result<Option<BestOf>, Failed> {
    let spreads = expectations::spreads(connection, ALARM_FROM)?;
    let Some(figures) = SharpeFigures::of(&subject.live_profits) else {
        return Ok(None);
    };
    let is_own = |spread: &&expectations::Spread| {
        spread.webhook == subject.webhook.row && spread.ticker == subject.instrument.as_str()
    };
    if !spreads.iter().any(|spread| is_own(&spread)) {
        return Ok(None);
    }
    let ratio = |spread: &expectations::Spread| {
        let n = f64::from(spread.trades);
        spread.mean / (spread.variance * n / (n - 1.0)).sqrt()
    };
    let others = spreads.iter().filter(|spread| !is_own(spread)).map(ratio);
    let mut ratios: Vec<f64> = others.filter(|ratio| ratio.is_finite()).collect();
    let is_best = ratios.iter().all(|other| *other < figures.ratio);
    ratios.push(figures.ratio);
    let probability = deflated_sharpe(&figures, &ratios).filter(|_| is_best);
    Ok(probability.map(|probability| BestOf {
        compared: ratios.len(),
        sharpe_per_trade: figures.ratio,
        probability,
    }))
}
