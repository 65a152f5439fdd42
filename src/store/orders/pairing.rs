//! Orders as a ledger reads them: in the order in which they are paired.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::read_percentage;
use crate::domain::event::{EventId, EventSource};
use crate::domain::money::{Price, Quantity};
use crate::domain::order::{Order, OrderId};
use crate::domain::signal::{Percentage, StatedPosition, Ticker};
use crate::store::error::Result;
use crate::store::ledger_key::LedgerKey;
use crate::store::sql::{
    amount, decimal, optional, optional_parsed, optional_timestamp, parsed, timestamp, to_micros,
};
use crate::store::tickers;

/// Columns that [`read_for_pairing`] reads.
const FOR_PAIRING: &str = "o.id, o.ticker, o.intent, o.order_type, o.quantity, o.intended_price,
        o.market_price, o.paired_at, o.stated_position, o.stated_previous, o.stated_side,
        o.signal_name, e.source, o.signal_time, o.closes_opposite";

/// Selects the orders of a webhook and a ticker that fulfil more conditions.
fn of_ticker(conditions: &str) -> String {
    format!(
        "SELECT {FOR_PAIRING} FROM orders o JOIN events e ON e.id = o.id
         WHERE o.webhook_id = ?1 AND o.ticker = ?2 AND {conditions}"
    )
}

/// Hands out the orders of a ledger that are paired at `from` (microseconds) or
/// later, those of one second together, oldest first.
pub(crate) fn for_each_second(
    connection: &Connection,
    key: &LedgerKey,
    from: i64,
    each: impl FnMut(Vec<Order>) -> Result<()>,
) -> Result<()> {
    for_each_second_between(connection, key, (from, i64::MAX), each)
}

/// The end of a part of a ledger's orders that begins at `from`: the second of the one that is
/// `size` after the first; `None` where there are fewer.
pub(crate) fn end_of_part(
    connection: &Connection,
    key: &LedgerKey,
    from: i64,
    size: u32,
) -> Result<Option<i64>> {
    let mut select = connection.prepare_cached(
        "SELECT paired_at FROM orders WHERE webhook_id = ?1 AND ticker = ?2 AND paired_at >= ?3
         ORDER BY paired_at LIMIT 1 OFFSET ?4",
    )?;
    let mut ends = None;
    for ticker in tickers::spellings(connection, key)? {
        let of = params![key.webhook, ticker.as_str(), from, size];
        let end: Option<i64> = select.query_row(of, |row| row.get(0)).optional()?;
        ends = match (ends, end) {
            (Some(one), Some(other)) => Some(i64::min(one, other)),
            (one, other) => one.or(other),
        };
    }
    Ok(ends.map(|end| end.div_euclid(1_000_000) * 1_000_000))
}

/// The number of a ledger's orders that are paired before `until` (microseconds).
pub(crate) fn count_until(connection: &Connection, key: &LedgerKey, until: i64) -> Result<i64> {
    let mut select = connection.prepare_cached(
        "SELECT count(*) FROM orders WHERE webhook_id = ?1 AND ticker = ?2 AND paired_at < ?3",
    )?;
    let mut count = 0;
    for ticker in tickers::spellings(connection, key)? {
        let of = params![key.webhook, ticker.as_str(), until];
        count += select.query_row(of, |row| row.get::<_, i64>(0))?;
    }
    Ok(count)
}

/// Hands out the orders of a ledger that are paired from a time (microseconds) on and before
/// another, those of one second together, oldest first.
pub(crate) fn for_each_second_between(
    connection: &Connection,
    key: &LedgerKey,
    (from, until): (i64, i64),
    mut each: impl FnMut(Vec<Order>) -> Result<()>,
) -> Result<()> {
    let sql = of_ticker("o.paired_at >= ?3 AND o.paired_at < ?4 ORDER BY o.paired_at, o.id");
    let tickers = tickers::spellings(connection, key)?;
    let mut statements = Vec::new();
    for _ in &tickers {
        statements.push(connection.prepare_cached(&sql)?);
    }
    // Those of each ticker come in order; of several, the earliest is next.
    let mut sources = Vec::new();
    for (statement, ticker) in statements.iter_mut().zip(&tickers) {
        let mut rows = statement.query(params![key.webhook, ticker.as_str(), from, until])?;
        let read = move |row: &Row<'_>| read_of_ticker(row, ticker.clone());
        let first = rows.next()?.map(read).transpose()?;
        sources.push((rows, first, read));
    }
    let mut second: Vec<Order> = Vec::new();
    loop {
        let waiting = sources.iter_mut().filter(|(_, next, _)| next.is_some());
        let earliest = |source: &&mut (_, Option<Order>, _)| {
            let next = source.1.as_ref();
            next.map(|order| (order.paired_at, order.id))
        };
        let Some((rows, next, read)) = waiting.min_by_key(earliest) else {
            break;
        };
        let Some(order) = next.take() else { break };
        *next = rows.next()?.map(read).transpose()?;
        let is_next = |first: &Order| first.paired_at.as_second() != order.paired_at.as_second();
        if second.first().is_some_and(is_next) {
            each(std::mem::take(&mut second))?;
        }
        second.push(order);
    }
    if second.is_empty() {
        Ok(())
    } else {
        each(second)
    }
}

/// All orders of a ledger, in the order in which they are paired.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn in_order(connection: &Connection, key: &LedgerKey) -> Result<Vec<Order>> {
    let mut orders = Vec::new();
    for_each_second(connection, key, i64::MIN, |mut second| {
        orders.append(&mut second);
        Ok(())
    })?;
    Ok(orders)
}

/// Hands out all orders of a webhook's alerts, each with the percentage that it asks for, where
/// it asks for one: those of one second together, oldest first.
pub(crate) fn for_each_second_of_webhook(
    connection: &Connection,
    webhook: i64,
    mut each: impl FnMut(Vec<(Order, Option<Percentage>)>) -> Result<()>,
) -> Result<()> {
    let sql = format!(
        "SELECT {FOR_PAIRING}, o.percent, o.percent_of FROM orders o JOIN events e ON e.id = o.id
         WHERE o.webhook_id = ?1 ORDER BY o.paired_at, o.id"
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([webhook])?;
    let mut second: Vec<(Order, Option<Percentage>)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (order, percentage) = (read_for_pairing(row)?, read_percentage(row, 15)?);
        let is_next =
            |(first, _): &(Order, _)| first.paired_at.as_second() != order.paired_at.as_second();
        if second.first().is_some_and(is_next) {
            each(std::mem::take(&mut second))?;
        }
        second.push((order, percentage));
    }
    if second.is_empty() {
        return Ok(());
    }
    each(second)
}

/// True if a ledger has an order that is paired later than a time, and where `fired` is given, of
/// a smaller number than its second and fired no earlier than its first by the sender's clock.
fn is_any_paired_after(
    connection: &Connection,
    key: &LedgerKey,
    time: Timestamp,
    fired: Option<(i64, OrderId)>,
) -> Result<bool> {
    let (fired, before) = fired.map(|(fired, before)| (fired, before.0)).unzip();
    let mut select = connection.prepare_cached(
        "SELECT 1 FROM orders WHERE webhook_id = ?1 AND ticker = ?2 AND paired_at > ?3
             AND (?4 IS NULL OR signal_time >= ?4 AND id < ?5)",
    )?;
    for ticker in tickers::spellings(connection, key)? {
        let (ticker, time) = (ticker.as_str(), to_micros(time));
        if select.exists(params![key.webhook, ticker, time, fired, before])? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The orders of a ledger that were paired already and belong to a second.
pub(crate) fn paired_in_second(
    connection: &Connection,
    key: &LedgerKey,
    second: Timestamp,
) -> Result<Vec<Order>> {
    let sql = of_ticker(
        "o.paired_at >= ?3 AND o.paired_at < ?3 + 1000000
             AND EXISTS (SELECT 1 FROM pairings p WHERE p.order_id = o.id)",
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut orders = Vec::new();
    for ticker in tickers::spellings(connection, key)? {
        let values = params![key.webhook, ticker.as_str(), to_micros(second)];
        for order in statement.query_map(values, read_for_pairing)? {
            orders.push(order?);
        }
    }
    Ok(orders)
}

/// The orders of the second that is the last one until `time`, or the first one after its
/// second, among those that came before the order `newer`.
pub(crate) fn neighbours(
    connection: &Connection,
    key: &LedgerKey,
    time: Timestamp,
    newer: OrderId,
) -> Result<(Vec<Order>, Vec<Order>)> {
    let next_second = time.as_second().saturating_add(1).saturating_mul(1_000_000);
    let edge = |condition: &str, direction: &str| -> Result<Option<i64>> {
        let mut select = connection.prepare_cached(&format!(
            "SELECT paired_at FROM orders WHERE webhook_id = ?1 AND ticker = ?2 AND paired_at {condition} ?3
                 AND id < ?4 ORDER BY paired_at {direction} LIMIT 1"
        ))?;
        let mut found = None;
        for ticker in tickers::spellings(connection, key)? {
            let values = params![key.webhook, ticker.as_str(), next_second, newer.0];
            let edge: Option<i64> = select.query_row(values, |row| row.get(0)).optional()?;
            found = match direction {
                "ASC" => [found, edge].into_iter().flatten().min(),
                _ => found.max(edge),
            };
        }
        Ok(found)
    };
    let (before, after) = (edge("<", "DESC")?, edge(">=", "ASC")?);
    let of_second = |time: Option<i64>| match time {
        Some(time) => in_second(
            connection,
            key,
            time.div_euclid(1_000_000) * 1_000_000,
            newer,
        ),
        None => Ok(Vec::new()),
    };
    Ok((of_second(before)?, of_second(after)?))
}

/// The orders of a ledger that belong to a second and came before the order `newer`.
fn in_second(
    connection: &Connection,
    key: &LedgerKey,
    second: i64,
    newer: OrderId,
) -> Result<Vec<Order>> {
    let sql = of_ticker("o.paired_at >= ?3 AND o.paired_at < ?3 + 1000000 AND o.id < ?4");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut orders = Vec::new();
    for ticker in tickers::spellings(connection, key)? {
        let values = params![key.webhook, ticker.as_str(), second, newer.0];
        for order in statement.query_map(values, read_for_pairing)? {
            orders.push(order?);
        }
    }
    Ok(orders)
}

/// True if an arrival before `order` that is paired by its arrival is paired later than a time.
pub(crate) fn is_before_an_arrival(
    connection: &Connection,
    key: &LedgerKey,
    time: Timestamp,
    order: OrderId,
) -> Result<bool> {
    let mut select = connection.prepare_cached(
        "SELECT 1 FROM tickers k CROSS JOIN orders o INDEXED BY orders_by_pairing
                 ON o.webhook_id = k.webhook_id AND o.ticker = k.ticker AND o.paired_at > ?3
             CROSS JOIN events e ON e.id = o.id
         WHERE k.webhook_id = ?1 AND k.instrument = ?2 AND o.id < ?4
             AND o.paired_at = o.received_at AND e.source = 'webhook'",
    )?;
    let instrument = key.instrument.as_str();
    Ok(select.exists(params![key.webhook, instrument, to_micros(time), order.0])?)
}

/// True if an order of a ledger that came before `order` fired in a later second than `time`, by
/// the sender's clock.
pub(crate) fn is_any_newer(
    connection: &Connection,
    key: &LedgerKey,
    time: Timestamp,
    order: OrderId,
) -> Result<bool> {
    let next_second = time.as_second().saturating_add(1).saturating_mul(1_000_000);
    is_any_paired_after(connection, key, time, Some((next_second, order)))
}

fn read_for_pairing(row: &Row<'_>) -> rusqlite::Result<Order> {
    read_of_ticker(row, parsed(row, 1)?)
}

/// The same where the ticker is known: a hundred thousand orders have one name.
fn read_of_ticker(row: &Row<'_>, ticker: Ticker) -> rusqlite::Result<Order> {
    let id = row.get(0)?;
    Ok(Order {
        id: OrderId(id),
        event: EventId(id),
        ticker,
        intent: parsed(row, 2)?,
        order_type: parsed(row, 3)?,
        quantity: optional(row, 4, |row, column| amount(row, column, Quantity::new))?,
        intended_price: amount(row, 5, Price::new)?,
        market_price: optional(row, 6, |row, column| amount(row, column, Price::new))?,
        paired_at: timestamp(row, 7)?,
        stated_position: StatedPosition {
            new: optional(row, 8, decimal)?,
            previous: optional(row, 9, decimal)?,
            side: optional_parsed(row, 10)?,
        },
        signal_name: row.get(11)?,
        adjusting: row.get_ref(12)?.as_str() == Ok(EventSource::Adjustment.as_str()),
        signal_time: optional_timestamp(row, 13)?,
        closes_opposite: row.get(14)?,
    })
}
