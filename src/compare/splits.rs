//! Orders whose effect nobody states, split as the other book has them.
//!
//! An order that turns a position round is two legs, an exit and an entry. Which it is follows
//! from the orders before, where nobody states the position; after one that is missing, or
//! where a book begins in the middle of a position, that is wrong, and so is every order after
//! it. The other book knows better: orders of both are matched as a whole first, by side alone,
//! and each is then split as its counterpart is.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::leg::{Action, Leg};
use super::matching::pairs;
use super::tolerance::Tolerance;
use crate::domain::money::{Decimal, Quantity};
use crate::domain::signal::{Direction, Ticker};

/// The closing part of each order, by its counterpart in the first book; `None` where it has none.
/// An order is a leg of all of its quantity.
#[must_use]
pub fn splits(
    first: &[Leg],
    mut orders: Vec<Leg>,
    tolerance: &Tolerance,
    shift: SignedDuration,
) -> Vec<Option<Decimal>> {
    let (of_first, closing): (Vec<Leg>, Vec<Decimal>) = wholes(first).into_iter().unzip();
    for order in &mut orders {
        order.action = Action::Entry;
        order.is_action_stated = true;
    }
    let mut found = vec![None; orders.len()];
    for pair in pairs(&of_first, &orders, tolerance, shift) {
        found[pair.second] = Some(closing[pair.first]);
    }
    found
}

/// The orders of a book, each as one leg, and what of it closes a position. Exits and entries
/// of one instant and side are one order; only with an exit beside it is an entry a part.
fn wholes(first: &[Leg]) -> Vec<(Leg, Decimal)> {
    let mut turned: HashMap<(&Ticker, Timestamp, Direction), [usize; 2]> = HashMap::new();
    for leg in first {
        let counts = turned.entry((&leg.ticker, leg.time, leg.side)).or_default();
        counts[usize::from(leg.action == Action::Exit)] += 1;
    }
    let mut places: HashMap<(&Ticker, Timestamp, Direction), usize> = HashMap::new();
    let mut found: Vec<(Leg, Decimal)> = Vec::with_capacity(first.len());
    for leg in first {
        let key = (&leg.ticker, leg.time, leg.side);
        let closing = match leg.action {
            Action::Exit => leg.quantity.get(),
            Action::Entry => Decimal::ZERO,
        };
        let is_turn = turned
            .get(&key)
            .is_some_and(|[entries, exits]| *entries > 0 && *exits > 0);
        if let Some(place) = places.get(&key).filter(|_| is_turn) {
            let (whole, closed) = &mut found[*place];
            let sum = whole.quantity.get().checked_add(leg.quantity.get());
            if let Some(sum) = sum.and_then(|sum| Quantity::new(sum).ok()) {
                whole.quantity = sum;
            }
            *closed = closed.saturating_add(closing);
            whole.position_after = leg.position_after;
            continue;
        }
        places.insert(key, found.len());
        let whole = Leg {
            action: Action::Entry,
            is_action_stated: true,
            ..leg.clone()
        };
        found.push((whole, closing));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::examples::{leg, order};
    use crate::compare::{AlertLegs, alerts};
    use crate::domain::signal::Intent;

    #[test]
    fn a_turn_whose_entry_is_missing_has_both_its_legs() {
        use Action::{Entry, Exit};
        use Direction::{Long, Short};
        // Long 2, turned to short 3, turned to long 1.
        let backtest = [
            leg(0, Long, Entry, 2),
            leg(60, Short, Exit, 2),
            leg(60, Short, Entry, 3),
            leg(120, Long, Exit, 3),
            leg(120, Long, Entry, 1),
        ];
        // The first alert is missing: by the orders alone the second opens a short of 5.
        let orders = [
            order(2, 60, Intent::Sell, Some(5)),
            order(3, 120, Intent::Buy, Some(4)),
        ];
        let alone = AlertLegs::of(&orders);
        let actions =
            |legs: &AlertLegs| -> Vec<Action> { legs.legs.iter().map(|leg| leg.action).collect() };
        assert_eq!(actions(&alone), [Entry, Exit]);
        let tolerance = Tolerance {
            bar: SignedDuration::from_mins(15),
            ..crate::compare::Preset::Day.into()
        };
        let (ids, wholes) = alerts::wholes(&orders);
        let known = splits(&backtest, wholes, &tolerance, SignedDuration::ZERO);
        assert_eq!(known, [Some(Decimal::from(2)), Some(Decimal::from(3))]);
        let known = ids
            .into_iter()
            .zip(known)
            .filter_map(|(id, split)| Some((id, split?)));
        let legs = AlertLegs::split_like(&orders, &known.collect());
        assert_eq!(actions(&legs), [Exit, Entry, Exit, Entry]);
        let found =
            crate::compare::matching(&backtest, &legs.legs, &tolerance, SignedDuration::ZERO);
        assert_eq!(found.pairs.len(), 4);
    }
}
