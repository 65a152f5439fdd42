//! The sequence in which orders are paired, which is not always the one they
//! arrived in.
//!
//! Orders are paired by time. Those of one second are chained where they state
//! their position: the new one of an order is the previous one of the next. The
//! rest goes by time, then by number, but for exits: one goes before the entries
//! of its instant where it can close something that is open by then.
//! No order is moved past an adjusting one: the owner answered what had arrived.
//! Only the same instant, for `{{timenow}}` has whole seconds: alerts without a
//! time of their own are told apart by the microsecond of their arrival.

use std::borrow::Borrow;

use jiff::Timestamp;

use super::pairing::Instruction;
use super::stated::{closes_only, same_size, stated_ends};
use crate::domain::money::{Decimal, Quantity};
use crate::domain::order::Order;
use crate::domain::signal::Direction;
use crate::domain::webhook::Reversal;

/// Orders of one second that are moved to where they belong. A webhook admits far fewer; a
/// file with one time for all of its alerts says nothing of their sequence but by its own,
/// and to look for another takes the square of their number.
pub(super) const MOST_OF_A_SECOND: usize = 1_000;

/// The state that the sequence of a second depends on besides its orders.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// The position stated last before the second: where its chain begins.
    pub(super) stated: Decimal,
    /// The ledger's own position before the second: what exits can close.
    pub(super) position: Decimal,
    /// The reach of an entry against the position.
    pub(super) reversal: Reversal,
}

/// The second that an order is paired in; orders of one second can be chained.
pub(super) fn second_of(order: &Order) -> i64 {
    order.paired_at.as_second()
}

/// Sorts the orders of one second into the sequence they are paired in.
///
/// The same orders come out in the same sequence however they went in. The
/// owner's word parts what had arrived when it was given from what came later.
pub(super) fn sort_second<O: Borrow<Order>>(second: &mut [O], start: Start) {
    if second.len() < 2 {
        return;
    }
    second.sort_unstable_by_key(|order| order.borrow().id);
    let Start {
        mut stated,
        mut position,
        reversal,
    } = start;
    for part in second.chunk_by_mut(|_, next| !next.borrow().adjusting) {
        let adjustments = usize::from(part[0].borrow().adjusting);
        let (adjusting, rest) = part.split_at_mut(adjustments);
        for order in &*adjusting {
            position = position_after(order.borrow(), position, reversal);
        }
        stated = stated_after(adjusting, stated);
        rest.sort_unstable_by_key(|order| (order.borrow().paired_at, order.borrow().id));
        if rest.len() > MOST_OF_A_SECOND {
            for order in &*rest {
                position = position_after(order.borrow(), position, reversal);
            }
            stated = stated_after(rest, stated);
            continue;
        }
        let instants: Vec<Timestamp> = rest.iter().map(|order| order.borrow().paired_at).collect();
        let is_in_sequence = |start| is_in_sequence(rest, start, reversal);
        if !is_in_sequence(stated) && !is_in_sequence(position) {
            chain(rest, stated);
        }
        stated = stated_after(rest, stated);
        let mut later = rest;
        for instant in instants.chunk_by(|one, next| one == next) {
            let (orders, after) = later.split_at_mut(instant.len());
            position = exits_where_they_close(orders, position, reversal);
            later = after;
        }
    }
}

/// The position stated last by `orders`, or `before` where none states one.
pub(super) fn stated_after<O: Borrow<Order>>(orders: &[O], before: Decimal) -> Decimal {
    let stated = |order: &O| {
        let order: &Order = order.borrow();
        let new = order.stated_position.new;
        new.or_else(|| Some(stated_ends(order)?.1))
    };
    orders.iter().rev().find_map(stated).unwrap_or(before)
}

fn position_after(order: &Order, position: Decimal, reversal: Reversal) -> Decimal {
    Instruction::of(order, position, reversal).leads_to(position)
}

/// True if the orders are a chain as they are, those between that state no position included:
/// without these the links alone could make another.
fn is_in_sequence<O: Borrow<Order>>(orders: &[O], start: Decimal, reversal: Reversal) -> bool {
    let mut position = start;
    orders.iter().all(|order| {
        let order: &Order = order.borrow();
        let ends = stated_ends(order);
        let follows = ends.is_none_or(|(from, _)| same_size(from, position));
        position = ends.map_or_else(|| position_after(order, position, reversal), |(_, to)| to);
        follows
    })
}

/// Moves the exits of one instant to where they can close, and returns the
/// position after all of its orders.
fn exits_where_they_close<O: Borrow<Order>>(
    instant: &mut [O],
    mut position: Decimal,
    reversal: Reversal,
) -> Decimal {
    let is_exit = |order: &O| closes_only(order.borrow());
    let mut exits = instant.iter().filter(|order| is_exit(order)).count();
    for place in 0..instant.len() {
        if exits > 0
            && let Some(distance) = exit_to_go_first(&instant[place..], position)
        {
            instant[place..=place + distance].rotate_right(1);
        }
        exits -= usize::from(is_exit(&instant[place]));
        position = position_after(instant[place].borrow(), position, reversal);
    }
    position
}

/// The order that waits and is an exit that goes before the others while
/// the position is `position`; `None` where the sequence of arrival holds.
///
/// First choice is one that fits what is open. One that exceeds it still goes
/// before entries of the other side, but waits for those of its own that came
/// before it. Exits stay in the sequence of their arrival, and orders that state
/// their position in that of their chain; none goes before the one of these that
/// continues from here.
fn exit_to_go_first<O: Borrow<Order>>(waiting: &[O], position: Decimal) -> Option<usize> {
    if position.is_zero() {
        return None;
    }
    let side = Direction::of_position(position);
    let (mut link_waits, mut exit_waits, mut entry_waits) = (false, false, false);
    let mut exceeding = None;
    for (index, order) in waiting.iter().enumerate() {
        let order: &Order = order.borrow();
        let (is_exit, direction) = (closes_only(order), order.intent.direction_at(position));
        let from = stated_ends(order).map(|(from, _)| from);
        let is_free = !if from.is_some() {
            link_waits
        } else {
            exit_waits
        };
        let closes = is_free && is_exit && direction != side;
        let fits = is_free
            && match from {
                Some(from) => same_size(from, position),
                None => fits(order.quantity, position.abs()),
            };
        if fits && closes {
            return Some(index);
        }
        if fits && from.is_some() {
            return None;
        }
        if closes && !entry_waits && exceeding.is_none() {
            exceeding = Some(index);
        }
        link_waits |= from.is_some();
        exit_waits |= from.is_none() && closes;
        entry_waits |= !is_exit && direction == side;
    }
    exceeding
}

/// True if `open` is enough for an exit.
fn fits(quantity: Option<Quantity>, open: Decimal) -> bool {
    let quantity = quantity.map(Quantity::get);
    quantity.is_none_or(|quantity| quantity <= open || same_size(quantity, open))
}

/// An order that states where it comes from and where it leads to.
#[derive(Debug, Clone, Copy)]
struct Link {
    /// Index of the order in its second.
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

    /// One chain of all links, if there is such a chain: an Euler trail,
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

    /// Start of one chain of all links: the node that more links leave than enter; in a circle, the
    /// position before the second.
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

    /// Number of links that enter each node.
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
