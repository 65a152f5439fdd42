//! One try to get a certificate: account, order, challenges, certificate.

use std::time::Duration;

use instant_acme::{
    Account, AuthorizationHandle, AuthorizationStatus, ChallengeType, ExternalAccountKey,
    Identifier, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;

use super::http::Client;
use super::storage::Storage;
use crate::config::AcmeConfig;
use crate::tls::CertificateError;
use crate::tls::challenges::Challenges;

/// Times at which an order is looked at until the authority is done with it.
const PATIENCE: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(500))
    .timeout(Duration::from_secs(90));

/// Reason that there is no new certificate.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// The authority cannot be reached, or says no.
    #[error("the certificate authority: {0}")]
    Authority(#[from] instant_acme::Error),
    /// The authority did not find what proves that the domain is ours.
    #[error(
        "the certificate authority does not see this machine at {domain} ({method}): {why}; does the domain's \
         address lead here, and do ports 80 and 443 get through?"
    )]
    Challenge {
        /// The domain.
        domain: String,
        /// The method of the look.
        method: &'static str,
        /// The fault.
        why: String,
    },
    /// The order failed, and no challenge says why.
    #[error("the certificate authority ended the order as {0:?}")]
    NotReady(OrderStatus),
    /// The authority wants a proof that is not known here.
    #[error("the certificate authority offers no {0} challenge for {1}")]
    NoChallenge(&'static str, String),
    /// A file in the data directory.
    #[error("cannot use {path}: {source}")]
    Kept {
        /// The file.
        path: String,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// The file of trusted roots.
    #[error("acme-ca: cannot use {path}: {why}")]
    Roots {
        /// The file.
        path: String,
        /// The fault.
        why: String,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
    /// A key or a request could not be made.
    #[error("cannot make a key: {0}")]
    Key(#[from] rcgen::Error),
    /// The authority sent something unusable.
    #[error("the certificate cannot be used: {0}")]
    Certificate(#[from] CertificateError),
}

/// A new certificate, as PEM.
pub struct Issued {
    /// The certificate and those that signed it.
    pub chain: String,
    /// Its private key.
    pub key: String,
}

/// A way to show the authority that a domain is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// By a certificate on the HTTPS listener (RFC 8737).
    TlsAlpn,
    /// By a file over plain HTTP.
    Http,
}

impl Method {
    /// The two by turns, where plain HTTP is answered: a proxy or a firewall may
    /// let only one of them through.
    pub fn for_try(failures: u32, has_http: bool) -> Self {
        if has_http && failures % 2 == 1 {
            Self::Http
        } else {
            Self::TlsAlpn
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::TlsAlpn => "tls-alpn-01",
            Self::Http => "http-01",
        }
    }

    fn challenge(self) -> ChallengeType {
        match self {
            Self::TlsAlpn => ChallengeType::TlsAlpn01,
            Self::Http => ChallengeType::Http01,
        }
    }
}

/// Gets a certificate for the domains of the configuration.
pub async fn issue(
    config: &AcmeConfig,
    storage: &Storage,
    challenges: &Challenges,
    method: Method,
) -> Result<Issued, AcmeError> {
    let account = account(config, storage).await?;
    let domains: Vec<Identifier> = config
        .domains
        .iter()
        .cloned()
        .map(Identifier::Dns)
        .collect();
    let mut order = match account.new_order(&NewOrder::new(&domains)).await {
        Err(error) if is_unknown_account(&error) => {
            // The next try makes a new one.
            storage.forget_account();
            return Err(error.into());
        }
        order => order?,
    };
    if let Err(error) = prove(&mut order, challenges, method).await {
        // What is wrong with the challenge says more than that the order failed.
        return Err(failed_challenge(&mut order, method).await.unwrap_or(error));
    }
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(config.domains.clone())?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    let request = params.serialize_request(&key)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    Ok(Issued {
        chain,
        key: key.serialize_pem(),
    })
}

/// The account that is kept, or a new one.
async fn account(config: &AcmeConfig, storage: &Storage) -> Result<Account, AcmeError> {
    let client = Client::new(config.roots.as_deref())?;
    let builder = Account::builder_with_http(Box::new(client));
    if let Some(kept) = storage.account()? {
        return Ok(builder.from_credentials(kept).await?);
    }
    let contact: Vec<String> = config
        .email
        .iter()
        .map(|email| format!("mailto:{email}"))
        .collect();
    let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
    let account = NewAccount {
        contact: &contact,
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let binding = config
        .binding
        .as_ref()
        .map(|binding| ExternalAccountKey::new(binding.key_id.clone(), &binding.key.0));
    let directory = config.directory.clone();
    let (account, credentials) = builder
        .create(&account, directory, binding.as_ref())
        .await?;
    storage.keep_account(&credentials)?;
    Ok(account)
}

fn is_unknown_account(error: &instant_acme::Error) -> bool {
    matches!(error, instant_acme::Error::Api(problem)
        if problem.r#type.as_deref() == Some("urn:ietf:params:acme:error:accountDoesNotExist"))
}

/// Meets the challenges of an order, and waits until the authority has seen it.
async fn prove(
    order: &mut Order,
    challenges: &Challenges,
    method: Method,
) -> Result<(), AcmeError> {
    meet_challenges(order, challenges, method).await?;
    match order.poll_ready(&PATIENCE).await? {
        OrderStatus::Ready => Ok(()),
        status => Err(AcmeError::NotReady(status)),
    }
}

/// Sets up what the authority will look for, and tells it to look.
async fn meet_challenges(
    order: &mut Order,
    challenges: &Challenges,
    method: Method,
) -> Result<(), AcmeError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let domain = domain_of(&authorization);
        let mut challenge = authorization
            .challenge(method.challenge())
            .ok_or_else(|| AcmeError::NoChallenge(method.name(), domain.clone()))?;
        let proof = challenge.key_authorization();
        match method {
            Method::TlsAlpn => {
                let certificate = challenge_certificate(&domain, proof.digest().as_ref())?;
                challenges.show(&domain, certificate);
            }
            Method::Http => challenges.answer(&challenge.token, proof.as_str()),
        }
        challenge.set_ready().await?;
    }
    Ok(())
}

fn domain_of(authorization: &AuthorizationHandle<'_>) -> String {
    match authorization.identifier().identifier {
        Identifier::Dns(domain) => domain.clone(),
        other => format!("{other:?}"),
    }
}

/// The self-signed certificate that RFC 8737 asks for.
fn challenge_certificate(domain: &str, digest: &[u8]) -> Result<CertifiedKey, AcmeError> {
    let mut params = CertificateParams::new(vec![domain.to_owned()])?;
    // A digest of SHA-256, so it has the 32 bytes that are asked for.
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let chain = vec![certificate.der().clone()];
    // Not `from_der`, which refuses the critical extension that this is all about.
    let key = ring::sign::any_supported_type(&PrivateKeyDer::from(key))
        .map_err(CertificateError::Mismatch)?;
    Ok(CertifiedKey::new(chain, key))
}

/// The authority's words about the challenge that failed.
async fn failed_challenge(order: &mut Order, method: Method) -> Option<AcmeError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.ok()?;
        authorization.refresh().await.ok()?;
        let failed = authorization
            .challenges
            .iter()
            .find_map(|challenge| challenge.error.as_ref());
        if let Some(problem) = failed {
            return Some(AcmeError::Challenge {
                domain: domain_of(&authorization),
                method: method.name(),
                why: problem
                    .detail
                    .clone()
                    .unwrap_or_else(|| problem.to_string()),
            });
        }
    }
    None
}
