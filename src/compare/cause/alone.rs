//! The legs on one side only, as causes are looked for with.

use jiff::SignedDuration;

use crate::compare::leg::Leg;
use crate::compare::matching::{Fate, Matching, Points};
use crate::compare::tolerance::{Cost, Point, Tolerance};

/// Microseconds of an hour and of a day.
const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// Legs that show the hours of a book.
const SESSION_LEGS: usize = 50;

/// Both books, and which of their legs are alone.
pub(super) struct Alone<'a> {
    pub(super) legs: [&'a [Leg]; 2],
    /// Where they lie, the first book shifted.
    pub(super) points: Points,
    pub(super) cost: Cost,
    pub(super) shift: SignedDuration,
    pub(super) bar: i64,
    /// Indices of legs of the first book only, in order.
    pub(super) missed: Vec<usize>,
    /// Indices of legs of the second book only.
    pub(super) invented: Vec<usize>,
    /// The hours of each book's legs, where it has enough to tell.
    hours: [Option<[bool; 24]>; 2],
}

impl<'a> Alone<'a> {
    pub(super) fn of(
        [first, second]: [&'a [Leg]; 2],
        matching: &Matching,
        tolerance: &Tolerance,
        shift: SignedDuration,
    ) -> Self {
        let points = Points::shifted(first, second, shift);
        Self {
            hours: [hours(&points.first), hours(&points.second)],
            cost: Cost::of(tolerance),
            bar: crate::compare::tolerance::micros(tolerance.bar),
            missed: alone(&matching.first),
            invented: alone(&matching.second),
            legs: [first, second],
            points,
            shift,
        }
    }

    /// True of a leg of the first book only.
    pub(super) fn is_missed(&self, index: usize) -> bool {
        self.missed.binary_search(&index).is_ok()
    }

    /// The missed legs by order, in order of time.
    pub(super) fn missed_orders(&self) -> Vec<Vec<usize>> {
        let mut orders: Vec<Vec<usize>> = Vec::new();
        for &index in &self.missed {
            let last = orders.last_mut();
            match last.filter(|order| self.are_one_order(order[0], index)) {
                Some(order) => order.push(index),
                None => orders.push(vec![index]),
            }
        }
        orders
    }

    /// True of two legs of the first book that are one order: of one instant and side, and of
    /// another effect.
    pub(super) fn are_one_order(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.legs[0][one], &self.legs[0][other]);
        one.time == other.time && one.side == other.side && one.action != other.action
    }

    /// True of a time of day at which a book, the first or the second, never trades.
    pub(super) fn is_outside_session(&self, book: usize, point: Point) -> bool {
        self.hours[book].is_some_and(|hours| !hours[hour(point)])
    }
}

fn alone(fates: &[Fate]) -> Vec<usize> {
    let alone = fates
        .iter()
        .enumerate()
        .filter(|(_, fate)| **fate == Fate::Alone);
    alone.map(|(index, _)| index).collect()
}

fn hour(point: Point) -> usize {
    usize::try_from(point.at.rem_euclid(DAY) / HOUR).unwrap_or_default()
}

fn hours(points: &[Point]) -> Option<[bool; 24]> {
    if points.len() < SESSION_LEGS {
        return None;
    }
    let mut hours = [false; 24];
    for point in points {
        let hour = hour(*point);
        // The hours of a session move by one with daylight saving.
        for near in [hour + 23, hour, hour + 1] {
            hours[near % 24] = true;
        }
    }
    Some(hours)
}
