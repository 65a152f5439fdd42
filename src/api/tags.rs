//! Tags on trades, and what the trades with each made.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::context::Context;
use super::events::parameter;
use super::problem::Problem;
use super::reply::{Reply, ok};
use super::request::{ApiRequest, Page};
use crate::domain::webhook::WebhookId;
use crate::store::trade_notes::{self, TagTotal};

/// The profit of the trades with a tag, in one currency. `/performance` with `tag` says more.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// The tag.
    pub tag: String,
    /// Currency of the amounts.
    pub currency: String,
    /// Closed trades with it.
    pub trades: u64,
    /// Those of them with a net profit above zero.
    pub winning_trades: u64,
    /// Their profit together.
    pub net_profit: String,
}

impl From<TagTotal> for Tag {
    fn from(total: TagTotal) -> Self {
        Self {
            tag: total.tag.to_string(),
            currency: total.currency,
            trades: total.trades,
            winning_trades: total.winning,
            net_profit: total.net_profit.normalize().to_string(),
        }
    }
}

/// A filter of tags.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TagQuery {
    /// Of the trades of one webhook.
    webhook: Option<String>,
}

/// Every tag in use, in the order of the alphabet.
#[utoipa::path(get, path = "/tags", tag = "trades", params(TagQuery),
    responses((status = 200, body = Page<Tag>), (status = 400, body = Problem)))]
pub(super) async fn list(context: &Context, request: &ApiRequest) -> Reply {
    let query: TagQuery = request.query()?;
    let webhook: Option<WebhookId> = parameter("webhook", query.webhook.as_deref())?;
    let read = context
        .store
        .readers()
        .run(move |connection| trade_notes::totals(connection, webhook.as_ref()));
    Ok(ok(&Page {
        items: read.await?.into_iter().map(Tag::from).collect(),
        next_cursor: None,
    }))
}
