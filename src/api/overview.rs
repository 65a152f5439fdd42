//! The dashboard: every webhook, open questions, and the certificate.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::connection::Connection;
use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, ok};
use super::request::{ApiRequest, zone};
use crate::acme;
use crate::domain::webhook::WebhookId;
use crate::reports::overview::{self, WebhookOverview};
use crate::store::known_clients::{self, NewPlace};
use crate::store::misdirected::{self, Misdirection, StoredMisdirected};
use crate::tls::Certificates;

/// The state of the server, for a first look.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// Faults that keep alerts from being stored, passed on or read from another algohook, backups
    /// from being taken or secrets from being opened, in sentences.
    pub faults: Vec<String>,
    /// Every webhook, oldest first.
    pub webhooks: Vec<WebhookOverview>,
    /// Requests of the last seven days to addresses that are no webhook's, or not quite, the
    /// newest first.
    pub misdirected: Vec<Misdirected>,
    /// The way from TradingView to this machine.
    pub connection: Connection,
    /// Certificate of the listener for alerts; null without one, as where a proxy does HTTPS.
    pub certificate: Option<Certificate>,
    /// Logins of the last 30 days from a browser and an address that were both new, newest
    /// first, until the owner says that they are known (`POST /session/seen`).
    pub new_logins: Vec<NewLogin>,
}

/// A login from a new place.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewLogin {
    /// Its number in the audit log.
    pub id: i64,
    /// Time of the login.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// From which address.
    pub address: Option<String>,
    /// The browser, by its own words.
    pub user_agent: Option<String>,
}

impl From<NewPlace> for NewLogin {
    fn from(place: NewPlace) -> Self {
        Self {
            id: place.id,
            at: place.at,
            address: place.address,
            user_agent: place.user_agent,
        }
    }
}

/// Time for which a login from a new place asks for attention.
const LOGINS_SHOWN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Requests to one address that is no webhook's, or not quite.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Misdirected {
    /// The fault.
    pub kind: Misdirection,
    /// The address without its secret part; empty for the sum of those that are not kept.
    pub address: String,
    /// The webhook that was meant, as far as can be told.
    #[schema(value_type = Option<String>)]
    pub webhook: Option<WebhookId>,
    /// Its name.
    pub webhook_name: Option<String>,
    /// The count.
    pub count: i64,
    /// Time of the last one.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
    /// The sender's address.
    pub source_address: String,
}

impl From<StoredMisdirected> for Misdirected {
    fn from(stored: StoredMisdirected) -> Self {
        Self {
            kind: stored.kind,
            address: stored.address,
            webhook: stored.webhook,
            webhook_name: stored.webhook_name,
            count: stored.count,
            last_at: stored.last_at,
            source_address: stored.source_address.to_string(),
        }
    }
}

/// The certificate that clients are shown.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// The domains that it is for.
    pub names: Vec<String>,
    /// Expiry; null while there is no certificate.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub not_after: Option<Timestamp>,
    /// The authority's reason for giving no new one the last time; null if it did.
    pub error: Option<String>,
    /// Time of the next request to the authority.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_try: Option<Timestamp>,
}

/// Time before its end by which a certificate should have been renewed.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A fault of the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFault {
    /// True if alerts cannot arrive over HTTPS for it.
    pub is_gone: bool,
    /// A line that says it.
    pub title: String,
    /// The authority's answer, and when it is asked again.
    pub lines: Vec<String>,
}

impl Certificate {
    fn fault(&self, now: Timestamp) -> Option<CertificateFault> {
        let (is_gone, title) = match self.not_after {
            None if self.error.is_none() => return None,
            None => (
                true,
                "There is no certificate: alerts cannot arrive over HTTPS".to_owned(),
            ),
            Some(end) if end < now => (
                true,
                "The certificate ended: alerts cannot arrive over HTTPS".to_owned(),
            ),
            Some(end) if now.duration_until(end) < SOON => (
                false,
                format!("The certificate ends on {} and was not renewed", day(end)),
            ),
            Some(end) if self.error.is_some() => (
                false,
                format!(
                    "The certificate could not be renewed; the one there is good until {}",
                    day(end)
                ),
            ),
            Some(_) => return None,
        };
        let error = self.error.iter();
        let mut lines: Vec<String> = error
            .map(|error| format!("The authority’s answer: {error}"))
            .collect();
        let again = self.next_try.iter();
        lines.extend(again.map(|again| format!("It is asked again at {again:.0}")));
        Some(CertificateFault {
            is_gone,
            title,
            lines,
        })
    }
}

fn day(time: Timestamp) -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(time).date()
}

/// The certificates of the listener for alerts, and where their authority's answers are kept.
pub struct CertificateWatch {
    /// The certificates; `None` without that listener.
    pub certificates: Option<Arc<Certificates>>,
    /// The folder of the data, where an authority is asked for them.
    pub data_dir: Option<PathBuf>,
}

impl CertificateWatch {
    /// The fault of the certificate at `now`, by the rules of the dashboard. One that is asked for
    /// the first time has none yet.
    #[must_use]
    pub fn fault(&self, now: Timestamp) -> Option<CertificateFault> {
        self.state()?.fault(now)
    }

    fn state(&self) -> Option<Certificate> {
        let current = self.certificates.as_ref()?.current();
        let status = self.data_dir.as_deref().and_then(acme::status);
        let status = status.unwrap_or_default();
        Some(Certificate {
            not_after: current.as_ref().map(|identity| identity.not_after),
            names: current.map(|identity| identity.names).unwrap_or_default(),
            error: status.error,
            next_try: status.next_try,
        })
    }
}

/// The days that the dashboard is in.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OverviewQuery {
    /// IANA name of the zone of its days; that of each webhook where left out.
    time_zone: Option<String>,
}

/// Every webhook with what it made and what waits for its owner, and the certificate.
#[utoipa::path(get, path = "/overview", tag = "webhooks", params(OverviewQuery),
    responses((status = 200, body = Overview), (status = 400, body = Problem)))]
pub(super) async fn overview(context: &Arc<Context>, request: &ApiRequest) -> Reply {
    let query: OverviewQuery = request.query()?;
    let zone = query.time_zone.as_deref().map(zone).transpose()?;
    let now = context.now();
    let shared = Arc::clone(context);
    let reached = context.connection.state().await;
    let read = context.store.readers().run(move |connection| {
        let earnings = shared.earnings.of(connection, zone.as_ref())?;
        let misdirected = misdirected::list(connection, now - misdirected::REMEMBERED)?;
        let new_logins = known_clients::new_places(connection, now - LOGINS_SHOWN)?;
        let mut faults = shared.faults(connection)?;
        faults.extend(shared.store.capacity().shortage(connection, false)?);
        Ok(Overview {
            faults,
            webhooks: overview::webhooks(connection, &earnings, zone.as_ref(), now)?,
            misdirected: misdirected.into_iter().map(Misdirected::from).collect(),
            connection: reached,
            certificate: shared.certificate.state(),
            new_logins: new_logins.into_iter().map(NewLogin::from).collect(),
        })
    });
    Ok(ok(&read.await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_a_fault_once_it_is_missing_late_or_refused() {
        let now: Timestamp = "2026-01-05T14:30:00Z".parse().unwrap();
        let fault = |days: Option<i64>, error: Option<&str>| {
            let certificate = Certificate {
                names: Vec::new(),
                not_after: days.map(|days| now + SignedDuration::from_hours(24 * days)),
                error: error.map(str::to_owned),
                next_try: None,
            };
            let fault = certificate.fault(now)?;
            Some((fault.is_gone, fault.title))
        };
        assert_eq!(fault(Some(30), None), None);
        assert_eq!(fault(None, None), None, "it is asked for just now");
        let (is_gone, title) = fault(None, Some("no such name")).unwrap();
        assert!(is_gone && title.starts_with("There is no certificate"));
        assert!(fault(Some(-1), None).unwrap().0);
        let (is_gone, title) = fault(Some(10), None).unwrap();
        assert!(!is_gone && title.contains("ends on 2026-01-15"), "{title}");
        let (is_gone, title) = fault(Some(30), Some("no such name")).unwrap();
        assert!(
            !is_gone && title.contains("good until 2026-02-04"),
            "{title}"
        );
    }
}
