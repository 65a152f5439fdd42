//! Channels: where the owner is told of what happens.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, created, no_content, ok};
use super::request::{ApiRequest, Page};
use crate::desk::channels::{self, Channel, ChannelChange, ChannelError};
use crate::desk::chats::{self, ChatCode};
use crate::domain::channel::{ChannelId, ChannelKind, Tells};
use crate::store::outbox::{self, Listed, RowId, RowState};

/// Time that the answer to a test is waited for, and the pause between two looks.
const TEST_PATIENCE: Duration = Duration::from_secs(25);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A new channel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewChannel {
    /// Its kind: `telegram`, `discord`, `slack`, `ntfy`, `gotify`, `pushover`, `email` or `webhook`.
    kind: ChannelKind,
    /// A name for it; its kind where left out.
    name: Option<String>,
    /// Its settings and secrets, by name.
    #[serde(default)]
    settings: BTreeMap<String, String>,
    /// Topics it tells: `all` (the default), or a list.
    tells: Option<Tells>,
    /// The webhooks that it tells of; all of them where the list is empty.
    webhooks: Option<Vec<String>>,
    /// Hours in which only faults are told, as `22:00-07:00`.
    quiet: Option<String>,
    /// The time zone of these and of its digests; `UTC` where left out.
    time_zone: Option<String>,
}

/// Result of a test message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelTest {
    /// True if the channel took it.
    delivered: bool,
    /// The channel's own answer, or why there is none.
    answer: String,
}

impl From<ChannelError> for Problem {
    fn from(error: ChannelError) -> Self {
        Self::invalid(error.to_string())
    }
}

/// The settings of something new, of which none can be removed.
pub(super) fn given(settings: BTreeMap<String, String>) -> BTreeMap<String, Option<String>> {
    let settings = settings.into_iter();
    settings.map(|(name, value)| (name, Some(value))).collect()
}

/// Every channel, oldest first.
#[utoipa::path(get, path = "/channels", tag = "channels", responses((status = 200, body = Page<Channel>)))]
pub(super) async fn list(context: &Context, _request: &ApiRequest) -> Reply {
    let vault = context.vault.clone();
    let read = context
        .store
        .readers()
        .run(move |connection| channels::list(connection, &vault));
    Ok(ok(&Page {
        items: read.await?,
        next_cursor: None,
    }))
}

/// Makes a channel.
#[utoipa::path(post, path = "/channels", tag = "channels", request_body = NewChannel,
    responses((status = 201, body = Channel), (status = 422, body = Problem)))]
pub(super) async fn create(context: &Context, request: &ApiRequest) -> Reply {
    let new: NewChannel = request.json()?;
    let change = ChannelChange {
        name: new.name,
        settings: given(new.settings),
        tells: new.tells,
        webhooks: new.webhooks,
        quiet: new.quiet,
        time_zone: new.time_zone,
        paused: None,
    };
    let (actor, vault) = (request.actor(context.now()), context.vault.clone());
    let write = context.store.writer().run(None, move |context| {
        channels::create(context, &vault, &actor, new.kind, change)
    });
    let made: Channel = write.await??;
    Ok(created(&made))
}

/// One channel.
#[utoipa::path(get, path = "/channels/{id}", tag = "channels", params(("id" = String, Path)),
    responses((status = 200, body = Channel), (status = 404, body = Problem)))]
pub(super) async fn get(context: &Context, request: &ApiRequest) -> Reply {
    let id: ChannelId = request.path_id()?;
    let vault = context.vault.clone();
    let read = context
        .store
        .readers()
        .run(move |connection| channels::get(connection, &vault, id));
    Ok(ok(&read.await?))
}

/// Changes a channel; fields that are left out stay.
#[utoipa::path(patch, path = "/channels/{id}", tag = "channels", params(("id" = String, Path)),
    request_body = ChannelChange,
    responses((status = 200, body = Channel), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn change(context: &Context, request: &ApiRequest) -> Reply {
    let id: ChannelId = request.path_id()?;
    let change: ChannelChange = request.json()?;
    let (actor, vault) = (request.actor(context.now()), context.vault.clone());
    let write = context.store.writer().run(None, move |context| {
        channels::change(context, &vault, &actor, id, change)
    });
    let changed: Channel = write.await??;
    Ok(ok(&changed))
}

/// Removes a channel with what waits for it.
#[utoipa::path(delete, path = "/channels/{id}", tag = "channels", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn remove(context: &Context, request: &ApiRequest) -> Reply {
    let id: ChannelId = request.path_id()?;
    let actor = request.actor(context.now());
    let write = context
        .store
        .writer()
        .run(None, move |context| channels::remove(context, &actor, id));
    write.await?;
    Ok(no_content())
}

/// Sends a test message, and returns the channel's own answer.
#[utoipa::path(post, path = "/channels/{id}/test", tag = "channels", params(("id" = String, Path)),
    responses((status = 200, body = ChannelTest), (status = 404, body = Problem)))]
pub(super) async fn test(context: &Context, request: &ApiRequest) -> Reply {
    let id: ChannelId = request.path_id()?;
    let actor = request.actor(context.now());
    let write = context
        .store
        .writer()
        .run(None, move |context| channels::test(context, &actor, id));
    let row = write.await?;
    let answered = match row {
        Some(row) => answer_to(context, row).await?,
        None => None,
    };
    Ok(ok(&match answered {
        Some(listed) => ChannelTest {
            delivered: listed.row.state == RowState::Done,
            answer: listed
                .row
                .note
                .or(listed.last.and_then(|last| last.answer))
                .unwrap_or_default(),
        },
        None => ChannelTest {
            delivered: false,
            answer: "nothing was sent in time; the log of the server says why".to_owned(),
        },
    }))
}

/// Has a channel of Telegram take commands from the chat that sends the code of the answer.
#[utoipa::path(post, path = "/channels/{id}/commands", tag = "channels", params(("id" = String, Path)),
    responses((status = 201, body = ChatCode), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn begin_commands(context: &Context, request: &ApiRequest) -> Reply {
    let id: ChannelId = request.path_id()?;
    let (actor, code) = (request.actor(context.now()), chats::new_code()?);
    let write = context.store.writer().run(None, move |context| {
        chats::begin(context, &actor, id, &code)
    });
    let code: ChatCode = write.await??;
    Ok(created(&code))
}

/// Ends the commands of a channel.
#[utoipa::path(delete, path = "/channels/{id}/commands", tag = "channels", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn end_commands(context: &Context, request: &ApiRequest) -> Reply {
    let id: ChannelId = request.path_id()?;
    let actor = request.actor(context.now());
    let write = context
        .store
        .writer()
        .run(None, move |context| chats::end(context, &actor, id));
    write.await?;
    Ok(no_content())
}

/// Waits until a row is done with; nothing where that takes too long.
async fn answer_to(context: &Context, row: RowId) -> Result<Option<Listed>, Problem> {
    let deadline = Instant::now() + TEST_PATIENCE;
    while Instant::now() < deadline {
        let read = context
            .store
            .readers()
            .run(move |connection| outbox::get(connection, row));
        let listed = read.await?;
        if !matches!(listed.row.state, RowState::Waiting | RowState::Sending) {
            return Ok(Some(listed));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(None)
}
