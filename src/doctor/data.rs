//! What the data directory tells: a sound database, who may send, what was refused, the
//! last alert, the authority's answer.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use super::Finding;
use crate::acme;
use crate::domain::event::EventStatus;
use crate::domain::sender::SenderPolicy;
use crate::store::events::{self, StoredEvent};
use crate::store::{DATABASE_FILE, Store, StoreError, StoreOptions, rejections, senders, webhooks};

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
        senders(connection)?,
        refused(connection)?,
        last_alert(connection)?,
    ])
}

/// Whether who may send alerts leaves TradingView out.
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

/// What was refused lately: of that no event is kept.
fn refused(connection: &Connection) -> crate::store::Result<Finding> {
    const CHECK: &str = "refused";
    let since = Timestamp::now() - SignedDuration::from_hours(24);
    let refused = rejections::of_all(connection, 0, since)?;
    let Some(newest) = refused.last() else {
        return Ok(Finding::good(CHECK, "no request in the last day"));
    };
    let requests = match refused.len() {
        1 => "1 request".to_owned(),
        count => format!("{count} requests"),
    };
    let (at, from) = (
        newest.rejection.rejected_at,
        newest.rejection.source_address,
    );
    let name = webhooks::get(connection, &newest.webhook)?.name;
    let why = newest.rejection.reason.in_words();
    Ok(Finding::notice(
        CHECK,
        format!(
            "{requests} in the last day, the newest at {at:.0} for \"{name}\": {why}, from {from}"
        ),
        format!("algohook webhook show {} lists them", newest.webhook),
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
