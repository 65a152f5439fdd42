//! Names to addresses, also in an empty container.
//!
//! The system is asked first, for it knows `/etc/hosts` and whatever else is set up.
//! A static binary without the system's libraries beside it gets no answer there, so
//! the name servers of `/etc/resolv.conf` are asked then.

use std::io;
use std::net::SocketAddr;

use hickory_resolver::TokioResolver;

/// The addresses of a host, each with the port.
///
/// # Errors
///
/// That of the name servers, where nobody knows the name.
pub async fn lookup(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(found) = tokio::net::lookup_host((host, port)).await {
        return Ok(found.collect());
    }
    let resolver = TokioResolver::builder_tokio()
        .map_err(io::Error::other)?
        .build()
        .map_err(io::Error::other)?;
    let found = resolver.lookup_ip(host).await.map_err(io::Error::other)?;
    Ok(found.iter().map(|ip| SocketAddr::new(ip, port)).collect())
}
