//! Decimals of an amount in a currency: one table, `assets/currencies.json`,
//! which the page reads too. Those of ISO 4217, eight for coins that are counted in
//! hundred-millionths, two for all others.

use std::collections::HashMap;
use std::sync::LazyLock;

use rust_decimal::RoundingStrategy;
use serde::Deserialize;

use super::money::Decimal;

#[derive(Deserialize)]
struct Table {
    usual: u32,
    decimals: HashMap<String, u32>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // A test reads it, so what is compiled in is sound.
    serde_json::from_str(include_str!("../../assets/currencies.json")).unwrap_or(Table {
        usual: 2,
        decimals: HashMap::new(),
    })
});

/// Digits of an amount that is too small for its currency's decimals.
const DIGITS_OF_SMALL: u32 = 2;

/// Digits after the point that amounts of a currency have.
#[must_use]
pub fn decimals(currency: &str) -> u32 {
    let known = TABLE.decimals.get(&currency.to_ascii_uppercase());
    known.copied().unwrap_or(TABLE.usual)
}

/// An amount as it is shown, rounded half away from zero: with the decimals of its currency,
/// or two digits where those would leave nothing of it.
#[must_use]
pub fn shown(amount: Decimal, currency: &str) -> String {
    let places = decimals(currency);
    let rounded =
        |places| amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    if rounded(places).is_zero() && !amount.is_zero() {
        let leading = (places..28).find(|places| !rounded(places + 1).is_zero());
        let places = leading.unwrap_or(27) + DIGITS_OF_SMALL;
        return rounded(places.min(28)).normalize().to_string();
    }
    let places = places as usize;
    format!("{:.places$}", rounded(decimals(currency)))
}

/// An amount as [`shown`], with a plus where it is a gain.
#[must_use]
pub fn signed(amount: Decimal, currency: &str) -> String {
    let sign = if amount > Decimal::ZERO { "+" } else { "" };
    format!("{sign}{}", shown(amount, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_as_the_page_shows_them() {
        let vectors = include_str!("../../tests/fixtures/money.json");
        let vectors: Vec<[String; 3]> = serde_json::from_str(vectors).unwrap();
        for [currency, amount, expected] in vectors {
            assert_eq!(
                shown(amount.parse().unwrap(), &currency),
                expected,
                "{amount} {currency}"
            );
        }
        assert!(TABLE.decimals.len() > 20);
    }

    #[test]
    fn a_gain_has_its_sign_and_the_decimals_of_its_currency() {
        for (amount, currency, text) in [
            ("1234.5", "JPY", "+1235"),
            ("-1234.4", "JPY", "-1234"),
            ("0.00012345", "BTC", "+0.00012345"),
            ("-0.5", "BTC", "-0.50000000"),
            ("12.5", "USDT", "+12.50"),
            ("0", "USD", "0.00"),
        ] {
            assert_eq!(signed(amount.parse().unwrap(), currency), text);
        }
    }
}
