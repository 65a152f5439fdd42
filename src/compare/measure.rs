//! The amount that a tolerance in price is a share of.
//!
//! A percentage of the price suits a stock or a coin. A spread has a price near zero, or below:
//! one percent of 0.50 is less than the tick of 0.01, and one percent of nothing is nothing. So
//! the measure is the price, but no less than what fills usually lie apart, and some ticks. Of
//! ordinary prices both are far less than the price.

use super::leg::Leg;
use super::tolerance::Point;
use crate::analytics::number::float_of;
use crate::analytics::statistics::Sorted;
use crate::domain::money::Decimal;

/// So many times the usual distance from one fill to the next: one percent is half of it.
const TIMES_APART: f64 = 50.0;

/// So many ticks: one percent is three of them.
const TICKS: f64 = 300.0;

/// Distances on each side of a leg that tell its usual one. A coin that was at 10 once and is at
/// 100,000 now has another one today.
const NEAR: usize = 8;

/// The legs of a book as points with their measures.
pub(super) fn measured(legs: &[Leg]) -> impl Iterator<Item = Point> {
    let least = TICKS * tick(legs);
    let mut distances = Vec::with_capacity(legs.len());
    // The place of each leg among the distances. Both legs of an order that turns a position
    // have one price, which says nothing.
    let mut places = Vec::with_capacity(legs.len());
    for (index, leg) in legs.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &legs[before]);
        let before = before.filter(|before| before.time != leg.time && before.ticker == leg.ticker);
        if let Some(before) = before {
            let apart = leg.price.get().saturating_sub(before.price.get());
            distances.push(float_of(apart.abs()));
        }
        places.push(distances.len());
    }
    legs.iter().zip(places).map(move |(leg, place)| {
        let near = place.saturating_sub(NEAR)..(place + NEAR).min(distances.len());
        let usual = Sorted::of(distances[near].to_vec()).at(0.5);
        let usual = usual.unwrap_or_default();
        Point::of(leg).measured_by(least.max(TIMES_APART * usual))
    })
}

/// The tick as the prices show it: the finest of their places.
fn tick(legs: &[Leg]) -> f64 {
    let places = legs.iter().map(|leg| leg.price.get().normalize().scale());
    let finest = places.max().unwrap_or_default();
    float_of(Decimal::new(1, finest))
}
