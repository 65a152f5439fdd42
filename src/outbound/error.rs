//! Errors of an exchange; each knows whether the other side may have had the request.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

/// Reason that there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// Invalid address.
    #[error("\"{0}\" is no address to send to; it has the form https://host/path")]
    Address(String),
    /// The address is one of the internet, where plain HTTP can be read on the way.
    #[error("{0} would be sent to without encryption; use https://")]
    Plain(String),
    /// Nobody knows the name.
    #[error("cannot look up {host}: {source}")]
    Lookup {
        /// The name.
        host: String,
        /// The name servers' answer.
        source: io::Error,
    },
    /// The name leads to where nothing may be sent.
    #[error("{host} leads to {address}, which is no address of the internet, and is not allowed")]
    Forbidden {
        /// The name.
        host: String,
        /// One of its addresses.
        address: IpAddr,
    },
    /// Nothing listens there, or it cannot be reached.
    #[error("cannot connect to {host}: {source}")]
    Connect {
        /// The name.
        host: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The proxy cannot be reached, or does not connect.
    #[error("the proxy for connections outward does not connect: {source}")]
    Proxy {
        /// The fault.
        source: io::Error,
    },
    /// The other side is not who it should be, or speaks no TLS.
    #[error("no TLS with {host}: {source}")]
    Tls {
        /// The name.
        host: String,
        /// The fault.
        source: io::Error,
    },
    /// It took too long.
    #[error("{host} did not answer in {} seconds", .after.as_secs())]
    Silent {
        /// The name.
        host: String,
        /// The time that it had.
        after: Duration,
    },
    /// The connection ended, or what came is no answer.
    #[error("the connection to {host} broke: {why}")]
    Broken {
        /// The name.
        host: String,
        /// hyper's text.
        why: String,
    },
}

impl OutboundError {
    /// True if the other side may have had the request: then nobody knows what came of it.
    #[must_use]
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::Silent { .. } | Self::Broken { .. })
    }
}
