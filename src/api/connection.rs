//! The way from TradingView to this machine, as `algohook doctor` finds it.
//!
//! The page says that all is well only where these checks say so: a webhook that nothing can
//! reach looks exactly like one whose strategy is quiet.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use utoipa::ToSchema;

/// The age at which findings are looked for anew.
const FRESH: Duration = Duration::from_mins(1);

/// The wait for the first findings: a name server may take longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Works, but the owner should know.
    Notice,
    /// An alert would be lost, now or soon.
    Bad,
}

/// One thing between TradingView and this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Its subject, such as `way in`, `domain` or `certificate`.
    pub check: String,
    /// Its outcome.
    pub verdict: Verdict,
    /// The finding, in words.
    pub found: String,
    /// The next step, where something is wrong.
    pub next: Option<String>,
}

/// The way from TradingView to this machine.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// The address that webhook URLs begin with.
    pub url: String,
    /// Set where only this machine or its own network reaches that address.
    pub is_local_only: bool,
    /// Set where the alerts are made up.
    pub is_demo: bool,
    /// The findings of the checks; empty until they have come to an end.
    pub checks: Vec<Check>,
}

/// Looks at the way from outside.
type Look = dyn Fn() -> Pin<Box<dyn Future<Output = Vec<Check>> + Send>> + Send + Sync;

/// The checks and what they found last. They run beside the requests that ask for them, so
/// that no page waits for a name server.
pub struct ConnectionWatch {
    url: String,
    is_demo: bool,
    look: Box<Look>,
    found: Arc<Mutex<LastCheck>>,
}

#[derive(Default)]
struct LastCheck {
    checks: Vec<Check>,
    at: Option<Instant>,
    is_running: bool,
}

impl ConnectionWatch {
    /// Watches the way to `url` with `look`.
    pub fn of<F>(url: String, is_demo: bool, look: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Vec<Check>> + Send + 'static,
    {
        Self {
            url,
            is_demo,
            look: Box::new(move || Box::pin(look())),
            found: Arc::default(),
        }
    }

    /// The newest findings. Where they are a minute old, the checks run again beside this.
    pub async fn state(&self) -> Connection {
        if let Some(run) = self.start() {
            let is_first = self.lock().at.is_none();
            let running = tokio::spawn(run);
            if is_first {
                let _ = tokio::time::timeout(PATIENCE, running).await;
            }
        }
        Connection {
            url: self.url.clone(),
            is_local_only: is_local_only(&self.url),
            is_demo: self.is_demo,
            checks: self.lock().checks.clone(),
        }
    }

    /// A run of the checks, where one is due and none is under way.
    fn start(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        let mut found = self.lock();
        let is_fresh = found.at.is_some_and(|at| at.elapsed() < FRESH);
        if is_fresh || found.is_running {
            return None;
        }
        found.is_running = true;
        drop(found);
        let (look, kept) = ((self.look)(), Arc::clone(&self.found));
        Some(async move {
            let checks = look.await;
            let mut found = kept.lock().unwrap_or_else(PoisonError::into_inner);
            *found = LastCheck {
                checks,
                at: Some(Instant::now()),
                is_running: false,
            };
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LastCheck> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells an address of this machine or a private network from a public one.
fn is_local_only(url: &str) -> bool {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = after.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    match host.parse() {
        Ok(std::net::IpAddr::V4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Ok(std::net::IpAddr::V6(ip)) => {
            ip.is_loopback()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.is_unspecified()
        }
        // A name without a dot, or of multicast DNS, is known in its own network only.
        Err(_) => match host.rsplit_once('.') {
            None => true,
            Some((_, last)) => last.eq_ignore_ascii_case("local"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_internet_is_told_from_a_private_one() {
        for local in [
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://localhost:8080",
            "http://192.168.1.4",
            "http://10.0.0.1:80",
            "http://raspberrypi.local",
            "http://0.0.0.0:8080",
        ] {
            assert!(is_local_only(local), "{local}");
        }
        for public in [
            "https://hooks.example.com",
            "https://203.0.113.7",
            "http://[2001:db8::1]:80",
        ] {
            assert!(!is_local_only(public), "{public}");
        }
    }

    #[tokio::test]
    async fn checks_run_once_and_are_given_again() {
        let runs = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&runs);
        let watch = ConnectionWatch::of("http://127.0.0.1".to_owned(), false, move || {
            *counted.lock().unwrap() += 1;
            async {
                vec![Check {
                    check: "way in".to_owned(),
                    verdict: Verdict::Bad,
                    found: "nothing".to_owned(),
                    next: None,
                }]
            }
        });
        for _ in 0..3 {
            assert_eq!(watch.state().await.checks.len(), 1);
        }
        assert_eq!(*runs.lock().unwrap(), 1);
    }
}
