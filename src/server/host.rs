//! The names that the local listener answers to. A page of another site can have its own
//! name lead to this machine and so read what the browser's owner reaches (DNS rebinding);
//! such a page cannot hide the name that it goes by.

use std::net::{Ipv4Addr, Ipv6Addr};

use hyper::{HeaderMap, Uri};

use crate::http::client::host_of;

/// Endings of names that the public DNS gives to nobody.
const LOCAL_ENDINGS: [&str; 5] = [".localhost", ".local", ".lan", ".internal", ".home.arpa"];

/// The names that are the server's by configuration.
#[derive(Debug, Default)]
pub struct Hosts {
    names: Vec<String>,
}

impl Hosts {
    /// The server's own names.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names = names.into_iter().map(|name| name.to_ascii_lowercase());
        Self {
            names: names.collect(),
        }
    }

    /// True if a request may go by the name that it states. One that states none is
    /// no browser's.
    #[must_use]
    pub fn admit(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        host_of(uri, headers).is_none_or(|stated| self.is_ours(name_of(stated)))
    }

    fn is_ours(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        // A name without a dot is the network's or the container's: none is for sale.
        !name.contains(['.', ':'])
            || name.parse::<Ipv4Addr>().is_ok()
            || name.parse::<Ipv6Addr>().is_ok()
            || LOCAL_ENDINGS.iter().any(|ending| name.ends_with(ending))
            || self.names.contains(&name)
    }
}

/// The host before the port, without the brackets of IPv6.
fn name_of(host: &str) -> &str {
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_stranger_can_own_are_not_ours() {
        let hosts = Hosts::new(["Hooks.example.com".to_owned()]);
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "algohook.localhost:8080",
            "127.0.0.1:8080",
            "192.168.1.5",
            "[::1]:8080",
            "[fe80::1]",
            "raspberrypi",
            "raspberrypi.local:8080",
            "hooks.example.com",
            "HOOKS.example.com.:443",
        ] {
            assert!(hosts.is_ours(name_of(host)), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evillocalhost.example",
            "hooks.example.com.evil.example",
            "127.0.0.1@evil.example",
        ] {
            assert!(!hosts.is_ours(name_of(host)), "{host}");
        }
    }
}
