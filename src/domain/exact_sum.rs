//! Sums of money that lose no digit, however many amounts are added.
//!
//! A [`Decimal`] holds 28 digits and rounds beyond: the profit of a coin with twenty places
//! outgrows them after some thousand trades. A sum that is kept for years, and of which later
//! amounts are taken away again, must come to the same as adding everything up anew.

use std::fmt;
use std::str::FromStr;

use super::money::Decimal;

/// The most decimal places that a [`Decimal`] has.
const PLACES: u32 = 28;

/// 10^28: the parts that one unit of money is counted in.
const PARTS: i128 = 10_i128.pow(PLACES);

/// A sum of amounts, exact to every digit. Its text is a number with a point.
///
/// ```
/// use algohook::domain::exact_sum::ExactSum;
///
/// let amount = |text: &str| text.parse().unwrap();
/// let sum = ExactSum::default().plus(amount("79228162514264337593543950335"));
/// assert_eq!(sum.plus(amount("0.5")).to_string(), "79228162514264337593543950335.5");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExactSum {
    /// Whole units.
    whole: i128,
    /// Parts of a unit, of the same sign.
    parts: i128,
}

impl ExactSum {
    /// The sum with one amount more. It ends at 10^38 units, where it stays.
    #[must_use]
    pub fn plus(self, amount: Decimal) -> Self {
        let whole = amount.trunc();
        let fraction = amount - whole;
        self.with(Self {
            whole: whole.mantissa() / 10_i128.pow(whole.scale()),
            parts: fraction.mantissa() * 10_i128.pow(PLACES - fraction.scale()),
        })
    }

    /// The sum less one amount.
    #[must_use]
    pub fn less(self, amount: Decimal) -> Self {
        self.plus(-amount)
    }

    /// Both sums together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let mut whole = self.whole.saturating_add(other.whole);
        let mut parts = self.parts + other.parts;
        whole = whole.saturating_add(parts / PARTS);
        parts %= PARTS;
        if whole > 0 && parts < 0 {
            (whole, parts) = (whole - 1, parts + PARTS);
        } else if whole < 0 && parts > 0 {
            (whole, parts) = (whole + 1, parts - PARTS);
        }
        Self { whole, parts }
    }

    /// The sum as money, rounded half to even where it has more digits than that holds; `None`
    /// where it is larger than any.
    #[must_use]
    pub fn money(self) -> Option<Decimal> {
        (0..=PLACES).rev().find_map(|scale| {
            let finer = 10_i128.pow(PLACES - scale);
            let (mut parts, rest) = (self.parts / finer, (self.parts % finer).abs());
            let is_nearer_above = rest * 2 > finer || (rest * 2 == finer && parts % 2 != 0);
            if is_nearer_above {
                parts += if self.parts < 0 { -1 } else { 1 };
            }
            let units = self.whole.checked_mul(10_i128.pow(scale))?;
            let units = units.checked_add(parts)?;
            Some(
                Decimal::try_from_i128_with_scale(units, scale)
                    .ok()?
                    .normalize(),
            )
        })
    }
}

impl fmt::Display for ExactSum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.whole < 0 || self.parts < 0 {
            "-"
        } else {
            ""
        };
        let (whole, parts) = (self.whole.unsigned_abs(), self.parts.unsigned_abs());
        if parts == 0 {
            return write!(formatter, "{sign}{whole}");
        }
        let parts = format!("{parts:028}");
        write!(formatter, "{sign}{whole}.{}", parts.trim_end_matches('0'))
    }
}

/// A text that is no sum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no sum of money")]
pub struct NotASum(String);

impl FromStr for ExactSum {
    type Err = NotASum;

    fn from_str(text: &str) -> Result<Self, NotASum> {
        let read = || {
            let (is_below, digits) = match text.strip_prefix('-') {
                Some(digits) => (true, digits),
                None => (false, text),
            };
            let (whole, parts) = digits.split_once('.').unwrap_or((digits, "0"));
            let number = |digits: &str| {
                let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
                digits.parse::<i128>().ok().filter(|_| is_number)
            };
            let places = u32::try_from(parts.len()).ok()?;
            let finer = 10_i128.checked_pow(PLACES.checked_sub(places)?)?;
            let (whole, parts) = (number(whole)?, number(parts)?.checked_mul(finer)?);
            let sign = if is_below { -1 } else { 1 };
            Some(Self {
                whole: whole * sign,
                parts: parts * sign,
            })
        };
        read().ok_or_else(|| NotASum(text.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    fn sum(amounts: &[&str]) -> ExactSum {
        let amounts = amounts.iter().map(|amount| decimal(amount));
        amounts.fold(ExactSum::default(), ExactSum::plus)
    }

    #[test]
    fn no_digit_is_lost_where_a_decimal_has_no_room() {
        let largest = "79228162514264337593543950335";
        let smallest = "0.0000000000000000000000000001";
        let both = sum(&[largest, smallest]);
        assert_eq!(
            both.to_string(),
            "79228162514264337593543950335.0000000000000000000000000001"
        );
        assert_eq!(both.less(decimal(largest)).money(), Some(decimal(smallest)));
        assert_eq!(sum(&[largest, largest]).money(), None);
        assert_eq!(sum(&["-1", "0.25"]).to_string(), "-0.75");
        assert_eq!(sum(&["1", "-1.5", "-0.5"]).to_string(), "-1");
        // 28 digits are left, the even one of two that are as near.
        let halves = ["1000000000000000000000000000", "0.25"];
        assert_eq!(
            sum(&halves).money(),
            Some(decimal("1000000000000000000000000000.2"))
        );
        let halves = ["-1000000000000000000000000000", "-0.75"];
        assert_eq!(
            sum(&halves).money(),
            Some(decimal("-1000000000000000000000000000.8"))
        );
    }

    #[test]
    fn what_is_no_sum_is_refused() {
        let too_fine = "0.00000000000000000000000000001";
        for text in ["", "-", "1.", ".5", "1e3", "+1", "--1", "1.2.3", too_fine] {
            assert!(text.parse::<ExactSum>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_is_what_decimals_come_to_where_they_round_nothing(
            amounts in prop::collection::vec((-10_i64.pow(15)..10_i64.pow(15), 0_u32..11), 0..60),
        ) {
            let amounts: Vec<Decimal> = amounts
                .iter()
                .map(|(mantissa, scale)| Decimal::new(*mantissa, *scale))
                .collect();
            let exact = amounts.iter().copied().fold(ExactSum::default(), ExactSum::plus);
            prop_assert_eq!(exact.money(), Some(amounts.iter().sum::<Decimal>()));
            prop_assert_eq!(exact.to_string().parse::<ExactSum>(), Ok(exact));
            let nothing = amounts.iter().rev().copied().fold(exact, ExactSum::less);
            prop_assert_eq!(nothing, ExactSum::default());
        }
    }
}
