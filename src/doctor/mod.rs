//! Can a TradingView alert reach this machine? Checks in plain words, each with
//! what to do next.

mod backups;
mod data;
mod machine;
mod reach;
mod refused;
mod workers;

use std::path::Path;

use serde::Serialize;

use crate::server::lock::{RunningServer, running_server};

/// How a check went.
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

/// What a check found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it.
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
    findings.extend(data::database(data_dir));
    findings
}

/// What lies between TradingView and the server.
async fn outside(running: &RunningServer, data_dir: &Path) -> Vec<Finding> {
    let mut findings = vec![reach::listener(running)];
    let domain = running.public_url.as_deref().and_then(reach::host_of);
    if let Some(domain) = domain {
        findings.push(reach::domain(domain).await);
    }
    if let Some(address) = running.https_listener {
        findings.push(reach::certificate(address, domain).await);
        findings.extend(data::certificate_authority(data_dir));
    }
    findings
}
