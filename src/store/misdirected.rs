//! Requests to addresses under `/hooks/` that are no webhook's, or not quite.
//!
//! Anybody can send them, under as many addresses as they like. So a small table has the
//! last few addresses, and a sum of the others.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::error::Result;
use super::sql::{parsed, timestamp, to_micros};
use crate::domain::event::text_enum;
use crate::domain::webhook::WebhookId;

/// Addresses that are kept, and a sum of the others beside them.
pub const KEPT: i64 = 20;

/// Time for which they are kept after the last request.
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 7);

text_enum! {
    /// The fault of an address.
    Misdirection, "misdirection" {
        /// There is no webhook at it: answered 404.
        Unknown = "unknown",
        /// It had something around it, and its alerts were taken all the same.
        Corrected = "corrected",
        /// It was of plain HTTP, where alerts are not taken: answered 403.
        Unencrypted = "unencrypted",
    }
}

/// Requests of one kind to one address.
#[derive(Debug, Clone)]
pub struct Misdirected {
    /// The fault.
    pub kind: Misdirection,
    /// The address without its secret part.
    pub address: String,
    /// The webhook that was meant, as far as can be told.
    pub webhook: Option<WebhookId>,
    /// The count.
    pub count: i64,
    /// Time of the last one.
    pub last_at: Timestamp,
    /// The sender's address.
    pub source_address: IpAddr,
}

/// Requests of one kind to one address, as they are told of.
#[derive(Debug, Clone)]
pub struct StoredMisdirected {
    /// The fault.
    pub kind: Misdirection,
    /// The address without its secret part; empty for the sum of those that are not kept.
    pub address: String,
    /// The webhook that was meant, as far as can be told.
    pub webhook: Option<WebhookId>,
    /// Its name.
    pub webhook_name: Option<String>,
    /// The count.
    pub count: i64,
    /// Time of the last one.
    pub last_at: Timestamp,
    /// The sender's address.
    pub source_address: IpAddr,
}

/// Adds requests to what is known of their addresses, and lets go of all but [`KEPT`].
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn note(connection: &Connection, noted: &[Misdirected]) -> Result<()> {
    let Some(newest) = noted.iter().map(|noted| noted.last_at).max() else {
        return Ok(());
    };
    let mut forget = connection.prepare_cached("DELETE FROM misdirected WHERE last_at < ?1")?;
    forget.execute([to_micros(newest - REMEMBERED)])?;
    let mut add = connection.prepare_cached(
        "INSERT INTO misdirected (kind, address, webhook_id, count, last_at, source_address)
         VALUES (?1, ?2, (SELECT id FROM webhooks WHERE public_id = ?3), ?4, ?5, ?6)
         ON CONFLICT (kind, address) DO UPDATE SET count = count + excluded.count,
             last_at = max(last_at, excluded.last_at), source_address = excluded.source_address",
    )?;
    for noted in noted {
        add.execute(params![
            noted.kind.as_str(),
            noted.address,
            noted.webhook.as_ref().map(WebhookId::as_str),
            noted.count,
            to_micros(noted.last_at),
            noted.source_address.to_string(),
        ])?;
    }
    trim(connection)
}

/// Adds up all but the newest addresses. Those that were meant for a webhook stay first: a
/// stranger must not drive them out.
fn trim(connection: &Connection) -> Result<()> {
    let mut surplus = connection.prepare_cached(
        "SELECT kind, address, count, last_at, source_address FROM misdirected WHERE address <> ''
         ORDER BY webhook_id IS NOT NULL DESC, last_at DESC LIMIT -1 OFFSET ?1",
    )?;
    let mut add_up = connection.prepare_cached(
        "INSERT INTO misdirected (kind, address, count, last_at, source_address) VALUES (?1, '', ?2, ?3, ?4)
         ON CONFLICT (kind, address) DO UPDATE SET count = count + excluded.count,
             last_at = max(last_at, excluded.last_at), source_address = excluded.source_address",
    )?;
    let mut remove =
        connection.prepare_cached("DELETE FROM misdirected WHERE kind = ?1 AND address = ?2")?;
    let rows = surplus.query_map([KEPT], |row| {
        let kind: String = row.get(0)?;
        let address: String = row.get(1)?;
        let rest: (i64, i64, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
        Ok((kind, address, rest))
    })?;
    let rows: Vec<_> = rows.collect::<rusqlite::Result<_>>()?;
    for (kind, address, (count, last_at, source)) in rows {
        add_up.execute(params![kind, count, last_at, source])?;
        remove.execute(params![kind, address])?;
    }
    Ok(())
}

/// Misdirected requests at `since` or later, the newest first.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn list(connection: &Connection, since: Timestamp) -> Result<Vec<StoredMisdirected>> {
    let mut statement = connection.prepare_cached(
        "SELECT m.kind, m.address, w.public_id, w.name, m.count, m.last_at, m.source_address
         FROM misdirected m LEFT JOIN webhooks w ON w.id = m.webhook_id AND w.deleted_at IS NULL
         WHERE m.last_at >= ?1 ORDER BY m.last_at DESC, m.address",
    )?;
    let found = statement.query_map([to_micros(since)], |row| {
        let webhook: Option<String> = row.get(2)?;
        Ok(StoredMisdirected {
            kind: parsed(row, 0)?,
            address: row.get(1)?,
            webhook: webhook.is_some().then(|| parsed(row, 2)).transpose()?,
            webhook_name: row.get(3)?,
            count: row.get(4)?,
            last_at: timestamp(row, 5)?,
            source_address: parsed(row, 6)?,
        })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::scratch::Scratch;

    fn one(
        kind: Misdirection,
        address: &str,
        webhook: Option<&WebhookId>,
        second: i64,
    ) -> Misdirected {
        Misdirected {
            kind,
            address: address.to_owned(),
            webhook: webhook.cloned(),
            count: 1,
            last_at: Timestamp::from_second(second).unwrap(),
            source_address: IpAddr::from([203, 0, 113, 9]),
        }
    }

    #[test]
    fn no_number_of_addresses_fills_the_table_or_drives_out_those_meant_for_a_webhook() {
        let mut scratch = Scratch::new();
        let webhook = scratch.webhook("Strategy");
        let address = "/hooks/wh_AbCd…/";
        let meant = one(Misdirection::Corrected, address, Some(&webhook), 1000);
        note(&scratch.connection, &[meant.clone(), meant]).unwrap();
        for number in 0..100 {
            let address = format!("/hooks/{number}");
            let stray = one(Misdirection::Unknown, &address, None, 2000 + number);
            note(&scratch.connection, &[stray]).unwrap();
        }
        let kept = list(&scratch.connection, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(i64::try_from(kept.len()).unwrap(), KEPT + 1);
        let counts = kept.iter().map(|kept| kept.count);
        assert_eq!(counts.sum::<i64>(), 102);
        assert_eq!(kept[0].address, "/hooks/99");
        let of_webhook = kept.iter().find(|kept| kept.webhook.is_some()).unwrap();
        assert_eq!((of_webhook.count, &of_webhook.webhook), (2, &Some(webhook)));
        // A week later all of it is gone.
        let late = one(Misdirection::Unknown, "/hooks/late", None, 2_000_000);
        note(&scratch.connection, &[late]).unwrap();
        let kept = list(&scratch.connection, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(kept.len(), 1);
    }
}
