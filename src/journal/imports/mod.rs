//! Alerts brought in from a file: which are new, and their events and orders.
//!
//! A file is recorded a transaction at a time. Its orders are paired
//! afterwards; see [`super::ledgers::parts`].

mod recognition;
mod sizes;
mod steps;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;

use super::deliveries::{Reading, new_delivery};
use crate::domain::delivery::DeliveryId;
use crate::domain::event::EventSource;
use crate::domain::format::ReadingRules;
use crate::domain::order::pairing_time;
use crate::domain::signal::{Direction, Ticker};
use crate::domain::webhook::WebhookId;
use crate::imports::alerts::{AlertFile, LoggedAlert, NamedAlerts, Said, most_frequent};
use crate::payload::{self, Fingerprint, fingerprint};

use crate::store::error::Result;
use crate::store::webhooks::{self, StoredWebhook};
use recognition::{ByMessage, Search};
pub use steps::{Progress, Step, Steps};

/// New alerts that an answer lists.
const MOST_LISTED: usize = 1000;

/// Alerts of a file that are looked at before their room is given back.
const BETWEEN_ROOM_GIVEN_BACK: usize = 8192;

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
    /// Doubts for the owner to check.
    pub notes: Vec<String>,
    /// The new ones, oldest first, the first thousand.
    pub alerts: Vec<NewAlert>,
}

/// An alert that was missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewAlert {
    /// Its line in the file.
    pub row: usize,
    /// Time at which it fired.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The instrument; null where the message cannot be read.
    #[schema(value_type = Option<String>)]
    pub ticker: Option<Ticker>,
    /// Side: it buys (`long`) or sells (`short`).
    pub direction: Option<Direction>,
    /// Reason that it makes no order.
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
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Candidate {
    id: DeliveryId,
    row: usize,
    time: Timestamp,
    payload: Box<[u8]>,
    fingerprint: Fingerprint,
    /// Its own `id`, where it has one and can be read.
    idempotency_key: Option<Box<str>>,
    /// True if it can be read.
    is_readable: bool,
    /// True if its size is a percentage.
    is_percentage: bool,
    /// Its own time, where it fired then: the same message was recorded already then,
    /// whenever this machine's clock says that it came.
    own_time: Option<Timestamp>,
    /// True if the same bytes again can only be sent again: they carry a time.
    tells_resends: bool,
    /// True of algohook's own exports, whose alerts made an order each.
    made_order: bool,
    source: EventSource,
}

/// Reads which alerts of a file belong to the webhook. It takes most of the time that
/// an import needs, so it is done before the transaction that live alerts wait for.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such webhook.
pub fn prepare(
    connection: &Connection,
    webhook: &WebhookId,
    file: AlertFile,
    selection: &AlertSelection,
    now: Timestamp,
) -> Result<Prepared> {
    let webhook = webhooks::get(connection, webhook)?;
    let mut imported = ImportedAlerts {
        rows: file.alerts.len(),
        without_order: file.without_order,
        without_message: file.without_message,
        notes: file.note_of_future(now).into_iter().collect(),
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
/// [`crate::store::StoreError::NotFound`] where there is no such webhook.
pub fn preview(connection: &Connection, prepared: Prepared) -> Result<ImportedAlerts> {
    let transaction = connection.unchecked_transaction()?;
    let webhook = webhooks::get(&transaction, &prepared.webhook)?;
    let (mut imported, new) = missing(&transaction, &webhook, prepared)?;
    for candidate in new {
        if imported.alerts.len() < MOST_LISTED {
            let rules = webhook.settings.reading_rules();
            let (reading, _) = reading(&candidate.payload, rules);
            note(&mut imported, &candidate, &reading);
        } else {
            imported.new += 1;
            imported.failed += usize::from(!candidate.is_readable);
        }
    }
    Ok(imported)
}

fn reading(payload: &[u8], rules: ReadingRules) -> (Reading, ReadingRules) {
    let read = payload::read(payload, rules);
    let reading = match read.signal {
        Ok(parsed) => Reading::Signal(parsed),
        Err(error) => Reading::Failed(error),
    };
    (reading, rules.in_format(read.format))
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
            direction: signal.and_then(|signal| signal.intent.direction()),
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
    let search = Search::of(&webhook.settings, tolerance);
    let alerts = ByMessage::of(&candidates);
    let mut recorded = recognition::around(connection, webhook.row, &alerts, search)?;
    let mut found = recognition::find(connection, webhook.row, &alerts, &mut recorded, search)?;
    found.recognise_orders(connection, webhook, &candidates)?;
    let new = found.leave_new(candidates, &mut imported);
    Ok((imported, new))
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
    let rules = webhook.settings.reading_rules();
    let mut alerts = file.alerts;
    let mut candidates = Vec::with_capacity(alerts.len());
    let (mut with_other_key, mut without_key) = (Omissions::default(), Omissions::default());
    let is_named = |name: &str| {
        name == webhook.id.as_str() || selection.names.iter().any(|named| named == name)
    };
    // From the end, so that what was looked at gives its room to what is kept of it.
    while let Some(alert) = alerts.pop() {
        if alerts.len().is_multiple_of(BETWEEN_ROOM_GIVEN_BACK) {
            alerts.shrink_to_fit();
        }
        let key = payload::key_in(alert.message.as_bytes());
        let key = key.as_ref().map(payload::PresentedKey::as_str);
        let is_named = alert.name.as_deref().is_some_and(is_named);
        let is_of_other = key.is_some_and(|key| key != own_key && keys.contains(key));
        let shows_key = || {
            let message = alert.message.as_bytes().to_vec();
            webhook.settings.key_in_field
                && payload::redact(message, own_key) != alert.message.as_bytes()
        };
        let is_own = key == Some(own_key) || key.is_none() && shows_key();
        let is_taken = is_own || is_named || !file.is_of_account;
        match key {
            _ if is_taken && !is_of_other => {
                candidates.push(Candidate::of(alert, own_key, rules)?);
            }
            Some(_) if is_of_other => imported.of_other_webhook += 1,
            Some(_) => with_other_key.add(alert.name),
            None => without_key.add(alert.name),
        }
    }
    candidates.reverse();
    imported.other_key = imported.of_other_webhook + with_other_key.count;
    imported.other_key_names = with_other_key.names();
    imported.without_key = without_key.count;
    imported.without_key_names = without_key.names();
    Ok(candidates)
}

/// Alerts that were left out, by their names.
#[derive(Default)]
struct Omissions {
    count: usize,
    by_name: BTreeMap<Arc<str>, usize>,
}

impl Omissions {
    fn add(&mut self, name: Option<Arc<str>>) {
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
    fn of(alert: LoggedAlert, own_key: &str, rules: ReadingRules) -> Result<Self> {
        let payload = payload::hide_keys(alert.message.as_bytes());
        let payload = payload::redact(payload, own_key);
        let said = match alert.said {
            // What was read is what is kept, where no key was hidden.
            Some(said) if payload == alert.message.as_bytes() => Some(said),
            _ => payload::read(&payload, rules)
                .signal
                .ok()
                .map(|parsed| Said::of(parsed.signal)),
        };
        let is_readable = said.is_some();
        let Said {
            time,
            id,
            is_percentage,
        } = said.unwrap_or_default();
        let fired_then = |own: &Timestamp| pairing_time(alert.time, Some(*own)) == *own;
        Ok(Self {
            id: new_delivery(alert.time)?,
            row: alert.row,
            time: alert.time,
            fingerprint: fingerprint(&payload),
            payload: payload.into_boxed_slice(),
            own_time: time.filter(fired_then),
            made_order: alert.made_order,
            tells_resends: time.is_some() && id.is_none() && !alert.made_order,
            is_readable,
            is_percentage,
            source: if alert.is_adjustment {
                EventSource::Adjustment
            } else {
                EventSource::Imported
            },
            idempotency_key: id,
        })
    }
}
