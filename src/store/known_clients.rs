//! The browsers and addresses that the owner logged in from. What that is worth is decided
//! in `access`.

use std::net::IpAddr;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::audit::Act;
use super::error::Result;
use super::sql::{timestamp, to_micros};

/// Browsers, and as many addresses, that are kept: those of the latest logins.
const KEPT: i64 = 50;

/// A client that tries to log in.
#[derive(Debug, Clone)]
pub struct Client {
    /// SHA-256 of the secret that its browser keeps, where it shows one.
    pub browser: Option<Vec<u8>>,
    /// The network that its address is in.
    pub network: IpAddr,
}

/// A login from a new place.
#[derive(Debug, Clone)]
pub struct NewPlace {
    /// Its number in the audit log.
    pub id: i64,
    /// Time of the login.
    pub at: Timestamp,
    /// From which address.
    pub address: Option<String>,
    /// The browser, by its own words.
    pub user_agent: Option<String>,
}

/// True if the owner logged in since a time with a browser, by the hash of its secret.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn is_known_browser(connection: &Connection, hash: &[u8], since: Timestamp) -> Result<bool> {
    is_known(connection, "browser", hash, since)
}

/// True if the owner logged in since a time from a network.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn is_known_network(
    connection: &Connection,
    network: IpAddr,
    since: Timestamp,
) -> Result<bool> {
    is_known(connection, "address", network.to_string().as_bytes(), since)
}

fn is_known(
    connection: &Connection,
    kind: &str,
    identity: &[u8],
    since: Timestamp,
) -> Result<bool> {
    let mut known = connection.prepare_cached(
        "SELECT 1 FROM known_clients WHERE kind = ?1 AND identity = ?2 AND last_login_at >= ?3",
    )?;
    Ok(known.exists(params![kind, identity, to_micros(since)])?)
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
pub fn remember(connection: &Connection, client: &Client, now: Timestamp) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO known_clients (kind, identity, last_login_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (kind, identity) DO UPDATE SET last_login_at = ?3",
    )?;
    let address = client.network.to_string();
    insert.execute(params!["address", address.as_bytes(), to_micros(now)])?;
    if let Some(browser) = &client.browser {
        insert.execute(params!["browser", browser, to_micros(now)])?;
    }
    let mut trim = connection.prepare_cached(
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
pub fn forget_all(connection: &Connection) -> Result<()> {
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
    let places = select.query_map(
        params![Act::LoginNewPlace.as_str(), to_micros(since)],
        |row| {
            Ok(NewPlace {
                id: row.get(0)?,
                at: timestamp(row, 1)?,
                address: row.get(2)?,
                user_agent: row.get(3)?,
            })
        },
    )?;
    Ok(places.collect::<rusqlite::Result<_>>()?)
}

/// Notes that the owner knows of the logins from new places up to `newest`.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn acknowledge(connection: &Connection, newest: i64) -> Result<()> {
    connection.execute(
        "UPDATE account SET known_logins = max(known_logins, ?1)",
        [newest],
    )?;
    Ok(())
}

#[cfg(test)]
impl Client {
    /// One that tests log in from.
    pub(crate) fn example(browser: u8, network: &str) -> Self {
        Self {
            browser: Some(vec![browser; 32]),
            network: network.parse().unwrap(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::scratch::Scratch;

    #[test]
    fn the_latest_logins_are_kept() {
        let scratch = Scratch::new();
        let start: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        for number in 0..=50_u8 {
            let at = start + jiff::SignedDuration::from_secs(i64::from(number));
            let client = Client::example(number, &format!("203.0.113.{number}"));
            remember(&scratch.connection, &client, at).unwrap();
        }
        let is_known =
            |number: u8| is_known_browser(&scratch.connection, &[number; 32], start).unwrap();
        assert!(!is_known(0) && is_known(1) && is_known(50));
    }
}
