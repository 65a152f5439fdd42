//! The browsers and addresses that the owner logged in from.
//!
//! Strangers who try passwords from many addresses make each other wait, and would make the
//! owner wait with them. Whoever logged in before is counted apart, so that nobody keeps the
//! owner out; and a login from anywhere else is told.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::error::Result;
use super::sql::{timestamp, to_micros};
use super::writer::WriteContext;

/// Browsers, and as many addresses, that are kept: those of the latest logins.
const KEPT: i64 = 50;

/// A client that logged in this long ago is a stranger again.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(180 * 24);

/// The action of a login from a browser and an address that are both new.
pub const NEW_PLACE: &str = "login.new-place";

/// A client that tries to log in.
#[derive(Debug, Clone)]
pub struct Client {
    /// SHA-256 of the secret that its browser keeps, where it shows one.
    pub browser: Option<Vec<u8>>,
    /// The network that its address is in.
    pub network: IpAddr,
}

/// The part of a client that the owner logged in from before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Familiarity {
    /// Its browser.
    Browser,
    /// Its address only.
    Address,
    /// Nothing.
    None,
}

/// A login from a new place.
#[derive(Debug, Clone)]
pub struct NewPlace {
    /// Its number in the audit log.
    pub id: i64,
    /// When it was.
    pub at: Timestamp,
    /// From which address.
    pub address: Option<String>,
    /// The browser, by its own words.
    pub user_agent: Option<String>,
}

/// The familiarity of a client at `now`.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn familiarity(
    connection: &Connection,
    client: &Client,
    now: Timestamp,
) -> Result<Familiarity> {
    let mut known = connection.prepare_cached(
        "SELECT 1 FROM known_clients WHERE kind = ?1 AND identity = ?2 AND last_login_at >= ?3",
    )?;
    let since = to_micros(now - REMEMBERED);
    if let Some(browser) = &client.browser
        && known.exists(params!["browser", browser, since])?
    {
        return Ok(Familiarity::Browser);
    }
    let address = client.network.to_string();
    if known.exists(params!["address", address.as_bytes(), since])? {
        return Ok(Familiarity::Address);
    }
    Ok(Familiarity::None)
}

/// True if the owner is known to have logged in from anywhere.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn is_any(connection: &Connection) -> Result<bool> {
    let mut any = connection.prepare_cached("SELECT 1 FROM known_clients")?;
    Ok(any.exists([])?)
}

/// Remembers a client that logged in, and forgets the oldest beyond the last 50 of each kind.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn remember(context: &mut WriteContext<'_>, client: &Client, now: Timestamp) -> Result<()> {
    let mut insert = context.connection.prepare_cached(
        "INSERT INTO known_clients (kind, identity, last_login_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (kind, identity) DO UPDATE SET last_login_at = ?3",
    )?;
    let address = client.network.to_string();
    insert.execute(params!["address", address.as_bytes(), to_micros(now)])?;
    if let Some(browser) = &client.browser {
        insert.execute(params!["browser", browser, to_micros(now)])?;
    }
    let mut trim = context.connection.prepare_cached(
        "DELETE FROM known_clients WHERE kind = ?1 AND identity NOT IN
             (SELECT identity FROM known_clients WHERE kind = ?1 ORDER BY last_login_at DESC LIMIT ?2)",
    )?;
    for kind in ["browser", "address"] {
        trim.execute(params![kind, KEPT])?;
    }
    Ok(())
}

/// Forgets every client, as a change of the password does.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn forget_all(context: &mut WriteContext<'_>) -> Result<()> {
    let connection = context.connection;
    connection.execute("DELETE FROM known_clients", [])?;
    Ok(())
}

/// Logins from new places since `since` that the owner has not acknowledged, newest first.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn new_places(connection: &Connection, since: Timestamp) -> Result<Vec<NewPlace>> {
    let mut select = connection.prepare_cached(
        "SELECT id, at, address, subject FROM audit
         WHERE action = ?1 AND at >= ?2
             AND id > coalesce((SELECT known_logins FROM account), 0)
         ORDER BY id DESC LIMIT 20",
    )?;
    let places = select.query_map(params![NEW_PLACE, to_micros(since)], |row| {
        Ok(NewPlace {
            id: row.get(0)?,
            at: timestamp(row, 1)?,
            address: row.get(2)?,
            user_agent: row.get(3)?,
        })
    })?;
    Ok(places.collect::<rusqlite::Result<_>>()?)
}

/// Notes that the owner knows of the logins from new places up to `newest`.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn acknowledge(context: &mut WriteContext<'_>, newest: i64) -> Result<()> {
    context.connection.execute(
        "UPDATE account SET known_logins = max(known_logins, ?1)",
        [newest],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::scratch::Scratch;

    fn client(browser: u8, address: &str) -> Client {
        Client {
            browser: Some(vec![browser; 32]),
            network: address.parse().unwrap(),
        }
    }

    #[test]
    fn a_client_is_known_by_its_browser_or_its_address_for_half_a_year() {
        let mut scratch = Scratch::new();
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let owner = client(1, "203.0.113.9");
        assert!(!is_any(&scratch.connection).unwrap());
        remember(&mut scratch.context(), &owner, now).unwrap();
        let of = |scratch: &Scratch, client: &Client, at| {
            familiarity(&scratch.connection, client, at).unwrap()
        };
        assert_eq!(of(&scratch, &owner, now), Familiarity::Browser);
        let elsewhere = client(1, "198.51.100.1");
        assert_eq!(of(&scratch, &elsewhere, now), Familiarity::Browser);
        let another = client(2, "203.0.113.9");
        assert_eq!(of(&scratch, &another, now), Familiarity::Address);
        let stranger = client(2, "198.51.100.1");
        assert_eq!(of(&scratch, &stranger, now), Familiarity::None);
        let late = now + REMEMBERED + SignedDuration::from_secs(1);
        assert_eq!(of(&scratch, &owner, late), Familiarity::None);
        forget_all(&mut scratch.context()).unwrap();
        assert_eq!(of(&scratch, &owner, now), Familiarity::None);
    }

    #[test]
    fn the_latest_logins_are_kept() {
        let mut scratch = Scratch::new();
        let start: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        for number in 0..=50_u8 {
            let at = start + SignedDuration::from_secs(i64::from(number));
            let client = client(number, &format!("203.0.113.{number}"));
            remember(&mut scratch.context(), &client, at).unwrap();
        }
        let of = |number: u8| {
            let client = client(number, "198.51.100.1");
            familiarity(&scratch.connection, &client, start).unwrap()
        };
        assert_eq!(of(0), Familiarity::None);
        assert_eq!(of(1), Familiarity::Browser);
        assert_eq!(of(50), Familiarity::Browser);
    }
}
