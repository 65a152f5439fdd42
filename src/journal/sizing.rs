//! The quantity of an order whose message states money or a percentage.
//!
//! A percentage is kept as one with the order, and its quantity beside it is what it came to
//! when the order was made: of the strategy's equity, which is the initial capital and the
//! profit of the trades closed until then, or of the position. Deriving orders again keeps
//! that quantity, for whoever acted on the order acted on it.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::domain::money::{Decimal, Notional, NumberError, Price, Quantity};
use crate::domain::order::{Measure, measure};
use crate::domain::signal::{Intent, PercentOf, Percentage, Signal};
use crate::domain::webhook::Settings;
use crate::payload::PayloadError;
use crate::store::error::Result;
use crate::store::ledgers::LedgerKey;
use crate::store::{lots, tickers, trades, webhooks};

/// The quantity that a signal asks for at `at`; `None` is the whole position. Inside, why it
/// asks for none.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn quantity(
    connection: &Connection,
    webhook: i64,
    signal: &Signal,
    at: Timestamp,
) -> Result<std::result::Result<Option<Quantity>, PayloadError>> {
    let percentage = match measure(signal) {
        Ok(Measure::Quantity(quantity)) => return Ok(Ok(quantity)),
        Ok(Measure::Percentage(percentage)) => percentage,
        Err(reason) => {
            return Ok(Err(PayloadError::invalid(
                "notional",
                format!("divided by the price {reason}"),
                "State an amount that buys a usable quantity at this price.",
            )));
        }
    };
    match percentage.of() {
        PercentOf::Equity => {
            let settings = webhooks::settings(connection, webhook)?;
            let profit = trades::net_profit_until(connection, webhook, at)?;
            let equity = profit.and_then(|profit| settings.initial_capital.checked_add(profit));
            let sized = of_equity(&settings, signal, percentage, equity);
            Ok(sized.map(Some))
        }
        PercentOf::Position => {
            let position = position(connection, webhook, signal)?;
            Ok(of_position(signal, percentage, position))
        }
    }
}

/// The quantity that a signal asks for where equity and position are not known; `None` is the
/// whole position, or a percentage.
#[must_use]
pub fn fixed(signal: &Signal) -> Option<Quantity> {
    match measure(signal) {
        Ok(Measure::Quantity(quantity)) => quantity,
        Ok(Measure::Percentage(_)) | Err(_) => None,
    }
}

/// The signed position that an order meets.
fn position(connection: &Connection, webhook: i64, signal: &Signal) -> Result<Decimal> {
    let instrument = tickers::find(connection, webhook, &signal.ticker)?;
    let lots = lots::of(connection, &LedgerKey::of_alerts(webhook, instrument))?;
    let signed = lots
        .iter()
        .map(|lot| lot.quantity.get() * lot.direction.sign());
    Ok(signed.fold(Decimal::ZERO, Decimal::saturating_add))
}

fn of_equity(
    settings: &Settings,
    signal: &Signal,
    percentage: Percentage,
    equity: Option<Decimal>,
) -> std::result::Result<Quantity, PayloadError> {
    let percent = percentage.percent();
    if settings.initial_capital.is_zero() {
        return Err(PayloadError::invalid(
            "qty",
            format!("is {percent}% of the equity, which is not known"),
            "Set the webhook's initial capital (initialCapital in its settings): the equity is that and the profit since. Then process the event again.",
        ));
    }
    let Some(equity) = equity.filter(|equity| *equity > Decimal::ZERO) else {
        return Err(PayloadError::invalid(
            "qty",
            format!("is {percent}% of the equity, and nothing is left of it"),
            "Check the webhook's initial capital in its settings, then process the event again.",
        ));
    };
    let unusable = |reason: NumberError| {
        let problem =
            format!("is {percent}% of the equity, and that divided by the price {reason}");
        let hint = "State a quantity of units, or check price and point value.";
        PayloadError::invalid("qty", problem, hint)
    };
    let one = Quantity::new(Decimal::ONE).map_err(unusable)?;
    let terms = settings.terms_of(signal.ticker.as_str());
    let worth = terms.value(signal.intended_price, one);
    let worth = worth.map(|worth| worth.value).unwrap_or_default();
    let share = percentage.share_of(equity).ok_or(NumberError::TooLarge);
    let share = share.and_then(Notional::new).map_err(unusable)?;
    let price = Price::new(worth).map_err(unusable)?;
    share.quantity_at(price).map_err(unusable)
}

fn of_position(
    signal: &Signal,
    percentage: Percentage,
    position: Decimal,
) -> std::result::Result<Option<Quantity>, PayloadError> {
    let is_left = match signal.intent {
        Intent::ExitLong => position > Decimal::ZERO,
        Intent::ExitShort => position < Decimal::ZERO,
        _ => !position.is_zero(),
    };
    if !is_left {
        if signal.intent.is_exit() {
            // An exit of a position that is not there, which its warning says.
            return Ok(None);
        }
        let percent = percentage.percent();
        return Err(PayloadError::invalid(
            "qty",
            format!("is {percent}% of the position, and there is none"),
            "State a quantity of units, or a percentage of the equity.",
        ));
    }
    let share = percentage.share_of(position.abs());
    let share = share.map(|share| share.round_dp(18).normalize());
    let quantity = share.ok_or(NumberError::TooLarge).and_then(Quantity::new);
    quantity.map(Some).map_err(|reason| {
        let problem = format!("is a percentage of the position that {reason}");
        PayloadError::invalid("qty", problem, "State a quantity of units.")
    })
}
