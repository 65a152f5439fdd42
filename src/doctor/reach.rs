//! Between TradingView and the server: ports, names, certificates.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use rustls::{ClientConfig, RootCertStore};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Finding, workers};
use crate::outbound::{self, Client, Limits, OutboundError};
use crate::server::lock::RunningServer;

/// Time for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bounds of a question to the server on this machine.
const LIMITS: Limits = Limits {
    connecting: PATIENCE,
    overall: PATIENCE,
    answer: 1024 * 1024,
};

/// A certificate that ends sooner than this should have been renewed.
const SOON: SignedDuration = SignedDuration::from_hours(10 * 24);

/// Checks whether the server runs and answers.
pub async fn server(running: Option<&RunningServer>) -> Finding {
    const CHECK: &str = "server";
    let Some(running) = running else {
        return Finding::bad(
            CHECK,
            "no server runs on this data directory",
            "start it: algohook serve, or systemctl start algohook; name another directory with --data-dir",
        );
    };
    match get(&running.url, "/healthz").await {
        Ok((200, _)) => Finding::good(CHECK, format!("runs and answers on {}", running.url)),
        Ok((503, _)) => Finding::bad(
            CHECK,
            format!(
                "runs on {}, but cannot store alerts and answers them with 503",
                running.url
            ),
            "its log says why: a full or read-only disk is the usual cause; it goes on by itself once it can write",
        ),
        Ok((status, _)) => Finding::bad(
            CHECK,
            format!("answers {status} on {}", running.url),
            "look at its log, then restart it",
        ),
        Err(error) => Finding::bad(
            CHECK,
            format!(
                "process {} does not answer on {}: {error}",
                running.pid, running.url
            ),
            "look at its log, then restart it",
        ),
    }
}

/// The background tasks of the server, where it answers.
pub async fn background_tasks(running: &RunningServer) -> Option<Finding> {
    match get(&running.url, "/metrics").await {
        Ok((200, metrics)) => Some(workers::judge(&metrics, Timestamp::now())),
        _ => None,
    }
}

/// Status and text of an address of the server on this machine.
async fn get(url: &str, path: &str) -> Result<(u16, String), OutboundError> {
    let request = Request::get(format!("{url}{path}")).body(Bytes::new());
    let request = request.map_err(|_| OutboundError::Address(url.to_owned()))?;
    let answer = Client::local(LIMITS).send(request).await?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    Ok((answer.status.as_u16(), text))
}

/// Checks whether there is a port that TradingView posts to.
pub fn listener(running: &RunningServer) -> Finding {
    const CHECK: &str = "way in";
    match running.https_listener {
        Some(address) if address.ip().is_loopback() => Finding::bad(
            CHECK,
            format!("HTTPS listens on {address}, which only this machine reaches"),
            "leave --public-listen out, or let it be an address of the network",
        ),
        Some(address) if address.port() != 443 => Finding::notice(
            CHECK,
            format!("HTTPS listens on {address}, but TradingView posts to port 443 only"),
            "forward port 443 to it, or leave --public-listen out",
        ),
        Some(address) => Finding::good(CHECK, format!("HTTPS listens on {address}")),
        None if running.has_proxy => Finding::good(
            CHECK,
            "a proxy is trusted (--trusted-proxy); that it listens on port 443 cannot be seen from here",
        ),
        None if running.is_demo => Finding::notice(
            CHECK,
            "this is a demo, which takes no alerts from outside",
            "for alerts of yours: algohook serve, without --demo",
        ),
        None => Finding::bad(
            CHECK,
            format!(
                "only {} listens, which TradingView cannot reach",
                running.url
            ),
            "algohook serve --domain hooks.example.com, or put a proxy in front and name it with --trusted-proxy",
        ),
    }
}

/// The host of an `http(s)://` address.
pub fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split(['/', ':']).next()?;
    (!host.is_empty() && !host.starts_with('[')).then_some(host)
}

/// Checks whether the domain leads to this machine, over IPv4.
pub async fn domain(domain: &str) -> Finding {
    const CHECK: &str = "domain";
    let found = match outbound::lookup(domain, 443).await {
        Ok(found) => found,
        Err(error) => {
            return Finding::bad(
                CHECK,
                format!("{domain} has no address: {error}"),
                "add an A record with this machine's public IPv4 address where the domain is managed",
            );
        }
    };
    let Some(address) = found.iter().find_map(|address| match address.ip() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }) else {
        return Finding::bad(
            CHECK,
            format!("{domain} has no IPv4 address, and TradingView uses no other"),
            "add an A record with this machine's public IPv4 address",
        );
    };
    match outbound::own_address_towards(address) {
        Some(own) if own == address => Finding::good(
            CHECK,
            format!("{domain} is {address}, which is this machine"),
        ),
        Some(own) => Finding::notice(
            CHECK,
            format!("{domain} is {address}; this machine's address is {own}"),
            format!(
                "behind a router or a cloud's gateway that is as it should be, given that {address} is yours and \
                 ports 80 and 443 are forwarded to {own}; else correct the A record"
            ),
        ),
        None => Finding::bad(
            CHECK,
            format!("{domain} is {address}, which cannot be reached from here"),
            "see to it that this machine is on the network",
        ),
    }
}

/// Checks the certificate that is shown, and the time that it has left.
pub async fn certificate(listener: SocketAddr, domain: Option<&str>) -> Finding {
    const CHECK: &str = "certificate";
    let Some(domain) = domain else {
        return Finding::notice(
            CHECK,
            "the certificate names no domain",
            "start the server with --public-url https://hooks.example.com, so that it can be checked",
        );
    };
    let shown = tokio::time::timeout(PATIENCE, shown_certificate(listener, domain)).await;
    match shown {
        Ok(Ok((not_after, trusted))) => judge(domain, not_after, trusted),
        Ok(Err(error)) => Finding::bad(
            CHECK,
            format!("no certificate is shown for {domain}: {error}"),
            "look at the server's log, which says why",
        ),
        Err(_) => Finding::bad(
            CHECK,
            "the HTTPS listener did not answer in 5 seconds",
            "look at the server's log",
        ),
    }
}

fn judge(domain: &str, not_after: Timestamp, trusted: Result<(), String>) -> Finding {
    const CHECK: &str = "certificate";
    let now = Timestamp::now();
    if not_after <= now {
        return Finding::bad(
            CHECK,
            format!("the certificate for {domain} ended on {not_after:.0}"),
            "renew it; with --domain the server's log says why that failed",
        );
    }
    if let Err(error) = trusted {
        return Finding::bad(
            CHECK,
            format!("the certificate for {domain} is not one that others trust: {error}"),
            "get one with --domain, or give the whole chain in --tls-cert",
        );
    }
    if now.duration_until(not_after) < SOON {
        return Finding::notice(
            CHECK,
            format!("good until {not_after:.0}, which is soon"),
            "with --domain it should have been renewed: the server's log says why it was not",
        );
    }
    Finding::good(CHECK, format!("good for {domain} until {not_after:.0}"))
}

/// Shakes hands twice: once to see the certificate, once to see whether it is trusted.
async fn shown_certificate(
    listener: SocketAddr,
    domain: &str,
) -> std::io::Result<(Timestamp, Result<(), String>)> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let trusting = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?;
    let looking = trusting
        .clone()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(look::Anything::new(provider)))
        .with_no_client_auth();
    let trusting = trusting.with_root_certificates(roots).with_no_client_auth();
    let chain = outbound::handshake(listener, domain, looking).await?;
    let leaf = chain
        .first()
        .and_then(|leaf| X509Certificate::from_der(leaf).ok())
        .ok_or_else(|| std::io::Error::other("it cannot be read"))?
        .1;
    let not_after = Timestamp::from_second(leaf.validity().not_after.timestamp())
        .map_err(std::io::Error::other)?;
    let trusted = outbound::handshake(listener, domain, trusting).await;
    Ok((
        not_after,
        trusted.map(drop).map_err(|error| error.to_string()),
    ))
}

/// Looking at a certificate whatever it is; nothing is sent over such a connection.
mod look {
    use std::sync::Arc;

    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{DigitallySignedStruct, Error, SignatureScheme};

    #[derive(Debug)]
    pub struct Anything(Arc<CryptoProvider>);

    impl Anything {
        pub fn new(provider: Arc<CryptoProvider>) -> Self {
            Self(provider)
        }
    }

    impl ServerCertVerifier for Anything {
        fn verify_server_cert(
            &self,
            _end_entity: &CertificateDer<'_>,
            _intermediates: &[CertificateDer<'_>],
            _server_name: &ServerName<'_>,
            _ocsp_response: &[u8],
            _now: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let algorithms = &self.0.signature_verification_algorithms;
            verify_tls12_signature(message, certificate, signature, algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let algorithms = &self.0.signature_verification_algorithms;
            verify_tls13_signature(message, certificate, signature, algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn the_host_of_an_address_is_found() {
        assert_eq!(
            host_of("https://hooks.example.com"),
            Some("hooks.example.com")
        );
        assert_eq!(host_of("http://a.example:8080/x"), Some("a.example"));
        assert_eq!(host_of("nonsense"), None);
    }
}
