//! The senders of alerts, and the client certificates that count as TradingView's.

use std::net::IpAddr;

use crate::store::Connection;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::sender::{SenderPolicy, Senders};
use crate::ingest::issuer_from_der;
use crate::store::audit::{self, Act, Actor};
use crate::store::senders::{self, Issuer as StoredIssuer};
use crate::store::{Result, WriteContext};

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
    /// Time at which it was first seen.
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: Timestamp,
    /// Time at which the owner confirmed it; null until then.
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

/// The setting as it is.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn settings(connection: &Connection) -> Result<SenderSettings> {
    let issuers = senders::issuers(connection)?;
    Ok(SenderSettings {
        senders: senders::get(connection)?,
        issuers: issuers.into_iter().map(Issuer::from).collect(),
    })
}

/// Addresses that the list has at most.
const MOST_ADDRESSES: usize = 256;

/// A list of addresses that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("addresses: at most {MOST_ADDRESSES} of them")]
pub struct TooManyAddresses;

/// A change of the senders.
#[derive(Debug, Clone)]
pub struct Change {
    policy: Option<SenderPolicy>,
    addresses: Option<Vec<IpAddr>>,
}

impl Change {
    /// The senders whose alerts are taken, and the addresses that TradingView sends from; what
    /// is left out stays.
    ///
    /// # Errors
    ///
    /// [`TooManyAddresses`].
    pub fn new(
        policy: Option<SenderPolicy>,
        addresses: Option<Vec<IpAddr>>,
    ) -> std::result::Result<Self, TooManyAddresses> {
        if addresses
            .as_ref()
            .is_some_and(|list| list.len() > MOST_ADDRESSES)
        {
            return Err(TooManyAddresses);
        }
        Ok(Self { policy, addresses })
    }
}

/// Changes who may send alerts. Certificates need a pinned issuer.
///
/// # Errors
///
/// [`crate::store::StoreError::Conflict`] where there is none.
pub fn change(context: &mut WriteContext<'_>, actor: &Actor, change: Change) -> Result<Senders> {
    let mut setting = senders::get(context.connection)?;
    setting.policy = change.policy.unwrap_or(setting.policy);
    setting.addresses = change.addresses.unwrap_or(setting.addresses);
    senders::check(context.connection, Some(setting.policy))?;
    senders::set(context.connection, &setting)?;
    let policy = setting.policy.as_str();
    audit::note(context.connection, actor, Act::SendersChange, Some(policy))?;
    Ok(setting)
}

/// Pins the key of an issuer's certificate.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn pin_new(context: &mut WriteContext<'_>, actor: &Actor, issuer: &StoredIssuer) -> Result<()> {
    senders::note_issuer(context.connection, issuer)?;
    pin(context, actor, &issuer.fingerprint)
}

/// Confirms that an issuer that was seen is TradingView's.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where it was not seen.
pub fn pin(context: &mut WriteContext<'_>, actor: &Actor, fingerprint: &str) -> Result<()> {
    senders::pin(context.connection, fingerprint, actor.at)?;
    audit::note(context.connection, actor, Act::IssuerPin, Some(fingerprint))
}

/// Forgets an issuer; not the last pinned one while certificates are demanded.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`], [`crate::store::StoreError::Conflict`].
pub fn forget(context: &mut WriteContext<'_>, actor: &Actor, fingerprint: &str) -> Result<()> {
    senders::forget(context.connection, fingerprint)?;
    audit::note(
        context.connection,
        actor,
        Act::IssuerForget,
        Some(fingerprint),
    )
}

/// The issuer whose certificate this is, as PEM.
#[must_use]
pub fn issuer_of_pem(pem: &[u8], now: Timestamp) -> Option<StoredIssuer> {
    let der = CertificateDer::from_pem_slice(pem).ok()?;
    issuer_from_der(&der, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_addresses_has_an_end() {
        let change = |count| Change::new(None, Some(vec![IpAddr::from([192, 0, 2, 1]); count]));
        assert!(change(MOST_ADDRESSES).is_ok());
        assert_eq!(change(MOST_ADDRESSES + 1).err(), Some(TooManyAddresses));
    }
}
