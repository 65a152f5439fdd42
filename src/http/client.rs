//! The client of a connection.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use hyper::header::HOST;
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Uri};
use ipnet::IpNet;

use super::standing::Standing;
use crate::ingest::{PeerCertificate, Sender};

/// Headers with which proxies say that they pass a request on.
const OF_PROXIES: [&str; 4] = ["x-forwarded-for", "x-forwarded-host", "forwarded", "via"];

/// The way of a request: by itself, or through a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the one who is connected.
    Direct,
    /// Through a proxy that is trusted.
    TrustedProxy,
    /// Through another one, as it says.
    OtherProxy,
}

/// The one who sent a request.
#[derive(Debug, Clone)]
pub struct Client {
    /// The address: the peer's, or the one that a trusted proxy vouches for.
    pub address: IpAddr,
    /// The way of its request.
    pub way: Way,
    /// True if the request came over HTTPS: to us, or to a trusted proxy.
    pub is_secure: bool,
    /// The client certificate that it showed to us.
    pub certificate: Option<Arc<PeerCertificate>>,
    /// The standing of the connection that it came by.
    pub connection: Arc<Standing>,
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
            match stated_address(stated) {
                Some(stated) => address = stated.to_canonical(),
                None => break,
            }
        }
        let is_passed_on = OF_PROXIES.iter().any(|name| headers.contains_key(*name));
        let way = match (is_trusted(peer.to_canonical()), is_passed_on) {
            (true, true) => Way::TrustedProxy,
            // What is trusted and elsewhere is a proxy, whatever it says.
            (true, false) if !peer.to_canonical().is_loopback() => Way::TrustedProxy,
            (false, true) => Way::OtherProxy,
            (_, false) => Way::Direct,
        };
        Self {
            address,
            way,
            is_secure,
            certificate: None,
            connection: Arc::default(),
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

/// The host that a request states, with its port: HTTP/2 has it in the address, HTTP/1.1 in
/// a header.
#[must_use]
pub fn host_of<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let stated = uri.authority().map(Authority::as_str);
    stated.or_else(|| headers.get(HOST).and_then(|host| host.to_str().ok()))
}

/// An address of `X-Forwarded-For`: some proxies write a port behind it.
fn stated_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let in_brackets = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match in_brackets {
        Some(address) => address.parse().ok(),
        None => text.parse().ok().map(|address: SocketAddr| address.ip()),
    }
}

/// The network that counts as one address: a customer has a whole /64 of IPv6 addresses.
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    truncated(address, 64)
}

/// The network that counts as one site: a company, or a customer of some providers, has a whole /48 of
/// IPv6 addresses. An address of IPv4 is a site of its own.
#[must_use]
pub fn site_of(address: IpAddr) -> IpAddr {
    truncated(address, 48)
}

/// The first bits of an IPv6 address; one of IPv4 whole.
fn truncated(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << (128 - bits));
            IpAddr::V6(Ipv6Addr::from_bits(network))
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
        for (stated, address) in [
            ("203.0.113.9:5678", "203.0.113.9"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("6.6.6.6, [::ffff:203.0.113.9]:1", "203.0.113.9"),
            ("203.0.113.9, 10.1.1.1:80", "203.0.113.9"),
        ] {
            assert_eq!(client("127.0.0.1", &[stated], &trusted), address);
        }
        assert_eq!(client("127.0.0.1", &["nonsense"], &trusted), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &[], &trusted), "127.0.0.1");
    }
}
