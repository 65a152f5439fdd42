//! The senders of alerts, and the client certificates that count as TradingView's.

use std::net::IpAddr;

use serde::Deserialize;
use utoipa::ToSchema;

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, no_content, ok};
use super::request::ApiRequest;
use crate::desk::senders::{self, Change, SenderSettings, issuer_of_pem};
use crate::domain::sender::SenderPolicy;
use crate::store::WriteContext;

/// A change of a webhook's senders; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SenderChange {
    /// `any`, `address` or `certificate`.
    #[schema(value_type = Option<String>)]
    policy: Option<SenderPolicy>,
    /// The addresses that TradingView sends from, at most 256.
    addresses: Option<Vec<String>>,
}

impl SenderChange {
    fn addresses(&self) -> Result<Option<Vec<IpAddr>>, Problem> {
        let Some(texts) = &self.addresses else {
            return Ok(None);
        };
        let address = |text: &String| {
            let shown: String = text.chars().take(40).collect();
            let is_none = |_| Problem::invalid(format!("addresses: \"{shown}\" is no IP address"));
            text.parse().map_err(is_none)
        };
        let addresses: Result<_, Problem> = texts.iter().map(address).collect();
        addresses.map(Some)
    }
}

/// A certificate to pin the key of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssuerCertificate {
    /// The issuer's certificate, as PEM.
    certificate: String,
}

/// The senders of alerts.
#[utoipa::path(get, path = "/senders", tag = "senders",
    responses((status = 200, body = SenderSettings)))]
pub(super) async fn get(context: &Context, _request: &ApiRequest) -> Reply {
    let settings: SenderSettings = context.store.readers().run(senders::settings).await?;
    Ok(ok(&settings))
}

/// Changes who may send alerts. `certificate` needs a pinned issuer.
#[utoipa::path(patch, path = "/senders", tag = "senders", request_body = SenderChange,
    responses((status = 200, body = SenderSettings), (status = 409, body = Problem)))]
pub(super) async fn change(context: &Context, request: &ApiRequest) -> Reply {
    let change: SenderChange = request.json()?;
    let change = Change::new(change.policy, change.addresses()?)
        .map_err(|error| Problem::invalid(error.to_string()))?;
    let actor = request.actor(context.now());
    let write = move |context: &mut WriteContext<'_>| senders::change(context, &actor, change);
    context.store.writer().run(None, write).await?;
    context.reload().await?;
    get(context, request).await
}

/// Pins the key of an issuer's certificate.
#[utoipa::path(post, path = "/senders/issuers", tag = "senders", request_body = IssuerCertificate,
    responses((status = 204), (status = 422, body = Problem)))]
pub(super) async fn add(context: &Context, request: &ApiRequest) -> Reply {
    let IssuerCertificate { certificate } = request.json()?;
    let issuer = issuer_of_pem(certificate.as_bytes(), context.now())
        .ok_or_else(|| Problem::invalid("certificate: this is no certificate in PEM form"))?;
    let actor = request.actor(context.now());
    let write = move |context: &mut WriteContext<'_>| senders::pin_new(context, &actor, &issuer);
    context.store.writer().run(None, write).await?;
    context.reload().await?;
    Ok(no_content())
}

/// Confirms that an issuer that was seen is TradingView's.
#[utoipa::path(post, path = "/senders/issuers/{id}/pin", tag = "senders", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn pin(context: &Context, request: &ApiRequest) -> Reply {
    let (fingerprint, actor) = (request.id.clone(), request.actor(context.now()));
    let write = move |context: &mut WriteContext<'_>| senders::pin(context, &actor, &fingerprint);
    context.store.writer().run(None, write).await?;
    context.reload().await?;
    Ok(no_content())
}

/// Forgets an issuer; not the last pinned one while certificates are demanded.
#[utoipa::path(delete, path = "/senders/issuers/{id}", tag = "senders", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn forget(context: &Context, request: &ApiRequest) -> Reply {
    let (fingerprint, actor) = (request.id.clone(), request.actor(context.now()));
    let write =
        move |context: &mut WriteContext<'_>| senders::forget(context, &actor, &fingerprint);
    context.store.writer().run(None, write).await?;
    context.reload().await?;
    Ok(no_content())
}
