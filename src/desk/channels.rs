//! Channels: set up, changed, tried, removed, and as they are shown.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::chats::{self, ChatCommands};
use crate::domain::channel::{ChannelId, ChannelKind, NotHours, Tells, Topic};
use crate::domain::notice::{Notice, Notices};
use crate::domain::setting::UnfitSetting;
use crate::domain::webhook::{NotAWebhookId, WebhookId, name_of};
use crate::journal::notices::{KIND, follow_quiet};
use crate::notify::settings;
use crate::notify::telegram::bot_id;
use crate::store::audit::{self, Act, Actor};
use crate::store::channels::{self, ChannelTerms, StoredChannel, owner_of};
use crate::store::outbox::{self, NewRow, Put, RowId};
use crate::store::{Connection, Result, WriteContext, webhooks};
use crate::vault::{Secrets, Vault, VaultError};

/// Channels at most.
const MOST: usize = 20;

/// Time for a test until its answer.
pub const TEST_LIMIT: SignedDuration = SignedDuration::from_secs(25);

/// Settings of a channel; those left out stay, or take their defaults.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChannelChange {
    /// A name for it.
    pub name: Option<String>,
    /// Its settings and secrets, by name; null removes one.
    #[serde(default)]
    pub settings: BTreeMap<String, Option<String>>,
    /// Topics it tells: `all` (the default), or a list.
    pub tells: Option<Tells>,
    /// The webhooks that it tells of; all of them where the list is empty.
    pub webhooks: Option<Vec<String>>,
    /// Hours in which only faults are told, as `22:00-07:00`, or `off`.
    pub quiet: Option<String>,
    /// The time zone of these and of its digests; `UTC` where left out.
    pub time_zone: Option<String>,
    /// Tell nothing for now, or again.
    pub paused: Option<bool>,
}

/// Reason that a channel's settings are rejected.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// Invalid name.
    #[error("name: {0}")]
    Name(String),
    /// Invalid settings.
    #[error("settings: {0}")]
    Settings(#[from] UnfitSetting),
    /// Its secrets do not open, and the change does not give them again.
    #[error("settings: {0}; give its secrets with this change")]
    Lost(VaultError),
    /// Invalid id of a webhook.
    #[error("webhooks: {0}")]
    Webhook(#[from] NotAWebhookId),
    /// Unknown webhook.
    #[error("webhooks: there is no webhook {0}")]
    NoWebhook(WebhookId),
    /// Invalid quiet hours.
    #[error("quiet: {0}")]
    Hours(#[from] NotHours),
    /// Unknown time zone.
    #[error("timeZone: \"{0}\" is no time zone; one looks like Europe/Berlin")]
    Zone(String),
    /// Its kind takes no commands.
    #[error("commands: only a channel of the kind telegram takes commands, and this one is {0}")]
    NoCommands(ChannelKind),
    /// The most channels exist already.
    #[error("there are at most {MOST} channels")]
    TooMany,
}

/// A channel as it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Channel {
    /// `ch_` and a number.
    #[schema(value_type = String)]
    pub id: ChannelId,
    /// Its kind.
    pub kind: ChannelKind,
    /// The name that its owner gave it.
    pub name: String,
    /// Its settings that are no secrets.
    pub settings: BTreeMap<String, String>,
    /// The names of its secrets that are set.
    pub secrets: Vec<String>,
    /// True if its secrets have to be entered again, as after a restore on another machine.
    pub secrets_lost: bool,
    /// Topics it tells: `all`, or a list.
    pub tells: Tells,
    /// The webhooks that it tells of; all of them where the list is empty.
    #[schema(value_type = Vec<String>)]
    pub webhooks: Vec<WebhookId>,
    /// Hours in which only faults are told.
    pub quiet: Option<String>,
    /// The time zone of these and of its digests.
    pub time_zone: String,
    /// True if it tells nothing for now.
    pub paused: bool,
    /// The chat whose commands it takes; null where it takes none.
    pub commands: Option<ChatCommands>,
    /// Messages that wait.
    pub waiting: u64,
    /// Messages that were taken.
    pub done: u64,
    /// Messages that were not taken.
    pub dead: u64,
    /// Messages that there was no room for.
    pub dropped: u64,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Every channel, oldest first.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn list(connection: &Connection, vault: &Vault) -> Result<Vec<Channel>> {
    let channels = channels::list(connection)?.into_iter();
    channels
        .map(|channel| shown(connection, vault, channel))
        .collect()
}

/// One channel.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is none.
pub fn get(connection: &Connection, vault: &Vault, id: ChannelId) -> Result<Channel> {
    shown(connection, vault, channels::get(connection, id)?)
}

fn shown(connection: &Connection, vault: &Vault, channel: StoredChannel) -> Result<Channel> {
    let counts = outbox::counts(connection, &channel.lane())?;
    let read = vault.read_kept(connection, owner_of(channel.id))?;
    let secrets_lost = read.is_none();
    let secrets = read.unwrap_or_default();
    let bot = bot_id(secrets.get("token").map_or("", String::as_str));
    let commands = ChatCommands::of(connection, channel.id, bot)?;
    let terms = channel.terms;
    Ok(Channel {
        id: channel.id,
        kind: terms.kind,
        name: terms.name,
        settings: terms.settings,
        secrets: secrets.into_keys().collect(),
        secrets_lost,
        tells: terms.tells,
        webhooks: terms.webhooks,
        quiet: terms.quiet.map(|quiet| quiet.to_string()),
        time_zone: terms.zone,
        paused: terms.is_paused,
        commands,
        waiting: counts.waiting,
        done: counts.done,
        dead: counts.dead + counts.unknown,
        dropped: counts.dropped,
        created_at: channel.created_at,
    })
}

/// Makes a channel.
///
/// # Errors
///
/// Those of the database; inside, why it cannot be so.
pub fn create(
    context: &mut WriteContext<'_>,
    vault: &Vault,
    actor: &Actor,
    kind: ChannelKind,
    change: ChannelChange,
) -> Result<std::result::Result<Channel, ChannelError>> {
    if channels::list(context.connection)?.len() >= MOST {
        return Ok(Err(ChannelError::TooMany));
    }
    let plain = ChannelTerms {
        kind,
        name: kind.to_string(),
        settings: BTreeMap::new(),
        tells: Tells::All,
        webhooks: Vec::new(),
        quiet: None,
        zone: "UTC".to_owned(),
        is_paused: false,
    };
    keep(context, vault, actor, None, plain, Secrets::new(), change)
}

/// Changes a channel.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is none; inside, why it cannot be so.
pub fn change(
    context: &mut WriteContext<'_>,
    vault: &Vault,
    actor: &Actor,
    id: ChannelId,
    change: ChannelChange,
) -> Result<std::result::Result<Channel, ChannelError>> {
    let terms = channels::get(context.connection, id)?.terms;
    let secrets = match vault.read(context.connection, owner_of(id)) {
        Ok(secrets) => secrets,
        Err(error) if !error.is_loss() => return Err(error.into()),
        // Nothing is left of them; all are given again.
        Err(_)
            if change
                .settings
                .keys()
                .any(|name| settings::is_secret(terms.kind, name)) =>
        {
            Secrets::new()
        }
        Err(error) => return Ok(Err(ChannelError::Lost(error))),
    };
    keep(context, vault, actor, Some(id), terms, secrets, change)
}

fn keep(
    context: &mut WriteContext<'_>,
    vault: &Vault,
    actor: &Actor,
    id: Option<ChannelId>,
    mut terms: ChannelTerms,
    mut secrets: Secrets,
    change: ChannelChange,
) -> Result<std::result::Result<Channel, ChannelError>> {
    let bot = |terms: &ChannelTerms, secrets: &Secrets| {
        let server = terms.settings.get("url").cloned();
        (server, secrets.get("token").cloned())
    };
    let before = bot(&terms, &secrets);
    let quiet = (terms.quiet, terms.zone.clone());
    if let Err(error) = apply(&mut terms, &mut secrets, change) {
        return Ok(Err(error));
    }
    for webhook in &terms.webhooks {
        if !webhooks::exists(context.connection, webhook)? {
            return Ok(Err(ChannelError::NoWebhook(webhook.clone())));
        }
    }
    let act = if id.is_some() {
        Act::ChannelChange
    } else {
        Act::ChannelCreate
    };
    let is_other_bot = before != bot(&terms, &secrets);
    let id = channels::put(context.connection, id, &terms, actor.at)?;
    // Who confirmed the one has not confirmed the other.
    if is_other_bot {
        chats::forget(context, actor, id)?;
    }
    vault.keep(context.connection, owner_of(id), &secrets)?;
    audit::note(context.connection, actor, act, Some(&id.to_string()))?;
    // What is remembered of channels is of before.
    context.memory.forget();
    outbox::switch(context, &id.to_string(), true)?;
    if quiet != (terms.quiet, terms.zone) {
        follow_quiet(context, &channels::get(context.connection, id)?, actor.at)?;
    }
    get(context.connection, vault, id).map(Ok)
}

fn apply(
    terms: &mut ChannelTerms,
    secrets: &mut Secrets,
    change: ChannelChange,
) -> std::result::Result<(), ChannelError> {
    if let Some(name) = change.name {
        terms.name = name_of(&name).map_err(|error| ChannelError::Name(error.to_string()))?;
    }
    for (name, value) in change.settings {
        let kept = if settings::is_secret(terms.kind, &name) {
            &mut *secrets
        } else {
            &mut terms.settings
        };
        match value {
            None if settings::is_known(terms.kind, &name) => kept.remove(&name),
            // Without a value it is refused with the names that there are.
            value => kept.insert(name, value.unwrap_or_default()),
        };
    }
    let mut all = terms.settings.clone();
    all.extend(secrets.clone());
    settings::check(terms.kind, &all)?;
    if let Some(tells) = change.tells {
        terms.tells = tells;
    }
    if let Some(ids) = change.webhooks {
        let ids: std::result::Result<_, NotAWebhookId> = ids.iter().map(|id| id.parse()).collect();
        terms.webhooks = ids?;
    }
    match change.quiet.as_deref() {
        Some("off") => terms.quiet = None,
        Some(hours) => terms.quiet = Some(hours.parse()?),
        None => {}
    }
    if let Some(zone) = change.time_zone {
        TimeZone::get(&zone).map_err(|_| ChannelError::Zone(zone.chars().take(40).collect()))?;
        terms.zone = zone;
    }
    terms.is_paused = change.paused.unwrap_or(terms.is_paused);
    Ok(())
}

/// Removes a channel with what waits for it.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is none.
pub fn remove(context: &mut WriteContext<'_>, actor: &Actor, id: ChannelId) -> Result<()> {
    channels::get(context.connection, id)?;
    channels::remove(context.connection, id)?;
    context.memory.forget();
    audit::note(
        context.connection,
        actor,
        Act::ChannelRemove,
        Some(&id.to_string()),
    )
}

/// Has a test message sent to a channel past everything that waits; returns its row, which says
/// what came of it.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such channel.
pub fn test(context: &mut WriteContext<'_>, actor: &Actor, id: ChannelId) -> Result<Option<RowId>> {
    let channel = channels::get(context.connection, id)?;
    let mut notices = Notices::default();
    notices.push(Notice::Text {
        topic: Topic::Server,
        title: "A test of algohook".to_owned(),
        lines: vec![format!(
            "The channel \"{}\" works. <b>&*_`@everyone stay text.",
            channel.terms.name
        )],
        is_fault: false,
    });
    let row = NewRow {
        lane: channels::test_lane(id),
        kind: KIND,
        about: format!("msg_test_{}", actor.at.as_microsecond()),
        body: serde_json::to_vec(&notices).unwrap_or_default(),
        // One try: its answer is what is wanted.
        repeatable: false,
        vital: true,
        due_at: actor.at,
        expires_at: actor.at.checked_add(SignedDuration::from_secs(4)).ok(),
        event: None,
        via: String::new(),
    };
    let lane = row.lane.clone();
    outbox::switch(context, &lane, true)?;
    Ok(match outbox::put(context, &row, actor.at)? {
        Put::Waits(id) | Put::Known(id) => Some(id),
        Put::Dropped | Put::Off => None,
    })
}
