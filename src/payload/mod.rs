//! The alert parser: from the bytes of a delivery to a [`Signal`], or to an
//! error that names the real cause.
//!
//! - `syntax` proves that a body is a JSON object and splits it into fields
//! - `fields` makes the [`Signal`] of them: it knows each field under every name that people
//!   use for it, and refuses a message that contradicts itself
//! - `hints` says what most likely went wrong in a broken message
//! - `fingerprint` is what two copies of one message have in common
//! - `key` finds the auth key in broken text and hides it in what is kept
//!
//! No number passes through binary floating point: every value is read from its
//! own text. Whatever is accepted here, `serde_json` accepts too.

mod error;
mod fields;
mod fingerprint;
mod hints;
mod key;
mod syntax;
#[cfg(test)]
mod tests;

use crate::domain::event::Warning;
use crate::domain::signal::Signal;

pub use error::PayloadError;
pub use fields::read_time;
pub use fingerprint::{Fingerprint, fingerprint};
pub use key::{PresentedKey, hide_keys, redact};

use syntax::Document;

/// A JSON object that brought an auth key; whether the key is right is for the
/// caller to find out.
#[derive(Debug)]
pub struct Alert {
    /// The key as the alert states it.
    pub auth_key: PresentedKey,
    /// The body with the value of `auth_key` replaced by `***`: what is kept.
    pub recorded: Vec<u8>,
    /// The signal, or the reason why there is none.
    pub signal: Result<Box<Parsed>, PayloadError>,
}

/// A valid alert.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The signal of the alert.
    pub signal: Signal,
    /// Warnings for its owner, although it was accepted.
    pub warnings: Vec<Warning>,
}

/// Why a body is no alert whose key can simply be compared.
#[derive(Debug)]
pub enum Rejected {
    /// A JSON object without an `auth_key` that is a string: 401.
    MissingKey {
        /// A field whose name is close to `auth_key`.
        misspelt: Option<String>,
    },
    /// Broken text, or an `auth_key` given twice.
    Malformed(Box<Malformed>),
}

/// A body that cannot be read to its end.
#[derive(Debug)]
pub struct Malformed {
    /// The fault, its place, and the remedy.
    pub error: PayloadError,
    /// The keys that the broken text shows: several where the name stands in other
    /// texts, too.
    pub keys: Vec<PresentedKey>,
    /// The body with the values of `auth_key` replaced by `***`: what is kept.
    pub recorded: Vec<u8>,
}

/// Reads the body of a delivery.
///
/// # Errors
///
/// [`Rejected`] where the body is no JSON object with exactly one auth key. A
/// JSON object that states its key but no possible order is an [`Alert`] whose
/// `signal` is the error.
pub fn parse(body: &[u8]) -> Result<Alert, Rejected> {
    let document = Document::read(body).map_err(|error| {
        let (keys, recorded) = key::find(body);
        malformed(error, keys, recorded)
    })?;
    let keys: Vec<_> = document.fields.all("auth_key").collect();
    let Some(auth_key) = keys.first().and_then(|raw| syntax::string(raw)) else {
        let names = document.fields.0.iter().map(|(name, _)| name.as_ref());
        let misspelt = fields::near_auth_key(names).map(str::to_owned);
        return Err(Rejected::MissingKey { misspelt });
    };
    let auth_key = PresentedKey::new(auth_key.into_owned());
    let recorded = key::hide_values(body, &keys);
    if keys.len() > 1 {
        let error = PayloadError::duplicate("auth_key");
        return Err(malformed(error, vec![auth_key], recorded));
    }
    let signal = match fields::read(&document) {
        Ok(mut parsed) => {
            for warning in &mut parsed.warnings {
                auth_key.hide_in(&mut warning.message);
            }
            Ok(parsed)
        }
        Err(mut error) => {
            error.hide(&auth_key);
            Err(error)
        }
    };
    Ok(Alert {
        auth_key,
        recorded,
        signal,
    })
}

/// Reads an alert that its owner brings in: edited, or from a file. It needs no
/// `auth_key`; one that is there is ignored (see [`hide_keys`] before keeping it).
///
/// # Errors
///
/// [`PayloadError`] where the text is malformed or asks for no possible order.
pub fn parse_without_key(body: &[u8]) -> Result<Box<Parsed>, PayloadError> {
    fields::read(&Document::read(body)?)
}

/// The first key that a message shows, be it valid JSON or not.
#[must_use]
pub fn key_in(message: &[u8]) -> Option<PresentedKey> {
    key::find(message).0.into_iter().next()
}

/// A rejection whose texts do not show the key.
fn malformed(mut error: PayloadError, keys: Vec<PresentedKey>, recorded: Vec<u8>) -> Rejected {
    for key in &keys {
        error.hide(key);
    }
    Rejected::Malformed(Box::new(Malformed {
        error,
        keys,
        recorded,
    }))
}
