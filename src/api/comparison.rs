//! Two books of a webhook compared: its backtest with its alerts, or its alerts with the fills.

use std::sync::Arc;

use crate::store::Connection;
use hyper::StatusCode;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde::Deserialize;
use tokio::sync::Semaphore;
use utoipa::IntoParams;

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, ok};
use super::request::{ApiRequest, Page, page_limit, parameter, range, webhook_id};
use crate::compare::{ClockShift, Preset};
use crate::domain::event::text_enum;
use crate::domain::moment::Moment;
use crate::reports::comparison::{
    CannotCompare, Compared, Comparison, ComparisonCache, ComparisonFilter, LegOutcome, LegRow,
    RowAt, With,
};

/// The farthest that a shift or a window reaches, in seconds: a day.
const FARTHEST: i64 = 86_400;

/// The comparison that is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExpectedQuery {
    /// The webhook.
    webhook: String,
    /// The two books: the backtest and the alerts, or the alerts and the `fills`; `backtest`
    /// where left out.
    with: Option<With>,
    /// The instrument; needed where the webhook has several backtests, or fills of several.
    ticker: Option<String>,
    /// Alerts on this day or later, or at this time.
    #[param(value_type = Option<String>)]
    from: Option<Moment>,
    /// Alerts before this day or time.
    #[param(value_type = Option<String>)]
    to: Option<Moment>,
    /// Windows that suit a style of trading; `day` where left out. Of a backtest only.
    preset: Option<Preset>,
    /// Seconds that an alert may come before the opening of its bar, or a fill before its
    /// alert; 0 to 86400.
    backward: Option<i64>,
    /// Seconds that an alert may come after the end of its bar, or a fill after its alert; 0 to
    /// 86400.
    forward: Option<i64>,
    /// Largest distance of prices, in percent; above 0 and at most 100.
    price: Option<f64>,
    /// Seconds that are added to the first book's times; -86400 to 86400.
    shift: Option<i64>,
    /// Seconds that are added instead while daylight saving is in force; of a backtest only, and
    /// with `like`.
    summer: Option<i64>,
    /// A zone with the dates of that daylight saving; without `shift` and `summer` the zone that
    /// the times are in, where they were read as UTC.
    like: Option<String>,
    /// Of the legs: `missed`, `false`, or `problem` for both and for pairs that are late or of
    /// another quantity. All where left out.
    only: Option<Only>,
    /// Number of legs, at most 500; 50 where left out.
    limit: Option<u32>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
}

text_enum! {
    /// The legs that are listed.
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
    fn has(self, row: RowAt<'_>) -> bool {
        match self {
            Self::Missed => row.outcome() == LegOutcome::Missed,
            Self::False => row.outcome() == LegOutcome::FalseAlert,
            Self::Problem => row.is_problem(),
        }
    }
}

impl ExpectedQuery {
    /// True of a leg that is asked for.
    fn has(&self, row: RowAt<'_>) -> bool {
        self.only.is_none_or(|only| only.has(row))
    }

    /// Some of the rows that are asked for, after the first `from`.
    pub(super) fn rows(&self, compared: &Compared, from: usize, limit: usize) -> Vec<LegRow> {
        let wanted = compared.rows.iter().filter(|row| self.has(*row));
        wanted.skip(from).take(limit).map(RowAt::row).collect()
    }

    /// True where a page is asked for.
    pub(super) fn has_page(&self) -> bool {
        self.limit.is_some() || self.cursor.is_some()
    }

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
            with: self.with.unwrap_or(With::Backtest),
            ticker: parameter("ticker", self.ticker.as_deref())?,
            range: range(self.from, self.to)?,
            preset: self.preset.unwrap_or(Preset::Day),
            backward: within("backward", self.backward, 0)?,
            forward: within("forward", self.forward, 0)?,
            price: self.price,
            shift: self.shift(within)?,
        })
    }

    fn shift(
        &self,
        within: impl Fn(&str, Option<i64>, i64) -> Result<Option<SignedDuration>, Problem>,
    ) -> Result<ClockShift, Problem> {
        let wrong = |detail: &str| Err(Problem::invalid(detail.to_owned()));
        let winter = within("shift", self.shift, -FARTHEST)?;
        let summer = within("summer", self.summer, -FARTHEST)?;
        let Some(like) = &self.like else {
            return match summer {
                Some(_) => wrong("summer needs the zone with its dates, `like`"),
                None => Ok(ClockShift::Constant(winter.unwrap_or_default())),
            };
        };
        if self.with == Some(With::Fills) {
            return wrong("`like` is of backtests; import the fills again with their zone");
        }
        let Ok(like) = TimeZone::get(like) else {
            return wrong("like must be a zone as America/New_York");
        };
        match (winter, summer) {
            (None, None) => Ok(ClockShift::Zone(like)),
            (winter, Some(summer)) => Ok(ClockShift::Seasons {
                winter: winter.unwrap_or_default(),
                summer,
                like,
            }),
            (Some(_), None) => wrong("`shift` with `like` needs `summer` as well"),
        }
    }
}

impl From<CannotCompare> for Problem {
    fn from(cannot: CannotCompare) -> Self {
        let code = match cannot {
            CannotCompare::NoBacktest(_) => "no_backtest",
            CannotCompare::WhichBacktest(_) => "which_backtest",
            CannotCompare::NoBacktestOf(..) => "no_such_backtest",
            CannotCompare::NoTrades(_) => "no_trades",
            CannotCompare::NoAlerts(..) => "no_alerts",
            CannotCompare::NoOverlap { .. } | CannotCompare::FillsElsewhere { .. } => "no_overlap",
            CannotCompare::NoFills(_) => "no_fills",
            CannotCompare::WhichFills(_) => "which_fills",
            CannotCompare::NoFillsOf(..) => "no_such_fills",
            CannotCompare::NothingInRange { .. } => "nothing_in_range",
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, cannot.to_string())
    }
}

/// The comparisons of late, and the right to make one: one at a time, for a large one takes a
/// second of a core, and alerts come first.
pub struct Comparing {
    turn: Semaphore,
    cache: Arc<ComparisonCache>,
}

impl Default for Comparing {
    fn default() -> Self {
        Self {
            turn: Semaphore::new(1),
            cache: Arc::default(),
        }
    }
}

/// The comparison that a query asks for.
pub(super) async fn compared(
    context: &Context,
    query: &ExpectedQuery,
) -> Result<Arc<Compared>, Problem> {
    let filter = query.filter()?;
    // Nobody closes it.
    let _turn = context.comparing.turn.acquire().await;
    let cache = Arc::clone(&context.comparing.cache);
    let read = move |connection: &Connection| cache.of(connection, &filter);
    Ok(context.store.readers().run_long(read).await??)
}

/// Two books of a webhook, compared: the match rate, the causes of what is missing, and the way
/// from the one profit to the other. With fills, slippage, latency, retention and grade.
#[utoipa::path(get, path = "/comparison", tag = "trades", params(ExpectedQuery),
    responses((status = 200, body = Comparison), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn get(context: &Context, request: &ApiRequest) -> Reply {
    let query: ExpectedQuery = request.query()?;
    if query.only.is_some() || query.limit.is_some() || query.cursor.is_some() {
        let detail = "only, limit and cursor are of /comparison/legs";
        return Err(Problem::bad_request("invalid_query", detail));
    }
    Ok(ok(&compared(context, &query).await?.comparison))
}

/// The legs of a comparison, side by side, oldest first.
#[utoipa::path(get, path = "/comparison/legs", tag = "trades", params(ExpectedQuery),
    responses((status = 200, body = Page<LegRow>), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn legs(context: &Context, request: &ApiRequest) -> Reply {
    let query: ExpectedQuery = request.query()?;
    let limit = page_limit(query.limit)? as usize;
    let from: usize = parameter("cursor", query.cursor.as_deref())?.unwrap_or(0);
    let compared = compared(context, &query).await?;
    let mut items = query.rows(&compared, from, limit + 1);
    let next_cursor = (items.len() > limit).then(|| (from + limit).to_string());
    items.truncate(limit);
    Ok(ok(&Page { items, next_cursor }))
}
