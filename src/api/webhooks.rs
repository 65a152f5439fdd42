//! Webhooks: made, changed, rotated, tried, deleted.

use hyper::StatusCode;
use jiff::Timestamp;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, created, no_content, ok};
use super::request::{ApiRequest, Page};
use crate::domain::instrument::Instrument;
use crate::domain::terms::MissingPointValue;
use crate::domain::webhook::{AuthKey, Settings, WebhookId, WebhookState, name_of};
use crate::secrets::random_bytes;
use crate::store::rejections::RejectionReason;
use crate::store::webhooks::{self, StoredWebhook, WebhookChange};
use crate::store::{self, audit, positions, rejections};
use crate::templates::{self, Template};

/// Characters that the notes on a webhook have at most.
const LONGEST_NOTES: usize = 10_000;

/// A webhook, with all that its owner needs to set up an alert.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// `wh_` and 22 letters and digits.
    #[schema(value_type = String)]
    pub id: WebhookId,
    /// The name that its owner gave it.
    pub name: String,
    /// Where its alerts are posted to.
    pub url: String,
    /// The secret that its alerts carry.
    pub auth_key: String,
    /// Whether its alerts become orders.
    pub state: WebhookState,
    /// The owner's notes.
    pub notes: String,
    /// What its strategy trades with.
    pub settings: Settings,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Events recorded.
    pub events: i64,
    /// When the newest of them was received.
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
    /// What one contract gains when the price rises by 1, by its exchange's specification.
    pub point_value: String,
    /// What its profit is counted by now.
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
            url: url_of(base, &stored.id),
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

/// Where the alerts of a webhook are posted to.
#[must_use]
pub fn url_of(base: &str, id: &WebhookId) -> String {
    format!("{base}/hooks/{id}")
}

/// A new webhook.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewWebhook {
    /// 1 to 100 printable characters.
    pub name: String,
}

/// What is to be different about a webhook; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookPatch {
    /// A new name.
    pub name: Option<String>,
    /// New notes.
    pub notes: Option<String>,
    /// A new state.
    pub state: Option<WebhookState>,
    /// Settings to change; those left out stay as they are.
    #[schema(value_type = Option<Settings>)]
    pub settings: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A request that was turned away without an event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rejection {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub rejected_at: Timestamp,
    /// Why.
    pub reason: RejectionReason,
    /// Who sent it.
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

/// What a test alert is to be made of.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestAlert {
    /// The template to fill in with example values; `strategy` where left out.
    pub template: Option<Template>,
    /// The message to send in place of a template, its placeholders filled in the same way.
    pub message: Option<String>,
}

/// What a test alert was answered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// The HTTP status that TradingView would have got.
    pub status: u16,
    /// The JSON that TradingView would have got.
    #[schema(value_type = Object)]
    pub answer: serde_json::Value,
}

/// All webhooks, oldest first.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks",
    responses((status = 200, body = Page<Webhook>)))]
pub(super) async fn list(context: &Context, request: &ApiRequest) -> Reply {
    let with_key = request.may_see_keys();
    let base = context.base_url.clone();
    let read = context.store.readers().run(move |connection| {
        let stored = webhooks::list(connection)?;
        let shown = stored
            .into_iter()
            .map(|webhook| Webhook::of(connection, visible(webhook, with_key), &base));
        shown.collect::<store::Result<Vec<_>>>()
    });
    Ok(ok(&Page {
        items: read.await?,
        next_cursor: None,
    }))
}

/// Makes a webhook.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = NewWebhook,
    responses((status = 201, body = Webhook), (status = 422, body = Problem)))]
pub(super) async fn create(context: &Context, request: &ApiRequest) -> Reply {
    let new: NewWebhook = request.json()?;
    let name = name_of(&new.name).map_err(|error| Problem::invalid(error.to_string()))?;
    let id = WebhookId::generate(random_bytes).map_err(no_randomness)?;
    let key = AuthKey::generate(random_bytes).map_err(no_randomness)?;
    let actor = request.actor(context.now());
    let wanted = id.clone();
    let insert = context.store.writer().run(None, move |context| {
        webhooks::insert(context, &wanted, &name, &key, actor.at)?;
        audit::note(context, &actor, "webhook.create", Some(wanted.as_str()))
    });
    insert.await?;
    context.reload().await?;
    Ok(created(&shown(context, id, true).await?))
}

/// One webhook.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, body = Webhook), (status = 404, body = Problem)))]
pub(super) async fn get(context: &Context, request: &ApiRequest) -> Reply {
    let with_key = request.may_see_keys();
    Ok(ok(&shown(context, request.path_id()?, with_key).await?))
}

/// Changes a webhook.
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    request_body = WebhookPatch,
    responses((status = 200, body = Webhook), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn change(context: &Context, request: &ApiRequest) -> Reply {
    let id: WebhookId = request.path_id()?;
    let patch: WebhookPatch = request.json()?;
    let notes_are_short = |notes: &String| notes.chars().count() <= LONGEST_NOTES;
    if !patch.notes.as_ref().is_none_or(notes_are_short) {
        let detail = format!("notes must have at most {LONGEST_NOTES} characters");
        return Err(Problem::invalid(detail));
    }
    let name = match &patch.name {
        Some(name) => Some(name_of(name).map_err(|error| Problem::invalid(error.to_string()))?),
        None => None,
    };
    let WebhookPatch {
        notes,
        state,
        settings,
        ..
    } = patch;
    let change = move |stored: &StoredWebhook| {
        let changed = settings.map(|changed| merged(&stored.settings, changed));
        Ok(WebhookChange {
            name,
            notes,
            state,
            settings: changed.transpose()?,
            auth_key: None,
        })
    };
    apply(context, request, id, change, "webhook.change").await
}

/// Gives a webhook a new key; alerts with the old one are refused from now on.
#[utoipa::path(post, path = "/webhooks/{id}/rotate-key", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, body = Webhook), (status = 404, body = Problem)))]
pub(super) async fn rotate_key(context: &Context, request: &ApiRequest) -> Reply {
    let key = AuthKey::generate(random_bytes).map_err(no_randomness)?;
    let change = WebhookChange {
        auth_key: Some(key),
        ..WebhookChange::default()
    };
    let id = request.path_id()?;
    let rotated = apply(context, request, id, |_| Ok(change), "webhook.rotate-key").await;
    context.forget_deleted();
    rotated
}

/// Deletes a webhook with its events and orders.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn delete(context: &Context, request: &ApiRequest) -> Reply {
    let id: WebhookId = request.path_id()?;
    let actor = request.actor(context.now());
    let delete = context.store.writer().run(None, move |context| {
        webhooks::delete(context, &id, actor.at)?;
        audit::note(context, &actor, "webhook.delete", Some(id.as_str()))
    });
    delete.await?;
    context.forget_deleted();
    context.reload().await?;
    Ok(no_content())
}

/// The last requests that were turned away without an event, newest first.
#[utoipa::path(get, path = "/webhooks/{id}/rejections", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, body = Page<Rejection>), (status = 404, body = Problem)))]
pub(super) async fn list_rejections(context: &Context, request: &ApiRequest) -> Reply {
    let id: WebhookId = request.path_id()?;
    let read = context.store.readers().run(move |connection| {
        let webhook = webhooks::get(connection, &id)?;
        rejections::list(connection, webhook.row)
    });
    let items = read.await?.into_iter().map(Rejection::from);
    Ok(ok(&Page {
        items: items.collect(),
        next_cursor: None,
    }))
}

/// Sends an alert to a webhook as TradingView would, and tells what it was
/// answered. It is recorded and limited as an alert is, but makes no order.
#[utoipa::path(post, path = "/webhooks/{id}/test", tag = "webhooks", params(("id" = String, Path)),
    request_body = Option<TestAlert>,
    responses((status = 200, body = TestResult), (status = 404, body = Problem)))]
pub(super) async fn test(context: &Context, request: &ApiRequest) -> Reply {
    let id: WebhookId = request.path_id()?;
    let alert: TestAlert = if request.body.is_empty() {
        TestAlert::default()
    } else {
        request.json()?
    };
    let wanted = id.clone();
    let read = context
        .store
        .readers()
        .run(move |connection| webhooks::get(connection, &wanted));
    let webhook = read.await?;
    let template = alert.template.unwrap_or(Template::Strategy);
    let message = match alert.message {
        Some(message) => templates::fill(&message, &webhook.auth_key, context.now()),
        None => template.example(&webhook.auth_key, context.now()),
    };
    let answer = context.try_out(&id, message, request.client.address).await;
    Ok(ok(&TestResult {
        status: answer.status.as_u16(),
        answer: serde_json::from_slice(&answer.body).unwrap_or_default(),
    }))
}

/// Makes the change that `change` finds for the webhook as it is. Both are one job of
/// the writer, so that no change in between is lost.
async fn apply(
    context: &Context,
    request: &ApiRequest,
    id: WebhookId,
    change: impl FnOnce(&StoredWebhook) -> Result<WebhookChange, Problem> + Send + 'static,
    action: &'static str,
) -> Reply {
    let actor = request.actor(context.now());
    let wanted = id.clone();
    let write = context.store.writer().run(None, move |context| {
        match change(&webhooks::get(context.connection, &wanted)?) {
            Ok(change) => webhooks::change(context, &wanted, change)?,
            Err(problem) => return Ok(Err(problem)),
        };
        audit::note(context, &actor, action, Some(wanted.as_str()))?;
        Ok(Ok(()))
    });
    write.await??;
    context.reload().await?;
    Ok(ok(&shown(context, id, true).await?))
}

/// Settings with some of them changed.
fn merged(
    settings: &Settings,
    changed: serde_json::Map<String, serde_json::Value>,
) -> Result<Settings, Problem> {
    let unusable = |error: serde_json::Error| {
        Problem::invalid(format!("settings: {error}"))
            .hint("/api/v1/openapi.json describes every setting")
    };
    let mut settings = serde_json::to_value(settings).map_err(unusable)?;
    if let Some(settings) = settings.as_object_mut() {
        settings.extend(changed);
    }
    let settings: Settings = serde_json::from_value(settings).map_err(unusable)?;
    settings.validate()?;
    Ok(settings)
}

async fn shown(context: &Context, id: WebhookId, with_key: bool) -> Result<Webhook, Problem> {
    let base = context.base_url.clone();
    let read = context.store.readers().run(move |connection| {
        let stored = webhooks::get(connection, &id)?;
        Webhook::of(connection, visible(stored, with_key), &base)
    });
    Ok(read.await?)
}

/// A webhook without its key for those who may only look.
fn visible(stored: StoredWebhook, with_key: bool) -> StoredWebhook {
    if with_key {
        return stored;
    }
    StoredWebhook {
        auth_key: AuthKey::from_stored("***".to_owned()),
        ..stored
    }
}

/// The operating system gave no random bytes.
pub(super) fn no_randomness(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "the operating system gave no random bytes");
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "unavailable",
        "the operating system gives no random bytes now",
    )
}
