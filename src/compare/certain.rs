//! Pairs that need no weighing: equal in what they say of themselves, and alone in that within
//! the window of both.

use std::ops::Range;

use super::leg::Leg;

/// The ground on which a pair is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// The name of the signal and the quantity.
    Signal,
    /// The position after it, as both state it.
    Position,
}

/// A pair that is certain, by index in both sequences.
pub type Certain = (usize, usize, Ground);

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

fn ground(first: &Leg, second: &Leg) -> Option<Ground> {
    let is_named = first.signal.is_some() && first.signal == second.signal;
    if is_named && first.quantity == second.quantity {
        return Some(Ground::Signal);
    }
    let is_stated = first.position_after.is_some() && first.position_after == second.position_after;
    is_stated.then_some(Ground::Position)
}

/// The candidates that a leg has.
#[derive(Debug, Clone, Copy)]
enum Only {
    None,
    One(usize, Ground),
    Several,
}

impl Only {
    fn note(&mut self, other: usize, ground: Ground) {
        *self = match self {
            Self::None => Self::One(other, ground),
            _ => Self::Several,
        };
    }
}
