//! Requests that were turned away without an event: a wrong key, a body too large.

use std::net::IpAddr;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::Result;
use super::sql::{parsed, timestamp, to_micros};
use crate::domain::event::text_enum;
use crate::domain::webhook::WebhookId;

/// Rejections kept for each webhook.
pub const KEPT: i64 = 20;

text_enum! {
    /// Reason that a request made no event.
    RejectionReason, "rejection reason" {
        /// `auth_key` is not there.
        MissingKey = "missing_key",
        /// `auth_key` is not the webhook's.
        WrongKey = "wrong_key",
        /// The body is larger than an alert may be.
        TooLarge = "too_large",
        /// It did not come from TradingView, and the webhook takes alerts from nobody else.
        WrongSender = "wrong_sender",
    }
}

impl RejectionReason {
    /// The reason in words, whatever the request was.
    #[must_use]
    fn in_words(self) -> &'static str {
        match self {
            Self::MissingKey => "no auth_key",
            Self::WrongKey => "wrong auth_key",
            Self::TooLarge => "larger than 25 KB",
            Self::WrongSender => "not sent by TradingView",
        }
    }
}

/// A request that was turned away.
#[derive(Debug, Clone)]
pub struct Rejection {
    /// Time of the rejection.
    pub rejected_at: Timestamp,
    /// Reason for it.
    pub reason: RejectionReason,
    /// The sender's address.
    pub source_address: IpAddr,
    /// The size of a body that was too large, in bytes, where it is known.
    pub size: Option<u64>,
}

impl Rejection {
    /// The rejection in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let reason = self.reason.in_words();
        match self.size {
            Some(size) => format!("{size} bytes, {reason}"),
            None => reason.to_owned(),
        }
    }
}

/// Stores a rejection and lets go of all but the last [`KEPT`] of its webhook.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn insert(connection: &Connection, webhook: &WebhookId, rejection: &Rejection) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO rejections (webhook_id, rejected_at, reason, source_address, size)
         SELECT id, ?2, ?3, ?4, ?5 FROM webhooks WHERE public_id = ?1 RETURNING webhook_id",
    )?;
    let values = params![
        webhook.as_str(),
        to_micros(rejection.rejected_at),
        rejection.reason.as_str(),
        rejection.source_address.to_string(),
        rejection.size.map(u64::cast_signed),
    ];
    let Some(row): Option<i64> = insert.query_row(values, |row| row.get(0)).optional()? else {
        return Ok(());
    };
    let mut trim = connection.prepare_cached(
        "DELETE FROM rejections WHERE webhook_id = ?1 AND id <=
             (SELECT id FROM rejections WHERE webhook_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?;
    trim.execute(params![row, KEPT])?;
    Ok(())
}

/// The last rejections of a webhook, newest first.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn list(connection: &Connection, webhook: i64) -> Result<Vec<Rejection>> {
    let mut statement = connection.prepare_cached(
        "SELECT rejected_at, reason, source_address, size FROM rejections WHERE webhook_id = ?1 ORDER BY id DESC",
    )?;
    let rejections = statement.query_map([webhook], read)?;
    Ok(rejections.collect::<rusqlite::Result<_>>()?)
}

/// A rejection among those of all webhooks.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// Its number; later ones have larger ones.
    pub number: i64,
    /// The webhook it was sent to.
    pub webhook: WebhookId,
    /// Time, reason and address of the request.
    pub rejection: Rejection,
}

/// The number of the newest rejection; zero without rejections.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn newest(connection: &Connection) -> Result<i64> {
    let mut newest = connection.prepare_cached("SELECT coalesce(max(id), 0) FROM rejections")?;
    Ok(newest.query_row([], |row| row.get(0))?)
}

/// Rejections of all webhooks with a larger number than `after`, at `since` or later,
/// oldest first. There are few: [`KEPT`] of each webhook.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn of_all(connection: &Connection, after: i64, since: Timestamp) -> Result<Vec<Rejected>> {
    let mut statement = connection.prepare_cached(
        "SELECT r.rejected_at, r.reason, r.source_address, r.size, r.id, w.public_id
         FROM rejections r JOIN webhooks w ON w.id = r.webhook_id
         WHERE r.id > ?1 AND r.rejected_at >= ?2 AND w.deleted_at IS NULL ORDER BY r.id",
    )?;
    let rejections = statement.query_map(params![after, to_micros(since)], |row| {
        Ok(Rejected {
            number: row.get(4)?,
            webhook: parsed(row, 5)?,
            rejection: read(row)?,
        })
    })?;
    Ok(rejections.collect::<rusqlite::Result<_>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Rejection> {
    Ok(Rejection {
        rejected_at: timestamp(row, 0)?,
        reason: parsed(row, 1)?,
        source_address: parsed(row, 2)?,
        size: row.get::<_, Option<i64>>(3)?.map(i64::cast_unsigned),
    })
}
