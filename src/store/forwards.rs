//! Forwards: where the alerts of webhooks are passed on to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::credentials::{self, Owner};
use super::error::{Result, StoreError};
use super::sql::{as_json, json, parsed, timestamp, to_micros};
use super::{outbox, webhooks};
use crate::domain::forward::{ForwardFormat, ForwardId, ForwardWhen, MaxAge};
use crate::domain::webhook::WebhookId;

/// The kind of owner that a forward is among the credentials.
const KIND: &str = "forward";

/// A forward as its owner sets it up.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardTerms {
    /// Scheme, host and port of the receiver; the rest of its address is a secret.
    pub origin: String,
    /// The form in which alerts are passed on.
    pub format: ForwardFormat,
    /// The alerts that are passed on.
    pub sends: ForwardWhen,
    /// After which time they are not.
    pub max_age: MaxAge,
    /// True if messages are signed.
    pub is_signed: bool,
    /// True if the receiver takes a repetition for another order, as its owner says.
    pub is_once: bool,
    /// True if the webhook's key goes with the bytes as received.
    pub sends_key: bool,
    /// The owner's text, for a template.
    pub template: Option<String>,
    /// The format's settings that are no secrets.
    pub settings: BTreeMap<String, String>,
    /// True if nothing is passed on for now.
    pub is_paused: bool,
}

impl ForwardTerms {
    /// Those of a forward of which nothing but its format is chosen yet.
    #[must_use]
    pub fn plain(format: ForwardFormat) -> Self {
        Self {
            origin: String::new(),
            format,
            sends: ForwardWhen::Order,
            max_age: MaxAge::usual(format),
            is_signed: false,
            is_once: false,
            sends_key: false,
            template: None,
            settings: BTreeMap::new(),
            is_paused: false,
        }
    }

    /// True if a message may be sent again though nobody knows whether it arrived: the receiver
    /// knows it by its id.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        !self.is_once && (self.is_signed || self.format == ForwardFormat::Algohook)
    }
}

/// A forward as it is stored.
#[derive(Debug, Clone)]
pub struct StoredForward {
    /// Its number.
    pub id: ForwardId,
    /// The number of its webhook inside the database.
    pub webhook_row: i64,
    /// Its webhook.
    pub webhook: WebhookId,
    /// Its settings.
    pub terms: ForwardTerms,
    /// Time of creation.
    pub created_at: Timestamp,
}

impl StoredForward {
    /// The lane of its messages.
    #[must_use]
    pub fn lane(&self) -> String {
        self.id.to_string()
    }
}

/// The owner of a forward's secrets.
#[must_use]
pub fn owner_of(id: ForwardId) -> Owner {
    Owner {
        kind: KIND,
        id: id.0,
    }
}

const SELECT: &str =
    "SELECT f.id, f.webhook_id, w.public_id, f.origin, f.format, f.sends, f.max_age, f.is_signed,
    f.is_once, f.sends_key, f.template, f.settings, f.is_paused, f.created_at
    FROM forwards f JOIN webhooks w ON w.id = f.webhook_id AND w.deleted_at IS NULL";

fn read(row: &Row<'_>) -> rusqlite::Result<StoredForward> {
    let max_age: Option<u32> = row.get(6)?;
    Ok(StoredForward {
        id: ForwardId(row.get(0)?),
        webhook_row: row.get(1)?,
        webhook: parsed(row, 2)?,
        terms: ForwardTerms {
            origin: row.get(3)?,
            format: parsed(row, 4)?,
            sends: parsed(row, 5)?,
            max_age: max_age.map_or(MaxAge::Unlimited, MaxAge::Seconds),
            is_signed: row.get(7)?,
            is_once: row.get(8)?,
            sends_key: row.get(9)?,
            template: row.get(10)?,
            settings: json(row, 11)?,
            is_paused: row.get(12)?,
        },
        created_at: timestamp(row, 13)?,
    })
}

/// Every forward, oldest first.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn list(connection: &Connection) -> Result<Vec<StoredForward>> {
    let mut select = connection.prepare_cached(&format!("{SELECT} ORDER BY f.id"))?;
    let forwards = select.query_map([], read)?;
    Ok(forwards.collect::<rusqlite::Result<_>>()?)
}

/// One forward.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is none.
pub fn get(connection: &Connection, id: ForwardId) -> Result<StoredForward> {
    let mut select = connection.prepare_cached(&format!("{SELECT} WHERE f.id = ?1"))?;
    let found = select.query_row([id.0], read).optional()?;
    found.ok_or_else(|| StoreError::NotFound(format!("forward {id}")))
}

/// Stores a new forward of a webhook.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is no such webhook.
pub fn insert(
    connection: &Connection,
    webhook: &WebhookId,
    terms: &ForwardTerms,
    now: Timestamp,
) -> Result<ForwardId> {
    let webhook = webhooks::get(connection, webhook)?.row;
    let mut insert = connection.prepare_cached(
        "INSERT INTO forwards (webhook_id, origin, format, sends, max_age, is_signed, is_once, sends_key, template,
             settings, is_paused, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    let id = insert.insert(params![
        webhook,
        terms.origin,
        terms.format.as_str(),
        terms.sends.as_str(),
        terms.max_age.seconds(),
        terms.is_signed,
        terms.is_once,
        terms.sends_key,
        terms.template,
        as_json(&terms.settings)?,
        terms.is_paused,
        to_micros(now)
    ])?;
    Ok(ForwardId(id))
}

/// Stores the changed terms of a forward.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn update(connection: &Connection, id: ForwardId, terms: &ForwardTerms) -> Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE forwards SET origin = ?2, format = ?3, sends = ?4, max_age = ?5, is_signed = ?6, is_once = ?7,
             sends_key = ?8, template = ?9, settings = ?10, is_paused = ?11 WHERE id = ?1",
    )?;
    update.execute(params![
        id.0,
        terms.origin,
        terms.format.as_str(),
        terms.sends.as_str(),
        terms.max_age.seconds(),
        terms.is_signed,
        terms.is_once,
        terms.sends_key,
        terms.template,
        as_json(&terms.settings)?,
        terms.is_paused
    ])?;
    Ok(())
}

/// Removes a forward with its secrets and what waits for it. What was sent stays in the outbox.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn remove(connection: &Connection, id: ForwardId) -> Result<()> {
    credentials::remove(connection, owner_of(id))?;
    outbox::remove_lane(connection, &id.to_string())?;
    let sql = "DELETE FROM forwards WHERE id = ?1";
    connection.prepare_cached(sql)?.execute([id.0])?;
    Ok(())
}

/// Removes the forwards of a webhook, which may be deleted already.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub(super) fn remove_all(connection: &Connection, webhook: i64) -> Result<()> {
    let mut select = connection.prepare_cached("SELECT id FROM forwards WHERE webhook_id = ?1")?;
    let ids = select.query_map([webhook], |row| row.get(0).map(ForwardId))?;
    let ids = ids.collect::<rusqlite::Result<Vec<_>>>()?;
    for id in ids {
        remove(connection, id)?;
    }
    Ok(())
}
