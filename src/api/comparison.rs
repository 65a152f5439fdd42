//! A backtest against the alerts of its webhook.

use crate::store::Connection;
use hyper::StatusCode;
use jiff::SignedDuration;
use serde::Deserialize;
use tokio::sync::Semaphore;
use utoipa::IntoParams;

use super::backtests::webhook_id;
use super::context::Context;
use super::events::parameter;
use super::problem::Problem;
use super::reply::{Reply, ok};
use super::request::{ApiRequest, Page, page_limit, range};
use crate::compare::Preset;
use crate::domain::event::text_enum;
use crate::domain::moment::Moment;
use crate::reports::comparison::{
    CannotCompare, Compared, Comparison, ComparisonFilter, LegOutcome, LegRow, compare,
};

/// The farthest that a shift or a window reaches, in seconds: a day.
const FARTHEST: i64 = 86_400;

/// Which comparison.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExpectedQuery {
    /// The webhook.
    webhook: String,
    /// The instrument of the backtest; needed where the webhook has several.
    ticker: Option<String>,
    /// Alerts on this day or later, or at this time.
    #[param(value_type = Option<String>)]
    from: Option<Moment>,
    /// Alerts before this day or time.
    #[param(value_type = Option<String>)]
    to: Option<Moment>,
    /// Windows that suit a style of trading; `day` where left out.
    preset: Option<Preset>,
    /// Seconds that an alert may come before the opening of its bar; 0 to 86400.
    backward: Option<i64>,
    /// Seconds that an alert may come after the end of its bar; 0 to 86400.
    forward: Option<i64>,
    /// How far prices may lie apart, in percent; above 0 and at most 100.
    price: Option<f64>,
    /// Seconds that are added to the backtest's times; -86400 to 86400.
    shift: Option<i64>,
    /// Of the legs: `missed`, `false`, or `problem` for both and for pairs that are late or of
    /// another quantity. All where left out.
    only: Option<Only>,
    /// How many legs, at most 500; 50 where left out.
    limit: Option<u32>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
}

text_enum! {
    /// Which legs are listed.
    Only, "only" {
        /// Of the backtest only.
        Missed = "missed",
        /// Of the alerts only.
        False = "false",
        /// Both of these, and pairs that are late or of another quantity.
        Problem = "problem",
    }
}

impl Only {
    fn has(self, row: &LegRow) -> bool {
        let is_missed = row.outcome == LegOutcome::Missed;
        let is_false = row.outcome == LegOutcome::FalseAlert;
        match self {
            Self::Missed => is_missed,
            Self::False => is_false,
            Self::Problem => is_missed || is_false || !row.flags.is_empty(),
        }
    }
}

impl ExpectedQuery {
    fn filter(&self) -> Result<ComparisonFilter, Problem> {
        let within = |name: &str, seconds: Option<i64>, least: i64| match seconds {
            Some(seconds) if !(least..=FARTHEST).contains(&seconds) => {
                let detail = format!("{name} must be {least} to {FARTHEST} seconds");
                Err(Problem::bad_request("invalid_query", detail))
            }
            seconds => Ok(seconds.map(SignedDuration::from_secs)),
        };
        if self
            .price
            .is_some_and(|price| !(price > 0.0 && price <= 100.0))
        {
            let detail = "price must be above 0 and at most 100 percent";
            return Err(Problem::bad_request("invalid_query", detail));
        }
        Ok(ComparisonFilter {
            webhook: webhook_id(&self.webhook)?,
            ticker: parameter("ticker", self.ticker.as_deref())?,
            range: range(self.from, self.to)?,
            preset: self.preset.unwrap_or(Preset::Day),
            backward: within("backward", self.backward, 0)?,
            forward: within("forward", self.forward, 0)?,
            price: self.price,
            shift: within("shift", self.shift, -FARTHEST)?.unwrap_or_default(),
        })
    }
}

impl From<CannotCompare> for Problem {
    fn from(cannot: CannotCompare) -> Self {
        let code = match cannot {
            CannotCompare::NoBacktest(_) => "no_backtest",
            CannotCompare::WhichBacktest(_) => "which_backtest",
            CannotCompare::NoTrades(_) => "no_trades",
            CannotCompare::NoAlerts(..) => "no_alerts",
            CannotCompare::NoOverlap { .. } => "no_overlap",
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, cannot.to_string())
    }
}

/// One comparison at a time: a large one takes a second of a core, and alerts come first.
static TURN: Semaphore = Semaphore::const_new(1);

async fn compared(context: &Context, filter: ComparisonFilter) -> Result<Compared, Problem> {
    // Nobody closes it.
    let _turn = TURN.acquire().await;
    let read = move |connection: &Connection| compare(connection, &filter);
    Ok(context.store.readers().run(read).await??)
}

/// A backtest against the alerts of its webhook: the match rate, the causes of what is missing,
/// and the way from the one profit to the other.
#[utoipa::path(get, path = "/comparison", tag = "trades", params(ExpectedQuery),
    responses((status = 200, body = Comparison), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn get(context: &Context, request: &ApiRequest) -> Reply {
    let query: ExpectedQuery = request.query()?;
    if query.only.is_some() || query.limit.is_some() || query.cursor.is_some() {
        let detail = "only, limit and cursor are of /comparison/legs";
        return Err(Problem::bad_request("invalid_query", detail));
    }
    Ok(ok(&compared(context, query.filter()?).await?.comparison))
}

/// The legs of a comparison, side by side, oldest first.
#[utoipa::path(get, path = "/comparison/legs", tag = "trades", params(ExpectedQuery),
    responses((status = 200, body = Page<LegRow>), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn legs(context: &Context, request: &ApiRequest) -> Reply {
    let query: ExpectedQuery = request.query()?;
    let limit = page_limit(query.limit)? as usize;
    let from: usize = parameter("cursor", query.cursor.as_deref())?.unwrap_or(0);
    let rows = compared(context, query.filter()?).await?.rows.into_iter();
    let wanted = rows.filter(|row| query.only.is_none_or(|only| only.has(row)));
    let mut items: Vec<LegRow> = wanted.skip(from).take(limit + 1).collect();
    let next_cursor = (items.len() > limit).then(|| (from + limit).to_string());
    items.truncate(limit);
    Ok(ok(&Page { items, next_cursor }))
}
