//! The quantity of an order whose message states money or a percentage.
//!
//! A percentage is kept as one with the order, and its quantity beside it is what it came to
//! when the order was made: of the strategy's equity, which is the initial capital and the
//! profit of the trades closed until then, or of the position. Deriving orders again keeps
//! that quantity, for whoever acted on the order acted on it.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::domain::ledger::Ledger;
use crate::domain::money::{Decimal, Notional, NumberError, Price, Quantity};
use crate::domain::order::{Measure, Order, measure};
use crate::domain::signal::{Intent, PercentOf, Percentage, Signal, Ticker};
use crate::domain::webhook::Settings;
use crate::payload::PayloadError;
use crate::store::error::Result;
use crate::store::ledger_key::LedgerKey;
use crate::store::{lots, orders, tickers, trades, webhooks};

/// A percentage that an order asks for, with what it takes to make a quantity of it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    percentage: Percentage,
    ticker: &'a Ticker,
    intent: Intent,
    price: Price,
}

impl<'a> Asked<'a> {
    fn by_signal(signal: &'a Signal, percentage: Percentage) -> Self {
        Self {
            percentage,
            ticker: &signal.ticker,
            intent: signal.intent,
            price: signal.intended_price,
        }
    }

    /// What a stored order asks for.
    pub(super) fn by_order(order: &'a Order, percentage: Percentage) -> Self {
        Self {
            percentage,
            ticker: &order.ticker,
            intent: order.intent,
            price: order.intended_price,
        }
    }
}

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
            let asked = Asked::by_signal(signal, percentage);
            Ok(of_equity(&settings, asked, profit).map(Some))
        }
        PercentOf::Position => {
            let position = position(connection, webhook, signal, at)?;
            let asked = Asked::by_signal(signal, percentage);
            Ok(of_position(asked, position))
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

/// The signed position that an order meets at `at`: that of now, but for a message that is
/// processed again after later ones.
fn position(
    connection: &Connection,
    webhook: i64,
    signal: &Signal,
    at: Timestamp,
) -> Result<Decimal> {
    let instrument = tickers::find(connection, webhook, &signal.ticker)?;
    let key = LedgerKey::of_alerts(webhook, instrument);
    if orders::is_any_later(connection, &key, at)? {
        return position_at(connection, &key, at);
    }
    let lots = lots::of(connection, &key)?;
    let signed = lots
        .iter()
        .map(|lot| lot.quantity.get() * lot.direction.sign());
    Ok(signed.fold(Decimal::ZERO, Decimal::saturating_add))
}

/// The signed position that the orders until `at` made.
fn position_at(connection: &Connection, key: &LedgerKey, at: Timestamp) -> Result<Decimal> {
    let settings = webhooks::settings(connection, key.webhook)?;
    let mut ledger = Ledger::default();
    orders::for_each_second(connection, key, i64::MIN, |mut second| {
        second.retain(|order| order.paired_at <= at);
        if !second.is_empty() {
            let _ = ledger.apply_second(&mut second, &settings);
        }
        Ok(())
    })?;
    Ok(ledger.position())
}

/// The quantity of a percentage of the equity, which is the initial capital and the `profit`
/// since; `None` is a profit beyond a [`Decimal`].
pub(super) fn of_equity(
    settings: &Settings,
    asked: Asked<'_>,
    profit: Option<Decimal>,
) -> std::result::Result<Quantity, PayloadError> {
    let percent = asked.percentage.percent();
    if settings.initial_capital.is_zero() {
        return Err(PayloadError::invalid(
            "qty",
            format!("is {percent}% of the equity, which is not known"),
            "Set the webhook's initial capital (initialCapital in its settings): the equity is that and the profit since. Then process the event again.",
        ));
    }
    let equity = profit.and_then(|profit| settings.initial_capital.checked_add(profit));
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
    let terms = settings.terms_of(asked.ticker.as_str());
    let worth = terms.value(asked.price, one);
    let worth = worth.map(|worth| worth.value).unwrap_or_default();
    let share = asked.percentage.share_of(equity);
    let share = share.ok_or(NumberError::TooLarge);
    let share = share.and_then(Notional::new).map_err(unusable)?;
    let price = Price::new(worth).map_err(unusable)?;
    share.quantity_at(price).map_err(unusable)
}

/// The quantity of a percentage of a signed position; `None` is an exit that finds none.
pub(super) fn of_position(
    asked: Asked<'_>,
    position: Decimal,
) -> std::result::Result<Option<Quantity>, PayloadError> {
    let is_left = match asked.intent {
        Intent::ExitLong => position > Decimal::ZERO,
        Intent::ExitShort => position < Decimal::ZERO,
        _ => !position.is_zero(),
    };
    if !is_left {
        if asked.intent.is_exit() {
            // An exit of a position that is not there, which its warning says.
            return Ok(None);
        }
        let percent = asked.percentage.percent();
        return Err(PayloadError::invalid(
            "qty",
            format!("is {percent}% of the position, and there is none"),
            "State a quantity of units, or a percentage of the equity.",
        ));
    }
    let share = asked.percentage.share_of(position.abs());
    let share = share.map(|share| share.round_dp(18).normalize());
    let quantity = share.ok_or(NumberError::TooLarge).and_then(Quantity::new);
    quantity.map(Some).map_err(|reason| {
        let problem = format!("is a percentage of the position that {reason}");
        PayloadError::invalid("qty", problem, "State a quantity of units.")
    })
}
