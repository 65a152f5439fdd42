//! The currency of an instrument's profit, and whether it is that of its webhook.
//!
//! The profit of a linear contract is in the currency of its price, that of an inverse one in the
//! coin that it is about. A webhook has one currency, and its profits are added up. So a setting
//! `contracts` that makes one of several tickers inverse adds coins to dollars; nothing in the
//! sum tells it.

use super::instrument::{Instrument, Spelling};
use super::terms::Contract;
use super::webhook::Settings;

/// The currency that a profit is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfitCurrency {
    /// The coin of an inverse contract, where its symbol tells which.
    Coin(Option<String>),
    /// That of the price, which no alert states.
    Price,
}

/// Note for the owner on the instruments of a webhook whose profit is in another currency; `None`
/// where there are none.
#[must_use]
pub fn note(
    webhook: &str,
    currency: &str,
    others: &[(Instrument, ProfitCurrency)],
) -> Option<String> {
    let named = others.iter().map(|(instrument, of)| match of {
        ProfitCurrency::Coin(Some(coin)) => format!("{instrument} (in {coin})"),
        ProfitCurrency::Coin(None) => format!("{instrument} (in its coin)"),
        ProfitCurrency::Price => format!("{instrument} (in the currency of its price)"),
    });
    let named = named.collect::<Vec<_>>().join(", ");
    let is_any = !others.is_empty();
    is_any.then(|| format!("in \"{webhook}\" the profit of {named} is counted as {currency}"))
}

/// The currency of an instrument's profit where that is not its webhook's; `traded` are all that
/// the webhook trades.
#[must_use]
pub fn other_currency<'t>(
    settings: &Settings,
    ticker: &str,
    mut traded: impl Iterator<Item = &'t str>,
) -> Option<ProfitCurrency> {
    match settings.terms_of(ticker).contract {
        Contract::Inverse if is_own_coin(settings, ticker) => None,
        Contract::Inverse => Some(ProfitCurrency::Coin(coin_of(ticker))),
        // A currency that is the coin of one is not that of another's price.
        Contract::Linear => {
            let is_coin = |other: &str| {
                settings.terms_of(other).contract == Contract::Inverse
                    && is_own_coin(settings, other)
            };
            traded.any(is_coin).then_some(ProfitCurrency::Price)
        }
    }
}

/// Reports whether the coin of an inverse contract is the webhook's currency. Where the symbol
/// does not tell the coin, a webhook of inverse contracts is taken at its word.
fn is_own_coin(settings: &Settings, ticker: &str) -> bool {
    match coin_of(ticker) {
        Some(coin) => coin == coin_name(&settings.currency),
        None => settings.contract == Contract::Inverse,
    }
}

/// The coin of an inverse contract by its symbol: what stands before the dollar, as in
/// `BTCUSD.P`.
fn coin_of(ticker: &str) -> Option<String> {
    let spelling = Spelling::of(ticker);
    let (coin, _) = spelling.symbol().split_once("USD")?;
    let coin = coin.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
    let is_name = !coin.is_empty() && coin.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then(|| coin_name(coin))
}

/// One name for a coin that has two.
fn coin_name(currency: &str) -> String {
    match currency.to_ascii_uppercase().as_str() {
        "XBT" => "BTC".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(currency: &str, contract: Contract, contracts: &[(&str, Contract)]) -> Settings {
        let contracts = contracts.iter();
        Settings {
            currency: currency.to_owned(),
            contract,
            contracts: contracts
                .map(|(ticker, contract)| ((*ticker).to_owned(), *contract))
                .collect(),
            ..Settings::default()
        }
    }

    fn of(settings: &Settings, ticker: &str, traded: &[&str]) -> Option<ProfitCurrency> {
        other_currency(settings, ticker, traded.iter().copied())
    }

    #[test]
    fn an_inverse_contract_among_linear_ones_is_in_its_coin() {
        let dollars = settings("USD", Contract::Linear, &[("BTCUSD", Contract::Inverse)]);
        let traded = ["AAPL", "BITMEX:XBTUSD", "DERIBIT:BTCUSD"];
        let coin = Some(ProfitCurrency::Coin(Some("BTC".to_owned())));
        assert_eq!(of(&dollars, "DERIBIT:BTCUSD", &traded), coin);
        assert_eq!(of(&dollars, "AAPL", &traded), None);
        assert_eq!(of(&dollars, "BITMEX:XBTUSD", &traded), None);
    }

    #[test]
    fn a_webhook_in_the_coin_is_right_for_that_coin_only() {
        let coins = settings("BTC", Contract::Inverse, &[("AAPL", Contract::Linear)]);
        let traded = ["BTCUSD.P", "XBTUSD", "ETHUSDH2026", "AAPL"];
        assert_eq!(of(&coins, "BTCUSD.P", &traded), None);
        assert_eq!(of(&coins, "XBTUSD", &traded), None);
        let other = Some(ProfitCurrency::Coin(Some("ETH".to_owned())));
        assert_eq!(of(&coins, "ETHUSDH2026", &traded), other);
        assert_eq!(of(&coins, "AAPL", &traded), Some(ProfitCurrency::Price));
    }

    #[test]
    fn what_a_symbol_does_not_tell_is_taken_from_the_webhook() {
        let own = settings("ADA", Contract::Inverse, &[]);
        assert_eq!(of(&own, "PI_ADA", &["PI_ADA"]), None);
        let single = settings("USD", Contract::Linear, &[("PI_ADA", Contract::Inverse)]);
        let unknown = Some(ProfitCurrency::Coin(None));
        assert_eq!(of(&single, "PI_ADA", &["PI_ADA", "AAPL"]), unknown);
        assert_eq!(of(&single, "AAPL", &["PI_ADA", "AAPL"]), None);
    }
}
