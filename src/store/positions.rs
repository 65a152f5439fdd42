//! Positions, as the ledgers hold them.
//!
//! There is no table of positions: one is the sum of its open lots, so that the two cannot
//! disagree. While a ledger is stale its position is unknown, and none is better than a wrong one
//! that somebody trades by.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::error::Result;
use super::ledger_key::LedgerKey;
use super::ledgers;
use super::sql::{decimal, parsed, to_micros};
use super::tickers;
use super::webhooks::{self, StoredWebhook};
use crate::domain::book::Book;
use crate::domain::instrument::Instrument;
use crate::domain::ledger::Ledger;
use crate::domain::money::Decimal;
use crate::domain::profit_currency::{ProfitCurrency, other_currency};
use crate::domain::signal::{Direction, Ticker};
use crate::domain::terms::{MissingPointValue, Terms};
use crate::domain::webhook::WebhookId;

/// The position of a webhook in a ticker.
#[derive(Debug, Clone)]
pub struct StoredPosition {
    /// The webhook.
    pub webhook: WebhookId,
    /// The instrument.
    pub instrument: Instrument,
    /// Currency of its profit.
    pub currency: String,
    /// The terms that its profit is counted by.
    pub terms: Terms,
    /// Lots, newest price and what TradingView states; `None` while it is being
    /// derived again.
    pub ledger: Option<Ledger>,
}

impl StoredPosition {
    /// Gain of the open lots at the newest price before commission; `None` where that
    /// is not known, or beyond a [`Decimal`].
    #[must_use]
    pub fn open_profit(&self) -> Option<Decimal> {
        self.ledger.as_ref()?.open_profit(self.terms)
    }
}

/// The positions that alerts made of all webhooks, flat ones too, or of one webhook or
/// instrument.
///
/// # Errors
///
/// [`super::StoreError::NotFound`] where there is no such webhook.
pub fn list(
    connection: &Connection,
    of: Option<&WebhookId>,
    ticker: Option<&Ticker>,
) -> Result<Vec<StoredPosition>> {
    let transaction = connection.unchecked_transaction()?;
    let webhooks = match of {
        Some(id) => vec![webhooks::get(&transaction, id)?],
        None => webhooks::list_current(&transaction)?,
    };
    let mut positions = Vec::new();
    for webhook in webhooks {
        let find = |ticker| tickers::find(&transaction, webhook.row, ticker);
        let wanted = ticker.map(find).transpose()?;
        let mut found = of_webhook(&transaction, &webhook, Book::Alerts)?;
        found.retain(|position| {
            wanted
                .as_ref()
                .is_none_or(|wanted| *wanted == position.instrument)
        });
        positions.extend(found);
    }
    Ok(positions)
}

/// The positions of one webhook in one book.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn of_webhook(
    connection: &Connection,
    webhook: &StoredWebhook,
    book: Book,
) -> Result<Vec<StoredPosition>> {
    let mut positions = Vec::new();
    for instrument in instruments(connection, webhook.row, book)? {
        let key = LedgerKey {
            webhook: webhook.row,
            book,
            instrument,
        };
        positions.push(StoredPosition {
            webhook: webhook.id.clone(),
            currency: webhook.settings.currency.clone(),
            terms: webhook.settings.terms_of(key.instrument.as_str()),
            ledger: ledgers::load(connection, &key, &webhook.settings)?,
            instrument: key.instrument,
        });
    }
    Ok(positions)
}

/// The signed position of a ledger as its orders until a time made it: above zero long. It costs
/// the open lots and the trades since then.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn signed_at(connection: &Connection, key: &LedgerKey, at: Timestamp) -> Result<Decimal> {
    let mut select = connection.prepare_cached(
        "SELECT direction, quantity FROM lots
             WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3 AND entry_time <= ?4
         UNION ALL SELECT direction, quantity FROM trades
             WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3 AND exit_time > ?4 AND entry_time <= ?4",
    )?;
    let instrument = key.instrument.as_str();
    let mut rows = select.query(params![key.webhook, key.book, instrument, to_micros(at)])?;
    let mut position = Decimal::ZERO;
    while let Some(row) = rows.next()? {
        let (side, quantity): (Direction, Decimal) = (parsed(row, 0)?, decimal(row, 1)?);
        position = position.saturating_add(quantity * side.sign());
    }
    Ok(position)
}

/// The futures that a webhook trades without their point value.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn missing_point_values(
    connection: &Connection,
    webhook: &StoredWebhook,
) -> Result<Vec<(Instrument, MissingPointValue)>> {
    let traded = instruments(connection, webhook.row, Book::Alerts)?;
    let missing = traded.into_iter().filter_map(|instrument| {
        let missing = webhook.settings.missing_point_value(instrument.as_str())?;
        Some((instrument, missing))
    });
    Ok(missing.collect())
}

/// The instruments of a webhook whose profit is in another currency than it has.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn other_currencies(
    connection: &Connection,
    webhook: &StoredWebhook,
    book: Book,
) -> Result<Vec<(Instrument, ProfitCurrency)>> {
    let traded = instruments(connection, webhook.row, book)?;
    let of = |instrument: &Instrument| {
        let tickers = traded.iter().map(Instrument::as_str);
        let other = other_currency(&webhook.settings, instrument.as_str(), tickers)?;
        Some((instrument.clone(), other))
    };
    Ok(traded.iter().filter_map(of).collect())
}

fn instruments(connection: &Connection, webhook: i64, book: Book) -> Result<Vec<Instrument>> {
    let mut select = connection.prepare_cached(
        "SELECT ticker FROM ledgers WHERE webhook_id = ?1 AND book = ?2 ORDER BY ticker",
    )?;
    let instruments = select.query_map(params![webhook, book], |row| parsed(row, 0))?;
    Ok(instruments.collect::<rusqlite::Result<_>>()?)
}
