//! Faults of what goes out and comes in by itself, in sentences for the owner: the dashboard, the
//! channels and `algohook doctor` tell the same.

use std::fmt::Write;

use crate::store::forwards::StoredForward;
use crate::store::{Connection, Result, forwards, outbox, upstream};
use crate::vault::{Vault, VaultError};

/// Owners of secrets that are named; the rest are counted.
const MOST_NAMED: usize = 5;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The fault, in a sentence.
    pub what: String,
    /// The next step, in a sentence.
    pub next: String,
}

impl Fault {
    /// The fault and the next step.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{} {}", self.what, self.next).trim_end().to_owned()
    }
}

/// The faults of the server beside those of its memory: the other algohook at `upstream`, and
/// secrets that do not open.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn of_server(
    connection: &Connection,
    vault: &Vault,
    upstream: Option<&str>,
) -> Result<Vec<Fault>> {
    let of_upstream = match upstream {
        Some(url) => of_upstream(connection, url)?,
        None => None,
    };
    Ok(of_upstream
        .into_iter()
        .chain(of_secrets(connection, vault)?)
        .collect())
}

/// Reason that the alerts of another algohook cannot be read.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn of_upstream(connection: &Connection, url: &str) -> Result<Option<Fault>> {
    let failure = upstream::failure(connection, url)?;
    Ok(failure.map(|failure| Fault {
        what: format!(
            "The alerts of the other algohook cannot be read since {:.0}, at {url}: {}.",
            failure.since, failure.why
        ),
        next: "They wait there, and come once they can be read.".to_owned(),
    }))
}

/// Secrets that do not open.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn of_secrets(connection: &Connection, vault: &Vault) -> Result<Option<Fault>> {
    let lost = match vault.lost(connection) {
        Ok(lost) => lost,
        Err(VaultError::Store(error)) => return Err(error),
        Err(error) => {
            return Ok(Some(Fault {
                what: format!("Forwards and channels send nothing: {error}."),
                next: String::new(),
            }));
        }
    };
    if lost.is_empty() {
        return Ok(None);
    }
    let mut named = lost[..lost.len().min(MOST_NAMED)].join(", ");
    if lost.len() > MOST_NAMED {
        let _ = write!(named, " and {} more", lost.len() - MOST_NAMED);
    }
    Ok(Some(Fault {
        what: format!(
            "Secrets are sealed with a key that is not here, so nothing is sent to: {named}."
        ),
        next: "Bring master.key back from your own copy and restart the server, or enter the secrets again.".to_owned(),
    }))
}

/// A forward with messages that nobody took, or nobody knows of.
#[derive(Debug, Clone)]
pub struct NotPassedOn {
    /// The forward.
    pub forward: StoredForward,
    /// Messages that nobody took.
    pub dead: u64,
    /// Messages of which nobody knows.
    pub unknown: u64,
}

impl NotPassedOn {
    /// Numbers of messages, in words.
    #[must_use]
    pub fn counts(&self) -> String {
        format!(
            "{} not taken, {} of which nobody knows",
            self.dead, self.unknown
        )
    }

    /// The next step, in a sentence.
    #[must_use]
    pub fn next(&self) -> String {
        let id = self.forward.id;
        format!("Look at the messages of {id}: send them again, or drop them.")
    }

    /// The same as a fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let StoredForward { id, terms, .. } = &self.forward;
        let (origin, counts) = (&terms.origin, self.counts());
        Fault {
            what: format!("Alerts were not passed on by {id} to {origin}: {counts}."),
            next: self.next(),
        }
    }
}

/// The forwards with messages that nobody took, or nobody knows of.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn not_passed_on(connection: &Connection) -> Result<Vec<NotPassedOn>> {
    let mut found = Vec::new();
    for forward in forwards::list(connection)? {
        let (dead, unknown) = outbox::not_taken(connection, &forward.lane())?;
        if dead + unknown > 0 {
            found.push(NotPassedOn {
                forward,
                dead,
                unknown,
            });
        }
    }
    Ok(found)
}

/// The same, in sentences.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn of_forwards(connection: &Connection) -> Result<Vec<Fault>> {
    let found = not_passed_on(connection)?;
    Ok(found.iter().map(NotPassedOn::fault).collect())
}
