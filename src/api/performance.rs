//! The performance report, kept until something changes; and its Monte Carlo.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hyper::body::Bytes;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

use super::book::{self, ReportSource};
use super::context::Context;
use super::events::parameter;
use super::problem::Problem;
use super::reply::{Reply, json_bytes, ok};
use super::request::{ApiRequest, range};
use super::trades::webhook_ids;
use crate::analytics::monte_carlo::{
    MonteCarlo, MonteCarloError, MonteCarloInput, RESAMPLES, monte_carlo,
};
use crate::analytics::{Base, Report};
use crate::domain::moment::Moment;
use crate::domain::money::Decimal;
use crate::reports::{self, ReportFilter};
use crate::store;
use crate::store::ledgers::{self, Versions};

/// Reports kept; one more and all are made again when they are asked for.
const KEPT: usize = 64;

/// Trades times resamples that one Monte Carlo may take: some seconds of work.
const MOST_DRAWS: usize = 500_000_000;

/// Reports under what was asked for, with what they were made of; and the right
/// to run a Monte Carlo, one at a time.
pub struct Performance {
    kept: Mutex<HashMap<String, (Versions, Bytes)>>,
    simulating: Semaphore,
}

impl Default for Performance {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            simulating: Semaphore::new(1),
        }
    }
}

impl Performance {
    /// The report that was asked for as `asked`: as it was made before, unless
    /// something changed that it is made of.
    fn of(
        &self,
        connection: &Connection,
        asked: &str,
        filter: &ReportFilter,
    ) -> store::Result<Bytes> {
        // What was committed in between is at worst made again for nothing.
        let versions = ledgers::versions(connection, &filter.webhooks)?;
        if let Some(kept) = self.kept(asked, versions) {
            return Ok(kept);
        }
        let made = reports::reports(connection, filter)?.into_iter();
        let reports = made.map(|made| made.report).collect();
        let notes = reports::notes(connection, filter)?;
        let bytes = serde_json::to_vec(&Reports { reports, notes }).unwrap_or_default();
        let bytes = Bytes::from(bytes);
        self.keep(asked, versions, bytes.clone());
        Ok(bytes)
    }

    fn kept(&self, asked: &str, versions: Versions) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (made_of, report) = kept.get(asked)?;
        (*made_of == versions).then(|| report.clone())
    }

    fn keep(&self, asked: &str, versions: Versions, report: Bytes) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT && !kept.contains_key(asked) {
            kept.clear();
        }
        kept.insert(asked.to_owned(), (versions, report));
    }
}

/// What a report is to be of.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PerformanceQuery {
    /// One webhook; may be given several times. All where left out.
    #[serde(default)]
    webhook: Vec<String>,
    /// `alerts`, which is usual, or `backtest`.
    #[param(value_type = Option<String>)]
    book: Option<String>,
    /// The older name of `book`: `live` for the trades of alerts, or `backtest`.
    source: Option<ReportSource>,
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

/// What a Monte Carlo is to be of.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MonteCarloQuery {
    /// One webhook; may be given several times. All where left out.
    #[serde(default)]
    webhook: Vec<String>,
    /// `alerts`, which is usual, or `backtest`.
    #[param(value_type = Option<String>)]
    book: Option<String>,
    /// The older name of `book`: `live` for the trades of alerts, or `backtest`.
    source: Option<ReportSource>,
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
    /// How often to draw, 1 to 100,000; 5,000 where left out.
    resamples: Option<usize>,
    /// The same seed draws the same; 1 where left out.
    seed: Option<u64>,
}

/// One report a currency: money in several is never added up.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reports {
    /// By currency.
    pub reports: Vec<Report>,
    /// Where a webhook's settings are other than what its backtest's list was made with, so
    /// that reports of alerts and of the list cannot be compared.
    pub notes: Vec<String>,
}

/// The performance report: for all, long and short trades, with curves and breakdowns.
#[utoipa::path(get, path = "/performance", tag = "trades", params(PerformanceQuery),
    responses((status = 200, body = Reports), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn report(context: &Arc<Context>, request: &ApiRequest) -> Reply {
    let query: PerformanceQuery = request.query()?;
    let filter = ReportFilter {
        book: book::of_report(query.book.as_deref(), query.source)?,
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
        .run(move |connection| context.performance.of(connection, &asked, &filter));
    Ok(json_bytes(made.await?))
}

/// What else could have come of the same trades, drawn again and again.
#[utoipa::path(get, path = "/performance/monte-carlo", tag = "trades", params(MonteCarloQuery),
    responses((status = 200, body = MonteCarlo), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn simulate(context: &Arc<Context>, request: &ApiRequest) -> Reply {
    let query: MonteCarloQuery = request.query()?;
    let filter = ReportFilter {
        book: book::of_report(query.book.as_deref(), query.source)?,
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
    let Ok(_turn) = context.performance.simulating.acquire().await else {
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

pub(super) fn zone(name: &str) -> Result<TimeZone, Problem> {
    TimeZone::get(name).map_err(|_| {
        let detail = format!("timeZone \"{name:.40}\" is no zone; write one like Europe/Berlin");
        Problem::bad_request("invalid_query", detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhook::WebhookId;
    use crate::store::scratch::Scratch;

    /// Reports of some webhooks, under names of their own.
    struct Asked {
        kept: Performance,
        of: Vec<(&'static str, Vec<WebhookId>)>,
    }

    impl Asked {
        /// Where each report lies in memory: elsewhere where it was made again.
        fn places(&self, scratch: &Scratch) -> Vec<*const u8> {
            let place = |(asked, webhooks): &(&str, Vec<WebhookId>)| {
                let filter = ReportFilter {
                    webhooks: webhooks.clone(),
                    ..ReportFilter::default()
                };
                let report = self.kept.of(&scratch.connection, asked, &filter);
                report.unwrap().as_ptr()
            };
            self.of.iter().map(place).collect()
        }

        /// The names of the reports that are made again because of a change.
        fn renewed_by(&self, scratch: &mut Scratch, change: impl FnOnce(&mut Scratch)) -> String {
            let before = self.places(scratch);
            change(scratch);
            let after = self.places(scratch).into_iter();
            let renewed = after.zip(before).zip(&self.of);
            let renewed = renewed.filter(|((after, before), _)| after != before);
            let names: Vec<&str> = renewed.map(|(_, (name, _))| *name).collect();
            names.join(" ")
        }
    }

    #[test]
    fn an_alert_renews_the_reports_of_its_webhook_and_no_other() {
        let mut scratch = Scratch::new();
        let (one, two) = (scratch.webhook("one"), scratch.webhook("two"));
        let asked = Asked {
            kept: Performance::default(),
            of: vec![
                ("one", vec![one.clone()]),
                ("two", vec![two.clone()]),
                ("both", vec![one.clone(), two.clone()]),
                ("all", vec![]),
            ],
        };
        assert_eq!(asked.renewed_by(&mut scratch, |_| {}), "");
        let alert = |of: &WebhookId, ticker: &'static str| {
            let of = of.clone();
            move |scratch: &mut Scratch| {
                scratch.alert(&of, ticker, "buy");
            }
        };
        for ticker in ["BTCUSD", "BTCUSD", "ETHUSD"] {
            let renewed = asked.renewed_by(&mut scratch, alert(&one, ticker));
            assert_eq!(renewed, "one both all");
            let renewed = asked.renewed_by(&mut scratch, alert(&two, ticker));
            assert_eq!(renewed, "two both all");
        }
        let every = "one two both all";
        let stale = |scratch: &mut Scratch| {
            ledgers::mark_stale(&mut scratch.context(), None).unwrap();
        };
        assert_eq!(asked.renewed_by(&mut scratch, stale), every);
        let derived = asked.renewed_by(&mut scratch, |scratch| {
            while ledgers::derive_next(&mut scratch.context()).unwrap() {}
        });
        assert_eq!(derived, every);
        let settings = asked.renewed_by(&mut scratch, |scratch| {
            scratch.change_settings(&one, |settings| settings.trading_days = 252);
        });
        assert!(settings.starts_with("one"), "{settings}");
        assert!(settings.ends_with("both all"), "{settings}");
    }

    #[test]
    fn a_renewed_report_takes_the_place_of_its_own_only() {
        let mut scratch = Scratch::new();
        let (one, two) = (scratch.webhook("one"), scratch.webhook("two"));
        let kept = Performance::default();
        let of = |scratch: &Scratch, webhook: &WebhookId, asked: &str| {
            let webhooks = vec![webhook.clone()];
            let filter = ReportFilter {
                webhooks,
                ..ReportFilter::default()
            };
            let report = kept.of(&scratch.connection, asked, &filter);
            report.unwrap().as_ptr()
        };
        let of_one: Vec<String> = (1..KEPT).map(|number| format!("one {number}")).collect();
        let places = |scratch: &Scratch| -> Vec<*const u8> {
            of_one
                .iter()
                .map(|asked| of(scratch, &one, asked))
                .collect()
        };
        of(&scratch, &two, "two");
        let before = places(&scratch);
        scratch.alert(&two, "BTCUSD", "buy");
        of(&scratch, &two, "two");
        assert_eq!(places(&scratch), before);
    }
}
