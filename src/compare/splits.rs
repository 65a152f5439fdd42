//! Orders whose effect nobody states, split as the other book has them.
//!
//! An order that turns a position round is two legs, an exit and an entry. Which it is follows
//! from the orders before, where nobody states the position; after one that is missing, or
//! where a book begins in the middle of a position, that is wrong, and so is every order after
//! it. The other book knows better: orders of both are matched as a whole first, by side alone,
//! and each is then split as its counterpart is. Of another order size that is so in proportion:
//! what only closes there only closes here, however much it is.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::leg::{Action, Leg};
use super::matching::{Pair, pairs};
use super::tolerance::{Cost, Point, Tolerance, micros};
use crate::domain::money::{Decimal, Quantity};
use crate::domain::signal::{Direction, Ticker};

/// The closing share of an order, by its counterpart in the other book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// The closing part of the counterpart.
    closing: Decimal,
    /// All of the counterpart.
    whole: Decimal,
    /// The other book ends with it: a list of closed trades has not the entry of what an order
    /// turns round there.
    is_last: bool,
    /// Another order of this side, which has no counterpart, is near: the counterpart may be two.
    is_beside_other: bool,
}

/// Places that a part of a quantity has.
const PLACES: u32 = 8;

impl Split {
    /// One that closes a position and nothing else, or opens one.
    fn only(action: Action) -> Self {
        let closing = match action {
            Action::Exit => Decimal::ONE,
            Action::Entry => Decimal::ZERO,
        };
        Self {
            closing,
            whole: Decimal::ONE,
            is_last: false,
            is_beside_other: false,
        }
    }

    /// One of a counterpart that closes so much of all of it.
    #[cfg(test)]
    pub(super) fn of_turn(closing: i64, whole: i64) -> Self {
        Self {
            closing: closing.into(),
            whole: whole.into(),
            ..Self::only(Action::Entry)
        }
    }

    fn is_turn(&self) -> bool {
        !self.closing.is_zero() && self.closing < self.whole
    }

    /// The closing part of a quantity, where `held` is there to be closed by the orders before. These
    /// count where the quantity is another one and turns a position in both books; where they
    /// say that it does not, one of them is missing, and the counterpart's proportion counts.
    #[must_use]
    pub fn closing_of(&self, quantity: Decimal, held: Decimal) -> Decimal {
        if !self.is_turn() {
            return if self.closing.is_zero() {
                Decimal::ZERO
            } else if self.is_last && held < quantity {
                quantity.min(self.closing)
            } else {
                quantity
            };
        }
        if self.is_beside_other && held == quantity {
            return quantity;
        }
        if quantity == self.whole {
            return self.closing;
        }
        if Decimal::ZERO < held && held < quantity {
            return held;
        }
        let part = quantity.checked_mul(self.closing);
        let part = part.and_then(|part| part.checked_div(self.whole));
        let part = part.unwrap_or(self.closing.min(quantity));
        let rounded = part.round_dp(PLACES).normalize();
        if Decimal::ZERO < rounded && rounded < quantity {
            rounded
        } else {
            part
        }
    }
}

/// The split of each order by its counterpart in the first book; `None` where it has none. An
/// order is a leg of all of its quantity, and they are in order of time.
#[must_use]
pub fn splits(
    first: &[Leg],
    orders: Vec<Leg>,
    tolerance: &Tolerance,
    shift: SignedDuration,
) -> Vec<Option<Split>> {
    Counterparts::of(first, orders, tolerance, shift).splits()
}

/// Orders of both books that are one, as wholes.
pub struct Counterparts {
    /// Those of the first book, and what of each closes.
    first: Vec<(Leg, Decimal)>,
    second: Vec<Leg>,
    pairs: Vec<Pair>,
    /// The window of each pair.
    windows: Vec<(i64, i64)>,
    is_paired: Vec<bool>,
    /// When the first book ends.
    ends: Option<Timestamp>,
    usual: Decimal,
}

impl Counterparts {
    /// Finds them. An order of the second book is a leg of all of its quantity, and they are in
    /// order of time.
    #[must_use]
    pub fn of(
        first: &[Leg],
        mut orders: Vec<Leg>,
        tolerance: &Tolerance,
        shift: SignedDuration,
    ) -> Self {
        let (of_first, closing): (Vec<Leg>, Vec<Decimal>) = wholes(first).into_iter().unzip();
        for order in &mut orders {
            order.action = Action::Entry;
            order.is_action_stated = true;
        }
        let pairs = pairs(&of_first, &orders, tolerance, shift);
        let cost = Cost::of(tolerance);
        let window =
            |pair: &Pair| cost.window(Point::of(&of_first[pair.first]).later(micros(shift)));
        let mut is_paired = vec![false; orders.len()];
        for pair in &pairs {
            is_paired[pair.second] = true;
        }
        let mut found = Self {
            windows: pairs.iter().map(window).collect(),
            first: of_first.into_iter().zip(closing).collect(),
            second: orders,
            pairs,
            is_paired,
            ends: first.last().map(|last| last.time),
            usual: Decimal::ONE,
        };
        found.usual = found.usual_ratio();
        found
    }

    /// How many times the first quantity the second one usually is: the median.
    fn usual_ratio(&self) -> Decimal {
        let pairs = self.pairs.iter().filter(|pair| !self.is_last(pair));
        let ratio = |pair: &Pair| {
            let [first, second] = self.quantities(pair);
            second.checked_div(first)
        };
        let mut ratios: Vec<Decimal> = pairs.filter_map(ratio).collect();
        ratios.sort_unstable();
        ratios
            .get(ratios.len() / 2)
            .copied()
            .unwrap_or(Decimal::ONE)
    }

    fn quantities(&self, pair: &Pair) -> [Decimal; 2] {
        [&self.first[pair.first].0, &self.second[pair.second]].map(|leg| leg.quantity.get())
    }

    /// True at the end of a list.
    fn is_last(&self, pair: &Pair) -> bool {
        let whole = &self.first[pair.first].0;
        whole.order.is_none() && Some(whole.time) == self.ends
    }

    /// The split of each order of the second book; `None` where it has no counterpart.
    #[must_use]
    pub fn splits(&self) -> Vec<Option<Split>> {
        let mut found = vec![None; self.second.len()];
        for pair in &self.pairs {
            found[pair.second] = Some(self.split(pair));
        }
        for (pair, window) in self.pairs.iter().zip(&self.windows) {
            let Some(split) = found[pair.second].filter(Split::is_turn) else {
                continue;
            };
            let run = self.run(pair.second, *window);
            if run.len() > 1 {
                share(&self.second, &run, (pair.second, split), &mut found);
            }
        }
        found
    }

    fn split(&self, pair: &Pair) -> Split {
        let (whole, closing) = &self.first[pair.first];
        let (whole, closing) = (whole.quantity.get(), *closing);
        let split = Split {
            closing,
            whole,
            is_last: false,
            is_beside_other: false,
        };
        if !self.is_last(pair) || closing != whole {
            return split;
        }
        let closing = closing.saturating_mul(self.usual);
        let closing = closing.round_dp(PLACES).normalize();
        Split {
            closing,
            whole: closing,
            is_last: true,
            ..split
        }
    }

    /// The orders of the second book that are one together: neighbours of which one has a counterpart
    /// and the others have none, and that add up to it. An exit and an entry of one are two.
    #[must_use]
    pub fn parts(&self) -> Vec<Vec<usize>> {
        let sum = |part: &[usize]| sum(&self.second, part);
        let mut found = Vec::new();
        for (pair, window) in self.pairs.iter().zip(&self.windows) {
            let [whole, quantity] = self.quantities(pair);
            let wanted = [whole, whole.saturating_mul(self.usual)];
            if wanted.contains(&quantity) {
                continue;
            }
            let run = self.run(pair.second, *window);
            let parts = (2..=run.len()).flat_map(|length| run.windows(length));
            let mut parts = parts.filter(|part| part.contains(&pair.second));
            if let Some(part) = parts.find(|part| wanted.contains(&sum(part))) {
                let closed = closed_by(&self.second, part, &self.split(pair));
                let (closing, opening) = part.split_at(closed.unwrap_or(0));
                let several = [closing, opening].into_iter().filter(|part| part.len() > 1);
                found.extend(several.map(<[usize]>::to_vec));
            }
        }
        found
    }

    /// The neighbours of an order of the second book that nothing else lies between, with it: of its
    /// side and instrument, in a window, and without a counterpart.
    fn run(&self, of: usize, (earliest, latest): (i64, i64)) -> Vec<usize> {
        let one = &self.second[of];
        let is_near = |index: &usize| {
            let other = &self.second[*index];
            let at = other.time.as_microsecond();
            (earliest..=latest).contains(&at)
                && !self.is_paired[*index]
                && other.side == one.side
                && other.ticker == one.ticker
        };
        let before = (0..of).rev().take(MOST_NEAR).take_while(is_near);
        let mut run: Vec<usize> = before.collect();
        run.reverse();
        run.push(of);
        let behind = (of + 1..self.second.len()).take(MOST_NEAR);
        run.extend(behind.take_while(is_near));
        run
    }
}

/// Gives the orders of a run their parts of a turn: the first of them close, and the rest open.
/// Several orders of one instant are one in the first book, as an exit and an entry beside it.
fn share(
    orders: &[Leg],
    run: &[usize],
    (counterpart, split): (usize, Split),
    found: &mut [Option<Split>],
) {
    // Of two orders as large as the whole, the other one may have come twice.
    if orders[counterpart].quantity.get() != split.whole {
        let parts = (2..=run.len()).rev().flat_map(|length| run.windows(length));
        let parts = parts.filter(|part| part.contains(&counterpart));
        let is_exact = |part: &&[usize]| sum(orders, part) == split.whole;
        let (exact, others): (Vec<&[usize]>, _) = parts.partition(is_exact);
        for part in exact.into_iter().chain(others) {
            if let Some(closed) = closed_by(orders, part, &split) {
                for (place, &index) in part.iter().enumerate() {
                    let is_closing = place < closed;
                    let action = if is_closing {
                        Action::Exit
                    } else {
                        Action::Entry
                    };
                    found[index] = Some(Split::only(action));
                }
                return;
            }
        }
    }
    if let Some(split) = &mut found[counterpart] {
        split.is_beside_other = true;
    }
}

/// The quantity of some orders.
fn sum(orders: &[Leg], of: &[usize]) -> Decimal {
    of.iter().map(|&index| orders[index].quantity.get()).sum()
}

/// Number of the orders of a turn, from the first, that close what the counterpart closes in
/// proportion; `None` where no number of them does.
fn closed_by(orders: &[Leg], turn: &[usize], split: &Split) -> Option<usize> {
    let all = sum(orders, turn);
    (1..turn.len()).find(|&ends| is_share((sum(orders, &turn[..ends]), all), split))
}

/// True where a part of a sum is to it as what closes is to the whole.
fn is_share((part, all): (Decimal, Decimal), split: &Split) -> bool {
    let products = part
        .checked_mul(split.whole)
        .zip(all.checked_mul(split.closing));
    products.is_some_and(|(one, other)| one == other)
}

/// Orders on each side of another that are looked at.
const MOST_NEAR: usize = 8;

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
        let closing = [5, 4].map(Decimal::from);
        let closing = known.iter().flatten().zip(closing);
        let closing: Vec<Decimal> = closing
            .map(|(split, quantity)| split.closing_of(quantity, Decimal::ZERO))
            .collect();
        assert_eq!(closing, [2, 3].map(Decimal::from));
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

    #[test]
    fn another_size_is_split_by_what_is_there_to_close_else_in_proportion() {
        let of = |split: Split, quantity: &str, held: i64| {
            let quantity: Decimal = quantity.parse().unwrap();
            let closing = split.closing_of(quantity, held.into());
            closing.to_string()
        };
        // Closes only, or opens only, whatever there is to close.
        for held in [0, 10, 100] {
            for quantity in ["5", "10", "40"] {
                assert_eq!(of(Split::of_turn(10, 10), quantity, held), quantity);
                assert_eq!(of(Split::of_turn(0, 10), quantity, held), "0");
            }
        }
        let turn = Split::of_turn(10, 30);
        // As many as there: as there, also where an order before is missing.
        for held in [0, 7, 10, 30, 100] {
            assert_eq!(of(turn, "30", held), "10");
        }
        // Others: what is there to close, unless that is nothing or all of it.
        assert_eq!(of(turn, "25", 10), "10");
        assert_eq!(of(turn, "15", 0), "5");
        assert_eq!(of(turn, "15", 15), "5");
        assert_eq!(of(turn, "10", 0), "3.33333333");
        // The rest of the last order may be in no list.
        let last = Split {
            is_last: true,
            ..Split::of_turn(10, 10)
        };
        assert_eq!(of(last, "20", 10), "10");
        assert_eq!(of(last, "20", 20), "20");
        assert_eq!(of(last, "5", 10), "5");
    }

    /// What of each order closes, by their minutes and quantities, all of them sales beside a turn
    /// of ten to minus ten; nothing where they have no counterpart.
    fn closing(orders: &[(i64, i64)], held: i64) -> Vec<Option<String>> {
        use Action::{Entry, Exit};
        use Direction::{Long, Short};
        let backtest = [
            leg(0, Long, Entry, 10),
            leg(60, Short, Exit, 10),
            leg(60, Short, Entry, 10),
        ];
        let orders: Vec<Leg> = orders
            .iter()
            .map(|&(minute, quantity)| leg(minute, Short, Entry, quantity))
            .collect();
        let tolerance = Tolerance {
            bar: SignedDuration::from_mins(15),
            ..crate::compare::Preset::Day.into()
        };
        let splits = splits(&backtest, orders.clone(), &tolerance, SignedDuration::ZERO);
        let closing = |(split, order): (&Option<Split>, &Leg)| {
            let closing = split
                .as_ref()?
                .closing_of(order.quantity.get(), held.into());
            Some(closing.to_string())
        };
        splits.iter().zip(&orders).map(closing).collect()
    }

    #[test]
    fn orders_that_are_one_turn_together_close_first_and_open_then() {
        let some = |closing: &[&str]| -> Vec<Option<String>> {
            closing.iter().map(|one| Some((*one).to_owned())).collect()
        };
        assert_eq!(closing(&[(61, 20)], 10), some(&["10"]));
        assert_eq!(closing(&[(61, 10), (62, 10)], 10), some(&["10", "0"]));
        assert_eq!(
            closing(&[(61, 5), (61, 5), (61, 10)], 10),
            some(&["5", "5", "0"])
        );
        // Of half and of one and a half times the size.
        assert_eq!(closing(&[(61, 5), (62, 5)], 5), some(&["5", "0"]));
        assert_eq!(closing(&[(61, 15), (62, 15)], 15), some(&["15", "0"]));
        // Twice the size, or twice: the position says which.
        assert_eq!(closing(&[(61, 20), (62, 20)], 20)[0].as_deref(), Some("20"));
        assert_eq!(closing(&[(61, 20), (62, 20)], 10)[0].as_deref(), Some("10"));
        // Far from it is another one.
        assert_eq!(
            closing(&[(61, 10), (200, 10)], 0),
            [Some("5".to_owned()), None]
        );
    }
}
