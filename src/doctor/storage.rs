//! The room that the database takes, and what is not kept in it for ever.

use std::path::Path;

use crate::store::Connection;

use super::Finding;
use crate::config::Retention;
use crate::store::compact::{self, Sizes};
use crate::store::retention::{self, Removal};

const CHECK: &str = "kept";

/// Unused bytes that are worth giving back.
const WORTH_GIVING_BACK: u64 = 64 << 20;

/// Says what is kept and for how long, what was removed, and what the database takes.
pub fn kept(
    connection: &Connection,
    path: &Path,
    kept: Option<Retention>,
) -> crate::store::Result<Finding> {
    let sizes = compact::sizes(connection, path)?;
    let mut found = vec![format!(
        "the database takes {}",
        mib(sizes.database + sizes.log)
    )];
    if let Some(kept) = kept {
        found.push(kept_days(kept));
    }
    for removed in retention::removed(connection)? {
        found.push(format!(
            "{} {} removed, up to {:.0}",
            removed.count,
            name(removed.kind),
            removed.older_than
        ));
    }
    let found = found.join("; ");
    if sizes.unused < WORTH_GIVING_BACK || sizes.unused < sizes.database / 4 {
        return Ok(Finding::good(CHECK, found));
    }
    let Sizes { unused, needed, .. } = sizes;
    Ok(Finding::notice(
        CHECK,
        format!("{found}; {} of it hold nothing", mib(unused)),
        format!(
            "algohook compact gives that back to the disk, with {} of free room",
            mib(needed)
        ),
    ))
}

/// The settings in words.
fn kept_days(kept: Retention) -> String {
    let of = [
        (Removal::Unsettled, kept.unsettled_days),
        (Removal::Messages, kept.message_days),
        (Removal::Audit, kept.audit_days),
    ];
    let limited = of
        .into_iter()
        .filter_map(|(kind, days)| Some((kind, days?)));
    let limited: Vec<String> = limited
        .map(|(kind, days)| format!("{} for {days} days", name(kind)))
        .collect();
    if limited.is_empty() {
        "everything is kept".to_owned()
    } else {
        format!("{} are kept, all else always", limited.join(", "))
    }
}

fn name(kind: Removal) -> &'static str {
    match kind {
        Removal::Unsettled => "events without an order",
        Removal::Messages => "messages",
        Removal::Audit => "entries of the audit log",
    }
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}
