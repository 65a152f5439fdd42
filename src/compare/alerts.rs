//! The legs of a book of alerts.
//!
//! A leg comes from the alert itself, not from the ledger: an exit whose entry was lost makes
//! no trade, and still is one. An order that turns a position round has two legs, as the list
//! of trades has: the exit of the old side and the entry of the new one. The position before
//! it is the stated one, or the stated one after it less its quantity, else what the orders
//! before it come to.

use std::collections::HashMap;

use super::leg::{Action, Leg};
use super::splits::Split;
use crate::domain::ledger::closes_all_first;
use crate::domain::money::{Decimal, Quantity};
use crate::domain::names::Names;
use crate::domain::order::{Order, OrderId};
use crate::domain::signal::{Direction, Ticker};
use crate::domain::webhook::Reversal;

/// The legs of orders.
#[derive(Debug, Clone, Default)]
pub struct AlertLegs {
    /// In order of time, each with its order.
    pub legs: Vec<Leg>,
    places: HashMap<(OrderId, Action), usize>,
}

impl AlertLegs {
    /// The legs of orders that are in order of time. An order that the owner made to accept a
    /// position moves it and is no leg: no alert asked for it.
    #[must_use]
    pub fn of<'orders>(orders: impl IntoIterator<Item = &'orders Order>) -> Self {
        Self::split_like(orders, &HashMap::new())
    }

    /// The same, where what of an order closes a position is known of the other book.
    #[must_use]
    pub fn split_like<'orders>(
        orders: impl IntoIterator<Item = &'orders Order>,
        splits: &HashMap<OrderId, Split>,
    ) -> Self {
        let mut found = Self::default();
        let mut positions: HashMap<&Ticker, Decimal> = HashMap::new();
        let mut names = Names::default();
        for order in orders {
            let position = positions.entry(&order.ticker).or_default();
            let stated = order.stated_position;
            let direction = order
                .intent
                .direction_at(stated.previous.unwrap_or(*position));
            let sign = direction.sign();
            let from_new = stated
                .new
                .zip(order.quantity)
                .map(|(new, moved)| new - sign * moved.get());
            let before = stated.previous.or(from_new).unwrap_or(*position);
            let against = if (before * sign).is_sign_negative() {
                before.abs()
            } else {
                Decimal::ZERO
            };
            let mut quantity = order.quantity.map_or(against, Quantity::get);
            if order.closes_opposite && closes_all_first(order, against, Reversal::Net) {
                quantity = quantity.saturating_add(against);
            }
            let closing = if order.intent.is_exit() {
                quantity
            } else {
                let split = splits.get(&order.id).filter(|_| !is_stated(order));
                split.map_or(quantity.min(against), |split| {
                    split.closing_of(quantity, against)
                })
            };
            if !order.adjusting {
                found.add(order, &mut names, (direction, Action::Exit), closing);
                let opening = quantity - closing;
                found.add(order, &mut names, (direction, Action::Entry), opening);
            }
            let moved = if order.intent.is_exit() {
                quantity.min(against)
            } else {
                quantity
            };
            *position = stated.new.unwrap_or(before + sign * moved);
        }
        found
    }

    fn add(
        &mut self,
        order: &Order,
        names: &mut Names,
        (side, action): (Direction, Action),
        quantity: Decimal,
    ) {
        let Ok(quantity) = Quantity::new(quantity) else {
            return;
        };
        self.places.insert((order.id, action), self.legs.len());
        self.legs.push(Leg {
            ticker: order.ticker.clone(),
            side,
            action,
            is_action_stated: is_stated(order),
            time: order.paired_at,
            price: order.intended_price,
            quantity,
            signal: order.signal_name.as_deref().map(|name| names.one(name)),
            position_after: order.stated_position.new,
            order: Some(order.id),
        });
    }

    /// The leg of an order with this effect, where it has one.
    #[must_use]
    pub fn place(&self, order: OrderId, action: Action) -> Option<usize> {
        self.places.get(&(order, action)).copied()
    }
}

/// True where the alert states what it does to the position.
fn is_stated(order: &Order) -> bool {
    order.intent.position_direction().is_some()
        || order.stated_position.previous.is_some()
        || order.stated_position.new.is_some() && order.quantity.is_some()
}

/// True where every order states what it does to the position.
#[must_use]
pub fn is_every_one_stated(orders: &[Order]) -> bool {
    orders.iter().all(is_stated)
}

/// All orders, each as one leg; nothing where every one states what it does to the position,
/// for then nothing is to be learnt of the other book.
#[must_use]
pub fn wholes(orders: &[Order]) -> (Vec<OrderId>, Vec<Leg>) {
    if is_every_one_stated(orders) {
        return Default::default();
    }
    let mut names = Names::default();
    let whole = |order: &Order| {
        let leg = Leg {
            ticker: order.ticker.clone(),
            side: order.intent.direction()?,
            action: Action::Entry,
            is_action_stated: true,
            time: order.paired_at,
            price: order.intended_price,
            quantity: order.quantity?,
            signal: order.signal_name.as_deref().map(|name| names.one(name)),
            position_after: None,
            order: Some(order.id),
        };
        Some((order.id, leg))
    };
    let asked = orders.iter().filter(|order| !order.adjusting);
    asked.filter_map(whole).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::examples;
    use crate::domain::signal::{Intent, StatedPosition};

    fn order(number: i64, intent: Intent, quantity: Option<i64>, stated: StatedPosition) -> Order {
        Order {
            stated_position: stated,
            ..examples::order(number, number, intent, quantity)
        }
    }

    fn of(orders: &[Order]) -> Vec<(i64, Action, i64)> {
        let found = AlertLegs::of(orders);
        let leg = |leg: &Leg| {
            let quantity = leg.quantity.get().to_string().parse().unwrap();
            (leg.order.unwrap().0, leg.action, quantity)
        };
        found.legs.iter().map(leg).collect()
    }

    #[test]
    fn an_order_that_turns_a_position_round_has_two_legs() {
        use Action::{Entry, Exit};
        let nothing = StatedPosition::default();
        let orders = [
            order(1, Intent::Buy, Some(3), nothing),
            order(2, Intent::Sell, Some(5), nothing),
            order(3, Intent::ExitShort, None, nothing),
        ];
        assert_eq!(
            of(&orders),
            [(1, Entry, 3), (2, Exit, 3), (2, Entry, 2), (3, Exit, 2)]
        );
    }

    #[test]
    fn the_stated_position_counts_for_more_than_the_orders_before() {
        use Action::{Entry, Exit};
        let stated = |previous: i64, new: i64| StatedPosition {
            previous: Some(previous.into()),
            new: Some(new.into()),
            side: None,
        };
        // The entry of the short position that the first one closes never arrived.
        let orders = [
            order(1, Intent::Buy, Some(4), stated(-4, 0)),
            order(2, Intent::Buy, Some(4), stated(0, 4)),
        ];
        assert_eq!(of(&orders), [(1, Exit, 4), (2, Entry, 4)]);
        let new_only = |new: i64| StatedPosition {
            new: Some(new.into()),
            ..StatedPosition::default()
        };
        let orders = [
            order(1, Intent::Sell, Some(4), new_only(-2)),
            order(2, Intent::Buy, Some(2), new_only(0)),
        ];
        assert_eq!(of(&orders), [(1, Exit, 2), (1, Entry, 2), (2, Exit, 2)]);
        let unstated = [
            order(1, Intent::ExitShort, Some(4), StatedPosition::default()),
            order(2, Intent::Buy, Some(4), StatedPosition::default()),
        ];
        assert_eq!(of(&unstated), [(1, Exit, 4), (2, Entry, 4)]);
    }
}
