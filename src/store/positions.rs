//! Positions: what the ledgers hold, and how an owner accepts TradingView's.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::json;

use super::conflict::Conflict;
use super::deliveries::{self, Delivery, Reading, Recorded};
use super::error::Result;
use super::ledgers::{self, LedgerKey};
use super::sql::parsed;
use super::webhooks::{self, StoredWebhook};
use super::writer::WriteContext;
use super::{arrivals, events, tickers};
use crate::clock::ClockReading;
use crate::domain::book::Book;
use crate::domain::delivery::DeliveryId;
use crate::domain::event::EventSource;
use crate::domain::instrument::Instrument;
use crate::domain::ledger::{Adjustment, Ledger};
use crate::domain::money::{Decimal, Price};
use crate::domain::signal::{Direction, Intent, Ticker};
use crate::domain::terms::{MissingPointValue, Terms};
use crate::domain::webhook::WebhookId;
use crate::payload;

/// Name of the signal of an order that accepts TradingView's position.
const SIGNAL: &str = "Position accepted";

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

fn instruments(connection: &Connection, webhook: i64, book: Book) -> Result<Vec<Instrument>> {
    let mut select = connection.prepare_cached(
        "SELECT ticker FROM ledgers WHERE webhook_id = ?1 AND book = ?2 ORDER BY ticker",
    )?;
    let instruments = select.query_map(params![webhook, book], |row| parsed(row, 0))?;
    Ok(instruments.collect::<rusqlite::Result<_>>()?)
}

/// Takes TradingView's position over, by an adjusting order at the newest price. It is known
/// by `id`: asked for twice, it is made once.
///
/// # Errors
///
/// [`super::StoreError::Conflict`] where the two positions are the same already.
pub fn accept(
    context: &mut WriteContext<'_>,
    id: DeliveryId,
    webhook: &WebhookId,
    ticker: &Ticker,
    clock: ClockReading,
) -> Result<Recorded> {
    if let Some(made) = events::of_delivery(context.connection, id)? {
        return deliveries::recorded_before(context.connection, made);
    }
    let webhook = webhooks::get(context.connection, webhook)?;
    let instrument = tickers::find(context.connection, webhook.row, ticker)?;
    let key = LedgerKey::of_alerts(webhook.row, instrument);
    let ledger = ledgers::load(context.connection, &key, &webhook.settings)?
        .ok_or_else(|| Conflict::PositionUnsettled(ticker.as_str().to_owned()))?;
    let (Some(out_of_sync), Some(price)) = (ledger.out_of_sync(), ledger.newest_price()) else {
        return Err(Conflict::PositionInSync(ticker.as_str().to_owned()).into());
    };
    let adjustment = out_of_sync
        .adjustment()
        .map_err(|error| Conflict::NoAdjustment(format!("the difference {error}")))?;
    let now = arrivals::date(context, clock, None)?.at;
    let payload = message(key.instrument.ticker(), &adjustment, price, now);
    let parsed = payload::parse_without_key(&payload)
        .map_err(|error| Conflict::NoAdjustment(error.to_string()))?;
    let delivery = Delivery {
        id,
        webhook: webhook.id,
        received_at: now,
        clock: Some(clock),
        source: EventSource::Adjustment,
        source_address: None,
        payload,
        reading: Reading::Signal(parsed),
        verified: None,
        duplicate_window: None,
        original: None,
    };
    deliveries::record(context, &delivery)
}

/// The alert that would have led to the accepted position.
fn message(ticker: &Ticker, adjustment: &Adjustment, price: Price, now: Timestamp) -> Vec<u8> {
    let action = match adjustment.intent.direction() {
        Direction::Long => "buy",
        Direction::Short => "sell",
    };
    debug_assert!(matches!(adjustment.intent, Intent::Buy | Intent::Sell));
    let (new, previous) = (
        adjustment.stated_position.new.unwrap_or_default(),
        adjustment.stated_position.previous.unwrap_or_default(),
    );
    let message = json!({
        "ticker": ticker.as_str(),
        "action": action,
        "qty": adjustment.quantity.to_string(),
        "marketPrice": price.to_string(),
        "marketPosition": side(new),
        "marketPositionSize": new.abs().to_string(),
        "prevMarketPosition": side(previous),
        "prevMarketPositionSize": previous.abs().to_string(),
        "metadata": { "timestamp": now.to_string(), "signal": SIGNAL },
    });
    message.to_string().into_bytes()
}

fn side(position: Decimal) -> &'static str {
    if position.is_zero() {
        "flat"
    } else if position.is_sign_negative() {
        "short"
    } else {
        "long"
    }
}
