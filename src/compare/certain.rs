//! Pairs that need no weighing: equal in what they say of themselves, and alone in that within
//! the window of both.

use std::ops::Range;

use super::leg::Leg;
use crate::domain::event::text_enum;

text_enum! {
    /// The ground on which two legs are one.
    By, "match" {
        /// The broker's order names the alert's.
        Order = "order",
        /// Equal name of the signal and equal quantity, and nothing else like it in the window.
        Signal = "signal",
        /// Equal position after it as both state it, and nothing else like it in the window.
        Position = "position",
        /// The best alignment of time and price that keeps the order of both books.
        Alignment = "alignment",
    }
}

/// A pair that is certain, by index in both sequences.
pub type Certain = (usize, usize, By);

/// The pairs of two sequences that are certain; `windows` has the legs of the second that can
/// belong to each of the first, `is_possible` whether a pair can be one.
pub fn certain(
    first: &[&Leg],
    second: &[&Leg],
    windows: &[Range<usize>],
    is_possible: impl Fn(usize, usize) -> bool,
) -> Vec<Certain> {
    let mut of_first = vec![Only::None; first.len()];
    let mut of_second = vec![Only::None; second.len()];
    for (one, window) in windows.iter().enumerate() {
        for other in window.clone() {
            if let Some(ground) = ground(first[one], second[other])
                && is_possible(one, other)
            {
                of_first[one].note(other, ground);
                of_second[other].note(one, ground);
            }
        }
    }
    let mut pairs = Vec::new();
    let mut reached = None;
    for (one, only) in of_first.iter().enumerate() {
        // Two pairs that cross are not certain: the later one is left to the alignment.
        if let Only::One(other, ground) = *only
            && matches!(of_second[other], Only::One(back, _) if back == one)
            && reached.is_none_or(|reached| other > reached)
        {
            pairs.push((one, other, ground));
            reached = Some(other);
        }
    }
    pairs
}

fn ground(first: &Leg, second: &Leg) -> Option<By> {
    if first.order.is_some() && first.order == second.order {
        return Some(By::Order);
    }
    let is_named = first.signal.is_some() && first.signal == second.signal;
    if is_named && first.quantity == second.quantity {
        return Some(By::Signal);
    }
    let is_stated = first.position_after.is_some() && first.position_after == second.position_after;
    is_stated.then_some(By::Position)
}

/// The candidates that a leg has.
#[derive(Debug, Clone, Copy)]
enum Only {
    None,
    One(usize, By),
    Several,
}

impl Only {
    fn note(&mut self, other: usize, ground: By) {
        *self = match self {
            Self::None => Self::One(other, ground),
            _ => Self::Several,
        };
    }
}
