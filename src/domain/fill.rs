//! A fill: what a broker says was traded.
//!
//! An alert asks, a fill is what came of it. A broker fills an order in one piece or in many,
//! takes a fee in whatever currency it likes, and names both with numbers of its own.

use jiff::Timestamp;

use super::currency;
use super::event::{numbered_id, text_enum};
use super::money::{Decimal, Price, Quantity};
use super::signal::{Direction, Ticker};

use serde::Serialize;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::event::NotAnId;

numbered_id! {
    /// The number of a fill, `fil_12` outside.
    FillId, "fil"
}

numbered_id! {
    /// The number of an import of fills, `fim_3` outside.
    FillImportId, "fim"
}

text_enum! {
    /// The broker or exchange whose export a fill is from.
    FillVenue, "venue" {
        /// Alpaca's account activities.
        Alpaca = "alpaca",
        /// Binance's trade history.
        Binance = "binance",
        /// Bybit's trade history.
        Bybit = "bybit",
        /// A Flex query or an activity statement of Interactive Brokers.
        InteractiveBrokers = "interactiveBrokers",
        /// Any other, in plain columns.
        Plain = "plain",
    }
}

/// Cost of a fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// Above zero is a cost, below zero a rebate.
    pub amount: Decimal,
    /// The currency or coin that it was taken in, where the export says; most fills have one.
    pub currency: Option<Arc<str>>,
}

/// One fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// The instrument as the broker names it.
    pub symbol: Ticker,
    /// Bought or sold.
    pub side: Direction,
    /// Contracts, shares or coins.
    pub quantity: Quantity,
    /// At which price.
    pub price: Price,
    /// Time of the fill; of an export with whole seconds or minutes, the start of these.
    pub time: Timestamp,
    /// The seconds that the export tells times to: 0 of finer ones, 1, or 60.
    pub precision: u32,
    /// The fee, where the export has one.
    pub fee: Option<Fee>,
    /// Currency of the price, where the export says.
    pub currency: Option<Arc<str>>,
    /// The broker's number of the order.
    pub order_id: Option<Box<str>>,
    /// The broker's number of the fill.
    pub fill_id: Option<Box<str>>,
}

/// A fill as its ledger counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Quantity by which the position moves.
    pub quantity: Quantity,
    /// The fee in the currency of profit; `None` where it was taken in another one.
    pub commission: Option<Decimal>,
}

/// Currencies that stand for the same money: a webhook that counts in dollars trades pairs of
/// the coins that are pegged to it.
const DOLLARS: [&str; 7] = ["USD", "USDT", "USDC", "BUSD", "FDUSD", "TUSD", "USDP"];

/// Reports whether amounts in two currencies can be laid beside each other as they are.
#[must_use]
pub fn is_same_money(one: &str, other: &str) -> bool {
    let is_dollar = |code: &str| DOLLARS.iter().any(|known| code.eq_ignore_ascii_case(known));
    one.eq_ignore_ascii_case(other) || is_dollar(one) && is_dollar(other)
}

impl Fill {
    /// The fill as a ledger in `money` counts it.
    ///
    /// A fee in the coin that was bought makes the position smaller, and costs what the coin
    /// did: one that buys 1 for 100 and is left with 0.999 has a position of 0.999 that cost
    /// 99.90, and paid 0.10.
    #[must_use]
    pub fn counted(&self, money: &str) -> Counted {
        let plain = |commission| Counted {
            quantity: self.quantity,
            commission,
        };
        let Some(fee) = &self.fee else {
            return plain(Some(Decimal::ZERO));
        };
        match &fee.currency {
            Some(currency) if is_same_money(currency, money) => plain(Some(fee.amount)),
            Some(currency) if self.is_base(currency) => self.less_fee(fee.amount),
            Some(currency) if !self.is_quote(currency) && !fee.amount.is_zero() => plain(None),
            _ => plain(Some(fee.amount)),
        }
    }

    fn less_fee(&self, fee: Decimal) -> Counted {
        let moved = self
            .quantity
            .get()
            .checked_sub(fee * self.side.sign())
            .and_then(|moved| Quantity::new(moved.normalize()).ok());
        Counted {
            quantity: moved.unwrap_or(self.quantity),
            commission: fee
                .checked_mul(self.price.get())
                .map(|cost| cost.normalize()),
        }
    }

    /// The symbol without what parts its halves: `BTC/USDT` is `BTCUSDT`.
    fn pair(&self) -> String {
        let letters = self.symbol.as_str().chars();
        let pair = letters.filter(char::is_ascii_alphanumeric);
        pair.map(|letter| letter.to_ascii_uppercase()).collect()
    }

    fn is_base(&self, currency: &str) -> bool {
        let (pair, currency) = (self.pair(), currency.to_ascii_uppercase());
        pair.len() > currency.len() && pair.starts_with(&currency)
    }

    fn is_quote(&self, currency: &str) -> bool {
        let (pair, currency) = (self.pair(), currency.to_ascii_uppercase());
        pair.len() > currency.len() && pair.ends_with(&currency)
    }

    /// A name that no other fill of the same account has: the broker's number where there is
    /// one, else all that is said of it, and the how manieth of its kind in the file it is.
    #[must_use]
    pub fn identity(&self, venue: FillVenue, nth: usize) -> String {
        let symbol = self.symbol.as_str().to_ascii_uppercase();
        if let Some(id) = &self.fill_id {
            return format!("{venue}|{symbol}|{id}");
        }
        format!("{}|{nth}", self.in_full())
    }

    /// All that is said of it in one text, which partial fills of one second can share.
    #[must_use]
    pub fn in_full(&self) -> String {
        format!(
            "|{}|{}|{}|{}|{}|{}",
            self.symbol.as_str().to_ascii_uppercase(),
            self.time.as_microsecond(),
            self.side,
            self.quantity.get().normalize(),
            self.price.get().normalize(),
            self.order_id.as_deref().unwrap_or_default(),
        )
    }

    /// Its fee as it is shown.
    #[must_use]
    pub fn fee_in_words(&self) -> Option<String> {
        let fee = self.fee.as_ref()?;
        let code = fee.currency.as_deref().unwrap_or_default();
        Some(
            format!("{} {code}", currency::shown(fee.amount, code))
                .trim()
                .to_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(side: Direction, fee: Option<(&str, Option<&str>)>) -> Fill {
        Fill {
            symbol: "BTC/USDT".parse().unwrap(),
            side,
            quantity: "1".parse().unwrap(),
            price: "100".parse().unwrap(),
            time: Timestamp::UNIX_EPOCH,
            precision: 0,
            fee: fee.map(|(amount, currency)| Fee {
                amount: amount.parse().unwrap(),
                currency: currency.map(Into::into),
            }),
            currency: None,
            order_id: None,
            fill_id: None,
        }
    }

    fn counted(side: Direction, fee: (&str, Option<&str>)) -> (String, Option<String>) {
        let counted = fill(side, Some(fee)).counted("USD");
        let commission = counted.commission.map(|cost| cost.to_string());
        (counted.quantity.to_string(), commission)
    }

    #[test]
    fn a_fee_in_the_coin_makes_the_position_smaller_and_costs_its_price() {
        use Direction::{Long, Short};
        let said = |quantity: &str, commission: Option<&str>| {
            (quantity.to_owned(), commission.map(str::to_owned))
        };
        assert_eq!(
            counted(Long, ("0.001", Some("BTC"))),
            said("0.999", Some("0.1"))
        );
        assert_eq!(
            counted(Short, ("0.001", Some("btc"))),
            said("1.001", Some("0.1"))
        );
        assert_eq!(counted(Long, ("0.2", Some("USDT"))), said("1", Some("0.2")));
        assert_eq!(counted(Long, ("-0.2", None)), said("1", Some("-0.2")));
        assert_eq!(counted(Long, ("0.0003", Some("BNB"))), said("1", None));
        assert_eq!(counted(Long, ("0", Some("BNB"))), said("1", Some("0")));
    }

    #[test]
    fn a_fill_is_known_by_its_number_else_by_all_that_is_said_of_it() {
        let mut one = fill(Direction::Long, None);
        let (first, second) = (
            one.identity(FillVenue::Binance, 0),
            one.identity(FillVenue::Binance, 1),
        );
        assert_ne!(first, second);
        one.fill_id = Some("77".into());
        assert_eq!(one.identity(FillVenue::Binance, 0), "binance|BTC/USDT|77");
        assert_eq!(one.identity(FillVenue::Binance, 1), "binance|BTC/USDT|77");
    }

    #[test]
    fn pegged_coins_are_the_same_money() {
        assert!(is_same_money("usd", "USDT") && is_same_money("EUR", "eur"));
        assert!(!is_same_money("EUR", "USD"));
    }
}
