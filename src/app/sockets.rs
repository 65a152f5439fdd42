//! The sockets to listen on: those that a service manager holds open for the
//! server, which outlast it, and the others, which are bound here.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener as StdListener};

use anyhow::Context as _;
use listenfd::ListenFd;
use tokio::net::TcpListener;

/// Sockets that were handed over at the start and not taken yet.
///
/// While one server stops and the next one starts, connections wait in them
/// instead of being refused: TradingView does not send a refused alert again.
#[derive(Debug, Default)]
pub struct Sockets {
    held: Vec<StdListener>,
}

impl Sockets {
    /// The sockets that the service manager handed over, as systemd does (`LISTEN_FDS`).
    /// To be called before other threads run: it takes the variables out of the
    /// environment.
    ///
    /// # Errors
    ///
    /// Where something else than a TCP socket was handed over.
    pub fn handed_over() -> anyhow::Result<Self> {
        let mut from = ListenFd::from_env();
        let mut held = Vec::new();
        for index in 0..from.len() {
            let socket = from.take_tcp_listener(index).with_context(|| {
                format!(
                    "socket {index} that the service manager handed over is of no use here; \
                     algohook.socket may only have ListenStream= lines with a port"
                )
            })?;
            held.extend(socket);
        }
        Ok(Self { held })
    }

    /// Listens on the first of several addresses that can be listened on, if
    /// possible with a socket that was handed over.
    ///
    /// # Errors
    ///
    /// Where there is none, with the `option` that names others.
    pub(super) async fn listen(
        &mut self,
        addresses: &[SocketAddr],
        option: &str,
    ) -> anyhow::Result<TcpListener> {
        if let Some(socket) = self.take(addresses) {
            socket.set_nonblocking(true)?;
            return Ok(TcpListener::from_std(socket)?);
        }
        TcpListener::bind(addresses).await.map_err(|error| {
            let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            let next = next_step(&error, addresses, option);
            anyhow::anyhow!("cannot listen on {}: {error}; {next}", shown.join(" or "))
        })
    }

    fn take(&mut self, addresses: &[SocketAddr]) -> Option<StdListener> {
        let is_one = |socket: &StdListener| {
            let address = socket.local_addr();
            address.is_ok_and(|address| addresses.iter().any(|wanted| serves(address, *wanted)))
        };
        let index = self.held.iter().position(is_one)?;
        Some(self.held.swap_remove(index))
    }

    /// Addresses of sockets that were handed over and nothing listens on: a client that connects
    /// there waits for nothing.
    pub(super) fn unused(&self) -> Vec<SocketAddr> {
        let address = |socket: &StdListener| socket.local_addr().ok();
        self.held.iter().filter_map(address).collect()
    }
}

/// The next step where none of the addresses can be listened on.
fn next_step(error: &std::io::Error, addresses: &[SocketAddr], option: &str) -> String {
    match (error.kind(), addresses) {
        (ErrorKind::AddrInUse, [address]) if (1024..u16::MAX).contains(&address.port()) => {
            let other = SocketAddr::new(address.ip(), address.port() + 1);
            format!(
                "another program has this port, maybe another algohook: take another one ({option} {other})"
            )
        }
        (ErrorKind::AddrInUse, _) => format!(
            "another program has this port: stop that one, or choose another address with {option}"
        ),
        (ErrorKind::PermissionDenied, _) => format!(
            "ports below 1024 need a right (CAP_NET_BIND_SERVICE), or choose another address with {option}"
        ),
        _ => format!("choose another address with {option}"),
    }
}

/// True if a socket is what was asked for: every address of IPv4 is also in
/// every address of IPv6.
fn serves(address: SocketAddr, wanted: SocketAddr) -> bool {
    let is_every = |address: SocketAddr| address.ip().is_unspecified();
    address == wanted || (address.port() == wanted.port() && is_every(address) && is_every(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_serves_its_own_address_and_no_narrower_one() {
        let serves =
            |address: &str, wanted: &str| serves(address.parse().unwrap(), wanted.parse().unwrap());
        assert!(serves("[::]:443", "[::]:443"));
        assert!(serves("[::]:443", "0.0.0.0:443"));
        assert!(serves("127.0.0.1:8080", "127.0.0.1:8080"));
        assert!(!serves("[::]:8080", "127.0.0.1:8080"));
        assert!(!serves("127.0.0.1:443", "0.0.0.0:443"));
        assert!(!serves("[::]:443", "[::]:80"));
    }
}
