//! The message of a signal bot of 3Commas, by its articles "JSON file for Strategy type" and
//! "JSON file in Custom signal type".
//!
//! Where the alert states the position before and after, it is a strategy's message, by which
//! the bot tells adding from reversing; else that of a custom signal.

use super::json::Object;
use super::{Effect, Knows, Outgoing, OutgoingOrder, Settings, Unsayable, exchange, symbol};
use crate::domain::money::Decimal;
use crate::domain::signal::{OrderType, market_position};

const SERVICE: &str = "3Commas";

const KNOWS: Knows = Knows {
    order_types: &[OrderType::Market],
    brackets: false,
};

/// Seconds that a signal may be late where no setting says otherwise.
const MAX_LAG: &str = "60";

pub fn message(
    alert: &Outgoing<'_>,
    order: &OutgoingOrder<'_>,
    settings: &Settings,
) -> Result<String, Unsayable> {
    order.require(SERVICE, &KNOWS)?;
    let setting = |name: &str| settings.get(name).map(String::as_str);
    let signal = order.signal;
    let ticker = signal.ticker.as_str();
    let missing = |part| Unsayable::Missing {
        service: SERVICE,
        part,
    };
    let tv_exchange = setting("exchange").or(exchange(ticker));
    let tv_exchange = tv_exchange.ok_or_else(|| {
        missing("the exchange: name it in the ticker (BINANCE:BTCUSDT) or in the setting exchange")
    })?;
    let stated = signal
        .stated_position
        .new
        .zip(signal.stated_position.previous);
    if stated.is_some() || order.effect().is_none() {
        order.require_effect(SERVICE)?;
    }
    let action = match (stated, order.effect()) {
        (Some(_), _) => order.side(),
        (None, Some(Effect::EnterLong)) => "enter_long",
        (None, Some(Effect::ExitLong)) => "exit_long",
        (None, Some(Effect::EnterShort)) => "enter_short",
        (None, Some(Effect::ExitShort)) => "exit_short",
        (None, None) => return Err(missing("the position after the order")),
    };
    let time = signal.metadata.timestamp.unwrap_or(alert.received_at);
    let price = signal.market_price.unwrap_or(signal.intended_price);
    let object = Object::new()
        .with("max_lag", &setting("maxLag").unwrap_or(MAX_LAG))
        .with("timestamp", &time)
        .with("trigger_price", &price.get().normalize().to_string())
        .with("tv_exchange", &tv_exchange)
        .with("tv_instrument", &symbol(ticker))
        .with("action", &action)
        .maybe("bot_uuid", setting("botUuid").as_ref());
    let object = match stated {
        Some((new, previous)) => object.raw("strategy_info", &strategy_info(new, previous)),
        None => object,
    };
    // A strategy's message has the contracts of the whole order; a custom signal those of the side
    // that it enters.
    let amount = match stated {
        Some(_) => order.within_position(),
        None => order.opened(),
    };
    let object = match amount {
        Some(quantity) => {
            let amount = Object::new()
                .with("amount", &quantity.get().normalize().to_string())
                .with("currency_type", &"base")
                .end();
            object.raw("order", &amount)
        }
        None => object,
    };
    Ok(object.end())
}

fn strategy_info(new: Decimal, previous: Decimal) -> String {
    let size = |position: Decimal| position.abs().normalize().to_string();
    Object::new()
        .with("market_position", &market_position(new))
        .with("market_position_size", &size(new))
        .with("prev_market_position", &market_position(previous))
        .with("prev_market_position_size", &size(previous))
        .end()
}
