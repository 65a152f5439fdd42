//! A factor between the prices of two books: a chart that is adjusted for dividends, another
//! contract of one root, or another unit; or one from a day on, as after the split of a stock, for
//! which a list that is made later is adjusted all over.

use jiff::Timestamp;

use super::align::align;
use super::matching::{Group, Points};
use super::shift::{clearly, rate_with};
use super::tolerance::{Cost, Point};
use crate::analytics::statistics::Sorted;

/// A factor with which more legs match.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The second book's prices over the first's.
    pub factor: f64,
    /// The second book's prices less the first's, where that is the same throughout rather than
    /// the factor.
    pub offset: Option<f64>,
    /// The tolerance in price with which they match as they are, as a share of the price.
    pub tolerance: f64,
    /// Share of the first book's legs in the common range that match with the factor, and are
    /// not late.
    pub match_rate: f64,
    /// Another factor until some time.
    pub until: Option<Until>,
}

/// A factor that ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Until {
    /// The first leg of the second book that has the other one.
    pub at: Timestamp,
    /// The second book's prices over the first's before that.
    pub factor: f64,
}

/// A tolerance of so many times the distance makes it a small part of a pair's cost.
const TIMES_APART: f64 = 3.0;

/// The factor with which clearly more than `now` of the legs match; `inside` are in the common
/// range.
pub(super) fn suggested(
    groups: &[Group],
    points: &Points,
    cost: &Cost,
    now: f64,
    inside: usize,
) -> Option<Scale> {
    let enough = now + clearly(inside);
    if enough > 1.0 {
        return None;
    }
    let prices = prices(groups, points, cost);
    let ratios: Vec<(i64, f64)> = prices
        .iter()
        .map(|(at, [one, other])| (*at, other / one))
        .collect();
    let middle = |of: Vec<f64>| Sorted::of(of).at(0.5);
    let factor = middle(ratios.iter().map(|(_, ratio)| *ratio).collect())?;
    let offset = middle(prices.iter().map(|(_, [one, other])| other - one).collect())?;
    let by_factor = rate_of(groups, points, cost, |point| point.scaled(factor));
    let by_offset = rate_of(groups, points, cost, |point| point.dearer(offset));
    if by_factor.max(by_offset) < enough {
        return split(groups, points, cost, &ratios).filter(|split| split.match_rate >= enough);
    }
    let is_offset = by_offset > by_factor + FITS_BETTER;
    let apart = if is_offset {
        // Of a low price it is the greater share.
        let shares = prices.iter().map(|(_, [one, _])| (offset / one).abs());
        Sorted::of(shares.collect()).at(0.95)?
    } else {
        (factor - 1.0).abs()
    };
    Some(Scale {
        factor,
        offset: is_offset.then_some(offset),
        tolerance: (apart * TIMES_APART * 100.0).ceil() / 100.0,
        match_rate: by_factor.max(by_offset),
        until: None,
    })
}

/// By how much more an amount has to fit than a factor does, to be told in place of it.
const FITS_BETTER: f64 = 0.05;

/// The prices of both books, by time alone, each with the time of the second's leg; oldest first.
fn prices(groups: &[Group], points: &Points, cost: &Cost) -> Vec<(i64, [f64; 2])> {
    let timed = points.without_price();
    let mut prices = Vec::new();
    for group in groups {
        let (first, second) = points.of_group(group);
        let (of_first, of_second) = timed.of_group(group);
        let pairs = align(&of_first, &of_second, cost).pairs;
        let both = pairs.iter().map(|pair| {
            let (one, other) = (first[pair.first], second[pair.second]);
            (other.at, [one.price, other.price])
        });
        let has_ratio = |(_, [one, other]): &(i64, [f64; 2])| {
            let ratio = other / one;
            ratio.is_finite() && ratio > 0.0
        };
        prices.extend(both.filter(has_ratio));
    }
    prices.sort_unstable_by_key(|(at, _)| *at);
    prices
}

/// The share of legs that match at other prices, which may depend on the time.
fn rate_of(
    groups: &[Group],
    points: &Points,
    cost: &Cost,
    priced: impl Fn(&Point) -> Point,
) -> f64 {
    let scaled = Points {
        first: points.first.iter().map(priced).collect(),
        second: points.second.clone(),
    };
    rate_with(groups, &scaled, cost, |_| 0)
}

/// Ratios that each side of a split has at least.
const LEAST_SIDE: usize = 5;

/// Places that are tried for a split at first; the best is then looked at more closely.
const PLACES: usize = 32;

/// Least ratio of both factors of a split: 1.1.
const LEAST_SPLIT: f64 = 1.1;

/// The two factors that fit best, one until a time and one from then on.
fn split(groups: &[Group], points: &Points, cost: &Cost, ratios: &[(i64, f64)]) -> Option<Scale> {
    let last = ratios.len().checked_sub(LEAST_SIDE)?;
    let median =
        |part: &[(i64, f64)]| Sorted::of(part.iter().map(|(_, ratio)| *ratio).collect()).at(0.5);
    // Ratios that lie within a twentieth of the median of their side.
    let fit = |place: usize| -> usize {
        let sides = [&ratios[..place], &ratios[place..]];
        let near = sides.map(|side| {
            let middle = median(side).unwrap_or(1.0);
            let is_near = |(_, ratio): &&(i64, f64)| (ratio / middle - 1.0).abs() < 0.05;
            side.iter().filter(is_near).count()
        });
        near[0] + near[1]
    };
    let mut places = LEAST_SIDE..=last;
    let mut step = (last / PLACES).max(1);
    let mut best = (0, 0);
    loop {
        for place in places.clone().step_by(step) {
            best = best.max((fit(place), place));
        }
        if step == 1 {
            break;
        }
        places = best.1.saturating_sub(step).max(LEAST_SIDE)..=(best.1 + step).min(last);
        step = (step / 8).max(1);
    }
    let (_, place) = best;
    let (before, after) = (median(ratios.get(..place)?)?, median(ratios.get(place..)?)?);
    if (before / after).max(after / before) < LEAST_SPLIT {
        return None;
    }
    let at = ratios[place].0;
    let match_rate = rate_of(groups, points, cost, |point| {
        point.scaled(if point.at < at { before } else { after })
    });
    Some(Scale {
        factor: after,
        offset: None,
        tolerance: (after - 1.0).abs() * TIMES_APART,
        match_rate,
        until: Some(Until {
            at: Timestamp::from_microsecond(at).ok()?,
            factor: before,
        }),
    })
}
