//! Checks of what goes out and comes in by itself: forwards, the other algohook, and the key of
//! the secrets that both need.

use std::path::Path;

use super::{Finding, Verdict};
use crate::desk::faults::{self, Fault, NotPassedOn};
use crate::platform::is_open_to_others;
use crate::server::lock::RunningServer;
use crate::store::{Connection, Result};
use crate::vault::{FILE, Vault};

/// All of them.
pub fn outward(
    connection: &Connection,
    data_dir: &Path,
    running: Option<&RunningServer>,
) -> Result<Vec<Finding>> {
    let mut findings = forwards(connection)?;
    findings.push(secrets(connection, data_dir, running)?);
    if let Some(url) = running.and_then(|running| running.upstream.as_deref()) {
        const CHECK: &str = "other algohook";
        findings.push(match faults::of_upstream(connection, url)? {
            Some(fault) => bad(CHECK, fault),
            None => Finding::good(CHECK, format!("the alerts of {url} are read")),
        });
    }
    Ok(findings)
}

fn bad(check: &'static str, Fault { what, next }: Fault) -> Finding {
    let next = Some(next).filter(|next| !next.is_empty());
    Finding {
        verdict: Verdict::Bad,
        next,
        ..Finding::good(check, what)
    }
}

fn forwards(connection: &Connection) -> Result<Vec<Finding>> {
    let finding = |found: &NotPassedOn| {
        let next = format!(
            "algohook outbox --target {} shows them; send them again, or drop them",
            found.forward.id
        );
        Finding::notice("forwards", found.fault().what, next)
    };
    let found = faults::not_passed_on(connection)?;
    Ok(found.iter().map(finding).collect())
}

fn secrets(
    connection: &Connection,
    data_dir: &Path,
    running: Option<&RunningServer>,
) -> Result<Finding> {
    const CHECK: &str = "secrets";
    if running.is_some_and(|running| running.has_credential) {
        // Only the service has it: whether it opens them is on the dashboard.
        return Ok(Finding::good(CHECK, "sealed with the key of the service"));
    }
    if let Some(fault) = faults::of_secrets(connection, &Vault::of(data_dir))? {
        return Ok(bad(CHECK, fault));
    }
    let key = data_dir.join(FILE);
    if key.exists() && is_open_to_others(&key) {
        let path = key.display();
        return Ok(Finding::notice(
            CHECK,
            format!("others on this machine can read the key that they are sealed with, {path}"),
            format!("chmod 600 {path}"),
        ));
    }
    Ok(Finding::good(
        CHECK,
        "the key that they are sealed with opens them",
    ))
}
