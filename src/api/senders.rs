//! The senders of alerts, and the client certificates that count as TradingView's.

use std::net::IpAddr;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, no_content, ok};
use super::request::ApiRequest;
use crate::domain::sender::{SenderPolicy, Senders};
use crate::ingest::issuer_from_der;
use crate::store::senders::{self, Issuer as StoredIssuer};
use crate::store::{WriteContext, audit};

/// Addresses that the list has at most.
const MOST_ADDRESSES: usize = 256;

/// The setting, and the issuers that it can rely on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SenderSettings {
    /// The senders of a webhook that names none.
    #[serde(flatten)]
    pub senders: Senders,
    /// Every issuer that was seen.
    pub issuers: Vec<Issuer>,
}

/// A key that signed a client certificate.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Issuer {
    /// SHA-256 of the key.
    pub fingerprint: String,
    /// The key's owner, as its certificate says.
    pub name: String,
    /// When it was seen first.
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: Timestamp,
    /// When the owner confirmed it; null until then.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub pinned_at: Option<Timestamp>,
}

impl From<StoredIssuer> for Issuer {
    fn from(stored: StoredIssuer) -> Self {
        Self {
            fingerprint: stored.fingerprint,
            name: stored.name,
            seen_at: stored.seen_at,
            pinned_at: stored.pinned_at,
        }
    }
}

/// A change of the senders; fields that are left out stay.
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
        if texts.len() > MOST_ADDRESSES {
            let detail = format!("addresses: at most {MOST_ADDRESSES} of them");
            return Err(Problem::invalid(detail));
        }
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
    let read = context.store.readers().run(|connection| {
        Ok(SenderSettings {
            senders: senders::get(connection)?,
            issuers: senders::issuers(connection)?
                .into_iter()
                .map(Issuer::from)
                .collect(),
        })
    });
    Ok(ok(&read.await?))
}

/// Changes who may send alerts. `certificate` needs a pinned issuer.
#[utoipa::path(patch, path = "/senders", tag = "senders", request_body = SenderChange,
    responses((status = 200, body = SenderSettings), (status = 409, body = Problem)))]
pub(super) async fn change(context: &Context, request: &ApiRequest) -> Reply {
    let change: SenderChange = request.json()?;
    let addresses = change.addresses()?;
    let actor = request.actor(context.now());
    let write = context.store.writer().run(None, move |context| {
        let mut senders = senders::get(context.connection)?;
        senders.policy = change.policy.unwrap_or(senders.policy);
        senders.addresses = addresses.unwrap_or(senders.addresses);
        senders::check(context.connection, Some(senders.policy))?;
        senders::set(context, &senders)?;
        audit::note(
            context,
            &actor,
            "senders.change",
            Some(senders.policy.as_str()),
        )
    });
    write.await?;
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
    let write = move |context: &mut WriteContext<'_>| {
        senders::note_issuer(context, &issuer)?;
        senders::pin(context, &issuer.fingerprint, actor.at)?;
        audit::note(context, &actor, "issuer.pin", Some(&issuer.fingerprint))
    };
    context.store.writer().run(None, write).await?;
    context.reload().await?;
    Ok(no_content())
}

/// Confirms that an issuer that was seen is TradingView's.
#[utoipa::path(post, path = "/senders/issuers/{id}/pin", tag = "senders", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn pin(context: &Context, request: &ApiRequest) -> Reply {
    let (fingerprint, actor) = (request.id.clone(), request.actor(context.now()));
    let write = move |context: &mut WriteContext<'_>| {
        senders::pin(context, &fingerprint, actor.at)?;
        audit::note(context, &actor, "issuer.pin", Some(&fingerprint))
    };
    context.store.writer().run(None, write).await?;
    context.reload().await?;
    Ok(no_content())
}

/// Forgets an issuer; not the last pinned one while certificates are demanded.
#[utoipa::path(delete, path = "/senders/issuers/{id}", tag = "senders", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn forget(context: &Context, request: &ApiRequest) -> Reply {
    let (fingerprint, actor) = (request.id.clone(), request.actor(context.now()));
    let write = move |context: &mut WriteContext<'_>| {
        senders::forget(context, &fingerprint)?;
        audit::note(context, &actor, "issuer.forget", Some(&fingerprint))
    };
    context.store.writer().run(None, write).await?;
    context.reload().await?;
    Ok(no_content())
}

/// The issuer whose certificate this is, as PEM.
#[must_use]
pub fn issuer_of_pem(pem: &[u8], now: Timestamp) -> Option<StoredIssuer> {
    let der = CertificateDer::from_pem_slice(pem).ok()?;
    issuer_from_der(&der, now)
}
