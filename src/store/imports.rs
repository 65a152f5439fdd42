//! Alerts brought in from a file: which are new, and their events and orders.
//!
//! All of a file is recorded in one transaction. Its orders are paired
//! afterwards, a ledger at a time, by [`super::ledgers::derive_next`].

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::arrivals;
use super::deliveries::{Delivery, IDEMPOTENCY_WINDOW, Reading, new_delivery, record};
use super::error::Result;
use super::recent::FILLS_OF_ONE_BAR;
use super::sql::{timestamp, to_micros};
use super::webhooks::{self, StoredWebhook};
use super::writer::WriteContext;
use crate::domain::delivery::DeliveryId;
use crate::domain::event::{EventSource, EventStatus};
use crate::domain::order::pairing_time;
use crate::domain::signal::{Direction, Signal, Ticker};
use crate::domain::webhook::WebhookId;
use crate::imports::alerts::{AlertFile, LoggedAlert, NamedAlerts, most_frequent};
use crate::imports::matching;
use crate::payload::{self, Fingerprint, fingerprint};

/// New alerts that an answer lists.
const MOST_LISTED: usize = 1000;

/// Rules that tell the alerts of a file apart.
#[derive(Debug, Clone)]
pub struct AlertSelection {
    /// Names of alerts that belong to the webhook although their message does
    /// not show its key.
    pub names: Vec<String>,
    /// Distance at which a recorded alert's time and the file's are the same.
    pub tolerance: SignedDuration,
}

impl Default for AlertSelection {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            tolerance: SignedDuration::from_mins(2),
        }
    }
}

/// The result of importing alerts, or of its preview.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportedAlerts {
    /// Alerts in the file that have a message.
    pub rows: usize,
    /// Alerts that were missing and are events now.
    pub new: usize,
    /// Of these, messages that make no order; they are `failed` in the event log.
    pub failed: usize,
    /// Alerts that were recorded already.
    pub known: usize,
    /// Of these, alerts that made no order; the event log can process them.
    pub known_without_order: usize,
    /// Events of algohook's own export that made no order there, and were left out.
    pub without_order: usize,
    /// Events of algohook's own export whose message was no longer kept there, left out; the
    /// export of orders has what they say.
    pub without_message: usize,
    /// Alerts left out: their message shows another key.
    pub other_key: usize,
    /// Of these, alerts that show the key of another webhook: no name takes them.
    pub of_other_webhook: usize,
    /// The names of the other ones, by which they can be taken all the same.
    pub other_key_names: Vec<NamedAlerts>,
    /// Alerts left out: their message shows no key, and their name was not chosen.
    pub without_key: usize,
    /// Their names.
    pub without_key_names: Vec<NamedAlerts>,
    /// The new ones, oldest first, the first thousand.
    pub alerts: Vec<NewAlert>,
}

/// An alert that was missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewAlert {
    /// Its line in the file.
    pub row: usize,
    /// When it fired.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The instrument; null where the message cannot be read.
    #[schema(value_type = Option<String>)]
    pub ticker: Option<Ticker>,
    /// Whether it buys (`long`) or sells (`short`).
    pub direction: Option<Direction>,
    /// Why it makes no order.
    pub error: Option<String>,
}

/// The alerts of a file that belong to a webhook, and what there is to say of the others.
pub struct Prepared {
    webhook: WebhookId,
    candidates: Vec<Candidate>,
    tolerance: SignedDuration,
    /// Without what only the database at the time of recording can tell.
    imported: ImportedAlerts,
}

/// An alert of the file that belongs to the webhook.
struct Candidate {
    id: DeliveryId,
    row: usize,
    time: Timestamp,
    payload: Vec<u8>,
    fingerprint: Fingerprint,
    /// Its own `id`, where it has one and can be read.
    idempotency_key: Option<String>,
    /// Its own time, where it fired then: the same message was recorded already then,
    /// whenever this machine's clock says that it came.
    own_time: Option<Timestamp>,
    /// True if the same bytes again can only be sent again: they carry a time.
    tells_resends: bool,
    source: EventSource,
}

/// Reads which alerts of a file belong to the webhook. It takes most of the time that
/// an import needs, so it is done before the transaction that live alerts wait for.
///
/// # Errors
///
/// [`super::StoreError::NotFound`] where there is no such webhook.
pub fn prepare(
    connection: &Connection,
    webhook: &WebhookId,
    file: AlertFile,
    selection: &AlertSelection,
) -> Result<Prepared> {
    let webhook = webhooks::get(connection, webhook)?;
    let mut imported = ImportedAlerts {
        rows: file.alerts.len(),
        without_order: file.without_order,
        without_message: file.without_message,
        ..ImportedAlerts::default()
    };
    let candidates = own(connection, &webhook, file, selection, &mut imported)?;
    Ok(Prepared {
        webhook: webhook.id,
        candidates,
        tolerance: selection.tolerance,
        imported,
    })
}

/// Says what importing alerts would come to.
///
/// # Errors
///
/// [`super::StoreError::NotFound`] where there is no such webhook.
pub fn preview(connection: &Connection, prepared: Prepared) -> Result<ImportedAlerts> {
    let transaction = connection.unchecked_transaction()?;
    let webhook = webhooks::get(&transaction, &prepared.webhook)?;
    let (mut imported, new) = missing(&transaction, &webhook, prepared)?;
    for candidate in new {
        note(&mut imported, &candidate, &reading(&candidate.payload));
    }
    Ok(imported)
}

/// Records the alerts that are missing, at their own time.
///
/// # Errors
///
/// [`super::StoreError::NotFound`], or [`super::StoreError::Unavailable`]; then
/// nothing of the file was recorded.
pub fn bring_in(context: &mut WriteContext<'_>, prepared: Prepared) -> Result<ImportedAlerts> {
    let webhook = webhooks::get(context.connection, &prepared.webhook)?;
    let (mut imported, new) = missing(context.connection, &webhook, prepared)?;
    for candidate in new {
        let reading = reading(&candidate.payload);
        note(&mut imported, &candidate, &reading);
        let delivery = Delivery {
            id: candidate.id,
            webhook: webhook.id.clone(),
            received_at: candidate.time,
            clock: None,
            source: candidate.source,
            source_address: None,
            payload: candidate.payload,
            reading,
            verified: None,
            duplicate_window: None,
            original: None,
        };
        record(context, &delivery)?;
    }
    arrivals::note_before_imported(context.connection)?;
    Ok(imported)
}

fn reading(payload: &[u8]) -> Reading {
    match payload::parse_without_key(payload) {
        Ok(parsed) => Reading::Signal(parsed),
        Err(error) => Reading::Failed(error),
    }
}

/// Counts and lists a new alert.
fn note(imported: &mut ImportedAlerts, candidate: &Candidate, reading: &Reading) {
    let (signal, error) = match reading {
        Reading::Signal(parsed) => (Some(&parsed.signal), None),
        Reading::Withheld(..) => (None, None),
        Reading::Failed(error) => (None, Some(error.to_string())),
    };
    imported.new += 1;
    imported.failed += usize::from(error.is_some());
    if imported.alerts.len() < MOST_LISTED {
        imported.alerts.push(NewAlert {
            row: candidate.row,
            time: candidate.time,
            ticker: signal.map(|signal| signal.ticker.clone()),
            direction: signal.map(|signal| signal.intent.direction()),
            error,
        });
    }
}

/// The alerts of a file that were not recorded yet.
fn missing(
    connection: &Connection,
    webhook: &StoredWebhook,
    prepared: Prepared,
) -> Result<(ImportedAlerts, Vec<Candidate>)> {
    let Prepared {
        candidates,
        tolerance,
        mut imported,
        ..
    } = prepared;
    let window = SignedDuration::from_secs(i64::from(webhook.settings.duplicate_window));
    let around = tolerance.max(window);
    let mut recorded = Recorded::read(connection, webhook.row, &candidates, around)?;
    let mut is_known = recorded.recognise(&candidates, tolerance, &mut imported);
    // Within less, equal alerts are fills of one bar, and none is a resend.
    if window >= FILLS_OF_ONE_BAR {
        recorded.recognise_resends(&candidates, window, &mut is_known);
    }
    repeated_ids(connection, webhook.row, &candidates, &mut is_known)?;
    imported.known = is_known.iter().filter(|is_known| **is_known).count();
    let new = candidates.into_iter().zip(is_known);
    let new = new.filter_map(|(candidate, is_known)| (!is_known).then_some(candidate));
    Ok((imported, new.collect()))
}

/// The alerts of a file that belong to the webhook, with the key hidden; the
/// others are counted.
fn own(
    connection: &Connection,
    webhook: &StoredWebhook,
    file: AlertFile,
    selection: &AlertSelection,
    imported: &mut ImportedAlerts,
) -> Result<Vec<Candidate>> {
    let all = webhooks::list(connection)?;
    let keys: HashSet<&str> = all
        .iter()
        .map(|webhook| webhook.auth_key.reveal())
        .collect();
    let own_key = webhook.auth_key.reveal();
    let mut candidates = Vec::new();
    let (mut with_other_key, mut without_key) = (Left::default(), Left::default());
    for alert in file.alerts {
        let key = payload::key_in(alert.message.as_bytes());
        let key = key.as_ref().map(payload::PresentedKey::as_str);
        let is_named = alert
            .name
            .as_ref()
            .is_some_and(|name| selection.names.contains(name) || name == webhook.id.as_str());
        let is_of_other = key.is_some_and(|key| key != own_key && keys.contains(key));
        let is_taken = key == Some(own_key) || is_named || !file.is_of_account;
        match key {
            _ if is_taken && !is_of_other => candidates.push(Candidate::of(&alert, own_key)?),
            Some(_) if is_of_other => imported.of_other_webhook += 1,
            Some(_) => with_other_key.add(alert.name),
            None => without_key.add(alert.name),
        }
    }
    imported.other_key = imported.of_other_webhook + with_other_key.count;
    imported.other_key_names = with_other_key.names();
    imported.without_key = without_key.count;
    imported.without_key_names = without_key.names();
    Ok(candidates)
}

/// Alerts that were left out, by their names.
#[derive(Default)]
struct Left {
    count: usize,
    by_name: BTreeMap<String, usize>,
}

impl Left {
    fn add(&mut self, name: Option<String>) {
        self.count += 1;
        if let Some(name) = name {
            *self.by_name.entry(name).or_default() += 1;
        }
    }

    fn names(self) -> Vec<NamedAlerts> {
        most_frequent(self.by_name)
    }
}

impl Candidate {
    fn of(alert: &LoggedAlert, own_key: &str) -> Result<Self> {
        let payload = payload::hide_keys(alert.message.as_bytes());
        let payload = payload::redact(payload, own_key);
        let signal = match reading(&payload) {
            Reading::Signal(parsed) => Some(parsed.signal),
            _ => None,
        };
        let time = |signal: &Signal| signal.metadata.timestamp;
        let time = signal.as_ref().and_then(time);
        let fired_then = |own: &Timestamp| pairing_time(alert.time, Some(*own)) == *own;
        let tells_resends = time.is_some();
        let idempotency_key = signal.and_then(|signal| signal.idempotency_key);
        Ok(Self {
            id: new_delivery(alert.time)?,
            row: alert.row,
            time: alert.time,
            fingerprint: fingerprint(&payload),
            payload,
            own_time: time.filter(fired_then),
            tells_resends: tells_resends && idempotency_key.is_none() && !alert.made_order,
            source: if alert.is_adjustment {
                EventSource::Adjustment
            } else {
                EventSource::Imported
            },
            idempotency_key,
        })
    }
}

/// An alert in the database.
struct Earlier {
    time: Timestamp,
    made_order: bool,
}

/// The alerts in the database that those of a file could be.
struct Recorded(HashMap<Fingerprint, Vec<Earlier>>);

impl Recorded {
    fn read(
        connection: &Connection,
        webhook: i64,
        candidates: &[Candidate],
        around: SignedDuration,
    ) -> Result<Self> {
        let mut recorded: HashMap<Fingerprint, Vec<Earlier>> = HashMap::new();
        let (Some(first), Some(last)) = (candidates.first(), candidates.last()) else {
            return Ok(Self(recorded));
        };
        // A resend is no second alert; TradingView's log has one line for both.
        let mut select = connection.prepare_cached(
            "SELECT e.received_at, e.payload, EXISTS (SELECT 1 FROM orders o WHERE o.id = e.id),
                 e.fingerprint
             FROM events e WHERE e.webhook_id = ?1
                 AND (e.received_at BETWEEN ?2 AND ?3 OR e.signal_time BETWEEN ?5 AND ?6)
                 AND e.source IN ('webhook', 'imported', 'reprocessed', 'adjustment') AND e.status <> ?4
             ORDER BY e.received_at, e.id",
        )?;
        let from = first.time.saturating_sub(around).unwrap_or(first.time);
        let to = last.time.saturating_add(around).unwrap_or(last.time);
        let own_times = || candidates.iter().filter_map(|candidate| candidate.own_time);
        let mut rows = select.query(params![
            webhook,
            to_micros(from),
            to_micros(to),
            EventStatus::Duplicate.as_str(),
            own_times().min().map(to_micros),
            own_times().max().map(to_micros),
        ])?;
        while let Some(row) = rows.next()? {
            let of_forgotten: Option<Fingerprint> = row.get(3)?;
            let payload = row.get_ref(1)?.as_bytes().unwrap_or_default();
            recorded
                .entry(of_forgotten.unwrap_or_else(|| fingerprint(payload)))
                .or_default()
                .push(Earlier {
                    time: timestamp(row, 0)?,
                    made_order: row.get(2)?,
                });
        }
        Ok(Self(recorded))
    }

    /// The candidates that were recorded already: each recorded alert is one
    /// candidate at most, and has its time from then on, for it arrived later by the
    /// time that its delivery took.
    fn recognise(
        &mut self,
        candidates: &[Candidate],
        tolerance: SignedDuration,
        imported: &mut ImportedAlerts,
    ) -> Vec<bool> {
        let mut by_fingerprint: HashMap<Fingerprint, Vec<usize>> = HashMap::new();
        for (index, candidate) in candidates.iter().enumerate() {
            let same = by_fingerprint.entry(candidate.fingerprint).or_default();
            same.push(index);
        }
        let mut is_known = vec![false; candidates.len()];
        for (fingerprint, indices) in by_fingerprint {
            let Some(earlier) = self.0.get_mut(&fingerprint) else {
                continue;
            };
            let times: Vec<Timestamp> = indices.iter().map(|i| candidates[*i].time).collect();
            let recorded: Vec<Timestamp> = earlier.iter().map(|earlier| earlier.time).collect();
            // The same message has the same time of its own.
            let fired_then = |index: &usize| candidates[*index].own_time.is_some();
            let tolerance = if indices.iter().all(fired_then) {
                SignedDuration::MAX
            } else {
                tolerance
            };
            for (index, place) in matching::pairs(&times, &recorded, tolerance) {
                is_known[indices[index]] = true;
                earlier[place].time = times[index];
                imported.known_without_order += usize::from(!earlier[place].made_order);
            }
        }
        is_known
    }

    /// Marks those that are sent again, as they would be if they arrived: the bytes of
    /// one that made or makes an order, at least three seconds from it and within the
    /// webhook's window. A file of what another receiver was sent has them too, and has
    /// the first where the one that was recorded is the second.
    fn recognise_resends(
        &self,
        candidates: &[Candidate],
        window: SignedDuration,
        is_known: &mut [bool],
    ) {
        let mut originals: HashMap<Fingerprint, Vec<Timestamp>> = HashMap::new();
        for (fingerprint, earlier) in &self.0 {
            let accepted = earlier.iter().filter(|earlier| earlier.made_order);
            let mut times: Vec<Timestamp> = accepted.map(|earlier| earlier.time).collect();
            times.sort_unstable();
            originals.insert(*fingerprint, times);
        }
        let is_new = candidates
            .iter()
            .zip(is_known)
            .filter(|(_, known)| !**known);
        for (candidate, is_known) in is_new.filter(|(candidate, _)| candidate.tells_resends) {
            let of_same = originals.entry(candidate.fingerprint).or_default();
            let at = |distance: SignedDuration| {
                let time = candidate.time.saturating_add(distance);
                time.unwrap_or(candidate.time)
            };
            let near = FILLS_OF_ONE_BAR;
            let within = |times: &[Timestamp], least: Timestamp, most: Timestamp| {
                let first = times.partition_point(|time| *time < least);
                times.get(first).is_some_and(|time| *time <= most)
            };
            if within(of_same, at(-window), at(-near)) || within(of_same, at(near), at(window)) {
                *is_known = true;
            } else {
                let place = of_same.partition_point(|time| *time <= candidate.time);
                of_same.insert(place, candidate.time);
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
        let before = candidate.time.saturating_sub(IDEMPOTENCY_WINDOW);
        let after = candidate.time.saturating_add(IDEMPOTENCY_WINDOW);
        let (from, to) = (
            before.unwrap_or(Timestamp::MIN),
            after.unwrap_or(Timestamp::MAX),
        );
        let was_before = seen.get(id.as_str()).is_some_and(|time| *time >= from);
        *is_known |=
            was_before || exists.exists(params![webhook, id, to_micros(from), to_micros(to)])?;
        seen.insert(id, candidate.time);
    }
    Ok(())
}
