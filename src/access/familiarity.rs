//! Tells clients that logged in before from strangers.
//!
//! Strangers who try passwords from many addresses make each other wait, and would make the
//! owner wait with them. Whoever logged in before is counted apart, so that nobody keeps the
//! owner out; and a login from anywhere else is told.

use jiff::{SignedDuration, Timestamp};

use crate::store::known_clients::{self, Client};
use crate::store::{Connection, Result};

/// Days that a client is known after a login.
pub const DAYS: i64 = 180;

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

/// The familiarity of a client at `now`.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn familiarity(
    connection: &Connection,
    client: &Client,
    now: Timestamp,
) -> Result<Familiarity> {
    let since = now - SignedDuration::from_hours(DAYS * 24);
    if let Some(browser) = &client.browser
        && known_clients::is_known_browser(connection, browser, since)?
    {
        return Ok(Familiarity::Browser);
    }
    if known_clients::is_known_network(connection, client.network, since)? {
        return Ok(Familiarity::Address);
    }
    Ok(Familiarity::None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::scratch::Scratch;
    use crate::store::known_clients::{forget_all, is_any, remember};

    #[test]
    fn a_client_is_known_by_its_browser_or_its_address_for_half_a_year() {
        let scratch = Scratch::new();
        let connection = &scratch.connection;
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let owner = Client::example(1, "203.0.113.9");
        assert!(!is_any(connection).unwrap());
        remember(connection, &owner, now).unwrap();
        let of = |client: &Client, at| familiarity(connection, client, at).unwrap();
        assert_eq!(of(&owner, now), Familiarity::Browser);
        let elsewhere = Client::example(1, "198.51.100.1");
        assert_eq!(of(&elsewhere, now), Familiarity::Browser);
        let another = Client::example(2, "203.0.113.9");
        assert_eq!(of(&another, now), Familiarity::Address);
        let stranger = Client::example(2, "198.51.100.1");
        assert_eq!(of(&stranger, now), Familiarity::None);
        let late = now + SignedDuration::from_hours(DAYS * 24) + SignedDuration::from_secs(1);
        assert_eq!(of(&owner, late), Familiarity::None);
        forget_all(connection).unwrap();
        assert_eq!(of(&owner, now), Familiarity::None);
    }
}
