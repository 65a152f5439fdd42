//! Certificates by themselves: got from an authority that speaks ACME (RFC 8555),
//! kept, and renewed in time.
//!
//! Serving never waits for the authority: what is kept is shown until there is
//! something newer, and a failure is tried again with growing waits.

mod http;
mod issue;
mod storage;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::config::AcmeConfig;
use crate::metrics::Metrics;
use crate::secrets;
use crate::tls::challenges::Challenges;
use crate::tls::{Certificates, Identity};
use crate::workers::Outcome;
use issue::Method;
use storage::Storage;

pub use issue::AcmeError;
pub use storage::{Status, status};

/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_hours(6);

/// Interval at which the time of renewal is looked at: clocks are set, and machines sleep.
const LOOK_EVERY: Duration = Duration::from_hours(1);

/// Gets and renews the certificate of one set of domains.
pub struct Acme {
    config: AcmeConfig,
    storage: Storage,
    certificates: Arc<Certificates>,
    challenges: Arc<Challenges>,
    metrics: Arc<Metrics>,
    /// True if plain HTTP is answered, where the authority could look as well.
    has_http: bool,
}

impl Acme {
    /// Takes up what is kept in `data_dir`.
    pub fn new(
        config: AcmeConfig,
        data_dir: &std::path::Path,
        certificates: Arc<Certificates>,
        challenges: Arc<Challenges>,
        metrics: Arc<Metrics>,
        has_http: bool,
    ) -> Self {
        let storage = Storage::new(data_dir, &config.directory);
        match storage.certificate() {
            Ok(Some(kept)) => certificates.replace(kept),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "the kept certificate cannot be used; asking for a new one");
            }
        }
        Self {
            config,
            storage,
            certificates,
            challenges,
            metrics,
            has_http,
        }
    }

    /// Sees to it that there is a certificate, for ever.
    pub async fn run(self: Arc<Self>) -> Outcome {
        let mut failures = 0;
        loop {
            let wait = self.until_due(Timestamp::now());
            if !wait.is_zero() {
                tokio::time::sleep(wait.min(LOOK_EVERY)).await;
                continue;
            }
            let renewed = self.renew(failures).await;
            let wait;
            (failures, wait) = after(renewed.is_ok(), failures, self.config.retry);
            if let Err(error) = renewed {
                self.note_failure(&error, wait);
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// The time until a certificate has to be asked for.
    fn until_due(&self, now: Timestamp) -> Duration {
        match self.certificates.current() {
            Some(current) if self.covers(&current) => {
                let wait = now.duration_until(renewal_time(&current));
                Duration::try_from(wait).unwrap_or(Duration::ZERO)
            }
            _ => Duration::ZERO,
        }
    }

    fn covers(&self, identity: &Identity) -> bool {
        let mut domains = self.config.domains.iter();
        domains.all(|domain| identity.names.contains(domain))
    }

    async fn renew(&self, failures: u32) -> Result<(), AcmeError> {
        let method = Method::for_try(failures, self.has_http);
        let issued = issue::issue(&self.config, &self.storage, &self.challenges, method).await;
        self.challenges.clear();
        let issued = issued?;
        let identity = Identity::from_pem(issued.chain.as_bytes(), issued.key.as_bytes())?;
        let until = identity.not_after;
        // One that cannot be kept is better than none: it is good until the next start.
        if let Err(error) = self.storage.keep(&issued) {
            tracing::error!(%error, "the new certificate cannot be kept on disk; it is shown all the same");
        }
        self.certificates.replace(identity);
        self.metrics.count_certificate_order(true);
        self.storage.note(&Status::default());
        tracing::info!(domains = ?self.config.domains, %until, "got a certificate");
        Ok(())
    }

    fn note_failure(&self, error: &AcmeError, wait: Duration) {
        self.metrics.count_certificate_order(false);
        let seconds = wait.as_secs();
        let now = Timestamp::now();
        match self.certificates.current() {
            Some(current) => {
                let until = current.not_after;
                tracing::warn!(%error, %until, retry_in_seconds = seconds, "no new certificate; the one before goes on");
            }
            None => {
                tracing::error!(%error, retry_in_seconds = seconds, "no certificate yet: HTTPS does not work");
            }
        }
        self.storage.note(&Status {
            failed_at: Some(now),
            error: Some(error.to_string()),
            next_try: Some(now + SignedDuration::try_from(wait).unwrap_or_default()),
        });
    }
}

/// Time to renew a certificate: with a third of its lifetime left.
#[must_use]
pub fn renewal_time(identity: &Identity) -> Timestamp {
    let lifetime = identity.not_before.duration_until(identity.not_after);
    identity.not_after - lifetime / 3
}

/// The tries that have failed in a row after one more, and the wait then. After
/// one that succeeded, too: were the next one due at once, by a clock that is ahead for
/// instance, an authority must not be asked again and again.
fn after(is_renewed: bool, failures: u32, retry: Duration) -> (u32, Duration) {
    if is_renewed {
        (0, retry)
    } else {
        (failures.saturating_add(1), backoff(retry, failures))
    }
}

/// The wait after a failure: twice as long each time, and a fifth more or less,
/// so that many servers do not come back together.
fn backoff(first: Duration, failures: u32) -> Duration {
    let mut byte = [0];
    // Without randomness there is no jitter, which is no reason to stop.
    let _ = secrets::random_bytes(&mut byte);
    let wait = first
        .saturating_mul(1 << failures.min(16))
        .min(LONGEST_WAIT);
    wait.mul_f64(0.8 + 0.4 * f64::from(byte[0]) / 255.0)
}

/// The folder of certificates in a data directory.
#[must_use]
pub fn directory(data_dir: &std::path::Path) -> PathBuf {
    data_dir.join("acme")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_left_alone_for_a_while_after_every_try() {
        let retry = Duration::from_mins(2);
        assert_eq!(after(true, 5, retry), (0, retry));
        let mut failures = 0;
        for number in 1..=20 {
            let wait;
            (failures, wait) = after(false, failures, retry);
            assert_eq!(failures, number);
            assert!(wait >= retry.mul_f64(0.79), "{wait:?}");
        }
    }

    #[test]
    fn the_waits_grow_to_six_hours_and_differ() {
        let first = Duration::from_mins(2);
        for failures in 0..40 {
            let wait = backoff(first, failures);
            let exact = first
                .saturating_mul(1 << failures.min(16))
                .min(LONGEST_WAIT);
            assert!(wait >= exact.mul_f64(0.79) && wait <= exact.mul_f64(1.21));
        }
        let waits: Vec<Duration> = (0..20).map(|_| backoff(first, 3)).collect();
        assert!(waits.iter().any(|wait| *wait != waits[0]));
    }
}
