//! A webhook's backtests: listing and removing them.

use crate::store::Connection;
use serde::Deserialize;
use utoipa::IntoParams;

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, ok};
use super::request::{ApiRequest, Page, parameter, webhook_id};
use crate::desk::imports::{RemovedBacktests, remove_backtests};
use crate::domain::signal::Ticker;
use crate::reports::compared::{self, Compared};
use crate::store::WriteContext;
use crate::store::backtests::{self, KeptBacktest};

/// The webhook of the backtests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BacktestsQuery {
    /// The webhook whose strategy was tested.
    webhook: String,
}

/// The backtests to remove.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RemovalQuery {
    /// The webhook whose strategy was tested.
    webhook: String,
    /// The instrument; all backtests of the webhook where left out.
    ticker: Option<String>,
}

/// The backtests of a webhook, by ticker: what their numbers mean, the figures of
/// TradingView's own report, and how far their trades went.
#[utoipa::path(get, path = "/backtests", tag = "imports", params(BacktestsQuery),
    responses((status = 200, body = Page<KeptBacktest>), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(super) async fn list(context: &Context, request: &ApiRequest) -> Reply {
    let BacktestsQuery { webhook } = request.query()?;
    let webhook = webhook_id(&webhook)?;
    let read = move |connection: &Connection| backtests::all(connection, &webhook);
    Ok(ok(&Page {
        items: context.store.readers().run(read).await?,
        next_cursor: None,
    }))
}

/// The backtest to compare.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ComparisonQuery {
    /// The webhook whose strategy was tested.
    webhook: String,
    /// The instrument.
    ticker: String,
}

/// The figures of TradingView's own report beside ours.
#[utoipa::path(get, path = "/backtests/comparison", tag = "imports", params(ComparisonQuery),
    responses((status = 200, body = Page<Compared>), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(super) async fn compare(context: &Context, request: &ApiRequest) -> Reply {
    let ComparisonQuery { webhook, ticker } = request.query()?;
    let webhook = webhook_id(&webhook)?;
    let ticker: Option<Ticker> = parameter("ticker", Some(&ticker))?;
    let read =
        move |connection: &Connection| compared::of_kept(connection, &webhook, ticker.as_ref());
    Ok(ok(&Page {
        items: context.store.readers().run(read).await?,
        next_cursor: None,
    }))
}

/// Removes backtests. The trades of alerts stay.
#[utoipa::path(delete, path = "/backtests", tag = "imports", params(RemovalQuery),
    responses((status = 200, body = RemovedBacktests), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(super) async fn remove(context: &Context, request: &ApiRequest) -> Reply {
    let RemovalQuery { webhook, ticker } = request.query()?;
    let webhook = webhook_id(&webhook)?;
    let ticker: Option<Ticker> = parameter("ticker", ticker.as_deref())?;
    let actor = request.actor(context.now());
    let write = move |context: &mut WriteContext<'_>| {
        remove_backtests(context, &actor, &webhook, ticker.as_ref())
    };
    let removed = context.store.writer().run_removal(write).await?;
    Ok(ok(&RemovedBacktests { removed }))
}
