//! `TradersPost`'s message, by its reference (docs.traderspost.io, "JSON Message Reference").
//!
//! `sentiment` says what is to be left: without it a `sell` of a strategy that is flat would open
//! a short there. The quantity counts where the subscription uses the signal's. An opposite
//! position is exited first there ("Order Behavior"), so a reversal states what it opens.

use super::json::Object;
use super::{Knows, Outgoing, OutgoingOrder, Unsayable, symbol};
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::signal::{OrderType, StopLoss, Trail};

const SERVICE: &str = "TradersPost";

const KNOWS: Knows = Knows {
    order_types: OrderType::ALL,
    brackets: true,
};

pub fn message(alert: &Outgoing<'_>, order: &OutgoingOrder<'_>) -> Result<String, Unsayable> {
    order.require(SERVICE, &KNOWS)?;
    order.require_effect(SERVICE)?;
    let signal = order.signal;
    let price = |price: Option<Price>| price.map(Price::get);
    let (trail_amount, trail_percent) = match signal.trail {
        Some(Trail::Price(distance)) => (Some(distance.get()), None),
        Some(Trail::Percent(percent)) => (None, Some(percent)),
        None => (None, None),
    };
    let object = Object::new()
        .with("ticker", &symbol(signal.ticker.as_str()))
        .with("action", &order.side())
        .maybe("sentiment", sentiment(order).as_ref())
        .maybe_number("quantity", order.opened().map(Quantity::get))
        .with("orderType", &signal.order_type)
        .maybe_number("limitPrice", price(signal.limit_price))
        .maybe_number("stopPrice", price(signal.stop_price))
        .maybe_number("trailAmount", trail_amount)
        .maybe_number("trailPercent", trail_percent)
        .number(
            "signalPrice",
            signal.market_price.unwrap_or(signal.intended_price).get(),
        );
    let object = match signal.profit_target {
        Some(target) => {
            let target = Object::new().number("limitPrice", target.get()).end();
            object.raw("takeProfit", &target)
        }
        None => object,
    };
    let object = match signal.stop_loss {
        Some(stop) => object.raw("stopLoss", &stop_loss(stop)),
        None => object,
    };
    Ok(object
        .maybe("timeInForce", signal.time_in_force.as_ref())
        .maybe("extendedHours", signal.extended_hours.as_ref())
        .with(
            "time",
            &signal.metadata.timestamp.unwrap_or(alert.received_at),
        )
        .end())
}

fn stop_loss(stop: StopLoss) -> String {
    let kind = if stop.limit_price.is_some() {
        "stop_limit"
    } else {
        "stop"
    };
    Object::new()
        .with("type", &kind)
        .number("stopPrice", stop.stop_price.get())
        .maybe_number("limitPrice", stop.limit_price.map(Price::get))
        .end()
}

/// The position that is to be left; an exit leaves none where nobody says otherwise.
fn sentiment(order: &OutgoingOrder<'_>) -> Option<&'static str> {
    if order.closes_all() {
        return Some("flat");
    }
    if let Some(position) = order.position {
        return Some(match position {
            flat if flat == Decimal::ZERO => "flat",
            short if short < Decimal::ZERO => "bearish",
            _ => "bullish",
        });
    }
    Some(match order.effect()? {
        super::Effect::EnterLong => "bullish",
        super::Effect::EnterShort => "bearish",
        super::Effect::ExitLong | super::Effect::ExitShort => "flat",
    })
}
