//! Chooses the ticker under which a list of trades is kept, and the backtests that it replaces.

use rusqlite::Connection;

use super::{BacktestSize, Digest, KeptTerms, NewBacktest};
use crate::domain::instrument::Spelling;
use crate::domain::money::Decimal;
use crate::domain::signal::Ticker;
use crate::domain::terms::Contract;
use crate::domain::webhook::Commission;
use crate::store::error::Result;
use crate::store::sql::{optional_parsed, parsed};
use crate::store::webhooks::StoredWebhook;

/// A backtest that is there.
pub(super) struct PresentBacktest {
    pub size: BacktestSize,
    /// True if trades are open at the end of its list.
    pub has_open: bool,
    /// True if all of that is kept; of lists of earlier versions it is not, and they are read again.
    pub is_open_whole: bool,
    pub digest: Vec<u8>,
    /// The currency it is kept with, of the file or of the webhook's settings then.
    pub currency: String,
    pub point_value: Decimal,
    pub initial_capital: Option<Decimal>,
    /// The commission as it is stored; lists of earlier versions have none.
    pub commission: Option<(String, Decimal)>,
    /// The contract; lists of earlier versions have none, and are read again.
    pub contract: Option<Contract>,
}

impl PresentBacktest {
    pub fn all(connection: &Connection, webhook: i64) -> Result<Vec<Self>> {
        let mut select = connection.prepare_cached(
            "SELECT b.ticker, (SELECT count(*) FROM trades t
                     WHERE t.webhook_id = b.webhook_id AND t.book = 1 AND t.ticker = b.ticker),
                 b.open_trades > 0, b.digest, b.currency, b.point_value, b.initial_capital,
                 b.commission_kind, b.commission_value, b.contract,
                 b.open_trades = 0 OR (SELECT count(json_extract(o.value, '$.quantity')) = b.open_trades
                     FROM json_each(b.listed_open) o)
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
                initial_capital: optional_parsed(row, 6)?,
                commission: row
                    .get::<_, Option<String>>(7)?
                    .zip(optional_parsed(row, 8)?),
                contract: optional_parsed(row, 9)?,
                is_open_whole: row.get(10)?,
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

/// True if a name is another one with its exchange before it.
fn is_fuller(name: &Ticker, other: &Ticker) -> bool {
    let states_exchange = |ticker: &Ticker| Spelling::of(ticker.as_str()).exchange().is_some();
    name.may_be(other) && states_exchange(name) && !states_exchange(other)
}

/// Ticker of a list, and the backtests that it replaces.
pub(super) struct TickerChoice {
    pub ticker: Ticker,
    /// Reason that the ticker is a guess; `None` if it is not.
    pub guess: Option<String>,
    /// The backtests that it replaces, itself included where it is there already.
    pub replaces: Vec<PresentBacktest>,
}

impl TickerChoice {
    /// The same file has one place, unless its owner names another instrument.
    pub fn of(connection: &Connection, webhook: &StoredWebhook, new: &NewBacktest) -> Result<Self> {
        let mut kept = PresentBacktest::all(connection, webhook.row)?;
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
        let same =
            PresentBacktest::of_instrument(&kept, &ticker).map(|kept| kept.size.ticker.clone());
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

    /// True if the very same is there, so that nothing changes: also where the file
    /// leaves a number's meaning to settings that have not changed.
    pub fn has(&self, digest: &Digest, terms: &KeptTerms) -> bool {
        let [only] = self.replaces.as_slice() else {
            return false;
        };
        let kind = |commission: &Commission| {
            let kind = serde_json::to_value(commission.kind).ok()?;
            Some((kind.as_str()?.to_owned(), commission.value))
        };
        only.size.ticker == self.ticker
            && only.digest == digest.bytes()
            && only.is_open_whole
            && only.currency == terms.currency
            && only.point_value == terms.point_value.value
            && only.initial_capital == terms.own_capital()
            && only.contract == Some(terms.contract())
            && only.commission == terms.commission.value.as_ref().and_then(kind)
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
        .prepare_cached("SELECT ticker FROM ledgers WHERE webhook_id = ?1 AND book = 0 LIMIT 2")?;
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

/// TradingView names its exports `My_Strategy_BINANCE_BTCUSDT_2026-01-05_1a2b3.csv`: the
/// strategy's name and the instrument's with underscores for all that a file name cannot
/// have. So what follows an exchange is the symbol, with its own underscores; without an
/// exchange a word in capitals can as well be the strategy's. The exchange belongs to the
/// ticker: `XETR:SAP` and `NYSE:SAP` are two instruments.
fn ticker_in_name(name: &str) -> Option<Ticker> {
    let parts: Vec<&str> = name.split('_').collect();
    let is_date = |part: &str| {
        part.get(..10)
            .is_some_and(|date| date.parse::<jiff::civil::Date>().is_ok())
    };
    let date = parts.iter().rposition(|part| is_date(part))?;
    let before = &parts[..date];
    // The last exchange there is, and of those that end there the longest: CME_MINI.
    let places = (0..before.len()).rev();
    let symbol = places.filter_map(|end| {
        let starts = 0..=end;
        let names = starts.map(|start| before[start..=end].join("_"));
        let exchange = names.into_iter().find(|name| is_exchange(name))?;
        let symbol = before.get(end + 1..).filter(|symbol| !symbol.is_empty())?;
        Some((exchange, symbol.join("_")))
    });
    symbol
        .filter(|(_, symbol)| !symbol.chars().any(char::is_lowercase))
        .find_map(|(exchange, symbol)| format!("{}:{symbol}", live(&exchange)).parse().ok())
}

/// The prefixes that instruments have in TradingView.
const EXCHANGES: &str = "NASDAQ NYSE AMEX OTC CBOE CBOT CBOT_MINI CME CME_MINI COMEX COMEX_MINI NYMEX NYMEX_MINI ICEUS ICEEUR \
    CBOEEU EUREX ICAD CFE SMFE TVC FX FX_IDC FOREXCOM OANDA FXCM PEPPERSTONE SAXO CAPITALCOM BLACKBULL EIGHTCAP EASYMARKETS \
    ICMARKETS FUSIONMARKETS VANTAGE VELOCITY GLOBALPRIME IG IBKR CMCMARKETS CURRENCYCOM SKILLING THINKMARKETS WHSELFINVEST \
    TICKMILL FPMARKETS ACTIVTRADES AMANA ADSS ALPARI SPREADEX TRADENATION VTMARKETS \
    BINANCE BINANCEUS BINANCE_US COINBASE KRAKEN BITSTAMP BITFINEX BITMEX BYBIT OKX OKEX KUCOIN HUOBI HTX GATEIO GATE GEMINI \
    DERIBIT PHEMEX MEXC BITGET BINGX CRYPTOCOM CRYPTO CRYPTOCAP POLONIEX BITTREX FTX FTXUS UPBIT BITHUMB BITFLYER COINEX \
    WHITEBIT BLOFIN WOONETWORK HYPERLIQUID DYDX DELTA DELTAIN BTCC LBANK BITMART BITRUE PIONEX TOOBIT WEEX ZOOMEX COINW COINDCX \
    BITVAVO BITPANDA EXMO HITBTC OKCOIN BITKUB INDODAX MERCADO NOVADAX TOKENIZE COINZ \
    UNISWAP UNISWAP3ETH UNISWAP3POLYGON UNISWAP3ARBITRUM PANCAKESWAP PANCAKESWAP3BSC SUSHISWAP QUICKSWAP RAYDIUM ORCA METEORA \
    PUMPSWAP TRADERJOE JUPITER \
    XETR FWB SWB DUS BER HAM HAN MUN LS LSX LSIN GETTEX TRADEGATE EURONEXT EURONEXTPAR EURONEXTAMS EURONEXTBRU EURONEXTLIS \
    MIL MTA BME LSE AQUIS SIX BX OMXSTO OMXCOP OMXHEX OMXICE OMXTSE OMXRSE OMXVSE NGM OSL VIE WSE GPW NEWCONNECT PSE PSECZ BET \
    BVB ATHEX BIST MOEX RUS SPBEX BELEX CSE \
    NSE BSE MCX NCDEX NSEIX IND TSE TSE_DLY TFX OSE NAG FSE SAPSE HKEX SSE SZSE SHFE DCE CZCE CFFEX INE GFEX TWSE TPEX TAIFEX \
    KRX KOSDAQ SGX MYX BURSA SET TFEX IDX PSX DSEBD CSELK HOSE HNX UPCOM PSEPH ASX ASX24 NZX \
    TSX TSXV CSECA NEO MX BMFBOVESPA B3 BMV BYMA BCBA BCS BVC BVL TADAWUL DFM ADX QSE KSE BAHRAIN EGX JSE NSENG NSEKE CSEMA BVMT TASE \
    INDEX SP DJ DJCFD FTSE ECONOMICS FRED QUANDL USI";

/// An exchange without the mark of its delayed feed.
fn live(name: &str) -> &str {
    let delayed = name
        .strip_suffix("_DL")
        .or_else(|| name.strip_suffix("_DLY"));
    delayed.unwrap_or(name)
}

fn is_exchange(name: &str) -> bool {
    let name = live(name);
    EXCHANGES.split_whitespace().any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_export_tells_the_ticker() {
        for (name, ticker) in [
            (
                "My_Strategy_BINANCE_BTCUSDT_2026-01-05.csv",
                Some("BINANCE:BTCUSDT"),
            ),
            (
                "RSI_CME_MINI_ES1!_2026-01-05_a1b2c.xlsx",
                Some("CME_MINI:ES1!"),
            ),
            ("S_XETR_SAP_2026-01-05.csv", Some("XETR:SAP")),
            ("S_NYSE_SAP_2026-01-05.csv", Some("NYSE:SAP")),
            (
                "EMA_Cross_NSE_BAJAJ_AUTO_2026-01-05.csv",
                Some("NSE:BAJAJ_AUTO"),
            ),
            ("Trend_NSE_M_M_2026-01-05.csv", Some("NSE:M_M")),
            (
                "My_FX_Bot_OANDA_EURUSD_2026-01-05.csv",
                Some("OANDA:EURUSD"),
            ),
            ("X_CME_DL_6E1!_2026-01-05.csv", Some("CME:6E1!")),
            ("X_BYBIT_BTCUSDT.P_2026-01-05.csv", Some("BYBIT:BTCUSDT.P")),
            ("Long_Only_EMA_2026-01-05.csv", None),
            ("Supertrend_V2_2026-01-05.csv", None),
            ("NSE_Strategy_2026-01-05.csv", None),
            ("2026-01-05.csv", None),
            ("trades.csv", None),
            ("my_list_2026-01-05.csv", None),
        ] {
            let found = ticker_in_name(name);
            assert_eq!(found.as_ref().map(Ticker::as_str), ticker, "{name}");
        }
    }
}
