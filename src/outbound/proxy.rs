//! A proxy for connections outward, by `CONNECT`: what is said through it stays between us and
//! the other side.

use std::io;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Uri;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout_at;

use super::addresses::Reach;
use super::connect::{Target, port_of};
use super::error::OutboundError;
use super::lookup::lookup;

/// Bytes of the head of a proxy's answer.
const LARGEST_HEAD: usize = 8 * 1024;

/// An HTTP proxy. Its `Debug` form hides its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    host: String,
    port: u16,
    /// The value of `Proxy-Authorization`, where it needs one.
    authorization: Option<String>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Proxy({}:{})", self.host, self.port)
    }
}

/// A text that names no proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT")]
pub struct NotAProxy;

impl FromStr for Proxy {
    type Err = NotAProxy;

    fn from_str(text: &str) -> Result<Self, NotAProxy> {
        let uri: Uri = text.parse().map_err(|_| NotAProxy)?;
        let authority = uri.authority().ok_or(NotAProxy)?;
        let is_plain = uri.scheme_str() == Some("http");
        if !is_plain || authority.host().is_empty() || !matches!(uri.path(), "" | "/") {
            return Err(NotAProxy);
        }
        let login = authority.as_str().rsplit_once('@').map(|(login, _)| login);
        Ok(Self {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: port_of(authority, 80).ok_or(NotAProxy)?,
            authorization: login.map(|login| format!("Basic {}", STANDARD.encode(login))),
        })
    }
}

impl Proxy {
    /// Connects to a target through the proxy. An address that is known here is checked here;
    /// a name that only the proxy knows is the proxy's to check.
    pub(super) async fn connect(
        &self,
        target: &Target,
        reach: &Reach,
        patience: Duration,
    ) -> Result<TcpStream, OutboundError> {
        let deadline = tokio::time::Instant::now() + patience;
        let failed = |source| OutboundError::Proxy { source };
        let slow = || failed(io::ErrorKind::TimedOut.into());
        let looked = timeout_at(deadline, lookup(&target.host, target.port)).await;
        if let Ok(Ok(found)) = looked {
            target.permitted(found, reach)?;
        } else if !target.is_tls {
            return Err(OutboundError::Plain(target.host.clone()));
        }
        let connecting = async {
            let mut stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
            stream.set_nodelay(true)?;
            stream.write_all(self.request(target).as_bytes()).await?;
            read_answer(&mut stream).await?;
            Ok(stream)
        };
        let connected = timeout_at(deadline, connecting).await;
        connected.map_err(|_| slow())?.map_err(failed)
    }

    fn request(&self, target: &Target) -> String {
        let host = if target.host.contains(':') {
            format!("[{}]:{}", target.host, target.port)
        } else {
            format!("{}:{}", target.host, target.port)
        };
        let authorization = self
            .authorization
            .as_ref()
            .map_or_else(String::new, |value| {
                format!("Proxy-Authorization: {value}\r\n")
            });
        format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n{authorization}\r\n")
    }
}

/// Reads the head of the proxy's answer, byte by byte: what follows is the other side's.
async fn read_answer(stream: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LARGEST_HEAD {
            return Err(io::Error::other("its answer is too long"));
        }
        head.push(stream.read_u8().await?);
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line).into_owned();
    let status = line.split(' ').nth(1).unwrap_or_default();
    if line.starts_with("HTTP/1.") && status.starts_with('2') {
        return Ok(());
    }
    let shown: String = line
        .chars()
        .filter(|letter| !letter.is_control())
        .take(100)
        .collect();
    Err(io::Error::other(format!("it answered \"{shown}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_by_its_url() {
        let proxy: Proxy = "http://user:pa:ss@proxy.example:3128".parse().unwrap();
        assert_eq!((&*proxy.host, proxy.port), ("proxy.example", 3128));
        assert_eq!(
            proxy.authorization.as_deref(),
            Some("Basic dXNlcjpwYTpzcw==")
        );
        assert!(!format!("{proxy:?}").contains("dXNl"));
        let proxy: Proxy = "http://[::1]/".parse().unwrap();
        assert_eq!((&*proxy.host, proxy.port), ("::1", 80));
        for text in [
            "proxy:3128",
            "https://proxy",
            "socks5://proxy",
            "http://",
            "http://a/b",
        ] {
            assert_eq!(text.parse::<Proxy>(), Err(NotAProxy), "{text}");
        }
    }
}
