//! The certificate that is shown now; changing it ends no connection.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::ALPN_CHALLENGE;
use crate::metrics::Metrics;
use crate::tls::challenges::Challenges;

/// Reason that a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// There is no certificate in what should be one.
    #[error("there is no certificate in PEM form in it: {0}")]
    Chain(String),
    /// There is no private key in what should be one.
    #[error("there is no private key in PEM form in it: {0}")]
    Key(String),
    /// The two do not belong together, or are of an unknown kind.
    #[error("the private key does not fit the certificate: {0}")]
    Mismatch(rustls::Error),
}

/// A certificate with its key, ready to be shown.
#[derive(Clone)]
pub struct Identity {
    key: Arc<CertifiedKey>,
    /// End of its validity.
    pub not_after: Timestamp,
    /// Start of its validity.
    pub not_before: Timestamp,
    /// The host names that it is for.
    pub names: Vec<String>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Identity");
        shown.field("names", &self.names);
        shown
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads a chain and its key, both as PEM.
    ///
    /// # Errors
    ///
    /// [`CertificateError`], saying which of the two is unusable.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|error| CertificateError::Chain(error.to_string()))?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| CertificateError::Key(error.to_string()))?;
        let Some(leaf) = chain.first() else {
            return Err(CertificateError::Chain("it is empty".to_owned()));
        };
        let (_, leaf) = X509Certificate::from_der(leaf)
            .map_err(|error| CertificateError::Chain(error.to_string()))?;
        let (not_before, not_after) = (
            moment(leaf.validity().not_before.timestamp()),
            moment(leaf.validity().not_after.timestamp()),
        );
        let names = names_of(&leaf);
        let key = CertifiedKey::from_der(chain, key, &ring::default_provider())
            .map_err(CertificateError::Mismatch)?;
        Ok(Self {
            key: Arc::new(key),
            not_after,
            not_before,
            names,
        })
    }
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

fn names_of(certificate: &X509Certificate<'_>) -> Vec<String> {
    use x509_parser::extensions::GeneralName;
    let Ok(Some(names)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = names.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
        .collect()
}

/// The certificates that the public listener shows.
pub struct Certificates {
    current: RwLock<Option<Identity>>,
    challenges: Arc<Challenges>,
    metrics: Arc<Metrics>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Certificates");
        shown
            .field("current", &self.current())
            .finish_non_exhaustive()
    }
}

impl Certificates {
    /// None yet, and the challenges of an authority that may have one.
    #[must_use]
    pub fn new(challenges: Arc<Challenges>, metrics: Arc<Metrics>) -> Self {
        Self {
            current: RwLock::new(None),
            challenges,
            metrics,
        }
    }

    /// Shows another certificate from the next connection on.
    pub fn replace(&self, identity: Identity) {
        let seconds = identity.not_after.as_second();
        self.metrics.certificate_not_after.set(seconds);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(identity);
    }

    /// The certificate that is shown now.
    #[must_use]
    pub fn current(&self) -> Option<Identity> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if is_challenge(&client_hello) {
            return self.challenges.certificate(client_hello.server_name()?);
        }
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().map(|identity| Arc::clone(&identity.key))
    }
}

/// True if it is an authority that looks for its challenge: it offers nothing else.
fn is_challenge(client_hello: &ClientHello<'_>) -> bool {
    let Some(offered) = client_hello.alpn() else {
        return false;
    };
    let mut offered = offered.peekable();
    offered.peek().is_some() && offered.all(|protocol| protocol == ALPN_CHALLENGE)
}
