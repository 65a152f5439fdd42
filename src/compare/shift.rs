//! A constant shift between the clocks of two books: a backtest whose chart was set to another
//! zone. It is the commonest fault of all, and without it in mind nothing else is right.

use jiff::SignedDuration;

use super::align::align;
use super::clock::{self, ClockShift};
use super::matching::{Group, Points};
use super::rate::Rate;
use super::seasons::{self, Seasons};
use super::tolerance::{BOTH_ALONE, Cost, Point, Tolerance, micros};
use crate::analytics::number::{count, ratio};

/// A shift that explains more than none does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// To be added to the first book's times; nothing where only both seasons together help.
    pub by: SignedDuration,
    /// Share of the first book's legs in the common range that are matched with it, and not
    /// late.
    pub match_rate: f64,
    /// Two shifts in place of it, where daylight saving makes a difference.
    pub seasons: Option<Seasons>,
}

impl Shift {
    /// The match rate with it, or with both of its seasons.
    #[must_use]
    pub fn best_rate(&self) -> f64 {
        let by_season = self.seasons.map(|seasons| seasons.match_rate);
        by_season.unwrap_or(self.match_rate)
    }

    /// The shift of a time, both in microseconds.
    pub(super) fn at(&self, at: i64) -> i64 {
        match &self.seasons {
            Some(seasons) => seasons.at(at),
            None => micros(self.by),
        }
    }

    /// The same, where as many legs match as something else beside it allows.
    #[must_use]
    pub fn with_rate(self, match_rate: f64) -> Self {
        let seasons = self.seasons.map(|seasons| Seasons {
            match_rate,
            ..seasons
        });
        Self {
            match_rate,
            seasons,
            ..self
        }
    }
}

impl Shift {
    /// The same, of times that nothing was added to yet; `None` where that cannot be written, as
    /// after a zone, or is farther than a shift reaches.
    #[must_use]
    pub fn after(self, applied: &ClockShift) -> Option<Self> {
        let ClockShift::Constant(earlier) = applied else {
            return None;
        };
        let sum = |by: SignedDuration| {
            let sum = by.checked_add(*earlier);
            sum.filter(|sum| sum.abs() <= clock::FARTHEST)
        };
        let seasons = match self.seasons {
            Some(seasons) => Some(Seasons {
                winter: sum(seasons.winter)?,
                summer: sum(seasons.summer)?,
                ..seasons
            }),
            None => None,
        };
        Some(Self {
            by: sum(self.by)?,
            seasons,
            ..self
        })
    }

    /// True where a comparison with it matches clearly more than one without.
    #[must_use]
    pub fn is_clear(&self, without: &Rate, with: &Rate) -> bool {
        let least = match self.seasons {
            Some(_) => seasons::clearly(without.legs),
            None => clearly(without.legs),
        };
        is_more(without, with, least)
    }

    /// True where one comparison matches clearly more than another, whatever makes it.
    #[must_use]
    pub fn is_clearly_more(without: &Rate, with: &Rate) -> bool {
        is_more(without, with, clearly(without.legs))
    }
}

fn is_more(without: &Rate, with: &Rate, least: f64) -> bool {
    with.percent >= without.percent + 100.0 * least
}

/// Zones are whole quarters of an hour apart.
const STEP: i64 = 15 * 60 * 1_000_000;

/// The farthest zones are this many quarters of an hour from UTC.
const FARTHEST: i64 = 14 * 4;

/// By how much a shift must raise the match rate. A shift of less than a bar leaves most
/// legs in the window, so of many legs less is asked.
pub(super) fn clearly(legs: usize) -> f64 {
    if legs >= MANY { 0.1 } else { 0.2 }
}

/// Legs of which a share is known to a few points.
const MANY: usize = 100;

/// A minute, which is the shortest bar of a chart.
const MINUTE: i64 = 60_000_000;

/// Candidates that are tried with the whole alignment.
const TRIED: usize = 3;

/// Legs of a group that are looked at for a shift.
pub(super) const SAMPLE: usize = 4_000;

/// The shift by which a matching would be clearly better.
pub(super) fn suggested(
    groups: &[Group],
    points: &Points,
    cost: &Cost,
    tolerance: &Tolerance,
    (now, inside): (f64, usize),
) -> Option<Shift> {
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
    let bar = if bar < MINUTE { 0 } else { bar };
    let zones = (-FARTHEST..=FARTHEST).map(|quarters| quarters * STEP);
    let mut scored: Vec<(f64, i64)> = zones
        .flat_map(|zone| [zone, zone + bar, zone - bar])
        .chain(minutes_late(bar))
        .filter(|shift| *shift != 0)
        .map(|shift| {
            (
                samples
                    .iter()
                    .map(|(first, second)| score(first, second, |_| shift, cost))
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
    scored.truncate(TRIED);
    let constant: Vec<i64> = scored.iter().map(|&(_, shift)| shift).collect();
    let tried = constant.iter().map(|&shift| Shift {
        by: SignedDuration::from_micros(shift),
        match_rate: rate_with(groups, points, cost, |_| shift),
        seasons: None,
    });
    let best = tried.reduce(|best, next| {
        if next.match_rate > best.match_rate {
            next
        } else {
            best
        }
    })?;
    let is_enough = best.match_rate >= enough;
    let known = if is_enough { best.match_rate } else { now };
    let with_none: Vec<i64> = constant.into_iter().chain([0]).collect();
    let seasons = seasons::suggested(groups, points, cost, &with_none, (known, inside));
    let by = if is_enough {
        best.by
    } else {
        SignedDuration::ZERO
    };
    (is_enough || seasons.is_some()).then_some(Shift {
        by,
        match_rate: known,
        seasons,
    })
}

/// Minutes by which alerts come late, by more than a bar and less than zones lie apart.
fn minutes_late(bar: i64) -> impl Iterator<Item = i64> {
    let minutes = (1..STEP / MINUTE).map(|minutes| minutes * MINUTE);
    minutes.filter(move |late| bar > 0 && *late > bar)
}

/// The share of the first book's legs that match after a shift, which may depend on the time,
/// and are not late.
pub(super) fn rate_with(
    groups: &[Group],
    points: &Points,
    cost: &Cost,
    shift: impl Fn(i64) -> i64,
) -> f64 {
    let shifted = Points {
        first: points
            .first
            .iter()
            .map(|point| point.later(shift(point.at)))
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
        let (mut first, second) = shifted.of_group(group);
        first.sort_by_key(|point| point.at);
        let pairs = align(&first, &second, cost).pairs;
        let timely = pairs
            .iter()
            .filter(|pair| !cost.is_late(first[pair.first], second[pair.second]));
        timely.count()
    });
    share(pairs.sum(), inside)
}

/// Score of two sequences with a shift: each leg takes the next that can be its own, and counts the
/// more, the nearer it is. Good enough to tell candidates apart, and fast.
pub(super) fn score(
    first: &[Point],
    second: &[Point],
    shift: impl Fn(i64) -> i64,
    cost: &Cost,
) -> f64 {
    let mut score = 0.0;
    let mut next = 0;
    for point in first {
        let point = point.later(shift(point.at));
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

pub(super) fn share(part: usize, of: usize) -> f64 {
    ratio(count(part), count(of)).unwrap_or(0.0)
}
