//! Derives again everything that is derived: the events are the truth.
//!
//! Orders come from the payloads of the events that made them; instruments, trades, lots and
//! positions from the orders. An event itself is never changed, but for the columns that repeat
//! its payload: its status, and the warnings that it was answered with, are what happened then.
//! Which events made orders is their status, so a resend of then stays one.
//!
//! A payload is read by today's rules. They may refuse what older ones took, and an order that
//! was acted on must not vanish: where a payload cannot be read any more, or is not kept, its order stays as it is.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::placing::place;
use super::sizing;
use super::turns::Turns;
use crate::domain::event::{EventId, EventSource, EventStatus};
use crate::domain::format::ReadingRules;
use crate::domain::money::Quantity;
use crate::domain::signal::{Signal, Size};
use crate::payload;
use crate::store::error::Result;
use crate::store::events::read_rules;
use crate::store::ledger_key::LedgerKey;
use crate::store::ledgers;
use crate::store::orders::{self, NewOrder};
use crate::store::sql::{optional_parsed, parsed, timestamp, to_micros};
use crate::store::{WriteContext, events, fills, tickers};

/// Events that one transaction looks at: few enough not to keep alerts waiting.
const AT_ONCE: i64 = 500;

/// Result of a rebuild.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Orders that were derived, or should have been.
    pub checked: usize,
    /// Orders that were different.
    pub corrected: usize,
    /// Orders that were not there.
    pub restored: usize,
    /// Orders whose payload cannot be read any more; they stay as they are.
    pub kept: usize,
    /// Orders whose message is not kept any longer; they stay as they are.
    pub without_message: usize,
    /// Orders that are not there and cannot be derived.
    pub lost: usize,
    /// Ledgers whose trades, lots and positions were derived.
    pub ledgers: usize,
}

impl Rebuilt {
    fn add(&mut self, part: Self) {
        self.checked += part.checked;
        self.corrected += part.corrected;
        self.restored += part.restored;
        self.kept += part.kept;
        self.without_message += part.without_message;
        self.lost += part.lost;
    }
}

/// Derives everything again in short transactions, between which a server can record alerts.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written; what is left is derived
/// by another rebuild.
pub fn rebuild(turns: Turns<'_>) -> Result<Rebuilt> {
    let readers = turns.store.readers();
    let mut rebuilt = all_orders(turns)?;
    // Which orders are neighbours hangs on the instruments that their tickers name.
    let is_renamed = !readers.run_blocking(tickers::are_derived)?;
    if is_renamed && turns.take(|context| tickers::derive(context.connection))? {
        all_orders(turns)?;
    }
    if is_renamed || readers.run_blocking(ledgers::is_any_vanished)? {
        rebuilt.ledgers = turns.take(|context| {
            // What is remembered was derived before.
            context.memory.forget();
            ledgers::mark_all(context.connection)
        })?;
    } else {
        let keys = readers.run_blocking(ledgers::of_alerts)?;
        rebuilt.ledgers = keys.len();
        turns.derive(keys)?;
    }
    rebuilt.ledgers += turns.take(|context| fills::mark_all(context.connection))?;
    turns.derive_stale()?;
    Ok(rebuilt)
}

/// Derives the orders of all events again.
fn all_orders(turns: Turns<'_>) -> Result<Rebuilt> {
    let mut rebuilt = Rebuilt::default();
    // What comes meanwhile is read by today's rules already; a stream of it must have an end.
    let newest = turns.store.readers().run_blocking(events::newest)?.0;
    let mut after = Some(0);
    while let Some(last) = after.filter(|last| *last < newest) {
        let (next, part) = turns.take(move |context| orders_part(context, last))?;
        rebuilt.add(part);
        after = next;
    }
    Ok(rebuilt)
}

/// Derives the orders of the events after `after` again, some of them; returns the last event
/// looked at where there are more.
pub(crate) fn orders_part(
    context: &mut WriteContext<'_>,
    after: i64,
) -> Result<(Option<i64>, Rebuilt)> {
    let connection = context.connection;
    let mut select = connection.prepare_cached(
        "SELECT e.id, e.payload, e.received_at, e.source, e.status, e.webhook_id,
             coalesce(e.clock_at < e.received_at, 0), EXISTS (SELECT 1 FROM orders o WHERE o.id = e.id),
             e.fingerprint IS NULL, e.format, e.sell_while_flat, e.sized
         FROM events e CROSS JOIN webhooks w ON w.id = e.webhook_id AND w.deleted_at IS NULL
         WHERE e.id > ?1 ORDER BY e.id LIMIT ?2",
    )?;
    let mut rebuilt = Rebuilt::default();
    let mut last = None;
    let mut rows = select.query([after, AT_ONCE])?;
    while let Some(row) = rows.next()? {
        let event = Recorded::read(row)?;
        last = Some(event.id.0);
        let bytes = row.get_ref(1)?.as_bytes().unwrap_or_default();
        let signal = payload::read(bytes, event.rules).signal.ok();
        let signal = signal.map(|parsed| parsed.signal);
        if let Some(signal) = &signal {
            event.repeat(connection, signal)?;
        }
        if event.makes_order() {
            let readable = match &signal {
                Some(signal) => event.sized(connection, signal)?,
                None => None,
            };
            rebuilt.add(event.order(connection, readable)?);
        }
    }
    drop(rows);
    context.memory.forget();
    Ok((last, rebuilt))
}

/// An event that is recorded.
struct Recorded {
    id: EventId,
    received_at: Timestamp,
    source: EventSource,
    status: EventStatus,
    webhook: i64,
    is_moved_up: bool,
    has_order: bool,
    has_message: bool,
    rules: ReadingRules,
    /// Quantity computed from a percentage when the order was made.
    sized: Option<Quantity>,
}

impl Recorded {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: EventId(row.get(0)?),
            received_at: timestamp(row, 2)?,
            source: parsed(row, 3)?,
            status: parsed(row, 4)?,
            webhook: row.get(5)?,
            is_moved_up: row.get(6)?,
            has_order: row.get(7)?,
            has_message: row.get(8)?,
            rules: read_rules(row, 9)?,
            sized: optional_parsed(row, 11)?,
        })
    }

    /// The signal with the quantity that its order has. That of a percentage stays what it
    /// came to, for the equity may be another one by now.
    fn sized<'s>(
        &self,
        connection: &Connection,
        signal: &'s Signal,
    ) -> Result<Option<(&'s Signal, Option<Quantity>)>> {
        if matches!(signal.size, Size::Percentage(_)) {
            return Ok(Some((signal, self.sized)));
        }
        let quantity = sizing::quantity(connection, self.webhook, signal, self.received_at)?;
        Ok(quantity.ok().map(|quantity| (signal, quantity)))
    }

    fn makes_order(&self) -> bool {
        self.has_order
            || (self.status == EventStatus::Processed && self.source != EventSource::Test)
    }

    /// Writes the columns that repeat the payload, which failed messages do not have.
    fn repeat(&self, connection: &Connection, signal: &Signal) -> Result<()> {
        if self.status == EventStatus::Failed {
            return Ok(());
        }
        let mut update = connection.prepare_cached(
            "UPDATE events SET ticker = ?2, intent = ?3, market_price = ?4, signal_time = ?5
             WHERE id = ?1 AND (ticker, intent, market_price, signal_time) IS NOT (?2, ?3, ?4, ?5)",
        )?;
        update.execute(params![
            self.id.0,
            signal.ticker.as_str(),
            signal.intent.as_str(),
            signal.market_price.map(|price| price.to_string()),
            signal.metadata.timestamp.map(to_micros),
        ])?;
        Ok(())
    }

    /// Derives the order, where its payload can be read.
    fn order(
        &self,
        connection: &Connection,
        readable: Option<(&Signal, Option<Quantity>)>,
    ) -> Result<Rebuilt> {
        let mut rebuilt = Rebuilt {
            checked: 1,
            ..Rebuilt::default()
        };
        let Some((signal, quantity)) = readable else {
            rebuilt.kept = usize::from(self.has_order && self.has_message);
            rebuilt.without_message = usize::from(self.has_order && !self.has_message);
            rebuilt.lost = usize::from(!self.has_order);
            return Ok(rebuilt);
        };
        let (instrument, _) = tickers::name(connection, self.webhook, &signal.ticker)?;
        let key = LedgerKey::of_alerts(self.webhook, instrument);
        let new = NewOrder {
            event: self.id,
            source: self.source,
            received_at: self.received_at,
            signal,
            quantity,
            key: &key,
        };
        let order = place(connection, &new, self.is_moved_up)?;
        let is_changed = orders::restore(connection, &new, order.paired_at)?;
        rebuilt.corrected = usize::from(is_changed && self.has_order);
        rebuilt.restored = usize::from(!self.has_order);
        Ok(rebuilt)
    }
}
