//! Backtests: TradingView's own lists of trades, one for each webhook and ticker.
//!
//! Their closed trades are a book as any other. What only a list has is kept here: when and of
//! which file it was brought in, what its numbers mean, TradingView's own figures.

mod digest;
mod figures;
mod past;
mod place;
mod terms;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Result, StoreError};
use super::expectations;
use super::ledgers::LedgerKey;
use super::sql::{optional_parsed, parsed, to_micros};
use super::trades::{self, NewLeg, NewTrade};
use super::webhooks::{self, StoredWebhook};
use super::writer::WriteContext;
use crate::domain::book::Book;
use crate::domain::instrument::Instrument;
use crate::domain::money::Decimal;
use crate::domain::order::OrderId;
use crate::domain::signal::{Direction, Ticker};
use crate::domain::trade::Excursions;
use crate::domain::webhook::WebhookId;
use crate::imports::trades::terms::{StatedTerms, Terms};
use crate::imports::trades::{Commissions, Side, TradeList, zone_name};

pub use digest::Digest;
pub use figures::{KeptBacktest, TradeFigures, all, differences};
pub use past::{PastBacktest, PastTrade, past};
use place::{Kept, Place};
pub use terms::KeptTerms;

/// A list of trades, ready to be kept.
#[derive(Debug, Clone)]
pub struct NewBacktest {
    /// The trades and what the file says of them.
    pub list: TradeList,
    /// The instrument, where its owner names it.
    pub ticker: Option<Ticker>,
    /// The name of the file, which tells the instrument in most exports.
    pub file_name: Option<String>,
    /// The digest of the file and its reading.
    pub digest: Digest,
    /// Its owner's statements about its numbers.
    pub stated: StatedTerms,
    /// Its terms, as far as it or its owner says.
    pub terms: Terms,
}

/// The result of importing a list of trades, or of its preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an answer of its own in the API"
)]
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
    /// True if the very same was there already, so that nothing changes.
    pub is_known: bool,
    /// The backtests that it takes the place of.
    pub replaced: Vec<BacktestSize>,
    /// True if nothing changes because there is no trade in the file, but in the
    /// backtest that is there.
    pub is_empty: bool,
    /// True if the instrument is a guess, which the first of the notes explains.
    pub is_ticker_guessed: bool,
    /// Set where neither the file nor its owner says the zone of its times.
    pub is_zone_assumed: bool,
    /// Its terms, each with its source.
    pub terms: KeptTerms,
    /// Assumptions, cells that could not be read and are not needed, and places where the
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
    /// Number of the webhook inside the database.
    pub webhook: i64,
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
    /// True if its list has a trade, closed or open.
    pub has_trades: bool,
}

impl Backtest {
    /// The key of its trades.
    #[must_use]
    pub fn key(&self) -> LedgerKey {
        key(self.webhook, &self.ticker)
    }
}

/// The key of the trades of a webhook's backtest in a ticker.
fn key(webhook: i64, ticker: &Ticker) -> LedgerKey {
    LedgerKey {
        webhook,
        book: Book::Backtest,
        instrument: Instrument::named_by(ticker.clone()),
    }
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
        past::keep(
            connection,
            webhook.row,
            &replaced.ticker,
            &new.digest.bytes(),
        )?;
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
    insert_trades(connection, &key(webhook.row, &summary.ticker), new, terms)?;
    Ok(summary)
}

/// Stores the closed trades of a list. Each gets a number that no trade of a backtest had.
fn insert_trades(
    connection: &Connection,
    key: &LedgerKey,
    new: &NewBacktest,
    terms: &KeptTerms,
) -> Result<()> {
    let sql = "SELECT listed_trades FROM catalog";
    let mut last: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    let point_value = terms.point_value.value;
    let of_fill = terms.commission.value.clone();
    let mut commissions = Commissions::of(&new.list, point_value, of_fill);
    for trade in &new.list.trades {
        let Some(exit) = &trade.exit else { continue };
        last += 1;
        let stored = NewTrade {
            place: i64::try_from(trade.number).unwrap_or(i64::MAX),
            direction: trade.direction,
            quantity: trade.quantity,
            entry: leg(last, &trade.entry),
            exit: leg(last, exit),
            point_value,
            contract: None,
            commission: commissions.take(trade, exit),
            entry_commission: None,
            net_profit: trade.net_profit,
            excursions: Excursions {
                favorable: trade.besides.favorable,
                adverse: trade.besides.adverse,
                bars: trade.besides.bars,
            },
        };
        trades::insert(connection, key, &stored)?;
    }
    connection.execute("UPDATE catalog SET listed_trades = ?1", [last])?;
    Ok(())
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
        // Who removes a backtest compares with it no more.
        expectations::forget(context.connection, webhook.row, &backtest.ticker)?;
        past::forget(context.connection, webhook.row, &backtest.ticker)?;
    }
    Ok(removed)
}

fn leg(number: i64, side: &Side) -> NewLeg<'_> {
    NewLeg {
        order: OrderId(number),
        time: side.time,
        price: side.price,
        signal: side.signal.as_deref(),
    }
}

fn delete(connection: &Connection, webhook: i64, ticker: &Ticker) -> Result<()> {
    trades::delete_from(connection, &key(webhook, ticker), i64::MIN)?;
    connection.execute(
        "DELETE FROM backtests WHERE webhook_id = ?1 AND ticker = ?2",
        params![webhook, ticker.as_str()],
    )?;
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
        is_zone_assumed: list.is_zone_assumed,
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
        "SELECT b.webhook_id, b.ticker, b.currency, b.initial_capital, b.open_long, b.open_short,
             b.open_trades > 0 OR EXISTS (SELECT 1 FROM trades t
                 WHERE t.webhook_id = b.webhook_id AND t.book = 1 AND t.ticker = b.ticker)
         FROM backtests b WHERE b.webhook_id = ?1 ORDER BY b.ticker",
    )?;
    let read = |row: &Row<'_>| {
        Ok(Backtest {
            webhook: row.get(0)?,
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
