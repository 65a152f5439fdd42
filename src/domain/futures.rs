//! Futures whose point value is the same for every contract month.
//!
//! A missing point value makes every number of a future wrong by the same factor, and
//! nothing in an alert tells it. The values are those of the exchanges' contract
//! specifications, in the unit that TradingView quotes: cents for grains and meats.

use super::money::Decimal;

/// A root, its point value, and its exchange: another one can have the same root for
/// something else.
type Root = (&'static str, &'static str, Exchange);

/// The exchange of a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exchange {
    /// CME, CBOT, NYMEX or COMEX.
    Cme,
    Eurex,
    Cfe,
    Ice,
}

impl Exchange {
    fn is_named(self, exchange: &str) -> bool {
        let names: &[&str] = match self {
            Self::Cme => &["CME", "CBOT", "NYMEX", "COMEX"],
            Self::Eurex => &["EUREX"],
            Self::Cfe => &["CBOE", "CFE"],
            Self::Ice => &["ICE", "NYBOT"],
        };
        names.iter().any(|name| exchange.starts_with(name))
    }
}

use Exchange::{Cfe, Cme, Eurex, Ice};

const ROOTS: &[Root] = &[
    // Indices.
    ("ES", "50", Cme),
    ("MES", "5", Cme),
    ("NQ", "20", Cme),
    ("MNQ", "2", Cme),
    ("YM", "5", Cme),
    ("MYM", "0.5", Cme),
    ("RTY", "50", Cme),
    ("M2K", "5", Cme),
    ("EMD", "100", Cme),
    ("NKD", "5", Cme),
    ("FDAX", "25", Eurex),
    ("FDXM", "5", Eurex),
    ("FDXS", "1", Eurex),
    ("FESX", "10", Eurex),
    ("FSXE", "1", Eurex),
    ("FSMI", "10", Eurex),
    ("VX", "1000", Cfe),
    ("VXM", "100", Cfe),
    // Energy.
    ("CL", "1000", Cme),
    ("MCL", "100", Cme),
    ("QM", "500", Cme),
    ("NG", "10000", Cme),
    ("MNG", "1000", Cme),
    ("QG", "2500", Cme),
    ("RB", "42000", Cme),
    ("HO", "42000", Cme),
    ("BRN", "1000", Ice),
    // Metals.
    ("GC", "100", Cme),
    ("MGC", "10", Cme),
    ("QO", "50", Cme),
    ("SI", "5000", Cme),
    ("SIL", "1000", Cme),
    ("QI", "2500", Cme),
    ("HG", "25000", Cme),
    ("MHG", "2500", Cme),
    ("PL", "50", Cme),
    ("PA", "100", Cme),
    // Interest rates.
    ("ZB", "1000", Cme),
    ("UB", "1000", Cme),
    ("ZN", "1000", Cme),
    ("TN", "1000", Cme),
    ("ZF", "1000", Cme),
    ("ZT", "2000", Cme),
    ("FGBL", "1000", Eurex),
    ("FGBM", "1000", Eurex),
    ("FGBS", "1000", Eurex),
    ("FGBX", "1000", Eurex),
    ("FBTP", "1000", Eurex),
    ("FOAT", "1000", Eurex),
    // Currencies.
    ("6E", "125000", Cme),
    ("M6E", "12500", Cme),
    ("E7", "62500", Cme),
    ("6B", "62500", Cme),
    ("M6B", "6250", Cme),
    ("6J", "12500000", Cme),
    ("6A", "100000", Cme),
    ("M6A", "10000", Cme),
    ("6C", "100000", Cme),
    ("6S", "125000", Cme),
    ("6N", "100000", Cme),
    ("6M", "500000", Cme),
    ("DX", "1000", Ice),
    // Grains and meats, quoted in cents.
    ("ZC", "50", Cme),
    ("ZS", "50", Cme),
    ("ZW", "50", Cme),
    ("KE", "50", Cme),
    ("ZO", "50", Cme),
    ("XC", "10", Cme),
    ("XK", "10", Cme),
    ("XW", "10", Cme),
    ("ZL", "600", Cme),
    ("ZM", "100", Cme),
    ("LE", "400", Cme),
    ("HE", "400", Cme),
    ("GF", "500", Cme),
    // Softs.
    ("KC", "375", Ice),
    ("SB", "1120", Ice),
    ("CT", "500", Ice),
    ("CC", "10", Ice),
    ("OJ", "150", Ice),
    // Coins.
    ("BTC", "5", Cme),
    ("MBT", "0.1", Cme),
    ("ETH", "50", Cme),
    ("MET", "0.1", Cme),
];

/// The point value of a future; `None` of an unknown ticker.
#[must_use]
pub fn known_point_value(ticker: &str) -> Option<Decimal> {
    let (_, point_value, _) = FuturesContract::read(ticker)?.known()?;
    point_value.parse().ok()
}

/// Reports whether both tickers are contract months of one future that is known: their
/// terms are the same.
#[must_use]
pub fn is_same_future(one: &str, other: &str) -> bool {
    let root = |ticker| Some(FuturesContract::read(ticker)?.known()?.0);
    matches!((root(one), root(other)), (Some(one), Some(other)) if one == other)
}

/// Reports whether a key of the settings is the root of a future, as `ES` is of `ES1!`, and the
/// ticker one of its contracts. A root that is not known is told by its continuous contract only.
#[must_use]
pub fn is_root_of(key: &str, ticker: &str) -> bool {
    let upper = key.trim().to_ascii_uppercase();
    let (of_key, root) = match upper.split_once(':') {
        Some((exchange, root)) => (Some(exchange), root),
        None => (None, upper.as_str()),
    };
    let Some(contract) = FuturesContract::read(ticker).filter(|contract| contract.root == root)
    else {
        return false;
    };
    let Some((.., home)) = contract.known() else {
        let is_other = of_key
            .zip(contract.exchange.as_deref())
            .is_some_and(|(key, of)| key != of);
        return contract.month.is_none() && !is_other && !is_known_root(root);
    };
    of_key.is_none_or(|exchange| home.is_named(exchange))
}

/// A contract month with all four digits of its year, as TradingView has it: `ESZ2026` of
/// `ESZ26` and of `ESZ6`. `None` where its root is not known, or all are there.
///
/// Brokers write one digit of the year. It is that of 2024 to 2033, for nobody trades a contract
/// of ten years ago.
#[must_use]
pub fn month_in_full(symbol: &str) -> Option<String> {
    let contract =
        FuturesContract::read(symbol).filter(|contract| is_known_root(&contract.root))?;
    let (month, year) = contract.month?;
    let year = match (year.len(), year.parse::<u16>().ok()?) {
        (1, digit @ 0..=3) => 2030 + digit,
        (1, digit) => 2020 + digit,
        (2, short) => 2000 + short,
        _ => return None,
    };
    Some(format!("{}{month}{year}", contract.root))
}

fn is_known_root(root: &str) -> bool {
    ROOTS.iter().any(|(known, ..)| *known == root)
}

/// A contract of a future, known or not.
struct FuturesContract {
    exchange: Option<String>,
    root: String,
    /// The letter of its month and the digits of its year; `None` of a continuous one.
    month: Option<(char, String)>,
}

impl FuturesContract {
    /// Takes `ES1!`, `ESH26` or `CME_MINI:ESZ2026` apart.
    fn read(ticker: &str) -> Option<Self> {
        let upper = ticker.trim().to_ascii_uppercase();
        let (exchange, symbol) = match upper.split_once(':') {
            Some((exchange, symbol)) => (Some(exchange.to_owned()), symbol),
            None => (None, upper.as_str()),
        };
        let (root, month) = Self::continuous(symbol).or_else(|| Self::dated(symbol))?;
        (!root.is_empty()).then_some(Self {
            exchange,
            root,
            month,
        })
    }

    fn continuous(symbol: &str) -> Option<(String, Option<(char, String)>)> {
        let numbered = symbol.strip_suffix('!')?;
        // The number of the contract in line has one digit; a root can end with one.
        let at = numbered.len().checked_sub(1)?;
        let number = numbered.get(at..)?;
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| (numbered[..at].to_owned(), None))
    }

    fn dated(symbol: &str) -> Option<(String, Option<(char, String)>)> {
        let month = symbol.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let year = &symbol[month.len()..];
        if !(1..=4).contains(&year.len()) {
            return None;
        }
        let root =
            month.strip_suffix(['F', 'G', 'H', 'J', 'K', 'M', 'N', 'Q', 'U', 'V', 'X', 'Z'])?;
        let letter = month.chars().next_back()?;
        Some((root.to_owned(), Some((letter, year.to_owned()))))
    }

    /// Its root, where that is known and of its exchange.
    fn known(&self) -> Option<&'static Root> {
        let root = ROOTS.iter().find(|(known, ..)| *known == self.root)?;
        let exchange = self.exchange.as_deref();
        exchange
            .is_none_or(|exchange| root.2.is_named(exchange))
            .then_some(root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_month_of_a_root_is_known() {
        for (ticker, point_value) in [
            ("ES1!", "50"),
            ("ES2!", "50"),
            ("CME_MINI:ES1!", "50"),
            ("esh26", "50"),
            ("ESZ2026", "50"),
            ("MESZ5", "5"),
            ("CME_MINI_DL:MNQ1!", "2"),
            ("CBOT_MINI:MYM1!", "0.5"),
            ("M2K1!", "5"),
            ("M2KH2026", "5"),
            ("NYMEX:CL1!", "1000"),
            ("COMEX:GCJ2026", "100"),
            ("6E1!", "125000"),
            ("6J1!", "12500000"),
            ("EUREX:FDAX1!", "25"),
        ] {
            let known = known_point_value(ticker).map(|value| value.to_string());
            assert_eq!(known.as_deref(), Some(point_value), "{ticker}");
        }
    }

    #[test]
    fn every_root_is_there_once_with_a_point_value() {
        for (index, (root, point_value, _)) in ROOTS.iter().enumerate() {
            let ticker = format!("{root}1!");
            let value: Decimal = point_value.parse().unwrap();
            assert_eq!(known_point_value(&ticker), Some(value), "{root}");
            assert!(
                ROOTS[..index].iter().all(|(before, ..)| before != root),
                "{root}"
            );
        }
    }

    #[test]
    fn what_is_no_known_future_has_no_point_value() {
        for ticker in [
            "ES",
            "AAPL",
            "NYSE:ES",
            "BTCUSDT",
            "MOEX:SIZ2026",
            "BINANCE:ES1!",
            "1!",
            "!",
            "",
            "NYMEX:CL1!-NYMEX:CL2!",
            "CL1!-CL2!",
            "ESZ",
            "ESA2026",
            "Z2026",
        ] {
            assert_eq!(known_point_value(ticker), None, "{ticker}");
        }
    }

    #[test]
    fn months_of_one_future_are_the_same_and_a_stock_is_none() {
        assert!(is_same_future("ES1!", "CME_MINI:ESZ2026"));
        assert!(!is_same_future("ES1!", "MES1!"));
        assert!(!is_same_future("ES1!", "ES"));
        assert!(!is_same_future("AAPL", "AAPL"));
    }
    #[test]
    fn a_month_is_one_however_long_its_year_is_written() {
        for (symbol, full) in [
            ("ESZ26", Some("ESZ2026")),
            ("ESZ6", Some("ESZ2026")),
            ("ESH3", Some("ESH2033")),
            ("ESZ4", Some("ESZ2024")),
            ("M2KH26", Some("M2KH2026")),
            ("ESZ2026", None),
            ("ESZ202", None),
            ("ES1!", None),
            ("ES", None),
            ("AAPLZ26", None),
        ] {
            assert_eq!(month_in_full(symbol).as_deref(), full, "{symbol}");
        }
    }

    #[test]
    fn a_root_is_of_its_contracts() {
        for (key, ticker) in [
            ("ES", "ES1!"),
            ("es", "CME_MINI:ESZ2026"),
            ("CME_MINI:ES", "ES2!"),
            ("M2K", "M2K1!"),
            ("SSF", "SGX:SSF1!"),
        ] {
            assert!(is_root_of(key, ticker), "{key} {ticker}");
        }
        for (key, ticker) in [
            ("ES", "MES1!"),
            ("ES", "ES"),
            ("NYSE:ES", "ES1!"),
            ("ES", "BINANCE:ES1!"),
            ("ES1!", "ES1!"),
            ("SSF", "SSFZ2026"),
            ("HKEX:SSF", "SGX:SSF1!"),
            ("", "1!"),
        ] {
            assert!(!is_root_of(key, ticker), "{key} {ticker}");
        }
    }
}
