//! Causes that the books themselves show.

use std::collections::HashSet;

use super::alone::Alone;
use super::{Cause, Export};
use crate::compare::leg::{Action, Leg};
use crate::domain::signal::Direction;

/// Of both books: causes of the first, and of the second.
type OfBoth<'a> = [&'a mut Vec<Option<Cause>>; 2];

/// Legs at an hour of the day at which the other book has none.
pub(super) fn name_sessions(alone: &Alone<'_>, [missed, invented]: OfBoth<'_>) {
    let sides = [
        (&alone.missed, &alone.points.first, missed, 1),
        (&alone.invented, &alone.points.second, invented, 0),
    ];
    for (indices, points, causes, other) in sides {
        for &index in indices {
            if alone.is_outside_session(other, points[index]) {
                causes[index].get_or_insert(Cause::OutsideSession);
            }
        }
    }
}

/// A missed and a false leg in one bar.
pub(super) fn name_others(alone: &Alone<'_>, [missed, invented]: OfBoth<'_>) {
    let mut others = alone.invented.iter().copied().peekable();
    for &index in &alone.missed {
        let (earliest, latest) = alone.cost.window(alone.points.first[index]);
        let at = |other: &usize| alone.points.second[*other].at;
        while others.next_if(|other| at(other) < earliest).is_some() {}
        if let Some(other) = others.next_if(|other| at(other) <= latest) {
            missed[index].get_or_insert(Cause::OtherOrder { leg: other });
            invented[other].get_or_insert(Cause::OtherOrder { leg: index });
        }
    }
}

/// Legs of two exports that are one, of a share of the smaller, from which on they are exports
/// of one strategy: another version of it has another past altogether.
const OF_ONE_STRATEGY: f64 = 0.8;

/// What a leg of a list is known by: its time, and what it does.
type Known = (i64, Direction, Action);

fn known(leg: &Leg) -> Known {
    (leg.time.as_microsecond(), leg.side, leg.action)
}

/// Legs of which two exports of one strategy disagree: a past leg that the earlier one has not,
/// or an alert of a leg that only the earlier one has.
pub(super) fn name_repainted(
    alone: &Alone<'_>,
    exports: &[Export],
    [missed, invented]: OfBoth<'_>,
) {
    let now: HashSet<Known> = alone.legs[0].iter().map(known).collect();
    let bar = jiff::SignedDuration::from_micros(alone.bar);
    for export in exports.iter().rev() {
        let (Some(begin), Some(end)) = (export.legs.first(), export.legs.last()) else {
            continue;
        };
        let then: HashSet<Known> = export.legs.iter().map(known).collect();
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
        for &index in &alone.invented {
            let alert = &alone.legs[1][index];
            let time = alone.points.second[index].at;
            let is_its = |leg: &&&Leg| {
                let point = crate::compare::tolerance::Point::of(leg)
                    .later(crate::compare::tolerance::micros(alone.shift));
                let (earliest, latest) = alone.cost.window(point);
                leg.side == alert.side && (earliest..=latest).contains(&time)
            };
            if gone.iter().any(|leg| is_its(&leg)) {
                invented[index].get_or_insert(cause.clone());
            }
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
