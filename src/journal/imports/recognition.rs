//! Finds the alerts of a file that were recorded already.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row, Rows, params};

use super::super::arrivals::FILLS_OF_ONE_BAR;
use super::super::repetition::IDEMPOTENCY_WINDOW;
use super::{Candidate, ImportedAlerts};
use crate::domain::event::{EventId, EventStatus};
use crate::domain::format::ReadingRules;
use crate::domain::money::Decimal;
use crate::domain::webhook::Settings;
use crate::imports::matching;
use crate::payload::{self, Fingerprint, fingerprint};
use crate::store::error::Result;
use crate::store::sql::{decimal, timestamp, to_micros};
use crate::store::webhooks::StoredWebhook;

/// Distances in time within which two alerts are one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search {
    /// A recorded alert and one of the file.
    pub(super) tolerance: SignedDuration,
    /// An alert and what is sent again of it.
    pub(super) window: SignedDuration,
}

impl Search {
    /// The distances for alerts of a webhook with these settings.
    pub(super) fn of(settings: &Settings, tolerance: SignedDuration) -> Self {
        Self {
            tolerance,
            window: SignedDuration::from_secs(i64::from(settings.duplicate_window)),
        }
    }
}

/// Alerts of a file, to be found by their messages. They are sorted rather than hashed, for a
/// file of 200,000 different messages would have as many lists.
pub(super) struct ByMessage<'a> {
    alerts: &'a [Candidate],
    /// Their places by their fingerprints, and then by their time.
    places: Vec<usize>,
}

impl<'a> ByMessage<'a> {
    /// Sorts alerts that are in the order of time.
    pub(super) fn of(alerts: &'a [Candidate]) -> Self {
        let mut places: Vec<usize> = (0..alerts.len()).collect();
        places.sort_unstable_by(|one, other| {
            let of = |place: usize| &alerts[place].fingerprint;
            of(*one).cmp(of(*other)).then(one.cmp(other))
        });
        Self { alerts, places }
    }

    fn has(&self, fingerprint: &Fingerprint) -> bool {
        let order = |place: &usize| self.alerts[*place].fingerprint.cmp(fingerprint);
        self.places.binary_search_by(order).is_ok()
    }
}

/// Findings on the alerts of a file.
pub(super) struct Recognition {
    /// For each of them, true if it was recorded already.
    is_known: Vec<bool>,
    /// Number of these that made no order.
    without_order: usize,
}

impl Recognition {
    /// Marks alerts of algohook's own exports by the orders that they made: an export of orders
    /// has no messages, and neither has what was imported of one. The time of arrival is exact in
    /// both; each order is one alert at most.
    pub(super) fn recognise_orders(
        &mut self,
        connection: &Connection,
        webhook: &StoredWebhook,
        candidates: &[Candidate],
    ) -> Result<()> {
        let is_looked_for = |place: &usize| candidates[*place].made_order && !self.is_known[*place];
        let looked_for: Vec<usize> = (0..candidates.len()).filter(is_looked_for).collect();
        if looked_for.is_empty() {
            return Ok(());
        }
        let rules = webhook.settings.reading_rules();
        let mut free = Orders::between(connection, webhook.row, candidates)?;
        for (candidate, is_known) in candidates.iter().zip(&self.is_known) {
            if *is_known {
                free.take(candidate, rules);
            }
        }
        for place in looked_for {
            self.is_known[place] = free.take(&candidates[place], rules);
        }
        Ok(())
    }

    /// Leaves the alerts that were not recorded; the others are counted.
    pub(super) fn leave_new(
        self,
        mut candidates: Vec<Candidate>,
        imported: &mut ImportedAlerts,
    ) -> Vec<Candidate> {
        let all = candidates.len();
        let mut is_known = self.is_known.into_iter();
        candidates.retain(|_| is_known.next() == Some(false));
        imported.known += all - candidates.len();
        imported.known_without_order += self.without_order;
        candidates
    }
}

/// Finds which alerts were recorded already; each recorded one is one of the file's at most.
pub(super) fn find(
    connection: &Connection,
    webhook: i64,
    alerts: &ByMessage<'_>,
    recorded: &mut [Earlier],
    search: Search,
) -> Result<Recognition> {
    recorded.sort_by_key(|earlier| (earlier.fingerprint, earlier.time));
    let mut is_known = vec![false; alerts.alerts.len()];
    let mut without_order = 0;
    let fingerprint = |place: usize| &alerts.alerts[place].fingerprint;
    let is_copy = |one: &usize, other: &usize| fingerprint(*one) == fingerprint(*other);
    for places in alerts.places.chunk_by(is_copy) {
        let mut copies = Copies {
            candidates: alerts.alerts,
            places,
            recorded: of_fingerprint(recorded, fingerprint(places[0])),
            is_known: &mut is_known,
        };
        without_order += copies.recognise(search.tolerance);
        // Within less, equal alerts are fills of one bar, and none is a resend.
        if search.window >= FILLS_OF_ONE_BAR {
            copies.recognise_resends(search.window);
        }
    }
    repeated_ids(connection, webhook, alerts.alerts, &mut is_known)?;
    Ok(Recognition {
        is_known,
        without_order,
    })
}

/// An alert in the database.
#[derive(Debug)]
pub(super) struct Earlier {
    fingerprint: Fingerprint,
    time: Timestamp,
    made_order: bool,
    /// True once it is known which of the file's alerts it is.
    is_taken: bool,
}

/// The orders of a webhook, by the time of their arrival and their price, and how many of each are
/// no alert of the file yet.
struct Orders(HashMap<(Timestamp, Decimal), usize>);

impl Orders {
    /// Those that arrived while the file's alerts did.
    fn between(connection: &Connection, webhook: i64, alerts: &[Candidate]) -> Result<Self> {
        let (Some(first), Some(last)) = (alerts.first(), alerts.last()) else {
            return Ok(Self(HashMap::new()));
        };
        let mut select = connection.prepare_cached(
            "SELECT received_at, coalesce(market_price, intended_price) FROM orders
             WHERE webhook_id = ?1 AND received_at BETWEEN ?2 AND ?3",
        )?;
        let values = params![webhook, to_micros(first.time), to_micros(last.time)];
        let orders = select.query_map(values, |row| Ok((timestamp(row, 0)?, decimal(row, 1)?)))?;
        let mut free = HashMap::new();
        for order in orders {
            *free.entry(order?).or_insert(0) += 1;
        }
        Ok(Self(free))
    }

    /// Takes the order of an alert, where there is one that is free.
    fn take(&mut self, alert: &Candidate, rules: ReadingRules) -> bool {
        let read = payload::read(&alert.payload, rules);
        let Ok(parsed) = read.signal else {
            return false;
        };
        let price = parsed
            .signal
            .market_price
            .unwrap_or(parsed.signal.intended_price);
        match self.0.get_mut(&(alert.time, price.get())) {
            Some(free) if *free > 0 => {
                *free -= 1;
                true
            }
            _ => false,
        }
    }
}

/// Those of a fingerprint.
fn of_fingerprint<'a>(alerts: &'a mut [Earlier], fingerprint: &Fingerprint) -> &'a mut [Earlier] {
    let first = alerts.partition_point(|earlier| earlier.fingerprint < *fingerprint);
    let alerts = &mut alerts[first..];
    let last = alerts.partition_point(|earlier| earlier.fingerprint == *fingerprint);
    &mut alerts[..last]
}

impl Earlier {
    /// Those of some events whose messages are looked for.
    fn all(rows: Rows<'_>, is_looked_for: impl Fn(&Fingerprint) -> bool) -> Result<Vec<Self>> {
        let found = rows.mapped(|row| Self::read(row, &is_looked_for));
        Ok(found
            .filter_map(rusqlite::Result::transpose)
            .collect::<rusqlite::Result<_>>()?)
    }

    /// Time and fingerprint of an event, where it came with a message that is looked for.
    fn read(
        row: &Row<'_>,
        is_looked_for: impl Fn(&Fingerprint) -> bool,
    ) -> rusqlite::Result<Option<Self>> {
        let of_forgotten: Option<Fingerprint> = row.get(3)?;
        let payload = row.get_ref(1)?.as_bytes().unwrap_or_default();
        let fingerprint = of_forgotten.unwrap_or_else(|| fingerprint(payload));
        if !is_looked_for(&fingerprint) {
            return Ok(None);
        }
        Ok(Some(Self {
            fingerprint,
            time: timestamp(row, 0)?,
            made_order: row.get(2)?,
            is_taken: false,
        }))
    }
}

/// Events with what tells whether they are alerts of a file. A resend is no second alert;
/// TradingView's log has one line for both.
const EVENTS: &str =
    "SELECT e.received_at, e.payload, EXISTS (SELECT 1 FROM orders o WHERE o.id = e.id), e.fingerprint
     FROM events e WHERE e.webhook_id = ?1 AND e.status <> ?2
         AND e.source IN ('webhook', 'imported', 'reprocessed', 'adjustment')";

/// The recorded alerts that those of a file could be, in the order of their time.
pub(super) fn around(
    connection: &Connection,
    webhook: i64,
    alerts: &ByMessage<'_>,
    search: Search,
) -> Result<Vec<Earlier>> {
    let candidates = alerts.alerts;
    let (Some(first), Some(last)) = (candidates.first(), candidates.last()) else {
        return Ok(Vec::new());
    };
    let mut select = connection.prepare_cached(&format!(
        "{EVENTS} AND (e.received_at BETWEEN ?3 AND ?4 OR e.signal_time BETWEEN ?5 AND ?6)
         ORDER BY e.received_at, e.id"
    ))?;
    let around = search.tolerance.max(search.window);
    let from = first.time.saturating_sub(around).unwrap_or(first.time);
    let to = last.time.saturating_add(around).unwrap_or(last.time);
    let own_times = || candidates.iter().filter_map(|candidate| candidate.own_time);
    let values = params![
        webhook,
        EventStatus::Duplicate.as_str(),
        to_micros(from),
        to_micros(to),
        own_times().min().map(to_micros),
        own_times().max().map(to_micros),
    ];
    Earlier::all(select.query(values)?, |fingerprint| alerts.has(fingerprint))
}

/// The alerts that were recorded after an event.
pub(super) fn since(connection: &Connection, webhook: i64, event: EventId) -> Result<Vec<Earlier>> {
    let mut select = connection.prepare_cached(&format!(
        "{EVENTS} AND e.id > ?3 ORDER BY e.received_at, e.id"
    ))?;
    let values = params![webhook, EventStatus::Duplicate.as_str(), event.0];
    Earlier::all(select.query(values)?, |_| true)
}

/// The copies of one message: in the file, and in the database.
struct Copies<'a> {
    candidates: &'a [Candidate],
    /// Their places among the candidates, in the order of time.
    places: &'a [usize],
    recorded: &'a mut [Earlier],
    /// The candidates' marks: true if recorded already.
    is_known: &'a mut [bool],
}

impl Copies<'_> {
    /// Marks those that were recorded already: each recorded alert is one
    /// candidate at most, and has its time from then on, for it arrived later by the
    /// time that its delivery took. Returns how many of them made no order.
    fn recognise(&mut self, tolerance: SignedDuration) -> usize {
        let free = |earlier: &&mut Earlier| !earlier.is_taken;
        let mut free: Vec<&mut Earlier> = self.recorded.iter_mut().filter(free).collect();
        if free.is_empty() {
            return 0;
        }
        let in_file = || self.places.iter().map(|place| &self.candidates[*place]);
        let times: Vec<Timestamp> = in_file().map(|candidate| candidate.time).collect();
        let recorded: Vec<Timestamp> = free.iter().map(|earlier| earlier.time).collect();
        // The same message has the same time of its own.
        let tolerance = if in_file().all(|candidate| candidate.own_time.is_some()) {
            SignedDuration::MAX
        } else {
            tolerance
        };
        let mut without_order = 0;
        for (index, place) in matching::pairs(&times, &recorded, tolerance) {
            self.is_known[self.places[index]] = true;
            free[place].time = times[index];
            free[place].is_taken = true;
            without_order += usize::from(!free[place].made_order);
        }
        without_order
    }

    /// Marks those that are sent again, as they would be if they arrived: the bytes of
    /// one that made or makes an order, at least three seconds from it and within the
    /// webhook's window. A file of what another receiver was sent has them too, and has
    /// the first where the one that was recorded is the second.
    fn recognise_resends(&mut self, window: SignedDuration) {
        if self.places.len() + self.recorded.len() < 2 {
            return;
        }
        let accepted = self.recorded.iter().filter(|earlier| earlier.made_order);
        let mut originals: Vec<Timestamp> = accepted.map(|earlier| earlier.time).collect();
        originals.sort_unstable();
        for place in self.places {
            let candidate = &self.candidates[*place];
            if self.is_known[*place] || !candidate.tells_resends {
                continue;
            }
            let at = |distance: SignedDuration| {
                let time = candidate.time.saturating_add(distance);
                time.unwrap_or(candidate.time)
            };
            let near = FILLS_OF_ONE_BAR;
            let within = |least: Timestamp, most: Timestamp| {
                let first = originals.partition_point(|time| *time < least);
                originals.get(first).is_some_and(|time| *time <= most)
            };
            if within(at(-window), at(-near)) || within(at(near), at(window)) {
                self.is_known[*place] = true;
            } else {
                let next = originals.partition_point(|time| *time <= candidate.time);
                originals.insert(next, candidate.time);
            }
        }
    }
}

/// Marks those whose own `id` made an order already, or is in the file before,
/// within the time that an `id` is remembered.
fn repeated_ids(
    connection: &Connection,
    webhook: i64,
    candidates: &[Candidate],
    is_known: &mut [bool],
) -> Result<()> {
    let mut exists = connection.prepare_cached(
        "SELECT 1 FROM orders WHERE webhook_id = ?1 AND idempotency_key = ?2
             AND received_at >= ?3 AND received_at <= ?4",
    )?;
    let mut seen: HashMap<&str, Timestamp> = HashMap::new();
    for (candidate, is_known) in candidates.iter().zip(is_known) {
        let Some(id) = &candidate.idempotency_key else {
            continue;
        };
        // Its owner had it processed, whatever had the id before.
        if candidate.made_order {
            continue;
        }
        let before = candidate.time.saturating_sub(IDEMPOTENCY_WINDOW);
        let after = candidate.time.saturating_add(IDEMPOTENCY_WINDOW);
        let (from, to) = (
            before.unwrap_or(Timestamp::MIN),
            after.unwrap_or(Timestamp::MAX),
        );
        let was_before = seen.get(&**id).is_some_and(|time| *time >= from);
        *is_known |=
            was_before || exists.exists(params![webhook, id, to_micros(from), to_micros(to)])?;
        seen.insert(id, candidate.time);
    }
    Ok(())
}
