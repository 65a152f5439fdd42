//! Orders: what the alerts asked for.

use jiff::tz::TimeZone;
use serde::Deserialize;
use utoipa::IntoParams;

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, ok};
use super::request::{ApiRequest, Page, page_limit, parameter, range};
use crate::desk::orders::Order;
use crate::domain::moment::Moment;
use crate::domain::order::OrderId;
use crate::store::orders::{self, OrderFilter};

/// A filter of orders; newest first.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrderQuery {
    /// Of one webhook.
    webhook: Option<String>,
    /// Of one ticker.
    ticker: Option<String>,
    /// Received at this time or later; a day is its first moment in UTC.
    #[param(value_type = Option<String>)]
    from: Option<Moment>,
    /// Received before this time; a day is its first moment in UTC.
    #[param(value_type = Option<String>)]
    to: Option<Moment>,
    /// Items of a page, 1 to 500; 50 where left out.
    pub(super) limit: Option<u32>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

impl OrderQuery {
    /// The filter that the query asks for.
    pub(super) fn filter(&self) -> Result<OrderFilter, Problem> {
        let (from, to) = range(self.from, self.to)?.within(&TimeZone::UTC);
        Ok(OrderFilter {
            webhook: parameter("webhook", self.webhook.as_deref())?,
            ticker: self.ticker.clone(),
            from,
            to,
            before: parameter("cursor", self.cursor.as_deref())?,
        })
    }
}

/// One page of the orders.
#[utoipa::path(get, path = "/orders", tag = "orders", params(OrderQuery),
    responses((status = 200, body = Page<Order>), (status = 400, body = Problem)))]
pub(super) async fn list(context: &Context, request: &ApiRequest) -> Reply {
    let query: OrderQuery = request.query()?;
    let limit = page_limit(query.limit)?;
    let filter = query.filter()?;
    let read = context
        .store
        .readers()
        .run(move |connection| orders::list(connection, &filter, limit + 1));
    let items = read.await?.into_iter().map(Order::from).collect();
    Ok(ok(&Page::cut(items, limit, |order: &Order| {
        order.id.to_string()
    })))
}

/// One order.
#[utoipa::path(get, path = "/orders/{id}", tag = "orders", params(("id" = String, Path)),
    responses((status = 200, body = Order), (status = 404, body = Problem)))]
pub(super) async fn get(context: &Context, request: &ApiRequest) -> Reply {
    let id: OrderId = request.path_id()?;
    let read = context
        .store
        .readers()
        .run(move |connection| orders::get(connection, id));
    Ok(ok(&Order::from(read.await?)))
}
