//! A connection to an address that was checked.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use hyper::Uri;
use hyper::http::uri::Authority;
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::addresses::Reach;
use super::error::OutboundError;
use super::lookup::lookup;

/// The port of an address, `usual` where it names none; none where that is no port, for another one
/// would be somebody else's.
pub(super) fn port_of(authority: &Authority, usual: u16) -> Option<u16> {
    let (_, rest) = authority.as_str().rsplit_once(authority.host())?;
    match rest.strip_prefix(':') {
        None => Some(usual),
        Some(port) => port.parse().ok().filter(|port| *port != 0),
    }
}

/// Reports whether requests can be sent to an address.
#[must_use]
pub fn is_target(uri: &Uri) -> bool {
    Target::of(uri).is_ok()
}

/// Destination of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) is_tls: bool,
    /// The host without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Target {
    pub(super) fn of(uri: &Uri) -> Result<Self, OutboundError> {
        let unusable = || OutboundError::Address(uri.to_string());
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(unusable()),
        };
        let authority = uri.authority().ok_or_else(unusable)?;
        let host = authority.host().trim_matches(['[', ']']);
        // What is before an @ would be taken for the host by a reader.
        if host.is_empty() || authority.as_str().contains('@') {
            return Err(unusable());
        }
        let usual = if is_tls { 443 } else { 80 };
        let port = port_of(authority, usual).ok_or_else(unusable)?;
        Ok(Self {
            is_tls,
            host: host.to_owned(),
            port,
        })
    }

    /// Connects to one of the host's addresses that may be connected to.
    pub(super) async fn connect(
        &self,
        reach: &Reach,
        may_be: impl Fn(&SocketAddr) -> bool,
        patience: Duration,
    ) -> Result<TcpStream, OutboundError> {
        let deadline = tokio::time::Instant::now() + patience;
        let failed = |source| OutboundError::Connect {
            host: self.host.clone(),
            source,
        };
        let slow = || failed(io::ErrorKind::TimedOut.into());
        let mut found = tokio::time::timeout_at(deadline, lookup(&self.host, self.port))
            .await
            .map_err(|_| slow())?
            .map_err(|source| OutboundError::Lookup {
                host: self.host.clone(),
                source,
            })?;
        found.retain(may_be);
        let addresses = self.permitted(found, reach)?;
        // Each has its share, so that one that swallows packets leaves time for the others.
        let rest = deadline.saturating_duration_since(tokio::time::Instant::now());
        let share = rest / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let mut error = slow();
        for address in addresses {
            match tokio::time::timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true).map_err(failed)?;
                    return Ok(stream);
                }
                Ok(Err(source)) => error = failed(source),
                Err(_) => error = slow(),
            }
        }
        Err(error)
    }

    pub(super) fn permitted(
        &self,
        found: Vec<SocketAddr>,
        reach: &Reach,
    ) -> Result<Vec<SocketAddr>, OutboundError> {
        let first = found.first().map(SocketAddr::ip);
        let may_be = |address: &SocketAddr| reach.permits(address.ip());
        let mut addresses: Vec<SocketAddr> = found.into_iter().filter(may_be).collect();
        let host = || self.host.clone();
        match first {
            None => {
                let source = io::Error::other("it has no address");
                return Err(OutboundError::Lookup {
                    host: host(),
                    source,
                });
            }
            Some(address) if addresses.is_empty() => {
                return Err(OutboundError::Forbidden {
                    host: host(),
                    address,
                });
            }
            Some(_) => {}
        }
        if !self.is_tls {
            addresses.retain(|address| reach.permits_plain(address.ip()));
            if addresses.is_empty() {
                return Err(OutboundError::Plain(host()));
            }
        }
        Ok(addresses)
    }
}

/// Shakes hands with a listener as a client that wants to reach `name`; returns the chain of
/// certificates that it shows. Nothing is sent.
///
/// # Errors
///
/// Where it cannot be connected to, or `config` does not take what it shows.
pub async fn handshake(
    listener: SocketAddr,
    name: &str,
    config: ClientConfig,
) -> io::Result<Vec<CertificateDer<'static>>> {
    let ip = match listener.ip() {
        ip if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        ip => ip,
    };
    let stream = TcpStream::connect((ip, listener.port())).await?;
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let shown = shaken
        .await?
        .get_ref()
        .1
        .peer_certificates()
        .map(<[_]>::to_vec);
    Ok(shown.unwrap_or_default())
}

/// The address of ours that packets to another one would carry; nothing is sent.
#[must_use]
pub fn own_address_towards(address: Ipv4Addr) -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((address, 443)).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(own) => Some(own),
        IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(uri: &str) -> Result<Target, OutboundError> {
        Target::of(&uri.parse().unwrap())
    }

    #[test]
    fn the_target_is_what_the_address_says() {
        let found = target("https://hooks.example.com/a?b").unwrap();
        assert_eq!((&*found.host, found.port), ("hooks.example.com", 443));
        let found = target("http://[::1]:8080/").unwrap();
        assert_eq!(
            (&*found.host, found.port, found.is_tls),
            ("::1", 8080, false)
        );
        for unusable in [
            "/path",
            "ftp://example.com/",
            "https://good.example@10.0.0.1/",
            "https://example.com:99999/",
            "https://example.com:0/",
        ] {
            let refused = target(unusable);
            assert!(
                matches!(refused, Err(OutboundError::Address(_))),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn of_several_addresses_only_those_that_may_be_are_connected_to() {
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let reach = Reach::Internet {
            allowed: Vec::new(),
        };
        let https = target("https://rebinds.example/").unwrap();
        let mixed = addresses(&["127.0.0.1:443", "1.1.1.1:443"]);
        let permitted = https.permitted(mixed, &reach).unwrap();
        assert_eq!(permitted, addresses(&["1.1.1.1:443"]));
        let private = https.permitted(addresses(&["169.254.169.254:443"]), &reach);
        assert!(
            matches!(private, Err(OutboundError::Forbidden { .. })),
            "{private:?}"
        );
        let none = https.permitted(Vec::new(), &reach);
        assert!(
            matches!(none, Err(OutboundError::Lookup { .. })),
            "{none:?}"
        );
        let http = target("http://plain.example/").unwrap();
        let plain = http.permitted(addresses(&["1.1.1.1:80"]), &reach);
        assert!(matches!(plain, Err(OutboundError::Plain(_))), "{plain:?}");
    }
}
