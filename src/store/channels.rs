//! Channels: where the owner is told of what happens.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::credentials::{self, Owner};
use super::error::{Result, StoreError};
use super::outbox;
use super::sql::{as_json, json, optional_parsed, parsed, timestamp, to_micros};
use crate::domain::channel::{ChannelId, ChannelKind, QuietHours, Tells};
use crate::domain::webhook::WebhookId;

/// The kind of owner that a channel is among the credentials.
const KIND: &str = "channel";

/// A channel as its owner sets it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelTerms {
    /// Its kind.
    pub kind: ChannelKind,
    /// The name that its owner gave it.
    pub name: String,
    /// Its settings that are no secrets.
    pub settings: BTreeMap<String, String>,
    /// The topics that it tells.
    pub tells: Tells,
    /// The webhooks that it tells of; all of them where empty.
    pub webhooks: Vec<WebhookId>,
    /// Hours in which it tells only of faults.
    pub quiet: Option<QuietHours>,
    /// The time zone of these, and of its digests.
    pub zone: String,
    /// True if it tells nothing for now.
    pub is_paused: bool,
}

impl ChannelTerms {
    /// The time zone; UTC where this machine does not know it.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC)
    }
}

/// A channel as it is stored.
#[derive(Debug, Clone)]
pub struct StoredChannel {
    /// Its number.
    pub id: ChannelId,
    /// Its settings.
    pub terms: ChannelTerms,
    /// Time of creation.
    pub created_at: Timestamp,
}

impl StoredChannel {
    /// The lane of its messages.
    #[must_use]
    pub fn lane(&self) -> String {
        self.id.to_string()
    }
}

/// The lane of a channel's tests, which go past everything that waits.
#[must_use]
pub fn test_lane(id: ChannelId) -> String {
    format!("{id}.test")
}

/// The lane of the answers to its chat.
#[must_use]
pub fn chat_lane(id: ChannelId) -> String {
    format!("{id}.chat")
}

/// The channel of a lane, and what follows its id there: nothing, `test` or `chat`.
#[must_use]
pub fn of_lane(lane: &str) -> Option<(ChannelId, &str)> {
    let (id, rest) = lane.split_once('.').unwrap_or((lane, ""));
    Some((id.parse().ok()?, rest))
}

/// The owner of a channel's secrets.
#[must_use]
pub fn owner_of(id: ChannelId) -> Owner {
    Owner {
        kind: KIND,
        id: id.0,
    }
}

const SELECT: &str =
    "SELECT id, kind, name, settings, tells, webhooks, quiet, zone, is_paused, created_at
    FROM channels";

fn read(row: &Row<'_>) -> rusqlite::Result<StoredChannel> {
    let webhooks: Vec<String> = json(row, 5)?;
    Ok(StoredChannel {
        id: ChannelId(row.get(0)?),
        terms: ChannelTerms {
            kind: parsed(row, 1)?,
            name: row.get(2)?,
            settings: json(row, 3)?,
            tells: parsed(row, 4)?,
            webhooks: webhooks.iter().filter_map(|id| id.parse().ok()).collect(),
            quiet: optional_parsed(row, 6)?,
            zone: row.get(7)?,
            is_paused: row.get(8)?,
        },
        created_at: timestamp(row, 9)?,
    })
}

/// Every channel, oldest first.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn list(connection: &Connection) -> Result<Vec<StoredChannel>> {
    let mut select = connection.prepare_cached(&format!("{SELECT} ORDER BY id"))?;
    let channels = select.query_map([], read)?;
    Ok(channels.collect::<rusqlite::Result<_>>()?)
}

/// One channel.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is none.
pub fn get(connection: &Connection, id: ChannelId) -> Result<StoredChannel> {
    let mut select = connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    let found = select.query_row([id.0], read).optional()?;
    found.ok_or_else(|| StoreError::NotFound(format!("channel {id}")))
}

/// Stores a new channel, or the changed terms of one.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn put(
    connection: &Connection,
    id: Option<ChannelId>,
    terms: &ChannelTerms,
    now: Timestamp,
) -> Result<ChannelId> {
    let mut put = connection.prepare_cached(
        "INSERT INTO channels (id, kind, name, settings, tells, webhooks, quiet, zone, is_paused, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (id) DO UPDATE SET name = ?3, settings = ?4, tells = ?5, webhooks = ?6, quiet = ?7, zone = ?8,
             is_paused = ?9
         RETURNING id",
    )?;
    let values = params![
        id.map(|id| id.0),
        terms.kind.as_str(),
        terms.name,
        as_json(&terms.settings)?,
        terms.tells.to_string(),
        as_json(&terms.webhooks)?,
        terms.quiet.map(|quiet| quiet.to_string()),
        terms.zone,
        terms.is_paused,
        to_micros(now)
    ];
    Ok(ChannelId(put.query_row(values, |row| row.get(0))?))
}

/// Removes a channel with its secrets and what waits for it.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn remove(connection: &Connection, id: ChannelId) -> Result<()> {
    credentials::remove(connection, owner_of(id))?;
    for lane in [id.to_string(), test_lane(id), chat_lane(id)] {
        outbox::remove_lane(connection, &lane)?;
    }
    let sql = "DELETE FROM channels WHERE id = ?1";
    connection.prepare_cached(sql)?.execute([id.0])?;
    Ok(())
}
