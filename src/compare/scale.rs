//! A constant factor between the prices of two books: a chart that is adjusted for dividends,
//! another contract of one root, or another unit.

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
    /// The tolerance in price with which they match as they are, as a share of the price.
    pub tolerance: f64,
    /// Share of the first book's legs in the common range that match with the factor, and are
    /// not late.
    pub match_rate: f64,
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
    let without_price = |points: &[Point]| -> Vec<Point> {
        points.iter().map(|point| point.at_price(1.0)).collect()
    };
    let mut ratios = Vec::new();
    for group in groups {
        let (first, second) = points.of_group(group);
        let pairs = align(&without_price(&first), &without_price(&second), cost).pairs;
        let ratio = pairs
            .iter()
            .map(|pair| second[pair.second].price / first[pair.first].price);
        ratios.extend(ratio.filter(|ratio| ratio.is_finite() && *ratio > 0.0));
    }
    let factor = Sorted::of(ratios).at(0.5)?;
    let scaled = Points {
        first: points
            .first
            .iter()
            .map(|point| point.at_price(point.price * factor))
            .collect(),
        second: points.second.clone(),
    };
    let match_rate = rate_with(groups, &scaled, cost, |_| 0);
    (match_rate >= enough).then(|| Scale {
        factor,
        tolerance: ((factor - 1.0).abs() * TIMES_APART * 100.0).ceil() / 100.0,
        match_rate,
    })
}
