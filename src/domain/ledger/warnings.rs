//! Warnings of an order that filled or paired otherwise than it says.

use super::fill;
use super::pairing::{Pairing, is_net_by_setting};
use crate::domain::event::Warning;
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::order::Order;
use crate::domain::signal::Direction;
use crate::domain::webhook::{Reversal, Settings, Slippage};

/// The price an order fills at; as intended where a limit bounds it, and, with a
/// warning, where the assumed slippage leaves none.
pub(super) fn filled_at(
    order: &Order,
    direction: Direction,
    settings: &Settings,
    warnings: &mut Vec<Warning>,
) -> Price {
    if !fill::can_slip(order.order_type) {
        return order.intended_price;
    }
    let slippage = Slippage {
        tick_size: settings.tick_size_of(order.ticker.as_str()),
        ..settings.slippage.clone()
    };
    let price = fill::fill_price(direction, order.intended_price, &slippage, &order.ticker);
    price.unwrap_or_else(|| {
        let message = "the assumed slippage leaves no price above zero, so the order was filled at its intended price; check settings.slippage";
        warnings.push(Warning::new("slippage_ignored", message));
        order.intended_price
    })
}

/// The warning of an order that the settings alone read as one on the net position.
pub(super) fn net_reversal(
    order: &Order,
    position: Decimal,
    reversal: Reversal,
) -> Option<Warning> {
    if !is_net_by_setting(order, position, reversal) {
        return None;
    }
    let side = Direction::of_position(position);
    let (open, quantity) = (
        position.abs().normalize(),
        order.quantity.map(Quantity::get),
    );
    let message = format!(
        "the order of {} met a {side} position of {open} and was counted on the net position. If the service opens the full quantity on the other side, set the webhook's reversal to full; a sentiment in the message tells it, too",
        quantity.unwrap_or_default().normalize()
    );
    Some(Warning::new("net_reversal", message))
}

/// The warning of an order that could not do all that it says.
pub(super) fn shortfall(order: &Order, pairing: &Pairing) -> Option<Warning> {
    if !pairing.trades.is_empty() {
        return (!pairing.dropped.is_zero()).then(|| {
            let message = format!(
                "the exit exceeds the position by {}; the position was closed and the rest dropped",
                pairing.dropped.normalize()
            );
            Warning::new("exit_exceeds_position", message)
        });
    }
    if pairing.opened.is_some() {
        return None;
    }
    Some(if order.adjusting {
        let message = "the accepted position was there already; nothing was adjusted";
        Warning::new("adjustment_not_needed", message)
    } else {
        let side = order.intent.direction().map(Direction::opposite);
        let side = side.map_or_else(String::new, |side| format!("{side} "));
        let message = format!(
            "there was no {side}position to close; no trade came of this order. Was the alert of its entry missed?"
        );
        Warning::new("exit_without_position", message)
    })
}
