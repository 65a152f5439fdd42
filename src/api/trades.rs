//! Trades: what the orders came to, listed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::context::Context;
use super::events::parameter;
use super::problem::Problem;
use super::reply::{Reply, ok};
use super::request::{ApiRequest, Moment, Page, page_limit};
use crate::domain::order::OrderId;
use crate::domain::signal::Direction;
use crate::domain::webhook::WebhookId;
use crate::store::trades::{self, StoredTrade, TradeFilter};

/// A closed trade: a lot, or the part of it that one exit closed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trade {
    /// The same however often trades are derived again.
    pub id: String,
    /// The webhook whose orders made it.
    #[schema(value_type = String)]
    pub webhook: WebhookId,
    /// The instrument.
    pub ticker: String,
    /// `long` or `short`.
    pub direction: Direction,
    /// Contracts, shares or coins.
    pub qty: String,
    /// The order that opened it.
    #[schema(value_type = String)]
    pub entry_order: OrderId,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub entry_time: Timestamp,
    /// At which price, assumed slippage included.
    pub entry_price: String,
    /// Name of the signal that opened it.
    pub entry_signal: Option<String>,
    /// The order that closed it.
    #[schema(value_type = String)]
    pub exit_order: OrderId,
    /// When it was closed.
    #[schema(value_type = String, format = DateTime)]
    pub exit_time: Timestamp,
    /// At which price, assumed slippage included.
    pub exit_price: String,
    /// Name of the signal that closed it.
    pub exit_signal: Option<String>,
    /// Of entry and exit together, in the webhook's currency.
    pub commission: String,
    /// After commission, in the webhook's currency.
    pub net_profit: String,
    /// `live`, or `imported` where its entry or its exit was brought in later.
    pub source: &'static str,
}

impl From<StoredTrade> for Trade {
    fn from(stored: StoredTrade) -> Self {
        let id = stored.id().to_string();
        let StoredTrade {
            webhook,
            trade,
            is_imported,
        } = stored;
        Self {
            id,
            webhook,
            ticker: trade.ticker.as_str().to_owned(),
            direction: trade.direction,
            qty: trade.quantity.to_string(),
            entry_order: trade.entry.order,
            entry_time: trade.entry.time,
            entry_price: trade.entry.price.to_string(),
            entry_signal: trade.entry.signal,
            exit_order: trade.exit.order,
            exit_time: trade.exit.time,
            exit_price: trade.exit.price.to_string(),
            exit_signal: trade.exit.signal,
            commission: trade.commission.normalize().to_string(),
            net_profit: trade.net_profit.normalize().to_string(),
            source: if is_imported { "imported" } else { "live" },
        }
    }
}

/// Which trades to list; those of the newest exit order first.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TradeQuery {
    /// Of one webhook; may be given several times.
    #[serde(default)]
    webhook: Vec<String>,
    /// Of one ticker.
    ticker: Option<String>,
    /// Closed at this time or later.
    #[param(value_type = Option<String>)]
    from: Option<Moment>,
    /// Closed before this time.
    #[param(value_type = Option<String>)]
    to: Option<Moment>,
    /// Items of a page, 1 to 500; 50 where left out.
    limit: Option<u32>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// One page of the closed trades.
#[utoipa::path(get, path = "/trades", tag = "trades", params(TradeQuery),
    responses((status = 200, body = Page<Trade>), (status = 400, body = Problem)))]
pub(super) async fn list(context: &Context, request: &ApiRequest) -> Reply {
    let query: TradeQuery = request.query()?;
    let limit = page_limit(query.limit)?;
    let filter = TradeFilter {
        webhooks: webhook_ids(&query.webhook)?,
        ticker: query.ticker,
        from: query.from.map(|moment| moment.0),
        to: query.to.map(|moment| moment.0),
        before: parameter("cursor", query.cursor.as_deref())?,
    };
    let read = context
        .store
        .readers()
        .run(move |connection| trades::list(connection, &filter, limit + 1));
    let items = read.await?.into_iter().map(Trade::from).collect();
    Ok(ok(&Page::cut(items, limit, |trade: &Trade| {
        trade.id.clone()
    })))
}

/// The webhooks that a query names.
pub(super) fn webhook_ids(texts: &[String]) -> Result<Vec<WebhookId>, Problem> {
    let ids = texts.iter().map(|text| parameter("webhook", Some(text)));
    ids.filter_map(Result::transpose).collect()
}
