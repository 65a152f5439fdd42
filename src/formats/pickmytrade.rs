//! `PickMyTrade`'s message, as its own validator takes it (`PyPI` `pickmytrade-validation`).

use super::json::{Object, text};
use super::{Knows, Outgoing, OutgoingOrder, Settings, Unsayable, symbol};
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::signal::OrderType;

const SERVICE: &str = "PickMyTrade";

const KNOWS: Knows = Knows {
    order_types: &[OrderType::Market, OrderType::Limit, OrderType::Stop],
    brackets: true,
};

pub fn message(
    alert: &Outgoing<'_>,
    order: &OutgoingOrder<'_>,
    settings: &Settings,
) -> Result<String, Unsayable> {
    order.require(SERVICE, &KNOWS)?;
    order.require_effect(SERVICE)?;
    let signal = order.signal;
    if signal
        .stop_loss
        .is_some_and(|stop| stop.limit_price.is_some())
    {
        let part = "a stop loss with a limit";
        return Err(Unsayable::Part {
            service: SERVICE,
            part,
        });
    }
    let setting = |name: &str| settings.get(name).map(String::as_str);
    let side = if order.closes_all() {
        "close"
    } else {
        order.side()
    };
    let order_type = match signal.order_type {
        OrderType::Limit => "LMT",
        OrderType::Stop => "STP",
        _ => "MKT",
    };
    let time = signal.metadata.timestamp.unwrap_or(alert.received_at);
    let at = time.strftime("%Y-%m-%dT%H:%M:%SZ");
    let or_zero = |price: Option<Price>| price.map_or(Decimal::ZERO, Price::get);
    let quantity = order.within_position();
    let quantity = quantity.map_or(Decimal::ZERO, Quantity::get);
    let stop = signal.stop_loss.map(|stop| stop.stop_price);
    let object = Object::new()
        .with("symbol", &symbol(signal.ticker.as_str()))
        .with("date", &at.to_string())
        .with("data", &side)
        .number("quantity", quantity)
        .number("risk_percentage", Decimal::ZERO)
        .number("price", signal.intended_price.get())
        .number("tp", or_zero(signal.profit_target))
        .number("sl", or_zero(stop))
        .with("order_type", &order_type)
        .maybe("platform", setting("platform").as_ref())
        .maybe("inst_type", setting("instType").as_ref())
        .maybe("account_id", setting("accountId").as_ref())
        .maybe("connection_name", setting("connectionName").as_ref());
    Ok(object
        .raw(
            "strategy_name",
            &text(setting("strategyName").unwrap_or("algohook")),
        )
        .end())
}
