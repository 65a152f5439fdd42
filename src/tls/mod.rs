//! TLS on the public listener: which certificate is shown, how it changes, and what a
//! certificate authority looks for.
//!
//! rustls with ring; TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN.

mod certificates;
pub mod challenges;
mod client_certificate;
mod files;

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;

use client_certificate::Possession;

pub use certificates::{CertificateError, Certificates, Identity};
pub use files::FollowedFiles;

/// HTTP/2, as ALPN names it.
pub const ALPN_HTTP2: &[u8] = b"h2";

/// HTTP/1.1, as ALPN names it.
pub const ALPN_HTTP1: &[u8] = b"http/1.1";

/// The protocol of an authority that looks for its challenge (RFC 8737).
pub const ALPN_CHALLENGE: &[u8] = b"acme-tls/1";

/// The configuration of TLS connections; a changed certificate counts for the next one.
///
/// # Errors
///
/// [`rustls::Error`] where ring does not have the protocol versions, which it does.
pub fn server_config(certificates: Arc<Certificates>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let possession = Arc::new(Possession::new(Arc::clone(&provider)));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_client_cert_verifier(possession)
        .with_cert_resolver(certificates);
    // Our order of ciphers is the safer one.
    config.ignore_client_order = true;
    config.alpn_protocols = [ALPN_HTTP2, ALPN_HTTP1, ALPN_CHALLENGE]
        .map(<[u8]>::to_vec)
        .to_vec();
    Ok(Arc::new(config))
}
