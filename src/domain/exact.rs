//! Products and differences that say whether a digit of them was lost.
//!
//! A [`Decimal`] has 96 bits, 28 digits and some; its own operations round what does not
//! fit without a word. Money must be exact, or its owner must be told.

use super::money::Decimal;

/// The most decimal places that a [`Decimal`] has.
const MOST_PLACES: u32 = 28;

/// The digits that a number has that was a binary fraction of 64 bits once, as all of
/// TradingView's are; one with more is somebody's exact decimal.
pub const DOUBLE_DIGITS: u32 = 17;

/// A result of arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Computed {
    /// The result, rounded to what a [`Decimal`] holds.
    pub value: Decimal,
    /// True if nothing of it was rounded away.
    pub is_exact: bool,
}

/// The product of all factors; `None` where it is beyond a [`Decimal`].
#[must_use]
pub fn product(factors: &[Decimal]) -> Option<Computed> {
    let mut mantissas: Vec<u128> = Vec::with_capacity(factors.len());
    let (mut scale, mut is_negative) = (0, false);
    for factor in factors {
        mantissas.push(factor.mantissa().unsigned_abs());
        scale += factor.scale();
        is_negative ^= factor.is_sign_negative();
    }
    let exact = assemble(&mantissas, scale).or_else(|| {
        shorten(&mut mantissas, &mut scale);
        assemble(&mantissas, scale)
    });
    if let Some(magnitude) = exact {
        let value = if is_negative { -magnitude } else { magnitude };
        return Some(Computed {
            value,
            is_exact: true,
        });
    }
    let rounded = factors
        .iter()
        .try_fold(Decimal::ONE, |product, factor| product.checked_mul(*factor));
    rounded.map(|value| Computed {
        value,
        is_exact: false,
    })
}

/// One number less another; `None` where it is beyond a [`Decimal`].
#[must_use]
pub fn difference(from: Decimal, less: Decimal) -> Option<Computed> {
    let scale = from.scale().max(less.scale());
    let units = |number: Decimal| {
        let power = 10_i128.checked_pow(scale - number.scale())?;
        number.mantissa().checked_mul(power)
    };
    let exact = || {
        let mut units = units(from)?.checked_sub(units(less)?)?;
        let mut scale = scale;
        while scale > 0 && units % 10 == 0 {
            (units, scale) = (units / 10, scale - 1);
        }
        Decimal::try_from_i128_with_scale(units, scale).ok()
    };
    if let Some(value) = exact() {
        return Some(Computed {
            value,
            is_exact: true,
        });
    }
    from.checked_sub(less).map(|value| Computed {
        value,
        is_exact: false,
    })
}

/// Reports whether a number has more digits than a binary fraction of 64 bits.
#[must_use]
pub fn is_finer_than_a_double(number: Decimal) -> bool {
    number.normalize().mantissa().unsigned_abs() >= 10_u128.pow(DOUBLE_DIGITS)
}

fn assemble(mantissas: &[u128], scale: u32) -> Option<Decimal> {
    let product = mantissas
        .iter()
        .try_fold(1_u128, |product, factor| product.checked_mul(*factor))?;
    if scale > MOST_PLACES {
        return (product == 0).then_some(Decimal::ZERO);
    }
    Decimal::try_from_i128_with_scale(i128::try_from(product).ok()?, scale).ok()
}

/// Takes out tens for as long as the product ends with zeros after its point: a two of one
/// factor and a five of another.
fn shorten(mantissas: &mut [u128], scale: &mut u32) {
    let divisible = |mantissas: &[u128], by: u128| {
        let mut factors = mantissas.iter();
        factors.position(|factor| *factor > 0 && factor.is_multiple_of(by))
    };
    while *scale > 0
        && let (Some(two), Some(five)) = (divisible(mantissas, 2), divisible(mantissas, 5))
    {
        mantissas[two] /= 2;
        mantissas[five] /= 5;
        *scale -= 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    #[test]
    fn a_product_that_fits_is_exact_and_another_says_that_it_is_not() {
        for (factors, expected, is_exact) in [
            (
                ["0.499999999999999999", "0.00000001", "1"],
                "0.00000000499999999999999999",
                true,
            ),
            (
                ["999999999999.9999999999999999", "2", "0.5"],
                "999999999999.9999999999999999",
                true,
            ),
            // Thirty places, of which all but the last can be held.
            (
                ["0.100000000000000001", "0.100000000001", "1"],
                "0.0100000000001000000001",
                false,
            ),
            (
                ["1000000000000000000", "0.000000000000000001", "50"],
                "50",
                true,
            ),
            (["-37.63", "1", "1000"], "-37630", true),
        ] {
            let product = product(&factors.map(decimal)).unwrap();
            assert_eq!(product.is_exact, is_exact, "{factors:?}");
            if is_exact {
                assert_eq!(product.value, decimal(expected));
            }
        }
        assert_eq!(product(&[Decimal::MAX, Decimal::TEN]), None);
    }

    #[test]
    fn a_difference_that_has_too_many_digits_says_so() {
        let of = |from, less| difference(decimal(from), decimal(less)).unwrap();
        assert!(of("1000000000000000000", "0.0000000001").is_exact);
        assert!(!of("1000000000000000000", "0.000000000001").is_exact);
        assert_eq!(of("1.50", "0.5").value, Decimal::ONE);
    }

    proptest! {
        #[test]
        fn what_is_called_exact_is_what_whole_numbers_come_to(
            one in -10_i64.pow(14)..10_i64.pow(14), one_scale in 0_u32..20,
            other in -10_i64.pow(14)..10_i64.pow(14), other_scale in 0_u32..20,
        ) {
            let factors = [Decimal::new(one, one_scale), Decimal::new(other, other_scale)];
            let product = product(&factors).unwrap();
            let units = i128::from(one) * i128::from(other);
            let scale = one_scale + other_scale;
            let value = product.value;
            let matches = value.mantissa().checked_mul(10_i128.pow(scale.saturating_sub(value.scale())))
                == units.checked_mul(10_i128.pow(value.scale().saturating_sub(scale)));
            prop_assert_eq!(product.is_exact, matches);
        }
    }
}
