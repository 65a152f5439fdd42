//! Alerts brought in from a file: which are new, and their events and orders.
//!
//! Which alerts are new is found before the writer's turn, and found again in it only
//! where something has come in between. All of a file is recorded in one transaction. Its
//! orders are paired afterwards, a ledger at a time, by [`super::ledgers::derive_next`].

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::deliveries::{Delivery, IDEMPOTENCY_WINDOW, Reading, record};
use super::error::Result;
use super::sql::{timestamp, to_micros};
use super::webhooks::{self, StoredWebhook};
use super::writer::WriteContext;
use crate::domain::event::{EventSource, EventStatus};
use crate::domain::signal::{Direction, Ticker};
use crate::domain::webhook::WebhookId;
use crate::imports::alerts::{AlertFile, LoggedAlert, NamedAlerts, names_of};
use crate::imports::matching;
use crate::payload;

/// New alerts that an answer lists.
const MOST_LISTED: usize = 1000;

/// How alerts of a file are told apart.
#[derive(Debug, Clone)]
pub struct AlertSelection {
    /// Names of alerts that belong to the webhook although their message does
    /// not show its key.
    pub names: Vec<String>,
    /// How far a recorded alert's time may lie from the file's and be the same.
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

/// What importing alerts came to, or would.
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

/// An alert of the file that belongs to the webhook.
struct Candidate {
    row: usize,
    time: Timestamp,
    payload: Vec<u8>,
    fingerprint: Fingerprint,
}

/// What two copies of one message have in common.
type Fingerprint = [u8; 32];

/// The alerts of a file that are missing.
pub struct Missing {
    /// What is counted so far: what is left out, and what was recorded already.
    imported: ImportedAlerts,
    new: Vec<Candidate>,
    found_in: Recent,
}

/// What there was when alerts were compared: as long as it is the same, so is what they
/// are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Recent {
    /// Revision of the webhooks, whose keys tell which alerts are whose.
    catalog: i64,
    /// The webhook's newest event; all that an import changes begins with one.
    event: Option<i64>,
}

/// Says what importing alerts would come to.
///
/// # Errors
///
/// [`super::StoreError::NotFound`] where there is no such webhook.
pub fn preview(
    connection: &Connection,
    webhook: &WebhookId,
    file: &AlertFile,
    selection: &AlertSelection,
) -> Result<ImportedAlerts> {
    let Missing {
        mut imported, new, ..
    } = missing(connection, webhook, file, selection)?;
    for candidate in new {
        note(&mut imported, &candidate, &reading(&candidate.payload));
    }
    Ok(imported)
}

/// Finds the alerts of a file that are missing, for [`bring_in`].
///
/// # Errors
///
/// [`super::StoreError::NotFound`] where there is no such webhook.
pub fn missing(
    connection: &Connection,
    webhook: &WebhookId,
    file: &AlertFile,
    selection: &AlertSelection,
) -> Result<Missing> {
    let transaction = connection.unchecked_transaction()?;
    let webhook = webhooks::get(&transaction, webhook)?;
    Missing::of(&transaction, &webhook, file, selection)
}

/// Records the alerts that are missing, at their own time.
///
/// # Errors
///
/// [`super::StoreError::NotFound`], or [`super::StoreError::Unavailable`]; then
/// nothing of the file was recorded.
pub fn bring_in(
    context: &mut WriteContext<'_>,
    webhook: &WebhookId,
    file: &AlertFile,
    selection: &AlertSelection,
    missing: Missing,
) -> Result<ImportedAlerts> {
    let connection = context.connection;
    let webhook = webhooks::get(connection, webhook)?;
    let missing = if missing.found_in == Recent::of(connection, &webhook)? {
        missing
    } else {
        Missing::of(connection, &webhook, file, selection)?
    };
    let Missing {
        mut imported, new, ..
    } = missing;
    for candidate in new {
        let reading = reading(&candidate.payload);
        note(&mut imported, &candidate, &reading);
        let delivery = Delivery {
            webhook: webhook.row,
            received_at: candidate.time,
            source: EventSource::Imported,
            source_address: None,
            payload: candidate.payload,
            reading,
            verified: None,
            duplicate_window: None,
            original: None,
        };
        record(context, &delivery)?;
    }
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

impl Missing {
    /// The alerts of a file that belong to the webhook and were not recorded yet.
    fn of(
        connection: &Connection,
        webhook: &StoredWebhook,
        file: &AlertFile,
        selection: &AlertSelection,
    ) -> Result<Self> {
        let mut imported = ImportedAlerts {
            rows: file.alerts.len(),
            ..ImportedAlerts::default()
        };
        let candidates = own(connection, webhook, file, selection, &mut imported)?;
        let recorded = Recorded::read(connection, webhook.row, &candidates, selection.tolerance)?;
        let mut is_known = recorded.recognise(&candidates, selection.tolerance, &mut imported);
        repeated_ids(connection, webhook.row, &candidates, &mut is_known)?;
        imported.known = is_known.iter().filter(|is_known| **is_known).count();
        let new = candidates.into_iter().zip(is_known);
        let new = new.filter_map(|(candidate, is_known)| (!is_known).then_some(candidate));
        Ok(Self {
            imported,
            new: new.collect(),
            found_in: Recent::of(connection, webhook)?,
        })
    }
}

impl Recent {
    fn of(connection: &Connection, webhook: &StoredWebhook) -> Result<Self> {
        let mut newest =
            connection.prepare_cached("SELECT max(id) FROM events WHERE webhook_id = ?1")?;
        Ok(Self {
            catalog: webhooks::revision(connection)?,
            event: newest.query_row([webhook.row], |row| row.get(0))?,
        })
    }
}

/// The alerts of a file that belong to the webhook, with the key hidden; the
/// others are counted.
fn own(
    connection: &Connection,
    webhook: &StoredWebhook,
    file: &AlertFile,
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
    let (mut with_other_key, mut without_key) = (Vec::new(), Vec::new());
    for alert in &file.alerts {
        let key = payload::key_in(alert.message.as_bytes());
        let key = key.as_ref().map(payload::PresentedKey::as_str);
        let is_named = alert
            .name
            .as_ref()
            .is_some_and(|name| selection.names.contains(name));
        let is_of_other = key.is_some_and(|key| key != own_key && keys.contains(key));
        let is_taken = key == Some(own_key) || is_named || !file.is_of_account;
        match key {
            _ if is_taken && !is_of_other => candidates.push(Candidate::of(alert, own_key)),
            Some(_) if is_of_other => imported.of_other_webhook += 1,
            Some(_) => with_other_key.push(alert),
            None => without_key.push(alert),
        }
    }
    imported.other_key = imported.of_other_webhook + with_other_key.len();
    imported.other_key_names = names_of(with_other_key);
    imported.without_key = without_key.len();
    imported.without_key_names = names_of(without_key);
    Ok(candidates)
}

impl Candidate {
    fn of(alert: &LoggedAlert, own_key: &str) -> Self {
        let payload = payload::hide_keys(alert.message.as_bytes());
        let payload = payload::redact(payload, own_key);
        Self {
            row: alert.row,
            time: alert.time,
            fingerprint: fingerprint(&payload),
            payload,
        }
    }
}

/// What is left of a message without its key and without the line ends and
/// spaces that a copy may change.
fn fingerprint(payload: &[u8]) -> Fingerprint {
    let bytes = if let Ok(mut fields) = serde_json::from_slice::<Map<String, Value>>(payload) {
        fields.remove("auth_key");
        Value::Object(fields).to_string().into_bytes()
    } else {
        let solid = payload.iter().filter(|byte| !byte.is_ascii_whitespace());
        solid.copied().collect()
    };
    Sha256::digest(&bytes).into()
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
        tolerance: SignedDuration,
    ) -> Result<Self> {
        let mut recorded: HashMap<Fingerprint, Vec<Earlier>> = HashMap::new();
        let (Some(first), Some(last)) = (candidates.first(), candidates.last()) else {
            return Ok(Self(recorded));
        };
        // A resend is no second alert; TradingView's log has one line for both.
        let mut select = connection.prepare_cached(
            "SELECT e.received_at, e.payload, EXISTS (SELECT 1 FROM orders o WHERE o.id = e.id)
             FROM events e WHERE e.webhook_id = ?1 AND e.received_at >= ?2 AND e.received_at <= ?3
                 AND e.source IN ('webhook', 'imported') AND e.status <> ?4
             ORDER BY e.received_at",
        )?;
        let from = first.time.saturating_sub(tolerance).unwrap_or(first.time);
        let to = last.time.saturating_add(tolerance).unwrap_or(last.time);
        let mut rows = select.query(params![
            webhook,
            to_micros(from),
            to_micros(to),
            EventStatus::Duplicate.as_str()
        ])?;
        while let Some(row) = rows.next()? {
            let payload = row.get_ref(1)?.as_bytes().unwrap_or_default();
            recorded
                .entry(fingerprint(payload))
                .or_default()
                .push(Earlier {
                    time: timestamp(row, 0)?,
                    made_order: row.get(2)?,
                });
        }
        Ok(Self(recorded))
    }

    /// Which candidates were recorded already: each recorded alert is one
    /// candidate at most.
    fn recognise(
        &self,
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
            let Some(earlier) = self.0.get(&fingerprint) else {
                continue;
            };
            let times: Vec<Timestamp> = indices.iter().map(|i| candidates[*i].time).collect();
            let recorded: Vec<Timestamp> = earlier.iter().map(|earlier| earlier.time).collect();
            for (index, place) in matching::pairs(&times, &recorded, tolerance) {
                is_known[indices[index]] = true;
                imported.known_without_order += usize::from(!earlier[place].made_order);
            }
        }
        is_known
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
    let mut seen: HashMap<String, Timestamp> = HashMap::new();
    for (candidate, is_known) in candidates.iter().zip(is_known) {
        let Reading::Signal(parsed) = reading(&candidate.payload) else {
            continue;
        };
        let Some(id) = parsed.signal.idempotency_key else {
            continue;
        };
        let before = candidate.time.saturating_sub(IDEMPOTENCY_WINDOW);
        let after = candidate.time.saturating_add(IDEMPOTENCY_WINDOW);
        let (from, to) = (
            before.unwrap_or(Timestamp::MIN),
            after.unwrap_or(Timestamp::MAX),
        );
        let was_before = seen.get(&id).is_some_and(|time| *time >= from);
        *is_known |=
            was_before || exists.exists(params![webhook, id, to_micros(from), to_micros(to)])?;
        seen.insert(id, candidate.time);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ledgers;
    use crate::store::scratch::Scratch;

    #[test]
    fn what_came_in_between_is_not_imported_again() {
        let mut scratch = Scratch::new();
        let webhook = scratch.webhook("one");
        let arrived = |scratch: &mut Scratch| {
            scratch.alert(&webhook, "A", "buy");
            let sql = "SELECT payload FROM events ORDER BY id DESC LIMIT 1";
            let payload = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
            scratch.connection.query_row(sql, [], payload).unwrap()
        };
        let first = arrived(&mut scratch);
        let line = |payload: &str| {
            let fields: Value = serde_json::from_str(payload).unwrap();
            let time = &fields["metadata"]["timestamp"];
            format!("{{\"time\":{time},\"payload\":{payload}}}\n")
        };
        let second = first.replace("00:01:00", "00:02:00");
        let third = first.replace("00:01:00", "00:09:00");
        let file = [first, second.clone(), third].map(|payload| line(&payload));
        let file = crate::imports::alerts::read(file.concat().as_bytes()).unwrap();
        let selection = AlertSelection::default();

        let found = missing(&scratch.connection, &webhook, &file, &selection).unwrap();
        assert_eq!(found.new.len(), 2);
        assert_eq!(arrived(&mut scratch), second);
        let imported = bring_in(&mut scratch.context(), &webhook, &file, &selection, found);
        let imported = imported.unwrap();
        assert_eq!((imported.new, imported.known), (1, 2));

        let again = missing(&scratch.connection, &webhook, &file, &selection).unwrap();
        assert_eq!(again.new.len(), 0);
        while ledgers::derive_next(&mut scratch.context()).unwrap() {}
    }
}
