//! Forwards: where the alerts of webhooks are passed on to.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::ToSchema;

use super::channels::given;
use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, created, no_content, ok};
use super::request::{ApiRequest, Page};
use crate::desk::forwards::{self, ChangedForward, Forward, ForwardChange, ForwardError};
use crate::domain::forward::{ForwardFormat, ForwardId, ForwardWhen, MaxAge};
use crate::domain::webhook::WebhookId;

/// A new forward.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewForward {
    /// The webhook whose alerts are passed on.
    webhook: String,
    /// The receiver's address, with `https://`.
    url: String,
    /// The form in which alerts are passed on; `as-received` where left out.
    format: Option<ForwardFormat>,
    /// The alerts that are passed on: `order` (those that make one, the default) or `event`.
    when: Option<ForwardWhen>,
    /// Seconds after which an alert is not passed on any more, or `"off"`; 60 where left out, `off`
    /// for the format `algohook`.
    max_age: Option<MaxAge>,
    /// Sign messages as Standard Webhooks says.
    signed: Option<bool>,
    /// Never send a message again of which it is not known whether it arrived.
    once: Option<bool>,
    /// Leave the webhook's key in the bytes as received.
    send_key: Option<bool>,
    /// The text to send, for the format `template`.
    template: Option<String>,
    /// The format's own settings and secrets, by name.
    #[serde(default)]
    settings: BTreeMap<String, String>,
}

impl NewForward {
    fn into_change(self, own_address: &str) -> Result<(WebhookId, ForwardChange), Problem> {
        let webhook = self.webhook.parse();
        let webhook = webhook.map_err(|error| Problem::invalid(format!("webhook: {error}")))?;
        let change = ForwardChange {
            url: Some(self.url),
            format: self.format,
            when: self.when,
            max_age: self.max_age,
            signed: self.signed,
            once: self.once,
            send_key: self.send_key,
            template: self.template,
            settings: given(self.settings),
            paused: None,
            rotate_secret: false,
            own_address: Some(own_address.to_owned()),
        };
        Ok((webhook, change))
    }
}

impl From<ForwardError> for Problem {
    fn from(error: ForwardError) -> Self {
        Self::invalid(error.to_string())
    }
}

/// Every forward, oldest first.
#[utoipa::path(get, path = "/forwards", tag = "forwards", responses((status = 200, body = Page<Forward>)))]
pub(super) async fn list(context: &Context, request: &ApiRequest) -> Reply {
    let (vault, with_keys) = (context.vault.clone(), request.may_see_keys());
    let readers = context.store.readers();
    let read = readers.run(move |connection| forwards::list(connection, &vault, with_keys));
    Ok(ok(&Page {
        items: read.await?,
        next_cursor: None,
    }))
}

/// Passes the alerts of a webhook on.
#[utoipa::path(post, path = "/forwards", tag = "forwards", request_body = NewForward,
    responses((status = 201, body = ChangedForward), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn create(context: &Context, request: &ApiRequest) -> Reply {
    let (webhook, change) = request
        .json::<NewForward>()?
        .into_change(&context.base_url)?;
    let (actor, vault) = (request.actor(context.now()), context.vault.clone());
    let write = context.store.writer().run(None, move |context| {
        forwards::create(context, &vault, &actor, &webhook, change)
    });
    let made: ChangedForward = write.await??;
    Ok(created(&made))
}

/// One forward.
#[utoipa::path(get, path = "/forwards/{id}", tag = "forwards", params(("id" = String, Path)),
    responses((status = 200, body = Forward), (status = 404, body = Problem)))]
pub(super) async fn get(context: &Context, request: &ApiRequest) -> Reply {
    let id: ForwardId = request.path_id()?;
    let (vault, with_keys) = (context.vault.clone(), request.may_see_keys());
    let readers = context.store.readers();
    let read = readers.run(move |connection| forwards::get(connection, &vault, id, with_keys));
    Ok(ok(&read.await?))
}

/// Changes a forward; fields that are left out stay.
#[utoipa::path(patch, path = "/forwards/{id}", tag = "forwards", params(("id" = String, Path)),
    request_body = ForwardChange,
    responses((status = 200, body = ChangedForward), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn change(context: &Context, request: &ApiRequest) -> Reply {
    let id: ForwardId = request.path_id()?;
    let change = ForwardChange {
        own_address: Some(context.base_url.clone()),
        ..request.json()?
    };
    let (actor, vault) = (request.actor(context.now()), context.vault.clone());
    let write = context.store.writer().run(None, move |context| {
        forwards::change(context, &vault, &actor, id, change)
    });
    let changed: ChangedForward = write.await??;
    Ok(ok(&changed))
}

/// Removes a forward with what waits for it.
#[utoipa::path(delete, path = "/forwards/{id}", tag = "forwards", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn remove(context: &Context, request: &ApiRequest) -> Reply {
    let id: ForwardId = request.path_id()?;
    let actor = request.actor(context.now());
    let write = context
        .store
        .writer()
        .run(None, move |context| forwards::remove(context, &actor, id));
    write.await?;
    Ok(no_content())
}
