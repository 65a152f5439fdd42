//! Names to addresses, also in an empty container.
//!
//! The system is asked first, for it knows `/etc/hosts` and whatever else is set up.
//! A static binary without the system's libraries beside it gets no answer there, so
//! it asks the name servers of `/etc/resolv.conf` then.

use std::io;
use std::net::SocketAddr;

/// The addresses of a host, each with the port.
///
/// # Errors
///
/// That of the system, or of the name servers, where nobody knows the name.
pub async fn lookup(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    match tokio::net::lookup_host((host, port)).await {
        Ok(found) => Ok(found.collect()),
        #[cfg(target_feature = "crt-static")]
        Err(_) => ask_name_servers(host, port).await,
        #[cfg(not(target_feature = "crt-static"))]
        Err(error) => Err(error),
    }
}

#[cfg(target_feature = "crt-static")]
async fn ask_name_servers(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let resolver = hickory_resolver::TokioResolver::builder_tokio()
        .map_err(io::Error::other)?
        .build()
        .map_err(io::Error::other)?;
    let found = resolver.lookup_ip(host).await.map_err(io::Error::other)?;
    Ok(found.iter().map(|ip| SocketAddr::new(ip, port)).collect())
}
