//! What the data directory tells: a sound database, the last alert, the authority's answer.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;

use super::Finding;
use crate::acme;
use crate::store::{DATABASE_FILE, Store, StoreError, StoreOptions, events, webhooks};

/// Whether the database is sound, and what was received last.
pub fn database(data_dir: &Path) -> Vec<Finding> {
    const CHECK: &str = "database";
    if !data_dir.join(DATABASE_FILE).exists() {
        return vec![Finding::bad(
            CHECK,
            format!("there is none in {}", data_dir.display()),
            "algohook serve makes it; name another directory with --data-dir",
        )];
    }
    let looked = Store::open(data_dir, &StoreOptions::default())
        .and_then(|store| store.readers().run_blocking(look));
    match looked {
        Ok(findings) => findings,
        Err(error) => vec![unsound(&error)],
    }
}

fn unsound(error: &StoreError) -> Finding {
    Finding::bad(
        "database",
        error.to_string(),
        "stop the server, keep a copy of the file, and bring a backup back: algohook restore FILE --force",
    )
}

fn look(connection: &Connection) -> crate::store::Result<Vec<Finding>> {
    let answer: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if answer != "ok" {
        return Ok(vec![unsound(&StoreError::Conflict(answer))]);
    }
    Ok(vec![
        Finding::good("database", "sound"),
        last_alert(connection)?,
    ])
}

fn last_alert(connection: &Connection) -> crate::store::Result<Finding> {
    const CHECK: &str = "last alert";
    if webhooks::list(connection)?.is_empty() {
        return Ok(Finding::notice(
            CHECK,
            "there is no webhook yet",
            "algohook webhook create NAME",
        ));
    }
    let newest = events::newest(connection)?;
    let newest = match events::get(connection, newest) {
        Ok(event) => event,
        Err(StoreError::NotFound(_)) => {
            return Ok(Finding::notice(
                CHECK,
                "none was received yet",
                "algohook send ID tries it from here; TradingView's alert log says what it was answered",
            ));
        }
        Err(error) => return Err(error),
    };
    let (at, status) = (newest.received_at, newest.status);
    if at > Timestamp::now() {
        return Ok(Finding::bad(
            CHECK,
            format!("it came at {at:.0}, which is still to come"),
            "set the clock: timedatectl set-ntp true",
        ));
    }
    Ok(Finding::good(CHECK, format!("{at:.0}, {status}")))
}

/// What the certificate authority said last, where that was no certificate.
pub fn certificate_authority(data_dir: &Path) -> Option<Finding> {
    let status = acme::status(data_dir)?;
    let error = status.error?;
    let next = match status.next_try {
        Some(time) => format!("correct what it names; it is tried again at {time:.0}"),
        None => "correct what it names".to_owned(),
    };
    Some(Finding::bad("certificate authority", error, next))
}
