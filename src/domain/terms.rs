//! The terms of a contract: what a move of its price is worth.
//!
//! A linear contract gains its point value when the price rises by 1. An inverse one is
//! margined in the coin that it is about: it is worth an amount of money, and gains
//! `quantity x point value x (1/entry - 1/exit)` of the coin.
//!
//! Settings by ticker match the instrument, however it is spelled, and all months of a
//! future: `ES1!` is for `CME_MINI:ES1!` and `ESZ2026`, too, and so is the root `ES`.

use std::collections::BTreeMap;

use super::event::text_enum;
use super::exact::{Computed, product};
use super::futures::{is_root_of, is_same_future, known_point_value};
use super::instrument::Spelling;
use super::money::{DERIVED_SCALE, Decimal, Price, Quantity};
use super::signal::Direction;
use super::webhook::{SettingError, Settings, rule};

text_enum! {
    /// The way a contract's value follows its price.
    Contract, "contract" {
        /// Value and profit in the currency of the price.
        Linear = "linear",
        /// Value and profit in the coin: a contract is worth an amount of the price's
        /// currency, whatever the price.
        Inverse = "inverse",
    }
}

impl Contract {
    /// The entry's part of a commission that is known as one amount only: in proportion to the
    /// value of both fills, as a commission in percent is.
    #[must_use]
    pub fn entry_share(self, commission: Decimal, entry: Price, exit: Price) -> Decimal {
        let (entry, exit) = (entry.get().abs(), exit.get().abs());
        let part = match self {
            Self::Linear => entry,
            // Worth the more coins the lower the price.
            Self::Inverse => exit,
        };
        let share = entry
            .checked_add(exit)
            .and_then(|both| part.checked_div(both));
        let part = commission.checked_mul(share.unwrap_or(Decimal::new(5, 1)));
        part.unwrap_or(commission).normalize()
    }
}

/// The terms that the profit of an instrument is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The way its value follows its price.
    pub contract: Contract,
    /// Linear: money that one contract gains when the price rises by 1. Inverse: money that
    /// one contract is worth.
    pub point_value: Decimal,
}

impl Terms {
    /// Those of a linear contract.
    #[must_use]
    pub fn linear(point_value: Decimal) -> Self {
        Self {
            contract: Contract::Linear,
            point_value,
        }
    }

    /// The worth of a quantity at a price, in the currency of its profit; below zero at a
    /// price below zero. `None` where it is beyond a [`Decimal`], and of an inverse contract
    /// at a price that is not above zero.
    #[must_use]
    pub fn value(self, price: Price, quantity: Quantity) -> Option<Computed> {
        match self.contract {
            Contract::Linear => product(&[price.get(), quantity.get(), self.point_value]),
            Contract::Inverse if price.is_positive() => {
                let money = quantity.get().checked_mul(self.point_value)?;
                let coins = money.checked_div(price.get())?;
                Some(Computed {
                    value: coins.round_dp(DERIVED_SCALE).normalize(),
                    is_exact: true,
                })
            }
            Contract::Inverse => None,
        }
    }

    /// The gain of a quantity between two prices before commission; `None` as for
    /// [`Terms::value`]. Of an inverse contract it is the difference of two values, which
    /// have eighteen places.
    #[must_use]
    pub fn gross_profit(
        self,
        direction: Direction,
        quantity: Quantity,
        entry: Price,
        exit: Price,
    ) -> Option<Computed> {
        match self.contract {
            Contract::Linear => {
                let rise = super::exact::difference(exit.get(), entry.get())?;
                let factors = [
                    rise.value,
                    direction.sign(),
                    quantity.get(),
                    self.point_value,
                ];
                let gain = product(&factors)?;
                Some(Computed {
                    is_exact: gain.is_exact && rise.is_exact,
                    ..gain
                })
            }
            Contract::Inverse => {
                let [before, after] = [entry, exit].map(|price| self.value(price, quantity));
                let gain = before?.value.checked_sub(after?.value)?;
                Some(Computed {
                    value: gain * direction.sign(),
                    is_exact: true,
                })
            }
        }
    }
}

/// A future that is traded with another point value than its exchange gives it, while the
/// settings have none for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingPointValue {
    /// The one that its profit is counted by.
    pub used: Decimal,
    /// The exchange's.
    pub known: Decimal,
}

/// The largest point value or tick size.
const LARGEST_MULTIPLIER: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

impl Settings {
    /// Checks point values, contracts and tick sizes.
    ///
    /// # Errors
    ///
    /// The first [`SettingError`] found.
    pub(super) fn validate_terms(&self) -> Result<(), SettingError> {
        const ONE: &str = "must be above 0 and at most 1000000000";
        const EACH: &str = "must each be above 0 and at most 1000000000";
        const NAMED: &str = "must name a ticker with each value";
        const TWICE: &str =
            "name one ticker twice with different values: capital and small letters are the same";
        let multiplier = |value: &Decimal| *value > Decimal::ZERO && *value <= LARGEST_MULTIPLIER;
        rule(multiplier(&self.point_value), "pointValue", ONE)?;
        rule(
            multiplier(&self.slippage.tick_size),
            "slippage.tickSize",
            ONE,
        )?;
        rule(
            self.point_values.values().all(multiplier),
            "pointValues",
            EACH,
        )?;
        rule(self.tick_sizes.values().all(multiplier), "tickSizes", EACH)?;
        let tickers = self.point_values.keys().chain(self.tick_sizes.keys());
        let mut tickers = tickers.chain(self.contracts.keys());
        let is_each_named = tickers.all(|ticker| !ticker.trim().is_empty());
        rule(is_each_named, "pointValues, tickSizes and contracts", NAMED)?;
        rule(
            !contradicts_itself(&self.point_values),
            "pointValues",
            TWICE,
        )?;
        rule(!contradicts_itself(&self.tick_sizes), "tickSizes", TWICE)?;
        rule(!contradicts_itself(&self.contracts), "contracts", TWICE)
    }

    /// The terms that the profit of a ticker is counted by.
    #[must_use]
    pub fn terms_of(&self, ticker: &str) -> Terms {
        Terms {
            contract: by_ticker(&self.contracts, ticker).unwrap_or(self.contract),
            point_value: self.point_value_of(ticker),
        }
    }

    /// Money that one contract of `ticker` gains when its price rises by 1.
    #[must_use]
    pub fn point_value_of(&self, ticker: &str) -> Decimal {
        by_ticker(&self.point_values, ticker).unwrap_or(self.point_value)
    }

    /// The size of one tick of `ticker` in price units.
    #[must_use]
    pub fn tick_size_of(&self, ticker: &str) -> Decimal {
        by_ticker(&self.tick_sizes, ticker).unwrap_or(self.slippage.tick_size)
    }

    /// The point value to propose for a ticker; `None` where it is set, or is no known
    /// future's. A setting for the ticker confirms any value.
    #[must_use]
    pub fn missing_point_value(&self, ticker: &str) -> Option<MissingPointValue> {
        let known = known_point_value(ticker)?;
        let is_set = by_ticker(&self.point_values, ticker).is_some();
        let is_linear = self.terms_of(ticker).contract == Contract::Linear;
        (is_linear && !is_set && self.point_value != known).then_some(MissingPointValue {
            used: self.point_value,
            known,
        })
    }
}

/// The setting for a ticker: under the very same text, else under another spelling of the
/// instrument, else under another month of the future, else under its root. `None` where two such
/// settings differ, for then nobody said which is meant.
fn by_ticker<T: Copy + PartialEq>(settings: &BTreeMap<String, T>, ticker: &str) -> Option<T> {
    if settings.is_empty() {
        return None;
    }
    let spelling = Spelling::of(ticker);
    let same = |key: &str| Spelling::of(key).may_be(&spelling);
    settings
        .get(ticker)
        .copied()
        .or_else(|| only(settings, same))
        .or_else(|| only(settings, |key| is_same_future(key, ticker)))
        .or_else(|| only(settings, |key| is_root_of(key, ticker)))
}

fn only<T: Copy + PartialEq>(
    settings: &BTreeMap<String, T>,
    is_meant: impl Fn(&str) -> bool,
) -> Option<T> {
    let mut meant = settings.iter().filter(|(key, _)| is_meant(key));
    let (_, first) = meant.next()?;
    meant.all(|(_, next)| next == first).then_some(*first)
}

/// Reports whether two keys name one instrument and say different things of it.
fn contradicts_itself<T: PartialEq>(settings: &BTreeMap<String, T>) -> bool {
    let mut known: Vec<(Spelling, &T)> = Vec::with_capacity(settings.len());
    settings.iter().any(|(key, value)| {
        let spelling = Spelling::of(key);
        let is_same = |(other, of_other): &(Spelling, &T)| {
            other.exchange() == spelling.exchange() && other.may_be(&spelling) && *of_other != value
        };
        let contradicts = known.iter().any(is_same);
        known.push((spelling, value));
        contradicts
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn with_point_values(entries: &[(&str, &str)]) -> Settings {
        let entries = entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), decimal(value)));
        Settings {
            point_values: entries.collect(),
            ..Settings::default()
        }
    }

    #[test]
    fn a_setting_is_for_every_spelling_of_its_instrument() {
        for key in ["ES1!", "CME_MINI:ES1!", "es1!", "CME:ES1!"] {
            let settings = with_point_values(&[(key, "50")]);
            for ticker in ["ES1!", "CME_MINI:ES1!", "es1!", "ES2!", "ESZ2026"] {
                assert_eq!(
                    settings.point_value_of(ticker),
                    decimal("50"),
                    "{key} {ticker}"
                );
            }
            for ticker in ["MES1!", "NQ1!", "ES"] {
                assert_eq!(
                    settings.point_value_of(ticker),
                    Decimal::ONE,
                    "{key} {ticker}"
                );
            }
        }
    }

    #[test]
    fn the_setting_that_is_nearest_wins_and_a_doubtful_one_does_not() {
        let settings = with_point_values(&[
            ("XETR:SAP", "2"),
            ("NYSE:SAP", "3"),
            ("ES1!", "50"),
            ("ESZ2026", "49"),
        ]);
        for (ticker, value) in [
            ("XETR:SAP", "2"),
            ("NYSE:SAP", "3"),
            ("NASDAQ:SAP", "3"),
            ("SAP", "1"),
            ("ESZ2026", "49"),
            ("ESH2027", "1"),
        ] {
            assert_eq!(settings.point_value_of(ticker), decimal(value), "{ticker}");
        }
    }

    #[test]
    fn the_root_of_a_future_is_for_all_its_contracts_that_have_no_setting() {
        let settings = with_point_values(&[("ES", "50"), ("NQZ2026", "21"), ("nq", "20")]);
        for (ticker, value) in [
            ("ES1!", "50"),
            ("CME_MINI:ESZ2026", "50"),
            ("ESZ6", "50"),
            ("ES", "50"),
            ("MES1!", "1"),
            ("NQZ26", "21"),
            // Another month is nearer than the root.
            ("NQH2027", "21"),
        ] {
            assert_eq!(settings.point_value_of(ticker), decimal(value), "{ticker}");
        }
        assert_eq!(settings.missing_point_value("ES1!"), None);
        let of_a_stock = with_point_values(&[("NYSE:ES", "2")]);
        assert_eq!(of_a_stock.point_value_of("ES1!"), Decimal::ONE);
        assert!(of_a_stock.missing_point_value("ES1!").is_some());
    }

    #[test]
    fn a_future_without_its_point_value_is_missing_it_until_one_is_set() {
        let missing = Settings::default()
            .missing_point_value("CME_MINI:ES1!")
            .unwrap();
        assert_eq!((missing.used, missing.known), (Decimal::ONE, decimal("50")));
        for key in ["ES1!", "CME_MINI:ESZ2026"] {
            let confirmed = with_point_values(&[(key, "1")]);
            assert_eq!(confirmed.missing_point_value("ES1!"), None);
        }
        let of_all = Settings {
            point_value: decimal("50"),
            ..Settings::default()
        };
        assert_eq!(of_all.missing_point_value("ES1!"), None);
        assert!(of_all.missing_point_value("MES1!").is_some());
        assert_eq!(Settings::default().missing_point_value("AAPL"), None);
    }

    #[test]
    fn a_ticker_that_is_named_twice_has_one_value() {
        let of = |entries| {
            with_point_values(entries)
                .validate()
                .map_err(|error| error.field)
        };
        assert_eq!(of(&[("ES1!", "50"), ("es1!", "49")]), Err("pointValues"));
        assert_eq!(
            of(&[("CME:ES1!", "50"), ("CME_MINI:ES1!", "49")]),
            Err("pointValues")
        );
        assert_eq!(
            of(&[("ES1!", "50"), ("es1!", "50"), ("NYSE:ES", "2")]),
            Ok(())
        );
        assert_eq!(of(&[("XETR:SAP", "1"), ("NYSE:SAP", "2")]), Ok(()));
        assert_eq!(of(&[("6J1!", "12500000")]), Ok(()));
        assert_eq!(of(&[("ES1!", "0")]), Err("pointValues"));
    }

    #[test]
    fn an_inverse_contract_gains_in_the_coin() {
        let terms = Terms {
            contract: Contract::Inverse,
            point_value: Decimal::ONE,
        };
        let [entry, exit] = ["50000", "60000"].map(|price| price.parse().unwrap());
        let quantity = "10000".parse().unwrap();
        for (direction, expected) in [
            (Direction::Long, "0.033333333333333333"),
            (Direction::Short, "-0.033333333333333333"),
        ] {
            let gain = terms
                .gross_profit(direction, quantity, entry, exit)
                .unwrap();
            assert_eq!(gain.value, decimal(expected));
        }
        assert_eq!(terms.value("0".parse().unwrap(), quantity), None);
        assert_eq!(terms.value("-1".parse().unwrap(), quantity), None);
    }

    #[test]
    fn a_crude_oil_future_loses_below_zero_too() {
        let terms = Terms::linear(decimal("1000"));
        let [entry, exit] = ["10.01", "-37.63"].map(|price| price.parse().unwrap());
        let one = "1".parse().unwrap();
        let gain = terms
            .gross_profit(Direction::Long, one, entry, exit)
            .unwrap();
        assert_eq!(gain.value, decimal("-47640"));
        assert!(gain.is_exact);
    }
}
