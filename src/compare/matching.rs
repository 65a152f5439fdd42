//! The matching of two books: first what is certain, then the best alignment of the rest.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::align::{align, windows};
use super::certain::{By, certain};
use super::leg::{Action, Leg};
use super::measure::measured;
use super::scale::{self, Scale};
use super::shift::{self, Shift};
use super::tolerance::{BOTH_ALONE, Cost, Point, Tolerance, micros};
use crate::domain::money::Quantity;
use crate::domain::signal::{Direction, Ticker};

/// Two legs that are one fill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Index in the first book.
    pub first: usize,
    /// Index in the second book.
    pub second: usize,
    /// The ground.
    pub by: By,
    /// Further cost of the best alignment without it: 0 is a toss-up, 0.3 as good as sure.
    pub margin: f64,
}

/// The place that a leg of one book has in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Part of the pair with this index.
    Matched(usize),
    /// On one side only, in the range that both books cover: missed in the second, false in
    /// the first.
    Alone,
    /// Before the other book begins, or after it ends.
    Outside,
}

/// Two books matched.
#[derive(Debug, Clone, PartialEq)]
pub struct Matching {
    /// The pairs, by index in the first book.
    pub pairs: Vec<Pair>,
    /// The fate of each leg of the first book.
    pub first: Vec<Fate>,
    /// The fate of each leg of the second book.
    pub second: Vec<Fate>,
    /// The range that both books cover, in times of the second; `None` where there is none.
    pub range: Option<(Timestamp, Timestamp)>,
    /// The shift by which the first book's times look wrong.
    pub suggested: Option<Shift>,
    /// The factor by which the second book's prices differ; beside a shift only where neither
    /// helps without the other.
    pub suggested_scale: Option<Scale>,
}

/// Legs of both books that can be one: of one instrument, side and effect.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) first: Vec<usize>,
    pub(super) second: Vec<usize>,
}

/// Matches two books, each in order of time, after moving the first by `shift`, and looks for what
/// would make clearly more of them match.
#[must_use]
pub fn matching(
    first: &[Leg],
    second: &[Leg],
    tolerance: &Tolerance,
    shift: SignedDuration,
) -> Matching {
    let points = Points::shifted(first, second, shift);
    let (groups, mut matching) = laid_over(first, second, &points, &Cost::of(tolerance));
    // What an order does to the position follows from the matching itself where nobody states it,
    // and is wrong while the clocks are.
    let groups = if second.iter().all(|leg| leg.is_action_stated) {
        groups
    } else {
        sides(first, second)
    };
    matching.suggest(&groups, &points, tolerance);
    matching
}

/// The same without looking for anything better.
#[must_use]
pub fn matched(
    first: &[Leg],
    second: &[Leg],
    tolerance: &Tolerance,
    shift: SignedDuration,
) -> Matching {
    let points = Points::shifted(first, second, shift);
    laid_over(first, second, &points, &Cost::of(tolerance)).1
}

/// Two books matched, and the groups that they were matched in.
fn laid_over(
    first: &[Leg],
    second: &[Leg],
    points: &Points,
    cost: &Cost,
) -> (Vec<Group>, Matching) {
    let (groups, pairs) = paired(first, second, points, cost);
    let range = points.range().or_else(|| points.near_range(cost));
    let mut matching = Matching {
        first: fates(&points.first, range),
        second: fates(&points.second, range),
        range: range.and_then(|(from, to)| {
            Some((
                Timestamp::from_microsecond(from).ok()?,
                Timestamp::from_microsecond(to).ok()?,
            ))
        }),
        pairs,
        suggested: None,
        suggested_scale: None,
    };
    // A list without open trades has not the entry of one that is open at its end.
    let ends = points.first.last().map_or(i64::MAX, |last| last.at);
    for (fate, point) in matching.second.iter_mut().zip(&points.second) {
        if point.at >= ends {
            *fate = Fate::Outside;
        }
    }
    for (index, pair) in matching.pairs.iter().enumerate() {
        matching.first[pair.first] = Fate::Matched(index);
        matching.second[pair.second] = Fate::Matched(index);
    }
    (groups, matching)
}

/// The pairs of two books, by index in the first, and the groups that they were found in.
fn paired(first: &[Leg], second: &[Leg], points: &Points, cost: &Cost) -> (Vec<Group>, Vec<Pair>) {
    let groups = groups(first, second);
    let mut pairs = Vec::new();
    for group in &groups {
        match_group(group, first, second, points, cost, &mut pairs);
    }
    match_unstated(first, second, points, cost, &mut pairs);
    match_late(first, second, points, cost, &mut pairs);
    pairs.sort_unstable_by_key(|pair| pair.first);
    (groups, pairs)
}

/// The pairs of two books alone, without what else there is to say of them.
pub(super) fn pairs(
    first: &[Leg],
    second: &[Leg],
    tolerance: &Tolerance,
    shift: SignedDuration,
) -> Vec<Pair> {
    let cost = Cost::of(tolerance);
    let points = Points::shifted(first, second, shift);
    paired(first, second, &points, &cost).1
}

impl Matching {
    /// Looks for what would make clearly more legs match: another zone, or a factor between the
    /// prices.
    fn suggest(&mut self, groups: &[Group], points: &Points, tolerance: &Tolerance) {
        let cost = Cost::of(tolerance);
        let inside = self.first.iter().filter(|fate| **fate != Fate::Outside);
        let inside = inside.count();
        let timely = self
            .pairs
            .iter()
            .filter(|pair| !cost.is_late(points.first[pair.first], points.second[pair.second]));
        let now = shift::share(timely.count(), inside);
        let by_time = shift::suggested(groups, points, &cost, tolerance, (now, inside));
        let by_price = scale::suggested(groups, points, &cost, now, inside);
        let is_price = match (&by_time, &by_price) {
            (Some(time), Some(price)) => price.match_rate > time.best_rate(),
            (_, price) => price.is_some(),
        };
        (self.suggested, self.suggested_scale) = if is_price {
            (None, by_price)
        } else if by_time.is_some() {
            (by_time, None)
        } else {
            suggested_both(groups, points, tolerance, (now, inside)).unzip()
        };
    }

    /// Leaves what lies outside a range out, by the times of the second book.
    pub fn restrict(
        &mut self,
        [first, second]: [&[Leg]; 2],
        shift: SignedDuration,
        (from, to): (Option<Timestamp>, Option<Timestamp>),
    ) {
        let is_inside =
            |time: Timestamp| from.is_none_or(|from| time >= from) && to.is_none_or(|to| time < to);
        let kept = |pair: &Pair| is_inside(second[pair.second].time);
        let pairs: Vec<Pair> = self.pairs.iter().copied().filter(kept).collect();
        let outside = |fates: &mut [Fate], legs: &[Leg], shift: SignedDuration| {
            for (fate, leg) in fates.iter_mut().zip(legs) {
                if matches!(fate, Fate::Matched(_)) || !is_inside(leg.time + shift) {
                    *fate = Fate::Outside;
                }
            }
        };
        outside(&mut self.first, first, shift);
        outside(&mut self.second, second, SignedDuration::ZERO);
        for (index, pair) in pairs.iter().enumerate() {
            self.first[pair.first] = Fate::Matched(index);
            self.second[pair.second] = Fate::Matched(index);
        }
        self.pairs = pairs;
        self.range = self.range.and_then(|(begins, ends)| {
            let begins = from.map_or(begins, |from| from.max(begins));
            let ends = to.map_or(ends, |to| to.min(ends));
            (begins <= ends).then_some((begins, ends))
        });
    }
}

/// A shift and a factor that help together only: prices of another chart keep every leg of
/// another zone from its own, and the other way round. The times alone find the zone, and prices
/// then say whether it is one.
fn suggested_both(
    groups: &[Group],
    points: &Points,
    tolerance: &Tolerance,
    (now, inside): (f64, usize),
) -> Option<(Shift, Scale)> {
    let cost = Cost::of(tolerance);
    let timed = points.without_price();
    let shift = shift::suggested(groups, &timed, &cost, tolerance, (now, inside))?;
    let scale = scale::suggested(groups, &points.after(&shift), &cost, now, inside)?;
    Some((shift.with_rate(scale.match_rate), scale))
}

/// Both books as their distance is measured, the first one shifted.
pub(super) struct Points {
    pub(super) first: Vec<Point>,
    pub(super) second: Vec<Point>,
}

impl Points {
    pub(super) fn shifted(first: &[Leg], second: &[Leg], shift: SignedDuration) -> Self {
        let shift = micros(shift);
        Self {
            first: measured(first).map(|point| point.later(shift)).collect(),
            second: second.iter().map(Point::of).collect(),
        }
    }

    /// The same, all at one price.
    pub(super) fn without_price(&self) -> Self {
        let one = |points: &[Point]| points.iter().map(|point| point.at_price(1.0)).collect();
        Self {
            first: one(&self.first),
            second: one(&self.second),
        }
    }

    /// The same with the first one's times moved by a shift.
    fn after(&self, shift: &Shift) -> Self {
        let moved = self
            .first
            .iter()
            .map(|point| point.later(shift.at(point.at)));
        Self {
            first: moved.collect(),
            second: self.second.clone(),
        }
    }

    /// Those of some legs, by index.
    pub(super) fn of(&self, first: &[usize], second: &[usize]) -> (Vec<Point>, Vec<Point>) {
        let of = |points: &[Point], indices: &[usize]| {
            indices.iter().map(|&index| points[index]).collect()
        };
        (of(&self.first, first), of(&self.second, second))
    }

    /// Those of a group.
    pub(super) fn of_group(&self, group: &Group) -> (Vec<Point>, Vec<Point>) {
        self.of(&group.first, &group.second)
    }

    /// The range that the first covers.
    pub(super) fn range_of_first(&self) -> Option<(i64, i64)> {
        Some((self.first.first()?.at, self.first.last()?.at))
    }

    /// The range that both cover.
    pub(super) fn range(&self) -> Option<(i64, i64)> {
        let from = self.first.first()?.at.max(self.second.first()?.at);
        let to = self.first.last()?.at.min(self.second.last()?.at);
        (from <= to).then_some((from, to))
    }

    /// The range where nothing is covered by both, but one begins within the window in which the
    /// other ends: all of it, for a book of one leg covers no time.
    fn near_range(&self, cost: &Cost) -> Option<(i64, i64)> {
        let (first, last) = (self.first.first()?, self.first.last()?);
        let (begins, ends) = (self.second.first()?.at, self.second.last()?.at);
        let is_near = begins <= cost.window(*last).1 && ends >= cost.window(*first).0;
        is_near.then_some((first.at.min(begins), last.at.max(ends)))
    }
}

fn fates(points: &[Point], range: Option<(i64, i64)>) -> Vec<Fate> {
    let fate = |point: &Point| match range {
        Some((from, to)) if (from..=to).contains(&point.at) => Fate::Alone,
        _ => Fate::Outside,
    };
    points.iter().map(fate).collect()
}

/// Matches what is left and differs in time alone: a missed and a false leg of one side, effect
/// and quantity within the window are one that came late, rather than two faults.
fn match_late(first: &[Leg], second: &[Leg], points: &Points, cost: &Cost, pairs: &mut Vec<Pair>) {
    let (left, of_second) = left(first, second, pairs);
    let mut groups: HashMap<(usize, Quantity), Group> = HashMap::new();
    let mut grouping = Grouping::default();
    for index in left {
        let group = grouping.place_of(&first[index], first[index].action);
        let alike = groups.entry((group, first[index].quantity)).or_default();
        alike.first.push(index);
    }
    for index in of_second {
        let group = grouping.place_of(&second[index], second[index].action);
        if let Some(alike) = groups.get_mut(&(group, second[index].quantity)) {
            alike.second.push(index);
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_unstable_by(|one, other| one.first.cmp(&other.first));
    for group in &groups {
        match_rest(&group.first, &group.second, points, &cost.late(), pairs);
    }
}

/// The legs of both books that are in no pair.
fn left(first: &[Leg], second: &[Leg], pairs: &[Pair]) -> (Vec<usize>, Vec<usize>) {
    let mut is_paired = (vec![false; first.len()], vec![false; second.len()]);
    for pair in pairs {
        is_paired.0[pair.first] = true;
        is_paired.1[pair.second] = true;
    }
    let left = |is_paired: Vec<bool>| {
        let indices = is_paired.into_iter().enumerate();
        let left = indices.filter(|(_, is_paired)| !is_paired);
        left.map(|(index, _)| index).collect()
    };
    (left(is_paired.0), left(is_paired.1))
}

/// Matches what is left of legs whose effect nobody stated: after a fill that is missing, an
/// entry is taken for an exit, and the other way round.
fn match_unstated(
    first: &[Leg],
    second: &[Leg],
    points: &Points,
    cost: &Cost,
    pairs: &mut Vec<Pair>,
) {
    let (left, of_second) = left(first, second, pairs);
    let mut grouping = Grouping::default();
    for index in left {
        let group = grouping.group_of(&first[index], Action::Entry);
        group.first.push(index);
    }
    for index in of_second {
        if !second[index].is_action_stated {
            let group = grouping.group_of(&second[index], Action::Entry);
            group.second.push(index);
        }
    }
    for group in &grouping.groups {
        match_rest(&group.first, &group.second, points, cost, pairs);
    }
}

/// The groups of two books.
pub(super) fn groups(first: &[Leg], second: &[Leg]) -> Vec<Group> {
    let mut grouping = Grouping::default();
    for (index, leg) in first.iter().enumerate() {
        grouping.group_of(leg, leg.action).first.push(index);
    }
    for (index, leg) in second.iter().enumerate() {
        grouping.group_of(leg, leg.action).second.push(index);
    }
    grouping.groups
}

/// The groups of two books by side alone, whatever a leg does to the position.
fn sides(first: &[Leg], second: &[Leg]) -> Vec<Group> {
    let mut grouping = Grouping::default();
    for (index, leg) in first.iter().enumerate() {
        grouping.group_of(leg, Action::Entry).first.push(index);
    }
    for (index, leg) in second.iter().enumerate() {
        grouping.group_of(leg, Action::Entry).second.push(index);
    }
    grouping.groups
}

/// Sorts legs into groups. Tickers are one where they may be: an exchange written before one
/// of them makes no other instrument.
#[derive(Default)]
struct Grouping<'legs> {
    names: HashMap<&'legs Ticker, usize>,
    instruments: Vec<&'legs Ticker>,
    known: HashMap<(usize, Direction, Action), usize>,
    groups: Vec<Group>,
}

impl<'legs> Grouping<'legs> {
    fn group_of(&mut self, leg: &'legs Leg, action: Action) -> &mut Group {
        let place = self.place_of(leg, action);
        &mut self.groups[place]
    }

    /// The place of a leg's group among all.
    fn place_of(&mut self, leg: &'legs Leg, action: Action) -> usize {
        let instruments = &mut self.instruments;
        let instrument = *self.names.entry(&leg.ticker).or_insert_with(|| {
            let known = instruments
                .iter()
                .position(|known| known.may_be(&leg.ticker));
            known.unwrap_or_else(|| {
                instruments.push(&leg.ticker);
                instruments.len() - 1
            })
        });
        let groups = &mut self.groups;
        *self
            .known
            .entry((instrument, leg.side, action))
            .or_insert_with(|| {
                groups.push(Group::default());
                groups.len() - 1
            })
    }
}

fn match_group(
    group: &Group,
    first: &[Leg],
    second: &[Leg],
    points: &Points,
    cost: &Cost,
    pairs: &mut Vec<Pair>,
) {
    let (of_first, of_second) = points.of_group(group);
    let windows = windows(&of_first, &of_second, cost);
    let firsts: Vec<&Leg> = group.first.iter().map(|&index| &first[index]).collect();
    let seconds: Vec<&Leg> = group.second.iter().map(|&index| &second[index]).collect();
    let is_possible =
        |one: usize, other: usize| cost.pair(of_first[one], of_second[other]).is_finite();
    // The rest lies between certain pairs, whose order it keeps.
    let mut from = (0, 0);
    for (one, other, by) in certain(&firsts, &seconds, &windows, is_possible) {
        let (first, second) = (&group.first[from.0..one], &group.second[from.1..other]);
        match_rest(first, second, points, cost, pairs);
        pairs.push(Pair {
            first: group.first[one],
            second: group.second[other],
            by,
            margin: BOTH_ALONE,
        });
        from = (one + 1, other + 1);
    }
    let (first, second) = (&group.first[from.0..], &group.second[from.1..]);
    match_rest(first, second, points, cost, pairs);
}

/// Matches legs of both books, by index, that nothing makes certain.
fn match_rest(
    first: &[usize],
    second: &[usize],
    points: &Points,
    cost: &Cost,
    pairs: &mut Vec<Pair>,
) {
    let (of_first, of_second) = points.of(first, second);
    let aligned = align(&of_first, &of_second, cost).pairs;
    pairs.extend(aligned.iter().map(|pair| Pair {
        first: first[pair.first],
        second: second[pair.second],
        by: By::Alignment,
        margin: pair.margin,
    }));
}
