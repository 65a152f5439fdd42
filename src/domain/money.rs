//! Decimal numbers for prices, quantities and money.
//!
//! No binary floating point touches an amount between the alert and the stored
//! profit: a [`Decimal`] has 28 significant digits and exact powers of ten.

use std::fmt;
use std::str::FromStr;

pub use rust_decimal::Decimal;

/// The largest magnitude of a price, quantity or amount that an alert may state: 10^18.
///
/// TradingView's own default capital of 1,000,000 buys 10^15 of a coin that costs 10^-9, and
/// the value of a whole market is a price there, too. Products of two such numbers can be
/// beyond a [`Decimal`], so arithmetic on them is checked.
pub const LARGEST: Decimal = Decimal::from_parts(2_808_348_672, 232_830_643, 0, false, 0);

/// Digits that a quantity or amount derived by division keeps after the point.
///
/// Division is the one operation that does not end by itself; eighteen places
/// are finer than any exchange's step and leave room for a product.
pub const DERIVED_SCALE: u32 = 18;

/// Digits that a quantity derived by division has: as many as a binary fraction of 64 bits,
/// so that its product with a price is no longer than one of two numbers of TradingView's.
const DERIVED_DIGITS: u32 = 17;

/// Reason that a text is not a number that algohook can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is no decimal number at all.
    #[error("is not a number")]
    NotANumber,
    /// The text has a comma where a number may only have a point.
    #[error("has a comma; write the decimal point as \".\" and no thousands separator")]
    Comma,
    /// Pine's `na` came through as text.
    #[error("is NaN: the script had no value here (na)")]
    NaN,
    /// Zero or below, where only a positive number means something.
    #[error("must be greater than 0")]
    NotPositive,
    /// Below zero, where zero is the least that means something.
    #[error("must not be negative")]
    Negative,
    /// Beyond [`LARGEST`].
    #[error("is larger than 10^18")]
    TooLarge,
    /// Finer than 28 decimal places can hold.
    #[error("has more than 28 decimal places")]
    TooFine,
    /// More digits than a [`Decimal`] can hold.
    #[error("has more than 28 significant digits")]
    TooManyDigits,
}

/// Reads a decimal number as JSON or TradingView writes one: `100`, `-2.5`,
/// `1e-05`, `1800.8000000000002`.
///
/// Nothing is rounded: what a [`Decimal`] cannot hold exactly is refused. It holds every
/// number of 28 significant digits, and some of 29. Spaces around the number are ignored.
///
/// # Errors
///
/// [`NumberError`] where the text is not such a number, or its magnitude is
/// beyond [`LARGEST`], or it has more digits than a [`Decimal`].
pub fn parse_decimal(text: &str) -> Result<Decimal, NumberError> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned.eq_ignore_ascii_case("nan") {
        return Err(NumberError::NaN);
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.contains(',') && all_digits(&whole.replace(',', "")) && all_digits(fraction) {
        return Err(NumberError::Comma);
    }
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return Err(NumberError::NotANumber);
    }
    let exponent = match exponent {
        None => 0,
        Some(digits) => parse_exponent(digits)?,
    };
    let magnitude = assemble(whole, fraction, exponent)?;
    Ok(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

/// The exponent of a number, clamped to what can matter for a 28-digit decimal.
fn parse_exponent(text: &str) -> Result<i32, NumberError> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::NotANumber);
    }
    // Alert bodies are at most 25,600 bytes, so a million is beyond every mantissa.
    let magnitude = digits.parse::<i32>().unwrap_or(1_000_000).min(1_000_000);
    Ok(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

/// `whole.fraction * 10^exponent`, exactly.
fn assemble(whole: &str, fraction: &str, exponent: i32) -> Result<Decimal, NumberError> {
    if exponent == 0 && whole.len() + fraction.len() <= 18 {
        return Ok(short(whole, fraction));
    }
    let digits: String = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(Decimal::ZERO);
    }
    // At most 25,600 digits arrive in one alert, so these lengths fit an i32.
    let length = i32::try_from(significant.len()).map_err(|_| NumberError::TooLarge)?;
    let fraction_length = i32::try_from(fraction.len()).map_err(|_| NumberError::TooLarge)?;
    let point = length - fraction_length + exponent; // digits before the point
    if point > 19 {
        return Err(NumberError::TooLarge);
    }
    if point < -28 {
        return Err(NumberError::TooFine);
    }
    let plain = plain(significant, point);
    let value = Decimal::from_str_exact(&plain).or_else(|_| {
        // Zeros at the end say nothing, and may be all that does not fit.
        let shorter = if plain.contains('.') {
            plain.trim_end_matches('0').trim_end_matches('.')
        } else {
            plain.as_str()
        };
        Decimal::from_str_exact(shorter).map_err(|_| too_long(shorter))
    })?;
    if value > LARGEST {
        return Err(NumberError::TooLarge);
    }
    Ok(value)
}

/// The reason why a [`Decimal`] cannot hold a number without needless zeros.
fn too_long(plain: &str) -> NumberError {
    let places = plain.split_once('.').map_or(0, |(_, places)| places.len());
    let digits = plain.trim_start_matches(['0', '.']);
    if digits.len() <= 28 && places > 28 {
        NumberError::TooFine
    } else {
        NumberError::TooManyDigits
    }
}

/// Digits, which begin with none that is zero, as a number with `point` of them before
/// its point.
fn plain(significant: &str, point: i32) -> String {
    let places = point.unsigned_abs() as usize;
    if point <= 0 {
        return format!("0.{}{significant}", "0".repeat(places));
    }
    let padded = format!("{significant:0<places$}");
    let (whole, fraction) = padded.split_at(places);
    match fraction {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

/// Up to 18 digits: nearly every number there is, and a report reads millions.
fn short(whole: &str, fraction: &str) -> Decimal {
    let digits = whole.bytes().chain(fraction.bytes());
    let mantissa = digits.fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    let scale = if mantissa == 0 { 0 } else { fraction.len() };
    Decimal::new(mantissa, u32::try_from(scale).unwrap_or(0))
}

/// Gives a wrapped decimal its plain form and its text form.
macro_rules! decimal_texts {
    ($name:ident) => {
        impl $name {
            /// The plain decimal.
            #[must_use]
            pub fn get(self) -> Decimal {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = NumberError;

            fn from_str(text: &str) -> Result<Self, NumberError> {
                Self::new(parse_decimal(text)?)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

/// Defines a decimal that is greater than zero and at most [`LARGEST`].
macro_rules! positive_decimal {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Decimal);

        impl $name {
            /// Takes a decimal that is greater than zero and at most [`LARGEST`].
            ///
            /// # Errors
            ///
            /// [`NumberError::NotPositive`] or [`NumberError::TooLarge`].
            pub fn new(value: Decimal) -> Result<Self, NumberError> {
                if value <= Decimal::ZERO {
                    return Err(NumberError::NotPositive);
                }
                if value > LARGEST {
                    return Err(NumberError::TooLarge);
                }
                Ok(Self(value))
            }
        }

        decimal_texts!($name);
    };
}

/// A price of one unit of an instrument, in its quote currency.
///
/// It can be zero or below: crude oil was at -37.63 on 20 April 2020, and a spread is the
/// difference of two prices. Its magnitude is at most [`LARGEST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(Decimal);

impl Price {
    /// Takes a decimal whose magnitude is at most [`LARGEST`].
    ///
    /// # Errors
    ///
    /// [`NumberError::TooLarge`].
    pub fn new(value: Decimal) -> Result<Self, NumberError> {
        if value.abs() > LARGEST {
            return Err(NumberError::TooLarge);
        }
        Ok(Self(value))
    }

    /// True if it is above zero: only then is a percentage of it anything.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.0 > Decimal::ZERO
    }
}

decimal_texts!(Price);

positive_decimal! {
    /// A distance between two prices, greater than zero.
    Distance
}

positive_decimal! {
    /// Contracts, shares or coins of an order, lot or trade; greater than zero.
    Quantity
}

positive_decimal! {
    /// An amount of money greater than zero, as an order by `notional` states it.
    Notional
}

impl Notional {
    /// The quantity that this amount buys at `price`, at [`DERIVED_SCALE`] places and at most
    /// 17 digits.
    ///
    /// # Errors
    ///
    /// [`NumberError`] where the price is not above zero, and where the quantity is beyond
    /// [`LARGEST`] or rounds to zero.
    pub fn quantity_at(self, price: Price) -> Result<Quantity, NumberError> {
        if !price.is_positive() {
            return Err(NumberError::NotPositive);
        }
        let quotient = self.0.checked_div(price.0).ok_or(NumberError::TooLarge)?;
        let quotient = quotient.round_dp(DERIVED_SCALE);
        let quotient = quotient.round_sf(DERIVED_DIGITS).unwrap_or(quotient);
        Quantity::new(quotient.normalize())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_amount_is_a_trillion_of_millions() {
        assert_eq!(LARGEST.to_string(), "1000000000000000000");
        assert_eq!("1e18".parse().map(Quantity::get), Ok(LARGEST));
    }

    #[test]
    fn a_price_can_be_zero_or_below() {
        for text in ["-37.63", "0", "-1000000000000000000"] {
            let price: Price = text.parse().unwrap();
            assert_eq!(price.to_string(), text);
        }
        assert_eq!("-1e19".parse::<Price>(), Err(NumberError::TooLarge));
        let money: Notional = "1000".parse().unwrap();
        for price in ["0", "-1"] {
            let quantity = money.quantity_at(price.parse().unwrap());
            assert_eq!(quantity, Err(NumberError::NotPositive), "{price}");
        }
    }

    #[test]
    fn more_digits_than_are_held_are_refused_and_never_rounded() {
        for (text, expected) in [
            (
                "999999999999.9999999999999999",
                Ok("999999999999.9999999999999999"),
            ),
            (
                "999999999999.999999999999999999",
                Err(NumberError::TooManyDigits),
            ),
            (
                "0.1234567890123456789012345678",
                Ok("0.1234567890123456789012345678"),
            ),
            (
                "0.12345678901234567890123456789",
                Err(NumberError::TooManyDigits),
            ),
            ("0.00000000000000000000000000001", Err(NumberError::TooFine)),
            ("1.5e-28", Err(NumberError::TooFine)),
            (
                "123456789012345678.9012345678",
                Ok("123456789012345678.9012345678"),
            ),
            // Zeros at the end are no digits that could be lost.
            ("1.5000000000000000000000000000000000", Ok("1.5")),
            (
                "100000000000000000.00000000000000000",
                Ok("100000000000000000"),
            ),
            ("1e-28", Ok("0.0000000000000000000000000001")),
        ] {
            let read = parse_decimal(text).map(|number| number.to_string());
            assert_eq!(read.as_deref(), expected.as_deref(), "{text}");
        }
    }

    #[test]
    fn numbers_are_read_as_tradingview_writes_them() {
        for (text, expected) in [
            ("100", "100"),
            (" 1.50 ", "1.50"),
            ("1e-05", "0.00001"),
            ("1E3", "1000"),
            ("1.25e+2", "125"),
            ("1800.8000000000002", "1800.8000000000002"),
            ("-2.5", "-2.5"),
            ("0", "0"),
            ("0e999999999999", "0"),
            ("007", "7"),
            ("1000000000000", "1000000000000"),
        ] {
            assert_eq!(
                parse_decimal(text).map(|n| n.to_string()).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_told_apart() {
        for (text, expected) in [
            ("", NumberError::NotANumber),
            (".", NumberError::NotANumber),
            ("--1", NumberError::NotANumber),
            ("1e", NumberError::NotANumber),
            ("0x10", NumberError::NotANumber),
            ("1,234.5", NumberError::Comma),
            ("1,5", NumberError::Comma),
            ("NaN", NumberError::NaN),
            ("1000000000000000001", NumberError::TooLarge),
            ("1e400", NumberError::TooLarge),
            ("1e-400", NumberError::TooFine),
        ] {
            assert_eq!(parse_decimal(text), Err(expected), "{text}");
        }
        assert_eq!("0".parse::<Quantity>(), Err(NumberError::NotPositive));
        assert_eq!("-1".parse::<Quantity>(), Err(NumberError::NotPositive));
    }

    #[test]
    fn money_buys_a_quantity() {
        let thousand: Notional = "1000".parse().unwrap();
        assert_eq!(
            thousand
                .quantity_at("64490.4".parse().unwrap())
                .unwrap()
                .to_string(),
            "0.015506183866125811"
        );
        assert_eq!(
            thousand
                .quantity_at("250".parse().unwrap())
                .unwrap()
                .to_string(),
            "4"
        );
    }

    proptest! {
        #[test]
        fn a_decimal_survives_its_own_text(mantissa in -10_i64.pow(18)..10_i64.pow(18), scale in 6_u32..28) {
            let decimal = Decimal::from_i128_with_scale(i128::from(mantissa), scale);
            prop_assert_eq!(parse_decimal(&decimal.to_string()), Ok(decimal));
        }

        #[test]
        fn a_number_is_what_a_decimal_makes_of_it(text in "-?[0-9]{1,18}(\\.[0-9]{0,10})?") {
            let plain = text.trim_end_matches('.');
            let expected = Decimal::from_str(plain).unwrap();
            prop_assert_eq!(parse_decimal(&text), Ok(expected));
        }

        #[test]
        fn no_digit_is_ever_lost(whole in "[0-9]{1,20}", fraction in "[0-9]{0,40}") {
            let text = format!("{whole}.{fraction}");
            let digits = |text: &str| {
                let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
                (
                    whole.trim_start_matches('0').to_owned(),
                    fraction.trim_end_matches('0').to_owned(),
                )
            };
            if let Ok(number) = parse_decimal(&text) {
                prop_assert_eq!(digits(&number.to_string()), digits(&text));
            }
        }

        #[test]
        fn scientific_and_plain_notation_agree(mantissa in 1_u32.., exponent in -20_i32..3) {
            let scientific = parse_decimal(&format!("{mantissa}e{exponent}"));
            let factor = Decimal::from(10).powi_exact(exponent);
            prop_assert_eq!(scientific.unwrap(), Decimal::from(mantissa) * factor);
        }

        #[test]
        fn no_text_panics(text in ".{0,80}") {
            let _ = parse_decimal(&text);
        }
    }

    /// Ten to a power by repeated multiplication: an oracle with no parsing in it.
    trait PowiExact {
        fn powi_exact(self, exponent: i32) -> Decimal;
    }

    impl PowiExact for Decimal {
        fn powi_exact(self, exponent: i32) -> Decimal {
            let step = if exponent < 0 {
                Decimal::new(1, 1)
            } else {
                self
            };
            (0..exponent.unsigned_abs()).fold(Decimal::ONE, |product, _| product * step)
        }
    }
}
