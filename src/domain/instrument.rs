//! Instruments: what the tickers of alerts name, however they are spelled.
//!
//! `NASDAQ:AAPL`, `AAPL` and `aapl` are one instrument: a strategy that is edited half way
//! through a trade must not leave its position open for good. A ticker without an exchange
//! is therefore of whichever exchange the webhook states for that symbol.
//!
//! Two exchanges that are both stated are two instruments, for the trader said so:
//! `XETR:SAP` is in euros and `NYSE:SAP` in dollars, and a trade between them would be a
//! wrong number. What has the same symbols by its own rules is one exchange here: the tape
//! of the stock exchanges of the United States, the futures of the CME group, and the
//! delayed feeds (`_DL`, `_DLY`). The first exchange that a webhook states for a symbol is
//! its home; the others are kept apart, and the alert that brings one is told so.
//!
//! A contract month is one whether its year has four digits, two or one: `ESZ2026`, `ESZ26` and
//! `ESZ6`, as far as the future is known.
//!
//! In a formula (`NYMEX:CL1!-NYMEX:CL2!`) every operand has an exchange of its own.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use super::futures::month_in_full;
use super::signal::{NotATicker, Ticker};

/// Exchanges on which a symbol is the same paper, whichever of them is stated.
const ONE_MARKET: [&[&str]; 2] = [
    &["NASDAQ", "NYSE", "AMEX", "ARCA", "NYSEARCA", "BATS"],
    &[
        "CME",
        "CME_MINI",
        "CBOT",
        "CBOT_MINI",
        "NYMEX",
        "NYMEX_MINI",
        "COMEX",
        "COMEX_MINI",
    ],
];

/// The letters between the operands of a formula.
const OPERATORS: [char; 7] = ['+', '-', '*', '/', '^', '(', ')'];

/// An instrument of a webhook, named by the first ticker that stated it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instrument(Ticker);

impl Instrument {
    /// The instrument that this ticker was the first to name.
    #[must_use]
    pub fn named_by(ticker: Ticker) -> Self {
        Self(ticker)
    }

    /// The ticker that names it.
    #[must_use]
    pub fn ticker(&self) -> &Ticker {
        &self.0
    }

    /// Its name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for Instrument {
    type Err = NotATicker;

    fn from_str(text: &str) -> Result<Self, NotATicker> {
        text.parse().map(Self)
    }
}

/// The exchange of each operand of a ticker, as far as it states them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Exchanges(Vec<Option<String>>);

impl Exchanges {
    fn agree_with(&self, other: &Self) -> bool {
        let mut pairs = self.0.iter().zip(&other.0);
        pairs.all(|pair| !matches!(pair, (Some(one), Some(other)) if one != other))
    }

    fn learn(&mut self, other: &Self) {
        if self.0.is_empty() {
            self.clone_from(other);
        }
        for (known, stated) in self.0.iter_mut().zip(&other.0) {
            if known.is_none() {
                known.clone_from(stated);
            }
        }
    }

    fn is_stated(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }

    /// As one text: of each operand its exchange, or `?`.
    fn text(&self) -> String {
        let names = self.0.iter().map(|name| name.as_deref().unwrap_or("?"));
        names.collect::<Vec<_>>().join(",")
    }
}

/// A ticker taken apart into symbol and exchanges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelling {
    symbol: String,
    exchanges: Exchanges,
}

impl Spelling {
    /// Takes a ticker apart.
    #[must_use]
    pub fn of(ticker: &str) -> Self {
        let mut symbol = String::with_capacity(ticker.len());
        let mut exchanges = Vec::new();
        for operand in ticker.split_inclusive(OPERATORS) {
            let (exchange, rest) = match operand.split_once(':') {
                Some((name, rest)) if is_exchange(name) && !rest.is_empty() => {
                    (Some(market_of(name)), rest)
                }
                _ => (None, operand),
            };
            let rest = rest.trim_start().to_ascii_uppercase();
            let name = rest.trim_end_matches(OPERATORS);
            match month_in_full(name.trim_end()) {
                Some(month) => symbol.extend([&month, &rest[name.len()..]]),
                None => symbol.push_str(&rest),
            }
            exchanges.push(exchange);
        }
        Self {
            symbol,
            exchanges: Exchanges(exchanges),
        }
    }

    /// Reports whether the ticker is a difference of instruments, as `CL1!-CL2!` is and
    /// `BTC-USD` is not: its price can be zero or below.
    #[must_use]
    pub fn is_spread(&self) -> bool {
        let stated = self.exchanges.0.iter().flatten().count();
        let operands = self.exchanges.0.len();
        operands > 1 && self.symbol.contains('-') && (stated > 1 || self.symbol.contains('!'))
    }

    /// The symbol without exchanges, in capital letters; known months with four digits of the
    /// year.
    #[must_use]
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// The exchanges it states as one text; `None` where it states none.
    #[must_use]
    pub fn exchange(&self) -> Option<String> {
        self.exchanges.is_stated().then(|| self.exchanges.text())
    }

    /// Reports whether both can name one instrument: the symbol is the same, and no two
    /// exchanges differ.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        self.symbol == other.symbol && self.exchanges.agree_with(&other.exchanges)
    }
}

fn is_exchange(name: &str) -> bool {
    let name = name.trim();
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(is_letter)
}

/// One name for all exchanges of a market.
fn market_of(exchange: &str) -> String {
    let name = exchange.trim().to_ascii_uppercase();
    let name = ["_DLY", "_DL"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .unwrap_or(&name);
    let market = ONE_MARKET.iter().find(|market| market.contains(&name));
    market.map_or(name, |market| market[0]).to_owned()
}

/// The instruments of a webhook, learnt from its tickers one after another.
#[derive(Debug, Clone, Default)]
pub struct Instruments {
    /// By symbol; the first is of the symbol's home exchange.
    known: HashMap<String, Vec<KnownInstrument>>,
}

/// An instrument, and the exchanges that were stated for it.
#[derive(Debug, Clone)]
struct KnownInstrument {
    instrument: Instrument,
    exchanges: Exchanges,
}

impl Instruments {
    /// The instrument that a ticker names; a new one where it names none that is known.
    pub fn learn(&mut self, ticker: &Ticker) -> Instrument {
        let Spelling { symbol, exchanges } = Spelling::of(ticker.as_str());
        let of_symbol = self.known.entry(symbol).or_default();
        let same = |known: &&mut KnownInstrument| known.exchanges.agree_with(&exchanges);
        if let Some(known) = of_symbol.iter_mut().find(same) {
            known.exchanges.learn(&exchanges);
            return known.instrument.clone();
        }
        let instrument = Instrument::named_by(ticker.clone());
        of_symbol.push(KnownInstrument {
            instrument: instrument.clone(),
            exchanges,
        });
        instrument
    }

    /// The instruments that have the symbol of a ticker, its home's first.
    pub fn of_symbol(&self, ticker: &Ticker) -> impl Iterator<Item = &Instrument> {
        let spelling = Spelling::of(ticker.as_str());
        let known = self.known.get(&spelling.symbol);
        known.into_iter().flatten().map(|known| &known.instrument)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt<const COUNT: usize>(tickers: [&str; COUNT]) -> [String; COUNT] {
        let mut instruments = Instruments::default();
        tickers.map(|ticker| instruments.learn(&ticker.parse().unwrap()).to_string())
    }

    #[test]
    fn exchange_and_case_make_no_other_instrument() {
        for spellings in [
            ["NASDAQ:AAPL", "AAPL", "aapl"],
            ["ES1!", "CME_MINI:ES1!", "es1!"],
            ["AAPL", "NASDAQ_DLY:AAPL", "Nasdaq:aapl"],
            ["BATS:AAPL", "NASDAQ_DL:AAPL", "NYSE:AAPL"],
            ["CME:ES1!", "CME_MINI:ES1!", "CME_MINI_DL:ES1!"],
            ["CL1!-CL2!", "NYMEX:CL1!-NYMEX:CL2!", "NYMEX:cl1!-CL2!"],
            ["ESZ2026", "CME_MINI:ESZ26", "esz6"],
            ["MOEX:SIZ6", "SIZ2026", "SIZ26"],
            ["CLZ6-CLF27", "NYMEX:CLZ2026-NYMEX:CLF2027", "CLZ26-CLF7"],
        ] {
            let [first, second, third] = learnt(spellings);
            assert_eq!(first, second, "{spellings:?}");
            assert_eq!(first, third, "{spellings:?}");
        }
    }

    #[test]
    fn two_exchanges_are_two_instruments_and_the_first_is_home() {
        let found = learnt(["SAP", "XETR:SAP", "NYSE:SAP", "SAP", "XETR:SAP", "AMEX:SAP"]);
        assert_eq!(found, ["SAP", "SAP", "NYSE:SAP", "SAP", "SAP", "NYSE:SAP"]);
        let found = learnt(["BINANCE:BTCUSDT", "BYBIT:BTCUSDT", "BTCUSDT"]);
        let [home, abroad] = ["BINANCE:BTCUSDT", "BYBIT:BTCUSDT"];
        assert_eq!(found, [home, abroad, home]);
    }

    #[test]
    fn other_symbols_stay_others() {
        for [one, other] in [
            ["ES1!", "ES2!"],
            ["ESZ2026", "ESZ2016"],
            ["ESZ26", "ESH26"],
            ["ESZ6", "MESZ6"],
            ["MOEX:GZZ2026", "MOEX:GZZ6"],
            ["NYMEX:CL1!-NYMEX:CL2!", "NYMEX:CL2!"],
            ["NYMEX:CL1!-NYMEX:CL2!", "NYMEX:CL1!"],
            ["BTCUSDT", "BTCUSDT.P"],
            ["BTC-USDT", "BTCUSDT"],
            ["A:B:C", "B:C:A"],
        ] {
            let [one, other] = learnt([one, other]);
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_colon_that_parts_no_exchange_stays() {
        for (ticker, symbol) in [
            (":AAPL", ":AAPL"),
            ("A B:C", "A B:C"),
            ("nyse:", "NYSE:"),
            ("1/NYMEX:CL1!", "1/CL1!"),
            ("(NYSE:A+NYSE:B)/2", "(A+B)/2"),
        ] {
            assert_eq!(Spelling::of(ticker).symbol(), symbol);
        }
    }

    #[test]
    fn a_spread_is_a_difference_of_instruments() {
        for ticker in ["CL1!-CL2!", "NYMEX:CLZ2026-NYMEX:CLF2027", "2*ZS1!-ZC1!"] {
            assert!(Spelling::of(ticker).is_spread(), "{ticker}");
        }
        for ticker in ["BTC-USD", "COINBASE:BTC-USD", "BRK-B", "CL1!", "ES1!*50"] {
            assert!(!Spelling::of(ticker).is_spread(), "{ticker}");
        }
    }

    #[test]
    fn spellings_that_differ_by_what_they_leave_out_can_be_one() {
        let may_be = |one: &str, other: &str| Spelling::of(one).may_be(&Spelling::of(other));
        assert!(may_be("ES1!", "CME_MINI:ES1!"));
        assert!(may_be("nasdaq:aapl", "BATS:AAPL"));
        assert!(!may_be("XETR:SAP", "NYSE:SAP"));
    }
}
