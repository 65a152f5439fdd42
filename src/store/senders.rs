//! The senders of alerts: the server's setting, and the keys of issuers.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::conflict::Conflict;
use super::error::{Result, StoreError};
use super::sql::{as_json, optional_timestamp, timestamp, to_micros};
use super::webhooks;
use crate::domain::sender::{SenderPolicy, Senders};

/// A key that signs client certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// SHA-256 of the key, in hexadecimal digits.
    pub fingerprint: String,
    /// `SubjectPublicKeyInfo`, as DER.
    pub public_key: Vec<u8>,
    /// The key's owner, as its certificate says.
    pub name: String,
    /// Time at which it was first seen.
    pub seen_at: Timestamp,
    /// Time at which the owner confirmed it.
    pub pinned_at: Option<Timestamp>,
}

/// The server's setting.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn get(connection: &Connection) -> Result<Senders> {
    let stored: Option<String> = connection
        .query_row(
            "SELECT value FROM server_settings WHERE name = 'senders'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    match stored {
        None => Ok(Senders::default()),
        Some(text) => serde_json::from_str(&text).map_err(StoreError::unusable(
            "the stored setting of senders is unreadable",
        )),
    }
}

/// Changes the server's setting.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn set(connection: &Connection, senders: &Senders) -> Result<()> {
    connection.execute(
        "INSERT INTO server_settings (name, value) VALUES ('senders', ?1)
         ON CONFLICT (name) DO UPDATE SET value = ?1",
        [as_json(senders)?],
    )?;
    Ok(())
}

/// True if an issuer is pinned: without one no certificate counts.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn has_pin(connection: &Connection) -> Result<bool> {
    let sql = "SELECT 1 FROM issuers WHERE pinned_at IS NOT NULL";
    Ok(connection.prepare_cached(sql)?.exists([])?)
}

/// The settings that demand a certificate, in words: the server's, or a webhook's.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn demanding(connection: &Connection) -> Result<Option<String>> {
    if get(connection)?.policy == SenderPolicy::Certificate {
        return Ok(Some("the server's setting".to_owned()));
    }
    let mut webhooks = webhooks::list(connection)?.into_iter();
    let demanding =
        webhooks.find(|webhook| webhook.settings.senders == Some(SenderPolicy::Certificate));
    Ok(demanding.map(|webhook| format!("the webhook \"{}\"", webhook.name)))
}

/// Checks whether a policy can be set: without a pinned issuer no certificate counts.
///
/// # Errors
///
/// [`StoreError::Conflict`], saying how to get a pin.
pub fn check(connection: &Connection, policy: Option<SenderPolicy>) -> Result<()> {
    if has_pin(connection)? || policy != Some(SenderPolicy::Certificate) {
        return Ok(());
    }
    Err(Conflict::NoIssuerPinned.into())
}

/// Every issuer that was seen, oldest first.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn issuers(connection: &Connection) -> Result<Vec<Issuer>> {
    let mut statement = connection.prepare_cached(
        "SELECT fingerprint, public_key, name, seen_at, pinned_at FROM issuers ORDER BY seen_at, fingerprint",
    )?;
    let issuers = statement.query_map([], |row| {
        Ok(Issuer {
            fingerprint: row.get(0)?,
            public_key: row.get(1)?,
            name: row.get(2)?,
            seen_at: timestamp(row, 3)?,
            pinned_at: optional_timestamp(row, 4)?,
        })
    })?;
    Ok(issuers.collect::<rusqlite::Result<_>>()?)
}

/// Remembers an issuer for the owner to see; never pinned by itself.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn note_issuer(connection: &Connection, issuer: &Issuer) -> Result<()> {
    connection.execute(
        "INSERT INTO issuers (fingerprint, public_key, name, seen_at)
         VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (fingerprint) DO NOTHING",
        params![
            issuer.fingerprint,
            issuer.public_key,
            issuer.name,
            to_micros(issuer.seen_at)
        ],
    )?;
    Ok(())
}

/// Confirms an issuer that was seen: what it signed counts as TradingView's from now on.
///
/// # Errors
///
/// [`StoreError::NotFound`], or [`StoreError::Unavailable`].
pub fn pin(connection: &Connection, fingerprint: &str, now: Timestamp) -> Result<()> {
    let sql = "UPDATE issuers SET pinned_at = ?2 WHERE fingerprint = ?1";
    found(
        connection.execute(sql, params![fingerprint, to_micros(now)])?,
        fingerprint,
    )
}

/// Forgets an issuer, pinned or not.
///
/// # Errors
///
/// [`StoreError::Conflict`] where no alert would be taken any more, for certificates are
/// demanded and no other issuer is pinned: none is learned from what is not taken.
/// [`StoreError::NotFound`], or [`StoreError::Unavailable`].
pub fn forget(connection: &Connection, fingerprint: &str) -> Result<()> {
    let had_pin = has_pin(connection)?;
    let sql = "DELETE FROM issuers WHERE fingerprint = ?1";
    found(connection.execute(sql, [fingerprint])?, fingerprint)?;
    if !had_pin || has_pin(connection)? {
        return Ok(());
    }
    match demanding(connection)? {
        None => Ok(()),
        // The transaction is undone with it.
        Some(who) => Err(Conflict::LastIssuer(who).into()),
    }
}

fn found(changed: usize, fingerprint: &str) -> Result<()> {
    match changed {
        0 => Err(StoreError::NotFound(format!("issuer {fingerprint:.80}"))),
        _ => Ok(()),
    }
}
