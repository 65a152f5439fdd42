//! Accepting TradingView's position: the owner adds the alert that is missing.

use jiff::Timestamp;
use serde_json::json;

use super::arrivals;
use super::deliveries::{self, Delivery, Reading, Recorded};
use crate::clock::ClockReading;
use crate::domain::delivery::DeliveryId;
use crate::domain::event::EventSource;
use crate::domain::format::ReadingRules;
use crate::domain::ledger::Adjustment;
use crate::domain::money::Price;
use crate::domain::signal::{Direction, Intent, Ticker, market_position};
use crate::domain::webhook::WebhookId;
use crate::payload;
use crate::store::ledger_key::LedgerKey;
use crate::store::ledgers;
use crate::store::{Conflict, Result, WriteContext, events, tickers, webhooks};

/// Name of the signal of an order that accepts TradingView's position.
const SIGNAL: &str = "Position accepted";

/// Takes TradingView's position over, by an adjusting order at the newest price. It is known
/// by `id`: asked for twice, it is made once.
///
/// # Errors
///
/// [`crate::store::StoreError::Conflict`] where the two positions are the same already.
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
    let (source, read) = (
        EventSource::Adjustment,
        (Reading::Signal(parsed), ReadingRules::OWN),
    );
    let delivery = Delivery {
        clock: Some(clock),
        ..Delivery::new(id, webhook.id, now, source, payload, read)
    };
    deliveries::record(context, &delivery)
}

/// The alert that would have led to the accepted position.
fn message(ticker: &Ticker, adjustment: &Adjustment, price: Price, now: Timestamp) -> Vec<u8> {
    let direction = adjustment.intent.direction();
    let action = direction.unwrap_or(Direction::Long).action();
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
        "marketPosition": market_position(new),
        "marketPositionSize": new.abs().to_string(),
        "prevMarketPosition": market_position(previous),
        "prevMarketPositionSize": previous.abs().to_string(),
        "metadata": { "timestamp": now.to_string(), "signal": SIGNAL },
    });
    message.to_string().into_bytes()
}
