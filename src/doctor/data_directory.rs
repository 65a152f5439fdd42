//! Checks of the data directory: a sound database, the senders, refused requests, the
//! last alert, the authority's answer.

use std::path::Path;

use crate::store::Connection;
use jiff::{SignedDuration, Timestamp};

use super::{Finding, outward, refused, storage};
use crate::acme;
use crate::config::Retention;
use crate::domain::book::Book;
use crate::domain::event::EventStatus;
use crate::domain::profit_currency;
use crate::domain::sender::SenderPolicy;
use crate::server::lock::RunningServer;
use crate::store::events::{self, StoredEvent};
use crate::store::soundness::{self, Depth};
use crate::store::{DATABASE_FILE, Readers, Store, StoreError, positions, senders, webhooks};
use crate::text::counted;

const CHECK: &str = "database";

/// Checks whether the database is sound, and what was received last.
pub fn database(data_dir: &Path, running: Option<&RunningServer>) -> Vec<Finding> {
    let looked = Store::open_existing(data_dir).and_then(|store| {
        let path = store.path().to_owned();
        let kept = running.map(|running| running.retention);
        let look = |connection: &Connection| {
            let mut findings = look(connection, &path, kept)?;
            if findings.len() > 1 {
                findings.extend(outward::outward(connection, data_dir, running)?);
            }
            Ok(findings)
        };
        store.readers().run_blocking(look)
    });
    looked.unwrap_or_else(|error| vec![unusable(data_dir, &error)])
}

/// The finding of a database that cannot be looked into.
fn unusable(data_dir: &Path, error: &StoreError) -> Finding {
    match error {
        StoreError::NoDatabase { directory } => Finding::bad(
            CHECK,
            format!("there is none in {directory}"),
            "algohook serve makes it; name another directory with --data-dir",
        ),
        StoreError::OlderSchema { found, newest, .. } => older(data_dir, *found, *newest),
        StoreError::NewerSchema { .. } => {
            Finding::bad(CHECK, error.to_string(), "install the newer algohook again")
        }
        StoreError::Unsound { path, why } => unsound(path, why),
        _ => Finding::bad(
            CHECK,
            error.to_string(),
            "look whether the disk is full or read-only, and run this as the user that the server runs as",
        ),
    }
}

/// A database of an older version: looked through as it is, and left as it is.
fn older(data_dir: &Path, found: i64, newest: i64) -> Finding {
    let path = data_dir.join(DATABASE_FILE);
    let fault = Readers::new(path.clone())
        .run_blocking(|connection| soundness::fault_of(connection, Depth::Full));
    match fault {
        Ok(None) => Finding::notice(
            CHECK,
            format!("sound, of schema version {found}; this algohook works with {newest}"),
            "start algohook serve once: it takes a copy and brings it up to date",
        ),
        Ok(Some(why)) => unsound(&path.display().to_string(), &why),
        Err(error) => Finding::bad(
            CHECK,
            error.to_string(),
            "algohook doctor again, once it is free",
        ),
    }
}

fn unsound(path: &str, why: &str) -> Finding {
    Finding::bad(
        CHECK,
        format!("{path} is not sound: {why}"),
        "stop the server, keep a copy of the file, and bring a backup back: algohook restore FILE --force",
    )
}

fn look(
    connection: &Connection,
    path: &Path,
    kept: Option<Retention>,
) -> crate::store::Result<Vec<Finding>> {
    if let Some(why) = soundness::fault_of(connection, Depth::Full)? {
        return Ok(vec![unsound(&path.display().to_string(), &why)]);
    }
    Ok(vec![
        Finding::good(CHECK, "sound"),
        senders(connection)?,
        refused::refused(connection)?,
        last_alert(connection)?,
        times(connection)?,
        storage::kept(connection, path, kept)?,
    ]
    .into_iter()
    .chain(point_values(connection)?)
    .chain(currencies(connection)?)
    .collect())
}

/// Futures whose every number is off by one factor.
fn point_values(connection: &Connection) -> crate::store::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for webhook in webhooks::list(connection)? {
        for (ticker, missing) in positions::missing_point_values(connection, &webhook)? {
            let (used, known) = (missing.used.normalize(), missing.known.normalize());
            findings.push(Finding::notice(
                "point value",
                format!(
                    "\"{}\" trades {ticker} with point value {used}; its contract gains {known} a point",
                    webhook.name
                ),
                "set it in the webhook's settings, or set the other one for this ticker to confirm it",
            ));
        }
    }
    Ok(findings)
}

/// Checks whether a webhook adds up profits of several currencies.
fn currencies(connection: &Connection) -> crate::store::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for webhook in webhooks::list(connection)? {
        let others = positions::other_currencies(connection, &webhook, Book::Alerts)?;
        let currency = &webhook.settings.currency;
        let mixed = profit_currency::note(&webhook.name, currency, &others);
        findings.extend(mixed.map(|mixed| {
            let next = "give each currency a webhook of its own";
            Finding::notice("currency", mixed, next)
        }));
    }
    Ok(findings)
}

/// Checks whether who may send alerts leaves TradingView out.
fn senders(connection: &Connection) -> crate::store::Result<Finding> {
    const CHECK: &str = "senders";
    let setting = senders::get(connection)?;
    if let Some(who) = senders::demanding(connection)?
        && !senders::has_pin(connection)?
    {
        return Ok(Finding::bad(
            CHECK,
            format!(
                "{who} takes alerts with TradingView's client certificate only, and no issuer is pinned: none is taken"
            ),
            "choose other senders there (algohook senders set any for the server), or pin the issuer \
             (algohook senders pin)",
        ));
    }
    let mut policies = webhooks::list(connection)?
        .into_iter()
        .filter_map(|webhook| webhook.settings.senders)
        .chain([setting.policy]);
    let is_by_address = policies.any(|policy| policy == SenderPolicy::Address);
    if is_by_address && !setting.are_published() {
        let addresses: Vec<String> = setting.addresses.iter().map(ToString::to_string).collect();
        return Ok(Finding::notice(
            CHECK,
            format!(
                "alerts are taken from {} only, which is not the list that TradingView has published",
                addresses.join(", ")
            ),
            format!(
                "algohook senders set {} --default-addresses brings that back",
                setting.policy
            ),
        ));
    }
    let found = match setting.policy {
        SenderPolicy::Any => "anybody with the key of a webhook",
        SenderPolicy::Address => "TradingView's published addresses only",
        SenderPolicy::Certificate => "TradingView's client certificate only",
    };
    Ok(Finding::good(CHECK, found))
}

/// Checks whether the clock ran backwards while alerts arrived.
fn times(connection: &Connection) -> crate::store::Result<Finding> {
    const CHECK: &str = "times of alerts";
    let since = Timestamp::now() - SignedDuration::from_hours(7 * 24);
    let Some(off) = events::off_clock(connection, since)? else {
        return Ok(Finding::good(
            CHECK,
            "the clock's, in the sequence of arrival",
        ));
    };
    let alerts = counted(&off.count, "alert");
    Ok(Finding::notice(
        CHECK,
        format!(
            "the clock was set back: {alerts} of the last 7 days were dated by the sequence of arrival, the newest \
             {} at {:.0} where the clock said {:.0}",
            off.newest, off.received_at, off.clock_at
        ),
        "keep the clock right: timedatectl set-ntp true; on a machine without a clock of its own (Raspberry Pi), \
         systemctl enable systemd-time-wait-sync has algohook wait for the time",
    ))
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
    let Some(newest) = events::newest_alert(connection)? else {
        return Ok(Finding::notice(
            CHECK,
            "none was received yet",
            "algohook send ID tries it from here; TradingView's alert log says what it was answered",
        ));
    };
    if newest.received_at > Timestamp::now() {
        return Ok(Finding::bad(
            CHECK,
            format!(
                "it came at {:.0}, which is still to come",
                newest.received_at
            ),
            "set the clock: timedatectl set-ntp true",
        ));
    }
    Ok(judge(CHECK, &newest))
}

/// An alert that made no order is nothing to be content with.
fn judge(check: &'static str, alert: &StoredEvent) -> Finding {
    let (at, status) = (alert.received_at, alert.status);
    let found = format!("{at:.0}, {status}");
    let show = format!("algohook events {}", alert.id);
    match (status, &alert.error) {
        (_, Some(error)) => Finding::notice(check, format!("{found}: {}", error.message), show),
        (EventStatus::Ignored, _) => Finding::notice(
            check,
            format!("{found}: the webhook is paused"),
            format!("algohook webhook resume {}", alert.webhook),
        ),
        (EventStatus::Limited, _) => Finding::notice(
            check,
            format!("{found}: over the limit of alerts a minute"),
            show,
        ),
        _ => Finding::good(check, found),
    }
}

/// The certificate authority's last answer, where that was no certificate.
pub fn certificate_authority(data_dir: &Path) -> Option<Finding> {
    let status = acme::status(data_dir)?;
    let error = status.error?;
    let next = match status.next_try {
        Some(time) => format!("correct what it names; it is tried again at {time:.0}"),
        None => "correct what it names".to_owned(),
    };
    Some(Finding::bad("certificate authority", error, next))
}
