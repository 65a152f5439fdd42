//! The legs on one side only, as causes are looked for with.

use jiff::SignedDuration;

use crate::compare::leg::Leg;
use crate::compare::matching::{Fate, Matching, Points};
use crate::compare::tolerance::{Cost, Point, Tolerance, micros};

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// Legs that show the hours of a book.
const SESSION_LEGS: usize = 50;

/// Both books, and which of their legs are alone.
pub(super) struct Alone<'a> {
    pub(super) legs: [&'a [Leg]; 2],
    /// Positions of the legs, the first book shifted.
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
        let bar = micros(tolerance.bar);
        Self {
            // The first book dates a fill by the opening of its bar, and the second by itself.
            hours: [hours(&points.first, bar), hours(&points.second, 0)],
            cost: Cost::of(tolerance),
            bar,
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

    /// True of a leg of the first book at whose time of day the second never trades: anywhere in
    /// the bar that it is dated by.
    pub(super) fn is_outside_second(&self, point: Point) -> bool {
        self.hours[1].is_some_and(|hours| !hours_of(point, self.bar).any(|hour| hours[hour]))
    }

    /// True of a leg of the second book at whose time of day the first has no bar.
    pub(super) fn is_outside_first(&self, point: Point) -> bool {
        self.hours[0].is_some_and(|hours| !hours_of(point, 0).any(|hour| hours[hour]))
    }
}

fn alone(fates: &[Fate]) -> Vec<usize> {
    let alone = fates
        .iter()
        .enumerate()
        .filter(|(_, fate)| **fate == Fate::Alone);
    alone.map(|(index, _)| index).collect()
}

/// The hours of the day that a bar covers which opens at a point; that of the point where it has
/// no length.
fn hours_of(point: Point, bar: i64) -> impl Iterator<Item = usize> {
    let opens = point.at.div_euclid(HOUR);
    let ends = point.at.saturating_add((bar - 1).max(0)).div_euclid(HOUR);
    let hours = opens..=ends.min(opens + 23);
    hours.map(|hour| usize::try_from(hour.rem_euclid(24)).unwrap_or_default())
}

/// The hours of the day that legs show, each with the bar that it is dated by.
fn hours(points: &[Point], bar: i64) -> Option<[bool; 24]> {
    if points.len() < SESSION_LEGS {
        return None;
    }
    let mut hours = [false; 24];
    for hour in points.iter().flat_map(|point| hours_of(*point, bar)) {
        // The hours of a session move by one with daylight saving.
        for near in [hour + 23, hour, hour + 1] {
            hours[near % 24] = true;
        }
    }
    Some(hours)
}

#[cfg(test)]
mod tests {
    use crate::compare::examples::{self, at};
    use crate::compare::{Action, Cause, Causes, Evidence, Leg, Preset, Tolerance, matching};
    use crate::domain::signal::Direction;
    use jiff::SignedDuration;

    /// Bars of four hours, of which one that opens at 20:00 has a fill each day.
    fn found(minutes: impl Iterator<Item = i64>) -> Causes {
        let leg =
            |minute, quantity| examples::leg(minute, Direction::Long, Action::Entry, quantity);
        let first = (0..60).map(|day| leg(day * 24 * 60 + 20 * 60, 1));
        let first: Vec<Leg> = first.collect();
        // Twice the quantity of what is strange, so that it repeats no other.
        let is_strange = |minute: i64| minute % 60 == 41;
        let second = minutes.map(|minute| leg(minute, if is_strange(minute) { 2 } else { 1 }));
        let second: Vec<Leg> = second.collect();
        let tolerance = Tolerance {
            bar: SignedDuration::from_hours(4),
            ..Preset::Day.into()
        };
        let zero = SignedDuration::ZERO;
        let books = [first.as_slice(), &second];
        let matched = matching(books[0], books[1], &tolerance, zero);
        Causes::of(books, &matched, &tolerance, zero, &Evidence::default())
    }

    #[test]
    fn the_hours_of_a_session_are_those_of_the_whole_bar() {
        // Alerts come 1:40 into their bar. One is strange within these hours, and one beyond them.
        let day = 24 * 60;
        let its = |day_of: i64| day_of * day + 21 * 60 + 40;
        let strange = [its(30) + 61, its(31) + 601];
        let mut minutes: Vec<i64> = (0..60).map(its).chain(strange).collect();
        minutes.sort_unstable();
        let place = |minute: i64| minutes.binary_search(&minute).unwrap();
        let causes = found(minutes.iter().copied()).invented;
        assert_eq!(causes[place(strange[0])], None, "{}", at(strange[0]));
        assert_eq!(causes[place(strange[1])], Some(Cause::OutsideSession));
    }

    #[test]
    fn a_missing_alert_is_within_the_session_where_others_come_late_in_the_bar() {
        // The last hour of the bar, each day but one.
        let minutes = (0..60).filter(|day| *day != 30);
        let causes = found(minutes.map(|day| day * 24 * 60 + 23 * 60 + 30)).missed;
        assert_eq!(causes[30], None);
    }
}
