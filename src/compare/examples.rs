//! Legs and orders that the tests of this room are made of.

use jiff::Timestamp;

use super::leg::{Action, Leg};
use crate::domain::event::EventId;
use crate::domain::money::Quantity;
use crate::domain::order::{Order, OrderId};
use crate::domain::signal::{Direction, Intent, OrderType, StatedPosition};

/// A minute of the first day of 2026.
pub fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + minute * 60).unwrap()
}

/// A leg that states what it does.
pub fn leg(minute: i64, side: Direction, action: Action, quantity: i64) -> Leg {
    Leg {
        ticker: "AAPL".parse().unwrap(),
        side,
        action,
        is_action_stated: true,
        time: at(minute),
        price: "100".parse().unwrap(),
        quantity: Quantity::new(quantity.into()).unwrap(),
        signal: None,
        position_after: None,
        order: None,
    }
}

/// An order that states nothing of the position.
pub fn order(number: i64, minute: i64, intent: Intent, quantity: Option<i64>) -> Order {
    Order {
        id: OrderId(number),
        event: EventId(number),
        ticker: "AAPL".parse().unwrap(),
        intent,
        closes_opposite: false,
        order_type: OrderType::Market,
        quantity: quantity.map(|quantity| Quantity::new(quantity.into()).unwrap()),
        intended_price: "100".parse().unwrap(),
        market_price: None,
        paired_at: at(minute),
        signal_time: None,
        stated_position: StatedPosition::default(),
        signal_name: None,
        adjusting: false,
    }
}
