//! A command of Alertatron's: `KEYS(SYMBOL) { market(side=buy, amount=1); } #bot`.

use std::fmt::Write;

use super::{Knows, OutgoingOrder, Settings, Unsayable, symbol};
use crate::domain::signal::OrderType;

const SERVICE: &str = "Alertatron";

const KNOWS: Knows = Knows {
    order_types: &[OrderType::Market, OrderType::Limit],
    brackets: false,
};

pub fn message(order: &OutgoingOrder<'_>, settings: &Settings) -> Result<String, Unsayable> {
    order.require(SERVICE, &KNOWS)?;
    order.require_effect(SERVICE)?;
    let missing = |part| Unsayable::Missing {
        service: SERVICE,
        part,
    };
    let keys = settings
        .get("keys")
        .ok_or_else(|| missing("the name of your API keys (the setting keys)"))?;
    let signal = order.signal;
    let symbol = symbol(signal.ticker.as_str());
    // It would end the command, and begin another one.
    if !symbol
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || "!._-/".contains(letter))
    {
        let part = "a ticker with such letters";
        return Err(Unsayable::Part {
            service: SERVICE,
            part,
        });
    }
    let is_exit = signal.intent.is_exit();
    let mut command = String::new();
    match (signal.order_type, order.stated_or_closed()) {
        (OrderType::Market, _) if order.closes_all() => command += "market(position=0)",
        (OrderType::Limit, Some(quantity)) => {
            let price = signal.intended_price.get().normalize();
            let _ = write!(
                command,
                "limit(side={}, amount={}, offset=@{price}{})",
                order.side(),
                quantity.get().normalize(),
                if is_exit { ", reduceOnly=true" } else { "" }
            );
        }
        (_, Some(quantity)) => {
            let _ = write!(
                command,
                "market(side={}, amount={}{})",
                order.side(),
                quantity.get().normalize(),
                if is_exit { ", reduceOnly=true" } else { "" }
            );
        }
        (_, None) => return Err(missing("a quantity")),
    }
    Ok(format!("{keys}({symbol}) {{ {command}; }} #bot"))
}
