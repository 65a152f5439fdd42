//! Webhooks: made, changed, rotated, tried, deleted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, created, no_content, ok};
use super::request::{ApiRequest, Page};
use crate::desk;
use crate::desk::explain::Explanation;
use crate::desk::notes::check_notes;
use crate::desk::webhooks::{NewAddress, Rejection, Webhook};
use crate::domain::webhook::{AuthKey, Settings, WebhookId, WebhookState, name_of};
use crate::ingest::LARGEST_BODY;
use crate::secrets::random_bytes;
use crate::store::webhooks::{self, StoredWebhook, WebhookChange};
use crate::store::{self, rejections};
use crate::templates::{self, Template};

/// A new webhook.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewWebhook {
    /// 1 to 100 printable characters.
    pub name: String,
}

/// A change of a webhook; fields that are left out stay.
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

/// Id, name and state of a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookName {
    /// `wh_` and 22 letters and digits.
    #[schema(value_type = String)]
    id: WebhookId,
    /// The name that its owner gave it.
    name: String,
    /// State; an active webhook makes orders of its alerts.
    state: WebhookState,
}

/// Content of a test alert.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestAlert {
    /// The template to fill in with example values; `strategy` where left out.
    pub template: Option<Template>,
    /// The message to send in place of a template, its placeholders filled in the same way.
    pub message: Option<String>,
}

/// The answer to a test alert.
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

/// The names of all webhooks, oldest first: for lists to choose from, without keys and settings.
#[utoipa::path(get, path = "/webhooks/names", tag = "webhooks",
    responses((status = 200, body = Page<WebhookName>)))]
pub(super) async fn list_names(context: &Context) -> Reply {
    let read = context.store.readers().run(webhooks::list);
    let names = read.await?.into_iter().map(|webhook| WebhookName {
        id: webhook.id,
        name: webhook.name,
        state: webhook.state,
    });
    Ok(ok(&Page {
        items: names.collect(),
        next_cursor: None,
    }))
}

/// Makes a webhook.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = NewWebhook,
    responses((status = 201, body = Webhook), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn create(context: &Context, request: &ApiRequest) -> Reply {
    let new: NewWebhook = request.json()?;
    let name = name_of(&new.name).map_err(|error| Problem::invalid(error.to_string()))?;
    let address = NewAddress::generate().map_err(Problem::no_randomness)?;
    let id = address.id.clone();
    let actor = request.actor(context.now());
    let create = context.store.writer().run(None, move |context| {
        desk::webhooks::create(context, &actor, &address, &name)
    });
    create.await?;
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
    responses((status = 200, body = Webhook), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn change(context: &Context, request: &ApiRequest) -> Reply {
    let id: WebhookId = request.path_id()?;
    let patch: WebhookPatch = request.json()?;
    check_notes(patch.notes.as_deref()).map_err(|error| Problem::invalid(error.to_string()))?;
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
    let change = move |stored: &StoredWebhook| -> Result<WebhookChange, Problem> {
        let changed = settings.map(|changed| merged(&stored.settings, changed));
        Ok(WebhookChange {
            name,
            notes,
            state,
            settings: changed.transpose()?,
            auth_key: None,
        })
    };
    let (actor, wanted) = (request.actor(context.now()), id.clone());
    let write = context.store.writer().run(None, move |context| {
        desk::webhooks::change(context, &actor, &wanted, change)
    });
    write.await??;
    context.reload().await?;
    Ok(ok(&shown(context, id, true).await?))
}

/// Gives a webhook a new key; alerts with the old one are refused from now on.
#[utoipa::path(post, path = "/webhooks/{id}/rotate-key", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, body = Webhook), (status = 404, body = Problem)))]
pub(super) async fn rotate_key(context: &Context, request: &ApiRequest) -> Reply {
    let key = AuthKey::generate(random_bytes).map_err(Problem::no_randomness)?;
    let id: WebhookId = request.path_id()?;
    let (actor, wanted) = (request.actor(context.now()), id.clone());
    let rotate = context.store.writer().run(None, move |context| {
        desk::webhooks::rotate_key(context, &actor, &wanted, key)
    });
    rotate.await?;
    context.forget_deleted();
    context.reload().await?;
    Ok(ok(&shown(context, id, true).await?))
}

/// Deletes a webhook with its events and orders.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn delete(context: &Context, request: &ApiRequest) -> Reply {
    let id: WebhookId = request.path_id()?;
    let actor = request.actor(context.now());
    let delete = context
        .store
        .writer()
        .run_removal(move |context| desk::webhooks::delete(context, &actor, &id));
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
    let answer = context
        .try_out(&webhook, message, request.client.address)
        .await;
    Ok(ok(&TestResult {
        status: answer.status.as_u16(),
        answer: serde_json::from_slice(&answer.body).unwrap_or_default(),
    }))
}

/// A message to explain.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Message {
    /// The message, as TradingView would send it or with its placeholders, which get example
    /// values.
    pub message: String,
}

/// Says what a message would come to at a webhook, and where each field is from. Nothing is
/// recorded.
#[utoipa::path(post, path = "/webhooks/{id}/explain", tag = "webhooks", params(("id" = String, Path)),
    request_body = Message,
    responses((status = 200, body = Explanation), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn explain(context: &Context, request: &ApiRequest) -> Reply {
    let id: WebhookId = request.path_id()?;
    let Message { message } = request.json()?;
    if message.len() > LARGEST_BODY {
        let detail = format!("the message is larger than {LARGEST_BODY} bytes");
        return Err(Problem::invalid(detail));
    }
    let now = context.now();
    let read = context.store.readers().run(move |connection| {
        let webhook = webhooks::get(connection, &id)?;
        desk::explain::explain(Some((connection, &webhook)), message.as_bytes(), now)
    });
    Ok(ok(&read.await?))
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
