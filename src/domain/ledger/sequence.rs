//! The sequence in which orders are paired, which is not always the one they
//! arrived in.
//!
//! Orders are paired by time. Those of one second are chained where they state
//! their position: the new one of an order is the previous one of the next. The
//! rest goes by time, exits before entries of the same instant, then by number.
//! No order is moved past an adjusting one: the owner answered what had arrived.
//! Only the same instant, for `{{timenow}}` has whole seconds: alerts without a
//! time of their own are told apart by the microsecond of their arrival.

use std::borrow::Borrow;

use super::stated::{closes_only, same_size, stated_ends};
use crate::domain::money::Decimal;
use crate::domain::order::Order;

/// Sorts the orders of one webhook and ticker into the sequence they are paired in.
///
/// The same orders come out in the same sequence however they went in.
pub fn sort_for_pairing(orders: &mut [Order]) {
    orders.sort_unstable_by_key(second_of);
    let mut position = Decimal::ZERO;
    for second in orders.chunk_by_mut(|one, next| second_of(one) == second_of(next)) {
        sort_second(second, position);
        position = stated_after(second, position);
    }
}

/// The second that an order is paired in; orders of one second can be chained.
pub(super) fn second_of(order: &Order) -> i64 {
    order.paired_at.as_second()
}

/// Sorts the orders of one second; `position` is the one stated last before them.
///
/// The owner's word parts what had arrived when it was given from what came later.
pub(super) fn sort_second<O: Borrow<Order>>(second: &mut [O], mut position: Decimal) {
    second.sort_unstable_by_key(|order| order.borrow().id);
    for part in second.chunk_by_mut(|_, next| !next.borrow().adjusting) {
        let adjustments = usize::from(part[0].borrow().adjusting);
        let (adjusting, rest) = part.split_at_mut(adjustments);
        position = stated_after(adjusting, position);
        rest.sort_unstable_by_key(|order| instant_and_kind(order.borrow()));
        chain(rest, position);
        position = stated_after(rest, position);
    }
}

/// The position stated last by `orders`, or `before` where none states one.
pub(super) fn stated_after<O: Borrow<Order>>(orders: &[O], before: Decimal) -> Decimal {
    let stated = |order: &O| order.borrow().stated_position.new;
    orders.iter().rev().find_map(stated).unwrap_or(before)
}

/// The sequence of orders that no statement chains.
fn instant_and_kind(order: &Order) -> impl Ord + use<> {
    (order.paired_at, !closes_only(order), order.id)
}

/// An order that states where it comes from and where it leads to.
#[derive(Debug, Clone, Copy)]
struct Link {
    /// Where the order stands in its second.
    slot: usize,
    /// The node of the position before it.
    from: usize,
    /// The node of the position after it.
    to: usize,
}

/// The positions of one second as nodes, and the orders that lead between them.
struct Chain {
    /// The links by time and number.
    links: Vec<Link>,
    /// The links that leave each node.
    leaving: Vec<Vec<usize>>,
    /// The node of the position before the second.
    start: usize,
}

/// Moves the orders that state both positions into a chain, among the places
/// that they hold; the others stay where they are.
fn chain<O: Borrow<Order>>(second: &mut [O], position: Decimal) {
    if second.len() < 2 {
        return;
    }
    let chain = Chain::of(second, position);
    if chain.links.len() < 2 {
        return;
    }
    let sequence = chain.unbroken().unwrap_or_else(|| chain.in_pieces());
    let mut slots: Vec<usize> = chain.links.iter().map(|link| link.slot).collect();
    slots.sort_unstable();
    let mut places: Vec<usize> = (0..second.len()).collect();
    for (slot, link) in slots.into_iter().zip(sequence) {
        places[chain.links[link].slot] = slot;
    }
    for slot in 0..second.len() {
        while places[slot] != slot {
            let place = places[slot];
            second.swap(slot, place);
            places.swap(slot, place);
        }
    }
}

impl Chain {
    fn of<O: Borrow<Order>>(second: &[O], position: Decimal) -> Self {
        let mut stated: Vec<(usize, Decimal, Decimal)> = second
            .iter()
            .enumerate()
            .filter_map(|(slot, order)| {
                let order: &Order = order.borrow();
                let (from, to) = stated_ends(order)?;
                Some((slot, from, to))
            })
            .collect();
        // The sequence of arrival is the best guess where a chain leaves a choice.
        stated.sort_unstable_by_key(|(slot, ..)| {
            let order: &Order = second[*slot].borrow();
            (order.paired_at, order.id)
        });
        let ends = stated.iter().flat_map(|(_, from, to)| [*from, *to]);
        let nodes = Nodes::of(ends.chain([position]));
        let links: Vec<Link> = stated
            .iter()
            .map(|(slot, from, to)| Link {
                slot: *slot,
                from: nodes.find(*from),
                to: nodes.find(*to),
            })
            .collect();
        let mut leaving = vec![Vec::new(); nodes.count()];
        for (index, link) in links.iter().enumerate() {
            leaving[link.from].push(index);
        }
        Self {
            links,
            leaving,
            start: nodes.find(position),
        }
    }

    /// One chain of all links, or `None` where there is none: an Euler trail,
    /// found by Hierholzer's algorithm, which takes the links in their own
    /// sequence wherever that is a chain already.
    fn unbroken(&self) -> Option<Vec<usize>> {
        let mut taken = vec![0; self.leaving.len()];
        let mut path = vec![(self.first_node(), None)];
        let mut sequence = Vec::with_capacity(self.links.len());
        while let Some((node, arrived_by)) = path.last().copied() {
            if let Some(link) = self.leaving[node].get(taken[node]).copied() {
                taken[node] += 1;
                path.push((self.links[link].to, Some(link)));
            } else {
                sequence.extend(arrived_by);
                path.pop();
            }
        }
        sequence.reverse();
        let is_unbroken = sequence.len() == self.links.len()
            && sequence
                .windows(2)
                .all(|pair| self.links[pair[0]].to == self.links[pair[1]].from);
        is_unbroken.then_some(sequence)
    }

    /// Where one chain of all links must start: the node that more links leave
    /// than enter; in a circle, the position before the second.
    fn first_node(&self) -> usize {
        let entering = self.entering();
        let surplus = |node: &usize| self.leaving[*node].len() > entering[*node];
        (0..self.leaving.len())
            .find(surplus)
            .or_else(|| (!self.leaving[self.start].is_empty()).then_some(self.start))
            .unwrap_or(self.links[0].from)
    }

    /// Chains as far as they go, where an alert between them is missing.
    fn in_pieces(&self) -> Vec<usize> {
        let mut entering = self.entering();
        let mut waiting: Vec<usize> = (0..self.links.len()).collect();
        let mut sequence = Vec::with_capacity(self.links.len());
        let mut node = self.start;
        while !waiting.is_empty() {
            let leaves = |link: &usize| self.links[*link].from == node;
            let begins = |link: &usize| entering[self.links[*link].from] == 0;
            let next = waiting
                .iter()
                .position(leaves)
                .or_else(|| waiting.iter().position(begins))
                .unwrap_or(0);
            let link = waiting.remove(next);
            node = self.links[link].to;
            entering[node] -= 1;
            sequence.push(link);
        }
        sequence
    }

    /// How many links enter each node.
    fn entering(&self) -> Vec<usize> {
        let mut entering = vec![0; self.leaving.len()];
        for link in &self.links {
            entering[link.to] += 1;
        }
        entering
    }
}

/// Positions as nodes: sizes that differ by a float's tail only are one node.
struct Nodes(Vec<Decimal>);

impl Nodes {
    fn of(positions: impl Iterator<Item = Decimal>) -> Self {
        let mut positions: Vec<Decimal> = positions.collect();
        positions.sort_unstable();
        positions.dedup_by(|next, kept| same_size(*next, *kept));
        Self(positions)
    }

    fn count(&self) -> usize {
        self.0.len()
    }

    /// The node of a position that the nodes were made of: each stands for itself
    /// and for those just above it.
    fn find(&self, position: Decimal) -> usize {
        let above = self.0.partition_point(|node| *node <= position);
        above.saturating_sub(1)
    }
}
