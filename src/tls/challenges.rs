//! The challenges by which a certificate authority sees that the domain is ours.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::sign::CertifiedKey;

/// The path under which HTTP-01 looks.
pub const HTTP_PREFIX: &str = "/.well-known/acme-challenge/";

/// The answers to the challenges that are open now; empty most of the time.
#[derive(Default)]
pub struct Challenges {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    /// TLS-ALPN-01: the certificate to show for a domain.
    certificates: HashMap<String, Arc<CertifiedKey>>,
    /// HTTP-01: what to answer for a token.
    answers: HashMap<String, String>,
}

impl fmt::Debug for Challenges {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Challenges").finish_non_exhaustive()
    }
}

impl Challenges {
    fn open(&self) -> MutexGuard<'_, Open> {
        // The maps are whole whatever another thread did while it held the lock.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows `certificate` to one who asks for the challenge of `domain`.
    pub fn show(&self, domain: &str, certificate: CertifiedKey) {
        let certificate = Arc::new(certificate);
        self.open()
            .certificates
            .insert(domain.to_owned(), certificate);
    }

    /// Answers `token` with `answer`.
    pub fn answer(&self, token: &str, answer: &str) {
        self.open()
            .answers
            .insert(token.to_owned(), answer.to_owned());
    }

    /// Forgets all of them.
    pub fn clear(&self) {
        *self.open() = Open::default();
    }

    /// The certificate to show for the challenge of a domain.
    #[must_use]
    pub fn certificate(&self, domain: &str) -> Option<Arc<CertifiedKey>> {
        self.open().certificates.get(domain).cloned()
    }

    /// The answer under a path, where it is that of an open challenge.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<String> {
        let token = path.strip_prefix(HTTP_PREFIX)?;
        self.open().answers.get(token).cloned()
    }
}
