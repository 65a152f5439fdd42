//! The place of an alert that comes later than its own time is believed.
//!
//! TradingView's statements form a chain: the new position of one order is the previous one
//! of the next. A gap in it is an alert that is missing. One that is older by TradingView's
//! clock than what stands behind the gap, and begins where the gap begins or ends where it
//! ends, is that alert, or one of several. Nothing else is proven: without a gap, or where
//! the times of the messages do not follow one another, an order stays where it arrived.

use jiff::Timestamp;

use super::sequence::{self, Start};
use super::stated::{same_size, stated_ends};
use crate::domain::money::Decimal;
use crate::domain::order::Order;
use crate::domain::webhook::Reversal;

/// Reports whether an order belongs, by its own time, between the orders of the second
/// before that time and those of the second after it. Nothing before it is a flat position.
#[must_use]
pub fn belongs_between(mut before: Vec<Order>, order: &Order, mut after: Vec<Order>) -> bool {
    let start = Start {
        stated: Decimal::ZERO,
        position: Decimal::ZERO,
        reversal: Reversal::Net,
    };
    sequence::sort_second(&mut before, start);
    sequence::sort_second(&mut after, start);
    let gap_begins = match before.last() {
        Some(last) => stated_ends(last).map(|(_, to)| to),
        None => Some(Decimal::ZERO),
    };
    let next = after.first().filter(|next| !next.adjusting);
    let gap_ends = next.and_then(stated_ends).map(|(from, _)| from);
    let (Some(begins), Some(ends)) = (gap_begins, gap_ends) else {
        return false;
    };
    let (Some(own), Some((from, to))) = (order.signal_time, stated_ends(order)) else {
        return false;
    };
    let second = |order: &Order| order.signal_time.map(Timestamp::as_second);
    let is_older = after
        .iter()
        .all(|next| second(next).is_some_and(|next| own.as_second() < next));
    let is_newer = before
        .iter()
        .all(|last| second(last).is_none_or(|last| last <= own.as_second()));
    let is_gap = !same_size(begins, ends) && !same_size(from, to);
    is_older && is_newer && is_gap && (same_size(from, begins) || same_size(to, ends))
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::super::tests::order;
    use super::*;
    use crate::domain::signal::{Intent, StatedPosition};

    /// An order that is paired at a second, which is its own time, and states its ends.
    fn stating(second: i64, from: i64, to: i64) -> Order {
        let intent = if to < from { Intent::Sell } else { Intent::Buy };
        let quantity = (to - from).abs().max(1).to_string();
        let order = order(second, intent, &quantity, "100");
        Order {
            signal_time: Some(order.paired_at),
            stated_position: StatedPosition {
                new: Some(to.into()),
                previous: Some(from.into()),
                side: None,
            },
            ..order
        }
    }

    fn belongs(before: &[Order], order: &Order, after: &[Order]) -> bool {
        belongs_between(before.to_vec(), order, after.to_vec())
    }

    #[test]
    fn an_order_belongs_where_it_closes_a_gap_in_the_chain() {
        let (entry, exit) = (stating(1, 0, 1), stating(9, 1, 0));
        assert!(belongs(&[], &entry, from_ref(&exit)));
        // Of two that are missing, each at its end of the gap.
        let (first, second) = (stating(2, 1, 2), stating(3, 2, 3));
        let last = stating(9, 3, 0);
        for missing in [first, second] {
            assert!(belongs(from_ref(&entry), &missing, from_ref(&last)));
        }
        // Without the previous position, the quantity tells it.
        let mut untold = entry.clone();
        untold.stated_position.previous = None;
        assert!(belongs(&[], &untold, &[exit]));
    }

    #[test]
    fn an_order_stays_where_it_arrived_without_a_gap_or_a_reason() {
        let entry = stating(2, 0, 1);
        // The chain has no gap: a new entry with a wrong time.
        let (before, after) = (stating(1, 1, 0), stating(9, 0, 1));
        assert!(!belongs(&[before], &entry, &[after]));
        // The gap is another one.
        let after = stating(9, 5, 0);
        assert!(!belongs(&[stating(1, 0, 3)], &entry, &[after]));
        // Times of bars, which are all old: what came before it is not newer by its own.
        let mut same_bar = stating(9, 1, 0);
        same_bar.signal_time = entry.signal_time;
        assert!(!belongs(&[], &entry, &[same_bar.clone()]));
        same_bar.signal_time = None;
        assert!(!belongs(&[], &entry, &[same_bar]));
        // Nothing came after it.
        assert!(!belongs(&[], &entry, &[]));
        // Nobody states a position.
        let mut silent = entry;
        silent.stated_position = StatedPosition::default();
        assert!(!belongs(&[], &silent, &[stating(9, 1, 0)]));
    }
}
