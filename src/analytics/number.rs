//! From exact numbers to binary floating point, and ratios that may not be
//! defined. Every cast of the report is here.

use crate::domain::money::Decimal;

/// Powers of ten that an `i128` holds.
const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// Ten to an exponent of at most 38.
pub(super) fn power_of_ten(exponent: u32) -> i128 {
    POWERS[exponent as usize]
}

/// The nearest `f64` of a whole number. Nearly all are short, and a processor has no
/// instruction for long ones.
#[expect(clippy::cast_precision_loss, reason = "a ratio needs no more")]
pub(crate) fn float(whole: i128) -> f64 {
    i64::try_from(whole).map_or_else(|_| whole as f64, |short| short as f64)
}

/// A number of things as `f64`; exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "no report has 2^53 trades")]
pub(crate) fn count(things: usize) -> f64 {
    things as f64
}

/// The whole number nearest to a `f64`; the ends of `i128` for what is beyond them.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounded, and `as` saturates"
)]
pub(super) fn nearest_whole(value: f64) -> i128 {
    value.round() as i128
}

/// The largest index that is not above `position`, which must not be negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions lie within a slice"
)]
pub(super) fn index_below(position: f64) -> usize {
    position.floor() as usize
}

/// A decimal as `f64`, within two units in the last place.
pub(crate) fn float_of(decimal: Decimal) -> f64 {
    float(decimal.mantissa()) / float(power_of_ten(decimal.scale()))
}

/// `value` where it is a number a reader can use: neither NaN nor infinite.
pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// `part / whole` where that is defined.
pub(crate) fn ratio(part: f64, whole: f64) -> Option<f64> {
    finite(part / whole)
}

/// `part / whole` in percent where that is defined.
pub(crate) fn percent(part: f64, whole: f64) -> Option<f64> {
    finite(100.0 * part / whole)
}

/// Seconds of a number of microseconds.
pub(super) fn seconds(microseconds: i128) -> f64 {
    float(microseconds) / 1e6
}
