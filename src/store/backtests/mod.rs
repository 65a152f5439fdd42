//! Backtests: TradingView's own lists of trades, one for each webhook and ticker.
//!
//! Their closed trades are a book as any other. What only a list has is kept here: when and of
//! which file it was brought in, what its numbers mean, TradingView's own figures.

mod digest;
mod figures;
mod open;
mod replaced_lists;
mod terms;
mod ticker_choice;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Result, StoreError};
use super::expectations;
use super::ledger_key::LedgerKey;
use super::sql::{optional_parsed, optional_timestamp, parsed, to_micros};
use super::trades::{self, NewLeg, NewTrade};
use super::webhooks::{self, StoredWebhook};
use crate::domain::book::Book;
use crate::domain::instrument::Instrument;
use crate::domain::money::Decimal;
use crate::domain::order::OrderId;
use crate::domain::signal::{Direction, Ticker};
use crate::domain::trade::Excursions;
use crate::domain::webhook::WebhookId;
use crate::imports::trades::terms::{Readings, StatedTerms};
use crate::imports::trades::{Commissions, Side, TradeList, zone_name};

pub use digest::Digest;
pub use figures::{KeptBacktest, TradeFigures, all, differences};
pub use open::{OpenAtEnd, OpenTrade};
pub use replaced_lists::{PastBacktest, PastTrade, past};
pub use terms::KeptTerms;
use ticker_choice::{PresentBacktest, TickerChoice};

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
    pub terms: Readings,
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
    /// Entry time of the first trade.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first: Option<Timestamp>,
    /// Exit time of the last trade.
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
    /// The trades that are open at the end of the list.
    pub open: OpenAtEnd,
    /// The range that the strategy was tested over, where the file says.
    pub range: Option<(Timestamp, Timestamp)>,
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
    connection: &Connection,
    webhook: &WebhookId,
    new: &NewBacktest,
    now: Timestamp,
) -> Result<ImportedTrades> {
    let webhook = webhooks::get(connection, webhook)?;
    let summary = summary(connection, &webhook, new)?;
    if summary.is_known || summary.is_empty {
        return Ok(summary);
    }
    for replaced in &summary.replaced {
        replaced_lists::keep(
            connection,
            webhook.row,
            &replaced.ticker,
            &new.digest.bytes(),
        )?;
        delete(connection, webhook.row, &replaced.ticker)?;
    }
    insert(connection, webhook.row, new, &summary, now)?;
    Ok(summary)
}

/// Stores a list, its closed and its open trades.
fn insert(
    connection: &Connection,
    webhook: i64,
    new: &NewBacktest,
    summary: &ImportedTrades,
    now: Timestamp,
) -> Result<()> {
    let terms = &summary.terms;
    let open = insert_trades(connection, &key(webhook, &summary.ticker), new, terms)?;
    let sum = |direction| open::sum(new, direction).to_string();
    let range = new.list.range;
    let commission = terms.commission.value.as_ref();
    let kind = commission.and_then(|commission| serde_json::to_value(commission.kind).ok());
    let figures = (!new.list.figures.is_empty()).then_some(&new.list.figures);
    connection.execute(
        "INSERT INTO backtests (webhook_id, ticker, currency, initial_capital, point_value, open_long,
             open_short, open_trades, imported_at, digest, commission_kind, commission_value, terms, figures,
             contract, listed_open, range_from, range_to)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        params![
            webhook,
            summary.ticker.as_str(),
            summary.currency,
            terms.own_capital().map(|capital| capital.to_string()),
            terms.point_value.value.to_string(),
            sum(Direction::Long),
            sum(Direction::Short),
            i64::try_from(summary.open).unwrap_or(i64::MAX),
            to_micros(now),
            new.digest.bytes(),
            kind.as_ref().and_then(serde_json::Value::as_str),
            commission.map(|commission| commission.value.to_string()),
            serde_json::to_string(terms).ok(),
            figures.and_then(|figures| serde_json::to_string(figures).ok()),
            terms.contract().as_str(),
            open::text(&open),
            range.map(|(from, _)| to_micros(from)),
            range.map(|(_, to)| to_micros(to)),
        ],
    )?;
    Ok(())
}

/// Stores the closed trades of a list, each with a number that no trade of a backtest had;
/// returns the open ones.
fn insert_trades(
    connection: &Connection,
    key: &LedgerKey,
    new: &NewBacktest,
    terms: &KeptTerms,
) -> Result<Vec<OpenTrade>> {
    let sql = "SELECT listed_trades FROM catalog";
    let mut last: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    let counted = terms.counted();
    let of_fill = terms.commission.value.clone();
    let mut commissions = Commissions::of(&new.list, counted, of_fill);
    let mut open = Vec::new();
    for trade in &new.list.trades {
        let Some(exit) = &trade.exit else {
            open.push(OpenTrade::of(trade, counted, &mut commissions));
            continue;
        };
        last += 1;
        let paid = commissions.take(trade, exit);
        let stored = NewTrade {
            place: i64::try_from(trade.number).unwrap_or(i64::MAX),
            direction: trade.direction,
            quantity: trade.quantity,
            entry: leg(last, &trade.entry),
            exit: leg(last, exit),
            point_value: counted.point_value,
            contract: Some(counted.contract),
            commission: paid.whole,
            entry_commission: paid.of_entry,
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
    Ok(open)
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
    let mut kept = PresentBacktest::all(connection, webhook.row)?;
    if let Some(ticker) = ticker {
        let same =
            PresentBacktest::of_instrument(&kept, ticker).map(|same| same.size.ticker.clone());
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
    connection: &Connection,
    webhook: &WebhookId,
    ticker: Option<&Ticker>,
) -> Result<Vec<BacktestSize>> {
    let removed = removable(connection, webhook, ticker)?;
    let webhook = webhooks::get(connection, webhook)?;
    for backtest in &removed {
        delete(connection, webhook.row, &backtest.ticker)?;
        // Who removes a backtest compares with it no more.
        expectations::forget(connection, webhook.row, &backtest.ticker)?;
        replaced_lists::forget(connection, webhook.row, &backtest.ticker)?;
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
    trades::delete_between(connection, &key(webhook, ticker), (i64::MIN, i64::MAX))?;
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
    let place = TickerChoice::of(connection, webhook, new)?;
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
            .chain(new.terms.under(terms.contract()).notes.iter().cloned())
            .chain(terms.commission.note())
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
        "SELECT b.webhook_id, b.ticker, b.currency, b.initial_capital, b.open_long, b.open_short, b.listed_open,
             b.range_from, b.range_to, b.open_trades > 0 OR EXISTS (SELECT 1 FROM trades t
                 WHERE t.webhook_id = b.webhook_id AND t.book = 1 AND t.ticker = b.ticker)
         FROM backtests b WHERE b.webhook_id = ?1 ORDER BY b.ticker",
    )?;
    let read = |row: &Row<'_>| {
        let open: Option<String> = row.get(6)?;
        let open = match open.as_deref().and_then(open::read) {
            Some(trades) => OpenAtEnd::Trades(trades),
            None => OpenAtEnd::Sums {
                long: parsed(row, 4)?,
                short: parsed(row, 5)?,
            },
        };
        let range = optional_timestamp(row, 7)?.zip(optional_timestamp(row, 8)?);
        Ok(Backtest {
            webhook: row.get(0)?,
            ticker: parsed(row, 1)?,
            currency: row.get(2)?,
            initial_capital: optional_parsed(row, 3)?,
            open,
            range,
            has_trades: row.get(9)?,
        })
    };
    let backtests = select.query_map([webhook.row], read)?;
    Ok(backtests.collect::<rusqlite::Result<_>>()?)
}
