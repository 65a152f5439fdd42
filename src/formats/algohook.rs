//! An alert of algohook's own. Its `id` is the identity of the delivery, so that another
//! algohook records it once, however often it is sent.

use super::json::Object;
use super::{Outgoing, OutgoingOrder};
use crate::domain::money::{Price, Quantity};
use crate::domain::signal::{Trail, market_position};

pub fn message(alert: &Outgoing<'_>, order: &OutgoingOrder<'_>) -> String {
    let signal = order.signal;
    let price = |price: Option<Price>| price.map(Price::get);
    let object = Object::new()
        .with("id", &alert.delivery.to_string())
        .with("ticker", &signal.ticker);
    let object = match signal.intent.position_direction() {
        Some(direction) => object.with("positionDirection", &direction),
        None => object.with("direction", &order.direction()),
    };
    let (trail_price, trail_percent) = match signal.trail {
        Some(Trail::Price(distance)) => (Some(distance.get()), None),
        Some(Trail::Percent(percent)) => (None, Some(percent)),
        None => (None, None),
    };
    let stop_loss = signal.stop_loss.map(|stop| {
        Object::new()
            .number("stopPrice", stop.stop_price.get())
            .maybe_number("limitPrice", price(stop.limit_price))
            .end()
    });
    let object = object
        .with("orderType", &signal.order_type)
        .maybe_number("qty", order.quantity.map(Quantity::get))
        .maybe_number("marketPrice", price(signal.market_price))
        .maybe_number("limitPrice", price(signal.limit_price))
        .maybe_number("stopPrice", price(signal.stop_price))
        .maybe_number("trailPrice", trail_price)
        .maybe_number("trailPercent", trail_percent)
        .maybe_number("profitTarget", price(signal.profit_target));
    let object = match stop_loss {
        Some(stop_loss) => object.raw("stopLoss", &stop_loss),
        None => object,
    };
    let object = object
        .maybe("timeInForce", signal.time_in_force.as_ref())
        .maybe("extendedHours", signal.extended_hours.as_ref());
    let object = position(object, order);
    object.raw("metadata", &metadata(alert, order)).end()
}

/// The position that the alert states: signed after the order, side and size before it.
fn position(object: Object, order: &OutgoingOrder<'_>) -> Object {
    let stated = order.signal.stated_position;
    let object = object.maybe_number("positionSize", stated.new);
    let Some(previous) = stated.previous else {
        return object;
    };
    object
        .with("prevMarketPosition", &market_position(previous))
        .number("prevMarketPositionSize", previous.abs())
}

fn metadata(alert: &Outgoing<'_>, order: &OutgoingOrder<'_>) -> String {
    let metadata = &order.signal.metadata;
    let time = metadata.timestamp.unwrap_or(alert.received_at);
    Object::new()
        .with("timestamp", &time)
        .maybe("strategy", metadata.strategy.as_ref())
        .maybe("signal", metadata.signal.as_ref())
        .maybe("comment", metadata.comment.as_ref())
        .end()
}
