//! Live trades against what their backtest leaves room for.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::body::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, created, json_bytes, ok};
use super::request::{ApiRequest, Page, parameter, webhook_id};
use crate::desk;
use crate::domain::moment::Moment;
use crate::domain::signal::Ticker;
use crate::reports::comparison::days::{self, ComparedDay};
use crate::reports::expectation::{CannotExpect, ExpectationFilter, LiveExpectation, freezable};
use crate::store::{Connection, WriteContext, webhooks};

/// The webhook and ticker whose expectation is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExpectationQuery {
    /// The webhook.
    webhook: String,
    /// The instrument of the backtest; needed where the webhook has several.
    ticker: Option<String>,
}

impl From<CannotExpect> for Problem {
    fn from(cannot: CannotExpect) -> Self {
        let code = match cannot {
            CannotExpect::Nothing(..) => "nothing_expected",
            CannotExpect::WhichTicker(_) => "which_ticker",
            CannotExpect::TooFew(..) => "too_few_trades",
            CannotExpect::Uniform(..) => "uniform_trades",
            CannotExpect::Currencies { .. } => "currencies_differ",
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, cannot.to_string())
    }
}

/// Is it still the same strategy? The live trades among runs drawn from the backtest: a cone,
/// the place in it, the alarm, and what differs.
#[utoipa::path(get, path = "/expectation", tag = "trades", params(ExpectationQuery),
    responses((status = 200, body = LiveExpectation), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn get(context: &Arc<Context>, request: &ApiRequest) -> Reply {
    let ExpectationQuery { webhook, ticker } = request.query()?;
    let filter = ExpectationFilter {
        webhook: webhook_id(&webhook)?,
        ticker: parameter("ticker", ticker.as_deref())?,
    };
    // One at a time: alerts come first.
    let Ok(_turn) = context.simulating.acquire().await else {
        return Err(Problem::invalid("the server is stopping"));
    };
    let of = Arc::clone(context);
    let read = move |connection: &Connection| of.expectations.of(connection, &filter);
    let json = context.store.readers().run_long(read).await??;
    Ok(json_bytes(Bytes::from_owner(json)))
}

/// The backtest to freeze.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Freezing {
    /// The webhook.
    webhook: String,
    /// The instrument of the backtest.
    ticker: String,
    /// Live trades count that closed on this day or later, or at this time; all where left out.
    #[schema(value_type = Option<String>)]
    counted_from: Option<Moment>,
}

/// A backtest that was frozen.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Frozen {
    /// The instrument of the backtest.
    #[schema(value_type = String)]
    pub ticker: Ticker,
    /// The trades that runs are drawn from.
    pub trades: usize,
}

/// Freezes the backtest that a webhook has now, in place of the one that was frozen before: live
/// trades are held against it from then on. The audit log notes it, for it moves the goalposts.
#[utoipa::path(post, path = "/expectation", tag = "trades", request_body = Freezing,
    responses((status = 201, body = Frozen), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn freeze(context: &Context, request: &ApiRequest) -> Reply {
    let Freezing {
        webhook,
        ticker,
        counted_from,
    } = request.json()?;
    let id = webhook
        .parse()
        .map_err(|error| Problem::invalid(format!("webhook: {error}")))?;
    let ticker: Ticker = ticker
        .parse()
        .map_err(|error| Problem::invalid(format!("ticker: {error}")))?;
    // Read apart from the write: the trades of a backtest are many, and alerts wait for writes.
    let wanted = ticker.clone();
    let read = move |connection: &Connection| {
        let webhook = webhooks::get(connection, &id)?;
        let zone = webhook.settings.zone();
        let counted_from = counted_from.map(|from| from.at(&zone));
        let new = freezable(connection, &webhook, &wanted, counted_from)?;
        Ok(new.map(|new| (webhook.id, new)))
    };
    let Some((id, new)) = context.store.readers().run_long(read).await? else {
        let detail = format!(
            "there is no backtest of {ticker} with 20 trades or more; import TradingView's list of trades first"
        );
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Err(Problem::new(status, "too_few_trades", detail));
    };
    let frozen = Frozen {
        ticker: new.ticker.clone(),
        trades: new.trades.values.len(),
    };
    let actor = request.actor(context.now());
    let write = move |context: &mut WriteContext<'_>| {
        desk::expectations::freeze(context, &actor, &id, &new)
    };
    context.store.writer().run(None, write).await?;
    Ok(created(&frozen))
}

/// The backtest whose days are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DaysQuery {
    /// The webhook.
    webhook: String,
    /// The instrument of the backtest.
    ticker: String,
}

/// The comparisons that were remembered, one a day, oldest first; of the last three years.
#[utoipa::path(get, path = "/comparison/days", tag = "trades", params(DaysQuery),
    responses((status = 200, body = Page<ComparedDay>), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(super) async fn remembered(context: &Context, request: &ApiRequest) -> Reply {
    let DaysQuery { webhook, ticker } = request.query()?;
    let webhook = webhook_id(&webhook)?;
    let ticker: Ticker = ticker
        .parse()
        .map_err(|error| Problem::bad_request("invalid_query", format!("ticker: {error}")))?;
    let read = move |connection: &Connection| days::all(connection, &webhook, &ticker);
    Ok(ok(&Page {
        items: context.store.readers().run(read).await?,
        next_cursor: None,
    }))
}
