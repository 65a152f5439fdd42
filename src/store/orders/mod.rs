//! Orders: stored with the event they come from, and listed.
//!
//! An order has the number of its event, so a rebuild writes the same orders again. The fill, the
//! position after it and the warnings of pairing are in `pairings`: pairing again, as changed
//! settings ask for, leaves the orders alone. Prices and quantities are text, because SQLite's
//! numbers would round them.

mod pairing;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

pub use pairing::in_order;
pub(crate) use pairing::{
    count_until, end_of_part, for_each_second, for_each_second_between, for_each_second_of_webhook,
    is_any_newer, is_before_an_arrival, neighbours, paired_in_second,
};

use super::error::{Result, StoreError};
use super::events::Earlier;
use super::filter_query::{WhereClause, query};
use super::ledger_key::LedgerKey;
use super::sql::{optional_parsed, optional_timestamp, parsed, timestamp, to_micros, unreadable};
use super::tickers;
use crate::domain::event::{EventId, EventSource};
use crate::domain::instrument::Instrument;
use crate::domain::ledger::PositionChange;
use crate::domain::money::{Decimal, Distance, Price, Quantity};
use crate::domain::order::OrderId;
use crate::domain::signal::{
    Direction, Intent, OrderType, PercentOf, Percentage, Signal, Size, Ticker, TimeInForce, Trail,
};
use crate::domain::webhook::WebhookId;

/// An order as it is stored.
#[derive(Debug, Clone)]
pub struct StoredOrder {
    /// Its number.
    pub id: OrderId,
    /// The event it came from.
    pub event: EventId,
    /// The webhook it was sent to.
    pub webhook: WebhookId,
    /// The instrument.
    pub ticker: Ticker,
    /// Its intent.
    pub intent: Intent,
    /// Its order type.
    pub order_type: OrderType,
    /// The quantity; `None` is an exit of the whole position.
    pub quantity: Option<Quantity>,
    /// The size as the alert states it, where that is a percentage.
    pub percentage: Option<Percentage>,
    /// True if it closes all of an opposite position beside its own quantity.
    pub closes_opposite: bool,
    /// The price the trader wants.
    pub intended_price: Price,
    /// The market price at signal time.
    pub market_price: Option<Price>,
    /// Limit of a limit or stop-limit order.
    pub limit_price: Option<Price>,
    /// Trigger of a stop or stop-limit order.
    pub stop_price: Option<Price>,
    /// Distance of a trailing stop in price units.
    pub trail_price: Option<Distance>,
    /// Distance of a trailing stop in percent.
    pub trail_percent: Option<Decimal>,
    /// Target of a bracket.
    pub profit_target: Option<Price>,
    /// Stop of a bracket.
    pub stop_loss: Option<Price>,
    /// Limit of a bracket's stop.
    pub stop_loss_limit: Option<Price>,
    /// Its time at the broker.
    pub time_in_force: Option<TimeInForce>,
    /// True if it may fill outside regular hours.
    pub extended_hours: Option<bool>,
    /// The alert's own `id`.
    pub idempotency_key: Option<String>,
    /// The time it is paired by.
    pub paired_at: Timestamp,
    /// Time of the signal, by the sender's clock.
    pub signal_time: Option<Timestamp>,
    /// Time of arrival.
    pub received_at: Timestamp,
    /// Signed position after it, as TradingView states it.
    pub stated_position: Option<Decimal>,
    /// Signed position before it, as TradingView states it.
    pub stated_previous: Option<Decimal>,
    /// Name of the strategy.
    pub strategy: Option<String>,
    /// Name of the signal.
    pub signal_name: Option<String>,
    /// The order's comment.
    pub comment: Option<String>,
    /// The price it filled at, assumed slippage included.
    pub fill_price: Option<Price>,
    /// Its effect on the position.
    pub change: Option<PositionChange>,
}

/// A filter of orders; `None` is any.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// Of one webhook.
    pub webhook: Option<WebhookId>,
    /// Of one ticker.
    pub ticker: Option<String>,
    /// Received at this time or later.
    pub from: Option<Timestamp>,
    /// Received before this time.
    pub to: Option<Timestamp>,
    /// With a smaller id than this: the next page.
    pub before: Option<OrderId>,
}

/// An order that an event makes, before the time is known that it is paired by.
pub(crate) struct NewOrder<'a> {
    pub(crate) event: EventId,
    pub(crate) source: EventSource,
    pub(crate) received_at: Timestamp,
    pub(crate) signal: &'a Signal,
    pub(crate) quantity: Option<Quantity>,
    pub(crate) key: &'a LedgerKey,
}

impl NewOrder<'_> {
    /// Runs a statement that writes all columns, in the sequence of `columns`.
    fn write(&self, statement: &mut Statement<'_>, paired_at: Timestamp) -> Result<usize> {
        let signal = self.signal;
        let text = |price: Option<Price>| price.map(|price| price.to_string());
        let decimal = |value: Option<Decimal>| value.map(|value| value.to_string());
        let (trail_price, trail_percent) = match signal.trail {
            Some(Trail::Price(price)) => (Some(price), None),
            Some(Trail::Percent(percent)) => (None, Some(percent)),
            None => (None, None),
        };
        let percentage = match signal.size {
            Size::Percentage(percentage) => Some(percentage),
            _ => None,
        };
        let (received_at, signal_time) = (self.received_at, signal.metadata.timestamp);
        let arrived = self.source == EventSource::Webhook;
        Ok(statement.execute(params![
            self.event.0,
            self.key.webhook,
            signal.ticker.as_str(),
            signal.intent.as_str(),
            signal.order_type.as_str(),
            self.quantity.map(|quantity| quantity.to_string()),
            signal.intended_price.to_string(),
            text(signal.market_price),
            text(signal.limit_price),
            text(signal.stop_price),
            trail_price.map(|distance: Distance| distance.to_string()),
            decimal(trail_percent),
            text(signal.profit_target),
            text(signal.stop_loss.map(|stop| stop.stop_price)),
            text(signal.stop_loss.and_then(|stop| stop.limit_price)),
            signal.time_in_force.map(TimeInForce::as_str),
            signal.extended_hours,
            signal.idempotency_key,
            to_micros(paired_at),
            signal_time.map(to_micros),
            to_micros(received_at),
            decimal(signal.stated_position.new),
            decimal(signal.stated_position.previous),
            signal.stated_position.side.map(Direction::as_str),
            signal.metadata.strategy,
            signal.metadata.signal,
            signal.metadata.comment,
            signal_delay(received_at, signal_time, arrived),
            decimal(percentage.map(Percentage::percent)),
            percentage.map(|percentage| percentage.of().as_str()),
            signal.closes_opposite,
        ])?)
    }
}

/// Every column of an order.
macro_rules! columns {
    () => {
        "id, webhook_id, ticker, intent, order_type, quantity, intended_price, market_price, limit_price, stop_price, \
         trail_price, trail_percent, profit_target, stop_loss, stop_loss_limit, time_in_force, extended_hours, \
         idempotency_key, paired_at, signal_time, received_at, stated_position, stated_previous, stated_side, \
         strategy, signal_name, comment, signal_delay, percent, percent_of, closes_opposite"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO orders (",
    columns!(),
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
);

/// Stores the order that an event makes.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub(crate) fn insert(
    connection: &Connection,
    new: &NewOrder<'_>,
    paired_at: Timestamp,
) -> Result<()> {
    let mut statement = connection.prepare_cached(INSERT)?;
    new.write(&mut statement, paired_at)?;
    Ok(())
}

/// Stores the order of an event again; true where it was not there, or was another one.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub(crate) fn restore(
    connection: &Connection,
    new: &NewOrder<'_>,
    paired_at: Timestamp,
) -> Result<bool> {
    let stored = concat!("(", columns!(), ")");
    let excluded = columns!()
        .split(", ")
        .map(|column| format!("excluded.{column}"));
    let excluded = format!("({})", excluded.collect::<Vec<_>>().join(", "));
    let sql = format!(
        "{INSERT} ON CONFLICT (id) DO UPDATE SET {stored} = {excluded} WHERE {} IS NOT {excluded}",
        stored.replace('(', "(orders.").replace(", ", ", orders.")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(new.write(&mut statement, paired_at)? > 0)
}

/// Writes the quantity that an order's percentage came to; `None` is the whole position.
pub(crate) fn write_size(
    connection: &Connection,
    order: OrderId,
    quantity: Option<Quantity>,
) -> Result<()> {
    let quantity = quantity.map(|quantity| quantity.to_string());
    for sql in [
        "UPDATE orders SET quantity = ?2 WHERE id = ?1",
        "UPDATE events SET sized = ?2 WHERE id = ?1",
    ] {
        let mut update = connection.prepare_cached(sql)?;
        update.execute(params![order.0, quantity])?;
    }
    Ok(())
}

/// Takes back an order that was stored just now.
pub(crate) fn delete(connection: &Connection, order: OrderId) -> Result<()> {
    for table in ["pairings WHERE order_id", "orders WHERE id"] {
        connection.execute(&format!("DELETE FROM {table} = ?1"), [order.0])?;
    }
    Ok(())
}

/// Microseconds from a signal to its arrival, of an alert that arrived by itself.
fn signal_delay(
    received_at: Timestamp,
    signal_time: Option<Timestamp>,
    arrived: bool,
) -> Option<i64> {
    let signal_time = signal_time.filter(|_| arrived)?;
    Some(to_micros(received_at) - to_micros(signal_time))
}

/// Seconds from each signal to its arrival, of alerts that arrived by themselves.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn signal_delays(
    connection: &Connection,
    webhook: i64,
    ticker: Option<&Ticker>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Result<Vec<f64>> {
    let mut select = connection.prepare_cached(
        "SELECT signal_delay / 1e6 FROM orders
         WHERE webhook_id = ?1 AND (?2 IS NULL OR ticker IN
                 (SELECT k.ticker FROM tickers k WHERE k.webhook_id = ?1 AND k.instrument = ?2))
             AND paired_at >= ?3 AND paired_at < ?4 AND signal_delay IS NOT NULL",
    )?;
    let (from, to) = range(from, to);
    let instrument = ticker.map(|ticker| tickers::find(connection, webhook, ticker));
    let instrument = instrument.transpose()?;
    let instrument = instrument.as_ref().map(Instrument::as_str);
    let delays = select.query_map(params![webhook, instrument, from, to], |row| row.get(0))?;
    Ok(delays.collect::<rusqlite::Result<_>>()?)
}

/// Arrival of an order.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Time of its alert; of one that was brought in later, the time in the file.
    pub received_at: Timestamp,
    /// Time at which it was on disk, where that is known.
    pub on_disk: Option<Timestamp>,
    /// True if it came over the network by itself.
    pub is_live: bool,
    /// The alert's own `id`.
    pub key: Option<String>,
}

/// Arrivals of a webhook's orders, by number.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn arrivals(connection: &Connection, webhook: i64) -> Result<HashMap<OrderId, Arrival>> {
    let mut select = connection.prepare_cached(
        "SELECT o.id, o.received_at, e.source, o.idempotency_key,
             (SELECT CASE WHEN c.first_event <= o.id THEN c.committed_at END FROM commits c
              WHERE c.last_event >= o.id ORDER BY c.last_event LIMIT 1)
         FROM events e CROSS JOIN orders o ON o.id = e.id WHERE e.webhook_id = ?1",
    )?;
    let found = select.query_map([webhook], |row| {
        let source: EventSource = parsed(row, 2)?;
        let is_live = source == EventSource::Webhook;
        let arrival = Arrival {
            received_at: timestamp(row, 1)?,
            on_disk: optional_timestamp(row, 4)?.filter(|_| is_live),
            is_live,
            key: row.get(3)?,
        };
        Ok((OrderId(row.get(0)?), arrival))
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The orders of a webhook whose alerts were brought in from a file.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn imported(connection: &Connection, webhook: i64) -> Result<HashSet<OrderId>> {
    let mut select = connection.prepare_cached(
        "SELECT o.id FROM events e CROSS JOIN orders o ON o.id = e.id
         WHERE e.webhook_id = ?1 AND e.source = 'imported'",
    )?;
    let found = select.query_map([webhook], |row| row.get(0).map(OrderId))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// A price and when it was seen.
pub type SeenPrice = (Timestamp, Price);

/// The newest price of a ticker seen before a time.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn price_before(
    connection: &Connection,
    webhook: i64,
    ticker: &Ticker,
    before: Option<Timestamp>,
) -> Result<Option<SeenPrice>> {
    let instrument = tickers::find(connection, webhook, ticker)?;
    let key = LedgerKey::of_alerts(webhook, instrument);
    let mut select = connection.prepare_cached(
        "SELECT paired_at, coalesce(market_price, intended_price) FROM orders
         WHERE webhook_id = ?1 AND ticker = ?2 AND paired_at < ?3
         ORDER BY paired_at DESC, id DESC LIMIT 1",
    )?;
    let (_, before) = range(None, before);
    let read = |row: &Row<'_>| Ok((timestamp(row, 0)?, parsed(row, 1)?));
    let mut newest: Option<SeenPrice> = None;
    for ticker in tickers::spellings(connection, &key)? {
        let seen = select.query_row(params![webhook, ticker.as_str(), before], read);
        let seen = seen.optional()?;
        newest = newest.into_iter().chain(seen).max_by_key(|(time, _)| *time);
    }
    Ok(newest)
}

/// A range of time in microseconds, open where a bound is not given.
fn range(from: Option<Timestamp>, to: Option<Timestamp>) -> (i64, i64) {
    (
        from.map_or(i64::MIN, to_micros),
        to.map_or(i64::MAX, to_micros),
    )
}

/// The events that made orders under this idempotency key, received at `since` or later.
pub(crate) fn events_with_key(
    connection: &Connection,
    webhook: i64,
    key: &str,
    since: Timestamp,
) -> Result<Vec<Earlier>> {
    let mut select = connection.prepare_cached(
        "SELECT o.id, o.received_at, e.clock_at FROM orders o JOIN events e ON e.id = o.id
         WHERE o.webhook_id = ?1 AND o.idempotency_key = ?2 AND o.received_at >= ?3",
    )?;
    let events = select.query_map(params![webhook, key, to_micros(since)], |row| {
        Ok(Earlier {
            event: EventId(row.get(0)?),
            received_at: timestamp(row, 1)?,
            clock_at: optional_timestamp(row, 2)?,
        })
    })?;
    Ok(events.collect::<rusqlite::Result<_>>()?)
}

/// One page of orders, newest first.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn list(connection: &Connection, filter: &OrderFilter, limit: u32) -> Result<Vec<StoredOrder>> {
    let mut conditions = WhereClause::with("w.deleted_at IS NULL");
    if let Some(webhook) = &filter.webhook {
        let sql = "e.webhook_id = (SELECT id FROM webhooks WHERE public_id = ?)";
        conditions.require(sql, [webhook.as_str().to_owned()]);
    }
    if let Some(ticker) = &filter.ticker {
        let (sql, values) = tickers::spelling("e.webhook_id, e.ticker", ticker);
        conditions.require(sql, values);
    }
    if let Some(from) = filter.from {
        conditions.require("e.received_at >= ?", [to_micros(from)]);
    }
    if let Some(to) = filter.to {
        conditions.require("e.received_at < ?", [to_micros(to)]);
    }
    if let Some(before) = filter.before {
        conditions.require("e.id < ?", [before.0]);
    }
    let sql = format!(
        "{SELECT} WHERE {} ORDER BY e.id DESC LIMIT {limit}",
        conditions.text()
    );
    query(connection, &sql, &conditions.values, read)
}

/// One order.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is none of that number.
pub fn get(connection: &Connection, id: OrderId) -> Result<StoredOrder> {
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE e.id = ?1 AND w.deleted_at IS NULL"
    ))?;
    let order = statement.query_row([id.0], read).optional()?;
    order.ok_or_else(|| StoreError::NotFound(format!("order {id}")))
}

/// Events come first: theirs is the index that has a webhook's in the sequence of
/// their numbers, which those of orders are. Ticker and arrival are an event's, too: no
/// order is read that is not wanted.
const SELECT: &str = "SELECT o.id, o.id, w.public_id, o.ticker, o.intent, o.order_type, o.quantity,
        o.intended_price, o.market_price, o.limit_price, o.stop_price, o.trail_price, o.trail_percent,
        o.profit_target, o.stop_loss, o.stop_loss_limit, o.time_in_force, o.extended_hours,
        o.idempotency_key, o.paired_at, o.signal_time, o.received_at, o.stated_position,
        o.stated_previous, o.strategy, o.signal_name, o.comment, p.fill_price, p.change,
        o.percent, o.percent_of, o.closes_opposite
    FROM events e CROSS JOIN orders o ON o.id = e.id JOIN webhooks w ON w.id = e.webhook_id
        LEFT JOIN pairings p ON p.order_id = o.id";

fn read(row: &Row<'_>) -> rusqlite::Result<StoredOrder> {
    Ok(StoredOrder {
        id: OrderId(row.get(0)?),
        event: EventId(row.get(1)?),
        webhook: parsed(row, 2)?,
        ticker: parsed(row, 3)?,
        intent: parsed(row, 4)?,
        order_type: parsed(row, 5)?,
        quantity: optional_parsed(row, 6)?,
        intended_price: parsed(row, 7)?,
        market_price: optional_parsed(row, 8)?,
        limit_price: optional_parsed(row, 9)?,
        stop_price: optional_parsed(row, 10)?,
        trail_price: optional_parsed(row, 11)?,
        trail_percent: optional_parsed(row, 12)?,
        profit_target: optional_parsed(row, 13)?,
        stop_loss: optional_parsed(row, 14)?,
        stop_loss_limit: optional_parsed(row, 15)?,
        time_in_force: optional_parsed(row, 16)?,
        extended_hours: row.get(17)?,
        idempotency_key: row.get(18)?,
        paired_at: timestamp(row, 19)?,
        signal_time: optional_timestamp(row, 20)?,
        received_at: timestamp(row, 21)?,
        stated_position: optional_parsed(row, 22)?,
        stated_previous: optional_parsed(row, 23)?,
        strategy: row.get(24)?,
        signal_name: row.get(25)?,
        comment: row.get(26)?,
        fill_price: optional_parsed(row, 27)?,
        change: optional_parsed(row, 28)?,
        percentage: read_percentage(row, 29)?,
        closes_opposite: row.get(31)?,
    })
}

/// The percentage in two columns, from `column` on.
fn read_percentage(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Percentage>> {
    let percent: Option<Decimal> = optional_parsed(row, column)?;
    let of: Option<PercentOf> = optional_parsed(row, column + 1)?;
    let Some((percent, of)) = percent.zip(of) else {
        return Ok(None);
    };
    let read = Percentage::new(percent, of);
    read.map(Some)
        .map_err(|error| unreadable(column, Type::Text, error))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::journal::rebuild::orders_part;
    use crate::journal::scratch::Scratch;

    #[test]
    fn the_delays_of_alerts_that_arrived_by_themselves_are_known() {
        let mut scratch = Scratch::new();
        let webhook = scratch.webhook("one");
        let other = scratch.webhook("two");
        for (to, ticker, source, millis) in [
            (&webhook, "A", EventSource::Webhook, 1500),
            (&webhook, "B", EventSource::Webhook, -250),
            (&webhook, "A", EventSource::Imported, 700),
            (&webhook, "A", EventSource::Reprocessed, 800),
            (&webhook, "A", EventSource::Webhook, 40),
            (&other, "A", EventSource::Webhook, 9000),
        ] {
            scratch.event(
                to,
                ticker,
                "buy",
                source,
                SignedDuration::from_millis(millis),
            );
        }
        let delays = |scratch: &Scratch, ticker: Option<&str>, from: Option<&str>| {
            let ticker: Option<Ticker> = ticker.map(|ticker| ticker.parse().unwrap());
            let from = from.map(|from| from.parse().unwrap());
            let found = signal_delays(&scratch.connection, 1, ticker.as_ref(), from, None);
            let mut found = found.unwrap();
            found.sort_by(f64::total_cmp);
            found
        };
        assert_eq!(delays(&scratch, None, None), [-0.25, 0.04, 1.5]);
        assert_eq!(delays(&scratch, Some("A"), None), [0.04, 1.5]);
        let late = Some("2026-01-05T00:02:30Z");
        assert_eq!(delays(&scratch, None, late), [0.04]);

        let (_, rebuilt) = orders_part(&mut scratch.context(), 0).unwrap();
        assert_eq!((rebuilt.checked, rebuilt.corrected), (6, 0));
        let lost = "UPDATE orders SET signal_delay = 1";
        scratch.connection.execute(lost, []).unwrap();
        orders_part(&mut scratch.context(), 0).unwrap();
        assert_eq!(delays(&scratch, None, None), [-0.25, 0.04, 1.5]);
    }
}
