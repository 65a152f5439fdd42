//! The room that the database takes, and what is not kept in it for ever.

use serde::Serialize;
use utoipa::ToSchema;

use super::context::Context;
use super::reply::{Reply, ok};
use crate::config::Retention;
use crate::store::compact;
use crate::store::retention::{self, Removed};

/// The room that the database takes, and what is not kept in it for ever.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// Bytes of the database and its log.
    database_bytes: u64,
    /// Bytes inside it that nothing uses: `algohook compact` gives them back.
    unused_bytes: u64,
    /// Bytes that are free on its disk; null where the system does not tell.
    free_bytes: Option<u64>,
    /// Bytes that have to be free for `algohook compact`.
    compact_needs_bytes: u64,
    /// Days that things are kept.
    kept_days: KeptDays,
    /// Counts of what was removed since the database was made.
    removed: Vec<Removed>,
}

/// Days that things are kept; null is for ever.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeptDays {
    /// Events that made no order (`--keep-unsettled`).
    unsettled: Option<u32>,
    /// Messages of alerts (`--keep-messages`); orders, trades and figures stay.
    messages: Option<u32>,
    /// The audit log (`--keep-audit`).
    audit: Option<u32>,
}

impl From<Retention> for KeptDays {
    fn from(kept: Retention) -> Self {
        Self {
            unsettled: kept.unsettled_days,
            messages: kept.message_days,
            audit: kept.audit_days,
        }
    }
}

/// The room that the database takes, and what is not kept in it for ever.
#[utoipa::path(get, path = "/storage", tag = "account", responses((status = 200, body = Storage)))]
pub(super) async fn storage(context: &Context) -> Reply {
    let path = context.store.path().to_owned();
    let kept_days = KeptDays::from(context.retention);
    let read = context.store.readers().run(move |connection| {
        let sizes = compact::sizes(connection, &path)?;
        Ok(Storage {
            database_bytes: sizes.database + sizes.log,
            unused_bytes: sizes.unused,
            free_bytes: sizes.free,
            compact_needs_bytes: sizes.needed,
            kept_days,
            removed: retention::removed(connection)?,
        })
    });
    Ok(ok(&read.await?))
}
