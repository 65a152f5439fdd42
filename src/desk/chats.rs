//! Commands by chat: allowed by a code that the chat has to send, and ended.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::channels::ChannelError;
use crate::domain::channel::{ChannelId, ChannelKind};
use crate::secrets::{self, random_bytes};
use crate::store::audit::{self, Act, Actor};
use crate::store::chats::{self, Code, StoredChat};
use crate::store::{Connection, Result, StoreError, WriteContext, channels};

/// Time for which a code is good.
const CODE_LASTS: SignedDuration = SignedDuration::from_mins(15);

/// Letters of a code: 8 of 32 are 40 bits, and there are 15 minutes to guess them.
const CODE_LETTERS: usize = 8;

/// The letters of codes, without those that look alike.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A code that a chat has to send, so that its commands are taken.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatCode {
    /// The message to send to the bot, with the code: `/start ABCDEFGH`.
    pub send: String,
    /// The end of the code's time.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// The commands of a channel.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatCommands {
    /// The user whose commands are taken; null while the code is waited for.
    pub user: Option<String>,
    /// Time at which the code came.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub confirmed_at: Option<Timestamp>,
    /// The service's reason for not giving the bot's messages.
    pub problem: Option<String>,
}

impl ChatCommands {
    /// The commands of a channel; none where nobody asked for them.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the database cannot be read.
    pub fn of(connection: &Connection, channel: ChannelId, bot: &str) -> Result<Option<Self>> {
        let Some(chat) = chats::get(connection, channel)? else {
            return Ok(None);
        };
        let (user, confirmed_at) = match chat.commander {
            Some(commander) => (Some(commander.name), Some(commander.confirmed_at)),
            None => (None, None),
        };
        Ok(Some(Self {
            user,
            confirmed_at,
            problem: chats::problem(connection, bot)?,
        }))
    }
}

/// A new code, as letters.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where the system gives no random bytes.
pub fn new_code() -> Result<String> {
    let mut bytes = [0; CODE_LETTERS];
    random_bytes(&mut bytes).map_err(|error| StoreError::Unavailable(error.to_string()))?;
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
    Ok(bytes.iter().map(letter).collect())
}

/// The hash of a code as somebody sends it, whatever its case and its spaces.
#[must_use]
pub fn hash_of(code: &str) -> Vec<u8> {
    let letters = code.chars().filter(char::is_ascii_alphanumeric);
    secrets::hash(&letters.collect::<String>().to_ascii_uppercase())
}

/// Has a channel take commands from the chat that sends `code` within a quarter of an hour.
/// Whose commands are taken already stays until then.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is no such channel; inside, why it takes none.
pub fn begin(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    id: ChannelId,
    code: &str,
) -> Result<std::result::Result<ChatCode, ChannelError>> {
    let channel = channels::get(context.connection, id)?;
    if channel.terms.kind != ChannelKind::Telegram {
        return Ok(Err(ChannelError::NoCommands(channel.terms.kind)));
    }
    let until = actor.at.checked_add(CODE_LASTS).unwrap_or(Timestamp::MAX);
    let chat = chats::get(context.connection, id)?.unwrap_or_default();
    let chat = StoredChat {
        code: Some(Code {
            hash: hash_of(code),
            until,
        }),
        ..chat
    };
    chats::put(context.connection, id, &chat)?;
    audit::note(
        context.connection,
        actor,
        Act::ChatCode,
        Some(&id.to_string()),
    )?;
    Ok(Ok(ChatCode {
        send: format!("/start {code}"),
        until,
    }))
}

/// Ends the commands of a channel.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is no such channel.
pub fn end(context: &mut WriteContext<'_>, actor: &Actor, id: ChannelId) -> Result<()> {
    channels::get(context.connection, id)?;
    forget(context, actor, id)
}

/// Ends the commands of a channel where it takes any.
pub(super) fn forget(context: &mut WriteContext<'_>, actor: &Actor, id: ChannelId) -> Result<()> {
    if chats::remove(context.connection, id)? {
        let id = id.to_string();
        audit::note(context.connection, actor, Act::ChatEnd, Some(&id))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let code = new_code().unwrap();
        assert_eq!(code.len(), CODE_LETTERS);
        let typed = format!("{} - {} ", code[..4].to_lowercase(), &code[4..]);
        assert_eq!(hash_of(&typed), hash_of(&code));
        assert_ne!(hash_of(&new_code().unwrap()), hash_of(&code));
    }
}
