//! Draws from what there is, and amounts of money that are made of them.

use rand::Rng;
use rand::rngs::Xoshiro256PlusPlus;

use super::exact::Scale;
use super::number::nearest_whole;
use crate::domain::money::Decimal;

/// Places that amounts made of draws are rounded to.
pub(super) const PLACES: u32 = 8;

/// An index below `length`, from the high bits of one random number; uneven by
/// less than `length` in 2^64.
pub(super) fn draw(generator: &mut Xoshiro256PlusPlus, length: usize) -> usize {
    let product = u128::from(generator.next_u64()) * length as u128;
    // Below `length`, for the factor is below 2^64.
    usize::try_from(product >> 64).unwrap_or(0)
}

/// A simulated amount as money at [`PLACES`] places.
pub(super) fn money(value: f64) -> Decimal {
    let places = 10_f64.powi(8);
    let scale = Scale::fitting([Decimal::new(1, PLACES)].into_iter());
    scale.money(nearest_whole(value * places))
}
