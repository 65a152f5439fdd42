//! Requests that were refused of late, or taken in spite of their address: TradingView sends none again.

use std::net::IpAddr;

use crate::store::Connection;
use jiff::{SignedDuration, Timestamp};

use super::Finding;
use crate::store::misdirected::{self, Misdirection, StoredMisdirected};
use crate::store::{Result, attention, rejections, webhooks};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const WEEK: SignedDuration = SignedDuration::from_hours(24 * 7);

/// Something to tell, and what to do about it.
struct Advice {
    found: String,
    next: String,
}

/// All that was refused.
pub fn refused(connection: &Connection) -> Result<Finding> {
    const CHECK: &str = "refused";
    let now = Timestamp::now();
    let mut told: Vec<Advice> = rejected(connection, now - DAY)?.into_iter().collect();
    told.extend(over_limit(connection, now - WEEK)?);
    let misdirected = misdirected::list(connection, now - WEEK)?;
    let kinds = Misdirection::ALL.iter();
    told.extend(kinds.filter_map(|kind| of_kind(&misdirected, *kind)));
    if told.is_empty() {
        return Ok(Finding::good(CHECK, "no request in the last day"));
    }
    let (found, next): (Vec<_>, Vec<_>) = told
        .into_iter()
        .map(|Advice { found, next }| (found, next))
        .unzip();
    Ok(Finding::notice(CHECK, found.join("; "), next.join("; ")))
}

/// Requests without the right key, and bodies that were too large.
fn rejected(connection: &Connection, since: Timestamp) -> Result<Option<Advice>> {
    let refused = rejections::of_all(connection, 0, since)?;
    let Some(newest) = refused.last() else {
        return Ok(None);
    };
    let requests = several(refused.len() as u64, "request", "requests");
    let (at, from) = (
        newest.rejection.rejected_at,
        newest.rejection.source_address,
    );
    let name = webhooks::get(connection, &newest.webhook)?.name;
    let why = newest.rejection.in_words();
    Ok(Some(Advice {
        found: format!(
            "{requests} in the last day, the newest at {at:.0} for \"{name}\": {why}, from {from}"
        ),
        next: format!("algohook webhook show {} lists them", newest.webhook),
    }))
}

/// Alerts over the limit, of each webhook that had some that are not kept.
fn over_limit(connection: &Connection, since: Timestamp) -> Result<Vec<Advice>> {
    let unsettled = attention::unsettled(connection, since)?;
    let mut told = Vec::new();
    for webhook in webhooks::list(connection)? {
        let unsettled = unsettled.get(&webhook.row).copied().unwrap_or_default();
        if unsettled.not_kept > 0 {
            told.push(Advice {
                found: format!(
                    "{} over the limit for \"{}\" in the last 7 days, {} of them not kept",
                    several(unsettled.limited.cast_unsigned(), "alert", "alerts"),
                    webhook.name,
                    unsettled.not_kept
                ),
                next: "TradingView's alert log has what is not kept: algohook import alerts FILE \
                       brings it in; serve --rate-limit raises the limit"
                    .to_owned(),
            });
        }
    }
    Ok(told)
}

/// Requests to addresses with one kind of fault.
fn of_kind(misdirected: &[StoredMisdirected], kind: Misdirection) -> Option<Advice> {
    let of_kind = misdirected.iter().filter(|one| one.kind == kind);
    let count: i64 = of_kind.clone().map(|one| one.count).sum();
    // The newest is first; one without an address is the sum of many.
    let mut known = of_kind.filter(|one| !one.address.is_empty());
    let newest = known.find(|one| one.webhook.is_some() || kind == Misdirection::Unknown);
    let newest = newest.or_else(|| misdirected.iter().find(|one| one.kind == kind))?;
    let requests = several(count.cast_unsigned(), "request", "requests");
    let (found, next) = match kind {
        Misdirection::Unknown => (
            format!("{requests} to an unknown address in the last 7 days"),
            "compare the webhook URL in TradingView with that of algohook webhook show",
        ),
        Misdirection::Corrected => (
            format!(
                "{requests} in the last 7 days to an address that is unknown as it stands, and taken"
            ),
            "paste the webhook URL into the alert again, without anything around it",
        ),
        Misdirection::Unencrypted => (
            format!("{requests} over plain HTTP in the last 7 days"),
            "write https:// in the webhook URL of the alert, and rotate its key",
        ),
    };
    Some(Advice {
        found: format!("{found}, {}", newest_of(newest, newest.source_address)),
        next: next.to_owned(),
    })
}

fn newest_of(newest: &StoredMisdirected, from: IpAddr) -> String {
    let meant = newest.webhook_name.as_ref();
    let meant = meant.map(|name| format!(", meant for \"{name}\""));
    format!(
        "the newest at {:.0} to {}{}, from {from}",
        newest.last_at,
        newest.address,
        meant.unwrap_or_default(),
    )
}

fn several(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}
