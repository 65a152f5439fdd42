//! A constant shift between the clocks of two books: a backtest whose chart was set to another
//! zone. It is the commonest fault of all, and without it in mind nothing else is right.

use jiff::SignedDuration;

use super::align::align;
use super::matching::{Fate, Group, Matching, Points};
use super::tolerance::{BOTH_ALONE, Cost, Point, Tolerance, micros};
use crate::analytics::number::{count, ratio};

/// A shift that explains more than none does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// To be added to the first book's times.
    pub by: SignedDuration,
    /// Share of the first book's legs in the common range that are matched with it, and not
    /// late.
    pub match_rate: f64,
}

/// Zones are whole quarters of an hour apart.
const STEP: i64 = 15 * 60 * 1_000_000;

/// The farthest zones are this many quarters of an hour from UTC.
const FARTHEST: i64 = 14 * 4;

/// By how much a shift must raise the match rate. A shift of less than a bar leaves most
/// legs in the window, so of many legs less is asked.
fn clearly(legs: usize) -> f64 {
    if legs >= MANY { 0.1 } else { 0.2 }
}

/// Legs of which a share is known to a few points.
const MANY: usize = 100;

/// The shortest bar of a chart, a minute.
const SHORTEST_BAR: i64 = 60_000_000;

/// Candidates that are tried with the whole alignment.
const TRIED: usize = 3;

/// Legs of a group that are looked at for a shift.
const SAMPLE: usize = 4_000;

/// The shift by which a matching would be clearly better.
pub(super) fn suggested(
    groups: &[Group],
    points: &Points,
    cost: &Cost,
    tolerance: &Tolerance,
    without: &Matching,
) -> Option<Shift> {
    let inside = without
        .first
        .iter()
        .filter(|fate| **fate != Fate::Outside)
        .count();
    let timely = without
        .pairs
        .iter()
        .filter(|pair| !cost.is_late(points.first[pair.first], points.second[pair.second]));
    let now = share(timely.count(), inside);
    let enough = now + clearly(inside);
    if enough > 1.0 {
        return None;
    }
    let samples: Vec<_> = groups
        .iter()
        .map(|group| {
            let (mut first, mut second) = points.of_group(group);
            first.truncate(SAMPLE);
            second.truncate(SAMPLE * 2);
            (first, second)
        })
        .collect();
    // A bar of seconds is what times are told to, and no shift of a chart.
    let bar = micros(tolerance.bar);
    let bar = if bar < SHORTEST_BAR { 0 } else { bar };
    let zones = (-FARTHEST..=FARTHEST).map(|quarters| quarters * STEP);
    let mut scored: Vec<(f64, i64)> = zones
        .flat_map(|zone| [zone, zone + bar, zone - bar])
        .filter(|shift| *shift != 0)
        .map(|shift| {
            (
                samples
                    .iter()
                    .map(|(first, second)| score(first, second, shift, cost))
                    .sum(),
                shift,
            )
        })
        .collect();
    // The best first; of equals the smallest, and whole hours before parts of one.
    let roundness = |shift: i64| (shift % (4 * STEP) != 0, shift.abs());
    scored.sort_by(|one, other| {
        other
            .0
            .total_cmp(&one.0)
            .then_with(|| roundness(one.1).cmp(&roundness(other.1)))
    });
    scored.dedup_by_key(|(_, shift)| *shift);
    let tried = scored.iter().take(TRIED).map(|&(_, shift)| Shift {
        by: SignedDuration::from_micros(shift),
        match_rate: rate_with(groups, points, cost, shift),
    });
    let best = tried.reduce(|best, next| {
        if next.match_rate > best.match_rate {
            next
        } else {
            best
        }
    })?;
    (best.match_rate >= enough).then_some(best)
}

fn rate_with(groups: &[Group], points: &Points, cost: &Cost, shift: i64) -> f64 {
    let shifted = Points {
        first: points
            .first
            .iter()
            .map(|point| point.later(shift))
            .collect(),
        second: points.second.clone(),
    };
    let Some((from, to)) = shifted.range() else {
        return 0.0;
    };
    let inside = shifted
        .first
        .iter()
        .filter(|point| (from..=to).contains(&point.at))
        .count();
    let pairs = groups.iter().map(|group| {
        let (first, second) = shifted.of_group(group);
        let pairs = align(&first, &second, cost).pairs;
        let timely = pairs
            .iter()
            .filter(|pair| !cost.is_late(first[pair.first], second[pair.second]));
        timely.count()
    });
    share(pairs.sum(), inside)
}

/// How well two sequences fit with a shift: each leg takes the next that can be its own, and
/// counts the more, the nearer it is. Good enough to tell candidates apart, and fast.
fn score(first: &[Point], second: &[Point], shift: i64, cost: &Cost) -> f64 {
    let mut score = 0.0;
    let mut next = 0;
    for point in first {
        let point = point.later(shift);
        let (earliest, latest) = cost.window(point);
        while next < second.len() && second[next].at < earliest {
            next += 1;
        }
        let inside = second[next..].iter().take_while(|other| other.at <= latest);
        let fit = inside
            .enumerate()
            .map(|(offset, other)| (offset, 1.0 - cost.pair(point, *other) / BOTH_ALONE))
            .find(|(_, fit)| *fit > 0.0);
        if let Some((offset, fit)) = fit {
            score += fit;
            next += offset + 1;
        }
    }
    score
}

fn share(part: usize, of: usize) -> f64 {
    ratio(count(part), count(of)).unwrap_or(0.0)
}
