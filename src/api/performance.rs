//! The performance report, and its Monte Carlo.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::body::Bytes;
use serde::Deserialize;
use utoipa::IntoParams;

use super::book::{self, TradeSource};
use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, json_bytes, ok};
use super::request::{ApiRequest, parameter, range, webhook_ids, zone};
use crate::analytics::Base;
use crate::analytics::monte_carlo::{
    MonteCarlo, MonteCarloError, MonteCarloInput, RESAMPLES, monte_carlo,
};
use crate::domain::moment::Moment;
use crate::domain::money::Decimal;
use crate::reports::{self, ReportFilter, Reports};

/// Trades times resamples that one Monte Carlo may take: some seconds of work.
const MOST_DRAWS: usize = 500_000_000;

/// The scope of a report.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PerformanceQuery {
    /// One webhook; may be given several times. All where left out.
    #[serde(default)]
    webhook: Vec<String>,
    /// `alerts`, which is usual, `backtest` or `fills`.
    #[param(value_type = Option<String>)]
    book: Option<String>,
    /// From one source, as trades are listed by it: `live` is without imported trades.
    source: Option<TradeSource>,
    /// One ticker.
    ticker: Option<String>,
    /// Trades with one tag.
    tag: Option<String>,
    /// Trades that closed at this time or later; a day begins in the report's zone.
    #[param(value_type = Option<String>)]
    from: Option<Moment>,
    /// Trades that closed before this time; a day, which is left out, begins in the
    /// report's zone.
    #[param(value_type = Option<String>)]
    to: Option<Moment>,
    /// IANA name of the zone of days, hours and months; that of the first webhook
    /// where left out.
    time_zone: Option<String>,
    /// The money that percentages are of where there is a `from`: `equity`, that of the
    /// moment the range begins, which is usual; or `initialCapital`, as if the account had
    /// started then.
    base: Option<Base>,
}

/// The scope of a Monte Carlo.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MonteCarloQuery {
    /// One webhook; may be given several times. All where left out.
    #[serde(default)]
    webhook: Vec<String>,
    /// `alerts`, which is usual, `backtest` or `fills`.
    #[param(value_type = Option<String>)]
    book: Option<String>,
    /// From one source, as trades are listed by it: `live` is without imported trades.
    source: Option<TradeSource>,
    /// One ticker.
    ticker: Option<String>,
    /// Trades with one tag.
    tag: Option<String>,
    /// Trades that closed at this time or later; a day begins in the report's zone.
    #[param(value_type = Option<String>)]
    from: Option<Moment>,
    /// Trades that closed before this time; a day, which is left out, begins in the
    /// report's zone.
    #[param(value_type = Option<String>)]
    to: Option<Moment>,
    /// IANA name of the zone of the days of `from` and `to`; that of the first
    /// webhook where left out.
    time_zone: Option<String>,
    /// The money that it begins with where there is a `from`: `equity`, which is usual, or
    /// `initialCapital`.
    base: Option<Base>,
    /// The currency, where the webhooks have several.
    currency: Option<String>,
    /// Equity at or below which the account counts as ruined; half of the capital that it
    /// begins with where left out.
    ruin: Option<String>,
    /// Number of draws, 1 to 100,000; 5,000 where left out.
    resamples: Option<usize>,
    /// The same seed draws the same; 1 where left out.
    seed: Option<u64>,
}

/// The performance report: for all, long and short trades, with curves and breakdowns.
#[utoipa::path(get, path = "/performance", tag = "trades", params(PerformanceQuery),
    responses((status = 200, body = Reports), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn report(context: &Arc<Context>, request: &ApiRequest) -> Reply {
    let query: PerformanceQuery = request.query()?;
    let filter = ReportFilter {
        book: book::of_report(query.book.as_deref(), query.source)?,
        is_imported: query.source.and_then(TradeSource::is_imported),
        webhooks: webhook_ids(&query.webhook)?,
        ticker: parameter("ticker", query.ticker.as_deref())?,
        tag: parameter("tag", query.tag.as_deref())?,
        range: range(query.from, query.to)?,
        zone: query.time_zone.as_deref().map(zone).transpose()?,
        base: query.base,
    };
    let (asked, context) = (request.query.clone(), Arc::clone(context));
    let store = Arc::clone(&context.store);
    let made = store
        .readers()
        .run(move |connection| context.reports.of(connection, &asked, &filter));
    Ok(json_bytes(Bytes::from_owner(made.await?)))
}

/// The range of outcomes of the same trades, drawn again and again.
#[utoipa::path(get, path = "/performance/monte-carlo", tag = "trades", params(MonteCarloQuery),
    responses((status = 200, body = MonteCarlo), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn simulate(context: &Arc<Context>, request: &ApiRequest) -> Reply {
    let query: MonteCarloQuery = request.query()?;
    let filter = ReportFilter {
        book: book::of_report(query.book.as_deref(), query.source)?,
        is_imported: query.source.and_then(TradeSource::is_imported),
        webhooks: webhook_ids(&query.webhook)?,
        ticker: parameter("ticker", query.ticker.as_deref())?,
        tag: parameter("tag", query.tag.as_deref())?,
        range: range(query.from, query.to)?,
        zone: query.time_zone.as_deref().map(zone).transpose()?,
        base: query.base,
    };
    let resamples = query.resamples.unwrap_or(RESAMPLES);
    if !(1..=100_000).contains(&resamples) {
        let detail = "resamples must be 1 to 100000";
        return Err(Problem::bad_request("invalid_query", detail));
    }
    let ruin: Option<Decimal> = parameter("ruin", query.ruin.as_deref())?;
    let read = context
        .store
        .readers()
        .run(move |connection| reports::profits(connection, &filter));
    let mut by_currency = read.await?;
    let found = match &query.currency {
        Some(currency) => by_currency.remove(currency),
        None if by_currency.len() > 1 => {
            let detail = "the webhooks have several currencies; name one as currency";
            return Err(Problem::bad_request("invalid_query", detail));
        }
        None => by_currency.pop_first().map(|(_, found)| found),
    };
    let (capital, profits) = found.unwrap_or_default();
    if profits.len().saturating_mul(resamples) > MOST_DRAWS {
        let detail = format!(
            "{} trades are too many for {resamples} resamples",
            profits.len()
        );
        return Err(
            Problem::invalid(detail).hint("choose a shorter range of time or fewer resamples")
        );
    }
    // One at a time and on a thread of its own: alerts need the other cores.
    let Ok(_turn) = context.simulating.acquire().await else {
        return Err(Problem::invalid("the server is stopping"));
    };
    let cancel = CancelOnDrop::default();
    let is_cancelled = Arc::clone(&cancel.0);
    let simulation = tokio::task::spawn_blocking(move || {
        let input = MonteCarloInput {
            profits: &profits,
            initial_capital: capital,
            ruin_equity: ruin.unwrap_or(capital / Decimal::TWO),
            resamples,
            seed: query.seed.unwrap_or(1),
        };
        monte_carlo(&input, || is_cancelled.load(Ordering::Relaxed))
    });
    match simulation.await.unwrap_or(Err(MonteCarloError::Cancelled)) {
        Ok(simulated) => Ok(ok(&simulated)),
        Err(error) => Err(Problem::invalid(error.to_string())),
    }
}

/// Tells a simulation that nobody waits for it any more.
#[derive(Default)]
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
