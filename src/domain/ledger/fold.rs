//! A whole history of orders, paired at once.

use super::{Applied, Ledger, sequence};
use crate::domain::order::Order;
use crate::domain::webhook::Settings;

/// The result of a whole history of orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// The ledger after the last order.
    pub ledger: Ledger,
    /// The effect of each order, in the sequence they were paired in.
    pub applied: Vec<Applied>,
}

/// Pairs all orders of one webhook and ticker, given in any sequence.
#[must_use]
pub fn fold(orders: Vec<Order>, settings: &Settings) -> Folded {
    let mut applied = Vec::with_capacity(orders.len());
    let ledger = fold_each(orders, settings, |order| applied.push(order));
    Folded { ledger, applied }
}

/// Pairs all orders of one webhook and ticker, given in any sequence, and hands
/// out what each did: a long history need not be held twice.
pub fn fold_each(
    mut orders: Vec<Order>,
    settings: &Settings,
    mut each: impl FnMut(Applied),
) -> Ledger {
    orders.sort_unstable_by_key(sequence::second_of);
    let is_same = |one: &Order, next: &Order| sequence::second_of(one) == sequence::second_of(next);
    let mut ledger = Ledger::new();
    for second in orders.chunk_by_mut(is_same) {
        for applied in ledger.apply_second(second, settings) {
            each(applied);
        }
    }
    ledger
}
