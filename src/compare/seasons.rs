//! A shift that is another one in summer: a chart in a zone with daylight saving whose times
//! were read in one without, or the other way round.

use std::rc::Rc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::clock::is_summer;
use super::matching::{Group, Points};
use super::rules::Rule;
use super::shift::{SAMPLE, rate_with, score};
use super::tolerance::{Cost, Point, micros};

/// A shift of a book's times by season.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seasons {
    /// While daylight saving is not in force.
    pub winter: SignedDuration,
    /// While it is.
    pub summer: SignedDuration,
    /// A zone with these dates.
    pub like: &'static str,
    /// Share of the first book's legs in the common range that are matched with both, and not
    /// late.
    pub match_rate: f64,
}

impl Seasons {
    /// The shift of a time, both in microseconds.
    pub(super) fn at(&self, at: i64) -> i64 {
        let time = Timestamp::from_microsecond(at);
        let zone = TimeZone::get(self.like);
        let is_summer = match (time, zone) {
            (Ok(time), Ok(zone)) => is_summer(time, self.winter, &zone),
            _ => false,
        };
        micros(if is_summer { self.summer } else { self.winter })
    }
}

/// By how much both shifts must raise the match rate above that of the best single one. Where
/// trades follow each other closely, an hour off finds a pair for many of them by chance.
pub(super) fn clearly(legs: usize) -> f64 {
    if legs >= MANY { 0.05 } else { 0.1 }
}

/// Legs of which a share is known to two points.
const MANY: usize = 400;

/// Both shifts where they explain more than one does; `constant` are single ones that fit best,
/// and `now` is the share that the best of these explains, or none, of so many legs `inside` the
/// common range.
pub(super) fn suggested(
    groups: &[Group],
    points: &Points,
    cost: &Cost,
    constant: &[i64],
    (now, inside): (f64, usize),
) -> Option<Seasons> {
    let enough = now + clearly(inside);
    if enough > 1.0 {
        return None;
    }
    let samples: Vec<_> = groups
        .iter()
        .map(|group| {
            let (first, second) = points.of_group(group);
            (thinned(&first), second)
        })
        .collect();
    let mut best: Option<(f64, Candidate)> = None;
    for rule in Rule::all(points.range_of_first()?) {
        let rule = Rc::new(rule);
        let candidates = Candidate::all(&rule, constant);
        let fits = candidates.map(|candidate| (candidate.fit(&samples, cost), candidate));
        let Some(of_rule) = fits.reduce(|best, next| if next.0 > best.0 { next } else { best })
        else {
            continue;
        };
        // Another zone's dates are named only where they fit better than by a leg or two.
        if best
            .as_ref()
            .is_none_or(|(known, _)| of_rule.0 > known * BETTER)
        {
            best = Some(of_rule);
        }
    }
    let (_, best) = best?;
    let match_rate = rate_with(groups, points, cost, |at| best.shift_at(at));
    (match_rate >= enough).then(|| Seasons {
        winter: SignedDuration::from_micros(best.winter),
        summer: SignedDuration::from_micros(best.summer),
        like: best.rule.like,
        match_rate,
    })
}

/// Factor by which the dates of one zone must fit better than those of one that is better known.
const BETTER: f64 = 1.005;

/// Some of many legs, over all of their time: a season is seen in the whole of it only.
fn thinned(first: &[Point]) -> Vec<Point> {
    let step = first.len() / SAMPLE + 1;
    first.iter().step_by(step).copied().collect()
}

/// Two shifts and when each is in force.
struct Candidate {
    rule: Rc<Rule>,
    winter: i64,
    summer: i64,
}

impl Candidate {
    /// Those of a rule of which one shift is among those that fit best all the year.
    fn all(rule: &Rc<Rule>, constant: &[i64]) -> impl Iterator<Item = Self> {
        let saving = rule.saving;
        let winters = constant
            .iter()
            .flat_map(|shift| [*shift, shift + saving, shift - saving]);
        let mut winters: Vec<i64> = winters.collect();
        winters.sort_unstable();
        winters.dedup();
        let both = move |winter: i64| [(winter, winter - saving), (winter, winter + saving)];
        winters
            .into_iter()
            .flat_map(both)
            .map(|(winter, summer)| Self {
                rule: Rc::clone(rule),
                winter,
                summer,
            })
    }

    fn shift_at(&self, at: i64) -> i64 {
        if self.rule.is_summer(at.saturating_add(self.winter)) {
            self.summer
        } else {
            self.winter
        }
    }

    fn fit(&self, samples: &[(Vec<Point>, Vec<Point>)], cost: &Cost) -> f64 {
        let fits = samples
            .iter()
            .map(|(first, second)| score(first, second, |at| self.shift_at(at), cost));
        fits.sum()
    }
}
