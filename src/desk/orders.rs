//! Orders as they are shown.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::event::EventId;
use crate::domain::ledger::PositionChange;
use crate::domain::order::OrderId;
use crate::domain::signal::{Direction, OrderType, PercentOf, Percentage, TimeInForce};
use crate::domain::webhook::WebhookId;
use crate::store::orders::StoredOrder;

/// An order as an alert asked for it. Prices and quantities are decimal texts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// `ord_` and a number.
    #[schema(value_type = String)]
    pub id: OrderId,
    /// The event it came from.
    #[schema(value_type = String)]
    pub event: EventId,
    /// The webhook it was sent to.
    #[schema(value_type = String)]
    pub webhook: WebhookId,
    /// The instrument.
    pub ticker: String,
    /// `entryLong`, `exitLong`, `entryShort`, `exitShort` or `exit`, where the alert says it.
    pub position_direction: Option<&'static str>,
    /// Side: it buys (`long`) or sells (`short`); null of an exit of whichever side there is.
    pub direction: Option<Direction>,
    /// Its order type.
    pub order_type: OrderType,
    /// The quantity; null is an exit of the whole position.
    pub qty: Option<String>,
    /// The size as the alert states it, where that is a percentage, of which `qty` was made.
    pub qty_percent: Option<String>,
    /// Base of the percentage: `equity` or `position`.
    #[schema(value_type = Option<String>)]
    pub qty_percent_of: Option<PercentOf>,
    /// The price the trader wants.
    pub intended_price: String,
    /// The market price at signal time.
    pub market_price: Option<String>,
    /// Limit of a limit or stop-limit order.
    pub limit_price: Option<String>,
    /// Trigger of a stop or stop-limit order.
    pub stop_price: Option<String>,
    /// Distance of a trailing stop in price units.
    pub trail_price: Option<String>,
    /// Distance of a trailing stop in percent.
    pub trail_percent: Option<String>,
    /// Target of a bracket.
    pub profit_target: Option<String>,
    /// Stop of a bracket.
    pub stop_loss: Option<String>,
    /// Limit of a bracket's stop.
    pub stop_loss_limit: Option<String>,
    /// Its time at the broker.
    pub time_in_force: Option<TimeInForce>,
    /// True if it closes all of an opposite position beside its own quantity.
    pub closes_opposite: bool,
    /// True if it may fill outside regular hours.
    pub extended_hours: Option<bool>,
    /// The time that it is paired into trades by.
    #[schema(value_type = String, format = DateTime)]
    pub paired_at: Timestamp,
    /// Time of the signal, by the sender's clock.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub signal_time: Option<Timestamp>,
    /// Time of arrival.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// Signed position after it, as TradingView states it.
    pub stated_position: Option<String>,
    /// Signed position before it, as TradingView states it.
    pub stated_previous_position: Option<String>,
    /// Name of the strategy.
    pub strategy: Option<String>,
    /// Name of the signal.
    pub signal: Option<String>,
    /// The order's comment.
    pub comment: Option<String>,
    /// The price it filled at, assumed slippage included.
    pub fill_price: Option<String>,
    /// Its effect on the position.
    pub change: Option<PositionChange>,
}

impl From<StoredOrder> for Order {
    fn from(stored: StoredOrder) -> Self {
        fn text<T: ToString>(value: Option<T>) -> Option<String> {
            value.map(|value| value.to_string())
        }
        Self {
            id: stored.id,
            event: stored.event,
            webhook: stored.webhook,
            ticker: stored.ticker.as_str().to_owned(),
            position_direction: stored.intent.position_direction(),
            direction: stored.intent.direction(),
            order_type: stored.order_type,
            qty: text(stored.quantity),
            qty_percent: text(stored.percentage.map(Percentage::percent)),
            qty_percent_of: stored.percentage.map(Percentage::of),
            intended_price: stored.intended_price.to_string(),
            market_price: text(stored.market_price),
            limit_price: text(stored.limit_price),
            stop_price: text(stored.stop_price),
            trail_price: text(stored.trail_price),
            trail_percent: text(stored.trail_percent),
            profit_target: text(stored.profit_target),
            stop_loss: text(stored.stop_loss),
            stop_loss_limit: text(stored.stop_loss_limit),
            time_in_force: stored.time_in_force,
            closes_opposite: stored.closes_opposite,
            extended_hours: stored.extended_hours,
            paired_at: stored.paired_at,
            signal_time: stored.signal_time,
            received_at: stored.received_at,
            stated_position: text(stored.stated_position),
            stated_previous_position: text(stored.stated_previous),
            strategy: stored.strategy,
            signal: stored.signal_name,
            comment: stored.comment,
            fill_price: text(stored.fill_price),
            change: stored.change,
        }
    }
}
