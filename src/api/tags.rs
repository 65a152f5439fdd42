//! Tags on trades, and what the trades with each made.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, ok};
use super::request::{ApiRequest, Page, range, webhook_ids, zone};
use crate::domain::moment::Moment;
use crate::reports;
use crate::store::trade_notes::{self, TagTotal};
use crate::store::trades::TradeFilter;

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

/// The trades whose tags are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TagQuery {
    /// Of one webhook; may be given several times. Of all but the archived ones where left out.
    #[serde(default)]
    webhook: Vec<String>,
    /// Of one ticker.
    ticker: Option<String>,
    /// Closed at this time or later; a day begins in the zone of the first webhook.
    #[param(value_type = Option<String>)]
    from: Option<Moment>,
    /// Closed before this time; a day, which is left out, begins in the zone of the first
    /// webhook.
    #[param(value_type = Option<String>)]
    to: Option<Moment>,
    /// IANA name of the zone of the days; that of the first webhook where left out.
    time_zone: Option<String>,
}

/// Every tag of the trades of alerts, in the order of the alphabet.
#[utoipa::path(get, path = "/tags", tag = "trades", params(TagQuery),
    responses((status = 200, body = Page<Tag>), (status = 400, body = Problem)))]
pub(super) async fn list(context: &Context, request: &ApiRequest) -> Reply {
    let query: TagQuery = request.query()?;
    let range = range(query.from, query.to)?;
    let named = query.time_zone.as_deref().map(zone).transpose()?;
    let mut filter = TradeFilter {
        webhooks: webhook_ids(&query.webhook)?,
        ticker: query.ticker,
        ..TradeFilter::default()
    };
    let read = context.store.readers().run(move |connection| {
        if !range.is_open() {
            let zone = match named {
                Some(zone) => zone,
                None => reports::zone_of_first(connection, &filter.webhooks)?,
            };
            (filter.from, filter.to) = range.within(&zone);
        }
        trade_notes::totals(connection, &filter)
    });
    Ok(ok(&Page {
        items: read.await?.into_iter().map(Tag::from).collect(),
        next_cursor: None,
    }))
}
