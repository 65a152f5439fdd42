//! Kept backtests besides their report: their terms, the
//! figures of TradingView's own report, and how far trades went on their way.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::{KeptTerms, key};
use crate::domain::money::Decimal;
use crate::domain::signal::{Direction, Ticker};
use crate::domain::webhook::WebhookId;
use crate::imports::trades::Figure;
use crate::store::error::Result;
use crate::store::ledger_key::LedgerKey;
use crate::store::sql::{optional_parsed, parsed, timestamp};
use crate::store::webhooks::{self, StoredWebhook};

/// A backtest as it is kept.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeptBacktest {
    /// The instrument that it is kept under.
    #[schema(value_type = String)]
    pub ticker: Ticker,
    /// Its closed trades.
    pub trades: usize,
    /// Time of its import.
    #[schema(value_type = String, format = DateTime)]
    pub imported_at: Timestamp,
    /// Its terms; null of lists that an earlier version brought in.
    pub terms: Option<KeptTerms>,
    /// Difference from the webhook's settings, because of which the two cannot be compared.
    pub difference: Option<String>,
    /// The figures of TradingView's own report, where the file had them.
    pub figures: Vec<Figure>,
    /// Excursions of its trades, and their durations in bars.
    pub excursions: TradeFigures,
}

/// Means over the closed trades that the list has them of; null where it has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TradeFigures {
    /// Of all trades.
    pub all: Excursions,
    /// Of long trades.
    pub long: Excursions,
    /// Of short trades.
    pub short: Excursions,
}

/// The excursions of some trades.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Excursions {
    /// Mean of the largest gains on the way (MFE), in money.
    pub average_favorable: Option<String>,
    /// Mean of the largest losses on the way (MAE), in money, at or below zero.
    pub average_adverse: Option<String>,
    /// The largest gain on the way of any trade.
    pub largest_favorable: Option<String>,
    /// The largest loss on the way of any trade.
    pub largest_adverse: Option<String>,
    /// Mean of the bars that trades were open.
    pub average_bars: Option<String>,
    /// The same of trades that won.
    pub average_bars_winning: Option<String>,
    /// The same of trades that lost.
    pub average_bars_losing: Option<String>,
}

/// The backtests of a webhook, by ticker.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such webhook.
pub fn all(connection: &Connection, webhook: &WebhookId) -> Result<Vec<KeptBacktest>> {
    let webhook = webhooks::get(connection, webhook)?;
    let mut select = connection.prepare_cached(
        "SELECT ticker, imported_at, terms, figures FROM backtests WHERE webhook_id = ?1
         ORDER BY ticker",
    )?;
    let read = |row: &Row<'_>| {
        let json = |column| row.get::<_, Option<String>>(column);
        Ok((parsed(row, 0)?, timestamp(row, 1)?, json(2)?, json(3)?))
    };
    let found = select.query_map([webhook.row], read)?;
    let mut kept = Vec::new();
    for found in found {
        let (ticker, imported_at, terms, figures) = found?;
        let ticker: Ticker = ticker;
        let terms: Option<KeptTerms> = read_json(terms);
        let ways = ways(connection, &key(webhook.row, &ticker))?;
        kept.push(KeptBacktest {
            trades: ways.len(),
            imported_at,
            difference: terms
                .as_ref()
                .and_then(|terms| terms.differences(&webhook.settings, &ticker)),
            terms,
            figures: read_json(figures).unwrap_or_default(),
            excursions: TradeFigures {
                all: excursions(&ways, None),
                long: excursions(&ways, Some(Direction::Long)),
                short: excursions(&ways, Some(Direction::Short)),
            },
            ticker,
        });
    }
    Ok(kept)
}

/// Differences of a webhook's settings from what its lists were made with, and what is not known of
/// lists that an earlier version brought in.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn differences(
    connection: &Connection,
    webhook: &StoredWebhook,
    wanted: Option<&Ticker>,
) -> Result<Vec<String>> {
    let mut select = connection.prepare_cached(
        "SELECT ticker, terms, open_trades > 0 AND listed_open IS NULL FROM backtests
         WHERE webhook_id = ?1 ORDER BY ticker",
    )?;
    let found = select.query_map([webhook.row], |row| {
        Ok((parsed(row, 0)?, row.get(1)?, row.get(2)?))
    })?;
    let mut differences = Vec::new();
    for found in found {
        let (ticker, terms, is_end_unknown): (Ticker, Option<String>, bool) = found?;
        if wanted.is_some_and(|wanted| !wanted.may_be(&ticker)) {
            continue;
        }
        if is_end_unknown {
            differences.push(format!(
                "the list of {ticker} was imported by an earlier version, which kept neither entry nor last price of its open trades: their profit is after commission and in no range; import the list again"
            ));
        }
        let terms: Option<KeptTerms> = read_json(terms);
        differences.extend(terms.and_then(|terms| terms.differences(&webhook.settings, &ticker)));
    }
    Ok(differences)
}

/// Reads JSON that another version may have stored in another form; then it is not shown.
fn read_json<T: serde::de::DeserializeOwned>(text: Option<String>) -> Option<T> {
    serde_json::from_str(&text?).ok()
}

/// The excursion of a trade.
struct Way {
    direction: Direction,
    net_profit: Decimal,
    favorable: Option<Decimal>,
    adverse: Option<Decimal>,
    bars: Option<i64>,
}

fn ways(connection: &Connection, key: &LedgerKey) -> Result<Vec<Way>> {
    let mut select = connection.prepare_cached(
        "SELECT direction, net_profit, favorable, adverse, bars FROM trades
         WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3",
    )?;
    let of = params![key.webhook, key.book, key.instrument.as_str()];
    let ways = select.query_map(of, |row| {
        Ok(Way {
            direction: parsed(row, 0)?,
            net_profit: parsed(row, 1)?,
            favorable: optional_parsed(row, 2)?,
            adverse: optional_parsed(row, 3)?,
            bars: row.get(4)?,
        })
    })?;
    Ok(ways.collect::<rusqlite::Result<_>>()?)
}

fn excursions(ways: &[Way], side: Option<Direction>) -> Excursions {
    let of_side = || {
        ways.iter()
            .filter(move |way| side.is_none_or(|side| way.direction == side))
    };
    let favorable = || of_side().filter_map(|way| way.favorable);
    let adverse = || of_side().filter_map(|way| way.adverse);
    let bars = |is_it: fn(&Way) -> bool| {
        let bars = of_side()
            .filter(move |way| is_it(way))
            .filter_map(|way| way.bars);
        mean(bars.map(Decimal::from))
    };
    let text = |amount: Decimal| amount.normalize().to_string();
    Excursions {
        average_favorable: mean(favorable()),
        average_adverse: mean(adverse()),
        largest_favorable: favorable().max().map(text),
        largest_adverse: adverse().min().map(text),
        average_bars: bars(|_| true),
        average_bars_winning: bars(|way| way.net_profit > Decimal::ZERO),
        average_bars_losing: bars(|way| way.net_profit < Decimal::ZERO),
    }
}

fn mean(amounts: impl Iterator<Item = Decimal>) -> Option<String> {
    let (mut sum, mut count) = (Decimal::ZERO, 0_u64);
    for amount in amounts {
        sum = sum.saturating_add(amount);
        count += 1;
    }
    let mean = sum.checked_div(Decimal::from(count))?;
    Some(mean.round_dp(4).normalize().to_string())
}
