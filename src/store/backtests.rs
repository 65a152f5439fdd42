//! Backtests: TradingView's own lists of trades, one for each webhook and ticker,
//! kept apart from the trades of alerts.

mod digest;
mod figures;
mod place;
mod terms;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::conditions::query;
use super::error::{Result, StoreError};
use super::sql::{optional_parsed, parsed, timestamp, to_micros};
use super::trades::TradeFilter;
use super::webhooks::{self, StoredWebhook};
use super::writer::WriteContext;
use crate::domain::event::NotAnId;
use crate::domain::event::numbered_id;
use crate::domain::instrument::Spelling;
use crate::domain::money::{Decimal, Price};
use crate::domain::order::OrderId;
use crate::domain::signal::{Direction, Ticker};
use crate::domain::terms::Contract;
use crate::domain::trade::{Leg, Trade};
use crate::domain::webhook::WebhookId;
use crate::imports::trades::terms::{StatedTerms, Terms};
use crate::imports::trades::{Commissions, ListedTrade, Side, TradeList, zone_name};

pub use digest::Digest;
pub use figures::{KeptBacktest, TradeFigures, all, differences};
use place::{Kept, Place};
pub use terms::KeptTerms;

use std::fmt;
use std::str::FromStr;

numbered_id! {
    /// The number of a trade of a backtest, `btr_5` outside.
    BacktestTradeId, "btr"
}

/// A list of trades, ready to be kept.
#[derive(Debug, Clone)]
pub struct NewBacktest {
    /// The trades and what the file says of them.
    pub list: TradeList,
    /// The instrument, where its owner names it.
    pub ticker: Option<Ticker>,
    /// The name of the file, which tells the instrument in most exports.
    pub file_name: Option<String>,
    /// What the file and its reading are recognised by.
    pub digest: Digest,
    /// What its owner says of its numbers.
    pub stated: StatedTerms,
    /// What its numbers mean, as far as it or its owner says.
    pub terms: Terms,
}

/// What importing a list of trades came to, or would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportedTrades {
    /// The instrument that it is kept under.
    #[schema(value_type = String)]
    pub ticker: Ticker,
    /// Currency of profit.
    pub currency: String,
    /// Name of the zone that its times were read in.
    pub time_zone: String,
    /// Closed trades.
    pub trades: usize,
    /// Trades still open at the end of the list.
    pub open: usize,
    /// Net profit of the closed trades.
    pub net_profit: String,
    /// When the first trade was entered.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first: Option<Timestamp>,
    /// When the last trade was left.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last: Option<Timestamp>,
    /// Whether the very same was there already, so that nothing changes.
    pub is_known: bool,
    /// The backtests that it takes the place of.
    pub replaced: Vec<BacktestSize>,
    /// Whether nothing changes because there is no trade in the file, but in the
    /// backtest that is there.
    pub is_empty: bool,
    /// Whether the instrument is a guess, which the first of the notes explains.
    pub is_ticker_guessed: bool,
    /// What its numbers mean, and who says so.
    pub terms: KeptTerms,
    /// What had to be assumed, what could not be read and is not needed, and where the
    /// webhook's settings differ.
    pub notes: Vec<String>,
}

/// A backtest and how large it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BacktestSize {
    /// The instrument that it is kept under.
    #[schema(value_type = String)]
    pub ticker: Ticker,
    /// Its closed trades.
    pub trades: usize,
}

/// A backtest as it is stored.
#[derive(Debug, Clone)]
pub struct Backtest {
    /// Its number in the database.
    pub row: i64,
    /// The instrument.
    pub ticker: Ticker,
    /// Currency of profit.
    pub currency: String,
    /// Money at the start, where the export says.
    pub initial_capital: Option<Decimal>,
    /// Profit of the long trades that are open at the end of the list.
    pub open_long: Decimal,
    /// Profit of the short trades that are open at the end of the list.
    pub open_short: Decimal,
    /// Whether its list has a trade, closed or open.
    pub has_trades: bool,
}

/// A trade of a backtest.
#[derive(Debug, Clone)]
pub struct StoredBacktestTrade {
    /// The largest gain on the way, where the list has it.
    pub favorable: Option<Decimal>,
    /// The largest loss on the way, at or below zero.
    pub adverse: Option<Decimal>,
    /// Bars that it was open.
    pub bars: Option<u64>,
    /// What names it.
    pub id: BacktestTradeId,
    /// The webhook that it is the backtest of.
    pub webhook: WebhookId,
    /// Currency of its profit.
    pub currency: String,
    /// The trade; its legs have the number of TradingView's list for an order.
    pub trade: Trade,
}

/// Says what importing a list of trades would come to.
///
/// # Errors
///
/// [`super::StoreError::NotFound`] where there is no such webhook.
pub fn preview(
    connection: &Connection,
    webhook: &WebhookId,
    new: &NewBacktest,
) -> Result<ImportedTrades> {
    let transaction = connection.unchecked_transaction()?;
    let webhook = webhooks::get(&transaction, webhook)?;
    summary(&transaction, &webhook, new)
}

/// Keeps a list of trades as the webhook's backtest in its ticker, in place of
/// the one that was there.
///
/// # Errors
///
/// [`super::StoreError::NotFound`], or [`super::StoreError::Unavailable`].
pub fn replace(
    context: &mut WriteContext<'_>,
    webhook: &WebhookId,
    new: &NewBacktest,
    now: Timestamp,
) -> Result<ImportedTrades> {
    let connection = context.connection;
    let webhook = webhooks::get(connection, webhook)?;
    let summary = summary(connection, &webhook, new)?;
    if summary.is_known || summary.is_empty {
        return Ok(summary);
    }
    for replaced in &summary.replaced {
        delete(connection, webhook.row, &replaced.ticker)?;
    }
    let terms = &summary.terms;
    let open = |direction| {
        let trades = new.list.trades.iter();
        let open = trades.filter(|trade| trade.exit.is_none() && trade.direction == direction);
        open.map(|trade| trade.net_profit)
            .fold(Decimal::ZERO, Decimal::saturating_add)
            .to_string()
    };
    let commission = terms.commission.value.as_ref();
    let kind = commission.and_then(|commission| serde_json::to_value(commission.kind).ok());
    let figures = (!new.list.figures.is_empty()).then_some(&new.list.figures);
    connection.execute(
        "INSERT INTO backtests (webhook_id, ticker, currency, initial_capital, point_value, open_long,
             open_short, open_trades, imported_at, digest, commission_kind, commission_value, terms, figures)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            webhook.row,
            summary.ticker.as_str(),
            summary.currency,
            terms.own_capital().map(|capital| capital.to_string()),
            terms.point_value.value.to_string(),
            open(Direction::Long),
            open(Direction::Short),
            i64::try_from(summary.open).unwrap_or(i64::MAX),
            to_micros(now),
            new.digest.bytes(),
            kind.as_ref().and_then(serde_json::Value::as_str),
            commission.map(|commission| commission.value.to_string()),
            serde_json::to_string(terms).ok(),
            figures.and_then(|figures| serde_json::to_string(figures).ok()),
        ],
    )?;
    let backtest = connection.last_insert_rowid();
    let of_fill = commission.cloned();
    let mut commissions = Commissions::of(&new.list, terms.point_value.value, of_fill);
    for trade in &new.list.trades {
        if let Some(exit) = &trade.exit {
            let commission = commissions.take(trade, exit);
            insert(connection, backtest, trade, exit, commission)?;
        }
    }
    Ok(summary)
}

/// The backtests of a webhook that are removed, of one ticker or of all.
///
/// # Errors
///
/// [`super::StoreError::NotFound`] where there is no such webhook or backtest.
pub fn removable(
    connection: &Connection,
    webhook: &WebhookId,
    ticker: Option<&Ticker>,
) -> Result<Vec<BacktestSize>> {
    let webhook = webhooks::get(connection, webhook)?;
    let mut kept = Kept::all(connection, webhook.row)?;
    if let Some(ticker) = ticker {
        let same = Kept::of_instrument(&kept, ticker).map(|same| same.size.ticker.clone());
        kept.retain(|one| Some(&one.size.ticker) == same.as_ref());
    }
    if kept.is_empty() {
        let what = ticker.map_or_else(String::new, |ticker| format!(" in {ticker}"));
        return Err(StoreError::NotFound(format!(
            "backtest{what} of this webhook"
        )));
    }
    Ok(kept.into_iter().map(|kept| kept.size).collect())
}

/// Removes the backtests of a webhook, of one ticker or of all.
///
/// # Errors
///
/// Those of [`removable`], or [`super::StoreError::Unavailable`].
pub fn remove(
    context: &mut WriteContext<'_>,
    webhook: &WebhookId,
    ticker: Option<&Ticker>,
) -> Result<Vec<BacktestSize>> {
    let removed = removable(context.connection, webhook, ticker)?;
    let webhook = webhooks::get(context.connection, webhook)?;
    for backtest in &removed {
        delete(context.connection, webhook.row, &backtest.ticker)?;
    }
    Ok(removed)
}

fn delete(connection: &Connection, webhook: i64, ticker: &Ticker) -> Result<()> {
    connection.execute(
        "DELETE FROM backtests WHERE webhook_id = ?1 AND ticker = ?2",
        params![webhook, ticker.as_str()],
    )?;
    Ok(())
}

fn insert(
    connection: &Connection,
    backtest: i64,
    trade: &ListedTrade,
    exit: &Side,
    commission: Decimal,
) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO backtest_trades (backtest_id, number, direction, quantity, entry_time, entry_price,
             entry_signal, exit_time, exit_price, exit_signal, commission, net_profit, favorable, adverse, bars)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    insert.execute(params![
        backtest,
        i64::try_from(trade.number).unwrap_or(i64::MAX),
        trade.direction.as_str(),
        trade.quantity.to_string(),
        to_micros(trade.entry.time),
        trade.entry.price.to_string(),
        trade.entry.signal,
        to_micros(exit.time),
        exit.price.to_string(),
        exit.signal,
        commission.to_string(),
        trade.net_profit.to_string(),
        trade.besides.favorable.map(|amount| amount.to_string()),
        trade.besides.adverse.map(|amount| amount.to_string()),
        trade.besides.bars.and_then(|bars| i64::try_from(bars).ok()),
    ])?;
    Ok(())
}

fn summary(
    connection: &Connection,
    webhook: &StoredWebhook,
    new: &NewBacktest,
) -> Result<ImportedTrades> {
    let list = &new.list;
    let place = Place::of(connection, webhook, new)?;
    let terms = KeptTerms::of(&webhook.settings, &place.ticker, new);
    let is_known = place.has(&new.digest, &terms);
    let own_notes = [
        terms::sign_note(new, &terms),
        terms.differences(&webhook.settings, &place.ticker),
    ];
    let mut replaced = place.replaces.iter();
    let has_trades = replaced.any(|kept| kept.size.trades > 0 || kept.has_open);
    let is_empty = list.trades.is_empty() && has_trades && !is_known;
    let is_ticker_guessed = place.guess.is_some();
    let replaced = place.replaces.into_iter().map(|kept| kept.size);
    let closed = || list.trades.iter().filter(|trade| trade.exit.is_some());
    let profits = closed().map(|trade| trade.net_profit);
    let exits = closed().filter_map(|trade| Some(trade.exit.as_ref()?.time));
    Ok(ImportedTrades {
        ticker: place.ticker,
        currency: terms.currency.clone(),
        time_zone: zone_name(&list.zone),
        trades: closed().count(),
        open: list.trades.len() - closed().count(),
        net_profit: profits
            .fold(Decimal::ZERO, Decimal::saturating_add)
            .normalize()
            .to_string(),
        first: list.trades.iter().map(|trade| trade.entry.time).min(),
        last: exits.max(),
        is_known,
        replaced: replaced.filter(|_| !is_known && !is_empty).collect(),
        is_empty,
        is_ticker_guessed,
        notes: place
            .guess
            .into_iter()
            .chain(is_empty.then(|| "the file holds no trades; nothing was changed".to_owned()))
            .chain(list.notes.iter().cloned())
            .chain(new.terms.notes.iter().cloned())
            .chain(own_notes.into_iter().flatten())
            .collect(),
        terms,
    })
}

/// The backtests of a webhook, by ticker.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn of_webhook(connection: &Connection, webhook: &StoredWebhook) -> Result<Vec<Backtest>> {
    let mut select = connection.prepare_cached(
        "SELECT id, ticker, currency, initial_capital, open_long, open_short,
             open_trades > 0 OR EXISTS (SELECT 1 FROM backtest_trades t WHERE t.backtest_id = backtests.id)
         FROM backtests WHERE webhook_id = ?1 ORDER BY ticker",
    )?;
    let read = |row: &Row<'_>| {
        Ok(Backtest {
            row: row.get(0)?,
            ticker: parsed(row, 1)?,
            currency: row.get(2)?,
            initial_capital: optional_parsed(row, 3)?,
            open_long: parsed(row, 4)?,
            open_short: parsed(row, 5)?,
            has_trades: row.get(6)?,
        })
    };
    let backtests = select.query_map([webhook.row], read)?;
    Ok(backtests.collect::<rusqlite::Result<_>>()?)
}

/// The closed trades of a backtest in a range of time, in the order of their exits.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn for_report(
    connection: &Connection,
    backtest: &Backtest,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Result<Vec<Trade>> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE b.id = ?1 AND t.exit_time >= ?2 AND t.exit_time < ?3
         ORDER BY t.exit_time, t.number"
    ))?;
    let from = from.map_or(i64::MIN, to_micros);
    let to = to.map_or(i64::MAX, to_micros);
    let trades = select.query_map(params![backtest.row, from, to], read_trade)?;
    Ok(trades.collect::<rusqlite::Result<_>>()?)
}

/// One page of the trades of backtests, the last of the newest list first.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn list(
    connection: &Connection,
    filter: &TradeFilter,
    before: Option<BacktestTradeId>,
    limit: u32,
) -> Result<Vec<StoredBacktestTrade>> {
    let of_any = TradeFilter {
        ticker: None,
        ..filter.clone()
    };
    let mut conditions = of_any.conditions();
    if let Some(ticker) = &filter.ticker {
        let wanted = of_instrument(connection, ticker)?;
        let places = vec!["?"; wanted.len()].join(", ");
        conditions.require(format!("b.id IN ({places})"), wanted);
    }
    if let Some(before) = before {
        conditions.require("t.id < ?", [before.0]);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE {} ORDER BY t.id DESC LIMIT {limit}",
        conditions.text()
    );
    query(connection, &sql, &conditions.values, |row| {
        Ok(StoredBacktestTrade {
            id: BacktestTradeId(row.get(13)?),
            webhook: parsed(row, 14)?,
            currency: row.get(15)?,
            trade: read_trade(row)?,
            favorable: optional_parsed(row, 17)?,
            adverse: optional_parsed(row, 18)?,
            bars: row
                .get::<_, Option<i64>>(19)?
                .and_then(|bars| u64::try_from(bars).ok()),
        })
    })
}

/// The backtests whose ticker can name the same instrument as another one.
fn of_instrument(connection: &Connection, ticker: &str) -> Result<Vec<i64>> {
    let spelling = Spelling::of(ticker.trim());
    let mut select = connection.prepare_cached("SELECT id, ticker FROM backtests")?;
    let mut rows = select.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if Spelling::of(&row.get::<_, String>(1)?).may_be(&spelling) {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}

const COLUMNS: &str = "b.ticker, t.direction, t.quantity, t.number, t.entry_time, t.entry_price,
    t.entry_signal, t.exit_time, t.exit_price, t.exit_signal, b.point_value, t.commission, t.net_profit,
    t.id, w.public_id, b.currency, coalesce(w.settings ->> '$.contract', 'linear'),
    t.favorable, t.adverse, t.bars";

const TABLES: &str = "backtest_trades t JOIN backtests b ON b.id = t.backtest_id
    JOIN webhooks w ON w.id = b.webhook_id";

fn read_trade(row: &Row<'_>) -> rusqlite::Result<Trade> {
    let order = OrderId(row.get(3)?);
    let leg = |first| {
        Ok::<_, rusqlite::Error>(Leg {
            order,
            time: timestamp(row, first)?,
            price: parsed(row, first + 1)?,
            signal: row.get(first + 2)?,
        })
    };
    let (entry, exit) = (leg(4)?, leg(7)?);
    let commission = parsed(row, 11)?;
    let contract = parsed(row, 16)?;
    Ok(Trade {
        ticker: parsed(row, 0)?,
        direction: parsed(row, 1)?,
        quantity: parsed(row, 2)?,
        entry_commission: entry_share(commission, contract, entry.price, exit.price),
        entry,
        exit,
        point_value: parsed(row, 10)?,
        commission,
        net_profit: parsed(row, 12)?,
        contract,
    })
}

/// The entry's part of a commission that a list of trades states as one: in proportion to
/// the value of both fills, as a commission in percent is.
fn entry_share(commission: Decimal, contract: Contract, entry: Price, exit: Price) -> Decimal {
    let (entry, exit) = (entry.get().abs(), exit.get().abs());
    let part = match contract {
        Contract::Linear => entry,
        // Worth the more coins the lower the price.
        Contract::Inverse => exit,
    };
    let share = entry
        .checked_add(exit)
        .and_then(|both| part.checked_div(both));
    let part = commission.checked_mul(share.unwrap_or(Decimal::new(5, 1)));
    part.unwrap_or(commission).normalize()
}
