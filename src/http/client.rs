//! Who is on the other side of a connection.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use hyper::HeaderMap;
use ipnet::IpNet;

use crate::ingest::{PeerCertificate, Sender};

/// The one who sent a request.
#[derive(Debug, Clone)]
pub struct Client {
    /// The address: the peer's, or the one that a trusted proxy vouches for.
    pub address: IpAddr,
    /// Whether the request came over HTTPS: to us, or to a trusted proxy.
    pub is_secure: bool,
    /// The client certificate that it showed to us.
    pub certificate: Option<Arc<PeerCertificate>>,
}

impl Client {
    /// The client behind a peer: `X-Forwarded-For` counts only where a trusted
    /// proxy wrote it, read from the right, for the left is the client's own claim.
    #[must_use]
    pub fn of_request(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
        let mut address = peer.to_canonical();
        let is_secure = is_trusted(address)
            && headers
                .get("x-forwarded-proto")
                .is_some_and(|scheme| scheme == "https");
        let forwarded: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        for stated in forwarded.iter().rev() {
            if !is_trusted(address) {
                break;
            }
            match stated.trim().parse::<IpAddr>() {
                Ok(stated) => address = stated.to_canonical(),
                Err(_) => break,
            }
        }
        Self {
            address,
            is_secure,
            certificate: None,
        }
    }
}

impl From<Client> for Sender {
    fn from(client: Client) -> Self {
        Self {
            certificate: client.certificate,
            ..Self::from(client.address)
        }
    }
}

/// What counts as one address: a customer has a whole /64 of IPv6 addresses.
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted
            .iter()
            .map(|network| network.parse().unwrap())
            .collect();
        Client::of_request(peer.parse().unwrap(), &headers, &trusted)
            .address
            .to_string()
    }

    #[test]
    fn a_stranger_cannot_state_an_address() {
        assert_eq!(client("203.0.113.9", &["10.0.0.1"], &[]), "203.0.113.9");
        assert_eq!(
            client("203.0.113.9", &["10.0.0.1"], &["127.0.0.0/8"]),
            "203.0.113.9"
        );
    }

    #[test]
    fn a_trusted_proxy_is_believed_for_one_step() {
        let trusted = ["127.0.0.0/8", "10.0.0.0/8"];
        assert_eq!(
            client("127.0.0.1", &["203.0.113.9"], &trusted),
            "203.0.113.9"
        );
        assert_eq!(
            client("127.0.0.1", &["6.6.6.6, 203.0.113.9"], &trusted),
            "203.0.113.9"
        );
        assert_eq!(
            client("127.0.0.1", &["203.0.113.9", "10.1.1.1"], &trusted),
            "203.0.113.9"
        );
        assert_eq!(client("127.0.0.1", &["nonsense"], &trusted), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &[], &trusted), "127.0.0.1");
    }
}
