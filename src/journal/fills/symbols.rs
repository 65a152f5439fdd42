//! Matches a broker's symbols to the webhook's tickers.

use std::collections::BTreeMap;

use super::{FillSymbol, ImportedFills};
use crate::domain::signal::Ticker;
use crate::imports::fills::{FillFile, ListedFill};

/// Reason that no fill of a file belongs to a webhook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no fill of the file is of an instrument that this webhook trades: the file has {found}, the webhook {traded}. Where two are one, name the broker's symbol and its ticker: {example}"
)]
pub struct NotTraded {
    found: String,
    traded: String,
    /// A symbol of the file and a ticker of the webhook, as they would be named: `XBT=BTCUSD`.
    pub example: String,
}

/// The owner's words for which symbol is which ticker: `MNQH6=CME_MINI:MNQ1!`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SymbolMap(Vec<(String, Ticker)>);

/// A text that maps no symbol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0:.60}\" maps no symbol; write the broker's name and the alert's ticker, as MNQH6=CME_MINI:MNQ1!"
)]
pub struct NotASymbolMap(String);

impl SymbolMap {
    /// Reads pairs of names.
    ///
    /// # Errors
    ///
    /// [`NotASymbolMap`] for the first that cannot be understood.
    pub fn read<'text>(
        texts: impl IntoIterator<Item = &'text str>,
    ) -> std::result::Result<Self, NotASymbolMap> {
        let pair = |text: &str| {
            let (symbol, ticker) = text.split_once('=')?;
            let symbol = symbol.trim().to_ascii_uppercase();
            (!symbol.is_empty()).then_some((symbol, ticker.parse().ok()?))
        };
        let pairs = texts
            .into_iter()
            .map(|text| pair(text).ok_or_else(|| NotASymbolMap(text.to_owned())));
        pairs.collect::<std::result::Result<_, _>>().map(Self)
    }

    fn of(&self, symbol: &Ticker) -> Option<&Ticker> {
        let symbol = symbol.as_str().to_ascii_uppercase();
        self.0
            .iter()
            .find(|(known, _)| *known == symbol)
            .map(|(_, ticker)| ticker)
    }
}

/// The symbols of a file by the tickers of a webhook.
pub(super) struct Names {
    pub(super) taken: BTreeMap<Ticker, Ticker>,
    left_out: Vec<Ticker>,
    /// Fills in the file, by symbol.
    counts: BTreeMap<Ticker, usize>,
    is_symbol_guessed: bool,
    notes: Vec<String>,
}

impl Names {
    pub(super) fn of(file: &FillFile, traded: &[Ticker], symbols: &SymbolMap) -> Self {
        let mut names = Self {
            taken: BTreeMap::new(),
            left_out: Vec::new(),
            counts: BTreeMap::new(),
            is_symbol_guessed: false,
            notes: Vec::new(),
        };
        for listed in &file.fills {
            let symbol = &listed.fill.symbol;
            if let Some(count) = names.counts.get_mut(symbol) {
                *count += 1;
                continue;
            }
            names.counts.insert(symbol.clone(), 1);
            match names.find(symbol, traded, symbols) {
                Some(ticker) => {
                    names.taken.insert(symbol.clone(), ticker);
                }
                None => names.left_out.push(symbol.clone()),
            }
        }
        names
    }

    fn find(&mut self, symbol: &Ticker, traded: &[Ticker], symbols: &SymbolMap) -> Option<Ticker> {
        if let Some(said) = symbols.of(symbol) {
            let known = traded.iter().find(|known| known.may_be(said));
            return Some(known.unwrap_or(said).clone());
        }
        if traded.is_empty() {
            return Some(symbol.clone());
        }
        if let Some(same) = traded.iter().find(|known| known.may_be(symbol)) {
            return Some(same.clone());
        }
        let mut alike = traded.iter().filter(|known| is_alike(symbol, known));
        let (only, another) = (alike.next()?, alike.next());
        if another.is_some() {
            return None;
        }
        self.notes.push(format!(
            "{symbol} was taken for {only}; name its ticker where it is another"
        ));
        self.is_symbol_guessed = true;
        Some(only.clone())
    }

    pub(super) fn not_traded(&self, traded: &[Ticker]) -> NotTraded {
        let list = |tickers: &[Ticker]| {
            let names: Vec<&str> = tickers.iter().take(10).map(Ticker::as_str).collect();
            names.join(", ")
        };
        let name = |tickers: &[Ticker]| tickers.first().map_or("?", Ticker::as_str).to_owned();
        NotTraded {
            found: list(&self.left_out),
            traded: list(traded),
            example: format!("{}={}", name(&self.left_out), name(traded)),
        }
    }

    pub(super) fn summary(&self, file: &FillFile) -> ImportedFills {
        let named = |symbol: &Ticker, ticker: Option<&Ticker>| FillSymbol {
            symbol: symbol.clone(),
            ticker: ticker.cloned(),
            fills: self.counts.get(symbol).copied().unwrap_or_default(),
        };
        let of_taken = |listed: &&ListedFill| self.taken.contains_key(&listed.fill.symbol);
        let mut times = file
            .fills
            .iter()
            .filter(of_taken)
            .map(|listed| listed.fill.time);
        let first = times.next();
        let mut notes = file.notes.clone();
        notes.extend(self.notes.iter().cloned());
        ImportedFills {
            import: None,
            venue: file.venue,
            rows: 0,
            new: 0,
            known: 0,
            others: file.others,
            first,
            last: times.next_back().or(first),
            taken: self
                .taken
                .iter()
                .map(|(symbol, ticker)| named(symbol, Some(ticker)))
                .collect(),
            left_out: self
                .left_out
                .iter()
                .map(|symbol| named(symbol, None))
                .collect(),
            is_symbol_guessed: self.is_symbol_guessed,
            is_zone_assumed: file.is_zone_assumed,
            notes,
        }
    }
}

/// Letters that name the month of a future.
const MONTHS: &str = "FGHJKMNQUVXZ";

/// Reports whether a broker's symbol and a ticker are most likely one instrument: they differ
/// by signs, by the mark of a perpetual, or one is a month of the other's continuous future.
fn is_alike(symbol: &Ticker, ticker: &Ticker) -> bool {
    let (symbol, ticker) = (core(symbol), core(ticker));
    if symbol == ticker {
        return true;
    }
    let Some(root) = ticker.strip_suffix("1!") else {
        return false;
    };
    let Some(month) = symbol.strip_prefix(root) else {
        return false;
    };
    let mut letters = month.chars();
    letters.next().is_some_and(|letter| MONTHS.contains(letter))
        && (1..=4).contains(&letters.as_str().len())
        && letters.all(|letter| letter.is_ascii_digit())
}

/// A name without exchange, case, signs between its halves and the mark of a perpetual.
fn core(ticker: &Ticker) -> String {
    let name = ticker.as_str().to_ascii_uppercase();
    let name = name.rsplit(':').next().unwrap_or(&name);
    let name = name.strip_suffix(".P").unwrap_or(name);
    let name = name.strip_suffix("-PERP").unwrap_or(name);
    name.chars()
        .filter(|letter| !matches!(letter, '/' | '-' | '_' | ' '))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticker(text: &str) -> Ticker {
        text.parse().unwrap()
    }

    #[test]
    fn a_broker_s_symbol_is_taken_for_the_ticker_that_it_can_only_be() {
        for (symbol, of, is_one) in [
            ("BTCUSDT", "BINANCE:BTCUSDT.P", true),
            ("BTC/USDT", "BTCUSDT", true),
            ("BTC-USDT-PERP", "BYBIT:BTCUSDT.P", true),
            ("MNQH6", "CME_MINI:MNQ1!", true),
            ("MNQZ2026", "CME_MINI:MNQ1!", true),
            ("NQH6", "CME_MINI:MNQ1!", false),
            ("ESTX", "EUREX:ES1!", false),
            ("MNQ", "CME_MINI:MNQ1!", false),
            ("ETHUSDT", "BTCUSDT", false),
        ] {
            assert_eq!(
                is_alike(&ticker(symbol), &ticker(of)),
                is_one,
                "{symbol} {of}"
            );
        }
    }

    #[test]
    fn the_owner_says_which_symbol_is_which_ticker() {
        let map = SymbolMap::read(["xbt=BTCUSD", "MNQH6 = CME_MINI:MNQ1!"]).unwrap();
        assert_eq!(map.of(&ticker("XBT")), Some(&ticker("BTCUSD")));
        assert_eq!(map.of(&ticker("mnqh6")), Some(&ticker("CME_MINI:MNQ1!")));
        for wrong in ["", "XBT", "=BTC", "XBT="] {
            assert!(SymbolMap::read([wrong]).is_err(), "{wrong}");
        }
    }
}
