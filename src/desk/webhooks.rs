//! Webhooks: made, changed, rotated, deleted, and as they are shown.

use crate::journal;
use crate::store::Connection;
use jiff::Timestamp;
use rand::rngs::SysError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::instrument::Instrument;
use crate::domain::terms::MissingPointValue;
use crate::domain::webhook::{AuthKey, Settings, WebhookId, WebhookState};
use crate::secrets::random_bytes;
use crate::store::audit::{self, Act, Actor};
use crate::store::rejections::{self, RejectionReason};
use crate::store::webhooks::{self, StoredWebhook, WebhookChange};
use crate::store::{self, Result, WriteContext, positions};
use crate::templates::Template;

/// A webhook, with all that its owner needs to set up an alert.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// `wh_` and 22 letters and digits.
    #[schema(value_type = String)]
    pub id: WebhookId,
    /// The name that its owner gave it.
    pub name: String,
    /// Address that its alerts are posted to, with the key where `settings.keyInPath` is set.
    pub url: String,
    /// The secret that its alerts carry.
    pub auth_key: String,
    /// State; an active webhook makes orders of its alerts.
    pub state: WebhookState,
    /// The owner's notes.
    pub notes: String,
    /// The settings of its strategy.
    pub settings: Settings,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Events recorded.
    pub events: i64,
    /// Time of the newest of them.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_event_at: Option<Timestamp>,
    /// The message to paste into an alert, by template.
    pub messages: Messages,
    /// Futures that it trades and that `settings.pointValues` says nothing of, though their
    /// exchange gives them another point value than the one used.
    pub proposed_point_values: Vec<ProposedPointValue>,
}

/// The point value of a future, to be confirmed in `settings.pointValues`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProposedPointValue {
    /// The instrument.
    pub ticker: String,
    /// The gain of one contract when the price rises by 1, by its exchange's specification.
    pub point_value: String,
    /// The point value that its profit is counted by now.
    pub used: String,
}

impl ProposedPointValue {
    fn of((instrument, missing): &(Instrument, MissingPointValue)) -> Self {
        Self {
            ticker: instrument.as_str().to_owned(),
            point_value: missing.known.normalize().to_string(),
            used: missing.used.normalize().to_string(),
        }
    }
}

/// Filled-in alert messages, ready to copy.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Messages {
    /// One for all orders of a strategy.
    pub strategy: String,
    /// For one kind of order of a strategy, named in the message.
    pub standard: String,
    /// For the alert of an indicator or a price.
    pub indicator: String,
}

impl Messages {
    /// The messages with a webhook's key.
    fn with(key: &AuthKey) -> Self {
        Self {
            strategy: Template::Strategy.message(key),
            standard: Template::Standard.message(key),
            indicator: Template::Indicator.message(key),
        }
    }

    /// The message of a template.
    #[must_use]
    pub fn of(&self, template: Template) -> &str {
        match template {
            Template::Strategy => &self.strategy,
            Template::Standard => &self.standard,
            Template::Indicator => &self.indicator,
        }
    }
}

impl Webhook {
    /// A stored webhook as the API shows it; `base` is where alerts are sent to.
    ///
    /// # Errors
    ///
    /// [`store::StoreError`] where the database cannot be read.
    pub fn of(connection: &Connection, stored: StoredWebhook, base: &str) -> store::Result<Self> {
        let activity = webhooks::activity(connection, stored.row)?;
        let missing = positions::missing_point_values(connection, &stored)?;
        Ok(Self {
            url: alert_url(base, &stored),
            id: stored.id,
            name: stored.name,
            auth_key: stored.auth_key.reveal().to_owned(),
            state: stored.state,
            notes: stored.notes,
            settings: stored.settings,
            created_at: stored.created_at,
            events: activity.events,
            last_event_at: activity.last_event_at,
            messages: Messages::with(&stored.auth_key),
            proposed_point_values: missing.iter().map(ProposedPointValue::of).collect(),
        })
    }
}

/// Address that the alerts of a webhook are posted to.
#[must_use]
pub fn url_of(base: &str, id: &WebhookId) -> String {
    format!("{base}/hooks/{id}")
}

/// The URL to paste into an alert, with the key where the webhook takes it from there.
#[must_use]
pub fn alert_url(base: &str, webhook: &StoredWebhook) -> String {
    let url = url_of(base, &webhook.id);
    if webhook.settings.key_in_path {
        return format!("{url}/{}", webhook.auth_key.reveal());
    }
    url
}

/// A request that was turned away without an event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rejection {
    /// Time of the rejection.
    #[schema(value_type = String, format = DateTime)]
    pub rejected_at: Timestamp,
    /// Reason for it.
    pub reason: RejectionReason,
    /// The sender's address.
    pub source_address: String,
    /// The size of a body that was too large, in bytes, where it is known.
    pub size: Option<u64>,
}

impl From<rejections::Rejection> for Rejection {
    fn from(stored: rejections::Rejection) -> Self {
        Self {
            rejected_at: stored.rejected_at,
            reason: stored.reason,
            source_address: stored.source_address.to_string(),
            size: stored.size,
        }
    }
}

/// The id and the key of a webhook that is to be made.
#[derive(Debug, Clone)]
pub struct NewAddress {
    /// Its id.
    pub id: WebhookId,
    /// Its key.
    pub key: AuthKey,
}

impl NewAddress {
    /// Generates both.
    ///
    /// # Errors
    ///
    /// The system's, where it gives no random bytes.
    pub fn generate() -> std::result::Result<Self, SysError> {
        Ok(Self {
            id: WebhookId::generate(random_bytes)?,
            key: AuthKey::generate(random_bytes)?,
        })
    }
}

/// Makes a webhook.
///
/// # Errors
///
/// [`store::StoreError::Unavailable`] where nothing could be written.
pub fn create(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    address: &NewAddress,
    name: &str,
) -> Result<()> {
    let NewAddress { id, key } = address;
    webhooks::insert(context.connection, id, name, key, actor.at)?;
    audit::note(
        context.connection,
        actor,
        Act::WebhookCreate,
        Some(id.as_str()),
    )
}

/// Makes the change that `change` finds for the webhook as it is: no change in between is
/// lost.
///
/// # Errors
///
/// [`store::StoreError::NotFound`] where there is no such webhook; inside, the error of
/// `change`, after which nothing is changed.
pub fn change<E>(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    id: &WebhookId,
    change: impl FnOnce(&StoredWebhook) -> std::result::Result<WebhookChange, E>,
) -> Result<std::result::Result<StoredWebhook, E>> {
    let change = match change(&webhooks::get(context.connection, id)?) {
        Ok(change) => change,
        Err(error) => return Ok(Err(error)),
    };
    let changed = journal::webhooks::change(context, id, change)?;
    audit::note(
        context.connection,
        actor,
        Act::WebhookChange,
        Some(id.as_str()),
    )?;
    Ok(Ok(changed))
}

/// Gives a webhook a new key; alerts with the old one are refused from now on.
///
/// # Errors
///
/// [`store::StoreError::NotFound`] where there is no such webhook.
pub fn rotate_key(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    id: &WebhookId,
    key: AuthKey,
) -> Result<()> {
    let change = WebhookChange {
        auth_key: Some(key),
        ..WebhookChange::default()
    };
    journal::webhooks::change(context, id, change)?;
    audit::note(
        context.connection,
        actor,
        Act::WebhookRotateKey,
        Some(id.as_str()),
    )
}

/// Deletes a webhook with its events and orders.
///
/// # Errors
///
/// [`store::StoreError::NotFound`] where there is no such webhook.
pub fn delete(context: &mut WriteContext<'_>, actor: &Actor, id: &WebhookId) -> Result<()> {
    webhooks::delete(context.connection, id, actor.at)?;
    audit::note(
        context.connection,
        actor,
        Act::WebhookDelete,
        Some(id.as_str()),
    )
}
