//! The quantity of an order whose message states money or a percentage.
//!
//! A percentage is kept as one with the order, and its quantity beside it is what it came to
//! when the order was made: of the strategy's equity, which is the initial capital and the
//! profit of the trades closed until then, or of the position. Deriving orders again keeps
//! that quantity, for whoever acted on the order acted on it.
//!
//! What it is a percentage of is had without the history: ledgers keep what they closed, and a
//! position of before is that of now without what came since.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::domain::event::Warning;
use crate::domain::money::{Decimal, Notional, NumberError, Price, Quantity};
use crate::domain::order::{Measure, Order, measure};
use crate::domain::signal::{Intent, PercentOf, Percentage, Signal, Size, Ticker};
use crate::domain::terms::Contract;
use crate::domain::webhook::Settings;
use crate::payload::PayloadError;
use crate::store::error::Result;
use crate::store::ledger_key::LedgerKey;
use crate::store::{ledgers, positions, tickers, webhooks};

/// A percentage that an order asks for, with what it takes to make a quantity of it.
#[derive(Clone, Copy)]
pub(super) struct PercentageRequest<'a> {
    percentage: Percentage,
    ticker: &'a Ticker,
    intent: Intent,
    price: Price,
}

impl<'a> PercentageRequest<'a> {
    fn by_signal(signal: &'a Signal, percentage: Percentage) -> Self {
        Self {
            percentage,
            ticker: &signal.ticker,
            intent: signal.intent,
            price: signal.intended_price,
        }
    }

    /// The request of a stored order.
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
            let profit = ledgers::net_profit_until(connection, webhook, at)?;
            let asked = PercentageRequest::by_signal(signal, percentage);
            Ok(of_equity(&settings, asked, profit).map(Some))
        }
        PercentOf::Position => {
            let position = position(connection, webhook, signal, at)?;
            let asked = PercentageRequest::by_signal(signal, percentage);
            Ok(of_position(asked, position))
        }
    }
}

/// Warning on an amount of money: it is divided by the price alone, also where a contract is worth
/// another amount than its price.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn money_warning(
    connection: &Connection,
    webhook: i64,
    signal: &Signal,
) -> Result<Option<Warning>> {
    if !matches!(signal.size, Size::Notional(_)) {
        return Ok(None);
    }
    let settings = webhooks::settings(connection, webhook)?;
    let ticker = signal.ticker.as_str();
    let terms = settings.terms_of(ticker);
    let point_value = settings
        .missing_point_value(ticker)
        .map_or(terms.point_value, |missing| missing.known);
    let worth = match terms.contract {
        Contract::Inverse => format!("{} in money", point_value.normalize()),
        Contract::Linear if point_value == Decimal::ONE => return Ok(None),
        Contract::Linear => format!("{} times its price", point_value.normalize()),
    };
    let message = format!(
        "the amount of money was divided by the price alone, and a contract of {ticker} is worth {worth}: the order is not of that amount. State a quantity of contracts"
    );
    Ok(Some(Warning::new("money_of_contracts", message)))
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

/// The signed position that an order meets at `at`.
fn position(
    connection: &Connection,
    webhook: i64,
    signal: &Signal,
    at: Timestamp,
) -> Result<Decimal> {
    let instrument = tickers::find(connection, webhook, &signal.ticker)?;
    let key = LedgerKey::of_alerts(webhook, instrument);
    positions::signed_at(connection, &key, at)
}

/// The quantity of a percentage of the equity, which is the initial capital and the `profit`
/// since; `None` is a profit beyond a [`Decimal`].
pub(super) fn of_equity(
    settings: &Settings,
    asked: PercentageRequest<'_>,
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
    asked: PercentageRequest<'_>,
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

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::domain::event::EventSource;
    use crate::domain::exact_sum::ExactSum;
    use crate::domain::ledger::Ledger;
    use crate::domain::webhook::WebhookId;
    use crate::journal::scratch::Scratch;
    use crate::store::orders;

    /// A step of a webhook's history.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        /// An order, signalled some seconds before or after its arrival, or long before it.
        Order(bool, bool, u32, u32, i64),
        /// An order of a file, which is paired later.
        Import(bool, i64),
        PointValue(u32),
        Derive,
    }

    fn step() -> impl Strategy<Value = Step> {
        let delay = prop_oneof![4 => -60_i64..60, 1 => 100_i64..290];
        let order = (any::<bool>(), any::<bool>(), 1_u32..9, 90_u32..120, delay);
        prop_oneof![
            12 => order.prop_map(|(is_first, buys, quantity, price, delay)| {
                Step::Order(is_first, buys, quantity, price, delay)
            }),
            2 => (any::<bool>(), 0_i64..6000).prop_map(|(buys, delay)| Step::Import(buys, delay)),
            1 => (1_u32..4).prop_map(Step::PointValue),
            1 => Just(Step::Derive),
        ]
    }

    fn take(scratch: &mut Scratch, webhook: &WebhookId, step: Step) {
        match step {
            Step::Order(is_first, buys, quantity, price, delay) => {
                let message = json!({
                    "ticker": if is_first { "BTCUSD" } else { "AAPL" },
                    "action": if buys { "buy" } else { "sell" },
                    "qty": format!("0.{quantity}00000000000000{quantity}"),
                    "marketPrice": format!("{price}.0001"),
                });
                scratch.signalled(webhook, message, SignedDuration::from_secs(delay));
            }
            Step::Import(buys, delay) => {
                let action = if buys { "buy" } else { "sell" };
                let delay = SignedDuration::from_secs(delay);
                scratch.event(webhook, "AAPL", action, EventSource::Imported, delay);
            }
            Step::PointValue(value) => scratch.change_settings(webhook, |settings| {
                settings.point_value = value.into();
            }),
            Step::Derive => scratch.derive_stale(),
        }
    }

    /// The profit as adding up every trade has it.
    fn slow_profit(connection: &Connection, webhook: i64, until: Timestamp) -> Option<Decimal> {
        let sql =
            "SELECT net_profit FROM trades WHERE webhook_id = ?1 AND book = 0 AND exit_time <= ?2";
        let mut select = connection.prepare(sql).unwrap();
        let until = until.as_microsecond();
        let profits = select.query_map([webhook, until], |row| row.get::<_, String>(0));
        let profits = profits
            .unwrap()
            .map(|profit| profit.unwrap().parse::<Decimal>().unwrap());
        profits.fold(ExactSum::default(), ExactSum::plus).money()
    }

    /// The position as pairing every order again has it.
    fn slow_position(connection: &Connection, key: &LedgerKey, until: Timestamp) -> Decimal {
        let settings = webhooks::settings(connection, key.webhook).unwrap();
        let mut ledger = Ledger::default();
        orders::for_each_second(connection, key, i64::MIN, |mut second| {
            second.retain(|order| order.paired_at <= until);
            let _ = ledger.apply_second(&mut second, &settings);
            Ok(())
        })
        .unwrap();
        ledger.position()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn profit_and_position_are_those_of_the_whole_history(
            steps in prop::collection::vec(step(), 1..40),
        ) {
            let mut scratch = Scratch::new();
            let webhook = scratch.webhook("one");
            scratch.change_settings(&webhook, |settings| {
                settings.commission.value = Decimal::new(55, 3);
            });
            for step in steps {
                take(&mut scratch, &webhook, step);
                let connection = &scratch.connection;
                let row = webhooks::get(connection, &webhook).unwrap().row;
                for back in [0, 30, 240, 3600] {
                    let until = scratch.now() - SignedDuration::from_secs(back);
                    let had = ledgers::net_profit_until(connection, row, until).unwrap();
                    prop_assert_eq!(had, slow_profit(connection, row, until));
                    let key = LedgerKey::of_alerts(row, "BTCUSD".parse().unwrap());
                    let had = positions::signed_at(connection, &key, until).unwrap();
                    let is_derived = !ledgers::is_any_stale(connection).unwrap();
                    prop_assert!(!is_derived || had == slow_position(connection, &key, until));
                }
            }
        }
    }

    #[test]
    fn a_percentage_reads_no_trade_of_before() {
        let mut scratch = Scratch::new();
        let webhook = scratch.webhook("one");
        for (action, price) in [("buy", 100), ("sell", 150), ("buy", 100)] {
            let message =
                json!({"ticker": "AAPL", "action": action, "qty": 4, "marketPrice": price});
            scratch.message(&webhook, &message);
        }
        // A history that cannot be read: 10,000 and the 200 that it made are 10,200.
        let unreadable = "UPDATE trades SET net_profit = 'unreadable', quantity = 'unreadable'";
        scratch.connection.execute(unreadable, []).unwrap();
        let message = json!({
            "ticker": "MSFT", "action": "buy", "qty": "10%", "marketPrice": 50,
        });
        let recorded = scratch.message(&webhook, &message);
        assert_eq!(
            recorded.sized.map(|sized| sized.to_string()).as_deref(),
            Some("20.4")
        );
    }
}
