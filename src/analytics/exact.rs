//! Money as whole numbers of one unit, so that sums are exact and fast.
//!
//! A [`Decimal`] has a scale of its own and 96 bits; adding two that differ in
//! scale costs a division. A report adds every amount several times, so all
//! amounts are brought to one scale once, as `i128`.

use crate::domain::money::{DERIVED_SCALE, Decimal};

use super::number::{float, float_of, power_of_ten};

/// Largest sum of a report's magnitudes, in units; a tenth below the
/// end of `i128`, because the sum that it is compared with is a float.
const LARGEST_SUM: f64 = 1.5e38;

/// The number of decimal places that a report counts its money in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale(u32);

impl Scale {
    /// The scale that holds every one of `amounts` exactly.
    ///
    /// Where the magnitudes add up to more than 38 digits at that scale, the
    /// finest one at which no sum of them overflows.
    pub(super) fn fitting(amounts: impl Iterator<Item = Decimal>) -> Self {
        let (mut scale, mut sum) = (0, 0.0);
        for amount in amounts {
            scale = scale.max(amount.scale());
            sum += float_of(amount.abs());
        }
        while scale > 0 && sum * float(power_of_ten(scale)) > LARGEST_SUM {
            scale -= 1;
        }
        Self(scale)
    }

    /// The number of places.
    pub(super) fn places(self) -> u32 {
        self.0
    }

    /// An amount in units; half to even where it is finer than one unit.
    pub(super) fn units(self, amount: Decimal) -> i128 {
        let finer = amount.scale().saturating_sub(self.0);
        let amount = if finer > 0 {
            amount.round_dp(self.0)
        } else {
            amount
        };
        amount.mantissa() * power_of_ten(self.0 - amount.scale())
    }

    /// Units as an amount of money, without trailing zeros.
    ///
    /// Digits that a [`Decimal`] has no room for are rounded away; beyond its
    /// range the result is its largest value.
    pub(super) fn money(self, units: i128) -> Decimal {
        let (mut units, mut scale) = (units, self.0);
        loop {
            match Decimal::try_from_i128_with_scale(units, scale) {
                Ok(money) => return money.normalize(),
                Err(_) if scale > 0 => {
                    units = (units + units.signum() * 5) / 10;
                    scale -= 1;
                }
                Err(_) if units < 0 => return Decimal::MIN,
                Err(_) => return Decimal::MAX,
            }
        }
    }

    /// Units as money in binary floating point.
    pub(super) fn float(self, units: i128) -> f64 {
        float(units) / float(power_of_ten(self.0))
    }

    /// The mean of `count` amounts that add up to `units`, rounded half to even
    /// at [`DERIVED_SCALE`] places; `None` without any.
    pub(super) fn mean(self, units: i128, count: usize) -> Option<Decimal> {
        let mean = self.money(units).checked_div(Decimal::from(count))?;
        Some(mean.round_dp(DERIVED_SCALE).normalize())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_scale_holds_the_finest_amount() {
        let amounts = [decimal("10000"), decimal("0.05"), decimal("-1.123456789")];
        let scale = Scale::fitting(amounts.into_iter());
        let sum = amounts.iter().map(|amount| scale.units(*amount)).sum();
        assert_eq!(scale.money(sum), decimal("9998.926543211"));
    }

    #[test]
    fn sums_of_the_largest_amounts_do_not_overflow() {
        let amounts = [
            Decimal::MAX,
            Decimal::MIN,
            decimal("0.0000000000000000000000000001"),
        ];
        let scale = Scale::fitting(amounts.into_iter());
        assert_eq!(scale.money(scale.units(Decimal::MAX)), Decimal::MAX);
        let twice = scale.units(Decimal::MAX) * 2;
        assert_eq!(scale.money(twice), Decimal::MAX);
        assert_eq!(scale.money(-twice), Decimal::MIN);
    }

    #[test]
    fn a_mean_has_eighteen_places() {
        let scale = Scale::fitting([decimal("20")].into_iter());
        let mean = scale.mean(scale.units(decimal("20")), 3);
        assert_eq!(mean, Some(decimal("6.666666666666666667")));
        assert_eq!(scale.mean(0, 0), None);
    }

    proptest! {
        #[test]
        fn sums_equal_those_of_decimals(
            parts in prop::collection::vec((-10_i64.pow(12)..10_i64.pow(12), 0_u32..10), 1..50),
        ) {
            let amounts: Vec<Decimal> =
                parts.iter().map(|(mantissa, scale)| Decimal::new(*mantissa, *scale)).collect();
            let scale = Scale::fitting(amounts.iter().copied());
            let units = amounts.iter().map(|amount| scale.units(*amount)).sum();
            prop_assert_eq!(scale.money(units), amounts.iter().copied().sum::<Decimal>());
        }
    }
}
