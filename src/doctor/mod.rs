//! Can a TradingView alert reach this machine? Checks in plain words, each with
//! what to do next.

mod backups;
mod data_directory;
mod machine;
mod outward;
mod proxy;
mod reach;
mod refused;
mod storage;
mod workers;

use std::path::Path;

use serde::Serialize;

use crate::server::lock::{RunningServer, running_server};

/// The verdict of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Works, but the owner should know.
    Notice,
    /// An alert would be lost, now or soon.
    Bad,
}

/// The result of a check.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The name of the check.
    pub check: &'static str,
    /// The verdict.
    pub verdict: Verdict,
    /// The finding.
    pub found: String,
    /// The next step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Finding {
    fn good(check: &'static str, found: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Good,
            found: found.into(),
            next: None,
        }
    }

    fn notice(check: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Notice,
            next: Some(next.into()),
            ..Self::good(check, found)
        }
    }

    fn bad(check: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Bad,
            ..Self::notice(check, found, next)
        }
    }
}

/// Only whether the server runs and answers: for a container's health check.
pub async fn quick(data_dir: &Path) -> Vec<Finding> {
    let running = running_server(data_dir);
    vec![reach::server(running.as_ref()).await]
}

/// Everything there is to check.
pub async fn all(data_dir: &Path) -> Vec<Finding> {
    let running = running_server(data_dir);
    let mut findings = vec![reach::server(running.as_ref()).await];
    if let Some(running) = &running {
        findings.extend(outside(running, data_dir).await);
        findings.push(machine::open_files(running));
        findings.extend(reach::background_tasks(running).await);
    }
    findings.push(machine::clock());
    findings.push(machine::disk(data_dir));
    findings.push(backups::taken(running.as_ref(), data_dir));
    findings.extend(data_directory::database(data_dir, running.as_ref()));
    findings
}

/// Checks of the way from TradingView to the server.
pub async fn outside(running: &RunningServer, data_dir: &Path) -> Vec<Finding> {
    let mut findings = vec![reach::listener(running)];
    let public_url = running.public_url.as_deref();
    let domain = public_url.and_then(reach::host_of);
    match (public_url, running.https_listener) {
        // The name is the proxy's or the tunnel's, and need not be this machine's.
        (Some(url), None) if running.has_proxy => {
            findings.push(proxy::leads_here(running, url).await);
        }
        _ => {
            if let Some(domain) = domain {
                findings.push(reach::domain(domain).await);
            }
        }
    }
    if let Some(address) = running.https_listener {
        findings.push(reach::certificate(address, domain).await);
        findings.extend(data_directory::certificate_authority(data_dir));
    }
    findings
}
