//! Quantities computed from the percentages of a file's alerts.
//!
//! A percentage is of the equity or of the position that its order met, and those are known only
//! with all orders before it, of every instrument of the webhook and of the file itself. So the
//! orders are folded once more, in their order, when all of them are there. What an order that
//! was there before came to stays, for whoever acted on it acted on it.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use crate::domain::instrument::Instrument;
use crate::domain::ledger::{Applied, Ledger};
use crate::domain::money::{Decimal, Quantity};
use crate::domain::order::{Order, OrderId};
use crate::domain::signal::{PercentOf, Percentage, Ticker};
use crate::domain::webhook::Settings;
use crate::journal::entries::fail;
use crate::journal::sizing::{PercentageRequest, of_equity, of_position};
use crate::payload::PayloadError;
use crate::store::error::Result;
use crate::store::{orders, tickers, webhooks};

/// Writes the quantities of the orders `wanted`, and turns the events of those that come to none
/// into failed ones; returns how many these are.
pub(super) fn write(
    connection: &Connection,
    webhook: i64,
    wanted: &HashSet<OrderId>,
) -> Result<usize> {
    if wanted.is_empty() {
        return Ok(0);
    }
    let mut account = Account::new(connection, webhook)?;
    let (mut sizes, mut failed) = (Vec::new(), Vec::new());
    orders::for_each_second_of_webhook(connection, webhook, |second| {
        let mut until_now = Second::default();
        for (mut order, percentage) in second {
            let instrument = account.instrument(&order.ticker)?;
            if let Some(percentage) = percentage.filter(|_| wanted.contains(&order.id)) {
                match account.size(&until_now, &instrument, &order, percentage) {
                    Ok(quantity) => {
                        sizes.push((order.id, quantity));
                        order.quantity = quantity;
                    }
                    Err(error) => {
                        failed.push((order.id, order.event, error));
                        continue;
                    }
                }
            }
            until_now.orders.entry(instrument).or_default().push(order);
        }
        account.apply(until_now);
        Ok(())
    })?;
    for (order, quantity) in sizes {
        orders::write_size(connection, order, quantity)?;
    }
    for (order, event, error) in &failed {
        orders::delete(connection, *order)?;
        fail(connection, *event, error)?;
    }
    Ok(failed.len())
}

/// The orders of a second, by instrument.
#[derive(Default)]
struct Second {
    orders: HashMap<Instrument, Vec<Order>>,
}

/// A webhook's account, as it is after some of its orders.
struct Account<'c> {
    connection: &'c Connection,
    webhook: i64,
    settings: Settings,
    ledgers: HashMap<Instrument, Ledger>,
    instruments: HashMap<Ticker, Instrument>,
    /// The net profit of all closed trades; `None` beyond a [`Decimal`].
    profit: Option<Decimal>,
}

impl<'c> Account<'c> {
    fn new(connection: &'c Connection, webhook: i64) -> Result<Self> {
        Ok(Self {
            connection,
            webhook,
            settings: webhooks::settings(connection, webhook)?,
            ledgers: HashMap::new(),
            instruments: HashMap::new(),
            profit: Some(Decimal::ZERO),
        })
    }

    fn instrument(&mut self, ticker: &Ticker) -> Result<Instrument> {
        if let Some(known) = self.instruments.get(ticker) {
            return Ok(known.clone());
        }
        let found = tickers::find(self.connection, self.webhook, ticker)?;
        self.instruments.insert(ticker.clone(), found.clone());
        Ok(found)
    }

    /// The quantity of an order that comes after those of its second until now.
    fn size(
        &self,
        until_now: &Second,
        instrument: &Instrument,
        order: &Order,
        percentage: Percentage,
    ) -> std::result::Result<Option<Quantity>, PayloadError> {
        let asked = PercentageRequest::by_order(order, percentage);
        match percentage.of() {
            PercentOf::Equity => {
                let of_second = until_now.orders.iter().map(|(instrument, orders)| {
                    let (_, applied) = self.after(instrument, orders);
                    profit_of(&applied)
                });
                let profit = of_second.fold(self.profit, sum);
                of_equity(&self.settings, asked, profit).map(Some)
            }
            PercentOf::Position => {
                let orders = until_now.orders.get(instrument);
                let (position, _) = self.after(instrument, orders.map_or(&[], Vec::as_slice));
                of_position(asked, position)
            }
        }
    }

    /// The position of an instrument after more orders, and what these did.
    fn after(&self, instrument: &Instrument, orders: &[Order]) -> (Decimal, Vec<Applied>) {
        let mut ledger = self.ledgers.get(instrument).cloned().unwrap_or_default();
        if orders.is_empty() {
            return (ledger.position(), Vec::new());
        }
        let applied = ledger.apply_second(&mut orders.to_vec(), &self.settings);
        (ledger.position(), applied)
    }

    fn apply(&mut self, second: Second) {
        for (instrument, mut orders) in second.orders {
            let ledger = self.ledgers.entry(instrument).or_default();
            let applied = ledger.apply_second(&mut orders, &self.settings);
            self.profit = sum(self.profit, profit_of(&applied));
        }
    }
}

/// The net profit of what orders closed; `None` beyond a [`Decimal`].
fn profit_of(applied: &[Applied]) -> Option<Decimal> {
    let mut trades = applied.iter().flat_map(|applied| &applied.trades);
    trades.try_fold(Decimal::ZERO, |so_far, trade| {
        so_far.checked_add(trade.net_profit)
    })
}

fn sum(one: Option<Decimal>, other: Option<Decimal>) -> Option<Decimal> {
    one?.checked_add(other?)
}
