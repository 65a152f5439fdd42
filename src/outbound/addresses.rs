//! Addresses that may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// The addresses that a client may connect to.
#[derive(Debug, Clone)]
pub enum Reach {
    /// All of them, with or without TLS: for what the owner set up on this machine or its
    /// network.
    Anywhere,
    /// Those of the internet, with TLS, and those of the networks that the owner allowed.
    Internet {
        /// The networks that are allowed besides; without TLS, too.
        allowed: Vec<IpNet>,
    },
}

impl Reach {
    /// True if an address may be connected to.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        self.is_allowed(address) || is_public(address)
    }

    /// True if it may be talked to without TLS.
    #[must_use]
    pub fn permits_plain(&self, address: IpAddr) -> bool {
        self.is_allowed(address)
    }

    fn is_allowed(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match self {
            Self::Anywhere => true,
            Self::Internet { allowed } => allowed.iter().any(|network| network.contains(&address)),
        }
    }
}

/// True of an address of the internet: none of this machine, of a private network, of a provider's
/// own, of documents, or of many machines at once (IANA's special-purpose registries).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_special = matches!(
        (first, second, third),
        // This network, private, this machine, and what is reserved from multicast on.
        (0 | 10 | 127 | 224.., _, _)
            // Carrier-grade NAT.
            | (100, 64..=127, _)
            // Link-local: clouds answer with their secrets here.
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            // Protocol assignments, documents, and the relays of 6to4.
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            // Measurements between networks, and documents.
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // NAT64 and 6to4 lead to the IPv4 address that is in them.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        // Protocol assignments, Teredo among them, and documents.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // All that is given out is in here.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_of_machines_and_private_networks_are_not_public() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.170",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        for text in [
            "1.1.1.1",
            "52.89.214.238",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450:4001::200e",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::",
        ] {
            assert!(is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn a_network_that_is_allowed_is_reached_and_no_other() {
        let allowed = vec!["192.168.0.0/16".parse().unwrap()];
        let reach = Reach::Internet { allowed };
        assert!(reach.permits(ip("192.168.7.7")) && reach.permits_plain(ip("192.168.7.7")));
        assert!(reach.permits(ip("::ffff:192.168.7.7")));
        assert!(!reach.permits(ip("10.0.0.1")) && !reach.permits(ip("127.0.0.1")));
        assert!(reach.permits(ip("1.1.1.1")) && !reach.permits_plain(ip("1.1.1.1")));
    }

    proptest! {
        /// An address that the standard library knows to be special is not public either.
        #[test]
        fn no_special_address_is_public(bits in any::<u32>()) {
            let address = Ipv4Addr::from_bits(bits);
            let is_special = address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || address.is_documentation()
                || address.is_unspecified();
            prop_assert!(!(is_special && is_public(address.into())));
        }
    }
}
