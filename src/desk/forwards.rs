//! Forwards: set up, changed, removed, and as they are shown.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use hyper::Uri;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::event::text_enum;
use crate::domain::forward::{ForwardFormat, ForwardId, ForwardWhen, MaxAge};
use crate::domain::setting::UnfitSetting;
use crate::domain::webhook::WebhookId;
use crate::formats::{self, Template, TemplateError, signing};
use crate::forwards::names;
use crate::store::audit::{self, Act, Actor};
use crate::store::forwards::{self, ForwardTerms, StoredForward, owner_of};
use crate::store::{Connection, Result, StoreError, WriteContext, outbox};
use crate::vault::{Secrets, Vault, VaultError};

/// Forwards of one webhook at most.
const MOST: usize = 20;

/// Time for which the previous secret stays valid in a rotation.
const ROTATION: SignedDuration = SignedDuration::from_hours(24);

/// Letters of an address at most.
const LONGEST_URL: usize = 2000;

text_enum! {
    /// State of a forward.
    ForwardState, "forward state" {
        /// It passes alerts on.
        Active = "active",
        /// Its owner paused it.
        Paused = "paused",
        /// Its receiver said that it is gone (410): it is off until its owner switches it on.
        Off = "off",
    }
}

/// Settings of a forward; those left out stay, or take their defaults.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForwardChange {
    /// The receiver's address, with `https://`.
    pub url: Option<String>,
    /// The form in which alerts are passed on; `as-received` where left out.
    pub format: Option<ForwardFormat>,
    /// The alerts that are passed on: `order` (those that make one, the default) or `event`.
    pub when: Option<ForwardWhen>,
    /// Seconds after which an alert is not passed on any more, or `"off"`; 60 where left out.
    pub max_age: Option<MaxAge>,
    /// Sign messages as Standard Webhooks says.
    pub signed: Option<bool>,
    /// Never send a message again of which it is not known whether it arrived.
    pub once: Option<bool>,
    /// Leave the webhook's key in the bytes as received.
    pub send_key: Option<bool>,
    /// The text to send, for the format `template`.
    pub template: Option<String>,
    /// The format's own settings and secrets, by name; null removes one.
    #[serde(default)]
    pub settings: BTreeMap<String, Option<String>>,
    /// Pass nothing on for now, or again.
    pub paused: Option<bool>,
    /// Make a new signing secret; the old one stays valid for 24 hours.
    #[serde(default)]
    pub rotate_secret: bool,
    /// The address at which this server takes alerts, where that is known.
    #[serde(skip)]
    #[schema(ignore)]
    pub own_address: Option<String>,
}

/// Reason that a forward's settings are rejected.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// Invalid address.
    #[error("url: must be an address such as https://host/path, without a user's name")]
    Url,
    /// It would pass its own alerts to itself.
    #[error("url: is the address of this very webhook, whose alerts would come back to it")]
    LeadsBack,
    /// Its secrets do not open, and are needed.
    #[error("url: {0}; give the url and the format's secrets with this change")]
    Lost(VaultError),
    /// Invalid settings of the format.
    #[error("settings: {0}")]
    Settings(#[from] UnfitSetting),
    /// The template cannot be used.
    #[error("template: {0}")]
    Template(#[from] TemplateError),
    /// There is a template where there should be none, or the other way round.
    #[error("template: belongs to the format template, and that format needs one")]
    TemplateMisplaced,
    /// A template names a secret that is not there.
    #[error("settings: the template names {{{{{0}}}}}; give {0} a value")]
    SecretMissing(String),
    /// Only bytes can be passed on of what is no order.
    #[error(
        "when: with event the format must be as-received or template: the others are made of an order"
    )]
    NotOfEvents,
    /// The key is only in the bytes as received.
    #[error("sendKey: belongs to the format as-received")]
    KeyMisplaced,
    /// There is no secret to rotate.
    #[error("rotateSecret: messages of this forward are not signed")]
    NotSigned,
    /// The webhook has the most forwards already.
    #[error("a webhook has at most {MOST} forwards")]
    TooMany,
}

/// A forward as it is shown.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Forward {
    /// `fwd_` and a number.
    #[schema(value_type = String)]
    pub id: ForwardId,
    /// The webhook whose alerts it passes on.
    #[schema(value_type = String)]
    pub webhook: WebhookId,
    /// The receiver's whole address; null for those who may not see keys, and where it has to be
    /// entered again after a restore.
    pub url: Option<String>,
    /// Scheme, host and port of the receiver.
    pub origin: String,
    /// The form in which alerts are passed on.
    pub format: ForwardFormat,
    /// The alerts that are passed on.
    pub when: ForwardWhen,
    /// Seconds after which an alert is not passed on any more; null without an end.
    #[schema(value_type = Option<u32>)]
    pub max_age: MaxAge,
    /// True if messages are signed.
    pub signed: bool,
    /// True if its owner says that the receiver takes a repetition for another order.
    pub once: bool,
    /// True if a message is sent again though nobody knows whether it arrived: the receiver knows
    /// it by its id.
    pub repeats: bool,
    /// True if the webhook's key goes with the bytes.
    pub send_key: bool,
    /// The text to send.
    pub template: Option<String>,
    /// The format's own settings.
    pub settings: BTreeMap<String, String>,
    /// The names of the format's secrets that are set.
    pub secrets: Vec<String>,
    /// True if its secrets have to be entered again, as after a restore on another machine.
    pub secrets_lost: bool,
    /// State; an active one passes alerts on.
    pub state: ForwardState,
    /// Messages that wait.
    pub waiting: u64,
    /// Messages that were taken.
    pub done: u64,
    /// Messages of which nobody knows whether they were taken.
    pub unknown: u64,
    /// Messages that were not taken.
    pub dead: u64,
    /// Messages that there was no room for.
    pub dropped: u64,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A forward that was made or changed just now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedForward {
    /// The forward.
    #[serde(flatten)]
    pub forward: Forward,
    /// The new secret that messages are signed with, `whsec_...`; shown once, null where there is
    /// no new one.
    pub secret: Option<String>,
}

/// Every forward, oldest first; with addresses where `with_keys`.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn list(connection: &Connection, vault: &Vault, with_keys: bool) -> Result<Vec<Forward>> {
    let forwards = forwards::list(connection)?.into_iter();
    forwards
        .map(|forward| shown(connection, vault, forward, with_keys))
        .collect()
}

/// One forward.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is none.
pub fn get(
    connection: &Connection,
    vault: &Vault,
    id: ForwardId,
    with_keys: bool,
) -> Result<Forward> {
    shown(connection, vault, forwards::get(connection, id)?, with_keys)
}

fn shown(
    connection: &Connection,
    vault: &Vault,
    forward: StoredForward,
    with_keys: bool,
) -> Result<Forward> {
    let counts = outbox::counts(connection, &forward.lane())?;
    let read = vault.read_kept(connection, owner_of(forward.id))?;
    let secrets_lost = read.is_none();
    let mut secrets = read.unwrap_or_default();
    let url = secrets.remove(names::URL).filter(|_| with_keys);
    let of_format = secrets
        .keys()
        .filter_map(|name| name.strip_prefix(names::OF_FORMAT));
    let terms = forward.terms;
    Ok(Forward {
        id: forward.id,
        webhook: forward.webhook,
        url,
        secrets: of_format.map(str::to_owned).collect(),
        secrets_lost,
        repeats: terms.is_repeatable(),
        state: match (terms.is_paused, counts.is_off) {
            (true, _) => ForwardState::Paused,
            (false, true) => ForwardState::Off,
            (false, false) => ForwardState::Active,
        },
        origin: terms.origin,
        format: terms.format,
        when: terms.sends,
        max_age: terms.max_age,
        signed: terms.is_signed,
        once: terms.is_once,
        send_key: terms.sends_key,
        template: terms.template,
        settings: terms.settings,
        waiting: counts.waiting,
        done: counts.done,
        unknown: counts.unknown,
        dead: counts.dead,
        dropped: counts.dropped,
        created_at: forward.created_at,
    })
}

/// Makes a forward of a webhook.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such webhook; inside, why the forward cannot be so.
pub fn create(
    context: &mut WriteContext<'_>,
    vault: &Vault,
    actor: &Actor,
    webhook: &WebhookId,
    change: ForwardChange,
) -> Result<std::result::Result<ChangedForward, ForwardError>> {
    let all = forwards::list(context.connection)?;
    if all
        .iter()
        .filter(|forward| forward.webhook == *webhook)
        .count()
        >= MOST
    {
        return Ok(Err(ForwardError::TooMany));
    }
    let format = change.format.unwrap_or(ForwardFormat::AsReceived);
    let plain = ForwardTerms::plain(format);
    let new_secret = secret_of_signing()?;
    let planned = match plan(
        webhook,
        plain,
        Ok(Secrets::new()),
        change,
        new_secret,
        actor.at,
    ) {
        Ok(planned) => planned,
        Err(error) => return Ok(Err(error)),
    };
    let id = forwards::insert(context.connection, webhook, &planned.terms, actor.at)?;
    vault.keep(context.connection, owner_of(id), &planned.secrets)?;
    audit::note(
        context.connection,
        actor,
        Act::ForwardCreate,
        Some(&id.to_string()),
    )?;
    finish(context, vault, id, planned).map(Ok)
}

/// Changes a forward.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is none; inside, why it cannot be so.
pub fn change(
    context: &mut WriteContext<'_>,
    vault: &Vault,
    actor: &Actor,
    id: ForwardId,
    change: ForwardChange,
) -> Result<std::result::Result<ChangedForward, ForwardError>> {
    let stored = forwards::get(context.connection, id)?;
    let secrets = match vault.read(context.connection, owner_of(id)) {
        Err(error) if !error.is_loss() => return Err(error.into()),
        read => read,
    };
    let new_secret = secret_of_signing()?;
    let planned = match plan(
        &stored.webhook,
        stored.terms,
        secrets,
        change,
        new_secret,
        actor.at,
    ) {
        Ok(planned) => planned,
        Err(error) => return Ok(Err(error)),
    };
    forwards::update(context.connection, id, &planned.terms)?;
    vault.keep(context.connection, owner_of(id), &planned.secrets)?;
    audit::note(
        context.connection,
        actor,
        Act::ForwardChange,
        Some(&id.to_string()),
    )?;
    finish(context, vault, id, planned).map(Ok)
}

/// Has what was changed counted from the next alert on.
fn finish(
    context: &mut WriteContext<'_>,
    vault: &Vault,
    id: ForwardId,
    planned: Planned,
) -> Result<ChangedForward> {
    // What is remembered of forwards is of before.
    context.memory.forget();
    if let Some(is_on) = planned.switches {
        outbox::switch(context, &id.to_string(), is_on)?;
    }
    Ok(ChangedForward {
        forward: get(context.connection, vault, id, true)?,
        secret: planned.new_secret,
    })
}

/// Pauses a forward or has it pass alerts on again, which needs none of its secrets; true where
/// that changed anything.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is none.
pub fn pause(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    id: ForwardId,
    is_paused: bool,
) -> Result<bool> {
    let mut terms = forwards::get(context.connection, id)?.terms;
    if terms.is_paused == is_paused {
        return Ok(false);
    }
    terms.is_paused = is_paused;
    forwards::update(context.connection, id, &terms)?;
    audit::note(
        context.connection,
        actor,
        Act::ForwardChange,
        Some(&id.to_string()),
    )?;
    // What is remembered of forwards is of before.
    context.memory.forget();
    outbox::switch(context, &id.to_string(), !is_paused)?;
    Ok(true)
}

/// Removes a forward with what waits for it.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is none.
pub fn remove(context: &mut WriteContext<'_>, actor: &Actor, id: ForwardId) -> Result<()> {
    forwards::get(context.connection, id)?;
    forwards::remove(context.connection, id)?;
    context.memory.forget();
    audit::note(
        context.connection,
        actor,
        Act::ForwardRemove,
        Some(&id.to_string()),
    )
}

/// A forward as it is to be stored.
struct Planned {
    terms: ForwardTerms,
    secrets: Secrets,
    new_secret: Option<String>,
    /// New state of its lane, where it is switched on or off.
    switches: Option<bool>,
}

fn plan(
    webhook: &WebhookId,
    mut terms: ForwardTerms,
    secrets: std::result::Result<Secrets, VaultError>,
    change: ForwardChange,
    new_secret: String,
    now: Timestamp,
) -> std::result::Result<Planned, ForwardError> {
    let mut secrets = match secrets {
        Ok(secrets) => secrets,
        // Nothing is left of them; all are given again.
        Err(_) if change.url.is_some() => Secrets::new(),
        Err(error) => return Err(ForwardError::Lost(error)),
    };
    let was = terms.clone();
    if let Some(format) = change.format {
        if format != terms.format {
            secrets.retain(|name, _| !name.starts_with(names::OF_FORMAT));
            terms.settings.clear();
            terms.template = None;
        }
        terms.format = format;
    }
    terms.sends = change.when.unwrap_or(terms.sends);
    terms.max_age = change.max_age.unwrap_or(terms.max_age);
    terms.is_signed = change.signed.unwrap_or(terms.is_signed);
    terms.is_once = change.once.unwrap_or(terms.is_once);
    terms.sends_key = change.send_key.unwrap_or(terms.sends_key);
    terms.template = change.template.or(terms.template);
    terms.is_paused = change.paused.unwrap_or(terms.is_paused);
    for (name, value) in change.settings {
        let is_known = formats::is_known(terms.format, &name);
        let (kept, name) = if formats::is_secret(terms.format, &name) {
            (&mut secrets, format!("{}{name}", names::OF_FORMAT))
        } else {
            (&mut terms.settings, name)
        };
        match value {
            None if is_known => kept.remove(&name),
            // Without a value it is refused with the names that there are.
            value => kept.insert(name, value.unwrap_or_default()),
        };
    }
    if let Some(url) = change.url {
        terms.origin = origin_of(&url)?;
        let own = change.own_address.as_deref().map(origin_of).transpose()?;
        if own.as_ref() == Some(&terms.origin) && url.contains(webhook.as_str()) {
            return Err(ForwardError::LeadsBack);
        }
        secrets.insert(names::URL.to_owned(), url);
    }
    if !secrets.contains_key(names::URL) {
        return Err(ForwardError::Url);
    }
    check(&terms, &secrets)?;
    let new_secret = sign(&terms, &mut secrets, change.rotate_secret, new_secret, now)?;
    let switches = change.paused.map(|is_paused| !is_paused);
    let is_elsewhere = terms.origin != was.origin || switches.is_some();
    Ok(Planned {
        switches: switches
            .or(is_elsewhere.then_some(true))
            .filter(|is_on| !is_on || !terms.is_paused),
        terms,
        secrets,
        new_secret,
    })
}

fn check(terms: &ForwardTerms, secrets: &Secrets) -> std::result::Result<(), ForwardError> {
    let is_template = terms.format == ForwardFormat::Template;
    if is_template != terms.template.is_some() {
        return Err(ForwardError::TemplateMisplaced);
    }
    let is_of_bytes = matches!(
        terms.format,
        ForwardFormat::AsReceived | ForwardFormat::Template
    );
    if terms.sends == ForwardWhen::Event && !is_of_bytes {
        return Err(ForwardError::NotOfEvents);
    }
    if terms.sends_key && terms.format != ForwardFormat::AsReceived {
        return Err(ForwardError::KeyMisplaced);
    }
    let mut all = terms.settings.clone();
    let of_format = secrets.iter().filter_map(|(name, value)| {
        Some((
            name.strip_prefix(names::OF_FORMAT)?.to_owned(),
            value.clone(),
        ))
    });
    all.extend(of_format);
    formats::check(terms.format, &all)?;
    if let Some(template) = &terms.template {
        let template = Template::checked(template)?;
        let mut missing = template.secrets().filter(|name| !all.contains_key(*name));
        if let Some(name) = missing.next() {
            return Err(ForwardError::SecretMissing(name.to_owned()));
        }
    }
    Ok(())
}

/// A secret to sign messages with, should a new one be needed.
fn secret_of_signing() -> Result<String> {
    signing::new_secret().map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// Takes up a new secret to sign messages with, where one is needed.
fn sign(
    terms: &ForwardTerms,
    secrets: &mut Secrets,
    rotates: bool,
    new: String,
    now: Timestamp,
) -> std::result::Result<Option<String>, ForwardError> {
    if !terms.is_signed {
        secrets.retain(|name, _| !name.starts_with(names::SIGNING));
        return if rotates {
            Err(ForwardError::NotSigned)
        } else {
            Ok(None)
        };
    }
    if secrets.contains_key(names::SIGNING) && !rotates {
        return Ok(None);
    }
    if let Some(before) = secrets.insert(names::SIGNING.to_owned(), new.clone()) {
        secrets.insert(names::SIGNING_BEFORE.to_owned(), before);
        let until = (now + ROTATION).to_string();
        secrets.insert(names::SIGNING_BEFORE_UNTIL.to_owned(), until);
    }
    Ok(Some(new))
}

/// Scheme, host and port of an address.
fn origin_of(url: &str) -> std::result::Result<String, ForwardError> {
    let uri: Uri = url.parse().map_err(|_| ForwardError::Url)?;
    let scheme = uri
        .scheme_str()
        .filter(|scheme| ["http", "https"].contains(scheme));
    let authority = uri
        .authority()
        .filter(|authority| !authority.host().is_empty());
    let (Some(scheme), Some(authority)) = (scheme, authority) else {
        return Err(ForwardError::Url);
    };
    // What follows the host is a port from 1 to 65535, or nothing.
    let port = authority.as_str().strip_prefix(authority.host());
    let is_port = |port: &str| port.parse::<NonZeroU16>().is_ok();
    let has_port =
        port.is_some_and(|port| port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    if authority.as_str().contains('@') || !has_port || url.len() > LONGEST_URL {
        return Err(ForwardError::Url);
    }
    Ok(format!("{scheme}://{authority}"))
}
