//! Where a list of trades is kept, and which backtests it takes the place of.

use rusqlite::Connection;

use super::{BacktestSize, Digest, NewBacktest};
use crate::domain::instrument::Spelling;
use crate::domain::money::Decimal;
use crate::domain::signal::Ticker;
use crate::store::error::Result;
use crate::store::sql::parsed;
use crate::store::webhooks::StoredWebhook;

/// A backtest that is there.
pub(super) struct Kept {
    pub size: BacktestSize,
    /// Whether trades are open at the end of its list.
    pub has_open: bool,
    pub digest: Vec<u8>,
    /// What it is kept with, of the file or of the webhook's settings then.
    pub currency: String,
    pub point_value: Decimal,
}

impl Kept {
    pub fn all(connection: &Connection, webhook: i64) -> Result<Vec<Self>> {
        let mut select = connection.prepare_cached(
            "SELECT b.ticker, (SELECT count(*) FROM backtest_trades t WHERE t.backtest_id = b.id),
                 b.open_trades > 0, b.digest, b.currency, b.point_value
             FROM backtests b WHERE b.webhook_id = ?1 ORDER BY b.ticker",
        )?;
        let kept = select.query_map([webhook], |row| {
            Ok(Self {
                size: BacktestSize {
                    ticker: parsed(row, 0)?,
                    trades: usize::try_from(row.get::<_, i64>(1)?).unwrap_or_default(),
                },
                has_open: row.get(2)?,
                digest: row.get(3)?,
                currency: row.get(4)?,
                point_value: parsed(row, 5)?,
            })
        })?;
        Ok(kept.collect::<rusqlite::Result<_>>()?)
    }

    /// The one of the instrument. A name without its exchange is the instrument of
    /// the only one that has this name; of two exchanges it could be either.
    pub fn of_instrument<'kept>(all: &'kept [Self], ticker: &Ticker) -> Option<&'kept Self> {
        let exact = all.iter().find(|kept| kept.size.ticker == *ticker);
        let mut others = all.iter().filter(|kept| kept.size.ticker.may_be(ticker));
        exact.or_else(|| others.next().filter(|_| others.next().is_none()))
    }
}

/// Whether a name is another one with its exchange before it.
fn is_fuller(name: &Ticker, other: &Ticker) -> bool {
    let states_exchange = |ticker: &Ticker| Spelling::of(ticker.as_str()).exchange().is_some();
    name.may_be(other) && states_exchange(name) && !states_exchange(other)
}

/// Where a list is kept.
pub(super) struct Place {
    pub ticker: Ticker,
    /// Why the ticker is a guess, where it is one.
    pub guess: Option<String>,
    /// What it takes the place of, itself included where it is there already.
    pub replaces: Vec<Kept>,
}

impl Place {
    /// The same file has one place, unless its owner names another instrument.
    pub fn of(connection: &Connection, webhook: &StoredWebhook, new: &NewBacktest) -> Result<Self> {
        let mut kept = Kept::all(connection, webhook.row)?;
        let (ticker, guess) = ticker(connection, webhook, new)?;
        let same_file = kept
            .iter()
            .find(|kept| new.digest.is_of_same_file(&kept.digest));
        if let Some(same_file) = same_file
            && new.ticker.is_none()
        {
            let before = same_file.size.ticker.clone();
            let is_other = !before.may_be(&ticker);
            let guess = match guess {
                Some(_) => Some(format!(
                    "the file names no instrument; it was kept under {before} before"
                )),
                None => is_other.then(|| {
                    format!("the same file was kept under {before} before, and stays there")
                }),
            };
            kept.retain(|kept| kept.size.ticker == before);
            return Ok(Self {
                ticker: before,
                guess,
                replaces: kept,
            });
        }
        let same = Kept::of_instrument(&kept, &ticker).map(|kept| kept.size.ticker.clone());
        kept.retain(|kept| {
            Some(&kept.size.ticker) == same.as_ref() || new.digest.is_of_same_file(&kept.digest)
        });
        let fuller = same.filter(|same| is_fuller(same, &ticker));
        Ok(Self {
            ticker: fuller.unwrap_or(ticker),
            guess,
            replaces: kept,
        })
    }

    /// Whether the very same is there, so that nothing changes: also where the file
    /// leaves currency or point value to settings that have not changed.
    pub fn has(&self, digest: &Digest, currency: &str, point_value: Decimal) -> bool {
        match self.replaces.as_slice() {
            [only] => {
                only.size.ticker == self.ticker
                    && only.digest == digest.bytes()
                    && only.currency == currency
                    && only.point_value == point_value
            }
            _ => false,
        }
    }
}

/// The instrument: as its owner says, the properties, the name of the file; else
/// the one that the webhook trades, which is a guess and explained.
fn ticker(
    connection: &Connection,
    webhook: &StoredWebhook,
    new: &NewBacktest,
) -> Result<(Ticker, Option<String>)> {
    let of_file = || new.file_name.as_deref().and_then(ticker_in_name);
    let of_properties = || new.list.properties.symbol.as_deref()?.parse().ok();
    let known = new.ticker.clone().or_else(of_properties).or_else(of_file);
    if let Some(ticker) = known {
        return Ok((ticker, None));
    }
    let mut select = connection
        .prepare_cached("SELECT DISTINCT ticker FROM ledgers WHERE webhook_id = ?1 LIMIT 2")?;
    let traded = select.query_map([webhook.row], |row| parsed(row, 0))?;
    let traded: Vec<Ticker> = traded.collect::<rusqlite::Result<_>>()?;
    Ok(match <[Ticker; 1]>::try_from(traded) {
        Ok([only]) => {
            let took = format!("took {only}, the ticker of this webhook's alerts");
            (only, Some(format!("the file names no instrument; {took}")))
        }
        Err(traded) => {
            let unknown = Ticker::unknown();
            let alerts = if traded.is_empty() { "none" } else { "several" };
            let kept =
                format!("this webhook's alerts have {alerts}; it is kept under \"{unknown}\"");
            (
                unknown,
                Some(format!("the file names no instrument and {kept}")),
            )
        }
    })
}

/// TradingView names its exports `My_Strategy_BINANCE_BTCUSDT_2026-01-05.csv`.
fn ticker_in_name(name: &str) -> Option<Ticker> {
    let parts: Vec<&str> = name.split('_').collect();
    let is_date = |part: &str| {
        part.get(..10)
            .is_some_and(|date| date.parse::<jiff::civil::Date>().is_ok())
    };
    let date = parts.iter().rposition(|part| is_date(part))?;
    let symbol = parts.get(date.checked_sub(1)?)?;
    let is_symbol = symbol.len() >= 2 && !symbol.chars().any(char::is_lowercase);
    is_symbol.then(|| symbol.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_export_tells_the_ticker() {
        for (name, ticker) in [
            (
                "My_Strategy_BINANCE_BTCUSDT_2026-01-05.csv",
                Some("BTCUSDT"),
            ),
            ("RSI_CME_MINI_ES1!_2026-01-05_a1b2c.xlsx", Some("ES1!")),
            ("2026-01-05.csv", None),
            ("trades.csv", None),
            ("my_list_2026-01-05.csv", None),
        ] {
            let found = ticker_in_name(name);
            assert_eq!(found.as_ref().map(Ticker::as_str), ticker, "{name}");
        }
    }
}
