//! Backtests: TradingView's own lists of trades, one for each webhook and ticker,
//! kept apart from the trades of alerts.

use jiff::Timestamp;
use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Result;
use super::sql::{optional_parsed, parsed, timestamp, to_micros};
use super::trades::TradeFilter;
use super::webhooks::{self, StoredWebhook};
use super::writer::WriteContext;
use crate::domain::event::NotAnId;
use crate::domain::event::numbered_id;
use crate::domain::money::Decimal;
use crate::domain::order::OrderId;
use crate::domain::signal::{Direction, Ticker};
use crate::domain::trade::{Leg, Trade};
use crate::domain::webhook::{CommissionKind, WebhookId};
use crate::imports::trades::{ListedTrade, Side, TradeList};

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
    /// SHA-256 of the file and how it was read.
    pub digest: Vec<u8>,
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
    /// Whether another list of the ticker is replaced.
    pub replaces: bool,
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
    if summary.is_known {
        return Ok(summary);
    }
    connection.execute(
        "DELETE FROM backtests WHERE webhook_id = ?1 AND ticker = ?2",
        params![webhook.row, summary.ticker.as_str()],
    )?;
    let point_value = point_value(&webhook, &summary.ticker, new);
    let open = |direction| {
        let trades = new.list.trades.iter();
        let open = trades.filter(|trade| trade.exit.is_none() && trade.direction == direction);
        open.map(|trade| trade.net_profit)
            .fold(Decimal::ZERO, Decimal::saturating_add)
            .to_string()
    };
    connection.execute(
        "INSERT INTO backtests (webhook_id, ticker, currency, initial_capital, point_value, open_long,
             open_short, imported_at, digest)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            webhook.row,
            summary.ticker.as_str(),
            summary.currency,
            new.list
                .properties
                .initial_capital
                .map(|capital| capital.to_string()),
            point_value.to_string(),
            open(Direction::Long),
            open(Direction::Short),
            to_micros(now),
            new.digest,
        ],
    )?;
    let backtest = connection.last_insert_rowid();
    for trade in &new.list.trades {
        if let Some(exit) = &trade.exit {
            let commission = commission(trade, exit, point_value, &new.list);
            insert(connection, backtest, trade, exit, commission)?;
        }
    }
    Ok(summary)
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
             entry_signal, exit_time, exit_price, exit_signal, commission, net_profit)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
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
    ])?;
    Ok(())
}

/// The commission that the list has, else what the properties make it; else zero.
fn commission(trade: &ListedTrade, exit: &Side, point_value: Decimal, list: &TradeList) -> Decimal {
    if let Some(commission) = trade.commission {
        return commission;
    }
    let quantity = trade.quantity.get();
    let of_properties = list.properties.commission.as_ref().and_then(|commission| {
        let counted = match commission.kind {
            CommissionKind::Percent => {
                let prices = trade.entry.price.get().checked_add(exit.price.get())?;
                let value = prices.checked_mul(quantity)?.checked_mul(point_value)?;
                value.checked_div(Decimal::ONE_HUNDRED)?
            }
            CommissionKind::PerContract => quantity.checked_mul(Decimal::TWO)?,
            // One order can close several trades, and the list does not say which.
            CommissionKind::PerOrder => return None,
        };
        counted.checked_mul(commission.value)
    });
    of_properties.unwrap_or_default()
}

fn point_value(webhook: &StoredWebhook, ticker: &Ticker, new: &NewBacktest) -> Decimal {
    let stated = new.list.properties.point_value;
    stated.unwrap_or_else(|| webhook.settings.point_value_of(ticker.as_str()))
}

fn summary(
    connection: &Connection,
    webhook: &StoredWebhook,
    new: &NewBacktest,
) -> Result<ImportedTrades> {
    let list = &new.list;
    let ticker = ticker(connection, webhook, new)?;
    let mut select = connection
        .prepare_cached("SELECT digest FROM backtests WHERE webhook_id = ?1 AND ticker = ?2")?;
    let digest: Option<Vec<u8>> = select
        .query_row(params![webhook.row, ticker.as_str()], |row| row.get(0))
        .optional()?;
    let is_known = digest.as_ref() == Some(&new.digest);
    let closed = || list.trades.iter().filter(|trade| trade.exit.is_some());
    let profits = closed().map(|trade| trade.net_profit);
    let exits = closed().filter_map(|trade| Some(trade.exit.as_ref()?.time));
    Ok(ImportedTrades {
        ticker,
        currency: list
            .currency
            .clone()
            .unwrap_or_else(|| webhook.settings.currency.clone()),
        time_zone: list
            .zone
            .iana_name()
            .map_or_else(|| format!("{:?}", list.zone), str::to_owned),
        trades: closed().count(),
        open: list.trades.len() - closed().count(),
        net_profit: profits
            .fold(Decimal::ZERO, Decimal::saturating_add)
            .normalize()
            .to_string(),
        first: list.trades.iter().map(|trade| trade.entry.time).min(),
        last: exits.max(),
        is_known,
        replaces: digest.is_some() && !is_known,
    })
}

/// The instrument: as its owner says, the properties, the name of the file; else
/// the one that the webhook trades.
fn ticker(connection: &Connection, webhook: &StoredWebhook, new: &NewBacktest) -> Result<Ticker> {
    let of_file = || new.file_name.as_deref().and_then(ticker_in_name);
    let of_properties = || new.list.properties.symbol.as_deref()?.parse().ok();
    let known = new.ticker.clone().or_else(of_properties).or_else(of_file);
    if let Some(ticker) = known {
        return Ok(ticker);
    }
    let mut select =
        connection.prepare_cached("SELECT ticker FROM ledgers WHERE webhook_id = ?1 LIMIT 2")?;
    let traded = select.query_map([webhook.row], |row| parsed(row, 0))?;
    let traded: Vec<Ticker> = traded.collect::<rusqlite::Result<_>>()?;
    let only = match <[Ticker; 1]>::try_from(traded) {
        Ok([only]) => Some(only),
        Err(_) => None,
    };
    Ok(only.unwrap_or_else(Ticker::unknown))
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

/// The backtests of a webhook, by ticker.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn of_webhook(connection: &Connection, webhook: &StoredWebhook) -> Result<Vec<Backtest>> {
    let mut select = connection.prepare_cached(
        "SELECT id, ticker, currency, initial_capital, open_long, open_short,
             open_long <> '0' OR open_short <> '0'
                 OR EXISTS (SELECT 1 FROM backtest_trades t WHERE t.backtest_id = backtests.id)
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
    let (mut conditions, mut values) = filter.conditions();
    if let Some(before) = before {
        conditions.push("t.id < ?".to_owned());
        values.push(Box::new(before.0));
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE {} ORDER BY t.id DESC LIMIT {limit}",
        conditions.join(" AND ").replace("t.ticker", "b.ticker")
    );
    let mut select = connection.prepare_cached(&sql)?;
    let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
    let trades = select.query_map(values.as_slice(), |row| {
        Ok(StoredBacktestTrade {
            id: BacktestTradeId(row.get(13)?),
            webhook: parsed(row, 14)?,
            currency: row.get(15)?,
            trade: read_trade(row)?,
        })
    })?;
    Ok(trades.collect::<rusqlite::Result<_>>()?)
}

const COLUMNS: &str = "b.ticker, t.direction, t.quantity, t.number, t.entry_time, t.entry_price,
    t.entry_signal, t.exit_time, t.exit_price, t.exit_signal, b.point_value, t.commission, t.net_profit,
    t.id, w.public_id, b.currency";

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
    Ok(Trade {
        ticker: parsed(row, 0)?,
        direction: parsed(row, 1)?,
        quantity: parsed(row, 2)?,
        entry: leg(4)?,
        exit: leg(7)?,
        point_value: parsed(row, 10)?,
        commission: parsed(row, 11)?,
        net_profit: parsed(row, 12)?,
    })
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
