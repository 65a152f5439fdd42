//! Causes that the books themselves show.

use std::collections::HashSet;
use std::ops::Range;

use super::alone::Alone;
use super::{Cause, Export};
use crate::compare::align::align;
use crate::compare::leg::{Action, Leg};
use crate::compare::matching::{Fate, Matching};
use crate::compare::tolerance::{Point, micros};
use crate::domain::money::Decimal;
use crate::domain::signal::Direction;

/// Microseconds within which an alert repeats another one, on charts whose bar is not known or
/// shorter.
const REPEATED_WITHIN: i64 = 60_000_000;

/// Of both books: causes of the first, and of the second.
type OfBoth<'a> = [&'a mut Vec<Option<Cause>>; 2];

/// Legs at an hour of the day at which the other book has none.
pub(super) fn name_sessions(alone: &Alone<'_>, [missed, invented]: OfBoth<'_>) {
    for &index in &alone.missed {
        if alone.is_outside_second(alone.points.first[index]) {
            missed[index].get_or_insert(Cause::OutsideSession);
        }
    }
    for &index in &alone.invented {
        if alone.is_outside_first(alone.points.second[index]) {
            invented[index].get_or_insert(Cause::OutsideSession);
        }
    }
}

/// An alert that is like another one which is a leg's, and came within a bar of it. Orders are
/// compared as wholes: whether one closes or opens does not count, for the second sale of what was
/// bought once opens a position, and that of what turned one round is no turn.
pub(super) fn name_repeated(alone: &Alone<'_>, found: &Matching, invented: &mut [Option<Cause>]) {
    let (legs, points) = (alone.legs[1], &alone.points.second);
    let apart = alone.bar.max(REPEATED_WITHIN);
    let of = |index: usize| order_of(legs, index);
    let quantity =
        |index: usize| -> Decimal { legs[of(index)].iter().map(|leg| leg.quantity.get()).sum() };
    for &index in &alone.invented {
        let (leg, at, own) = (&legs[index], points[index].at, of(index));
        let from = points.partition_point(|point| point.at < at.saturating_sub(apart));
        let near =
            (from..points.len()).take_while(|&other| points[other].at <= at.saturating_add(apart));
        let is_like = |other: &usize| {
            let other_leg = &legs[*other];
            matches!(found.second[*other], Fate::Matched(_))
                && !own.contains(other)
                && other_leg.side == leg.side
                && other_leg.price == leg.price
                && quantity(*other) == quantity(index)
        };
        if let Some(other) = near.into_iter().find(is_like) {
            let order = legs[other].order;
            invented[index].get_or_insert(Cause::Repeated { order });
        }
    }
}

/// The legs of the order that a leg is of: its exit and its entry follow each other.
fn order_of(legs: &[Leg], index: usize) -> Range<usize> {
    let is_of = |other: &Leg| other.order.is_some() && other.order == legs[index].order;
    let before = legs[..index].iter().rev().take_while(|other| is_of(other));
    let behind = legs[index + 1..].iter().take_while(|other| is_of(other));
    index - before.count()..index + 1 + behind.count()
}

/// A missed and a false leg in one bar, of which nothing else is known.
pub(super) fn name_others(alone: &Alone<'_>, [missed, invented]: OfBoth<'_>) {
    let first = left(&alone.missed, missed);
    let second = left(&alone.invented, invented);
    // Of another order the price may be another one.
    let at = |point: Point| point.at_price(1.0);
    let of_first: Vec<Point> = first
        .iter()
        .map(|&index| at(alone.points.first[index]))
        .collect();
    let of_second: Vec<Point> = second
        .iter()
        .map(|&index| at(alone.points.second[index]))
        .collect();
    for pair in align(&of_first, &of_second, &alone.cost).pairs {
        let (index, other) = (first[pair.first], second[pair.second]);
        missed[index] = Some(Cause::OtherOrder { leg: other });
        invented[other] = Some(Cause::OtherOrder { leg: index });
    }
}

/// Those that have no cause yet.
fn left(indices: &[usize], causes: &[Option<Cause>]) -> Vec<usize> {
    let left = indices.iter().copied();
    left.filter(|&index| causes[index].is_none()).collect()
}

/// Legs of two exports that are one, of a share of the smaller, from which on they are exports
/// of one strategy: another version of it has other trades altogether.
const OF_ONE_STRATEGY: f64 = 0.8;

/// The identity of a leg in a list: its time, and what it does.
type LegIdentity = (i64, Direction, Action);

fn known(leg: &Leg) -> LegIdentity {
    (leg.time.as_microsecond(), leg.side, leg.action)
}

/// Legs of which two exports of one strategy disagree: a past leg that the earlier one has not,
/// or an alert of a leg that only the earlier one has.
pub(super) fn name_repainted(
    alone: &Alone<'_>,
    exports: &[Export],
    [missed, invented]: OfBoth<'_>,
) {
    let now: HashSet<LegIdentity> = alone.legs[0].iter().map(known).collect();
    let bar = jiff::SignedDuration::from_micros(alone.bar);
    for export in exports.iter().rev() {
        let (Some(begin), Some(end)) = (export.legs.first(), export.legs.last()) else {
            continue;
        };
        let then: HashSet<LegIdentity> = export.legs.iter().map(known).collect();
        let is_covered = |leg: &&Leg| (begin.time..=end.time).contains(&leg.time);
        let covered = alone.legs[0].iter().filter(is_covered).count();
        let both = alone.legs[0]
            .iter()
            .filter(|leg| then.contains(&known(leg)))
            .count();
        if share(both, covered.min(then.len())) < OF_ONE_STRATEGY {
            continue;
        }
        let cause = Cause::Repainted {
            export: export.imported_at,
        };
        for &index in &alone.missed {
            let leg = &alone.legs[0][index];
            // The last bar of an export may still change.
            let is_past = leg.time + alone.shift + bar < export.imported_at && leg.time < end.time;
            if is_past && leg.time >= begin.time && !then.contains(&known(leg)) {
                missed[index].get_or_insert(cause.clone());
            }
        }
        let gone: Vec<&Leg> = export
            .legs
            .iter()
            .filter(|leg| !now.contains(&known(leg)))
            .collect();
        name_gone(alone, &gone, &cause, invented);
    }
}

/// Alerts of legs that only an earlier export has, which are in order of time.
fn name_gone(alone: &Alone<'_>, gone: &[&Leg], cause: &Cause, invented: &mut [Option<Cause>]) {
    let shift = micros(alone.shift);
    let windows = gone
        .iter()
        .map(|leg| alone.cost.window(Point::of(leg).later(shift)));
    let windows: Vec<(i64, i64)> = windows.collect();
    for &index in &alone.invented {
        let time = alone.points.second[index].at;
        // All windows have one length, so that both of their ends rise.
        let ends = windows.partition_point(|(_, latest)| *latest < time);
        let begun = windows.partition_point(|(earliest, _)| *earliest <= time);
        let side = alone.legs[1][index].side;
        if ends < begun && gone[ends..begun].iter().any(|leg| leg.side == side) {
            invented[index].get_or_insert_with(|| cause.clone());
        }
    }
}

fn share(part: usize, of: usize) -> f64 {
    use crate::analytics::number::count;
    if of == 0 {
        0.0
    } else {
        count(part) / count(of)
    }
}
