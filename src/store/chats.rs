//! Chats: who may command by a channel, and how far the updates of each bot were acted on.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::error::Result;
use super::sql::{as_json, json, optional_timestamp, timestamp, to_micros};
use crate::domain::channel::ChannelId;

/// The chat of a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredChat {
    /// The code that confirms it, until it was sent.
    pub code: Option<Code>,
    /// The one whose commands are taken.
    pub commander: Option<Commander>,
    /// The command that waits for its second step.
    pub asked: Option<PendingCommand>,
    /// Webhooks and forwards that a halt paused.
    pub halted: Halted,
}

/// A code that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Its SHA-256.
    pub hash: Vec<u8>,
    /// The end of its time.
    pub until: Timestamp,
}

/// A user in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commander {
    /// The number of the chat.
    pub chat: i64,
    /// The number of the user.
    pub user: i64,
    /// The name that the user goes by.
    pub name: String,
    /// Time at which the code came.
    pub confirmed_at: Timestamp,
}

/// A command that waits for its second step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingCommand {
    /// A webhook's id, or [`PendingCommand::HALTED`].
    pub subject: String,
    /// The code of the second step.
    pub code: Code,
    /// Wrong codes so far.
    pub wrong: u32,
}

impl PendingCommand {
    /// The subject that stands for all that a halt paused.
    pub const HALTED: &'static str = "halted";
}

/// Ids of what a halt paused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halted {
    /// Webhooks.
    #[serde(default)]
    pub webhooks: Vec<String>,
    /// Forwards.
    #[serde(default)]
    pub forwards: Vec<String>,
}

impl Halted {
    /// Reports whether nothing is halted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.webhooks.is_empty() && self.forwards.is_empty()
    }
}

const SELECT: &str =
    "SELECT channel_id, code, code_until, chat, user, user_name, confirmed_at, asked, asked_code,
    asked_until, asked_wrong, halted FROM chats";

fn read(row: &Row<'_>) -> rusqlite::Result<(ChannelId, StoredChat)> {
    let (code, until) = (row.get(1)?, optional_timestamp(row, 2)?);
    let commander = match row.get(3)? {
        Some(chat) => Some(Commander {
            chat,
            user: row.get(4)?,
            name: row.get(5)?,
            confirmed_at: timestamp(row, 6)?,
        }),
        None => None,
    };
    let asked = match row.get(7)? {
        Some(subject) => Some(PendingCommand {
            subject,
            code: Code {
                hash: row.get(8)?,
                until: timestamp(row, 9)?,
            },
            wrong: row.get(10)?,
        }),
        None => None,
    };
    let chat = StoredChat {
        code: Option::zip(code, until).map(|(hash, until)| Code { hash, until }),
        commander,
        asked,
        halted: json(row, 11)?,
    };
    Ok((ChannelId(row.get(0)?), chat))
}

/// Every chat with its channel, in the order of these.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn list(connection: &Connection) -> Result<Vec<(ChannelId, StoredChat)>> {
    let mut select = connection.prepare_cached(&format!("{SELECT} ORDER BY channel_id"))?;
    let chats = select.query_map([], read)?;
    Ok(chats.collect::<rusqlite::Result<_>>()?)
}

/// The chat of a channel, where it has one.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn get(connection: &Connection, channel: ChannelId) -> Result<Option<StoredChat>> {
    let mut select = connection.prepare_cached(&format!("{SELECT} WHERE channel_id = ?1"))?;
    let found = select.query_row([channel.0], read).optional()?;
    Ok(found.map(|(_, chat)| chat))
}

/// Stores the chat of a channel in the place of the one that it had.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn put(connection: &Connection, channel: ChannelId, chat: &StoredChat) -> Result<()> {
    let mut put = connection.prepare_cached(
        "INSERT OR REPLACE INTO chats (channel_id, code, code_until, chat, user, user_name, confirmed_at, asked,
             asked_code, asked_until, asked_wrong, halted)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    let (code, commander, asked) = (&chat.code, &chat.commander, &chat.asked);
    put.execute(params![
        channel.0,
        code.as_ref().map(|code| &code.hash),
        code.as_ref().map(|code| to_micros(code.until)),
        commander.as_ref().map(|commander| commander.chat),
        commander.as_ref().map(|commander| commander.user),
        commander.as_ref().map(|commander| &commander.name),
        commander
            .as_ref()
            .map(|commander| to_micros(commander.confirmed_at)),
        asked.as_ref().map(|asked| &asked.subject),
        asked.as_ref().map(|asked| &asked.code.hash),
        asked.as_ref().map(|asked| to_micros(asked.code.until)),
        asked.as_ref().map_or(0, |asked| asked.wrong),
        as_json(&chat.halted)?
    ])?;
    Ok(())
}

/// Removes the chat of a channel; true where it had one.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn remove(connection: &Connection, channel: ChannelId) -> Result<bool> {
    let sql = "DELETE FROM chats WHERE channel_id = ?1";
    let mut delete = connection.prepare_cached(sql)?;
    Ok(delete.execute([channel.0])? > 0)
}

/// The next update of a bot to act on, and when the last one was acted on.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn next_update(connection: &Connection, bot: &str) -> Result<Option<(i64, Timestamp)>> {
    let sql =
        "SELECT next_update, acted_at FROM chat_bots WHERE bot = ?1 AND next_update IS NOT NULL";
    let mut select = connection.prepare_cached(sql)?;
    let found = select.query_row([bot], |row| Ok((row.get(0)?, timestamp(row, 1)?)));
    Ok(found.optional()?)
}

/// Notes the next update of a bot to act on, in the transaction that acts on the one before.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn set_next_update(
    connection: &Connection,
    bot: &str,
    next: i64,
    now: Timestamp,
) -> Result<()> {
    let mut put = connection.prepare_cached(
        "INSERT INTO chat_bots (bot, next_update, acted_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (bot) DO UPDATE SET next_update = ?2, acted_at = ?3",
    )?;
    put.execute(params![bot, next, to_micros(now)])?;
    Ok(())
}

/// Reason that the updates of a bot cannot be read.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn problem(connection: &Connection, bot: &str) -> Result<Option<String>> {
    let mut select = connection.prepare_cached("SELECT problem FROM chat_bots WHERE bot = ?1")?;
    let found = select.query_row([bot], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

/// Notes why the updates of a bot cannot be read, or that they can.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn set_problem(connection: &Connection, bot: &str, problem: Option<&str>) -> Result<()> {
    let mut put = connection.prepare_cached(
        "INSERT INTO chat_bots (bot, problem) VALUES (?1, ?2)
         ON CONFLICT (bot) DO UPDATE SET problem = ?2",
    )?;
    put.execute(params![bot, problem])?;
    Ok(())
}
