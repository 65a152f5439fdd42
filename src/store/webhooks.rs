//! Webhooks: made, listed, changed, deleted.
//!
//! Deleting only marks a webhook, and every list leaves it out at once. Its events can be a million,
//! and removing them in one transaction would keep alerts waiting: [`purge`] does so in parts. The
//! [`revision`] counts every change, because commands change webhooks beside a running server,
//! which takes up their changes by it.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::conflict::Conflict;
use super::error::{Result, StoreError};
use super::sql::{parsed, timestamp, to_micros, unreadable};
use super::{events, forwards, ledgers, senders};
use crate::domain::webhook::{AuthKey, LONGEST_NAME, Settings, WebhookId, WebhookState};

/// A webhook as it is stored.
#[derive(Debug, Clone)]
pub struct StoredWebhook {
    /// Its number inside the database.
    pub row: i64,
    /// Its public id.
    pub id: WebhookId,
    /// The name that its owner gave it.
    pub name: String,
    /// The secret of its alerts.
    pub auth_key: AuthKey,
    /// Active, paused or archived.
    pub state: WebhookState,
    /// The owner's notes.
    pub notes: String,
    /// The settings of the strategy.
    pub settings: Settings,
    /// Time of creation.
    pub created_at: Timestamp,
}

/// A change of a webhook; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct WebhookChange {
    /// A new name.
    pub name: Option<String>,
    /// New notes.
    pub notes: Option<String>,
    /// A new state.
    pub state: Option<WebhookState>,
    /// New settings, whole.
    pub settings: Option<Settings>,
    /// A new key.
    pub auth_key: Option<AuthKey>,
}

const COLUMNS: &str =
    "id, public_id, name, auth_key, state, notes, settings, created_at, is_archived";

/// Stores a new webhook.
///
/// # Errors
///
/// [`StoreError::Conflict`] where another webhook has the name, or [`StoreError::Unavailable`] where nothing could be written.
pub fn insert(
    connection: &Connection,
    id: &WebhookId,
    name: &str,
    key: &AuthKey,
    now: Timestamp,
) -> Result<()> {
    require_free(connection, name, 0)?;
    connection.execute(
        "INSERT INTO webhooks (public_id, name, auth_key, state, notes, settings, created_at)
         VALUES (?1, ?2, ?3, 'active', '', ?4, ?5)",
        params![
            id.as_str(),
            name,
            key.reveal(),
            settings_text(&Settings::default())?,
            to_micros(now)
        ],
    )?;
    Ok(())
}

/// Every webhook, oldest first.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn list(connection: &Connection) -> Result<Vec<StoredWebhook>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM webhooks WHERE deleted_at IS NULL ORDER BY id"
    ))?;
    let webhooks = statement
        .query_map([], read)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(webhooks)
}

/// Every webhook that totals are of, oldest first: all but the archived ones.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn list_current(connection: &Connection) -> Result<Vec<StoredWebhook>> {
    let mut webhooks = list(connection)?;
    webhooks.retain(|webhook| webhook.state != WebhookState::Archived);
    Ok(webhooks)
}

/// One webhook.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is none of that id.
pub fn get(connection: &Connection, id: &WebhookId) -> Result<StoredWebhook> {
    let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE public_id = ?1 AND deleted_at IS NULL");
    let mut statement = connection.prepare_cached(&sql)?;
    let webhook = statement.query_row([id.as_str()], read).optional()?;
    webhook.ok_or_else(|| StoreError::NotFound(format!("webhook {id}")))
}

/// True if there is a webhook of that id.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where the database cannot be read.
pub fn exists(connection: &Connection, id: &WebhookId) -> Result<bool> {
    match get(connection, id) {
        Ok(_) => Ok(true),
        Err(StoreError::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A webhook that was changed.
#[derive(Debug)]
pub struct Changed {
    /// As it is now.
    pub webhook: StoredWebhook,
    /// True if its ledgers were marked to be derived again.
    pub is_stale: bool,
}

/// Changes a webhook. Whoever remembers its ledgers has to forget them where they became
/// stale: `journal::webhooks` does both.
///
/// # Errors
///
/// [`StoreError::NotFound`], [`StoreError::Conflict`] where another webhook has the new name,
/// or [`StoreError::Unavailable`].
pub fn change(connection: &Connection, id: &WebhookId, change: WebhookChange) -> Result<Changed> {
    let mut is_stale = false;
    let mut webhook = get(connection, id)?;
    if let Some(name) = change.name.filter(|name| *name != webhook.name) {
        require_free(connection, &name, webhook.row)?;
        webhook.name = name;
    }
    webhook.notes = change.notes.unwrap_or(webhook.notes);
    webhook.state = change.state.unwrap_or(webhook.state);
    if let Some(settings) = change.settings
        && settings != webhook.settings
    {
        if settings.senders != webhook.settings.senders {
            senders::check(connection, settings.senders)?;
        }
        if webhook.settings.pairs_otherwise(&settings) {
            ledgers::mark_stale(connection, Some(webhook.row))?;
            is_stale = true;
        }
        webhook.settings = settings;
    }
    webhook.auth_key = change.auth_key.unwrap_or(webhook.auth_key);
    connection.execute(
        "UPDATE webhooks SET name = ?2, notes = ?3, state = ?4, settings = ?5, auth_key = ?6, is_archived = ?7 WHERE id = ?1",
        params![
            webhook.row,
            webhook.name,
            webhook.notes,
            state_text(webhook.state),
            settings_text(&webhook.settings)?,
            webhook.auth_key.reveal(),
            webhook.state == WebhookState::Archived,
        ],
    )?;
    Ok(Changed { webhook, is_stale })
}

/// Takes a webhook out of service; [`purge`] then removes what it left.
///
/// # Errors
///
/// [`StoreError::NotFound`], or [`StoreError::Unavailable`].
pub fn delete(connection: &Connection, id: &WebhookId, now: Timestamp) -> Result<()> {
    let webhook = get(connection, id)?;
    forwards::remove_all(connection, webhook.row)?;
    connection.execute(
        "UPDATE webhooks SET deleted_at = ?2, auth_key = '' WHERE id = ?1",
        params![webhook.row, to_micros(now)],
    )?;
    Ok(())
}

/// Rows that one [`purge`] removes from each table: few enough not to keep alerts waiting.
pub const PURGED_AT_ONCE: u32 = 1000;

/// True if deleted webhooks have left anything.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn is_any_deleted(connection: &Connection) -> Result<bool> {
    let mut select =
        connection.prepare_cached("SELECT 1 FROM webhooks WHERE deleted_at IS NOT NULL LIMIT 1")?;
    Ok(select.exists([])?)
}

/// Removes so many events that deleted webhooks left, or all else that one left; true where
/// there is more.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn purge(connection: &Connection, at_once: u32) -> Result<bool> {
    let deleted: Option<i64> = connection
        .query_row(
            "SELECT id FROM webhooks WHERE deleted_at IS NOT NULL LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()?;
    let Some(webhook) = deleted else {
        return Ok(false);
    };
    let key = "book, ticker, exit_time, exit_order, entry_order";
    let sql = format!(
        "DELETE FROM trades WHERE webhook_id = ?1
             AND ({key}) IN (SELECT {key} FROM trades WHERE webhook_id = ?1 LIMIT ?2)"
    );
    let trades = connection.execute(&sql, params![webhook, PURGED_AT_ONCE])?;
    for table in [
        "trade_notes WHERE exit_order",
        "trade_tags WHERE exit_order",
        "pairings WHERE order_id",
    ] {
        let sql = format!(
            "DELETE FROM {table} IN (SELECT id FROM events WHERE webhook_id = ?1 ORDER BY id LIMIT ?2)"
        );
        connection.execute(&sql, params![webhook, at_once])?;
    }
    connection.execute(
        "DELETE FROM orders WHERE id IN (SELECT id FROM events WHERE webhook_id = ?1 ORDER BY id LIMIT ?2)",
        params![webhook, at_once],
    )?;
    let removed = connection.execute(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE webhook_id = ?1 ORDER BY id LIMIT ?2)",
        params![webhook, at_once],
    )?;
    if trades + removed == 0 {
        super::fills::purge(connection, webhook)?;
        for table in [
            "rejections",
            "alerts_not_kept",
            "misdirected",
            "lots",
            "ledgers",
            "tickers",
            "backtests",
            "past_backtests",
            "expectations",
            "compared_days",
        ] {
            connection.execute(
                &format!("DELETE FROM {table} WHERE webhook_id = ?1"),
                [webhook],
            )?;
        }
        connection.execute("DELETE FROM webhooks WHERE id = ?1", [webhook])?;
    }
    Ok(true)
}

/// The settings of a webhook by its number.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is none of that number.
pub(crate) fn settings(connection: &Connection, webhook: i64) -> Result<Settings> {
    let mut select = connection.prepare_cached("SELECT settings FROM webhooks WHERE id = ?1")?;
    let settings = select
        .query_row([webhook], |row| read_settings(row, 0))
        .optional()?;
    settings.ok_or_else(|| StoreError::NotFound("webhook any more".to_owned()))
}

/// Counts up with every change of any webhook, by whichever process.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn revision(connection: &Connection) -> Result<i64> {
    let mut statement = connection.prepare_cached("SELECT revision FROM catalog")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Every webhook together with the revision that they are of.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn catalog(connection: &Connection) -> Result<(i64, Vec<StoredWebhook>)> {
    let transaction = connection.unchecked_transaction()?;
    Ok((revision(&transaction)?, list(&transaction)?))
}

/// The count of a webhook's deliveries, and the time of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Events recorded.
    pub events: i64,
    /// Time of the newest of them.
    pub last_event_at: Option<Timestamp>,
}

/// The counts of a webhook's deliveries so far.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn activity(connection: &Connection, webhook: i64) -> Result<Activity> {
    let mut count =
        connection.prepare_cached("SELECT count(*) FROM events WHERE webhook_id = ?1")?;
    let mut newest = connection.prepare_cached(
        "SELECT received_at FROM events WHERE webhook_id = ?1 ORDER BY id DESC LIMIT 1",
    )?;
    let newest = newest
        .query_row([webhook], |row| timestamp(row, 0))
        .optional()?;
    Ok(Activity {
        events: count.query_row([webhook], |row| row.get(0))?,
        // What was imported last may be older than what came before.
        last_event_at: newest.max(events::last_alert(connection, webhook)?),
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredWebhook> {
    Ok(StoredWebhook {
        row: row.get(0)?,
        id: parsed(row, 1)?,
        name: row.get(2)?,
        auth_key: AuthKey::from_stored(row.get(3)?),
        state: match (row.get(8)?, row.get_ref(4)?.as_str()) {
            (true, _) => WebhookState::Archived,
            (false, Ok("paused")) => WebhookState::Paused,
            (false, _) => WebhookState::Active,
        },
        notes: row.get(5)?,
        settings: read_settings(row, 6)?,
        created_at: timestamp(row, 7)?,
    })
}

fn read_settings(row: &Row<'_>, column: usize) -> rusqlite::Result<Settings> {
    let text = row
        .get_ref(column)?
        .as_str()
        .map_err(|error| unreadable(column, Type::Text, error))?;
    serde_json::from_str(text).map_err(|error| unreadable(column, Type::Text, error))
}

fn state_text(state: WebhookState) -> &'static str {
    match state {
        WebhookState::Active => "active",
        WebhookState::Paused | WebhookState::Archived => "paused",
    }
}

/// Refuses a name that another webhook has, in whichever letters: commands and pages name
/// webhooks, and a second one of the name would be mistaken for the first.
fn require_free(connection: &Connection, name: &str, own_row: i64) -> Result<()> {
    let mut select = connection.prepare_cached(
        "SELECT count(*) FROM webhooks WHERE lower(name) = lower(?1) AND id <> ?2 AND deleted_at IS NULL",
    )?;
    let mut is_taken = |name: &str| -> Result<bool> {
        Ok(select.query_row(params![name, own_row], |row| row.get::<_, i64>(0))? > 0)
    };
    if !is_taken(name)? {
        return Ok(());
    }
    for number in 2.. {
        let suffix = format!(" {number}");
        let stem: String = name.chars().take(LONGEST_NAME - suffix.len()).collect();
        let free = format!("{}{suffix}", stem.trim_end());
        if !is_taken(&free)? {
            return Err(StoreError::Conflict(Conflict::NameTaken {
                name: name.to_owned(),
                free,
            }));
        }
    }
    Ok(())
}

fn settings_text(settings: &Settings) -> Result<String> {
    serde_json::to_string(settings).map_err(StoreError::unusable("unusable settings"))
}
